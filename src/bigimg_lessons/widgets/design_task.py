"""The design task: decide how an image is stored, and see what its use costs in a week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from html import escape
from typing import Any

import numpy as np
import traitlets

from bigimg_lessons.costs.appraisal import NEGLIGIBLE, OWN_TIME, READER, Appraisal, appraise
from bigimg_lessons.costs.design import FORMATS, Design
from bigimg_lessons.costs.levels import factors
from bigimg_lessons.costs.remarks import MODEL_ERROR, REFUSALS, REMARKS
from bigimg_lessons.costs.scenarios import SCENARIOS, Scenario
from bigimg_lessons.costs.search import BEST
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.questions.places import heading_anchor
from bigimg_lessons.widgets.base import Checked, Widget


def _as_dict(design: Design, _: object) -> dict[str, object]:
    # As the page sends it back: tuples would count as a change of the page's own lists.
    state = asdict(design)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in state.items()}


class DesignTask(Widget, front="design/design_task.js"):
    """A brief, a form for a design, and what that design costs by the model.

    It works in Jupyter, in step with Python both ways, and on a page with no kernel.

    Parameters
    ----------
    scenario
        A key of `bigimg_lessons.costs.scenarios.SCENARIOS`.
    design
        What the form shows first; by default the image plane by plane in a TIFF.

    Attributes
    ----------
    scenario
        The brief that is chosen. A design that cannot be with a new one gives way to the first
        guess.
    design
        The design that was appraised last, a `Design`; a dict of its parts may be set, too.

    Raises
    ------
    traitlets.TraitError
        If there is no such scenario, or its image cannot be stored so. The old value stays.

    Examples
    --------
    >>> task = DesignTask("movie")
    >>> [cost.requests for cost in task.appraisal.costs]
    [1, 2000]
    """

    scenario = traitlets.Unicode().tag(sync=True)
    design = Checked().tag(sync=True, to_json=_as_dict)
    scenarios = traitlets.Dict(read_only=True).tag(sync=True)
    rules = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(
        self, scenario: str = "brain", *, design: Design | Mapping[str, Any] | None = None
    ) -> None:
        _check_scenario(scenario)
        super().__init__(
            scenario=scenario,
            design=SCENARIOS[scenario].first_guess if design is None else design,
        )
        self.set_trait("scenarios", {key: _sent(key) for key in SCENARIOS})
        self.set_trait("rules", _rules())

    @property
    def appraisal(self) -> Appraisal:
        """What the design costs in this scenario."""
        return appraise(self.design, SCENARIOS[self.scenario])

    @traitlets.validate("scenario")
    def _check_scenario(self, proposal: dict[str, Any]) -> str:
        return _check_scenario(proposal["value"])

    @traitlets.validate("design")
    def _check_design(self, proposal: dict[str, Any]) -> Design:
        try:
            design = _design(proposal["value"])
            appraise(design, SCENARIOS[self.scenario])
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None
        return design

    @traitlets.observe("scenario")
    def _fit(self, _: object) -> None:
        scenario = SCENARIOS[self.scenario]
        try:
            appraise(_design(self.design), scenario)
        except ValueError:
            self.design = scenario.first_guess

    def __repr__(self) -> str:
        return (
            f"A design task: {SCENARIOS[self.scenario].name}. "
            "Run this cell in Jupyter to work on it."
        )

    def _plain_html(self) -> str:
        """Return the briefs with one good design each, folded."""
        parts = []
        for key, scenario in SCENARIOS.items():
            facts = "".join(f"<p>{escape(fact)}</p>" for fact in _facts(scenario))
            uses = "".join(f"<li>{use.weekly:,} × {escape(use.name)}</li>" for use in scenario.uses)
            parts.append(
                f"<details><summary>{escape(scenario.name)}</summary>{facts}<ul>{uses}</ul>"
                "<p>Which format, chunk shape, shards and number of levels do you choose?</p>"
                "<details><summary>One good design, by the model</summary>"
                f"<p>{escape(_described(BEST[key].good))}</p></details></details>"
            )
        return f'<div class="bd">{"".join(parts)}<p>{escape(MODEL_ERROR)}</p></div>'


def _check_scenario(key: str) -> str:
    if key not in SCENARIOS:
        raise traitlets.TraitError(f"scenario is {key!r}: give one of {', '.join(SCENARIOS)}.")
    return key


def _design(value: object) -> Design:
    """Return a design, also one that comes as a dict; complain with ValueError if it is none."""
    if isinstance(value, Design):
        return value
    names = [field.name for field in fields(Design)]
    if not isinstance(value, Mapping) or not {"format", "chunk_shape"} <= {*value} <= {*names}:
        raise ValueError(f"design is {value!r}: give a Design, or a dict of {', '.join(names)}.")
    parts: dict[str, Any] = {
        key: tuple(part) if isinstance(part, list) else part for key, part in value.items()
    }
    return Design(**parts)


def _sent(key: str) -> dict[str, Any]:
    """Return what the page needs of a scenario."""
    scenario, best = SCENARIOS[key], BEST[key]
    return {
        "name": scenario.name,
        "facts": _facts(scenario),
        "shape": list(scenario.shape),
        "axes": scenario.axes,
        "item_size": np.dtype(scenario.dtype).itemsize,
        "most_files": scenario.most_files,
        "storage": asdict(STORAGES[scenario.storage]),
        "voxels_per_pixel": scenario.voxels_per_pixel,
        "uses": [
            {
                "name": use.name,
                "weekly": use.weekly,
                "machines": use.machines,
                "voxels_per_pixel": use.voxels_per_pixel,
                "region": [list(span) for span in use.region(scenario.shape)],
            }
            for use in scenario.uses
        ],
        "factors": {name: [list(step) for step in factors(scenario, name)] for name in FORMATS},
        "first_guess": _as_dict(scenario.first_guess, None),
        "best": {"tried": best.tried, "seconds": best.seconds, "good": _described(best.good)},
    }


def _rules() -> dict[str, Any]:
    return {
        "formats": {key: asdict(form) for key, form in FORMATS.items()},
        "refusals": dict(REFUSALS),
        "remarks": [
            # From any page of the book: they are all one folder deep.
            {
                **asdict(rule),
                "href": f"../notebooks/{rule.page}.html#{heading_anchor(rule.section)}",
            }
            for rule in REMARKS
        ],
        "model_error": MODEL_ERROR,
        "own_time": OWN_TIME,
        "reader": asdict(READER),
        "negligible": NEGLIGIBLE,
    }


def _times(numbers: tuple[float, ...]) -> str:
    return " × ".join(f"{number:,}" for number in numbers)


def _facts(scenario: Scenario) -> list[str]:
    """Say what the image is and where it lies."""
    storage = STORAGES[scenario.storage]
    first = "s" if scenario.axes[0] == "T" else "µm"
    return [
        scenario.brief,
        f"{_times(scenario.shape)} voxels ({scenario.axes}) of {scenario.dtype}, each "
        f"{scenario.voxel_size[0]:g} {first} × {_times(scenario.voxel_size[1:])} µm.",
        f"Storage: {storage.name}, {storage.latency * 1000:.3g} ms a request, "
        f"{storage.bandwidth / 1e6:,.0f} MB/s, {storage.concurrency} requests at once.",
        "An exercise, not a measured dataset. Uses each week:",
    ]


def _described(design: Design) -> str:
    shards = f" in shards of {_times(design.shard_shape)}" if design.shard_shape else ""
    levels = f"{design.levels} levels" if design.levels > 1 else "no pyramid"
    return (
        f"{FORMATS[design.format].name}, chunks of {_times(design.chunk_shape)}{shards}, {levels}."
    )
