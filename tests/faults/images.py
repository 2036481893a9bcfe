"""Small images that cannot be taken for one another, whole or in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

FACTORS = ((1, 1, 1), (2, 2, 2))
"""Of the levels, z, y, x."""

FLAT_FACTORS = ((1, 1, 1), (1, 2, 2))
"""Of the levels of a format that has them in planes."""

CHUNK_SHAPE = (8, 16, 16)
VERSIONS = range(5)


def pixels(version: int) -> npt.NDArray[Any]:
    """Return the voxels of a version: another shape for each, and no grey value of another.

    Boxes of 2 × 2 × 2 voxels are of one value, so that the mean of each is known.
    """
    z, y, x = shape = (16 + 2 * version, 32, 34)
    k, j, i = np.ogrid[:z, :y, :x]
    boxes = (k // 2 * 16 + j // 2) * 17 + i // 2
    # Scattered, so that chunks do not shrink to nothing.
    grey = boxes * 7919 % 10_007 + 12_000 * (version + 1)
    return np.broadcast_to(grey, shape).astype("uint16")


def levels(
    version: int, factors: Sequence[tuple[int, int, int]] = FACTORS
) -> list[npt.NDArray[Any]]:
    """Return the voxels of all levels."""
    full = pixels(version)
    return [full[::z, ::y, ::x] for z, y, x in factors]


def voxel_size(version: int) -> tuple[float, float, float]:
    """Return another size for each version, z, y, x, µm."""
    return (2.0 + version, 0.5 + version, 0.25)
