"""An image as it is stored now, and as it is to be stored: an OME-Zarr with all its levels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from bigimg_lessons.checks import whole_number, whole_numbers
from bigimg_lessons.costs.design import FORMATS, Triple
from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.levels import level_grid
from bigimg_lessons.pyramids.levels import Level, plan_levels, with_axes_before

DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
"""Types of a voxel that can be planned with."""

LEAST_RATIO, MAX_RATIO = 0.1, 1_000_000
"""Between these lies how many times smaller a compressor makes an image."""

SourceKind = Literal["strips", "tiles", "chunks"]

SOURCE_KINDS: tuple[SourceKind, ...] = ("strips", "tiles", "chunks")
"""How a source is cut: strips of whole rows, or whole planes (TIFF); tiles of a plane (tiled TIFF);
chunks of any shape (HDF5, Zarr, N5)."""


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What is converted into what.

    Parameters
    ----------
    shape
        Voxels along T, C, Z, Y and X.
    dtype
        Type of a voxel, one of `DTYPES`.
    source_kind
        One of `SOURCE_KINDS`.
    source_chunk
        Voxels of a strip, tile or chunk of the source along Z, Y and X.
    source_ratio
        Bytes of its voxels divided by those that are stored; 1 without compression.
    chunk, shard
        Voxels along Z, Y and X of chunks and shards of the target; no shards if ``None``.
    factors
        For each level the voxels of level 0 that one of its voxels stands for along Z, Y and X;
        ``None`` leaves it to :func:`bigimg_lessons.pyramids.levels.plan_levels`, as for voxels that
        are cubes.
    ratio
        As `source_ratio`, for the target.

    Raises
    ------
    ValueError
        If a number makes no sense, if numbers do not fit each other, or if the image is too large,
        see `ChunkGrid`.
    """

    shape: tuple[int, int, int, int, int]
    dtype: str
    source_kind: SourceKind
    source_chunk: Triple
    source_ratio: float = 1.0
    chunk: Triple
    shard: Triple | None = None
    factors: tuple[Triple, ...] | None = None
    ratio: float = 1.0

    def __post_init__(self) -> None:
        shape = whole_numbers("shape", self.shape)
        if len(shape) != 5:
            raise ValueError(f"shape is {shape}: give five numbers, for T, C, Z, Y and X.")
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype is {self.dtype!r}: give one of {', '.join(DTYPES)}.")
        if self.source_kind not in SOURCE_KINDS:
            raise ValueError(
                f"source_kind is {self.source_kind!r}: give one of {', '.join(SOURCE_KINDS)}."
            )
        space = shape[2:]
        depth, _, width = whole_numbers("source_chunk", self.source_chunk, like=space)
        if self.source_kind != "chunks" and depth > 1:
            raise ValueError(
                f"source_chunk is {depth} long along Z, but {self.source_kind} lie in one plane: "
                "give 1, or choose chunks."
            )
        if self.source_kind == "strips" and width != space[2]:
            raise ValueError(
                f"source_chunk is {width} long along X, but strips are as wide as the image: give "
                f"{space[2]}, or choose tiles."
            )
        for name in ("source_ratio", "ratio"):
            value = getattr(self, name)
            if not LEAST_RATIO <= value <= MAX_RATIO:
                raise ValueError(
                    f"{name} is {value!r}: give a number from {LEAST_RATIO} to {MAX_RATIO:,}; 1 is "
                    "no compression."
                )
        largest = FORMATS["ome-zarr"].largest_chunk
        if self.grids[0].chunk_bytes > largest:
            raise ValueError(
                f"A chunk of {self.chunk} has {self.grids[0].chunk_bytes:,} bytes: give smaller "
                f"ones, of at most {largest:,} (Blosc takes no more)."
            )
        self.source_grid  # noqa: B018 - refuses what cannot be

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The levels, along T, C, Z, Y and X."""
        others, space = self.shape[:2], self.shape[2:]
        plan = plan_levels(space, chunk_shape=self.chunk, factors=self.factors)
        return tuple(with_axes_before(level, others) for level in plan)

    @cached_property
    def grids(self) -> tuple[ChunkGrid, ...]:
        """The levels as they are stored, cut into chunks and shards."""
        shard = self.shard and (1, 1, *self.shard)
        full = ChunkGrid(self.shape, (1, 1, *self.chunk), self.dtype, shard)
        return tuple(level_grid(full, level.factors) for level in self.levels)

    @cached_property
    def source_grid(self) -> ChunkGrid:
        """The image as it is stored now."""
        edges: Literal["cut", "padded"] = "cut" if self.source_kind == "strips" else "padded"
        return ChunkGrid(self.shape, (1, 1, *self.source_chunk), self.dtype, edges=edges)


def shape_of_bytes(
    nbytes: int, *, like: tuple[int, int, int, int, int], dtype: str
) -> tuple[int, int, int, int, int]:
    """Return the shape of an image of about so many bytes: one with as many planes as it takes.

    Parameters
    ----------
    nbytes
        Bytes of its voxels, not compressed.
    like
        Voxels along T, C, Z, Y and X of an image with as many time points and channels, and planes
        of that size.
    dtype
        Type of a voxel.

    Returns
    -------
    tuple of int
        The same with another number of planes, one at least.

    Raises
    ------
    ValueError
        If `nbytes` is no whole number of 1 or more.

    Examples
    --------
    >>> shape_of_bytes(10**12, like=(1, 1, 1, 16384, 16384), dtype="uint8")
    (1, 1, 3725, 16384, 16384)
    """
    nbytes = whole_number("nbytes", nbytes, least=1)
    t, c, _, y, x = whole_numbers("like", like)
    plane = t * c * y * x * np.dtype(dtype).itemsize
    return t, c, max(1, (nbytes + plane // 2) // plane), y, x
