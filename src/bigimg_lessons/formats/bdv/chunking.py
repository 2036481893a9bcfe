"""Which chunks HDF5 reads at once, and how many of them form one dask chunk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from bigimg_lessons.formats.bdv.layout import Shape

CHUNK_BYTES = 4 * 2**20
"""Size up to which HDF5 chunks are merged into one dask chunk, unless another is given."""

PLANE_BYTES = 64 * 2**20
"""Size up to which a dask chunk is a whole plane where HDF5 stores planes, tiles or rows of one."""


def unit_of_reading(shape: Shape, chunks: Shape | None, itemsize: int, *, packed: bool) -> Shape:
    """Return the smallest piece of a level that HDF5 reads at once.

    HDF5 reads a part of a chunk without the rest of it if no filter packs the chunk and the chunk
    exceeds its cache, of some megabytes.

    Parameters
    ----------
    shape
        Extents of the level, in z, y, x order.
    chunks
        HDF5 chunk in z, y, x order, or ``None`` if the level is not chunked.
    itemsize
        Bytes of one pixel.
    packed
        Whether a filter, such as a compressor, packs the chunks.

    Returns
    -------
    tuple of int
        The chunk, or a row if there is none or if it can be read in parts.
    """
    if chunks is None or (math.prod(chunks) * itemsize > PLANE_BYTES and not packed):
        return (1, 1, shape[2])
    return chunks


def merge_chunks(chunks: Shape, shape: Shape, itemsize: int, chunk_bytes: int | None) -> Shape:
    """Choose a dask chunk that consists of whole HDF5 chunks.

    Where HDF5 chunks are one plane deep, or one row high and as wide as the image, whole planes
    are merged first: reading one costs dask a task and an opened file for each of its chunks.

    Parameters
    ----------
    chunks
        HDF5 chunk, in z, y, x order; may exceed `shape`. A level that is not chunked is given as
        rows.
    shape
        Extents of the level, in z, y, x order.
    itemsize
        Bytes of one pixel.
    chunk_bytes
        Maximum size in bytes, or ``None`` to keep the HDF5 chunks. Planes may have up to
        `PLANE_BYTES` in any case, and rows become planes even if it is ``None``.

    Returns
    -------
    tuple of int
        Chunk in z, y, x order: a power of two of HDF5 chunks along each axis, or the whole
        axis. The shortest axis grows first; where HDF5 stores planes, their axes do.
    """
    merged = [min(chunk, extent) for chunk, extent in zip(chunks, shape, strict=True)]
    in_rows = merged[1] == 1 and merged[2] == shape[2]
    in_planes = in_rows or merged[0] == 1
    if in_rows or (in_planes and chunk_bytes is not None):
        limit = max(PLANE_BYTES, chunk_bytes or 0)
        for axis in (2, 1):
            while _grows(merged, shape, axis, itemsize, limit):
                merged[axis] = min(2 * merged[axis], shape[axis])
    while chunk_bytes is not None:
        growing = [a for a in range(3) if _grows(merged, shape, a, itemsize, chunk_bytes)]
        if not growing:
            break
        axis = min(growing, key=lambda axis: merged[axis])
        merged[axis] = min(2 * merged[axis], shape[axis])
    return (merged[0], merged[1], merged[2])


def _grows(merged: Sequence[int], shape: Shape, axis: int, itemsize: int, limit: int) -> bool:
    """Whether a chunk can double along an axis, or reach its end, within a number of bytes."""
    others = math.prod(merged) // merged[axis] * itemsize
    return merged[axis] < shape[axis] and min(2 * merged[axis], shape[axis]) * others <= limit


def cuts(extent: int, step: int, start: int) -> tuple[int, ...]:
    """Return the lengths of dask chunks along an axis, cut where chunks of HDF5 end."""
    ends = range(step - start % step, extent, step)
    return tuple(stop - first for first, stop in pairwise([0, *ends, extent]))
