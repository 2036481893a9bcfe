"""OME-TIFF as it is written, read by tifffile, zarr, ome-types and bioio."""

import os
import re
import shutil
import struct
import threading
import warnings
from itertools import pairwise

import dask.array as da
import numpy as np
import pytest
import tifffile
import zarr
from bioio import BioImage
from ome_types import from_xml
from ome_types.model import Pixels_DimensionOrder, UnitsLength, UnitsTime

from bigimg_lessons import units
from bigimg_lessons.formats import ome_tiff
from bigimg_lessons.formats.ome_tiff import _OmeTiffLevels, write_ome_tiff
from bigimg_lessons.formats.tiff_layout import CLASSIC_BYTES, TiffLayout
from tests.bdv_files import pixels
from tests.exact_means import exact_mean

# Of most arrays here nobody says how large voxels are.
pytestmark = pytest.mark.filterwarnings("ignore:.* is written without what is not known")

SHAPES = [(64, 256, 256), (70, 131, 201)]


@pytest.fixture
def write(tmp_path):
    def write(image, name="image.ome.tif", **options):
        return write_ome_tiff(tmp_path / name, image, **{"progress": False, **options})

    return write


def levels_of(path):
    """The voxels of all levels, by tifffile."""
    with tifffile.TiffFile(path) as tiff:
        (series,) = tiff.series
        return [level.asarray() for level in series.levels]


def check_levels(path, image, factors, downsample=exact_mean):
    found = levels_of(path)
    assert len(found) == len(factors)
    for level, step in zip(found, factors, strict=True):
        expected = downsample(image, step) if max(step) > 1 else image
        assert level.dtype == image.dtype
        np.testing.assert_array_equal(level, expected.reshape(level.shape))


def ome_of(path):
    with tifffile.TiffFile(path) as tiff:
        return from_xml(tiff.ome_metadata, validate=True)


# Voxels


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("shape", SHAPES)
def test_each_level_is_the_exact_mean_for_its_own_factors(write, shape, dtype):
    image = pixels(shape, dtype)
    path = write(image, chunk_shape=(1, 64, 64))
    factors = [(1, 1, 1), (1, 2, 2), (1, 4, 4)]
    check_levels(path, image, factors)
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_ome
        assert tiff.series[0].axes == "ZYX"
        for number, step in enumerate(factors):
            with tiff.series[0].aszarr(level=number) as store:
                array = zarr.open_array(store, mode="r")
                assert array.chunks == (1, 64, 64)
                np.testing.assert_array_equal(array[...], exact_mean(image, step))


DTYPES = ["uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64"]


@pytest.mark.parametrize("codec", ["zstd", "deflate", None])
@pytest.mark.parametrize("dtype", DTYPES)
def test_all_types_with_time_and_channels(write, dtype, codec):
    # Whole numbers, of which floats give the exact mean too.
    image = pixels((2, 3, 4, 70, 50), dtype)
    if dtype[0] == "f":
        image = np.round(1000 * image)
    path = write(image, chunk_shape=(1, 16, 32), codec=codec)
    check_levels(path, image, [(1, 1), (2, 2), (4, 4), (8, 8)])
    with tifffile.TiffFile(path) as tiff:
        assert tiff.series[0].axes == "TCZYX"
        names = {"zstd": "ZSTD", "deflate": "ADOBE_DEFLATE", None: "NONE"}
        assert {page.compression.name for page in tiff.pages} == {names[codec]}


@pytest.mark.parametrize(
    ("shape", "options", "factors"),
    [
        ((300, 530), {}, [(1, 1), (2, 2), (4, 4)]),
        ((3, 300, 20), {"axes": "CYX"}, [(1, 1), (2, 2)]),
        ((4, 300, 20), {"axes": "TYX", "max_levels": 1}, [(1, 1)]),
        ((20, 30), {}, [(1, 1)]),  # smaller than a tile
        ((5, 40, 50), {"chunk_shape": (1, 16, 16), "factors": [(1,) * 3, (1, 3, 1), (1, 6, 5)]},
         [(1, 1), (3, 1), (6, 5)]),
        ((2, 40, 40), {"chunk_shape": (1, 16, 16), "voxel_size": (9, 2, 1), "unit": "nm"},
         [(1, 1), (1, 2), (2, 4), (4, 8)]),
    ],
)  # fmt: skip
def test_fewer_axes_and_other_factors(write, shape, options, factors):
    image = pixels(shape, "uint16")
    check_levels(write(image, **options), image, factors)


