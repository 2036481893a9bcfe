"""The capstone: how an image is stored, judged by what its use costs in a week.

A design (format, chunks, shards, levels) is appraised against a scenario (an image, the storage on
which it lies, and its uses) by the arithmetic of :mod:`bigimg_lessons.costs.grid`; there is no
key of right answers. Axes come slowest first (zyx, or tyx for a time-lapse), sizes are in voxels.

What the model assumes, beside what `grid` says of itself:

- A region is read at one typical position: an odd one, near a third of the room that it has.
- Each level has the same chunks, cut to an image or a level that is smaller; all bytes are
  uncompressed. (Zarr would also take chunks longer than a level; cut ones cost no more.)
- A program that reads everything reads each chunk, or whole shard, once; several machines share
  the work evenly.
- Readers have as many requests under way as the storage's figures say, except with HDF5, whose
  library answers one call at a time. Its tables, like those of TIFF, are taken to be in memory.
- Shards are read as zarr-python reads them since 3.3 (`READER`), and are laid down as it writes
  them: chunks that lie close to each other come in one request, with what lies between. These
  requests are sent when the indexes are there, and then all at once.
- The reader itself needs `OWN_TIME` for each chunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

from bigimg_lessons.costs.design import FORMATS, Design, Triple
from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.levels import factors, level_grids
from bigimg_lessons.costs.readers import MERGING, ONE_BY_ONE, ShardReader
from bigimg_lessons.costs.remarks import REMARKS, Rule, filled
from bigimg_lessons.costs.scenarios import Scenario, Use
from bigimg_lessons.costs.storage import STORAGES

NEGLIGIBLE = 60.0
"""Seconds a week below which a better design is not worth anybody's time."""


OWN_TIME = 0.15e-3
"""Seconds that the reader itself needs for a chunk: what lesson 2 assumes for zarr and Python."""


READER = MERGING
"""How the shards are read: as zarr-python reads them since 3.3."""


@dataclass(frozen=True)
class Cost:
    """What one use costs.

    Parameters
    ----------
    use
        What is done with the image.
    level
        The level that is read.
    requests
        Number of read requests, each time.
    wanted, read
        Bytes of the region at that level, and bytes that are read for it, each time.
    seconds
        Time by the model, each time.
    waiting
        The part of `seconds` that is spent waiting for answers, while no byte travels.
    """

    use: Use
    level: int
    requests: int
    wanted: int
    read: int
    seconds: float
    waiting: float

    @property
    def weekly(self) -> float:
        """Seconds a week."""
        return self.seconds * self.use.weekly


@dataclass(frozen=True)
class Appraisal:
    """What a design costs.

    Parameters
    ----------
    costs
        One for each use.
    files
        Number of files or objects, without metadata.
    stored
        Bytes of all levels, padding and shard indexes included, not compressed.
    remarks
        The rules that hold, with their texts filled in.
    """

    costs: tuple[Cost, ...]
    files: int
    stored: int
    remarks: tuple[Rule, ...]

    @property
    def seconds(self) -> float:
        """Seconds a week for all uses together."""
        return added(cost.weekly for cost in self.costs)


