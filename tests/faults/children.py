"""Processes that come from this one, so that they start quickly, and may be killed."""

from __future__ import annotations

import os
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Self


class Child:
    """A fork of this process that does one thing.

    All writing is done in such: a process that has written has threads, and may not fork.

    Parameters
    ----------
    work
        What it does. An error that this raises is what :meth:`wait` returns, or the warnings that
        it gives.
    gate
        Both ends of a pipe: it begins once the second is closed.
    """

    def __init__(self, work: Callable[[], object], *, gate: tuple[int, int] | None = None) -> None:
        self._output, output = os.pipe()
        self.started = time.perf_counter()
        with warnings.catch_warnings():
            # Zarr makes its threads anew in a fork, and no others are there.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process = os.fork()
        if self.process == 0:
            try:
                self._run(work, output, gate)
            finally:
                os._exit(1)
        os.close(output)

    def _run(self, work: Callable[[], object], output: int, gate: tuple[int, int] | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        told = ""
        try:
            if gate is not None:
                os.close(gate[1])
                os.read(gate[0], 1)
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                work()
        except BaseException:
            told = traceback.format_exc()
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        status = 1 if told else 0
        told += "\n".join(str(w.message) for w in warned)
        os.write(output, told[-60_000:].encode())
        os._exit(status)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.process, number)

    def wait(self) -> str:
        """Wait for its end, and return its error and warnings, or an empty text."""
        told = b""
        while part := os.read(self._output, 65_536):
            told += part
        os.close(self._output)
        _, status = os.waitpid(self.process, 0)
        self.failed = status != 0
        if os.WIFSIGNALED(status):
            return f"it was ended by signal {os.WTERMSIG(status)}"
        return told.decode() or ("it ended early" if self.failed else "")

    def check(self) -> Self:
        """Wait for its end, and raise its error here."""
        told = self.wait()
        if self.failed:
            raise RuntimeError(told)
        return self
