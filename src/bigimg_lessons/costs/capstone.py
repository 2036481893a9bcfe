"""The capstone: how an image is stored, judged by what its use costs in a week.

A design (format, chunks, shards, levels) is appraised against a scenario (an image, the storage on
which it lies, and its uses) by the arithmetic of :mod:`bigimg_lessons.costs.chunks`; there is no
key of right answers. Axes come slowest first (zyx, or tyx for a time-lapse), sizes are in voxels.

What the model takes for granted, beside what `chunks` says of itself:

- A region is read at one typical place: an odd one, near a third of the room that it has.
- Each level has the same chunks, cut to an image or a level that is smaller; all bytes are
  uncompressed. (Zarr would also take chunks longer than a level; cut ones cost no more.)
- Who reads everything reads each chunk, or whole shard, once; several machines share that evenly.
- Readers keep as many requests on the way as the storage's figures say, but for HDF5, whose
  library answers one call at a time. Its tables, like those of TIFF, are taken to be in memory.
- Shards are read as zarr-python reads them since 3.3 (`READER`), and are laid down as it writes
  them: chunks that lie close to each other come in one request, with what lies between. These
  requests are sent when the indexes are there, and then all at once.
- The reader itself needs `OWN_TIME` for each chunk.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from bigimg_lessons.costs.chunks import MERGING, ONE_BY_ONE, STORAGES, ChunkGrid, ShardReader
from bigimg_lessons.pyramids.levels import plan_levels

CLOSE = 1.05
"""A design within 5 % of the best one found counts as good as it: the model is no finer."""

NEGLIGIBLE = 60.0
"""Seconds a week below which a better design is not worth anybody's time."""

OWN_TIME = 0.15e-3
"""Seconds that the reader needs for a chunk: what lesson 2 reckons with for zarr and Python."""

READER = MERGING
"""Who reads the shards: zarr-python since 3.3."""

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Use:
    """Something that is done with an image.

    Parameters
    ----------
    name
        For people.
    box
        Voxels of level 0 that are wanted, along each axis.
    weekly
        Times a week.
    screen
        Pixels (height, width) of the screen on which the box, an XY plane, is shown as a whole.
        The coarsest level that still has a voxel for each pixel is read. ``None`` reads level 0.
    machines
        That share the work, each with a line of its own to the storage.
    """

    name: str
    box: Triple
    weekly: int
    screen: tuple[int, int] | None = None
    machines: int = 1

    @property
    def voxels_per_pixel(self) -> float:
        """Voxels of level 0 for a pixel along Y and X, the plane fitted into the screen."""
        if self.screen is None:
            return 1.0
        return max(self.box[1] / self.screen[0], self.box[2] / self.screen[1])

    def region(self, shape: Triple) -> tuple[tuple[int, int], ...]:
        """Return the part that is read: (start, stop) along each axis of level 0.

        Parameters
        ----------
        shape
            Voxels of the image.
        """
        room = (n - b for n, b in zip(shape, self.box, strict=True))
        # Odd, as most regions do not begin where a chunk does.
        starts = (min(free // 3 | 1, free) for free in room)
        return tuple((start, start + b) for start, b in zip(starts, self.box, strict=True))


@dataclass(frozen=True)
class Scenario:
    """An image and its uses: the brief of an exercise.

    Parameters
    ----------
    name
        For people.
    brief
        What the image is and what is wanted, for people.
    shape
        Voxels along each axis.
    dtype
        Type of a voxel.
    voxel_size
        Micrometres along each axis; along T seconds.
    storage
        A key of `STORAGES`.
    most_files
        Files, or objects, that the place takes.
    uses
        What is done with it.
    axes
        ``"ZYX"``, or ``"TYX"`` for a time-lapse of planes.
    """

    name: str
    brief: str
    shape: Triple
    dtype: str
    voxel_size: tuple[float, float, float]
    storage: str
    most_files: int
    uses: tuple[Use, ...]
    axes: Literal["ZYX", "TYX"] = "ZYX"

    @property
    def voxels_per_pixel(self) -> float:
        """Voxels of level 0 for a pixel in the widest view; 1 if there is none."""
        return max(use.voxels_per_pixel for use in self.uses)

    @property
    def first_guess(self) -> Design:
        """The image as most software writes it, plane by plane: where to start from."""
        return Design("tiff", (1, *self.shape[1:]))


@dataclass(frozen=True)
class Format:
    """What a file format can and cannot do.

    Parameters
    ----------
    name
        For people.
    chunks
        ``"rows"``: strips of whole rows of a plane; ``"tiles"`` of a plane, multiples of 16 wide
        and high (TIFF 6.0, section 15); or ``"boxes"`` of any size.
    edges
        As for `ChunkGrid`.
    files
        Files of an image; 0 where each chunk or shard is one.
    pyramid
        Axes that its levels may halve: ``""``, ``"YX"`` or ``"ZYX"``.
    shards
        Whether it has any.
    time_apart
        Whether time points never share a chunk.
    one_at_a_time
        Whether its library answers one request at a time, however many threads ask.
    largest_chunk
        Most bytes of a chunk.
    """

    name: str
    chunks: Literal["rows", "tiles", "boxes"]
    edges: Literal["padded", "cut"] = "padded"
    files: int = 0
    pyramid: Literal["", "YX", "ZYX"] = "ZYX"
    shards: bool = False
    time_apart: bool = False
    one_at_a_time: bool = False
    largest_chunk: int = 2**31 - 1


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "tiff": Format("TIFF stack", "rows", edges="cut", files=1, pyramid=""),
        "ome-tiff": Format("Tiled, pyramidal OME-TIFF", "tiles", files=1, pyramid="YX"),
        "bdv-hdf5": Format(
            "BDV-HDF5",
            "boxes",
            files=2,
            time_apart=True,
            one_at_a_time=True,
            largest_chunk=2**32 - 1,
        ),
        "ome-zarr": Format("OME-Zarr", "boxes", shards=True),
    }
)
"""Formats to choose from, by a short name, the plainest first.

Chunks of OME-Zarr stay below 2 GiB, as its usual compressor, Blosc, demands; those of HDF5 below
4 GiB, as readers older than HDF5 2.0 demand; a TIFF strip or tile is given the limit of Blosc.
"""

REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "deep": "{name} is cut within its planes: make the chunk 1 deep along {first}.",
        "rows": "A TIFF stack is cut into strips of whole rows: make the chunk {width} long "
        "along X, as the image is, or take a format with tiles.",
        "tiles": "Tiles of a TIFF are multiples of 16 high and wide (TIFF 6.0, section 15): "
        "take, say, 256 × 256 or 512 × 512.",
        "time": "BDV-HDF5 keeps each time point in a dataset of its own: make the chunk 1 long "
        "along T.",
        "largest": "A chunk of {bytes} bytes is too large: with {name}, this exercise allows "
        "{largest_chunk}, since compressors and readers have limits, and a reader must hold each "
        "chunk whole. Make it smaller.",
        "shards": "{name} has no shards: they belong to Zarr, from version 3 on. Leave the "
        "shard out, or take OME-Zarr.",
        "flat": "A TIFF stack holds the full image alone: give 1 level, or take a format that "
        "has a pyramid.",
        "levels": "Levels, counted with level 0, go from 1 to {levels} here: a coarser one "
        "would be smaller than any screen.",
    }
)
"""Why a design cannot be, by a short name; the page fills in the same sentences."""


@dataclass(frozen=True)
class Rule:
    """When to say what of an appraisal, and where to read on.

    Parameters
    ----------
    fact
        A number that `facts` gives; the rule holds where it is above `above`.
    above
        Its limit.
    text
        What to say; ``{names}`` stand for facts, numbers rounded.
    page
        The lesson to read again, below ``notebooks``.
    section
        Its heading there.
    """

    fact: str
    above: float
    text: str
    page: str
    section: str

    @property
    def anchor(self) -> str:
        """The heading's id in the built page."""
        return re.sub(r"[^a-z0-9]+", "-", self.section.lower()).strip("-")


