"""Exercises of lesson 6a: few requests to an image that is far away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import zarr

from bigimg_lessons.exercises.counting import Counts, Exercise, synthetic, wrong
from bigimg_lessons.exercises.metered import metered


def _profile(function: Callable[..., Any]) -> Counts:
    voxels = synthetic(32, 32, 64)
    image, meter = metered(voxels, (16, 16, 16))
    errors = wrong(function(image), voxels[8, 8])
    asked = meter.take()
    return {"requests": asked.count, "bytes read": asked.bytes_read, "wrong voxels": errors}


def _corner_sums(function: Callable[..., Any]) -> Counts:
    voxels = synthetic(32, 32, 64)
    _, meter = metered(voxels, (16, 16, 16))

    def open_image() -> zarr.Array[Any]:
        return zarr.open_array(meter, mode="r", zarr_format=3)

    sums = function(open_image)
    asked = meter.take()
    return {
        "requests": asked.count,
        "sums": np.size(sums),
        "wrong sums": wrong(sums, voxels[:, :8, :8].sum(axis=(1, 2))),
    }


EXERCISES = {
    "mend-profile": Exercise(
        run=_profile,
        at_most={"requests": 4, "bytes read": 4 * 16**3, "wrong voxels": 0},
        wanted="the 64 voxels of the line",
    ),
    "mend-corner-sums": Exercise(
        run=_corner_sums,
        at_most={"requests": 3, "sums": 32, "wrong sums": 0},
        wanted="32 sums, one for each plane",
    ),
}
