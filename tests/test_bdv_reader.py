"""The bioio plugin for BigDataViewer's files."""

import itertools
import pickle
from importlib.metadata import entry_points, requires
from pathlib import Path

import dask
import h5py
import numpy as np
import pytest
import tifffile
from bioio import BioImage
from bioio.plugins import get_plugins
from bioio_base import exceptions, test_utilities
from bioio_base.types import PhysicalPixelSizes

from bigimg_lessons.formats.bdv.plugin import ReaderMetadata
from bigimg_lessons.formats.bdv.reader import Reader, micrometres
from bigimg_lessons.formats.bdv.spimdata import SpimData
from bigimg_lessons.measure.files import FileMeter
from tests.bdv_files import (
    halved,
    pixels,
    registration,
    shared,
    spread,
    stacked,
    write_dataset,
    xml,
)

pytestmark = pytest.mark.usefixtures("no_handle_stays_open")


test_utilities.__test__ = False


REAL = ["mri-stack-multilevel", "xyc-fluo-cells-bdv-hdf5"]
CAL = (0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 2, 0)


def raw(path, timepoint=0, setup=0, level=0):
    """One level of one view straight from h5py."""
    with h5py.File(Path(path).with_suffix(".h5")) as file:
        return file[f"t{timepoint:05d}/s{setup:02d}/{level}/cells"][...]


@pytest.fixture
def two_channels(tmp_path):
    """Two time points, two channels, three levels; the values of every view differ."""
    views = {}
    for timepoint, setup in itertools.product((0, 1), (0, 1)):
        full = pixels((9, 40, 33), seed=10 * timepoint + setup)
        views[timepoint, setup] = [full, halved(full, (1, 2, 2)), halved(full, (2, 4, 4))]
    setups = [
        {
            "id": setup,
            "size": (33, 40, 9),
            "voxel": (0.1, 0.2, 0.5),
            "unit": "µm",
            "attributes": {"channel": setup},
        }
        for setup in (0, 1)
    ]
    rows = [[1, 1, 1], [2, 2, 1], [4, 4, 2]]
    return write_dataset(
        tmp_path,
        views,
        setups,
        xml_options={"names": {"channel": {0: "DAPI", 1: "GFP <1>"}}},
        resolutions={0: rows, 1: rows},
        legacy=True,
    ), views


# --- the plugin and other files


def test_entry_point_and_requirement_are_what_bioio_insists_on():
    (plugin,) = entry_points(group="bioio.readers", name="bigimg-lessons")
    assert plugin.dist.name == "bigimg-lessons"
    assert plugin.load().ReaderMetadata is ReaderMetadata
    assert len([r for r in requires("bigimg-lessons") if r.startswith("bioio-base")]) == 1
    assert ReaderMetadata.get_reader() is Reader
    assert ReaderMetadata.get_supported_extensions() == ["xml", "h5"]
    known = get_plugins(use_cache=False)
    for ending in (".xml", ".h5"):
        assert [entry.entrypoint.name for entry in known[ending]] == ["bigimg-lessons"]
    for ending, entries in known.items():
        if ending not in (".xml", ".h5"):
            assert "bigimg-lessons" not in [entry.entrypoint.name for entry in entries]


def test_tiff_opens_as_before(tmp_path):
    values = pixels((5, 20, 30))
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="minisblack")
    image = BioImage(tmp_path / "x.tif")
    assert type(image.reader).__module__ == "bioio_tifffile.reader"
    np.testing.assert_array_equal(image.data.squeeze(), values)


def test_ome_zarr_opens_as_before(tmp_path):
    from bioio_ome_zarr.writers import OMEZarrWriter

    values = pixels((1, 1, 5, 20, 30))
    writer = OMEZarrWriter(str(tmp_path / "x.ome.zarr"), [values.shape], values.dtype)
    writer.write_full_volume(values)
    image = BioImage(tmp_path / "x.ome.zarr")
    assert type(image.reader).__module__ == "bioio_ome_zarr.reader"
    np.testing.assert_array_equal(image.data, values)


