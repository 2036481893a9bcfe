import math
import os
import shutil
import subprocess
import sys
import textwrap
import tracemalloc
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import dask.array as da
import h5py
import numpy as np
import pytest
import zarr
from bioio import BioImage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bigimg_lessons.formats import hdf5_chunks
from bigimg_lessons.formats.bdv.reader import Reader
from bigimg_lessons.formats.bdv.writer import write_bdv
from tests.bdv_files import pixels
from tests.least_memory import least_memory

# Of most arrays here nobody says how large voxels are; tests/test_calibration.py looks at that.
pytestmark = pytest.mark.filterwarnings("ignore:.* is written without what is not known")

MEBI = 2**20


def exact_mean(array, factors):
    """Mean over whole and cut-off boxes of the last axes; halves go to the even neighbour.

    Sums of the integers used here stay far below 2**53, so float64 divides them exactly enough
    that only true halves look like halves.
    """
    sums, counts = array.astype("float64" if array.dtype.kind == "f" else "int64"), np.ones(())
    for axis, (n, factor) in enumerate(zip(array.shape, factors, strict=True)):
        starts = np.arange(0, n, factor)
        sums = np.add.reduceat(sums, starts, axis=axis)
        counts = counts[..., None] * np.diff(starts, append=n)
    means = sums / counts
    return (np.rint(means) if array.dtype.kind in "iu" else means).astype(array.dtype)


def cells(path, timepoint, setup, level):
    with h5py.File(path.with_suffix(".h5")) as file:
        return file[f"t{timepoint:05d}/s{setup:02d}/{level}/cells"][()]


def factors_of(path, setup=0):
    """Factors of all levels, in z, y, x order, as raw h5py finds them."""
    with h5py.File(path.with_suffix(".h5")) as file:
        return [tuple(map(int, row[::-1])) for row in file[f"s{setup:02d}/resolutions"][()]]


def document(path):
    return ElementTree.fromstring(path.read_bytes())  # noqa: S314 - written here


def check_levels(path, image):
    """Compare every level of every view with the exact mean of `image` (TCZYX)."""
    for setup in range(image.shape[1]):
        factors = factors_of(path, setup)
        assert factors[0] == (1, 1, 1)
        for timepoint in range(image.shape[0]):
            stack = image[timepoint, setup]
            for level, factor in enumerate(factors):
                stored = cells(path, timepoint, setup, level)
                if stored.dtype == np.int16 and image.dtype == np.uint16:
                    stored = stored.view(np.uint16)
                # Floats are summed in another order here; integers leave no room.
                np.testing.assert_allclose(
                    stored,
                    exact_mean(stack, factor),
                    rtol=0 if stored.dtype.kind in "iu" else 4 * np.finfo(stored.dtype).eps,
                    atol=0 if stored.dtype.kind in "iu" else np.finfo(stored.dtype).eps,
                )


@pytest.fixture
def write(tmp_path):
    def write(image, name="image", **options):
        options = {"chunk_shape": (8, 16, 16), "progress": False, **options}
        return write_bdv(tmp_path / f"{name}.xml", image, **options)

    return write


# What is written


@pytest.mark.parametrize("gzip_level", [1, 4, 0, None])
@pytest.mark.parametrize(
    "dtype",
    ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64", ">u2", ">f4"],
)
def test_every_level_is_the_exact_mean(write, dtype, gzip_level):
    image = pixels((2, 2, 21, 33, 50), np.dtype(dtype).newbyteorder("=")).astype(dtype)
    path = write(image, gzip_level=gzip_level)
    assert factors_of(path) == [(1, 1, 1), (2, 2, 2), (4, 4, 4)]
    check_levels(path, image.astype(image.dtype.newbyteorder("=")))


@pytest.mark.parametrize("value", [0, 1, 32767, 32768, 40000, 65535])
def test_constant_uint16_stays_constant(write, value):
    path = write(np.full((9, 37, 50), value, np.uint16))
    for level in range(len(factors_of(path))):
        assert (cells(path, 0, 0, level).view(np.uint16) == value).all()


