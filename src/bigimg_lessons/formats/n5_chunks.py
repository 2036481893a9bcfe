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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from bigimg_lessons.formats.deflate import deflate
from bigimg_lessons.pyramids.downsampling import Array

MAX_CHUNK_BYTES = 2**31 - 1
"""Maximum size of a chunk's voxels."""


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
    """

    path: Path
    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    gzip_level: int | None

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
        steps = self.chunk_shape
        for corner in product(*map(range, (0, 0, 0), block.shape, steps)):
            chunk = block[tuple(slice(c, c + n) for c, n in zip(corner, steps, strict=True))]
            z, y, x = ((s + c) // n for s, c, n in zip(start, corner, steps, strict=True))
            path = self.path / f"{x}" / f"{y}" / f"{z}"
            try:
                self._store(path, chunk)
            except FileNotFoundError:
                # Folders for x and y alone: if somebody has removed the dataset's own, that must
                # not come back with just the chunks that are still to be written.
                path.parent.parent.mkdir(exist_ok=True)
                path.parent.mkdir(exist_ok=True)
                self._store(path, chunk)

    def _store(self, path: Path, chunk: Array) -> None:
        with path.open("wb") as file:
            for part in self._encoded(chunk):
                file.write(part)

    def _encoded(self, chunk: Array) -> Iterator[bytes | bytearray]:
        """Yield the header of a chunk, and its voxels."""
        yield struct.pack(">HH3I", 0, 3, *chunk.shape[::-1])
        voxels = np.ascontiguousarray(chunk, self.dtype.newbyteorder(">")).view(np.uint8)
        if self.gzip_level is None:
            yield voxels.tobytes()
        else:
            yield deflate(voxels, self.gzip_level, frame="gzip")
