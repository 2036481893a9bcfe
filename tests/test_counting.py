import asyncio
import copy
import doctest
import inspect
import io
import itertools
import logging
import os
import pickle
import threading
import time

import dask.array as da
import fsspec
import h5py
import numpy as np
import pytest
import tifffile
import zarr
import zarr.testing.store
from hypothesis import example, given
from hypothesis import strategies as st
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, default_buffer_prototype
from zarr.storage import LocalStore, LoggingStore, MemoryStore, WrapperStore
from zarr.testing.store import LatencyStore

from bigimg_lessons.measure import files, stores
from bigimg_lessons.measure.files import FileMeter, Requests
from bigimg_lessons.measure.network import Link
from bigimg_lessons.measure.store_requests import StoreRequest, StoreRequests
from bigimg_lessons.measure.stores import StoreMeter
from bigimg_lessons.text import format_bytes


@pytest.fixture
def ten_bytes(tmp_path):
    path = tmp_path / "ten.bin"
    path.write_bytes(bytes(range(10)))
    return path


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.00 KiB"),
        (10_240, "10.0 KiB"),
        (1_048_575, "1.00 MiB"),
        (268_435_456, "256 MiB"),
        (1_073_741_824, "1.00 GiB"),
        (5 * 2**60, "5120 PiB"),
    ],
)
def test_format_bytes(count, text):
    assert format_bytes(count) == text


@given(st.integers(min_value=1024, max_value=2**59))
@example(1_073_204_953_088)  # 999.49 GiB and a little more: 0.976 TiB
def test_format_bytes_shows_three_digits_close_to_the_value(count):
    number, unit = format_bytes(count).split()
    power = ["KiB", "MiB", "GiB", "TiB", "PiB"].index(unit) + 1
    assert len(number.replace(".", "").lstrip("0")) == 3
    assert float(number) * 1024**power == pytest.approx(count, rel=0.006)


def test_counts_each_read_with_offset_and_size(ten_bytes):
    meter = FileMeter(ten_bytes)
    with meter.open() as file:
        file.seek(2)
        assert file.read(3) == bytes([2, 3, 4])
        assert file.tell() == 5
        file.seek(-1, os.SEEK_END)
        assert file.read(100) == bytes([9])
        assert file.read(1) == b""
    asked = meter.take()
    assert asked == Requests(file_size=10, opens=1, extents=((2, 3), (9, 1)))
    assert (asked.count, asked.bytes_read) == (2, 4)
    assert asked.fraction_touched == pytest.approx(0.4)
    assert str(asked) == "2 requests, 4 bytes (4 bytes)"


def test_a_system_that_brings_less_than_is_asked_for_is_asked_again(ten_bytes):
    """As all do from 2 GiB on, while h5py takes what came for all that it asked for."""
    meter = FileMeter(ten_bytes)
    with meter.open() as file:
        whole, file._file = file._file, io.BytesIO(ten_bytes.read_bytes())
        whole.close()
        bring = file._file.readinto
        file._file.readinto = lambda buffer: bring(memoryview(buffer)[:4])
        found = bytearray(12)
        assert file.readinto(found) == 10
    assert found == bytes([*range(10), 0, 0])
    assert meter.take().extents == ((0, 4), (4, 4), (8, 2))


def test_take_starts_again_from_zero(ten_bytes):
    meter = FileMeter(ten_bytes)
    with meter.open() as file:
        file.read(4)
    meter.take()
    assert meter.take() == Requests(file_size=10, opens=0, extents=())


def test_url_opens_through_fsspec(ten_bytes):
    meter = FileMeter(ten_bytes)
    with fsspec.open(meter.url) as file:
        assert file.read() == bytes(range(10))
    assert meter.take().bytes_read == 10


def test_two_meters_count_their_own_files(tmp_path):
    meters = []
    for name in ("a.bin", "b.bin"):
        (tmp_path / name).write_bytes(name.encode())
        meters.append(FileMeter(tmp_path / name))
    with fsspec.open(meters[1].url) as file:
        assert file.read() == b"b.bin"
    assert [meter.take().bytes_read for meter in meters] == [0, 5]


