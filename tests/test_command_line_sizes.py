"""Voxel sizes, units and channel names on their way through ``bigimg convert``."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
import tifffile
import zarr

from bigimg_lessons import build_pyramid
from bigimg_lessons.inspection.opening import report_on
from tests.test_command_line import run

IMAGE = np.arange(6 * 16 * 20, dtype="uint16").reshape(6, 16, 20)


def converted(source, *options):
    """Convert to OME-Zarr; return the scale of level 0, the units, and the warnings."""
    target = source.parent / "o.zarr"
    done = json.loads(run("convert", source, target, *options, "--json").output)
    (multiscale,) = zarr.open_group(target, mode="r").attrs["ome"]["multiscales"]
    scale = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
    units = [axis.get("unit") for axis in multiscale["axes"]]
    return scale, units, done["warnings"]


@pytest.fixture
def in_nanometres(tmp_path):
    sizes = {"PhysicalSizeZ": 3000, "PhysicalSizeY": 500, "PhysicalSizeX": 250}
    units = {f"{name}Unit": "nm" for name in sizes}
    path = tmp_path / "x.ome.tif"
    tifffile.imwrite(path, IMAGE, metadata={"axes": "ZYX", **sizes, **units})
    return path


@pytest.mark.parametrize(
    ("options", "scale", "unit"),
    [
        ([], [3000, 500, 250], "nanometer"),
        (["--unit", "µm"], [3, 0.5, 0.25], "micrometer"),
        (["--unit", "pixel"], [1, 1, 1], None),
        (["--unit", "µm", "--voxel-size", "7,2,2"], [7, 2, 2], "micrometer"),
        (["--unit", "pixel", "--voxel-size", "7,2,2"], [7, 2, 2], None),
    ],
)
def test_a_unit_expresses_the_sizes_that_the_file_states(in_nanometres, options, scale, unit):
    assert converted(in_nanometres, *options) == (scale, [unit] * 3, [])


def test_a_unit_is_that_of_sizes_that_have_none(tmp_path):
    build_pyramid(IMAGE, tmp_path / "n.ome.zarr", voxel_size=(3, 0.5, 0.25), unit="pixel")
    found = converted(tmp_path / "n.ome.zarr", "--unit", "nm")
    assert found == ([3, 0.5, 0.25], ["nanometer"] * 3, [])


def test_a_unit_that_is_none_is_refused(in_nanometres):
    said = run("convert", in_nanometres, in_nanometres.parent / "o.zarr", "--unit", "kg", code=1)
    assert "The unit is 'kg', which is no length that is known here" in said.stderr


def without_a_unit_along_z(folder, kind):
    if kind == "OME-TIFF":
        path = folder / "n.ome.tif"
        sizes = {"PhysicalSizeZ": 2, "PhysicalSizeY": 0.5, "PhysicalSizeX": 0.25}
        metadata = {"axes": "ZYX", **sizes, "PhysicalSizeZUnit": "reference frame"}
        tifffile.imwrite(path, IMAGE, metadata=metadata)
        return path
    path = folder / "n.ome.zarr"
    with pytest.warns(UserWarning, match="voxel size along z is not known"):
        build_pyramid(
            IMAGE, path, voxel_size=(None, 0.5, 0.25), unit="µm", file_format="ome-zarr-0.4"
        )
    group = zarr.open_group(path, mode="r+")
    (multiscale,) = group.attrs["multiscales"]
    for dataset in multiscale["datasets"]:
        dataset["coordinateTransformations"][0]["scale"][0] = 2
    group.attrs["multiscales"] = [multiscale]
    return path


@pytest.mark.parametrize("kind", ["OME-TIFF", "OME-Zarr"])
@pytest.mark.parametrize("options", [[], ["--unit", "µm"]])
def test_a_size_without_a_unit_does_not_get_that_of_its_neighbours(tmp_path, kind, options):
    source = without_a_unit_along_z(tmp_path, kind)
    scale, units, warnings = converted(source, *options)
    assert scale == [1, 0.5, 0.25]
    assert units == [None, "micrometer", "micrometer"]
    assert warnings[0] == (
        f"{source} states the voxel size 2 along z without the unit that another axis has, so it "
        "is not taken: give --voxel-size and --unit."
    )
    assert "the voxel size along z is not known" in warnings[1]


def test_what_the_user_says_of_it_is_taken(tmp_path):
    source = without_a_unit_along_z(tmp_path, "OME-Zarr")
    found = converted(source, "--voxel-size", "2,0.5,0.25", "--unit", "µm")
    assert found == ([2, 0.5, 0.25], ["micrometer"] * 3, [])


@pytest.mark.parametrize("axes", ["ZYX", "XYZ", "YXZ"])
def test_element_sizes_of_hdf5_follow_the_letters(tmp_path, axes):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["raw"] = IMAGE
        file["raw"].attrs["element_size_um"] = [3, 0.5, 0.25]
    scale, units, _ = converted(tmp_path / "a.h5", "--axes", axes)
    assert (scale, units) == ([3, 0.5, 0.25], ["micrometer"] * 3)
    level = report_on(tmp_path / "o.zarr").levels[0]
    assert dict(zip("ZYX", level.shape, strict=True)) == dict(zip(axes, IMAGE.shape, strict=True))


def test_a_colour_image_has_its_colours_for_channels(tmp_path):
    colours = np.arange(17 * 19 * 3, dtype="u1").reshape(17, 19, 3)
    path = tmp_path / "r.ome.tif"
    tifffile.imwrite(path, colours, photometric="rgb", metadata={"axes": "YXS"})
    run("convert", path, tmp_path / "o.zarr", "--verify")
    report = report_on(tmp_path / "o.zarr")
    assert report.axes == ("C", "Y", "X")
    assert report.channel_names == ("channel 0", "channel 1", "channel 2")
    array = zarr.open_array(tmp_path / "o.zarr", path="0", mode="r")
    np.testing.assert_array_equal(array[:], np.moveaxis(colours, -1, 0))


@pytest.mark.parametrize("begin", [[0, 0, 0], [7, 6.5, 0]])
def test_a_place_that_is_not_carried_over_is_told(tmp_path, begin):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    group.create_array("0", data=IMAGE)
    placed = [{"type": "scale", "scale": [1, 1, 1]}, {"type": "translation", "translation": begin}]
    group.attrs["multiscales"] = [
        {
            "version": "0.4",
            "axes": [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"],
            "datasets": [{"path": "0", "coordinateTransformations": placed}],
        }
    ]
    _, _, warnings = converted(tmp_path / "a.zarr")
    assert warnings == [
        f"{tmp_path / 'a.zarr'} begins at 7, 6.5, 0, and what is written begins at 0: its place "
        "beside other images is not carried over."
    ] * any(begin)
