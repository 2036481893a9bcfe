"""What the file behind a BioImage says of voxel size, time interval and their units.

bioio 3.6 passes units on for OME-Zarr and BDV-HDF5. For TIFF it does not: bioio-ome-tiff 1.4 gives
the numbers of the OME-XML whatever their unit, bioio-tifffile 1.3 gives micrometres, and takes
pixels, inches of ImageJ and anything unknown for micrometres, too. Both keep the file's tags, which
are read here again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

from bioio_base import constants
from ome_types import OME

from bigimg_lessons.pyramids.calibration import Calibration, stated

# Tags of TIFF 6.0 (Adobe, 1992), section 8.
_WIDTH, _DESCRIPTION, _X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 256, 270, 282, 283, 296
_INCH = 2  # the resolution unit if none is given
_MICROMETRES = {3: 10_000, 4: 1000, 5: 1}  # cm; mm and µm, which some writers use, are not TIFF's

_OME_SIZES = {"T": "TimeIncrement", **{axis: f"PhysicalSize{axis}" for axis in "ZYX"}}
# Of the attributes that hold the unit, in the schema of 2016-06.
_OME_DEFAULTS = {"T": "s", "Z": "µm", "Y": "µm", "X": "µm"}


def calibration_of(image: Any) -> Calibration:
    """Find out what a BioImage's file says, and in which units.

    Parameters
    ----------
    image
        A ``bioio.BioImage``, at the scene and level that it is set to.

    Returns
    -------
    Calibration
        What is known. OME-XML that gives a size without a unit means µm, and a time interval
        without a unit seconds: so says its schema. ImageJ gives no spacing of planes if that is
        1, which it also is if nobody set it: it is then not known. Inches of a TIFF are not
        taken: TIFF must have a resolution, inches are what it has unless stated otherwise, and
        programs put a resolution for printing there (72, 96, 300 dpi), which ImageJ takes over.
    """
    if isinstance(image.metadata, OME):
        return _of_ome(image.metadata, image.current_scene_index)
    tags = image.xarray_dask_data.attrs.get(constants.METADATA_UNPROCESSED)
    if not (isinstance(tags, Mapping) and _WIDTH in tags):
        return _of_properties(image)
    description = _first_description(image) or str(tags.get(_DESCRIPTION, ""))
    if "<OME" in description:
        return _of_ome_xml(description, image.current_scene_index, len(image.scenes))
    if description.startswith("ImageJ="):
        return _of_imagej(tags, description)
    return _of_tags(tags)


def _first_description(image: Any) -> str:
    """Return the text of the first page of a TIFF of several images: OME-XML stands only there."""
    reader, scene = image.reader, image.current_scene_index
    if scene == 0:
        return ""
    reader.set_scene(0)
    try:
        tags = reader.xarray_dask_data.attrs[constants.METADATA_UNPROCESSED]
    finally:
        reader.set_scene(scene)
    return str(tags.get(_DESCRIPTION, ""))


def _of_properties(image: Any) -> Calibration:
    """Take the numbers and units that bioio gives."""
    try:
        sizes = image.physical_pixel_sizes
        interval = image.time_interval
        properties = image.dimension_properties
    except Exception as error:  # so does bioio-ome-zarr 3.8 for OME-Zarr 0.6
        return Calibration(remarks=(f"bioio could not read sizes and units ({error!r}).",))
    unit_names = {
        axis: None if (unit := getattr(properties, axis).unit) is None else str(unit)
        for axis in "TZYX"
    }
    if isinstance(interval, timedelta):
        interval, unit_names["T"] = interval.total_seconds(), "s"
    numbers = {"T": interval} | {axis: getattr(sizes, axis, None) for axis in "ZYX"}
    return stated("The file", numbers, unit_names)


def _of_ome(document: OME, scene: int) -> Calibration:
    pixels = document.images[scene].pixels
    sizes = {"T": pixels.time_increment} | {
        axis: getattr(pixels, f"physical_size_{axis.lower()}") for axis in "ZYX"
    }
    unit_names = {"T": pixels.time_increment_unit.value} | {
        axis: getattr(pixels, f"physical_size_{axis.lower()}_unit").value for axis in "ZYX"
    }
    return stated("The OME-XML", sizes, unit_names)


def _of_ome_xml(document: str, scene: int, scenes: int) -> Calibration:
    try:
        # The XML parser of Python (expat 2.4.1 and newer) refuses entities that grow.
        images = ElementTree.fromstring(document).findall(".//{*}Pixels")  # noqa: S314
    except ElementTree.ParseError as error:
        return Calibration(remarks=(f"The OME-XML cannot be read: {error}.",))
    if len(images) != scenes:
        return Calibration(
            remarks=(f"The OME-XML describes {len(images)} images, of {scenes} in the TIFF.",)
        )
    pixels = images[scene].attrib
    return stated(
        "The OME-XML",
        {axis: _number(pixels.get(name)) for axis, name in _OME_SIZES.items()},
        {axis: pixels.get(f"{name}Unit", _OME_DEFAULTS[axis]) for axis, name in _OME_SIZES.items()},
    )


def _of_imagej(tags: Mapping[int, Any], description: str) -> Calibration:
    lines = (line.partition("=") for line in description.splitlines())
    entries = {name.strip(): value.strip(" \0") for name, _, value in lines}
    x, y = (_distance(tags.get(tag)) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    spacing = _number(entries.get("spacing"))
    interval = _number(entries.get("finterval"))
    unit = entries.get("unit", "")
    if unit in ("inch", "in"):
        return Calibration(remarks=(_printing(x),))
    return stated(
        "ImageJ",
        {
            "T": interval or None,  # 0 if not set
            "Z": None if spacing is None else abs(spacing),  # ImageJ drops the sign, too
            "Y": None if y is None else float(y),
            "X": None if x is None else float(x),
        },
        {
            "T": entries.get("tunit", "sec"),
            "Z": entries.get("zunit", unit),
            "Y": entries.get("yunit", unit),
            "X": unit,
        },
    )


def _of_tags(tags: Mapping[int, Any]) -> Calibration:
    x, y = (_distance(tags.get(tag)) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    if x is None or y is None:
        return Calibration()
    unit = int(tags.get(_RESOLUTION_UNIT, _INCH))
    if unit == _INCH:
        return Calibration(remarks=(_printing(x),))
    micrometres = _MICROMETRES.get(unit)
    name = None if micrometres is None else "µm"
    y, x = (size * (micrometres or 1) for size in (y, x))
    return stated("The TIFF", {"Y": float(y), "X": float(x)}, {"Y": name, "X": name})


def _printing(size: Fraction | None) -> str:
    given = "a resolution in" if size is None else f"{float(1 / size):.6g} pixels per"
    return f"The TIFF gives {given} inch, which is for printing and was not taken."


def _distance(resolution: Any) -> Fraction | None:
    """Return how far pixels are apart, from how many there are: numerator and denominator."""
    try:
        pixels, units = resolution
        return Fraction(int(units), int(pixels)) or None
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
