"""Chunks of Zarr arrays, encoded on all cores and written as the files that they are.

Without shards a chunk is a file, and in it are the chunk's voxels in C order, through one codec
(https://zarr-specs.readthedocs.io/en/latest/v3/core/ and …/v2/v2.0.html). zarr-python writes it
too, and is asked for everything else. But of a build from a TIFF to chunks of 64 x 64 x 64 bytes
8 % of the time went into its bookkeeping of chunks, and 7 % into cutting them out of the block row
by row in ``zarrs`` (zarr 3.1.6, zarrs 0.2.3); and Blosc of numcodecs 0.16.6, which zarr-python has
without ``zarrs``, takes a fifth longer for voxels of two bytes than that of imagecodecs 2026.3.6.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
import numpy.typing as npt

from bigimg_lessons.pyramids.downsampling import Array

Bytes = npt.NDArray[np.uint8]

_BLOSC_HEADER_BYTES = 16
"""What Blosc adds to bytes of which it can save none (``BLOSC_MAX_OVERHEAD`` in blosc.h)."""


@dataclass(frozen=True)
class Blosc:
    """Blosc as one array uses it.

    Parameters
    ----------
    cname, clevel, blocksize
        As in ``zarr.codecs.BloscCodec``.
    shuffle
        0 for none, 1 for bytes, 2 for bits.
    typesize
        Bytes of a value, for shuffling: 1, 2, 4 or 8, and no more than a voxel has.
    """

    cname: str
    clevel: int
    shuffle: int
    blocksize: int
    typesize: int

    KNOWN = ("blosclz", "lz4", "lz4hc", "zlib", "zstd")
    """The compressors that every Blosc has; imagecodecs stores as they are what others should."""

    def encode(self, chunk: Bytes, room: bytearray) -> Any:
        """Compress a chunk into `room`, and return the bytes that it then is."""
        # imagecodecs takes an array, though it is annotated with less, and then the size of its
        # values for `typesize`, whatever it is told.
        values: Any = chunk.view(f"u{self.typesize}")
        return imagecodecs.blosc_encode(
            values,
            level=self.clevel,
            compressor=self.cname,
            shuffle=self.shuffle,
            blocksize=self.blocksize,
            numthreads=1,  # as this is called in a thread for each core
            out=room,
        )


class ChunkEncoders:
    """Threads that help to encode chunks, of whichever level, on cores that have nothing to do."""

    def __init__(self) -> None:
        self._cores = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._cores, thread_name_prefix="encode")
        self._callers = 0
        self._lock = Lock()

    def share(self, work: Callable[[list[Any]], None], items: list[Any]) -> None:
        """Call `work` with all items: here, and where no other thread calls this, in others too.

        Also when one has failed the others come to their end first, so that nobody goes on to
        write into a folder that is being removed.

        Parameters
        ----------
        work
            Takes a share of the items.
        items
            What is to be done, in any order.
        """
        with self._lock:
            self._callers += 1
            idle = max(0, self._cores - self._callers)
        try:
            count = min(1 + idle, len(items))
            helping = [self._pool.submit(work, items[n::count]) for n in range(1, count)]
            try:
                work(items[::count])
            finally:
                wait(helping)
            for share in helping:
                share.result()
        finally:
            with self._lock:
                self._callers -= 1

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


@dataclass(frozen=True)
class ChunkFiles:
    """The files of an array's chunks.

    Parameters
    ----------
    folder
        The array's, which exists.
    chunk_shape
        Voxels along all axes.
    dtype
        Type of the voxels as they are stored.
    key
        Takes the place of a chunk, counted in chunks along each axis; returns its file's path in
        `folder`, with slashes.
    codec
        Compresses the chunks; None stores them as they are.
    encoders
        Who does the work.
    """

    folder: Path
    chunk_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    key: Callable[[tuple[int, ...]], str]
    codec: Blosc | None
    encoders: ChunkEncoders = field(repr=False)

    def write(self, start: Sequence[int], block: Array) -> None:
        """Write a block of whole chunks, also cut off by the array's end; it is not changed.

        A chunk of nothing but zeros, which is what readers take a missing chunk for, is left out,
        as ``zarrs`` leaves it out.

        Parameters
        ----------
        start
            Where the block begins along each axis, at a multiple of `chunk_shape`.
        block
            Voxels.
        """
        corners = list(product(*map(range, (0,) * block.ndim, block.shape, self.chunk_shape)))
        self.encoders.share(lambda share: self._write(start, block, share), corners)

    def _write(self, start: Sequence[int], block: Array, corners: list[tuple[int, ...]]) -> None:
        chunk = np.zeros(self.chunk_shape, self.dtype)
        stored = chunk.reshape(-1).view(np.uint8)
        room = bytearray(stored.size + _BLOSC_HEADER_BYTES if self.codec else 0)
        # A row of a chunk is one item, if it can be, which NumPy takes half the time to copy.
        row = self.chunk_shape[-1]
        is_of_rows = (
            block.flags.c_contiguous and block.shape[-1] % row == 0 and block.dtype == self.dtype
        )
        source, whole = block, chunk
        if is_of_rows:
            kind = f"V{row * block.itemsize}"
            source, whole = block.view(kind), chunk.view(kind)
        for corner in corners:
            steps = list(zip(corner, self.chunk_shape, strict=True))
            where = [slice(c, c + n) for c, n in steps]
            if is_of_rows:
                where[-1] = slice(corner[-1] // row, corner[-1] // row + 1)
            part = source[tuple(where)]
            if part.size < whole.size:
                chunk.fill(0)
            whole[tuple(map(slice, part.shape))] = part
            # By bytes, as -0.0 is no zero; and max() takes a third of the time of any().
            if stored[0] == 0 and stored.max() == 0:
                continue
            place = tuple((s + c) // n for s, (c, n) in zip(start, steps, strict=True))
            with _created(self.folder / self.key(place)) as file:
                file.write(self.codec.encode(stored, room) if self.codec else stored.data)


def _created(path: Path) -> BinaryIO:
    """Create a file, and its folder if it is the first there."""
    try:
        return path.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")
