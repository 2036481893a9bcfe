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

# For the voxels along each axis of a brick: the node before each, and how far it is on the way.
_BEFORE = [np.arange(b) // s for b, s in zip(BRICK, STEP, strict=True)]
_SHARE = [
    ((np.arange(b) % s) / np.float32(s)).astype(np.float32).reshape((-1,) + (1,) * (2 - axis))
    for axis, (b, s) in enumerate(zip(BRICK, STEP, strict=True))
]


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
        if axis == 0:  # the same as below, in fewer passes, as it makes the largest array
            start = nodes[:-1]
            share = _SHARE[0][: STEP[0]]
            steps = (nodes[1:] - start)[:, None] * share
            steps += start[:, None]
            if bulge[0]:
                steps -= bulge[0] * (share * (1 - share))
            nodes = steps.reshape(-1, *nodes.shape[1:])
            continue
        voxels = (nodes.shape[axis] - 1) * STEP[axis]
        before, share = _BEFORE[axis][:voxels], _SHARE[axis][:voxels]
        start = nodes.take(before, axis)
        nodes = nodes.take(before + 1, axis)
        nodes -= start
        nodes *= share
        nodes += start
        if bulge[axis]:
            nodes -= bulge[axis] * (share * (1 - share))
    return nodes


def touched(hits: Array) -> list[Box | None]:
    """Find, for each of several fields, the intervals between nodes that touch any hit node.

    The fields are the first axis of `hits`; there is no box where nothing is hit.
    """
    plane: Array = np.any(hits, axis=1)
    along: list[Array] = [
        np.any(each, axis=n) for each, n in ((hits, (2, 3)), (plane, 2), (plane, 1))
    ]
    bounds = []
    for rows in along:
        last = rows.shape[1] - 1
        start = np.clip(rows.argmax(axis=1) - 1, 0, last - 1)
        stop = np.clip(last + 1 - rows[:, ::-1].argmax(axis=1), start + 1, last)
        bounds.append(zip(start.tolist(), stop.tolist(), strict=True))
    return [
        (slice(*z), slice(*y), slice(*x)) if hit else None
        for hit, z, y, x in zip(np.any(plane, axis=(1, 2)).tolist(), *bounds, strict=True)
    ]


def nodes_of(box: Box) -> Box:
    """Nodes that bound a box of intervals."""
    z, y, x = (slice(b.start, b.stop + 1) for b in box)
    return z, y, x


def voxels_of(box: Box) -> Box:
    """Voxels within a box of intervals."""
    z, y, x = (slice(b.start * s, b.stop * s) for b, s in zip(box, STEP, strict=True))
    return z, y, x
