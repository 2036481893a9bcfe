"""Chunk arithmetic: what a region of a chunked image costs, before anything is read.

Nothing here touches a file. All tuples follow the axes of the array, slowest first (zyx); sizes
are in voxels, bytes in bytes, times in seconds.

How a read is counted is what readers do: the tests compare these numbers with what zarr-python
3.1.6, h5py 3.16 (HDF5 2.0) and tifffile 2026.3 asked of their files, for all kinds of regions:

- A chunk is read as a whole or not at all, in one request.
- Zarr, HDF5 and the tiles of TIFF store a chunk at the image's edge in full size, padded; the
  last strip of a TIFF plane is cut instead.
- A shard is a file of chunks with an index that says where each lies: an offset and a length of
  8 bytes each per chunk, then 4 bytes of checksum (Zarr v3 codec ``sharding_indexed``). Reading
  costs one request for the index and one for each chunk, or a single one for the whole shard
  where all of its chunks are wanted. A shard that reaches beyond the image lacks chunks and is
  never wanted whole.

What is not in these numbers: metadata and the tables of a file; chunks that a Zarr store lacks
because they hold nothing but the fill value (a request, no bytes); and HDF5's habit of reading a
chunk that is not compressed and does not fit into the chunk cache of its dataset (``rdcc_nbytes``,
8 MiB by default in HDF5 2.0, 1 MiB before) bit by bit, one request for each run of voxels.
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, SupportsIndex

import numpy as np
import numpy.typing as npt

Index = SupportsIndex | slice
"""What picks along one axis: a whole number, or a slice with a step of 1 or more."""

LARGEST_IMAGE = 2**50
"""Most bytes of an image, 1 PiB: up to here the page's arithmetic is exact in JavaScript too."""

MOST_CHUNKS = 10**12
"""Most chunks of an image, for the same reason."""


