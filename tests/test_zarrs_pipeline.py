"""Zarr arrays read by ``zarrs``: the voxels that were stored, and none that it may get wrong."""

import numcodecs
import numpy as np
import pytest
import zarr
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    Crc32cCodec,
    GzipCodec,
    TransposeCodec,
    ZstdCodec,
)
from zarr.storage import LocalStore, MemoryStore, ZipStore

from bigimg_lessons.pyramids import zarrs_pipeline
from bigimg_lessons.pyramids.source import LazyImage
from bigimg_lessons.pyramids.zarrs_pipeline import decoded_at_once, read_by_zarrs
from tests.bdv_files import pixels

pytest.importorskip("zarrs")

SHAPE, CHUNKS = (21, 34, 50), (8, 16, 10)
REGIONS = [
    (slice(0, 21), slice(0, 34), slice(0, 50)),
    (slice(3, 19), slice(15, 17), slice(9, 41)),
    (slice(20, 21), slice(33, 34), slice(49, 50)),
    (slice(8, 16), slice(16, 32), slice(10, 20)),
]
V3 = {
    "none": {"compressors": None},
    "zstd": {"compressors": ZstdCodec(level=3, checksum=True)},
    "gzip": {"compressors": GzipCodec(level=1)},
    "blosc": {"compressors": BloscCodec(cname="lz4", shuffle="shuffle")},
    "bitshuffle": {"compressors": BloscCodec(cname="zstd", shuffle="bitshuffle", typesize=1)},
    "crc32c": {"compressors": (ZstdCodec(), Crc32cCodec())},
    "big": {"serializer": BytesCodec(endian="big")},
    "transposed": {"filters": TransposeCodec(order=(2, 0, 1))},
    "shards": {"shards": (16, 32, 20)},
    "big shards": {"shards": (24, 32, 30), "serializer": BytesCodec(endian="big")},
    "transposed shards": {"shards": (8, 16, 10), "filters": TransposeCodec(order=(2, 1, 0))},
    "v2 keys": {"chunk_key_encoding": {"name": "v2", "separator": "."}},
    "fortran": {"config": {"order": "F"}},
}
V2 = {
    "none": {"compressors": None},
    "zlib": {"compressors": numcodecs.Zlib(1)},
    "gzip": {"compressors": numcodecs.GZip(1)},
    "zstd": {"compressors": numcodecs.Zstd(1)},
    "blosc": {"compressors": numcodecs.Blosc("lz4", 5, numcodecs.Blosc.BITSHUFFLE)},
    "dots": {"chunk_key_encoding": {"name": "v2", "separator": "."}},
}
KINDS = [(3, name) for name in V3] + [(2, name) for name in V2]


def stored(path, image, version=3, **options):
    """An array that zarr-python has written, of which nobody has the pipeline set."""
    options = {"chunks": CHUNKS, "zarr_format": version, "fill_value": 7, **options}
    array = zarr.create_array(path, shape=image.shape, dtype=image.dtype, **options)
    array[...] = image
    return array


def is_by_zarrs(array):
    return type(array.async_array.codec_pipeline).__name__ == "ZarrsCodecPipeline"


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize(("version", "name"), KINDS)
def test_the_voxels_are_those_that_were_stored(tmp_path, version, name, dtype):
    image = pixels(SHAPE, np.dtype(dtype))
    array = stored(tmp_path, image, version, **{2: V2, 3: V3}[version][name])
    by_zarrs = read_by_zarrs(array)
    assert is_by_zarrs(by_zarrs)
    assert not is_by_zarrs(array)  # which is the user's, and stays as it is
    for region in REGIONS:
        read = by_zarrs[region]
        assert read.flags.c_contiguous
        np.testing.assert_array_equal(read, image[region])


@pytest.mark.parametrize(("version", "name"), KINDS)
def test_missing_chunks_are_the_fill_value(tmp_path, version, name):
    image = np.full(SHAPE, 9, "uint16")
    options = {2: V2, 3: V3}[version][name]
    array = zarr.create_array(
        tmp_path,
        **{"shape": SHAPE, "dtype": "uint16", "chunks": CHUNKS, "zarr_format": version, **options},
        fill_value=7,
    )
    array[8:16, 16:32, 10:20] = image[8:16, 16:32, 10:20]
    expected = np.full(SHAPE, 7, "uint16")
    expected[8:16, 16:32, 10:20] = 9
    np.testing.assert_array_equal(read_by_zarrs(array)[...], expected)


def test_special_floats_stay(tmp_path):
    image = np.zeros(SHAPE, "float32")
    image[0, 0, :5] = [np.nan, np.inf, -np.inf, -0.0, np.finfo("float32").tiny / 4]
    read = read_by_zarrs(stored(tmp_path, image, fill_value=np.nan))[...]
    np.testing.assert_array_equal(read.view("uint32"), image.view("uint32"))


