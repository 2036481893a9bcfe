"""An Imaris file, open to be written: stacks of chunks, each with its histogram.

``DataSet/ResolutionLevel 0/TimePoint 0/Channel 0/Data`` has whole chunks only, and is longer than
the image where these stick out of it; the attributes ``ImageSizeX``, ``ImageSizeY`` and
``ImageSizeZ`` beside it say how long the image is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from bigimg_lessons.formats.channel_colours import channel_colours
from bigimg_lessons.formats.grey_ranges import GreyRanges
from bigimg_lessons.formats.hdf5_chunks import ChunkWriter, Room
from bigimg_lessons.formats.imaris.attributes import write_text
from bigimg_lessons.formats.imaris.histograms import COUNTING_BYTES, Histogram
from bigimg_lessons.formats.imaris.information import Information, decimal
from bigimg_lessons.formats.imaris.thumbnail import Thumbnail
from bigimg_lessons.pyramids.downsampling import Array

_BINS = 256
_FINE_BINS = 1024

# As ImarisWriter: files that HDF5 1.8 reads, which has been there since 2008.
_HDF5_VERSION = ("v108", "v108")


@dataclass(frozen=True)
class Layout:
    """How the stacks are stored in the file.

    Parameters
    ----------
    shapes
        Of the levels along t, c, z, y and x.
    chunk_shape
        Voxels of a chunk; levels that are smaller have smaller chunks.
    dtype
        Type of the voxels.
    gzip_level
        As for :func:`bigimg_lessons.formats.imaris.writer.write_imaris`.
    """

    shapes: Sequence[tuple[int, ...]]
    chunk_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    gzip_level: int | None

    def chunks(self, level: int) -> tuple[int, ...]:
        """Return the chunk of a level, which is not longer than the level."""
        return tuple(map(min, self.shapes[level][2:], self.chunk_shape))

    def padded(self, level: int) -> tuple[int, ...]:
        """Return the voxels that are stored of a level along z, y and x: those of whole chunks."""
        extents = zip(self.shapes[level][2:], self.chunks(level), strict=True)
        return tuple(-(-n // c) * c for n, c in extents)

    @property
    def stacks(self) -> int:
        """The number of stacks of a level."""
        return math.prod(self.shapes[0][:2])

    @property
    def voxel_bytes(self) -> int:
        """The bytes of all that is stored without compression."""
        voxels = sum(math.prod(self.padded(level)) for level in range(len(self.shapes)))
        return self.stacks * voxels * self.dtype.itemsize

    @property
    def chunk_count(self) -> int:
        """The number of chunks of all stacks."""
        return self.stacks * sum(
            math.prod(self.padded(level)) // math.prod(self.chunks(level))
            for level in range(len(self.shapes))
        )

    @property
    def bins(self) -> int:
        """The number of bins in which voxels are counted."""
        return _BINS if self.dtype == np.uint8 else _FINE_BINS

    @property
    def once_bytes(self) -> int:
        """The bytes that the picture and counting take, whatever the blocks."""
        return Thumbnail(self.shapes, self.dtype).nbytes + COUNTING_BYTES

    def counting_bytes(self, block_shape: Sequence[int]) -> int:
        """Return the bytes of the histograms that blocks of a shape leave open at a time."""
        return math.prod(block_shape[:2]) * len(self.shapes) * self.bins * 8


@dataclass(frozen=True)
class _Stack:
    """One level of one time point and channel, of which blocks are still to come."""

    group: h5py.Group
    data: h5py.Dataset
    histogram: Histogram


class ImarisLevels:
    """The stacks of all levels, a :class:`bigimg_lessons.pyramids.targets.Levels`.

    Parameters
    ----------
    path
        File to create.
    layout
        How the stacks are stored.
    information
        What the file says of the image.
    room
        Memory for HDF5 and the compression.
    """

    def __init__(self, path: Path, layout: Layout, information: Information, room: Room) -> None:
        self._layout, self._information = layout, information
        self._open: dict[tuple[int, int, int], _Stack] = {}
        self._ranges = GreyRanges("TCZYX", layout.shapes[0][1])
        self._thumbnail = Thumbnail(layout.shapes, layout.dtype)
        self._chunks = ChunkWriter(layout.gzip_level, room.waiting)
        self._file = h5py.File(path, "w", libver=_HDF5_VERSION)
        try:
            cache = self._file.id.get_mdc_config()
            cache.max_size = room.index
            cache.initial_size = min(cache.initial_size, room.index)
            self._file.id.set_mdc_config(cache)
        except BaseException:
            self.close()
            raise

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        """Hand the chunks of a block, stack by stack, to those who compress and store them.

        Parameters
        ----------
        level
            Its number.
        start
            Where the block begins along t, c, z, y and x.
        block
            Voxels.
        """
        time, channel, *corner = start
        end = tuple(s + n for s, n in zip(corner, block.shape[2:], strict=True))
        # Blocks come in order, so the one at the end of the level is the last of its stack.
        is_last = end == self._layout.shapes[level][2:]
        for t, c in np.ndindex(block.shape[:2]):
            name = (level, time + t, channel + c)
            stack = self._open.pop(name, None) or self._created(*name)
            self._chunks.put(stack.data, corner, block[t, c])
            stack.histogram.see(block[t, c])
            if is_last:
                _describe(stack)
            else:
                self._open[name] = stack
        if level == 0:
            self._ranges.see(start, block)
        self._thumbnail.see(level, start, block)

    def _created(self, level: int, time: int, channel: int) -> _Stack:
        layout = self._layout
        is_compressed = layout.gzip_level is not None
        group = self._file.create_group(
            f"DataSet/ResolutionLevel {level}/TimePoint {time}/Channel {channel}"
        )
        for axis, extent in zip("ZYX", layout.shapes[level][2:], strict=True):
            write_text(group, f"ImageSize{axis}", str(extent))
        data = group.create_dataset(
            "Data",
            shape=layout.padded(level),
            dtype=layout.dtype.newbyteorder("<"),
            chunks=layout.chunks(level),
            shuffle=is_compressed and layout.dtype.itemsize > 1,
            compression=layout.gzip_level,
        )
        return _Stack(group, data, Histogram(layout.dtype, layout.bins))

    def finish(self) -> None:
        """Store what still waits, then say what the image is, and last that it is Imaris's."""
        self._chunks.finish()
        windows = self._ranges.windows()
        colours = [_rgb(colour) for colour in channel_colours(len(windows))]
        for name, section in self._information.sections(windows, colours).items():
            group = self._file.create_group(f"DataSetInfo/{name}")
            for attribute, text in section.items():
                write_text(group, attribute, text)
        picture = self._thumbnail.rgba(windows, colours)
        # The four colours of a pixel lie beside each other along x. In one chunk, for the reason of
        # `_store_compactly`.
        shape = (picture.shape[0], picture.shape[1] * picture.shape[2])
        thumbnail = self._file.create_dataset("Thumbnail/Data", shape, np.uint8, chunks=shape)
        thumbnail.id.write_direct_chunk((0, 0), picture.tobytes())
        self._file.attrs["NumberOfDataSets"] = np.array([1], np.uint32)
        for what in ("DataSet", "DataSetInfo", "Thumbnail"):
            write_text(self._file, f"{what}DirectoryName", what)
        write_text(self._file, "ImarisVersion", "5.5.0")
        write_text(self._file, "ImarisDataSet", "ImarisDataSet")
        self._file.flush()
        self._file.close()

    def close(self) -> None:
        """End the threads and close the file, also after an error."""
        self._chunks.close()
        # After an error, closing the file must not hide what that was.
        with suppress(OSError, RuntimeError):
            self._file.close()


def _describe(stack: _Stack) -> None:
    """Write the histogram of a stack, and one with finer bins for voxels of several bytes."""
    histogram = stack.histogram
    for bins in sorted({_BINS, len(histogram.counts)}):
        suffix = "" if bins == _BINS else str(bins)
        low, high = histogram.range
        write_text(stack.group, f"HistogramMin{suffix}", decimal(low, 3))
        write_text(stack.group, f"HistogramMax{suffix}", decimal(high, 3))
        counts = histogram.merged(bins).astype(np.uint64)
        _store_compactly(stack.group, f"Histogram{suffix}", counts)


def _store_compactly(group: h5py.Group, name: str, numbers: Array) -> None:
    """Store few numbers together with what HDF5 says of them.

    By default HDF5 would keep them in a buffer of their own until they are let go, when nobody is
    told that the disk is full.
    """
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_layout(h5py.h5d.COMPACT)
    group.create_dataset(name, data=numbers, dcpl=layout)


def _rgb(colour: str) -> tuple[float, float, float]:
    """Return red, green and blue from 0 to 1, of two hexadecimal digits each."""
    red, green, blue = bytes.fromhex(colour)
    return red / 255, green / 255, blue / 255
