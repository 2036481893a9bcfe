"""`build_pyramid`: its sources, its formats, what it refuses, and what an early end leaves."""

import math
import os
import re
import shutil
import subprocess
import sys
import textwrap
import warnings
from collections import Counter
from typing import get_args

import dask.array as da
import h5py
import numpy as np
import pytest
import tifffile
import zarr
from bioio import BioImage
from zarr.codecs import BloscCodec

from bigimg_lessons.build import _FORMATS, FileFormat, build_pyramid
from bigimg_lessons.formats.bdv.reader import Reader as BdvReader
from bigimg_lessons.formats.ome_zarr import write_ome_zarr
from bigimg_lessons.pyramids import writing
from tests.bdv_files import pixels
from tests.exact_means import exact_mean
from tests.least_memory import least_memory
from tests.test_ome_zarr import check_levels, levels_of, metadata

# Of most arrays here nobody says how large voxels are; tests/test_calibration.py looks at that.
pytestmark = pytest.mark.filterwarnings("ignore:.* is written without what is not known")

MEBI = 2**20
CHUNK = (8, 16, 16)


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of one chunk, as of a large image in little memory."""
    monkeypatch.setattr(writing, "_MIN_BLOCK_BYTES", 1)


@pytest.fixture
def build(tmp_path):
    def build(source, name="image.ome.zarr", **options):
        options = {"chunk_shape": CHUNK, "progress": False, **options}
        return build_pyramid(source, tmp_path / name, **options)

    return build


# Formats


@pytest.mark.parametrize(
    ("name", "file_format", "zarr_format"),
    [("a.zarr", None, 3), ("a.ome.zarr", "ome-zarr-0.4", 2), ("folder", "ome-zarr-0.5", 3)],
)
def test_ome_zarr_by_ending_or_by_name(build, name, file_format, zarr_format):
    image = pixels((20, 33, 50), "uint16")
    path = build(image, name, file_format=file_format)
    assert path.name == name
    assert zarr.open_group(path, mode="r").metadata.zarr_format == zarr_format
    check_levels(path, image)


@pytest.mark.parametrize("codec", ["default", None])
def test_bdv_hdf5_through_the_same_plan(build, codec):
    image = pixels((2, 3, 20, 33, 50), "uint16")
    zarr_path = build(image, voxel_size=(2, 1, 1))
    xml = build(image, "image.xml", voxel_size=(2, 1, 1), unit="nm", codec=codec)
    back = BioImage(xml, reader=BdvReader)
    arrays = levels_of(zarr_path)
    assert back.resolution_levels == tuple(range(len(arrays)))
    for level, array in enumerate(arrays):
        back.set_resolution_level(level)
        np.testing.assert_array_equal(back.data, array[...])
    with h5py.File(xml.with_suffix(".h5")) as file:
        assert file["t00000/s00/0/cells"].compression == (None if codec is None else "gzip")


def test_default_chunks_of_bdv_hdf5(build):
    xml = build(pixels((70, 80, 90), "uint8"), "image.xml", chunk_shape=None)
    with h5py.File(xml.with_suffix(".h5")) as file:
        assert file["t00000/s00/0/cells"].chunks == (64, 64, 64)


@pytest.mark.parametrize(("codec", "compression"), [("default", "gzip"), (None, None)])
def test_imaris_by_ending_through_the_same_plan(build, codec, compression):
    image = pixels((2, 2, 20, 30, 40), "uint16")
    path = build(
        image, "it.IMS", codec=codec, chunk_shape=(8, 16, 16), time_interval=2, time_unit="s"
    )
    assert path.name == "it.IMS"
    with h5py.File(path) as file:
        for t, c in np.ndindex(2, 2):
            data = file[f"DataSet/ResolutionLevel 1/TimePoint {t}/Channel {c}/Data"]
            assert data.compression == compression
            np.testing.assert_array_equal(data[:10, :15, :20], exact_mean(image[t, c], (2, 2, 2)))
        times = file["DataSetInfo/TimeInfo"].attrs
        assert times["TimePoint2"].tobytes() == b"1970-01-01 00:00:02.000"


def test_default_chunks_of_imaris(build):
    with h5py.File(build(np.zeros((70, 70, 70), "uint8"), "it.ims", chunk_shape=None)) as file:
        assert file["DataSet/ResolutionLevel 0/TimePoint 0/Channel 0/Data"].chunks == (64, 64, 64)


def test_every_format_that_may_be_named_can_be_written():
    assert set(get_args(FileFormat)) == set(_FORMATS)


@pytest.mark.parametrize("name", [".zarr", ".xml", "zarr", "image.zarr.bak"])
def test_what_is_only_an_ending_or_ends_otherwise_means_no_format(build, name):
    with pytest.raises(ValueError, match=r"ends neither in '\.zarr' nor in '\.xml' nor"):
        build(np.zeros((4, 4), "uint8"), name)


# Sources


@pytest.mark.parametrize("target", ["image.ome.zarr", "image.xml"])
@pytest.mark.parametrize("kind", ["numpy", "dask", "zarr", "hdf5", "memmap"])
@pytest.mark.parametrize("axes", ["YX", "ZYX", "CZYX", "TYX", "TCZYX"])
def test_any_lazy_array(tmp_path, build, kind, axes, target):
    extents = {"T": (2, 1), "C": (3, 2), "Z": (20, 7), "Y": (33, 16), "X": (50, 20)}
    image = pixels(tuple(extents[axis][0] for axis in axes), "uint16")
    chunks = tuple(extents[axis][1] for axis in axes)
    options = {"axes": axes, "chunk_shape": CHUNK}
    if target.endswith("zarr") and "Z" not in axes:
        options["chunk_shape"] = CHUNK[1:]
    if kind == "hdf5":
        with h5py.File(tmp_path / "s.h5", "w") as file:
            path = build(file.create_dataset("s", data=image, chunks=chunks), target, **options)
    else:
        source = image
        if kind == "dask":
            source = da.from_array(image, chunks=chunks)
        elif kind == "zarr":
            source = zarr.create_array(tmp_path / "s.zarr", data=image, chunks=chunks)
        elif kind == "memmap":
            image.tofile(tmp_path / "s.raw")
            source = np.memmap(tmp_path / "s.raw", image.dtype, "r", shape=image.shape)
        path = build(source, target, **options)
    if target.endswith("zarr"):
        check_levels(path, image)
        return
    full = image.reshape([extents[axis][0] if axis in axes else 1 for axis in "TCZYX"])
    back = BioImage(path, reader=BdvReader)
    np.testing.assert_array_equal(back.data, full)
    back.set_resolution_level(1)
    factors = (1, 2, 2) if "Z" not in axes else (2, 2, 2)
    np.testing.assert_array_equal(back.data, exact_mean(full, factors))


def test_bioimage_brings_its_metadata(tmp_path, build):
    image = pixels((2, 10, 40, 50), "uint16")
    tifffile.imwrite(
        tmp_path / "s.ome.tif",
        image,
        metadata={
            "axes": "CZYX",
            "PhysicalSizeX": 200,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 200,
            "PhysicalSizeYUnit": "nm",
            "PhysicalSizeZ": 1500,
            "PhysicalSizeZUnit": "nm",
            "Channel": {"Name": ["red", "green"]},
        },
    )
    names = ["red", "green"]
    bdv = build(image, "s.xml", voxel_size=(1.5, 0.2, 0.2), unit="µm", channel_names=names)
    path = build(BioImage(bdv, reader=BdvReader))
    check_levels(path, image[None])
    described = metadata(path)
    axes = described["multiscales"][0]["axes"]
    assert [axis["name"] for axis in axes] == list("tczyx")
    assert {axis["unit"] for axis in axes[2:]} == {"micrometer"}
    scale = described["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"]
    assert scale == [1, 1, 1.5, 0.2, 0.2]
    assert [channel["label"] for channel in described["omero"]["channels"]] == ["red", "green"]
    tiff = BioImage(tmp_path / "s.ome.tif", chunk_dims=["Y", "X"])
    given = build(tiff, "given.zarr", voxel_size=(3, 1, 1), unit="nm", channel_names=["a", "b"])
    check_levels(given, image[None])
    described = metadata(given)
    assert described["multiscales"][0]["axes"][-1]["unit"] == "nanometer"
    assert [channel["label"] for channel in described["omero"]["channels"]] == ["a", "b"]


@pytest.mark.parametrize(
    "chunks", [(1, 1, 1, 60, 70), (1, 1, 16, 32, 32), (1, 1, 5, 8, 7), (2, 3, 9, 25, 70)]
)
def test_each_chunk_of_the_source_is_read_exactly_once(build, chunks):
    computed = Counter()
    shape = (2, 3, 30, 60, 70)

    def block(block_info=None):
        computed[block_info[None]["chunk-location"]] += 1
        return np.full(block_info[None]["chunk-shape"], 7, "uint8")

    grid = da.core.normalize_chunks(chunks, shape)
    source = da.map_blocks(block, chunks=grid, dtype="uint8", meta=np.empty((0,) * 5, "uint8"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build(source, unit="pixel", time_interval=1, time_unit="s")
    assert len(computed) == math.prod(map(len, grid))
    assert set(computed.values()) == {1}


def test_warns_where_memory_allows_no_single_read(build, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    computed = Counter()

    def plane(block_info=None):
        computed[block_info[None]["chunk-location"]] += 1
        return np.full((1, 64, 256), 7, "uint8")

    meta = np.empty((0,) * 3, "uint8")
    planes = da.map_blocks(plane, chunks=((1,) * 16, (64,), (256,)), dtype="uint8", meta=meta)
    options = {"chunk_shape": (16, 16, 16)}
    least = least_memory(build, np.zeros(planes.shape, "uint8"), **options)
    message = r"\(1, 64, 256\), is read (\d+) times on average, .* MiB of memory_limit: raise that"
    with pytest.warns(UserWarning, match=message) as warned:
        build(planes, memory_limit=least + 256 * 1024, **options)
    (times,) = re.findall(message, " ".join(str(warning.message) for warning in warned))
    assert set(computed.values()) == {int(times)}
    assert int(times) > 1


def test_each_voxel_is_asked_for_exactly_once(build):
    asked = np.zeros((30, 60, 70), int)

    class Counting:
        shape, dtype = asked.shape, np.dtype("uint8")

        def __getitem__(self, key):
            asked[key] += 1
            return np.ones(asked[key].shape, "uint8")

    build(Counting(), memory_limit=least_memory(build, Counting()))
    assert (asked == 1).all()


# What is refused, before anything is written


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"source": [[1, 2]]}, TypeError, "image is a list, which has no shape and dtype: give"),
        ({"source": np.zeros(9)}, ValueError, r"has the shape \(9,\): give two to five axes"),
        ({"source": np.zeros((3, 0))}, ValueError, r"the shape \(3, 0\): give two to five axes"),
        ({"source": np.zeros((1,) * 6)}, ValueError, r"shape \(1, 1, 1, 1, 1, 1\): give two"),
        ({"source": np.zeros((9, 9), bool)}, TypeError, "voxels are of type bool: convert them"),
        ({"source": np.zeros((9, 9), "S3")}, TypeError, r"are of type \|S3: convert them"),
        ({"source": np.zeros((9, 9), "c8")}, TypeError, "are of type complex64: convert them"),
        ({"source": np.zeros((9, 9, 99), "i8")}, TypeError, "int64 cannot be summed exactly"),
        ({"axes": "YYX"}, ValueError, r"axes are 'YYX', but .*: give 3 letters of TCZYX as axes="),
        ({"axes": "YX"}, ValueError, r"axes are 'YX', but the image has the shape \(20, 20, 20\)"),
        ({"axes": "ZCYX"}, ValueError, "axes are 'ZCYX', but"),
        ({"axes": "QYX"}, ValueError, "axes are 'QYX', but"),
        ({"axes": "YYX"}, ValueError, "axes are 'YYX', but"),
        ({"voxel_size": (1, 1)}, ValueError, r"size is \(1, 1\): give three positive numbers"),
        ({"voxel_size": (1, 0, 1)}, ValueError, r"size is \(1, 0, 1\): give three positive"),
        ({"unit": "furlong"}, ValueError, "unit is 'furlong', which is no length .* give one"),
        ({"channel_names": ["a", "b"]}, ValueError, r"\['a', 'b'\]: give 1, one for each channel"),
        ({"chunk_shape": (8, 8)}, ValueError, r"chunk_shape is \(8, 8\): give 3 num.*, z, y, x\."),
        ({"axes": "TYX", "chunk_shape": (8, 8, 8)}, ValueError, r"give 2 numbers, .*\), y, x\."),
        ({"chunk_shape": (8, 8, 0)}, ValueError, r"chunk_shape is \(8, 8, 0\): give whole"),
        ({"shard_shape": (8, 16, 24)}, ValueError, r"shard_shape is \(8, 16, 24\) and chunk_shape"),
        ({"shard_shape": (8, 16)}, ValueError, r"shard_shape is \(8, 16\): give 3 numbers"),
        (
            {"shard_shape": CHUNK, "file_format": "ome-zarr-0.4"},
            ValueError,
            "0.4 has no shards: leave it out",
        ),
        ({"shard_shape": CHUNK, "file_format": "bdv-hdf5"}, ValueError, "HDF5 has no shards"),
        (
            {"codec": BloscCodec(), "file_format": "bdv-hdf5"},
            ValueError,
            "BDV-HDF5 is compressed by gzip: leave codec out",
        ),
        (
            {"codec": "zstd"},
            ValueError,
            "codec is 'zstd': give 'default' or a codec of zarr.codecs",
        ),
        (
            {"codec": BloscCodec(), "file_format": "ome-tiff"},
            ValueError,
            "codec is BloscCodec.*, but OME-TIFF is written with 'zstd' or 'deflate'",
        ),
        (
            {"codec": "gzip", "file_format": "ome-tiff"},
            ValueError,
            "codec is 'gzip': give 'default' or 'zstd' or 'deflate', or None not to compress",
        ),
        ({"shard_shape": CHUNK, "file_format": "ome-tiff"}, ValueError, "OME-TIFF has no shards"),
        ({"factors": [(1, 1)]}, ValueError, r"factors\[0\] is \(1, 1\): give 3 numbers"),
        ({"max_levels": 0}, ValueError, "max_levels is 0"),
        ({"max_levels": True}, ValueError, "max_levels is True: give a whole number of 1 or more"),
        ({"max_levels": 1.5}, ValueError, "max_levels is 1.5: give a whole number of 1 or more"),
        ({"chunk_shape": (8, 8, True)}, ValueError, r"chunk_shape\[2\] is True: give a whole"),
        ({"chunk_shape": "888"}, ValueError, r"chunk_shape\[0\] is '8': give a whole number"),
        ({"chunk_shape": (8, 8, math.nan)}, ValueError, r"chunk_shape\[2\] is nan: give a whole"),
        ({"chunk_shape": 8}, ValueError, "chunk_shape is 8: give a whole number for each axis"),
        ({"factors": 2}, ValueError, "factors are 2: give"),
        ({"factors": [2, 4]}, ValueError, r"factors\[0\] is 2: give a whole number for each axis"),
        ({"voxel_size": 2}, ValueError, "size is 2: give"),
        ({"voxel_size": (1, True, 1)}, ValueError, r"size is \(1, True, 1\): give three positive"),
        ({"voxel_size": (1, "1", 1)}, ValueError, r"size is \(1, '1', 1\): give three positive"),
        ({"voxel_size": (1, math.nan, 1)}, ValueError, r"size is \(1, nan, 1\): give three"),
        ({"voxel_size": (1, math.inf, 1)}, ValueError, r"size is \(1, inf, 1\): give three"),
        ({"downsampling": "median"}, ValueError, "downsampling is 'median': choose one of 'mean'"),
        ({"file_format": "n5"}, ValueError, "file_format is 'n5': choose one of 'ome-zarr-0.4'"),
        ({"file_format": ["n5"]}, ValueError, r"file_format is \['n5'\]: choose one of"),
        ({"shard_shape": CHUNK, "file_format": "imaris"}, ValueError, "HDF5 has no shards"),
        (
            {"codec": BloscCodec(), "file_format": "imaris"},
            ValueError,
            "Imaris is compressed by gzip",
        ),
        (
            {"time_interval": 2, "file_format": "bdv-hdf5"},
            ValueError,
            "time_interval is 2 and time_unit is None, but BDV-HDF5 has no place for them: leave",
        ),
        ({"name": "image"}, ValueError, r"image' ends neither in '.zarr' nor in '.xml' nor in"),
        ({"name": "none/a.zarr"}, FileNotFoundError, r"no folder '.*none': make it first"),
    ],
)
def test_refuses_before_anything_is_written(tmp_path, build, options, error, message):
    options = {"source": np.zeros((20, 20, 20), "uint8"), **options}
    if options.get("file_format") == "bdv-hdf5":
        options["name"] = "image.xml"
    elif options.get("file_format") == "ome-tiff":
        options["name"] = "image.ome.tif"
    with pytest.raises(error, match=message):
        build(**options)
    assert list(tmp_path.iterdir()) == []


def test_refuses_an_unknown_version(tmp_path):
    with pytest.raises(ValueError, match=r"version is '0.7': choose one of '0.4', '0.5', '0.6'"):
        write_ome_zarr(tmp_path / "a.zarr", np.zeros((4, 4), "uint8"), version="0.7")


@pytest.mark.parametrize("name", ["image.ome.zarr", "image.xml"])
def test_refuses_a_source_in_chunks_larger_than_the_memory_allowed(tmp_path, build, name):
    source = da.zeros((64, 512, 512), dtype="uint8", chunks=(64, 512, 512))
    message = r"chunks of \(64, 512, 512\), each of 16.0 MiB, but memory_limit is 8.00 MiB: open"
    with pytest.raises(ValueError, match=message):
        build(source, name, memory_limit=8 * MEBI)
    assert list(tmp_path.iterdir()) == []


def test_a_chunk_longer_than_the_image_needs_its_memory_all_the_same(tmp_path, build):
    source = zarr.create_array(
        {}, shape=(4, 100, 100), chunks=(64, 512, 512), dtype="uint8", compressors=None
    )
    message = r"chunks of \(64, 512, 512\), each of 16.0 MiB, but memory_limit is 8.00 MiB: open"
    with pytest.raises(ValueError, match=message):
        build(source, memory_limit=8 * MEBI)
    assert list(tmp_path.iterdir()) == []
    build(source, memory_limit=64 * MEBI)


def test_refuses_a_disk_that_is_too_full(tmp_path, build, monkeypatch):
    full = shutil.disk_usage(tmp_path)._replace(free=10 * MEBI)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(OSError, match=r"takes 18.3 MiB, but .* only 10.0 MiB are free"):
        build(da.zeros((64, 512, 512), dtype="uint8"), codec=None, chunk_shape=(64, 64, 64))
    assert list(tmp_path.iterdir()) == []


def test_refuses_to_overwrite(tmp_path, build):
    old = pixels((9, 20, 20), "uint8")
    path = build(old)
    with pytest.raises(FileExistsError, match=r"image.ome.zarr' exists already: choose another"):
        build(np.zeros((4, 4, 4), "uint8"))
    check_levels(path, old)
    assert [file.name for file in tmp_path.iterdir()] == ["image.ome.zarr"]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_refuses_to_overwrite_what_is_no_zarr(tmp_path, build, kind):
    precious = tmp_path / "image.ome.zarr"
    if kind == "folder":
        precious.mkdir()
        (precious / "thesis.txt").write_text("precious")
    else:
        precious.write_text("precious")
    with pytest.raises(FileExistsError, match=r"exists and is no Zarr: choose another name"):
        build(np.zeros((4, 4, 4), "uint8"), overwrite=True)
    assert ((precious / "thesis.txt") if kind == "folder" else precious).read_text() == "precious"


def test_overwrites_when_told_even_what_it_reads(tmp_path, build):
    image = pixels((20, 40, 40), "uint16")
    path = build(image)
    build(zarr.open_array(path / "0", mode="r"), chunk_shape=(4, 8, 8), overwrite=True)
    check_levels(path, image)
    assert levels_of(path)[0].chunks == (4, 8, 8)
    assert [file.name for file in tmp_path.iterdir()] == ["image.ome.zarr"]


def test_refuses_a_target_that_appears_meanwhile(tmp_path, build):
    class Intruder:
        shape, dtype = (20, 20), np.dtype("uint8")

        def __getitem__(self, key):
            (tmp_path / "image.ome.zarr").mkdir(exist_ok=True)
            return np.zeros((20, 20), "uint8")[key]

    with pytest.raises(FileExistsError, match="exists already"):
        build(Intruder(), chunk_shape=(8, 8))
    assert [file.name for file in tmp_path.iterdir()] == ["image.ome.zarr"]


@pytest.mark.parametrize("lost", ["", "new", "new/image.ome.zarr/0"])
def test_what_is_removed_while_it_is_made_replaces_nothing(tmp_path, build, lost):
    """Zarr makes folders again that are gone, and only what is written later is in them."""
    old = pixels((9, 20, 20), "uint8")
    path = build(old)

    class Remover:
        shape, dtype = (32, 32, 32), np.dtype("uint8")

        def __getitem__(self, key):
            for part in tmp_path.glob(".*.part"):
                shutil.rmtree(part / lost, ignore_errors=True)
            return np.zeros(self.shape, self.dtype)[key]

    with pytest.raises((OSError, KeyError), match=r"image\.ome\.zarr|removed|zarr.json"):
        build(Remover(), chunk_shape=(8, 8, 8), overwrite=True)
    check_levels(path, old)


def test_a_target_without_a_name_of_its_own_is_refused(build, tmp_path):
    path = build(pixels((9, 20, 20), "uint8"))
    before = sorted(path.rglob("*"))
    with pytest.raises(FileExistsError, match="does not end in a name of its own"):
        build_pyramid(
            np.zeros((4, 4), "uint8"),
            f"{path}/0/..",
            file_format="ome-zarr-0.5",
            overwrite=True,
            progress=False,
        )
    assert sorted(path.rglob("*")) == before


def test_the_old_pyramid_comes_back_if_the_new_cannot_be_moved(build, monkeypatch):
    old = pixels((9, 20, 20), "uint8")
    path = build(old)
    replace = type(path).replace

    def fail(self, target):
        if self.parent.name == "new":
            raise PermissionError("a program has it open")
        return replace(self, target)

    monkeypatch.setattr(type(path), "replace", fail)
    with pytest.raises(OSError, match=r"image.ome.zarr' could not be written.* has it open"):
        build(np.zeros((4, 4, 4), "uint8"), overwrite=True)
    monkeypatch.undo()
    check_levels(path, old)


# What an early end leaves


class Failing:
    """Zeros, until something happens."""

    shape, dtype = (64, 64, 64), np.dtype("uint8")

    def __init__(self, error):
        self.error, self.reads = error, 0

    def __getitem__(self, key):
        self.reads += 1
        if self.reads > 2:
            raise self.error
        return np.zeros(self.shape, self.dtype)[key]


@pytest.mark.parametrize("error", [ValueError("the source is gone"), KeyboardInterrupt()])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_source_that_fails_leaves_nothing_and_is_named(
    tmp_path, build, small_blocks, error, threads, monkeypatch
):
    monkeypatch.setattr(os, "cpu_count", lambda: threads)
    with pytest.raises(type(error)) as caught:
        build(Failing(error))
    if isinstance(error, ValueError):
        assert "the source is gone" in str(caught.value)
        *where, left = caught.value.__notes__  # one for each thread: they raise the same error
        assert where[0].startswith("This happened while the image was read at [")
        assert left == "Nothing is left of 'image.ome.zarr'."
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_fails_leaves_the_old_pyramid(tmp_path, build, small_blocks):
    old = pixels((9, 20, 20), "uint8")
    path = build(old)
    with pytest.raises(OSError, match="the source is gone"):
        build(Failing(OSError("the source is gone")), overwrite=True)
    check_levels(path, old)
    assert [file.name for file in tmp_path.iterdir()] == ["image.ome.zarr"]


PRELUDE = """
import os, sys
import numpy as np
from bigimg_lessons.build import build_pyramid