def test_layout_is_that_of_bigdataviewer(write):
    path = write(pixels((2, 1, 40, 60, 50), "uint16"), chunk_shape=(16, 32, 8))
    with h5py.File(path.with_suffix(".h5")) as file:
        assert set(file) == {"s00", "t00000", "t00001"}
        assert set(file["t00001/s00"]) == {"0", "1", "2", "3"}
        resolutions, subdivisions = file["s00/resolutions"], file["s00/subdivisions"]
        assert resolutions.dtype == np.float64
        assert resolutions[()].tolist() == [[1] * 3, [2] * 3, [4] * 3, [8] * 3]
        assert subdivisions.dtype == np.int32
        # x, y, z; where a level is smaller than a chunk, the chunk is the level.
        assert subdivisions[()].tolist() == [[8, 32, 16], [8, 30, 16], [8, 15, 10], [7, 8, 5]]
        for level, shape in enumerate([(40, 60, 50), (20, 30, 25), (10, 15, 13), (5, 8, 7)]):
            dataset = file[f"t00001/s00/{level}/cells"]
            assert dataset.shape == shape
            assert dataset.chunks == tuple(subdivisions[level][::-1])
            assert dataset.compression == "gzip"


@pytest.mark.parametrize(
    ("dtype", "options", "stored", "data_type"),
    [
        ("uint8", {}, "<u1", b"uint8"),
        ("uint16", {}, "<i2", None),
        ("uint16", {"legacy_uint16": False}, "<u2", b"uint16"),
        ("int16", {}, "<i2", b"int16"),
        ("float32", {}, "<f4", b"float32"),
    ],
)
def test_types_of_voxels(write, dtype, options, stored, data_type):
    path = write(pixels((9, 10, 11), dtype), **options)
    assert cells(path, 0, 0, 0).dtype == np.dtype(stored)
    with h5py.File(path.with_suffix(".h5")) as file:
        assert file["s00"].attrs.get("dataType") == data_type


def test_xml_says_what_there_is(write):
    path = write(
        pixels((2, 2, 9, 20, 30), "uint8"),
        voxel_size=(2, 0.5, 0.25),
        unit="nm",
        channel_names=["DAPI <405 nm> & co", "GFP"],
    )
    root = document(path)
    assert root.tag == "SpimData"
    assert root.get("version") == "0.2"
    assert root.findtext("BasePath") == "."
    sequence = root.find("SequenceDescription")
    assert sequence.find("ImageLoader").get("format") == "bdv.hdf5"
    assert sequence.findtext("ImageLoader/hdf5") == "image.h5"
    assert sequence.find("ImageLoader/hdf5").get("type") == "relative"
    setups = sequence.findall("ViewSetups/ViewSetup")
    assert [setup.findtext("id") for setup in setups] == ["0", "1"]
    assert [setup.findtext("name") for setup in setups] == ["DAPI <405 nm> & co", "GFP"]
    assert {setup.findtext("size") for setup in setups} == {"30 20 9"}
    assert {setup.findtext("voxelSize/unit") for setup in setups} == {"nm"}
    assert {setup.findtext("voxelSize/size") for setup in setups} == {"0.25 0.5 2.0"}
    assert [setup.findtext("attributes/channel") for setup in setups] == ["0", "1"]
    channels = sequence.findall("ViewSetups/Attributes[@name='channel']/Channel")
    assert [(c.findtext("id"), c.findtext("name")) for c in channels] == [
        ("0", "DAPI <405 nm> & co"),
        ("1", "GFP"),
    ]
    assert sequence.find("Timepoints").get("type") == "range"
    assert sequence.findtext("Timepoints/first") == "0"
    assert sequence.findtext("Timepoints/last") == "1"
    views = root.findall("ViewRegistrations/ViewRegistration")
    assert [(view.get("timepoint"), view.get("setup")) for view in views] == [
        ("0", "0"),
        ("0", "1"),
        ("1", "0"),
        ("1", "1"),
    ]
    assert {view.findtext("ViewTransform/affine") for view in views} == {
        "0.25 0.0 0.0 0.0 0.0 0.5 0.0 0.0 0.0 0.0 2.0 0.0"
    }


