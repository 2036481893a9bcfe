"""The predictions of `chunks` beside what real readers asked of their files."""

import itertools
import tempfile
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.storage import LocalStore, MemoryStore

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.readers import MERGING, ONE_BY_ONE
from bigimg_lessons.measure.files import FileMeter
from bigimg_lessons.measure.stores import StoreMeter
from bigimg_lessons.measure.zarr_reading import zarr_reader
from tests.chunk_cases import DTYPES, cases, regions

few = settings(max_examples=80)


def predicted(grid, region, reader=None):
    """Requests and bytes, by the zarr of this process unless told otherwise."""
    reading = grid.reading(region, reader=reader or zarr_reader())
    return reading.requests, reading.read


def stored(case, dtype, *, zarr_format=3):
    """A zarr store in memory that holds all chunks of a case, not compressed."""
    store = MemoryStore()
    zarr.create_array(
        store,
        data=case.voxels(dtype),
        chunks=case.chunk_shape,
        shards=case.shard_shape,
        compressors=None,
        zarr_format=zarr_format,
        config={"write_empty_chunks": True},
    )
    return store


def asked_of_zarr(store, region):
    """What zarr asks for to read a region, and the voxels."""
    meter = StoreMeter(store)
    array = zarr.open_array(meter)
    meter.take()
    voxels = array[region]
    return meter.take(), voxels


@contextmanager
def configured(gap, most):
    """Let zarr merge across gaps of `gap` bytes into `most` at most; yield who reads then."""
    keys = {"gap_bytes": gap, "bytes": most}
    with zarr.config.set({f"array.sharding_coalesce_max_{key}": keys[key] for key in keys}):
        yield zarr_reader()


@few
@given(cases(most_axes=4), DTYPES, st.sampled_from([2, 3]))
def test_zarr(case, dtype, zarr_format):
    grid = ChunkGrid(case.shape, case.chunk_shape, dtype)
    asked, voxels = asked_of_zarr(stored(case, dtype, zarr_format=zarr_format), case.region)
    np.testing.assert_array_equal(voxels, case.voxels(dtype)[case.region])
    assert (asked.count, asked.bytes_read) == predicted(grid, case.region)
    prefix, joint = ("c/", "/") if zarr_format == 3 else ("", ".")
    assert {request.key for request in asked.requests} == {
        prefix + joint.join(map(str, numbers))
        for numbers in itertools.product(*grid.touched(case.region))
    }


# Gaps and merged reads around the lengths of chunks and shards as small as these, and the defaults.
GAPS = st.sampled_from([-1, 0, 1, 5, 20, 64, 300, 2**20])
LONGEST = st.sampled_from([0, 1, 8, 30, 64, 200, 2**24])


@settings(max_examples=120)
@given(cases(sharded=True), DTYPES, GAPS, LONGEST)
def test_sharded_zarr(case, dtype, gap, longest):
    grid = ChunkGrid(case.shape, case.chunk_shape, dtype, case.shard_shape)
    with configured(gap, longest) as reader:
        asked, voxels = asked_of_zarr(stored(case, dtype), case.region)
    np.testing.assert_array_equal(voxels, case.voxels(dtype)[case.region])
    assert (asked.count, asked.bytes_read) == predicted(grid, case.region, reader)
    assert len({request.key for request in asked.requests}) == grid.reading(case.region).shards


def test_who_reads_is_told_by_zarrs_version_and_configuration():
    merges = tuple(map(int, zarr.__version__.split(".")[:2])) >= (3, 3)
    assert zarr_reader() == (MERGING if merges else ONE_BY_ONE)
    with configured(-1, 2**24) as reader:
        assert reader == ONE_BY_ONE
    with configured(100, 1000) as reader:
        numbers = (reader.max_gap, reader.max_merged)
        assert numbers == ((100, 1000) if merges else (None, 2**24))


WHOLE = slice(None)
# Array 128³ uint16, shards 64³, chunks 16³, not compressed: what was counted with zarr-python
# 3.1.6 and 3.4.2, by who wrote the shards.
COUNTED = [
    ("morton", (5, 5, 5), (2, 9_220), (2, 9_220)),
    ("morton", (5, 5, slice(32)), (3, 17_412), (2, 41_988)),
    ("morton", (5, WHOLE, WHOLE), (68, 528_400), (8, 1_806_352)),
    ("morton", (WHOLE, 5, WHOLE), (68, 528_400), (8, 1_511_440)),
    ("morton", (WHOLE, WHOLE, 5), (68, 528_400), (8, 921_616)),
    ("C", (5, 5, slice(32)), (3, 17_412), (2, 17_412)),
    ("C", (5, WHOLE, WHOLE), (68, 528_400), (8, 528_400)),
    ("C", (WHOLE, WHOLE, 5), (68, 528_400), (8, 2_002_960)),
]


