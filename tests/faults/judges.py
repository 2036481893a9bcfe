"""Which version of an image stands at a place, read by other means than the project's own.

Each judge takes the path by which an image is opened. It returns its version, None if nothing is
there that could be opened, and raises :class:`WrongError` if something is there that is no version,
whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import tifffile
import zarr
from ome_types import from_xml

from tests import n5_files
from tests.faults import images


class WrongError(Exception):
    """What stands there is neither one version nor another, nor nothing."""


def _version(
    size: Sequence[float],
    arrays: Sequence[npt.NDArray[Any]],
    factors: Sequence[tuple[int, int, int]] = images.FACTORS,
) -> int:
    """Return the version with that voxel size, if it has these voxels."""
    for version in images.VERSIONS:
        if np.allclose(size, images.voxel_size(version)):
            expected = images.levels(version, factors)
            if len(arrays) != len(expected):
                raise WrongError(f"{len(arrays)} levels with the voxel size of version {version}")
            for depth, (found, right) in enumerate(zip(arrays, expected, strict=True)):
                if not np.array_equal(found, right):
                    raise WrongError(f"version {version}, but for the voxels of level {depth}")
            return version
    raise WrongError(f"a voxel size of no version, {size}")


def ome_zarr(path: Path) -> int | None:
    """Judge an OME-Zarr of any version."""
    if not os.path.lexists(path):
        return None
    try:
        if (path / "zarr.json").is_file():
            attributes = json.loads((path / "zarr.json").read_text())["attributes"]["ome"]
        else:
            attributes = json.loads((path / ".zattrs").read_text())
        datasets = attributes["multiscales"][0]["datasets"]
        first, *_ = datasets[0]["coordinateTransformations"]
        size = first.get("transformations", [first])[0]["scale"]  # 0.6 has them in a sequence
        arrays = [np.asarray(zarr.open_array(path / d["path"], mode="r")[...]) for d in datasets]
    except Exception as error:
        raise WrongError(f"a folder that does not open: {error!r}") from error
    return _version(size, arrays)


def bdv_hdf5(path: Path) -> int | None:
    """Judge an XML with its HDF5 file; an HDF5 file alone is nothing that BigDataViewer opens."""
    if not os.path.lexists(path):
        return None
    try:
        root = ET.fromstring(path.read_bytes())  # noqa: S314
        stated = root.findtext(".//voxelSize/size", "").split()
        size = [float(n) for n in stated][::-1]
        with h5py.File(path.with_name(root.findtext(".//ImageLoader/hdf5", ""))) as file:
            cells = file["t00000/s00"]
            arrays = [cells[name]["cells"][...].view("uint16") for name in sorted(cells)]
    except Exception as error:
        raise WrongError(f"an XML that does not open: {error!r}") from error
    return _version(size, arrays)


def bdv_n5(path: Path) -> int | None:
    """Judge an XML with its N5 folder; a folder alone is nothing that BigDataViewer opens."""
    if not os.path.lexists(path):
        return None
    try:
        root = ET.fromstring(path.read_bytes())  # noqa: S314
        stated = root.findtext(".//voxelSize/size", "").split()
        size = [float(n) for n in stated][::-1]
        folder = path.with_name(root.findtext(".//ImageLoader/n5", "")) / "setup0"
        factors = n5_files.attributes(folder)["downsamplingFactors"]
        levels = (folder / "timepoint0" / f"s{number}" for number in range(len(factors)))
        arrays = [n5_files.dataset(level) for level in levels]
    except Exception as error:
        raise WrongError(f"an XML that does not open: {error!r}") from error
    return _version(size, arrays)


def ome_tiff(path: Path) -> int | None:
    """Judge an OME-TIFF."""
    if not os.path.lexists(path):
        return None
    try:
        with tifffile.TiffFile(path) as tiff:
            (series,) = tiff.series
            arrays = [level.asarray() for level in series.levels]
            pixels = from_xml(tiff.ome_metadata or "").images[0].pixels
        stated = [getattr(pixels, f"physical_size_{axis}") for axis in "zyx"]
        size = [float(number) for number in stated]
    except Exception as error:
        raise WrongError(f"a TIFF that does not open: {error!r}") from error
    return _version(size, arrays, images.FLAT_FACTORS)


def imaris(path: Path) -> int | None:
    """Judge an Imaris file."""
    if not os.path.lexists(path):
        return None
    try:
        with h5py.File(path) as file:
            if file.attrs["ImarisDataSet"].tobytes() != b"ImarisDataSet":
                raise WrongError("a file that is not marked as Imaris's")
            image = {name: text.tobytes() for name, text in file["DataSetInfo/Image"].attrs.items()}
            size = [float(image[f"ExtMax{n}"]) / int(image["XYZ"[n]]) for n in (2, 1, 0)]
            stacks = [level["TimePoint 0/Channel 0"] for level in file["DataSet"].values()]
            extents = [
                [int(stack.attrs[f"ImageSize{axis}"].tobytes()) for axis in "ZYX"]
                for stack in stacks
            ]
            arrays = [
                stack["Data"][tuple(map(slice, extent))]
                for stack, extent in zip(stacks, extents, strict=True)
            ]
    except WrongError:
        raise
    except Exception as error:
        raise WrongError(f"an Imaris file that does not open: {error!r}") from error
    return _version(size, arrays)


def sample(path: Path) -> int | None:
    """Judge a sample's TIFF, by its note too; the grey values are those of no other version."""
    if not os.path.lexists(path):
        return None
    try:
        note = json.loads(path.with_name(f"{path.name}.json").read_text())
        if hashlib.sha256(path.read_bytes()).hexdigest() != note["sha256"]:
            raise WrongError("a TIFF beside the note of another")
        with tifffile.TiffFile(path) as tiff:
            spacing, planes = (tiff.imagej_metadata or {})["spacing"], tiff.asarray()
    except WrongError:
        raise
    except Exception as error:
        raise WrongError(f"a TIFF that does not open: {error!r}") from error
    if (spacing == 9) != (planes.max() == 0):
        raise WrongError("a TIFF with the voxels of one version and the voxel size of another")
    return 0 if spacing == 9 else 1
