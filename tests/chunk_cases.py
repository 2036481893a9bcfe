"""Shapes, chunk shapes and regions for Hypothesis, and the voxels they stand for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from numpy.typing import DTypeLike, NDArray

Indexes = tuple[int | slice, ...]

DTYPES = st.sampled_from(["uint8", "uint16", "float32"])


def along_the_curve(place: Sequence[int]) -> str:
    """Where a chunk lies along a Z-order curve, digit by digit: the first axis is fastest."""
    bits = [f"{number:08b}" for number in place]
    return "".join(digits[level] for level in range(8) for digits in reversed(bits))


@dataclass(frozen=True)
class Case:
    """An array, how it is cut, and what is read of it."""

    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...]
    shard_shape: tuple[int, ...] | None
    region: Indexes

    def voxels(self, dtype: DTypeLike) -> NDArray[Any]:
        """Values that differ from voxel to voxel, and none is 0, the fill value."""
        numbers = np.arange(math.prod(self.shape)) % 250 + 1
        return numbers.reshape(self.shape).astype(dtype)


@st.composite
def indexes(draw: DrawFn, size: int) -> int | slice:
    """A whole number or a slice along an axis."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.integers(0, size - 1))
    start = draw(st.integers(0, size - 1))
    stop = draw(st.integers(start + 1, size))
    step = draw(st.sampled_from([None, 1, 2, 3, 4, 7]))
    ends = (None if start == 0 and draw(st.booleans()) else start), stop
    return slice(*ends, step)


@st.composite
def regions(draw: DrawFn, shape: Sequence[int]) -> Indexes:
    """A part of an array: one in five times all of it."""
    if draw(st.integers(0, 4)) == 0:
        return tuple(slice(None) for _ in shape)
    return tuple(draw(indexes(size)) for size in shape)


@st.composite
def cases(draw: DrawFn, *, most_axes: int = 3, longest: int = 12, sharded: bool = False) -> Case:
    """An array of up to `longest` voxels along each axis, with a region.

    Its chunks, and its shards, may be longer than it is.
    """
    shape = tuple(draw(st.lists(st.integers(1, longest), min_size=1, max_size=most_axes)))
    chunk_shape = tuple(draw(st.integers(1, 5)) for _ in shape)
    shard_shape = None
    if sharded:
        shard_shape = tuple(
            chunk * draw(st.integers(1, -(-size // chunk) + 1))
            for size, chunk in zip(shape, chunk_shape, strict=True)
        )
    return Case(shape, chunk_shape, shard_shape, draw(regions(shape)))
