"""What is written of voxel size, time and units: what the source says, and nothing else.

Right values are in the files that are made here (by tifffile, ngff-zarr or as text), and are read
back as raw JSON and XML.
"""

import re
import warnings
from types import SimpleNamespace
from xml.etree import ElementTree

import dask.array as da
import ngff_zarr
import numpy as np
import pytest
import tifffile
import xarray as xr
from bioio import BioImage
from bioio_base.types import DimensionProperties, DimensionProperty, PhysicalPixelSizes, ureg
from bioio_ome_zarr import Reader as BioioZarrReader
from ome_types import OME
from ome_types.model import Image, Pixels

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.formats.bdv.reader import Reader as BdvReader
from bigimg_lessons.formats.bdv.writer import write_bdv
from bigimg_lessons.formats.ome_zarr import write_ome_zarr
from bigimg_lessons.pyramids.calibration import Calibration, Step
from bigimg_lessons.units import length
from tests.test_ome_zarr import factors_of, metadata

STACK = np.arange(5 * 32 * 32, dtype="u2").reshape(5, 32, 32)
NOT_KNOWN = "is written without what is not known"


@pytest.fixture
def written(tmp_path):
    """Write a source as OME-Zarr; return scales and units by axis, and the warnings' texts."""

    def written(source, name="image.ome.zarr", **options):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            path = write_ome_zarr(tmp_path / name, source, progress=False, **options)
        said = [str(warning.message) for warning in caught if NOT_KNOWN in str(warning.message)]
        multiscale = metadata(path)["multiscales"][0]
        scale = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
        axes = [axis["name"] for axis in multiscale["axes"]]
        units = {axis["name"]: axis["unit"] for axis in multiscale["axes"] if "unit" in axis}
        return dict(zip(axes, scale, strict=True)), units, said

    return written


def xml_of(path):
    setup = ElementTree.parse(path).find(".//ViewSetup")  # noqa: S314
    return setup.findtext("voxelSize/size"), setup.findtext("voxelSize/unit")


def only(said):
    (text,) = said
    return text


# Arrays, of which only the user can say something


def test_what_nobody_says_is_not_written_and_the_file_is_named(written):
    scale, units, said = written(STACK, "brain.ome.zarr")
    assert (scale, units) == ({"z": 1, "y": 1, "x": 1}, {})
    assert "'brain.ome.zarr'" in only(said)
    assert "the voxel size along z, y and x is not known" in only(said)


def test_a_size_without_a_unit_gets_none(written):
    scale, units, said = written(STACK, voxel_size=(4, 1, 1))
    assert (scale, units) == ({"z": 4, "y": 1, "x": 1}, {})
    assert "the unit of the voxel size along z, y and x is not known" in only(said)


def test_pixels_are_said_to_be_pixels_without_a_warning(written):
    assert written(STACK, unit="pixel") == ({"z": 1, "y": 1, "x": 1}, {}, [])
    scale, units, said = written(STACK, "b.zarr", voxel_size=(4, 1, 1), unit="px")
    assert (scale, units, said) == ({"z": 4, "y": 1, "x": 1}, {}, [])


def test_a_unit_without_a_size_is_not_written(written):
    scale, units, said = written(STACK, unit="µm")
    assert (scale, units) == ({"z": 1, "y": 1, "x": 1}, {})
    assert "the voxel size along z, y and x is not known" in only(said)


def test_one_unknown_axis_is_not_claimed(written):
    scale, units, said = written(STACK, voxel_size=(None, 0.1, 0.2), unit="µm")
    assert (scale, units) == (
        {"z": 1, "y": 0.1, "x": 0.2},
        {"y": "micrometer", "x": "micrometer"},
    )
    assert "the voxel size along z is not known." in only(said)


def test_a_single_plane_needs_no_thickness(written):
    scale, units, said = written(STACK[:1], voxel_size=(None, 0.1, 0.2), unit="µm")
    assert scale == {"z": 1, "y": 0.1, "x": 0.2}
    assert "z" not in units
    assert not said