def test_samples_become_channels(write):
    image = pixels((40, 50, 3), "uint8")
    path = write(image, axes="YXS")
    np.testing.assert_array_equal(levels_of(path)[0], np.moveaxis(image, 2, 0))
    assert [c.samples_per_pixel for c in ome_of(path).images[0].pixels.channels] == [1, 1, 1]


def test_labels_are_shrunk_by_their_mode(write):
    image = np.repeat(np.repeat(pixels((3, 20, 20), "uint8"), 2, axis=1), 2, axis=2)
    path = write(image, chunk_shape=(1, 32, 32), downsampling="mode")
    check_levels(path, image, [(1, 1), (2, 2)], lambda full, _: full[:, ::2, ::2])


@pytest.mark.parametrize("threads", [1, 4])
def test_any_order_of_blocks_gives_the_same_voxels(write, monkeypatch, threads):
    monkeypatch.setattr("bigimg_lessons.pyramids.writing._MIN_BLOCK_BYTES", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: threads)
    image = pixels((2, 9, 150, 170), "uint16")
    source = da.from_array(image, chunks=(1, 4, 70, 90))
    path = write(source, axes="CZYX", chunk_shape=(1, 16, 32))
    check_levels(path, image, [(1, 1), (2, 2), (4, 4), (8, 8), (16, 16)])


