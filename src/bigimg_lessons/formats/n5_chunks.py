"""The chunks of an N5 dataset, encoded and written, each to a file of its own.

By the specification in github.com/saalfeldlab/n5 (README, *File-system specification*) a file
begins with a mode, here 0, and the number of axes as big-endian uint16, then the chunk's extents as
uint32, x first; then come its voxels, x fastest, big-endian and compressed. A chunk that would
stick out of the dataset ends where that ends. Folders and file are named by the chunk's place in
the grid, x first: ``0/4/1``.

Why no library writes them: zarr-python 3 knows no N5, and what adds it, zarr-n5, compresses by
zlib, which takes many times as long; tensorstore and z5py are much to install for so few lines.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from bigimg_lessons.formats.chunk_files import ChunkEncoders, ChunkFiles
from bigimg_lessons.formats.deflate import deflate
from bigimg_lessons.pyramids.downsampling import Array

MAX_CHUNK_BYTES = 2**31 - 1
"""Maximum size of a chunk's voxels."""

_HEADER = struct.Struct(">HH3I")  # mode, number of axes, extents


@dataclass(frozen=True)
class ChunkFolder:
    """The folder of a dataset of three axes, open to be written.

    Parameters
    ----------
    path
        The folder, which exists.
    shape
        Voxels along z, y and x.
    chunk_shape
        Voxels of a chunk, along no axis more than the dataset has.
    dtype
        Type of the voxels.
    gzip_level
        From 0 to 9, or None to store chunks as they are.
    encoders
        Who does the work.
    """

    path: Path
    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    gzip_level: int | None
    encoders: ChunkEncoders = field(repr=False)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the dataset's ``attributes.json`` must say of it, with axes in x, y, z order."""
        gzip = {"type": "gzip", "useZlib": False, "level": self.gzip_level}
        return {
            "dataType": self.dtype.name,
            "compression": {"type": "raw"} if self.gzip_level is None else gzip,
            "blockSize": self.chunk_shape[::-1],
            "dimensions": self.shape[::-1],
        }

    def write(self, start: Sequence[int], block: Array) -> None:
        """Write a block of whole chunks; threads may do so at once, each with chunks of its own.

        Parameters
        ----------
        start
            Where the block begins along z, y and x: at the beginning of a chunk.
        block
            Voxels, which end where a chunk or the dataset does.
        """
        encoding = _N5Encoding(self.chunk_shape, self.dtype, self.gzip_level)
        ChunkFiles(self, _key, encoding, self.encoders).write(start, block)

    def create(self, key: str) -> BinaryIO:
        """Create the file of a chunk; see :class:`bigimg_lessons.saving.objects.Objects`."""
        path = self.path / key
        try:
            return path.open("wb")
        except FileNotFoundError:
            # Folders for x and y alone: if somebody has removed the dataset's own, that must not
            # come back with just the chunks that are still to be written.
            path.parent.parent.mkdir(exist_ok=True)
            path.parent.mkdir(exist_ok=True)
            return path.open("wb")


def _key(place: tuple[int, ...]) -> str:
    z, y, x = place
    return f"{x}/{y}/{z}"


@dataclass(frozen=True)
class _N5Encoding:
    """How chunks are encoded, a :class:`bigimg_lessons.formats.chunk_files.Encoding`.

    Parameters
    ----------
    chunk_shape, dtype, gzip_level
        As for `ChunkFolder`.
    """

    chunk_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    gzip_level: int | None

    def of(self, block: Array) -> Callable[[tuple[int, ...]], bytes | bytearray]:
        """Return what encodes the chunks of a block one after the other, in one thread.

        Parameters
        ----------
        block
            Voxels, which end where a chunk or the dataset does; it is not changed.
        """
        steps, dtype = self.chunk_shape, self.dtype.newbyteorder(">")

        def encoded(corner: tuple[int, ...]) -> bytes | bytearray:
            chunk = block[tuple(slice(c, c + n) for c, n in zip(corner, steps, strict=True))]
            header = _HEADER.pack(0, 3, *chunk.shape[::-1])
            voxels = np.ascontiguousarray(chunk, dtype).reshape(-1).view(np.uint8)
            if self.gzip_level is None:
                return b"".join((header, voxels.data))
            return b"".join((header, deflate(voxels, self.gzip_level, frame="gzip")))

        return encoded
