"""The planes of a TIFF that tifffile reads as one image, asked for what it takes for granted.

A series of tifffile is decoded by the tags of its first plane, and what it lacks is read as zeros.
So each plane's own tags are looked at before voxels are read; voxels themselves are not.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffFrame, TiffPage, TiffPageSeries

_ANEW = (
    "write it anew from its planes one by one, which TiffFile.pages[number].asarray() of tifffile "
    "reads right"
)


def image_series(path: Path, tiff: TiffFile) -> TiffPageSeries:
    """Return the series of planes that tifffile takes for the first image.

    Parameters
    ----------
    path
        The file, for messages.
    tiff
        The same, open.

    Raises
    ------
    ValueError
        If tifffile finds none, or planes that it cannot put together.
    """
    try:
        return tiff.series[0]
    except IndexError:
        raise ValueError(f"tifffile finds no image in {path}: give a file with one.") from None
    except RuntimeError as error:
        for number in range(len(tiff.pages)):
            _check_is_like(path, number, tiff.pages.get(number), tiff.pages.first)
        raise ValueError(
            f"tifffile cannot read the planes of {path} as one image ({error}): {_ANEW}."
        ) from error


def check_planes(path: Path, tiff: TiffFile, levels: Sequence[TiffPageSeries]) -> None:
    """Refuse planes that tifffile would decode wrongly, leave out, or fill with zeros.

    Each directory of these levels is read, and none of their voxels.

    Parameters
    ----------
    path
        The file, for messages.
    tiff
        The same, open.
    levels
        Levels of its first series that are to be read.

    Raises
    ------
    ValueError
        If a plane is stored differently from the first one, is missing, or is left out.
    """
    for level in levels:
        for number, page in enumerate(_directories(level)):
            if page is None:
                raise ValueError(
                    f"{path} lacks planes, which may lie in files that are missing: of "
                    f"{_count(level)} that its description tells of, plane {number}, counted from "
                    "0, is not there; put those files beside it, or write it anew with a "
                    "description of the planes that there are."
                )
            _check_is_like(path, number, page, level.keyframe)
    _check_none_is_left_out(path, tiff)


def in_a_row(level: TiffPageSeries, shape: tuple[int, ...]) -> TiffPageSeries:
    """Return a level with all axes of its planes as one, where an image is to have that shape.

    tifffile names axes that it has written itself, where others count planes.

    Parameters
    ----------
    level
        From tifffile.
    shape
        What is wanted.

    Returns
    -------
    TiffPageSeries
        The same level, if that is not its number of planes and their shape.
    """
    from tifffile import TiffPageSeries

    first = level.keyframe
    if level.shape == shape or shape != (len(level), *first.shape):
        return level
    axes = f"I{first.axes}"
    return TiffPageSeries(list(level), shape, level.dtype, axes, transform=level.transform)


def _directories(level: TiffPageSeries) -> Iterator[TiffPage | TiffFrame | None]:
    """Go through the planes of a level that have a directory, or should have one."""
    for number in range(_count(level)):
        try:
            yield level[number]
        except IndexError:
            if level.dataoffset is not None:  # one after the other, behind a single directory
                return
            yield None


def _count(level: TiffPageSeries) -> int:
    return max(1, level.size // max(1, level.keyframe.size))


def _check_is_like(path: Path, number: int, page: TiffPage | TiffFrame, first: TiffPage) -> None:
    if page is first or page.is_virtual:  # of the latter there are voxels and no directory
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that files of several are opened for it
        own, wanted = _stored(page.aspage()), _stored(first)
    differing = [name for name, value in own.items() if value != wanted[name]]
    if differing:
        raise ValueError(
            f"Plane {number} of {path}, counted from 0, is stored differently from the first one "
            f"({', '.join(differing)}), and tifffile reads it wrongly or not at all as part of one "
            f"image: {_ANEW}."
        )


def _stored(page: TiffPage) -> dict[str, Any]:
    """Return what of a plane's tags decides how it is decoded."""
    return {
        "size": page.shaped,
        "type": (page.dtype, page.bitspersample),
        "compression": page.compression,
        "predictor": page.predictor,
        "strips or tiles": (page.is_tiled, page.chunks),
        "order of bits": page.fillorder,
        "order of bytes": page.parent.byteorder,
        # Of grey values it says which is black, of colours how they are unpacked.
        "colour space": page.photometric if page.samplesperpixel > 1 else None,
    }


def _check_none_is_left_out(path: Path, tiff: TiffFile) -> None:
    """Refuse a file with planes like the first one that are not part of any described image."""
    series = tiff.series[0]
    # A description names images; without one, each way of storing makes a series.
    described = [series] if series.kind == "generic" else tiff.series
    taken = {
        page.offset
        for each in described
        for level in each.levels
        for page in _directories(level)
        if page is not None and page.parent is tiff
    }
    if len(tiff.pages) <= len(taken):
        return
    left = [page for page in tiff.pages if page.offset not in taken]
    count = sum(_kind(page.aspage()) == _kind(series.keyframe) for page in left)
    if count:
        raise ValueError(
            f"{path} has {_count(series) + count} planes of one size and type, and tifffile reads "
            f"{_count(series)} of them as its image, because the others are stored differently or "
            f"its description does not tell of them: {_ANEW}."
        )


def _kind(page: TiffPage) -> tuple[Any, ...]:
    return page.imagelength, page.imagewidth, page.samplesperpixel, page.dtype
