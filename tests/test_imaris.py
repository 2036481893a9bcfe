"""Imaris files, as raw h5py finds them."""

import math
import warnings

import dask.array as da
import h5py
import numpy as np
import pytest
from bioio import BioImage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bigimg_lessons.formats.bdv.reader import Reader
from bigimg_lessons.formats.bdv.writer import write_bdv
from bigimg_lessons.formats.imaris.attributes import read_text
from bigimg_lessons.formats.imaris.histograms import Histogram
from bigimg_lessons.formats.imaris.writer import write_imaris
from bigimg_lessons.pyramids.levels import plan_levels
from tests.bdv_files import pixels
from tests.exact_means import exact_mean

# Of most arrays here nobody says how large voxels are; tests below look at that.
pytestmark = pytest.mark.filterwarnings("ignore:.* is written without what is not known")

CHUNK = (8, 16, 16)


@pytest.fixture
def write(tmp_path):
    def write(image, name="image", **options):
        options = {"chunk_shape": CHUNK, "progress": False, **options}
        return write_imaris(tmp_path / f"{name}.ims", image, **options)

    return write


def stack(file, level, time=0, channel=0):
    return file[f"DataSet/ResolutionLevel {level}/TimePoint {time}/Channel {channel}"]


def shape_of(group):
    return tuple(int(read_text(group, f"ImageSize{axis}")) for axis in "ZYX")


def voxels(path, level, time=0, channel=0):
    """Voxels that raw h5py reads, without those that pad the last chunks."""
    with h5py.File(path) as file:
        group = stack(file, level, time, channel)
        return group["Data"][tuple(map(slice, shape_of(group)))]


def count_levels(path):
    with h5py.File(path) as file:
        return len(file["DataSet"])


def said(path, group="DataSetInfo/Image"):
    with h5py.File(path) as file:
        return {name: read_text(file[group], name) for name in file[group].attrs}


def tolerance(dtype):
    """Floats are summed in another order here; integers leave no room."""
    eps = 0 if dtype.kind in "iu" else np.finfo(dtype).eps
    return {"rtol": 4 * eps, "atol": eps}


# Voxels


@pytest.mark.parametrize(
    ("shape", "dtype", "gzip_level"),
    [
        ((64, 256, 256), "uint8", 1),
        ((64, 256, 256), "uint16", None),
        ((70, 131, 201), "uint8", None),
        ((70, 131, 201), "uint16", 4),
        ((70, 131, 201), "uint32", 0),
        ((70, 131, 201), "float32", 4),
        ((21, 33, 50), ">u2", 9),
    ],
)
def test_every_level_is_the_exact_mean(write, shape, dtype, gzip_level):
    image = pixels(shape, np.dtype(dtype).newbyteorder("=")).astype(dtype)
    path = write(image, chunk_shape=(16, 64, 64), voxel_size=(2, 1, 1), gzip_level=gzip_level)
    plan = plan_levels(shape, chunk_shape=(16, 64, 64), voxel_size=(2, 1, 1))
    assert plan[1].factors == (1, 2, 2)
    assert count_levels(path) == len(plan)
    np.testing.assert_array_equal(voxels(path, 0), image)
    for number, level in enumerate(plan):
        expected = exact_mean(image, level.factors)
        assert voxels(path, number).shape == expected.shape
        np.testing.assert_allclose(voxels(path, number), expected, **tolerance(image.dtype))


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_any_image_is_written_exactly(write, data):
    shape = (
        data.draw(st.integers(1, 3)),
        data.draw(st.integers(1, 3)),
        *(data.draw(st.integers(1, 40)) for _ in range(3)),
    )
    image = pixels(shape, data.draw(st.sampled_from(["uint8", "uint16", "float32"])))
    chunk = [data.draw(st.integers(1, 20)) for _ in range(3)]
    path = write(image, chunk_shape=chunk, overwrite=True)
    for number, level in enumerate(plan_levels(shape[2:], chunk_shape=chunk)):
        for t, c in np.ndindex(shape[:2]):
            expected = exact_mean(image[t, c], level.factors)
            found = voxels(path, number, t, c)
            np.testing.assert_allclose(found, expected, **tolerance(image.dtype))
            check_histogram(path, number, t, c)


