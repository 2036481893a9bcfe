"""What an exercise counts while the learner's function runs on a small synthetic image."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.exercises.watching import is_lazy
from bigimg_lessons.text import format_bytes

Counts = Mapping[str, int]
"""What was counted, by its name in the plural; names that begin with "bytes" count bytes."""


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """Code to mend.

    Parameters
    ----------
    run
        Runs a function of the learner on a small image and returns what was counted.
    at_most
        What a solution may take of each count.
    wanted
        What a solution returns, in words; empty if it returns nothing, and writes.
    """

    run: Callable[[Callable[..., Any]], Counts]
    at_most: Counts
    wanted: str


class NothingToCountError(Exception):
    """A function ran, and left nothing behind to count; the message tells the learner so."""


def shown(counts: Counts) -> str:
    """Write counts as people read them.

    Examples
    --------
    >>> shown({"requests": 1024, "bytes read": 4096, "wrong voxels": 0, "chunks read": 1})
    '1,024 requests, 4.00 KiB read, no wrong voxels, 1 chunk read'
    """
    return ", ".join(_shown(what, number) for what, number in counts.items())


def _shown(what: str, number: int) -> str:
    if what.startswith("bytes"):
        return f"{format_bytes(number)}{what.removeprefix('bytes')}"
    if number == 1:  # of which the first noun is in the plural: "chunks read", "wrong voxels"
        first, space, rest = what.partition(" ")
        one = f"{first[:-1]}{space}{rest}" if first.endswith("s") else what.removesuffix("s")
        return f"1 {one}"
    return f"{number:,} {what}" if number else f"no {what}"


def synthetic(*shape: int) -> npt.NDArray[np.uint8]:
    """Make voxels from 1 to 199 that look random and are the same everywhere."""
    index = np.arange(math.prod(shape), dtype=np.uint64)
    return ((index * 2654435761 >> 9) % 199 + 1).astype(np.uint8).reshape(shape)


def wrong(given: object, expected: npt.ArrayLike) -> int:
    """Count the values that are not the expected ones: all, if there are more or fewer of them."""
    values = np.asarray(expected)
    if is_lazy(given):  # nothing is known yet
        return values.size
    try:
        found = np.asarray(given)
    except ValueError:  # lists of different lengths
        return values.size
    if found.shape != values.shape:
        return values.size
    return int(np.count_nonzero(found != values))


class WatchedArray:
    """An array that notes how it is used.

    Parameters
    ----------
    array
        An array of NumPy, zarr or h5py.
    chunks
        Voxels of a chunk along each axis.

    Attributes
    ----------
    chunks_read, chunks_written
        Chunks touched so far; one that is touched again counts again.
    largest
        Bytes of the largest part that was taken at once.
    """

    def __init__(self, array: Any, chunks: Sequence[int]) -> None:
        self._array = array
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype = np.dtype(array.dtype)
        self.ndim = len(self.shape)
        self.chunks = tuple(chunks)
        self.chunks_read = self.chunks_written = self.largest = 0
        self._lock = threading.Lock()  # dask reads in threads

    def __getitem__(self, region: Any) -> Any:
        part = np.array(self._array[region])  # a copy: who changes it does not change the image
        with self._lock:
            self.chunks_read += self._touched(region)
            self.largest = max(self.largest, part.nbytes)
        return part

    def __setitem__(self, region: Any, voxels: Any) -> None:
        self._array[region] = voxels
        self.chunks_written += self._touched(region)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self[...].astype(dtype or self.dtype, copy=False)

    def __len__(self) -> int:
        return self.shape[0]

    def _touched(self, region: Any) -> int:
        """Count the chunks in which the voxels of a region lie."""
        grid = ChunkGrid(self.shape, self.chunks, self.dtype)
        given = region if isinstance(region, tuple) else (region,)
        if Ellipsis in given:
            at = given.index(Ellipsis)
            rest = (slice(None),) * (self.ndim - len(given) + 1)
            given = (*given[:at], *rest, *given[at + 1 :])
        given = (*given, *(slice(None),) * (self.ndim - len(given)))
        inside = [_inside(index, n) for index, n in zip(given, self.shape, strict=True)]
        return math.prod(map(len, grid.touched(inside)))


def _inside(index: Any, n: int) -> int | slice:
    """Write an index of an axis of `n` voxels without what lies beyond its ends."""
    if not isinstance(index, slice):
        return int(range(n)[index])
    picked = range(n)[index]
    if picked.step < 0:
        picked = picked[::-1]
    return slice(picked.start, picked.stop, picked.step)
