"""Where everything lies in a tiled TIFF whose planes have their levels in SubIFDs, and its bytes.

A TIFF may have its parts in any order, as each is pointed to. Here they lie so that a file can be
written in one pass, by blocks that come in any order, and be read with few requests::

    header | ImageDescription | directories of all planes | indexes of tiles | tiles

All but the tiles has its place before the first is there, and so has each tile that is not
compressed: plane by plane, in a plane level by level, so that the same image makes the same file.
(All of a level in one run would leave a gap in a file that is being written, which some file
systems fill with zeros first.) Compressed tiles lie as they came. What a tile adds to the index,
its offset and its number of bytes, is written at once, so that memory does not grow with the image.
(Libraries that write TIFF take the tiles of one plane after the other, and of one level after the
other. The blocks of a pyramid come otherwise, and would have to wait in a second file.) A reader
far away finds directories and indexes together, not scattered among the tiles.

The rules are those of TIFF 6.0 (Adobe, 1992; section 2, and 15 for tiles), of its technical note 1
(Adobe, 1995) for SubIFDs, and of BigTIFF (libtiff.gitlab.io, *BigTIFF file format*); and that of
OME-TIFF to keep levels in SubIFDs (ome-model.readthedocs.io, *OME-TIFF specification*).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

_ASCII, _SHORT, _LONG, _RATIONAL, _LONG8 = 2, 3, 4, 5, 16  # types of values
_TILE_OFFSETS, _TILE_BYTE_COUNTS = 324, 325  # tags
_SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}

_PREAMBLE_AT = 16  # behind a header of either kind

CLASSIC_BYTES = 2**31
"""Bytes up to which classic TIFF is written. Its offsets have 32 bits, so that no tile can begin
beyond 4 GiB, and programs that take these for signed numbers get lost beyond 2 GiB."""


@dataclass(frozen=True)
class TiffLayout:
    """The layout of a TIFF with planes of one shape.

    Parameters
    ----------
    planes
        Number of planes.
    levels
        Voxels along y and x of each level, from level 0 on.
    tile_shape
        Voxels of a tile along y and x: multiples of 16, as TIFF demands.
    dtype
        Type of the voxels.
    compression, predictor
        Values of the tags of these names.
    description
        The ImageDescription of the first plane.
    is_big
        Whether it is a BigTIFF, whose offsets have 64 bits.
    """

    planes: int
    levels: tuple[tuple[int, int], ...]
    tile_shape: tuple[int, int]
    dtype: np.dtype[Any]
    compression: int
    predictor: int
    description: bytes
    is_big: bool

    @cached_property
    def word(self) -> np.dtype[Any]:
        """Type of offsets and of numbers of bytes in the file."""
        return np.dtype("<u8" if self.is_big else "<u4")

    def grid(self, level: int) -> tuple[int, int]:
        """Return how many tiles a plane has along y and x."""
        (y, x), (tile_y, tile_x) = self.levels[level], self.tile_shape
        return -(-y // tile_y), -(-x // tile_x)

    @property
    def tiles_at(self) -> int:
        """Offset at which tiles may begin."""
        return self._indexes_at[-1]

    @property
    def raw_bytes(self) -> int:
        """Bytes of the whole file without compression: tiles are full ones, at edges too."""
        return self.raw_tile_at(0, self.planes, 0, 0)

    # Bytes

    def header(self) -> bytes:
        """Return the first bytes of the file, without which it is no TIFF."""
        if self.is_big:
            return struct.pack("<2sHHHQ", b"II", 43, 8, 0, self._directories_at)
        return struct.pack("<2sHI", b"II", 42, self._directories_at)

    def preamble(self) -> bytes:
        """Return the bytes between the room for the header, which is 16 bytes, and directories."""
        return self.description.ljust(self._resolution_at - _PREAMBLE_AT, b"\0") + _pair(1, 1)

    def directories(self, plane: int) -> bytes:
        """Return the directories of a plane's levels; those of the next plane follow them."""
        parts = [self._directory(plane, level) for level in range(len(self.levels))]
        parts.append(np.array(self._coarser_at(plane), self.word).tobytes())
        return b"".join(parts).ljust(self._steps[-1], b"\0")

    def _directory(self, plane: int, level: int) -> bytes:
        entries = np.array(self._entries(plane, level), self._entry)
        is_followed = level == 0 and plane + 1 < self.planes
        following = self._directory_at(plane + 1, 0) if is_followed else 0
        count = len(entries).to_bytes(self._count.itemsize, "little")
        end = following.to_bytes(self.word.itemsize, "little")
        directory = count + entries.tobytes() + end
        return directory.ljust(_aligned(len(directory)), b"\0")

    def _entries(self, plane: int, level: int) -> list[tuple[int, int, int, int]]:
        """Return for each tag its code, the type of its values, their number, and a word.

        The word is the value itself where that is short enough, else the place where it lies.
        """
        y, x = self.levels[level]
        tile_y, tile_x = self.tile_shape
        tiles = math.prod(self.grid(level))
        word_kind = _LONG8 if self.is_big else _LONG
        # One tile's are written into the entries, as soon as it is there.
        indexes = (0, 0) if tiles == 1 else self.index_places(level, plane, 0, 0)
        resolution = int.from_bytes(_pair(1, 1), "little") if self.is_big else self._resolution_at
        # Planes after the first have an empty description, so that all have as many entries.
        described = (len(self.description) + 1, _PREAMBLE_AT) if plane == 0 else (1, 0)
        coarser = self._coarser_at(plane)
        pointed = coarser[0] if len(coarser) == 1 else self._directory_at(plane, len(self.levels))
        entries = {
            254: (_LONG, 1, 1 if level else 0),  # NewSubfileType: 1 is of reduced resolution
            256: (_LONG, 1, x),
            257: (_LONG, 1, y),
            258: (_SHORT, 1, 8 * self.dtype.itemsize),
            259: (_SHORT, 1, self.compression),
            262: (_SHORT, 1, 1),  # PhotometricInterpretation: 0 is black
            270: (_ASCII, *described),
            277: (_SHORT, 1, 1),  # SamplesPerPixel
            282: (_RATIONAL, 1, resolution),  # along x; the voxel size stands in the OME-XML
            283: (_RATIONAL, 1, resolution),
            296: (_SHORT, 1, 1),  # ResolutionUnit: none
            317: (_SHORT, 1, self.predictor),
            322: (_LONG, 1, tile_x),
            323: (_LONG, 1, tile_y),
            _TILE_OFFSETS: (word_kind, tiles, indexes[0]),
            _TILE_BYTE_COUNTS: (word_kind, tiles, indexes[1]),
            330: (word_kind, len(coarser), pointed),  # SubIFDs
            339: (_SHORT, 1, _SAMPLE_FORMATS[self.dtype.kind]),
        }
        return [(code, *entries[code]) for code in self._codes(level)]

    # Places

    def index_places(self, level: int, plane: int, row: int, column: int) -> tuple[int, int]:
        """Return where the offset of a tile is to be written, and where its number of bytes.

        Those of the other tiles of its row follow.

        Parameters
        ----------
        level, plane
            Where the tile belongs.
        row, column
            Its place in the plane, in tiles.
        """
        rows, columns = self.grid(level)
        if rows * columns == 1:
            return self._word_at(plane, level, _TILE_OFFSETS), self._word_at(
                plane, level, _TILE_BYTE_COUNTS
            )
        tile = (plane * rows + row) * columns + column
        first, size = self._indexes_at[level], self.word.itemsize
        return first + tile * size, first + (self.planes * rows * columns + tile) * size

    def raw_tile_at(self, level: int, plane: int, row: int, column: int) -> int:
        """Return where a tile is to lie that is not compressed. Those of its row follow.

        Parameters
        ----------
        level, plane, row, column
            As for :meth:`index_places`.
        """
        tiles = [math.prod(self.grid(n)) for n in range(len(self.levels))]
        tile = plane * sum(tiles) + sum(tiles[:level]) + row * self.grid(level)[1] + column
        return self.tiles_at + tile * math.prod(self.tile_shape) * self.dtype.itemsize

    @property
    def _resolution_at(self) -> int:
        return _PREAMBLE_AT + _aligned(len(self.description) + 1)

    @property
    def _directories_at(self) -> int:
        return self._resolution_at + len(_pair(1, 1))

    @cached_property
    def _count(self) -> np.dtype[Any]:
        """Type of the number of a directory's entries."""
        return np.dtype("<u8" if self.is_big else "<u2")

    @cached_property
    def _entry(self) -> np.dtype[Any]:
        word = self.word.str
        return np.dtype([("code", "<u2"), ("kind", "<u2"), ("count", word), ("word", word)])

    def _codes(self, level: int) -> list[int]:
        """Return the tags of a directory of a level, in their order."""
        of_all = [254, *range(256, 260), 262, 277, 282, 283, 296, 317, *range(322, 326), 339]
        of_main = [270, 330] if len(self.levels) > 1 else [270]
        return of_all if level else sorted(of_all + of_main)

    @cached_property
    def _steps(self) -> tuple[int, ...]:
        """Where in a plane's directories that of each level begins; then SubIFDs; then the end."""
        lengths = [
            _aligned(
                self._count.itemsize
                + len(self._codes(level)) * self._entry.itemsize
                + self.word.itemsize
            )
            for level in range(len(self.levels))
        ]
        pointers = _aligned((len(self.levels) - 1) * self.word.itemsize)
        return tuple(accumulate([0, *lengths, pointers]))

    def _directory_at(self, plane: int, level: int) -> int:
        return self._directories_at + plane * self._steps[-1] + self._steps[level]

    def _coarser_at(self, plane: int) -> list[int]:
        return [self._directory_at(plane, level) for level in range(1, len(self.levels))]

    def _word_at(self, plane: int, level: int, code: int) -> int:
        """Return where the word of an entry lies: its end."""
        place = self._codes(level).index(code)
        entries_at = self._directory_at(plane, level) + self._count.itemsize
        return entries_at + (place + 1) * self._entry.itemsize - self.word.itemsize

    @cached_property
    def _indexes_at(self) -> tuple[int, ...]:
        """Where the index of each level begins, and what follows them."""
        tiles = [math.prod(self.grid(level)) for level in range(len(self.levels))]
        sizes = [2 * self.planes * n * self.word.itemsize if n > 1 else 0 for n in tiles]
        return tuple(accumulate(sizes, initial=self._directory_at(self.planes, 0)))


def _aligned(count: int) -> int:
    """Round up to whole 8 bytes: TIFF wants even places, and others like them so."""
    return -(-count // 8) * 8


def _pair(numerator: int, denominator: int) -> bytes:
    return struct.pack("<II", numerator, denominator)
