"""The page cache: the memory in which the operating system keeps parts of files."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WINDOW = 2**28
"""Bytes of a file that are inspected at once; a multiple of every system's page size."""


@dataclass(frozen=True)
class Eviction:
    """The outcome of evicting files from the page cache.

    Parameters
    ----------
    files
        Number of files.
    problem
        Why it is not certain that all of them have left, as a sentence; empty if it is.
    """

    files: int
    problem: str = ""

    @property
    def cold(self) -> bool:
        """Whether it was looked up that no page of the files is left in the cache."""
        return not self.problem

    def __str__(self) -> str:
        return self.problem or f"The page cache holds nothing of {self.files:,} file(s)."


def drop_page_cache(paths: str | Path | Iterable[str | Path]) -> Eviction:
    """Make the operating system forget what it has cached of files, and see whether it did.

    On Linux the files are evicted with ``posix_fadvise(POSIX_FADV_DONTNEED)``, after what was
    just written has reached the disk, and ``mincore`` tells for each page whether it is gone.
    (Trying to read without waiting, ``RWF_NOWAIT``, would start to read ahead, and so put pages
    back.) Other systems are asked for the same where they have both; macOS and Windows do not.
    Nothing of the files changes.

    Parameters
    ----------
    paths
        Files, or folders for all files below them.

    Returns
    -------
    Eviction
        Whether the files have left the cache, else what stood in the way.

    Raises
    ------
    FileNotFoundError
        If a path does not exist, or there is no file below it.
    """
    files = files_below([paths] if isinstance(paths, str | Path) else paths)
    if not hasattr(os, "posix_fadvise"):
        return Eviction(
            len(files), "This system offers programs no way to evict files from its page cache."
        )
    try:
        # The first call sends unwritten pages on their way to the disk without waiting for them.
        for path in files:
            _evict(path, wait=False)
        left = [path for path in files if _cached_bytes(path)]
        for path in left:
            _evict(path, wait=True)
        left_bytes = sum(map(_cached_bytes, left))
    except OSError as error:
        return Eviction(
            len(files), f"The files could not be evicted from the page cache ({error})."
        )
    if left_bytes:
        return Eviction(
            len(files),
            f"{left_bytes:,} bytes of {len(files):,} file(s) stay in the page cache: their file "
            "system lives in memory, another program uses them, or they are another user's.",
        )
    return Eviction(len(files))


def files_below(paths: Iterable[str | Path]) -> list[Path]:
    """List files, and for folders all files below them.

    Parameters
    ----------
    paths
        Existing files or folders.

    Raises
    ------
    FileNotFoundError
        If a path does not exist, or there is no file below it.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        found = [entry for entry in found if entry.is_file()]
        if not found:
            raise FileNotFoundError(
                f"There is no file at or below {str(path)!r}: give existing files or folders."
            )
        files += found
    return files


def _evict(path: Path, *, wait: bool) -> None:
    """Ask for the eviction of a file, after its pages are on disk if `wait`."""
    handle = os.open(path, os.O_RDONLY)
    try:
        if wait:
            os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


def _cached_bytes(path: Path) -> int:
    """Return how much of a file the page cache holds, in whole pages.

    The kernel tells a file's owner, and users who may write it; to others it says "all of it".

    Raises
    ------
    OSError
        If the system has no ``mincore``, or it fails.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "mincore"):
        raise OSError(errno.ENOSYS, "this system does not tell what its page cache holds")
    cached = 0
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        for start in range(0, size, WINDOW):
            length = min(WINDOW, size - start)
            window = mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ, offset=start)
            # numpy gives the address of read-only memory too, which ctypes refuses to.
            content = np.frombuffer(window, np.uint8)
            pages = np.empty(-(-length // mmap.PAGESIZE), np.uint8)
            failed = library.mincore(
                ctypes.c_void_p(content.ctypes.data),
                ctypes.c_size_t(length),
                ctypes.c_void_p(pages.ctypes.data),
            )
            del content
            window.close()
            if failed:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            cached += int(np.count_nonzero(pages & 1)) * mmap.PAGESIZE
    return cached
