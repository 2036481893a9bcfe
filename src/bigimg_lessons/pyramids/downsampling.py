"""Shrink an array by whole factors: by the exact mean, by the most frequent value, by strides."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from bigimg_lessons.checks import whole_numbers

Array = npt.NDArray[Any]
Region = tuple[slice, ...]

Downsampling = Literal["mean", "nanmean", "mode", "stride"]

# What is kept of a box of floats of which some are not numbers.
SUM_AND_COUNT = np.dtype([("sum", np.float64), ("count", np.int64)])

# Arrays are worked on in pieces of this many voxels of the result, so that a piece, what goes
# into it and the sums in between stay in the processor's cache.
_PIECE_VOXELS = 2**17


def downsample_mean(block: Array, factors: Sequence[int]) -> Array:
    """Average boxes of voxels, exactly.

    Integers are summed as integers, wide enough for any value, and the mean is rounded once,
    halves to the even neighbour as Python's ``round`` does: so averaging shifts an image's
    overall brightness neither up nor down. Floats are summed in float64: a box that holds a NaN
    becomes NaN (:func:`downsample_nanmean` leaves those out), one that holds an infinity becomes
    that, or NaN if it holds both. A box cut off by the end of the block is averaged over the
    voxels that it has.

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
    sums = box_sums(block, steps, sum_dtype(block.dtype, math.prod(steps)))
    return box_means(sums, block.shape, steps, block.dtype)


def downsample_nanmean(block: Array, factors: Sequence[int]) -> Array:
    """Average those voxels of each box that are numbers.

    For floats in which NaN marks voxels that were not measured. Infinities count as numbers.
    Integers are averaged as by :func:`downsample_mean`.

    Parameters
    ----------
    block, factors
        As for :func:`downsample_mean`.

    Returns
    -------
    numpy.ndarray
        As there; NaN where all voxels of a box are.

    Raises
    ------
    TypeError, ValueError
        As there.

    Examples
    --------
    >>> downsample_nanmean(np.array([1, np.nan, np.nan, np.nan]), (2,))
    array([ 1., nan])
    """
    if block.dtype.kind != "f":
        return downsample_mean(block, factors)
    sum_dtype(block.dtype, 1)
    return nan_means(nan_sums(block, _per_axis(block, factors)), block.dtype)


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

    Fast, and wrong for images of microscopes: detail finer than a box turns into patterns that
    are not there (aliasing). The result is not shifted by half a voxel, as averages are.

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
    steps = whole_numbers("factors", factors)
    if len(steps) > block.ndim:
        raise ValueError(f"factors are {factors!r}, but the block has only {block.ndim} axes.")
    return (1,) * (block.ndim - len(steps)) + steps