REMARKS = (
    Rule(
        "ease",
        1,
        "All of it takes less than a minute a week. Whatever your colleagues can open is good "
        "enough: do not bother.",
        "04_build_a_resolution_pyramid",
        "When not to build one",
    ),
    Rule(
        "crowd",
        1,
        "It makes {files} files, and this place takes {most_files}. Pack the chunks into shards, "
        "make them larger, or take a format that is one file.",
        "02_store_in_pieces",
        "Many chunks, many files",
    ),
    Rule(
        "coarseness",
        2,
        "No level fits the view of a whole plane: it reads {coarseness} voxels for each pixel "
        "along an axis, where one or two would do. Add levels, or take a format that has them.",
        "04_build_a_resolution_pyramid",
        "What does a zoomed-out view cost?",
    ),
    Rule(
        "amplification",
        4,
        "“{use}” takes more time than any other use, {share} %, and reads {amplification} times "
        "the bytes that it wants. Smaller chunks, or chunks closer to the shape of what is read, "
        "lower that, but may need more requests or make other uses dearer.",
        "02_store_in_pieces",
        "Count at the store",
    ),
    Rule(
        "waiting",
        75,
        "{waiting} % of the time is waiting for answers, not moving bytes: a chunk has {bytes} "
        "bytes. Larger chunks need fewer requests.",
        "02_store_in_pieces",
        "A slow store",
    ),
    Rule(
        "bytes",
        2**26,
        "A chunk has {bytes} bytes, and a reader holds it whole, several at a time. Mind the "
        "memory.",
        "02_store_in_pieces",
        "A small guide",
    ),
    Rule(
        "classic",
        2**32 - 1,
        "Offsets in a classic TIFF end at 4 GiB: this must be a BigTIFF, which not all software "
        "opens.",
        "01_open_without_loading",
        "Why? Look at the bytes",
    ),
    Rule(
        "lone",
        9,
        "The HDF5 library answers one request at a time, and each waits here for {lone} ms. It "
        "also looks up tables in between, which the model leaves out: expect worse.",
        "02_store_in_pieces",
        "Where the model fails",
    ),
    Rule(
        "shards",
        0,
        "The model's reader merges neighbouring chunks of a shard, as zarr-python does since "
        "3.3, and so reads what lies between them. One that asks for each chunk, many at once, "
        "would need {apart} % of the time.",
        "02_store_in_pieces",
        "Where the model fails",
    ),
    Rule(
        "levels",
        1,
        "The coarser levels add {added} % to the bytes stored.",
        "04_build_a_resolution_pyramid",
        "Its price",
    ),
)
"""What to say of an appraisal."""

MODEL_ERROR = (
    "All seconds are the model's. In lesson 2 it came within about a tenth of what was measured "
    "for cubes, and was 10 to 30 % off for planes. For shards it is true of a reader that merges "
    "ranges; one that asks for chunk after chunk of a shard, as zarr-python did before 3.3, takes "
    "about twice as long. Compression and caches are left out."
)
"""What is known of the model's error; to be said wherever its seconds are shown."""


@dataclass(frozen=True)
class Design:
    """How an image is to be stored.

    Parameters
    ----------
    format
        A key of `FORMATS`.
    chunk_shape
        Voxels of a chunk along each axis.
    shard_shape
        Voxels of a shard along each axis; ``None`` without shards.
    levels
        Levels of the pyramid, counted with level 0; 1 means that there is none.
    """

    format: str
    chunk_shape: Triple
    shard_shape: Triple | None = None
    levels: int = 1


@dataclass(frozen=True)
class Cost:
    """What one use costs.

    Parameters
    ----------
    use
        What is done.
    level
        The level that is read.
    requests
        Read requests, each time.
    wanted, read
        Bytes of the region at that level, and bytes that are read for it, each time.
    seconds
        By the model, each time.
    waiting
        The part of `seconds` in which nothing happens but that answers are waited for.
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
        Files or objects, without metadata.
    stored
        Bytes of all levels, padding and shard indexes included, not compressed.
    remarks
        The rules that hold, their texts filled in.
    """

    costs: tuple[Cost, ...]
    files: int
    stored: int
    remarks: tuple[Rule, ...]

    @property
    def seconds(self) -> float:
        """Seconds a week for all uses together."""
        return sum(cost.weekly for cost in self.costs)


@dataclass(frozen=True)
class Search:
    """The best that a search found.

    Parameters
    ----------
    tried
        Designs tried.
    seconds
        Least seconds a week among those with no more files than the scenario allows.
    good
        The plainest of them that needs at most `CLOSE` times that, or no more than `NEGLIGIBLE`:
        the format that comes first in `FORMATS`, no shards, few levels.
    """

    tried: int
    seconds: float
    good: Design


