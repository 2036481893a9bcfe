"""The specimen as a whole: its surface, and the bundles of nerve fibres in it. All in µm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import floor

import numpy as np

from bigimg_lessons.samples.tissue.fields import scalar_product, soft_min
from bigimg_lessons.samples.tissue.grid import Array
from bigimg_lessons.samples.tissue.noise import uniform

CUTICLE_DEPTH = 0.35  # µm
BUNDLES = 24.0  # µm from one bundle of nerve fibres to the next


@dataclass(frozen=True)
class Specimen:
    """A rounded body that fills most of a box.

    Parameters
    ----------
    extent
        Size of the box, zyx, µm.
    seed
        Chooses where bundles of nerve fibres lie.
    """

    extent: tuple[float, float, float]
    seed: int

    @property
    def radii(self) -> tuple[float, float, float]:
        """Half axes of the specimen, zyx, µm: tissue fills the whole of a box below 14 µm."""
        z, y, x = self.extent
        return (
            max(0.62 * z, 0.31 * max(y, x), 7.0),
            max(0.475 * y, 7.0),
            max(0.462 * x, 7.0),
        )

    def depth(self, position: Array) -> Array:
        """Depth (µm, positive inside) below the surface at positions (3, ...), zyx, µm, float64.

        The surface is that of a superellipsoid of exponent 4, turned a little around z; the depth
        is exact at the surface to first order.
        """
        radii = self.radii
        u = [(position[i] - self.extent[i] / 2) / radii[i] for i in range(3)]
        u[1], u[2] = 0.9848 * u[1] + 0.1736 * u[2], 0.9848 * u[2] - 0.1736 * u[1]
        third = [a * a * a for a in u]
        r = np.sqrt(np.sqrt(scalar_product(third, u)))
        r = np.maximum(r, 0.25)
        slopes = [c / (r * r * r * a) for c, a in zip(third, radii, strict=True)]
        slope = np.sqrt(scalar_product(slopes, slopes))
        depth: Array = (1 - r) / np.maximum(slope, 0.3 / max(radii))
        return depth

    def depth_at(self, position: Array) -> Array:
        """Depth (µm) at positions (n, 3)."""
        return self.depth(position.T)

    def neuropil_at(self, position: Array) -> Array:
        """Distance (µm) inside a bundle of nerve fibres at positions (n, 3)."""
        return self.neuropil(position.T, self.depth(position.T))

    def neuropil(self, position: Array, depth: Array) -> Array:
        """Distance (µm, positive inside) to the surface of the next bundle of nerve fibres.

        Bundles are balls around jittered lattice points, and keep 5 µm below the surface.
        """
        far = np.full(position.shape[1:], -9.0)
        if not far.size:
            return far
        distance = far
        low, high = (np.array([f(p) for p in position]) for f in (np.min, np.max))
        for centre, radius in _bundles(self.seed, low - 16, high + 16):
            d = [p - c for p, c in zip(position, centre, strict=True)]
            r = np.sqrt(scalar_product(d, d))
            distance = np.maximum(distance, radius - r)
        return far if distance is far else soft_min(distance, depth - 5, 2.0)


def _bundles(seed: int, low: Array, high: Array) -> list[tuple[list[float], float]]:
    """List the bundles of nerve fibres (centre zyx, radius; µm) whose centre lies in a box."""
    found = (_bundle(seed, k, j, i) for k, j, i in cubes(low, high, BUNDLES))
    box = list(zip(low.tolist(), high.tolist(), strict=True))
    return [
        (centre, radius)
        for centre, radius in found
        if all(a < c < b for c, (a, b) in zip(centre, box, strict=True))
    ]


@lru_cache(maxsize=1024)
def _bundle(seed: int, k: int, j: int, i: int) -> tuple[list[float], float]:
    """Place the bundle (centre zyx, radius; µm) of a cube of a grid."""
    u = uniform(seed, 21, k, j, i, np.arange(4)).tolist()
    centre = [(n + 0.25 + 0.5 * v) * BUNDLES for n, v in zip((k, j, i), u[:3], strict=True)]
    return centre, 4.0 + 2.8 * u[3]


def cubes(low: Array, high: Array, edge: float) -> Iterator[tuple[int, int, int]]:
    """Give the numbers of the cubes of a grid that touch a box, from `low` to `high` (zyx, µm)."""
    z, y, x = (
        range(floor(a / edge), floor(b / edge) + 1)
        for a, b in zip(low.tolist(), high.tolist(), strict=True)
    )
    yield from ((k, j, i) for k in z for j in y for i in x)
