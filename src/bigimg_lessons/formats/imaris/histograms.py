"""How many voxels have which grey value, counted block by block."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from bigimg_lessons.formats.grey_ranges import finite_range
from bigimg_lessons.pyramids.downsampling import Array

# Voxels that are counted at a time: each takes up to four numbers of eight bytes meanwhile.
_VOXELS_AT_ONCE = 2**15

COUNTING_BYTES = _VOXELS_AT_ONCE * 4 * 8
"""What counting holds at a time beside the voxels."""

# Of the smallest float32 above zero, in powers of two, and of the digits of a float32.
_LEAST_EXPONENT = -149
_DIGITS = 24


class Histogram:
    """Counts of voxels in bins of equal width, a power of two, which widens with their range.

    Each bin begins at a multiple of its width. So two neighbours become one bin of twice the width,
    and the counts are those of the voxels, exactly, in whatever order blocks come. Those of whole
    numbers begin at zero, as ImarisWriter's.

    Parameters
    ----------
    dtype
        Type of the voxels: integers from zero on, or float32.
    bins
        Number of bins, a power of two. For uint8 256 hold each value.

    Examples
    --------
    >>> histogram = Histogram(np.dtype("uint16"), 4)
    >>> histogram.see(np.array([0, 1, 3, 3], "uint16"))
    >>> histogram.range, histogram.counts.tolist()
    ((0.0, 3.0), [1, 1, 0, 2])
    >>> histogram.see(np.array([7], "uint16"))
    >>> histogram.range, histogram.counts.tolist()
    ((0.0, 7.0), [2, 2, 0, 1])
    """

    def __init__(self, dtype: np.dtype[Any], bins: int) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros(bins, np.int64)
        self._is_float = dtype.kind == "f"
        self._seen = None if self._is_float else (0, 0)
        # The width of a bin is two to the power of this; the first begins at so many widths.
        self._exponent = _LEAST_EXPONENT - _DIGITS if self._is_float else 0
        self._first = 0

    @property
    def range(self) -> tuple[float, float]:
        """Where the first bin begins and the last ends; of whole numbers the last one in it.

        Zero and one where there is no finite voxel, or none but zeros.
        """
        if self._is_float and self._seen in (None, (0, 0)):
            return (0, 1)
        width = 2.0**self._exponent
        end = (self._first + len(self.counts)) * width
        return self._first * width, end if self._is_float else end - 1

    def see(self, voxels: Array) -> None:
        """Count the voxels of a block, of those of floats the finite ones."""
        ends = finite_range(voxels)
        if ends is None:
            return
        self._widen(*ends)
        flat = voxels.reshape(-1)
        for begin in range(0, flat.size, _VOXELS_AT_ONCE):
            places = self._places(flat[begin : begin + _VOXELS_AT_ONCE])
            self.counts += np.bincount(places, minlength=len(self.counts))

    def merged(self, bins: int) -> npt.NDArray[np.int64]:
        """Return counts over the same range in fewer bins, a power of two."""
        merged: npt.NDArray[np.int64] = self.counts.reshape(bins, -1).sum(axis=1)
        return merged

    def _places(self, voxels: Array) -> Array:
        """Return in which bin each voxel is."""
        if not self._is_float:
            return voxels >> self._exponent if self._exponent else voxels
        numbers = voxels[np.isfinite(voxels)].astype(np.float64)
        places = np.floor(np.ldexp(numbers, -self._exponent, out=numbers), out=numbers)
        places -= self._first
        return places.astype(np.intp)

    def _widen(self, low: Any, high: Any) -> None:
        """Widen the bins until they reach from one value to another and over all before."""
        low, high = (float(low), float(high)) if self._is_float else (0, int(high))
        if self._seen is not None:
            low, high = min(low, self._seen[0]), max(high, self._seen[1])
        exponent = self._exponent
        if self._is_float and (low or high):
            # Narrower bins than what tells two numbers apart would be empty for the most part.
            exponent = max(exponent, math.frexp(max(-low, high))[1] - _DIGITS)
        while _place(high, exponent) - _place(low, exponent) >= len(self.counts):
            exponent += 1
        first = _place(low, exponent)
        self._seen = low, high
        if (exponent, first) == (self._exponent, self._first):
            return
        old = (self._first + np.arange(len(self.counts))) >> min(exponent - self._exponent, 62)
        counts = np.zeros_like(self.counts)
        is_used = self.counts > 0
        np.add.at(counts, old[is_used] - first, self.counts[is_used])
        self.counts, self._exponent, self._first = counts, exponent, first


def _place(value: float, exponent: int) -> int:
    """Return how many widths of two to that power lie below a value, from zero on."""
    return math.floor(math.ldexp(value, -exponent))
