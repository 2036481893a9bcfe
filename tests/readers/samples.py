"""One small image in each format, and what is true of it: what the readers are asked about.

The image is made input: two channels of 16-bit noise, whose sides can be halved twice, so that all
levels have exact voxel sizes.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from bigimg_lessons.build import FileFormat, build_pyramid

SHAPE = (2, 40, 132, 200)
"""Voxels along c, z, y, x."""
VOXEL_SIZE = (0.5, 0.25, 0.125)
"""In µm, along z, y, x."""
CHANNELS = ("nuclei", "membranes")
FACTORS = ((1, 1, 1), (1, 2, 2), (2, 4, 4))
FLAT_FACTORS = ((1, 1, 1), (1, 2, 2), (1, 4, 4))
"""Of OME-TIFF, whose levels have all planes."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A file that readers are asked about.

    Parameters
    ----------
    title
        As a person says it.
    write
        Takes the folder to write into; returns the path by which readers open the file.
    factors
        Of all levels.
    """

    title: str
    write: Callable[[Path], Path]
    factors: tuple[tuple[int, int, int], ...] = FACTORS

    @property
    def level_shapes(self) -> list[tuple[int, int, int]]:
        """The voxels of each level along z, y, x."""
        return [(SHAPE[1] // z, SHAPE[2] // y, SHAPE[3] // x) for z, y, x in self.factors]

    @property
    def voxel_sizes(self) -> list[tuple[float, ...]]:
        """The voxel size of each level in µm along z, y, x."""
        return [
            tuple(factor * size for factor, size in zip(each, VOXEL_SIZE, strict=True))
            for each in self.factors
        ]

    @property
    def translations(self) -> list[tuple[float, ...]]:
        """Where the centre of each level's first voxel lies, in µm along z, y, x.

        That of level 0 lies at the origin, and a voxel of a level is the mean of a box of those.
        """
        return [
            tuple((factor - 1) / 2 * size for factor, size in zip(each, VOXEL_SIZE, strict=True))
            for each in self.factors
        ]


def image() -> NDArray[np.uint16]:
    """Return the image, c, z, y, x."""
    return np.random.default_rng(5).integers(100, 4000, SHAPE, dtype=np.uint16)


def digests() -> list[str]:
    """Return the SHA-256 of each channel's voxels, little-endian."""
    return [hashlib.sha256(each.astype("<u2").tobytes()).hexdigest() for each in image()]


def _pyramid(
    folder: Path,
    *,
    name: str,
    file_format: FileFormat,
    flat: bool = False,
    shards: tuple[int, int, int] | None = None,
) -> Path:
    factors = FLAT_FACTORS if flat else FACTORS
    path = build_pyramid(
        image(),
        folder / name,
        file_format=file_format,
        axes="CZYX",
        voxel_size=VOXEL_SIZE,
        unit="µm",
        channel_names=CHANNELS,
        chunk_shape=(1, 64, 64) if flat else (32, 32, 32),
        shard_shape=shards,
        factors=factors,
        progress=False,
    )
    return Path(path)


def _imagej(folder: Path) -> Path:
    path = folder / "image.tif"
    z, y, x = VOXEL_SIZE
    tifffile.imwrite(
        path,
        np.moveaxis(image(), 0, 1),
        imagej=True,
        resolution=(1 / x, 1 / y),
        metadata={"axes": "ZCYX", "spacing": z, "unit": "um", "Labels": _labels()},
    )
    return path


def _labels() -> list[str]:
    """Return ImageJ's label of each plane."""
    return [name for _, name in itertools.product(range(SHAPE[1]), CHANNELS)]


def _zipped(folder: Path) -> Path:
    """Write an OME-Zarr 0.5 in shards as one file, as RFC-9 of OME-Zarr recommends."""
    path = folder / "image.ozx"
    image = _pyramid(
        folder, name="zipped.ome.zarr", file_format="ome-zarr-0.5", shards=(64, 64, 64)
    )
    names = [each.relative_to(image) for each in image.rglob("*") if each.is_file()]
    names.sort(key=lambda name: (name.name != "zarr.json", len(name.parts), name))
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            with archive.open(name.as_posix(), "w", force_zip64=True) as entry:
                entry.write((image / name).read_bytes())
        order = {"centralDirectory": {"jsonFirst": True}}
        archive.comment = json.dumps({"ome": {"version": "0.5", "zipFile": order}}).encode()
    return path


SAMPLES = {
    "imagej-tiff": Sample(title="TIFF of ImageJ", write=_imagej, factors=((1, 1, 1),)),
    "ome-tiff": Sample(
        title="OME-TIFF",
        write=partial(_pyramid, name="image.ome.tif", file_format="ome-tiff", flat=True),
        factors=FLAT_FACTORS,
    ),
    "bdv-hdf5": Sample(
        title="BDV-HDF5", write=partial(_pyramid, name="image.xml", file_format="bdv-hdf5")
    ),
    "imaris": Sample(
        title="Imaris", write=partial(_pyramid, name="image.ims", file_format="imaris")
    ),
    "bdv-n5": Sample(
        title="BDV-N5", write=partial(_pyramid, name="volume.n5", file_format="bdv-n5")
    ),
    "ome-zarr-0.4": Sample(
        title="OME-Zarr 0.4",
        write=partial(_pyramid, name="image04.ome.zarr", file_format="ome-zarr-0.4"),
    ),
    "ome-zarr-0.5": Sample(
        title="OME-Zarr 0.5",
        write=partial(_pyramid, name="image05.ome.zarr", file_format="ome-zarr-0.5"),
    ),
    "ome-zarr-0.5-shards": Sample(
        title="OME-Zarr 0.5 in shards",
        write=partial(
            _pyramid,
            name="image05s.ome.zarr",
            file_format="ome-zarr-0.5",
            shards=(64, 64, 64),
        ),
    ),
    "ome-zarr-0.6": Sample(
        title="OME-Zarr 0.6",
        write=partial(_pyramid, name="image06.ome.zarr", file_format="ome-zarr-0.6"),
    ),
    "ozx": Sample(title="OME-Zarr 0.5 in one file (.ozx)", write=_zipped),
}
