"""Imaris files (``.ims``): the first stack of each level, and what ``DataSetInfo`` says.

The groups and attributes are those of *Imaris5.5 File Format Description* and of
github.com/imaris/ImarisWriter.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

from bigimg_lessons.formats.imaris.attributes import read_text
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.hdf5_levels import dataset_level
from bigimg_lessons.inspection.report import Files, Level, Report

if TYPE_CHECKING:
    import h5py

_MAX_LEVELS = 64
_MAX_CHANNELS = 1000
_AXES = ("T", "C", "Z", "Y", "X")


def is_imaris(file: h5py.File) -> bool:
    """Whether an HDF5 file is one of Imaris.

    Parameters
    ----------
    file
        The open file.
    """
    return "DataSet/ResolutionLevel 0" in file and "DataSetInfo" in file


def inspect_imaris(file: h5py.File, source: str, files: Files) -> Report:
    """Describe an Imaris file.

    Parameters
    ----------
    file
        The open file.
    source
        How the user calls it.
    files
        Its size.

    Raises
    ------
    InspectionError
        If it has no stack of voxels.
    """
    info = file["DataSetInfo"]
    image = info.get("Image")
    timepoints = len(file["DataSet/ResolutionLevel 0"])
    channels = len(file["DataSet/ResolutionLevel 0/TimePoint 0"])
    extents = None if image is None else _extents(image)
    levels: list[Level] = []
    contradictions = []
    for number in range(_MAX_LEVELS):
        name = f"DataSet/ResolutionLevel {number}/TimePoint 0/Channel 0"
        if f"{name}/Data" not in file:
            break
        group, data = file[name], file[f"{name}/Data"]
        if getattr(data, "ndim", 0) != 3 or 0 in data.shape:
            break
        shape = _image_size(group) or tuple(map(int, data.shape))
        if any(n > m for n, m in zip(shape, data.shape, strict=True)):
            contradictions.append(
                f"{name} says that it has {shape} voxels (z, y, x), and its data has {data.shape}."
            )
            shape = tuple(map(int, data.shape))
        size = None
        if extents is not None:
            size = tuple(
                float(f"{length / n:.9g}") for length, n in zip(extents, shape, strict=True)
            )
        stack = dataset_level(data, f"{name}/Data", voxel_size=size)
        levels.append(_with_all_axes(stack, (timepoints, channels), shape))
    if not levels:
        raise InspectionError(f"{source} is an Imaris file, and has no stack of voxels.")
    stated = None if image is None else _whole_sizes(image)
    if stated is not None and stated != levels[0].shape[2:]:
        contradictions.append(
            f"DataSetInfo says that the image has {stated} voxels (z, y, x), and level 0 has "
            f"{levels[0].shape[2:]}."
        )
    unit = None if image is None else read_text(image, "Unit")
    return Report(
        source=source,
        kind="Imaris",
        version=read_text(file, "ImarisVersion"),
        axes=_AXES,
        units=(None, None, *(unit,) * 3),
        levels=tuple(levels),
        files=files,
        channel_names=tuple(_texts(info, "Name", channels)),
        windows=tuple(_windows(info, channels)),
        contradictions=tuple(contradictions),
        one_at_a_time=True,
    )


def _with_all_axes(stack: Level, before: tuple[int, int], shape: tuple[int, ...]) -> Level:
    size = None if stack.voxel_size is None else (None, None, *stack.voxel_size)
    assert stack.chunk_shape is not None  # noqa: S101 (of a dataset it is known)
    return Level(
        path=stack.path,
        shape=(*before, *shape),
        dtype=stack.dtype,
        layout=stack.layout,
        chunk_shape=(1, 1, *stack.chunk_shape),
        codec=stack.codec,
        voxel_size=size,
        ratio=stack.ratio,
        edges=stack.edges,
    )


def _image_size(group: h5py.Group) -> tuple[int, ...] | None:
    found = []
    for axis in "ZYX":
        text = read_text(group, f"ImageSize{axis}")
        if text is None or not text.strip("\0 ").isdigit():
            return None
        found.append(int(text.strip("\0 ")))
    return tuple(found) if min(found) > 0 else None


def _whole_sizes(image: h5py.Group) -> tuple[int, ...] | None:
    texts = [(read_text(image, axis) or "").strip("\0 ") for axis in "ZYX"]
    return tuple(map(int, texts)) if all(text.isdigit() for text in texts) else None


def _extents(image: h5py.Group) -> tuple[float, ...] | None:
    """Return how long the image is along z, y and x, in its unit; None if that is not known."""
    found = []
    for number in (2, 1, 0):
        ends = [_number(read_text(image, f"Ext{end}{number}")) for end in ("Min", "Max")]
        if None in ends or not (length := ends[1] - ends[0]) > 0:  # type: ignore[operator]
            return None
        found.append(length)
    return tuple(found)


def _number(text: str | None) -> float | None:
    with suppress(TypeError, ValueError):
        value = float(text)  # type: ignore[arg-type]
        return value if math.isfinite(value) else None
    return None


def _texts(info: h5py.Group, attribute: str, channels: int) -> list[str]:
    found = []
    for number in range(min(channels, _MAX_CHANNELS)):
        group = info.get(f"Channel {number}")
        found.append("" if group is None else read_text(group, attribute) or "")
    return found


def _windows(info: h5py.Group, channels: int) -> list[tuple[float, float] | None]:
    found: list[tuple[float, float] | None] = []
    for text in _texts(info, "ColorRange", channels):
        ends = [value for word in text.split() if (value := _number(word)) is not None]
        found.append((ends[0], ends[1]) if len(ends) == len(text.split()) == 2 else None)
    return found if any(found) else []
