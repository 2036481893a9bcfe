"""What workers of a cluster do for a pyramid: read blocks, write them, and hand on their sums."""

from __future__ import annotations

import ctypes
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Event, Lock
from typing import Any
from weakref import WeakSet, finalize

from bigimg_lessons.pyramids.block_tree import BlockTree
from bigimg_lessons.pyramids.blocks import build_below, build_from_parts
from bigimg_lessons.pyramids.downsampling import Array, Region
from bigimg_lessons.pyramids.targets import SentLevels, TaskLevels
from bigimg_lessons.pyramids.travelling import SentImage
from bigimg_lessons.saving.object_journal import check_writing
from bigimg_lessons.saving.object_store import ObjectPlace
from bigimg_lessons.saving.write_errors import explained

TRIM_VARIABLE = "MALLOC_TRIM_THRESHOLD_"
"""Variable that Dask's nanny sets for its workers; it slows down whoever needs large arrays."""

# Of malloc.h of glibc, and the largest values that it chooses itself, see mallopt(3).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MAX_MMAP_THRESHOLD = 32 * 2**20

Outcome = tuple[Array | None, tuple[Any, int]]
"""What a task returns: a block for the next level; and what was written, with its bytes."""


class StoppedError(RuntimeError):
    """A task ends early, as nobody wants its result any more."""


@dataclass(frozen=True)
class Job:
    """A build, as it is sent to workers.

    Parameters
    ----------
    token
        Its name.
    image
        What is read.
    tree
        The blocks of all levels.
    levels
        What is written.
    target, aside
        The path that errors name, and the staging directory that they do not; None for an object
        store, whose errors say themselves what to do.
    tasks
        Maximum number of tasks that one worker does at a time.
    """

    token: str
    image: SentImage
    tree: BlockTree
    levels: SentLevels
    target: Path
    aside: Path | None
    tasks: int


_AT_WORK: WeakSet[Workplace] = WeakSet()
_LOCK = Lock()


