"""The chunk explorer as Python sees it: its setting, its results, its plain form."""

from __future__ import annotations

import gzip
import re
from typing import Any

import numpy as np
import pytest
from bs4 import BeautifulSoup
from shortening import short_script, short_style
from traitlets import TraitError

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.widgets import ChunkExplorer
from bigimg_lessons.widgets.base import own_style
from bigimg_lessons.widgets.explorer_setting import DTYPES
from bigimg_lessons.widgets.presets import PRESETS


def test_it_opens_on_a_yz_slice_through_the_middle() -> None:
    explorer = ChunkExplorer()
    assert explorer.grid == ChunkGrid((256, 1024, 1024), (64, 64, 64))
    assert explorer.position == (128, 512, 512)
    assert explorer.region == (slice(0, 256), slice(0, 1024), slice(512, 513))
    # 4 × 16 chunks of 64³ bytes for 256 × 1024 bytes; on S3 7 rounds of 150 ms, then 850 MB/s.
    assert (explorer.chunks, explorer.requests) == (64, 64)
    assert (explorer.bytes_wanted, explorer.bytes_read) == (262_144, 16_777_216)
    assert explorer.seconds == pytest.approx(7 * 0.15 + 16_777_216 / 850e6)


def test_results_follow_the_setting_and_can_be_observed() -> None:
    explorer = ChunkExplorer()
    seen: list[int] = []
    explorer.observe(lambda change: seen.append(change.new), "requests")
    explorer.orientation = "XY"
    explorer.dtype = "uint16"
    assert seen == [256]
    assert explorer.bytes_wanted == 2 * 1024 * 1024
    with pytest.raises(TraitError, match="read-only"):
        explorer.requests = 1
    explorer.storage = "hdd"
    assert explorer.seconds == pytest.approx(256 * 0.0124 + explorer.bytes_read / 175e6)


def test_the_reader_decides_how_shards_are_read() -> None:
    explorer = ChunkExplorer(shape=(128,) * 3, chunk_shape=(16,) * 3, dtype="uint16")
    explorer.shard_shape = (64,) * 3
    explorer.orientation = "XY"
    # As counted with zarr-python 3.1.6, and with 3.4.2.
    explorer.position = (5, 64, 64)
    assert (explorer.requests, explorer.bytes_read) == (68, 528_400)
    explorer.reader = "merging"
    assert (explorer.requests, explorer.bytes_read) == (8, 1_806_352)
    assert explorer.seconds == pytest.approx(0.15 + 1_806_352 / 850e6)
    explorer.shard_shape = None
    assert (explorer.requests, explorer.bytes_read) == (64, 524_288)


def test_chunks_may_be_longer_than_the_volume() -> None:
    explorer = ChunkExplorer(shape=(3, 33, 700), chunk_shape=(1, 64, 1024), dtype="uint16")
    assert (explorer.chunks, explorer.bytes_read) == (3, 3 * 131_072)
    explorer.shard_shape = (4, 128, 2048)
    assert (explorer.requests, explorer.bytes_read) == (4, 3 * 131_072 + 16 * 16 + 4)


def test_a_cube_starts_at_the_position() -> None:
    explorer = ChunkExplorer(orientation="cube", cube_edge=65)
    # The middle, as well as a cube of 65 can be in the middle of an even number.
    assert explorer.position == (96, 480, 480)
    explorer.position = (0, 63, 64)
    assert explorer.region == (slice(0, 65), slice(63, 128), slice(64, 129))
    assert explorer.chunks == 2 * 2 * 2
    explorer.position = None
    assert explorer.position == (96, 480, 480)


