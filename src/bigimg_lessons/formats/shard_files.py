"""Shards of Zarr arrays, written as the files that they are, while their chunks are encoded.

In the file of a shard its chunks follow one another, and at its end comes the index: for each chunk
of the shard, in C order, where it begins and how many bytes it has, as little-endian uint64, or
twice 2**64 - 1 for a chunk that is missing; then, if the array says so, the CRC-32C of the index
(https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/). In which order the chunks
lie is left to the writer. Here that is C order too, however many threads encode them, so that the
same image makes the same file; and of a shard no more is held than those chunks that are being
encoded.

Why no library writes them: ``zarrs`` 0.2.3 and zarr-python 3.1.6 hold a shard three times, as
voxels, as chunks and as the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Condition
from types import TracebackType
from typing import Any, Self

import google_crc32c
import numpy as np

from bigimg_lessons.formats.chunk_files import (
    ChunkEncoders,
    ChunkEncoding,
    corners_in,
    count_in,
)
from bigimg_lessons.pyramids.downsampling import Array
from bigimg_lessons.saving.objects import Objects, ObjectWriter

_MISSING = 2**64 - 1

INDEX_BYTES = 16
"""Size of what the index says of one chunk."""


@dataclass(frozen=True)
class ShardFiles:
    """The files of an array's shards, or the objects, where there are no files.

    Parameters
    ----------
    objects
        Where they go: those of the array's folder.
    key
        Takes the place of a shard, counted in shards along each axis; returns its key in `objects`.
    shard_shape
        Voxels of a shard along all axes, in whole chunks.
    has_checksum
        Whether the index ends with its CRC-32C.
    encoding
        How the chunks are encoded.
    encoders
        Who does the work.
    """

    objects: Objects
    key: Callable[[tuple[int, ...]], str]
    shard_shape: tuple[int, ...]
    has_checksum: bool
    encoding: ChunkEncoding
    encoders: ChunkEncoders = field(repr=False)

    def write(self, start: Sequence[int], block: Array) -> None:
        """Write a block of whole shards, also cut off by the array's end; it is not changed.

        A chunk of nothing but zeros is left out, and so is a shard without a chunk.

        Parameters
        ----------
        start
            Where the block begins along each axis, at a multiple of `shard_shape`.
        block
            Voxels.
        """
        with _ShardsInTurn(self, start) as shards:

            def work(numbered: Iterator[tuple[int, tuple[int, ...]]]) -> None:
                encoded_at = self.encoding.of(block)
                try:
                    for turn, corner in numbered:
                        shards.append(turn, corner, encoded_at(corner))
                except BaseException:
                    shards.give_up()
                    raise

            count = count_in(block.shape, self.encoding.chunk_shape)
            self.encoders.share(work, enumerate(self._corners(block.shape)), count)
            shards.finish()

    def _corners(self, shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Yield where chunks begin in a block: shard by shard, both in C order."""
        for corner in corners_in(shape, self.shard_shape):
            ends = (min(n - c, s) for n, c, s in zip(shape, corner, self.shard_shape, strict=True))
            for inner in corners_in(tuple(ends), self.encoding.chunk_shape):
                yield tuple(c + i for c, i in zip(corner, inner, strict=True))


class _ShardsInTurn:
    """The shards of a block, one of which is open; whatever thread has a chunk waits for its turn.

    Nobody waits for a chunk that nobody has: they are taken in their order. After an error that
    leaves its ``with`` block no object stays of the shard that is open.

    Parameters
    ----------
    files
        Where the shards go.
    start
        Where the block begins along each axis.
    """

    def __init__(self, files: ShardFiles, start: Sequence[int]) -> None:
        self._files = files
        self._start = start
        self._turn = 0
        self._is_given_up = False
        self._changed = Condition()
        self._place: tuple[int, ...] | None = None
        self._object = ExitStack()
        self._writer: ObjectWriter | None = None
        chunks = zip(files.shard_shape, files.encoding.chunk_shape, strict=True)
        self._index = np.empty((*(s // c for s, c in chunks), 2), "<u8")
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._object.__exit__(kind, error, traceback)

    def append(self, turn: int, corner: tuple[int, ...], encoded: Any) -> None:
        """Wait for a turn, and write a chunk; unless another has failed.

        Parameters
        ----------
        turn
            The chunk's number in the block.
        corner
            Where it begins in the block.
        encoded
            Its bytes; None for one that is missing.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._turn == turn or self._is_given_up)
            if self._is_given_up:
                return
            self._append(corner, encoded)
            self._turn += 1
            self._changed.notify_all()

    def _append(self, corner: tuple[int, ...], encoded: Any) -> None:
        voxel = [s + c for s, c in zip(self._start, corner, strict=True)]
        shard_shape, chunk_shape = self._files.shard_shape, self._files.encoding.chunk_shape
        place = tuple(v // s for v, s in zip(voxel, shard_shape, strict=True))
        if place != self._place:
            self.finish()
            self._place = place
            self._index.fill(_MISSING)
            self._size = 0
        if encoded is None:
            return
        if self._writer is None:
            created = self._files.objects.create(self._files.key(place))
            self._writer = self._object.enter_context(created)
        chunk = (v % s // c for v, s, c in zip(voxel, shard_shape, chunk_shape, strict=True))
        self._index[tuple(chunk)] = self._size, len(encoded)
        self._writer.write(encoded)
        self._size += len(encoded)

    def finish(self) -> None:
        """End the shard that is open, if one is, with its index."""
        if self._writer is not None:
            index = self._index.tobytes()
            self._writer.write(index)
            if self._files.has_checksum:
                self._writer.write(google_crc32c.value(index).to_bytes(4, "little"))
            self._writer = None
            self._object.close()

    def give_up(self) -> None:
        """Let nobody wait any more, as the turn of one who has failed never ends."""
        with self._changed:
            self._is_given_up = True
            self._changed.notify_all()
