"""Facts of an image that verdicts are made of: numbers and texts, None for what is not known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from bigimg_lessons.inspection.costs_of import SCREEN, Costs, chunk_bytes
from bigimg_lessons.inspection.report import SPATIAL, UNKNOWN_AXIS, Level, Report
from bigimg_lessons.text import format_bytes
from bigimg_lessons.units import is_pixel

Fact = float | str | None

_SMALL = 32 * 2**10  # bytes: the lower end of what the cheat sheet advises, in shards
_MANY = 10_000  # chunks


def facts_of(
    report: Report,
    costs: Costs,
    *,
    browser: Mapping[str, Sequence[str]],
    strides: Sequence[str],
) -> dict[str, Fact]:
    """Work out the facts that rules ask for.

    Parameters
    ----------
    report
        What is known of the image.
    costs
        What views of it cost.
    browser
        Codecs that browsers decode, by kind of file.
    strides
        Names of ways to shrink an image in which voxels stay at their place.
    """
    return {
        "kind": report.kind,
        "version": report.unread_version,
        "unread": float(report.unread_version is not None),
        **_contradictions(report),
        "averaged": None if report.sampled is None else float(report.sampled),
        "sampled_level": 1.0,
        **_pyramid(report),
        **_unscaled(report),
        **_unshifted(report, strides),
        **_cutting(report, costs),
        **_files(report),
        **_lengths(report),
        "unnamed": float(sum(n > 1 for n in _unnamed(report))),
        "axes_said": " ".join(report.axes),
        **_window(report),
        **_codec(report, browser),
    }


def _unnamed(report: Report) -> list[int]:
    """Return how long the axes are that have no name."""
    shape = report.levels[0].shape
    return [n for n, axis in zip(shape, report.axes, strict=True) if axis == UNKNOWN_AXIS]


def _contradictions(report: Report) -> dict[str, Fact]:
    # The rule asks for the number and its text for the sentences, so they have two names.
    said = " ".join(report.contradictions)
    return {"contradicting": float(len(report.contradictions)), "contradictions": said or None}


def _pyramid(report: Report) -> dict[str, Fact]:
    y, x = report.axis("Y"), report.axis("X")
    if y is None or x is None:
        return {}
    coarsest = report.levels[-1].shape
    if len(coarsest) != len(report.axes):
        return {}
    voxels = max(coarsest[y], coarsest[x]) / SCREEN
    return {"flat" if len(report.levels) == 1 else "coarsest": voxels}


def _unscaled(report: Report) -> dict[str, Fact]:
    """Find the first level whose voxel size does not follow from its shape."""
    full = report.levels[0]
    for number, level in enumerate(report.levels[1:], start=1):
        for axis in _axes_of_both(report, full, level):
            told, real = _factors(full, level, axis)
            # Writers round the voxels of a level down or up, so one more or less is right.
            if told is not None and abs(level.shape[axis] - full.shape[axis] / told) > 1.01:
                return {
                    "unscaled": 1.0,
                    "unscaled_level": float(number),
                    "unscaled_axis": report.axes[axis],
                    "told_factor": f"{told:.3g}",
                    "real_factor": f"{real:.3g}",
                }
    return {"unscaled": 0.0}


def _axes_of_both(report: Report, full: Level, level: Level) -> list[int]:
    axes = (report.axis(name) for name in SPATIAL)
    same = len(full.shape) == len(level.shape) == len(report.axes)
    return [axis for axis in axes if axis is not None] if same else []


def _factors(full: Level, level: Level, axis: int) -> tuple[float | None, float]:
    """Return how many voxels of level 0 one of a level is long, as is told and by the shapes."""
    real = full.shape[axis] / level.shape[axis]
    sizes = [None if each.voxel_size is None else each.voxel_size[axis] for each in (full, level)]
    if not sizes[0] or not sizes[1] or not math.isfinite(sizes[1] / sizes[0]):
        return None, real
    told = sizes[1] / sizes[0]
    return (told if told > 0 else None), real


def _unshifted(report: Report, strides: Sequence[str]) -> dict[str, Fact]:
    """Count levels that begin where level 0 does; only OME-Zarr from 0.4 on can tell that."""
    method = (report.method or "").lower()
    full = report.levels[0]
    if report.kind != "OME-Zarr" or full.voxel_size is None or method in strides:
        return {}
    count = 0
    for level in report.levels[1:]:
        shrunk = [
            axis
            for axis in _axes_of_both(report, full, level)
            if level.shape[axis] < full.shape[axis]
        ]
        begin = full.offset or (0.0,) * len(full.shape)
        here = begin if level.offset is None else level.offset
        # A level of which no size is known is one whose position is not known either.
        if level.voxel_size and shrunk and all(here[axis] == begin[axis] for axis in shrunk):
            count += 1
    return {"unshifted": float(count)}


def _cutting(report: Report, costs: Costs) -> dict[str, Fact]:
    level = report.levels[0]
    nbytes, chunk = chunk_bytes(level), level.chunk_shape
    if nbytes is None or chunk is None or level.item_size is None:
        return {}
    count = math.prod(-(-n // c) for n, c in zip(level.shape, chunk, strict=True))
    axes = [axis for name in SPATIAL if (axis := report.axis(name)) is not None]
    facts: dict[str, Fact] = {"chunk_said": format_bytes(nbytes), "chunks": float(count)}
    covers = bool(axes) and all(chunk[axis] >= level.shape[axis] for axis in axes)
    # One plane of a stack of planes is no volume.
    deep = [axis for axis in axes if level.shape[axis] > 1]
    is_whole = covers and len(deep) > 2 and level.layout in ("chunks", "shards")
    facts["whole"] = float(nbytes) if is_whole else 0.0
    facts["large"] = 0.0 if is_whole else float(nbytes)
    crumbs = count > _MANY and level.layout == "chunks"
    facts["small"] = _SMALL / nbytes if crumbs else 0.0
    side = next((view for view in costs.views if view.view == "YZ"), None)
    if side is not None:
        is_stack = level.layout == "strips"
        facts["strips"] = float(side.read) if is_stack else 0.0
        facts["side_said"] = format_bytes(side.read)
        facts["side_wanted"] = format_bytes(side.wanted)
    return facts


def _files(report: Report) -> dict[str, Fact]:
    counted, expected = report.files.number, report.files.expected
    known = [n for n in (counted, expected) if n is not None]
    return {"files": float(max(known)) if known else None}


def _lengths(report: Report) -> dict[str, Fact]:
    # Of planes that nobody named it is not known whether they are slices, so whether they have a
    # thickness.
    named = [name for name in SPATIAL if name in report.axes]
    axes = [(name, axis) for name in named or SPATIAL if (axis := report.axis(name)) is not None]
    size, shape = report.levels[0].voxel_size, report.levels[0].shape
    sizeless, unitless = [], []
    for name, axis in axes:
        # Along an axis of one voxel there is nothing to measure.
        if shape[axis] == 1:
            continue
        unit = report.units[axis]
        if size is None or size[axis] is None:
            sizeless.append(name)
        elif unit is None or is_pixel(unit):
            unitless.append(name)
    return {
        "sizeless": float(len(sizeless)),
        "sizeless_axes": _listed(sizeless),
        "unitless": float(len(unitless)),
        "unitless_axes": _listed(unitless),
    }


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _window(report: Report) -> dict[str, Fact]:
    for number, window in enumerate(report.windows):
        if window is not None and window[1] <= window[0]:
            low, high = window
            return {
                "dark": 1.0,
                "dark_channel": float(number),
                "dark_low": f"{low:g}",
                "dark_high": f"{high:g}",
            }
    return {"dark": 0.0}


def _codec(report: Report, browser: Mapping[str, Sequence[str]]) -> dict[str, Fact]:
    kinds = {"BDV-HDF5": "HDF5", "Imaris": "HDF5", "OME-TIFF": "TIFF", "BigTIFF": "TIFF"}
    kind = kinds.get(report.kind, report.kind.split(" ")[0])
    codec = report.levels[0].codec
    if codec is None or kind not in browser:
        return {}
    foreign = [name for name in codec if name.split(" ")[0] not in browser[kind]]
    return {"foreign": float(bool(foreign)), "foreign_codec": " and ".join(foreign) or None}
