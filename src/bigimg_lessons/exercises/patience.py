"""Stop a function that does not come to an end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

PATIENCE = 10.0
"""Seconds of work of the processor after which a function is stopped; waiting does not count."""


class OutOfPatienceError(BaseException):
    """A function has worked for too long; no ``except Exception`` of its own holds this up."""


@contextmanager
def patience(function: Callable[..., Any]) -> Iterator[None]:
    """Stop `function`, as it runs in this context, once it has worked for `PATIENCE` seconds.

    The lines of the file or cell that defines it are followed; a single call that never returns
    is not stopped. What traces other code already, such as a measure of coverage, goes on.

    Raises
    ------
    OutOfPatienceError
        From within the function.
    """
    code = getattr(function, "__code__", None)
    others = sys.gettrace()
    end = time.thread_time() + PATIENCE

    def line(frame: FrameType, event: Any, given: Any) -> Any:
        if time.thread_time() > end:
            raise OutOfPatienceError
        return line

    def call(frame: FrameType, event: Any, given: Any) -> Any:
        if code is not None and frame.f_code.co_filename == code.co_filename:
            return line(frame, event, given)
        return others(frame, event, given) if others else None

    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(others)
