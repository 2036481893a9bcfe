"""The planner: values worked out by hand, by a real build, and by the providers' own examples."""

from __future__ import annotations

import json
import math
import re
import warnings
from dataclasses import asdict, replace

import numpy as np
import pytest
import traitlets
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from bigimg_lessons import build_pyramid, format_bytes
from bigimg_lessons.costs.conversion import Conversion, shape_of_bytes
from bigimg_lessons.costs.plan import Project, Stages, plan, shared
from bigimg_lessons.costs.prices import PRICE_LISTS
from bigimg_lessons.costs.projects import PRESETS
from bigimg_lessons.costs.rechunking import LEAST_BLOCK_BYTES, rechunk
from bigimg_lessons.costs.storage import Storage
from bigimg_lessons.costs.workforce import Workforce
from bigimg_lessons.pyramids import writing
from bigimg_lessons.pyramids.block_plans import reads_per_chunk
from bigimg_lessons.widgets import Planner

MIB = 2**20


def project(**changes):
    """A stack of 64 planes of 256 x 256 bytes to chunks of 64 cubed, with round numbers."""
    parts = {
        "conversion": Conversion(
            shape=(1, 1, 64, 256, 256),
            dtype="uint8",
            source_kind="strips",
            source_chunk=(1, 256, 256),
            chunk=(64, 64, 64),
        ),
        "workforce": Workforce(
            workers=1, threads=1, memory=256 * MIB, decode=4 * MIB, shrink=2 * MIB, encode=1 * MIB
        ),
        "source": Storage("from", latency=0.5, bandwidth=MIB, concurrency=10),
        "target": Storage("to", latency=0.25, bandwidth=2 * MIB, concurrency=4),
        "prices": PRICE_LISTS["own"],
    }
    return Project(**(parts | changes))


# ---- By hand


def test_a_small_stack_by_hand():
    found = plan(project())
    # 4 MiB; levels of 64 x 256 x 256, 32 x 128 x 128 and 16 x 64 x 64 voxels.
    assert found.nbytes == found.source_bytes == found.read == 4 * MIB
    assert found.levels == 3
    assert found.gets == 64
    # 16 chunks, then 4 of 32 x 64 x 64, then 1 of 16 x 64 x 64; a zarr.json each, and the group's.
    assert found.objects == 16 + 4 + 1 + 3 + 1
    assert found.stored == 4 * MIB + MIB // 2 + MIB // 16
    assert found.rechunking.block_shape == (1, 1, 64, 256, 256)
    assert (found.rechunking.reads, found.rechunking.threads) == (1, 1)
    # 7 rounds of 10 requests; 1 s to decode, 2 s to average, 4.5625 s to encode; 7 rounds of 4.
    assert found.convert == Stages(7 * 0.5 + 4, 1 + 2 + 4.5625, 7 * 0.25 + 4.5625 / 2)
    assert found.convert.at_least == found.convert.compute == 7.5625
    assert found.convert.at_most == 7.5 + 7.5625 + 4.03125
    assert found.convert.binding == "compute"
    # The source again, and 16 chunks: 4 rounds of 4, and 4 MiB at 2 MiB/s; both are decoded.
    assert found.verify == Stages(7.5, 1 + 1, 4 * 0.25 + 2)
    assert (found.verify_gets, found.verify_read) == (64 + 16, 8 * MIB)
    assert found.until_deleted == found.convert.at_most + 12.5
    assert (found.bill.once, found.bill.monthly) == (0, 0)


def test_compression_shards_and_edges_by_hand():
    stack = Conversion(
        shape=(2, 3, 65, 100, 130),
        dtype="uint16",
        source_kind="chunks",
        source_chunk=(32, 64, 64),
        source_ratio=2.0,
        chunk=(32, 64, 64),
        shard=(64, 128, 128),
        factors=((1, 1, 1),),
        ratio=4.0,
    )
    found = plan(project(conversion=stack))
    chunk = 32 * 64 * 64 * 2
    chunks = 2 * 3 * 3 * 2 * 3  # along z, y, x; of each time point and channel
    shards = 2 * 3 * 2 * 1 * 2
    assert found.nbytes == 2 * 3 * 65 * 100 * 130 * 2
    assert found.source_bytes == chunks * chunk // 2  # padded
    assert found.stored == chunks * chunk // 4 + shards * (16 * 8 + 4)
    assert found.objects == shards + 2
    # Blocks are shards of 2 x 2 x 2 source chunks: each is read once, and by one request.
    assert (found.gets, found.read) == (chunks, found.source_bytes)


