"""The blocks in which an image is read and written: as large as the memory allowed lets them be.

What a build holds at a time is counted from what one thread holds of its block:

- the block of level 0, as it was read;
- for each level the open block that is put together from it, as sums or voxels;
- for a while, what reading takes beside the block, or shrinking it, or encoding it: whichever of
  these is the most, as they follow one another.

With several threads each holds as much. The C library keeps some of what was freed for the next
request. That is counted as a share of the whole, see :data:`KEPT_BY_ALLOCATOR`, and two blocks:
glibc gives back the end of its heap once that is twice as long as the largest piece that was freed
(``M_MMAP_THRESHOLD`` and ``M_TRIM_THRESHOLD`` in mallopt(3)).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from bigimg_lessons.checks import whole_number, whole_numbers
from bigimg_lessons.pyramids.downsampling import (
    SUM_AND_COUNT,
    Downsampling,
    shrinking_bytes,
    sum_dtype,
)
from bigimg_lessons.pyramids.levels import Level
from bigimg_lessons.pyramids.voxels import plain_dtype
from bigimg_lessons.text import format_bytes

KEPT_BY_ALLOCATOR = 0.25
"""Share of what threads hold by which memory grows beyond that, as free pieces lie between others.

Found with glibc by ``tests/test_memory_limit.py``."""

_MAX_MAPPED = 32 * 2**20  # glibc maps larger pieces, each on its own, and gives them back at once

MEMORY_LIMIT = 256 * 2**20
"""Bytes by which a build may let the process grow unless another limit is given."""


@dataclass(frozen=True)
class Beside:
    """What reading and writing hold beside blocks and sums, in bytes.

    Parameters
    ----------
    once
        Held all the time, whatever the blocks: queues, indexes, pools of threads.
    each
        Takes the shape of a block; returns the maximum that one thread holds beside it
        while the block is read, or while it is encoded.
    """

    once: int = 0
    each: Callable[[tuple[int, ...]], int] = lambda _: 0


NOTHING_BESIDE = Beside()


def checked_memory_limit(memory_limit: int) -> int:
    """Return a limit of memory in bytes, which must be a whole number above zero.

    Raises
    ------
    ValueError
        If it is not.
    """
    try:
        return whole_number("memory_limit", memory_limit, least=1)
    except ValueError as error:
        raise ValueError(f"{str(error)[:-1]}, in bytes, such as 256 * 2**20.") from None


def plan_blocks(
    levels: Sequence[Level],
    *,
    chunk_shape: Sequence[int],
    dtype: npt.DTypeLike,
    source_chunk_shape: Sequence[int] | None = None,
    downsampling: Downsampling = "mean",
    memory_limit: int = MEMORY_LIMIT,
    least_bytes: int = 2 * 2**20,
    beside: Beside = NOTHING_BESIDE,
) -> tuple[tuple[int, ...], ...]:
    """Choose the shapes of the blocks in which `build_levels` works, one for each level.

    A block is made of whole chunks of the pyramid, and in level 0 of whole chunks of the source,
    so that each of these is read once. Where such blocks would need more than `memory_limit`, they
    are smaller, and a chunk of the source that two blocks share is read for each of them.

    A block of a coarser level is no larger than it must be to hold whole chunks: as a rule it is
    one of the finer level, shrunk, until that is one chunk. So the coarse levels together keep
    fewer voxels than a block of level 0 as long as their blocks shrink, and one chunk each from
    then on; of sums a voxel has up to eight bytes.

    Parameters
    ----------
    levels
        The plan, from level 0 on.
    chunk_shape
        Voxels of a chunk of the pyramid along each axis.
    dtype
        Type of the image's voxels.
    source_chunk_shape
        Voxels along each axis of the source's own chunks, if it has any.
    downsampling
        As for :func:`bigimg_lessons.pyramids.blocks.build_levels`.
    memory_limit
        Bytes that one thread may hold at a time, see :func:`held_bytes`.
    least_bytes
        Bytes below which a block costs more for being asked for than for what it brings: it is
        made larger as far as `memory_limit` allows.
    beside
        What reading and writing take; nothing by default.

    Returns
    -------
    tuple of tuple of int
        For each level, voxels of a block along each axis; along a short axis it may be more than
        there are. A block holds a whole number of blocks of the finer level.

    Raises
    ------
    TypeError
        If the dtype has no exact mean, see
        :func:`bigimg_lessons.pyramids.downsampling.downsample_mean`.
    ValueError
        If the number of axes differs, a number is not positive, or not even a block of one chunk
        fits into `memory_limit`; the message then states the minimum.

    Examples
    --------
    >>> from bigimg_lessons.pyramids.levels import plan_levels
    >>> levels = plan_levels((256, 2048, 2048), chunk_shape=(64, 64, 64))
    >>> plan_blocks(
    ...     levels, chunk_shape=(64, 64, 64), dtype="uint8", source_chunk_shape=(1, 512, 512)
    ... )[:3]
    ((64, 512, 512), (64, 256, 256), (64, 128, 128))
    """
    memory_limit = checked_memory_limit(memory_limit)
    shape = levels[0].shape
    dtype = plain_dtype(dtype)
    ratios = [step_between(finer, level) for finer, level in pairwise(levels)]
    unit = tuple(map(math.lcm, whole_numbers("chunk_shape", chunk_shape, like=shape), *ratios))
    source = whole_numbers("source_chunk_shape", source_chunk_shape or unit, like=shape)
    whole = [u * -(-n // u) for u, n in zip(unit, shape, strict=True)]

    def held(block: Sequence[int]) -> int:
        return held_bytes(
            levels,
            block_shapes=_with_coarser(block, unit, ratios),
            dtype=dtype,
            downsampling=downsampling,
            beside=beside,
        )

    if (least := held(unit)) > memory_limit:
        raise ValueError(
            f"memory_limit is {memory_limit}, which is {format_bytes(memory_limit)}. The smallest "
            f"block, {tuple(map(min, unit, shape))} voxels, takes {format_bytes(least)} with the "
            f"sums of all levels and what reading and encoding need: give at least {least}, or "
            "smaller chunks and shards."
        )
    block = [min(math.lcm(u, s), w) for u, s, w in zip(unit, source, whole, strict=True)]
    while held(block) > memory_limit and tuple(block) != unit:
        units = [b // u for b, u in zip(block, unit, strict=True)]
        axis = units.index(max(units))
        block[axis] = unit[axis] * -(-units[axis] // 2)
    # What sticks out of the image is no voxel: blocks of small frames hold many of them.
    while math.prod(map(min, block, shape)) * dtype.itemsize < least_bytes:
        short = [axis for axis, (b, w) in enumerate(zip(block, whole, strict=True)) if b < w]
        if not short:
            break
        # First along the axes of the chunks: blocks that span time points or channels scatter each
        # of these over the file.
        axis = min(reversed(short), key=lambda axis: (unit[axis] == 1, block[axis]))
        larger = [*block]
        larger[axis] = min(2 * block[axis], whole[axis])
        if held(larger) > memory_limit:
            break
        block = larger
    return tuple(_with_coarser(block, unit, ratios))


def _with_coarser(
    block: Sequence[int], unit: tuple[int, ...], ratios: Sequence[tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """Return the shape of a block of level 0, and those of the blocks of all coarser levels."""
    shapes = [tuple(block)]
    for ratio in ratios:
        shrunk = (n // r for n, r in zip(shapes[-1], ratio, strict=True))
        shapes.append(tuple(map(math.lcm, unit, shrunk)))
    return shapes


def held_bytes(
    levels: Sequence[Level],
    *,
    block_shapes: Sequence[Sequence[int]],
    dtype: npt.DTypeLike,
    downsampling: Downsampling = "mean",
    beside: Beside = NOTHING_BESIDE,
    threads: int = 1,
) -> int:
    """Return the maximum number of bytes that a build holds at a time.

    Parameters
    ----------
    levels, block_shapes, dtype, downsampling, threads
        As for :func:`bigimg_lessons.pyramids.blocks.build_levels`.
    beside
        What reading and writing take.
    """
    dtype = np.dtype(dtype)
    blocks = [
        tuple(map(min, block, level.shape))
        for block, level in zip(block_shapes, levels, strict=True)
    ]
    kept = sum(
        math.prod(block) * kept_dtype(dtype, level, downsampling).itemsize
        for block, level in zip(blocks, levels, strict=True)
    )
    shrinking = max(
        (
            shrinking_bytes(
                block,
                step_between(finer, coarser),
                dtype,
                kept_dtype(dtype, coarser, downsampling),
                downsampling,
            )
            for block, (finer, coarser) in zip(blocks, pairwise(levels), strict=False)
        ),
        default=0,
    )
    block = blocks[0]
    each = kept + max(shrinking, beside.each(block))
    end_of_heap = 2 * min(math.prod(block) * dtype.itemsize, _MAX_MAPPED)
    return beside.once + math.ceil(threads * each * (1 + KEPT_BY_ALLOCATOR)) + end_of_heap


def reads_per_chunk(
    shape: Sequence[int], *, block_shape: Sequence[int], source_chunk_shape: Sequence[int]
) -> float:
    """Return how often a chunk of the source is read on average; 1 if blocks hold whole ones.

    Parameters
    ----------
    shape
        Voxels of the image along each axis.
    block_shape
        Voxels of the blocks in which it is read.
    source_chunk_shape
        Voxels of the source's own chunks.

    Examples
    --------
    >>> reads_per_chunk((64, 512), block_shape=(64, 256), source_chunk_shape=(1, 512))
    2.0
    """
    reads = 1.0
    for n, block, chunk in zip(shape, block_shape, source_chunk_shape, strict=True):
        # Both grids together cut the axis into the pieces that are read; some cuts are of both.
        pieces = -(-n // block) - (-n // chunk) + (-n // math.lcm(block, chunk))
        reads *= pieces / -(-n // chunk)
    return reads


def step_between(finer: Level, coarser: Level) -> tuple[int, ...]:
    """Return how many voxels of the finer level one of the coarser takes along each axis."""
    return tuple(c // f for f, c in zip(finer.factors, coarser.factors, strict=True))


def kept_dtype(dtype: np.dtype[Any], level: Level, downsampling: Downsampling) -> np.dtype[Any]:
    """Return the dtype in which a level is kept until the next is made from it."""
    if downsampling not in get_args(Downsampling):
        known = ", ".join(map(repr, get_args(Downsampling)))
        raise ValueError(f"downsampling is {downsampling!r}: choose one of {known}.")
    count = math.prod(level.factors)
    if count == 1 or downsampling in ("mode", "stride"):
        return dtype
    needed = sum_dtype(dtype, count)
    return SUM_AND_COUNT if downsampling == "nanmean" and dtype.kind == "f" else needed
