"""What a conversion takes before it is begun: time, requests, objects, memory, disk and money.

``widgets/js/costs/plan.js`` calculates the same in a page; ``tests/test_planner_arithmetic.py``
holds both to the same projects, to the last bit.

What the model assumes, beside what :mod:`bigimg_lessons.costs.rechunking` and
:mod:`bigimg_lessons.costs.storage` say of themselves:

- Workers are alike, share the work evenly, and never wait for each other.
- Reading, computing and writing each take what they would take alone. They are done at the same
  time at best, and one after the other at worst: a plan has both ends.
- Each chunk of the source is one request, as is each chunk, or shard, that is written.
- Whole chunks are stored, padding included, and compression saves the same everywhere.
- What is left out: metadata while reading, the start of programs, retries, and whoever else uses
  the storage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from bigimg_lessons.checks import whole_number
from bigimg_lessons.costs.conversion import Conversion
from bigimg_lessons.costs.grid import LARGEST_STORED
from bigimg_lessons.costs.prices import Prices
from bigimg_lessons.costs.rechunking import Rechunking, rechunk
from bigimg_lessons.costs.storage import Storage
from bigimg_lessons.costs.workforce import Workforce


@dataclass(frozen=True, kw_only=True)
class Project:
    """A conversion with all that its plan depends on.

    Parameters
    ----------
    conversion
        What is converted into what.
    workforce
        Who does it.
    source, target
        Where the image lies, and where it goes: the bandwidth is that for all workers together,
        `concurrency` the requests under way of each worker.
    one_disk
        Whether both are the same disk or server, whose bandwidth they share.
    prices
        What the target costs, and the source if it lies in a bucket.
    source_in_bucket
        Whether requests and bytes of the source are charged, by the same prices.
    outside
        Whether the workers are outside of the provider's network: what they read leaves it.
    read_monthly
        Bytes that people read from the target in a month, later on, from outside.

    Raises
    ------
    ValueError
        If `read_monthly` is no whole number of 0 or more, or is too large.
    """

    conversion: Conversion
    workforce: Workforce
    source: Storage
    target: Storage
    one_disk: bool = False
    prices: Prices
    source_in_bucket: bool = False
    outside: bool = False
    read_monthly: int = 0

    def __post_init__(self) -> None:
        monthly = whole_number("read_monthly", self.read_monthly, least=0)
        if monthly >= LARGEST_STORED:
            raise ValueError(
                f"read_monthly is {monthly:,}: give less than {LARGEST_STORED:,} bytes (8 PiB)."
            )


@dataclass(frozen=True)
class Stages:
    """How long each part of the work takes alone, in seconds.

    Parameters
    ----------
    read, compute, write
        The parts. While the result is verified, nothing is written: `write` is then what reading it
        takes.
    one_disk
        Whether `read` and `write` have to share.
    """

    read: float
    compute: float
    write: float
    one_disk: bool = False

    @property
    def at_least(self) -> float:
        """Seconds if all parts are done at the same time."""
        if self.one_disk:
            return max(self.read + self.write, self.compute)
        return max(self.read, self.compute, self.write)

    @property
    def at_most(self) -> float:
        """Seconds if one part is done after the other."""
        return self.read + self.compute + self.write

    @property
    def binding(self) -> str:
        """The part that binds: ``"read"``, ``"compute"``, ``"write"`` or, if shared, ``"disk"``."""
        if self.one_disk:
            return "disk" if self.read + self.write >= self.compute else "compute"
        parts = {"read": self.read, "compute": self.compute, "write": self.write}
        return max(parts, key=parts.__getitem__)


@dataclass(frozen=True)
class Bill:
    """What a project costs, in the currency of its prices.

    Parameters
    ----------
    puts, gets, egress
        Once: requests that write, requests that read, and bytes that leave the network, to convert
        and to verify.
    storing
        Each month: the result.
    reading
        Each month: what people read of it, requests and egress.
    original
        Each month until the original is deleted: the original, if it lies in a bucket.
    """

    puts: float
    gets: float
    egress: float
    storing: float
    reading: float
    original: float

    @property
    def once(self) -> float:
        """What is paid once."""
        return self.puts + self.gets + self.egress

    @property
    def monthly(self) -> float:
        """What is paid each month, without the original."""
        return self.storing + self.reading


@dataclass(frozen=True)
class Plan:
    """What a project takes.

    Parameters
    ----------
    nbytes
        Bytes of the image, not compressed.
    levels
        Number of levels, including level 0.
    rechunking
        Blocks, reads of each chunk of the source, threads and memory.
    source_bytes
        Bytes of the image as it is stored now.
    read
        Bytes read to convert it.
    gets
        Requests for them.
    objects
        Files or objects of the result, with its metadata; as many requests write them.
    stored
        Bytes of the result, which is the free space that it needs beside the original.
    convert, verify
        Time to convert the image, and to read both and compare them, voxel by voxel.
    verify_read, verify_gets
        Bytes and requests to verify: the source as before, and level 0 of the result.
    bill
        What it costs.
    """

    nbytes: int
    levels: int
    rechunking: Rechunking
    source_bytes: int
    read: int
    gets: int
    objects: int
    stored: int
    convert: Stages
    verify: Stages
    verify_read: int
    verify_gets: int
    bill: Bill

    @property
    def until_deleted(self) -> float:
        """Seconds after which the original may be deleted at the earliest, if all goes well."""
        return self.convert.at_most + self.verify.at_most


def plan(project: Project) -> Plan:
    """Calculate what a project takes.

    Parameters
    ----------
    project
        A conversion, who does it, and where.

    Returns
    -------
    Plan
        Time, requests, objects, memory, space and money.

    Raises
    ------
    TypeError
        As :func:`bigimg_lessons.costs.rechunking.rechunk` says.
    ValueError
        As there; or if more bytes are read, or stored, than can be counted in a page too.
    """
    conversion = project.conversion
    grids, source_grid = conversion.grids, conversion.source_grid
    rechunking = rechunk(conversion, project.workforce)

    # Whole chunks, and of shards their indexes, which are not compressed.
    padded = [grid.chunk_count * grid.chunk_bytes for grid in grids]
    indexes = [grid.shard_count * grid.index_bytes for grid in grids]
    stored = math.ceil(sum(padded) / conversion.ratio) + sum(indexes)
    full = math.ceil(padded[0] / conversion.ratio) + indexes[0]
    # A folder of OME-Zarr 0.5 has a zarr.json, and so has each level.
    objects = sum(grid.file_count for grid in grids) + len(grids) + 1

    everything = (slice(None),) * len(conversion.shape)
    source_bytes = math.ceil(source_grid.reading(everything).read / conversion.source_ratio)
    read = math.ceil(rechunking.reads * source_bytes)
    gets = math.floor(rechunking.reads * source_grid.chunk_count + 0.5)
    verify_gets, verify_read = gets + grids[0].file_count, read + full

    if max(verify_read, sum(padded), stored) >= LARGEST_STORED:
        raise ValueError(
            f"{max(verify_read, sum(padded), stored):,} bytes are too many to plan with: give "
            f"more memory or smaller chunks, for less than {LARGEST_STORED:,} bytes (8 PiB)."
        )

    decoding = rechunking.reads * source_grid.nbytes / project.workforce.decode
    shrinking = source_grid.nbytes / project.workforce.shrink
    encoding = sum(padded) / project.workforce.encode
    decoding_again = padded[0] / project.workforce.decode
    # Whoever finds no room for a block of its own helps to encode those of others, as in a build.
    cores = project.workforce.workers * project.workforce.threads
    with_blocks = project.workforce.workers * rechunking.threads
    source = shared(project.source, project.workforce)
    target = shared(project.target, project.workforce)
    reading = source.seconds(gets, read)
    return Plan(
        nbytes=source_grid.nbytes,
        levels=len(grids),
        rechunking=rechunking,
        source_bytes=source_bytes,
        read=read,
        gets=gets,
        objects=objects,
        stored=stored,
        convert=Stages(
            reading,
            (decoding + shrinking) / with_blocks + encoding / cores,
            target.seconds(objects, stored),
            project.one_disk,
        ),
        verify=Stages(
            reading,
            (decoding + decoding_again) / with_blocks,
            target.seconds(grids[0].file_count, full),
            project.one_disk,
        ),
        verify_read=verify_read,
        verify_gets=verify_gets,
        bill=_bill(project, objects, stored, source_bytes, (gets, read), (verify_gets, full)),
    )


def shared(storage: Storage, workforce: Workforce) -> Storage:
    """Return a storage as all workers together see it.

    Parameters
    ----------
    storage
        Its bandwidth for all of them, and the requests of each.
    workforce
        How many they are, and how wide the line of each is.
    """
    bandwidth = storage.bandwidth
    if workforce.line is not None:
        bandwidth = min(bandwidth, workforce.workers * workforce.line)
    concurrency = workforce.workers * storage.concurrency
    return replace(storage, bandwidth=bandwidth, concurrency=concurrency)


def _bill(
    project: Project,
    objects: int,
    stored: int,
    source_bytes: int,
    converting: tuple[int, int],
    verifying: tuple[int, int],
) -> Bill:
    """Return what a project costs, by requests and bytes of the source and of level 0."""
    prices, grids = project.prices, project.conversion.grids
    (gets, read), (verify_gets, full) = converting, verifying
    asked, left = verify_gets - gets, full
    if project.source_in_bucket:
        asked, left = gets + verify_gets, 2 * read + full
    # What people read later on comes in whole chunks of an average size.
    average = stored / sum(grid.chunk_count for grid in grids)
    later = math.ceil(project.read_monthly / average)
    return Bill(
        puts=prices.requests(puts=objects),
        gets=prices.requests(gets=asked),
        egress=prices.leaving(left) if project.outside else 0.0,
        storing=prices.storing(stored),
        reading=prices.requests(gets=later) + prices.leaving(project.read_monthly),
        original=prices.storing(source_bytes) if project.source_in_bucket else 0.0,
    )