class Ramp:
    def __init__(self, *shape):
        self.shape, self.dtype = shape, np.dtype("uint16")
    def __getitem__(self, key):
        shape = [part.stop - part.start for part in key]
        return np.broadcast_to(np.arange(shape[-1], dtype="uint16"), shape)
"""


def run(code, *arguments):
    """Run Python code in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
@pytest.mark.parametrize("file_format", ["ome-zarr-0.5", "ome-zarr-0.4"])
def test_a_full_disk_leaves_nothing_and_says_so(tmp_path, file_format):
    code = """
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
    build_pyramid(Ramp(128, 256, 256), sys.argv[1], file_format=sys.argv[2], progress=False,
                  chunk_shape=(128, 128, 128), codec=None)
    """
    with run(code, tmp_path / "image.ome.zarr", file_format) as process:
        _, errors = process.communicate(timeout=180)
    assert process.returncode == 1
    last = errors[errors.rindex("\nOSError") :]
    assert "image.ome.zarr' could not be written; a file would be larger than is allowed" in last
    assert ".part" not in last
    assert list(tmp_path.iterdir()) == []


# Memory and progress


def test_memory_does_not_grow_with_the_image(tmp_path):
    code = """
    from bigimg_lessons.measure.memory import MemoryWatch
    options = dict(overwrite=True, progress=False)
    build_pyramid(Ramp(128, 256, 256), sys.argv[1], **options)
    with MemoryWatch() as watch:
        build_pyramid(Ramp(int(sys.argv[2]), 512, 512), sys.argv[1], **options)
    print(watch.trace.peak_added)
    """
    depths = (256, 1024)  # 128 and 512 MiB
    peaks = []
    for depth in depths:
        with run(code, tmp_path / f"{depth}.zarr", depth) as process:
            output, errors = process.communicate(timeout=180)
        assert process.returncode == 0, errors
        peaks.append(int(output) / MEBI)
    assert peaks[0] > 16
    assert peaks[1] < 160


def test_progress_is_plain_text_and_can_be_silent(build, capfd):
    build(np.zeros((64, 64, 64), "uint8"), "loud.zarr", progress=True)
    shown = capfd.readouterr().err
    assert "loud.zarr" in shown
    assert "100%" in shown
    build(np.zeros((64, 64, 64), "uint8"), "silent.zarr")
    assert capfd.readouterr() == ("", "")


def test_returns_the_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = build_pyramid(np.zeros((4, 4), "uint8"), "relative.zarr", progress=False)
    assert path == tmp_path / "relative.zarr"
    assert (path / "zarr.json").is_file()
