"""Exercises of lesson 1: cut before you compute, and compute once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from bigimg_lessons.exercises.counting import Counts, Exercise, WatchedArray, synthetic, wrong


def _stack() -> tuple[npt.NDArray[np.uint8], WatchedArray, Any]:
    """Make a stack: its voxels, what counts the planes read of it, and its lazy array."""
    voxels = synthetic(32, 64, 64)
    planes = WatchedArray(voxels, (1, 64, 64))
    lazy = da.from_array(  # type: ignore[no-untyped-call]
        planes, chunks=planes.chunks, name=False, meta=voxels[:0]
    )
    return voxels, planes, lazy


def _three_sums(function: Callable[..., Any]) -> Counts:
    from bioio import BioImage

    voxels, planes, lazy = _stack()
    errors = wrong(function(BioImage(lazy)), voxels[4:7].sum(axis=(1, 2)))
    return {"planes read": planes.chunks_read, "wrong sums": errors}


def _statistics(function: Callable[..., Any]) -> Counts:
    voxels, planes, lazy = _stack()
    errors = wrong(function(lazy), (voxels.min(), voxels.max(), voxels.mean()))
    return {"planes read": planes.chunks_read, "wrong values": errors}


EXERCISES = {
    "mend-three-sums": Exercise(
        run=_three_sums,
        at_most={"planes read": 3, "wrong sums": 0},
        wanted="three sums, of the planes 4, 5 and 6",
    ),
    "mend-statistics": Exercise(
        run=_statistics,
        at_most={"planes read": 32, "wrong values": 0},
        wanted="three numbers: the lowest, the highest and the mean",
    ),
}
