"""TIFF, BigTIFF and OME-TIFF: planes, their strips or tiles, and levels, from the directories."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bigimg_lessons.inspection.errors import LimitError
from bigimg_lessons.inspection.report import UNKNOWN_AXIS, Files, Layout, Level, Report
from bigimg_lessons.inspection.tiff_descriptions import (
    Description,
    imagej_description,
    ome_description,
)
from bigimg_lessons.inspection.tiff_tags import MAX_VALUES, Directory, TiffTags

_COMPRESSIONS = {
    5: "lzw",
    6: "jpeg (old)",
    7: "jpeg",
    8: "deflate",
    32773: "packbits",
    32946: "deflate",
    33003: "jpeg2000",
    33005: "jpeg2000",
    34712: "jpeg2000",
    34887: "lerc",
    34925: "lzma",
    34926: "zstd",
    34927: "webp",
    34933: "png",
    34934: "jpegxr",
    50000: "zstd",
    50001: "webp",
    50002: "jpegxl",
    52546: "jpegxl",
}
# Micrometres of TIFF's unit of resolution: cm; mm and µm, which some writers use, are not TIFF's.
_MICROMETRES = {3: 10_000, 4: 1000, 5: 1}
_MAX_LEVELS = 64
_REDUCED, _MARKS = 1, 1 | 4 | 8  # bits of NewSubfileType: smaller, mask, macro image of a slide
_STRIPS, _TILES = (273, 279), (324, 325)  # tags that say where they lie and how long they are
_KINDS = {1: "uint", 2: "int", 3: "float", 5: "complexint", 6: "complex"}


@dataclass(frozen=True)
class _Plane:
    """A directory's plane."""

    height: int
    width: int
    samples: int
    is_planar: bool
    dtype: str
    layout: Layout
    cut: tuple[int, int]
    codec: tuple[str, ...]
    ratio: float | None
    is_reduced: bool


@dataclass(frozen=True)
class _Counted:
    """What was counted: directories, planes like the first, others, and levels among them."""

    directories: int
    pages: int
    others: int
    reduced: tuple[_Plane, ...]
    is_all: bool


def inspect_tiff(tiff: TiffTags, source: str) -> Report:
    """Describe a TIFF file.

    Parameters
    ----------
    tiff
        The open file.
    source
        How the user calls it.

    Raises
    ------
    InspectionError
        If it is damaged in what describes the image.
    """
    directories = tiff.directories()
    first = next(directories, None)
    if first is None:
        raise tiff.damaged("it has no directory")
    full, coarser = _plane(tiff, first), _coarser(tiff, first)
    text = tiff.text(first, 270) or ""
    told = ome_description(text, source) or imagej_description(text, _resolution(tiff, first))
    counted = _counted(tiff, full, first, directories)
    pages, is_all = counted.pages, counted.is_all
    planes = [full, *coarser, *([] if pages > 1 else counted.reduced)]
    notes = []
    if counted.others:
        notes.append(
            f"{counted.others} of its directories are planes of other sizes or types, not "
            "described here."
        )
    if not is_all:
        unknown = "" if told else ": how many planes it has is not known"
        notes.append(
            f"Its directories were counted up to {counted.directories:,}, and there are "
            f"more{unknown}."
        )
    room = _room(tiff, first, full) if pages == 1 else pages
    extents, contradictions = _extents(told, full, pages, room, is_all=is_all)
    levels = [_level(plane, n, extents, told) for n, plane in enumerate(planes)]
    if told is None and levels[0].voxel_size is None:
        levels = _with_resolution(tiff, first, levels, tuple(extents), full)
    unit = {} if told is None else told.unit
    if told is None and levels[0].voxel_size is not None:
        unit = {"Y": "µm", "X": "µm"}
    axes = _axes(tuple(extents), full)
    several = told is not None and told.images > 1
    return Report(
        source=source,
        kind=("BigTIFF" if tiff.is_big else "TIFF") if told is None else told.kind,
        version=None if told is None else told.version,
        axes=axes,
        units=tuple(unit.get(axis) for axis in axes),
        levels=tuple(levels),
        files=Files(number=1, nbytes=tiff.size, expected=None if told is None else told.files),
        image=f"image 0, the first of {told.images}" if several and told is not None else "",
        channel_names=() if told is None else told.channel_names,
        windows=() if told is None or told.window is None else (told.window,),
        contradictions=tuple(contradictions),
        is_partial=told is None and not is_all,
        notes=tuple(notes),
    )


