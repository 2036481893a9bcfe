"""Files that lessons create once and use again, however many notebooks share a data folder."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from bigimg_lessons.saving.locks import held, lock_path
from bigimg_lessons.saving.staging import Staging, recover

NOTE = "kept.json"
"""Name of the sidecar of the files: which sources wrote them, the size and SHA-256 of each."""

# What the bytes of a file depend on, besides its recipe.
_WRITERS = ("bigimg-lessons", "h5py", "zarr")

_OUTDATED = "other sources of these lessons wrote it"

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


def kept(
    folder: Path, name: str, write: Callable[[Path], object], *, recipe: object, needed: int
) -> Path:
    """Create a file or folder of a lesson, unless it exists and is as it was written.

    It lies in a folder of its own, which is named after the recipe and the versions of the
    packages that write it. So the file of another recipe lies beside it, and nothing that a
    notebook has open is ever replaced. Only after a change of this package's sources it is created
    again, in silence: that is no fault of the reader's. One process creates it, and others that
    need it wait for that. It may be deleted by hand when no notebook uses it.

    Parameters
    ----------
    folder
        Folder of the lesson; it is created.
    name
        Name of the file or folder to create.
    write
        Called with the path to write; it may write more beside it, as the HDF5 file of an XML.
    recipe
        All that the content depends on, such as the image and the options; its ``repr`` is
        compared.
    needed
        Bytes that it takes on the disk.

    Returns
    -------
    Path
        What was asked for.

    Raises
    ------
    OSError
        If the folder cannot be written, or its disk has too little free space.

    Warns
    -----
    UserWarning
        If it is created again, because it is damaged.
    """
    versions = {package: version_of(package) for package in _WRITERS}
    home = folder / hashlib.sha256(repr((name, recipe, versions)).encode()).hexdigest()[:12]
    if _fault(home) is None:
        return home / name
    recover(folder)  # first: what a killed process left takes space
    with room_for(repr(name), folder, needed) as look_for_room, sole_maker(home):
        fault = _fault(home)
        if fault is None:  # another process has written it meanwhile
            return home / name
        if home.exists() and fault != _OUTDATED:
            warnings.warn(f"{home / name} is created again, because {fault}.", stacklevel=2)
        look_for_room()
        with Staging(home) as staging:
            aside = staging.new(home)
            aside.mkdir()
            write(aside / name)
            files = sorted(path for path in aside.rglob("*") if path.is_file())
            note = {
                "made by": _sources(),
                "files": {path.relative_to(aside).as_posix(): _digest(path) for path in files},
            }
            (aside / NOTE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
            staging.swap()
    return home / name


def sole_maker(path: Path) -> AbstractContextManager[None]:
    """Be the only process that creates a file, and say on standard error if that takes a while.

    Parameters
    ----------
    path
        The file, in an existing folder.
    """

    def tell() -> None:
        sys.stderr.write(f"Another process is making {path}: waiting for it.\n")

    return held(lock_path(path.parent, path.name), patience=2, or_else=tell)


@contextmanager
def room_for(what: str, folder: Path, needed: int) -> Iterator[Callable[[], None]]:
    """Create a folder, and say what to do where nothing, or not enough, can be written into it.

    Parameters
    ----------
    what
        What is written in the ``with`` block, as the beginning of a sentence.
    folder
        Folder to create.
    needed
        Bytes that it takes.

    Yields
    ------
    callable
        To be called before it is written, and after waiting for others that write: raises an
        error where there is too little space.

    Raises
    ------
    OSError
        If the folder cannot be created or written, or its disk is full.
    """

    def too_little() -> OSError:
        need, free = (n / 2**20 for n in (needed, shutil.disk_usage(folder).free))
        return OSError(
            f"{what} needs {need:.0f} MiB and {folder} has {free:.0f} MiB free: make room there, "
            "or set the environment variable BIGIMG_DATA to a folder on another disk."
        )

    def not_allowed(error: OSError) -> OSError:
        reason = os.strerror(error.errno or 0)
        return OSError(
            f"{what} cannot be written to {folder} ({reason}): set the environment variable "
            "BIGIMG_DATA to a folder that you may write to."
        )

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_allowed(error) from error

    def look() -> None:
        if shutil.disk_usage(folder).free < needed:
            raise too_little()

    try:
        yield look
    except OSError as error:
        # numpy.ndarray.tofile, by which TIFF is written, states no number of the system.
        is_unnumbered = error.errno is None and shutil.disk_usage(folder).free < needed
        if error.errno in _FULL or is_unnumbered:
            raise too_little() from error
        if error.errno in _NOT_ALLOWED:
            raise not_allowed(error) from error
        raise


def sha256(path: Path) -> str:
    """Hash a file, a little at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _sources() -> str:
    """Return a digest of all sources of this package, for those who change them."""
    files = sorted(Path(__file__).parents[1].rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _digest(path: Path) -> list[int | str]:
    return [path.stat().st_size, sha256(path)]


def _fault(home: Path) -> str | None:
    """Return how files differ from what their sidecar says, None if they do not."""
    try:
        note: dict[str, Any] = json.loads((home / NOTE).read_text(encoding="utf-8"))
        if note["made by"] != _sources():
            return _OUTDATED
        for name, digest in note["files"].items():
            if _digest(home / name) != digest:
                return f"{name} is not what was written"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "something of it is missing or cannot be read"
    return None
