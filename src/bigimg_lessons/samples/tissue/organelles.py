"""Organelles: bodies inside cells, what kinds there are, and how each kind looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bigimg_lessons.samples.tissue.grid import Array


class Organelles(NamedTuple):
    """Bodies inside a cell: spheres, and capsules along an axis; one per row."""

    look: Array  # (n,) integer index into LOOKS
    centre: Array  # (n, 3) float64, zyx, µm
    axis: Array  # (n, 3) unit vectors
    half: Array  # (n,) µm: half the length of the axis, 0 for a sphere
    radius: Array  # (n,) µm


class Look(NamedTuple):
    """How a kind of organelle is painted."""

    grey: float
    pitch: float = 0.0  # µm between the membranes inside (cristae, Golgi cisternae); 0: none
    bowl: float = 0.0  # 1/µm: how much they curve


LOOKS = (
    Look(107, pitch=0.15),
    Look(140, pitch=0.13, bowl=0.6),
    Look(194),
    Look(172),
    Look(90),
    Look(74),
    Look(80),
)
MITOCHONDRION, GOLGI, VACUOLE, LIPID, YOLK, DENSE, NUCLEOLUS = range(len(LOOKS))


NOTHING = Organelles(np.zeros(0, np.int64), *(np.zeros((0, 3)),) * 2, *(np.zeros(0),) * 2)


def gathered(rows: Sequence[tuple[int, Array, Array, float, float]]) -> Organelles:
    """Gather organelles into arrays."""
    return (
        Organelles(*(np.array(column) for column in zip(*rows, strict=True))) if rows else NOTHING
    )
