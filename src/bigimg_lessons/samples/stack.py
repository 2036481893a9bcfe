"""TIFF stacks: writing a sample volume as one, and checking whether a file is complete."""

from __future__ import annotations

import logging
import math
import os
import warnings
from contextlib import closing
from pathlib import Path
from typing import cast

import tifffile
from tqdm import tqdm

from bigimg_lessons.samples.painters import paint
from bigimg_lessons.samples.tissue import BRICK
from bigimg_lessons.samples.volume import SampleVolume

LARGEST_CLASSIC_TIFF = 2**32 - 2**25  # bytes of pixels; a margin of 32 MiB is left for the tags
PIECE = (BRICK[0], BRICK[1], 16 * BRICK[2])  # voxels painted and written at once, zyx


def bytes_needed(volume: SampleVolume) -> int:
    """Size of a volume's file at most, with one row in each strip."""
    planes, rows, _ = volume.shape
    return volume.nbytes + planes * (1024 + 16 * rows)


def write_stack(volume: SampleVolume, path: Path, *, progress: bool, rows_per_strip: int) -> None:
    """Write a volume as an uncompressed TIFF stack, and wait until it is on the disk.

    Parameters
    ----------
    volume
        What to write.
    path
        File to create.
    progress
        Whether to show a bar on standard error.
    rows_per_strip
        Rows of pixels in each strip.
    """
    offset = _write_tags(volume, path, rows_per_strip)
    _write_pixels(volume, path, offset, progress=progress)
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _is_big(volume: SampleVolume) -> bool:
    """Tell whether a volume needs a BigTIFF."""
    return volume.nbytes > LARGEST_CLASSIC_TIFF


def _write_tags(volume: SampleVolume, path: Path, rows_per_strip: int) -> int:
    """Write a TIFF stack with space for the pixels; return at which byte they start."""
    z, y, x = volume.voxel_size
    with warnings.catch_warnings():
        # ImageJ itself reads no BigTIFF, but Bio-Formats, bioio and tifffile find its metadata.
        warnings.filterwarnings("ignore", "(?s).*nonconformant BigTIFF ImageJ")
        placed = tifffile.imwrite(
            path,
            shape=volume.shape,
            dtype=volume.dtype,
            byteorder="<",
            bigtiff=_is_big(volume),
            imagej=True,
            rowsperstrip=min(rows_per_strip, volume.shape[1]),
            resolution=(1 / x, 1 / y),
            metadata={"axes": "ZYX", "spacing": z, "unit": "um"},
            returnoffset=True,
        )
    offset, _ = cast(tuple[int, int], placed)
    return offset


def _write_pixels(volume: SampleVolume, path: Path, offset: int, *, progress: bool) -> None:
    """Compute a volume and write it into a file, from the byte `offset` on."""
    bar = tqdm(
        total=volume.nbytes,
        desc="Making the sample volume",
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
        disable=not progress,
    )
    with bar, closing(paint(volume, path, offset, PIECE)) as parts:
        for count in parts:
            bar.update(count)


class _Complaints(logging.Handler):
    """Remembers whether tifffile, which logs what it finds wrong and reads on, logged an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen = False

    def emit(self, record: logging.LogRecord) -> None:
        """Remember that there was one."""
        self.seen = True


def whole_stack(path: Path) -> Path:
    """Return the path of a stack; refuse a file that is not a TIFF or that ends too early."""
    complaints = _Complaints()
    logger = logging.getLogger("tifffile")
    logger.addHandler(complaints)
    try:
        with tifffile.TiffFile(path) as tiff:
            series, pages = tiff.series[0], tiff.pages
            if series.dataoffset is not None:  # pixels in one run; perhaps only one page is listed
                planes = series.size // math.prod(pages[0].shape)
                whole = len(pages) in (1, planes)
                end = series.dataoffset + series.nbytes
            else:
                whole = True
                end = max(
                    offset + count
                    for page in pages
                    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True)
                )
    except OSError:
        raise
    except Exception as error:  # parsing another format as TIFF may raise anything
        raise ValueError(
            f"{path} cannot be read as a TIFF file: give another one, or copy it again."
        ) from error
    finally:
        logger.removeHandler(complaints)
    size = path.stat().st_size
    if complaints.seen or not whole or end > size:
        raise ValueError(
            f"{path} is not whole: it has {size} bytes, and what it lists does not fit into them; "
            "copy or download it again."
        )
    return path
