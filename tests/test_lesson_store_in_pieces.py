"""What lesson 2 claims outside its checked outputs, and that it runs on volumes of other sizes."""

import json
import re
import xml.etree.ElementTree as ET
from importlib.resources import files
from pathlib import Path

import dask.array as da
import matplotlib as mpl
import nbformat
import numpy as np
import pytest
import tifffile
import zarr
from zarr.storage import LocalStore

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.measure.recorded_reads import RECORD, recorded_runs
from bigimg_lessons.measure.stores import StoreMeter
from bigimg_lessons.measure.timing import time_in_turn
from bigimg_lessons.measure.zarr_reading import zarr_reader
from bigimg_lessons.samples.folder import data_folder

ROOT = Path(__file__).parents[1]
CELLS = nbformat.read(ROOT / "notebooks" / "02_store_in_pieces.ipynb", as_version=4).cells
SLICE = (slice(None), slice(None), 5)


def test_the_diagram_counts_right():
    svg = ET.fromstring((ROOT / "book" / "figures" / "two_cuts.svg").read_bytes())  # noqa: S314
    words = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    for chunk in ((1, 8, 8), (2, 2, 2)):
        grid = ChunkGrid((8, 8, 8), chunk)
        touched = grid.reading(SLICE).chunks
        assert f"{touched} of {grid.chunk_count} pieces read" in words


INSTRUMENTS = {"explorer", "fetch", "quiz"}


def run(monkeypatch, tmp_path, shape):
    """Run the lesson's code, without its instruments, on random pixels; return its names."""
    path = tmp_path / "own.tif"
    pixels = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "ZYX"})
    monkeypatch.setenv("BIGIMG_DATASET", str(path))
    monkeypatch.setenv("BIGIMG_DATA", str(tmp_path / "data"))
    names = {}
    with mpl.rc_context({"backend": "agg"}):
        for cell in CELLS:
            if cell.cell_type != "code" or cell.id in INSTRUMENTS:
                continue
            exec(compile(cell.source, cell.id, "exec"), names)  # noqa: S102 (our own cells)
            if cell.id == "setup":
                # One run of each is enough here: what is timed matters, not how long it takes.
                monkeypatch.setitem(
                    names,
                    "time_in_turn",
                    lambda actions, **options: time_in_turn(
                        actions, **options | {"repeats": 1, "progress": False}
                    ),
                )
    names["plt"].close("all")
    return names


@pytest.mark.parametrize("shape", [(20, 70, 150), (5, 300, 40)])
def test_it_runs_on_smaller_volumes(monkeypatch, tmp_path, capsys, shape):
    names = run(monkeypatch, tmp_path, shape)
    expected = tuple(min(size, 256) for size in shape)
    assert names["shape"] == expected
    assert data_folder() / "lesson_02" == names["folder"]
    printed = capsys.readouterr().out
    assert "This volume is smaller than the text says" in printed
    counted, wanted = re.search(r"(\d+) of (\d+) as predicted", printed).groups()
    assert counted == wanted == "32"


def prose(identifier):
    return next(cell.source for cell in CELLS if cell.id == identifier)


def test_what_many_files_take_is_what_the_benchmark_found():
    results = ROOT / "tests" / "benchmarks" / "results" / "many_files.json"
    found = json.loads(results.read_text(encoding="utf-8"))
    single, packed = found["runs"]
    assert (single["files"], packed["files"]) == (100_000, 100)
    text = prose("files-explained")
    for words in (
        f"In one run ({found['file_system']} on {found['system']}, November 2026), "
        f"{single['files']:,} chunks of 64 bytes each, {single['bytes'] / 2**20:.1f} MiB of "
        "voxels, ",
        f"took {single['disk_bytes'] / 2**20:.0f} MiB of the disk, and on that busy machine "
        f"{single['delete_seconds'] / 60:.0f} minutes to delete.",
        f"In shards of {packed['chunks_per_file']:,} chunks, indexes included, they took "
        f"{packed['disk_bytes'] / 2**20:.1f} MiB, and half a second",
    ):
        assert words in text
    assert 0.3 < packed["delete_seconds"] < 0.7


def test_the_prose_on_readers_says_what_the_record_says():
    asked = {run.name: run.asked for run in recorded_runs()}
    entries = json.loads(files("bigimg_lessons.measure").joinpath(RECORD).read_text("utf-8"))[
        "runs"
    ]
    assert {entry["date"][:7] for entry in entries} == {"2026-11"}
    assert "made in November 2026" in prose("readers-table-text")
    text = prose("readers-explained")
    newer = asked["zarr-python 3.4.2"]
    assert {newer[plane].requests for plane in ("XY", "XZ", "YZ")} == {8}
    size = f"{newer['XY'].bytes_read / 2**20:.2f} MiB instead of 2.00"
    assert f"needs 8 requests for any of these planes, and pays with bytes: for XY {size}" in text
    for name in ("zarr-python 3.1.6", "zarr-python 3.4.2, merging off", "zarrita 0.7.5"):
        assert asked[name]["XY"].requests == 64 + 4
    assert asked["dask 2026.8.0"]["XY"].requests == 64 + 64
    assert {asked[name]["XY"].heads for name in asked if name.startswith("zarrita")} == {4}
    zarrs = asked["zarrs 0.2.3"]["XY"]
    assert zarrs.heads == zarrs.requests  # one before each


def test_dask_with_a_task_for_each_shard_asks_as_zarr_does(tmp_path):
    grid = ChunkGrid((64, 64, 64), (8, 8, 8), shard_shape=(32, 32, 32))
    store = LocalStore(tmp_path)
    voxels = np.random.default_rng(0).integers(1, 255, grid.shape, dtype=np.uint8)
    zarr.create_array(
        store, data=voxels, chunks=grid.chunk_shape, shards=grid.shard_shape, compressors=None
    )
    meter = StoreMeter(store)
    array = zarr.open_array(meter)
    plane = (5, slice(None), slice(None))
    as_zarr = grid.reading(plane, reader=zarr_reader()).requests
    for options, requests in (({}, 64 + 64), ({"chunks": array.shards}, as_zarr)):
        lazy = da.from_zarr(array, **options)
        meter.take()
        np.testing.assert_array_equal(lazy[plane].compute(scheduler="threads"), voxels[plane])
        assert meter.take().chunks.count == requests


def test_the_table_of_sizes_counts_its_files():
    """A tebibyte in chunks of so many bytes makes so many files."""
    units = {"KiB": 2**10, "MiB": 2**20, "million": 10**6}

    def number(words):
        value, _, unit = words.strip().partition(" ")
        return float(value.replace(",", "")) * units.get(unit, 1)

    rows = re.findall(
        r"\| (\d+ .iB) to (\d+ .iB) \| \(?([\d.,]+(?: million)?) to ([\d.,]+(?: million)?)\)? \|",
        prose("guide"),
    )
    assert len(rows) == 5
    for small, large, most, least in rows:
        assert 2**40 / number(small) == pytest.approx(number(most), rel=0.02)
        assert 2**40 / number(large) == pytest.approx(number(least), rel=0.02)
    assert ChunkGrid((2**40,), (2**15,), shard_shape=(2**30,)).file_count == 1024
