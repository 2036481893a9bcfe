"""Files that are shown to several inspectors, and what is true of each.

Their numbers are chosen so that none occurs by chance: what stands in an output was told.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from bigimg_lessons import build_pyramid

SHAPE = (46, 523, 787)
"""zyx, voxels."""

VOXEL_SIZE = (2.75, 0.37, 0.37)
"""zyx, µm."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A file.

    Parameters
    ----------
    title
        As a person says it.
    write
        Writes it into a folder, and returns the path that an inspector is given.
    chunk
        Voxels of a strip, tile or chunk, as far as they are no 1.
    codec
        What its compression is called, in one word or another; empty without any.
    level
        Voxels of level 1, None if there is none.
    is_ill
        Whether there is something to mend.
    """

    title: str
    write: Callable[[Path], Path]
    chunk: Sequence[int]
    codec: Sequence[str]
    level: Sequence[int] | None
    is_ill: bool = False


def _image() -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    z, y, x = np.ogrid[tuple(slice(0, n) for n in SHAPE)]
    return (z * 50 + y + x).astype("uint16")


def _stack(folder: Path) -> Path:
    tifffile.imwrite(
        folder / "stack.tif",
        _image(),
        imagej=True,
        resolution=(1 / VOXEL_SIZE[1], 1 / VOXEL_SIZE[2]),
        metadata={"axes": "ZYX", "spacing": VOXEL_SIZE[0], "unit": "um"},
        rowsperstrip=29,
    )
    return folder / "stack.tif"


def _built(name: str, chunk: tuple[int, ...], **options: object) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path = build_pyramid(
                _image(),
                folder / name,
                voxel_size=VOXEL_SIZE,
                unit="µm",
                chunk_shape=chunk,
                factors=[(1, 1, 1), (1, 2, 2)],
                progress=False,
                **options,  # type: ignore[arg-type]  # its own
            )
        # Of BigDataViewer's two files the one that a tool for HDF5 opens.
        return Path(path).with_suffix(".h5") if name.endswith(".xml") else Path(path)

    return write


_HALF = (46, 262, 394)

SAMPLES = {
    "tiff": Sample(
        title="TIFF of strips", write=_stack, chunk=(29,), codec=(), level=None, is_ill=True
    ),
    "ome-tiff": Sample(
        title="OME-TIFF",
        write=_built("a.ome.tif", (1, 112, 144)),
        chunk=(112, 144),
        codec=("zstd", "50000"),  # what the tag says
        level=_HALF[1:],
    ),
    "hdf5": Sample(
        title="BDV-HDF5",
        write=_built("a.xml", (19, 53, 71)),
        chunk=(19, 53, 71),
        codec=("deflate", "gzip"),
        level=_HALF,
    ),
    "zarr-0.4": Sample(
        title="OME-Zarr 0.4",
        write=_built("a04.ome.zarr", (19, 53, 71), file_format="ome-zarr-0.4"),
        chunk=(19, 53, 71),
        codec=("blosc", "zstd"),
        level=_HALF,
    ),
    "zarr-0.5": Sample(
        title="OME-Zarr 0.5",
        write=_built("a05.ome.zarr", (19, 53, 71), file_format="ome-zarr-0.5"),
        chunk=(19, 53, 71),
        codec=("blosc", "zstd"),
        level=_HALF,
    ),
}
"""The files, by a short name."""