@pytest.mark.parametrize(
    ("unit", "ngff", "factor"),
    [
        ("nm", "nanometer", 1),
        ("Å", "angstrom", 1),
        ("inch", "inch", 1),
        ("kilometer", "kilometer", 1),
        ("fm", "femtometer", 1),
        ("thou", "meter", 25.4e-6),  # which OME-Zarr does not know
    ],
)
def test_units_that_the_user_gives(written, unit, ngff, factor):
    scale, units, said = written(STACK, voxel_size=(8, 4, 4), unit=unit)
    assert set(units.values()) == {ngff}
    assert list(scale.values()) == pytest.approx([8 * factor, 4 * factor, 4 * factor], rel=1e-15)
    assert not said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"voxel_size": (1, "a", 1)}, r"size is \(1, 'a', 1\): give three positive numbers"),
        ({"voxel_size": 3}, "size is 3: give three positive numbers"),
        ({"voxel_size": (float("nan"), 1, 1)}, r"size is \(nan, 1, 1\): give three positive"),
        ({"unit": "M"}, "unit is 'M', which is no length that is known here: give one of"),
        ({"unit": ""}, "unit is '', which is no length"),
        ({"time_unit": "µm"}, "time_unit is 'µm', which is no time that is known here"),
        ({"time_interval": "2 s"}, "time_interval is '2 s': give a positive number"),
        ({"time_interval": 0}, "time_interval is 0: give a positive number"),
    ],
)
def test_refused_before_anything_is_written(tmp_path, options, message):
    for name in ("a.zarr", "a.xml"):
        if name == "a.zarr" or not any(key.startswith("time") for key in options):
            with pytest.raises(ValueError, match=message):
                build_pyramid(STACK, tmp_path / name, progress=False, **options)
    assert not list(tmp_path.iterdir())


# Time


@pytest.mark.parametrize(
    ("options", "size", "unit"),
    [
        ({"time_interval": 2.5, "time_unit": "s"}, 2.5, "second"),
        ({"time_interval": 250, "time_unit": "ms"}, 250, "millisecond"),
        ({"time_interval": 1, "time_unit": "min"}, 1, "minute"),
    ],
)
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_time_is_carried_on_t_and_read_back(tmp_path, written, version, options, size, unit):
    source = np.zeros((3, 16, 16), "u1")
    given = {"axes": "TYX", "voxel_size": (2, 2), "unit": "µm", "version": version, **options}
    scale, units, said = written(source, **given)
    assert (scale["t"], units["t"], said) == (size, unit, [])
    back = BioImage(tmp_path / "image.ome.zarr", reader=BioioZarrReader)
    assert back.time_interval == size
    assert str(back.dimension_properties.T.unit) == unit
    images = ngff_zarr.from_ngff_zarr(str(tmp_path / "image.ome.zarr")).images
    assert images[0].scale["t"] == size
    # And once more: what was read back is written again.
    scale, units, said = written(back, "again.zarr")
    assert (scale["t"], units["t"], said) == (size, unit, [])


def test_time_that_nobody_says(written):
    options = {"axes": "TYX", "voxel_size": (2, 2), "unit": "µm"}
    scale, units, said = written(np.zeros((3, 16, 16), "u1"), **options)
    assert scale["t"] == 1
    assert "t" not in units
    assert "the time interval along t is not known" in only(said)
    scale, units, said = written(np.zeros((3, 16, 16), "u1"), "b.zarr", time_interval=5, **options)
    assert scale["t"] == 5
    assert "t" not in units
    assert "the unit of the time interval along t is not known" in only(said)
    assert written(np.zeros((1, 16, 16), "u1"), "c.zarr", **options)[2] == []


def test_bdv_has_no_place_for_time(tmp_path):
    with pytest.raises(ValueError, match=r"time_interval is 5 .*, but BDV-HDF5 has no place"):
        build_pyramid(STACK, tmp_path / "a.xml", time_interval=5, progress=False)
    assert not list(tmp_path.iterdir())


# TIFF


