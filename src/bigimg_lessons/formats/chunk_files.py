"""Chunks of Zarr arrays: encoded on all cores and, without shards, written as objects of their own.

Without shards a chunk is an object, which in a folder is a file, and in it are the chunk's voxels
in C order, through one codec (https://zarr-specs.readthedocs.io/en/latest/v3/core/ and
…/v2/v2.0.html). zarr-python writes it too, and is asked for everything else. But of a build from a
TIFF to chunks of 64 x 64 x 64 bytes 8 % of the time went into its bookkeeping of chunks, and 7 %
into cutting them out of the block row by row in ``zarrs`` (zarr 3.1.6, zarrs 0.2.3); and Blosc of
numcodecs 0.16.6, which zarr-python has without ``zarrs``, takes a fifth longer for voxels of two
bytes than that of imagecodecs 2026.3.6.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import product
from threading import Lock
from typing import Any, Protocol

import imagecodecs
import numpy as np
import numpy.typing as npt

from bigimg_lessons.pyramids.downsampling import Array
from bigimg_lessons.saving.objects import Objects

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
    """Threads that help to encode chunks, of whichever level, on cores that have nothing to do.

    Parameters
    ----------
    cores
        How many threads may encode at once, with those that call `share`; by default one on each
        core. More than that where they mostly wait.
    """

    def __init__(self, cores: int | None = None) -> None:
        self._cores = cores or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._cores, thread_name_prefix="encode")
        self._callers = 0
        self._lock = Lock()

    def share(
        self, work: Callable[[Iterator[Any]], None], items: Iterator[Any], count: int
    ) -> None:
        """Call `work` with all items: here, and where no other thread calls this, in others too.

        Also when one has failed the others come to an end first, so that nobody goes on to write
        into a folder that is being removed; they take no further items.

        Parameters
        ----------
        work
            Takes an iterator. Each call gets the items that no other has taken, in their order.
        items
            What is to be done; none of them is None. They are made as they are taken, since a block
            may have so many chunks that a list of them would take a part of its memory.
        count
            How many there are.
        """
        taking, is_given_up = Lock(), False

        def taken() -> Iterator[Any]:
            while True:
                with taking:
                    item = None if is_given_up else next(items, None)
                if item is None:
                    return
                yield item

        def give_up() -> None:
            nonlocal is_given_up
            is_given_up = True

        def do() -> None:
            try:
                work(taken())
            except BaseException:
                give_up()
                raise

        with self._lock:
            self._callers += 1
            idle = max(0, self._cores - self._callers)
        helping: list[Future[None]] = []
        try:
            try:
                helping.extend(self._pool.submit(do) for _ in range(min(idle, count - 1)))
                do()
            except BaseException:
                give_up()  # the system may have had no thread to start
                raise
            finally:
                wait(helping)
            for helper in helping:
                helper.result()
        finally:
            with self._lock:
                self._callers -= 1

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


class Encoding(Protocol):
    """How chunks are encoded: :class:`ChunkEncoding`, or what another format has in its place."""

    @property
    def chunk_shape(self) -> tuple[int, ...]:
        """Voxels of a chunk along all axes."""

    def of(self, block: Array) -> Callable[[tuple[int, ...]], Any]:
        """Return what encodes the chunks of a block, as :meth:`ChunkEncoding.of` does."""


@dataclass(frozen=True)
class ChunkEncoding:
    """How an array's chunks are encoded.

    Parameters
    ----------
    chunk_shape
        Voxels along all axes.
    dtype
        Type of the voxels as they are stored.
    codec
        Compresses the chunks; None stores them as they are.
    """

    chunk_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    codec: Blosc | None

    def of(self, block: Array) -> Callable[[tuple[int, ...]], Any]:
        """Return what encodes the chunks of a block one after the other, in one thread.

        It takes where in the block a chunk begins. It returns the chunk's bytes, which stay what
        they are until the next is encoded; or None for a chunk of nothing but zeros, which is what
        readers take a missing chunk for, and which ``zarrs`` leaves out too.

        Parameters
        ----------
        block
            Voxels of whole chunks, also cut off by the array's end; it is not changed.
        """
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

        def encoded(corner: tuple[int, ...]) -> Any:
            where = [slice(c, c + n) for c, n in zip(corner, self.chunk_shape, strict=True)]
            if is_of_rows:
                where[-1] = slice(corner[-1] // row, corner[-1] // row + 1)
            part = source[tuple(where)]
            if part.size < whole.size:
                chunk.fill(0)
            whole[tuple(map(slice, part.shape))] = part
            # By bytes, as -0.0 is no zero; and max() takes a third of the time of any().
            if stored[0] == 0 and stored.max() == 0:
                return None
            return self.codec.encode(stored, room) if self.codec else stored.data

        return encoded


@dataclass(frozen=True)
class ChunkFiles:
    """The files of an array's chunks, or the objects, where there are no files.

    Parameters
    ----------
    objects
        Where they go: those of the array's folder.
    key
        Takes the place of a chunk, counted in chunks along each axis; returns its key in `objects`.
    encoding
        How the chunks are encoded.
    encoders
        Who does the work.
    """

    objects: Objects
    key: Callable[[tuple[int, ...]], str]
    encoding: Encoding
    encoders: ChunkEncoders = field(repr=False)

    def write(self, start: Sequence[int], block: Array) -> None:
        """Write a block of whole chunks, also cut off by the array's end; it is not changed.

        A chunk that is encoded as None is left out.

        Parameters
        ----------
        start
            Where the block begins along each axis, at a multiple of the chunks' shape.
        block
            Voxels.
        """
        steps = self.encoding.chunk_shape

        def work(corners: Iterator[tuple[int, ...]]) -> None:
            encoded_at = self.encoding.of(block)
            for corner in corners:
                if (encoded := encoded_at(corner)) is None:
                    continue
                place = tuple((s + c) // n for s, c, n in zip(start, corner, steps, strict=True))
                with self.objects.create(self.key(place)) as file:
                    file.write(encoded)

        corners = corners_in(block.shape, steps)
        self.encoders.share(work, corners, count_in(block.shape, steps))


def corners_in(shape: Sequence[int], steps: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield where the parts of so many steps begin in a whole of a shape, in C order."""
    return product(*map(range, (0,) * len(shape), shape, steps))


def count_in(shape: Sequence[int], steps: Sequence[int]) -> int:
    """Return how many parts `corners_in` yields."""
    return math.prod(-(-n // step) for n, step in zip(shape, steps, strict=True))
