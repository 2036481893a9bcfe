"""What a format must be able to do, so that pyramids can be written into it.

The one loop in :mod:`bigimg_lessons.pyramids.writing` asks a `Target` three things in turn: may an
image like this be stored there at all; how is this one stored (`Plan`); and, once nothing can be
refused any more, to create the empty levels, write their blocks and finish them (`Levels`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bigimg_lessons.pyramids.calibration import Calibration
from bigimg_lessons.pyramids.downsampling import Array, Downsampling, Region
from bigimg_lessons.pyramids.levels import Level
from bigimg_lessons.pyramids.source import LazyImage
from bigimg_lessons.saving.object_store import ObjectPlace


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the user asks for, in the same words for all formats.

    Parameters
    ----------
    image
        As ``source`` of :func:`bigimg_lessons.build.build_pyramid`.
    axes, voxel_size, unit, time_interval, time_unit, channel_names, chunk_shape
        As there.
    factors, max_levels, downsampling, memory_limit, overwrite, progress, client
        As there.
    """

    image: Any
    axes: str | None
    voxel_size: Sequence[float | None] | None
    unit: str | None
    time_interval: float | None = None
    time_unit: str | None = None
    channel_names: Sequence[str] | None
    chunk_shape: Sequence[int] | None
    factors: Sequence[Sequence[int]] | None
    max_levels: int | None
    downsampling: Downsampling
    memory_limit: int
    overwrite: bool
    progress: bool
    client: Any = None


@dataclass(frozen=True)
class Pyramid:
    """An image with its levels, as it is to be stored.

    Parameters
    ----------
    request
        What the user asks for.
    source
        The image, with all axes that the format must have.
    calibration
        What is known of its voxel size and time interval, after what the user says of them.
    channel_names
        One for each channel.
    chunk_shape
        Voxels of a chunk in z, y, x (or y, x) order.
    levels
        Along all axes of the source; time and channels are never shrunk.
    """

    request: Request
    source: LazyImage
    calibration: Calibration
    channel_names: tuple[str, ...]
    chunk_shape: tuple[int, ...]
    levels: tuple[Level, ...]

    @property
    def voxels(self) -> int:
        """The number of voxels of all levels."""
        return sum(math.prod(level.shape) for level in self.levels)


class Levels(Protocol):
    """The levels of a pyramid, open to be written in the staging directory."""

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        """Write a block of a level.

        Parameters
        ----------
        level
            Its number, 0 for the full image.
        start
            Where the block begins along each axis of the source: at a multiple of whole units, see
            `Plan`. Only at the end of the level a block is shorter than a multiple of these.
        block
            Voxels, which must not be changed, nor kept without a copy.
        """

    def finish(self) -> None:
        """Store what is still waiting, and last what makes a reader take all for an image."""

    def close(self) -> None:
        """Release all files and threads, after `finish` as after an error; raises none itself."""


class TaskLevels(Protocol):
    """The levels of a pyramid as one task of a worker writes them."""

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        """Write a block, as `Levels` do."""

    def report(self) -> Any:
        """Return what `SharedLevels.take` must know of what was written: little, to be sent."""


class ArrivedLevels(Protocol):
    """The levels of a pyramid in the process of a worker."""

    def is_there(self, level: int, where: Region) -> bool:
        """Tell whether an earlier run has written all of a block; always the same answer."""

    def task(self) -> TaskLevels:
        """Begin a task; several may be under way at once."""

    def close(self) -> None:
        """Release all files and threads; raises none itself."""


class SentLevels(Protocol):
    """What a worker needs to write blocks: little, to be pickled."""

    def opened(self, threads: int) -> ArrivedLevels:
        """Open the levels where this has arrived, with so many threads at most for encoding."""