def imagej(path, *, unit, axes="ZYX", resolution=(0.125, 0.125), **more):
    metadata = {"axes": axes, **({"unit": unit} if unit else {}), **more}
    tifffile.imwrite(path, STACK, imagej=True, resolution=resolution, metadata=metadata)
    return BioImage(path)


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("nm", "nanometer"),
        ("um", "micrometer"),
        ("micron", "micrometer"),
        (r"\u00B5m", "micrometer"),
        ("mm", "millimeter"),
        ("cm", "centimeter"),
        ("pixel", None),
        ("sec", None),
    ],
)
def test_imagej_tiff(tmp_path, written, unit, name):
    scale, units, said = written(imagej(tmp_path / "a.tif", unit=unit, spacing=40.0))
    assert scale == {"t": 1, "c": 1, "z": 40, "y": 8, "x": 8}
    assert set(units) == ({"z", "y", "x"} if name else set())
    assert set(units.values()) <= {name}
    if name is None:
        assert f"ImageJ gives the unit '{unit}', which is no length" in only(said)
    else:
        assert not said


def test_imagej_tiff_of_time_points(tmp_path, written):
    image = imagej(tmp_path / "a.tif", unit="um", axes="TYX", finterval=2.5)
    scale, units, said = written(image)
    assert (scale["t"], units["t"]) == (2.5, "second")
    image = imagej(tmp_path / "b.tif", unit="um", axes="TYX", finterval=2.5, tunit="min")
    scale, units, said = written(image, "b.zarr")
    assert (scale["t"], units["t"], said) == (2.5, "minute", [])


def test_imagej_tiff_with_units_by_axis(tmp_path, written):
    image = imagej(tmp_path / "a.tif", unit="nm", yunit="um", zunit="mm", spacing=-0.0001)
    scale, units, said = written(image)
    assert scale == {"t": 1, "c": 1, "z": 100, "y": 8000, "x": 8}
    assert set(units.values()) == {"nanometer"}
    assert not said


def test_imagej_tiff_without_spacing_does_not_know_z(tmp_path, written):
    scale, units, said = written(imagej(tmp_path / "a.tif", unit="um"))
    assert scale == {"t": 1, "c": 1, "z": 1, "y": 8, "x": 8}
    assert units == {"y": "micrometer", "x": "micrometer"}
    assert "the voxel size along z is not known" in only(said)


@pytest.mark.parametrize("dpi", [72, 96, 300])
def test_inches_of_a_tiff_are_a_resolution_for_printing(tmp_path, written, dpi):
    tifffile.imwrite(tmp_path / "a.tif", STACK, resolution=(dpi, dpi), resolutionunit="INCH")
    images = BioImage(tmp_path / "a.tif"), imagej(tmp_path / "b.tif", unit="inch", spacing=2.0)
    for number, image in enumerate(images):
        scale, units, said = written(image, f"{number}.zarr")
        assert set(scale.values()) == {1}
        assert not units
        assert "pixels per inch, which is for printing and was not taken" in only(said)
        assert number or f"gives {dpi} pixels" in only(said)


@pytest.mark.parametrize(
    ("resolution", "unit", "size"),
    [((2e5, 1e5), "CENTIMETER", 0.05), ((2e4, 1e4), "MILLIMETER", 0.05), ((20, 10), 5, 0.05)],
)
def test_metric_resolution_of_a_tiff(tmp_path, written, resolution, unit, size):
    tifffile.imwrite(tmp_path / "a.tif", STACK, resolution=resolution, resolutionunit=unit)
    scale, units, said = written(BioImage(tmp_path / "a.tif"))
    assert scale == {"t": 1, "c": 1, "z": 1, "y": 2 * size, "x": size}
    assert units == {"y": "micrometer", "x": "micrometer"}
    assert "along z" in only(said)


def test_resolution_of_a_tiff_without_a_unit_is_a_ratio(tmp_path, written):
    tifffile.imwrite(tmp_path / "a.tif", STACK, resolution=(4, 2), resolutionunit="NONE")
    scale, units, said = written(BioImage(tmp_path / "a.tif"))
    assert scale == {"t": 1, "c": 1, "z": 1, "y": 0.5, "x": 0.25}
    assert not units
    assert "the unit of the voxel size along y and x is not known" in only(said)


