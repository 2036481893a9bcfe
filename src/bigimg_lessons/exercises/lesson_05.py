"""Exercises of lesson 5: read each strip once, and take shapes from the metadata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import zarr
from zarr.storage import MemoryStore

from bigimg_lessons.exercises.counting import Counts, Exercise, WatchedArray, synthetic, wrong
from bigimg_lessons.exercises.metered import metered
from bigimg_lessons.measure.stores import StoreMeter


def _copy(function: Callable[..., Any]) -> Counts:
    voxels = synthetic(64, 64, 64)
    array, meter = metered(voxels, (1, 16, 64))
    strips = WatchedArray(array, array.chunks)
    target = WatchedArray(np.zeros_like(voxels), (16, 16, 16))
    function(strips, target)
    requests = meter.take().chunks.count
    return {
        "strips read": requests,
        "bytes held at once": strips.largest,
        "chunks written": target.chunks_written,
        "wrong voxels": wrong(target, voxels),
    }


_SHAPES = {"fine": (32, 64, 64), "coarse": (32, 32, 32), "coarsest": (16, 16, 16)}


def _shapes(function: Callable[..., Any]) -> Counts:
    store = MemoryStore()
    group = zarr.create_group(store)
    for path, shape in _SHAPES.items():
        group.create_array(path, data=synthetic(*shape), chunks=(16, 16, 16), compressors=None)
    datasets = [{"path": path} for path in _SHAPES]
    group.attrs["ome"] = {"multiscales": [{"datasets": datasets}]}
    meter = StoreMeter(store)
    found = function(zarr.open_group(meter, mode="r", zarr_format=3))
    return {
        "chunks read": meter.take().chunks.count,
        "wrong lengths": wrong(found, list(_SHAPES.values())),
    }


EXERCISES = {
    "mend-copy": Exercise(
        run=_copy,
        at_most={
            "strips read": 256,
            "bytes held at once": 16 * 16 * 64,
            "chunks written": 64,
            "wrong voxels": 0,
        },
        wanted="",
    ),
    "mend-shapes": Exercise(
        run=_shapes,
        at_most={"chunks read": 0, "wrong lengths": 0},
        wanted="three shapes, of three lengths each",
    ),
}