def test_file_system_survives_pickling_as_dask_does_it(ten_bytes):
    meter = FileMeter(ten_bytes)
    system, path = fsspec.url_to_fs(meter.url)
    with pickle.loads(pickle.dumps(system)).open(path) as file:  # noqa: S301
        file.read(1)
    assert meter.take().bytes_read == 1


def test_counts_from_many_threads(ten_bytes):
    meter = FileMeter(ten_bytes)

    def read():
        for _ in range(200):
            with meter.open() as file:
                file.read(5)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = meter.take()
    assert (asked.opens, asked.count, asked.bytes_read) == (1600, 1600, 8000)
    assert asked.touched == ((0, 5),)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*gone\.tif.* existing file"):
        FileMeter(tmp_path / "gone.tif")


def test_url_without_its_meter_is_refused(ten_bytes):
    url = FileMeter(ten_bytes).url
    with pytest.raises(FileNotFoundError, match=r"No meter watches .*keep the FileMeter"):
        fsspec.open(url).open()


def test_writing_is_refused(ten_bytes):
    meter = FileMeter(ten_bytes)
    with pytest.raises(ValueError, match="only be read: mode is 'wb'"):
        fsspec.open(meter.url, "wb").open()
    assert ten_bytes.read_bytes() == bytes(range(10))


def test_no_reader_can_go_behind_the_meter(ten_bytes):
    with FileMeter(ten_bytes).open() as file, pytest.raises(io.UnsupportedOperation):
        file.fileno()


def test_tifffile_reads_one_plane_in_one_request(tmp_path):
    pixels = np.arange(4 * 32 * 48, dtype=np.uint16).reshape(4, 32, 48)
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack")
    meter = FileMeter(path)
    with tifffile.TiffFile(meter.open()) as tiff:
        page = tiff.pages[2]
        meter.take()
        plane = page.asarray()
        asked = meter.take()
    np.testing.assert_array_equal(plane, pixels[2])
    assert asked.extents == ((page.dataoffsets[0], 32 * 48 * 2),)


def test_h5py_reads_one_chunk_in_one_request(tmp_path):
    path = tmp_path / "cells.h5"
    values = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
    with h5py.File(path, "w") as file:
        file.create_dataset("cells", data=values, chunks=(16, 16))
    meter = FileMeter(path)
    with h5py.File(meter.open(), "r") as file:
        cells = file["cells"]
        cells[0, 0]  # reads the chunk index once
        meter.take()
        np.testing.assert_array_equal(cells[16:32, 32:48], values[16:32, 32:48])
        offset = cells.id.get_chunk_info_by_coord((16, 32)).byte_offset
        assert (offset, 256) in meter.take().extents


spans = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 30)), max_size=20)


@given(spans)
def test_touched_equals_the_set_of_bytes(extents):
    requests = Requests(file_size=230, opens=1, extents=tuple(extents))
    seen = {byte for offset, size in extents for byte in range(offset, offset + size)}
    assert {b for start, stop in requests.touched for b in range(start, stop)} == seen
    assert requests.fraction_touched == pytest.approx(len(seen) / 230)
    gaps = [b[0] - a[1] for a, b in zip(requests.touched, requests.touched[1:], strict=False)]
    assert all(gap > 0 for gap in gaps)


def test_an_empty_file_is_not_touched():
    assert Requests(file_size=0, opens=1, extents=()).fraction_touched == 0


def test_a_link_slows_a_file_down(ten_bytes):
    meter = FileMeter(ten_bytes, link=Link(latency=0.05, bandwidth=100))
    with meter.open() as file:
        start = time.perf_counter()
        assert file.read(5) + file.read(5) == bytes(range(10))
        seconds = time.perf_counter() - start
        assert file.read(1) == b""
    assert seconds >= 2 * 0.05 + 10 / 100
    assert meter.take().extents == ((0, 5), (5, 5))


def test_a_link_slows_h5py_and_tifffile_down(tmp_path):
    voxels = np.arange(64, dtype="u1").reshape(4, 4, 4)
    tifffile.imwrite(tmp_path / "a.tif", voxels, photometric="minisblack")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cells"] = voxels
    meters = [FileMeter(tmp_path / name, link=Link(latency=0.005)) for name in ("a.tif", "a.h5")]
    start = time.perf_counter()
    with meters[0].open() as file:
        np.testing.assert_array_equal(tifffile.imread(file), voxels)
    with meters[1].open() as opened, h5py.File(opened, "r") as file:
        np.testing.assert_array_equal(file["cells"][:], voxels)
    seconds = time.perf_counter() - start
    requests = sum(meter.take().count for meter in meters)
    assert requests >= 4
    assert seconds >= requests * 0.005


