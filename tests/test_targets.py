"""What every format has from the one loop that writes it: guards, warnings, messages, one read."""

import errno
import math
import os
import re
import shutil
import warnings
from collections import Counter
from pathlib import Path

import dask.array as da
import h5py
import numpy as np
import pytest
import tifffile
import zarr

from bigimg_lessons.formats.bdv.levels import BdvLevels
from bigimg_lessons.formats.bdv.writer import write_bdv
from bigimg_lessons.formats.imaris.levels import ImarisLevels
from bigimg_lessons.formats.imaris.writer import write_imaris
from bigimg_lessons.formats.ome_tiff import _OmeTiffLevels, write_ome_tiff
from bigimg_lessons.formats.ome_zarr import write_ome_zarr
from bigimg_lessons.formats.ome_zarr_levels import WritingLevels
from bigimg_lessons.pyramids.block_plans import MEMORY_LIMIT
from bigimg_lessons.pyramids.targets import Request
from bigimg_lessons.pyramids.writing import write_pyramid
from tests.bdv_files import pixels
from tests.exact_means import exact_mean
from tests.least_memory import least_memory
from tests.npy_target import NpyLevels, NpyTarget

CHUNK = (16, 16, 16)


def write_npy(path, image, **options):
    names = ("axes", "voxel_size", "unit", "channel_names", "chunk_shape", "factors", "max_levels")
    defaults = dict.fromkeys(names) | {"downsampling": "mean", "memory_limit": MEMORY_LIMIT}
    defaults |= {"overwrite": False, "progress": True}
    return write_pyramid(NpyTarget(path), Request(image=image, **defaults | options))


def zarr_level(path, number):
    return zarr.open_array(path / str(number), mode="r")[...]


def bdv_level(path, number):
    with h5py.File(path.with_suffix(".h5")) as file:
        times = sorted(name for name in file if name.startswith("t"))
        setups = sorted(file[times[0]])
        cells = [[file[t][s][str(number)]["cells"][()] for s in setups] for t in times]
        return np.array(cells).squeeze()


def tiff_level(path, number):
    with tifffile.TiffFile(path) as tiff:
        return tiff.series[0].levels[number].asarray()


def imaris_level(path, number):
    with h5py.File(path) as file:
        level = file[f"DataSet/ResolutionLevel {number}"]
        stacks = [
            [level[f"TimePoint {t}/Channel {c}"] for c in range(len(level[f"TimePoint {t}"]))]
            for t in range(len(level))
        ]
        size = [int(stacks[0][0].attrs[f"ImageSize{axis}"].tobytes()) for axis in "ZYX"]
        whole = [[stack["Data"][tuple(map(slice, size))] for stack in row] for row in stacks]
        return np.array(whole).squeeze()


def npy_level(path, number):
    return np.load(path / f"{number}.npy")


# Formats whose chunks and levels lie in planes.
FLAT = {"image.ome.tif"}

FORMATS = {
    "image.ome.zarr": (write_ome_zarr, zarr_level, WritingLevels, {"codec": None}),
    "image.xml": (write_bdv, bdv_level, BdvLevels, {"gzip_level": None}),
    "image.ome.tif": (write_ome_tiff, tiff_level, _OmeTiffLevels, {"codec": None}),
    "image.ims": (write_imaris, imaris_level, ImarisLevels, {"gzip_level": None}),
    "image": (write_npy, npy_level, NpyLevels, {}),
}


@pytest.fixture(params=FORMATS)
def form(request, tmp_path):
    """A format: its writer into a folder, what reads a level back, and its levels' class."""
    name = request.param
    write, level, levels, uncompressed = FORMATS[name]

    def write_here(image, **options):
        options = {"chunk_shape": CHUNK, "progress": False, **options}
        if name in FLAT and len(options["chunk_shape"]) == 3:
            options["chunk_shape"] = (1, *options["chunk_shape"][1:])
        if options.pop("uncompressed", False):
            options |= uncompressed
        return write(tmp_path / name, image, **options)

    write_here.is_flat = name in FLAT
    write_here.level, write_here.levels, write_here.path = level, levels, tmp_path / name
    return write_here


