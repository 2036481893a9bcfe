"""Exercises of lesson 2: read each chunk once, and cut the file rather than the reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import zarr
from zarr.storage import MemoryStore

from bigimg_lessons.exercises.counting import (
    Counts,
    Exercise,
    NothingToCountError,
    WatchedArray,
    synthetic,
    wrong,
)
from bigimg_lessons.exercises.metered import metered
from bigimg_lessons.measure.stores import StoreMeter


def _plane_sums(function: Callable[..., Any]) -> Counts:
    voxels = synthetic(64, 64, 64)
    array, meter = metered(voxels, (16, 16, 16))
    image = WatchedArray(array, array.chunks)
    errors = wrong(function(image), voxels.sum(axis=(1, 2)))
    return {
        "requests": meter.take().chunks.count,
        "bytes held at once": image.largest,
        "wrong sums": errors,
    }


def _cut_anew(function: Callable[..., Any]) -> Counts:
    voxels = synthetic(64, 64, 64)
    planes, _ = metered(voxels, (1, 64, 64))
    target = MemoryStore()
    function(planes, target)
    meter = StoreMeter(target)
    try:
        copy = zarr.open_array(meter, mode="r")
    except (FileNotFoundError, ValueError) as error:
        raise NothingToCountError(
            "Your function left no array in `target`, or not at its root."
        ) from error
    if copy.shape != voxels.shape:
        raise NothingToCountError(
            f"The array in `target` has the shape {copy.shape}, and `planes` has {voxels.shape}."
        )
    errors = wrong(copy[:], voxels)
    meter.take()
    counts = {}
    for name, region in {"XY": (32,), "YZ": (slice(None), slice(None), 32)}.items():
        copy[region]
        counts[f"{name} requests"] = meter.take().chunks.count
    chunks = sum(counts.values())
    return {**counts, "bytes of chunks": chunks * _chunk_bytes(copy), "wrong voxels": errors}


def _chunk_bytes(array: zarr.Array[Any]) -> int:
    size: int = array.dtype.itemsize
    for edge in array.chunks:
        size *= edge
    return size


EXERCISES = {
    "mend-plane-sums": Exercise(
        run=_plane_sums,
        at_most={"requests": 64, "bytes held at once": 16 * 64 * 64, "wrong sums": 0},
        wanted="64 sums, one for each plane",
    ),
    "mend-cut-anew": Exercise(
        run=_cut_anew,
        at_most={
            "XY requests": 16,
            "YZ requests": 16,
            "bytes of chunks": 32 * 16**3,
            "wrong voxels": 0,
        },
        wanted="",
    ),
}