VOXELS = np.arange(1, 1 + 40 * 50, dtype="u2").reshape(40, 50)


def make_store(store, **options):
    options = {"chunks": (10, 10), "compressors": None, **options}
    zarr.create_array(store, data=VOXELS, **options)
    return store


@pytest.fixture
def store(tmp_path):
    return make_store(LocalStore(tmp_path / "image.zarr"))


@pytest.fixture
def meter(store):
    return StoreMeter(store)


def open_quietly(meter, **options):
    array = zarr.open_array(meter, **options)
    meter.take()
    return array


def keys(asked):
    return sorted(request.key for request in asked.requests)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_store_counts_chunks_apart_from_metadata(tmp_path, zarr_format):
    store = make_store(LocalStore(tmp_path), zarr_format=zarr_format)
    meter = StoreMeter(store)
    array = zarr.open_array(meter)
    np.testing.assert_array_equal(array[5:15, 12], VOXELS[5:15, 12])
    asked = meter.take()
    chunks = {2: ["0.1", "1.1"], 3: ["c/0/1", "c/1/1"]}[zarr_format]
    assert keys(asked.chunks) == chunks
    assert (asked.chunks.count, asked.chunks.bytes_read) == (2, 2 * 10 * 10 * 2)
    assert str(asked.chunks) == "2 requests, 400 bytes (400 bytes)"
    metadata = {2: ".zarray", 3: "zarr.json"}[zarr_format]
    size = (tmp_path / metadata).stat().st_size
    assert StoreRequest(metadata, 0, size) in asked.requests
    assert asked.count > asked.chunks.count
    assert meter.take() == StoreRequests(())


def test_parts_of_a_shard_are_told_by_offset(tmp_path):
    meter = StoreMeter(make_store(LocalStore(tmp_path), shards=(20, 20)))
    array = open_quietly(meter)
    index = 4 * 16 + 4
    np.testing.assert_array_equal(array[:10, 10:20], VOXELS[:10, 10:20])
    first, second = meter.take().requests
    assert first == StoreRequest("c/0/0", -index, index)
    path = tmp_path / "c" / "0" / "0"
    assert path.read_bytes()[second.offset :][: second.size] == VOXELS[:10, 10:20].tobytes()


def test_a_chunk_that_is_not_there_is_a_request_without_bytes():
    store = MemoryStore()
    zarr.create_array(store, shape=(4,), chunks=(2,), dtype="u1", fill_value=7)
    meter = StoreMeter(store)
    assert list(open_quietly(meter)[:]) == [7, 7, 7, 7]
    assert sorted(meter.take().requests, key=str) == [
        StoreRequest("c/0", 0, 0),
        StoreRequest("c/1", 0, 0),
    ]


def test_dask_reads_through_a_store(meter):
    lazy = da.from_zarr(meter)
    meter.take()
    np.testing.assert_array_equal(lazy[:, 7].compute(), VOXELS[:, 7])
    assert keys(meter.take()) == ["c/0/0", "c/1/0", "c/2/0", "c/3/0"]


def test_groups_are_read_through_a_store(tmp_path):
    group = zarr.create_group(LocalStore(tmp_path))
    group.create_array("level/0", data=VOXELS, chunks=(20, 50), compressors=None)
    meter = StoreMeter(LocalStore(tmp_path))
    opened = zarr.open_group(meter, mode="r")
    assert [name for name, _ in opened.groups()] == ["level"]
    assert {request.kind for request in meter.take().requests} == {"get", "list"}
    np.testing.assert_array_equal(opened["level/0"][:], VOXELS)
    asked = meter.take()
    assert keys(asked.chunks) == ["level/0/c/0/0", "level/0/c/1/0"]
    assert asked.chunks.bytes_read == VOXELS.nbytes