def test_bioio_reads_it_back(write):
    image = pixels((2, 3, 20, 33, 50), "uint16")
    path = write(image, voxel_size=(3, 1, 1), unit="µm", channel_names=["a", "b", "c"])
    back = BioImage(path, reader=Reader)
    np.testing.assert_array_equal(back.data, image)
    assert list(back.channel_names) == ["a", "b", "c"]
    assert back.physical_pixel_sizes == (3.0, 1.0, 1.0)
    assert back.resolution_levels == tuple(range(len(factors_of(path))))
    back.set_resolution_level(1)
    assert back.physical_pixel_sizes == (3.0, 2.0, 2.0)
    np.testing.assert_array_equal(back.data[1, 2], exact_mean(image[1, 2], (1, 2, 2)))


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_any_image_is_written_exactly(write, data):
    shape = (
        data.draw(st.integers(1, 2)),
        data.draw(st.integers(1, 2)),
        *(data.draw(st.integers(1, 40)) for _ in range(3)),
    )
    dtype = data.draw(st.sampled_from(["uint8", "uint16", "int16", "float32"]))
    image = pixels(shape, dtype, seed=data.draw(st.integers(0, 9)))
    options = {
        "overwrite": True,
        "chunk_shape": [data.draw(st.integers(1, 20)) for _ in range(3)],
        "voxel_size": [data.draw(st.sampled_from([0.5, 1, 3])) for _ in range(3)],
        "gzip_level": data.draw(st.sampled_from([None, 1, 9])),
        "legacy_uint16": data.draw(st.booleans()),
    }
    if data.draw(st.booleans()):
        options["memory_limit"] = least_memory(write, image, **options)
    path = write(image, **options)
    check_levels(path, image)


def test_labels_keep_their_numbers(write):
    labels = np.zeros((8, 40, 40), np.uint64)
    labels[:, 8:24, 8:24] = 2**53 + 1
    path = write(labels, downsampling="mode")
    assert len(factors_of(path)) == 3
    for level in range(3):
        assert set(np.unique(cells(path, 0, 0, level))) == {0, 2**53 + 1}


def test_levels_can_be_chosen(write):
    image = pixels((1, 1, 12, 60, 60), "uint8")
    factors = [(1, 1, 1), (1, 3, 3), (2, 6, 6)]
    path = write(image, factors=factors)
    assert factors_of(path) == factors
    check_levels(path, image)
    assert factors_of(write(image, "flat", max_levels=1)) == [(1, 1, 1)]


def test_compression_is_as_good_as_that_of_hdf5_at_its_level(tmp_path, write):
    z, y, x = np.ogrid[:32, :64, :64]
    noise = np.random.default_rng(0).normal(0, 30, (32, 64, 64))
    image = (2000 + 500 * np.sin(x / 9) * np.cos(y / 7 + z) + noise).astype("uint16")
    path = write(image, chunk_shape=(32, 32, 32), max_levels=1, gzip_level=4)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        other = file.create_dataset(
            "d", data=image, chunks=(32, 32, 32), compression=4, shuffle=True
        )
        other_bytes = other.id.get_storage_size()
    with h5py.File(path.with_suffix(".h5")) as file:
        assert file["t00000/s00/0/cells"].id.get_storage_size() <= 1.02 * other_bytes


# Where images come from


@pytest.mark.parametrize("kind", ["numpy", "dask", "zarr", "hdf5", "memmap"])
@pytest.mark.parametrize("axes", [2, 3, 4, 5])
def test_any_lazy_array_of_up_to_five_axes(tmp_path, write, kind, axes):
    image = pixels((2, 3, 20, 33, 50)[-axes:], "uint16")
    chunks = (1, 2, 7, 16, 20)[-axes:]
    if kind == "dask":
        source = da.from_array(image, chunks=chunks)
    elif kind == "zarr":
        source = zarr.create_array(tmp_path / "s.zarr", data=image, chunks=chunks)
    elif kind == "memmap":
        image.tofile(tmp_path / "s.raw")
        source = np.memmap(tmp_path / "s.raw", image.dtype, "r", shape=image.shape)
    if kind == "hdf5":
        with h5py.File(tmp_path / "s.h5", "w") as file:
            path = write(file.create_dataset("s", data=image, chunks=chunks))
    else:
        path = write(image if kind == "numpy" else source)
    check_levels(path, image.reshape((1, 1, 1, *image.shape)[-5:]))


def test_bioimage_brings_its_metadata(write):
    image = pixels((2, 2, 10, 40, 50), "uint16")
    first = write(
        image, "first", voxel_size=(1500, 200, 200), unit="nm", channel_names=["red", "green"]
    )
    bioimage = BioImage(first, reader=Reader)
    path = write(bioimage)
    check_levels(path, image)
    assert factors_of(path)[:3] == [(1, 1, 1), (1, 2, 2), (1, 4, 4)]
    setups = document(path).findall(".//ViewSetup")
    assert [setup.findtext("name") for setup in setups] == ["red", "green"]
    assert {setup.findtext("voxelSize/size") for setup in setups} == {"200.0 200.0 1500.0"}
    assert {setup.findtext("voxelSize/unit") for setup in setups} == {"nm"}
    given = write(bioimage, "given", voxel_size=(3, 1, 1), unit="nm", channel_names=["a", "b"])
    setups = document(given).findall(".//ViewSetup")
    assert [setup.findtext("name") for setup in setups] == ["a", "b"]
    assert {setup.findtext("voxelSize/size") for setup in setups} == {"1.0 1.0 3.0"}
    assert {setup.findtext("voxelSize/unit") for setup in setups} == {"nm"}


