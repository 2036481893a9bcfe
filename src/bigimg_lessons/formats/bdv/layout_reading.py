"""How a setup is stored, read from an open file: its pixel type and its unbroken run of levels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import h5py
import numpy as np

from bigimg_lessons.formats.bdv.chunking import unit_of_reading
from bigimg_lessons.formats.bdv.layout import (
    Level,
    SetupLayout,
    Shape,
    cells_path,
    fits,
    resolutions_path,
    setup_path,
)
from bigimg_lessons.formats.bdv.opening import explained
from bigimg_lessons.formats.bdv.pixel_types import (
    DATA_TYPE_ATTRIBUTE,
    PIXEL_TYPES,
    declared_types,
    pixel_type,
)
from bigimg_lessons.formats.bdv.remarks import Remarks
from bigimg_lessons.formats.bdv.source import OpenSource

_MAX_LEVELS = 64
_MAX_TRIES = 1_000  # time points tried to find one that is there

Factors = tuple[float, float, float]
"""Full-resolution voxels per voxel of a level, in z, y, x order."""


def read_layout(
    file: OpenSource,
    setup: int,
    timepoints: Iterable[int],
    *,
    remarks: Remarks | None = None,
    size: Shape | None = None,
) -> SetupLayout:
    """Read how a setup is stored.

    Only the setup's own groups and cells decide.

    Parameters
    ----------
    file
        The dataset's HDF5 file.
    setup
        Id of the setup.
    timepoints
        The time points at which it exists. The first whose full resolution can be opened, of
        at most a thousand, gives the shapes.
    remarks
        Where to note coarse levels that are not there or make no sense. If ``None``, warnings
        are given.
    size
        Its voxels as the XML states them, in z, y, x order. They only count for a setup that
        exists at no time point, where all voxels are zeros.

    Returns
    -------
    SetupLayout
        Its unbroken run of levels from full resolution down.

    Raises
    ------
    LookupError, FileNotFoundError, ValueError, OSError
        If the setup is not there, or makes no sense.
    """
    noted = Remarks() if remarks is None else remarks
    where = f"{file.path}: setup {setup}"
    declared = _declared(file, setup, where)
    factors = _factors(file, setup)
    failure: Exception | None = None
    tried = []
    for timepoint in itertools.islice(timepoints, _MAX_TRIES):
        tried.append(timepoint)
        try:
            full, stored = _level(file, timepoint, setup, 0, factors[0])
        except (LookupError, OSError, ValueError) as error:
            # Another time point may be in another partition; the first failure is reported.
            failure = failure or error
            continue
        dtype = _dtype(stored, declared, where, setup, noted)
        levels = [full]
        try:
            for number, factor in enumerate(factors[1:], start=1):
                level = _coarse(file, timepoint, setup, number, factor, full, stored)
                levels.append(level)
        except (LookupError, OSError, ValueError) as error:
            count = len(levels)
            noted.add(
                "levels",
                f"{where} should have {len(factors)} levels, and level {count} cannot be read: "
                f"{error} {'Level 0 is' if count == 1 else f'Levels 0 to {count - 1} are'} "
                "offered.",
                of=f"setup {setup}",
            )
        if remarks is None:
            noted.warn()
        return SetupLayout(dtype, stored, tuple(levels))
    if failure is None:
        return _bare_layout(where, factors[0], declared, size)
    if isinstance(failure, LookupError):
        raise LookupError(f"{failure}{_stored_timepoints(file, tried)}") from None
    raise failure


def _declared(file: OpenSource, setup: int, where: str) -> Any:
    """Read the attribute that names the pixel type; ``None`` if there is none."""
    with file.find(setup_path(setup)) as group:
        if not isinstance(group, h5py.Group):
            raise ValueError(f"{where} is no group: the file is damaged.")
        with explained(file.path, setup_path(setup)):
            return group.attrs.get(DATA_TYPE_ATTRIBUTE)


def _dtype(
    stored: np.dtype[Any], declared: Any, where: str, setup: int, remarks: Remarks
) -> np.dtype[Any]:
    """Return the type of the pixels, from that of the cells and the attribute."""
    try:
        dtype = pixel_type(stored, declared)
    except ValueError as error:
        raise ValueError(f"{where} {error}.") from None
    if declared is not None and declared_types(declared) is None:
        remarks.add(
            "dataType",
            f"{where} has a dataType that names no type; its cells are {stored}, and are read so.",
            of=f"setup {setup}",
        )
    return dtype


def _level(
    file: OpenSource, timepoint: int, setup: int, number: int, factors: Factors
) -> tuple[Level, np.dtype[Any]]:
    """Read the shape of a level, and the type of its cells in the machine's byte order."""
    with (
        file.cells(timepoint, setup, number) as cells,
        explained(file.path, cells_path(timepoint, setup, number)),
    ):
        packed = cells.id.get_create_plist().get_nfilters() > 0
        chunks = unit_of_reading(cells.shape, cells.chunks, cells.dtype.itemsize, packed=packed)
        return Level(factors, cells.shape, chunks), cells.dtype.newbyteorder("=")


