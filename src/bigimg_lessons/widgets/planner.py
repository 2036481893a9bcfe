"""The planner: what converting an image takes, in time, memory, space and money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from html import escape
from typing import Any

import numpy as np
import traitlets

from bigimg_lessons.costs.conversion import DTYPES, SOURCE_KINDS, Conversion
from bigimg_lessons.costs.plan import Plan, Project, plan
from bigimg_lessons.costs.prices import GIGABYTES, PRICE_LISTS, Prices
from bigimg_lessons.costs.projects import PRESETS, RATES
from bigimg_lessons.costs.storage import STORAGES, Storage
from bigimg_lessons.costs.workforce import Workforce
from bigimg_lessons.text import format_bytes, format_seconds
from bigimg_lessons.widgets.base import Checked, Widget

PARTS: Mapping[str, type[Any]] = {
    "conversion": Conversion,
    "workforce": Workforce,
    "source": Storage,
    "target": Storage,
    "prices": Prices,
}
"""The parts of a project that have parts themselves."""


def _plain(value: Any) -> Any:
    """Return a value as the page sends it back: tuples would count as a change of its lists."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _as_dict(project: Project, _: object = None) -> dict[str, Any]:
    plain: dict[str, Any] = _plain(asdict(project))
    return plain


class Planner(Widget, front="planner/planner.js"):
    """A form for a conversion and all that it depends on, and what it then takes.

    It works in Jupyter, in step with Python both ways, and on a page with no kernel.

    Parameters
    ----------
    preset
        A key of `bigimg_lessons.costs.projects.PRESETS`, with which the form begins.
    project
        What the form shows first instead.

    Attributes
    ----------
    project
        The `Project` that was planned last; a dict of all its parts may be set, too.

    Raises
    ------
    traitlets.TraitError
        If there is no such preset, or the project makes no sense. The old value stays.

    Examples
    --------
    >>> planner = Planner("lesson")
    >>> planner.plan.rechunking.reads, planner.plan.convert.binding
    (2.0, 'disk')
    """

    project = Checked().tag(sync=True, to_json=_as_dict)
    presets = traitlets.Dict(
        {
            key: {"name": preset.name, "about": preset.about, "project": _as_dict(preset.project)}
            for key, preset in PRESETS.items()
        },
        read_only=True,
    ).tag(sync=True)
    offered = traitlets.Dict(
        {
            "storages": {key: asdict(entry) for key, entry in STORAGES.items()},
            "price_lists": {key: asdict(entry) for key, entry in PRICE_LISTS.items()},
            "gigabytes": list(GIGABYTES),
            "source_kinds": list(SOURCE_KINDS),
            "rates": RATES,
            "voxels": {
                name: {"itemSize": np.dtype(name).itemsize, "kind": np.dtype(name).kind}
                for name in DTYPES
            },
        },
        read_only=True,
    ).tag(sync=True)

    def __init__(
        self, preset: str = "laptop", *, project: Project | Mapping[str, Any] | None = None
    ) -> None:
        if preset not in PRESETS:
            raise traitlets.TraitError(f"preset is {preset!r}: give one of {', '.join(PRESETS)}.")
        super().__init__(project=PRESETS[preset].project if project is None else project)

    @property
    def plan(self) -> Plan:
        """What the project takes."""
        return plan(self.project)

    @traitlets.validate("project")
    def _check(self, proposal: dict[str, Any]) -> Project:
        try:
            project = _project(proposal["value"])
            plan(project)
        except (TypeError, ValueError) as error:
            raise traitlets.TraitError(str(error)) from None
        return project

    def __repr__(self) -> str:
        found = self.plan
        return (
            f"A planner: {format_bytes(found.nbytes, decimal=True)} converted in "
            f"{_between(found)}. Run this cell in Jupyter to change it."
        )

    def _plain_html(self) -> str:
        """Return a table of what the presets take."""
        heads = ("Project", "To convert", "Files", "Free space", "Once", "A month")
        rows = "".join(
            f'<tr><th scope="row">{escape(preset.name)}</th>'
            + "".join(f"<td>{escape(text)}</td>" for text in _texts(preset.project))
            + "</tr>"
            for preset in PRESETS.values()
        )
        head = "".join(f'<th scope="col">{text}</th>' for text in heads)
        return (
            '<div class="bp"><p class="bp-title">Planner</p><table><caption>Four conversions, by '
            f"the model</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>{escape(RATES)}</p></div>"
        )


def _between(found: Plan) -> str:
    return f"{format_seconds(found.convert.at_least)} to {format_seconds(found.convert.at_most)}"


def _texts(project: Project) -> tuple[str, ...]:
    """Return the cells of a preset's row."""
    found = plan(project)
    currency = project.prices.currency
    return (
        _between(found),
        f"{found.objects:,}",
        format_bytes(found.stored, decimal=True),
        f"{found.bill.once:,.0f} {currency}",
        f"{found.bill.monthly:,.0f} {currency}",
    )


def _project(value: object) -> Project:
    """Return a project, also one that comes as a dict; complain with ValueError if it is none."""
    if isinstance(value, Project):
        return value
    names = {field.name for field in fields(Project)}
    if not isinstance(value, Mapping) or {*value} != names:
        raise ValueError(f"project is {value!r}: give a Project, or a dict of all its parts.")
    made: dict[str, Any] = dict(value)
    for name, kind in PARTS.items():
        part = made[name]
        if isinstance(part, kind):
            continue
        try:
            made[name] = kind(**{key: _tuples(entry) for key, entry in part.items()})
        except (AttributeError, TypeError):
            known = ", ".join(field.name for field in fields(kind))
            raise ValueError(f"{name} is {part!r}: give a dict of {known}.") from None
    return Project(**made)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
