"""Steps that must not be interrupted: signals wait until they are done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# SIGINT first: as soon as that waits, nothing raises KeyboardInterrupt here any more. Not every
# system has the others.
_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Let Ctrl-C, and signals that ask the process to end, wait until a ``with`` block is left.

    They are handed on as the block is left, by a return as by an error. Python takes signals in
    its main thread only, so in another thread there is nothing to do. Nothing holds up SIGKILL.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {}
    try:
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            # None: it was not set by Python, which could not set it again.
            if handler not in (None, signal.SIG_IGN):
                before[number] = handler
                signal.signal(number, lambda number, frame: came.append(number))
        yield
    finally:
        for number, handler in reversed(before.items()):
            signal.signal(number, handler)
        # Ctrl-C last: it raises, and what asks the process to end would be forgotten.
        for number in sorted(set(came), key=signal.SIGINT.__eq__):
            signal.raise_signal(number)
