"""Textures without an edge: grain, chromatin and folded membranes, from blurred noise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, fsum, sqrt
from threading import Lock
from typing import NamedTuple

import numpy as np

from bigimg_lessons.samples.tissue.fields import share_inside
from bigimg_lessons.samples.tissue.grid import Array, Size
from bigimg_lessons.samples.tissue.noise import hashed


class Textures(NamedTuple):
    """Periodic textures, float32."""

    grain: Array  # ribosomes and small vesicles: grey values, standard deviation about 7
    clump: Array  # chromatin, mottles: standard deviation 1
    fold: Array  # how the endoplasmic reticulum is folded: standard deviation 0.62
    patch: Array  # where it lies: how much darker its membranes are, per unit of `ripple`


def textures_of(voxel_size: tuple[float, float, float]) -> Textures:
    """Return the textures, which are made once: threads wait, since making them takes memory."""
    with _making_textures:
        return _new_textures(voxel_size)


_making_textures = Lock()


@lru_cache(maxsize=2)
def _new_textures(voxel_size: tuple[float, float, float]) -> Textures:
    """Blur hashed noise into textures; their periods differ, so that the sum hardly repeats."""
    grain = 7 * _texture(1, 0.085, (32, 128, 128), voxel_size)
    grain -= 14 * np.clip(_texture(4, 0.17, (32, 128, 128), voxel_size) - 1.9, 0, 2)
    clump = _texture(2, 0.34, (32, 192, 128), voxel_size)
    fold = _texture(3, 0.70, (64, 128, 128), voxel_size)
    patch = 180 * share_inside(np.roll(fold, (23, 61, 125), (0, 1, 2)) - 0.05, 2.5)
    return Textures(grain, clump, 0.62 * fold, patch)


def _texture(
    key: int,
    radius: float,
    period: tuple[int, int, int],
    voxel_size: tuple[float, float, float],
) -> Array:
    """Blur white noise with the bell (1 - (r / radius)²)³, which needs no exponential; µm.

    The period, in voxels, is a whole number of bricks, so that none lies across its end.
    """
    z, y, x = (np.arange(n) for n in period)
    texture = hashed(key, z[:, None, None], y[:, None], x).astype(np.float32)
    texture = (texture * 2.0**-31 - 1) * sqrt(3)  # a uniform number in (-1, 1) has variance 1/3
    for axis in range(3):
        taps = min(radius / voxel_size[axis], 24.0)  # in voxels; bounds the work for tiny voxels
        bell = [1 - (k / taps) * (k / taps) for k in range(max(1, ceil(taps)))]
        bell = [b * b * b for b in bell]
        norm = sqrt(2 * fsum(b * b for b in bell) - 1)
        width = len(bell) - 1  # it goes round, so what lies beyond an end is that of the other
        size = period[axis]
        ring = texture.take(np.arange(-width, size + width), axis, mode="wrap")
        pair, blurred = np.empty_like(texture), texture
        blurred *= bell[0] / norm
        for k, b in enumerate(bell[1:], start=1):
            before, after = (ring[_along(axis, width + way * k, size)] for way in (-1, 1))
            np.add(before, after, out=pair)
            pair *= b / norm
            blurred += pair
    return texture


def _along(axis: int, start: int, size: int) -> tuple[slice, ...]:
    """Slices of the `size` voxels from a `start` along one axis."""
    return (*(slice(None),) * axis, slice(start, start + size))


def cut(textures: Textures, origin: Sequence[int], size: Size) -> Textures:
    """View the part of each texture that belongs to a brick of `size` at `origin` (voxels, zyx)."""

    def part(texture: Array) -> Array:
        starts = [o % n for o, n in zip(origin, texture.shape, strict=True)]
        return texture[tuple(slice(s, s + b) for s, b in zip(starts, size, strict=True))]

    return Textures(*map(part, textures))
