"""A region of an image: what is picked along each axis, as ranges of voxels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import SupportsIndex

from bigimg_lessons.checks import whole_number

Index = SupportsIndex | slice
"""What is picked along one axis: a whole number, or a slice with a step of 1 or more."""


def spans(region: Sequence[Index], shape: Sequence[int]) -> tuple[range, ...]:
    """Return the voxels that a region picks along each axis.

    Parameters
    ----------
    region
        A whole number or a slice for each axis, within the image.
    shape
        Voxels of the image along each axis.

    Returns
    -------
    tuple of range
        For each axis the positions that are picked, ascending.

    Raises
    ------
    ValueError
        If `region` does not have one entry for each axis, is empty or reaches outside the image.

    Examples
    --------
    >>> spans((3, slice(None), slice(0, 10, 2)), (8, 16, 16))
    (range(3, 4), range(0, 16), range(0, 10, 2))
    """
    if not isinstance(region, Sequence) or len(region) != len(shape):
        raise ValueError(
            f"region is {region!r}: give a tuple of {len(shape)}, a whole number or a "
            f"slice for each axis of the shape {tuple(shape)}."
        )
    return tuple(
        _span(axis, index, size)
        for axis, (index, size) in enumerate(zip(region, shape, strict=True))
    )


def _span(axis: int, index: Index, size: int) -> range:
    """Return the positions that an index picks along an axis of `size` voxels."""
    if isinstance(index, slice):
        start = whole_number(f"region[{axis}].start", 0 if index.start is None else index.start)
        stop = whole_number(f"region[{axis}].stop", size if index.stop is None else index.stop)
        step = whole_number(f"region[{axis}].step", 1 if index.step is None else index.step)
        if step < 1:
            raise ValueError(f"region[{axis}] has a step of {step}: give a step of 1 or more.")
    else:
        start = whole_number(f"region[{axis}]", index)
        stop, step = start + 1, 1
    if start < 0 or stop > size:
        raise ValueError(
            f"region[{axis}] is {start}:{stop}, outside the image: give positions from 0 to {size} "
            "along this axis (counting from the end is not supported)."
        )
    if start >= stop:
        raise ValueError(f"region[{axis}] is {start}:{stop}, which is empty: give start < stop.")
    return range(start, stop, step)
