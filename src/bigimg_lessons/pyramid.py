"""Resolution pyramids: plan the levels, average exactly, build all levels in one pass.

Level 0 is the full image; one voxel of level *k* stands for a box of ``factors`` voxels of
level 0. All shapes, factors and chunks here are those of the spatial axes, in the order zyx
(or yx).

The mean of a level is taken over the voxels of *level 0*: from one level to the next go
integer sums, which are divided only to be written. So no level inherits the rounding of the
one above, and a half-filled box at the image's edge weighs what it holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Region = tuple[slice, ...]

Downsampling = Literal["mean", "mode", "stride"]

# Arrays are worked on in pieces of this many voxels of the result, so that a piece, what goes
# into it and the sums in between stay in the processor's cache.
_PIECE_VOXELS = 2**17

# A block of fewer bytes costs more for being asked for than for what it brings.
_SMALL_BLOCK = 2 * 2**20


@dataclass(frozen=True)
class Level:
    """One level of a resolution pyramid; all tuples are in zyx (or yx) order.

    Parameters
    ----------
    factors
        Voxels of level 0 along each axis that one voxel of this level stands for.
    shape
        Voxels along each axis: those of level 0 divided by `factors`, rounded up.
    voxel_size
        Size of a voxel, in the units of the level 0 size that the plan was given.
    offset
        Position of the centre of the first voxel relative to that of level 0, same units:
        ``0.5 * (factor - 1) * voxel_size_of_level_0``.
    """

    factors: tuple[int, ...]
    shape: tuple[int, ...]
    voxel_size: tuple[float, ...]
    offset: tuple[float, ...]


def plan_levels(
    shape: Sequence[int],
    *,
    chunk_shape: Sequence[int],
    voxel_size: Sequence[float] | None = None,
    factors: Sequence[Sequence[int]] | None = None,
    max_levels: int | None = None,
) -> tuple[Level, ...]:
    """Choose the levels of a pyramid.

    Each level halves the axes whose voxels are finest, until voxels are near cubes; from then
    on it halves all axes. An axis waits while its voxels are at least sqrt(2) times as long as
    the finest: halving the others then brings the two closer. An axis with one voxel is never
    halved. The first level that fits into one chunk is the last.

    Parameters
    ----------
    shape
        Voxels of the image along each axis.
    chunk_shape
        Voxels of a chunk along each axis, the same at every level.
    voxel_size
        Size of a voxel along each axis, in any unit; cubes if not given.
    factors
        The levels' factors relative to level 0, if they are not to be chosen: first all ones,
        and each next a whole multiple of the one before.
    max_levels
        Most levels to have, counting level 0.

    Returns
    -------
    tuple of Level
        From level 0, the image itself, to the coarsest.

    Raises
    ------
    ValueError
        If the lengths differ, a number is not positive, or `factors` do not nest.

    Examples
    --------
    >>> plan = plan_levels((60, 512, 512), chunk_shape=(64, 64, 64), voxel_size=(4, 1, 1))
    >>> [level.factors for level in plan]
    [(1, 1, 1), (1, 2, 2), (1, 4, 4), (2, 8, 8)]
    """
    shape = _whole_numbers("shape", shape)
    chunk_shape = _whole_numbers("chunk_shape", chunk_shape, like=shape)
    size = tuple(float(length) for length in voxel_size or (1.0,) * len(shape))
    if len(size) != len(shape) or not all(0 < length < math.inf for length in size):
        raise ValueError(
            f"voxel_size is {voxel_size!r}: give {len(shape)} positive numbers, one for each axis "
            f"of the shape {shape}."
        )
    if max_levels is not None and max_levels < 1:
        raise ValueError(f"max_levels is {max_levels}: give 1 or more, as level 0 counts.")

    chosen = (
        _nested_factors(factors, shape)
        if factors is not None
        else _halving_factors(shape, chunk_shape, size)
    )
    return tuple(
        Level(
            factors=step,
            shape=tuple(-(-n // f) for n, f in zip(shape, step, strict=True)),
            voxel_size=tuple(f * s for f, s in zip(step, size, strict=True)),
            offset=tuple(0.5 * (f - 1) * s for f, s in zip(step, size, strict=True)),
        )
        for step in chosen[:max_levels]
    )


def _whole_numbers(
    name: str, values: Sequence[int], *, like: Sequence[int] | None = None
) -> tuple[int, ...]:
    """Return `values` as a tuple of ints; complain unless they are whole, positive, enough."""
    numbers = tuple(int(value) for value in values)
    if numbers != tuple(values) or not numbers or min(numbers) < 1:
        raise ValueError(f"{name} is {values!r}: give whole numbers of 1 or more.")
    if like is not None and len(numbers) != len(like):
        raise ValueError(
            f"{name} is {values!r}: give {len(like)} numbers, one for each axis of the shape "
            f"{tuple(like)}."
        )
    return numbers


def _nested_factors(
    factors: Sequence[Sequence[int]], shape: tuple[int, ...]
) -> list[tuple[int, ...]]:
    steps = [_whole_numbers(f"factors[{i}]", f, like=shape) for i, f in enumerate(factors)]
    if not steps or max(steps[0]) > 1:
        raise ValueError(f"factors are {factors!r}: begin with level 0, whose factors are all 1.")
    for above, below in pairwise(steps):
        if above == below or any(b % a for a, b in zip(above, below, strict=True)):
            raise ValueError(
                f"factors go from {above} to {below}: make each level's factors whole multiples "
                "of those of the level before, at least one of them larger."
            )
    return steps


def _halving_factors(
    shape: tuple[int, ...], chunk_shape: tuple[int, ...], voxel_size: tuple[float, ...]
) -> list[tuple[int, ...]]:
    steps = [(1,) * len(shape)]
    while True:
        step = steps[-1]
        now = [-(-n // f) for n, f in zip(shape, step, strict=True)]
        if all(n <= c for n, c in zip(now, chunk_shape, strict=True)):
            return steps
        size = [f * s for f, s in zip(step, voxel_size, strict=True)]
        finest = min(s for s, n in zip(size, now, strict=True) if n > 1)
        halved = [n > 1 and s < finest * math.sqrt(2) for n, s in zip(now, size, strict=True)]
        steps.append(tuple(f * 2 if h else f for f, h in zip(step, halved, strict=True)))


def downsample_mean(block: Array, factors: Sequence[int]) -> Array:
    """Average boxes of voxels, exactly.

    Integers are summed as integers, wide enough for any value, and the mean is rounded once,
    halves to the even neighbour as Python's ``round`` does: so averaging shifts an image's
    overall brightness neither up nor down. Floats are summed in float64. A box cut off by the
    end of the block is averaged over the voxels that it has.

    Parameters
    ----------
    block
        Array whose last axes are the ones to shrink; leading axes, such as T and C, stay.
        Integers of 8, 16 or 32 bits, or floats.
    factors
        Voxels per box along each of the last axes; 1 leaves an axis as it is.

    Returns
    -------
    numpy.ndarray
        Of the dtype of `block`; each shrunk axis is as long as before divided by its factor,
        rounded up.

    Raises
    ------
    TypeError
        If the dtype has no exact mean here (64-bit integers, booleans, complex numbers).
    ValueError
        If a factor is not a whole positive number, or there are more factors than axes.

    Examples
    --------
    >>> downsample_mean(np.array([[0, 1, 250], [1, 0, 255]], dtype=np.uint8), (2, 2))
    array([[  0, 252]], dtype=uint8)
    """
    steps = _per_axis(block, factors)
    sums = _sums(block, steps, _sum_dtype(block.dtype, math.prod(steps)))
    return _means(sums, block.shape, steps, block.dtype)


def downsample_mode(block: Array, factors: Sequence[int]) -> Array:
    """Keep the most frequent value of each box: the way to shrink label images.

    A mean of labels 1 and 5 would be label 3, another object. Of equally frequent values the
    smallest is kept. A box cut off by the end of the block counts the voxels that it has.

    Parameters
    ----------
    block
        Array of integers or booleans whose last axes are the ones to shrink.
    factors
        Voxels per box along each of the last axes.

    Returns
    -------
    numpy.ndarray
        Of the dtype of `block`, each shrunk axis divided by its factor, rounded up.

    Raises
    ------
    TypeError
        If `block` holds no integers or booleans.
    ValueError
        If a factor is not a whole positive number, or there are more factors than axes.

    Examples
    --------
    >>> downsample_mode(np.array([[5, 5, 1, 1], [5, 1, 7, 3]]), (2, 2))
    array([[5, 1]])
    """
    if block.dtype.kind not in "iub":
        raise TypeError(
            f"Labels of dtype {block.dtype} have no most frequent value: give integers."
        )
    steps = _per_axis(block, factors)
    modes = np.empty(_shrunk(block.shape, steps), block.dtype)
    for target, source, extents in _boxes(block.shape, steps):
        # The labels of each box, sorted along axis 0: equal ones stand together. Of equally
        # long runs the first, which is that of the smallest label, stays.
        labels = np.sort([block[source][corner] for corner in _corners(extents)], axis=0)
        mode, run, longest = labels[0], np.ones(labels[0].shape, int), np.ones((), int)
        for before, label in pairwise(labels):
            run = np.where(label == before, run + 1, 1)
            mode = np.where(run > longest, label, mode)
            longest = np.maximum(longest, run)
        modes[target] = mode
    return modes


def downsample_stride(block: Array, factors: Sequence[int]) -> Array:
    """Keep the first voxel of each box and drop the others.

    Fast, and wrong for pictures: detail finer than a box turns into patterns that are not
    there (aliasing). The result is not shifted by half a voxel, as averages are.

    Parameters
    ----------
    block
        Array whose last axes are the ones to shrink.
    factors
        Voxels per box along each of the last axes.

    Returns
    -------
    numpy.ndarray
        A copy, of the dtype of `block`; each shrunk axis divided by its factor, rounded up.

    Raises
    ------
    ValueError
        If a factor is not a whole positive number, or there are more factors than axes.

    Examples
    --------
    >>> downsample_stride(np.arange(5), (2,))
    array([0, 2, 4])
    """
    return block[tuple(slice(None, None, f) for f in _per_axis(block, factors))].copy()


def _per_axis(block: Array, factors: Sequence[int]) -> tuple[int, ...]:
    """Return one factor for each axis of `block`, ones in front."""
    steps = _whole_numbers("factors", factors)
    if len(steps) > block.ndim:
        raise ValueError(f"factors are {factors!r}, but the block has only {block.ndim} axes.")
    return (1,) * (block.ndim - len(steps)) + steps


def _shrunk(shape: Sequence[int], factors: Sequence[int]) -> tuple[int, ...]:
    return tuple(-(-n // f) for n, f in zip(shape, factors, strict=True))


def _boxes(
    shape: tuple[int, ...], factors: tuple[int, ...]
) -> Iterator[tuple[Region, Region, tuple[int, ...]]]:
    """Cut an array into parts in each of which all boxes are equally large.

    That are the whole boxes, in pieces that fit the cache, and along each axis those that the
    array's end cuts off::

        factor 3:  |0 1 2|3 4 5|6 7|     two boxes of 3, and one of 2

    Yields
    ------
    target, source, extents
        Where the part lies in the shrunk array and in the array; voxels per box along each axis.
    """
    rows = _shrunk(shape, factors)
    cut = next((axis for axis, n in enumerate(rows) if n > 1), 0)
    thin = max(1, _PIECE_VOXELS * rows[cut] // math.prod(rows))
    parts = []
    for axis, (n, f) in enumerate(zip(shape, factors, strict=True)):
        whole, rest = divmod(n, f)
        step = thin if axis == cut else max(1, whole)
        starts = range(0, whole, step)
        parts.append([(start, min(start + step, whole), f) for start in starts])
        if rest:
            parts[-1].append((whole, whole + 1, rest))
    for part in product(*parts):
        yield (
            tuple(slice(start, stop) for start, stop, _ in part),
            tuple(
                slice(start * f, start * f + (stop - start) * extent)
                for (start, stop, extent), f in zip(part, factors, strict=True)
            ),
            tuple(extent for _, _, extent in part),
        )


def _corners(extents: tuple[int, ...]) -> Iterator[Region]:
    """Yield, for each place within a box, the slices that take that place out of all boxes."""
    for place in product(*map(range, extents)):
        yield tuple(slice(i, None, extent) for i, extent in zip(place, extents, strict=True))


def _sum_dtype(dtype: np.dtype[Any], count: int) -> np.dtype[Any]:
    """Return the narrowest dtype in which `count` values of `dtype` cannot overflow."""
    if dtype.kind == "f":
        return np.dtype(np.float64)
    if dtype.kind in "iu":
        for bits in (16, 32, 64):
            wider = np.dtype(f"{dtype.kind}{bits // 8}")
            if np.iinfo(wider).max + 1 >= (np.iinfo(dtype).max + 1) * count:
                return wider
    raise TypeError(
        f"The mean of {count} values of dtype {dtype} cannot be summed exactly: give integers of "
        "8, 16 or 32 bits, or floats."
    )


def _sums(block: Array, factors: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Sum the boxes of `block`, in `dtype`."""
    sums = np.empty(_shrunk(block.shape, factors), dtype)
    for target, source, extents in _boxes(block.shape, factors):
        part = block[source]
        # One axis after the other, the outermost first: its slices are long runs of memory,
        # and what is left for the strided innermost axis is small.
        for axis, extent in enumerate(extents):
            before = (slice(None),) * axis
            total = part[(*before, slice(0, None, extent))].astype(dtype)
            for i in range(1, extent):
                total += part[(*before, slice(i, None, extent))]
            part = total
        sums[target] = part
    return sums