@pytest.mark.parametrize("chunks", [(1, 1, 1, 60, 70), (1, 1, 16, 32, 32), (1, 1, 5, 8, 7)])
def test_each_chunk_of_a_dask_array_is_computed_once(write, chunks):
    computed = Counter()
    shape = (2, 2, 30, 60, 70)

    def block(block_info=None):
        computed[block_info[None]["chunk-location"]] += 1
        return np.full(block_info[None]["chunk-shape"], 7, "uint8")

    grid = [da.core.normalize_chunks(chunks, shape)[axis] for axis in range(5)]
    write(da.map_blocks(block, chunks=grid, dtype="uint8", meta=np.empty((0,) * 5, "uint8")))
    assert len(computed) == math.prod(map(len, grid))
    assert set(computed.values()) == {1}


# What is refused, before anything is written


@pytest.mark.parametrize(
    ("image", "options", "error", "message"),
    [
        ([[1, 2]], {}, TypeError, "image is a list, which has no shape and dtype: give an array"),
        (np.zeros(9), {}, ValueError, r"has the shape \(9,\): give two to five axes"),
        (np.zeros((1,) * 6), {}, ValueError, r"shape \(1, 1, 1, 1, 1, 1\): give two to five axes"),
        (np.zeros((3, 0)), {}, ValueError, r"shape \(3, 0\): give two to five axes"),
        (np.zeros((9, 9), bool), {}, TypeError, "no voxels of type bool: convert the image to"),
        (np.zeros((9, 9), "float16"), {}, TypeError, "no voxels of type float16: convert"),
        (np.zeros((99, 99), "int64"), {}, TypeError, "dtype int64 cannot be summed exactly"),
        (None, {"voxel_size": (1, 1)}, ValueError, r"size is \(1, 1\): give three positive"),
        (
            None,
            {"voxel_size": (1, 1, -1)},
            ValueError,
            r"size is \(1, 1, -1\): give three positive",
        ),
        (None, {"channel_names": ["a", "b"]}, ValueError, r"\['a', 'b'\]: give 1, one for each"),
        (None, {"channel_names": "a"}, ValueError, "channel_names are 'a': give 1"),
        (None, {"channel_names": ["\0"]}, ValueError, "XML has no place for the character"),
        (None, {"unit": "\1"}, ValueError, "which is no length that is known here"),
        (None, {"chunk_shape": (8, 8)}, ValueError, r"chunk_shape is \(8, 8\): give 3 numbers"),
        (None, {"chunk_shape": (8, 8, 0)}, ValueError, r"chunk_shape is \(8, 8, 0\): give whole"),
        (None, {"factors": [(1, 1)]}, ValueError, r"factors\[0\] is \(1, 1\): give 3 numbers"),
        (None, {"max_levels": 0}, ValueError, "max_levels is 0"),
        (None, {"downsampling": "median"}, ValueError, "downsampling is 'median': choose"),
        (None, {"gzip_level": 10}, ValueError, "gzip_level is 10: give 0 to 9, or None"),
        (None, {"gzip_level": "gzip"}, ValueError, "gzip_level is 'gzip': give 0 to 9, or None"),
    ],
)
def test_refuses_before_anything_is_written(tmp_path, write, image, options, error, message):
    image = np.zeros((20, 20, 20), "uint8") if image is None else image
    with pytest.raises(error, match=message):
        write(image, **options)
    assert list(tmp_path.iterdir()) == []


