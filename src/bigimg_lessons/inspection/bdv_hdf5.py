"""BDV-HDF5: one view of a BigDataViewer dataset, from the HDF5 file and the XML beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from bigimg_lessons.formats.bdv.layout import cells_path, resolutions_path, setup_path
from bigimg_lessons.formats.bdv.opening import HDF5_ERRORS, link_of
from bigimg_lessons.formats.bdv.pixel_types import DATA_TYPE_ATTRIBUTE, pixel_type
from bigimg_lessons.inspection.bdv_xml import Described
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.hdf5_levels import dataset_level
from bigimg_lessons.inspection.report import Files, Level, Report

if TYPE_CHECKING:
    import h5py

_SETUP = re.compile(r"s(\d{2,6})")
_TIMEPOINT = re.compile(r"t(\d{5,6})")
_MAX_NAMES = 20_000
_MAX_LEVELS = 64
_MAX_TRIES = 20


def is_bdv(file: h5py.File) -> bool:
    """Whether an HDF5 file is BigDataViewer's: it has ``s00`` with resolutions, or the like.

    Parameters
    ----------
    file
        The open file.
    """
    setups, timepoints = _views(file, limit=200)
    return bool(timepoints) and any(resolutions_path(setup) in file for setup in setups[:3])


def _views(file: h5py.File, limit: int = _MAX_NAMES) -> tuple[list[int], list[int]]:
    setups, timepoints = [], []
    for number, name in enumerate(file):
        if number >= limit:
            break
        if match := _SETUP.fullmatch(name):
            setups.append(int(match[1]))
        elif match := _TIMEPOINT.fullmatch(name):
            timepoints.append(int(match[1]))
    return sorted(setups), sorted(timepoints)


def inspect_bdv_hdf5(
    file: h5py.File,
    source: str,
    files: Files,
    *,
    xml: Callable[[int], Described],
) -> Report:
    """Describe the first view that is there.

    Parameters
    ----------
    file
        The open file.
    source
        How the user calls it.
    files
        Its size.
    xml
        Tells what its XML says of a setup.

    Raises
    ------
    InspectionError
        If no view can be described.
    """
    import h5py

    setups, timepoints = _views(file)
    setup = next((number for number in setups if resolutions_path(number) in file), None)
    if setup is None:
        raise InspectionError(
            f"{source} should have its voxels in {file.filename}, and that holds no setup of "
            "BigDataViewer: the file is damaged, or another one."
        )
    told = xml(setup)
    factors = _factors(file, setup, source)
    view = None
    for timepoint in timepoints[:_MAX_TRIES]:
        name = f"t{timepoint:05d}"
        if isinstance(link_of(file, name), h5py.ExternalLink):
            continue
        if cells_path(timepoint, setup, 0) in file:
            view = timepoint
            break
    if view is None:
        raise InspectionError(
            f"{source} is BDV-HDF5, and has no voxels of setup {setup} itself: they lie in other "
            "files (partitions), or are missing. Inspect one of these."
        )
    levels = _levels(file, setup, view, factors, told, source)
    contradictions = list(told.contradictions(levels[0].shape))
    if told.setups and told.setups != len(setups) and not told.is_split:
        contradictions.append(
            f"The XML lists {told.setups} setups, and the HDF5 file has {len(setups)}."
        )
    if len(levels) != len(factors):
        contradictions.append(
            f"{resolutions_path(setup)} lists {len(factors)} levels, and there are {len(levels)}."
        )
    return Report(
        source=source,
        kind="BDV-HDF5",
        axes=("Z", "Y", "X"),
        units=(told.unit,) * 3,
        levels=levels,
        files=files,
        image=told.words(setup, len(setups) * len(timepoints)),
        channel_names=told.channel_names,
        contradictions=tuple(contradictions),
        one_at_a_time=True,
        notes=told.notes,
    )


def _factors(file: h5py.File, setup: int, source: str) -> list[tuple[float, ...]]:
    table = file[resolutions_path(setup)]
    shape: tuple[int, ...] = getattr(table, "shape", ())
    if len(shape) != 2 or shape[1] != 3 or not 1 <= shape[0] <= _MAX_LEVELS:
        raise InspectionError(
            f"{resolutions_path(setup)} of {source} has the shape {shape}, and should be a table "
            f"of three columns with 1 to {_MAX_LEVELS} rows: the file is damaged."
        )
    values = np.asarray(table[...], np.float64)
    if not np.all(np.isfinite(values) & (values > 0)):
        raise InspectionError(
            f"{resolutions_path(setup)} of {source} holds factors that are not above zero: the "
            "file is damaged."
        )
    return [(float(z), float(y), float(x)) for x, y, z in values]


def _levels(
    file: h5py.File,
    setup: int,
    timepoint: int,
    factors: list[tuple[float, ...]],
    told: Described,
    source: str,
) -> tuple[Level, ...]:
    declared = file[setup_path(setup)].attrs.get(DATA_TYPE_ATTRIBUTE)
    levels = []
    for number, factor in enumerate(factors):
        name = cells_path(timepoint, setup, number)
        try:
            cells = file[name]
        except HDF5_ERRORS:
            break
        if getattr(cells, "ndim", 0) != 3 or 0 in cells.shape:
            break
        # Older files keep uint16 pixels as int16.
        dtype = pixel_type(cells.dtype, declared)
        levels.append(dataset_level(cells, name, dtype=dtype, voxel_size=told.size_of(factor)))
    if not levels:
        raise InspectionError(
            f"{cells_path(timepoint, setup, 0)} of {source} is no stack of voxels: the file is "
            "damaged."
        )
    return tuple(levels)
