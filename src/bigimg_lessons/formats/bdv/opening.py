"""HDF5 files, opened for one read: locked, damaged or still being written, and what to do then."""

from __future__ import annotations

import gc
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO

import h5py
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

# What h5py raises on damaged files, depending on what is damaged.
HDF5_ERRORS = (OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError, SystemError)

# Words of HDF5's own messages; it gives no codes for these.
_LOCKED = "unable to lock file"
_MARKED = "already open for write"


class InUseError(OSError):
    """The file is open for writing elsewhere, so nobody may read it now."""


class WholeReads(io.RawIOBase):
    """A file of which each read brings all the bytes that were asked for.

    Files may bring fewer, and be asked again. h5py does not ask again, and takes what was in memory
    before for the rest (seen with h5py 3.16.0; https://github.com/h5py/h5py/issues/2835).

    Nothing is collected as garbage during a read: h5py holds its lock meanwhile, and files on
    servers are read by another thread, for which this one waits, and which is not to need the lock.

    Parameters
    ----------
    file
        Open for reading.
    path
        Its path, for messages.
    """

    def __init__(self, file: io.RawIOBase | BinaryIO, path: str) -> None:
        self._file, self._path = file, path

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to a place, as files do."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place of the next read."""
        return self._file.tell()

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer`, or raise OSError if the file ends before."""
        left = memoryview(buffer).cast("B")
        size = len(left)
        with _nothing_collected():
            while left:
                count = self._file.readinto(left)  # type: ignore[union-attr]  # fsspec's have it
                if not count:
                    raise OSError(f"{self._path} ends {len(left)} bytes before what was to be read")
                left = left[count:]
        return size


@contextmanager
def _nothing_collected() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def opened(fs: AbstractFileSystem, path: str) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading, and close it again.

    A file that is written in HDF5's mode for one writer and many readers (SWMR) is read.

    Parameters
    ----------
    fs
        File system that holds the file.
    path
        Path of the file in `fs`.

    Yields
    ------
    h5py.File
        Its ``swmr_mode`` says whether it is still being written.

    Raises
    ------
    InUseError
        If another program holds it, or it was never closed.
    OSError
        If it does not open as HDF5.
    """
    with ExitStack() as stack:
        with explained(path, "as HDF5"):
            if type(fs) is LocalFileSystem:  # a subclass may count or transform what is read
                file = stack.enter_context(_local(path))
            else:
                source = WholeReads(stack.enter_context(fs.open(path)), path)
                file = stack.enter_context(h5py.File(source, "r"))
        yield file


def _local(path: str) -> h5py.File:
    try:
        return h5py.File(path, "r", locking="best-effort")
    except OSError as error:
        if _LOCKED in str(error):
            raise InUseError(
                f"{path} is locked: another program has it open, and it is still being written. "
                "Close it there. To read what is written so far, which may be incomplete, set the "
                "environment variable HDF5_USE_FILE_LOCKING=FALSE before Python starts."
            ) from error
        if _MARKED not in str(error):
            raise
        try:
            return h5py.File(path, "r", locking="best-effort", swmr=True)
        except OSError:
            raise InUseError(
                f"{path} is marked as open for writing: it is still being written, or its program "
                "ended without closing it. Close it there. If no program has it open, make a copy, "
                "and take the mark off that with h5clear -s, one of the HDF5 tools."
            ) from error


@contextmanager
def explained(path: str, what: str) -> Iterator[None]:
    """Turn the errors of h5py into one sentence that names the file and the object."""
    try:
        yield
    except InUseError:
        raise
    except HDF5_ERRORS as error:
        raise OSError(
            f"{path} cannot be read ({what}: {error}): it is damaged, cut short, still being "
            "written, or no HDF5 file."
        ) from error


def link_of(group: Any, name: str) -> h5py.HardLink | h5py.SoftLink | h5py.ExternalLink | None:
    """Read a link without following it; ``None`` if there is none.

    h5py's own ``group.get(name, getlink=True)`` opens the file behind an external link, to see
    whether the link dangles.
    """
    links = group.id.links
    key = name.encode()
    if not links.exists(key):
        return None
    kind = links.get_info(key).type
    if kind == h5py.h5l.TYPE_HARD:
        return h5py.HardLink()
    if kind == h5py.h5l.TYPE_SOFT:
        return h5py.SoftLink(links.get_val(key).decode())
    if kind == h5py.h5l.TYPE_EXTERNAL:
        file, path = links.get_val(key)
        return h5py.ExternalLink(file.decode(), path.decode())
    raise TypeError(f"link {name!r} is of an unknown kind")


def lacking_filter(cells: h5py.Dataset) -> str | None:
    """Name a filter that the dataset needs and that is not installed; ``None`` if there is none."""
    plan = cells.id.get_create_plist()
    for position in range(plan.get_nfilters()):
        code, _, _, name = plan.get_filter(position)
        if not h5py.h5z.filter_avail(code):
            return f"{code} ({name.decode('utf-8', 'replace')})" if name else str(code)
    return None