def test_labels_keep_their_numbers(write):
    labels = np.zeros((8, 40, 40), np.uint32)
    labels[:, 8:24, 8:24] = 2**32 - 1
    path = write(labels, downsampling="mode")
    assert {*np.unique(voxels(path, 1))} == {0, 2**32 - 1}


# Layout


def test_data_is_padded_to_whole_chunks_and_the_true_size_stated(write):
    path = write(np.ones((21, 33, 50), "uint16"), chunk_shape=(16, 16, 32))
    with h5py.File(path) as file:
        found = [
            (shape_of(stack(file, level)), data.shape, data.chunks)
            for level in range(3)
            if (data := stack(file, level)["Data"])
        ]
        assert found == [
            ((21, 33, 50), (32, 48, 64), (16, 16, 32)),
            ((11, 17, 25), (11, 32, 25), (11, 16, 25)),
            ((6, 9, 13), (6, 9, 13), (6, 9, 13)),
        ]
        data = stack(file, 0)["Data"]
        assert (data.compression, data.compression_opts, data.shuffle) == ("gzip", 1, True)
        assert data[...].sum() == 21 * 33 * 50


def test_the_file_is_one_that_old_programs_open(write):
    path = write(np.zeros((9, 9, 9), "uint8"))
    # HDF5 1.8's; ImarisWriter asks for that too, and Bio-Formats 7.3.1 reads no newer.
    assert path.read_bytes()[8] == 2
    with h5py.File(path) as file:
        assert set(file) == {"DataSet", "DataSetInfo", "Thumbnail"}
        assert stack(file, 0)["Data"].shuffle is False
        assert file.attrs["NumberOfDataSets"].tolist() == [1]
        assert file.attrs["NumberOfDataSets"].dtype == np.uint32
        assert {name: read_text(file, name) for name in set(file.attrs) - {"NumberOfDataSets"}} == {
            "ImarisDataSet": "ImarisDataSet",
            "ImarisVersion": "5.5.0",
            "DataSetDirectoryName": "DataSet",
            "DataSetInfoDirectoryName": "DataSetInfo",
            "ThumbnailDirectoryName": "Thumbnail",
        }


def test_a_program_that_asks_for_characters_of_c_gets_them(write):
    path = write(np.zeros((9, 9, 9), "uint8"))
    with h5py.File(path, "r+") as file:
        file.attrs["by h5py"] = np.frombuffer(b"5.5.0", "S1")
        answers = {}
        for name in ("ImarisVersion", "by h5py"):
            attribute = h5py.h5a.open(file.id, name.encode())
            answers[name] = np.zeros(attribute.shape, "S1")
            attribute.read(answers[name], mtype=h5py.h5t.C_S1.copy())
        assert answers["ImarisVersion"].tobytes() == b"5.5.0"
        assert answers["by h5py"].tobytes() == bytes(5)  # why h5py's own way would not do


def test_channels_and_times(write):
    path = write(
        pixels((3, 2, 9, 10, 11), "uint8"),
        channel_names=["DAPI 405-nm", "µ"],
        time_interval=1.5,
        time_unit="min",
    )
    assert said(path, "DataSetInfo/Channel 0")["Name"] == "DAPI 405-nm"
    second = said(path, "DataSetInfo/Channel 1")
    assert (second["Name"], second["Color"]) == ("µ", "1.000 0.000 1.000")
    assert said(path)["NumberOfChannels"] == said(path)["Noc"] == "2"
    assert said(path, "DataSetInfo/TimeInfo") == {
        "DatasetTimePoints": "3",
        "FileTimePoints": "3",
        "TimePoint1": "1970-01-01 00:00:00.000",
        "TimePoint2": "1970-01-01 00:01:30.000",
        "TimePoint3": "1970-01-01 00:03:00.000",
    }


# Sizes and places


