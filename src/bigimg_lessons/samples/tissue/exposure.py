"""What the microscope adds: each section's brightness and contrast, and noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bigimg_lessons.samples.tissue.grid import Array
from bigimg_lessons.samples.tissue.noise import hashed, uniform

NOISE = 17.0  # grey values: the noise is between its negative and itself


def exposed(canvas: Array, seed: int, origin: Sequence[int]) -> Array:
    """Return what the microscope records of a painted brick at `origin` (voxels, zyx); float32.

    The canvas is changed.
    """
    z, y, x = (np.arange(o, o + b) for o, b in zip(origin, canvas.shape, strict=True))
    contrast = 0.985 + 0.03 * uniform(seed, 12, z)
    brightness = 150 * (1 - contrast) + 4 * uniform(seed, 11, z) - 2
    h = hashed(seed, 13, z[:, None, None], y[:, None], x)
    noise = h & np.uint32(0xFFFF)  # the sum of two uniform numbers of 16 bits is triangular
    noise += h >> np.uint32(16)
    recorded = noise.astype(np.float32)
    recorded *= NOISE / 65536
    canvas *= contrast.astype(np.float32)[:, None, None]
    recorded += canvas
    recorded += (brightness - NOISE * (65535 / 65536)).astype(np.float32)[:, None, None]
    return recorded
