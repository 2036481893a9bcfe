"""Write the image to zoom into: a synthetic section of tissue as an OME-Zarr 0.5 pyramid.

The section is painted by the package's own tissue painter, so it is invented and the same
everywhere. Noise does not compress, and the image lies on the site as it is; so the section is
the mean of 16 planes, 10 nm apart, which leaves little of each plane's noise, and it is stored
with 128 grey values. Every chunk is one file, compressed with gzip, which browsers can unpack.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import zarr
from gzip_times import forget_times
from numpy.typing import NDArray
from zarr.codecs import GzipCodec

from bigimg_lessons.build import build_pyramid
from bigimg_lessons.pyramids.downsampling import downsample_mean
from bigimg_lessons.samples.tissue import BRICK, GENERATOR
from bigimg_lessons.samples.volume import SampleVolume
from bigimg_lessons.saving.files import replaced
from bigimg_lessons.widgets.zoom_viewer import thumbnail

PIXELS = 4096  # along y and x
PIXEL_SIZE = 0.04  # µm, along y and x
CHUNK = 256  # pixels along y and x
PLANES, PLANE_STEP = 16, 0.01  # averaged into the section; µm from one to the next
CAPTION = (
    "Synthetic tissue, painted by bigimg-lessons: no microscope has seen it. The mean of "
    f"{PLANES} planes, {PLANES * PLANE_STEP * 1000:g} nm together, in 128 grey values."
)
DARKEST, BRIGHTEST = 32, 108  # grey values to show as black and as white
GZIP_LEVEL = 9
RECIPE = (
    f"build_pyramid, {GENERATOR}, {PIXELS}, {PIXEL_SIZE}, {CHUNK}, {GZIP_LEVEL}, {CAPTION}, "
    f"{DARKEST}, {BRIGHTEST}"
)
"""Everything that decides what is written: with another text the image is written again."""


class Section:
    """The section, painted where it is read: an image as `build_pyramid` takes it.

    Parameters
    ----------
    pixels
        Size along y and x.
    """

    dtype = np.dtype("uint8")
    chunks = BRICK[1:]  # what is painted at once

    def __init__(self, pixels: int) -> None:
        self.shape = (pixels, pixels)
        # The section lies near the top of the specimen, where that is smaller and all of it shows.
        depth = round(pixels * PIXEL_SIZE / 2 / PLANE_STEP)
        self._volume = SampleVolume(
            (depth, pixels, pixels), voxel_size=(PLANE_STEP, PIXEL_SIZE, PIXEL_SIZE)
        )

    def __getitem__(self, region: tuple[slice, slice]) -> NDArray[Any]:
        """Paint a region (y, x)."""
        planes = self._volume.block(slice(0, PLANES), *region)
        section: NDArray[Any] = downsample_mean(planes, (PLANES, 1, 1))[0] // 2
        return section


def write_zoom_image(folder: Path, *, pixels: int = PIXELS) -> None:
    """Write the section and its pyramid; `folder` is complete or not there.

    Beside the levels lie ``thumbnail.jpg``, the coarsest level for pages without scripts, and
    in the group's attributes, under ``bigimg_lessons``, a ``caption`` and ``chunk_bytes``: for
    each level the sizes of the stored chunks, row by row.

    Parameters
    ----------
    folder
        Folder to create, and its parents.
    pixels
        Size along y and x; the tissue fills a smaller image just as well.

    Raises
    ------
    FileExistsError
        If `folder` exists.
    ValueError
        If `pixels` is less than the size of a brick of the painter, 128.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} is there already: remove it, or choose another folder.")
    if pixels < max(BRICK):
        raise ValueError(f"pixels is {pixels}: give {max(BRICK)} or more.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Without an indent, as pages load what the metadata hold.
    with replaced(folder) as new, zarr.config.set({"json_indent": None}):
        build_pyramid(
            Section(pixels),
            new,
            file_format="ome-zarr-0.5",
            axes="YX",
            voxel_size=(PIXEL_SIZE, PIXEL_SIZE),
            unit="µm",
            channel_names=["tissue"],
            chunk_shape=(CHUNK, CHUNK),
            codec=GzipCodec(level=GZIP_LEVEL),
            progress=False,
        )
        forget_times(new)
        _describe(new)


def _describe(folder: Path) -> None:
    """Add what the viewer and the pages need to a pyramid: grey values, caption, chunk sizes."""
    group = zarr.open_group(folder, mode="r+")
    ome: Any = group.attrs["ome"]
    (multiscale,), (channel,) = ome["multiscales"], ome["omero"]["channels"]
    multiscale["name"] = "Synthetic tissue, one section"
    channel["window"] = {"min": 0, "max": 127, "start": DARKEST, "end": BRIGHTEST}
    names = [dataset["path"] for dataset in multiscale["datasets"]]
    levels = [zarr.open_array(folder / name, mode="r") for name in names]
    chunk_bytes = [
        [
            (folder / name / "c" / str(y) / str(x)).stat().st_size
            for y, x in np.ndindex(*level.cdata_shape)
        ]
        for name, level in zip(names, levels, strict=True)
    ]
    group.update_attributes(
        {"ome": ome, "bigimg_lessons": {"caption": CAPTION, "chunk_bytes": chunk_bytes}}
    )
    image = thumbnail(np.asarray(levels[-1]), contrast=(DARKEST, BRIGHTEST))
    (folder / "thumbnail.jpg").write_bytes(image)
