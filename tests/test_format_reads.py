"""What further readers ask of each format: the record, and that it is so here."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.readers import READERS
from bigimg_lessons.measure.format_reads import (
    CHUNK_SHAPE,
    REGIONS,
    SHAPE,
    SHARD_SHAPE,
    recorded_format_reads,
)
from tests.benchmarks import format_readers

RUNS = {(run.stored_as, run.reader): run for run in recorded_format_reads()}
CHUNKS = {"XY": 64, "XZ": 16, "YZ": 16, "cube": 8}
"""By hand: 2 × 8 × 8 chunks of 64³, and the cube lies across two along each axis."""


def requests(run, names=tuple(REGIONS)):
    return {name: run.asked[name].requests for name in names}


def test_regions_and_layout_are_those_of_the_lesson():
    assert SHAPE == (128, 512, 512)
    assert CHUNK_SHAPE == (64, 64, 64)
    assert list(REGIONS) == ["XY", "XZ", "YZ", "cube"]
    for name, region in REGIONS.items():
        counted = ChunkGrid(SHAPE, CHUNK_SHAPE).reading(region).requests
        assert counted == CHUNKS[name]


def test_a_second_reader_of_each_format_is_in_the_record():
    assert {
        ("OME-TIFF", "bioio-ome-tiff"),
        ("Imaris", "imaris-ims-zarr"),
        ("Imaris", "imaris-ims-file-reader"),
        ("BDV-N5", "tensorstore"),
        ("BDV-N5", "z5py"),
        ("OME-Zarr 0.4", "tensorstore"),
        ("OME-Zarr 0.5", "tensorstore"),
        ("0.5, shards", "tensorstore"),
        ("OME-Zarr 0.6", "tensorstore"),
    } == set(RUNS)


@pytest.mark.parametrize("key", [key for key in RUNS if key[0].startswith(("BDV-N5", "OME-Zarr"))])
def test_chunks_that_are_files_are_one_request_each(key):
    run = RUNS[key]
    assert requests(run) == CHUNKS
    header = 16 if key[0] == "BDV-N5" else 0  # mode, number of axes, three extents
    for name, count in CHUNKS.items():
        assert run.asked[name].bytes_read == count * (64**3 + header)


def test_imaris_takes_some_requests_more_for_its_index():
    for reader in ("imaris-ims-zarr", "imaris-ims-file-reader"):
        for name, count in requests(RUNS["Imaris", reader]).items():
            assert 0 <= count - CHUNKS[name] <= 40


def test_shards_take_no_more_than_one_by_one():
    grid = ChunkGrid(SHAPE, CHUNK_SHAPE, shard_shape=SHARD_SHAPE)
    for name, count in requests(RUNS["0.5, shards", "tensorstore"]).items():
        most = grid.reading(REGIONS[name], reader=READERS["one-by-one"]).requests
        assert most / 4 < count <= most


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("formats").resolve()
    format_readers.write_all(made, ("BDV-N5", "0.5, shards", "Imaris"))
    return made


def test_tensorstore_asks_here_what_the_record_says(folder):
    for name, asked in format_readers.over_http(folder, ("BDV-N5", "0.5, shards")).items():
        run = RUNS[name, "tensorstore"]
        if version("tensorstore") == run.version:
            assert asked == run.asked
        else:
            assert asked["XY"].bytes_read >= 16 * 2**20


@pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("strace"), reason="strace is not installed"
)
@pytest.mark.parametrize("key", [("BDV-N5", "z5py"), ("Imaris", "imaris-ims-zarr")])
def test_calls_are_counted_as_the_record_says(folder, key):
    pytest.importorskip(key[1].replace("-", "_"))
    asked = format_readers.trace(folder, *key, regions=("cube",))
    if version(key[1]) == RUNS[key].version and key[1] == "z5py":  # the other goes by its h5py
        assert asked["cube"] == RUNS[key].asked["cube"]
    assert 0 <= asked["cube"].requests - CHUNKS["cube"] <= 40


def test_calls_between_marks_are_counted_for_files_of_the_image():
    log = """
12 read(3</data/image.ims>, "x", 8) = 8
12 access("/counted-from-here/open", F_OK) = -1 ENOENT (No such file or directory)
12 pread64(3</data/image.ims>, "\\211HDF"..., 8, 0) = 8
13 read(4</data/image.ims.txt>, "x"..., 100) = 100
12 access("/counted-from-here/read", F_OK) = -1 ENOENT (No such file or directory)
13 preadv(3</data/image.ims>, [{iov_base="x", iov_len=5}], 1, 0) = 5
13 read(3</data/image.ims>, "", 100) = 0
13 pread64(3</data/image.ims>, "abc", 100, 8) = 92
12 access("/counted-from-here/end", F_OK) = -1 ENOENT (No such file or directory)
12 read(3</data/image.ims>, "x", 8) = 8
"""
    opening, reading = format_readers.counted_calls(log, Path("/data/image.ims"))
    assert (opening.requests, opening.bytes_read) == (1, 8)
    assert (reading.requests, reading.bytes_read) == (2, 97)
