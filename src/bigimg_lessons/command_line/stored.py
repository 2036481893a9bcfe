"""An inspected image and what it is to become, as the planner of `costs` takes them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from bigimg_lessons.command_line.forecast import Forecast
from bigimg_lessons.command_line.known import Known
from bigimg_lessons.costs.conversion import LEAST_RATIO, MAX_RATIO, Conversion, SourceKind
from bigimg_lessons.costs.design import Triple
from bigimg_lessons.costs.plan import Project, Stages, plan
from bigimg_lessons.costs.prices import PRICE_LISTS
from bigimg_lessons.costs.projects import COPY, DECODE, ENCODE, SHRINK
from bigimg_lessons.costs.storage import STORAGES, Storage
from bigimg_lessons.costs.workforce import Workforce
from bigimg_lessons.inspection.report import SPATIAL, Level, Report

DISKS = ("hdd", "sata-ssd", "nvme", "lan")
"""Storages on which an image can lie that is converted here, as `STORAGES` names them."""

CAUTION = (
    "By the planner's model: at least, if reading, computing and writing all go on at the same "
    "time; at most, if one waits for the other. The truth lies between the two, if the rates are "
    "right. Retries, other people on the same line and mistakes are left out."
)
"""What is to be said wherever the planner's times are shown."""


def conversion_of(
    report: Report, known: Known, target: Forecast, *, shard_shape: Sequence[int] | None
) -> Conversion:
    """Return what is converted into what, as the planner has it.

    Parameters
    ----------
    report, known
        What is known of the image.
    target
        What it is to become.
    shard_shape
        Voxels of a shard along the axes of space, None for none.

    Raises
    ------
    ValueError
        If the planner does not count images that are stored like this one.
    """
    level = report.levels[0]
    kind, chunk = _cut(report, known, level)
    along = dict(zip(known.axes, level.shape, strict=True))
    times = along.get("T", 1)
    shape = (times, known.images // times, *_deep(known.space))
    new_chunk = _deep(target.chunk_shape)
    shard = None
    if shard_shape is not None:  # of which no more is stored than there are chunks
        shard = tuple(
            min(s, c * -(-n // c))
            for s, c, n in zip(_deep(shard_shape), new_chunk, shape[2:], strict=True)
        )
    ratio = stored_ratio(level)
    return Conversion(
        shape=shape,
        dtype=np.dtype(level.dtype).newbyteorder("=").name,
        source_kind=kind,
        source_chunk=chunk,
        source_ratio=1.0 if ratio is None else ratio,
        chunk=new_chunk,
        shard=shard,  # type: ignore[arg-type]  # three numbers, as the image has
        factors=tuple(_deep(factors) for factors in target.factors),
        ratio=1.0 if ratio is None else ratio,
    )


def stored_ratio(level: Level) -> float | None:
    """Return how many times smaller the chunks of a level are stored, 1 without a codec.

    Parameters
    ----------
    level
        The level.

    Returns
    -------
    float or None
        None if it is not known.
    """
    if level.codec is None or (level.codec and level.ratio is None):
        return None
    if not level.codec or level.ratio is None:
        return 1.0
    # A file that is being written has next to no bytes.
    return level.ratio if LEAST_RATIO <= level.ratio <= MAX_RATIO else None


def how_it_packs(level: Level) -> str:
    """Say why the planner takes a ratio for what is written from this level."""
    if level.codec and stored_ratio(level) is not None:
        return "assumed: as it packs now"
    return "assumed: how well it packs is not known"


def decoding_rate(level: Level) -> tuple[float, bool]:
    """Return how fast a core decodes a level, and whether that was measured for its codec."""
    if level.codec == ():
        return COPY, True
    is_measured = level.codec is not None and level.codec == ("blosc (zstd)",)
    return DECODE, is_measured


def storage_of(storage: Storage, report: Report) -> Storage:
    """Return a storage as a reader of the image uses it: HDF5 asks for one chunk at a time."""
    return replace(storage, concurrency=1) if report.one_at_a_time else storage


def times_here(conversion: Conversion, report: Report, memory: int) -> Mapping[str, Stages]:
    """Return how long a conversion takes on this computer, by the planner's model.

    Parameters
    ----------
    conversion
        What is converted into what.
    report
        What is known of the original.
    memory
        Bytes that may be held.

    Returns
    -------
    Mapping
        For each of `DISKS`, where both images lie on it.

    Raises
    ------
    ValueError, TypeError
        If the memory is too small, or its levels cannot be averaged exactly.
    """
    workforce = Workforce(
        workers=1,
        threads=os.cpu_count() or 1,
        memory=memory,
        decode=decoding_rate(report.levels[0])[0],
        shrink=SHRINK,
        encode=ENCODE,
    )
    return {
        name: plan(
            Project(
                conversion=conversion,
                workforce=workforce,
                source=storage_of(STORAGES[name], report),
                target=STORAGES[name],
                one_disk=True,
                prices=PRICE_LISTS["own"],
            )
        ).convert
        for name in DISKS
    }


def _deep(numbers: Sequence[int]) -> Triple:
    """Return numbers along z, y and x; of an image without z it is one voxel deep."""
    z, y, x = (1,) * (3 - len(numbers)) + tuple(numbers)
    return z, y, x


def _cut(report: Report, known: Known, level: Level) -> tuple[SourceKind, Triple]:
    if level.chunk_shape is None:
        raise ValueError(f"{report.source} does not say how it is cut into chunks.")
    along = dict(zip(known.axes, level.chunk_shape, strict=True))
    for axis, n in along.items():
        if axis not in SPATIAL and n > 1:
            raise ValueError(
                f"{report.source} keeps {n} voxels along {axis} together in one chunk, and the "
                "planner counts only chunks of one time point and one channel."
            )
    z, y, x = _deep([along[axis] for axis in SPATIAL if axis in along])
    if level.layout == "tiles":
        return "tiles", (z, y, x)
    if level.layout in ("strips", "contiguous") and (z, x) == (1, known.space[-1]):
        return "strips", (z, y, x)
    return "chunks", (z, y, x)