@pytest.mark.parametrize(
    "content",
    [b"<OME/>", b"<Settings><SpimData/></Settings>", b"no XML at all", b"", b"\x00\xff" * 99],
)
def test_an_xml_of_something_else_is_left_alone(tmp_path, content):
    path = tmp_path / "x.xml"
    path.write_bytes(content)
    assert not Reader.is_supported_image(path)
    with pytest.raises(exceptions.UnsupportedFileFormatError, match="install an extra format"):
        BioImage(path)


def test_an_h5_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["data"] = np.zeros((4, 4))
    (tmp_path / "no.h5").write_bytes(b"no HDF5")
    for name in ("x.h5", "no.h5"):
        assert not Reader.is_supported_image(tmp_path / name)
        with pytest.raises(exceptions.UnsupportedFileFormatError, match="install an extra format"):
            BioImage(tmp_path / name)


def test_arrays_are_left_alone():
    assert BioImage(np.zeros((3, 4))).shape == (1, 1, 1, 3, 4)


@pytest.mark.parametrize(
    ("loader", "remedy"),
    [
        ("bdv.n5", "tensorstore"),
        ("ims", r"\.ims file itself"),
        ("bdv.remote", "on a server"),
        ("klb", "in Fiji"),
        ("spimreconstruction.filemap2", "BigStitcher"),
    ],
)
def test_other_loaders_are_refused_through_bioio_with_what_to_use(tmp_path, loader, remedy):
    path = tmp_path / "x.xml"
    path.write_text(xml([{"id": 0}], loader=loader))
    with pytest.raises(
        exceptions.UnsupportedFileFormatError,
        match=rf"x\.xml keeps its pixels as '{loader}'.*{remedy}",
    ):
        BioImage(path)