def test_refuses_chunks_that_hdf5_cannot_have(tmp_path, write):
    image = da.zeros((2000, 2000, 2000), dtype="uint8")
    with pytest.raises(ValueError, match=r"chunk .* takes 7.45 GiB, but HDF5 allows no 4 GiB"):
        write(image, chunk_shape=(2000, 2000, 2000))
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_path_that_is_no_xml(tmp_path):
    with pytest.raises(ValueError, match=r"image.h5' does not end in '.xml': give that of the XML"):
        write_bdv(tmp_path / "image.h5", np.zeros((4, 4), "uint8"))
    with pytest.raises(FileNotFoundError, match=r"no folder '.*nowhere': make it first"):
        write_bdv(tmp_path / "nowhere" / "image.xml", np.zeros((4, 4), "uint8"))
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_disk_that_is_too_full(tmp_path, write, monkeypatch):
    full = shutil.disk_usage(tmp_path)._replace(free=10 * MEBI)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    image = da.zeros((64, 512, 512), dtype="uint8")
    with pytest.raises(OSError, match=r"takes 18.3 MiB, but .* only 10.0 MiB are free"):
        write(image, gzip_level=None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".xml", ".h5"])
def test_refuses_to_overwrite_either_file(tmp_path, write, suffix):
    existing = tmp_path / f"image{suffix}"
    existing.write_text("precious")
    with pytest.raises(FileExistsError, match=rf"image{suffix}' exists already: choose another"):
        write(np.zeros((4, 4), "uint8"))
    assert existing.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [existing]


def test_refuses_files_that_appear_meanwhile(tmp_path, write):
    class Intruder:
        shape, dtype = (20, 20), np.dtype("uint8")

        def __getitem__(self, key):
            (tmp_path / "image.h5").write_text("precious")
            return np.zeros((20, 20), "uint8")[key]

    with pytest.raises(FileExistsError, match=r"image.h5' exists already"):
        write(Intruder())
    assert (tmp_path / "image.h5").read_text() == "precious"
    assert list(tmp_path.iterdir()) == [tmp_path / "image.h5"]


# What an early end leaves


class Failing:
    """Zeros, until something happens."""

    shape, dtype = (64, 64, 64), np.dtype("uint8")

    def __init__(self, error):
        self.error, self.reads = error, 0

    def __getitem__(self, key):
        self.reads += 1
        if self.reads > 3:
            raise self.error
        return np.zeros(self.shape, self.dtype)[key]


