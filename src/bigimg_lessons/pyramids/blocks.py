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
from typing import Any

import numpy as np
import numpy.typing as npt

from bigimg_lessons.pyramids.block_plans import kept_dtype, step_between
from bigimg_lessons.pyramids.downsampling import (
    Array,
    Downsampling,
    Region,
    box_means,
    box_sums,
    downsample_mode,
    downsample_stride,
    nan_means,
    nan_sums,
)
from bigimg_lessons.pyramids.levels import Level
from bigimg_lessons.pyramids.voxels import checked_voxels, plain_dtype
from bigimg_lessons.saving.interrupts import interrupts_wait


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
        From :func:`bigimg_lessons.pyramids.block_plans.plan_blocks`.
    dtype
        Type of the voxels that `read` returns.
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
                # A pool that is interrupted while it starts a thread does not wait for that at its
                # end. With the caller's context, in which a dask client may be set.
                with interrupts_wait():
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
        self._kept_dtypes = [kept_dtype(dtype, level, downsampling) for level in levels]
        self._block = np.array(block_shape)
        self._shapes = [np.array(level.shape) for level in levels]
        self._ratios = [np.array(step_between(finer, level)) for finer, level in pairwise(levels)]
        self._open: dict[tuple[int, ...], _OpenBlock] = {}
        # Sums are put together in the memory of those before: given back and asked for again, it
        # would pile up with the C library.
        self._spare: list[list[Array]] = [[] for _ in levels]
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
                if depth:
                    self._leave(depth, kept)
                return
            parent = index // self._ratios[depth]
            corner = (index - parent * self._ratios[depth]) * self._block // self._ratios[depth]
            part = self._shrink(depth, kept)
            if depth:
                self._leave(depth, kept)
            whole = self._put(depth + 1, parent, corner, part)
            del done, part  # before more is held
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

    def _room(self, depth: int, shape: Array) -> Array:
        """Return an array of any content in which a block can be put together."""
        if self._spare[depth]:
            flat = self._spare[depth].pop()
        else:
            largest = math.prod(np.minimum(self._block, self._shapes[depth]).tolist())
            flat = np.empty(largest, self._kept_dtypes[depth])
        return flat[: math.prod(shape.tolist())].reshape(shape)

    def _leave(self, depth: int, kept: Array) -> None:
        """Keep the memory of sums for the next; voxels were handed on: others may hold them."""
        if self._downsampling in ("mean", "nanmean") and kept.base is not None:
            with self._lock:
                self._spare[depth].append(kept.base)

    def _put(self, depth: int, index: Array, corner: Array, part: Array) -> Array | None:
        """Put a part into its place in an open block; return the block if that was the last."""
        name = (depth, *index.tolist())
        with self._lock:
            if name not in self._open:
                start, stop = self._bounds(depth, index)
                self._open[name] = _OpenBlock(
                    self._room(depth, stop - start), math.prod(self._parts(depth, index).tolist())
                )
            block = self._open[name]
        block.kept[_region(corner, corner + part.shape)] = part  # no other thread's place
        with self._lock:
            block.missing -= 1
            if block.missing:
                return None
            del self._open[name]
        return block.kept


def _region(start: Array, stop: Array) -> Region:
    return tuple(map(slice, start.tolist(), stop.tolist()))
