"""Where cells and nerve fibres lie: sites on jittered lattices, moved into layers near surfaces."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import floor
from typing import NamedTuple

import numpy as np

from bigimg_lessons.samples.tissue.fields import dot, unit_vectors
from bigimg_lessons.samples.tissue.grid import Array
from bigimg_lessons.samples.tissue.noise import hashed, uniform
from bigimg_lessons.samples.tissue.specimen import Specimen, cubes

BUCKET = 16.0  # µm: sites are worked out, and remembered, for cubes of this edge


class Sites(NamedTuple):
    """Points around which cells lie."""

    key: Array  # (n,) uint32, the cell's own random number
    centre: Array  # (n, 3) float64, zyx, µm
    weight: Array  # (n,) float64, µm²: the larger, the larger the cell

    def kept(self, keep: Array) -> Sites:
        """Keep some of the sites."""
        return Sites(*(field[keep] for field in self))

    def within(self, low: Array, high: Array) -> Sites:
        """Keep those in a box, from `low` to `high` (zyx, µm)."""
        return self.kept(np.asarray(((self.centre >= low) & (self.centre < high)).all(axis=1)))


class Packing(NamedTuple):
    """A kind of cells: how their sites, a jittered body-centred lattice, lie."""

    salt: int
    frame: tuple[tuple[float, float, float], ...]  # rows: unit vectors, zyx
    stretch: tuple[float, float, float]  # lengths along these are multiplied by this to compare
    pitch: float  # µm, edge of the lattice's cube
    jitter: float  # in units of the pitch
    spread: float  # µm², range of the weights
    rounding: float  # µm, how much the cells' edges are rounded
    reach: float  # µm around a brick in which sites matter
    tolerance: float  # µm² of power beyond the owner's, within which a node matters
    relevance: float  # µm² of power beyond the owner's, within which a site is a rival


CELLS = Packing(
    salt=1,
    frame=((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    stretch=(1, 1, 1),
    pitch=6.1,
    jitter=0.42,
    spread=6.0,
    rounding=0.40,
    reach=9.5,
    tolerance=2.0,
    relevance=30.0,
)
FIBRES = Packing(
    salt=2,
    frame=((0.36, 0.48, 0.8), (0.48, 0.64, -0.6), (0.8, -0.6, 0)),
    stretch=(1, 1, 0.16),
    pitch=0.90,
    jitter=0.62,
    spread=0.22,
    rounding=0.09,
    reach=7.5,
    tolerance=0.2,
    relevance=2.0,
)


def sites_in(specimen: Specimen, packing: Packing, low: Array, high: Array) -> Sites:
    """Gather the sites in a box, from `low` to `high` (zyx, µm)."""
    buckets = [_bucket(specimen, packing, *cube) for cube in cubes(low, high, BUCKET)]
    sites = Sites(*(np.concatenate(field) for field in zip(*buckets, strict=True)))
    return sites.within(low, high)


@lru_cache(maxsize=512)
def _bucket(specimen: Specimen, packing: Packing, k: int, j: int, i: int) -> Sites:
    """Find the sites whose centres lie in a cube of the bucket grid.

    Cell sites near the specimen's surface, or near a bundle of fibres, are moved to stand in a
    layer, as in an epithelium, and of two sites that then stand too close the one with the smaller
    key goes. Fibre sites outside the bundles go.
    """
    low = np.array([k, j, i]) * BUCKET
    high = low + BUCKET
    margin = 8.0 if packing is CELLS else 0.0  # a site moves by 4 µm and sees others within 4
    sites = _lattice(specimen.seed, packing, low - margin, high + margin)
    if packing is CELLS:
        sites = _layered(sites, specimen.depth_at, least=-1.2, target=2.5)
        sites = _layered(sites, lambda c: -specimen.neuropil_at(c), least=-1.0, target=2.6)
        apart = sites.centre[:, None] - sites.centre
        close = (dot(apart, apart) < 3.4 * 3.4) & (sites.key[:, None] < sites.key)
        sites = sites.kept(np.logical_not(close.any(axis=1)))
    else:
        sites = sites.kept(specimen.neuropil_at(sites.centre) > -0.3)
    return sites.within(low, high)


def _lattice(seed: int, packing: Packing, low: Array, high: Array) -> Sites:
    """Find a packing's sites in a box, from `low` to `high` (zyx, µm), as they first lie."""
    frame = np.array(packing.frame)
    pitch = [packing.pitch / stretch for stretch in packing.stretch]
    corners = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), axis=-1)
    ranges = []
    for row, p in zip(frame, pitch, strict=True):
        along = dot(corners, row) / p
        ranges.append(np.arange(floor(float(np.min(along))) - 1, floor(float(np.max(along))) + 2))
    index = np.stack(np.meshgrid(*ranges, np.arange(2), indexing="ij"), axis=-1).reshape(-1, 4)
    key = hashed(seed, packing.salt, *index.T)
    random = uniform(np.arange(4)[:, None], key) - 0.5
    a, b, c = (
        (index[:, n] + 0.5 * index[:, 3] + 0.25 + packing.jitter * random[n]) * pitch[n]
        for n in range(3)
    )
    centre = a[:, None] * frame[0] + b[:, None] * frame[1] + c[:, None] * frame[2]
    return Sites(key, centre, packing.spread * random[3]).within(low, high)


def _layered(
    sites: Sites, distance: Callable[[Array], Array], *, least: float, target: float
) -> Sites:
    """Drop sites below the `least` distance (µm) and move the others out to the `target`."""
    sites = sites.kept(distance(sites.centre) > least)
    d = distance(sites.centre)
    near = d < target
    centre = sites.centre[near]
    slope = np.stack([distance(centre + 0.05 * e) - d[near] for e in np.eye(3)], axis=-1)
    sites.centre[near] = centre + unit_vectors(slope) * (target - d[near])[:, None]
    return sites
