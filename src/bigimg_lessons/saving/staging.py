"""New files are written to a staging directory and replace the old ones completely or not at all.

The staging directory is a hidden folder beside the target. It holds the new files, and while they
move to their paths, the old ones::

    .<name>-<random>.part/
        <host>-<process>.lock   held by the process that writes, released when that ends or dies
        new/                    the new files
        swap.json               during the move: which new file goes where, so that it can be undone
        old/                    the old files, until all new ones are at their paths

Moving within a folder is one step for the file system, but moving several files takes several.
So all old files are moved into ``old`` first, beginning with the file that opens the others, and
then the new ones are moved to their paths, that file last: at no moment does an old file open
together with a new one. If the move ends early, the content of the folder shows how far it came.
The process itself after an error, or the next one that writes there after the first has died, then
undoes the move, or removes what is no longer needed if all new files are in place.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import time
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from bigimg_lessons.saving.interrupts import interrupts_wait
from bigimg_lessons.saving.locks import held, lock_at, lock_path, remove_free_locks
from bigimg_lessons.saving.write_errors import write_error

_STAGING_NAME = re.compile(r"\..+-[0-9a-f]{8}\.part")

# After an error, threads of a library may write on for a while, each file with the folders that it
# needs. So what was removed must stay away for some looks, this many seconds apart.
_LOOK = 0.05
_QUIET_LOOKS, _MAX_LOOKS = 4, 100

# Moving takes milliseconds. Whoever waits so long waits for a process that has stopped.
_LONGEST_WAIT = 60


class Staging:
    """The staging directory in which files are written before they are moved to their paths.

    Use it in a ``with`` block; at the end of the block it is removed. If the old files could not be
    put back, it stays, and the error says so.

    Parameters
    ----------
    targets
        Files or folders to create, all in one existing folder, in the order in which they are moved
        there; last the one by which readers open the others.

    Raises
    ------
    OSError
        If nothing can be written into that folder.
    """

    def __init__(self, *targets: Path) -> None:
        self._targets = targets
        self._home = targets[-1].parent
        self._finalizer: weakref.finalize[Any, Self] | None = None
        self._is_written = False
        self._process = os.getpid()

    def __enter__(self) -> Self:
        target = self._targets[-1]
        try:
            with interrupts_wait():
                folder, lock = _made(self._home, target.name)
                self.folder = folder
                self._lock = lock
                # Also when the block is never left, as at the end of the interpreter.
                self._finalizer = weakref.finalize(self, _remove, folder, lock, os.getpid())
                (folder / "new").mkdir()
        except OSError as error:
            self._end()
            raise write_error(target, error) from error
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            with interrupts_wait():
                self._end()
                failed = kind is not None and not self._is_written
                if failed and os.getpid() == self._process:  # and not a fork of it
                    _keep_removed(self.folder)
        finally:  # an interrupt may have come before they waited
            self._end()

    def _end(self) -> None:
        if self._finalizer is not None:
            self._finalizer()

    def new(self, target: Path) -> Path:
        """Return the path in the staging directory for what will be `target`."""
        return self.folder / "new" / target.name

    def swap(self, check: Callable[[], object] = lambda: None) -> None:
        """Move the new files to their paths, and keep the old ones until all are there.

        Ctrl-C and signals wait meanwhile, and so do other processes that swap in the same folder.

        Parameters
        ----------
        check
            Called when no other process moves anything: the last moment to raise an error
            because of what exists at the targets.

        Raises
        ------
        OSError
            If they cannot be moved. The old files are then back at their paths, or if even that
            failed, where the error says.
        """
        self._is_written = True
        with interrupts_wait(), _sole_mover(self._targets[-1]):
            check()
            try:
                # Somebody may have removed the folder while a library was writing, and the library
                # may have created it again: then it does not hold all that was written.
                if not Path(self._lock.lock_file).exists():
                    raise FileNotFoundError(
                        f"{str(self.folder)!r}, in which it was written, was removed meanwhile"
                    )
                if self._is_one_step():
                    self.new(self._targets[0]).replace(self._targets[0])
                    return
                _write_journal(self.folder, self._targets)
                for target in reversed(self._targets):
                    if os.path.lexists(target):
                        target.replace(self.folder / "old" / target.name)
                for target in self._targets:
                    self.new(target).replace(target)
                (self.folder / "swap.json").unlink()  # all new files are in place
            except BaseException as error:
                self._put_back(error)
                if isinstance(error, OSError):
                    raise write_error(
                        self._targets[-1], error, aside=self.folder / "new"
                    ) from error
                raise

    def _is_one_step(self) -> bool:
        """Return whether one move does all: that of one file, which also replaces a file."""
        target, *others = self._targets
        return not others and self.new(target).is_file() and not target.is_dir()

    def _put_back(self, error: BaseException) -> None:
        try:
            _settle(self.folder)
        except BaseException as second:
            if self._finalizer is not None:
                self._finalizer.detach()
            self._lock.release()
            old = self.folder / "old"
            names = ", ".join(repr(path.name) for path in sorted(old.iterdir()))
            raise OSError(
                f"{str(self._targets[-1])!r} could not be replaced ({error}), and what was there "
                f"could not all be put back ({second}). {names} lies in {str(old)!r}: move it back "
                "from there. The next image that is written into this folder tries that, too."
            ) from error


def recover(folder: Path) -> None:
    """Remove what killed processes left in a folder, and put back the old files they had moved.

    To be called before anything in that folder is inspected or written.

    Parameters
    ----------
    folder
        In which images are written.

    Warns
    -----
    UserWarning
        If it is unknown whether the process still runs, as it ran on another computer; or if
        something else exists where an old image would be put back. Both are left as they are.
    """
    with interrupts_wait():
        remove_free_locks(folder)
        for left, owner in _left_behind(folder):
            if owner is None:  # created a moment ago, or all but removed
                # Its process may have gone on since. A lock is there before "new", so only where
                # that is there, and then no lock is, nobody owns it.
                if (left / "new").exists() and not any(left.glob("*.lock")):
                    shutil.rmtree(left / "new", ignore_errors=True)
                with suppress(OSError):
                    left.rmdir()
                continue
            lock = lock_at(owner)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue  # its process lives
            except FileNotFoundError:
                continue  # it has ended in this moment
            except OSError as error:
                _warn_of_leftover(left, f"it is unknown whether that still runs ({error})")
                continue
            try:
                if owner.name.rpartition("-")[0] != _host():
                    _warn_of_leftover(left, "that ran on another computer")
                    continue
                with _sole_mover(left):
                    _settle(left)
                    _remove(left, lock, os.getpid())
            except (OSError, ValueError) as error:
                _warn_of_leftover(left, f"it holds files that were to be replaced ({error})")
            finally:
                lock.release()


def _warn_of_leftover(left: Path, reason: str) -> None:
    warnings.warn(
        f"{str(left)!r} was left by a process that wrote here, and is left alone, as {reason}. "
        f"Once no such process runs, look into its folder 'old', and remove it.",
        stacklevel=4,
    )


def _left_behind(folder: Path) -> Iterator[tuple[Path, Path | None]]:
    """Yield the staging folders in a folder, each with its lock, or None without one.

    A lock is there before anything else, and goes when everything else has gone. So what lies in a
    folder without one was written by a thread that did not know that all had failed.
    """
    try:
        found = sorted(path for path in folder.iterdir() if _STAGING_NAME.fullmatch(path.name))
    except OSError:  # whoever writes here gets this error
        return
    for entry in found:
        if entry.is_symlink():
            continue
        try:
            inside = sorted(path.name for path in entry.iterdir())
        except OSError:  # no folder, gone by now, or somebody else's
            continue
        locks = [name for name in inside if name.endswith(".lock")]
        # Nothing else may lie there, or it is not ours.
        if len(locks) == 1 and {*inside} <= {*locks, "new", "old", "swap.json"}:
            yield entry, entry / locks[0]
        elif {*inside} <= {"new"}:
            yield entry, None


def _made(home: Path, name: str) -> tuple[Path, FileLock]:
    """Create a staging directory with its lock."""
    while True:
        # No longer than a name may be, whatever the target's.
        folder = home / f".{name[:40]}-{secrets.token_hex(4)}.part"
        folder.mkdir()
        lock = lock_at(folder / f"{_host()}-{os.getpid()}.lock")
        try:
            lock.acquire(timeout=1)
        except Timeout:
            continue  # another process believed it abandoned, and removes it
        except FileNotFoundError:
            if not home.is_dir():
                raise
            continue
        except OSError:
            if not Path(lock.lock_file).exists():
                raise
            # The file system has no locks: others cannot know who writes here, and leave it alone.
        return folder, lock


def _host() -> str:
    return re.sub(r"[^\w.-]", "_", socket.gethostname(), flags=re.ASCII)[:60]


@contextmanager
def _sole_mover(target: Path) -> Iterator[None]:
    """Be the only process that moves files in a target's folder."""

    def give_up() -> None:
        raise OSError(
            f"Another process has been moving files in {str(target.parent)!r} for {_LONGEST_WAIT} "
            "seconds: end it if it has stopped, and try again."
        )

    with ExitStack() as stack:
        lock = held(lock_path(target.parent, "moves"), patience=_LONGEST_WAIT, or_else=give_up)
        try:
            stack.enter_context(lock)
        except OSError as error:
            if error.errno is None:  # raised here, so it says what to do
                raise
            raise write_error(target, error) from error
        yield