def test_what_is_shared_and_what_is_not():
    alone = project()
    two = replace(alone.workforce, workers=2, threads=4)
    # Two workers with room for four threads each: computing takes an eighth, requests wait half.
    found = plan(replace(alone, workforce=two))
    assert found.rechunking.threads == 4
    assert found.convert.compute == 7.5625 / 8
    assert found.convert.read == 4 * 0.5 + 4
    # Of threads without a block of their own all that can be had is help to encode.
    worker = replace(alone.workforce, threads=4, memory=found.rechunking.held // 2)
    narrow = plan(replace(alone, workforce=worker))
    assert narrow.rechunking.threads < 4
    assert narrow.convert.compute == (1 + 2) / narrow.rechunking.threads + 4.5625 / 4
    # A line narrower than the storage holds both up, and a storage narrower than all lines.
    assert shared(alone.source, replace(two, line=MIB / 4)).bandwidth == MIB / 2
    assert shared(alone.source, replace(two, line=8 * MIB)).bandwidth == MIB
    # On one disk reading and writing add up.
    same = plan(replace(alone, one_disk=True)).convert
    assert same.at_least == same.read + same.write == 7.5 + 4.03125
    assert same.binding == "disk"
    slow = plan(replace(alone, one_disk=True, workforce=replace(alone.workforce, encode=1.0)))
    assert slow.convert.binding == "compute"
    assert Stages(3, 2, 4).binding == "write"
    assert Stages(4, 2, 4).binding == "read"


def test_strips_are_read_again_where_blocks_are_narrower():
    """Lesson 5: a stack of 1 TiB in strips of 64 rows, which are as wide as the image."""
    base = PRESETS["lesson"].project
    reads = {}
    for gib in (1, 2, 4, 8):
        worker = replace(base.workforce, memory=gib * 2**30)
        found = plan(replace(base, workforce=worker))
        width = found.rechunking.block_shape[-1]
        reads[gib] = found.rechunking.reads
        assert found.rechunking.reads == 16_384 / width
        assert found.gets == 4096 * 256 * 16_384 // width
        assert found.read == found.nbytes * 16_384 // width
        assert found.rechunking.held <= gib * 2**30
        needed = found.rechunking.needed
    assert reads == {1: 8, 2: 4, 4: 2, 8: 1}
    # What it says to be needed is just enough.
    for memory, expected in ((needed, 1), (needed - 1, 2)):
        worker = replace(base.workforce, memory=memory)
        assert plan(replace(base, workforce=worker)).rechunking.reads == expected


@given(st.tuples(*[st.integers(1, 60)] * 2), st.tuples(*[st.integers(1, 70)] * 4))
def test_reads_are_those_that_are_counted_one_by_one(shape, sizes):
    block, chunk = sizes[:2], sizes[2:]
    pairs = {
        tuple(v // n for v, n in zip(voxel, (*block, *chunk), strict=True))
        for z in range(shape[0])
        for y in range(shape[1])
        for voxel in [(z, y, z, y)]
    }
    chunks = math.prod(-(-n // c) for n, c in zip(shape, chunk, strict=True))
    reads = reads_per_chunk(shape, block_shape=block, source_chunk_shape=chunk)
    assert reads == pytest.approx(len(pairs) / chunks, rel=1e-12)


def test_long_axes_are_counted_at_once():
    long = reads_per_chunk((2**40,), block_shape=(3,), source_chunk_shape=(2,))
    assert long == pytest.approx(4 / 3)


# ---- By a real build


@pytest.mark.parametrize("shard", [None, (64, 64, 64)])
def test_files_and_bytes_are_those_that_a_build_writes(tmp_path, shard):
    volume = np.random.default_rng(1).integers(1, 255, (70, 100, 130), np.uint8)
    path = build_pyramid(
        volume,
        tmp_path / "a.ome.zarr",
        voxel_size=(1, 1, 1),
        unit="µm",
        chunk_shape=(32, 32, 32),
        shard_shape=shard,
        codec=None,
        progress=False,
    )
    files = [file for file in path.rglob("*") if file.is_file()]
    conversion = Conversion(
        shape=(1, 1, *volume.shape),
        dtype="uint8",
        source_kind="strips",
        source_chunk=(1, 100, 130),
        chunk=(32, 32, 32),
        shard=shard,
    )
    found = plan(project(conversion=conversion))
    metadata = [file for file in files if file.name == "zarr.json"]
    assert found.objects == len(files)
    assert found.levels == len(metadata) - 1
    stored = sum(file.stat().st_size for file in files if file not in metadata)
    # Also of a shard that reaches beyond the image only the chunks that have voxels are stored.
    assert found.stored == stored


class Strips:
    """An image that can only be read in whole strips, as of a TIFF, and counts them."""

    def __init__(self, volume, chunks):
        self.shape, self.dtype, self.chunks = volume.shape, volume.dtype, chunks
        self.volume, self.read = volume, 0

    def __getitem__(self, region):
        touched = [
            len(range(*part.indices(n))) and (part.stop - 1) // c - part.start // c + 1
            for part, n, c in zip(region, self.shape, self.chunks, strict=True)
        ]
        self.read += math.prod(touched)
        return self.volume[region]


def test_strips_are_read_as_often_as_in_a_build(tmp_path):
    volume = np.random.default_rng(1).integers(1, 255, (64, 64, 16_384), np.uint8)
    source = Strips(volume, (1, 64, 16_384))
    limit = 96 * MIB
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        build_pyramid(
            source,
            tmp_path / "a.ome.zarr",
            voxel_size=(1, 1, 1),
            unit="µm",
            chunk_shape=(64, 64, 64),
            memory_limit=limit,
            progress=False,
        )
    conversion = Conversion(
        shape=(1, 1, *volume.shape),
        dtype="uint8",
        source_kind="strips",
        source_chunk=(1, 64, 16_384),
        chunk=(64, 64, 64),
    )
    found = plan(project(conversion=conversion, workforce=replace(WORKER, memory=limit)))
    assert found.rechunking.reads > 1
    assert found.gets == source.read
    told = next(str(w.message) for w in warned if "times on average" in str(w.message))
    assert f"is read {found.rechunking.reads:.3g} times" in told


WORKER = project().workforce


def test_blocks_are_at_least_as_large_as_in_a_build():
    assert LEAST_BLOCK_BYTES == writing._MIN_BLOCK_BYTES


# ---- Prices


def test_google_bills_its_own_example_so():
    """cloud.google.com/storage/pricing-examples, "Simple example": 1.19 USD."""
    prices = replace(PRICE_LISTS["gcs"], gigabyte=10**9)
    assert prices.storing(50 * 10**9) == pytest.approx(1.00)
    assert prices.requests(puts=10_000) == pytest.approx(0.05)
    assert prices.requests(gets=50_000) == pytest.approx(0.02)
    assert prices.leaving(10**9) == pytest.approx(0.12)
    # What the list itself says is for a GiB and an hour.
    assert PRICE_LISTS["gcs"].month == pytest.approx(0.000027397 * 730, rel=1e-4)


def test_cloudflare_bills_its_own_example_so():
    """developers.cloudflare.com/r2/pricing, "Standard storage example": 990 GB beyond 10 free."""
    prices = PRICE_LISTS["r2"]
    assert prices.storing(990 * 10**9) == pytest.approx(14.85)
    # "Asset hosting": 290 million reads beyond 10 million free.
    assert prices.requests(gets=290_000_000) == pytest.approx(104.40)


def test_every_price_list_but_ones_own_says_where_and_when():
    for key, prices in PRICE_LISTS.items():
        assert prices.source
        assert key == "own" or re.fullmatch(r"2026-\d\d-\d\d", prices.date)


def test_a_bill_by_hand():
    prices = replace(PRICE_LISTS["own"], gigabyte=10**9, month=2.0, put=0.5, get=0.25, egress=8.0)
    found = plan(project(prices=prices, outside=True, read_monthly=10**9))
    gigabytes = found.stored / 10**9
    assert found.bill.puts == 25 / 1000 * 0.5
    assert found.bill.gets == 16 / 1000 * 0.25  # of the result alone, to verify it
    assert found.bill.egress == pytest.approx(4 * MIB / 10**9 * 8)
    assert found.bill.storing == pytest.approx(gigabytes * 2)
    chunks = math.ceil(10**9 / (found.stored / 21))
    assert found.bill.reading == pytest.approx(8 + chunks / 1000 * 0.25)
    assert found.bill.original == 0
    both = plan(project(prices=prices, outside=True, source_in_bucket=True)).bill
    assert both.gets == pytest.approx((2 * 64 + 16) / 1000 * 0.25)
    assert both.egress == pytest.approx((2 * 4 + 4) * MIB / 10**9 * 8)
    assert both.original == pytest.approx(4 * MIB / 10**9 * 2)
    assert both.reading == 0
    inside = plan(project(prices=prices, source_in_bucket=True)).bill
    assert inside.egress == 0


# ---- Refusals


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": (64, 256, 256)}, "shape is (64, 256, 256): give five numbers"),
        ({"dtype": "complex64"}, "dtype is 'complex64': give one of uint8, int8"),
        ({"source_kind": "slabs"}, "source_kind is 'slabs': give one of strips, tiles, chunks"),
        ({"source_chunk": (2, 256, 256)}, "strips lie in one plane: give 1, or choose chunks"),
        ({"source_chunk": (1, 256, 64)}, "as wide as the image: give 256, or choose tiles"),
        ({"source_ratio": 0}, "source_ratio is 0: give a number from 0.1 to 1,000,000"),
        ({"ratio": math.nan}, "ratio is nan: give a number from"),
        (
            {"chunk": (64, 8192, 8192), "shape": (1, 1, 64, 8192, 8192), "source_kind": "chunks"},
            "has 4,294,967,296 bytes: give smaller ones, of at most 2,147,483,647",
        ),
        ({"shard": (64, 64, 65)}, "give whole multiples of the chunk"),
        ({"factors": ((1, 2, 2),)}, "begin with level 0"),
    ],
)
def test_conversions_that_cannot_be_are_refused(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        replace(project().conversion, **changes)


def test_too_little_memory_is_refused_with_the_minimum():
    worker = replace(WORKER, memory=MIB)
    with pytest.raises(ValueError, match="give at least") as caught:
        plan(project(workforce=worker))
    least = int(re.search(r"give at least (\d+)", str(caught.value))[1])
    assert plan(project(workforce=replace(worker, memory=least))).rechunking.held <= least
    with pytest.raises(ValueError, match="give at least"):
        plan(project(workforce=replace(worker, memory=least - 1)))


@pytest.mark.parametrize("value", [-1, 1.5, 2**53])
def test_reading_that_is_no_number_of_bytes_is_refused(value):
    with pytest.raises(ValueError, match="read_monthly is"):
        project(read_monthly=value)


def test_a_gigabyte_is_one_of_two():
    with pytest.raises(ValueError, match="gigabyte is 1024: give the bytes"):
        replace(PRICE_LISTS["own"], gigabyte=1024)


@pytest.mark.parametrize(
    ("nbytes", "planes"), [(1, 1), (10**12, 3725), (2**40, 4096), (10**15, 3_725_290)]
)
def test_an_image_of_so_many_bytes(nbytes, planes):
    shape = shape_of_bytes(nbytes, like=(1, 1, 9, 16_384, 16_384), dtype="uint8")
    assert shape == (1, 1, planes, 16_384, 16_384)
    assert abs(planes * 2**28 - nbytes) <= 2**27 or planes == 1
    with pytest.raises(ValueError, match="nbytes is 0"):
        shape_of_bytes(0, like=shape, dtype="uint8")


# ---- Presets and the widget


def test_presets_reach_from_a_laptop_to_a_petabyte():
    sizes = {key: plan(preset.project).nbytes for key, preset in PRESETS.items()}
    assert sizes["laptop"] == pytest.approx(1e11, rel=0.01)
    assert sizes["lesson"] == 2**40
    assert sizes["server"] == pytest.approx(1e13, rel=0.01)
    assert sizes["cluster"] == pytest.approx(1e15, rel=0.01)
    cluster = plan(PRESETS["cluster"].project)
    # All whole: no float came between.
    assert cluster.stored == sum(
        grid.chunk_count * grid.chunk_bytes + grid.shard_count * grid.index_bytes
        for grid in PRESETS["cluster"].project.conversion.grids
    )


def test_the_widget_keeps_what_makes_sense():
    planner = Planner("lesson")
    assert planner.project == PRESETS["lesson"].project
    before = planner.project
    state = json.loads(json.dumps(planner.get_state(["project"])["project"]))
    state["workforce"]["memory"] = 8 * 2**30
    planner.project = state
    assert planner.project == replace(before, workforce=replace(before.workforce, memory=2**33))
    assert planner.plan.rechunking.reads == 1
    for broken, message in (
        ({}, "give a Project, or a dict of all its parts"),
        (state | {"prices": {}}, "prices is {}: give a dict of name, currency"),
        (state | {"workforce": 3}, "workforce is 3: give a dict of workers"),
        (state | {"workforce": asdict(replace(before.workforce, memory=9))}, "give at least"),
    ):
        with pytest.raises(traitlets.TraitError, match=re.escape(message)):
            planner.project = broken
        assert planner.plan.rechunking.reads == 1
    with pytest.raises(traitlets.TraitError, match="preset is 'phone': give one of laptop"):
        Planner("phone")


def test_without_scripts_the_presets_are_planned():
    page = BeautifulSoup(Planner()._plain_html(), "html.parser")
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in page("tr")]
    assert [row[0] for row in rows[1:]] == [preset.name for preset in PRESETS.values()]
    found = plan(PRESETS["cluster"].project)
    assert rows[4][2] == f"{found.objects:,}"
    assert rows[4][3] == format_bytes(found.stored, decimal=True)
    assert rows[4][4] == f"{found.bill.once:,.0f} USD"
    assert "Run this cell in Jupyter" in repr(Planner())


def test_rechunking_says_what_finds_room():
    conversion = PRESETS["laptop"].project.conversion
    for threads in (1, 2, 3, 8):
        worker = replace(PRESETS["laptop"].project.workforce, threads=threads, memory=8 * 2**30)
        found = rechunk(conversion, worker)
        assert found.threads <= threads
        assert found.held <= worker.memory
