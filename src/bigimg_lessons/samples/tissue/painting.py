"""Painting what lies around cells and in them, from the geometry at the nodes of a brick."""

from __future__ import annotations

import numpy as np

from bigimg_lessons.samples.tissue.cells import LUMEN
from bigimg_lessons.samples.tissue.cover import Cover
from bigimg_lessons.samples.tissue.fields import (
    BLUR,
    lay,
    line_share,
    ripple,
    share_inside,
    sharpness,
    slope_along_z,
)
from bigimg_lessons.samples.tissue.grid import Array, between, nodes_of, touched, voxels_of
from bigimg_lessons.samples.tissue.specimen import CUTICLE_DEPTH
from bigimg_lessons.samples.tissue.textures import Textures

RESIN, MATRIX, CUTICLE = 207.0, 181.0, 146.0  # grey values outside the cells


def surroundings(depth: Array, clump: Array) -> Array:
    """Paint resin, cuticle and extracellular matrix from the depth (µm) at nodes; float32."""
    matrix = MATRIX + 3 * clump
    if depth.min() > 1:
        return matrix
    canvas = np.full_like(clump, RESIN)
    d = between(depth)
    lay(canvas, CUTICLE + 12 * ripple(d / 0.11 + 0.15 * clump), share_inside(d, 1 / BLUR))
    canvas -= 75 * line_share(d - 0.03, 0.06, 1 / BLUR)
    lay(canvas, matrix, share_inside(d - CUTICLE_DEPTH, 1 / BLUR))
    return canvas


def paint_cytoplasm(body: Array, cover: Cover, textures: Textures) -> None:
    """Add ribosomes, mottles, and endoplasmic reticulum folded around the nuclei, in place."""
    folds = between(np.maximum(cover.nucleus, -2.2) * 3.1)
    folds += textures.fold
    folds = ripple(folds)
    folds -= 0.78
    np.clip(folds, 0, None, out=folds)
    folds *= textures.patch
    folds *= share_inside(cover.top - 0.2, 8)
    folds -= textures.grain
    if body.max() >= LUMEN:
        folds *= np.clip((LUMEN - 1 - body) * 0.05, 0.35, 1)  # there is little in a lumen
    body -= folds
    body += 3.5 * textures.clump


def paint_nuclei(body: Array, nucleus: Array, textures: Textures, height: float) -> None:
    """Paint nuclei and their envelopes, whose depth (µm) is given at nodes, in place."""
    (box,) = touched(nucleus[None] > -0.15)
    if box is None:
        return
    at, voxels = nodes_of(box), voxels_of(box)
    grain, clump, fold, _ = (texture[voxels] for texture in textures)
    body = body[voxels]
    depth = between(nucleus[at])
    sharp = sharpness(slope_along_z(nucleus[at], height))
    inner = 0.45 * body + 89
    inner += grain
    chromatin = 0.75 * clump + 0.73 * fold
    chromatin += 0.026 * grain
    chromatin += 0.7 * np.clip(1 - 3 * depth, 0, 1)
    inner -= 46 * share_inside(chromatin - 0.85, 1.3)
    lay(body, inner, share_inside(depth, sharp))
    body -= 52 * line_share(depth - 0.035, 0.040, sharp)  # the envelope: two membranes
    body -= 44 * line_share(depth + 0.060, 0.028, sharp)
