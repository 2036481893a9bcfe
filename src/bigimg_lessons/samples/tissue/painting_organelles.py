"""Painting organelles: which of them reach into a brick, and what they look like there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bigimg_lessons.samples.tissue.fields import BLUR, lay, ripple, scalar_product, share_inside
from bigimg_lessons.samples.tissue.geometry import Nodes
from bigimg_lessons.samples.tissue.grid import STEP, Array, Box, between, nodes_of, voxels_of
from bigimg_lessons.samples.tissue.organelles import LOOKS, Organelles
from bigimg_lessons.samples.tissue.textures import Textures

MARGIN = 0.1  # µm around an organelle: half the blur, and the roughness of its outline


def paint_organelles(
    body: Array,
    organelles: Organelles,
    nodes: Nodes,
    textures: Textures,
    voxel_size: tuple[float, float, float],
) -> None:
    """Paint organelles into the brick, in place."""
    spacing = [s * v for s, v in zip(STEP, voxel_size, strict=True)]
    # Any interval that holds a point of a body has a node whose square is within this of it.
    slack = (spacing[0] * spacing[0] + spacing[1] * spacing[1] + spacing[2] * spacing[2]) / 4
    depth = np.full_like(body, -1)  # µm below the nearest organelle's membrane
    fill = np.zeros_like(body)
    centre = organelles.centre - nodes.reference
    for m, box in _boxes(organelles, nodes, spacing):
        look = LOOKS[organelles.look[m]]
        half, radius = float(organelles.half[m]), float(organelles.radius[m])
        at = nodes_of(box)
        d = [p[at] - c for p, c in zip(nodes.position, centre[m].tolist(), strict=True)]
        square = scalar_product(d, d)
        axis = organelles.axis[m].tolist()
        if look.pitch or half:
            along = scalar_product(d, axis)
            if half:
                t = np.minimum(np.maximum(along, -half), half)
                square -= t * (2 * along - t)
        if square.min() > (radius + MARGIN) * (radius + MARGIN) + slack:
            continue
        voxels = voxels_of(box)
        bulge = [h * h * (1 - a * a) if half else h * h for h, a in zip(spacing, axis, strict=True)]
        here = np.maximum(between(square, bulge=bulge), 0)
        here = radius - np.sqrt(here)
        wins = here > depth[voxels]
        np.copyto(depth[voxels], here, where=wins)
        grey: float | Array = look.grey
        if look.pitch:
            phase = between((along + look.bowl * square) / look.pitch)
            grey = _membranes(look.grey, phase, here, textures.clump[voxels])
        np.copyto(fill[voxels], grey, where=wins)
    depth += 0.02 * textures.clump  # rough outlines
    share = share_inside(depth - 0.045, 1 / BLUR)  # a membrane of 45 nm is darker
    share *= 0.35
    share += 0.65
    fill *= share
    fill += 0.6 * textures.grain
    lay(body, fill, share_inside(depth, 1 / BLUR))


def _membranes(grey: float, phase: Array, depth: Array, clump: Array) -> Array:
    """Stripes around a `grey`, one per unit of `phase`; `depth` is below the outline, µm."""
    stripes = ripple(phase)
    stripes -= 0.4
    stripes *= share_inside(depth - 0.07, 12)
    stripes *= 40 * share_inside(clump + 0.5, 1.5)  # broken here and there
    stripes += grey
    return stripes


def _boxes(
    organelles: Organelles, nodes: Nodes, spacing: Sequence[float]
) -> Iterator[tuple[int, Box]]:
    """Find where in a brick organelles may lie; yield their number and box of intervals.

    The nodes are `spacing` (zyx, µm) apart.
    """
    position = np.stack(nodes.position)
    last = np.array(position.shape[1:]) - 1
    centre = organelles.centre - nodes.reference
    reach = np.abs(organelles.axis) * organelles.half[:, None] + organelles.radius[:, None]
    reach = 1.25 * reach + 0.2  # for the distortion is that at the centre
    grid = centre
    for _ in range(3):  # find the centre on the grid, whose nodes are at `position`
        node = np.clip(np.floor(grid / spacing + 0.5), 0, last).astype(np.int64)
        shift = position[:, node[:, 0], node[:, 1], node[:, 2]].T - node * spacing
        grid = centre - shift
    start = np.clip(np.floor((grid - reach) / spacing), 0, last).astype(np.int64)
    stop = np.clip(np.ceil((grid + reach) / spacing), 0, last).astype(np.int64)
    for m in np.flatnonzero((stop > start).all(axis=1)).tolist():
        z, y, x = map(slice, start[m].tolist(), stop[m].tolist())
        yield m, (z, y, x)
