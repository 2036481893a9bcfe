"""Warnings that point at the user's own line, however deep in this package they arise."""

from __future__ import annotations

import sys
import warnings


def warn_caller(message: str) -> None:
    """Warn with the file and line of the nearest caller outside this package.

    Parameters
    ----------
    message
        What the user should know.
    """
    package = __name__.partition(".")[0]
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)