def test_a_damaged_xml_is_explained_through_bioio(tmp_path):
    path = tmp_path / "x.xml"
    path.write_text(xml([{"id": 0}])[:-20])
    with pytest.raises(ValueError, match=r"x\.xml is not well-formed XML: "):
        BioImage(path)
    path.write_text("<!DOCTYPE SpimData>" + xml([{"id": 0}]).partition("\n")[2])
    with pytest.raises(ValueError, match="declares a document type"):
        BioImage(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.xml"):
        BioImage(tmp_path / "none.xml")


# --- real files, and files of other programs


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("ending", [".xml", ".h5"])
def test_real_files_equal_h5py_at_every_level(name, ending):
    path = shared(name + ending)
    image = BioImage(path)
    with h5py.File(path.with_suffix(".h5")) as file:
        levels = len(file["s00/resolutions"])
        setups = [key for key in file if key.startswith("s0")]
        assert image.resolution_levels == tuple(range(levels))
        for level in range(levels):
            image.set_resolution_level(level)
            expected = np.array([file[f"t00000/{s}/{level}/cells"][...] for s in setups])
            if name.startswith("mri"):
                expected = expected.view(np.uint16)
            assert image.shape == (1, *expected.shape)
            np.testing.assert_array_equal(image.data[0], expected)
            np.testing.assert_array_equal(image.reader._read_delayed().data.compute()[0], expected)


@pytest.mark.parametrize("level", [0, 3])
def test_the_real_mri_stack_passes_bioios_own_checks(level):
    centimetre = 10_000.0
    test_utilities.run_image_file_checks(
        ImageContainer=Reader,
        image=shared("mri-stack-multilevel.xml"),
        set_scene="mri-stack",
        expected_scenes=("mri-stack",),
        expected_current_scene="mri-stack",
        expected_shape=[(1, 1, 27, 226, 186), (1, 1, 3, 28, 23)][level == 3],
        expected_dtype=np.dtype(np.uint16),
        expected_dims_order="TCZYX",
        expected_channel_names=["1"],
        expected_physical_pixel_sizes=tuple(n * centimetre * 2**level for n in (10, 1, 1)),
        expected_metadata_type=SpimData,
        set_resolution_level=level,
        expected_current_resolution_level=level,
        expected_resolution_levels=(0, 1, 2, 3),
    )


def test_the_real_cells_pass_bioios_own_checks():
    test_utilities.run_image_file_checks(
        ImageContainer=BioImage,
        image=shared("xyc-fluo-cells-bdv-hdf5.xml"),
        set_scene="xyc-fluo-cells-bdv-hdf5",
        expected_scenes=("xyc-fluo-cells-bdv-hdf5",),
        expected_current_scene="xyc-fluo-cells-bdv-hdf5",
        expected_shape=(1, 3, 1, 256, 256),
        expected_dtype=np.dtype(np.uint8),
        expected_dims_order="TCZYX",
        expected_channel_names=["1", "2", "3"],
        expected_physical_pixel_sizes=(1.0, 2.0, 2.0),
        expected_metadata_type=SpimData,
        set_resolution_level=1,
        expected_current_resolution_level=1,
        expected_resolution_levels=(0, 1),
    )


@pytest.mark.parametrize("values", ["large", "small"])
def test_files_of_npy2bdv(tmp_path, values):
    npy2bdv = pytest.importorskip(
        "npy2bdv", reason="npy2bdv is not installed: it only serves tests"
    )
    top = 65_535 if values == "large" else 32_767
    views = {
        (t, c, a): np.random.default_rng([t, c, a]).integers(0, top, (6, 40, 28), np.uint16, True)
        for t, c, a in itertools.product((0, 1), (0, 1), (0, 1))
    }
    path = tmp_path / "x.h5"
    writer = npy2bdv.BdvWriter(
        str(path),
        nchannels=2,
        nangles=2,
        subsamp=((1, 1, 1), (1, 2, 2)),
        blockdim=((4, 16, 16),) * 2,
        compression="gzip",
    )
    for (t, c, a), stack in views.items():
        writer.append_view(stack, time=t, channel=c, angle=a, voxel_size_xyz=(0.2, 0.2, 1.5))
    writer.write_xml()
    writer.close()
    image = BioImage(path)
    assert image.scenes == ("angle 0", "angle 1")
    assert image.dims.order == "TCZYX"
    for scene, level in itertools.product((0, 1), (0, 1)):
        image.set_scene(scene)
        image.set_resolution_level(level)
        assert image.dtype == np.uint16
        factor = 1 + level
        np.testing.assert_allclose(image.physical_pixel_sizes, (1.5, 0.2 * factor, 0.2 * factor))
        for t, c in itertools.product((0, 1), (0, 1)):
            setup = next(
                s
                for s in image.metadata.setups
                if dict(s.attributes)["channel"] == c and dict(s.attributes)["angle"] == scene
            ).id
            stored = raw(path, t, setup, level).view(np.uint16)
            np.testing.assert_array_equal(image.get_image_data("ZYX", T=t, C=c), stored)
            if level == 0:
                np.testing.assert_array_equal(stored, views[t, c, scene])
            elif values == "large":
                assert stored.max() > 32_767


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_files_of_pybdv(tmp_path, dtype):
    pybdv = pytest.importorskip("pybdv", reason="pybdv is not installed: it only serves tests")
    values = pixels((12, 40, 31), dtype)
    path = tmp_path / "x.h5"
    pybdv.make_bdv(
        values,
        str(path),
        downscale_factors=[[1, 2, 2], [2, 2, 2]],
        resolution=[0.5, 0.1, 0.1],
        unit="micrometer",
        chunks=(8, 16, 16),
        convert_dtype=False,
    )
    image = BioImage(path.with_suffix(".xml"))
    assert (image.dtype, image.shape) == (np.dtype(dtype), (1, 1, 12, 40, 31))
    np.testing.assert_array_equal(image.data[0, 0], values)
    for level, size in enumerate([(0.5, 0.1, 0.1), (0.5, 0.2, 0.2), (1.0, 0.4, 0.4)]):
        image.set_resolution_level(level)
        assert image.physical_pixel_sizes == PhysicalPixelSizes(*size)
        np.testing.assert_array_equal(image.data[0, 0], raw(path, level=level))


def test_16_bit_files_of_pybdv_in_the_old_convention(tmp_path):
    pybdv = pytest.importorskip("pybdv", reason="pybdv is not installed: it only serves tests")
    values = np.full((8, 16, 16), 40_000, np.uint16)
    path = tmp_path / "x.h5"
    # In int16 cells, as all programs wrote them before 2023; pybdv itself would rescale.
    pybdv.make_bdv(
        values.view(np.int16), str(path), downscale_factors=[[2, 2, 2]], convert_dtype=False
    )
    image = BioImage(path)
    for level in (0, 1):
        image.set_resolution_level(level)
        assert image.dtype == np.uint16
        assert set(image.data.flat) == {40_000}


# --- axes, scenes, channels, time


def test_time_points_and_channels(two_channels):
    path, views = two_channels
    image = BioImage(path)
    assert image.dims.order == "TCZYX"
    assert image.scenes == ("data",)
    assert image.channel_names == ["DAPI", "GFP <1>"]
    assert image.dtype == np.uint16
    for level in image.resolution_levels:
        image.set_resolution_level(level)
        np.testing.assert_array_equal(image.data, stacked(views, level))
    assert image.resolution_level_dims == {
        0: (2, 2, 9, 40, 33),
        1: (2, 2, 9, 20, 16),
        2: (2, 2, 4, 10, 8),
    }
    assert image.current_resolution_level == 2


def test_bioios_own_checks_on_several_scenes(tmp_path):
    views = {(0, 0): [pixels((3, 8, 8))], (0, 1): [pixels((3, 9, 8), seed=1)]}
    path = write_dataset(tmp_path, views)
    test_utilities.run_multi_scene_image_read_checks(
        ImageContainer=Reader,
        image=path,
        first_scene_id=0,
        first_scene_shape=(1, 1, 3, 8, 8),
        first_scene_dtype=np.dtype(np.uint16),
        second_scene_id="data (setup 1)",
        second_scene_shape=(1, 1, 3, 9, 8),
        second_scene_dtype=np.dtype(np.uint16),
        allow_same_scene_data=False,
    )


def test_changing_scene_keeps_the_level_if_it_can(tmp_path):
    full = pixels((8, 16, 16))
    three = [full, halved(full), halved(halved(full))]
    views = {(0, 0): three, (0, 1): three[:2], (0, 2): [level + 1 for level in three]}
    setups = [{"id": n, "attributes": {"channel": 0, "tile": n}} for n in range(3)]
    for image in (path := write_dataset(tmp_path, views, setups), path):
        image = BioImage(path)
        image.set_resolution_level(2)
        image.set_scene("tile 2")
        assert image.current_resolution_level == 2
        np.testing.assert_array_equal(image.data[0, 0], three[2] + 1)
        image.set_scene("tile 1")
        assert image.current_resolution_level == 0
        assert image.resolution_levels == (0, 1)
        np.testing.assert_array_equal(image.data[0, 0], three[0])
        with pytest.raises(IndexError, match="Resolution level 2 not found"):
            image.set_resolution_level(2)


def test_scenes_count_from_the_end_too(tmp_path):
    setups = [{"id": n, "attributes": {"channel": 0, "tile": n}} for n in range(3)]
    path, _ = spread(tmp_path, setups)
    reader = Reader(path)
    reader.set_scene(-1)
    assert (reader.current_scene_index, reader.current_scene) == (2, "tile 2")
    for wrong in (3, -4, "tile 3"):
        with pytest.raises(IndexError):
            reader.set_scene(wrong)
    with pytest.raises(TypeError):
        reader.set_scene(1.0)
    assert reader.current_scene == "tile 2"


# --- voxel sizes


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("µm", 1),
        ("μm", 1),
        ("um", 1),
        (r"\u00B5m", 1),
        ("micron", 1),
        ("Microns", 1),
        ("micrometer", 1),
        ("micrometres", 1),
        ("nm", 1e-3),
        ("nanometers", 1e-3),
        ("Å", 1e-4),
        ("mm", 1e3),
        ("cm", 1e4),
        ("m", 1e6),
        ("inch", 25_400),
        ("pm", 1e-6),
    ],
)
def test_units_of_length_are_told_in_micrometres(tmp_path, unit, factor):
    path, _ = spread(tmp_path, [{"id": 0, "voxel": (0.25, 0.5, 3), "unit": unit}])
    image = BioImage(path)
    assert micrometres(unit) == factor
    np.testing.assert_allclose(image.physical_pixel_sizes, np.array([3, 0.5, 0.25]) * factor)
    assert str(image.dimension_properties.Z.unit) == "micrometer"
    assert image.scale.X == image.physical_pixel_sizes.X


