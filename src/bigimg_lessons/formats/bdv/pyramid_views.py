"""What a BigDataViewer dataset says of a pyramid, and which of its views it stores.

This is the same whether HDF5 or N5 holds the voxels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from bigimg_lessons.formats.bdv.description import View, describe, describe_copy
from bigimg_lessons.formats.bdv.pixel_types import PIXEL_TYPES
from bigimg_lessons.formats.bdv.spimdata import SpimData, VoxelSize
from bigimg_lessons.pyramids.calibration import Calibration
from bigimg_lessons.pyramids.levels import Level
from bigimg_lessons.pyramids.libraries import is_of_library
from bigimg_lessons.pyramids.targets import Pyramid

if TYPE_CHECKING:
    from bigimg_lessons.formats.bdv.reader import Reader

CHUNK_SHAPE = (64, 64, 64)
"""Voxels per chunk unless others are given."""


@dataclass(frozen=True)
class PyramidViews:
    """A pyramid as the views of a dataset.

    Parameters
    ----------
    description
        What the XML says.
    setups
        Ids of the view setups, one for each channel.
    views
        The view for each index along time and channels. One that is missing is left out, and not
        stored: zeros would be voxels that nobody measured.
    levels
        Along z, y and x.
    unknown_steps
        What is stored for a voxel size that is not known, as
        :class:`bigimg_lessons.pyramids.targets.Plan` has it.
    """

    description: SpimData
    setups: tuple[int, ...]
    views: Mapping[tuple[int, int], View]
    levels: tuple[Level, ...]
    unknown_steps: str

    @classmethod
    def of(cls, pyramid: Pyramid, container: str) -> PyramidViews:
        """Describe a pyramid, or the copy of a BigDataViewer image.

        Parameters
        ----------
        pyramid
            With the axes T, C, Z, Y and X.
        container
            Name of the HDF5 file or N5 folder beside the XML, as the XML is to state it.
        """
        source = pyramid.source
        reader = bdv_reader(pyramid.request.image)
        voxels = _voxel_size(pyramid.calibration, source.shape[2:])
        description = _described(pyramid, container, voxels, reader)
        setups = tuple(setup.id for setup in (reader or description).setups)
        indices = np.ndindex(source.shape[:2])
        every = zip(indices, product(description.timepoints, setups), strict=True)
        return cls(
            description,
            setups,
            {(t, c): view for (t, c), view in every if view not in description.missing},
            tuple(map(_in_space, pyramid.levels)),
            f"Voxels are written as {voxels.size} {voxels.unit}"
            if reader is None
            else "The XML says of it what that of the image says",
        )


def check_pixel_type(dtype: np.dtype[Any]) -> None:
    """Raise TypeError, and say what to do, if BigDataViewer has no such voxels.

    Parameters
    ----------
    dtype
        Type of the voxels.
    """
    if dtype.name not in PIXEL_TYPES:
        raise TypeError(
            f"BigDataViewer has no voxels of type {dtype.name}: convert the image to one of "
            f"{', '.join(PIXEL_TYPES)}."
        )


def bdv_reader(image: Any) -> Reader | None:
    """Return the reader of a BigDataViewer image, which knows more than its voxels.

    Parameters
    ----------
    image
        ``bioio.BioImage``, reader, array, or anything else.
    """
    reader = getattr(image, "reader", image)
    known = is_of_library(reader, "bigimg_lessons.formats.bdv.reader", "Reader")
    return reader if known else None


def _described(
    pyramid: Pyramid, container: str, voxels: VoxelSize, reader: Reader | None
) -> SpimData:
    request = pyramid.request
    if reader is None:
        return describe(container, pyramid.source.shape, voxels, pyramid.channel_names)
    is_own_size = request.voxel_size is None and request.unit is None
    return describe_copy(
        container,
        reader,
        voxel_size=None if is_own_size else voxels,
        is_new_unit=request.voxel_size is None,
        channel_names=None if request.channel_names is None else pyramid.channel_names,
    )


def _in_space(level: Level) -> Level:
    """Return a level along z, y and x alone."""
    return Level(level.factors[2:], level.shape[2:], level.voxel_size[2:], level.offset[2:])


def _voxel_size(calibration: Calibration, shape: Sequence[int]) -> VoxelSize:
    """Return what the XML says of the size of a voxel: three numbers, in one unit.

    There is no place in it for a size that is not known along one axis only, so if one is not,
    all are one pixel. A single plane of unknown thickness is as thick as its pixels are wide.
    Without a unit of length it is "pixel": Bio-Formats 7.3 takes an empty one for micrometres.
    """
    known = calibration.voxel(shape)
    if known is None:
        return VoxelSize((1.0, 1.0, 1.0), "pixel")
    size, unit = known
    return VoxelSize(size, unit.symbol if unit else "pixel")
