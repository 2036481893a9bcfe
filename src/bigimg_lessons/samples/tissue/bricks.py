"""Bricks of tissue: painted, and seen through the microscope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bigimg_lessons.samples.tissue.cover import Cover, pack
from bigimg_lessons.samples.tissue.exposure import exposed
from bigimg_lessons.samples.tissue.fields import lay, share_inside, sharpness, soft_min
from bigimg_lessons.samples.tissue.geometry import Nodes, nodes_at
from bigimg_lessons.samples.tissue.grid import BRICK, Array, Size
from bigimg_lessons.samples.tissue.organelles import Organelles
from bigimg_lessons.samples.tissue.painting import (
    RESIN,
    paint_cytoplasm,
    paint_nuclei,
    surroundings,
)
from bigimg_lessons.samples.tissue.painting_organelles import paint_organelles
from bigimg_lessons.samples.tissue.sites import CELLS, FIBRES
from bigimg_lessons.samples.tissue.specimen import CUTICLE_DEPTH, Specimen
from bigimg_lessons.samples.tissue.textures import Textures, cut, textures_of


@dataclass(frozen=True)
class Tissue:
    """A specimen that fills most of a box, as the microscope sees it.

    Parameters
    ----------
    extent
        Size of the box, zyx, µm.
    voxel_size
        zyx, µm.
    seed
        Chooses the tissue.
    """

    extent: tuple[float, float, float]
    voxel_size: tuple[float, float, float]
    seed: int

    def brick(self, index: tuple[int, int, int]) -> Array:
        """Paint one brick.

        Parameters
        ----------
        index
            Number of the brick, zyx: it starts at voxel ``index * BRICK``.

        Returns
        -------
        ndarray
            float32 of shape `BRICK`: grey values, about 40 to 230, noise included.
        """
        z, y, x = (i * b for i, b in zip(index, BRICK, strict=True))
        specimen = Specimen(self.extent, self.seed)
        return paint_brick(specimen, self.voxel_size, origin=(z, y, x), size=BRICK)


def paint_brick(
    specimen: Specimen, voxel_size: tuple[float, float, float], *, origin: Size, size: Size
) -> Array:
    """Paint a brick of `size` voxels at `origin` (voxels, both zyx), noise included; float32.

    The size divides `BRICK` and is a multiple of `STEP`; `origin` is a multiple of the size.
    """
    nodes = nodes_at(specimen, voxel_size, origin, size)
    if nodes.depth.max() < -0.2:
        canvas = np.full(size, RESIN, np.float32)
    else:
        textures = cut(textures_of(voxel_size), origin, size)
        canvas = _painted(specimen, voxel_size, nodes, textures)
    return exposed(canvas, specimen.seed, origin)


def _painted(
    specimen: Specimen, voxel_size: tuple[float, float, float], nodes: Nodes, textures: Textures
) -> Array:
    """Paint a brick without noise; float32."""
    cover = Cover.empty(textures.clump.shape)
    height = voxel_size[0]
    contents: list[Organelles] = []
    if nodes.neuropil.min() < 0.2:
        limit = soft_min(nodes.depth - CUTICLE_DEPTH, -nodes.neuropil - 0.05, 0.3)
        contents += pack(cover, specimen, CELLS, nodes, limit, height)
    if nodes.neuropil.max() > -0.2:
        limit = np.minimum(nodes.depth - CUTICLE_DEPTH, nodes.neuropil - 0.02)
        contents += pack(cover, specimen, FIBRES, nodes, limit, height)
    body = cover.grey
    paint_cytoplasm(body, cover, textures)
    paint_nuclei(body, cover.nucleus, textures, height)
    if contents:
        organelles = Organelles(*(np.concatenate(f) for f in zip(*contents, strict=True)))
        paint_organelles(body, organelles, nodes, textures, voxel_size)
    canvas = surroundings(nodes.depth, textures.clump)
    sharp = sharpness(cover.slope)
    body += 84 * share_inside(cover.top - 0.044, sharp)
    body -= 84  # so that a membrane of 44 nm is darker
    lay(canvas, body, share_inside(cover.top, sharp))
    return canvas