def test_tiff_that_says_nothing(tmp_path, written):
    tifffile.imwrite(tmp_path / "a.tif", STACK)
    scale, units, said = written(BioImage(tmp_path / "a.tif"))
    assert set(scale.values()) == {1}
    assert not units
    assert "the voxel size along z, y and x is not known" in only(said)


# OME-TIFF, as bioio-tifffile opens it where bioio-ome-tiff is not installed


def ome_tiff(path, **told):
    tifffile.imwrite(path, STACK, ome=True, photometric="minisblack", metadata=told)
    return BioImage(path)


def sizes(x, y, z, *units):
    told = {"PhysicalSizeX": x, "PhysicalSizeY": y, "PhysicalSizeZ": z, "axes": "ZYX"}
    return told | {f"PhysicalSize{a}Unit": u for a, u in zip("XYZ", units, strict=False)}


@pytest.mark.parametrize(
    ("told", "scale", "unit"),
    [
        (sizes(8, 8, 40, "nm", "nm", "nm"), (40, 8, 8), "nanometer"),
        (sizes(8, 8, 40, "mm", "mm", "mm"), (40, 8, 8), "millimeter"),
        (sizes(8, 8, 40, "in", "in", "in"), (40, 8, 8), "inch"),
        (sizes(8, 8, 0.04, "nm", "nm", "µm"), (40, 8, 8), "nanometer"),  # never two units
        (sizes(0.5, 0.5, 2), (2, 0.5, 0.5), "micrometer"),  # the schema's own default
        (sizes(12, 12, 24, "li", "li", "li"), (0.0508, 0.0254, 0.0254), "meter"),
        (sizes(8, 8, 40, *["pixel"] * 3), (40, 8, 8), None),
        (sizes(8, 8, 40, *["reference frame"] * 3), (40, 8, 8), None),
    ],
)
def test_ome_tiff(tmp_path, written, told, scale, unit):
    found, units, said = written(ome_tiff(tmp_path / "a.ome.tif", **told))
    assert [found[axis] for axis in "zyx"] == pytest.approx(scale, rel=1e-15)
    assert set(units.values()) == ({unit} if unit else set())
    assert bool(said) == (unit is None)
    if unit is None:
        assert f"gives the unit {told['PhysicalSizeXUnit']!r}, which is no length" in only(said)


@pytest.mark.parametrize(
    ("told", "size", "unit"),
    [
        ({"TimeIncrement": 250, "TimeIncrementUnit": "ms"}, 250, "millisecond"),
        ({"TimeIncrement": 0.5}, 0.5, "second"),  # the schema's own default
    ],
)
def test_ome_tiff_of_time_points(tmp_path, written, told, size, unit):
    told |= {"axes": "TYX", "PhysicalSizeX": 1.5, "PhysicalSizeY": 1.5}
    scale, units, said = written(ome_tiff(tmp_path / "a.ome.tif", **told))
    assert (scale["t"], units["t"], scale["x"]) == (size, unit, 1.5)
    assert not said


def test_ome_tiff_of_several_images(tmp_path, written):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        for size in (8, 9):
            told = sizes(size, size, 40, "nm", "nm", "nm")
            file.write(STACK, photometric="minisblack", metadata=told)
    image = BioImage(tmp_path / "a.ome.tif")
    assert written(image, "0.zarr")[0]["x"] == 8
    image.set_scene(1)
    assert written(image, "1.zarr")[0]["x"] == 9


@pytest.mark.parametrize("size", [0, -1, float("nan")])
def test_sizes_that_are_none(tmp_path, written, size):
    told = sizes(0.5, 0.5, size, "µm", "µm", "µm")
    scale, units, said = written(ome_tiff(tmp_path / "a.ome.tif", **told))
    assert (scale["z"], scale["x"]) == (1, 0.5)
    assert units == {"y": "micrometer", "x": "micrometer"}
    assert f"gives the size {size} along z" in only(said)


def test_ome_xml_that_cannot_be_read(tmp_path, written):
    tifffile.imwrite(tmp_path / "a.tif", STACK, description="<OME><Pixels", metadata=None)
    scale, units, said = written(BioImage(tmp_path / "a.tif"))
    assert set(scale.values()) == {1}
    assert not units
    assert "The OME-XML cannot be read" in only(said)


