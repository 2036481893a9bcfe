"""What lies in a pyramid's folder or file and is no part of it: then that is not replaced."""

from __future__ import annotations

from collections.abc import Iterable

DROPPINGS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""What file managers put into folders that they show."""

_SHOWN = 5  # maximum number that are named


def besides(strangers: Iterable[str]) -> str | None:
    """Say what a pyramid holds besides itself.

    Parameters
    ----------
    strangers
        Names or paths of what is no part of it.

    Returns
    -------
    str or None
        The rest of a sentence that begins with the pyramid's name; None if there is nothing.

    Examples
    --------
    >>> besides(["notes.txt", "labels"])
    "holds, besides its pyramid, 'labels', 'notes.txt'"
    """
    named = sorted(strangers)
    if not named:
        return None
    shown = ", ".join(map(repr, named[:_SHOWN])) + (", …" if named[_SHOWN:] else "")
    return f"holds, besides its pyramid, {shown}"
