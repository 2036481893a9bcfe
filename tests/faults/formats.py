"""The table of formats that must lose nothing. A new format is in the suite by an entry here."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

import bigimg_lessons.formats.bdv.writer
import bigimg_lessons.formats.imaris.writer
import bigimg_lessons.formats.n5
import bigimg_lessons.formats.ome_tiff
import bigimg_lessons.formats.ome_zarr
import bigimg_lessons.pyramids.source  # noqa: F401 - all that is else imported by each fork
from bigimg_lessons.build import build_pyramid
from bigimg_lessons.samples.files import sample_tiff
from bigimg_lessons.samples.volume import SampleVolume
from tests.faults import foreign, images, judges


@dataclass(frozen=True)
class Format:
    """How to write an image in a format, and how to tell what stands there.

    Parameters
    ----------
    files
        Names of the files or folders of an image; last the one by which it is opened.
    write
        Called with the folder and a version: writes it there, over what is there.
    judge
        Called with the path by which an image is opened; see :mod:`tests.faults.judges`.
    versions
        That can be written: the first is the old one.
    foreign
        What is not to be overwritten: by what it is, a function that makes it in a folder in
        which version 0 stands, and returns the name that the refusal tells.
    harmless
        Files that are no reason not to overwrite, relative to the folder.
    refuses_links
        Whether a link at the place of the image is refused.
    is_one_file
        Whether one move puts the new image into the place of the old, so that at no moment
        nothing stands there.
    """

    files: tuple[str, ...]
    write: Callable[..., object]
    judge: Callable[[Path], int | None]
    versions: range = images.VERSIONS
    foreign: Mapping[str, Callable[[Path], str]] = field(default_factory=dict)
    harmless: tuple[str, ...] = ()
    refuses_links: bool = True
    is_one_file: bool = False

    def stands(self, folder: Path) -> int | None:
        """Judge what stands in a folder."""
        return self.judge(folder / self.files[-1])


def _write(folder: Path, version: int, *, name: str, **options: Any) -> None:
    options = {"factors": images.FACTORS, "chunk_shape": images.CHUNK_SHAPE, **options}
    build_pyramid(
        images.pixels(version),
        folder / name,
        voxel_size=images.voxel_size(version),
        unit="µm",
        overwrite=True,
        progress=False,
        **options,
    )


_VOLUME = SampleVolume((4, 40, 48))
_VOLUME.block(*(slice(0, extent) for extent in _VOLUME.shape))  # its tables, for all forks


def _write_sample(folder: Path, version: int) -> None:
    if version:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".* is created again, because")
            sample_tiff(_VOLUME, folder=folder, progress=False)
        return
    # What an older release has made.
    path = folder / _VOLUME.file_name
    tifffile.imwrite(path, np.zeros(_VOLUME.shape, "uint8"), imagej=True, metadata={"spacing": 9})
    content = path.read_bytes()
    note = {
        "generator": 0,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    path.with_name(f"{path.name}.json").write_text(json.dumps(note), encoding="utf-8")


def _ome_zarr(**options: Any) -> Format:
    name = "image.ome.zarr"
    return Format(
        (name,),
        partial(_write, name=name, **options),
        judges.ome_zarr,
        foreign={what: partial(make, name=name) for what, make in foreign.AT_OME_ZARR.items()},
        harmless=(f"{name}/.DS_Store", f"{name}/1/Thumbs.db"),
    )


_OME_TIFF = "image.ome.tif"

FORMATS = {
    "ome-zarr-0.5": _ome_zarr(file_format="ome-zarr-0.5"),
    "ome-zarr-0.5-shards": _ome_zarr(file_format="ome-zarr-0.5", shard_shape=(8, 32, 32)),
    "ome-zarr-0.4": _ome_zarr(file_format="ome-zarr-0.4"),
    "ome-zarr-0.6": _ome_zarr(file_format="ome-zarr-0.6"),
    "bdv-hdf5": Format(
        ("image.h5", "image.xml"),
        partial(_write, name="image.xml", file_format="bdv-hdf5"),
        judges.bdv_hdf5,
        foreign=foreign.AT_BDV_HDF5,
    ),
    "bdv-n5": Format(
        ("image.n5", "image.xml"),
        partial(_write, name="image.n5"),
        judges.bdv_n5,
        foreign=foreign.AT_BDV_N5,
        harmless=("image.n5/.DS_Store", "image.n5/setup0/timepoint0/s0/Thumbs.db"),
    ),
    "ome-tiff": Format(
        (_OME_TIFF,),
        partial(
            _write,
            name=_OME_TIFF,
            factors=images.FLAT_FACTORS,
            chunk_shape=(1, *images.CHUNK_SHAPE[1:]),
        ),
        judges.ome_tiff,
        foreign={what: partial(make, name=_OME_TIFF) for what, make in foreign.AT_OME_TIFF.items()},
        is_one_file=True,
    ),
    "imaris": Format(
        ("image.ims",),
        partial(_write, name="image.ims", file_format="imaris"),
        judges.imaris,
        foreign=foreign.AT_IMARIS,
        is_one_file=True,
    ),
    "sample-tiff": Format(
        (f"{_VOLUME.file_name}.json", _VOLUME.file_name),
        _write_sample,
        judges.sample,
        versions=range(2),
        refuses_links=False,  # a data folder may be made of links
    ),
}
