"""The blocks of all levels as a tree: which lie below another, and what becomes of their voxels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

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
from bigimg_lessons.pyramids.voxels import plain_dtype

IsThere = Callable[[int, Region], bool]
"""Tells whether the voxels of a level in a region are stored already; always the same answer."""


class BlockTree:
    """The blocks of all levels; it holds no voxels, and can be sent to other processes.

    A block is named by its level, here `depth`, and by its `index`, which counts blocks along each
    axis. Each block covers one or a few of the finer level. What is *kept* of a block is what the
    next level is made from: sums of boxes for the means, else its voxels.

    Parameters
    ----------
    levels, block_shapes, dtype, downsampling
        As for :func:`bigimg_lessons.pyramids.blocks.build_levels`.

    Raises
    ------
    TypeError
        If the dtype cannot be downsampled so.
    """

    def __init__(
        self,
        levels: Sequence[Level],
        block_shapes: Sequence[Sequence[int]],
        dtype: npt.DTypeLike,
        downsampling: Downsampling,
    ) -> None:
        self.dtype = plain_dtype(dtype)
        # Integers are all numbers.
        is_plain = downsampling == "nanmean" and self.dtype.kind != "f"
        self._downsampling = "mean" if is_plain else downsampling
        self.kept_dtypes = [kept_dtype(self.dtype, level, downsampling) for level in levels]
        self._factors = [level.factors for level in levels]
        self._blocks = [np.array(shape) for shape in block_shapes]
        self._shapes = [np.array(level.shape) for level in levels]
        self._ratios = [np.array(step_between(finer, level)) for finer, level in pairwise(levels)]
        # How many blocks of one level make one of the next, along each axis.
        self._steps = [
            coarser * ratio // finer
            for (finer, coarser), ratio in zip(pairwise(self._blocks), self._ratios, strict=True)
        ]

    @property
    def top(self) -> int:
        """The coarsest level."""
        return len(self._shapes) - 1

    @property
    def keeps_sums(self) -> bool:
        """Whether sums are kept, which belong to nobody else, and not voxels."""
        return self._downsampling in ("mean", "nanmean")

    def counts(self, depth: int) -> tuple[int, ...]:
        """Return how many blocks a level has along each axis."""
        return tuple((-(self._shapes[depth] // -self._blocks[depth])).tolist())

    def indices(self, depth: int) -> Iterator[Array]:
        """Yield the indices of all blocks of a level, those with a common parent together."""
        for index in np.ndindex(*self.counts(self.top)):
            yield from self.below(self.top, np.array(index), depth)

    def below(self, depth: int, index: Array, level: int) -> Iterator[Array]:
        """Yield the indices of those blocks of a finer level that lie below a block."""
        if depth == level:
            yield index
            return
        for place in np.ndindex(*self.parts(depth, index)):
            yield from self.below(depth - 1, index * self._steps[depth - 1] + place, level)

    def parts(self, depth: int, index: Array) -> tuple[int, ...]:
        """Return how many blocks of the finer level a block covers along each axis."""
        step = self._steps[depth - 1]
        blocks = -(self._shapes[depth - 1] // -self._blocks[depth - 1])
        return tuple(np.minimum(step, blocks - index * step).tolist())

    def bounds(self, depth: int, index: Array) -> tuple[Array, Array]:
        """Return where a block begins and ends along each axis, in voxels of its level."""
        start = index * self._blocks[depth]
        return start, np.minimum(start + self._blocks[depth], self._shapes[depth])

    def parent(self, depth: int, index: Array) -> Array:
        """Return the index of the block of the next level that covers a block."""
        whole: Array = index // self._steps[depth]
        return whole

    def corner(self, depth: int, index: Array) -> Array:
        """Return where a block, shrunk, begins in that one."""
        begin: Array = index % self._steps[depth] * self._blocks[depth] // self._ratios[depth]
        return begin

    def is_wanted(self, depth: int, index: Array, is_there: IsThere) -> bool:
        """Tell whether a block, or a coarser one that is made from it, is still to be written."""
        for level in range(depth, self.top + 1):
            if not is_there(level, region(*self.bounds(level, index))):
                return True
            if level < self.top:
                index = self.parent(level, index)
        return False

    def voxels_there(self, is_there: IsThere) -> int:
        """Return how many voxels of all levels are in blocks that are stored already."""
        voxels = 0
        for depth in range(self.top + 1):
            for index in self.indices(depth):
                start, stop = self.bounds(depth, index)
                voxels += math.prod((stop - start).tolist()) * is_there(depth, region(start, stop))
        return voxels

    def largest(self, depth: int) -> int:
        """Return the number of voxels of the largest block of a level."""
        return math.prod(np.minimum(self._blocks[depth], self._shapes[depth]).tolist())

    def bytes_below(self, depth: int) -> int:
        """Return the size of the voxels of level 0 that the largest block of a level covers."""
        covered = np.minimum(self._blocks[depth] * self._factors[depth], self._shapes[0])
        voxels: int = math.prod(covered.tolist())
        return voxels * self.dtype.itemsize

    def voxels(self, depth: int, index: Array, kept: Array) -> Array:
        """Return the voxels of a block from what is kept of it."""
        if depth and self._downsampling == "mean":
            factors = self._factors[depth]
            start, stop = self.bounds(depth, index)
            # Voxels of level 0 that the block covers: at the end fewer than factors say.
            covered = np.minimum(stop * factors, self._shapes[0]) - start * factors
            return box_means(kept, tuple(covered.tolist()), factors, self.dtype)
        if depth and self._downsampling == "nanmean":
            return nan_means(kept, self.dtype)
        return kept

    def shrunk(self, depth: int, kept: Array) -> Array:
        """Shrink what is kept of a block to the next level."""
        ratio = tuple(self._ratios[depth].tolist())
        if self._downsampling == "mean":
            return box_sums(kept, ratio, self.kept_dtypes[depth + 1])
        if self._downsampling == "nanmean":
            return nan_sums(kept, ratio)
        return (downsample_mode if self._downsampling == "mode" else downsample_stride)(kept, ratio)


def region(start: Array, stop: Array) -> Region:
    """Return the slices between two corners."""
    return tuple(map(slice, start.tolist(), stop.tolist()))
