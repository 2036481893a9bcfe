"""The grid on which tissue is painted: bricks of voxels, and the nodes between which they lie.

Smooth quantities are computed at *nodes*, every `STEP` voxels, and interpolated between them.
Neighbouring bricks agree at the nodes that they share, so they fit without a seam.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BRICK = (32, 64, 128)
"""Voxels painted at once, zyx: few enough that the working arrays stay in the CPU's cache."""

STEP = (4, 4, 4)
"""Voxels from one node to the next, zyx; each divides the brick."""

Array = NDArray[Any]
Box = tuple[slice, slice, slice]
Size = tuple[int, int, int]

# How far the voxels of an interval are on the way between its nodes, along each axis.
_SHARE = [
    (np.arange(s) / np.float32(s)).astype(np.float32).reshape((-1,) + (1,) * (2 - axis))
    for axis, s in enumerate(STEP)
]
# The same for all voxels along x of a brick.
_SHARE_OF_ROW = np.tile(_SHARE[2], BRICK[2] // STEP[2])


def between(
    nodes: Array,
    axes: tuple[int, ...] = (2, 1, 0),
    bulge: Sequence[float] = (0.0, 0.0, 0.0),
) -> Array:
    """Interpolate from nodes (n + 1 along an axis) to voxels (n * STEP).

    The interpolation is linear, or, along axes with a `bulge`, parabolic: a field x² whose nodes
    are h apart is met exactly with a bulge of h².
    """
    for axis in axes:
        before = (slice(None),) * axis
        start = nodes[(*before, slice(None, -1))]
        rise = nodes[(*before, slice(1, None))] - start
        if axis == 2:  # runs of 4 voxels would be slow to go through
            voxels = np.repeat(rise, STEP[axis], axis)
            share = _SHARE_OF_ROW[: voxels.shape[axis]]
            voxels *= share
            voxels += np.repeat(start, STEP[axis], axis)
        else:  # an axis for the intervals, and one for the voxels in each
            inserted = (*before, slice(None), None)
            share = _SHARE[axis]
            voxels = rise[inserted] * share
            voxels += start[inserted]
        if bulge[axis]:
            voxels -= bulge[axis] * (share * (1 - share))
        nodes = voxels.reshape(*nodes.shape[:axis], -1, *nodes.shape[axis + 1 :])
    return nodes


def touched(hit: Array) -> Box | None:
    """Find the intervals between nodes that touch any node which is hit."""
    plane: Array = np.any(hit, axis=0)
    if not plane.any():
        return None
    box = []
    for rows in (hit.reshape(len(hit), -1), plane, plane.T):
        found = np.flatnonzero(np.any(rows, axis=1))
        start = min(max(int(found[0]) - 1, 0), len(rows) - 2)
        box.append(slice(start, max(min(int(found[-1]) + 1, len(rows) - 1), start + 1)))
    return box[0], box[1], box[2]


def nodes_of(box: Box) -> Box:
    """Nodes that bound a box of intervals."""
    z, y, x = (slice(b.start, b.stop + 1) for b in box)
    return z, y, x


def voxels_of(box: Box) -> Box:
    """Voxels within a box of intervals."""
    z, y, x = (slice(b.start * s, b.stop * s) for b, s in zip(box, STEP, strict=True))
    return z, y, x