def derived(meter, how):
    if how == "mode r":
        return zarr.open_array(meter, mode="r")
    if how == "with_read_only":
        return zarr.open_array(meter.with_read_only(True))
    if how == "copy":
        return zarr.open_array(copy.deepcopy(meter))
    if how == "context":
        with meter as entered:
            return zarr.open_array(entered)
    return pickle.loads(pickle.dumps(zarr.open_array(meter)))  # noqa: S301


@pytest.mark.parametrize("how", ["mode r", "with_read_only", "copy", "context", "pickle"])
def test_stores_that_zarr_derives_count_to_the_same_meter(store, how):
    meter = StoreMeter(store, link=Link(latency=0.01))
    array = derived(meter, how)
    meter.take()
    assert array[0, 0] == 1
    assert keys(meter.take()) == ["c/0/0"]
    assert array.store.link is meter.link


def test_two_meters_of_one_store_count_their_own(store):
    first, second = StoreMeter(store), StoreMeter(store)
    array = zarr.open_array(first)
    array[0, 0]
    assert first.take().count > 0
    assert second.take().count == 0
    assert first == second  # as zarr compares stores: by what they hold


def test_a_pickled_store_without_its_meter_is_refused(store):
    pickled = pickle.dumps(StoreMeter(store))
    with pytest.raises(RuntimeError, match=r"own process .*keep it in a variable.*threads"):
        pickle.loads(pickled)  # noqa: S301


def test_writing_through_a_store_is_refused(store, meter):
    array = zarr.open_array(meter)
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 5
    with pytest.raises(ValueError, match="read-only"):
        zarr.create_array(meter, data=VOXELS, overwrite=True)
    with pytest.raises(ValueError, match="read-only"):
        zarr.open_array(meter, mode="r+")
    with pytest.raises(ValueError, match="only be read: write through the store"):
        meter.with_read_only(False)
    with pytest.raises(ValueError, match="read-only"):
        asyncio.run(meter.delete("c/0/0"))
    with pytest.raises(ValueError, match="read-only"):
        asyncio.run(meter.clear())
    np.testing.assert_array_equal(zarr.open_array(store)[:], VOXELS)


def test_only_stores_are_metered(tmp_path):
    with pytest.raises(TypeError, match=r"give a zarr store, such as .*LocalStore\(path\)"):
        StoreMeter(tmp_path)


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError):
        zarr.open_array(StoreMeter(LocalStore(tmp_path / "gone.zarr")))
    assert not (tmp_path / "gone.zarr").exists()


