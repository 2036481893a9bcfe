"""How much memory this process holds, followed over time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil


@dataclass(frozen=True)
class MemoryTrace:
    """Resident memory of this process over time.

    Parameters
    ----------
    seconds
        Time of each sample, in seconds since the first.
    resident
        Resident set size at each sample: bytes of physical memory that the process holds.
    """

    seconds: tuple[float, ...]
    resident: tuple[int, ...]

    @property
    def added(self) -> tuple[int, ...]:
        """Bytes held at each sample beyond those at the first."""
        return tuple(size - self.resident[0] for size in self.resident)

    @property
    def peak_added(self) -> int:
        """Bytes held at the highest sample beyond those at the first."""
        return max(self.added)


class MemoryWatch:
    """Samples this process's resident memory while a ``with`` block runs.

    A thread takes a sample every `interval` seconds, so a peak shorter than that can be missed; the
    first and the last sample are taken at the start and at the end of the block.

    Parameters
    ----------
    interval
        Seconds between two samples; positive.

    Raises
    ------
    ValueError
        If `interval` is not positive.

    Examples
    --------
    >>> with MemoryWatch() as watch:
    ...     block = b"x" * 50_000_000
    >>> watch.trace.peak_added > 40_000_000
    True
    """

    def __init__(self, *, interval: float = 0.005) -> None:
        if not interval > 0:
            raise ValueError(
                f"The interval between two samples is {interval!r}: give a positive number of "
                "seconds."
            )
        self._interval = interval
        self._process = psutil.Process()
        self._samples: list[tuple[float, int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory-watch", daemon=True)

    def __enter__(self) -> Self:
        self._sample()
        try:
            self._thread.start()
        except BaseException:  # such as Ctrl-C: nobody will call __exit__
            self._stop.set()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()

    @property
    def trace(self) -> MemoryTrace:
        """The samples so far."""
        samples = tuple(self._samples)
        start = samples[0][0]
        return MemoryTrace(
            tuple(when - start for when, _ in samples), tuple(size for _, size in samples)
        )

    def _sample(self) -> None:
        self._samples.append((time.perf_counter(), self._process.memory_info().rss))

    def _watch(self) -> None:
        while not self._stop.wait(self._interval):
            self._sample()
