"""What the description of a TIFF's first plane says of the image: OME-XML, or ImageJ's lines."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

from bigimg_lessons.formats.bdv.xmltree import parse
from bigimg_lessons.units import is_pixel, length

_ORDERS = {"XYZCT", "XYZTC", "XYCTZ", "XYCZT", "XYTCZ", "XYTZC"}
_LINE = re.compile(r"(\w+)=(.*)")


@dataclass(frozen=True, kw_only=True)
class Description:
    """What is told of the image.

    Parameters
    ----------
    kind
        ``"OME-TIFF"`` or ``"TIFF (ImageJ)"``.
    extents
        Voxels or planes along each axis that is named, slowest first.
    dtype
        Type of a voxel, if it is told.
    voxel_size, unit
        Size along each axis and its unit, where they are told.
    channel_names
        Names of the channels.
    version
        Year and month of the OME schema.
    images
        Number of images.
    files
        Number of files over which it is spread.
    window
        Grey values that are shown black and white.
    """

    kind: str
    extents: dict[str, int]
    dtype: str | None = None
    voxel_size: dict[str, float] = field(default_factory=dict)
    unit: dict[str, str] = field(default_factory=dict)
    channel_names: tuple[str, ...] = ()
    version: str | None = None
    images: int = 1
    files: int = 1
    window: tuple[float, float] | None = None


def ome_description(text: str, name: str) -> Description | None:
    """Read OME-XML; None if the text is something else.

    Parameters
    ----------
    text
        The description of the first plane.
    name
        The file's name, for messages.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    head = text.lstrip()[:4096]
    if "<OME" not in head and "<ome:OME" not in head:
        return None
    root = parse(text, f"The OME-XML of {name}")
    images = [each for each in root if _tag(each) == "Image"]
    pixels = next((each for image in images[:1] for each in image if _tag(each) == "Pixels"), None)
    version = re.search(r"Schemas/OME/([\d-]+)", head)
    if pixels is None:
        return Description(kind="OME-TIFF", extents={}, images=len(images))
    order = pixels.get("DimensionOrder", "")
    order = order if order in _ORDERS else "XYZCT"
    extents = {axis: _count(pixels.get(f"Size{axis}")) for axis in reversed(order)}
    sizes, units = _sizes(pixels)
    channels = [each for each in pixels if _tag(each) == "Channel"]
    uuids = {
        inner.get("FileName", inner.text)
        for each in pixels
        if _tag(each) == "TiffData"
        for inner in each
        if _tag(inner) == "UUID"
    }
    return Description(
        kind="OME-TIFF",
        extents={axis: n for axis, n in extents.items() if n is not None},
        dtype={"float": "float32", "double": "float64"}.get(
            pixels.get("Type", ""), pixels.get("Type")
        ),
        voxel_size=sizes,
        unit=units,
        channel_names=tuple(each.get("Name", "") for each in channels)[:1000],
        version=version[1] if version else None,
        images=len(images),
        files=max(1, len(uuids)),
    )


def _sizes(pixels: ElementTree.Element) -> tuple[dict[str, float], dict[str, str]]:
    sizes, units = {}, {}
    for axis in "ZYX":
        size = _positive(pixels.get(f"PhysicalSize{axis}"))
        if size is None:
            continue
        sizes[axis] = size
        unit = pixels.get(f"PhysicalSize{axis}Unit", "µm")  # the schema's own default
        if not is_pixel(unit) and unit != "reference frame":
            units[axis] = unit
    step = _positive(pixels.get("TimeIncrement"))
    if step is not None:
        sizes["T"], units["T"] = step, pixels.get("TimeIncrementUnit", "s")
    return sizes, units


def imagej_description(text: str, resolution: tuple[float, float] | None) -> Description | None:
    """Read ImageJ's lines; None if the text is something else.

    Parameters
    ----------
    text
        The description of the first plane.
    resolution
        Pixels for each unit along y and x, from the tags.
    """
    if not text.startswith("ImageJ="):
        return None
    found = (_LINE.fullmatch(line) for line in text.splitlines()[:200])
    lines: dict[str, str] = {match[1]: match[2] for match in found if match}
    planes = {
        axis: _count(lines.get(word)) or 1
        for axis, word in (("T", "frames"), ("Z", "slices"), ("C", "channels"))
    }
    images = _count(lines.get("images")) or 1
    if math.prod(planes.values()) != images:
        planes = {"?": images}
    sizes, units = _imagej_sizes(lines, resolution)
    low, high = _finite(lines.get("min")), _finite(lines.get("max"))
    return Description(
        kind="TIFF (ImageJ)",
        extents=planes,
        voxel_size=sizes,
        unit=units,
        window=None if low is None or high is None else (low, high),
    )


def _imagej_sizes(
    lines: dict[str, str], resolution: tuple[float, float] | None
) -> tuple[dict[str, float], dict[str, str]]:
    y, x = (None, None) if resolution is None else (1 / each for each in resolution)
    z = _positive(lines.get("spacing", "").lstrip("-"))
    unit = lines.get("unit", "")
    sizes, units = {}, {}
    # ImageJ writes those of y and z where they differ from that of x.
    for axis, size, own in (("Y", y, "yunit"), ("X", x, "unit"), ("Z", z, "zunit")):
        stated = lines.get(own, unit)
        if size is not None and length(stated) is not None:
            sizes[axis], units[axis] = size, stated.replace("\\u00B5", "µ")
    interval = _positive(lines.get("finterval"))
    if interval is not None:
        sizes["T"], units["T"] = interval, lines.get("tunit", "s")
    return sizes, units


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _count(text: str | None) -> int | None:
    if text is None or not re.fullmatch(r"\s*\d{1,12}\s*", text):
        return None
    return int(text) or None


def _finite(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _positive(text: str | None) -> float | None:
    value = _finite(text)
    return value if value is not None and value > 0 else None
