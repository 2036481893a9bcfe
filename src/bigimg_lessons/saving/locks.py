"""Locks between processes: files that one of them holds, and that nobody finds afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from bigimg_lessons.saving.interrupts import interrupts_wait


def lock_path(folder: Path, what: str) -> Path:
    """Return the path of the lock for something in a folder, named after what it guards."""
    return folder / f".bigimg-lessons-{what[:60]}.lock"


def remove_free_locks(folder: Path) -> None:
    """Remove the locks of processes that were killed while they held them."""
    for path in folder.glob(lock_path(folder, "*").name):
        lock = lock_at(path)
        with suppress(OSError, Timeout):
            lock.acquire(timeout=0)
            path.unlink(missing_ok=True)
        lock.release()


def lock_at(path: Path) -> FileLock:
    """Return a lock that the system releases when its process dies, and any thread may release.

    Where the file system has no such locks, acquiring it raises OSError, though the file exists.
    """
    return FileLock(path, thread_local=False, fallback_to_soft=False)


@contextmanager
def held(
    path: Path, *, patience: float, or_else: Callable[[], None] | None = None
) -> Iterator[None]:
    """Hold a lock while a ``with`` block runs; its file is gone when nobody holds it.

    On a file system without locks the block runs all the same.

    Parameters
    ----------
    path
        The lock's file, in an existing folder.
    patience
        Seconds to wait for another process that holds it.
    or_else
        Called once these are over; if it raises no error, the waiting goes on without end.

    Raises
    ------
    OSError
        If no file can be created there.
    """
    lock = lock_at(path)
    try:
        if not _taken(lock, patience):
            if or_else is not None:
                or_else()
            _taken(lock, -1)
        yield
    finally:
        with interrupts_wait():
            if lock.is_locked:
                # While it is held: whoever has opened it meanwhile sees that it is gone, and tries
                # again.
                with suppress(OSError):
                    path.unlink()
                lock.release()


def _taken(lock: FileLock, patience: float) -> bool:
    """Return whether a lock is held now, or the file system has none to hold."""
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        return False
    except OSError:
        if not Path(lock.lock_file).exists():
            raise
    return True