# Other readers of bioio


def bioimage(*, metadata=None, sizes=(None,) * 3, units=(None,) * 5, interval=None):
    """What a reader of another plugin tells, such as bioio-ome-tiff's or bioio-czi's."""
    lazy = da.zeros((1, 1, *STACK.shape), chunks=-1, dtype="u1")
    return SimpleNamespace(
        dask_data=lazy,
        xarray_dask_data=xr.DataArray(lazy),
        dims=SimpleNamespace(order="TCZYX"),
        metadata=metadata,
        current_scene_index=0,
        scenes=("Image:0",),
        channel_names=None,
        physical_pixel_sizes=PhysicalPixelSizes(*sizes),
        time_interval=interval,
        dimension_properties=DimensionProperties(*(DimensionProperty(None, u) for u in units)),
    )


def test_reader_that_tells_no_unit(written):
    """As bioio-ome-tiff and most others do; the numbers may be of any unit."""
    image = bioimage(sizes=(40, 8, 8))
    scale, units, said = written(image)
    assert ([scale[axis] for axis in "zyx"], units) == ([40, 8, 8], {})
    assert "the unit of the voxel size along z, y and x is not known" in only(said)
    scale, units, said = written(image, "told.zarr", unit="nm")
    assert [scale[axis] for axis in "zyx"] == [40, 8, 8]
    assert (set(units.values()), said) == ({"nanometer"}, [])


def test_reader_that_tells_units(written):
    nm, um = ureg.Unit("nm"), ureg.Unit("um")
    image = bioimage(sizes=(0.04, 8, 8), units=(None, None, um, nm, nm))
    scale, units, said = written(image)
    assert [scale[axis] for axis in "zyx"] == [40, 8, 8]
    assert (set(units.values()), said) == ({"nanometer"}, [])
    scale, units, said = written(image, "told.zarr", unit="µm")  # expressed in it, not renamed
    assert [scale[axis] for axis in "zyx"] == [0.04, 0.008, 0.008]
    assert (set(units.values()), said) == ({"micrometer"}, [])


def test_reader_that_tells_a_unit_for_some_axes_only(written):
    nm = ureg.Unit("nm")
    scale, units, said = written(bioimage(sizes=(40, 8, 8), units=(None, None, None, nm, nm)))
    assert [scale[axis] for axis in "zyx"] == [40, 8, 8]
    assert units == {"y": "nanometer", "x": "nanometer"}
    assert "the unit of the voxel size along z is not known" in only(said)
    image = bioimage(sizes=(40, 8, 8), units=(None, None, None, nm, nm))
    scale, units, said = written(image, "um.zarr", unit="µm")  # y and x in µm, z in who knows what
    assert [scale[axis] for axis in "zyx"] == [40, 0.008, 0.008]
    assert units == {"y": "micrometer", "x": "micrometer"}
    assert "the unit of the voxel size along z is not known" in only(said)


def test_reader_that_keeps_the_ome_xml(written):
    """As bioio-ome-tiff and bioio-bioformats do."""
    pixels = Pixels(
        dimension_order="XYCZT",
        type="uint8",
        **{f"size_{axis}": 1 for axis in "xyzct"},
        **{f"physical_size_{axis}": size for axis, size in zip("xyz", (8, 8, 0.04), strict=True)},
        **{
            f"physical_size_{axis}_unit": u
            for axis, u in zip("xyz", ("nm", "nm", "µm"), strict=True)
        },
        time_increment=3,
        time_increment_unit="h",
    )
    image = bioimage(metadata=OME(images=[Image(pixels=pixels)]), sizes=(0.04, 8, 8))
    scale, units, said = written(image)
    assert scale == {"t": 3, "c": 1, "z": 40, "y": 8, "x": 8}
    assert units == {"t": "hour", "z": "nanometer", "y": "nanometer", "x": "nanometer"}
    assert not said


def test_bioimage_of_an_array_has_no_unit(written):
    image = BioImage(STACK, physical_pixel_sizes=PhysicalPixelSizes(40, 8, 8))
    scale, units, said = written(image)
    assert ([scale[axis] for axis in "zyx"], units) == ([40, 8, 8], {})
    assert "the unit of the voxel size" in only(said)


