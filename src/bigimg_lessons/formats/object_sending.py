"""What workers of a cluster need to write an OME-Zarr's levels into a store, and what they report.

The store itself cannot be sent, and keys must not be: each process opens it for itself, with the
keys of its own environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bigimg_lessons.formats.chunk_files import ChunkEncoders
from bigimg_lessons.formats.grey_ranges import GreyRanges
from bigimg_lessons.formats.object_blocks import AT_ONCE, ObjectBlocks
from bigimg_lessons.formats.zarr_arrays import ArrayLayout
from bigimg_lessons.pyramids.downsampling import Array, Region
from bigimg_lessons.saving.object_journal import There, Unit, differences, requested
from bigimg_lessons.saving.object_store import ObjectPlace


@dataclass(frozen=True)
class ObjectReport:
    """What was sent to the store in one task.

    Parameters
    ----------
    units
        For each level, the chunks or shards that are complete now, with size and ETag.
    ends
        The lowest and highest voxel of each channel; empty for an image of labels.
    """

    units: tuple[list[Unit], ...]
    ends: Sequence[tuple[Any, Any] | None]


@dataclass(frozen=True)
class SentObjectLevels:
    """The arrays of all levels, a :class:`bigimg_lessons.pyramids.targets.SentLevels`.

    Parameters
    ----------
    place
        Where all objects go.
    request
        What the image is to be, as whoever builds it has noted in that place.
    layout
        How the arrays are stored.
    shapes
        Voxels of each level along all axes.
    there
        What is not to be sent again.
    channels
        Number of channels of which grey values are wanted; 0 for an image of labels.
    """

    place: ObjectPlace
    request: Mapping[str, Any]
    layout: ArrayLayout
    shapes: tuple[tuple[int, ...], ...]
    there: There
    channels: int

    def opened(self, threads: int) -> ArrivedObjectLevels:
        """Open the levels in the process that writes blocks.

        Parameters
        ----------
        threads
            How many write at once; more may encode and send.

        Raises
        ------
        OSError
            If this process finds another place under that URL.
        """
        noted = requested(self.place)
        if noted is None or differences(noted, self.request):
            raise OSError(
                f"A worker finds at {self.place.url!r} not what was begun there: set the same "
                "server for all workers, as 'endpoint' in storage_options, and build again."
            )
        arrays = [self.layout.create({}, shape) for shape in self.shapes]
        encoders = ChunkEncoders(max(threads, AT_ONCE))
        blocks = ObjectBlocks(self.place, self.layout, arrays, self.there, encoders)
        return ArrivedObjectLevels(blocks, self.channels)


@dataclass(frozen=True)
class ArrivedObjectLevels:
    """The arrays of all levels in a process that writes blocks.

    Parameters
    ----------
    blocks
        What sends them.
    channels
        As of :class:`SentObjectLevels`.
    """

    blocks: ObjectBlocks
    channels: int

    def is_there(self, level: int, where: Region) -> bool:
        """Tell whether an earlier run has written all of a block."""
        return self.blocks.is_there(level, where)

    def task(self) -> ObjectBlockWriters:
        """Begin a task, which reports what it sends."""
        return ObjectBlockWriters(self.blocks, self.channels)

    def close(self) -> None:
        """End the threads."""
        self.blocks.encoders.close()


class ObjectBlockWriters:
    """What writes the blocks of one task.

    Parameters
    ----------
    blocks, channels
        As of :class:`ArrivedObjectLevels`.
    """

    def __init__(self, blocks: ObjectBlocks, channels: int) -> None:
        self._blocks = blocks
        self._units: tuple[list[Unit], ...] = tuple([] for _ in blocks.arrays)
        self._ranges = GreyRanges(blocks.layout.axes, channels) if channels else None

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        """Write a block; see :class:`bigimg_lessons.pyramids.targets.Levels`."""
        self._units[level].extend(self._blocks.send(level, start, block))
        if level == 0 and self._ranges is not None:
            self._ranges.see(start, block)

    def report(self) -> ObjectReport:
        """Say what was sent so far."""
        return ObjectReport(self._units, self._ranges.ends if self._ranges is not None else [])