@pytest.fixture(scope="module", params=["morton", "C"])
def shards_of_64(request, tmp_path_factory):
    """Who wrote it, and an array of 128³."""
    folder = tmp_path_factory.mktemp("shards")
    voxels = np.arange(1, 128**3 + 1, dtype="u2").reshape((128,) * 3) | 1
    store = write_with_tensorstore if request.param == "C" else write_with_zarr
    store(folder, voxels, (16,) * 3, (64,) * 3)
    return request.param, folder


def write_with_zarr(folder, voxels, chunks, shards):
    zarr.create_array(
        LocalStore(folder), data=voxels, chunks=chunks, shards=shards, compressors=None
    )


def write_with_tensorstore(folder, voxels, chunks, shards):
    tensorstore = pytest.importorskip("tensorstore")
    spec = {
        "driver": "zarr3",
        "kvstore": {"driver": "file", "path": str(folder)},
        "metadata": {
            "shape": voxels.shape,
            "data_type": voxels.dtype.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shards}},
            "codecs": [
                {
                    "name": "sharding_indexed",
                    "configuration": {
                        "chunk_shape": chunks,
                        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
                        "index_codecs": [
                            {"name": "bytes", "configuration": {"endian": "little"}},
                            {"name": "crc32c"},
                        ],
                    },
                }
            ],
        },
    }
    tensorstore.open(spec, create=True).result()[...] = voxels


def test_what_was_counted_for_shards_of_64(shards_of_64):
    order, folder = shards_of_64
    grid = ChunkGrid((128,) * 3, (16,) * 3, "uint16", (64,) * 3, shard_order=order)
    for region, one_by_one, merged in [rest for by, *rest in COUNTED if by == order]:
        assert predicted(grid, region, ONE_BY_ONE) == one_by_one
        assert predicted(grid, region, MERGING) == merged
        asked, _ = asked_of_zarr(LocalStore(folder), region)
        now = merged if zarr_reader() == MERGING else one_by_one
        assert (asked.count, asked.bytes_read) == now
        with configured(-1, 2**24):
            asked, _ = asked_of_zarr(LocalStore(folder), region)
        assert (asked.count, asked.bytes_read) == one_by_one


@settings(max_examples=60)
@given(cases(sharded=True), GAPS, LONGEST)
def test_shards_written_by_tensorstore(case, gap, longest):
    grid = ChunkGrid(case.shape, case.chunk_shape, "u1", case.shard_shape, shard_order="C")
    voxels = case.voxels("u1")
    with tempfile.TemporaryDirectory() as folder, configured(gap, longest) as reader:
        write_with_tensorstore(folder, voxels, case.chunk_shape, case.shard_shape)
        asked, seen = asked_of_zarr(LocalStore(folder), case.region)
    np.testing.assert_array_equal(seen, voxels[case.region])
    assert (asked.count, asked.bytes_read) == predicted(grid, case.region, reader)


def test_a_merged_read_ends_at_16_mib():
    # 64 chunks of 1 MiB, of which every other one is missing in between: gaps of 1 MiB still
    # count as small, and 9 of the wanted ones would have 17 MiB.
    store = MemoryStore()
    voxels = np.ones((64, 2**20), "u1")
    zarr.create_array(store, data=voxels, chunks=(1, 2**20), shards=voxels.shape, compressors=None)
    grid = ChunkGrid(voxels.shape, (1, 2**20), "u1", voxels.shape)
    index = 64 * 16 + 4
    every_other = (slice(0, 64, 2), WHOLE)
    assert predicted(grid, every_other, MERGING) == (1 + 4, index + 4 * 15 * 2**20)
    assert predicted(grid, (slice(0, 63), WHOLE), MERGING) == (1 + 4, index + 63 * 2**20)
    assert predicted(grid, (slice(0, 64, 3), WHOLE), MERGING) == (1 + 22, index + 22 * 2**20)
    for region in (every_other, (slice(0, 63), WHOLE), (slice(0, 64, 3), WHOLE)):
        asked, _ = asked_of_zarr(store, region)
        assert (asked.count, asked.bytes_read) == predicted(grid, region)


