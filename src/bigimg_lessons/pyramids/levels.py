"""The levels of a resolution pyramid, planned: which axes to halve when, and where each level lies.

Level 0 is the full image; one voxel of level *k* stands for a box of ``factors`` voxels of
level 0. All shapes, factors and chunks here are those of the spatial axes, in the order zyx
(or yx).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bigimg_lessons.checks import whole_number, whole_numbers


@dataclass(frozen=True)
class Level:
    """One level of a resolution pyramid; all tuples are in zyx (or yx) order.

    Parameters
    ----------
    factors
        Voxels of level 0 along each axis that one voxel of this level stands for.
    shape
        Voxels along each axis: those of level 0 divided by `factors`, rounded up.
    voxel_size
        Size of a voxel, in the units of the level 0 size that the plan was given; in voxels of
        level 0 along an axis whose size is not known.
    offset
        Position of the centre of the first voxel relative to that of level 0, same units:
        ``0.5 * (factor - 1) * voxel_size_of_level_0``.
    """

    factors: tuple[int, ...]
    shape: tuple[int, ...]
    voxel_size: tuple[float, ...]
    offset: tuple[float, ...]


def plan_levels(
    shape: Sequence[int],
    *,
    chunk_shape: Sequence[int],
    voxel_size: Sequence[float | None] | None = None,
    factors: Sequence[Sequence[int]] | None = None,
    max_levels: int | None = None,
) -> tuple[Level, ...]:
    """Choose the levels of a pyramid.

    Each level halves the axes whose voxels are finest, until voxels are near cubes; from then
    on it halves all axes. An axis waits while its voxels are at least sqrt(2) times as long as
    the finest: halving the others then brings the two closer. An axis with one voxel is never
    halved. The first level that fits into one chunk is the last.

    Parameters
    ----------
    shape
        Voxels of the image along each axis.
    chunk_shape
        Voxels of a chunk along each axis, the same at every level.
    voxel_size
        Size of a voxel along each axis, in any unit; cubes if not given. An axis whose size is
        None is planned as if it were that of the finest axis.
    factors
        The levels' factors relative to level 0, if they are not to be chosen: first all ones,
        and each next a whole multiple of the one before.
    max_levels
        Maximum number of levels, including level 0.

    Returns
    -------
    tuple of Level
        From level 0, the image itself, to the coarsest.

    Raises
    ------
    ValueError
        If the lengths differ, a number is not positive, or `factors` do not nest.

    Examples
    --------
    >>> plan = plan_levels((60, 512, 512), chunk_shape=(64, 64, 64), voxel_size=(4, 1, 1))
    >>> [level.factors for level in plan]
    [(1, 1, 1), (1, 2, 2), (1, 4, 4), (2, 8, 8)]
    """
    shape = whole_numbers("shape", shape)
    chunk_shape = whole_numbers("chunk_shape", chunk_shape, like=shape)
    sizes = (None,) * len(shape) if voxel_size is None else tuple(voxel_size)
    known = [float(length) for length in sizes if length is not None]
    if len(sizes) != len(shape) or not all(0 < length < math.inf for length in known):
        raise ValueError(
            f"voxel_size is {voxel_size!r}: give {len(shape)} positive numbers, or None, one for "
            f"each axis of the shape {shape}."
        )
    if max_levels is not None:
        max_levels = whole_number("max_levels", max_levels, least=1)  # level 0 counts

    finest = min(known, default=1.0)
    like_finest = tuple(finest if length is None else float(length) for length in sizes)
    size = tuple(1.0 if length is None else float(length) for length in sizes)
    chosen = (
        _nested_factors(factors, shape)
        if factors is not None
        else _halving_factors(shape, chunk_shape, like_finest)
    )
    return tuple(
        Level(
            factors=step,
            shape=tuple(-(-n // f) for n, f in zip(shape, step, strict=True)),
            voxel_size=tuple(f * s for f, s in zip(step, size, strict=True)),
            offset=tuple(0.5 * (f - 1) * s for f, s in zip(step, size, strict=True)),
        )
        for step in chosen[:max_levels]
    )


def with_axes_before(level: Level, extents: tuple[int, ...]) -> Level:
    """Return a level with further axes before its own, along which it is as long as level 0.

    Parameters
    ----------
    level
        Along the spatial axes.
    extents
        Along the others, such as time points and channels; their steps count as one.
    """
    ones, zeros = (1.0,) * len(extents), (0.0,) * len(extents)
    return Level(
        factors=(1,) * len(extents) + level.factors,
        shape=extents + level.shape,
        voxel_size=ones + level.voxel_size,
        offset=zeros + level.offset,
    )


def _nested_factors(
    factors: Sequence[Sequence[int]], shape: tuple[int, ...]
) -> list[tuple[int, ...]]:
    if not isinstance(factors, Iterable):
        raise ValueError(f"factors are {factors!r}: give a row of numbers for each level.")
    steps = [whole_numbers(f"factors[{i}]", f, like=shape) for i, f in enumerate(factors)]
    if not steps or max(steps[0]) > 1:
        raise ValueError(f"factors are {factors!r}: begin with level 0, whose factors are all 1.")
    for above, below in pairwise(steps):
        if above == below or any(b % a for a, b in zip(above, below, strict=True)):
            raise ValueError(
                f"factors go from {above} to {below}: make each level's factors whole multiples "
                "of those of the level before, at least one of them larger."
            )
    return steps


def _halving_factors(
    shape: tuple[int, ...], chunk_shape: tuple[int, ...], voxel_size: tuple[float, ...]
) -> list[tuple[int, ...]]:
    steps = [(1,) * len(shape)]
    while True:
        step = steps[-1]
        now = [-(-n // f) for n, f in zip(shape, step, strict=True)]
        if all(n <= c for n, c in zip(now, chunk_shape, strict=True)):
            return steps
        size = [f * s for f, s in zip(step, voxel_size, strict=True)]
        finest = min(s for s, n in zip(size, now, strict=True) if n > 1)
        halved = [n > 1 and s < finest * math.sqrt(2) for n, s in zip(now, size, strict=True)]
        steps.append(tuple(f * 2 if h else f for f, h in zip(step, halved, strict=True)))