def _means(
    sums: Array, shape: tuple[int, ...], factors: tuple[int, ...], dtype: np.dtype[Any]
) -> Array:
    """Divide the sums of boxes of an array of `shape` by the voxels that each box holds."""
    means = np.empty(sums.shape, dtype)
    for target, _, extents in _boxes(shape, factors):
        count = math.prod(extents)
        if dtype.kind == "f":
            means[target] = sums[target] / count
            continue
        mean = sums[target] // count
        rest = sums[target] - mean * count
        # Up if the rest is more than half of the count, or just half and the mean is odd.
        mean += (2 * rest + (mean & 1)) > count
        means[target] = mean
    return means


def plan_blocks(
    levels: Sequence[Level],
    *,
    chunk_shape: Sequence[int],
    dtype: npt.DTypeLike,
    source_chunk_shape: Sequence[int] | None = None,
    downsampling: Downsampling = "mean",
    memory_limit: int = 256 * 2**20,
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
    >>> levels = plan_levels((256, 2048, 2048), chunk_shape=(64, 64, 64))
    >>> plan_blocks(
    ...     levels, chunk_shape=(64, 64, 64), dtype="uint8", source_chunk_shape=(1, 512, 512)
    ... )
    (64, 512, 512)
    """
    shape = levels[0].shape
    dtype = np.dtype(dtype)
    ratios = [_ratio(finer, level) for finer, level in pairwise(levels)]
    unit = tuple(map(math.lcm, _whole_numbers("chunk_shape", chunk_shape, like=shape), *ratios))
    source = _whole_numbers("source_chunk_shape", source_chunk_shape or unit, like=shape)
    whole = [u * -(-n // u) for u, n in zip(unit, shape, strict=True)]
    block = [min(math.lcm(u, s), w) for u, s, w in zip(unit, source, whole, strict=True)]

    def memory() -> int:
        return sum(
            math.prod(map(min, block, level.shape))
            * _kept_dtype(dtype, level, downsampling).itemsize
            for level in levels
        )

    while memory() > memory_limit and tuple(block) != unit:
        units = [b // u for b, u in zip(block, unit, strict=True)]
        axis = units.index(max(units))
        block[axis] = unit[axis] * -(-units[axis] // 2)
    # Doubling an axis doubles the memory at most.
    while math.prod(block) * dtype.itemsize < _SMALL_BLOCK and 2 * memory() <= memory_limit:
        short = [axis for axis, (b, w) in enumerate(zip(block, whole, strict=True)) if b < w]
        if not short:
            break
        axis = min(reversed(short), key=block.__getitem__)
        block[axis] = min(2 * block[axis], whole[axis])
    return tuple(block)


def build_levels(
    read: Callable[[Region], Array],
    write: Callable[[int, tuple[int, ...], Array], object],
    levels: Sequence[Level],
    *,
    block_shape: Sequence[int],
    dtype: npt.DTypeLike,
    downsampling: Downsampling = "mean",
) -> None:
    """Read an image once, block by block, and write all levels of its pyramid.

    The blocks of all levels form a tree: a block covers a few of the finer level, in 3-D eight
    where the factors double. The tree is walked depth first, so that at any moment each level
    keeps one block, whatever the size of the image::

        level 2           11
        level 1      5          10         blocks, numbered in the order
        level 0   1 2 3 4     6 7 8 9      in which they are written

    Parameters
    ----------
    read
        Takes slices into level 0, one for each axis, and returns those voxels.
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
        ``mean``, exact over level 0 at every level; ``mode`` for labels, or ``stride``, both
        taken from the next finer level. See the functions ``downsample_...``.

    Raises
    ------
    TypeError
        If the dtype cannot be downsampled so.
    """
    dtype = np.dtype(dtype)
    block = np.array(block_shape)
    shapes = [np.array(level.shape) for level in levels]
    factors = [np.array(level.factors) for level in levels]

    def visit(depth: int, index: Array) -> Array:
        """Write one block after those below it; return it shrunk to the next level."""
        start = index * block
        stop = np.minimum(start + block, shapes[depth])
        if depth == 0:
            kept = done = read(_region(start, stop))
        else:
            kept = np.empty(stop - start, _kept_dtype(dtype, levels[depth], downsampling))
            ratio = factors[depth] // factors[depth - 1]
            below = np.minimum(ratio, -(shapes[depth - 1] // -block) - index * ratio)
            for place in np.ndindex(*below):
                part = visit(depth - 1, index * ratio + place)
                corner = place * block // ratio
                kept[_region(corner, corner + part.shape)] = part
            done = kept
            if downsampling == "mean":
                covered = np.minimum(stop * factors[depth], shapes[0]) - start * factors[depth]
                done = _means(kept, tuple(covered.tolist()), levels[depth].factors, dtype)
        write(depth, tuple(start.tolist()), done)
        if depth + 1 == len(levels):
            return kept
        ratio = tuple((factors[depth + 1] // factors[depth]).tolist())
        if downsampling == "mean":
            return _sums(kept, ratio, _kept_dtype(dtype, levels[depth + 1], downsampling))
        return (downsample_mode if downsampling == "mode" else downsample_stride)(kept, ratio)

    for index in np.ndindex(*-(shapes[-1] // -block)):
        visit(len(levels) - 1, np.array(index))


def _ratio(finer: Level, coarser: Level) -> tuple[int, ...]:
    return tuple(c // f for f, c in zip(finer.factors, coarser.factors, strict=True))


def _region(start: Array, stop: Array) -> Region:
    return tuple(map(slice, start.tolist(), stop.tolist()))


def _kept_dtype(dtype: np.dtype[Any], level: Level, downsampling: Downsampling) -> np.dtype[Any]:
    """Return the dtype in which a level is kept until the next is made from it."""
    if downsampling not in get_args(Downsampling):
        raise ValueError(f"downsampling is {downsampling!r}: choose 'mean', 'mode' or 'stride'.")
    count = math.prod(level.factors)
    return _sum_dtype(dtype, count) if downsampling == "mean" and count > 1 else dtype