class Workplace:
    """A build in the process of a worker: its image and its levels, opened once for all tasks.

    Sent to another worker it arrives as new: nothing that is open travels.

    Parameters
    ----------
    job
        The build.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.stopped = Event()
        self.running = 0
        self._turn = BoundedSemaphore(job.tasks)
        self._image = job.image.arrived()
        self._levels = job.levels.opened(job.tasks)
        _let_memory_be_kept()
        finalize(self, self._levels.close)
        with _LOCK:
            _AT_WORK.add(self)

    def __reduce__(self) -> tuple[type[Workplace], tuple[Job]]:
        return Workplace, (self.job,)

    @contextmanager
    def task(self) -> Iterator[_Task]:
        """Wait until a task may begin here, and begin it."""
        with _LOCK:
            self.running += 1
        try:
            with self._turn:
                yield _Task(self, self._levels.task())
        finally:
            with _LOCK:
                self.running -= 1

    def read(self, region: Region) -> Array:
        """Read a region of the image, unless the build was stopped."""
        self.go_on()
        return self._image.read(region)

    def is_there(self, level: int, where: Region) -> bool:
        """Tell whether an earlier run has written all of a block."""
        return self._levels.is_there(level, where)

    def go_on(self) -> None:
        """Raise StoppedError if the build was stopped, or nobody is there who wants it."""
        if self.stopped.is_set() or _is_cancelled():
            raise StoppedError("The build was stopped.")


class _Task:
    """A task that is under way."""

    def __init__(self, place: Workplace, levels: TaskLevels) -> None:
        self._place = place
        self._levels = levels
        self._bytes = 0

    def write(self, level: int, start: tuple[int, ...], block: Array) -> None:
        job = self._place.job
        self._place.go_on()
        with nullcontext() if job.aside is None else explained(job.target, aside=job.aside):
            self._levels.write(level, start, block)
        self._bytes += block.nbytes

    def outcome(self, part: Array | None) -> Outcome:
        return part, (self._levels.report(), self._bytes)


def subtree(place: Workplace, depth: int, index: Sequence[int]) -> Outcome:
    """Read, and write, a block of a level and all finer ones below it.

    Parameters
    ----------
    place
        Where the build is at work.
    depth, index
        The block, see :class:`bigimg_lessons.pyramids.block_tree.BlockTree`.
    """
    with place.task() as task:
        tree = place.job.tree
        return task.outcome(build_below(place.read, task.write, tree, depth, index, place.is_there))


def finish(place: Workplace, depth: int, index: Sequence[int], outcomes: list[Outcome]) -> Outcome:
    """Put a block together from the finer ones below it, and write it.

    Parameters
    ----------
    place, depth, index
        As for :func:`subtree`.
    outcomes
        What the tasks of the finer blocks returned, in the order of the tree.
    """
    parts = [part for part, _ in outcomes if part is not None]
    with place.task() as task:
        tree = place.job.tree
        return task.outcome(build_from_parts(task.write, tree, depth, index, parts, place.is_there))


def report_of(outcome: Outcome) -> tuple[Any, int]:
    """Return what was written, which goes to whoever builds, without the block."""
    return outcome[1]


def look_around(place: Path, text: str, image: SentImage) -> str:
    """Find out on a worker whether it can do its part, before anything is written.

    Parameters
    ----------
    place
        A file that whoever builds has just written.
    text
        What it holds.
    image
        What is to be read.

    Returns
    -------
    str
        Name of a file that was written beside it.
    """
    if place.read_text(encoding="utf-8") != text:
        raise FileNotFoundError(f"There is another {str(place)!r}.")
    mine = place.with_name(f"{place.name}-{secrets.token_hex(8)}")
    mine.write_text(text, encoding="utf-8")
    image.arrived()
    return mine.name


@dataclass(frozen=True)
class NotReached:
    """An object store that a worker cannot write to.

    Parameters
    ----------
    error
        Says why.
    """

    error: OSError


def look_at_store(place: ObjectPlace, image: SentImage) -> NotReached | None:
    """Find out on a worker whether it can do its part, before anything is written.

    Parameters
    ----------
    place
        Where the pyramid is to be written. An object is written there, with the keys of this
        worker, and removed.
    image
        What is to be read.

    Returns
    -------
    NotReached or None
        What keeps it from reaching the store.
    """
    try:
        place.check_key()
        check_writing(place)
    except OSError as error:
        return NotReached(error)
    image.arrived()
    return None


def stop(token: str) -> int:
    """Let the tasks of a build end soon; return how many are still under way on this worker."""
    with _LOCK:
        places = [place for place in _AT_WORK if place.job.token == token]
        for place in places:
            place.stopped.set()
        return sum(place.running for place in places)


def _is_cancelled() -> bool:
    """Tell whether a worker's scheduler has cancelled the task that it is at.

    So it is when whoever builds was killed, or has closed the client: then nobody calls `stop`.
    """
    from distributed import Status, get_worker

    worker = get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    is_ending = worker.status in (Status.closing, Status.closed, Status.failed)
    return is_ending or task is None or task.state == "cancelled"


def _let_memory_be_kept() -> None:
    """Let the C library keep freed memory for the next block, as it does in other processes.

    Dask's nanny sets ``MALLOC_TRIM_THRESHOLD_`` for its workers, so that they return memory at
    once. With that, glibc also stops to learn how large the pieces are that a program needs, asks
    the system for each array of a block anew, and the system clears it page by page: 2.5 million
    pages for 1 GiB, not 24 000, and twice the time.
    """
    if not sys.platform.startswith("linux") or TRIM_VARIABLE not in os.environ:
        return
    mallopt = getattr(
        ctypes.CDLL(None), "mallopt", None
    )  # glibc has it, others ignore the variable
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MAX_MMAP_THRESHOLD)
        mallopt(_M_TRIM_THRESHOLD, 2 * _MAX_MMAP_THRESHOLD)
