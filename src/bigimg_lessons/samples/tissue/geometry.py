"""The smooth geometry of a brick: how the tissue is distorted, and how deep each node lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bigimg_lessons.samples.tissue.grid import STEP, Array, Size
from bigimg_lessons.samples.tissue.noise import smooth_noise
from bigimg_lessons.samples.tissue.specimen import Specimen


class Nodes(NamedTuple):
    """The smooth geometry of a brick, at its nodes; float32 but for the reference."""

    reference: Array  # (3,) float64 µm: what `position` is relative to
    position: list[Array]  # zyx, µm: where in the undistorted tissue a node lies
    depth: Array  # µm below the specimen's surface
    neuropil: Array  # µm inside a bundle of nerve fibres
    gap: Array  # µm of extracellular space on a cell's side
    lobes: Array  # µm by which nuclei bulge


def nodes_at(
    specimen: Specimen, voxel_size: tuple[float, float, float], origin: Sequence[int], size: Size
) -> Nodes:
    """Compute the smooth geometry of a brick of `size` voxels at `origin` (voxels, zyx)."""
    axes = [
        (o + np.arange(0, b + 1, s) + 0.5) * v
        for o, b, s, v in zip(origin, size, STEP, voxel_size, strict=True)
    ]
    wide = 0.75 * max(specimen.radii)
    coarse = 0.09 * wide * smooth_noise(specimen.seed, 14, wide, axes, 3)
    middle = smooth_noise(specimen.seed, 15, 2.5, axes, 5)
    fine = smooth_noise(specimen.seed, 16, 0.75, axes, 3)
    grid = (axes[0][:, None, None], axes[1][:, None], axes[2])
    position = np.stack(
        [grid[n] + (coarse[n] + 0.62 * middle[n] + 0.15 * fine[n]) for n in range(3)]
    )
    depth = specimen.depth(position)
    reference = position[:, 0, 0, 0]
    return Nodes(
        reference=reference,
        position=[(p - r).astype(np.float32) for p, r in zip(position, reference, strict=True)],
        depth=depth.astype(np.float32),
        neuropil=specimen.neuropil(position, depth).astype(np.float32),
        gap=np.clip(0.13 * middle[3] - 0.035, 0, 0.12),
        lobes=0.35 * middle[4],
    )
