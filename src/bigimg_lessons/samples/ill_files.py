"""Three small synthetic images, each stored badly in a way of its own, to diagnose and to mend.

They are written as careless scripts write them, by NumPy, tifffile and zarr, and are not
compressed, so that what reading them costs can be counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import zarr
from numpy.typing import NDArray

from bigimg_lessons.samples.volume import VOXEL_SIZE, SampleVolume

FLAT, CELLS, CRUMBS = "flat.tif", "cells.ome.zarr", "crumbs.ome.zarr"
"""Names of the three images."""

FLAT_SHAPE, FLAT_STRIP = (16, 512, 2304), 64
"""zyx, voxels of the TIFF, and rows of each of its strips."""

CELLS_SHAPE, BOX = (32, 256, 256), (11, 23, 17)
"""zyx, voxels of the labels, and of each object."""

CRUMBS_SHAPE, CRUMB = (80, 256, 256), (8, 8, 8)
"""zyx, voxels of the third image, and of its chunks."""


def write_ill_files(folder: Path) -> None:
    """Write the three images into a new folder.

    - `FLAT`: a TIFF of strips, without axes, voxel size or levels.
    - `CELLS`: an OME-Zarr of labels, whose level 1 holds averages and no translation.
    - `CRUMBS`: an OME-Zarr whose chunks are tiny.

    Parameters
    ----------
    folder
        Folder to create.

    Raises
    ------
    FileExistsError
        If it is there.
    """
    folder.mkdir()
    tifffile.imwrite(
        folder / FLAT,
        _tissue(FLAT_SHAPE),
        photometric="minisblack",
        metadata=None,
        rowsperstrip=FLAT_STRIP,
    )
    _write_cells(folder / CELLS)
    _write_crumbs(folder / CRUMBS)


def _tissue(shape: tuple[int, int, int]) -> NDArray[Any]:
    """Return a piece of the sample's tissue."""
    z, y, x = shape
    return SampleVolume((z, y, x)).block(slice(0, z), slice(0, y), slice(0, x))


def cells() -> NDArray[Any]:
    """Return the labels: boxes, each with another number than its neighbours."""
    z, y, x = np.ogrid[tuple(slice(0, n) for n in CELLS_SHAPE)]
    deep, high, wide = BOX
    numbers = z // deep * 97 + y // high * 31 + x // wide * 7
    return np.asarray(numbers % 251 + 1, "uint32")


def _write_cells(path: Path) -> None:
    full = cells()
    z, y, x = (n // 2 for n in full.shape)
    # What an image may be shrunk by, and labels must not.
    half = np.rint(full.reshape(z, 2, y, 2, x, 2).mean(axis=(1, 3, 5))).astype("uint32")
    _write_levels(path, {"0": full, "1": half}, chunk_shape=(32, 128, 128))


def _write_crumbs(path: Path) -> None:
    _write_levels(path, {"0": _tissue(CRUMBS_SHAPE)}, chunk_shape=CRUMB)


def _write_levels(
    path: Path, levels: dict[str, NDArray[Any]], *, chunk_shape: tuple[int, int, int]
) -> None:
    """Write an OME-Zarr 0.5 whose levels have a scale and no translation."""
    datasets = [
        {
            "path": name,
            "coordinateTransformations": [
                {"type": "scale", "scale": [size * 2 ** int(name) for size in VOXEL_SIZE]}
            ],
        }
        for name in levels
    ]
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    multiscale = {"name": path.name.split(".")[0], "axes": axes, "datasets": datasets}
    ome = {"version": "0.5", "multiscales": [multiscale]}
    group = zarr.create_group(path, attributes={"ome": ome}, zarr_format=3)
    for name, voxels in levels.items():
        array = group.create_array(
            name,
            shape=voxels.shape,
            dtype=voxels.dtype,
            chunks=tuple(map(min, chunk_shape, voxels.shape)),
            compressors=None,
            dimension_names=["z", "y", "x"],
            config={"write_empty_chunks": True},
        )
        array[:] = voxels