class Bottom(LocalStore):
    """Notes each read of a value where it happens."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen = []

    def with_read_only(self, read_only=False):
        self._read_only = read_only
        return self

    async def get(self, key, prototype=None, byte_range=None):
        self.seen.append((key, byte_range))
        return await super().get(key, prototype, byte_range)

    def get_sync(self, key, *, prototype=None, byte_range=None):
        self.seen.append((key, byte_range))
        return super().get_sync(key, prototype=prototype, byte_range=byte_range)


PROTOTYPE = default_buffer_prototype()
SPANS = [RangeByteRequest(2, 5), OffsetByteRequest(190), SuffixByteRequest(3), None]
OF_SPANS = [
    ("get", "c/0/0", 2, 3),
    ("get", "c/0/0", 190, 10),
    ("get", "c/0/0", -3, 3),
    ("get", "c/0/0", 0, 200),
]
# With a gap of 10 bytes allowed these are two requests.
NEAR = [RangeByteRequest(*span) for span in ((20, 30), (0, 10), (180, 190), (32, 40))]
OF_NEAR = [("get", "c/0/0", 0, 40), ("get", "c/0/0", 180, 10)]
VALUE = [("get", "c/0/0", 0, 200)]

# Each way to ask a store, called directly: the calls, and what must be counted for them.
OVERRIDDEN = {
    "get": (lambda m: [m.get("c/0/0", PROTOTYPE, span) for span in SPANS], OF_SPANS),
    "get_sync": (
        lambda m: [m.get_sync("c/0/0", prototype=PROTOTYPE, byte_range=span) for span in SPANS],
        OF_SPANS,
    ),
    "get_partial_values": (
        lambda m: [m.get_partial_values(PROTOTYPE, [("c/0/0", span) for span in SPANS])],
        OF_SPANS,
    ),
    "exists": (
        lambda m: [m.exists("c/0/0"), m.exists("c/9/9")],
        [("head", "c/0/0", 0, 0), ("head", "c/9/9", 0, 0)],
    ),
    "getsize": (lambda m: [m.getsize("c/0/0")], [("head", "c/0/0", 0, 0)]),
    "is_empty": (lambda m: [m.is_empty("c")], [("list", "c", 0, 0)]),
    "list": (lambda m: [m.list()], [("list", "", 0, 0)]),
    "list_prefix": (lambda m: [m.list_prefix("c/0")], [("list", "c/0", 0, 0)]),
    "list_dir": (lambda m: [m.list_dir("c")], [("list", "c", 0, 0)]),
}
# What the meter leaves to zarr's own `Store`, as that calls nothing but what is named first.
DERIVED = {
    "_get_many": ("get", lambda m: [m._get_many([("c/0/0", PROTOTYPE, None)])], VALUE),
    "_get_bytes": ("get", lambda m: [m._get_bytes("c/0/0", prototype=PROTOTYPE)], VALUE),
    "_get_bytes_sync": (
        "get, in zarr's thread",
        lambda m: [m._get_bytes_sync("c/0/0", prototype=PROTOTYPE)],
        VALUE,
    ),
    "_get_json": (
        "get",
        lambda m: [m._get_json("four.json", prototype=PROTOTYPE)],
        [("get", "four.json", 0, 4)],
    ),
    "_get_json_sync": (
        "get, in zarr's thread",
        lambda m: [m._get_json_sync("four.json", prototype=PROTOTYPE)],
        [("get", "four.json", 0, 4)],
    ),
    "get_ranges": (
        "get, for merged ranges",
        lambda m: [m.get_ranges("c/0/0", NEAR, prototype=PROTOTYPE, max_gap_bytes=10)],
        OF_NEAR,
    ),
    "get_ranges_sync": (
        "get_sync, for merged ranges",
        lambda m: [m.get_ranges_sync("c/0/0", NEAR, prototype=PROTOTYPE, max_gap_bytes=10)],
        OF_NEAR,
    ),
    "getsize_prefix": (
        "list_prefix, and getsize for each",
        lambda m: [m.getsize_prefix("c/0/")],
        [("list", "c/0/", 0, 0), *(("head", f"c/0/{n}", 0, 0) for n in range(5))],
    ),
}
CALLS = OVERRIDDEN | {name: rest for name, (_, *rest) in DERIVED.items()}
NOT_READING = {
    *("open", "close", "with_read_only", "read_only", "_open", "_ensure_open", "_is_open"),
    *("set", "set_sync", "set_if_not_exists", "_set_many", "_check_writable", "clear"),
    *("delete", "delete_sync", "delete_dir", "_with_store"),
    *("supports_writes", "supports_deletes", "supports_listing", "supports_partial_writes"),
    *("supports_consolidated_metadata", "_supports_sync_io"),
}


def ways_to_ask():
    """Names of all that zarr's stores have, or that its protocols say they may offer."""
    # A protocol says of itself that it is one; `issubclass` says so of other classes, too.
    offers = [kind for kind in vars(zarr.abc.store).values() if getattr(kind, "_is_protocol", 0)]
    names = {name for kind in (Store, WrapperStore, *offers) for name in dir(kind)}
    names -= {"_abc_impl", "_is_protocol", "_is_runtime_protocol"}
    return {name for name in names if not name.startswith("__")}


def test_zarr_knows_no_way_to_read_a_store_that_is_not_counted():
    # A plain store: nothing is handed on to the wrapped one behind the meter's back.
    assert StoreMeter.__bases__ == (Store,)
    assert {"get", "get_sync", "list_dir", "getsize_prefix"} <= ways_to_ask()
    unknown = ways_to_ask() - CALLS.keys() - NOT_READING
    assert unknown == set(), "zarr has new ones: count them, or tell which of these they call"
    assert OVERRIDDEN.keys() <= vars(StoreMeter).keys()
    for name in DERIVED.keys() & ways_to_ask():
        assert getattr(StoreMeter, name) is getattr(Store, name)