@pytest.mark.parametrize("unit", ["", "pixel", "px", "pixels", "furlong", "µ m", "ms"])
def test_other_units_leave_sizes_as_they_are_and_say_so(tmp_path, unit):
    path, _ = spread(tmp_path, [{"id": 0, "voxel": (0.25, 0.5, 3), "unit": unit}])
    image = BioImage(path)
    assert image.physical_pixel_sizes == PhysicalPixelSizes(3, 0.5, 0.25)
    assert image.dimension_properties.Z.unit is None


def test_voxel_sizes_of_each_level(two_channels):
    image = BioImage(two_channels[0])
    sizes = []
    for level in image.resolution_levels:
        image.set_resolution_level(level)
        sizes.append(image.physical_pixel_sizes)
    assert sizes == [(0.5, 0.2, 0.1), (0.5, 0.4, 0.2), (1.0, 0.8, 0.4)]


@pytest.mark.parametrize(
    ("voxel", "rows", "sizes"),
    [
        # float32 written out as float64, and 3 times 0.1
        ((0.1, 0.1, 0.1), [[1, 1, 1], [3.0000000015, 3, 3]], (0.3, 0.3, 0.3)),
        ((0.10000000149011612,) * 3, [[1, 1, 1], [2, 2, 2]], (0.2, 0.2, 0.2)),
        ((1.0, 1.0, 1.0), [[1, 1, 1], [2, 2, 1.3333333333333333]], (4 / 3, 2, 2)),
        ((0.1234567890123, 1, 1), [[1, 1, 1], [2, 1, 1]], (1, 1, 0.2469135780246)),
    ],
)
def test_factors_that_are_not_whole(tmp_path, voxel, rows, sizes):
    shape = (12, 12, 12)
    second = tuple(max(1, int(n / f)) for n, f in zip(shape, rows[1][::-1], strict=True))
    views = {(0, 0): [pixels(shape), pixels(second)]}
    path = write_dataset(
        tmp_path, views, [{"id": 0, "voxel": voxel, "unit": "um"}], resolutions={0: rows}
    )
    image = BioImage(path)
    image.set_resolution_level(1)
    assert image.physical_pixel_sizes == PhysicalPixelSizes(*sizes)


