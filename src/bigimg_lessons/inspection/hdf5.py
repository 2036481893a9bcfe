"""HDF5 files: which format is in one, and those of no format that is known here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from bigimg_lessons.formats.bdv.opening import HDF5_ERRORS, link_of
from bigimg_lessons.inspection.bdv_hdf5 import inspect_bdv_hdf5, is_bdv
from bigimg_lessons.inspection.bdv_xml import Described
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.hdf5_levels import dataset_level
from bigimg_lessons.inspection.imaris import inspect_imaris, is_imaris
from bigimg_lessons.inspection.report import UNKNOWN_AXIS, Files, Report
from bigimg_lessons.pyramids.source_axes import named_axes

if TYPE_CHECKING:
    import h5py

_MAX_OBJECTS = 500
_MAX_DEPTH = 8


def inspect_hdf5(
    file: h5py.File, source: str, *, xml: Callable[[int], Described], nbytes: int
) -> Report:
    """Describe an HDF5 file.

    Parameters
    ----------
    file
        The open file.
    source
        How the user calls it.
    xml
        Tells what BigDataViewer's XML beside it says of a view setup.
    nbytes
        Bytes of the file.

    Raises
    ------
    InspectionError
        If no image is found in it.
    """
    files = Files(number=1, nbytes=nbytes)
    if is_imaris(file):
        return inspect_imaris(file, source, files)
    if is_bdv(file):
        return inspect_bdv_hdf5(file, source, files, xml=xml)
    return _plain(file, source, files)


_IN_PART = (
    f"Only the first {_MAX_OBJECTS} objects of the file were looked at: another dataset may be "
    "larger."
)


def _plain(file: h5py.File, source: str, files: Files) -> Report:
    found, is_all = _datasets(file)
    if not found:
        raise InspectionError(
            f"{source} is an HDF5 file in which no dataset of numbers with two axes or more was "
            f"found among its first {_MAX_OBJECTS} objects."
        )
    name, dataset = max(found, key=lambda each: math.prod(each[1].shape))
    count = dataset.ndim
    axes = tuple(
        axis.upper() if len(axis) == 1 else axis or UNKNOWN_AXIS
        for axis in named_axes(dataset) or ("",) * count
    )
    size = _element_size(dataset, axes)
    units: tuple[str | None, ...] = (None,) * count
    if size is not None:
        units = tuple(None if length is None else "µm" for length in size)
    return Report(
        source=source,
        kind="HDF5",
        axes=axes,
        units=units,
        levels=(dataset_level(dataset, name, voxel_size=size),),
        files=files,
        image=f"dataset {name}, the largest of {len(found)}" if len(found) > 1 else "",
        one_at_a_time=True,
        notes=() if is_all else (_IN_PART,),
    )


def _datasets(file: h5py.File) -> tuple[list[tuple[str, h5py.Dataset]], bool]:
    """Find datasets of numbers, and say whether all objects were looked at.

    It goes by hard links alone; what several of them lead to is taken once.
    """
    import h5py

    left: list[tuple[str, h5py.Group, int]] = [("", file, 0)]
    datasets: list[tuple[str, h5py.Dataset]] = []
    looked, seen = 0, {h5py.h5o.get_info(file.id).addr}
    while left:
        path, group, depth = left.pop(0)
        for name in _names(group):
            looked += 1
            if looked > _MAX_OBJECTS:
                return datasets, False
            try:
                if not isinstance(link_of(group, name), h5py.HardLink):
                    continue
                found = group[name]
                if (address := h5py.h5o.get_info(found.id).addr) in seen:
                    continue
                seen.add(address)
                if isinstance(found, h5py.Group) and depth < _MAX_DEPTH:
                    left.append((f"{path}{name}/", found, depth + 1))
                elif _is_image(found):
                    datasets.append((f"{path}{name}", found))
            except HDF5_ERRORS:
                continue
    return datasets, True


def _names(group: h5py.Group) -> Iterator[str]:
    """Go through the names in a group; a damaged one ends early."""
    try:
        for number, name in enumerate(group):
            if number > _MAX_OBJECTS:
                return
            yield name
    except HDF5_ERRORS:
        return


def _is_image(found: Any) -> bool:
    import h5py

    return (
        isinstance(found, h5py.Dataset)
        and found.dtype.kind in "biufc"
        and found.ndim >= 2
        and 0 not in found.shape
    )


def _element_size(dataset: h5py.Dataset, axes: tuple[str, ...]) -> tuple[float | None, ...] | None:
    """Return ``element_size_um`` (z, y, x), which Fiji's HDF5 plugins and others write."""
    try:
        stated = np.asarray(dataset.attrs.get("element_size_um"), np.float64).ravel()
    except (*HDF5_ERRORS, OverflowError):
        return None
    if stated.size != 3 or not np.all(np.isfinite(stated) & (stated > 0)) or len(axes) < 3:
        return None
    by_axis = dict(zip("ZYX", map(float, stated), strict=True))
    if set(axes) == {UNKNOWN_AXIS}:
        return (*(None,) * (len(axes) - 3), *by_axis.values())
    return tuple(by_axis.get(axis) for axis in axes)