async def answer(asked):
    """What was answered, at once, later or bit by bit, in a form to compare."""
    if hasattr(asked, "__aiter__"):
        return sorted([plain(part) async for part in asked])
    return plain(await asked if inspect.isawaitable(asked) else asked)


def plain(value):
    if isinstance(value, Buffer):
        return value.to_bytes()
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("name", [name for name in CALLS if name in ways_to_ask()])
def test_each_way_to_read_a_store_is_counted_and_delayed(tmp_path, name):
    bottom = make_store(Bottom(tmp_path))
    (tmp_path / "four.json").write_text("1234")
    calls, expected = CALLS[name]

    async def read(store):
        return [await answer(asked) for asked in calls(store)]

    meter = StoreMeter(bottom, link=Link(latency=0.02))
    bottom.seen.clear()
    start = time.perf_counter()
    answers = asyncio.run(read(meter))
    seconds = time.perf_counter() - start
    asked = meter.take().requests
    # Sorted, as what is asked for at once comes in any order.
    assert sorted((r.kind, r.key, r.offset, r.size) for r in asked) == sorted(expected)
    assert len(bottom.seen) == sum(request.kind == "get" for request in asked)
    assert seconds >= 0.02
    assert answers == asyncio.run(read(LocalStore(tmp_path)))


def test_a_store_without_synchronous_reading_is_not_offered_so(store):
    assert StoreMeter(store)._supports_sync_io
    meter = StoreMeter(Asynchronous())
    assert not meter._supports_sync_io
    with pytest.raises(TypeError, match=r"cannot be read synchronously: .*LocalStore\(path\)"):
        meter.get_sync("c/0/0")


class Asynchronous(StoreMeter):
    """A store like those of web servers."""

    _supports_sync_io = False

    def __init__(self):
        super().__init__(MemoryStore())


PIPELINES = ["BatchedCodecPipeline", "FusedCodecPipeline"]


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_meter_changes_nothing_of_how_zarr_reads(tmp_path, pipeline):
    if not hasattr(zarr.core.codec_pipeline, pipeline):
        pytest.skip(f"zarr {zarr.__version__} has no {pipeline}")
    make_store(LocalStore(tmp_path / "chunks"))
    make_store(LocalStore(tmp_path / "shards"), shards=(20, 30))
    gap = {"array.sharding_coalesce_max_gap_bytes": 300}
    path = {"codec_pipeline.path": f"zarr.core.codec_pipeline.{pipeline}"}
    for name, options in itertools.product(("chunks", "shards"), ({}, gap)):
        with zarr.config.set(path | options):
            bare, metered = (Bottom(tmp_path / name) for _ in "ab")
            meter = StoreMeter(metered)
            arrays = zarr.open_array(bare, mode="r"), zarr.open_array(meter, mode="r")
            for region in np.s_[:, 3], np.s_[5], np.s_[:, :], np.s_[3:25:11, 2:45]:
                bare.seen.clear()
                metered.seen.clear()
                meter.take()
                np.testing.assert_array_equal(arrays[0][region], arrays[1][region])
                assert sorted(map(str, bare.seen)) == sorted(map(str, metered.seen))
                assert meter.take().count == len(bare.seen) > 0


class Together(Link):
    """Notes how many asynchronous requests waited at the same time, at most."""

    waiting = most = 0

    async def wait_async(self, size, *, since=None):
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        try:
            await super().wait_async(size, since=since)
        finally:
            self.waiting -= 1


@pytest.mark.skipif(not hasattr(Store, "get_ranges"), reason="before zarr 3.3")
def test_merged_ranges_wait_at_the_same_time(tmp_path):
    link = Together(latency=0.1)
    meter = StoreMeter(make_store(LocalStore(tmp_path)), link=link)
    spans = [RangeByteRequest(start, start + 5) for start in range(0, 200, 20)]

    async def read():
        asked = meter.get_ranges(
            "c/0/0", spans, prototype=PROTOTYPE, max_gap_bytes=1, max_concurrency=5
        )
        return [group async for group in asked]

    start = time.perf_counter()
    assert len(asyncio.run(read())) == 10
    assert time.perf_counter() - start >= 2 * 0.1  # two rounds
    assert link.most == 5
    assert meter.take().count == 10