def test_voxel_sizes_from_the_calibration_or_none(tmp_path):
    views = {(0, 0): [pixels((4, 8, 8)), pixels((2, 4, 4))]}
    options = {"registrations": registration(0, 0, CAL)}
    image = BioImage(write_dataset(tmp_path / "a", views, [{"id": 0}], xml_options=options))
    assert image.physical_pixel_sizes == PhysicalPixelSizes(2, 0.5, 0.5)
    image.set_resolution_level(1)
    assert image.physical_pixel_sizes == PhysicalPixelSizes(4, 1, 1)
    assert image.dimension_properties.X.unit is None
    image = BioImage(write_dataset(tmp_path / "b", views, [{"id": 0}]))
    assert image.physical_pixel_sizes == PhysicalPixelSizes(None, None, None)
    assert image.dimension_properties.X == (None, None)


# --- reading parts


SELECTIONS = [
    ("ZYX", {"T": 1, "C": 0}),
    ("ZY", {"T": 0, "C": 1, "X": 32}),
    ("YZ", {"X": -1}),
    ("YX", {"Z": -1, "C": -1, "T": -2}),
    ("ZYX", {"Z": -1}),
    ("ZYX", {"Z": [-1]}),
    ("ZYX", {"Z": [-2, -1]}),
    ("ZYX", {"Z": (0, -1), "C": 1}),
    ("CZYX", {"T": 0, "Z": [0, 1, 5]}),
    ("TCZYX", {"Z": [0, 1, 5], "X": [30, 2, 7], "T": [1, 0]}),
    ("TCZYX", {"Z": range(1, 9, 3), "Y": slice(10, 20), "X": slice(0, 33, 5)}),
    ("XYZCT", {"Y": slice(5, 6)}),
    ("STCZYX", {"T": [1]}),
    ("ZYX", {"Z": np.int64(3), "C": np.int8(1)}),
    ("ZYX", {"Z": np.array([3, 0])}),
    (None, {}),
]