def remaining(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.filterwarnings("ignore:.* is written without what is not known")
def test_all_levels_are_exact_means(form):
    image = pixels((2, 3, 30, 40, 50), "uint8")
    path = form(image)
    for number, factors in enumerate([(1, 1, 1), (2, 2, 2), (4, 4, 4)]):
        if form.is_flat:
            factors = (1, *factors[1:])
        np.testing.assert_array_equal(form.level(path, number), exact_mean(image, (1, 1, *factors)))


# Read once


class Counting:
    """An array that notes how often each of its chunks is read."""

    def __init__(self, shape, chunks):
        self.shape, self.chunks, self.dtype = shape, chunks, np.dtype("uint8")
        self.reads = Counter()

    def __getitem__(self, key):
        touched = [
            range(k.start // c, -(-k.stop // c)) for k, c in zip(key, self.chunks, strict=True)
        ]
        for index in np.ndindex(*map(len, touched)):
            self.reads[tuple(r[i] for r, i in zip(touched, index, strict=True))] += 1
        return np.ones([k.stop - k.start for k in key], "uint8")


@pytest.mark.parametrize("chunks", [(1, 3, 8, 40, 50), (2, 2, 16, 16, 16), (2, 3, 30, 40, 50)])
@pytest.mark.filterwarnings("ignore:.* is written without what is not known")
def test_chunks_that_span_channels_and_time_points_are_read_once(form, chunks, monkeypatch):
    monkeypatch.setattr("bigimg_lessons.pyramids.writing._MIN_BLOCK_BYTES", 1)
    source = Counting((2, 3, 30, 40, 50), chunks)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Each chunk of the source")
        form(source)
    grid = [-(-n // c) for n, c in zip(source.shape, chunks, strict=True)]
    assert len(source.reads) == math.prod(grid)
    assert set(source.reads.values()) == {1}


@pytest.mark.filterwarnings("ignore:.* is written without what is not known")
def test_planes_in_little_memory_give_the_same_warning(form, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    planes = da.zeros((16, 64, 256), chunks=(1, 64, 256), dtype="uint8")
    more = 2**16 if form.is_flat else 2**18  # than takes the least block, but not a plane's
    limit = least_memory(form, np.zeros(planes.shape, "uint8")) + more
    message = (
        r"^Each chunk of the source, \(1, 64, 256\), is read (4|8|16|32|64) times on average, as "
        r"blocks of whole ones need more than the .* of memory_limit: raise that, or give a "
        r"chunk_shape that is nearer to the source's\.$"
    )
    with pytest.warns(UserWarning, match=message) as seen:
        form(planes, memory_limit=limit)
    assert all(warning.filename == __file__ for warning in seen)


# What a failure leaves


class Failing:
    shape, dtype = (64, 64, 64), np.dtype("uint8")

    def __init__(self):
        self.reads = 0

    def __getitem__(self, key):
        self.reads += 1
        if self.reads > 2:
            raise ValueError("the source is gone")
        return np.zeros([along.stop - along.start for along in key], self.dtype)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr("bigimg_lessons.pyramids.writing._MIN_BLOCK_BYTES", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.filterwarnings("ignore:.* is written without what is not known")
def test_a_source_that_fails_says_where_and_what_it_leaves(form, tmp_path):
    with pytest.raises(ValueError, match="the source is gone") as caught:
        form(Failing())
    where, left = caught.value.__notes__
    assert re.match(r"This happened while the image was read at \[.*0:16.*\]\.$", where)
    assert left == f"Nothing is left of {form.path.name!r}."
    assert remaining(tmp_path) == []


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.filterwarnings("ignore:.* is written without what is not known")
def test_a_source_that_fails_leaves_the_old_image_and_says_so(form):
    old = pixels((9, 20, 20), "uint8")
    path = form(old)
    with pytest.raises(ValueError, match="the source is gone") as caught:
        form(Failing(), overwrite=True)
    assert caught.value.__notes__[1] == f"{path.name!r} is as it was before."
    np.testing.assert_array_equal(form.level(path, 0), old)


@pytest.mark.parametrize("step", ["write", "finish"])
@pytest.mark.filterwarnings("ignore:.* is written without what is not known")
def test_what_cannot_be_written_is_explained(form, tmp_path, monkeypatch, step):
    def full(levels, *_):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / ".x.part" / "y"))

    monkeypatch.setattr(form.levels, step, full)
    with pytest.raises(OSError, match="the disk is full: make room") as caught:
        form(np.zeros((20, 20, 20), "uint8"))
    assert str(caught.value) == (
        f"{str(form.path)!r} could not be written; the disk is full: make room, or choose a folder "
        f"on another disk. Nothing is left of {form.path.name!r}. The reason given is: No space "
        "left on device"
    )
    assert not hasattr(caught.value, "__notes__")
    assert caught.value.errno == errno.ENOSPC
    assert remaining(tmp_path) == []


@pytest.mark.filterwarnings("ignore:.* is written without what is not known")
def test_an_error_of_the_format_itself_says_what_it_leaves(form, tmp_path, monkeypatch):
    def fail(levels, *_):
        raise ValueError("a voxel of no kind")

    monkeypatch.setattr(form.levels, "write", fail)
    with pytest.raises(ValueError, match="a voxel of no kind") as caught:
        form(np.zeros((20, 20, 20), "uint8"))
    assert caught.value.__notes__ == [f"Nothing is left of {form.path.name!r}."]
    assert remaining(tmp_path) == []


# Guards


def test_what_is_there_stays(form, tmp_path):
    form.path.write_text("precious")
    with pytest.raises(FileExistsError, match="exists already: choose another name, or pass over"):
        form(np.zeros((9, 9, 9), "uint8"))
    with pytest.raises(FileExistsError, match=r"exists and is no .*: choose another name, or move"):
        form(np.zeros((9, 9, 9), "uint8"), overwrite=True)
    assert remaining(tmp_path) == [form.path.name]
    assert form.path.read_text() == "precious"


@pytest.mark.filterwarnings("ignore:.* is written without what is not known")
def test_a_disk_that_is_too_full_is_refused(form, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10 * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    needed = "21.3" if form.is_flat else "18.3"
    message = rf"takes {needed} MiB, but .* only 10.0 MiB are free: make room"
    with pytest.raises(OSError, match=message):
        form(da.zeros((64, 512, 512), dtype="uint8"), uncompressed=True, chunk_shape=(64, 64, 64))
    assert remaining(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"memory_limit": 0}, "memory_limit is 0: give a whole number of 1 or more, in bytes"),
        ({"memory_limit": 9}, r"memory_limit is 9, which is 9 bytes\. The smallest block.* takes"),
        ({"chunk_shape": (8, 8)}, r"chunk_shape is \(8, 8\): give 3 numbers"),
        ({"channel_names": ["a", "b"]}, r"\['a', 'b'\]: give 1, one for each channel"),
        ({"max_levels": 0}, "max_levels is 0"),
        ({"downsampling": "median"}, "downsampling is 'median': choose one of"),
        ({"unit": "furlong"}, "unit is 'furlong', which is no length"),
    ],
)
def test_what_does_not_fit_is_refused_alike(form, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        form(np.zeros((20, 20, 20), "uint8"), **options)
    assert remaining(tmp_path) == []


def test_what_a_killed_process_left_is_removed_first(form, tmp_path):
    (tmp_path / ".image-0123abcd.part").mkdir()
    form(np.zeros((9, 9, 9), "uint8"), unit="pixel", voxel_size=(1, 1, 1))
    assert not list(tmp_path.glob(".*"))


def test_a_third_format_is_short():
    source = Path(__file__).with_name("npy_target.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < 100
