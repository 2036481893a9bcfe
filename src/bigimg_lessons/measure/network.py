"""A link that makes a fast disk feel far away: a latency, and one line that all requests share.

Each request waits the latency, at the same time as the others; then its bytes travel. All
answers that travel at the same time share the bandwidth evenly, as connections over one network
line do (in queueing theory: processor sharing). So rounds of equal requests take exactly
``ceil(requests / concurrency) * latency + bytes / bandwidth``, the cost model of
:mod:`bigimg_lessons.costs.storage`; answers that travel while other requests still wait make a read
faster than that.

Why this is not done with zarr's own means, as of zarr-python 3.1.6 and 3.4.2:
``zarr.testing.store`` has a ``LatencyStore``, but its module imports pytest, it knows no
bandwidth, and it does not delay questions for names, sizes and existence; and h5py and tifffile
read files, no zarr stores.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor

MAX_WAITING = 1024
"""Maximum number of asynchronous requests that wait at one link; more of them queue."""


class Line:
    """Arithmetic of transfers that share a bandwidth evenly; knows no clock.

    Times are in seconds from any origin; those given to `run` do not decrease.

    Parameters
    ----------
    bandwidth
        Bytes per second, for all transfers together; may be infinite.
    """

    def __init__(self, bandwidth: float) -> None:
        self._bandwidth = bandwidth
        self._time = -math.inf
        # What a transfer that is always under way would have received; one of `n` bytes that
        # begins when this is `s` is over when it has reached `s + n`.
        self._served = 0.0
        self._under_way: list[tuple[float, int]] = []  # heap of (served at its end, transfer)
        self._coming: list[tuple[float, int, int]] = []  # heap of (time, transfer, bytes)
        self._ended: dict[int, float] = {}
        self._numbers = itertools.count()

    def add(self, start: float, size: int) -> int:
        """Let `size` bytes enter the line at time `start`; return the transfer's number.

        A start before the time up to which the line has run counts as that time.
        """
        transfer = next(self._numbers)
        heapq.heappush(self._coming, (max(start, self._time), transfer, size))
        return transfer

    def run(self, until: float) -> None:
        """Let time pass up to `until`."""
        while (event := self._next_event()) <= until:
            self._step(event)
        if self._under_way:
            self._served += (until - self._time) * self._bandwidth / len(self._under_way)
        self._time = max(self._time, until)

    def end(self, transfer: int) -> float:
        """Return when a transfer ended, or will end if no other is added."""
        if transfer in self._ended:
            return self._ended[transfer]
        future = Line(self._bandwidth)
        future._time, future._served = self._time, self._served
        future._under_way, future._coming = self._under_way.copy(), self._coming.copy()
        while transfer not in future._ended:
            future._step(future._next_event())
        return future._ended[transfer]

    def forget(self, transfer: int) -> None:
        """Forget a transfer that has ended."""
        del self._ended[transfer]

    def _next_end(self) -> float:
        if not self._under_way:
            return math.inf
        left = self._under_way[0][0] - self._served
        return self._time + left * len(self._under_way) / self._bandwidth

    def _next_event(self) -> float:
        return min(self._next_end(), self._coming[0][0] if self._coming else math.inf)

    def _step(self, event: float) -> None:
        """Go to the next event, the end or the start of a transfer."""
        if self._next_end() == event:
            self._served, transfer = heapq.heappop(self._under_way)
            self._ended[transfer] = event
        else:
            if self._under_way:
                self._served += (event - self._time) * self._bandwidth / len(self._under_way)
            _, transfer, size = heapq.heappop(self._coming)
            heapq.heappush(self._under_way, (self._served + size, transfer))
        self._time = event


class Link:
    """A latency and a bandwidth for everything that is read through it.

    Give it to a :class:`~bigimg_lessons.measure.stores.StoreMeter` or a
    :class:`~bigimg_lessons.measure.files.FileMeter`. Meters with the same link share its line.

    It waits for deadlines on a clock, one for each request, so that late wake-ups do not add up
    over latency and transfer. All waiting is ``time.sleep``, in threads for asynchronous
    requests: its clock is fine on all systems (on Windows since Python 3.11, says its
    documentation), where the timers of asyncio tick every 15.6 ms on Windows.

    Parameters
    ----------
    latency
        Seconds from a request to the first byte of its answer.
    bandwidth
        Bytes per second, for all requests together; infinite by default.

    Raises
    ------
    ValueError
        If a figure is negative or not a number, or bandwidth is zero.

    Examples
    --------
    >>> far_away = Link(latency=0.05, bandwidth=20e6)
    >>> start = time.perf_counter()
    >>> far_away.wait(200_000)
    >>> time.perf_counter() - start >= 0.05 + 200_000 / 20e6
    True
    """

    def __init__(self, *, latency: float = 0.0, bandwidth: float = math.inf) -> None:
        if not 0 <= latency < math.inf:
            raise ValueError(f"latency is {latency!r}: give seconds, 0 or more.")
        if not bandwidth > 0:
            raise ValueError(f"bandwidth is {bandwidth!r}: give bytes per second, above 0.")
        self._latency = latency
        self._bandwidth = bandwidth
        self._lock = threading.Lock()
        self._line = Line(bandwidth)
        # Its threads start as they are needed and end with the link.
        self._sleepers = ThreadPoolExecutor(MAX_WAITING, thread_name_prefix="link")

    @property
    def latency(self) -> float:
        """Seconds from a request to the first byte of its answer."""
        return self._latency

    @property
    def bandwidth(self) -> float:
        """Bytes per second, for all requests together."""
        return self._bandwidth

    def __repr__(self) -> str:
        return f"Link(latency={self._latency!r}, bandwidth={self._bandwidth!r})"

    def wait(self, size: int, *, since: float | None = None) -> None:
        """Wait until the answer to a request would have arrived.

        Parameters
        ----------
        size
            Bytes of the answer, 0 or more.
        since
            When the request was sent, on the clock of ``time.perf_counter``; now by default.
        """
        sent = time.perf_counter() if since is None else since
        with self._lock:
            transfer = self._line.add(sent + self._latency, size)
        while (left := self._seconds_left(transfer)) > 0:
            time.sleep(left)

    async def wait_async(self, size: int, *, since: float | None = None) -> None:
        """Do as :meth:`wait`, and let other coroutines run meanwhile."""
        sent = time.perf_counter() if since is None else since
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._sleepers, lambda: self.wait(size, since=sent))

    def _seconds_left(self, transfer: int) -> float:
        with self._lock:
            now = time.perf_counter()
            self._line.run(now)
            end = self._line.end(transfer)
            if end <= now:
                self._line.forget(transfer)
            return end - now