def expected_selection(values, order, selection):
    """Axis by axis with numpy's take; kept axes in `order`, others at their index or 0."""
    if order is None:
        return values
    kept = "TCZYX"
    for axis in "TCZYX":
        position = kept.index(axis)
        wanted = selection.get(axis, slice(None) if axis in order else 0)
        indices = np.arange(values.shape[position])[
            list(wanted) if isinstance(wanted, range | tuple) else wanted
        ]
        if axis in order:
            values = values.take(np.atleast_1d(indices), position)
        else:
            values = values.take(indices, position)
            kept = kept.replace(axis, "")
    values = np.transpose(values, [kept.index(axis) for axis in order if axis in kept])
    for position, axis in enumerate(order):
        if axis not in kept:
            values = np.expand_dims(values, position)
    return values


@pytest.mark.parametrize(("order", "selection"), SELECTIONS)
@pytest.mark.parametrize("level", [0, 1])
def test_selections(two_channels, order, selection, level):
    path, views = two_channels
    if level and "X" in selection:
        selection = {**selection, "X": 3}
        order = (order or "TCZYX").replace("X", "")
    expected = expected_selection(stacked(views, level), order, selection)
    for image in (Reader(path), BioImage(path)):
        image.set_resolution_level(level)
        if isinstance(image, BioImage) and isinstance(selection.get("Z"), np.integer | np.ndarray):
            continue  # BioImage checks selections first, and cannot take numpy's numbers
        np.testing.assert_array_equal(image.get_image_data(order, **selection), expected)
        if sum(isinstance(wanted, list) for wanted in selection.values()) > 1:
            continue  # dask indexes with one list at a time
        lazy = image.get_image_dask_data(order, **selection)
        np.testing.assert_array_equal(lazy.compute(scheduler="sync"), expected)


@pytest.mark.parametrize("selection", [{"Z": 9}, {"Z": -10}, {"C": 2}, {"T": -3}, {"Z": [0, 9]}])
def test_selections_that_do_not_exist(two_channels, selection):
    (axis,) = selection
    order = "TCZYX" if isinstance(selection[axis], list) else "TCZYX".replace(axis, "")
    reader = Reader(two_channels[0])
    for read in (reader.get_image_data, reader.get_image_dask_data):
        with pytest.raises(IndexError, match=rf"{axis}=.* does not exist: the image has"):
            read(order, **selection)


def test_a_part_is_read_without_the_rest(two_channels):
    """Bytes are compared with those of the chunks: one YZ plane of one view, in one process."""
    path, views = two_channels
    meters = [FileMeter(path), FileMeter(path.with_suffix(".h5"))]
    image = BioImage(meters[0].url)
    with h5py.File(path.with_suffix(".h5")) as file:
        cells = file["t00001/s01/0/cells"]
        infos = [cells.id.get_chunk_info(n) for n in range(cells.id.get_num_chunks())]
        size = sum(i.size for i in infos if i.chunk_offset[2] <= 20 < i.chunk_offset[2] + 16)
        every = {
            (i.byte_offset, i.size)
            for name in ("t00000/s00", "t00000/s01", "t00001/s00", "t00001/s01")
            for level in range(3)
            for d in [file[f"{name}/{level}/cells"].id]
            for i in [d.get_chunk_info(n) for n in range(d.get_num_chunks())]
        }
    assert size == 3 * 3 * (4 * 16 * 16 * 2)  # three chunks along z and y each
    for read in (
        lambda: image.get_image_data("ZY", T=1, C=1, X=20),
        lambda: image.get_image_dask_data("ZY", T=1, C=1, X=20).compute(scheduler="sync"),
    ):
        meters[1].take()
        plane = read()
        asked = meters[1].take()
        np.testing.assert_array_equal(plane, views[1, 1][0][:, :, 20])
        assert sum(n for offset, n in set(asked.extents) & every) == size
        assert asked.opens >= 1