def _write_journal(folder: Path, targets: Sequence[Path]) -> None:
    """Note that all files are written, and which; from now on `old` may hold something."""
    names = [target.name for target in targets]
    written = {name: _identity(folder / "new" / name) for name in names}
    if missing := [name for name, identity in written.items() if identity is None]:
        raise FileNotFoundError(f"{missing} was removed before it could be moved to its path")
    (folder / "swap.json").write_text(json.dumps(written), encoding="utf-8")
    (folder / "old").mkdir()


def _identity(path: Path) -> list[int] | None:
    """Return numbers that a file keeps when it is moved, and that no other file has."""
    if not os.path.lexists(path):
        return None
    found = path.lstat()
    # A folder's size and time change with what lies in it.
    return [found.st_ino] if path.is_dir() else [found.st_ino, found.st_size, found.st_mtime_ns]


def _settle(folder: Path) -> None:
    """Undo a swap that was begun, unless all new files are in place.

    Raises
    ------
    OSError
        If it cannot be undone: then nothing more is changed, and nothing may be removed.
    """
    new, old, home = folder / "new", folder / "old", folder.parent
    journal = folder / "swap.json"
    if not old.is_dir():  # nothing was moved yet
        journal.unlink(missing_ok=True)
    if not journal.exists():
        return
    made: dict[str, list[int]] = json.loads(journal.read_text(encoding="utf-8"))
    placed = [
        name
        for name in made
        if not os.path.lexists(new / name) and _identity(home / name) == made[name]
    ]
    if len(placed) == len(made):
        journal.unlink()
        return
    moved_away = [name for name in made if os.path.lexists(old / name)]
    for name in moved_away:  # before anything is moved
        if name not in placed and os.path.lexists(home / name):
            raise FileExistsError(f"{str(home / name)!r} exists by now")
    for name in reversed(placed):  # the file that opens the others first
        (home / name).replace(new / name)
    for name in moved_away:  # and last
        (old / name).replace(home / name)
    journal.unlink()


