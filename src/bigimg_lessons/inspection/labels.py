"""A sample of a label image: whether level 1 has values that level 0 does not have there."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from bigimg_lessons.inspection.arrays import opened_level
from bigimg_lessons.inspection.costs_of import chunk_bytes
from bigimg_lessons.inspection.report import SPATIAL, Level, Report

_MAX_BYTES = 8 * 2**20  # of level 0, decoded, for each place that is looked at
_SIDE = 24  # voxels of level 1 along each axis
_LABEL_TYPES = ("int32", "uint32", "int64", "uint64")
_PLACES = (0.5, 0.25, 0.75)  # of the image, along each axis


def with_sample(report: Report) -> Report:
    """Look whether level 1 was averaged, if voxels may be numbers of objects.

    That may be where the file says so, or voxels are whole numbers of 32 or 64 bits, which hardly
    any camera gives. At most three places are read, of 24 voxels of level 1 along each axis and
    8 MiB of chunks of level 0 each. Nearest neighbours and most frequent values are values of
    level 0; means need not be, so no such value shows nothing.

    Parameters
    ----------
    report
        What is known of the image.

    Returns
    -------
    Report
        With `sampled`, if it could be looked at.
    """
    is_candidate = report.is_labels or report.levels[0].dtype in _LABEL_TYPES
    is_number = report.levels[0].item_size is not None and "int" in report.levels[0].dtype
    if len(report.levels) < 2 or not is_candidate or not is_number or "://" in report.source:
        return report
    is_opened = report.kind.endswith(("Zarr", "HDF5", "Imaris"))
    if not is_opened or report.source.lower().endswith(".xml"):
        return report
    try:
        with opened_level(report, 0) as full, opened_level(report, 1) as coarse:
            found = _looked_at(report, full, coarse)
    except Exception:  # what cannot be read is not known; readers raise anything
        return report
    return replace(report, sampled=found)


def _looked_at(report: Report, full: Any, coarse: Any) -> bool | None:
    """Return whether values turned up that level 0 has not there; None if nothing was read."""
    looked: bool | None = None
    for place in _PLACES:
        regions = _regions(report, place)
        if regions is None:
            continue
        here, there = regions
        values = np.unique(np.asarray(coarse[here]))
        looked = False
        if not np.isin(values, np.unique(np.asarray(full[there]))).all():
            return True
    return looked


Region = tuple[slice, ...]


def _regions(report: Report, place: float) -> tuple[Region, Region] | None:
    """Return a region of level 1 and that of level 0 which it stands for, with a margin.

    None if too much would have to be read.
    """
    full, coarse = report.levels[:2]
    if len(full.shape) != len(coarse.shape):
        return None
    axes = {report.axis(name) for name in SPATIAL}
    here, there = [], []
    for axis, (n, m) in enumerate(zip(full.shape, coarse.shape, strict=True)):
        if axis not in axes:
            here.append(slice(0, 1))
            there.append(slice(0, 1))
            continue
        length = min(_SIDE, m)
        start = round((m - length) * place)
        factor = n / m
        # A box more on each side: where a level lies may be off by that.
        begin = max(0, math.floor((start - 1) * factor))
        end = min(n, math.ceil((start + length + 1) * factor))
        here.append(slice(start, start + length))
        there.append(slice(begin, end))
    if _bytes_read(full, there) > _MAX_BYTES or _bytes_read(coarse, here) > _MAX_BYTES:
        return None
    return tuple(here), tuple(there)


def _bytes_read(level: Level, region: list[slice]) -> float:
    nbytes = chunk_bytes(level)
    if nbytes is None or level.chunk_shape is None:
        return math.inf
    chunks = math.prod(
        -(-part.stop // c) - part.start // c
        for part, c in zip(region, level.chunk_shape, strict=True)
    )
    return float(chunks * nbytes)
