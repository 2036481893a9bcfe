"""Random numbers that are the same on every machine: hashes of integer coordinates.

Only IEEE-exact elementwise operations are used, and nothing depends on what was asked before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bigimg_lessons.samples.tissue.grid import Array


def mix(h: Array) -> Array:
    """Scramble uint32 values, in place: MurmurHash3's finaliser (Austin Appleby, public domain)."""
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return h


def hashed(*coordinates: int | Array) -> Array:
    """Hash integer coordinates, broadcast against each other, to uint32 (at least 1-D).

    Each coordinate is added to the hash of those before it, with 2**32 divided by the golden ratio
    so that zeros do not stay zero, and mixed again.
    """
    h = np.zeros(1, np.uint32)
    for coordinate in coordinates:
        c = np.asarray(coordinate, np.int64).astype(np.uint32)
        h = mix((h ^ c) + np.uint32(0x9E3779B9))
    return h


def uniform(*coordinates: int | Array) -> Array:
    """Hash integer coordinates to float64 numbers in [0, 1)."""
    return hashed(*coordinates).astype(np.float64) * 2.0**-32


def smooth_noise(
    seed: int, salt: int, spacing: float, axes: Sequence[Array], channels: int
) -> Array:
    """Sample smooth noise in (-1, 1): a quadratic B-spline through hashed values.

    Parameters
    ----------
    seed, salt
        Choose the noise.
    spacing
        Distance of the hashed values, µm.
    axes
        Three 1-D float64 arrays of positions, zyx, µm; the result is their grid.
    channels
        How many independent noises to return.

    Returns
    -------
    ndarray
        float32, shape (channels, len(z), len(y), len(x)).
    """
    knots, weights = [], []
    for axis in axes:
        knot = np.floor(axis / spacing)
        t = (axis / spacing - knot).astype(np.float32)
        knots.append(knot.astype(np.int64))
        weights.append((0.5 * (1 - t) * (1 - t), 0.75 - (t - 0.5) * (t - 0.5), 0.5 * t * t))
    z, y, x = (np.arange(k[0], k[-1] + 3) for k in knots)
    channel = np.arange(channels)[:, None, None, None]
    noise = hashed(seed, salt, channel, z[:, None, None], y[:, None], x).astype(np.float32)
    noise = noise * 2.0**-31 - 1
    for i in (2, 1, 0):
        shape = [-1 if i == j else 1 for j in range(3)]
        first, *others = (
            np.take(noise, knots[i] - knots[i][0] + k, axis=i + 1) * weights[i][k].reshape(shape)
            for k in range(3)
        )
        noise = first + others[0] + others[1]
    return noise