class SharedLevels(Protocol):
    """Levels that workers write, each blocks of its own, and this process begins and ends.

    A task may run twice, when a worker was lost or believed so: then the same blocks are written
    again, perhaps at the same time.
    """

    def sent(self) -> SentLevels:
        """Return what workers need."""

    def take(self, report: Any) -> None:
        """Take into account what a task has written."""

    def finish(self) -> None:
        """Store last what makes a reader take all for an image.

        Before that all objects are compared with the reports; if one is not there as it was
        written, OSError is raised.
        """

    def close(self) -> None:
        """Release all files and threads, after `finish` as after an error; raises none itself."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a target stores a pyramid: all that can be said before anything is written.

    Parameters
    ----------
    unit
        Voxels in z, y, x (or y, x) order that are written together: those of a chunk or a shard.
        Along time and channels it is one.
    create
        Creates the empty levels. It takes a function that returns, for each of the target's
        paths, where to write it meanwhile; and the number of bytes that `memory_limit` leaves.
    share
        Creates the empty levels for workers to write. It takes the same function; None if one
        process must write them.
    once_bytes
        Bytes that writing holds all the time, whatever the blocks.
    encoding_bytes
        Takes the shape of a block; returns the bytes that one thread holds beside it at most
        while it is written.
    stored_bytes
        Bytes of all voxels on the disk, where that is known: without compression.
    is_threaded
        Whether `Levels.write` may be called by several threads at once, never twice for the same
        voxels.
    unknown_steps
        What is stored for a voxel size or time interval that is not known, as a sentence without
        its stop.
    warnings
        What the image says and the format has no place for, a sentence or two for each.
    """

    unit: tuple[int, ...]
    create: Callable[[Callable[[Path], Path], int], Levels]
    share: Callable[[Callable[[Path], Path]], SharedLevels] | None = None
    once_bytes: int = 0
    encoding_bytes: Callable[[Sequence[int]], int] = lambda _: 0
    stored_bytes: int | None = None
    is_threaded: bool = False
    unknown_steps: str
    warnings: tuple[str, ...] = ()


class Target(Protocol):
    """A format, at the paths where a pyramid is to be written in it."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files or folders to write, in one folder; last the one by which readers open them."""

    @property
    def axes(self) -> str:
        """The axes that an image must have; one that lacks some gets them, with one voxel each."""

    @property
    def stepped_axes(self) -> str:
        """The axes along which it has a place for the voxel size or the time interval."""

    def foreign(self, path: Path) -> str | None:
        """Say why what exists at one of the paths must not be replaced; None if it may be.

        The answer is the rest of a sentence that begins with its name.
        """

    def check_dtype(self, dtype: np.dtype[Any]) -> None:
        """Raise TypeError, and say what to do, if there are no such voxels in this format."""

    def default_chunk_shape(self, spatial_axes: str) -> tuple[int, ...]:
        """Return the voxels of a chunk along "ZYX" or "YX", unless the user chooses them."""

    def default_factors(
        self,
        shape: tuple[int, ...],
        chunk_shape: tuple[int, ...],
        voxel_size: tuple[float | None, ...],
    ) -> Sequence[Sequence[int]] | None:
        """Return the levels' factors unless the user chooses them; None for those of `plan_levels`.

        Parameters
        ----------
        shape, chunk_shape, voxel_size
            Along the spatial axes, as that takes them.
        """

    def plan(self, pyramid: Pyramid) -> Plan:
        """Plan how to store a pyramid, or raise ValueError if the format cannot."""


class StoreLevels(Levels, SharedLevels, Protocol):
    """The levels of a pyramid in an object store, of which some blocks may be there already.

    This process writes them, or workers do.
    """

    def is_there(self, level: int, where: Region) -> bool:
        """Tell whether an earlier run has written all of a block; always the same answer."""

    def keep(self) -> None:
        """Note what is complete, after an error, for the next run; raises none itself."""


class StoreTarget(Target, Protocol):
    """A format, at a place in an object store, where nothing can be renamed."""

    @property
    def place(self) -> ObjectPlace:
        """The place."""

    def check(self, *, overwrite: bool) -> None:
        """Refuse a place to which the image may not be written, or that cannot be reached."""

    def begin(self, pyramid: Pyramid) -> StoreLevels:
        """Create the levels, or go on with those that an earlier run has begun.

        Raises
        ------
        ValueError
            If that was asked for another image, or for another way to store it.
        """
