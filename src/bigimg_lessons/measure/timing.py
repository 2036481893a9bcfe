"""How long actions take: repeated, in turn, and with files that the system does not remember.

A file that was just written or read is still in the memory of the operating system, its page
cache, and reading it again does not touch the disk. A time therefore says whether the cache was
"cold" (the files were evicted before each run, and it was looked up that they had gone), "warm"
(a run that is not counted came before), or "unknown".

Cold means the page cache of this system only: names of files stay known to it, and the cache of
a disk, of a file server or of the host of a virtual machine is beyond its reach.
"""

from __future__ import annotations

import ctypes
import errno
import math
import mmap
import os
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from tqdm import tqdm

CacheState = Literal["cold", "warm", "unknown"]
"""What the page cache held of the files before each run: nothing, all that was used, not known."""

WINDOW = 2**28
"""Bytes of a file that are looked up at once; a multiple of every system's page size."""


@dataclass(frozen=True)
class Timing:
    """How long an action took, run by run.

    Parameters
    ----------
    label
        Name of the action.
    seconds
        Time of each run, in the order of the runs.
    cache
        State of the page cache before each run.

    Raises
    ------
    ValueError
        If there is no run, a time is negative or not finite, or the state has another name.
    """

    label: str
    seconds: tuple[float, ...]
    cache: CacheState = "unknown"

    def __post_init__(self) -> None:
        if not self.seconds or not all(0 <= value < math.inf for value in self.seconds):
            raise ValueError(
                f"The times of {self.label!r} are {self.seconds}: give one or more, in seconds, "
                "each 0 or more."
            )
        if self.cache not in get_args(CacheState):
            raise ValueError(f"cache is {self.cache!r}: give 'cold', 'warm' or 'unknown'.")

    @property
    def median(self) -> float:
        """Median of the runs, in seconds: one disturbed run does not move it much."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """The fastest and the slowest run, in seconds."""
        return min(self.seconds), max(self.seconds)


def time_in_turn(
    actions: Mapping[str, Callable[[], object]],
    *,
    repeats: int = 5,
    evict: Mapping[str, Iterable[str | Path]] | None = None,
    warm_up: bool = True,
    progress: bool = True,
) -> dict[str, Timing]:
    """Time several actions in turn: first run of each, second run of each, and so on.

    Whatever else the computer does meanwhile then falls on all of them alike. Each round starts
    with another action, so that none always follows the same one.

    Parameters
    ----------
    actions
        What to run, by label.
    repeats
        Counted runs of each action, 1 or more.
    evict
        For each label the files or folders to evict from the page cache before each run; without
        it nothing is evicted.
    warm_up
        Whether each action runs once before, not counted. It also takes what only the first run
        has to do, such as imports.
    progress
        Whether to show a bar on standard error.

    Returns
    -------
    dict of str to Timing
        In the order of `actions`. Without `evict` the state is "warm" after a warm-up, else
        "unknown"; with it "cold" if all files had left the cache before every run, else
        "unknown".

    Raises
    ------
    ValueError
        If there is no action, `repeats` is below 1, or the labels of `evict` are not those of
        `actions`.
    FileNotFoundError
        If something to evict does not exist.
    """
    if not actions:
        raise ValueError("There is no action to time: give one or more, by label.")
    if repeats < 1:
        raise ValueError(f"repeats is {repeats}: give 1 or more runs.")
    if evict is not None and evict.keys() != actions.keys():
        raise ValueError(
            f"evict has the labels {sorted(evict)}, the actions have {sorted(actions)}: give the "
            "files of each action under its label."
        )
    files = {} if evict is None else {label: _files(paths) for label, paths in evict.items()}
    labels = list(actions)
    seconds: dict[str, list[float]] = {label: [] for label in labels}
    cold = dict.fromkeys(labels, evict is not None)
    with tqdm(
        total=(repeats + warm_up) * len(labels), desc="timing", disable=not progress
    ) as progress_bar:
        if warm_up:
            for action in actions.values():
                action()
                progress_bar.update()
        for turn in range(repeats):
            first = turn % len(labels)
            for label in labels[first:] + labels[:first]:
                if files:
                    cold[label] &= drop_page_cache(files[label]).cold
                start = time.perf_counter()
                actions[label]()
                seconds[label].append(time.perf_counter() - start)
                progress_bar.update()
    otherwise: CacheState = "warm" if warm_up and evict is None else "unknown"
    return {
        label: Timing(label, tuple(seconds[label]), "cold" if cold[label] else otherwise)
        for label in labels
    }


@dataclass(frozen=True)
class Eviction:
    """What became of files that were to leave the page cache.

    Parameters
    ----------
    files
        Number of files.
    problem
        Why it is not sure that all of them have left, as a sentence; empty if it is.
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
    files = _files([paths] if isinstance(paths, str | Path) else paths)
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


def _files(paths: Iterable[str | Path]) -> list[Path]:
    """List files, and for folders all files below them."""
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

    The kernel tells a file's owner, and those who may write it; to others it says "all of it".

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
