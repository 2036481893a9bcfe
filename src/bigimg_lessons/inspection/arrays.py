"""Levels of an inspected image as arrays that are read when they are sliced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bigimg_lessons.formats.tiff_pages import check_planes, image_series, in_a_row
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.report import Report

_ZARR = ("OME-Zarr", "Zarr")


@dataclass(frozen=True)
class Stack:
    """A dataset of HDF5 without what is stored beyond the image, read with a lock held.

    Parameters
    ----------
    dataset
        The dataset.
    shape
        Voxels of the image along each of its axes.
    dtype
        Type of the voxels; of cells of the same size they are taken as they are.
    """

    dataset: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def chunks(self) -> tuple[int, ...] | None:
        """Voxels of a chunk, None if there are none."""
        found: tuple[int, ...] | None = self.dataset.chunks
        return found

    def __getitem__(self, region: Any) -> np.ndarray[Any, Any]:
        parts = region if isinstance(region, tuple) else (region,)
        cut = tuple(
            slice(*part.indices(n)) if isinstance(part, slice) else part
            for part, n in zip(parts, self.shape, strict=False)
        )
        rest = tuple(slice(0, n) for n in self.shape[len(cut) :])
        found = np.asarray(self.dataset[cut + rest])
        # In the byte order of this computer, which the view below takes for granted.
        found = found.astype(found.dtype.newbyteorder("="), copy=False)
        is_same = found.dtype.itemsize == self.dtype.itemsize
        return found.view(self.dtype) if is_same else found.astype(self.dtype)


def check_is_here(report: Report) -> None:
    """Refuse an image whose pixels are to be read and that lies on no disk of this computer.

    Parameters
    ----------
    report
        What an inspection said of it.

    Raises
    ------
    InspectionError
        If its source is an address.
    """
    if "://" in report.source:
        raise InspectionError(f"{report.source} lies on a server: download it first.")


@contextmanager
def opened_level(report: Report, number: int = 0) -> Iterator[Any]:
    """Open a level of a local image; nothing is read before it is sliced.

    Parameters
    ----------
    report
        What an inspection said of it.
    number
        Which level.

    Yields
    ------
    array
        With ``shape`` and ``dtype`` as the report has them, to be sliced.

    Raises
    ------
    InspectionError
        If the image is of a kind that is not opened here, a package is missing, or what opens it
        finds another shape than the report tells.
    ValueError
        If planes of a TIFF would be read wrongly, left out or filled with zeros.
    """
    level = report.levels[number]
    path = Path(report.source).expanduser()
    check_is_here(report)
    with ExitStack() as stack:
        if report.kind in _ZARR:
            array = _zarr_array(stack, path, level.path)
        elif report.kind in ("HDF5", "BDV-HDF5", "Imaris"):
            array = _hdf5_array(stack, report, path, number)
        elif report.kind in ("N5", "BDV-N5"):
            array = _n5_array(path, level.path)
        else:
            array = _tiff_array(stack, path, number, level.shape)
        if tuple(array.shape) != level.shape:
            raise InspectionError(
                f"{report.source} has the shape {level.shape} by its metadata, and its reader "
                f"finds {tuple(array.shape)}: write it anew with a program that finds all of it."
            )
        yield array


def _zarr_array(stack: ExitStack, path: Path, name: str) -> Any:
    import zarr
    from zarr.storage import LocalStore, ZipStore

    if path.is_file() and path.suffix not in (".json", "") and not path.name.startswith(".z"):
        store: Any = stack.enter_context(ZipStore(path, mode="r"))
    else:
        store = LocalStore(path if path.is_dir() else path.parent, read_only=True)
    try:
        return zarr.open_array(store, path="" if name == "." else name, mode="r")
    except KeyError as error:
        raise InspectionError(
            f"The metadata of the array {name!r} of {path} lack {error}, without which zarr does "
            "not read it: have it written anew."
        ) from error


def _hdf5_array(stack: ExitStack, report: Report, path: Path, number: int) -> Any:
    import h5py

    if path.suffix.lower() == ".xml":
        raise InspectionError(f"{path} is opened as a whole, with its HDF5 file, not by level.")
    file = stack.enter_context(h5py.File(path, "r"))
    level = report.levels[number]
    dtype = np.dtype(level.dtype)
    if report.kind != "Imaris":
        return Stack(file[level.path], level.shape, dtype)
    da: Any = import_module("dask.array")  # whose functions tell no types

    times, channels, *space = level.shape
    rows = []
    for time in range(times):
        row = []
        for channel in range(channels):
            name = f"DataSet/ResolutionLevel {number}/TimePoint {time}/Channel {channel}/Data"
            each = Stack(file[name], tuple(space), dtype)
            row.append(da.from_array(each, chunks=each.chunks or "auto", lock=True))
        rows.append(da.stack(row))
    return da.stack(rows)


def _n5_array(path: Path, name: str) -> Any:
    try:
        from zarr_n5 import N5WrapperStore
    except ImportError:
        raise InspectionError(
            "N5 is read by zarr-n5, which is not installed: pip install zarr-n5."
        ) from None
    da: Any = import_module("dask.array")  # whose functions tell no types
    import zarr
    from zarr.storage import LocalStore

    if path.suffix.lower() == ".xml":
        path = path.with_suffix(".n5")
    store = N5WrapperStore(LocalStore(path, read_only=True))
    # N5 keeps axes as x, y, z.
    return da.from_zarr(zarr.open_array(store, path="" if name == "." else name, mode="r")).T


def _tiff_array(stack: ExitStack, path: Path, number: int, shape: tuple[int, ...]) -> Any:
    try:
        import tifffile
    except ImportError:
        raise InspectionError(
            "TIFF is read by tifffile, which is not installed: pip install tifffile."
        ) from None
    import zarr

    tiff = stack.enter_context(tifffile.TiffFile(path))
    series = image_series(path, tiff)
    if number >= len(series.levels):
        raise InspectionError(f"tifffile finds no level {number} in {path}.")
    found = series.levels[number]
    check_planes(path, tiff, [found])
    store = stack.enter_context(in_a_row(found, shape).aszarr(level=0))
    return zarr.open_array(store, mode="r")