def _counted(
    tiff: TiffTags, full: _Plane, first: Directory, following: Iterator[Directory]
) -> _Counted:
    """Count the directories, as many as are read within the limits."""
    pages, others, count, last, like = 1, 0, 1, first, first
    reduced: list[_Plane] = []
    with suppress(LimitError):
        for directory in following:
            count, last = count + 1, directory
            if _is_like(tiff, directory, full):
                pages += 1
                like = directory
            elif len(reduced) < _MAX_LEVELS and _is_level(tiff, directory, full):
                reduced.append(_plane(tiff, directory))
            else:
                others += 1
        # Where voxels lie behind all directories, those of the last plane are the last in the file.
        if like is not first:
            tiff.check_is_whole(like, *(_TILES if _TILES[0] in like.entries else _STRIPS))
    return _Counted(count, pages, others, tuple(reduced), is_all=last.following == 0)


def _is_like(tiff: TiffTags, directory: Directory, full: _Plane) -> bool:
    """Tell whether a directory's plane has the size and the type of the first.

    Of colours only their number is compared: their types lie elsewhere in the file.
    """
    if (tiff.number(directory, 257), tiff.number(directory, 256)) != (full.height, full.width):
        return False
    return _is_of_type(tiff, directory, full)


def _is_level(tiff: TiffTags, directory: Directory, full: _Plane) -> bool:
    """Tell whether a directory's plane is the first one made smaller, and no label of the slide.

    It is marked as reduced (TIFF 6.0, NewSubfileType), and neither as a mask nor as what slide
    scanners call a macro image; and one factor, give or take a pixel of rounding, leads to both of
    its sides.
    """
    height, width = tiff.number(directory, 257, 0) or 0, tiff.number(directory, 256, 0) or 0
    if (tiff.number(directory, 254, 0) or 0) & _MARKS != _REDUCED:
        return False
    if not (0 < height <= full.height and 0 < width <= full.width):
        return False
    if full.height * (width - 1) > full.width * (height + 1):
        return False
    if full.width * (height - 1) > full.height * (width + 1):
        return False
    return _is_of_type(tiff, directory, full)


def _is_of_type(tiff: TiffTags, directory: Directory, full: _Plane) -> bool:
    if _samples(tiff, directory) != full.samples:
        return False
    return full.samples > 1 or _dtype(tiff, directory) == full.dtype


def _samples(tiff: TiffTags, directory: Directory) -> int:
    return max(1, tiff.number(directory, 277, 1) or 1)


def _dtype(tiff: TiffTags, directory: Directory) -> str:
    kind = _KINDS.get(tiff.number(directory, 339, 1) or 1, "uint")
    return f"{kind}{tiff.number(directory, 258, 1) or 1}"