def test_an_array_in_a_group_that_has_grown_is_read_as_it_is(tmp_path):
    image = pixels(SHAPE, "uint16")
    group = zarr.create_group(tmp_path)
    array = group.create_array("a/b", shape=(5, 34, 50), dtype="uint16", chunks=CHUNKS)
    array.resize(SHAPE)
    array[...] = image
    by_zarrs = read_by_zarrs(array)
    assert is_by_zarrs(by_zarrs)
    np.testing.assert_array_equal(by_zarrs[...], image)


class Doubled(zarr.Array):
    """An array that is more than its files."""

    def __getitem__(self, selection):
        return 2 * super().__getitem__(selection)


def in_memory(path):
    return stored(MemoryStore(), pixels(SHAPE, "uint16"))


def zipped(path):
    return stored(ZipStore(path / "a.zip", mode="w"), pixels(SHAPE, "uint16"))


def of_own_store(path):
    class Store(LocalStore):
        pass

    return stored(Store(path), pixels(SHAPE, "uint16"))


def of_own_class(path):
    return Doubled(stored(path, pixels(SHAPE, "uint16")).async_array)


def big_endian(path):
    return stored(path, pixels(SHAPE, "uint16").astype(">u2"), 2)


def fortran(path):
    return stored(path, pixels(SHAPE, "uint16"), 2, order="F")


def filtered(path):
    return stored(path, pixels(SHAPE, "uint16"), 2, filters=[numcodecs.Delta("u2")])


def of_unknown_codec(path):
    return stored(path, pixels(SHAPE, "uint16"), 2, compressors=numcodecs.BZ2(1))


def without_fill_value(path):
    return stored(path, pixels(SHAPE, "uint16"), 2, fill_value=None)


def of_truth_values(path):
    return stored(path, pixels(SHAPE, "uint8") > 100, fill_value=False)


def where_none_may_be_missing(path):
    array = stored(path, pixels(SHAPE, "uint16"))
    if not hasattr(array.async_array.config, "read_missing_chunks"):
        pytest.skip("zarr 3.2 or newer can be told so")
    return array.with_config({"read_missing_chunks": False})


@pytest.mark.parametrize(
    "make",
    [
        in_memory,
        zipped,
        of_own_store,
        of_own_class,
        big_endian,
        fortran,
        filtered,
        of_unknown_codec,
        without_fill_value,
        of_truth_values,
        where_none_may_be_missing,
    ],
)
@pytest.mark.filterwarnings("ignore")  # zarr warns of what Zarr v3 does not specify
def test_anything_else_is_left_to_zarr(tmp_path, make):
    array = make(tmp_path)
    assert read_by_zarrs(array) is array
    image = LazyImage.of(array)
    expected = array[...]
    np.testing.assert_array_equal(image.read(REGIONS[1]), expected[REGIONS[1]])


def test_without_the_package_all_is_left_to_zarr(tmp_path, monkeypatch):
    array = stored(tmp_path, pixels(SHAPE, "uint16"))
    monkeypatch.setattr(zarrs_pipeline, "find_spec", lambda _: None)
    assert read_by_zarrs(array) is array


def test_what_zarrs_refuses_after_all_is_left_to_zarr(tmp_path, monkeypatch):
    """It says so by a warning, which nobody could do anything about."""
    monkeypatch.setattr(zarrs_pipeline, "_KNOWN_CODECS", {*zarrs_pipeline._KNOWN_CODECS, "lzma"})
    array = stored(tmp_path, pixels(SHAPE, "uint16"), 2, compressors=numcodecs.LZMA())
    assert read_by_zarrs(array) is array


@pytest.mark.parametrize("shards", [None, (16, 32, 20)])
def test_damage_is_told(tmp_path, shards):
    array = stored(tmp_path, pixels(SHAPE, "uint16"), shards=shards)
    file = next(file for file in (tmp_path / "c").rglob("*") if file.is_file())
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises((OSError, RuntimeError)):
        read_by_zarrs(array)[...]


def test_images_are_read_by_zarrs_and_planned_for_it(tmp_path, monkeypatch):
    array = stored(tmp_path, pixels(SHAPE, "uint16"))
    source = LazyImage.of(array, axes="ZYX")
    assert is_by_zarrs(source.array)
    monkeypatch.setattr(zarrs_pipeline.os, "cpu_count", lambda: 3)
    assert decoded_at_once(source.array) == 3
    with zarr.config.set({"async.concurrency": 5}):
        assert decoded_at_once(array) == 5
    chunk = 8 * 16 * 10 * 2
    assert source.reading_bytes(SHAPE) == 2 * chunk * 3
    assert not is_by_zarrs(zarr.open_array(tmp_path))  # zarr's configuration is as it was