@pytest.mark.parametrize("shape", [(9, 150, 170), (3, 4, 64, 64)])
def test_tiles_that_are_not_compressed_have_their_own_places(write, monkeypatch, shape):
    """Whichever thread is first; so what a reader far away asks for is always the same."""
    monkeypatch.setattr("bigimg_lessons.pyramids.writing._MIN_BLOCK_BYTES", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    image = pixels(shape, "uint16")
    known = {"chunk_shape": (1, 16, 32), "codec": None}
    path = write(image, **known)
    with tifffile.TiffFile(path) as tiff:
        offsets = []
        for page in tiff.pages:
            for level in (page, *page.pages):
                assert set(level.databytecounts) == {16 * 32 * 2}
                offsets += level.dataoffsets
        assert {after - before for before, after in pairwise(offsets)} == {16 * 32 * 2}
        assert offsets[-1] + 16 * 32 * 2 == path.stat().st_size
    append, calls = _OmeTiffLevels._append, iter(range(10**9))

    def append_later(self, *args):
        threading.Event().wait(0.003 * (next(calls) % 3 == 0))
        append(self, *args)

    monkeypatch.setattr(_OmeTiffLevels, "_append", append_later)
    other = write(image, name="other.ome.tif", **known)
    renamed = other.read_bytes().replace(b"other", b"image")
    assert re.sub(rb"[0-9a-f-]{36}", b"", renamed) == re.sub(
        rb"[0-9a-f-]{36}", b"", path.read_bytes()
    )


def test_bioio_tifffile_reads_level_0_with_its_sizes(write):
    image = pixels((2, 3, 4, 70, 50), "uint16")
    path = write(
        image, voxel_size=(40, 8, 4), unit="nm", channel_names=["a", "b & <c>", "µ"], codec="zstd"
    )
    opened = BioImage(path)
    assert opened.dims.order == "TCZYX"
    np.testing.assert_array_equal(opened.get_image_data(), image)
    again = ome_tiff.write_ome_tiff(path.with_name("b.ome.tif"), opened, progress=False)
    pixels_of = [ome_of(p).images[0].pixels for p in (path, again)]
    for axis in "xyz":
        sizes = {getattr(p, f"physical_size_{axis}_quantity").to("nm").m for p in pixels_of}
        assert len(sizes) == 1


# The file's structure


def tags_of(path):
    """Of each page and each of its levels: its tags, and where the file has them."""
    with tifffile.TiffFile(path) as tiff:
        return [
            [{tag.code: tag for tag in one.tags} for one in (page, *(page.pages or ()))]
            for page in tiff.pages
        ]


@pytest.mark.parametrize("is_big", [False, True])
def test_the_file_keeps_the_rules_of_tiff(write, monkeypatch, is_big):
    if is_big:
        monkeypatch.setattr(ome_tiff, "CLASSIC_BYTES", 0)
    image = pixels((3, 70, 50), "uint16")
    path = write(image, chunk_shape=(1, 16, 32))
    check_levels(path, image, [(1, 1), (2, 2), (4, 4), (8, 8)])
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_bigtiff == is_big
    ranges = []
    for page in tags_of(path):
        assert len(page) == 4
        for number, tags in enumerate(page):
            assert list(tags) == sorted(tags)
            assert tags[254].value == (1 if number else 0)  # a level is of reduced resolution
            assert (tags[322].value, tags[323].value) == (32, 16)
            # Values that are not in the entry itself begin at even places.
            assert all(tag.valueoffset % 2 == 0 for tag in tags.values() if tag.count > 4)
            starts, counts = (np.ravel(tags[code].value) for code in (324, 325))
            shape = image.shape[1] / 2**number, image.shape[2] / 2**number
            assert len(starts) == -(-shape[0] // 16) * -(-shape[1] // 32)
            ranges += zip(starts.tolist(), (starts + counts).tolist(), strict=True)
    ranges.sort()
    assert all(stop == start for (_, stop), (start, _) in pairwise(ranges))  # no gap, no overlap
    assert ranges[-1][1] == path.stat().st_size
    last = max(tag.valueoffset for page in tags_of(path) for tags in page for tag in tags.values())
    assert last < ranges[0][0]  # all that a reader needs to find tiles lies before them


def test_big_tiff_begins_beyond_2_gib(write, monkeypatch):
    assert CLASSIC_BYTES == 2**31
    image = pixels((3, 64, 64), "uint8")
    size = write(image, codec=None, chunk_shape=(1, 64, 64)).stat().st_size
    for limit, is_big in ((size, False), (size - 1, True)):
        monkeypatch.setattr(ome_tiff, "CLASSIC_BYTES", limit)
        path = write(image, overwrite=True, codec=None, chunk_shape=(1, 64, 64))
        with tifffile.TiffFile(path) as tiff:
            assert tiff.is_bigtiff == is_big


def test_offsets_beyond_4_gib_have_their_places():
    """Arithmetic alone: 3 TiB, whose index would not go into memory."""
    layout = TiffLayout(
        planes=10**6,
        levels=((2048, 1536), (1024, 768), (256, 192)),
        tile_shape=(256, 256),
        dtype=np.dtype("uint8"),
        compression=1,
        predictor=1,
        description=b"<OME/>",
        is_big=True,
    )
    tiles = 8 * 6 + 4 * 3 + 1
    assert layout.raw_bytes == layout.tiles_at + 10**6 * tiles * 2**16
    assert layout.raw_bytes > 2**41
    # An index of two words a tile, but of a level's only tile: that is in its entry.
    with_index = 10**6 * 16 * (tiles - 1)
    directories = layout.tiles_at - with_index
    assert 10**6 * 3 * 16 * 20 < directories < 10**6 * 3 * 18 * 24
    last = [layout.index_places(1, 10**6 - 1, 3, 2), layout.index_places(2, 10**6 - 1, 0, 0)]
    assert last[0][1] + 8 == layout.tiles_at
    entry = layout.directories(10**6 - 1)
    begin = struct.unpack("<Q", layout.header()[8:])[0] + (10**6 - 1) * len(entry)
    for place, code in zip(last[1], (324, 325), strict=True):
        words = entry[place - begin - 12 : place - begin + 8]
        assert struct.unpack("<HHQQ", words) == (code, 16, 1, 0)


def test_until_the_end_it_is_no_tiff(write, tmp_path, monkeypatch):
    seen = []
    finish = _OmeTiffLevels.finish

    def look(levels):
        levels.file.flush()
        (part,) = tmp_path.glob(".*.part/**/image.ome.tif")
        seen.append(part.read_bytes())
        finish(levels)

    monkeypatch.setattr(_OmeTiffLevels, "finish", look)
    image = pixels((3, 20, 20), "uint8")
    path = write(image)
    (before,) = seen
    assert before[:16] == bytes(16)
    after = path.read_bytes()
    assert after[:4] == b"II*\0"
    assert after[16:] == before[16:]


def test_edges_are_filled_with_zeros(write):
    path = write(np.full((1, 20, 20), 255, "uint8"), chunk_shape=(1, 16, 16), codec=None)
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        start = page.dataoffsets[3]
    tile = np.frombuffer(path.read_bytes()[start : start + 256], "uint8").reshape(16, 16)
    assert (tile[:4, :4] == 255).all()
    assert tile.sum() == 255 * 16


# What is said of it


def test_the_ome_xml_says_what_is_known(write):
    path = write(
        np.zeros((2, 3, 4, 20, 30), "float32"),
        name="cells.v2.ome.tiff",
        voxel_size=(0.5, 0.2, 0.1),
        unit="µm",
        time_interval=250,
        time_unit="ms",
        channel_names=["DAPI", "GFP & <b>", "名"],
    )
    (image,) = ome_of(path).images
    assert image.name == "cells.v2"
    found = image.pixels
    assert found.dimension_order == Pixels_DimensionOrder.XYZCT
    assert found.type.value == "float"
    assert [getattr(found, f"size_{axis}") for axis in "tczyx"] == [2, 3, 4, 20, 30]
    for axis, size in zip("zyx", (0.5, 0.2, 0.1), strict=True):
        assert getattr(found, f"physical_size_{axis}") == size
        assert getattr(found, f"physical_size_{axis}_unit") == UnitsLength.MICROMETER
    assert (found.time_increment, found.time_increment_unit) == (250, UnitsTime.MILLISECOND)
    assert [channel.name for channel in found.channels] == ["DAPI", "GFP & <b>", "名"]
    assert (found.tiff_data_blocks[0].ifd, found.tiff_data_blocks[0].plane_count) == (0, 24)
    assert b"&#" not in path.read_bytes()  # which Bio-Formats would take out


@pytest.mark.parametrize(
    ("options", "sizes", "unit", "interval"),
    [
        ({}, (None, None, None), None, None),
        ({"voxel_size": (None, 2, 3), "unit": "nm"}, (None, 2, 3), "nm", None),
        ({"voxel_size": (4, 1, 1), "time_interval": 3}, (4, 1, 1), "reference frame", None),
        ({"unit": "pixel", "time_interval": 3, "time_unit": "h"}, (1, 1, 1), "pixel", 3),
    ],
)
def test_what_is_not_known_is_left_out_and_said(write, options, sizes, unit, interval):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        path = write(np.zeros((2, 2, 20, 30), "uint8"), axes="TZYX", **options)
    with tifffile.TiffFile(path) as tiff:
        (pixels_tag,) = re.findall("<Pixels.*?>", tiff.ome_metadata)
    stated = dict(re.findall(r'(\w+)="([^"]*)"', pixels_tag))
    ome_of(path)
    for axis, size in zip("ZYX", sizes, strict=True):
        expected = None if size is None else (float(size), unit)
        name = f"PhysicalSize{axis}"
        found = (float(stated[name]), stated[f"{name}Unit"]) if name in stated else None
        assert found == expected
        assert (f"{name}Unit" in stated) == (size is not None)
    assert ("TimeIncrement" in stated) == (interval is not None)
    messages = [str(warning.message) for warning in caught]
    if interval is not None:
        assert messages == []
    else:
        assert len(messages) == 1
        assert "OME-XML gets no size that is not known, 'reference frame' for a unit" in messages[0]


def test_every_unit_that_is_known_here_is_one_of_ome(write, tmp_path):
    lengths = [*units.NGFF_LENGTHS, "thou", "line", "point", "astronomical_unit", "light_year"]
    for name, kind, found in (
        *((name, units.length, UnitsLength) for name in lengths),
        *((name, units.duration, UnitsTime) for name in units.NGFF_TIMES),
    ):
        assert found(kind(name).symbol).name.lower().replace("_", "") == name.replace("_", "")


# Refused before anything is written


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"chunk_shape": (1, 100, 96)}, ValueError, r"chunk_shape is \(1, 100, 96\), but a tile"),
        ({"chunk_shape": (1, 96, 8)}, ValueError, r"multiples of 16: give 1 along z and such"),
        ({"chunk_shape": (2, 64, 64)}, ValueError, r"chunk_shape is \(2, 64, 64\), but a tile"),
        ({"chunk_shape": (64, 64)}, ValueError, r"give 3 numbers, one for each axis .*, z, y, x"),
        ({"factors": [(1, 1, 1), (2, 2, 2)]}, ValueError,
         r"factors has \(2, 2, 2\), but a level of an OME-TIFF has as many planes.*\(1, 2, 2\)"),
        ({"codec": "lzw"}, ValueError, "codec is 'lzw', but OME-TIFF is written with 'zstd' or"),
        ({"dtype": "complex64"}, TypeError, "no voxels of type complex64: convert the image"),
        ({"dtype": "bool"}, TypeError, r"no voxels of type bool: .* a mask with astype\('uint8'\)"),
        ({"dtype": "int64"}, TypeError, "no voxels of type int64"),
        ({"dtype": "float16"}, TypeError, "no voxels of type float16"),
        ({"name": "image.tif"}, ValueError, r"ends neither in '.ome.tif' nor in '.ome.tiff': end"),
        ({"channel_names": ["a\nb"]}, ValueError, r"XML has no place for the character '\\n'"),
        ({"channel_names": ["a\0"]}, ValueError, r"XML has no place for the character '\\x00'"),
        ({"channel_names": ["a", "b"]}, ValueError, "give 1, one for each channel"),
    ],
)  # fmt: skip
def test_refuses_before_anything_is_written(write, tmp_path, options, error, message):
    image = np.zeros((20, 20, 20), options.pop("dtype", "uint8"))
    with pytest.raises(error, match=message):
        write(image, **options)
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_disk_that_is_too_full(write, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OSError, match=r"takes 21.3 MiB, but .* only 1.00 MiB are free: make room"):
        write(da.zeros((64, 512, 512), dtype="uint8"), codec=None, chunk_shape=(1, 64, 64))
    assert list(tmp_path.iterdir()) == []