def _plane(tiff: TiffTags, directory: Directory) -> _Plane:
    width, height = (tiff.number(directory, code) for code in (256, 257))
    if not width or not height or width < 1 or height < 1:
        raise tiff.damaged("a directory states no width or height")
    samples = _samples(tiff, directory)
    is_planar = samples > 1 and tiff.number(directory, 284, 1) == 2
    tile = tiff.number(directory, 322), tiff.number(directory, 323)
    cut: tuple[int, int]
    if tile[0] and tile[1] and tile[0] > 0 and tile[1] > 0:
        layout, cut, stored = "tiles", (tile[1], tile[0]), _TILES
    else:
        rows = tiff.number(directory, 278) or height
        layout, cut, stored = "strips", (min(rows, height) if rows > 0 else height, width), _STRIPS
    tiff.check_is_whole(directory, *stored)
    code = tiff.number(directory, 259, 1)
    named = () if code == 1 else (_COMPRESSIONS.get(code or 0, f"compression {code}"),)
    bits = tiff.number(directory, 258, 1) or 1
    return _Plane(
        height=height,
        width=width,
        samples=samples,
        is_planar=is_planar,
        dtype=_dtype(tiff, directory),
        layout=layout,  # type: ignore[arg-type]
        cut=cut,
        codec=named,
        ratio=_ratio(tiff, directory, stored[1], height * width * samples * bits // 8),
        is_reduced=bool((tiff.number(directory, 254, 0) or 0) & 1),
    )


def _ratio(tiff: TiffTags, directory: Directory, counts: int, nbytes: int) -> float | None:
    """Return the ratio of one plane."""
    sizes = tiff.numbers(directory, counts)
    total = sum(sizes)
    if not sizes or len(sizes) >= MAX_VALUES or total <= 0:
        return None
    return nbytes / total


def _coarser(tiff: TiffTags, first: Directory) -> list[_Plane]:
    """Describe the levels that the first plane has in SubIFDs."""
    places = tiff.numbers(first, 330)[:_MAX_LEVELS]
    found = [_plane(tiff, tiff.directory(int(place))) for place in places if place > 0]
    return [plane for plane in found if plane.is_reduced or plane.height < _height(tiff, first)]


def _height(tiff: TiffTags, directory: Directory) -> int:
    return tiff.number(directory, 257) or 0


def _resolution(tiff: TiffTags, directory: Directory) -> tuple[float, float] | None:
    """Return pixels for each unit along y and x, which are 1 where nobody knew."""
    found = [tiff.numbers(directory, code)[:1] for code in (283, 282)]
    values = [value for part in found for value in part if 0 < value < math.inf]
    return (values[0], values[1]) if len(values) == 2 else None


def _with_resolution(
    tiff: TiffTags,
    directory: Directory,
    levels: Sequence[Level],
    extents: tuple[str, ...],
    full: _Plane,
) -> list[Level]:
    """Take the tags' resolution for level 0, if it is in centimetres, millimetres or micrometres.

    Inches are those of printers: software writes 72 or 96 dots for each, whatever the image is.
    """
    resolution = _resolution(tiff, directory)
    unit = _MICROMETRES.get(tiff.number(directory, 296, 2) or 2)
    if resolution is None or unit is None:
        return list(levels)
    told = {"Y": unit / resolution[0], "X": unit / resolution[1]}
    size = tuple(told.get(axis) for axis in _axes(extents, full))
    return [replace(levels[0], voxel_size=size), *levels[1:]]


def _room(tiff: TiffTags, directory: Directory, plane: _Plane) -> int:
    """Return how many planes there can be from a directory's strip to the end of the file.

    ImageJ keeps more than 4 GiB so, one plane behind the other and not compressed. Some writers
    count each colour of a plane as one.
    """
    if plane.codec:
        return plane.samples
    bits = tiff.number(directory, 258, 1) or 1
    nbytes = max(1, plane.height * plane.width * bits // 8)
    return max(1, (tiff.size - (tiff.number(directory, _STRIPS[0], 0) or 0)) // nbytes)


def _extents(
    told: Description | None, full: _Plane, pages: int, room: int, *, is_all: bool
) -> tuple[dict[str, int], list[str]]:
    """Return the planes along each axis before y and x, and what is told otherwise."""
    if told is None:
        return ({UNKNOWN_AXIS: pages} if pages > 1 else {}), []
    stated = {axis: n for axis, n in told.extents.items() if axis not in "YX"}
    if told.kind != "OME-TIFF":
        count = math.prod(stated.values())
        found = max(pages, min(count, room))
        wrong = []
        if count != found and is_all:
            wrong.append(f"ImageJ's lines tell of {count} planes, and the file has {found}.")
        return {axis: n for axis, n in stated.items() if n > 1}, wrong
    wrong = []
    for axis, n in (("X", full.width), ("Y", full.height)):
        if told.extents.get(axis, n) != n:
            wrong.append(
                f"The OME-XML says Size{axis} {told.extents[axis]}, and the planes have {n} pixels."
            )
    if told.dtype not in (None, full.dtype, "bit"):
        wrong.append(f"The OME-XML says that voxels are {told.dtype}, and they are {full.dtype}.")
    if full.samples > 1 and "C" in stated:
        stated["C"] = max(1, stated["C"] // full.samples)
    count = math.prod(stated.values())
    if is_all and told.images == 1 and told.files == 1 and stated and count != pages:
        wrong.append(f"The OME-XML tells of {count} planes, and the file has {pages}.")
    return {axis: n for axis, n in stated.items() if n > 1}, wrong


def _axes(extents: tuple[str, ...], plane: _Plane) -> tuple[str, ...]:
    if plane.samples == 1:
        return (*extents, "Y", "X")
    return (*extents, "S", "Y", "X") if plane.is_planar else (*extents, "Y", "X", "S")


def _level(plane: _Plane, number: int, extents: dict[str, int], told: Description | None) -> Level:
    shape: tuple[int, ...] = (plane.height, plane.width)
    cut: tuple[int, ...] = plane.cut
    if plane.samples > 1:
        shape = (plane.samples, *shape) if plane.is_planar else (*shape, plane.samples)
        cut = (1, *cut) if plane.is_planar else (*cut, plane.samples)
    size = None
    # Only the full image is told a size: how much longer others' voxels are is not said.
    if told is not None and told.voxel_size and number == 0:
        size = tuple(told.voxel_size.get(axis) for axis in _axes(tuple(extents), plane))
    return Level(
        path="first plane" if number == 0 else f"level {number}",
        shape=(*extents.values(), *shape),
        dtype=plane.dtype,
        layout=plane.layout,
        chunk_shape=(*(1,) * len(extents), *cut),
        codec=plane.codec,
        voxel_size=size,
        ratio=plane.ratio,
        edges="padded" if plane.layout == "tiles" else "cut",
    )


def is_tiff(head: bytes) -> bool:
    """Whether a file begins as a TIFF.

    Parameters
    ----------
    head
        Its first four bytes.
    """
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
