"""What is inside a cell: its nucleus, and organelles that fit between it and the walls."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bigimg_lessons.samples.tissue.fields import dot, scalar_product, unit_vectors
from bigimg_lessons.samples.tissue.grid import Array
from bigimg_lessons.samples.tissue.noise import uniform
from bigimg_lessons.samples.tissue.organelles import (
    DENSE,
    GOLGI,
    LIPID,
    MITOCHONDRION,
    NOTHING,
    NUCLEOLUS,
    VACUOLE,
    YOLK,
    Organelles,
    gathered,
)
from bigimg_lessons.samples.tissue.sites import CELLS, FIBRES, sites_in
from bigimg_lessons.samples.tissue.specimen import CUTICLE_DEPTH, Specimen

LUMEN = 196.0  # grey value of a cell that is an empty space


class Nucleus(NamedTuple):
    """The ellipsoid of a cell's nucleus."""

    centre: Array  # (3,) float64, zyx, µm
    axes: Array  # (3, 3) rows: unit vectors, each divided by the half axis along it (µm)
    radius: float  # µm, mean of the half axes

    def ratio(self, offset: Sequence[Array]) -> Array:
        """Distance of points from the centre, as a multiple of that of the envelope there.

        The points are given by the three components (zyx, µm) of their offset from the centre.
        """
        u = [scalar_product(offset, axis) for axis in self.axes.tolist()]
        ratio: Array = np.sqrt(scalar_product(u, u))
        return ratio


class Cell(NamedTuple):
    """What is inside a cell."""

    grey: float  # of the cytoplasm
    nucleus: Nucleus | None
    organelles: Organelles


@lru_cache(maxsize=8192)
def fibre(specimen: Specimen, key: int, centre: tuple[float, float, float]) -> Cell:
    """Fill a nerve fibre: one in four holds a mitochondrion or a dense-core vesicle."""
    u = uniform(key, 31, np.arange(6)).tolist()
    along = np.array(FIBRES.frame[2])
    position = np.array(centre) + along * (1.5 * (u[2] - 0.5))
    rows = []
    if u[1] < 0.15:
        rows.append((MITOCHONDRION, position, along, 0.3 + 0.7 * u[4], 0.11 + 0.06 * u[5]))
    elif u[1] < 0.25:
        rows.append((DENSE, position, along, 0.0, 0.06 + 0.06 * u[5]))
    return Cell(128 + 47 * u[0], None, gathered(rows))


@lru_cache(maxsize=2048)
def cell(specimen: Specimen, key: int, centre: tuple[float, float, float]) -> Cell:
    """Fill a cell with a nucleus and with organelles that do not overlap."""
    middle = np.array(centre)
    u = uniform(key, 41, np.arange(40))
    outermost = float(specimen.depth_at(middle[None])[0]) < 2.9
    kind = _kind(float(u[0]), outermost)
    if kind == "lumen":
        return Cell(LUMEN, None, NOTHING)
    grey = 149 + 22 * float(u[1] - 0.5)
    grey -= {"dark": 28, "epidermal": 14}.get(kind, 0)
    main = unit_vectors(u[2:5] - 0.5)
    second = unit_vectors(np.cross(main, u[5:8] - 0.5))
    axes = np.stack([main, second, np.cross(main, second)])
    radii = np.array([2.05, 1.7, 1.6]) + 0.6 * (u[8:11] - 0.5)
    if kind in ("yolk", "vacuolated"):
        radii *= 0.82
    heart = middle + 0.9 * (u[11:14] - 0.5)
    nucleus = Nucleus(heart, axes / radii[:, None], float(radii[0] + radii[1] + radii[2]) / 3)
    nucleolus = heart + 1.4 * (u[14:17] - 0.5)
    parts = [
        (
            NUCLEOLUS,
            nucleolus + 0.5 * (u[n : n + 3] - 0.5),
            main,
            0.0,
            0.16 + 0.2 * float(u[n + 3]),
        )
        for n in (20, 24, 28)
    ]
    scattered = _scattered(specimen, key, kind, middle, main, nucleus)
    both = zip(scattered, gathered(parts), strict=True)
    return Cell(grey, nucleus, Organelles(*(np.concatenate(pair) for pair in both)))


