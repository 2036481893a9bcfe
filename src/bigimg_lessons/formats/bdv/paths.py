"""Where a path that is written inside a file leads, and whether it stays in the folder.

A dataset of several files names its parts by path: the XML names the HDF5 file, an HDF5
external link names the partition. Such a path is input, so it is resolved here by its text
alone, before anything is opened. Links of the file system are the user's own arrangement and
are followed as usual.
"""

from __future__ import annotations

import os
import re

_FILE_URI = re.compile(r"file:(?:///(?=[A-Za-z]:)|//(?=/))?", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters or more: "C:" is a drive
_ABSOLUTE = re.compile(r"//|(?:[A-Za-z]:)?/")


def resolve(reference: str, *, start: str, root: str, source: str, allow_outside: bool) -> str:
    r"""Turn a path found in a file into the path to open.

    Parameters
    ----------
    reference
        The path as written: relative or absolute, with ``/`` or ``\``, or a ``file:`` URI.
    start
        Absolute folder, with ``/``, that a relative path begins at.
    root
        Absolute folder, with ``/``, that the result must not leave.
    source
        What the path was found in, for messages.
    allow_outside
        Whether the result may lie outside `root`.

    Returns
    -------
    str
        Absolute path with ``/`` and without ``.`` or ``..``. Nothing was looked up on disk.

    Raises
    ------
    ValueError
        If the path is empty, is an address on a network, or leaves `root` though
        `allow_outside` is false.
    """
    path = _FILE_URI.sub("", reference.replace("\\", "/"), count=1)
    if not path:
        raise ValueError(f"{source} gives an empty path: it should name a file.")
    if _ADDRESS.match(path):
        raise ValueError(
            f"{source} points to {reference!r}, which is an address and not a file: fetch the "
            "file and put its relative path there."
        )
    if absolute := _ABSOLUTE.match(path):
        resolved = _join(absolute.group()[:-1], path[absolute.end() :])
    else:
        resolved = _join(start.rstrip("/"), path)
    if not (allow_outside or _is_inside(resolved, root)):
        raise ValueError(
            f"{source} points to {reference!r}, which leaves the folder {root!r}: pass "
            "allow_outside=True if you trust the file."
        )
    return resolved


def is_absolute(reference: str) -> bool:
    r"""Whether a path found in a file begins as an absolute one: ``/x``, ``D:\x``, ``file:…``."""
    path = reference.replace("\\", "/")
    return bool(_FILE_URI.match(path) or _ABSOLUTE.match(path) or _ADDRESS.match(path))


def _join(folder: str, relative: str) -> str:
    """Append `relative` to `folder`, resolving ``.`` and ``..``."""
    parts = folder.split("/")
    for part in relative.split("/"):
        if part == "..":
            del parts[max(1, len(parts) - 1) :]  # the first part is the file system's root
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _is_inside(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or below it; letter case counts where the system says so."""
    inside = os.path.normcase(folder.rstrip("/") + "/")
    return os.path.normcase(path + "/").startswith(inside)