@functools.cache
def factors(scenario: Scenario, name: str) -> tuple[Triple, ...]:
    """Tell which levels a format can have.

    The finest axes are halved first, as in lesson 4, until a plane is at most 256 voxels high
    and wide, and, where Z is halved too, at most 256 planes are left. Time is never halved.

    Parameters
    ----------
    scenario
        For its shape, its axes and its voxels.
    name
        A key of `FORMATS`.

    Returns
    -------
    tuple of tuple of int
        Voxels of level 0 that a voxel of each level stands for, along each axis.
    """
    halved = FORMATS[name].pyramid
    if not halved:
        return ((1, 1, 1),)
    fixed = 0 if halved == scenario.axes else 1
    plan = plan_levels(
        scenario.shape[fixed:],
        chunk_shape=(256,) * (3 - fixed),
        voxel_size=scenario.voxel_size[fixed:],
    )
    return tuple((*(1,) * fixed, *level.factors) for level in plan)  # type: ignore[misc]


def level_grids(design: Design, scenario: Scenario) -> tuple[ChunkGrid, ...]:
    """Cut each level of an image as a design says.

    Parameters
    ----------
    design
        How it is stored.
    scenario
        For the image and its storage.

    Returns
    -------
    tuple of ChunkGrid
        One for each level, the full image first.

    Raises
    ------
    ValueError
        If the format is not known, or cannot be used so.
    """
    if not isinstance(design.format, str) or design.format not in FORMATS:
        raise ValueError(f"format is {design.format!r}: give one of {', '.join(FORMATS)}.")
    form = FORMATS[design.format]
    # First without the shards, so that a format which has none says so.
    plain = ChunkGrid(scenario.shape, design.chunk_shape, scenario.dtype, edges=form.edges)
    _refuse(design, scenario, form, plain)
    full = ChunkGrid(
        scenario.shape, plain.chunk_shape, scenario.dtype, design.shard_shape, form.edges
    )
    return tuple(_level(full, step) for step in factors(scenario, design.format)[: design.levels])


def _refuse(design: Design, scenario: Scenario, form: Format, grid: ChunkGrid) -> None:
    """Complain with ValueError if the format cannot have such chunks, shards or levels."""
    depth, height, width = grid.chunk_shape
    most = len(factors(scenario, design.format))
    broken = (
        ("deep", form.chunks != "boxes" and depth > 1),
        ("rows", form.chunks == "rows" and width != scenario.shape[2]),
        ("tiles", form.chunks == "tiles" and (height % 16 or width % 16)),
        ("time", form.time_apart and scenario.axes[0] == "T" and depth > 1),
        ("largest", grid.chunk_bytes > form.largest_chunk),
        ("shards", design.shard_shape is not None and not form.shards),
        (
            "flat" if not form.pyramid else "levels",
            not isinstance(design.levels, int) or not 1 <= design.levels <= most,
        ),
    )
    for reason, applies in broken:
        if applies:
            values: dict[str, float | str] = {
                "name": form.name,
                "largest_chunk": form.largest_chunk,
                "first": scenario.axes[0],
                "width": scenario.shape[2],
                "bytes": grid.chunk_bytes,
                "levels": most,
            }
            raise ValueError(_filled(REFUSALS[reason], values))