@dataclass(frozen=True)
class Reading:
    """What it costs to read one region.

    Parameters
    ----------
    wanted
        Bytes of the region itself, not compressed.
    read
        Bytes that must be read for it, not compressed, with shard indexes.
    chunks
        Chunks that the region touches.
    shards
        Shards that the region touches; 0 if the image has none.
    requests
        Read requests: "give me these bytes".
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
        Voxels of a chunk along each axis; not more than the image has.
    dtype
        Type of a voxel, for its size in bytes.
    shard_shape
        Voxels of a shard along each axis, whole multiples of `chunk_shape`; ``None`` where each
        chunk is a file, or a piece of a file, of its own.
    edges
        How a chunk at the far edge is stored: ``"padded"`` to full size (Zarr, HDF5, TIFF tiles)
        or ``"cut"`` to what is there (TIFF strips and planes).

    Raises
    ------
    ValueError
        If sizes are not whole numbers of 1 or more, do not fit each other, or make an image of
        more than `LARGEST_IMAGE` bytes or `MOST_CHUNKS` chunks.

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
    """

    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...]
    dtype: npt.DTypeLike = "uint8"
    shard_shape: tuple[int, ...] | None = None
    edges: Literal["padded", "cut"] = "padded"

    def __post_init__(self) -> None:
        shape = _whole_numbers("shape", self.shape)
        chunk_shape = _whole_numbers("chunk_shape", self.chunk_shape, like=shape)
        if any(chunk > size for chunk, size in zip(chunk_shape, shape, strict=True)):
            raise ValueError(
                f"chunk_shape is {chunk_shape}, larger than the image of {shape}: give chunks "
                "that are no longer than the image along any axis."
            )
        if self.edges not in ("padded", "cut"):
            raise ValueError(f"edges is {self.edges!r}: give 'padded' or 'cut'.")
        shard_shape = self.shard_shape
        if shard_shape is not None:
            shard_shape = _whole_numbers("shard_shape", shard_shape, like=shape)
            if any(s % c for s, c in zip(shard_shape, chunk_shape, strict=True)):
                raise ValueError(
                    f"shard_shape is {shard_shape} for chunks of {chunk_shape}: give whole "
                    "multiples of the chunk along every axis."
                )
            covered = tuple(-(-n // c) * c for n, c in zip(shape, chunk_shape, strict=True))
            if any(s > n for s, n in zip(shard_shape, covered, strict=True)):
                raise ValueError(
                    f"shard_shape is {shard_shape}, but all chunks together cover only {covered}: "
                    "give shards that are no longer than that along any axis."
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
        if math.prod(-(-n // c) for n, c in zip(shape, chunk_shape, strict=True)) > MOST_CHUNKS:
            raise ValueError(
                f"An image of {shape} in chunks of {chunk_shape} has more than {MOST_CHUNKS:,} "
                "chunks: give larger chunks."
            )
        # The dataclass is frozen for its users; this is where its values become what it promises.
        for name, value in (
            ("shape", shape),
            ("chunk_shape", chunk_shape),
            ("shard_shape", shard_shape),
            ("dtype", dtype),
        ):
            object.__setattr__(self, name, value)

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
        """Tell which chunks a region touches.

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
        spans = self._spans(region)
        return tuple(
            # Steps shorter than a chunk skip none; longer ones never meet the same chunk twice.
            range(span[0] // chunk, span[-1] // chunk + 1)
            if span.step < chunk
            else tuple(place // chunk for place in span)
            for span, chunk in zip(spans, self.chunk_shape, strict=True)
        )

    def reading(self, region: Sequence[Index]) -> Reading:
        """Predict what it costs to read a region.

        Parameters
        ----------
        region
            A whole number or a slice for each axis, within the image.

        Returns
        -------
        Reading
            Bytes wanted and read, chunks, shards and requests.

        Raises
        ------
        ValueError
            If `region` does not have one entry per axis, is empty or reaches outside the image.
        """
        wanted = math.prod(map(len, self._spans(region))) * self.item_size
        touched = self.touched(region)
        chunks = math.prod(map(len, touched))
        per_shard = self.chunks_per_shard
        if per_shard is None:
            return Reading(wanted, self._stored_bytes(touched), chunks, 0, chunks)
        # Chunks wanted of each shard, axis by axis. A shard is wanted whole where it is so along
        # every axis; each other shard costs a request for its index and one for each chunk.
        in_shards = [
            Counter(number // inside for number in numbers)
            for numbers, inside in zip(touched, per_shard, strict=True)
        ]
        shards = math.prod(map(len, in_shards))
        whole = math.prod(
            sum(count == inside for count in counts.values())
            for counts, inside in zip(in_shards, per_shard, strict=True)
        )
        requests = shards + chunks - whole * math.prod(per_shard)
        read = chunks * self.chunk_bytes + shards * self.index_bytes
        return Reading(wanted, read, chunks, shards, requests)

    def _stored_bytes(self, touched: Sequence[Sequence[int]]) -> int:
        voxels = 1
        for numbers, size, chunk in zip(touched, self.shape, self.chunk_shape, strict=True):
            places = len(numbers) * chunk
            if self.edges == "cut":
                places -= max(0, (numbers[-1] + 1) * chunk - size)
            voxels *= places
        return voxels * self.item_size

    def _spans(self, region: Sequence[Index]) -> tuple[range, ...]:
        """Return the places that `region` picks along each axis; complain unless inside."""
        if not isinstance(region, Sequence) or len(region) != len(self.shape):
            raise ValueError(
                f"region is {region!r}: give a tuple of {len(self.shape)}, a whole number or a "
                f"slice for each axis of the shape {self.shape}."
            )
        return tuple(
            _span(axis, index, size)
            for axis, (index, size) in enumerate(zip(region, self.shape, strict=True))
        )


def _span(axis: int, index: Index, size: int) -> range:
    """Return the places that an index picks along an axis of `size` voxels."""
    if isinstance(index, slice):
        start = _whole(f"region[{axis}].start", 0 if index.start is None else index.start)
        stop = _whole(f"region[{axis}].stop", size if index.stop is None else index.stop)
        step = _whole(f"region[{axis}].step", 1 if index.step is None else index.step)
        if step < 1:
            raise ValueError(f"region[{axis}] has a step of {step}: give a step of 1 or more.")
    else:
        start = _whole(f"region[{axis}]", index)
        stop, step = start + 1, 1
    if start < 0 or stop > size:
        raise ValueError(
            f"region[{axis}] is {start}:{stop}, outside the image: give places from 0 to {size} "
            "along this axis (counting from the end is not supported)."
        )
    if start >= stop:
        raise ValueError(f"region[{axis}] is {start}:{stop}, which is empty: give start < stop.")
    return range(start, stop, step)


def _whole(name: str, value: object) -> int:
    # bool is an int to Python, but True is no number of voxels.
    if isinstance(value, bool | np.bool_) or not isinstance(value, SupportsIndex):
        raise ValueError(f"{name} is {value!r}: give a whole number.")
    return operator.index(value)


def _whole_numbers(
    name: str, values: Sequence[int], *, like: Sequence[int] | None = None
) -> tuple[int, ...]:
    """Return `values` as a tuple of ints; complain unless they are whole, positive, enough."""
    if not isinstance(values, Iterable):
        raise ValueError(f"{name} is {values!r}: give a whole number for each axis.")
    numbers = tuple(_whole(f"{name}[{place}]", value) for place, value in enumerate(values))
    if not numbers or min(numbers) < 1:
        raise ValueError(f"{name} is {tuple(values)!r}: give whole numbers of 1 or more.")
    if like is not None and len(numbers) != len(like):
        raise ValueError(
            f"{name} is {numbers}: give {len(like)} numbers, one for each axis of the shape "
            f"{tuple(like)}."
        )
    return numbers


@dataclass(frozen=True)
class Storage:
    """How fast a storage answers: the cost model of a read.

    Parameters
    ----------
    name
        Name for people.
    latency
        Seconds from a request to the first byte of its answer.
    bandwidth
        Bytes per second, for all requests together.
    concurrency
        Requests that wait at the same time.
    source
        Where the figures are from.

    Raises
    ------
    ValueError
        If a figure makes no sense.
    """

    name: str
    latency: float
    bandwidth: float
    concurrency: int = 1
    source: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.latency < math.inf:
            raise ValueError(f"latency is {self.latency!r}: give seconds, 0 or more.")
        if not 0 < self.bandwidth < math.inf:
            raise ValueError(f"bandwidth is {self.bandwidth!r}: give bytes per second, above 0.")
        if _whole("concurrency", self.concurrency) < 1:
            raise ValueError(f"concurrency is {self.concurrency!r}: give 1 or more.")

    def seconds(self, requests: int, nbytes: int, *, decoding: float = 0.0) -> float:
        """Estimate how long a read takes.

        Requests are sent in rounds of `concurrency`, and each round waits once; then the bytes
        travel. What that leaves out: requests that wait for each other (a chunk for its shard's
        index), bytes that travel while other requests still wait, caches.

        Parameters
        ----------
        requests
            Number of read requests, 0 or more.
        nbytes
            Bytes that travel (compressed ones, if they are), 0 or more.
        decoding
            Seconds that the reader itself needs, for decompression and the like.

        Returns
        -------
        float
            ``ceil(requests / concurrency) * latency + nbytes / bandwidth + decoding`` seconds.

        Raises
        ------
        ValueError
            If a number is negative.
        """
        if requests < 0 or nbytes < 0 or decoding < 0:
            raise ValueError(
                f"Got {requests} requests, {nbytes} bytes and {decoding} s of decoding: give "
                "numbers of 0 or more."
            )
        rounds = -(-requests // self.concurrency)
        return rounds * self.latency + nbytes / self.bandwidth + decoding


STORAGES: Mapping[str, Storage] = MappingProxyType(
    {
        "hdd": Storage(
            "hard disk",
            latency=0.0124,
            bandwidth=175e6,
            concurrency=1,
            source="Read seek 8.2 ms: HGST Ultrastar 7K4000 (SAS) specification, table 6; "
            "rotational latency 4.16 ms and sustained 175 MB/s: Seagate Constellation ES.3 SAS "
            "product manual, rev. B, section 4.1. One arm, so one request at a time.",
        ),
        "sata-ssd": Storage(
            "SATA SSD",
            latency=1 / 13_000,
            bandwidth=560e6,
            concurrency=8,
            source="Samsung SSD 870 EVO as its maker states it: 13,000 random reads per second "
            "one at a time, 98,000 with 32 in the queue (so about 8 at once), 560 MB/s.",
        ),
        "nvme": Storage(
            "NVMe SSD",
            latency=1 / 22_000,
            bandwidth=7.45e9,
            concurrency=32,
            source="Samsung SSD 990 PRO as its maker states it: 22,000 random reads per second "
            "one at a time, up to 1.4 million with 32 in the queue, 7,450 MB/s.",
        ),
        "lan": Storage(
            "file server",
            latency=0.0005,
            bandwidth=125e6,
            concurrency=10,
            source="Ethernet of 1 Gbit/s (IEEE 802.3ab); round trip 0.5 ms: J. Dean, Numbers "
            "everyone should know; ten requests at once, zarr-python's default. The server's own "
            "disks are taken to be faster than that.",
        ),
        "s3": Storage(
            "object store",
            latency=0.15,
            bandwidth=850e6,
            concurrency=10,
            source="Amazon S3 user guide, performance design patterns: 100 to 200 ms to the first "
            "byte, 85 to 90 MB/s for each connection; ten requests at once, zarr-python's "
            "default, from a machine near the store.",
        ),
    }
)
"""Storages to compare, by a short name. Typical figures, no measurements of this project."""
