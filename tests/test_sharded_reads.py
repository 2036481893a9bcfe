"""What readers ask of a sharded array: the record is still true, and `ChunkGrid` predicts it."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
import zarr
from zarr.storage import LocalStore

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.readers import MERGING, ONE_BY_ONE, ShardReader
from bigimg_lessons.measure.recorded_reads import (
    CHUNK_SHAPE,
    RECORD,
    REGIONS,
    SHAPE,
    SHARD_SHAPE,
    Asked,
    Run,
    recorded_runs,
)
from bigimg_lessons.measure.sharded_reads import run_readers
from bigimg_lessons.measure.stores import StoreMeter

WRITERS = {"zarr-python": "morton", "tensorstore": "C"}  # and the order of their chunks
RECORDED = {
    (writer, run.reader, run.version, run.setting): run
    for writer in WRITERS
    for run in recorded_runs(writer)
}


@pytest.fixture(scope="module", params=WRITERS)
def written(request, tmp_path_factory):
    """Name of a writer, and an array that it wrote."""
    path = tmp_path_factory.mktemp(request.param) / "image.zarr"
    voxels = np.random.default_rng(0).integers(1, 255, SHAPE, dtype=np.uint8)
    if request.param == "zarr-python":
        zarr.create_array(
            path, data=voxels, chunks=CHUNK_SHAPE, shards=SHARD_SHAPE, compressors=None
        )
    else:
        tensorstore = pytest.importorskip("tensorstore")
        codecs = [{"name": "bytes", "configuration": {"endian": "little"}}]
        sharding = {"chunk_shape": CHUNK_SHAPE, "codecs": codecs}
        metadata = {
            "shape": SHAPE,
            "data_type": "uint8",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": SHARD_SHAPE}},
            "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
        }
        store = {"driver": "file", "path": f"{path}/"}
        spec = {"driver": "zarr3", "kvstore": store, "metadata": metadata}
        tensorstore.open(spec, create=True).result().write(voxels).result()
    return request.param, path


def test_the_readers_here_ask_what_the_record_says(written, monkeypatch):
    writer, path = written
    for name in ("HTTP_PROXY", "http_proxy"):  # as in many an institute; no reader may use it here
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    runs = run_readers(path)
    assert {"zarr-python", "dask"} <= {run.reader for run in runs}
    for run in runs:
        key = (writer, run.reader, run.version, run.setting)
        assert key in RECORDED, f"{run.name} is not in the record: run shard_readers.py"
        assert dict(run.asked) == dict(RECORDED[key].asked), run.name


def test_a_store_meter_counts_what_a_server_counts(written):
    writer, path = written
    meter = StoreMeter(LocalStore(path))
    array = zarr.open_array(meter, mode="r")
    recorded = RECORDED[writer, "zarr-python", zarr.__version__, ""]
    for name, region in REGIONS.items():
        meter.take()
        array[region]
        asked = meter.take().chunks
        assert Asked(asked.count, asked.bytes_read) == recorded.asked[name], name


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    ("reader", "version", "setting", "way"),
    [
        ("zarr-python", "3.1.6", "", ONE_BY_ONE),
        ("zarr-python", "3.4.2", "", MERGING),
        ("zarr-python", "3.4.2", "merging off", ONE_BY_ONE),
        # Over HTTP. It merges across up to 4095 bytes, less than any chunk here.
        ("tensorstore", "0.1.86", "", ShardReader("side by side", max_gap=0)),
        ("zarrita", "0.7.5", "", ONE_BY_ONE),
    ],
)
def test_the_record_is_as_predicted(writer, reader, version, setting, way):
    grid = ChunkGrid(SHAPE, CHUNK_SHAPE, shard_shape=SHARD_SHAPE, shard_order=WRITERS[writer])
    run = RECORDED[writer, reader, version, setting]
    for name, region in REGIONS.items():
        reading = grid.reading(region, reader=way)
        asked = run.asked[name]
        assert (asked.requests, asked.bytes_read) == (reading.requests, reading.read), name


@pytest.mark.parametrize("writer", WRITERS)
def test_dask_fetches_an_index_for_each_chunk(writer):
    grid = ChunkGrid(SHAPE, CHUNK_SHAPE, shard_shape=SHARD_SHAPE)
    run = RECORDED[writer, "dask", "2026.8.0", ""]
    for name, region in REGIONS.items():
        chunks = grid.reading(region).chunks
        read = chunks * (grid.index_bytes + grid.chunk_bytes)
        assert run.asked[name] == Asked(2 * chunks, read), name


def test_the_record_states_dates_versions_and_all_regions():
    entries = json.loads(files("bigimg_lessons.measure").joinpath(RECORD).read_text("utf-8"))[
        "runs"
    ]
    for entry in entries:
        assert entry["date"] >= "2026-11"
        assert entry["writer_version"][0].isdigit()
        assert ("python" in entry) != ("node" in entry)
        assert list(entry["asked"]) == list(REGIONS)
    for writer in WRITERS:
        names = [run.name for run in recorded_runs(writer)]
        assert len(set(names)) == len(names)


def test_a_run_that_differs_from_the_record_is_told():
    recorded = next(run for run in recorded_runs() if run.name == "zarr-python 3.1.6")
    assert recorded.is_as_recorded
    more = {
        name: replace(asked, requests=asked.requests + 1) for name, asked in recorded.asked.items()
    }
    assert not replace(recorded, asked=more).is_as_recorded
    # A version that is not recorded is held against the newest one: here that merges.
    assert not replace(recorded, version="99.0").is_as_recorded
    newest = next(run for run in recorded_runs() if run.name == "zarr-python 3.4.2")
    assert replace(newest, version="99.0").is_as_recorded
    assert not Run("nobody", "1.0", "", recorded.asked).is_as_recorded


def test_who_has_not_written_is_refused():
    with pytest.raises(ValueError, match="writer is 'zarrs': give one of 'tensorstore', 'zarr-p"):
        recorded_runs("zarrs")


def test_an_array_of_another_layout_is_refused(tmp_path):
    zarr.create_array(tmp_path / "small.zarr", data=np.ones((8, 8, 8), "u2"), chunks=(4, 4, 4))
    with pytest.raises(ValueError, match=r"shape \(8, 8, 8\), chunks .* type uint16: give one"):
        run_readers(tmp_path / "small.zarr")


@pytest.fixture
def empty(tmp_path):
    """An array of the right layout, without values."""
    path = tmp_path / "image.zarr"
    zarr.create_array(path, shape=SHAPE, dtype="u1", chunks=CHUNK_SHAPE, shards=SHARD_SHAPE)
    return path


def test_a_reader_that_fails_says_why(empty):
    program = "import sys; sys.stderr.write('no such codec'); sys.exit(3)"
    with pytest.raises(RuntimeError, match="ended with code 3: no such codec"):
        run_readers(empty, [sys.executable, "-c", program])


@pytest.mark.parametrize(
    "program",
    [
        "import time; time.sleep(600)",
        "import sys, time; sys.stdout.close(); time.sleep(600)",
        "print(flush=True); input(); import time; time.sleep(600)",
    ],
    ids=["silent", "closed", "between two lines"],
)
def test_a_reader_that_does_not_end_is_stopped(empty, tmp_path, monkeypatch, program):
    said = tmp_path / "said"
    complain = (
        "import pathlib, sys; print('still here', file=sys.stderr, flush=True);"
        f"pathlib.Path({str(said)!r}).touch();"
    )

    class Timer(threading.Timer):
        """Begins when the reader has said what it says: to start takes long on a busy computer."""

        def run(self):
            while not said.exists() and not self.finished.wait(0.02):
                pass
            super().run()

    monkeypatch.setattr(threading, "Timer", Timer)
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match=r"not ended after 0\.5 s and were stopped.*still here"):
        run_readers(empty, [sys.executable, "-c", complain + program], seconds=0.5)
    assert time.monotonic() - begin < 300


def test_a_reader_is_late_even_if_the_thread_that_stops_it_is_slow(empty, monkeypatch):
    kill = subprocess.Popen.kill

    def kill_slowly(process):
        kill(process)
        time.sleep(0.5)

    monkeypatch.setattr(subprocess.Popen, "kill", kill_slowly)
    with pytest.raises(TimeoutError, match=r"not ended after 1 s and were stopped"):
        run_readers(empty, [sys.executable, "-c", "import time; time.sleep(600)"], seconds=1)


def test_a_reader_that_stops_listening_says_why(empty):
    program = (
        "import os; os.close(0); os.write(1, b'\\n\\n'); os.write(2, b'out of luck'); os._exit(4)"
    )
    with pytest.raises(RuntimeError, match="ended with code 4: out of luck"):
        run_readers(empty, [sys.executable, "-c", program])


def test_a_reader_of_which_nothing_is_understood_is_stopped(empty):
    program = "print('Hello', flush=True); import time; time.sleep(600)"
    begin = time.monotonic()
    with pytest.raises(ValueError, match="Expecting value"):
        run_readers(empty, [sys.executable, "-c", program])
    assert time.monotonic() - begin < 300
