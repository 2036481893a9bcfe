"""Build all levels of a pyramid in one pass over an image, block by block.

The mean of a level is taken over the voxels of *level 0*: from one level to the next go
integer sums, which are divided only to be written. So no level inherits the rounding of the
one above, and a half-filled box at the image's edge weighs what it holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from bigimg_lessons.downsampling import (
    SUM_AND_COUNT,
    Array,
    Downsampling,
    Region,
    box_means,
    box_sums,
    downsample_mode,
    downsample_stride,
    nan_means,
    nan_sums,
    sum_dtype,
)
from bigimg_lessons.levels import Level, whole_numbers
from bigimg_lessons.voxels import checked_voxels, plain_dtype


def plan_blocks(
    levels: Sequence[Level],
    *,
    chunk_shape: Sequence[int],
    dtype: npt.DTypeLike,
    source_chunk_shape: Sequence[int] | None = None,
    downsampling: Downsampling = "mean",
    memory_limit: int = 256 * 2**20,
    least_bytes: int = 2 * 2**20,
) -> tuple[int, ...]:
    """Choose the shape of the blocks in which :func:`build_levels` goes through the image.

    A block is made of whole chunks of the pyramid, and of whole chunks of the source, so that
    each of these is read once. Where such blocks would need more than `memory_limit`, they are
    smaller, and a chunk of the source that two blocks share is read for each of them.

    Parameters
    ----------
    levels
        The plan, from level 0 on.
    chunk_shape
        Voxels of a chunk of the pyramid along each axis.
    dtype
        Of the image.
    source_chunk_shape
        Voxels along each axis of the source's own chunks, if it has any.
    downsampling
        As for :func:`build_levels`.
    memory_limit
        Bytes that one block and what is kept of it for all levels may take together; one
        chunk of the pyramid is taken even where that is more.
    least_bytes
        Bytes below which a block costs more for being asked for than for what it brings: it is
        made larger as far as `memory_limit` allows.

    Returns
    -------
    tuple of int
        Voxels of a block along each axis; along a short axis it may be more than there are.

    Raises
    ------
    TypeError
        If the dtype has no exact mean, see :func:`downsample_mean`.
    ValueError
        If the number of axes differs, or a number is not positive.

    Examples
    --------
    >>> from bigimg_lessons.levels import plan_levels
    >>> levels = plan_levels((256, 2048, 2048), chunk_shape=(64, 64, 64))
    >>> plan_blocks(
    ...     levels, chunk_shape=(64, 64, 64), dtype="uint8", source_chunk_shape=(1, 512, 512)
    ... )
    (64, 512, 512)
    """
    shape = levels[0].shape
    dtype = plain_dtype(dtype)
    ratios = [_ratio(finer, level) for finer, level in pairwise(levels)]
    unit = tuple(map(math.lcm, whole_numbers("chunk_shape", chunk_shape, like=shape), *ratios))
    source = whole_numbers("source_chunk_shape", source_chunk_shape or unit, like=shape)
    whole = [u * -(-n // u) for u, n in zip(unit, shape, strict=True)]
    block = [min(math.lcm(u, s), w) for u, s, w in zip(unit, source, whole, strict=True)]

    def memory() -> int:
        return block_bytes(levels, block_shape=block, dtype=dtype, downsampling=downsampling)

    while memory() > memory_limit and tuple(block) != unit:
        units = [b // u for b, u in zip(block, unit, strict=True)]
        axis = units.index(max(units))
        block[axis] = unit[axis] * -(-units[axis] // 2)
    # Doubling an axis doubles the memory at most.
    # What sticks out of the image is no voxel: blocks of small frames hold many of them.
    while (
        math.prod(map(min, block, shape)) * dtype.itemsize < least_bytes
        and 2 * memory() <= memory_limit
    ):
        short = [axis for axis, (b, w) in enumerate(zip(block, whole, strict=True)) if b < w]
        if not short:
            break
        axis = min(reversed(short), key=block.__getitem__)
        block[axis] = min(2 * block[axis], whole[axis])
    return tuple(block)


def block_bytes(
    levels: Sequence[Level],
    *,
    block_shape: Sequence[int],
    dtype: npt.DTypeLike,
    downsampling: Downsampling = "mean",
) -> int:
    """Tell how many bytes one block, and what is kept of it for all levels, take together.

    Parameters
    ----------
    levels, block_shape, dtype, downsampling
        As for :func:`build_levels`.
    """
    return sum(
        math.prod(map(min, block_shape, level.shape))
        * _kept_dtype(np.dtype(dtype), level, downsampling).itemsize
        for level in levels
    )


def reads_per_chunk(
    shape: Sequence[int], *, block_shape: Sequence[int], source_chunk_shape: Sequence[int]
) -> float:
    """Tell how often a chunk of the source is read on average; once if blocks hold whole ones.

    Parameters
    ----------
    shape
        Voxels of the image along each axis.
    block_shape
        Of the blocks in which it is read.
    source_chunk_shape
        Of the source's own chunks.

    Examples
    --------
    >>> reads_per_chunk((64, 512), block_shape=(64, 256), source_chunk_shape=(1, 512))
    2.0
    """
    reads = 1.0
    for n, block, chunk in zip(shape, block_shape, source_chunk_shape, strict=True):
        # Both grids together cut the axis into the pieces that are read.
        pieces = len({*range(0, n, block), *range(0, n, chunk)})
        reads *= pieces / -(-n // chunk)
    return reads


def build_levels(
    read: Callable[[Region], Array],
    write: Callable[[int, tuple[int, ...], Array], object],
    levels: Sequence[Level],
    *,
    block_shape: Sequence[int],
    dtype: npt.DTypeLike,
    downsampling: Downsampling = "mean",
    threads: int = 1,
) -> None:
    """Read an image once, block by block, and write all levels of its pyramid.

    The blocks of all levels form a tree: a block covers a few of the finer level, in 3-D eight
    where the factors double. Blocks of level 0 are read in the order of that tree, and whoever
    brings the last part of a coarser block writes that too. So at any moment each level keeps
    one block, with several threads a few, whatever the size of the image::

        level 2           11
        level 1      5          10         blocks, numbered in the order
        level 0   1 2 3 4     6 7 8 9      in which one thread writes them

    Parameters
    ----------
    read
        Takes slices into level 0, one for each axis, and returns those voxels: as many, and of
        `dtype` or a narrower type of its kind.
    write
        Takes the level, where the block begins along each axis, and the block, of `dtype`, not
        to be changed. The begin is a multiple of `block_shape`, and so of the chunk shape; only
        at the end of the level is a block shorter than that.
    levels
        The plan, from level 0 on.
    block_shape
        From :func:`plan_blocks`.
    dtype
        Of what `read` returns.
    downsampling
        ``mean``, exact over level 0 at every level, or ``nanmean``, the same over those voxels
        that are numbers; ``mode`` for labels, or ``stride``, both taken from the next finer
        level. See the functions ``downsample_...``.
    threads
        Blocks of level 0 to work on at once. If 1, `read` and `write` are called by the calling
        thread; else by several threads at once, never twice for the same voxels.

    Raises
    ------
    TypeError
        If the dtype cannot be downsampled so, or `read` returns another one.
    ValueError
        If `read` returns another number of voxels than it was asked for.
    """
    tree = _Tree(read, write, tuple(levels), tuple(block_shape), plain_dtype(dtype), downsampling)
    if threads == 1:
        for index in tree.leaves():
            tree.build(index)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="pyramid") as pool:
        running: set[Future[None]] = set()
        try:
            for index in tree.leaves():
                if len(running) == threads:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
                # With the caller's context, in which a dask client may be set.
                running.add(pool.submit(copy_context().run, tree.build, index))
            for future in running:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


@dataclass
class _OpenBlock:
    """A block that is being put together from the shrunk blocks of the finer level.

    Parameters
    ----------
    kept
        Sums of boxes for the mean, else voxels.
    missing
        How many of its parts are still to come.
    """

    kept: Array
    missing: int


class _Tree:
    """The blocks of all levels; `index` counts blocks along each axis.

    Parameters
    ----------
    read, write, levels, block_shape, dtype, downsampling
        As for :func:`build_levels`.
    """

    def __init__(
        self,
        read: Callable[[Region], Array],
        write: Callable[[int, tuple[int, ...], Array], object],
        levels: tuple[Level, ...],
        block_shape: tuple[int, ...],
        dtype: np.dtype[Any],
        downsampling: Downsampling,
    ) -> None:
        self._read = read
        self._write = write
        self._levels = levels
        # Integers are all numbers.
        is_plain = downsampling == "nanmean" and dtype.kind != "f"
        self._downsampling = "mean" if is_plain else downsampling
        self._dtype = dtype
        self._kept_dtypes = [_kept_dtype(dtype, level, downsampling) for level in levels]
        self._block = np.array(block_shape)
        self._shapes = [np.array(level.shape) for level in levels]
        self._ratios = [np.array(_ratio(finer, level)) for finer, level in pairwise(levels)]
        self._open: dict[tuple[int, ...], _OpenBlock] = {}
        self._lock = Lock()

    def leaves(self) -> Iterator[Array]:
        """Yield the indices of the blocks of level 0, depth first."""
        top = len(self._levels) - 1
        for index in np.ndindex(*-(self._shapes[top] // -self._block)):
            yield from self._leaves_below(top, np.array(index))

    def _leaves_below(self, depth: int, index: Array) -> Iterator[Array]:
        if depth == 0:
            yield index
            return
        for place in np.ndindex(*self._parts(depth, index)):
            yield from self._leaves_below(depth - 1, index * self._ratios[depth - 1] + place)

    def _parts(self, depth: int, index: Array) -> Array:
        """Return how many blocks of the finer level a block covers along each axis."""
        ratio = self._ratios[depth - 1]
        blocks = -(self._shapes[depth - 1] // -self._block)
        parts: Array = np.minimum(ratio, blocks - index * ratio)
        return parts

    def _bounds(self, depth: int, index: Array) -> tuple[Array, Array]:
        start = index * self._block
        return start, np.minimum(start + self._block, self._shapes[depth])

    def build(self, index: Array) -> None:
        """Read and write a block of level 0, and all coarser blocks which that completes."""
        start, stop = self._bounds(0, index)
        region = _region(start, stop)
        shape = (stop - start).tolist()
        kept = checked_voxels(self._read(region), shape=shape, dtype=self._dtype, region=region)
        kept = kept.astype(self._dtype, copy=False)
        for depth in range(len(self._levels)):
            start, stop = self._bounds(depth, index)
            done = kept
            if depth and self._downsampling == "mean":
                factors = self._levels[depth].factors
                # Voxels of level 0 that the block covers: at the end fewer than factors say.
                covered = np.minimum(stop * factors, self._shapes[0]) - start * factors
                done = box_means(kept, tuple(covered.tolist()), factors, self._dtype)
            elif depth and self._downsampling == "nanmean":
                done = nan_means(kept, self._dtype)
            self._write(depth, tuple(start.tolist()), done)
            if depth + 1 == len(self._levels):
                return
            parent = index // self._ratios[depth]
            corner = (index - parent * self._ratios[depth]) * self._block // self._ratios[depth]
            whole = self._put(depth + 1, parent, corner, self._shrink(depth, kept))
            if whole is None:
                return
            index, kept = parent, whole

    def _shrink(self, depth: int, kept: Array) -> Array:
        """Shrink what is kept of a block to the next level."""
        ratio = tuple(self._ratios[depth].tolist())
        if self._downsampling == "mean":
            return box_sums(kept, ratio, self._kept_dtypes[depth + 1])
        if self._downsampling == "nanmean":
            return nan_sums(kept, ratio)
        return (downsample_mode if self._downsampling == "mode" else downsample_stride)(kept, ratio)

    def _put(self, depth: int, index: Array, corner: Array, part: Array) -> Array | None:
        """Put a part into its place in an open block; return the block if that was the last."""
        name = (depth, *index.tolist())
        with self._lock:
            if name not in self._open:
                start, stop = self._bounds(depth, index)
                self._open[name] = _OpenBlock(
                    np.empty(stop - start, self._kept_dtypes[depth]),
                    math.prod(self._parts(depth, index).tolist()),
                )
            block = self._open[name]
        block.kept[_region(corner, corner + part.shape)] = part  # no other thread's place
        with self._lock:
            block.missing -= 1
            if block.missing:
                return None
            del self._open[name]
        return block.kept


def _ratio(finer: Level, coarser: Level) -> tuple[int, ...]:
    return tuple(c // f for f, c in zip(finer.factors, coarser.factors, strict=True))


def _region(start: Array, stop: Array) -> Region:
    return tuple(map(slice, start.tolist(), stop.tolist()))


def _kept_dtype(dtype: np.dtype[Any], level: Level, downsampling: Downsampling) -> np.dtype[Any]:
    """Return the dtype in which a level is kept until the next is made from it."""
    if downsampling not in get_args(Downsampling):
        known = ", ".join(map(repr, get_args(Downsampling)))
        raise ValueError(f"downsampling is {downsampling!r}: choose one of {known}.")
    count = math.prod(level.factors)
    if count == 1 or downsampling in ("mode", "stride"):
        return dtype
    needed = sum_dtype(dtype, count)
    return SUM_AND_COUNT if downsampling == "nanmean" and dtype.kind == "f" else needed
