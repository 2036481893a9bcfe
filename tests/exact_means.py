"""The exact mean of boxes of voxels, worked out independently of the package."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def exact_mean(array: NDArray[Any], factors: Sequence[int]) -> NDArray[Any]:
    """Mean over whole and cut-off boxes of the last axes; integers' halves go to the even one.

    Integers of up to 32 bits are summed and divided as int64, without floating point.
    """
    is_float = array.dtype.kind == "f"
    sums = array.astype("float64" if is_float else "int64")
    counts = np.ones((), "int64")
    first = array.ndim - len(factors)
    for axis, factor in enumerate(factors, start=first):
        starts = np.arange(0, array.shape[axis], factor)
        sums = np.add.reduceat(sums, starts, axis=axis)
        counts = counts[..., None] * np.diff(starts, append=array.shape[axis])
    if is_float:
        quotients: NDArray[Any] = sums / counts
        return quotients.astype(array.dtype)
    quotient, rest = np.divmod(sums, counts)
    up = (2 * rest > counts) | ((2 * rest == counts) & (quotient % 2 == 1))
    mean: NDArray[Any] = (quotient + up).astype(array.dtype)
    return mean