def _remove(folder: Path, lock: FileLock, process: int) -> None:
    """Remove a staging directory that is no longer needed.

    While there is a journal, something may be needed.

    Parameters
    ----------
    folder, lock
        Its path, and the lock that is held.
    process
        The process that created it: when a fork of that ends, it must not remove it.
    """
    # With a journal it is needed: the interpreter ends while a daemon thread is moving.
    if os.getpid() != process or (folder / "swap.json").exists():
        return
    for attempt in range(3):  # another thread may write its last file meanwhile
        time.sleep(0.1 * attempt)
        for part in ("old", "new"):
            shutil.rmtree(folder / part, ignore_errors=True)
        if not (folder / "old").exists() and not (folder / "new").exists():
            with suppress(OSError):
                if os.name == "nt":  # which removes no file that is open
                    lock.release()
                Path(lock.lock_file).unlink(missing_ok=True)
                folder.rmdir()
        if not folder.exists():
            break
    else:
        _warn_of_leftover(folder, "it could not be removed")
    lock.release()


def _keep_removed(folder: Path) -> None:
    """Remove a staging directory again if it comes back, until it stays away."""
    quiet = 0
    for _ in range(_MAX_LOOKS):
        time.sleep(_LOOK)
        quiet = 0 if folder.exists() else quiet + 1
        if quiet == _QUIET_LOOKS:
            return
        shutil.rmtree(folder, ignore_errors=True)
