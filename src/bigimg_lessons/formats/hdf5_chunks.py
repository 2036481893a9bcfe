"""Chunks of an HDF5 file, compressed on all cores and handed to HDF5 ready to store.

HDF5's own gzip filter works on one core only.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from bigimg_lessons.formats.chunk_files import corners_in
from bigimg_lessons.formats.deflate import ENCODER_BYTES, deflate

Array = npt.NDArray[Any]
Encoded = Sequence[Array | bytes | bytearray]

# Bytes of voxels that may wait to be compressed or stored: work for the cores during a read. More
# makes nothing faster, as compression is faster than most reading.
_WAITING_BYTES = 4 * 2**20

# HDF5's index of chunks: what it takes for each, and how much of it HDF5 may keep in memory. HDF5
# itself allows 1 to 32 MiB.
_INDEX_BYTES_PER_CHUNK = 256
_MIN_INDEX_BYTES = 2**20
_MAX_INDEX_BYTES = 32 * 2**20

# What stays of threads and of HDF5's own tables.
_ONCE_BYTES = 4 * 2**20

# Small chunks are compressed several at a time: handing over a task costs some microseconds.
_TASK_BYTES = 2**18


@dataclass(frozen=True)
class Room:
    """Bytes for what HDF5 and the compression hold at a time, whatever the blocks.

    Parameters
    ----------
    waiting
        For chunks that wait to be compressed or stored, at least one for each core.
    index
        For HDF5's index of chunks.
    at_once
        For these and everything else.
    """

    waiting: int
    index: int
    at_once: int

    @classmethod
    def of(cls, spare: int, *, chunks: int, largest: int) -> Self:
        """Take the minimum, and more as far as memory is to spare.

        Parameters
        ----------
        spare
            Bytes beyond the minimum.
        chunks
            Number of chunks of all views.
        largest
            Bytes of the largest chunk.
        """
        workers = os.cpu_count() or 1
        task = max(largest, _TASK_BYTES)
        minimum = (workers + 1) * task
        waiting = max(minimum, min(_WAITING_BYTES, minimum + spare // 2))
        index = min(_MAX_INDEX_BYTES, _MIN_INDEX_BYTES + spare // 2)
        # Of a part that is being compressed there are a chunk, shuffled, and the bytes for HDF5.
        working = workers * (3 * task + ENCODER_BYTES)
        used = min(index, chunks * _INDEX_BYTES_PER_CHUNK)
        return cls(waiting, index, _ONCE_BYTES + waiting + working + used)


class ChunkWriter:
    """Compresses chunks on all cores and stores them in HDF5, in the order they came.

    Compression runs in threads, and only the calling thread uses HDF5. What waits in between is
    copied, so that the block it came from can go, and is bounded.

    Parameters
    ----------
    gzip_level
        From 0 to 9, or None to store chunks as they are.
    waiting_bytes
        Bytes of chunks that may wait.
    """

    def __init__(self, gzip_level: int | None, waiting_bytes: int) -> None:
        self._gzip_level = gzip_level
        self._max_bytes = waiting_bytes
        self._workers = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="compress")
        self._waiting: deque[tuple[h5py.Dataset, list[int], int, Future[Encoded]]] = deque()
        self._waiting_bytes = 0

    def put(self, cells: h5py.Dataset, start: Sequence[int], block: Array) -> None:
        """Store a block of whole chunks, sooner or later.

        Parameters
        ----------
        cells
            Where, of three axes.
        start
            Where the block begins along z, y and x.
        block
            Voxels.
        """
        steps = list(cells.chunks)
        steps[2] *= max(1, _TASK_BYTES // (math.prod(steps) * block.itemsize))
        for corner in corners_in(block.shape, steps):
            part = block[tuple(slice(c, c + n) for c, n in zip(corner, steps, strict=True))]
            part = np.array(part, part.dtype.newbyteorder("<"))
            task = self._pool.submit(_encode, part, cells.chunks, self._gzip_level)
            begin = [s + c for s, c in zip(start, corner, strict=True)]
            # As stored without compression: a chunk that sticks out of the level is filled up.
            filled = -(-part.shape[2] // cells.chunks[2]) * math.prod(cells.chunks) * part.itemsize
            self._waiting.append((cells, begin, filled, task))
            self._waiting_bytes += filled
            while self._waiting_bytes > self._max_bytes and len(self._waiting) > self._workers:
                self._store_next()

    def finish(self) -> None:
        """Store all that still waits."""
        while self._waiting:
            self._store_next()

    def close(self) -> None:
        """End the threads; what still waits is not stored."""
        self._pool.shutdown(cancel_futures=True)

    def _store_next(self) -> None:
        cells, (z, y, x), filled, task = self._waiting.popleft()
        for number, chunk in enumerate(task.result()):
            cells.id.write_direct_chunk((z, y, x + number * cells.chunks[2]), chunk)
        self._waiting_bytes -= filled


def _encode(row: Array, chunk_shape: tuple[int, int, int], gzip_level: int | None) -> Encoded:
    """Cut a row of chunks along x, and return for each the bytes that HDF5 stores.

    A chunk that sticks out of the level is filled up with zeros.
    """
    parts = (row[:, :, x : x + chunk_shape[2]] for x in range(0, row.shape[2], chunk_shape[2]))
    if gzip_level is None:
        return [_filled(part, chunk_shape) for part in parts]
    return [deflate(_shuffled(part, chunk_shape), gzip_level) for part in parts]


def _filled(part: Array, chunk_shape: tuple[int, int, int]) -> Array:
    chunk = np.zeros(chunk_shape, part.dtype)
    chunk[tuple(map(slice, part.shape))] = part
    return chunk


def _shuffled(part: Array, chunk_shape: tuple[int, int, int]) -> Array:
    """Fill up a chunk, and sort its bytes as HDF5's shuffle filter does.

    The lowest bytes of all voxels come first, then all second ones, and so on; gzip finds more to
    save in that. Shifting takes less than half of the time that it takes to copy every n-th byte.
    """
    bits = part.view(f"<u{part.itemsize}")
    planes = np.zeros((part.itemsize, *chunk_shape), np.uint8)
    for number, plane in enumerate(planes):
        inside = plane[tuple(map(slice, part.shape))]
        np.right_shift(bits, 8 * number, out=inside, casting="unsafe")
    return planes
