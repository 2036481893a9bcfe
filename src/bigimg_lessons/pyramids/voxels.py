"""Voxels as an image declares them: their type in one spelling, and a check of what arrives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def plain_dtype(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """Return a dtype in the machine's byte order, and numbers under their usual name.

    C has several names for integers of one size, such as ``long`` and ``long long``. NumPy has a
    dtype for each, which compare as equal; not all libraries know more than one of them.

    Parameters
    ----------
    dtype
        Of voxels.

    Examples
    --------
    >>> plain_dtype(">q").char == np.dtype(np.int64).char
    True
    """
    native = np.dtype(dtype).newbyteorder("=")
    return np.dtype(f"{native.kind}{native.itemsize}") if native.kind in "iuf" else native


def written(region: Sequence[slice]) -> str:
    """Write a region as it stands in Python.

    Examples
    --------
    >>> written((slice(0, 16), slice(32, 48)))
    '[0:16, 32:48]'
    """
    return "[" + ", ".join(f"{part.start}:{part.stop}" for part in region) + "]"


def checked_voxels(
    voxels: Any, *, shape: Sequence[int], dtype: np.dtype[Any], region: Sequence[slice]
) -> npt.NDArray[Any]:
    """Return what an image gave for a region, or complain if it is not what was declared.

    Nothing is wrapped, cut, rounded or repeated to make it fit. A narrower type of the same kind
    is let pass, as each of its values is one of the declared type too.

    Parameters
    ----------
    voxels
        Anything that NumPy makes an array of.
    shape, dtype
        That it must have, from the image's declared shape and type.
    region
        Where it was read, for the message.

    Raises
    ------
    ValueError
        If the shape differs, or voxels are masked.
    TypeError
        If the type differs.
    """
    place = written(region)
    try:
        array = np.asanyarray(voxels)
    except ValueError as error:  # lists whose rows differ in length
        raise ValueError(
            f"The image gave something at {place} that is no array: {error}"
        ) from error
    if array.shape != tuple(shape):
        raise ValueError(
            f"The image declares {tuple(shape)} voxels at {place}, but gave {array.shape}: give "
            "an image whose shape is true of all its parts (for dask, chunks that are as large as "
            "its chunks say)."
        )
    if array.dtype.kind != dtype.kind or not np.can_cast(array.dtype, dtype, "safe"):
        raise TypeError(
            f"The image declares voxels of type {dtype}, but gave {array.dtype} at {place}: give "
            "an image whose dtype is true (for dask, a function that returns what its dtype or "
            "meta says), or convert it with astype."
        )
    if np.ma.is_masked(array):
        count = np.count_nonzero(np.ma.getmaskarray(array))
        raise ValueError(
            f"Of the image's voxels at {place} {count} are masked, and have no value: give them "
            "one, with filled(0) for example."
        )
    return np.asarray(array)