@few
@given(cases(sharded=True), DTYPES)
def test_a_whole_sharded_image(case, dtype):
    whole = (slice(None),) * len(case.shape)
    asked, _ = asked_of_zarr(stored(case, dtype), whole)
    grid = ChunkGrid(case.shape, case.chunk_shape, dtype, case.shard_shape)
    assert (asked.count, asked.bytes_read) == predicted(grid, whole)


def test_a_shard_at_the_edge_is_never_wanted_whole():
    # 10 voxels in shards of 4 chunks of 2: the second shard reaches beyond the image, and lacks
    # chunks; so zarr-python reads its index and its only chunk, and the first shard at once.
    store = MemoryStore()
    zarr.create_array(
        store, data=np.arange(1, 11, dtype="u1"), chunks=(2,), shards=(8,), compressors=None
    )
    asked, _ = asked_of_zarr(store, slice(None))
    index = 4 * 16 + 4
    assert sorted((r.key, r.offset, r.size) for r in asked.requests) == [
        ("c/0", 0, 8 + index),
        ("c/1", -index, index),
        ("c/1", 0, 2),
    ]


def test_nested_arrays_and_axes_of_an_ome_zarr_image():
    store = MemoryStore()
    voxels = np.arange(2 * 1 * 9 * 20 * 30, dtype="u2").reshape(2, 1, 9, 20, 30) + 1
    group = zarr.create_group(store, zarr_format=2)
    group.create_array("0", data=voxels, chunks=(1, 1, 4, 8, 16), compressors=None)
    meter = StoreMeter(store)
    level = zarr.open_group(meter, mode="r")["0"]
    meter.take()
    region = (1, 0, slice(3, 6), slice(None), 17)
    np.testing.assert_array_equal(level[region], voxels[region])
    asked = meter.take()
    assert (asked.count, asked.bytes_read) == (2 * 3, 2 * 3 * 4 * 8 * 16 * 2)
    grid = ChunkGrid(voxels.shape, (1, 1, 4, 8, 16), "uint16")
    assert predicted(grid, region) == (asked.count, asked.bytes_read)


def chunk_reads(asked, spans):
    """Requests among `asked` that read a whole span; no other may touch one, not even a part."""
    spans = set(spans)
    reads = [extent for extent in asked.extents if extent in spans]
    for offset, size in asked.extents:
        if (offset, size) not in spans:
            assert all(offset + size <= o or o + s <= offset for o, s in spans)
    return reads


@few
@given(cases(), DTYPES)
def test_hdf5(case, dtype):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "image.h5")
        with h5py.File(path, "w") as file:
            # HDF5 takes a chunk that is longer than the image if that may grow to its length.
            most = tuple(map(max, case.shape, case.chunk_shape))
            file.create_dataset(
                "cells", data=case.voxels(dtype), chunks=case.chunk_shape, maxshape=most
            )
        meter = FileMeter(path)
        with meter.open() as opened, h5py.File(opened, "r") as file:
            cells = file["cells"]
            infos = [cells.id.get_chunk_info(n) for n in range(cells.id.get_num_chunks())]
            meter.take()
            np.testing.assert_array_equal(cells[case.region], case.voxels(dtype)[case.region])
            asked = meter.take()
    grid = ChunkGrid(case.shape, case.chunk_shape, dtype)
    assert len(infos) == grid.chunk_count
    reads = chunk_reads(asked, [(info.byte_offset, info.size) for info in infos])
    assert (len(reads), sum(size for _, size in reads)) == predicted(grid, case.region)
    places = {info.byte_offset: info.chunk_offset for info in infos}
    assert {places[offset] for offset, _ in reads} == {
        tuple(n * chunk for n, chunk in zip(numbers, case.chunk_shape, strict=True))
        for numbers in itertools.product(*grid.touched(case.region))
    }


def test_hdf5_takes_a_chunk_longer_than_the_image_only_if_that_may_grow(tmp_path):
    with h5py.File(tmp_path / "image.h5", "w") as file:
        options = {"shape": (3, 5), "chunks": (8, 4), "dtype": "u2"}
        for most in (None, (7, 5)):
            with pytest.raises(ValueError, match="must not be greater than data shape"):
                file.create_dataset("cells", maxshape=most, **options)
        for number, most in enumerate([(8, 5), (None, None)]):
            cells = file.create_dataset(f"cells{number}", maxshape=most, **options)
            cells[:] = 1
            sizes = {cells.id.get_chunk_info(place).size for place in range(2)}
            assert sizes == {ChunkGrid((3, 5), (8, 4), "u2").chunk_bytes} == {64}


