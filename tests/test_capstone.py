"""The capstone's appraisal against counting by brute force, and against sums by hand."""

import itertools
import json
import math
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bigimg_lessons.costs import appraisal as appraisal_module
from bigimg_lessons.costs.appraisal import NEGLIGIBLE, OWN_TIME, appraise
from bigimg_lessons.costs.design import FORMATS, Design
from bigimg_lessons.costs.levels import factors, level_grids
from bigimg_lessons.costs.remarks import REFUSALS, REMARKS
from bigimg_lessons.costs.scenarios import SCENARIOS, Scenario, Use
from bigimg_lessons.costs.search import BEST, CLOSE, search
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.questions.places import heading_anchor
from tests.chunk_cases import along_the_curve

ROOT = Path(__file__).parents[1]
BRAIN, EM, MOVIE, SMALL = (SCENARIOS[key] for key in ("brain", "em", "movie", "small"))

quick = settings(max_examples=40)


# ---- One by one: every voxel of a small image


def scenario_of(shape, box, *, dtype="uint16", storage="lan", **more):
    use = Use("a box", box, 7, **more)
    return Scenario("tiny", "", shape, dtype, (1.0, 1.0, 1.0), storage, 10, (use,))


@st.composite
def tiny(draw):
    """A small image, a box in it, and a design of OME-Zarr or HDF5 for it."""
    shape = tuple(draw(st.integers(1, 11)) for _ in range(3))
    box = tuple(draw(st.integers(1, n)) for n in shape)
    chunk = tuple(draw(st.integers(1, n)) for n in shape)
    shard, name = None, draw(st.sampled_from(["bdv-hdf5", "ome-zarr"]))
    if name == "ome-zarr" and draw(st.booleans()):
        shard = tuple(
            c * draw(st.integers(1, -(-n // c))) for c, n in zip(chunk, shape, strict=True)
        )
    return scenario_of(shape, box), Design(name, chunk, shard)


def pieces(shape, piece):
    """For each voxel the number of the piece in which it lies."""
    counts = [-(-n // p) for n, p in zip(shape, piece, strict=True)]
    places = [i // p for i, p in zip(np.indices(shape), piece, strict=True)]
    return np.ravel_multi_index(places, counts)


@quick
@given(tiny())
@example((scenario_of((1, 7, 2), (1, 1, 2)), Design("ome-zarr", (1, 1, 1), (1, 3, 2))))
def test_requests_and_bytes_are_those_of_the_voxels(case):
    scenario, design = case
    (cost,) = appraise(design, scenario).costs
    spans = cost.use.region(scenario.shape)
    region = tuple(slice(start, stop) for start, stop in spans)
    assert [stop - start for start, stop in spans] == list(cost.use.box)

    chunk_of = pieces(scenario.shape, design.chunk_shape)
    chunks = np.unique(chunk_of[region])
    chunk_bytes = 2 * math.prod(design.chunk_shape)
    requests, brought, shards, index = len(chunks), len(chunks), 0, 0
    if design.shard_shape is not None:
        shard_of = pieces(scenario.shape, design.shard_shape)
        per_shard = math.prod(design.shard_shape) // math.prod(design.chunk_shape)
        touched = np.unique(shard_of[region])
        requests = brought = 0
        for shard in touched:
            inside = np.unique(chunk_of[shard_of == shard]).tolist()
            counts = [-(-n // c) for n, c in zip(scenario.shape, design.chunk_shape, strict=True)]
            in_file = sorted(
                inside,
                key=lambda chunk: along_the_curve(
                    n % (s // c)  # the curve begins anew in every shard
                    for n, s, c in zip(
                        np.unravel_index(chunk, counts),
                        design.shard_shape,
                        design.chunk_shape,
                        strict=True,
                    )
                ),
            )
            wanted = [place for place, chunk in enumerate(in_file) if chunk in chunks]
            whole = len(wanted) == per_shard
            # Gaps are far below 1 MiB here: after the index one request brings all.
            requests += 1 if whole else 2
            brought += wanted[-1] + 1 - wanted[0]
        shards, index = len(touched), 16 * per_shard + 4
    assert cost.requests == requests
    assert cost.wanted == 2 * math.prod(cost.use.box)
    assert cost.read == brought * chunk_bytes + shards * index

    many = 1 if design.format == "bdv-hdf5" else 10
    rounds = math.ceil(shards / many) + math.ceil((requests - shards) / many)
    assert cost.waiting == pytest.approx(rounds * 0.0005)
    moving = cost.read / 125e6 + len(chunks) * 0.15e-3
    assert cost.seconds == pytest.approx(rounds * 0.0005 + moving)


@quick
@given(tiny())
def test_files_and_bytes_stored_are_those_of_the_pieces(case):
    scenario, design = case
    appraisal = appraise(design, scenario)
    chunks = len(np.unique(pieces(scenario.shape, design.chunk_shape)))
    stored = chunks * 2 * math.prod(design.chunk_shape)
    files = chunks
    if design.shard_shape is not None:
        files = len(np.unique(pieces(scenario.shape, design.shard_shape)))
        inside = math.prod(design.shard_shape) // math.prod(design.chunk_shape)
        stored += files * (16 * inside + 4)
    assert appraisal.stored == stored
    assert appraisal.files == (2 if design.format == "bdv-hdf5" else files)


# ---- By hand: one that is big


def test_the_brain_in_cubes_of_64_by_hand():
    appraisal = appraise(Design("ome-zarr", (64, 64, 64), None, 5), BRAIN)
    window, side, view, cell, everything = appraisal.costs
    # y: (16384 - 1080) // 3 = 5101 to 6180 lies in chunks 79 to 96; x: 2773 to 4692 in 43 to 73.
    assert window.requests == 18 * 31
    assert window.read == 558 * 524_288
    assert window.waiting == pytest.approx(56 * 0.15)
    moving = 558 * 524_288 / 850e6 + 558 * 0.15e-3
    assert window.seconds == pytest.approx(56 * 0.15 + moving)
    # z: (6144 - 1080) // 3 = 1688, so 1689 to 2768, in 26 to 43; y: 4821 to 6740, in 75 to 105.
    assert side.requests == 18 * 31
    # 16384 / 1080 = 15.2 voxels for a pixel: level 3, 8 times as coarse, 2048 × 1280 voxels.
    assert (view.level, view.requests) == (3, 32 * 20)
    assert view.wanted == 2 * 2048 * 1280
    # 2027, 5441 and 3393 are in the middle of, just after, and just after the beginning of a chunk.
    assert cell.requests == 8
    # 96 × 256 × 160 chunks; a machine asks for a 16th of them.
    assert everything.requests == 3_932_160
    part = 3_932_160 // 16
    assert everything.seconds == pytest.approx(
        part / 10 * 0.15 + part * 524_288 / 850e6 + part * 0.15e-3
    )
    # Levels of 6144 × 8192 × 5120, 6144 × 4096 × 2560, 3072 × 2048 × 1280, 1536 × 1024 × 640.
    levels = [3_932_160, 96 * 128 * 80, 96 * 64 * 40, 48 * 32 * 20, 24 * 16 * 10]
    assert appraisal.files == sum(levels)
    assert appraisal.stored == sum(levels) * 524_288
    per_week = [1500, 100, 300, 5000, 1]
    assert appraisal.seconds == pytest.approx(
        sum(n * cost.seconds for n, cost in zip(per_week, appraisal.costs, strict=True))
    )


def test_a_shard_is_asked_for_its_index_first():
    design = Design("ome-zarr", (64, 64, 64), (1024, 1024, 1024))
    cell = appraise(design, BRAIN).costs[3]
    # 2027 to 2090 goes over 2048, from shard 1 to 2; along Y and X it is in chunks 5 and 6 of one.
    # Along the curve 13 chunks of 512 KiB lie between any two of a shard: too many to be merged.
    assert cell.requests == 8 + 2
    assert cell.read == 8 * 524_288 + 2 * (16 * 4096 + 4)
    assert cell.waiting == pytest.approx(2 * 0.15)
    everything = appraise(design, BRAIN).costs[4]
    assert everything.requests == 6 * 16 * 10  # each shard whole
    assert everything.waiting == pytest.approx(6 * 0.15)  # 60 for each of 16 machines


def test_neighbours_in_a_shard_come_in_one_request_with_their_gaps():
    # A voxel deep, 33 high and 17 wide, in chunks of 16³ within one shard of 64³. Along the curve
    # chunk (z, y, x) has the place z + 2 y + 4 x, for y = 2 the place z + 16 + 4 x.
    scenario = scenario_of((64, 64, 64), (1, 33, 17))
    (cost,) = appraise(Design("ome-zarr", (16,) * 3, (64,) * 3), scenario).costs
    assert cost.use.region(scenario.shape) == ((21, 22), (11, 44), (15, 32))
    # z is 1, y 0 to 2 and x 0 to 1: places 1, 3, 17 and 5, 7, 21. So 1 to 21 travel.
    assert (cost.requests, cost.read) == (2, 21 * 8192 + 64 * 16 + 4)
    chunk_by_chunk = appraise(Design("ome-zarr", (16,) * 3), scenario).costs[0]
    assert (chunk_by_chunk.requests, chunk_by_chunk.read) == (6, 6 * 8192)


def test_remarks_tell_what_merging_costs_or_saves():
    near = said(EM, Design("ome-zarr", (32, 32, 32), (128, 128, 128), 3))["shards"]
    # By the search for a reader that asks for each chunk, and for one that merges.
    assert f"would need {100 * 10499.346048 / 20239.110176:.0f} % of the time" in near
    far = said(BRAIN, Design("ome-zarr", (8, 1024, 256), (32, 4096, 1024), 4))["shards"]
    assert int(re.search(r"(\d+) % of the time", far)[1]) > 100


def test_a_film_in_planes_is_read_to_the_byte():
    frame, everything = appraise(MOVIE.first_guess, MOVIE).costs
    assert (frame.requests, frame.read, frame.wanted) == (1, 2 * 2048 * 2048, 2 * 2048 * 2048)
    assert (everything.requests, everything.read) == (2000, 2000 * 2 * 2048 * 2048)
    assert BEST["movie"].good == MOVIE.first_guess


def test_the_finest_axes_are_halved_first_and_time_never():
    assert factors(BRAIN, "tiff") == ((1, 1, 1),)
    assert factors(BRAIN, "bdv-hdf5")[:5] == (
        (1, 1, 1), (1, 2, 2), (1, 4, 4), (2, 8, 8), (4, 16, 16),
    )  # fmt: skip
    # 6144 / 32 and 10240 / 64 are below 256; 16384 / 64 is 256 at level 6 of flat ones.
    assert factors(BRAIN, "ome-tiff") == tuple((1, 2**k, 2**k) for k in range(7))
    assert factors(EM, "ome-zarr") == tuple((2**k,) * 3 for k in range(6))
    for name in ("ome-tiff", "bdv-hdf5", "ome-zarr"):
        assert factors(MOVIE, name) == tuple((1, 2**k, 2**k) for k in range(4))


def test_a_level_that_is_smaller_than_a_chunk_has_smaller_ones():
    grids = level_grids(Design("ome-zarr", (512, 512, 512), (1024, 1024, 1024), 6), EM)
    assert [grid.shape for grid in grids] == [
        (4096 >> k, 8192 >> k, 8192 >> k) for k in range(6)
    ]  # fmt: skip
    assert grids[4].chunk_shape == (256, 512, 512)
    assert grids[5].chunk_shape == (128, 256, 256)
    assert grids[4].shard_shape == (256, 512, 512)


def test_a_chunk_longer_than_the_image_is_cut_to_it_like_those_of_levels():
    long = appraise(Design("ome-zarr", (128, 64, 2048), (256, 128, 2048), 2), SMALL)
    fitting = appraise(Design("ome-zarr", (100, 64, 1024), (100, 128, 1024), 2), SMALL)
    assert long == fitting


# ---- Designs that cannot be


CANNOT = [
    (EM, Design("png", (1, 8, 8)), r"format is 'png': give one of tiff, ome-tiff, bdv-hdf5"),
    (EM, Design("tiff", (2, 8192, 8192)), r"TIFF stack is cut within its planes: .* along Z"),
    (MOVIE, Design("ome-tiff", (5, 256, 256)), r"OME-TIFF is cut within its planes: .* along T"),
    (EM, Design("tiff", (1, 256, 256)), r"strips of whole rows: make the chunk 8,192 long"),
    (EM, Design("ome-tiff", (1, 100, 256)), r"multiples of 16 high and wide"),
    (EM, Design("ome-tiff", (1, 256, 8)), r"multiples of 16 high and wide"),
    (MOVIE, Design("bdv-hdf5", (2, 64, 64)), r"each time point in a dataset of its own"),
    (
        BRAIN,
        Design("bdv-hdf5", (2048, 1024, 1024)),
        r"4,294,967,296 bytes is too large: with BDV-HDF5",
    ),
    (
        BRAIN,
        Design("ome-zarr", (1024, 1024, 1024)),
        r"with OME-Zarr, this exercise allows 2,147,483,647",
    ),
    (EM, Design("bdv-hdf5", (64,) * 3, (128,) * 3), r"BDV-HDF5 has no shards: .* take OME-Zarr"),
    (EM, Design("tiff", (1, 8192, 8192), (1, 8192, 8192)), r"TIFF stack has no shards"),
    (EM, Design("tiff", (1, 8192, 8192), None, 2), r"holds the full image alone: give 1 level"),
    (EM, Design("ome-zarr", (64,) * 3, None, 7), r"go from 1 to 6 here"),
    (EM, Design("ome-zarr", (64,) * 3, None, 0), r"go from 1 to 6 here"),
    (EM, Design("ome-zarr", (64,) * 3, None, 2.0), r"go from 1 to 6 here"),
    (EM, Design("ome-zarr", (64,) * 3, (100,) * 3), r"give whole multiples of the chunk"),
    (EM, Design("ome-zarr", (64, 0, 64)), r"give whole numbers of 1 or more"),
    (EM, Design("ome-zarr", (64, 64)), r"give 3 numbers, one for each axis"),
]


@pytest.mark.parametrize(("scenario", "design", "message"), CANNOT)
def test_a_design_that_cannot_be_is_refused_with_a_reason(scenario, design, message):
    with pytest.raises(ValueError, match=message):
        appraise(design, scenario)


def test_every_refusal_is_tried():
    told = " ".join(message for _, _, message in CANNOT)
    for word in ("planes", "whole rows", "16 high", "time point", "too large", "no shards",
                 "alone", "go from"):  # fmt: skip
        assert word in told
    assert len(REFUSALS) == 8


# ---- Laws


LAYOUTS = st.one_of(
    st.builds(lambda rows: Design("tiff", (1, rows, 8192)), st.integers(1, 8192)),
    st.builds(
        lambda y, x, n: Design("ome-tiff", (1, 16 * y, 16 * x), None, n),
        st.integers(1, 512), st.integers(1, 512), st.integers(1, 6),
    ),
    st.builds(
        lambda name, shape, n: Design(name, shape, None, n),
        st.sampled_from(["bdv-hdf5", "ome-zarr"]),
        st.tuples(*[st.integers(16, 1024)] * 3), st.integers(1, 6),
    ),
    st.builds(
        lambda shape, k, n: Design("ome-zarr", shape, tuple(k * c for c in shape), n),
        st.tuples(*[st.integers(16, 256)] * 3), st.integers(1, 8), st.integers(1, 6),
    ),
)  # fmt: skip


@quick
@given(LAYOUTS)
def test_nothing_is_cheaper_than_what_is_wanted(design):
    appraisal = appraise(design, EM)
    size = math.prod(EM.shape)
    assert appraisal.stored >= size
    if design.levels == 1 and design.format == "tiff":
        assert appraisal.stored == size
    for cost in appraisal.costs:
        assert cost.read >= cost.wanted
        assert 0 < cost.waiting < cost.seconds
        assert cost.seconds >= cost.read / STORAGES["lan"].bandwidth


@quick
@given(LAYOUTS, st.floats(1, 1000))
def test_a_slower_storage_makes_nothing_faster(design, factor):
    before = appraise(design, EM)
    lan = STORAGES["lan"]
    for change in (
        {"latency": lan.latency * factor},
        {"bandwidth": lan.bandwidth / factor},
        {"concurrency": 1},
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(appraisal_module, "STORAGES", {**STORAGES, "lan": replace(lan, **change)})
            after = appraise(design, EM)
        for cost, slower in zip(before.costs, after.costs, strict=True):
            assert slower.seconds >= cost.seconds
            assert (slower.requests, slower.read) == (cost.requests, cost.read)


@quick
@given(LAYOUTS)
def test_levels_cost_bytes_and_change_only_what_a_screen_shows(design):
    most = len(factors(EM, design.format))
    rows = [appraise(replace(design, levels=n), EM) for n in range(1, most + 1)]
    for fewer, more in itertools.pairwise(rows):
        assert more.stored > fewer.stored
        assert more.files >= fewer.files
        for a, b in zip(fewer.costs, more.costs, strict=True):
            if a.use.screen is None:
                assert a == b
            else:
                assert b.level >= a.level
                assert b.wanted <= a.wanted


@quick
@given(LAYOUTS)
def test_hdf5_is_never_faster_than_zarr_in_the_same_chunks(design):
    if design.format == "bdv-hdf5":
        one, many = appraise(design, EM), appraise(replace(design, format="ome-zarr"), EM)
        for slow, fast in zip(one.costs, many.costs, strict=True):
            assert (slow.requests, slow.read) == (fast.requests, fast.read)
            assert slow.waiting == pytest.approx(slow.requests * 0.0005)
            assert slow.seconds >= fast.seconds


def test_machines_share_the_work():
    alone = scenario_of((640, 640, 640), (640, 640, 640), storage="s3")
    shared = scenario_of((640, 640, 640), (640, 640, 640), storage="s3", machines=10)
    design = Design("ome-zarr", (64, 64, 64))
    (one,), (ten,) = appraise(design, alone).costs, appraise(design, shared).costs
    assert one.requests == ten.requests == 1000
    assert ten.seconds == pytest.approx(one.seconds / 10)
    assert one.seconds == pytest.approx(100 * 0.15 + 1000 * 64**3 * 2 / 850e6 + 1000 * OWN_TIME)


# ---- Remarks


CALLED_FOR = {
    "ease": (SMALL, Design("tiff", (1, 1024, 1024))),
    "crowd": (BRAIN, Design("ome-zarr", (64, 64, 64))),
    "coarseness": (BRAIN, Design("ome-zarr", (128, 128, 128))),
    "amplification": (EM, Design("tiff", (1, 8192, 8192))),
    "waiting": (BRAIN, Design("ome-zarr", (64, 64, 64), None, 5)),
    "bytes": (BRAIN, Design("tiff", (1, 16384, 10240))),
    "classic": (MOVIE, Design("tiff", (1, 2048, 2048))),
    "lone": (BRAIN, Design("bdv-hdf5", (64, 64, 64))),
    "shards": (EM, Design("ome-zarr", (32, 32, 32), (128, 128, 128))),
    "levels": (EM, Design("ome-zarr", (32, 32, 32), None, 4)),
}


@pytest.mark.parametrize("rule", REMARKS, ids=lambda rule: rule.fact)
def test_each_remark_is_called_for_somewhere_and_not_everywhere(rule):
    scenario, design = CALLED_FOR[rule.fact]
    (said,) = [found for found in appraise(design, scenario).remarks if found.fact == rule.fact]
    assert "{" not in said.text
    said_in = [
        rule.fact in {found.fact for found in appraise(plan, brief).remarks}
        for brief, plan in CALLED_FOR.values()
    ]
    assert not all(said_in)


def said(scenario, design):
    return {rule.fact: rule.text for rule in appraise(design, scenario).remarks}


def test_remarks_state_the_numbers():
    remarks = said(BRAIN, Design("ome-zarr", (64, 64, 64)))
    assert remarks["crowd"].startswith("It makes 3,932,160 files, and this place takes 20,000.")
    assert "15 voxels for each pixel" in remarks["coarseness"]  # 16384 / 1080
    assert "a chunk has 524,288 bytes" in remarks["waiting"]
    # A YZ window needs 1080 planes of 8192 × 8192 for 1080 × 1920 voxels: 34,952.5 times, up.
    assert "reads 34,953 times" in said(EM, EM.first_guess)["amplification"]
    assert "waits here for 150 ms" in said(BRAIN, Design("bdv-hdf5", (64, 64, 64)))["lone"]
    # 1/8 + 1/64 + 1/512 = 14.3 %
    assert "add 14 %" in said(EM, Design("ome-zarr", (32, 32, 32), None, 4))["levels"]
    assert "lone" not in said(EM, Design("bdv-hdf5", (64, 64, 64)))  # a file server is near


def test_each_remark_leads_to_a_section_that_exists():
    for rule in REMARKS:
        path = ROOT / "notebooks" / f"{rule.page}.ipynb"
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells)
        assert re.search(rf"^#+ {re.escape(rule.section)}$", text, flags=re.MULTILINE)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", heading_anchor(rule.section))
    assert heading_anchor(REMARKS[6].section) == "why-look-at-the-bytes"


# ---- The search


def test_the_search_finds_what_is_written_down():
    for key, scenario in SCENARIOS.items():
        found = search(scenario)
        assert found.tried == BEST[key].tried
        assert found.good == BEST[key].good
        assert found.seconds == pytest.approx(BEST[key].seconds, rel=1e-12)


@pytest.mark.parametrize("key", SCENARIOS)
def test_no_design_of_a_random_sample_beats_the_best(key):
    scenario, numbers = SCENARIOS[key], random.Random(7)  # noqa: S311
    at_best, fair = BEST[key], 0
    good = appraise(at_best.good, scenario)
    assert good.seconds <= max(CLOSE * at_best.seconds, NEGLIGIBLE)
    assert good.files <= scenario.most_files
    for _ in range(100):
        chunk = (
            2 ** numbers.randint(0, 8),
            2 ** numbers.randint(5, 10),
            2 ** numbers.randint(5, 10),
        )
        name = numbers.choice(["bdv-hdf5", "ome-zarr"])
        try:
            appraisal = appraise(Design(name, chunk, None, numbers.randint(1, 3)), scenario)
        except ValueError:
            continue
        if appraisal.files <= scenario.most_files:
            fair += 1
            assert appraisal.seconds >= at_best.seconds * (1 - 1e-12)
    assert fair > 20


# ---- The briefs


def test_the_briefs_say_what_their_images_are():
    sizes = {
        key: math.prod(scenario.shape) * np.dtype(scenario.dtype).itemsize
        for key, scenario in SCENARIOS.items()
    }
    stated = {"brain": ("1.9 TiB", 1.9 * 2**40), "em": ("256 GiB", 2**38),
              "movie": ("15.6 GiB", 15.6 * 2**30), "small": ("200 MiB", 200 * 2**20)}  # fmt: skip
    for key, (text, size) in stated.items():
        assert text in SCENARIOS[key].brief
        assert sizes[key] == pytest.approx(size, rel=0.02)
        files = f"{SCENARIOS[key].most_files:,} "
        assert files in SCENARIOS[key].brief or key == "small"
    for scenario in SCENARIOS.values():
        assert scenario.storage in STORAGES
        for use in scenario.uses:
            for (start, stop), n in zip(use.region(scenario.shape), scenario.shape, strict=True):
                assert 0 <= start < stop <= n
        assert appraise(scenario.first_guess, scenario).files == 1
    assert set(FORMATS) == {"tiff", "ome-tiff", "bdv-hdf5", "ome-zarr"}
