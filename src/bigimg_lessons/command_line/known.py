"""What an image says of itself, or its user of it, as `build_pyramid` takes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.report import SPATIAL, UNKNOWN_AXIS, Report
from bigimg_lessons.units import duration, length

ALWAYS_DEEP = ("imaris", "bdv-hdf5", "bdv-n5")
"""Formats whose images have an axis Z, if only of one plane."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of an image, None where it is not.

    Parameters
    ----------
    axes
        A letter for each axis, slowest first.
    space
        Voxels along those of Z, Y and X that it has.
    images
        Number of voxels along all other axes together.
    item_size
        Bytes of a voxel.
    voxel_size, unit
        Along the axes of space that the target has, in one unit.
    time_interval, time_unit
        From one time point to the next.
    channel_names
        One for each channel.
    """

    axes: str
    space: tuple[int, ...]
    images: int
    item_size: int
    voxel_size: tuple[float | None, ...] | None
    unit: str | None
    time_interval: float | None
    time_unit: str | None
    channel_names: tuple[str, ...] | None

    @property
    def size_of_space(self) -> tuple[float | None, ...] | None:
        """The voxel size along those of Z, Y and X that the image has itself."""
        return None if self.voxel_size is None else self.voxel_size[-len(self.space) :]


def readable(source: str) -> Report:
    """Inspect an image that is to be converted.

    Parameters
    ----------
    source
        Path or address.

    Raises
    ------
    InspectionError
        If it is of a version that is not read.
    """
    report = report_on(source)
    if report.unread_version:
        raise InspectionError(
            f"{source} is {report.kind} {report.unread_version}, which is not read here."
        )
    return report


def known_of(
    report: Report,
    *,
    file_format: str,
    axes: str | None = None,
    voxel_size: Sequence[float | None] | None = None,
    unit: str | None = None,
) -> Known:
    """Put together what a report says and what its user adds.

    Parameters
    ----------
    report
        What was found in the image.
    file_format
        The format that it is written in, as `build_pyramid` calls it.
    axes, voxel_size, unit
        What the user says instead, as there.

    Raises
    ------
    ValueError
        If the axes are not known, or what is said does not fit the image.
    """
    if report.is_partial:
        raise ValueError(
            f"{report.source} has more planes than were counted, so what its conversion takes is "
            "not known. build_pyramid, in Python, converts it without a forecast."
        )
    named = axes.upper() if axes else "".join(report.axes)
    level = report.levels[0]
    if UNKNOWN_AXIS in named:
        raise ValueError(
            f"{report.source} has the shape {level.shape}, and does not say what all of its axes "
            f"are ({' '.join(report.axes)}): give --axes, a letter of TCZYX for each."
        )
    if len(named) != len(report.axes):
        raise ValueError(
            f"--axes is {named}, and the image has {len(report.axes)} axes, of the shape "
            f"{level.shape}: give a letter for each."
        )
    if level.item_size is None:
        raise ValueError(
            f"{report.source} has voxels of {level.dtype}, which are not read: save it with voxels "
            "of whole bytes first, such as uint8, uint16 or float32."
        )
    size, size_unit = _spatial(report, named, file_format, voxel_size, unit)
    step, time_unit = _time(report, named)
    names = report.channel_names
    count = level.shape[named.index("C")] if "C" in named else 1
    along = dict(zip(named, level.shape, strict=True))
    return Known(
        axes=named,
        space=tuple(along[axis] for axis in SPATIAL if axis in along),
        images=math.prod(n for axis, n in along.items() if axis not in SPATIAL),
        item_size=level.item_size,
        voxel_size=size,
        unit=size_unit,
        time_interval=step,
        time_unit=time_unit,
        channel_names=names if len(names) == count else None,
    )


def _spatial(
    report: Report,
    axes: str,
    file_format: str,
    voxel_size: Sequence[float | None] | None,
    unit: str | None,
) -> tuple[tuple[float | None, ...] | None, str | None]:
    """Return the voxel size in one unit, of the axes that the target is given."""
    space = [axis for axis in SPATIAL if axis in axes]
    if voxel_size is not None:
        size: list[float | None] = list(voxel_size)
        if len(size) != len(space):
            raise ValueError(
                f"--voxel-size has {len(size)} numbers, and the image has the axes "
                f"{', '.join(space)}: give one for each."
            )
    else:
        told = report.levels[0].voxel_size or (None,) * len(axes)
        units = [report.units[axes.index(axis)] for axis in space]
        size = [told[axes.index(axis)] for axis in space]
        if unit is None and (unit := next((each for each in reversed(units) if each), None)):
            size = _in_one_unit(size, units, unit)
    if file_format in ALWAYS_DEEP and "Z" not in space:
        size = [None, *size]
    return (None, unit) if all(each is None for each in size) else (tuple(size), unit)


def _in_one_unit(
    size: Sequence[float | None], units: Sequence[str | None], unit: str
) -> list[float | None]:
    """Convert what is in other units of length; what is in none stays as it is."""
    common = length(unit)
    found = []
    for value, own in zip(size, units, strict=True):
        own_unit = None if own is None else length(own)
        if value is not None and common is not None and own_unit is not None:
            value = own_unit.convert(value, common)
        found.append(value)
    return found


def _time(report: Report, axes: str) -> tuple[float | None, str | None]:
    sizes = report.levels[0].voxel_size
    if "T" not in axes or sizes is None:
        return None, None
    place = axes.index("T")
    unit = report.units[place]
    if unit is None or duration(unit) is None:
        return None, None
    return sizes[place], unit
