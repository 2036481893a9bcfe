"""What is to mend in an image: rules that are data, in ``verdicts.toml``, applied to facts."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from bigimg_lessons.costs.appraisal import OWN_TIME, READER
from bigimg_lessons.costs.remarks import filled
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.inspection.costs_of import COMPARED, Costs
from bigimg_lessons.inspection.facts import Fact, facts_of
from bigimg_lessons.inspection.quoting import name_here, quoted
from bigimg_lessons.inspection.report import SPATIAL, UNKNOWN_AXIS, Report
from bigimg_lessons.questions.places import heading_anchor


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One thing that is to be said of an image; as a rule, its texts have ``{names}`` of facts.

    Parameters
    ----------
    name
        Short name, for programs.
    fact, above
        The verdict is given where the fact of that name is known and above this.
    weight
        ``"wrong"``, ``"slow"`` or ``"mind"``.
    text
        What is so, and why it matters.
    remedy
        What to do.
    command
        The command that does it; empty if there is none.
    page, section
        The lesson where it is explained, below ``notebooks``, and its heading there.
    """

    name: str
    fact: str
    above: float
    weight: str
    text: str
    remedy: str
    command: str
    page: str
    section: str

    @property
    def link(self) -> str:
        """Path of the section in the book's site, from its root."""
        return f"notebooks/{self.page}.html#{heading_anchor(self.section)}"


_DATA = tomllib.loads(
    files("bigimg_lessons.inspection").joinpath("verdicts.toml").read_text(encoding="utf-8")
)

RULES = tuple(Verdict(**entry) for entry in _DATA["verdicts"])
"""All verdicts that there are, in the order in which they are given."""

BROWSER: Mapping[str, Sequence[str]] = MappingProxyType(_DATA["browser"])
"""Codecs that browsers decode, by kind of file."""

STRIDES: Sequence[str] = tuple(_DATA["methods"]["strides"])
"""Names of ways to shrink an image in which voxels stay at their place."""

_ENDINGS = (
    ".zarr", ".ozx", ".tif", ".tiff", ".btf", ".h5", ".hdf5", ".mat", ".ims", ".n5", ".xml"
)  # fmt: skip


def rules_as_json() -> dict[str, Any]:
    """Return what a page needs to work out the same costs and verdicts, as JSON has it."""
    return {
        "verdicts": [{**asdict(rule), "link": rule.link} for rule in RULES],
        "browser": dict(BROWSER),
        "strides": list(STRIDES),
        "storages": {name: asdict(STORAGES[name]) for name in COMPARED},
        "reader": asdict(READER),
        "own_time": OWN_TIME,
    }


def verdicts_of(
    report: Report, costs: Costs, *, platform: str = sys.platform
) -> tuple[Verdict, ...]:
    """Judge an image.

    Parameters
    ----------
    report
        What is known of it.
    costs
        What views of it cost.
    platform
        Where commands will be run, for their quotes.

    Returns
    -------
    tuple of Verdict
        Those that hold, with their texts filled in. What is not known is not judged.
    """
    facts = facts_of(report, costs, browser=BROWSER, strides=STRIDES)
    source = name_here(report.source)
    names = {"source": source, "target": target_name(source)}
    facts |= {name: quoted(text, platform=platform) for name, text in names.items()}
    facts |= _examples(report)
    given = tuple(_filled(rule, facts) for rule in RULES if _holds(rule, facts))
    return given if _is_converted(report) else tuple(replace(each, command="") for each in given)


def _is_converted(report: Report) -> bool:
    """Tell whether ``bigimg convert`` reads it: of a known version, with no other image beside."""
    is_one = not report.is_of_several or report.kind in ("BDV-HDF5", "HDF5", "Zarr")
    return report.unread_version is None and is_one


def _examples(report: Report) -> dict[str, str]:
    """Return what commands ask for: letters for all axes if some have no name, and lengths."""
    letters = [*report.axes]
    free = [letter for letter in "XYZCT" if letter not in letters]
    for axis in reversed(range(len(letters))):
        if letters[axis] == UNKNOWN_AXIS and free:
            letters[axis] = free.pop(0)
    spatial = [letter for letter in letters if letter in SPATIAL]
    cut = {3: ("64", "512")}.get(len(spatial), ("512", "4096"))
    chunk, shard = (",".join([length] * len(spatial)) for length in cut)
    axes = f" --axes {''.join(letters)}" if UNKNOWN_AXIS in report.axes else ""
    return {"axes": axes, "size": ",".join(spatial), "chunk": chunk, "shard": shard}


def _holds(rule: Verdict, facts: Mapping[str, Fact]) -> bool:
    value = facts.get(rule.fact)
    return isinstance(value, int | float) and value > rule.above


def _filled(rule: Verdict, facts: Mapping[str, Fact]) -> Verdict:
    known = {name: value for name, value in facts.items() if value is not None}
    return Verdict(
        name=rule.name,
        fact=rule.fact,
        above=rule.above,
        weight=rule.weight,
        text=filled(rule.text, known),
        remedy=filled(rule.remedy, known),
        command=filled(rule.command, known),
        page=rule.page,
        section=rule.section,
    )


def target_name(source: str) -> str:
    """Propose a name for an image that is written anew, beside where the command is run.

    Parameters
    ----------
    source
        Path of the image.

    Examples
    --------
    >>> target_name("/data/stack.ome.tif"), target_name("stack.ome.zarr/"), target_name("a.mat")
    ('stack.ome.zarr', 'stack-new.ome.zarr', 'a.ome.zarr')
    """
    name = PurePath(source.rstrip("/\\").replace("\\", "/")).name or "image"
    stem = name
    for ending in _ENDINGS:
        stem = stem.removesuffix(ending)
    stem = stem.removesuffix(".ome") or "image"
    return f"{stem}-new.ome.zarr" if name.endswith((".zarr", ".ozx")) else f"{stem}.ome.zarr"
