"""Warnings about errors in what no pixel needs, one for each kind of error."""

from __future__ import annotations

import warnings

_SHOWN = 5  # maximum number of further things of one kind that are named; the others are counted


class Remarks:
    """Errors found in a file that did not stop the reading.

    A dataset may have thousands of views with the same error: the first of each kind is reported
    in full, the others by name or number.
    """

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._others: dict[str, list[str]] = {}

    def add(self, kind: str, text: str, *, of: str = "") -> None:
        """Note something.

        Parameters
        ----------
        kind
            Kind of error, such as an element's name; notes of one kind give one warning.
        text
            One sentence that names the file, what is wrong, and what becomes of it.
        of
            Which thing has the error, such as ``"setup 3"``.
        """
        if self._first.setdefault(kind, text) is not text:
            self._others.setdefault(kind, []).append(of)

    def warn(self) -> None:
        """Give a ``UserWarning`` for each kind of note."""
        for kind, text in self._first.items():
            warnings.warn(text + _likewise(self._others.get(kind, [])), UserWarning, stacklevel=3)


def _likewise(others: list[str]) -> str:
    if not others:
        return ""
    named = [name for name in dict.fromkeys(others) if name][:_SHOWN]
    rest = len(others) - len(named)
    parts = named + ([f"{rest} more" if named else f"{rest} others"] if rest else [])
    return f" So it is with {', '.join(parts)}."
