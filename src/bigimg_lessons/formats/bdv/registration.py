"""Where a view lies in space: its calibration, coarser levels, and offset for other formats.

BigDataViewer registers the full-resolution voxels of a view: a list of affine transforms takes
their indices (x, y, z) to space. Other formats say less. OME-Zarr 0.4 and 0.5 have one scale and
one translation for all time points and channels of an image
(https://ngff.openmicroscopy.org/0.5/#multiscale-md), so neither rotation nor shear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from bigimg_lessons.formats.bdv.spimdata import ViewTransform

Size = tuple[float, float, float]
"""Three numbers in z, y, x order."""

# Programs that keep affines as float32 change the scale by this much from the voxel size.
_TOLERANCE = 1e-6


def calibration(voxel_size: Size) -> ViewTransform:
    """Return the transform that BigDataViewer's export gives: the scale from voxels to space.

    Parameters
    ----------
    voxel_size
        Size of a voxel, in z, y, x order.

    Returns
    -------
    ViewTransform
        Named ``calibration``.
    """
    z, y, x = voxel_size
    return ViewTransform((x, 0.0, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, 0.0, z, 0.0), "calibration")


def at_level(
    transforms: Sequence[ViewTransform], factors: Sequence[float]
) -> tuple[ViewTransform, ...]:
    """Register a coarser level as an image of its own.

    The centre of a level's voxel *i* lies at ``f * i + (f - 1) / 2`` in voxels of full
    resolution, as in ``bdv.util.MipmapTransforms`` of bigdataviewer-core.

    Parameters
    ----------
    transforms
        Of full resolution; the last one is applied to the voxels first.
    factors
        Full-resolution voxels per voxel of the level, in z, y, x order.

    Returns
    -------
    tuple of ViewTransform
        The same, the last one joined with the step from the level to full resolution. So a
        calibration stays one, with the level's voxel size.
    """
    if all(factor == 1 for factor in factors):
        return tuple(transforms)
    *others, first = transforms or (calibration((1.0, 1.0, 1.0)),)
    level = np.diag([*factors[::-1], 1.0])
    level[:3, 3] = [(factor - 1) / 2 for factor in factors[::-1]]
    joined = (first.model @ level)[:3]
    return (*others, replace(first, affine=tuple(map(float, joined.flat))))


def offset_of(model: npt.NDArray[np.float64], voxel_size: Size) -> Size | None:
    """Where voxel 0 lies, if a registration does no more than calibrate and translate.

    Parameters
    ----------
    model
        The registration as one 4-by-4 matrix, from voxels (x, y, z, 1) to space.
    voxel_size
        Size of a voxel, in z, y, x order and in the unit of space.

    Returns
    -------
    tuple of float or None
        The translation in z, y, x order; None if the rest of the matrix is not the scale by
        `voxel_size`, but rotates, shears, mirrors or scales otherwise.
    """
    scale = np.diag(voxel_size[::-1])
    if not np.allclose(model[:3, :3], scale, rtol=_TOLERANCE, atol=_TOLERANCE * min(voxel_size)):
        return None
    x, y, z = map(float, model[:3, 3])
    return z, y, x
