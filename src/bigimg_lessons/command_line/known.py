"""What an image says of itself, or its user of it, as `build_pyramid` takes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.report import SPATIAL, UNKNOWN_AXIS, Report
from bigimg_lessons.pyramids.calibration import Calibration, Step
from bigimg_lessons.units import duration, is_pixel, length

ALWAYS_DEEP = ("imaris", "bdv-hdf5", "bdv-n5")
"""Formats whose images have an axis Z, if only of one plane."""

_BY_LETTER = ("HDF5",)  # kinds whose sizes are those of z, y and x, whichever axes these are


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
    remarks
        Sentences on sizes, and on a place, that the image states and that are not taken.
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
    remarks: tuple[str, ...] = ()

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
    size, size_unit, remarks = _spatial(report, named, file_format, voxel_size, unit)
    step, time_unit = _time(report, named)
    names = report.channel_names
    along = dict(zip(named, level.shape, strict=True))
    # Samples, the colours of an image, become channels, of which its one name is none.
    count = along.get("C", 1) * along.get("S", 1)
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
        remarks=(*remarks, *_left_behind(report)),
    )


def _left_behind(report: Report) -> tuple[str, ...]:
    """Return a remark on an image that does not begin at 0, where that is not carried over."""
    begin = report.levels[0].offset
    if report.kind == "BDV-HDF5" or begin is None or not any(begin):  # views bring it
        return ()
    said = ", ".join("?" if each is None else f"{each:g}" for each in begin)
    return (
        f"{report.source} begins at {said}, and what is written begins at 0: its place beside "
        "other images is not carried over.",
    )


def _spatial(
    report: Report,
    axes: str,
    file_format: str,
    voxel_size: Sequence[float | None] | None,
    unit: str | None,
) -> tuple[tuple[float | None, ...] | None, str | None, tuple[str, ...]]:
    """Return the voxel size in one unit, of the axes that the target is given, and remarks."""
    space = "".join(axis for axis in SPATIAL if axis in axes)
    if voxel_size is not None and len(voxel_size) != len(space):
        raise ValueError(
            f"--voxel-size has {len(voxel_size)} numbers, and the image has the axes "
            f"{', '.join(space)}: give one for each."
        )
    if file_format in ALWAYS_DEEP and "Z" not in space:
        space = f"Z{space}"
        voxel_size = None if voxel_size is None else (None, *voxel_size)
    told = Calibration({axis: _told(report, axes, axis) for axis in space})
    known = told.overridden(space, voxel_size=voxel_size, unit=unit)
    steps = {axis: step for axis in space if (step := known.step(axis)).size is not None}
    common = next((step.unit for step in reversed(steps.values()) if step.unit), None)
    in_pixels = common is None and any(step.is_pixel for step in steps.values())
    odd = [
        axis for axis, step in steps.items() if (step.unit, step.is_pixel) != (common, in_pixels)
    ]
    remarks = tuple(
        f"{report.source} states the voxel size {steps[axis].size:g} along {axis.lower()} without "
        "the unit that another axis has, so it is not taken: give --voxel-size and --unit."
        for axis in odd
    )
    size = tuple(None if axis in odd else known.step(axis).size for axis in space)
    name = "pixel" if in_pixels else None if common is None else common.name
    return (size if any(size) else None), name, remarks


def _told(report: Report, axes: str, axis: str) -> Step:
    """Return what the image states along an axis of space, by the name that its user gives it."""
    is_by_letter = report.kind in _BY_LETTER
    place = report.axis(axis) if is_by_letter else axes.find(axis)
    sizes = report.levels[0].voxel_size
    if sizes is None or place is None or place < 0 or (size := sizes[place]) is None:
        return Step()
    unit = report.units[place] or ""
    return Step(size, length(unit), is_pixel(unit))


def _time(report: Report, axes: str) -> tuple[float | None, str | None]:
    sizes = report.levels[0].voxel_size
    if "T" not in axes or sizes is None:
        return None, None
    place = axes.index("T")
    unit = report.units[place]
    if unit is None or duration(unit) is None:
        return None, None
    return sizes[place], unit