def test_several_parts_change_at_once() -> None:
    explorer = ChunkExplorer()
    with explorer.hold_trait_notifications():
        explorer.shape = (10, 20, 30)
        explorer.chunk_shape = [5, 20, 30]
        explorer.shard_shape = np.array([10, 20, 30])
        explorer.position = (np.int64(9), 0, 29)
    assert explorer.shard_shape == (10, 20, 30)
    assert explorer.position == (9, 0, 29)
    assert all(type(number) is int for number in explorer.position)
    assert explorer.requests == 1  # the whole shard
    explorer.shard_shape = None
    assert explorer.requests == 2


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"shape": (256, 0, 1024)}, r"shape is \(256, 0, 1024\): give whole numbers of 1 or more"),
    ({"shape": (256, 1024)}, r"shape is \(256, 1024\): give three whole numbers, for z, y and x"),
    ({"shape": None}, r"shape is None: give three whole numbers"),
    ({"chunk_shape": None}, r"chunk_shape is None: give three whole numbers"),
    ({"shape": 256}, r"shape is 256: give three whole numbers"),
    ({"shape": (256, 1024, 1.5)}, r"shape\[2\] is 1\.5: give a whole number"),
    ({"shape": (10**6, 10**6, 10**6)}, r"bytes: give a shape of at most .* \(1 PiB\)"),
    ({"chunk_shape": (64, 64, -64)}, r"chunk_shape is \(64, 64, -64\): give whole numbers of 1"),
    ({"chunk_shape": (2**18, 2**20, 2**20)}, r"padded, .* bytes: give shorter chunks and shards"),
    ({"chunk_shape": (1, 1, 64), "shape": (10**5, 10**5, 10**5)}, r"give larger chunks"),
    ({"shard_shape": (100, 64, 64)}, r"shard_shape is .* give whole multiples of the chunk"),
    ({"shard_shape": (64, 64, 64), "edges": "cut"}, r"edges is 'cut', but chunks in shards"),
    ({"edges": "round"}, r"edges is 'round': give 'padded' or 'cut'"),
    ({"dtype": "complex64"}, r"dtype is 'complex64': give one of uint8, int8, uint16"),
    ({"orientation": "ZX"}, r"orientation is 'ZX': give one of XY, XZ, YZ, cube"),
    ({"position": (0, 0, 1024)}, r"position is \(0, 0, 1024\): give a voxel \(z, y, x\) inside"),
    ({"position": (0, -1, 0)}, r"position is \(0, -1, 0\): give a voxel"),
    ({"position": (0, True, 0)}, r"position is \(0, True, 0\): give a voxel"),
    ({"cube_edge": 0}, r"cube_edge is 0: give a whole number of 1 or more"),
    ({"cube_edge": 2.5}, r"cube_edge is 2\.5: give a whole number"),
    (
        {"orientation": "cube", "cube_edge": 200},
        r"A cube of 200 voxels from position \(128, 512, 512\) reaches outside the volume",
    ),
    ({"storage": "tape"}, r"storage is 'tape': give one of hdd, sata-ssd, nvme, lan, s3"),
    ({"reader": "zarr"}, r"reader is 'zarr': give one of one-by-one, merging"),
    ({"reader": None}, r"reader is None: give one of one-by-one, merging"),
    (
        {
            "shape": (256, 256, 256),
            "position": (0, 0, 0),
            "chunk_shape": (1, 1, 1),
            "shard_shape": (256, 256, 256),
            "reader": "merging",
        },
        r"16,777,216 chunks must be looked at: give smaller shards, larger chunks",
    ),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    changes: dict[str, Any], message: str
) -> None:
    explorer = ChunkExplorer()
    before = {**explorer.trait_values()}
    with pytest.raises(TraitError, match=message):
        explorer.set_state(changes)
    assert explorer.trait_values() == before
    if len(changes) == 1:
        ((name, value),) = changes.items()
        with pytest.raises(TraitError, match=message):
            setattr(explorer, name, value)
        assert explorer.trait_values() == before
    if changes.get("orientation") != "cube":  # without a position, that takes the middle
        with pytest.raises(TraitError, match=message):
            ChunkExplorer(**changes)


