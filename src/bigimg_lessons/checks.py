"""Whole numbers that a caller gives, one or one for each axis, checked."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import SupportsIndex

import numpy as np


def whole_number(name: str, value: object, *, least: int | None = None) -> int:
    """Return a whole number as an int.

    Integers of Python and NumPy are whole numbers; ``True``, ``64.0`` and ``"64"`` are not.

    Parameters
    ----------
    name
        Name of the number in the message.
    value
        The value to check.
    least
        Minimum, if there is one.

    Raises
    ------
    ValueError
        If the value is not a whole number, or is below the minimum.
    """
    if type(value) is int:  # first, as asking for a protocol takes most of the time of a search
        number = value
    # bool is an int to Python, but True is no number of voxels.
    elif isinstance(value, bool | np.bool_) or not isinstance(value, SupportsIndex):
        number = None
    else:
        try:
            number = operator.index(value)
        except TypeError:  # an array, of which only some are one number
            number = None
    if number is None or (least is not None and number < least):
        bound = "" if least is None else f" of {least} or more"
        raise ValueError(f"{name} is {value!r}: give a whole number{bound}.")
    return number


def whole_numbers(
    name: str, values: Iterable[object], *, like: Sequence[int] | None = None, axes: str = ""
) -> tuple[int, ...]:
    """Return `values` as a tuple of ints, one for each axis.

    Parameters
    ----------
    name
        Name of the numbers in the message.
    values
        The values to check: whole numbers of 1 or more.
    like
        A shape with as many axes as there must be numbers.
    axes
        Letters of the axes, for the message.

    Raises
    ------
    ValueError
        If a number is not whole or below 1, or there are too few or too many.
    """
    try:
        values = tuple(values)
    except TypeError:
        raise ValueError(f"{name} is {values!r}: give a whole number for each axis.") from None
    numbers = tuple(whole_number(f"{name}[{place}]", value) for place, value in enumerate(values))
    if not numbers or min(numbers) < 1:
        raise ValueError(f"{name} is {values!r}: give whole numbers of 1 or more.")
    if like is not None and len(numbers) != len(like):
        raise ValueError(
            f"{name} is {numbers}: give {len(like)} numbers, one for each axis of the shape "
            f"{tuple(like)}" + (f", {', '.join(axes.lower())}." if axes else ".")
        )
    return numbers