def _shrunk(shape: Sequence[int], factors: Sequence[int]) -> tuple[int, ...]:
    return tuple(-(-n // f) for n, f in zip(shape, factors, strict=True))


def _thickness(rows: Sequence[int]) -> int:
    """Return how many rows along the first axis that has several make a piece for the cache."""
    several = next((n for n in rows if n > 1), 1)
    return max(1, _PIECE_VOXELS * several // math.prod(rows))


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
    thin = _thickness(rows)
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


def sum_dtype(dtype: np.dtype[Any], count: int) -> np.dtype[Any]:
    """Return the narrowest dtype in which `count` values of `dtype` cannot overflow.

    Half of `count` may be added to the sum, which rounding needs.

    Raises
    ------
    TypeError
        If there is none.
    """
    if dtype.kind == "f" and dtype.itemsize <= 8:
        return np.dtype(np.float64)
    if dtype.kind in "iu":
        for bits in (16, 32, 64):
            wider = np.dtype(f"{dtype.kind}{bits // 8}")
            if np.iinfo(wider).max + 1 >= (np.iinfo(dtype).max + 1) * count:
                return wider
    raise TypeError(
        f"The mean of {count} values of dtype {dtype} cannot be summed exactly: give integers of "
        "8, 16 or 32 bits, or floats of at most 64; for labels choose downsampling='mode'."
    )


def box_sums(block: Array, factors: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Sum the boxes of `block`, in `dtype`; there is a factor for every axis."""
    sums = np.empty(_shrunk(block.shape, factors), dtype)
    for target, source, extents in _boxes(block.shape, factors):
        part = block[source]
        if _is_summed_in_pairs(part, extents[-1], dtype):
            part = _pair_sums(part)
            extents = (*extents[:-1], 1)
        # One axis after the other, the outermost first: its slices are long runs of memory,
        # and what is left for the strided innermost axis is small.
        for axis, extent in enumerate(extents):
            if extent > 1:
                before = (slice(None),) * axis
                first, second, *others = (
                    part[(*before, slice(i, None, extent))] for i in range(extent)
                )
                total = np.add(first, second, dtype=dtype)
                for other in others:
                    total += other
                part = total
        sums[target] = part
    return sums


def _is_summed_in_pairs(part: Array, extent: int, dtype: np.dtype[Any]) -> bool:
    """Whether `_pair_sums` can do the innermost axis, and that is faster."""
    is_narrow = part.dtype.kind == "u" and part.itemsize <= 2 and part.dtype.isnative
    return extent == 2 and is_narrow and dtype != part.dtype and part.strides[-1] == part.itemsize


def _pair_sums(part: Array) -> Array:
    """Sum pairs of neighbours along the innermost axis, in integers of twice the size.

    Of two neighbours taken as one integer, one is its lower and the other its upper half,
    whichever the byte order. So whole rows are worked on, and not every second voxel: boxes of
    2 x 2 x 2 bytes are summed in about 0.7 times the time.
    """
    bits = 8 * part.itemsize
    pairs = part.view(f"u{2 * part.itemsize}")
    sums: Array = pairs & (2**bits - 1)
    sums += pairs >> bits
    return sums


def box_means(
    sums: Array, shape: tuple[int, ...], factors: tuple[int, ...], dtype: np.dtype[Any]
) -> Array:
    """Divide the sums of boxes of an array of `shape` by the voxels that each box holds."""
    means = np.empty(sums.shape, dtype)
    for target, _, extents in _boxes(shape, factors):
        part, count = sums[target], math.prod(extents)
        means[target] = part / count if dtype.kind == "f" else _rounded_quotient(part, count)
    return means


def nan_sums(block: Array, factors: tuple[int, ...]) -> Array:
    """Sum and count the numbers in each box, as :data:`SUM_AND_COUNT`.

    `block` is of floats, or of sums and counts of boxes already.
    """
    if block.dtype == SUM_AND_COUNT:
        numbers, counts = block["sum"], block["count"]
    else:
        is_number = ~np.isnan(block)
        numbers, counts = np.where(is_number, block, 0), is_number.view(np.uint8)
    kept = np.empty(_shrunk(block.shape, factors), SUM_AND_COUNT)
    kept["sum"] = box_sums(numbers, factors, SUM_AND_COUNT["sum"])
    kept["count"] = box_sums(counts, factors, SUM_AND_COUNT["count"])
    return kept


def nan_means(kept: Array, dtype: np.dtype[Any]) -> Array:
    """Divide sums by their counts; NaN where there was nothing to sum."""
    means = np.full(kept.shape, np.nan, dtype)
    where = kept["count"] > 0
    np.divide(kept["sum"], kept["count"], out=means, where=where, casting="same_kind")
    return means


def shrinking_bytes(
    shape: tuple[int, ...],
    factors: tuple[int, ...],
    dtype: np.dtype[Any],
    kept: np.dtype[Any],
    downsampling: Downsampling,
) -> int:
    """Return the maximum number of bytes that shrinking a block takes, beside the block.

    Parameters
    ----------
    shape
        Voxels of the block along each axis.
    factors
        Voxels per box along each axis.
    dtype
        Of the image.
    kept
        In which the next level is kept.
    downsampling
        As for :func:`bigimg_lessons.pyramids.blocks.build_levels`.
    """
    rows = _shrunk(shape, factors)
    result = math.prod(rows) * kept.itemsize
    if downsampling == "stride":
        return result
    piece = math.prod(rows) * _thickness(rows) // next((n for n in rows if n > 1), 1)
    piece = min(piece, math.prod(rows))
    boxes = math.prod(factors)
    if downsampling == "mode":
        # The labels of all boxes, in a row and sorted; runs, of which there are three at a time.
        return result + piece * (2 * boxes * dtype.itemsize + 3 * 8 + 2 * dtype.itemsize)
    # Sums along one axis, then along the next; at last the division, with its rounding.
    first = next((factor for factor in factors if factor > 1), 1)
    temporary = piece * 8 * max(3, boxes // first * 3 // 2)
    if dtype.kind == "u" and dtype.itemsize <= 2 and factors[-1] == 2:
        temporary = max(temporary, piece * 2 * boxes * dtype.itemsize)  # pairs, and half of each
    if kept != SUM_AND_COUNT:
        return result + temporary
    # Voxels without those that are no numbers, which those are, and how many of each box are.
    return result + max(math.prod(shape) * (dtype.itemsize + 1), result // 2) + temporary


def _rounded_quotient(sums: Array, count: int) -> Array:
    """Divide integers by `count`; halves go to the even neighbour."""
    if count & (count - 1) == 0:  # a power of two: shifting bits is several times faster
        bits = count.bit_length() - 1
        if bits == 0:
            return sums
        # Less than a half is added, and that little more which lifts a half if the quotient is odd.
        quotient = sums >> bits
        quotient &= 1
        quotient += count // 2 - 1
        quotient += sums
        quotient >>= bits
        return quotient
    quotient = sums // count
    rest = sums - quotient * count
    quotient += (2 * rest + (quotient & 1)) > count
    return quotient