def appraise(design: Design, scenario: Scenario) -> Appraisal:
    """Calculate what a design costs in a week, and what can be learned from that.

    Parameters
    ----------
    design
        How the image is stored.
    scenario
        The image, its storage and its uses.

    Returns
    -------
    Appraisal
        Requests, bytes and seconds of each use, files and bytes stored, and remarks.

    Raises
    ------
    ValueError
        If the format is not known, or cannot be used like this; the message says why.
    """
    grids = level_grids(design, scenario)
    steps = factors(scenario, design.format)[: design.levels]
    shown = [(use, level_shown(use, steps)) for use in scenario.uses]
    costs = tuple(cost_of(use, k, grids[k], design.format, scenario) for use, k in shown)
    one_by_one = added(
        cost_of(use, k, grids[k], design.format, scenario, ONE_BY_ONE).weekly for use, k in shown
    )
    per_level = [grid.reading((slice(None),) * 3).read for grid in grids]
    files, stored = file_count(design.format, grids), sum(per_level)
    form, storage = FORMATS[design.format], STORAGES[scenario.storage]
    total = added(cost.weekly for cost in costs)
    dearest = max(costs, key=lambda cost: cost.weekly)
    facts: dict[str, float | str] = {
        "ease": NEGLIGIBLE / total,
        "crowd": files / scenario.most_files,
        "files": files,
        "most_files": scenario.most_files,
        "coarseness": scenario.voxels_per_pixel / max(steps[-1][1:]),
        "amplification": dearest.read / dearest.wanted,
        "use": dearest.use.name,
        "share": dearest.weekly / total * 100,
        "waiting": added(cost.waiting * cost.use.weekly for cost in costs) / total * 100,
        "bytes": grids[0].chunk_bytes,
        "classic": 0 if form.chunks == "boxes" else stored,
        "lone": storage.latency * 1000 if form.one_at_a_time else 0,
        "shards": grids[0].shard_count,
        "apart": one_by_one / total * 100,
        "levels": design.levels,
        "added": sum(per_level[1:]) / per_level[0] * 100,
    }
    remarks = tuple(
        replace(rule, text=filled(rule.text, facts))
        for rule in REMARKS
        if float(facts[rule.fact]) > rule.above
    )
    return Appraisal(costs, files, stored, remarks)


def added(seconds: Iterable[float]) -> float:
    """Add seconds one after the other.

    So does a page's JavaScript, and ``sum`` of Python 3.11; from 3.12 on ``sum`` makes up for the
    rounding of each step, and the last digit of a float differs.
    """
    return reduce(add, seconds, 0.0)


def file_count(name: str, grids: Sequence[ChunkGrid]) -> int:
    """Return the number of files, or objects, of an image, without metadata.

    Parameters
    ----------
    name
        Key of its format in `FORMATS`.
    grids
        Its levels.
    """
    return FORMATS[name].files or sum(grid.file_count for grid in grids)


def cost_of(
    use: Use,
    level: int,
    grid: ChunkGrid,
    name: str,
    scenario: Scenario,
    reader: ShardReader = READER,
) -> Cost:
    """Calculate what one use costs.

    Parameters
    ----------
    use
        What is done with the image.
    level
        Number of the level that is read.
    grid
        That level, cut into chunks.
    name
        Key of its format in `FORMATS`.
    scenario
        The image and its storage.
    reader
        How the shards are read.
    """
    step = factors(scenario, name)[level]
    region = tuple(
        slice(start // f, -(-stop // f))
        for (start, stop), f in zip(use.region(scenario.shape), step, strict=True)
    )
    reading = grid.reading(region, reader=reader)
    storage = STORAGES[scenario.storage]
    if FORMATS[name].one_at_a_time:
        storage = replace(storage, concurrency=1)
    shards, requests, chunks, read = (
        -(-count // use.machines)
        for count in (reading.shards, reading.requests, reading.chunks, reading.read)
    )
    # Each shard is asked for its index, or for all of it, before the chunks that need the index.
    waiting = storage.seconds(shards, 0) + storage.seconds(requests - shards, 0)
    seconds = waiting + storage.seconds(0, read, decoding=OWN_TIME * chunks)
    return Cost(use, level, reading.requests, reading.wanted, reading.read, seconds, waiting)


def level_shown(use: Use, steps: Sequence[Triple]) -> int:
    """Return the number of the coarsest level with a voxel for each pixel, as in lesson 4.

    Parameters
    ----------
    use
        What is done with the image.
    steps
        For each level, the voxels of level 0 that one of its voxels stands for along each axis.
    """
    fitting = (k for k, step in enumerate(steps) if max(step[1:]) <= use.voxels_per_pixel)
    return max(fitting, default=0)