@pytest.mark.parametrize("error", [OSError("the source is gone"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_nothing(tmp_path, write, error):
    with pytest.raises(type(error)):
        write(Failing(error), memory_limit=least_memory(write, Failing(error)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [OSError("the source is gone"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_old_files(tmp_path, write, error):
    old = pixels((1, 1, 9, 20, 20), "uint8")
    path = write(old)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    least = least_memory(write, Failing(error), overwrite=True)
    with pytest.raises(type(error)):
        write(Failing(error), memory_limit=least, overwrite=True)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    check_levels(path, old)


def test_overwrites_when_told(tmp_path, write):
    write(pixels((1, 2, 9, 20, 20), "uint8"))
    new = pixels((1, 1, 9, 33, 20), "uint16")
    path = write(new, overwrite=True)
    check_levels(path, new)
    assert BioImage(path, reader=Reader).shape == (1, 1, 9, 33, 20)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["image.h5", "image.xml"]


def test_overwrites_the_file_it_reads(write):
    image = pixels((1, 1, 20, 40, 40), "uint16")
    path = write(image, chunk_shape=(2, 40, 40))
    write(BioImage(path, reader=Reader), chunk_shape=(16, 16, 16), overwrite=True)
    check_levels(path, image)
    with h5py.File(path.with_suffix(".h5")) as file:
        assert file["t00000/s00/0/cells"].chunks == (16, 16, 16)


def test_the_old_xml_comes_back_if_the_hdf5_cannot_be_replaced(tmp_path, write):
    (tmp_path / "image.xml").write_text("precious")
    (tmp_path / "image.h5").mkdir()  # as a file that Windows holds open: not to be replaced
    with pytest.raises(OSError, match=r"image\.h5"):
        write(np.zeros((4, 4), "uint8"), overwrite=True)
    assert (tmp_path / "image.xml").read_text() == "precious"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["image.h5", "image.xml"]


def test_hdf5_that_holds_more_than_its_pyramid_is_not_replaced(tmp_path, write):
    path = write(pixels((1, 1, 9, 20, 20), "uint8"))
    with h5py.File(path.with_suffix(".h5"), "a") as file:
        file["my_table"] = [1, 2, 3]
        file.create_group("__DATA_TYPES__")  # as BigDataViewer's library adds
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(FileExistsError, match=r"image.h5' exists and holds, .*, 'my_table'"):
        write(np.zeros((4, 4), "uint8"), overwrite=True)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    with h5py.File(path.with_suffix(".h5"), "a") as file:
        del file["my_table"]
    write(np.zeros((4, 4), "uint8"), overwrite=True)


def test_the_xml_of_a_file_in_another_folder_is_not_replaced(tmp_path, write):
    path = write(pixels((1, 1, 9, 20, 20), "uint8"))
    (tmp_path / "raw").mkdir()
    path.with_suffix(".h5").rename(tmp_path / "raw" / "image.h5")
    text = path.read_text("utf-8").replace(">image.h5<", ">raw/image.h5<")
    path.write_text(text, "utf-8")
    with pytest.raises(FileExistsError, match=r"is the XML of another file, 'raw/image.h5'"):
        write(np.zeros((4, 4), "uint8"), overwrite=True)
    assert path.read_text("utf-8") == text


def run(code, *arguments, **options):
    """Run Python code in a process of its own; `image` writes 64 MiB if it is let."""
    prelude = """
    import os, sys
    from pathlib import Path
    import numpy as np
    from bigimg_lessons.formats.bdv.writer import write_bdv

    class Ramp:
        def __init__(self, *shape):
            self.shape, self.dtype = shape, np.dtype("uint16")
        def __getitem__(self, key):
            shape = [part.stop - part.start for part in key]
            return np.broadcast_to(np.arange(shape[-1], dtype="uint16"), shape)
    """
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(prelude) + textwrap.dedent(code),
            *map(str, arguments),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_full_disk_leaves_nothing_and_says_so(tmp_path):
    code = """
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
    write_bdv(sys.argv[1], Ramp(64, 256, 256), gzip_level=None, progress=False)
    """
    with run(code, tmp_path / "image.xml") as process:
        _, errors = process.communicate(timeout=180)
    assert process.returncode == 1
    last = errors[errors.rindex("\nOSError") :]
    assert "image.xml' could not be written; a file would be larger than is allowed there" in last
    assert ".part" not in last
    assert list(tmp_path.iterdir()) == []


# Memory and progress


def test_memory_does_not_grow_with_the_image(tmp_path):
    code = """
    from bigimg_lessons.measure.memory import MemoryWatch
    options = dict(gzip_level=1, overwrite=True, progress=False)
    write_bdv(sys.argv[1], Ramp(64, 64, 64), **options)
    with MemoryWatch() as watch:
        write_bdv(sys.argv[1], Ramp(int(sys.argv[2]), 512, 512), **options)
    print(watch.trace.peak_added)
    """
    depths = (256, 1024)  # 128 and 512 MiB
    processes = [run(code, tmp_path / f"{depth}.xml", depth) for depth in depths]
    peaks = []
    for process in processes:
        with process:
            output, errors = process.communicate(timeout=180)
        assert process.returncode == 0, errors
        peaks.append(int(output) / MEBI)
    assert peaks[0] > 16
    assert peaks[1] < 96
    assert peaks[1] < peaks[0] + 16


def test_blocks_stay_within_the_memory_limit(write):
    planes = da.ones((64, 512, 512), chunks=(1, 512, 512), dtype="uint16")
    write(planes[:8], "imports")
    peaks = []
    for limit in (256, 32):  # 64 planes with their sums take 41 MiB
        tracemalloc.start()
        write(planes, f"{limit}", chunk_shape=(64, 64, 64), memory_limit=limit * MEBI)
        peaks.append(tracemalloc.get_traced_memory()[1] / MEBI)
        tracemalloc.stop()
    assert 41 < peaks[0] < 256
    assert peaks[1] < 32


def test_progress_is_plain_text_and_can_be_silent(write, capfd):
    write(np.zeros((64, 64, 64), "uint8"), "loud", progress=True)
    shown = capfd.readouterr().err
    assert "loud.h5" in shown
    assert "100%" in shown
    write(np.zeros((64, 64, 64), "uint8"), "silent")
    assert capfd.readouterr() == ("", "")


def test_waiting_chunks_are_bounded(write, monkeypatch):
    monkeypatch.setattr(hdf5_chunks, "_WAITING_BYTES", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    image = pixels((1, 1, 40, 50, 60), "uint16")
    check_levels(write(image), image)


def test_returns_the_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_bdv("relative.XML", np.zeros((4, 4), "uint8"), progress=False)
    assert path == tmp_path.resolve() / "relative.XML"
    assert Path("relative.h5").is_file()
