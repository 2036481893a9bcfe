"""The HDF5 file of a BigDataViewer dataset with its XML, open to be written.

The HDF5 layout is described in :mod:`bigimg_lessons.formats.bdv.layout`; it follows
``bdv.export.WriteSequenceToHdf5`` of github.com/bigdataviewer/bigdataviewer-core. BigDataViewer's
own files also have a group ``__DATA_TYPES__``, which the HDF5 library that it uses creates for
itself and reads without.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from bigimg_lessons.formats.bdv.layout import (
    cells_path,
    resolutions_path,
    setup_path,
    subdivisions_path,
)
from bigimg_lessons.formats.bdv.pixel_types import DATA_TYPE_ATTRIBUTE
from bigimg_lessons.formats.hdf5_chunks import ChunkWriter, Room
from bigimg_lessons.pyramids.downsampling import Array
from bigimg_lessons.pyramids.levels import Level

View = tuple[int, int]
"""Ids of a time point and a setup."""


@dataclass(frozen=True)
class Layout:
    """How the views are stored in the HDF5 file.

    Parameters
    ----------
    views
        The view for each index along time and channels. One that is missing is left out, and not
        stored: zeros would be voxels that nobody measured.
    setups
        Ids of all setups.
    levels
        Along z, y and x.
    chunk_shape
        Voxels of a chunk; levels that are smaller have smaller chunks.
    dtype
        Type of the voxels.
    gzip_level, legacy_uint16
        As for :func:`bigimg_lessons.formats.bdv.writer.write_bdv`.
    """

    views: Mapping[tuple[int, int], View]
    setups: Sequence[int]
    levels: Sequence[Level]
    chunk_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    gzip_level: int | None
    legacy_uint16: bool

    def chunks(self, level: Level) -> tuple[int, ...]:
        """Return the chunk of a level: HDF5 allows none that is larger than the level."""
        return tuple(map(min, level.shape, self.chunk_shape))

    @property
    def chunk_count(self) -> int:
        """The number of chunks of all views."""
        return len(self.views) * sum(
            math.prod(-(-n // c) for n, c in zip(level.shape, self.chunks(level), strict=True))
            for level in self.levels
        )

    @property
    def voxel_bytes(self) -> int:
        """The bytes of all voxels of all views."""
        voxels = sum(math.prod(level.shape) for level in self.levels)
        return len(self.views) * voxels * self.dtype.itemsize

    @property
    def is_legacy(self) -> bool:
        """Whether uint16 is stored as int16 of the same bits, without the attribute."""
        return self.dtype == np.uint16 and self.legacy_uint16

    @property
    def stored_dtype(self) -> np.dtype[Any]:
        """The type of the cells, little-endian."""
        return np.dtype(np.int16 if self.is_legacy else self.dtype).newbyteorder("<")


class BdvLevels:
    """The cells of all views, a :class:`bigimg_lessons.pyramids.targets.Levels`.

    Parameters
    ----------
    h5, xml
        Files to create.
    document
        What the XML says.
    layout
        How the views are stored.
    room
        Memory for HDF5 and the compression.
    """

    def __init__(self, h5: Path, xml: Path, document: str, layout: Layout, room: Room) -> None:
        self._xml, self._document, self._layout = xml, document, layout
        # Cells of which blocks are still to come.
        self._open: dict[tuple[View, int], h5py.Dataset] = {}
        self._chunks = ChunkWriter(layout.gzip_level, room.waiting)
        self._file = h5py.File(h5, "w")
        try:
            cache = self._file.id.get_mdc_config()
            cache.max_size = room.index
            cache.initial_size = min(cache.initial_size, room.index)
            self._file.id.set_mdc_config(cache)
            for setup in layout.setups:
                self._describe(setup)
        except BaseException:
            self.close()
            raise

    def _describe(self, setup: int) -> None:
        levels = self._layout.levels
        factors = [level.factors[::-1] for level in levels]
        chunks = [self._layout.chunks(level)[::-1] for level in levels]
        self._file.create_dataset(resolutions_path(setup), data=np.array(factors, np.float64))
        self._file.create_dataset(subdivisions_path(setup), data=np.array(chunks, np.int32))
        if not self._layout.is_legacy:
            # Text of fixed length, as BigDataViewer writes it.
            name = np.bytes_(self._layout.dtype.name)
            self._file[setup_path(setup)].attrs[DATA_TYPE_ATTRIBUTE] = name

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        """Hand the chunks of a block, view by view, to those who compress and store them.

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
        # Blocks come in order, so the one at the end of the level is the last of its view.
        is_last = end == self._layout.levels[level].shape
        for t, c in np.ndindex(block.shape[:2]):
            view = self._layout.views.get((time + t, channel + c))
            if view is not None:
                cells = self._cells(view, level, is_last=is_last)
                self._chunks.put(cells, corner, block[t, c])

    def _cells(self, view: View, level: int, *, is_last: bool) -> h5py.Dataset:
        """Return the cells of a level of a view, created with its first block."""
        cells = self._open.pop((view, level), None)
        if cells is None:
            plan = self._layout.levels[level]
            is_compressed = self._layout.gzip_level is not None
            cells = self._file.create_dataset(
                cells_path(*view, level),
                shape=plan.shape,
                dtype=self._layout.stored_dtype,
                chunks=self._layout.chunks(plan),
                shuffle=is_compressed and self._layout.dtype.itemsize > 1,
                compression=self._layout.gzip_level,
            )
        if not is_last:
            self._open[view, level] = cells
        return cells

    def finish(self) -> None:
        """Store what still waits, close the HDF5 file, and write the XML last."""
        self._chunks.finish()
        self._open.clear()
        self._file.close()
        self._xml.write_text(self._document, encoding="utf-8", newline="\n")

    def close(self) -> None:
        """End the threads and close the HDF5 file, also after an error."""
        self._chunks.close()
        # After an error, closing the file must not hide what that was.
        with suppress(OSError, RuntimeError):
            self._file.close()
