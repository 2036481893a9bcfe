"""Chunk arithmetic: what a region of a chunked image costs, before anything is read.

Nothing here touches a file. All tuples follow the axes of the array, slowest first (zyx); sizes
are in voxels, bytes in bytes, times in seconds.

Reads are counted as real readers make them: the tests compare these numbers with what zarr-python
3.1.6 and 3.4.2, h5py 3.16 (HDF5 2.0) and tifffile 2026.3 and 2026.11 asked of their files, for all
kinds of regions:

- A chunk is read as a whole or not at all, in one request.
- Zarr, HDF5 and the tiles of TIFF store a chunk at the image's edge in full size, padded; the
  last strip of a TIFF plane is cut instead. A chunk may be longer than the image, and is padded
  likewise: Zarr takes any, and many images have coarse levels like that; HDF5 takes it only
  where a dataset may grow to the chunk's length (h5py: ``maxshape``).
- A shard is a file of chunks with an index that says where each lies: an offset and a length of
  8 bytes each per chunk, then 4 bytes of checksum (Zarr v3 codec ``sharding_indexed``). Where all
  of its chunks are wanted, it is read whole in a single request. Else the index is read first, and
  then the chunks: one request for each, or for each run of chunks that lie close to each other,
  with the gaps between them. That is up to the reader, see `ShardReader`.
- A shard holds only chunks that have voxels of the image, so that one which reaches beyond it is
  never wanted whole; its index has room for all. Chunks lie in the order in which the writer
  wrote them, see `ChunkGrid`, without gaps.

What is not in these numbers: metadata and the tables of a file; chunks that were never stored
because they hold nothing but the fill value (for those `ChunkGrid.reading` takes ``missing``, as
HDF5 and references ask nothing for them; a Zarr store is asked, and answers with no bytes);
compression, which also changes how far apart the chunks of a shard lie; and HDF5's habit of reading
a chunk that is not compressed and does not fit into the chunk cache of its dataset
(``rdcc_nbytes``, 8 MiB by default in HDF5 2.0, 1 MiB before) bit by bit, one request for each run
of voxels.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from bigimg_lessons.checks import whole_numbers
from bigimg_lessons.costs import shards
from bigimg_lessons.costs.readers import ONE_BY_ONE, ShardReader
from bigimg_lessons.costs.regions import Index, spans

LARGEST_IMAGE = 2**50
"""Maximum number of bytes of an image, 1 PiB: up to here JavaScript computes exactly too."""

LARGEST_STORED = 2**53
"""All chunks of an image, padded, and the indexes of its shards stay below that many bytes, 8 PiB:
JavaScript knows every whole number up to here."""

MAX_CHUNKS = 10**12
"""Maximum number of chunks of an image, for the same reason."""


@dataclass(frozen=True)
class Reading:
    """What it costs to read one region.

    Parameters
    ----------
    wanted
        Bytes of the region itself, not compressed.
    read
        Bytes that must be read for it, not compressed, including shard indexes.
    chunks
        Number of chunks that the region touches.
    shards
        Number of shards that the region touches; 0 if the image has none.
    requests
        Number of read requests, each for one range of bytes.
    """

    wanted: int
    read: int
    chunks: int
    shards: int
    requests: int

    @property
    def amplification(self) -> float:
        """Read amplification: bytes read divided by bytes wanted; 1 is ideal."""
        return self.read / self.wanted


@dataclass(frozen=True)
class ChunkGrid:
    """An image cut into chunks, and these perhaps packed into shards.

    Parameters
    ----------
    shape
        Voxels of the image along each axis.
    chunk_shape
        Voxels of a chunk along each axis; may be more than the image has.
    dtype
        Type of a voxel, for its size in bytes.
    shard_shape
        Voxels of a shard along each axis, whole multiples of `chunk_shape`, perhaps more than
        the image has; ``None`` where each chunk is a file, or a piece of a file, of its own.
    edges
        How a chunk at the far edge is stored: ``"padded"`` to full size (Zarr, HDF5, TIFF tiles)
        or ``"cut"`` to what is there (TIFF strips and planes).
    shard_order
        How the chunks of a shard follow each other, which the writer decides: ``"morton"``, along
        a Z-order curve on which the first axis is fastest (zarr-python, by default), or
        ``"C"``, on which the last axis is fastest (tensorstore).

    Raises
    ------
    ValueError
        If sizes are not whole numbers of 1 or more, do not fit each other, or make an image of
        more than `LARGEST_IMAGE` bytes or `MAX_CHUNKS` chunks, or of `LARGEST_STORED` bytes with
        its padding.

    Examples
    --------
    A YZ slice through a stack of planes, and through chunks of 64 × 64 × 64:

    >>> stack = ChunkGrid((256, 1024, 1024), (1, 1024, 1024), edges="cut")
    >>> boxes = ChunkGrid((256, 1024, 1024), (64, 64, 64))
    >>> yz = (slice(None), slice(None), 512)
    >>> stack.reading(yz).chunks, boxes.reading(yz).chunks
    (256, 64)
    >>> boxes.reading(yz)
    Reading(wanted=262144, read=16777216, chunks=64, shards=0, requests=64)
    >>> boxes.reading(yz).amplification
    64.0

    The same in shards, read by two readers:

    >>> from bigimg_lessons.costs.readers import MERGING
    >>> packed = ChunkGrid((256, 1024, 1024), (64, 64, 64), shard_shape=(256, 256, 256))
    >>> packed.reading(yz)
    Reading(wanted=262144, read=16781328, chunks=64, shards=4, requests=68)
    >>> packed.reading(yz, reader=MERGING)
    Reading(wanted=262144, read=29364240, chunks=64, shards=4, requests=8)
    """

    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...]
    dtype: npt.DTypeLike = "uint8"
    shard_shape: tuple[int, ...] | None = None
    edges: Literal["padded", "cut"] = "padded"
    shard_order: Literal["morton", "C"] = "morton"

    def __post_init__(self) -> None:
        shape = whole_numbers("shape", self.shape)
        chunk_shape = whole_numbers("chunk_shape", self.chunk_shape, like=shape)
        if self.edges not in ("padded", "cut"):
            raise ValueError(f"edges is {self.edges!r}: give 'padded' or 'cut'.")
        if self.shard_order not in ("morton", "C"):
            raise ValueError(f"shard_order is {self.shard_order!r}: give 'morton' or 'C'.")
        shard_shape = self.shard_shape
        if shard_shape is not None:
            shard_shape = whole_numbers("shard_shape", shard_shape, like=shape)
            if any(s % c for s, c in zip(shard_shape, chunk_shape, strict=True)):
                raise ValueError(
                    f"shard_shape is {shard_shape} for chunks of {chunk_shape}: give whole "
                    "multiples of the chunk along every axis."
                )
            if self.edges == "cut":
                raise ValueError("edges is 'cut', but chunks in shards are always 'padded'.")
        dtype = np.dtype(self.dtype)
        if dtype.kind not in "biufc":
            raise ValueError(f"dtype is {dtype}: give a type of numbers, such as 'uint8'.")
        size = math.prod(shape) * dtype.itemsize
        if size > LARGEST_IMAGE:
            raise ValueError(
                f"An image of {shape} voxels of {dtype.name} has {size:,} bytes: give a shape of "
                f"at most {LARGEST_IMAGE:,} bytes (1 PiB)."
            )
        # The dataclass is frozen for its users; this is where its values become what it promises.
        for name, value in (
            ("shape", shape),
            ("chunk_shape", chunk_shape),
            ("shard_shape", shard_shape),
            ("dtype", dtype),
        ):
            object.__setattr__(self, name, value)
        self._check_amounts()

    def _check_amounts(self) -> None:
        """Raise ValueError if there are too many chunks, or too many bytes, to count."""
        if self.chunk_count > MAX_CHUNKS:
            raise ValueError(
                f"An image of {self.shape} in chunks of {self.chunk_shape} has more than "
                f"{MAX_CHUNKS:,} chunks: give larger chunks."
            )
        stored = self.chunk_count * self.chunk_bytes + self.shard_count * self.index_bytes
        if stored >= LARGEST_STORED:
            raise ValueError(
                f"The chunks of {self.chunk_shape}, padded, and the indexes of the shards of an "
                f"image of {self.shape} have {stored:,} bytes: give shorter chunks and shards, for "
                f"less than {LARGEST_STORED:,} bytes (8 PiB)."
            )

    @property
    def item_size(self) -> int:
        """Bytes of one voxel."""
        return np.dtype(self.dtype).itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of the image, not compressed, without padding."""
        return math.prod(self.shape) * self.item_size

    @property
    def chunk_bytes(self) -> int:
        """Bytes of one whole chunk, not compressed."""
        return math.prod(self.chunk_shape) * self.item_size

    @property
    def grid_shape(self) -> tuple[int, ...]:
        """Chunks along each axis; the last of an axis may reach beyond the image."""
        return tuple(-(-n // c) for n, c in zip(self.shape, self.chunk_shape, strict=True))

    @property
    def chunk_count(self) -> int:
        """Chunks of the whole image."""
        return math.prod(self.grid_shape)

    @property
    def chunks_per_shard(self) -> tuple[int, ...] | None:
        """Chunks in a shard along each axis; ``None`` without shards."""
        if self.shard_shape is None:
            return None
        return tuple(s // c for s, c in zip(self.shard_shape, self.chunk_shape, strict=True))

    @property
    def shard_count(self) -> int:
        """Shards of the whole image; 0 without shards."""
        if self.shard_shape is None:
            return 0
        return math.prod(-(-n // s) for n, s in zip(self.shape, self.shard_shape, strict=True))

    @property
    def file_count(self) -> int:
        """Files or objects of an OME-Zarr level like this, without its metadata."""
        return self.shard_count or self.chunk_count

    @property
    def index_bytes(self) -> int:
        """Bytes of a shard's index; 0 without shards."""
        per_shard = self.chunks_per_shard
        return 0 if per_shard is None else 16 * math.prod(per_shard) + 4

    def touched(self, region: Sequence[Index]) -> tuple[Sequence[int], ...]:
        """Return which chunks a region touches.

        Parameters
        ----------
        region
            A whole number or a slice for each axis, within the image.

        Returns
        -------
        tuple of sequences of int
            For each axis the numbers of the chunks, ascending. The chunks touched are all
            combinations (their product) of these.

        Raises
        ------
        ValueError
            If `region` does not have one entry per axis, is empty or reaches outside the image.
        """
        return tuple(
            # Steps shorter than a chunk skip none; longer ones never meet the same chunk twice.
            range(span[0] // chunk, span[-1] // chunk + 1)
            if span.step < chunk
            else tuple(position // chunk for position in span)
            for span, chunk in zip(spans(region, self.shape), self.chunk_shape, strict=True)
        )

    def reading(
        self,
        region: Sequence[Index],
        *,
        reader: ShardReader = ONE_BY_ONE,
        missing: Collection[tuple[int, ...]] = (),
    ) -> Reading:
        """Predict what it costs to read a region.

        Parameters
        ----------
        region
            A whole number or a slice for each axis, within the image.
        reader
            How the program reads; it makes no difference without shards.
        missing
            Chunks that are not stored, each as its number along each axis, for which nothing is
            asked: of an HDF5 dataset, or of references that have no entry for them. None of them
            in shards, where the place of all others depends on them.

        Returns
        -------
        Reading
            Bytes wanted and read, chunks (with those that are missing), shards and requests.

        Raises
        ------
        ValueError
            If `region` does not have one entry per axis, is empty or reaches outside the image;
            if it has more than 2²³ chunks, or a million steps longer than a chunk, to inspect; or
            if chunks are `missing` that the image does not have, or that would lie in shards.
        """
        picked = spans(region, self.shape)
        wanted = math.prod(map(len, picked)) * self.item_size
        if self.shard_shape is None:
            reading = self._reading_of_chunks(picked, wanted)
            return self._without(missing, self.touched(region), reading) if missing else reading
        if missing:
            raise ValueError("missing names chunks, but these lie in shards: give none.")
        return self._reading_of_shards(picked, wanted, reader)

    def _reading_of_chunks(self, picked: Sequence[range], wanted: int) -> Reading:
        chunks, voxels = 1, 1
        for span, size, chunk in zip(picked, self.shape, self.chunk_shape, strict=True):
            last = span[-1] // chunk
            count = min(len(span), last - span[0] // chunk + 1)
            cut = max(0, (last + 1) * chunk - size) if self.edges == "cut" else 0
            chunks *= count
            voxels *= count * chunk - cut
        return Reading(wanted, voxels * self.item_size, chunks, 0, chunks)

    def _without(
        self, missing: Collection[tuple[int, ...]], touched: Sequence[Sequence[int]], full: Reading
    ) -> Reading:
        """Return a reading without the requests and bytes of chunks that are not stored."""
        requests, read = full.requests, full.read
        for chunk in set(missing):
            if len(chunk) != len(self.shape) or not all(
                0 <= number < count for number, count in zip(chunk, self.grid_shape, strict=True)
            ):
                raise ValueError(
                    f"missing has the chunk {chunk}: give the numbers of chunks of a grid of "
                    f"{self.grid_shape}, counted from 0."
                )
            if all(number in numbers for number, numbers in zip(chunk, touched, strict=True)):
                requests -= 1
                read -= self._stored_bytes(chunk)
        return replace(full, requests=requests, read=read)

    def _stored_bytes(self, chunk: tuple[int, ...]) -> int:
        """Return the bytes of one chunk, not compressed, as it is stored at the edge."""
        if self.edges == "padded":
            return self.chunk_bytes
        axes = zip(self.shape, self.chunk_shape, chunk, strict=True)
        return math.prod(min(c, n - number * c) for n, c, number in axes) * self.item_size

    def _reading_of_shards(
        self, picked: Sequence[range], wanted: int, reader: ShardReader
    ) -> Reading:
        per_shard = self.chunks_per_shard
        assert per_shard is not None  # noqa: S101 (there are shards)
        by_axis = [
            shards.cuts(axis, *sizes)
            for axis, sizes in enumerate(
                zip(picked, self.grid_shape, self.chunk_shape, per_shard, strict=True)
            )
        ]
        shard_count = math.prod(kinds.total() for kinds in by_axis)
        chunks = math.prod(
            sum(len(cut.wanted) * count for cut, count in kinds.items()) for kinds in by_axis
        )
        # A shard is wanted whole where it is so along every axis.
        whole = math.prod(
            sum(count for cut, count in kinds.items() if len(cut.wanted) == inside)
            for kinds, inside in zip(by_axis, per_shard, strict=True)
        ) * math.prod(per_shard)
        asked = sent = chunks - whole
        if reader.max_gap is not None:
            asked, sent = shards.merged(
                by_axis,
                per_shard,
                self.shard_order,
                gap=reader.max_gap // self.chunk_bytes,
                longest=reader.max_merged // self.chunk_bytes,
            )
        read = (whole + sent) * self.chunk_bytes + shard_count * self.index_bytes
        return Reading(wanted, read, chunks, shard_count, shard_count + asked)
