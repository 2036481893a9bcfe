"""Write an image of any size as Imaris 5.5 (``.ims``), streamed, with its pyramid.

The file is described in :mod:`bigimg_lessons.formats.imaris.levels`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bigimg_lessons.formats.deflate import GZIP_LEVEL, check_gzip_level
from bigimg_lessons.formats.hdf5_chunks import Room
from bigimg_lessons.formats.imaris.attributes import MAX_BYTES
from bigimg_lessons.formats.imaris.information import Information
from bigimg_lessons.formats.imaris.levels import ImarisLevels, Layout
from bigimg_lessons.formats.imaris.replacing import foreign_ims
from bigimg_lessons.pyramids.block_plans import MEMORY_LIMIT
from bigimg_lessons.pyramids.calibration import Step
from bigimg_lessons.pyramids.downsampling import Downsampling
from bigimg_lessons.pyramids.levels import Level
from bigimg_lessons.pyramids.source import AXES
from bigimg_lessons.pyramids.targets import Plan, Pyramid, Request
from bigimg_lessons.pyramids.writing import write_pyramid
from bigimg_lessons.text import format_bytes
from bigimg_lessons.units import MICROMETRE, SECOND

CHUNK_SHAPE = (64, 64, 64)
"""Voxels per chunk unless others are given."""

PIXEL_TYPES = ("uint8", "uint16", "uint32", "float32")
"""Types of voxels that ImarisWriter knows."""


def write_imaris(
    path: str | Path,
    image: Any,
    *,
    axes: str | None = None,
    voxel_size: Sequence[float | None] | None = None,
    unit: str | None = None,
    time_interval: float | None = None,
    time_unit: str | None = None,
    channel_names: Sequence[str] | None = None,
    chunk_shape: Sequence[int] | None = None,
    factors: Sequence[Sequence[int]] | None = None,
    max_levels: int | None = None,
    downsampling: Downsampling = "mean",
    gzip_level: int | None = GZIP_LEVEL,
    memory_limit: int = MEMORY_LIMIT,
    overwrite: bool = False,
    progress: bool = True,
) -> Path:
    """Write an image with its resolution pyramid to an Imaris file.

    The image is read once, block by block. What an early end leaves is said in
    :func:`bigimg_lessons.build.build_pyramid`.

    Levels are those of :func:`bigimg_lessons.pyramids.levels.plan_levels`: an axis halves while its
    voxels are among the finest, and an odd number of voxels is rounded up, so that none is lost.
    Imaris has a rule of its own for the files that it writes: it looks at numbers of voxels alone,
    not at their size (an axis of n voxels halves if (10·n)² exceeds the product of the other two),
    and goes on until a level has less than a few million. Where the number is odd, the text of its
    specification rounds up, but the recipe and the tables there, and the program ImarisWriter,
    round down. Each level says how many voxels it has, and that is what readers go by.

    An Imaris file says no voxel size, only from where to where the image reaches, and readers
    divide that by the number of voxels. For level 0 this gives the voxel size. In a level of
    which the last voxels stand for fewer than the others, because `factors` do not divide the
    image, it gives too little, by up to one voxel of that level in the whole length: 131 voxels of
    1 µm become 66 of 1.985 µm, not of 2. (Rounded down, it would be 65 of 2.015 µm.)

    Parameters
    ----------
    path
        File to create, ending in ``.ims``.
    image
        As ``source`` of :func:`bigimg_lessons.build.build_pyramid`; of uint8, uint16, uint32 or
        float32. Of a BigDataViewer image the position that all its views share is kept.
    axes
        The array's axes, such as "TYX", if they are not the last of TCZYX.
    voxel_size
        Size of a voxel in z, y, x order, None where it is not known. An Imaris file has no place
        for a size that is known along some axes only: the voxel is then one each way, without a
        unit. Only a single plane is as thick as its pixels are wide.
    unit
        Unit of the voxel size, such as "µm" or "nm". It is written in micrometres, whatever the
        unit is: Bio-Formats 7.3.1 takes all numbers for these. If not known, numbers are written
        as they are and the file states no unit; Bio-Formats says micrometres all the same.
    time_interval, time_unit
        The time from one time point to the next, and its unit. An Imaris file has a place for the
        date and time of each time point, to the millisecond: they are counted from the beginning
        of 1970. If the interval is not known they are a second apart, as they must differ.
    channel_names
        One for each channel; "channel 0", "channel 1", … if not known.
    chunk_shape
        Voxels per chunk in z, y, x order, at all levels; levels that are smaller have smaller
        chunks. Imaris itself writes and shows blocks of about a million voxels, such as
        (16, 256, 256), and reads others more slowly.
    factors, max_levels
        As for :func:`bigimg_lessons.pyramids.levels.plan_levels`. From one level to the next each
        axis is halved or kept; an Imaris file has no other levels.
    downsampling
        As for :func:`bigimg_lessons.pyramids.blocks.build_levels`: ``mean``, or ``mode`` for
        labels.
    gzip_level
        From 0 to 9, or None to store chunks as they are. More than one byte per voxel is
        shuffled before compression.
    memory_limit
        Bytes by which the process may grow, as for :func:`bigimg_lessons.build.build_pyramid`.
    overwrite
        Replace a file of Imaris that holds an image alone, without surfaces, spots or other
        results. It stays as it is until the new one is complete.
    progress
        Show a bar of the voxels written, of all levels.

    Returns
    -------
    Path
        The file, absolute.

    Raises
    ------
    FileExistsError
        If the file exists, and `overwrite` is not set or it is not an Imaris file of an image
        alone; or if it is a link.
    FileNotFoundError
        If its folder does not exist.
    TypeError
        If the voxels are of a type that Imaris does not know.
    ValueError
        If `path` does not end in ``.ims``, the image has no two to five axes, or an option does
        not fit it.
    OSError
        If the disk has not enough space.

    Warns
    -----
    UserWarning
        If the voxel size, the time interval or a unit is not known, and is therefore not written;
        if chunks of the source have to be read several times; or if something that a BigDataViewer
        image tells has no place.
    """
    ims = Path(path).expanduser().absolute()
    if ims.suffix.lower() != ".ims":
        raise ValueError(f"The path {str(path)!r} does not end in '.ims': give one that does.")
    check_gzip_level(gzip_level)
    request = Request(
        image=image,
        axes=axes,
        voxel_size=voxel_size,
        unit=unit,
        time_interval=time_interval,
        time_unit=time_unit,
        channel_names=channel_names,
        chunk_shape=chunk_shape,
        factors=factors,
        max_levels=max_levels,
        downsampling=downsampling,
        memory_limit=memory_limit,
        overwrite=overwrite,
        progress=progress,
    )
    return write_pyramid(_Imaris(ims, gzip_level), request)


@dataclass(frozen=True)
class _Imaris:
    """An Imaris file, a :class:`bigimg_lessons.pyramids.targets.Target`.

    Parameters
    ----------
    path
        The file, absolute.
    gzip_level
        As for :func:`write_imaris`.
    """

    path: Path
    gzip_level: int | None

    axes = AXES
    stepped_axes = "TZYX"

    @property
    def paths(self) -> tuple[Path, ...]:
        return (self.path,)

    def foreign(self, path: Path) -> str | None:
        return foreign_ims(path)

    def check_dtype(self, dtype: np.dtype[Any]) -> None:
        if dtype.name not in PIXEL_TYPES:
            raise TypeError(
                f"Imaris has no voxels of type {dtype.name}: convert the image to one of "
                f"{', '.join(PIXEL_TYPES)}."
            )

    def default_chunk_shape(self, spatial_axes: str) -> tuple[int, ...]:
        return CHUNK_SHAPE

    def default_factors(
        self,
        shape: tuple[int, ...],
        chunk_shape: tuple[int, ...],
        voxel_size: tuple[float | None, ...],
    ) -> None:
        return None

    def plan(self, pyramid: Pyramid) -> Plan:
        _check_halved(pyramid.levels)
        _check_names(pyramid.channel_names)
        position = pyramid.source.position(pyramid.request.voxel_size, pyramid.request.unit)
        information = _information(pyramid, position.offset)
        warnings = [_rounded_times(information)]
        if position.lost:
            warnings.append(
                "An Imaris file has no place for all that the BigDataViewer image tells. Lost are "
                f"{'; '.join(position.lost)}."
            )
        layout = Layout(
            shapes=[level.shape for level in pyramid.levels],
            chunk_shape=pyramid.chunk_shape,
            dtype=pyramid.source.dtype,
            gzip_level=self.gzip_level,
        )
        largest = math.prod(layout.chunks(0)) * pyramid.source.dtype.itemsize
        if largest >= 2**32:
            raise ValueError(
                f"A chunk of {pyramid.chunk_shape} voxels takes {format_bytes(largest)}, but HDF5 "
                "allows no 4 GiB: give a smaller chunk_shape."
            )
        room = partial(Room.of, chunks=layout.chunk_count, largest=largest)
        return Plan(
            unit=pyramid.chunk_shape,
            create=partial(self._create, layout, information, room),
            once_bytes=room(0).at_once + layout.once_bytes,
            encoding_bytes=layout.counting_bytes,
            stored_bytes=layout.voxel_bytes if self.gzip_level is None else None,
            unknown_steps=_said_of_unknown(information),
            warnings=tuple(filter(None, warnings)),
        )

    def _create(
        self,
        layout: Layout,
        information: Information,
        room: Callable[[int], Room],
        new: Callable[[Path], Path],
        spare_bytes: int,
    ) -> ImarisLevels:
        return ImarisLevels(new(self.path), layout, information, room(spare_bytes))


def _information(pyramid: Pyramid, offset: Sequence[float]) -> Information:
    """Sort out what the file says, or raise ValueError if it has no place for it."""
    source, calibration = pyramid.source, pyramid.calibration
    known, unit = calibration.voxel(source.shape[2:]) or ((1.0, 1.0, 1.0), None)
    size = known if unit is None else [unit.convert(number, MICROMETRE) for number in known]
    information = Information(
        size=source.shape[2:],
        start=tuple(float(o * s) for o, s in zip(offset, size, strict=True)),
        voxel_size=tuple(size),
        unit=None if unit is None else "um",
        timepoints=source.shape[0],
        interval=_seconds(calibration.step("T")),
        names=pyramid.channel_names,
    )
    if information.timepoints > 1:
        interval = float(information.interval)
        if interval < 0.001:
            raise ValueError(
                f"The time points are {interval:g} s apart, but an Imaris file tells times to the "
                "millisecond: give a longer time_interval."
            )
        try:
            information.time(information.timepoints - 1)
        except OverflowError:
            raise ValueError(
                f"{information.timepoints} time points {interval:g} s apart are more than the "
                "years to 9999 that an Imaris file has dates for: give a shorter time_interval."
            ) from None
    return information


def _seconds(step: Step) -> Fraction:
    """Return the seconds between time points; a number without a unit counts as such."""
    return Fraction(repr(step.to(SECOND).number))


def _rounded_times(information: Information) -> str | None:
    if information.timepoints == 1 or (1000 * information.interval).denominator == 1:
        return None
    return (
        f"An Imaris file tells times to the millisecond: those of the time points, which are "
        f"{float(information.interval):g} s apart, are rounded."
    )


def _said_of_unknown(information: Information) -> str:
    z, y, x = information.voxel_size
    space = (
        f"Voxels are written as ({z}, {y}, {x}) in z, y, x order without a unit, which readers "
        "take for micrometres"
    )
    time = f"time points are written as {float(information.interval):g} s apart"
    if information.timepoints == 1:
        return space
    return f"{time[0].upper()}{time[1:]}" if information.unit else f"{space}, and {time}"


def _check_halved(levels: Sequence[Level]) -> None:
    for finer, coarser in pairwise(levels):
        if any(c not in (f, 2 * f) for f, c in zip(finer.factors, coarser.factors, strict=True)):
            raise ValueError(
                f"factors go from {finer.factors[2:]} to {coarser.factors[2:]}, but from one level "
                "of an Imaris file to the next an axis is halved or kept: give such factors."
            )


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if "\0" in name or len(name.encode()) > MAX_BYTES:
            raise ValueError(
                f"A channel name is {name[:50]!r}, of {len(name)} characters: an Imaris file has "
                f"place for {MAX_BYTES} bytes, none of them zero."
            )
