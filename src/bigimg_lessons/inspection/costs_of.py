"""What looking at an image costs, by the arithmetic and the storages of ``costs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bigimg_lessons.costs.appraisal import OWN_TIME, READER
from bigimg_lessons.costs.grid import ChunkGrid, Reading
from bigimg_lessons.costs.regions import Index
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.inspection.report import Level, Report

COMPARED = ("nvme", "lan", "s3")
"""The storages that are compared, as `bigimg_lessons.costs.storage.STORAGES` names them."""

SCREEN = 1024
"""Pixels of the screen, high and wide, on which a whole plane is shown in the zoomed-out view."""

SIDE = 128
"""Voxels of the cube along each axis, as far as the image has them."""

_UNKNOWN = "What reading costs cannot be worked out:"


@dataclass(frozen=True)
class ViewCost:
    """What one view costs.

    Parameters
    ----------
    view
        ``"XY"``, ``"XZ"``, ``"YZ"``, ``"cube"`` or ``"zoomed out"``; of one plane ``"square"`` in
        place of those with depth.
    level
        Number of the level that is read.
    requests, wanted, read
        As :class:`bigimg_lessons.costs.grid.Reading` has them; bytes are not compressed.
    seconds
        By the model, for each of `COMPARED`.
    """

    view: str
    level: int
    requests: int
    wanted: int
    read: int
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Costs:
    """What views of an image cost.

    Parameters
    ----------
    views
        One for each view that the image has.
    reason
        Why there is none, as a sentence; empty if there are.
    """

    views: tuple[ViewCost, ...]
    reason: str = ""


def costs_of(report: Report) -> Costs:
    """Work out what views of an image cost.

    A plane or a cube is taken near a third of the image, as in the capstone; one time point
    and one channel. Of an image whose axes have no names the last three are taken for Z, Y and X.

    Parameters
    ----------
    report
        What is known of the image.
    """
    y, x = report.axis("Y"), report.axis("X")
    if y is None or x is None:
        return Costs((), "The file does not say which axes are Y and X.")
    if report.is_partial:
        return Costs((), f"{_UNKNOWN} not all of its planes were counted.")
    if any(level.chunk_shape is None for level in report.levels):
        return Costs((), f"{_UNKNOWN} its chunks are not known.")
    strange = [level.dtype for level in report.levels if level.item_size is None]
    if strange:
        return Costs((), f"{_UNKNOWN} voxels of the type {strange[0]} are not counted here.")
    try:
        grids = [_grid(level) for level in report.levels]
        views = tuple(
            _cost(report, view, level, grids[level].reading(region, reader=READER))
            for view, (level, region) in _regions(report, y, x).items()
        )
    except ValueError:  # of metadata that may say anything
        return Costs(
            (),
            f"{_UNKNOWN} a level has chunks or shards that do not fit it, or more of them, or more "
            "bytes, than can be counted.",
        )
    return Costs(views)


def _regions(report: Report, y: int, x: int) -> dict[str, tuple[int, tuple[Index, ...]]]:
    """Return the level and the region of each view that the image has."""
    z = report.axis("Z")
    shape = report.levels[0].shape
    side = _cube(report)
    regions: dict[str, tuple[int, tuple[Index, ...]]] = {}
    regions["XY"] = 0, _region(report, 0, {x: shape[x], y: shape[y]})
    if z is not None and shape[z] > 1:
        regions["XZ"] = 0, _region(report, 0, {x: shape[x], z: shape[z]})
        regions["YZ"] = 0, _region(report, 0, {y: shape[y], z: shape[z]})
    regions["cube" if len(regions) > 1 else "square"] = 0, _region(report, 0, side)
    shown = _level_shown(report, y, x)
    there = report.levels[shown].shape
    regions["zoomed out"] = shown, _region(report, shown, {x: there[x], y: there[y]})
    return regions


def _grid(level: Level) -> ChunkGrid:
    assert level.chunk_shape is not None  # noqa: S101 (checked before)
    return ChunkGrid(
        level.shape,
        level.chunk_shape,
        level.dtype,
        level.shard_shape,
        "padded" if level.shard_shape else level.edges,
    )


def _cube(report: Report) -> dict[int, int]:
    shape = report.levels[0].shape
    axes = (report.axis(name) for name in ("Z", "Y", "X"))
    return {axis: min(SIDE, shape[axis]) for axis in axes if axis is not None}


def _region(report: Report, level: int, wanted: Mapping[int, int]) -> tuple[Index, ...]:
    """Return a region with some voxels along some axes, and one along the others.

    It begins near a third of the room that it has, at an odd voxel, as most regions do not begin
    where a chunk does. Colours are taken together.
    """
    region: list[Index] = []
    for axis, n in enumerate(report.levels[level].shape):
        length = n if report.axes[axis] == "S" else wanted.get(axis, 1)
        room = n - length
        start = min(room // 3 | 1, room)
        region.append(slice(start, start + length))
    return tuple(region)


def _level_shown(report: Report, y: int, x: int) -> int:
    """Return the coarsest level that still has a voxel for each pixel of the screen."""
    full = report.levels[0].shape
    per_pixel = max(1.0, full[y] / SCREEN, full[x] / SCREEN)
    fitting = [
        number
        for number, level in enumerate(report.levels)
        if len(level.shape) == len(full)
        and max(full[y] / level.shape[y], full[x] / level.shape[x]) <= per_pixel * 1.001
    ]
    return max(fitting, default=0)


def _cost(report: Report, view: str, level: int, reading: Reading) -> ViewCost:
    return ViewCost(
        view,
        level,
        reading.requests,
        reading.wanted,
        reading.read,
        {name: _seconds(report, name, reading) for name in COMPARED},
    )


def _seconds(report: Report, name: str, reading: Reading) -> float:
    """Return the seconds of the model, as `bigimg_lessons.costs.appraisal.cost_of` has them."""
    storage = STORAGES[name]
    if report.one_at_a_time:
        storage = replace(storage, concurrency=1)
    # Each shard is asked for its index, or for all of it, before the chunks that need the index.
    waiting = storage.seconds(reading.shards, 0)
    waiting += storage.seconds(reading.requests - reading.shards, 0)
    return waiting + storage.seconds(0, reading.read, decoding=OWN_TIME * reading.chunks)


def chunk_bytes(level: Level) -> int | None:
    """Return the bytes of a chunk, not compressed; None if they are not known."""
    size: Sequence[int] | None = level.chunk_shape
    if size is None or level.item_size is None:
        return None
    count = level.item_size
    for n in size:
        count *= n
    return count