# Replaced only if it is one


def _text(path):
    path.write_text("precious")


def _plain_tiff(path):
    tifffile.imwrite(path, np.ones((4, 4), "uint8"), ome=False)


def _imagej(path):
    tifffile.imwrite(path, np.ones((4, 4), "uint8"), imagej=True)


def _two_images(path):
    with tifffile.TiffWriter(path, ome=True) as tiff:
        tiff.write(np.ones((4, 4), "uint8"))
        tiff.write(np.ones((4, 4), "uint8"))


def _with_xml(path, xml):
    tifffile.imwrite(path, np.ones((4, 4), "uint8"), description=xml, metadata=None)


def _of_several_files(path):
    uuid = '<UUID FileName="other.ome.tif">urn:uuid:0</UUID>'
    _with_xml(path, f"<OME><Image><Pixels><TiffData>{uuid}</TiffData></Pixels></Image></OME>")


def _with_rois(path):
    _with_xml(path, "<OME><Image/><ROI/></OME>")


def _cut(path):
    tifffile.imwrite(path, np.ones((4, 4), "uint8"), ome=True)
    path.write_bytes(path.read_bytes()[:40])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.mkdir(), "is no file"),
        (_text, "is no OME-TIFF"),
        (lambda path: path.touch(), "is no OME-TIFF"),
        (_cut, "is no OME-TIFF"),
        (_plain_tiff, "is no OME-TIFF"),
        (_imagej, "is no OME-TIFF"),
        (lambda path: _with_xml(path, "<svg/>"), "is no OME-TIFF"),
        (_two_images, "holds 2 images"),
        (_of_several_files, "belongs to an image that is in other files too, such as 'other.ome"),
        (_with_rois, "holds, besides its pyramid, ROI"),
    ],
)
def test_what_is_something_else_is_not_replaced(write, tmp_path, make, reason):
    path = tmp_path / "image.ome.tif"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(FileExistsError, match=rf"exists and {reason}.*: choose another name, or"):
        write(np.zeros((4, 4), "uint8"), overwrite=True)
    assert [one.name for one in tmp_path.iterdir()] == ["image.ome.tif"]
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize(
    "options", [{}, {"bigtiff": True}, {"byteorder": ">"}, {"bigtiff": True, "byteorder": ">"}]
)
def test_the_ome_tiff_of_another_program_is_replaced(write, tmp_path, options):
    path = tmp_path / "image.ome.tif"
    tifffile.imwrite(path, np.ones((3, 40, 40), "uint16"), ome=True, **options)
    image = pixels((3, 20, 20), "uint8")
    with pytest.raises(FileExistsError, match="exists already: choose another name, or pass over"):
        write(image)
    write(image, overwrite=True)
    check_levels(path, image, [(1, 1)])
