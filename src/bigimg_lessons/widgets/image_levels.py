"""The levels of an image that a kernel shows: checked, and read chunk by chunk."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

_UNCHANGED = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
_SMALLEST_CHUNK, _USUAL_CHUNK, _LARGEST_CHUNK = 32, 256, 1024  # pixels along an axis
_LARGEST_SAMPLE = 1024  # pixels along an axis that are read of the coarsest level at the start


def checked_levels(image: Any) -> tuple[Any, ...]:
    """Return the levels of an image, finest first.

    Parameters
    ----------
    image
        A 2-D array, axes yx, or a list or tuple of them.

    Raises
    ------
    ValueError
        If the levels are not 2-D, not of one dtype, or not in order.
    """
    levels = tuple(image) if isinstance(image, list | tuple) else (image,)
    if not levels:
        raise ValueError("The image is an empty list: give at least one level.")
    for number, level in enumerate(levels):
        shape = getattr(level, "shape", None)
        if not isinstance(shape, tuple) or not hasattr(level, "dtype"):
            raise ValueError(f"Level {number} is a {type(level).__name__}: give a 2-D array.")
        if len(shape) != 2 or min(shape) < 1:
            raise ValueError(
                f"Level {number} has the shape {shape}: give two axes, y and x; pick one plane of "
                "a stack, such as stack[10]."
            )
        if np.dtype(level.dtype).kind not in "buif":
            raise ValueError(f"The pixels are of dtype {level.dtype}: give integers or floats.")
        if level.dtype != levels[0].dtype:
            raise ValueError(
                f"Level {number} is of dtype {level.dtype}, level 0 of {levels[0].dtype}: give "
                "levels of one dtype."
            )
    for finer, coarser in pairwise(levels):
        if any(c > f for c, f in zip(coarser.shape, finer.shape, strict=True)):
            raise ValueError(
                f"A level of shape {coarser.shape} follows one of {finer.shape}: give the levels "
                "in order, the finest first."
            )
    return levels


def checked_contrast(contrast: Any) -> tuple[float, float] | None:
    """Return the values to show as black and as white, where they are given."""
    if contrast is None:
        return None
    low, high = (float(value) for value in contrast)
    if not low < high or not isfinite(high - low):
        raise ValueError(f"The contrast is {contrast!r}: give two numbers, the lower first.")
    return low, high


def checked_pixel_size(pixel_size: Any) -> tuple[float, float]:
    """Return the size of a pixel along y and x."""
    sizes = tuple(pixel_size) if isinstance(pixel_size, tuple | list) else (pixel_size,) * 2
    if len(sizes) != 2 or not all(0 < size < float("inf") for size in sizes):
        raise ValueError(
            f"The pixel size is {pixel_size!r}: give a positive number, or two, along y and x."
        )
    return float(sizes[0]), float(sizes[1])


def chunk_shape(level: Any) -> tuple[int, int]:
    """Choose the chunks to ask for, yx: the array's own, if they are neither tiny nor huge."""
    own = getattr(level, "chunksize", None) or getattr(level, "chunks", None)
    if isinstance(own, tuple) and len(own) == 2:
        height, width = own
        if all(isinstance(size, int) and _SMALLEST_CHUNK <= size <= _LARGEST_CHUNK for size in own):
            return height, width
    return _USUAL_CHUNK, _USUAL_CHUNK


def factor(finest: Any, level: Any) -> tuple[int, int]:
    """Return how many pixels of level 0 a pixel of a level stands for, along y and x.

    A level's size may be rounded up or down, so the factor is the whole number next to the ratio.
    """
    y, x = (round(a / b) for a, b in zip(finest.shape, level.shape, strict=True))
    return y, x


def read_pixels(level: Any, y: slice, x: slice) -> NDArray[Any]:
    """Read a region, in a dtype and byte order that browsers know."""
    block = np.asarray(level[y, x])
    name = block.dtype.name
    if name not in _UNCHANGED:
        name = {"bool": "uint8", "float16": "float32"}.get(name, "float64")
    return block.astype(np.dtype(name).newbyteorder("<"), copy=False)


def middle(level: Any) -> NDArray[Any]:
    """Read the middle of a level, all of it where it is small."""
    starts = [max(0, (size - _LARGEST_SAMPLE) // 2) for size in level.shape]
    y, x = (slice(start, start + _LARGEST_SAMPLE) for start in starts)
    return read_pixels(level, y, x)


def value_range(sample: NDArray[Any]) -> tuple[float, float]:
    """Find the values to show as black and as white."""
    if sample.dtype == np.uint8 and sample.max() > 1:
        return 0.0, 255.0
    finite = sample[np.isfinite(sample)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return (low, high) if low < high else (low, low + 1.0)