@pytest.mark.parametrize(
    ("options", "extent", "unit"),
    [
        ({"voxel_size": (100, 40, 40), "unit": "nm"}, ("8.040", "5.240", "7.000"), "um"),
        ({"voxel_size": (2, 0.1, 0.1), "unit": "mm"}, ("20100.0", "13100.0", "140000.0"), "um"),
        ({"voxel_size": (1e-7, 1, 1), "unit": "µm"}, ("201.0", "131.0", "0.000007"), "um"),
        ({"voxel_size": (3, 2, 1)}, ("201.0", "262.0", "210.0"), None),
        ({"unit": "pixel"}, ("201.0", "131.0", "70.0"), None),
        ({"voxel_size": (None, 2, 2), "unit": "nm"}, ("201.0", "131.0", "70.0"), None),
        ({}, ("201.0", "131.0", "70.0"), None),
    ],
)
def test_extents_are_in_micrometres_where_the_unit_is_known(write, options, extent, unit):
    image = said(write(np.zeros((70, 131, 201), "uint8"), **options))
    assert [image[f"ExtMin{i}"] for i in range(3)] == ["0.000000000"] * 3
    assert tuple(float(image[f"ExtMax{i}"]) for i in range(3)) == tuple(map(float, extent))
    assert [image[axis] for axis in "XYZ"] == ["201", "131", "70"]
    assert image.get("Unit") == unit


def test_a_plane_of_unknown_thickness_is_as_thick_as_its_pixels_are_wide(write):
    with warnings.catch_warnings(action="error"):
        image = said(write(np.zeros((40, 50), "uint8"), voxel_size=(None, 2, 3), unit="µm"))
    assert [float(image[f"ExtMax{i}"]) for i in range(3)] == [150, 80, 3]


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        (
            (9, 9, 9),
            {},
            r"Voxels are written as \(1.0, 1.0, 1.0\) in z, y, x order without a unit, which "
            r"readers take for micrometres\. Give voxel_size",
        ),
        ((9, 9, 9), {"voxel_size": (3, 2, 1)}, r"Voxels are written as \(3.0, 2.0, 1.0\) in"),
        (
            (3, 1, 9, 9, 9),
            {"voxel_size": (1, 1, 1), "unit": "µm"},
            r"is written without what is not known: the time interval along t is not known\. "
            r"Time points are written as 1 s apart\. Give time_interval",
        ),
        ((3, 1, 9, 9, 9), {}, r"for micrometres, and time points are written as 1 s apart\."),
        (
            (3, 1, 9, 9, 9),
            {"time_interval": 0.0333333, "time_unit": "s"},
            r"tells times to the millisecond: those of the time points, which are 0.0333333 s",
        ),
    ],
)
@pytest.mark.filterwarnings("default")
def test_what_is_not_known_or_rounded_is_told(write, shape, options, message):
    with pytest.warns(UserWarning, match=message):
        write(np.zeros(shape, "uint8"), **options)


def test_a_bigdataviewer_image_keeps_its_place(tmp_path, write):
    image = pixels((9, 20, 30), "uint8")
    xml = write_bdv(tmp_path / "a.xml", image, voxel_size=(2, 1, 1), unit="µm", progress=False)
    text = xml.read_text(encoding="utf-8")
    moved = text.replace("1.0 0.0 0.0 0.0 ", "1.0 0.0 0.0 7.5 ", 1)
    assert moved != text
    xml.write_text(moved, encoding="utf-8")
    path = write(BioImage(xml, reader=Reader))
    np.testing.assert_array_equal(voxels(path, 0), image)
    found = said(path)
    assert [float(found[f"ExtMin{i}"]) for i in range(3)] == [7.5, 0, 0]
    assert [float(found[f"ExtMax{i}"]) for i in range(3)] == [37.5, 20, 18]


# Histograms and the picture


def check_histogram(path, level, time=0, channel=0):
    """Compare the histograms of a stack with NumPy's of its voxels."""
    stored = voxels(path, level, time, channel)
    with h5py.File(path) as file:
        group = stack(file, level, time, channel)
        for bins, suffix in ((256, ""), (1024, "1024")):
            if suffix and stored.dtype == np.uint8:
                assert f"Histogram{suffix}" not in group
                continue
            ends = [float(read_text(group, f"Histogram{end}{suffix}")) for end in ("Min", "Max")]
            counts = group[f"Histogram{suffix}"]
            assert (counts.dtype, counts.shape) == (np.uint64, (bins,))
            finite = stored[np.isfinite(stored)].astype("float64")
            assert finite.size == 0 or ends[0] <= finite.min() <= finite.max() <= ends[1]
            np.testing.assert_array_equal(counts, np.histogram(finite, bins, ends)[0])
            assert counts[...].sum() == finite.size
    return ends


