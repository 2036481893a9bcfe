"""Which grey values an image has, so that viewers know what to show as black and as white."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np

from bigimg_lessons.pyramids.downsampling import Array


class GreyRanges:
    """The lowest and highest finite voxel of each channel, seen block by block.

    Parameters
    ----------
    axes
        A letter for each axis of the blocks.
    count
        Number of channels.
    """

    def __init__(self, axes: str, count: int) -> None:
        self._axis = axes.find("C")
        self._ends: list[tuple[Any, Any] | None] = [None] * count
        self._lock = Lock()

    def see(self, start: tuple[int, ...], block: Array) -> None:
        """Take a block of level 0 into account, which begins at `start`."""
        first = 0 if self._axis < 0 else start[self._axis]
        planes = [block] if self._axis < 0 else np.moveaxis(block, self._axis, 0)
        for number, voxels in enumerate(planes, start=first):
            ends = finite_range(voxels)
            if ends is not None:
                self._widen(number, *ends)

    @property
    def ends(self) -> list[tuple[Any, Any] | None]:
        """The lowest and highest voxel of each channel, so far; None where none was finite."""
        return [*self._ends]

    def add(self, ends: Sequence[Sequence[Any] | None]) -> None:
        """Take into account what another has seen, by its :attr:`ends`."""
        for number, pair in enumerate(ends):
            if pair is not None:
                self._widen(number, *pair)

    def _widen(self, number: int, low: Any, high: Any) -> None:
        with self._lock:
            seen = self._ends[number] or (low, high)
            self._ends[number] = (min(seen[0], low), max(seen[1], high))

    @property
    def state(self) -> list[list[Any] | None]:
        """What was seen, as JSON can hold it: the ends of each channel, None for none."""
        with self._lock:
            return [ends and [ends[0].item(), ends[1].item()] for ends in self._ends]

    def see_again(self, state: Sequence[Sequence[Any] | None], dtype: np.dtype[Any]) -> None:
        """Take into account what was seen before.

        Parameters
        ----------
        state
            As `state` said then.
        dtype
            Type of the voxels.
        """
        self.add([before and tuple(np.array(before, dtype)) for before in state])

    def windows(self) -> list[tuple[float, float]]:
        """Return both for each channel, the first always below the second.

        See :func:`_window` for a channel of one value; 0 and 1 where there is no finite voxel.
        """
        return [(0, 1) if ends is None else _window(*ends) for ends in self._ends]


def finite_range(voxels: Array) -> tuple[np.number[Any], np.number[Any]] | None:
    """Return the lowest and the highest voxel that is finite, or None if none is."""
    low, high = voxels.min(), voxels.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        finite = np.isfinite(voxels)
        if not finite.any():
            return None
        low = voxels.min(where=finite, initial=np.inf)
        high = voxels.max(where=finite, initial=-np.inf)
    return low, high


def _window(low: np.number[Any], high: np.number[Any]) -> tuple[float, float]:
    """Return the ends of a range, made to differ; that of one value reaches to zero."""
    start, end = _json_number(low), _json_number(high)
    if start < end:
        return start, end
    return (min(start, 0), max(end, 0)) if start else (0, 1)


def _json_number(value: np.number[Any]) -> float:
    """Return an integer as it is if a double can hold it, and a float in its fewest digits.

    Those of a float16 may be off by one part in two thousand, so it is returned as it is.
    """
    if isinstance(value, np.floating):
        return float(value if isinstance(value, np.float16) else str(value))
    number = int(value)
    return number if abs(number) <= 2**53 else float(number)
