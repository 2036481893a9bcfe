"""Make the image to zoom into: a synthetic section of tissue as an OME-Zarr 0.5 pyramid.

The section is painted by the package's own tissue painter, so it is invented and the same
everywhere. Noise does not compress, and the image lies on the site as it is; so the section is
the mean of 16 planes, 10 nm apart, which leaves little of each plane's noise, and it is stored
with 128 grey values. Every chunk is one file, compressed with gzip, which browsers can undo.
"""

from __future__ import annotations

import gzip
import shutil
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import GzipCodec

from bigimg_lessons.build import Level, build_levels, downsample_mean, plan_blocks, plan_levels
from bigimg_lessons.samples.tissue import BRICK, GENERATOR
from bigimg_lessons.samples.volume import SampleVolume
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
RECIPE = f"{GENERATOR}, {PIXELS}, {PIXEL_SIZE}, {CHUNK}, {CAPTION}, {DARKEST}, {BRIGHTEST}"
"""Everything that decides what is written: another text, and the image is to be made anew."""


def make_zoom_image(folder: Path, *, pixels: int = PIXELS) -> None:
    """Write the section and its pyramid, aside first, so that `folder` is whole or not there.

    Beside the levels lie ``thumbnail.jpg``, the coarsest level for pages without scripts, and
    in the group's attributes, under ``bigimg_lessons``, a ``caption`` and ``chunk_bytes``: for
    each level the sizes of the stored chunks, row by row.

    Parameters
    ----------
    folder
        Where; its parent is created.
    pixels
        Along y and x; the tissue fills a smaller image just as well.

    Raises
    ------
    FileExistsError
        If `folder` is there already.
    ValueError
        If `pixels` is less than the size of a brick of the painter, 128.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} is there already: remove it, or choose another folder.")
    if pixels < max(BRICK):
        raise ValueError(f"pixels is {pixels}: give {max(BRICK)} or more.")
    # The section lies near the top of the specimen, where it is smaller and wholly in the picture.
    depth = round(pixels * PIXEL_SIZE / 2 / PLANE_STEP)
    volume = SampleVolume((depth, pixels, pixels), voxel_size=(PLANE_STEP, *(PIXEL_SIZE,) * 2))
    levels = plan_levels(
        (pixels, pixels), chunk_shape=(CHUNK, CHUNK), voxel_size=(PIXEL_SIZE, PIXEL_SIZE)
    )

    def read(region: tuple[slice, ...]) -> NDArray[Any]:
        return downsample_mean(volume.block(slice(0, PLANES), *region), (PLANES, 1, 1))[0] // 2

    aside = folder.with_name(f"{folder.name}.part")
    if aside.exists():  # left behind by a run that was killed
        shutil.rmtree(aside)
    try:
        with zarr.config.set({"json_indent": None}):  # pages load what the metadata hold
            _write(aside, levels, read)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write(folder: Path, levels: tuple[Level, ...], read: Any) -> None:
    """Write all levels from one pass over the pixels, then what depends on them."""
    folder.mkdir(parents=True)
    arrays = [
        zarr.create_array(
            folder,
            name=str(number),
            shape=level.shape,
            chunks=(CHUNK, CHUNK),
            dtype="uint8",
            compressors=GzipCodec(level=9),
            fill_value=0,
            dimension_names=("y", "x"),
        )
        for number, level in enumerate(levels)
    ]

    sizes = [np.zeros(array.cdata_shape, int) for array in arrays]

    # Not by zarr: it writes the time of day into the header of each gzip file, and leaves out
    # chunks of zeros, whose absence a browser would report as an error.
    def write(number: int, start: tuple[int, ...], block: NDArray[Any]) -> None:
        for corner in product(*(range(0, size, CHUNK) for size in block.shape)):
            part = block[tuple(slice(a, a + CHUNK) for a in corner)]
            chunk = np.pad(part, [(0, CHUNK - size) for size in part.shape])
            y, x = ((a + b) // CHUNK for a, b in zip(start, corner, strict=True))
            file = folder / str(number) / "c" / str(y) / str(x)
            file.parent.mkdir(parents=True, exist_ok=True)
            sizes[number][y, x] = file.write_bytes(
                gzip.compress(chunk.tobytes(), compresslevel=9, mtime=0)
            )

    blocks = plan_blocks(
        levels, chunk_shape=(CHUNK, CHUNK), dtype="uint8", source_chunk_shape=BRICK[1:]
    )
    build_levels(read, write, levels, block_shape=blocks, dtype="uint8")
    (folder / "thumbnail.jpg").write_bytes(thumbnail(arrays[-1][:], contrast=(DARKEST, BRIGHTEST)))
    window = {"min": 0, "max": 127, "start": DARKEST, "end": BRIGHTEST}
    channel = {"label": "tissue", "color": "FFFFFF", "active": True, "window": window}
    attributes = {
        "ome": {
            "version": "0.5",
            "multiscales": [_multiscale(levels)],
            "omero": {"channels": [channel]},
        },
        "bigimg_lessons": {
            "caption": CAPTION,
            "chunk_bytes": [level.ravel().tolist() for level in sizes],
        },
    }
    # They come last: without them no reader takes the folder for an image.
    zarr.open_group(folder, mode="r+").update_attributes(attributes)


def _multiscale(levels: tuple[Level, ...]) -> dict[str, Any]:
    return {
        "name": "Synthetic tissue, one section",
        "type": "mean",
        "axes": [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "yx"],
        "datasets": [
            {
                "path": str(number),
                "coordinateTransformations": [
                    {"type": "scale", "scale": level.voxel_size},
                    {"type": "translation", "translation": level.offset},
                ],
            }
            for number, level in enumerate(levels)
        ],
    }