def _scattered(
    specimen: Specimen, key: int, kind: str, middle: Array, main: Array, nucleus: Nucleus
) -> Organelles:
    """Try many positions for organelles around the nucleus, and keep those that have room."""
    walls = _walls(specimen, middle)
    random = uniform(key, 42, np.arange(540)[:, None], np.arange(9))
    start = middle + 7.6 * (random[:, :3] - 0.5)
    axis = unit_vectors(main + 1.6 * (random[:, 3:6] - 0.5))
    rows = []
    for n in np.flatnonzero(_room(specimen, walls, nucleus, start) > 0.15).tolist():
        look, half, radius = _choose(kind, *random[n, 6:].tolist())
        rows.append((look, start[n], axis[n], half, radius))
    tried = gathered(rows)
    t = tried.half[:, None] * (np.arange(-3, 4) / 3)
    line = tried.centre[:, None] + t[..., None] * tried.axis[:, None]
    room = _room(specimen, walls, nucleus, line.reshape(-1, 3)).reshape(-1, 7)
    fits = np.flatnonzero((room > tried.radius[:, None] + 0.06).all(axis=1))
    tried, line = Organelles(*(field[fits] for field in tried)), line[fits]
    kept = _apart(line, tried.half, tried.radius)
    return Organelles(*(field[kept] for field in tried))


def _apart(line: Array, half: Array, radius: Array) -> list[int]:
    """Choose bodies that do not overlap, the first first, by seven points (n, 7, 3) along each."""
    d = line[:, None, 3] - line[:, 3]
    reach = half[:, None] + half + radius[:, None] + radius + 0.07
    later, earlier = np.nonzero(np.tril(dot(d, d) < reach * reach, k=-1))
    d = line[later][:, :, None] - line[earlier][:, None]
    least = radius[later] + radius[earlier] + 0.07
    touch = (dot(d, d) < (least * least)[:, None, None]).any(axis=(1, 2))
    rivals: dict[int, set[int]] = {}
    for a, b in zip(later[touch].tolist(), earlier[touch].tolist(), strict=True):
        rivals.setdefault(a, set()).add(b)
    kept: list[int] = []
    for n in range(len(line)):
        if rivals.get(n, set()).isdisjoint(kept):
            kept.append(n)
    return kept


def _walls(specimen: Specimen, middle: Array) -> tuple[Array, Array]:
    """Find the planes between the cell around `middle` (zyx, µm) and others.

    A plane is a unit vector n (rows of the first array), away from the cell, and the distance
    n · position (µm) of all its points.
    """
    sites = sites_in(specimen, CELLS, middle - 7.5, middle + 7.5)
    apart = sites.centre - middle
    far = np.sqrt(dot(apart, apart))
    weight = sites.weight[far == 0][0]
    away = apart / np.maximum(far, 1e-9)[:, None]
    distance = dot(away, middle[None]) + far / 2 + (weight - sites.weight) / np.maximum(2 * far, 1)
    near = (far > 0) & (far < 9)
    return away[near], distance[near]


def _room(
    specimen: Specimen,
    walls: tuple[Array, Array],
    nucleus: Nucleus,
    position: Array,
) -> Array:
    """Distance (µm) of positions (n, 3) inside a cell to its walls and its nucleus."""
    z, y, x = position = np.ascontiguousarray(position.T)
    depth = specimen.depth(position)
    room = np.minimum(depth - CUTICLE_DEPTH, -specimen.neuropil(position, depth))
    (dz, dy, dx), distance = walls[0].T[..., None], walls[1][:, None]
    to_wall = distance - (z * dz + y * dy + x * dx)
    room = np.minimum(room, to_wall.min(axis=0, initial=np.inf))
    offset = [p - c for p, c in zip(position, nucleus.centre.tolist(), strict=True)]
    least: Array = np.minimum(room, (nucleus.ratio(offset) - 1) * nucleus.radius - 0.1)
    return least


def _kind(share: float, outermost: bool) -> str:
    """Choose a kind of cell by a random number from 0 to 1."""
    kinds = (("secretory", 0.12), ("yolk", 0.26), ("vacuolated", 0.37), ("lumen", 0.42))
    if outermost:
        return "epidermal"
    return next((kind for kind, end in (*kinds, ("dark", 0.50)) if share < end), "plain")


def _choose(kind: str, t: float, w: float, x: float) -> tuple[int, float, float]:
    """Choose an organelle (look, half length, radius; µm) by three random numbers."""
    if kind == "yolk" and t < 0.62:
        return (YOLK, 0.0, 0.28 + 0.5 * w * w) if t < 0.52 else (LIPID, 0.0, 0.25 + 0.3 * w)
    if kind == "vacuolated" and t < 0.35:
        return VACUOLE, 0.0, 0.3 + 1.0 * w * w
    if kind in ("secretory", "epidermal") and t < 0.3:
        return DENSE, 0.0, 0.10 + 0.10 * w
    if t < 0.87:
        return MITOCHONDRION, 0.1 + 1.2 * x * x, 0.17 + 0.10 * w
    if t < 0.89:
        return GOLGI, 0.12 + 0.1 * x, 0.40 + 0.2 * w
    if t < 0.93:
        return LIPID, 0.0, 0.14 + 0.25 * w * w
    if t < 0.96:
        return DENSE, 0.0, 0.10 + 0.12 * w
    return VACUOLE, 0.1 * x, 0.10 + 0.16 * w * w