def test_opening_reads_no_pixels(two_channels):
    path, _ = two_channels
    meter = FileMeter(path.with_suffix(".h5"))
    xml_meter = FileMeter(path)
    image = BioImage(xml_meter.url)
    assert (image.shape, image.dtype, image.channel_names) == (
        (2, 2, 9, 40, 33),
        np.uint16,
        ["DAPI", "GFP <1>"],
    )
    assert image.dask_data.shape
    asked = meter.take()
    with h5py.File(path.with_suffix(".h5")) as file:
        first = min(
            file[f"t0000{t}/s0{s}/{level}/cells"].id.get_chunk_info(n).byte_offset
            for t, s, level, n in itertools.product((0, 1), (0, 1), range(3), [0])
        )
        offsets = {
            file[f"t0000{t}/s0{s}/{level}/cells"].id.get_chunk_info(0).byte_offset
            for t, s, level in itertools.product((0, 1), (0, 1), range(3))
        }
    assert first
    assert not offsets & {offset for offset, _ in asked.extents}


def test_dask_chunks_on_request(two_channels):
    path, views = two_channels
    native = BioImage(path, chunk_bytes=None).dask_data
    assert native.chunksize == (1, 1, 4, 16, 16)
    assert BioImage(path, chunk_bytes=8_192).dask_data.chunksize == (1, 1, 9, 16, 16)
    assert BioImage(path).dask_data.chunksize == (1, 1, 9, 40, 33)
    np.testing.assert_array_equal(native.compute(), stacked(views))
    for wrong in (0, -1):
        with pytest.raises(ValueError, match=f"chunk_bytes is {wrong}: give the bytes"):
            Reader(path, chunk_bytes=wrong)
    with pytest.raises(TypeError, match="chunk_dims"):
        Reader(path, chunk_dims="YX")


def test_readers_survive_pickling_in_any_state(two_channels):
    path, views = two_channels
    reader = Reader(path)
    reader.set_resolution_level(1)
    copy = pickle.loads(pickle.dumps(reader))  # noqa: S301
    assert copy.current_resolution_level == 1
    np.testing.assert_array_equal(copy.data, stacked(views, 1))
    image = pickle.loads(pickle.dumps(BioImage(path)))  # noqa: S301
    np.testing.assert_array_equal(image.get_image_data("YX", T=1, Z=3), views[1, 0][0][3])


def test_dask_processes(two_channels):
    path, views = two_channels
    lazy = BioImage(path, chunk_bytes=40_000).dask_data
    with dask.config.set(scheduler="processes", num_workers=1):
        np.testing.assert_array_equal(lazy.compute(), stacked(views))


def test_dask_threads(two_channels):
    path, views = two_channels
    lazy = BioImage(path, chunk_bytes=None).dask_data
    with dask.config.set(scheduler="threads", num_workers=8):
        np.testing.assert_array_equal(lazy.compute(), stacked(views))


def test_changes_of_the_file_are_seen(two_channels):
    path, _ = two_channels
    image = BioImage(path)
    lazy = image.dask_data
    with h5py.File(path.with_suffix(".h5"), "a") as file:
        file["t00000/s00/0/cells"][0, 0, 0] = 7
    assert image.get_image_data("ZYX", T=0, C=0)[0, 0, 0] == 7
    assert lazy[0, 0, 0, 0, 0].compute(scheduler="sync") == 7


# --- views, partitions and paths


def test_missing_views_read_as_zeros(tmp_path):
    views = {(t, s): [pixels((3, 6, 5), seed=10 * t + s)] for t, s in [(0, 0), (1, 0), (1, 1)]}
    setups = [{"id": s, "size": (5, 6, 3), "attributes": {"channel": s}} for s in (0, 1)]
    path = write_dataset(tmp_path, views, setups, xml_options={"missing": [(0, 1), (1, 0)]})
    expected = np.zeros((2, 2, 3, 6, 5), np.uint16)
    expected[0, 0], expected[1, 1] = views[0, 0][0], views[1, 1][0]
    image = BioImage(path)
    np.testing.assert_array_equal(image.dask_data.compute(), expected)
    np.testing.assert_array_equal(image.get_image_data("TCYX", Z=1), expected[:, :, 1])
    np.testing.assert_array_equal(image.data, expected)


def test_metadata(two_channels):
    path, _ = two_channels
    image = BioImage(path)
    assert isinstance(image.metadata, SpimData)
    assert image.metadata.setups[0].size == (9, 40, 33)
    assert image.xarray_dask_data.attrs["unprocessed"] == path.read_bytes()
    assert image.standard_metadata.image_size_c == 2
    assert image.standard_metadata.pixel_size_x == 0.1
    assert image.time_interval is None
