"""Who converts an image: computers, their threads and memory, and how fast one core works."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bigimg_lessons.checks import whole_number

MAX_WORKERS = 10**6
"""Maximum number of workers."""

MAX_THREADS = 4096
"""Maximum number of threads of a worker."""


@dataclass(frozen=True, kw_only=True)
class Workforce:
    """Workers that are all alike and share the work evenly.

    Rates are of one core, in bytes of voxels per second, not compressed.

    Parameters
    ----------
    workers
        Number of computers, or of processes with a memory of their own.
    threads
        Number of threads of each, one for each core.
    memory
        Bytes that a worker may hold, as ``memory_limit`` of
        :func:`bigimg_lessons.build.build_pyramid`.
    decode
        How fast the source is decoded; of one that is not compressed, copied.
    shrink
        How fast voxels of level 0 are averaged into all other levels, with all that a program does
        besides decoding and encoding.
    encode
        How fast chunks are encoded.
    line
        Bytes per second of the network line of each worker; ``None`` where the storage is its own.

    Raises
    ------
    ValueError
        If a number is not whole, is too small or too large, or is not finite.
    """

    workers: int
    threads: int
    memory: int
    decode: float
    shrink: float
    encode: float
    line: float | None = None

    def __post_init__(self) -> None:
        for name, most in (("workers", MAX_WORKERS), ("threads", MAX_THREADS)):
            value = whole_number(name, getattr(self, name), least=1)
            if value > most:
                raise ValueError(f"{name} is {value}: give at most {most:,}.")
        whole_number("memory", self.memory, least=1)
        for name in ("decode", "shrink", "encode", "line"):
            value = getattr(self, name)
            if (name, value) != ("line", None) and not 1 <= value < math.inf:
                raise ValueError(f"{name} is {value!r}: give bytes per second, 1 or more.")
