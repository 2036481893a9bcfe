"""Exercises of lesson 6b: whole shards for each worker, and paths in place of voxels."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from operator import index
from typing import Any

import numpy as np

from bigimg_lessons.exercises.counting import (
    Counts,
    Exercise,
    NothingToCountError,
    synthetic,
    wrong,
)
from bigimg_lessons.exercises.metered import metered

_SHAPE, _CHUNKS, _SHARDS = (64, 64, 64), (16, 16, 16), (32, 32, 32)


def _boxes(edges: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    sides = (
        [slice(start, start + edge) for start in range(0, n, edge)]
        for n, edge in zip(_SHAPE, edges, strict=True)
    )
    return product(*sides)


def _block_shape(function: Callable[..., Any]) -> Counts:
    """Let all workers of a shard read it before any of them writes it back.

    Of each shard only what its last writer wrote is kept: the block with its last voxel.
    """
    edges = [index(edge) for edge in function(_CHUNKS, _SHARDS)]
    if len(edges) != len(_SHAPE) or min(edges) < 1:
        raise NothingToCountError(f"A block has three edges of 1 voxel or more, not {edges}.")
    kept = [
        sum(end - max(end - shard, (end - 1) // edge * edge) for end in range(shard, n + 1, shard))
        for n, shard, edge in zip(_SHAPE, _SHARDS, edges, strict=True)
    ]
    return {
        "bytes held by a worker": math.prod(map(min, edges, _SHAPE)),
        "lost voxels": math.prod(_SHAPE) - math.prod(kept),
    }


def _jobs(function: Callable[..., Any]) -> Counts:
    voxels = synthetic(*_SHAPE)
    image, meter = metered(voxels, _SHARDS)
    blocks = list(_boxes(_SHARDS))
    jobs = [
        (image if isinstance(source, str | os.PathLike) else source, block)
        for source, block in function(voxels.copy(), "volume.zarr", blocks)
    ]
    sums = [np.sum(source[block]) for source, block in jobs]
    sent = sum(source.nbytes for source, _ in jobs if source is not image)
    return {
        "bytes of voxels sent": sent,
        "bytes read": meter.take().bytes_read,
        "wrong sums": wrong(sums, [voxels[block].sum() for block in blocks]),
    }


EXERCISES = {
    "mend-block-shape": Exercise(
        run=_block_shape,
        at_most={"bytes held by a worker": 32**3, "lost voxels": 0},
        wanted="three whole numbers, the voxels of a block along Z, Y and X",
    ),
    "mend-jobs": Exercise(
        run=_jobs,
        at_most={"bytes of voxels sent": 0, "bytes read": 64**3, "wrong sums": 0},
        wanted="a pair of source and block for each of the 8 blocks",
    ),
}