@pytest.mark.parametrize("shards", [None, (20, 30)])
def test_the_cache_of_zarr_keeps_of_shards_what_the_page_on_versions_says(tmp_path, shards):
    cache_store = pytest.importorskip("zarr.experimental.cache_store")
    folder = LocalStore(tmp_path)
    make_store(folder, **({} if shards is None else {"shards": shards}))
    meter = StoreMeter(folder)
    cached = zarr.open_array(cache_store.CacheStore(meter, cache_store=MemoryStore()), mode="r")
    bytes_read = []
    for _ in range(2):
        meter.take()
        np.testing.assert_array_equal(cached[5], zarr.open_array(folder, mode="r")[5])
        bytes_read.append(meter.take().bytes_read)
    keeps = shards is None or not hasattr(Store, "get_ranges")  # which came with zarr 3.3
    assert bytes_read[0] > 0
    assert (bytes_read[1] == 0) == keeps


def test_a_shard_that_is_gone_is_a_request_without_bytes(tmp_path):
    meter = StoreMeter(make_store(LocalStore(tmp_path), shards=(20, 20)))
    array = open_quietly(meter)
    (tmp_path / "c" / "0" / "0").unlink()
    assert array[3, 3] == 0
    assert meter.take().requests == (StoreRequest("c/0/0", -68, 0),)


@pytest.mark.filterwarnings("ignore:Array is unsupported")
def test_behind_a_meter_zarrs_gives_way_to_zarr(tmp_path):
    """The claim of the documentation."""
    zarrs = pytest.importorskip("zarrs")
    make_store(LocalStore(tmp_path), shards=(20, 20))
    with zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}):
        bare = zarr.open_array(LocalStore(tmp_path), mode="r")
        metered = zarr.open_array(StoreMeter(LocalStore(tmp_path)), mode="r")
    assert isinstance(bare.async_array.codec_pipeline, zarrs.ZarrsCodecPipeline)
    assert type(metered.async_array.codec_pipeline).__module__ == "zarr.core.codec_pipeline"


def test_a_store_counts_from_many_threads(meter):
    array = open_quietly(meter)

    def read():
        for _ in range(20):
            array[3, 5:15]

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = meter.take()
    assert (asked.count, asked.bytes_read) == (6 * 20 * 2, 6 * 20 * 2 * 200)


def test_a_link_slows_a_store_down(store):
    link = Together(latency=0.05, bandwidth=20_000)
    meter = StoreMeter(store, link=link)
    array = open_quietly(meter)
    with zarr.config.set({"async.concurrency": 5}):
        start = time.perf_counter()
        np.testing.assert_array_equal(array[:], VOXELS)
        seconds = time.perf_counter() - start
    asked = meter.take()
    assert (asked.count, asked.bytes_read) == (20, 4000)
    # Each of 5 places waits 4 times, and all bytes take one line after the first latency.
    assert link.most == 5
    assert seconds >= max(4 * 0.05, 0.05 + 4000 / 20_000)


def test_questions_for_names_and_metadata_wait_too(store):
    meter = StoreMeter(store, link=Link(latency=0.05))
    start = time.perf_counter()
    zarr.open_array(meter, zarr_format=3)
    asyncio.run(meter.exists("c/0/0"))
    assert time.perf_counter() - start >= 2 * 0.05


def test_what_zarr_offers_does_not_do():
    """The claims of the documentation about zarr's own means."""
    source = inspect.getsource(zarr.testing.store)
    assert "\nimport pytest\n" in source
    undelayed = {"exists", "getsize", "is_empty", "list", "list_dir", "list_prefix"}
    assert not undelayed & vars(LatencyStore).keys()
    assert list(inspect.signature(LatencyStore).parameters) == [
        "store",
        "get_latency",
        "set_latency",
    ]
    logged = LoggingStore(make_store(MemoryStore()), log_handler=logging.NullHandler())
    zarr.open_array(logged)[0, 0]
    assert {type(count) for count in logged.counter.values()} == {int}
    assert set(vars(logged)) == {"_store", "counter", "log_level", "log_handler", "logger"}


def test_examples_in_the_documentation_are_right():
    for module, examples in ((files, 7), (stores, 10)):
        ran = doctest.testmod(module)
        assert (ran.attempted, ran.failed) == (examples, 0)