# OME-Zarr and BDV as sources


def test_ome_zarr_with_and_without_units(tmp_path, written):
    for name, options in (("nm", {"unit": "nm"}), ("none", {}), ("px", {"unit": "pixel"})):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_ome_zarr(
                tmp_path / f"{name}.zarr", STACK, voxel_size=(40, 8, 8), progress=False, **options
            )
        image = BioImage(tmp_path / f"{name}.zarr", reader=BioioZarrReader)
        scale, units, said = written(image, f"{name}-2.zarr")
        assert [scale[axis] for axis in "zyx"] == [40, 8, 8]
        assert set(units.values()) == ({"nanometer"} if name == "nm" else set())
        assert bool(said) == (name != "nm")


def test_ome_zarr_that_does_not_know_z_stays_so(tmp_path, written):
    scale, units, _ = written(STACK, voxel_size=(None, 0.1, 0.1), unit="µm")
    image = BioImage(tmp_path / "image.ome.zarr", reader=BioioZarrReader)
    again = written(image, "again.zarr")
    assert (again[0], again[1]) == ({"t": 1, "c": 1, **scale}, units)
    assert "the voxel size along z is not known" in only(again[2])
    in_nm = written(image, "nm.zarr", unit="nm")  # which says nothing of the planes
    assert [in_nm[0][axis] for axis in "zyx"] == [1, 100, 100]
    assert in_nm[1] == {"y": "nanometer", "x": "nanometer"}
    assert "the voxel size along z is not known" in only(in_nm[2])


@pytest.mark.parametrize(
    ("unit", "size", "ngff"),
    [
        ("nm", (0.04, 0.008, 0.008), "micrometer"),  # the reader tells all lengths in µm
        ("µm", (40, 8, 8), "micrometer"),
        ("", (40, 8, 8), None),
        ("pixel", (40, 8, 8), None),
        ("furlong", (40, 8, 8), None),
    ],
)
def test_bdv_xml_of_any_unit(tmp_path, written, unit, size, ngff):
    xml = write_bdv(tmp_path / "a.xml", STACK, voxel_size=(40, 8, 8), unit="m", progress=False)
    text = xml.read_text("utf-8")
    assert text.count("<unit>m</unit>") == 1
    xml.write_text(text.replace("<unit>m</unit>", f"<unit>{unit}</unit>"), "utf-8")
    scale, units, said = written(BioImage(xml, reader=BdvReader))
    assert tuple(scale[axis] for axis in "zyx") == size
    assert set(units.values()) == ({ngff} if ngff else set())
    assert bool(said) == (ngff is None)


# BDV as the target


@pytest.mark.parametrize(
    ("options", "xml"),
    [
        ({}, ("1.0 1.0 1.0", "pixel")),
        ({"unit": "µm"}, ("1.0 1.0 1.0", "pixel")),
        ({"voxel_size": (4, 1, 2)}, ("2.0 1.0 4.0", "pixel")),
        ({"voxel_size": (None, 1, 2), "unit": "µm"}, ("1.0 1.0 1.0", "pixel")),
    ],
)
def test_bdv_without_what_nobody_says(tmp_path, options, xml):
    with pytest.warns(UserWarning, match=f"'brain.xml' {NOT_KNOWN}.* Voxels are written as"):
        path = write_bdv(tmp_path / "brain.xml", STACK, progress=False, **options)
    assert xml_of(path) == xml
    assert BioImage(path, reader=BdvReader).dimension_properties.X.unit is None


