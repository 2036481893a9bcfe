"""Where an image lies, for a format that has one position for all time points and channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bigimg_lessons.formats.bdv.description import (
    known_voxel_size,
    missing_views,
    registrations,
    tells_known_size,
)
from bigimg_lessons.formats.bdv.registration import Size, at_level, offset_of
from bigimg_lessons.formats.bdv.spimdata import ViewRegistration, VoxelSize
from bigimg_lessons.pyramids.position import Position

if TYPE_CHECKING:  # the reader itself asks where its image lies
    from bigimg_lessons.formats.bdv.reader import Reader

NOWHERE: Size = (0.0, 0.0, 0.0)
"""The offset of an image that says no position."""


def position_of(
    reader: Reader, voxel_size: Sequence[float | None] | None, unit: str | None
) -> Position:
    """Find the position that all views of an image share, at its current level.

    Parameters
    ----------
    reader
        The reader of the image.
    voxel_size, unit
        In z, y, x order, if another than ``reader.physical_pixel_sizes`` is to hold.

    Returns
    -------
    Position
        With no offset if the views do not share one, or their registrations do more than
        calibrate and translate.
    """
    missing = missing_views(reader)
    offset, problem = _shared_offset(reader, missing)
    if voxel_size is not None and offset != NOWHERE:
        z, y, x = voxel_size
        if not tells_known_size(reader, VoxelSize((z, y, x), unit or "")):
            offset, problem = NOWHERE, "its position, which was told for another voxel size"
    lost = [problem] if problem else []
    if missing:
        timepoint, setup = min(missing)
        lost.append(
            f"that views are missing ({len(missing)}, such as that of setup {setup} at time "
            f"point {timepoint}): they are written as zeros"
        )
    if reader.timepoints != tuple(range(len(reader.timepoints))):
        lost.append(
            f"the numbers of its time points, {_listed(reader.timepoints)}, which are counted "
            "from 0"
        )
    return Position(offset, tuple(lost))


def _shared_offset(reader: Reader, missing: frozenset[tuple[int, int]]) -> tuple[Size, str | None]:
    """Return the offset in voxels of the level, and what else the registrations say."""
    models = {
        view: ViewRegistration(*view, at_level(transforms, reader.level_factors)).model
        for view, transforms in registrations(reader).items()
        if view not in missing
    }
    full = known_voxel_size(reader) or (1.0, 1.0, 1.0)
    z, y, x = (s * f for s, f in zip(full, reader.level_factors, strict=True))
    offsets: list[Size] = []
    for (timepoint, setup), model in models.items():
        offset = offset_of(model, (z, y, x))
        if offset is None:
            return NOWHERE, (
                "its registration, which does more than calibrate and translate (rotate, shear, "
                f"mirror, or scale by other than the voxel size) for setup {setup} at time point "
                f"{timepoint}"
            )
        offsets.append(offset)
    if not offsets:
        return NOWHERE, None
    if not np.allclose(offsets, offsets[0], 1e-6, 1e-6 * min(x, y, z)):
        return NOWHERE, "its positions, which differ between time points or channels"
    dz, dy, dx = offsets[0]
    return (dz / z, dy / y, dx / x), None


def _listed(timepoints: Sequence[int]) -> str:
    first = ", ".join(map(str, timepoints[:3]))
    return first if len(timepoints) <= 3 else f"{first}, … {timepoints[-1]}"
