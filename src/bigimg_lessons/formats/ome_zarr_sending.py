"""What workers of a cluster need to write blocks of an OME-Zarr's levels, and what they report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bigimg_lessons.formats.chunk_files import ChunkEncoders
from bigimg_lessons.formats.grey_ranges import GreyRanges
from bigimg_lessons.formats.zarr_arrays import ArrayLayout
from bigimg_lessons.pyramids.downsampling import Array, Region
from bigimg_lessons.saving.objects import Objects
from bigimg_lessons.saving.written import CountedObjects


@dataclass(frozen=True)
class BlockReport:
    """What was written in one task.

    Parameters
    ----------
    sizes
        For each level, the size of each object by its key.
    ends
        The lowest and highest voxel of each channel; empty for an image of labels.
    """

    sizes: tuple[dict[str, int], ...]
    ends: Sequence[tuple[Any, Any] | None]


@dataclass(frozen=True)
class SentLevels:
    """The arrays of all levels, a :class:`bigimg_lessons.pyramids.targets.SentLevels`.

    Parameters
    ----------
    layout
        How they are stored.
    shapes
        Voxels of each level along all axes.
    objects
        Where the chunks or shards of each level go; from wherever this is sent to.
    channels
        Number of channels of which grey values are wanted; 0 for an image of labels.
    """

    layout: ArrayLayout
    shapes: tuple[tuple[int, ...], ...]
    objects: tuple[Objects, ...]
    channels: int

    def opened(self, threads: int) -> ArrivedLevels:
        """Open the levels in the process that writes blocks.

        Parameters
        ----------
        threads
            How many may encode at once.
        """
        return ArrivedLevels(self, ChunkEncoders(threads))


class ArrivedLevels:
    """The arrays of all levels in a process that writes blocks.

    Parameters
    ----------
    sent
        What arrived.
    encoders
        Threads for all tasks.
    """

    def __init__(self, sent: SentLevels, encoders: ChunkEncoders) -> None:
        self._sent = sent
        self._encoders = encoders
        # Arrays in memory, which say how chunks are stored, and hold none.
        self._arrays = [sent.layout.create({}, shape) for shape in sent.shapes]

    def is_there(self, level: int, where: Region) -> bool:
        """Tell that all is still to be written: a staging directory begins empty."""
        return False

    def task(self) -> BlockWriters:
        """Begin a task, which reports what it writes."""
        return BlockWriters(self._sent, self._arrays, self._encoders)

    def close(self) -> None:
        """End the threads."""
        self._encoders.close()


class BlockWriters:
    """What writes the blocks of one task.

    Parameters
    ----------
    sent, arrays, encoders
        As of :class:`ArrivedLevels`.
    """

    def __init__(self, sent: SentLevels, arrays: Sequence[Any], encoders: ChunkEncoders) -> None:
        self._objects = [CountedObjects(objects) for objects in sent.objects]
        pairs = zip(arrays, self._objects, strict=True)
        self._writers = [sent.layout.writer(array, each, encoders) for array, each in pairs]
        self._ranges = GreyRanges(sent.layout.axes, sent.channels) if sent.channels else None

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        """Write a block; see :class:`bigimg_lessons.pyramids.targets.Levels`."""
        self._writers[level](start, block)
        if level == 0 and self._ranges is not None:
            self._ranges.see(start, block)

    def report(self) -> BlockReport:
        """Say what was written so far."""
        ends = self._ranges.ends if self._ranges is not None else []
        return BlockReport(tuple(objects.sizes for objects in self._objects), ends)