def _coarse(
    file: OpenSource,
    timepoint: int,
    setup: int,
    number: int,
    factors: Factors,
    full: Level,
    stored: np.dtype[Any],
) -> Level:
    """Read a coarser level, which has to match level 0."""
    if not all(0 < factor < math.inf for factor in factors):
        raise ValueError(f"Its factors are {factors}, not above zero.")
    level, cells = _level(file, timepoint, setup, number, factors)
    if cells != stored:
        raise ValueError(f"Its cells are {cells}, and those of level 0 are {stored}.")
    if not fits(level, full):
        raise ValueError(
            f"Its {level.shape} voxels (z, y, x) do not follow from {full.shape} at level 0 and "
            f"the factors {factors}."
        )
    return level


def _factors(file: OpenSource, setup: int) -> list[Factors]:
    """Read the downsampling factors of all levels, turned to z, y, x order."""
    name = resolutions_path(setup)
    with file.dataset(name) as table:
        if table.ndim != 2 or table.shape[1] != 3:
            raise ValueError(f"{file.path}: {name} is no table of three columns.")
        if not 1 <= table.shape[0] <= _MAX_LEVELS:
            raise ValueError(
                f"{file.path}: {name} has {table.shape[0]} rows; from 1 to {_MAX_LEVELS} "
                "levels are read."
            )
        with explained(file.path, name):
            values = np.asarray(table[...], dtype=np.float64)
    if not np.all(np.isfinite(values[0]) & (values[0] > 0)):
        raise ValueError(f"{file.path}: {name} holds factors that are not above zero.")
    return [(float(z), float(y), float(x)) for x, y, z in values]


def _bare_layout(where: str, factors: Factors, declared: Any, size: Shape | None) -> SetupLayout:
    """Lay out a setup that exists at no time point, if its own group and the XML say enough."""
    types = declared_types(declared)
    if size is None or types is None or len(types) > 1 or not types <= set(PIXEL_TYPES):
        raise LookupError(
            f"{where} has no voxels, since the XML lists all of its views as missing, and its "
            "type or size is not stated."
        )
    dtype = np.dtype(next(iter(types)))
    return SetupLayout(dtype, dtype, (Level(factors, size, (1, 1, size[2])),))


def _stored_timepoints(file: OpenSource, tried: Sequence[int]) -> str:
    """Say which time points the file has, if it has none of those that were tried."""
    found = file.timepoints()
    if not found:
        return " The file holds no time point at all."
    if not set(found).isdisjoint(tried):
        return ""
    runs = []
    for _, run in itertools.groupby(enumerate(found), lambda pair: pair[1] - pair[0]):
        ids = [number for _, number in run]
        runs.append(f"{ids[0]}" if len(ids) == 1 else f"{ids[0]} to {ids[-1]}")
    named = ", ".join(runs[:5]) + (", …" if len(runs) > 5 else "")
    return (
        f" The time points of the file are {named}: correct <Timepoints> in the XML, or tell "
        f"the reader which to open, such as timepoints=[{found[0]}]."
    )
