"""Which cell covers what in a brick."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bigimg_lessons.samples.tissue.cells import Cell, cell, fibre
from bigimg_lessons.samples.tissue.fields import slope_along_z, soft_min
from bigimg_lessons.samples.tissue.geometry import Nodes
from bigimg_lessons.samples.tissue.grid import (
    STEP,
    Array,
    Box,
    Size,
    between,
    nodes_of,
    touched,
    voxels_of,
)
from bigimg_lessons.samples.tissue.organelles import Organelles
from bigimg_lessons.samples.tissue.sites import CELLS, Packing
from bigimg_lessons.samples.tissue.specimen import Specimen
from bigimg_lessons.samples.tissue.territories import territories


class Cover(NamedTuple):
    """Which cell covers what, in one brick; float32."""

    top: Array  # voxels: µm below the nearest cell membrane
    grey: Array  # voxels: the cytoplasm's grey
    best: Array  # nodes: as `top`
    slope: Array  # intervals in z, nodes in y and x: how steeply `top` changes with z
    nucleus: Array  # nodes: µm below the envelope of the nucleus in the cell there

    @classmethod
    def empty(cls, size: Size) -> Cover:
        """Cover nothing of a brick of `size` voxels."""
        nodes = tuple(b // s + 1 for b, s in zip(size, STEP, strict=True))
        return cls(
            top=np.full(size, -1, np.float32),
            grey=np.full(size, 150, np.float32),
            best=np.full(nodes, -9, np.float32),
            slope=np.zeros((nodes[0] - 1, *nodes[1:]), np.float32),
            nucleus=np.full(nodes, -9, np.float32),
        )

    def add(self, cell: Cell, depth: Array, box: Box, nodes: Nodes, height: float) -> None:
        """Add a cell, from the `depth` (µm) below its membrane at the nodes of a box."""
        at, voxels = nodes_of(box), voxels_of(box)
        wins = depth > self.best[at]
        np.copyto(self.best[at], depth, where=wins)
        np.copyto(self.slope[box[0], at[1], at[2]], slope_along_z(depth, height), where=wins[:-1])
        below = between(depth)
        np.maximum(self.top[voxels], below, out=self.top[voxels])
        np.copyto(self.grey[voxels], cell.grey, where=below > 0)
        envelope = np.full_like(depth, -9)
        if cell.nucleus is not None:
            centre = cell.nucleus.centre - nodes.reference
            offset = [p[at] - c for p, c in zip(nodes.position, centre.tolist(), strict=True)]
            inwards = (1 - cell.nucleus.ratio(offset)) * cell.nucleus.radius
            envelope = soft_min(inwards + nodes.lobes[at], depth - 0.12, 0.2)
        np.copyto(self.nucleus[at], envelope, where=wins)


def pack(
    cover: Cover,
    specimen: Specimen,
    packing: Packing,
    nodes: Nodes,
    limit: Array,
    height: float,
) -> list[Organelles]:
    """Add the cells of a packing to the cover, in place; return what they hold.

    The cells lie where the `limit`, a distance in µm at nodes, is positive. Sections are `height`
    (µm) thick.
    """
    land = territories(specimen, packing, nodes)
    if land is None:
        return []
    fill = cell if packing is CELLS else fibre
    contents = []
    for a, box in enumerate(touched(land.power < packing.tolerance)):
        if box is None:
            continue
        at = nodes_of(box)
        depth = soft_min(land.depth(a, at, packing.rounding), limit[at], packing.rounding)
        if packing is CELLS:
            depth -= nodes.gap[at]
        if depth.max() > -0.1:
            centre = land.sites.centre[a].tolist()
            filled = fill(specimen, int(land.sites.key[a]), tuple(centre))
            cover.add(filled, depth, box, nodes, height)
            if len(filled.organelles.look):
                contents.append(filled.organelles)
    return contents
