"""How often chunks of a source are read while it is cut anew, within a memory that is given.

The arithmetic is that of :mod:`bigimg_lessons.pyramids.block_plans`, by which images are written.
A build may choose smaller blocks than this plan, as it knows exactly what its source and its codec
need beside them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from bigimg_lessons.costs.conversion import Conversion
from bigimg_lessons.costs.workforce import Workforce
from bigimg_lessons.pyramids.block_plans import (
    Beside,
    held_bytes,
    plan_blocks,
    reads_per_chunk,
)

LEAST_BLOCK_BYTES = 8 * 2**20
"""Bytes below which a block is made larger as far as the memory allows, as in a build."""

COPIES_BESIDE = 2
"""Chunks that a thread holds beside its block, of the source or of the target, whichever are the
larger: one as it is stored, and one of its voxels."""

_NO_LIMIT = 2**62  # bytes of memory


@dataclass(frozen=True)
class Rechunking:
    """The blocks in which an image is cut anew.

    Parameters
    ----------
    block_shape
        Voxels of a block along T, C, Z, Y and X, no more than there are.
    reads
        How often a chunk of the source is read on average; 1 if blocks hold whole ones.
    threads
        Number of threads of a worker that find room for a block of their own.
    held
        Bytes that a worker holds at most.
    needed
        Bytes with which one thread would read each chunk of the source once.
    """

    block_shape: tuple[int, ...]
    reads: float
    threads: int
    held: int
    needed: int


def rechunk(conversion: Conversion, workforce: Workforce) -> Rechunking:
    """Choose the blocks in which a worker converts an image, and count how that reads it.

    Parameters
    ----------
    conversion
        What is converted into what.
    workforce
        Who converts it: memory and threads of a worker.

    Returns
    -------
    Rechunking
        Blocks, reads, threads and memory.

    Raises
    ------
    TypeError
        If voxels of a level cannot be averaged exactly, see
        :func:`bigimg_lessons.pyramids.downsampling.downsample_mean`.
    ValueError
        If not even a block of one chunk, or shard, finds room in the memory; the message states
        the minimum.

    Examples
    --------
    A stack of 1 TiB in strips of 64 rows, which are as wide as the image:

    >>> stack = Conversion(
    ...     shape=(1, 1, 4096, 16384, 16384),
    ...     dtype="uint8",
    ...     source_kind="strips",
    ...     source_chunk=(1, 64, 16384),
    ...     chunk=(64, 64, 64),
    ... )
    >>> for gib in (4, 0.125):
    ...     worker = Workforce(
    ...         workers=1,
    ...         threads=1,
    ...         memory=int(gib * 2**30),
    ...         decode=1e9,
    ...         shrink=1e9,
    ...         encode=1e9,
    ...     )
    ...     print(rechunk(stack, worker).block_shape, rechunk(stack, worker).reads)
    (1, 1, 64, 64, 16384) 1.0
    (1, 1, 64, 64, 4096) 4.0
    """
    levels, grids = conversion.levels, conversion.grids
    unit = (1, 1, *(conversion.shard or conversion.chunk))
    largest = max(grids[0].chunk_bytes, conversion.source_grid.chunk_bytes)
    beside = Beside(each=lambda _: COPIES_BESIDE * largest)
    source_chunk = conversion.source_grid.chunk_shape

    def blocks(memory: int, least_bytes: int) -> tuple[tuple[int, ...], ...]:
        return plan_blocks(
            levels,
            chunk_shape=unit,
            dtype=conversion.dtype,
            source_chunk_shape=source_chunk,
            memory_limit=memory,
            least_bytes=least_bytes,
            beside=beside,
        )

    def held(shapes: tuple[tuple[int, ...], ...], threads: int) -> int:
        return held_bytes(
            levels, block_shapes=shapes, dtype=conversion.dtype, beside=beside, threads=threads
        )

    block_shapes = blocks(workforce.memory, LEAST_BLOCK_BYTES)
    threads = 1 + bisect_right(
        range(2, 1 + workforce.threads), workforce.memory, key=lambda n: held(block_shapes, n)
    )
    return Rechunking(
        tuple(map(min, block_shapes[0], conversion.shape)),
        reads_per_chunk(
            conversion.shape, block_shape=block_shapes[0], source_chunk_shape=source_chunk
        ),
        threads,
        held(block_shapes, threads),
        held(blocks(_NO_LIMIT, 1), 1),
    )
