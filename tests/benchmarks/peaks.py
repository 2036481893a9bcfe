"""How much memory this process holds at most, without pages of mapped files."""

import threading

import psutil


class Peak(threading.Thread):
    """Follows what this process holds in a ``with`` block, in samples 5 ms apart.

    Pages of mapped files and of shared memory, such as those of a memory-mapped source, are not
    counted where the system tells them apart (Linux).

    Parameters
    ----------
    first
        Bytes to count from; by default those that are held at the start.
    """

    def __init__(self, *, first: int | None = None) -> None:
        super().__init__(daemon=True)
        self._done = threading.Event()
        self.first = held() if first is None else first
        self.highest = self.first

    def __enter__(self) -> "Peak":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()

    @property
    def mib(self) -> float:
        """MiB held at most, beyond those counted from."""
        return round((self.highest - self.first) / 2**20, 1)

    def run(self) -> None:
        while True:
            self.highest = max(self.highest, held())
            if self._done.wait(0.005):
                break


def held() -> int:
    """Return the bytes that this process holds now."""
    memory = psutil.Process().memory_info()
    return memory.rss - getattr(memory, "shared", 0)
