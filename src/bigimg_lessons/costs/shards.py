"""Chunks that a reader fetches of shards, where a region cuts them.

All numbers are in chunks. Along each axis a region wants some chunks of each shard that it
touches (`Cut`); the kinds of shards are all combinations of these.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

MAX_CHUNKS_INSPECTED = 2**23
"""Maximum number of chunks that are inspected one by one to find what a merging reader asks for.
They are those of each kind of shard that a region cuts: 26 kinds or fewer, unless it has steps."""


MAX_STEPS = 10**6
"""Maximum number of positions along an axis, in steps longer than a chunk, that are inspected."""


@dataclass(frozen=True)
class Cut:
    """What is wanted of a shard along one axis.

    Parameters
    ----------
    stored
        Chunks that the shard holds along this axis.
    wanted
        Which of them are wanted, ascending.
    """

    stored: int
    wanted: range | tuple[int, ...]


def cuts(axis: int, span: range, chunks: int, chunk: int, inside: int) -> Counter[Cut]:
    """Count what is wanted of the shards along an axis.

    Parameters
    ----------
    axis
        Its number, for the message of an error.
    span
        The voxels wanted.
    chunks
        Chunks of the image along this axis.
    chunk
        Voxels of a chunk.
    inside
        Chunks for which a shard has room.

    Returns
    -------
    Counter of Cut
        How many shards are cut in each way.

    Raises
    ------
    ValueError
        If there are more than `MAX_STEPS` steps to inspect.
    """

    def cut(shard: int, numbers: range | tuple[int, ...]) -> Cut:
        return Cut(min(inside, chunks - shard * inside), numbers)

    if span.step <= chunk:
        # All chunks from the first to the last: shards between those of both are wanted whole.
        first, last = span[0] // chunk, span[-1] // chunk
        kinds = Counter(
            cut(
                shard, range(max(0, first - shard * inside), min(inside, last + 1 - shard * inside))
            )
            for shard in {first // inside, last // inside}
        )
        if (between := last // inside - first // inside - 1) > 0:
            kinds[Cut(inside, range(inside))] += between
        return kinds
    if len(span) > MAX_STEPS:
        raise ValueError(
            f"region[{axis}] takes {len(span):,} steps that are longer than a chunk: give a "
            f"region of at most {MAX_STEPS:,} of them in an image with shards."
        )
    numbers = (position // chunk for position in span)
    return Counter(
        cut(shard, tuple(number % inside for number in inner))
        for shard, inner in itertools.groupby(numbers, lambda number: number // inside)
    )


def merged(
    by_axis: Sequence[Counter[Cut]],
    per_shard: tuple[int, ...],
    order: Literal["morton", "C"],
    *,
    gap: int,
    longest: int,
) -> tuple[int, int]:
    """Return what a merging reader asks of the shards that it does not want whole.

    Parameters
    ----------
    by_axis
        How the shards are cut along each axis, see `cuts`.
    per_shard
        Chunks for which a shard has room along each axis.
    order, gap, longest
        As for `_runs`.

    Returns
    -------
    tuple of int
        Requests, and the chunks that they bring.

    Raises
    ------
    ValueError
        If there are more than `MAX_CHUNKS_INSPECTED` chunks to inspect.
    """
    inspected = math.prod(sum(cut.stored for cut in kinds) for kinds in by_axis)
    if inspected > MAX_CHUNKS_INSPECTED:
        raise ValueError(
            f"The region cuts shards of {per_shard} chunks so that {inspected:,} "
            f"chunks must be looked at: give smaller shards, larger chunks or a "
            f"region without steps, for at most {MAX_CHUNKS_INSPECTED:,}, or a reader that does "
            "not merge."
        )
    asked = brought = 0
    for kind in itertools.product(*(kinds.items() for kinds in by_axis)):
        stored = tuple(cut.stored for cut, _ in kind)
        wanted = tuple(cut.wanted for cut, _ in kind)
        if tuple(map(len, wanted)) != per_shard:  # else it is one request
            times = math.prod(count for _, count in kind)
            requests, chunks = _runs(stored, wanted, order, gap, longest)
            asked += requests * times
            brought += chunks * times
    return asked, brought


@functools.lru_cache(4096)
def _runs(
    stored: tuple[int, ...],
    wanted: tuple[Sequence[int], ...],
    order: Literal["morton", "C"],
    gap: int,
    longest: int,
) -> tuple[int, int]:
    """Return how a merging reader asks for chunks of one shard; all numbers are in chunks.

    As ``zarr.core._coalesce`` of zarr-python 3.4.2: from the first chunk on, the next one joins
    the request if its gap is small enough, and the request then not too long.

    Parameters
    ----------
    stored
        The shard's chunks along each axis.
    wanted
        Which of them are wanted along each axis.
    order
        The order of the chunks in the shard, as `ChunkGrid.shard_order`.
    gap
        Maximum number of unwanted chunks between two wanted ones of a request.
    longest
        Maximum number of chunks of a request, unwanted ones included.

    Returns
    -------
    tuple of int
        Requests, and the chunks that they bring.
    """
    is_wanted = np.zeros(stored, bool)
    is_wanted[np.ix_(*wanted)] = True
    in_file = is_wanted.ravel()
    if order == "morton":
        in_file = in_file[_morton(stored)]
    places = np.flatnonzero(in_file)
    if longest < 2:
        return places.size, places.size
    ends = [*(np.flatnonzero(np.diff(places) > gap + 1) + 1).tolist(), places.size]
    requests = brought = start = 0
    for end in ends:
        while start < end:
            stop = min(end, int(np.searchsorted(places, places[start] + longest)))
            requests += 1
            brought += int(places[stop - 1] - places[start]) + 1
            start = stop
    return requests, brought


@functools.lru_cache(16)
def _morton(shape: tuple[int, ...]) -> npt.NDArray[np.intp]:
    """Return the positions of a box, numbered in C order, along zarr-python's Z-order curve.

    On the curve the bits of a position are those of its coordinates in turn, beginning with the
    lowest bit of the first axis; an axis that has no more bits is left out.
    """
    places = np.zeros(1, np.intp)
    for bit in range((max(shape) - 1).bit_length()):
        # The curve goes through what it has passed once more, one step further along each axis.
        for axis, size in enumerate(shape):
            stride = math.prod(shape[axis + 1 :])
            fits = places // stride % size + (1 << bit) < size
            places = np.concatenate([places, places[fits] + (stride << bit)])
    return places