@pytest.mark.parametrize(
    ("dtype", "low", "high", "ends"),
    [
        ("uint8", 3, 200, [0, 255]),
        ("uint16", 0, 900, [0, 1023]),
        ("uint16", 100, 4095, [0, 4095]),
        ("uint16", 0, 65535, [0, 65535]),
        ("uint32", 7, 2**32 - 1, [0, 2**32 - 1]),
        ("float32", -1, 1, [-1, 3]),
        ("float32", 2.5e-9, 7.5e-9, None),
        ("float32", -3e38, 3e38, None),
        ("float32", 5, 5, None),
        ("float32", 0, 0, [0, 1]),
    ],
)
def test_histograms_are_those_of_numpy(write, monkeypatch, dtype, low, high, ends):
    monkeypatch.setattr("bigimg_lessons.pyramids.writing._MIN_BLOCK_BYTES", 1)
    image = np.linspace(low, high, 24 * 40 * 50, dtype="float64").reshape(24, 40, 50)
    image = np.random.default_rng(0).permuted(np.clip(image, low, high).astype(dtype))
    path = write(image)
    for level in range(count_levels(path)):
        check_histogram(path, level)
    if ends is not None and dtype == "uint8":
        assert said(path, "DataSet/ResolutionLevel 0/TimePoint 0/Channel 0")["HistogramMax"] == (
            "255.000"
        )
    elif ends is not None:
        assert check_histogram(path, 0) == ends


def test_voxels_that_are_no_numbers_are_not_counted(write):
    image = np.full((4, 20, 30), np.nan, "float32")
    path = write(np.stack([image, image]), axes="CZYX", max_levels=1)
    check_histogram(path, 0)
    image[0, :3, :3], image[1, 1, 1] = 2.5, np.inf
    assert check_histogram(write(image, "other", max_levels=1), 0)[0] == 2.5


@given(
    st.lists(
        st.lists(st.floats(width=32, allow_subnormal=False), min_size=1, max_size=9),
        min_size=1,
        max_size=6,
    )
)
def test_blocks_may_come_in_any_order(blocks):
    arrays = [np.array(block, "float32") for block in blocks]
    forwards, backwards = Histogram(np.dtype("float32"), 16), Histogram(np.dtype("float32"), 16)
    for there, back in zip(arrays, reversed(arrays), strict=True):
        forwards.see(there)
        backwards.see(back)
    assert forwards.range == backwards.range
    np.testing.assert_array_equal(forwards.counts, backwards.counts)
    whole = np.concatenate(arrays)
    assert forwards.counts.sum() == np.isfinite(whole).sum()


def test_the_picture_is_the_middle_plane_in_the_colours_of_the_channels(write):
    image = np.zeros((1, 2, 9, 40, 60), "uint8")
    image[0, 0, 4, :, :30] = 100  # green
    image[0, 1, 4, 20:, :] = 200  # magenta
    image[0, :, 3] = 255
    image[0, :, 3, 0, 0] = 0
    path = write(image)
    with h5py.File(path) as file:
        picture = file["Thumbnail/Data"][...].reshape(40, 60, 4)
    assert (picture[..., 3] == 255).all()
    assert picture[5, 5].tolist() == [0, 100, 0, 255]
    assert picture[5, 50].tolist() == [0, 0, 0, 255]
    assert picture[30, 50].tolist() == [200, 0, 200, 255]
    assert picture[30, 5].tolist() == [200, 100, 200, 255]


