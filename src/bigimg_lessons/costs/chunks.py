"""Chunk arithmetic: what a region of a chunked image costs, before anything is read.

Nothing here touches a file. All tuples follow the axes of the array, slowest first (zyx); sizes
are in voxels, bytes in bytes, times in seconds.

How a read is counted is what readers do: the tests compare these numbers with what zarr-python
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
  never wanted whole; its index has places for all. They lie in the order in which the writer
  wrote them, see `ChunkGrid`, one right behind the other.

What is not in these numbers: metadata and the tables of a file; chunks that a Zarr store lacks
because they hold nothing but the fill value (a request, no bytes); compression, which also
changes how far apart the chunks of a shard lie; and HDF5's habit of reading a chunk that is not
compressed and does not fit into the chunk cache of its dataset (``rdcc_nbytes``, 8 MiB by default
in HDF5 2.0, 1 MiB before) bit by bit, one request for each run of voxels.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, SupportsIndex

import numpy as np
import numpy.typing as npt

from bigimg_lessons.checks import whole_number, whole_numbers

Index = SupportsIndex | slice
"""What picks along one axis: a whole number, or a slice with a step of 1 or more."""

LARGEST_IMAGE = 2**50
"""Most bytes of an image, 1 PiB: up to here the page's arithmetic is exact in JavaScript too."""

LARGEST_STORED = 2**53
"""All chunks of an image, padded, and the indexes of its shards stay below that many bytes, 8 PiB:
JavaScript knows every whole number up to here."""

MOST_CHUNKS = 10**12
"""Most chunks of an image, for the same reason."""

MOST_LOOKED_AT = 2**23
"""Most chunks that are looked at one by one to tell what a merging reader asks for: those of each
kind of shard that a region cuts, of which it has 26 or fewer unless it has steps."""

MOST_STEPS = 10**6
"""Most places along an axis, in steps longer than a chunk, that are looked at one by one."""


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
class ShardReader:
    """How a reader asks for chunks of a shard, where it does not want all of them.

    Parameters
    ----------
    name
        What it does, for people.
    max_gap
        Most bytes between two chunks that are still asked for together; these bytes travel too.
        ``None`` asks for each chunk on its own.
    max_merged
        Most bytes of a request for several chunks; a single chunk may be longer.
    about
        Who reads so, and what that means, for people.

    Raises
    ------
    ValueError
        If a number is not whole or below 0.
    """

    name: str = field(compare=False)
    max_gap: int | None = None
    max_merged: int = 2**24
    about: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in ("max_gap", "max_merged"):
            value = getattr(self, name)
            if value is not None and whole_number(name, value) < 0:
                raise ValueError(f"{name} is {value!r}: give a number of bytes, 0 or more.")


ONE_BY_ONE = ShardReader(
    "asks for each chunk",
    about="One request for each chunk that is wanted of a shard, and no byte beside it: so do "
    "zarr-python before 3.3, and zarrita in the browser.",
)
"""One request for each chunk of a shard."""

MERGING = ShardReader(
    "merges neighbouring chunks",
    max_gap=2**20,
    about="Chunks of a shard that lie at most 1 MiB apart in its file come in one request of up to "
    "16 MiB, with all that lies between them: so does zarr-python since 3.3. It pays bytes for "
    "requests.",
)
"""Zarr-python since 3.3, which merges across gaps of up to 1 MiB into requests of up to 16 MiB, by
default: its configuration ``array.sharding_coalesce_max_gap_bytes`` and ``…_max_bytes``."""