@pytest.mark.parametrize(
    ("stack", "options", "xml"),
    [
        (STACK, {"voxel_size": (4, 1, 2), "unit": "micron"}, ("2.0 1.0 4.0", "µm")),
        (STACK, {"voxel_size": (4, 1, 2), "unit": "nanometer"}, ("2.0 1.0 4.0", "nm")),
        (STACK, {"voxel_size": (4, 1, 2), "unit": "pixel"}, ("2.0 1.0 4.0", "pixel")),
        (STACK, {"unit": "pixel"}, ("1.0 1.0 1.0", "pixel")),
        # One plane is as thick as its pixels are wide, as three sizes there must be.
        (STACK[0], {"voxel_size": (None, 1, 2), "unit": "nm"}, ("2.0 1.0 2.0", "nm")),
    ],
)
def test_bdv_with_what_is_known(tmp_path, stack, options, xml):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = write_bdv(tmp_path / "a.xml", stack, progress=False, **options)
    assert xml_of(path) == xml


@pytest.mark.parametrize("unit", ["nm", "mm"])
def test_bdv_keeps_the_units_of_a_tiff(tmp_path, unit):
    image = imagej(tmp_path / "a.tif", unit=unit, spacing=40.0)
    path = write_bdv(tmp_path / "a.xml", image, progress=False)
    assert xml_of(path) == ("8.0 8.0 40.0", unit)


# Levels


@pytest.mark.parametrize(
    "tags", [{"resolution": (72, 72), "resolutionunit": "INCH"}, {}], ids=["72 dpi", "none"]
)
@pytest.mark.parametrize("target", ["a.xml", "a.ome.zarr"])
@pytest.mark.filterwarnings(f"ignore:.*{NOT_KNOWN}")
def test_levels_without_a_size_are_planned_by_index(tmp_path, tags, target):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((24, 64, 64), "u1"), **tags)
    path = build_pyramid(
        BioImage(tmp_path / "a.tif"), tmp_path / target, chunk_shape=(8, 8, 8), progress=False
    )
    image = BioImage(path)
    shapes = [shape[-3:] for shape in image.resolution_level_dims.values()]
    assert shapes == [(24, 64, 64), (12, 32, 32), (6, 16, 16), (3, 8, 8)]


@pytest.mark.filterwarnings(f"ignore:.*{NOT_KNOWN}")
def test_levels_of_an_axis_without_a_size(tmp_path):
    stack = np.zeros((24, 64, 64), "u1")
    options = {"chunk_shape": (8, 8, 8), "progress": False, "unit": "µm"}
    path = write_ome_zarr(tmp_path / "a.zarr", stack, voxel_size=(None, 0.05, 0.05), **options)
    assert factors_of(path) == [(1, 1, 1), (2, 2, 2), (4, 4, 4), (8, 8, 8)]
    datasets = metadata(path)["multiscales"][0]["datasets"]
    scale, translation = datasets[-1]["coordinateTransformations"]
    assert scale["scale"] == [8, 0.4, 0.4]
    np.testing.assert_allclose(translation["translation"], [3.5, 0.175, 0.175])


def test_levels_compare_sizes_of_different_units(tmp_path):
    """40 nm deep and 0.01 µm wide: the planes are halved twice before Z is."""
    nm, um = ureg.Unit("nm"), ureg.Unit("um")
    image = bioimage(sizes=(40, 0.01, 0.01), units=(None, None, nm, um, um))
    path = write_ome_zarr(tmp_path / "a.zarr", image, chunk_shape=(2, 4, 4), progress=False)
    assert factors_of(path)[:4] == [(1, 1, n, m, m) for n, m in ((1, 1), (1, 2), (1, 4), (2, 8))]


def test_a_size_in_pixels_is_not_compared_with_one_in_micrometres():
    steps = {"Z": Step(40.0), "Y": Step(2.0, length("nm")), "X": Step(0.001, length("µm"))}
    assert Calibration(steps).comparable("ZYX") == (None, 0.002, 0.001)
    assert Calibration({"Z": Step(40.0), "X": Step(2.0)}).comparable("ZYX") == (40, None, 2)


# The warning


def test_the_warning_points_to_the_caller_and_says_what_to_do(tmp_path):
    for name in ("a.zarr", "a.xml"):
        with pytest.warns(UserWarning, match=NOT_KNOWN) as caught:
            build_pyramid(STACK, tmp_path / name, progress=False)
        assert caught[0].filename == __file__
        remedy = r"Give voxel_size and unit \(unit='pixel' if there is none\)\.$"
        assert re.search(remedy, str(caught[0].message))