def test_what_the_page_sends_counts_as_if_set_in_python() -> None:
    explorer = ChunkExplorer()
    explorer.set_state({"shape": [8, 64, 64], "chunk_shape": [1, 64, 64], "position": [0, 0, 63]})
    assert explorer.chunk_shape == (1, 64, 64)
    assert explorer.requests == 8
    with pytest.raises(TraitError, match="inside the volume"):
        explorer.set_state({"shape": [8, 32, 32]})
    assert explorer.shape == (8, 64, 64)
    # Sent as lists, as the page has them: what is equal is no change there.
    state = explorer.get_state(["shape", "shard_shape", "position"])
    assert state == {"shape": [8, 64, 64], "shard_shape": None, "position": [0, 0, 63]}


@pytest.mark.parametrize("shape", [(256, 1024, 1024), (1, 1, 1), (3, 100, 70), (300, 130, 5000)])
@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_presets_fit_any_volume(preset: Any, shape: tuple[int, int, int]) -> None:
    for dtype in DTYPES:
        grid = preset.grid(shape, dtype)
        assert grid.shape == shape
        if preset.name == "TIFF planes":
            assert grid.chunk_count == shape[0]


def test_presets_are_known_sizes() -> None:
    cut = {
        preset.name: (grid.chunk_shape, grid.chunk_count, grid.file_count)
        for preset in PRESETS
        for grid in [preset.grid((256, 1024, 1024), "uint8")]
    }
    assert cut == {
        "TIFF planes": ((1, 1024, 1024), 256, 256),
        "TIFF strips": ((1, 8, 1024), 32_768, 32_768),
        "BDV-HDF5": ((64, 64, 64), 1024, 1024),
        "OME-Zarr": ((128, 128, 128), 128, 128),
        "Sharded OME-Zarr": ((64, 64, 64), 1024, 16),
    }


def test_plain_html_tells_what_a_yz_slice_costs() -> None:
    explorer = ChunkExplorer()
    html = BeautifulSoup(explorer._repr_mimebundle_()[0]["text/html"], "html.parser")
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in html.find_all("tr")]
    assert rows == [
        ["Stored as", "Chunk", "Chunks touched", "Requests", "MiB read", "Amplification"],
        ["TIFF planes", "1 × 1,024 × 1,024", "256 of 256", "256", "256.0", "1,024.0"],
        ["TIFF strips", "1 × 8 × 1,024", "32,768 of 32,768", "32,768", "256.0", "1,024.0"],
        ["BDV-HDF5", "64 × 64 × 64", "64 of 1,024", "64", "16.0", "64.0"],
        ["OME-Zarr", "128 × 128 × 128", "16 of 128", "16", "32.0", "128.0"],
        # 4 shards: their indexes of 64 × 16 + 4 bytes do not show in these digits.
        [
            "Sharded OME-Zarr: a reader that asks for each chunk",
            *("64 × 64 × 64", "64 of 1,024", "68", "16.0", "64.0"),
        ],
        # It also reads what lies between the chunks that touch the plane.
        [
            "Sharded OME-Zarr: a reader that merges neighbouring chunks",
            *("64 × 64 × 64", "64 of 1,024", "8", "28.0", "112.0"),
        ],
    ]
    caption = html.find("caption")
    assert caption is not None
    assert caption.get_text() == (
        "A YZ slice at x = 512 through a volume of 256 × 1,024 × 1,024 voxels (uint8)"
    )


def test_plain_text_is_a_sentence() -> None:
    assert repr(ChunkExplorer(dtype="uint16")) == (
        "A chunk explorer: a volume of 256 × 1024 × 1024 (uint16) in chunks of 64 × 64 × 64. "
        "Run this cell in Jupyter to explore it."
    )


def test_the_module_is_whole_and_lean_and_asks_no_other_host() -> None:
    assert re.findall(r"^\s*import\b", ChunkExplorer._esm, flags=re.MULTILINE) == []
    assert ChunkExplorer._esm.count("export default") == 1
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", ChunkExplorer._esm
    )
    sent = (short_script(ChunkExplorer._esm) + short_style(own_style(ChunkExplorer.front))).encode()
    assert len(gzip.compress(sent)) <= 19_000  # as the page has it
    assert not re.search(rb"https?://", sent)
