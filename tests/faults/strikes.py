"""Faults that strike when this process opens, moves or removes something."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MOVES = frozenset({"os.rename"})
"""Events of ``os.rename``, ``os.replace`` and what calls them."""

CHANGES = frozenset({"os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree"})
"""Events of what else makes or removes something."""

Strike = Callable[[int, tuple[Any, ...]], object]

_here = threading.local()
_lock = threading.Lock()
_plan: tuple[frozenset[str], str, Strike] | None = None
_count = 0
_hooked = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    global _count
    if _plan is None or event not in _plan[0] or getattr(_here, "struck", False):
        return
    _, folder, strike = _plan
    paths = [os.fsdecode(a) for a in arguments if isinstance(a, str | bytes | os.PathLike)]
    if not any(path.startswith(folder) for path in paths):
        return
    if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
        return
    with _lock:
        _count += 1
        number = _count
    _here.struck = True
    try:
        strike(number, arguments)
    finally:
        _here.struck = False


@contextmanager
def striking(events: frozenset[str], folder: Path, strike: Strike) -> Iterator[Callable[[], int]]:
    """Call a function before each of these events below a folder, while a block runs.

    Parameters
    ----------
    events
        Names of audit events; of ``open`` only those for writing.
    folder
        What is done elsewhere is let be.
    strike
        Called with the number of the event, from 1, and its arguments. What it raises is raised
        in place of what was to be done.

    Yields
    ------
    callable
        Tells how many there were.
    """
    global _plan, _count, _hooked
    if not _hooked:  # it cannot be removed again
        sys.addaudithook(_hook)
        _hooked = True
    _count = 0
    _plan = (events, str(folder), strike)
    try:
        yield lambda: _count
    finally:
        _plan = None