def _level(full: ChunkGrid, step: Triple) -> ChunkGrid:
    """Return a level's grid: the same chunks and shards, cut where the level is smaller."""
    shape = tuple(-(-n // f) for n, f in zip(full.shape, step, strict=True))
    chunk = tuple(map(min, full.chunk_shape, shape))
    shard = full.chunks_per_shard and tuple(
        c * min(inside, -(-n // c))
        for c, inside, n in zip(chunk, full.chunks_per_shard, shape, strict=True)
    )
    return ChunkGrid(shape, chunk, full.dtype, shard, full.edges)


def appraise(design: Design, scenario: Scenario) -> Appraisal:
    """Tell what a design costs in a week, and what can be learned from that.

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
        If the format is not known, or cannot be used so; the message says why.
    """
    grids = level_grids(design, scenario)
    steps = factors(scenario, design.format)[: design.levels]
    shown = [(use, _level_shown(use, steps)) for use in scenario.uses]
    costs = tuple(_cost(use, k, grids[k], design.format, scenario) for use, k in shown)
    one_by_one = sum(
        _cost(use, k, grids[k], design.format, scenario, ONE_BY_ONE).weekly for use, k in shown
    )
    per_level = [grid.reading((slice(None),) * 3).read for grid in grids]
    files, stored = _files(design.format, grids), sum(per_level)
    form, storage = FORMATS[design.format], STORAGES[scenario.storage]
    total = sum(cost.weekly for cost in costs)
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
        "waiting": sum(cost.waiting * cost.use.weekly for cost in costs) / total * 100,
        "bytes": grids[0].chunk_bytes,
        "classic": 0 if form.chunks == "boxes" else stored,
        "lone": storage.latency * 1000 if form.one_at_a_time else 0,
        "shards": grids[0].shard_count,
        "apart": one_by_one / total * 100,
        "levels": design.levels,
        "added": sum(per_level[1:]) / per_level[0] * 100,
    }
    remarks = tuple(
        replace(rule, text=_filled(rule.text, facts))
        for rule in REMARKS
        if float(facts[rule.fact]) > rule.above
    )
    return Appraisal(costs, files, stored, remarks)


def _filled(text: str, values: Mapping[str, float | str]) -> str:
    """Fill in texts as they are, and numbers rounded, as `design_appraisal.js` does."""
    return text.format_map(
        {
            # Halves go up, as in JavaScript; Python's own rounding takes them to the even number.
            name: value if isinstance(value, str) else f"{math.floor(value + 0.5):,}"
            for name, value in values.items()
        }
    )


def _files(name: str, grids: Sequence[ChunkGrid]) -> int:
    return FORMATS[name].files or sum(grid.file_count for grid in grids)


def _cost(
    use: Use,
    level: int,
    grid: ChunkGrid,
    name: str,
    scenario: Scenario,
    reader: ShardReader = READER,
) -> Cost:
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


def _level_shown(use: Use, steps: Sequence[Triple]) -> int:
    """Return the coarsest level with a voxel for each pixel, as in lesson 4."""
    fitting = (k for k, step in enumerate(steps) if max(step[1:]) <= use.voxels_per_pixel)
    return max(fitting, default=0)


def search(scenario: Scenario) -> Search:
    """Try many designs, and find those that cost least time by the model.

    Tried are, with each number of levels: TIFF strips of 1, 2, 4, … rows up to whole planes;
    square tiles from 64 to 4096; for BDV-HDF5 and OME-Zarr all boxes of a power of two along each
    axis, from 1 to 256 along the first, from 32 to 1024 along Y and X; and the same for OME-Zarr
    in shards of 4 chunks along each axis. What does not fit the image is left out. A design of
    more files than the scenario allows is tried, and does not win.

    Parameters
    ----------
    scenario
        The image, its storage and its uses.

    Returns
    -------
    Search
        How many designs were tried, the least time, and one good design.
    """
    tried = 0
    found: list[tuple[float, Design]] = []
    for layout in _layouts(scenario):
        steps = factors(scenario, layout.format)
        tried += len(steps)
        if _files(layout.format, level_grids(layout, scenario)) > scenario.most_files:
            continue  # with more levels it has more files still
        grids = level_grids(replace(layout, levels=len(steps)), scenario)
        weekly: dict[tuple[Use, int], float] = {}
        for levels in range(1, len(steps) + 1):
            if _files(layout.format, grids[:levels]) > scenario.most_files:
                break
            shown = [(use, _level_shown(use, steps[:levels])) for use in scenario.uses]
            for use, level in shown:
                if (use, level) not in weekly:  # more levels change only what a screen shows
                    cost = _cost(use, level, grids[level], layout.format, scenario)
                    weekly[use, level] = cost.weekly
            found.append((sum(weekly[key] for key in shown), replace(layout, levels=levels)))
    least = min(seconds for seconds, _ in found)
    plain_first = list(FORMATS)
    _, good = min(
        (entry for entry in found if entry[0] <= max(CLOSE * least, NEGLIGIBLE)),
        key=lambda entry: (
            plain_first.index(entry[1].format),
            entry[1].shard_shape is not None,
            entry[1].levels,
            entry[0],
        ),
    )
    return Search(tried, least, good)


def _layouts(scenario: Scenario) -> Iterator[Design]:
    """Give the formats, chunks and shards that `search` tries."""
    depth, height, width = scenario.shape
    rows = (2**power for power in range(height.bit_length()) if 2**power < height)
    for count in (height, *rows):
        yield Design("tiff", (1, count, width))
    for edge in (2**power for power in range(6, 13)):
        if edge <= min(height, width):
            yield Design("ome-tiff", (1, edge, edge))
    flat = scenario.axes[0] == "T"
    for powers in itertools.product(range(9), range(5, 11), range(5, 11)):
        z, y, x = (2**power for power in powers)
        if z > depth or y > height or x > width:
            continue
        if z == 1 or not flat:
            yield Design("bdv-hdf5", (z, y, x))
        yield Design("ome-zarr", (z, y, x))
        shard = tuple(
            c * min(4, -(-n // c)) for c, n in zip((z, y, x), scenario.shape, strict=True)
        )
        yield Design("ome-zarr", (z, y, x), shard)


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "brain": Scenario(
            "A brain for everyone",
            "A mouse brain from a light-sheet microscope, 2 TB, goes to an archive in an object "
            "store. Many people will look at it in viewers, and some will compute on it. The "
            "archive takes 20,000 objects.",
            (6144, 16384, 10240),
            "uint16",
            (2.0, 0.65, 0.65),
            "s3",
            20_000,
            (
                Use("A window of 1920 × 1080 in an XY plane", (1, 1080, 1920), 1500),
                Use("The same window in a YZ plane", (1080, 1920, 1), 100),
                Use("A whole XY plane on the screen", (1, 16384, 10240), 300, (1080, 1920)),
                Use("A cut-out of 64³ around a cell", (64, 64, 64), 5000),
                Use("Analysis of everything, by 16 machines", (6144, 16384, 10240), 1, None, 16),
            ),
        ),
        "em": Scenario(
            "Tissue from all sides",
            "A volume from a focused-ion-beam electron microscope, 275 GB, on the group's file "
            "server. People trace cells in all three slices, and train a network on blocks. The "
            "server's quota is 200,000 files.",
            (4096, 8192, 8192),
            "uint8",
            (0.008, 0.008, 0.008),
            "lan",
            200_000,
            (
                Use("A window of 1920 × 1080 in an XY plane", (1, 1080, 1920), 3000),
                Use("The same window in an XZ plane", (1080, 1, 1920), 3000),
                Use("The same window in a YZ plane", (1080, 1920, 1), 3000),
                Use("A whole XY plane on the screen", (1, 8192, 8192), 500, (1080, 1920)),
                Use("A block of 256³ for training", (256, 256, 256), 2000),
            ),
        ),
        "movie": Scenario(
            "A film on a laptop",
            "2,000 frames of swimming larvae, one plane each, 17 GB, on the SSD of a laptop. "
            "Frames are looked at as a whole, played, and tracked from first to last. The folder "
            "is shared through a service that takes 100,000 files.",
            (2000, 2048, 2048),
            "uint16",
            (0.1, 0.65, 0.65),
            "sata-ssd",
            100_000,
            (
                Use("A frame on the screen", (1, 2048, 2048), 20_000, (1080, 1920)),
                Use("All frames, to track", (2000, 2048, 2048), 5),
            ),
            "TYX",
        ),
        "small": Scenario(
            "A small stack",
            "A confocal stack of 210 MB on the SSD of a laptop. You scroll through it, look at it "
            "from the side now and then, and run a segmentation on all of it.",
            (100, 1024, 1024),
            "uint16",
            (0.5, 0.1, 0.1),
            "sata-ssd",
            100_000,
            (
                Use("An XY plane", (1, 1024, 1024), 500),
                Use("A YZ plane", (100, 1024, 1), 20),
                Use("All of it, to segment", (100, 1024, 1024), 20),
            ),
        ),
    }
)
"""Briefs of the exercise, by a short name. Exercise data: no measured datasets or habits."""

BEST: Mapping[str, Search] = MappingProxyType(
    {
        "brain": Search(
            tried=7840,
            seconds=3580.8464977882354,
            good=Design(
                format="ome-zarr",
                chunk_shape=(8, 1024, 256),
                shard_shape=(32, 4096, 1024),
                levels=4,
            ),
        ),
        "em": Search(
            tried=5888,
            seconds=15377.208528,
            good=Design(format="bdv-hdf5", chunk_shape=(32, 64, 64), shard_shape=None, levels=3),
        ),
        "movie": Search(
            tried=2772,
            seconds=455.52432967032973,
            good=Design(format="tiff", chunk_shape=(1, 2048, 2048), shard_shape=None, levels=1),
        ),
        "small": Search(
            tried=2294,
            seconds=13.170127472527474,
            good=Design(format="tiff", chunk_shape=(1, 1024, 1024), shard_shape=None, levels=1),
        ),
    }
)
"""What `search` finds for each of `SCENARIOS`; it takes seconds, and the tests do it again."""
