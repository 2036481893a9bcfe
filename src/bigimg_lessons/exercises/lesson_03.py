"""Exercises of lesson 3: the level that fits, and axes in two orders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import numpy as np

from bigimg_lessons.exercises.counting import Counts, Exercise, synthetic, wrong
from bigimg_lessons.measure.files import FileMeter

_CHUNK = (16, 16, 16)
_CHUNK_BYTES = 2 * 16**3


def _overview(function: Callable[..., Any]) -> Counts:
    coarsest = synthetic(16, 16, 16).astype("uint16")
    with TemporaryDirectory() as folder:
        path = Path(folder, "tissue.h5")
        with h5py.File(path, "w") as file:
            for level, factor in enumerate((4, 2, 1)):
                # Boxes of equal voxels: to take every fourth is as right as the mean.
                cells = np.kron(coarsest, np.ones((factor,) * 3, "uint16"))
                file.create_dataset(f"t00000/s00/{level}/cells", data=cells, chunks=_CHUNK)
        meter = FileMeter(path)
        with meter.open() as opened, h5py.File(opened, "r") as file:
            errors = wrong(function(file), coarsest[8])
        sizes = [size for _, size in meter.take().extents]
    return {"chunks read": sizes.count(_CHUNK_BYTES), "wrong voxels": errors}


_LEVELS = {  # size in the XML, row of `resolutions`: shape in Python
    ((64, 64, 64), (2, 2, 2)): (32, 32, 32),
    ((1024, 1024, 256), (2, 2, 1)): (256, 512, 512),
    ((1200, 800, 96), (4, 4, 2)): (48, 200, 300),
    ((512, 256, 128), (1, 1, 1)): (128, 256, 512),
}


def _level_shape(function: Callable[..., Any]) -> Counts:
    found = (wrong(function(*given), shape) for given, shape in _LEVELS.items())
    return {"wrong lengths": sum(found)}


EXERCISES = {
    "mend-overview": Exercise(
        run=_overview,
        at_most={"chunks read": 1, "wrong voxels": 0},
        wanted="a picture of 16 × 16 pixels",
    ),
    "mend-level-shape": Exercise(
        run=_level_shape,
        at_most={"wrong lengths": 0},
        wanted="three lengths: of Z, Y and X",
    ),
}
