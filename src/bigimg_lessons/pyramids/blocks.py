"""Build all levels of a pyramid in one pass over an image, block by block.

The mean of a level is taken over the voxels of *level 0*: from one level to the next go
integer sums, which are divided only to be written. So no level inherits the rounding of the
one above, and a half-filled box at the image's edge weighs what it holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from bigimg_lessons.pyramids.block_tree import BlockTree, IsThere, region
from bigimg_lessons.pyramids.downsampling import Array, Downsampling, Region
from bigimg_lessons.pyramids.levels import Level
from bigimg_lessons.pyramids.voxels import checked_voxels
from bigimg_lessons.saving.interrupts import interrupts_wait

Read = Callable[[Region], Array]
Write = Callable[[int, tuple[int, ...], Array], object]


def nothing_is_there(depth: int, where: Region) -> bool:
    """Tell that all is still to be written, as is the rule."""
    return False


def build_levels(
    read: Read,
    write: Write,
    levels: Sequence[Level],
    *,
    block_shapes: Sequence[Sequence[int]],
    dtype: npt.DTypeLike,
    downsampling: Downsampling = "mean",
    threads: int = 1,
    is_there: IsThere = nothing_is_there,
) -> None:
    """Read an image once, block by block, and write all levels of its pyramid.

    The blocks of all levels form a tree: a block covers one or a few of the finer level, in 3-D
    at most eight where the factors double. Blocks of level 0 are read in the order of that tree,
    and whoever brings the last part of a coarser block writes that too. So at any moment each
    level keeps one block, with several threads a few, whatever the size of the image::

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
        to be changed. The begin is a multiple of the level's block shape, and so of the chunk
        shape; only at the end of the level is a block shorter than that.
    levels
        The plan, from level 0 on.
    block_shapes
        One for each level, from :func:`bigimg_lessons.pyramids.block_plans.plan_blocks`.
    dtype
        Type of the voxels that `read` returns.
    downsampling
        ``mean``, exact over level 0 at every level, or ``nanmean``, the same over those voxels
        that are numbers; ``mode`` for labels, or ``stride``, both taken from the next finer
        level. See the functions ``downsample_...``.
    threads
        Blocks of level 0 to work on at once. If 1, `read` and `write` are called by the calling
        thread; else by several threads at once, never twice for the same voxels.
    is_there
        Takes a level and slices into it, those of a block; tells whether it is stored already. Such
        a block is not written, and a block of level 0 is not even read, unless it or a coarser one
        above it is missing: whatever is written is made from voxels of level 0, as ever.

    Raises
    ------
    TypeError
        If the dtype cannot be downsampled so, or `read` returns another one.
    ValueError
        If `read` returns another number of voxels than it was asked for.
    """
    tree = BlockTree(levels, block_shapes, dtype, downsampling)
    building = _Building(tree, read, write, tree.top, is_there)
    wanted = (index for index in tree.indices(0) if tree.is_wanted(0, index, is_there))
    if threads == 1:
        for index in wanted:
            building.build(index)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="pyramid") as pool:
        running: set[Future[object]] = set()
        try:
            for index in wanted:
                if len(running) == threads:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
                # A pool that is interrupted while it starts a thread does not wait for that at its
                # end. With the caller's context, in which a dask client may be set.
                with interrupts_wait():
                    running.add(pool.submit(copy_context().run, building.build, index))
            for future in running:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def build_below(
    read: Read,
    write: Write,
    tree: BlockTree,
    depth: int,
    index: Sequence[int],
    is_there: IsThere = nothing_is_there,
) -> Array | None:
    """Read what a block of any level is made from, and write it with all finer blocks below it.

    Parameters
    ----------
    read, write
        As for :func:`build_levels`; called by the calling thread.
    tree
        The blocks of all levels.
    depth, index
        The block.
    is_there
        As for :func:`build_levels`.

    Returns
    -------
    numpy.ndarray or None
        The block, shrunk to the next level, for :func:`build_from_parts`: sums for the means, else
        voxels. None if it is of the last level, or nothing coarser is still to be written.
    """
    building = _Building(tree, read, write, depth, is_there)
    part = None
    for leaf in tree.below(depth, np.array(index), 0):
        if tree.is_wanted(0, leaf, is_there):
            part = building.build(leaf)
    return part


def build_from_parts(
    write: Write,
    tree: BlockTree,
    depth: int,
    index: Sequence[int],
    parts: Iterable[Array],
    is_there: IsThere = nothing_is_there,
) -> Array | None:
    """Put a block together from the finer ones that it covers, and write it.

    Parameters
    ----------
    write
        As for :func:`build_levels`.
    tree, depth, index
        As for :func:`build_below`.
    parts
        What that, or this, returned of all finer blocks below it, in the order of `tree.below`.
    is_there
        As for :func:`build_levels`.

    Returns
    -------
    numpy.ndarray or None
        As there.
    """
    place = np.array(index)
    if not tree.is_wanted(depth, place, is_there):
        return None
    start, stop = tree.bounds(depth, place)
    kept = np.empty((stop - start).tolist(), tree.kept_dtypes[depth])
    for finer, part in zip(tree.below(depth, place, depth - 1), parts, strict=True):
        corner = tree.corner(depth - 1, finer)
        kept[region(corner, corner + part.shape)] = part
    if not is_there(depth, region(start, stop)):
        write(depth, tuple(start.tolist()), tree.voxels(depth, place, kept))
    is_needed = depth < tree.top and tree.is_wanted(depth + 1, tree.parent(depth, place), is_there)
    return tree.shrunk(depth, kept) if is_needed else None


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


class _Building:
    """Blocks that are being read, put together and written, up to a level.

    Parameters
    ----------
    tree
        The blocks of all levels.
    read, write
        As for :func:`build_levels`.
    last
        The last level to write.
    is_there
        As there.
    """

    def __init__(
        self,
        tree: BlockTree,
        read: Read,
        write: Write,
        last: int,
        is_there: IsThere = nothing_is_there,
    ) -> None:
        self._tree = tree
        self._read = read
        self._write = write
        self._last = last
        self._is_there = is_there
        self._open: dict[tuple[int, ...], _OpenBlock] = {}
        # Sums are put together in the memory of those before: given back and asked for again, it
        # would pile up with the C library.
        self._spare: list[list[Array]] = [[] for _ in range(last + 1)]
        self._lock = Lock()

    def build(self, index: Array) -> Array | None:
        """Read and write a block of level 0, and all coarser blocks which that completes.

        Returns the last of them, shrunk, if that is of the last level to write, and there is a
        next.
        """
        tree = self._tree
        start, stop = tree.bounds(0, index)
        where, shape = region(start, stop), (stop - start).tolist()
        kept = checked_voxels(self._read(where), shape=shape, dtype=tree.dtype, region=where)
        kept = kept.astype(tree.dtype, copy=False)
        for depth in range(self._last + 1):
            start, stop = tree.bounds(depth, index)
            done = tree.voxels(depth, index, kept)
            if not self._is_there(depth, region(start, stop)):
                self._write(depth, tuple(start.tolist()), done)
            is_needed = depth < tree.top and tree.is_wanted(
                depth + 1, tree.parent(depth, index), self._is_there
            )
            part = tree.shrunk(depth, kept) if is_needed else None
            if depth:
                self._leave(depth, kept)
            if part is None or depth == self._last:
                return part
            parent, corner = tree.parent(depth, index), tree.corner(depth, index)
            whole = self._put(depth + 1, parent, corner, part)
            del done, part  # before more is held
            if whole is None:
                return None
            index, kept = parent, whole
        return None

    def _room(self, depth: int, shape: Array) -> Array:
        """Return an array of any content in which a block can be put together."""
        if self._spare[depth]:
            flat = self._spare[depth].pop()
        else:
            flat = np.empty(self._tree.largest(depth), self._tree.kept_dtypes[depth])
        return flat[: math.prod(shape.tolist())].reshape(shape)

    def _leave(self, depth: int, kept: Array) -> None:
        """Keep the memory of sums for the next; voxels were handed on: others may hold them."""
        if self._tree.keeps_sums and kept.base is not None:
            with self._lock:
                self._spare[depth].append(kept.base)

    def _put(self, depth: int, index: Array, corner: Array, part: Array) -> Array | None:
        """Put a part into its place in an open block; return the block if that was the last."""
        name = (depth, *index.tolist())
        with self._lock:
            if name not in self._open:
                start, stop = self._tree.bounds(depth, index)
                missing = math.prod(self._tree.parts(depth, index))
                self._open[name] = _OpenBlock(self._room(depth, stop - start), missing)
            block = self._open[name]
        block.kept[region(corner, corner + part.shape)] = part  # no other thread's place
        with self._lock:
            block.missing -= 1
            if block.missing:
                return None
            del self._open[name]
        return block.kept
