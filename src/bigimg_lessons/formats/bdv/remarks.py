"""Warnings about what makes no sense in a file and what no pixel needs, each kind told once."""

from __future__ import annotations

import warnings

_SHOWN = 5  # further things of one kind that are named; the others are counted


class Remarks:
    """What was found wrong with a file on the way, and did not stop the reading.

    A dataset may have thousands of views with the same fault: of each kind the first is told in
    full, and which others have it.
    """

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._others: dict[str, list[str]] = {}

    def add(self, kind: str, text: str, *, of: str = "") -> None:
        """Note something.

        Parameters
        ----------
        kind
            What sort of fault it is, such as an element's name; notes of one kind are told once.
        text
            One sentence that names the file, what is wrong, and what becomes of it.
        of
            Which thing has the fault, such as ``"setup 3"``.
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
