"""The levels of a stored image, each cut into chunks as its design says."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from bigimg_lessons.costs.design import FORMATS, Design, Format, Triple
from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.remarks import REFUSALS, filled
from bigimg_lessons.costs.scenarios import Scenario
from bigimg_lessons.pyramids.levels import plan_levels


@functools.cache
def factors(scenario: Scenario, name: str) -> tuple[Triple, ...]:
    """Return the levels that a format can have.

    The finest axes are halved first, as in lesson 4, until a plane is at most 256 voxels high
    and wide, and, where Z is halved too, at most 256 planes are left. Time is never halved.

    Parameters
    ----------
    scenario
        The image: its shape, axes and voxel size.
    name
        A key of `FORMATS`.

    Returns
    -------
    tuple of tuple of int
        Voxels of level 0 that a voxel of each level stands for, along each axis.
    """
    halved = FORMATS[name].pyramid
    if not halved:
        return ((1, 1, 1),)
    fixed = 0 if halved == scenario.axes else 1
    plan = plan_levels(
        scenario.shape[fixed:],
        chunk_shape=(256,) * (3 - fixed),
        voxel_size=scenario.voxel_size[fixed:],
    )
    return tuple((*(1,) * fixed, *level.factors) for level in plan)  # type: ignore[misc]


def level_grids(design: Design, scenario: Scenario) -> tuple[ChunkGrid, ...]:
    """Cut each level of an image as a design says.

    Parameters
    ----------
    design
        How the image is stored.
    scenario
        The image and its storage.

    Returns
    -------
    tuple of ChunkGrid
        One for each level, the full image first.

    Raises
    ------
    ValueError
        If the format is not known, or cannot be used like this.
    """
    if not isinstance(design.format, str) or design.format not in FORMATS:
        raise ValueError(f"format is {design.format!r}: give one of {', '.join(FORMATS)}.")
    form = FORMATS[design.format]
    # First without the shards, so that a format which has none says so.
    plain = ChunkGrid(scenario.shape, design.chunk_shape, scenario.dtype, edges=form.edges)
    _refuse(design, scenario, form, plain)
    full = ChunkGrid(
        scenario.shape, plain.chunk_shape, scenario.dtype, design.shard_shape, form.edges
    )
    return tuple(
        level_grid(full, step) for step in factors(scenario, design.format)[: design.levels]
    )


def _refuse(design: Design, scenario: Scenario, form: Format, grid: ChunkGrid) -> None:
    """Raise ValueError if the format cannot have such chunks, shards or levels."""
    depth, height, width = grid.chunk_shape
    most = len(factors(scenario, design.format))
    broken = (
        ("deep", form.chunks != "boxes" and depth > 1),
        ("rows", form.chunks == "rows" and width != scenario.shape[2]),
        ("tiles", form.chunks == "tiles" and (height % 16 or width % 16)),
        ("time", form.time_apart and scenario.axes[0] == "T" and depth > 1),
        ("largest", grid.chunk_bytes > form.largest_chunk),
        ("shards", design.shard_shape is not None and not form.shards),
        (
            "flat" if not form.pyramid else "levels",
            not isinstance(design.levels, int) or not 1 <= design.levels <= most,
        ),
    )
    for reason, applies in broken:
        if applies:
            values: dict[str, float | str] = {
                "name": form.name,
                "largest_chunk": form.largest_chunk,
                "first": scenario.axes[0],
                "width": scenario.shape[2],
                "bytes": grid.chunk_bytes,
                "levels": most,
            }
            raise ValueError(filled(REFUSALS[reason], values))


def level_grid(full: ChunkGrid, step: Sequence[int]) -> ChunkGrid:
    """Cut a level as the full image is: the same chunks and shards, cut where it is smaller.

    Parameters
    ----------
    full
        The full image.
    step
        Voxels of it that one of the level stands for, along each axis.
    """
    shape = tuple(-(-n // f) for n, f in zip(full.shape, step, strict=True))
    chunk = tuple(map(min, full.chunk_shape, shape))
    shard = full.chunks_per_shard and tuple(
        c * min(inside, -(-n // c))
        for c, inside, n in zip(chunk, full.chunks_per_shard, shape, strict=True)
    )
    return ChunkGrid(shape, chunk, full.dtype, shard, full.edges)