def test_hdf5_reads_a_chunk_in_bits_if_its_cache_is_smaller_than_the_chunk(tmp_path):
    # The trap: a chunk that is not compressed and does not fit into the chunk cache of its
    # dataset (rdcc_nbytes, 1 MiB by default before HDF5 2.0, then 8 MiB) is not read as a whole;
    # each run of voxels that lie side by side in the file is a request.
    path = tmp_path / "image.h5"
    with h5py.File(path, "w") as file:
        voxels = np.zeros((16, 64, 64), "u1")
        file.create_dataset("plain", data=voxels, chunks=(16, 64, 64))
        file.create_dataset("gzip", data=voxels, chunks=(16, 64, 64), compression="gzip")
    region = (slice(None), slice(None), slice(10, 20))
    grid = ChunkGrid((16, 64, 64), (16, 64, 64))
    requests = {}
    for cache in (2**16, 2**16 - 1):
        meter = FileMeter(path)
        with meter.open() as opened, h5py.File(opened, "r", rdcc_nbytes=cache) as file:
            for name in ("plain", "gzip"):
                chunk = file[name].id.get_chunk_info(0)
                meter.take()
                file[name][region]
                requests[name, cache] = [
                    (offset, size)
                    for offset, size in meter.take().extents
                    if chunk.byte_offset <= offset < chunk.byte_offset + chunk.size
                ]
    assert len(requests["plain", 2**16]) == grid.reading(region).requests == 1
    assert len(requests["plain", 2**16 - 1]) == 16 * 64
    assert {size for _, size in requests["plain", 2**16 - 1]} == {10}
    # A compressed chunk is always read as a whole.
    assert len(requests["gzip", 2**16]) == len(requests["gzip", 2**16 - 1]) == 1


def asked_of_tiff(path, chunkmode, region):
    """What reads pixel data to get a region through tifffile's zarr store, and the voxels."""
    with tifffile.TiffFile(path) as tiff:
        spans = [
            span
            for page in tiff.pages
            for span in zip(page.dataoffsets, page.databytecounts, strict=True)
        ]
    meter = FileMeter(path)
    with meter.open() as opened, tifffile.TiffFile(opened) as tiff:
        store = tiff.aszarr(chunkmode=chunkmode)
        array = zarr.open_array(store, mode="r")
        meter.take()
        voxels = array[region]
        store.close()
    return chunk_reads(meter.take(), spans), voxels


def check_tiff(grid, region, chunkmode, **options):
    """Write an image as TIFF, read a region of it and compare with the prediction."""
    voxels = np.arange(np.prod(grid.shape)).reshape(grid.shape).astype(grid.dtype)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "image.tif")
        tifffile.imwrite(path, voxels, photometric="minisblack", **options)
        reads, seen = asked_of_tiff(path, chunkmode, region)
    np.testing.assert_array_equal(seen, voxels[region])
    assert (len(reads), sum(size for _, size in reads)) == predicted(grid, region)
    assert len(set(reads)) == len(reads)


planes = st.tuples(*[st.integers(2, 40)] * 2)


@few
@given(st.data(), st.integers(1, 5), planes, DTYPES)
def test_tiff_planes(data, count, plane, dtype):
    shape = (count, *plane)
    grid = ChunkGrid(shape, (1, *plane), dtype, edges="cut")
    check_tiff(grid, data.draw(regions(shape)), "page", metadata={"axes": "ZYX"})


@few
@given(st.data(), st.integers(2, 5), planes, DTYPES)
def test_tiff_strips(data, count, plane, dtype):
    rows = data.draw(st.integers(1, plane[0] + 9), label="rows of a strip")
    shape = (count, *plane)
    grid = ChunkGrid(shape, (1, rows, plane[1]), dtype, edges="cut")
    check_tiff(grid, data.draw(regions(shape)), "strile", rowsperstrip=rows)


@few
@given(st.data(), st.integers(2, 5), DTYPES)
def test_tiff_tiles(data, count, dtype):
    tile = tuple(data.draw(st.sampled_from([16, 32]), label="tile") for _ in "yx")
    shape = (count, *(data.draw(st.integers(2, 70), label="plane") for _ in tile))
    grid = ChunkGrid(shape, (1, *tile), dtype)
    check_tiff(grid, data.draw(regions(shape)), "strile", tile=tile)
