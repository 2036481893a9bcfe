"""The OME-XML of an image in one OME-TIFF, after the schema of 2016-06.

It is at www.openmicroscopy.org/Schemas/OME/2016-06/ome.xsd.
"""

from __future__ import annotations

import math
import re
from importlib.metadata import version as version_of
from xml.etree import ElementTree

from bigimg_lessons.pyramids.calibration import Step
from bigimg_lessons.pyramids.targets import Pyramid

PIXEL_TYPES = {
    **{name: name for name in ("int8", "int16", "int32", "uint8", "uint16", "uint32")},
    "float32": "float",
    "float64": "double",
}
"""The types of voxels that OME has, by NumPy's names. It has no integers of 64 bits."""

_NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"

# What XML 1.0 allows in text, less tab and line breaks, which would be written as numbers.
_UNPRINTABLE = re.compile("[^\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_ome_xml(name: str, pyramid: Pyramid) -> bytes:
    """Describe an image whose planes are the pages of a TIFF: z fastest, then channels, then time.

    What is not known is left out. A size in a unit that is not known has the unit "reference
    frame", as one without a unit would be in micrometres; "pixel" if the user says so. OME has
    nothing like it for time: an interval in an unknown unit is left out, as it would be in seconds.

    Parameters
    ----------
    name
        Of the image.
    pyramid
        The image; its levels are not described, as they are where the TIFF says.

    Returns
    -------
    bytes
        In UTF-8, as OME-TIFF has it, though TIFF demands ASCII. Characters are not written as
        numbers (``&#181;``): Bio-Formats 7.3 takes these out, and then knows no ``µm``.

    Raises
    ------
    ValueError
        If a name holds a character that XML cannot.
    """
    sizes = {axis: pyramid.source.sizes.get(axis, 1) for axis in "XYZCT"}
    root = ElementTree.Element(
        "OME",
        {
            "xmlns": _NAMESPACE,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": f"{_NAMESPACE} {_NAMESPACE}/ome.xsd",
            "Creator": f"bigimg-lessons {version_of('bigimg-lessons')}",
        },
    )
    image = ElementTree.SubElement(root, "Image", ID="Image:0", Name=_checked(name))
    pixels = ElementTree.SubElement(
        image,
        "Pixels",
        {
            "ID": "Pixels:0",
            "DimensionOrder": "XYZCT",
            "Type": PIXEL_TYPES[pyramid.source.dtype.name],
            "BigEndian": "false",
            **{f"Size{axis}": str(extent) for axis, extent in sizes.items()},
            **_steps(pyramid),
        },
    )
    for number, channel in enumerate(pyramid.channel_names):
        ElementTree.SubElement(
            pixels,
            "Channel",
            ID=f"Channel:0:{number}",
            Name=_checked(channel),
            SamplesPerPixel="1",
        )
    planes = math.prod(sizes[axis] for axis in "ZCT")
    ElementTree.SubElement(pixels, "TiffData", IFD="0", PlaneCount=str(planes))
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def _steps(pyramid: Pyramid) -> dict[str, str]:
    """Return what is known of voxel size and time interval."""
    known: dict[str, str] = {}
    for axis in "XYZ":
        step = pyramid.calibration.step(axis)
        if step.size is not None:
            known[f"PhysicalSize{axis}"] = repr(step.size)
            known[f"PhysicalSize{axis}Unit"] = _length(step)
    time = pyramid.calibration.step("T")
    if time.size is not None and time.unit is not None:
        known |= {"TimeIncrement": repr(time.size), "TimeIncrementUnit": time.unit.symbol}
    return known


def _length(step: Step) -> str:
    if step.unit is not None:
        return step.unit.symbol
    return "pixel" if step.is_pixel else "reference frame"


def _checked(name: str) -> str:
    if bad := _UNPRINTABLE.search(name):
        raise ValueError(
            f"The OME-XML is to hold the name {name!r}, but XML has no place for the character "
            f"{bad.group()!r}: leave it out."
        )
    return name