@pytest.mark.parametrize("max_levels", [1, None])
def test_the_picture_of_a_large_plane_is_small(write, monkeypatch, max_levels):
    monkeypatch.setattr("bigimg_lessons.pyramids.writing._MIN_BLOCK_BYTES", 1)
    y, x = np.ogrid[:1000, :1400]
    image = ((x // 100) * 10 + (y // 100) * 3).astype("uint8")
    path = write(image, max_levels=max_levels, chunk_shape=(1, 64, 64))
    level, step = (0, 6) if max_levels else (1, 3)
    plane = voxels(path, level)[0, ::step, ::step] / image.max()
    with h5py.File(path) as file:
        picture = file["Thumbnail/Data"][...]
    assert picture.shape == (167, 234 * 4)
    grey = picture.reshape(167, 234, 4)[..., :3]
    np.testing.assert_array_equal(grey, np.rint(plane * 255)[..., None].repeat(3, axis=2))


# What is refused


@pytest.mark.parametrize(
    ("image", "options", "error", "message"),
    [
        ("int16", {}, TypeError, "Imaris has no voxels of type int16: convert the image to one of"),
        ("float64", {}, TypeError, "type float64: .* of uint8, uint16, uint32, float32"),
        ("uint64", {}, TypeError, "no voxels of type uint64"),
        ("bool", {}, TypeError, "no voxels of type bool"),
        ("uint8", {"gzip_level": 10}, ValueError, "gzip_level is 10: give 0 to 9, or None"),
        ("uint8", {"gzip_level": True}, ValueError, "gzip_level is True"),
        (
            "uint8",
            {"factors": [(1, 1, 1), (1, 3, 3)]},
            ValueError,
            r"factors go from \(1, 1, 1\) to \(1, 3, 3\), but from one level of an Imaris file",
        ),
        ("uint8", {"factors": [(1, 1, 1), (1, 2, 2), (4, 4, 4)]}, ValueError, "halved or kept"),
        ("uint8", {"channel_names": ["a\0b"]}, ValueError, r"channel name is 'a\\x00b', of 3"),
        ("uint8", {"channel_names": ["ä" * 513]}, ValueError, "place for 1024 bytes"),
        (
            "uint8",
            {"axes": "TYX", "time_interval": 0.5, "time_unit": "µs"},
            ValueError,
            "time points are 5e-07 s apart, but an Imaris file tells times to the millisecond",
        ),
        (
            "uint8",
            {"axes": "TYX", "time_interval": 1e6, "time_unit": "day"},
            ValueError,
            "20 time points 8.64e.10 s apart are more than the years to 9999",
        ),
        (
            "uint8",
            {"axes": "TYX", "time_interval": 1e300},
            ValueError,
            "more than the years to 9999",
        ),
    ],
)
def test_what_does_not_fit_is_refused(write, tmp_path, image, options, error, message):
    with pytest.raises(error, match=message):
        write(np.zeros((20, 30, 40), image), **options)
    assert list(tmp_path.iterdir()) == []


def test_chunks_that_hdf5_does_not_allow_are_refused(write):
    planes = da.zeros((1, 2**16, 2**16), dtype="uint8")
    with pytest.raises(ValueError, match=r"4\.00 GiB, but HDF5 allows no 4 GiB: give a smaller"):
        write(planes, chunk_shape=planes.shape, memory_limit=2**40)


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a\.h5' does not end in '\.ims': give one that does"):
        write_imaris(tmp_path / "a.h5", np.zeros((4, 4), "uint8"))


def test_levels_may_halve_any_axes(write):
    image = pixels((20, 30, 40), "uint8")
    factors = [(1, 1, 1), (1, 1, 2), (2, 1, 4), (4, 2, 4)]
    path = write(image, factors=factors)
    for level, each in enumerate(factors):
        np.testing.assert_array_equal(voxels(path, level), exact_mean(image, each))


def test_surfaces_and_spots_are_not_overwritten(write):
    path = write(np.zeros((9, 9, 9), "uint8"))
    write(np.ones((9, 9, 9), "uint8"), overwrite=True)
    with h5py.File(path, "r+") as file:
        file["Scene8/Content/Surfaces0/Info"] = [1, 2, 3]
        file["DataSetTimes/Time"] = [0]
    with pytest.raises(FileExistsError, match="holds, besides its pyramid, 'Scene8'"):
        write(np.zeros((9, 9, 9), "uint8"), overwrite=True)
    assert math.isclose(voxels(path, 0).mean(), 1)