READERS: Mapping[str, ShardReader] = MappingProxyType(
    {"one-by-one": ONE_BY_ONE, "merging": MERGING}
)
"""Readers to compare, by a short name."""


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
        a Z-order curve on which the first axis is fastest (zarr-python, unless told otherwise), or
        ``"C"``, on which the last axis is fastest (tensorstore).

    Raises
    ------
    ValueError
        If sizes are not whole numbers of 1 or more, do not fit each other, or make an image of
        more than `LARGEST_IMAGE` bytes or `MOST_CHUNKS` chunks, or of `LARGEST_STORED` bytes with
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
        """Complain with ValueError if there are too many chunks, or too many bytes, to count."""
        if self.chunk_count > MOST_CHUNKS:
            raise ValueError(
                f"An image of {self.shape} in chunks of {self.chunk_shape} has more than "
                f"{MOST_CHUNKS:,} chunks: give larger chunks."
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

    def reading(self, region: Sequence[Index], *, reader: ShardReader = ONE_BY_ONE) -> Reading:
        """Predict what it costs to read a region.

        Parameters
        ----------
        region
            A whole number or a slice for each axis, within the image.
        reader
            Who reads; of no matter without shards.

        Returns
        -------
        Reading
            Bytes wanted and read, chunks, shards and requests.

        Raises
        ------
        ValueError
            If `region` does not have one entry per axis, is empty or reaches outside the image;
            or if it has more than `MOST_LOOKED_AT` chunks, or `MOST_STEPS` steps, to look at.
        """
        spans = self._spans(region)
        wanted = math.prod(map(len, spans)) * self.item_size
        if self.chunks_per_shard is None:
            chunks, places = 1, 1
            for span, size, chunk in zip(spans, self.shape, self.chunk_shape, strict=True):
                last = span[-1] // chunk
                count = min(len(span), last - span[0] // chunk + 1)
                cut = max(0, (last + 1) * chunk - size) if self.edges == "cut" else 0
                chunks *= count
                places *= count * chunk - cut
            return Reading(wanted, places * self.item_size, chunks, 0, chunks)
        cuts = [
            _cuts(axis, *sizes)
            for axis, sizes in enumerate(
                zip(spans, self.grid_shape, self.chunk_shape, self.chunks_per_shard, strict=True)
            )
        ]
        shards = math.prod(kinds.total() for kinds in cuts)
        chunks = math.prod(
            sum(len(cut.wanted) * count for cut, count in kinds.items()) for kinds in cuts
        )
        # A shard is wanted whole where it is so along every axis.
        whole = math.prod(
            sum(count for cut, count in kinds.items() if len(cut.wanted) == inside)
            for kinds, inside in zip(cuts, self.chunks_per_shard, strict=True)
        ) * math.prod(self.chunks_per_shard)
        asked = sent = chunks - whole
        if reader.max_gap is not None:
            asked, sent = self._merged(
                cuts, reader.max_gap // self.chunk_bytes, reader.max_merged // self.chunk_bytes
            )
        read = (whole + sent) * self.chunk_bytes + shards * self.index_bytes
        return Reading(wanted, read, chunks, shards, shards + asked)

    def _merged(self, cuts: Sequence[Counter[_Cut]], gap: int, longest: int) -> tuple[int, int]:
        """Return requests to shards that are not wanted whole, and chunks that come with them.

        The most that may lie between two chunks, and be in a request, is given in chunks.
        """
        looked_at = math.prod(sum(cut.stored for cut in kinds) for kinds in cuts)
        if looked_at > MOST_LOOKED_AT:
            raise ValueError(
                f"The region cuts shards of {self.shard_shape} so that {looked_at:,} chunks must "
                f"be looked at: give smaller shards, larger chunks or a region without steps, for "
                f"at most {MOST_LOOKED_AT:,}, or a reader that does not merge."
            )
        asked = sent = 0
        for kind in itertools.product(*(kinds.items() for kinds in cuts)):
            stored = tuple(cut.stored for cut, _ in kind)
            wanted = tuple(cut.wanted for cut, _ in kind)
            if tuple(map(len, wanted)) != self.chunks_per_shard:  # else it is one request
                times = math.prod(count for _, count in kind)
                requests, places = _runs(stored, wanted, self.shard_order, gap, longest)
                asked += requests * times
                sent += places * times
        return asked, sent

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
        start = whole_number(f"region[{axis}].start", 0 if index.start is None else index.start)
        stop = whole_number(f"region[{axis}].stop", size if index.stop is None else index.stop)
        step = whole_number(f"region[{axis}].step", 1 if index.step is None else index.step)
        if step < 1:
            raise ValueError(f"region[{axis}] has a step of {step}: give a step of 1 or more.")
    else:
        start = whole_number(f"region[{axis}]", index)
        stop, step = start + 1, 1
    if start < 0 or stop > size:
        raise ValueError(
            f"region[{axis}] is {start}:{stop}, outside the image: give places from 0 to {size} "
            "along this axis (counting from the end is not supported)."
        )
    if start >= stop:
        raise ValueError(f"region[{axis}] is {start}:{stop}, which is empty: give start < stop.")
    return range(start, stop, step)


@dataclass(frozen=True)
class _Cut:
    """What is wanted of a shard along one axis.

    Parameters
    ----------
    stored
        Chunks that the shard holds along this axis.
    wanted
        Which of them are wanted, ascending.
    """

    stored: int
    wanted: range | tuple[int, ...]


def _cuts(axis: int, span: range, chunks: int, chunk: int, inside: int) -> Counter[_Cut]:
    """Count what is wanted of the shards along an axis.

    Parameters
    ----------
    axis
        Its number, for what is wrong.
    span
        The voxels wanted.
    chunks
        Chunks of the image along this axis.
    chunk
        Voxels of a chunk.
    inside
        Chunks for which a shard has room.
    """

    def cut(shard: int, numbers: range | tuple[int, ...]) -> _Cut:
        return _Cut(min(inside, chunks - shard * inside), numbers)

    if span.step <= chunk:
        # All chunks from the first to the last: shards between those of both are wanted whole.
        first, last = span[0] // chunk, span[-1] // chunk
        kinds = Counter(
            cut(
                shard, range(max(0, first - shard * inside), min(inside, last + 1 - shard * inside))
            )
            for shard in {first // inside, last // inside}
        )
        if (between := last // inside - first // inside - 1) > 0:
            kinds[_Cut(inside, range(inside))] += between
        return kinds
    if len(span) > MOST_STEPS:
        raise ValueError(
            f"region[{axis}] takes {len(span):,} steps that are longer than a chunk: give a "
            f"region of at most {MOST_STEPS:,} of them in an image with shards."
        )
    numbers = (place // chunk for place in span)
    return Counter(
        cut(shard, tuple(number % inside for number in inner))
        for shard, inner in itertools.groupby(numbers, lambda number: number // inside)
    )


@functools.lru_cache(4096)
def _runs(
    stored: tuple[int, ...],
    wanted: tuple[Sequence[int], ...],
    order: Literal["morton", "C"],
    gap: int,
    longest: int,
) -> tuple[int, int]:
    """Tell how a merging reader asks for chunks of one shard; all numbers are in chunks.

    As ``zarr.core._coalesce`` of zarr-python 3.4.2: from the first chunk on, the next one joins
    the request if its gap is small enough, and the request then not too long.

    Parameters
    ----------
    stored
        The shard's chunks along each axis.
    wanted
        Which of them are wanted along each axis.
    order
        As `ChunkGrid.shard_order`.
    gap
        Most chunks in between.
    longest
        Most chunks of a request, those in between included.

    Returns
    -------
    tuple of int
        Requests, and the chunks that they bring.
    """
    is_wanted = np.zeros(stored, bool)
    is_wanted[np.ix_(*wanted)] = True
    in_file = is_wanted.ravel()
    if order == "morton":
        in_file = in_file[_morton(stored)]
    places = np.flatnonzero(in_file)
    if longest < 2:
        return places.size, places.size
    ends = [*(np.flatnonzero(np.diff(places) > gap + 1) + 1).tolist(), places.size]
    requests = brought = start = 0
    for end in ends:
        while start < end:
            stop = min(end, int(np.searchsorted(places, places[start] + longest)))
            requests += 1
            brought += int(places[stop - 1] - places[start]) + 1
            start = stop
    return requests, brought


@functools.lru_cache(16)
def _morton(shape: tuple[int, ...]) -> npt.NDArray[np.intp]:
    """List the places of a box, as numbers in C order, in that of zarr-python's Z-order curve.

    On the curve a place's bits are those of its coordinates in turn, the lowest of the first axis
    first; an axis that has no more bits is left out.
    """
    places = np.zeros(1, np.intp)
    for bit in range((max(shape) - 1).bit_length()):
        # The curve goes through what it has passed once more, one step further along each axis.
        for axis, size in enumerate(shape):
            stride = math.prod(shape[axis + 1 :])
            fits = places // stride % size + (1 << bit) < size
            places = np.concatenate([places, places[fits] + (stride << bit)])
    return places


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
        if whole_number("concurrency", self.concurrency) < 1:
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
