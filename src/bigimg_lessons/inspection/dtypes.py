"""Types of voxels: what NumPy calls them, and how many bytes they have, on every computer alike."""

from __future__ import annotations

import re

import numpy as np

_NUMBERS = re.compile(r"u?int(8|16|32|64)|float(16|32|64)|complex(64|128)")


def type_named(text: str) -> str:
    """Return NumPy's name of a type; the text itself, at most 40 letters of it, if it has none.

    Parameters
    ----------
    text
        As a file states it, such as ``"<u2"`` in ``.zarray`` of Zarr v2.

    Examples
    --------
    >>> type_named("<u2"), type_named("|b1"), type_named("u2, f4")
    ('uint16', 'bool', 'u2, f4')
    """
    try:
        # Of several types in one text NumPy makes a record.
        return text[:40] if re.search(r"[\s,()]", text) else np.dtype(text).name
    except (TypeError, ValueError, SyntaxError):
        return text[:40]


def item_size(name: str) -> int | None:
    """Return the bytes of a voxel that is a number; None of any other, such as a text or a date.

    NumPy is not asked: which numbers of more than 8 bytes it has depends on the computer, and which
    of less than 1 byte, or of 16 bits otherwise split, on packages that were imported.

    Parameters
    ----------
    name
        As NumPy's ``dtype.name`` has it.

    Examples
    --------
    >>> item_size("bool"), item_size("uint16"), item_size("complex64")
    (1, 2, 8)
    >>> item_size("uint12"), item_size("float128"), item_size("datetime64[ns]"), item_size("<u2")
    (None, None, None, None)
    """
    if name == "bool":
        return 1
    found = _NUMBERS.fullmatch(name)
    return None if found is None else int(found[found.lastindex or 0]) // 8
