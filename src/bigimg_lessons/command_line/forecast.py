"""What a conversion would write: levels, files and bytes, from the plan alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bigimg_lessons.pyramids.levels import Level, plan_levels

_OF_FORMATS = {
    "ome-zarr-0.4": (128, 128, 128),
    "ome-zarr-0.5": (128, 128, 128),
    "ome-zarr-0.6": (128, 128, 128),
    "ome-tiff": (1, 256, 256),
    "imaris": (64, 64, 64),
    "bdv-hdf5": (64, 64, 64),
    "bdv-n5": (128, 128, 128),
}
_ALWAYS_DEEP = ("imaris", "bdv-hdf5", "bdv-n5")


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What would be written.

    Parameters
    ----------
    levels
        Shapes along the axes of space.
    factors
        Voxels of level 0 along each of them for one of the level.
    chunk_shape
        Voxels of a chunk of level 0.
    nbytes
        Bytes of the voxels of all levels, not compressed.
    files
        Number of files at most: OME-Zarr leaves out chunks of nothing but zeros.
    """

    levels: tuple[tuple[int, ...], ...]
    factors: tuple[tuple[int, ...], ...]
    chunk_shape: tuple[int, ...]
    nbytes: int
    files: int


def forecast(
    file_format: str,
    *,
    shape: Sequence[int],
    images: int,
    item_size: int,
    voxel_size: Sequence[float | None] | None,
    chunk_shape: Sequence[int] | None = None,
    shard_shape: Sequence[int] | None = None,
    max_levels: int | None = None,
) -> Forecast:
    """Work out what `bigimg_lessons.build.build_pyramid` would write with its own settings.

    Parameters
    ----------
    file_format
        As it calls it.
    shape
        Voxels of the image along z, y and x, or y and x.
    images
        Number of time points times that of channels.
    item_size
        Bytes of a voxel.
    voxel_size, chunk_shape, shard_shape, max_levels
        As there.

    Raises
    ------
    ValueError
        If these do not fit each other.
    """
    space = tuple(shape)
    if file_format in _ALWAYS_DEEP and len(space) == 2:
        space = (1, *space)
        voxel_size = (None, *voxel_size) if voxel_size and len(voxel_size) == 2 else voxel_size
    chunk = _chunk(file_format, len(space)) if chunk_shape is None else tuple(chunk_shape)
    levels = _levels(file_format, space, chunk, voxel_size, max_levels)
    shapes = tuple(level.shape for level in levels)
    # A level that is smaller than a chunk has smaller chunks, but tiles are of one size.
    cut = [tuple(map(min, chunk, each)) for each in shapes]
    stored = sum(map(math.prod, shapes))
    return Forecast(
        levels=shapes,
        factors=tuple(level.factors for level in levels),
        chunk_shape=chunk if file_format == "ome-tiff" else cut[0],
        nbytes=stored * images * item_size,
        files=_files(file_format, shapes, cut, chunk, shard_shape, images),
    )


def _chunk(file_format: str, axes: int) -> tuple[int, ...]:
    if file_format.startswith("ome-zarr") and axes == 2:
        return (1024, 1024)
    return _OF_FORMATS[file_format][-axes:]


def _levels(
    file_format: str,
    space: tuple[int, ...],
    chunk: tuple[int, ...],
    voxel_size: Sequence[float | None] | None,
    max_levels: int | None,
) -> tuple[Level, ...]:
    factors = None
    if file_format == "ome-tiff":  # whose levels have as many planes as the image
        flat = plan_levels(
            space[-2:],
            chunk_shape=chunk[-2:],
            voxel_size=None if voxel_size is None else voxel_size[-2:],
        )
        factors = [(1,) * (len(space) - 2) + level.factors for level in flat]
    return plan_levels(
        space,
        chunk_shape=chunk,
        voxel_size=voxel_size,
        factors=factors,
        max_levels=max_levels,
    )


def _files(
    file_format: str,
    shapes: Sequence[tuple[int, ...]],
    cut: Sequence[tuple[int, ...]],
    chunk: tuple[int, ...],
    shard: Sequence[int] | None,
    images: int,
) -> int:
    if file_format in ("ome-tiff", "imaris"):
        return 1
    if file_format == "bdv-hdf5":
        return 2
    units = cut
    if shard is not None:
        # A shard is cut to the chunks that the level has.
        units = [
            tuple(min(s, c * -(-n // c)) for s, n, c in zip(shard, shape, each, strict=True))
            for shape, each in zip(shapes, cut, strict=True)
        ]
    chunks = images * sum(
        math.prod(-(-n // u) for n, u in zip(shape, unit, strict=True))
        for shape, unit in zip(shapes, units, strict=True)
    )
    if file_format == "bdv-n5":  # attributes of datasets, views, setups and the root; the XML
        return chunks + images * (len(shapes) + 2) + 2
    documents = 2 if file_format == "ome-zarr-0.4" else 1
    return chunks + documents * (1 + len(shapes))
