"""What a reader really asked of a file: requests and bytes, counted where it is read.

A :class:`FileMeter` stands between a reader (tifffile, h5py, a bioio plugin, anything that
takes a file object or an fsspec URL) and one file on disk. It opens unbuffered file objects, so
each counted request is one read call that reached the operating system: nothing is estimated, and
no buffer hides or adds a read. A :class:`~bigimg_lessons.measure.network.Link` slows it down.
"""

from __future__ import annotations

import io
import threading
import time
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from bigimg_lessons.measure.network import Link
from bigimg_lessons.text import format_bytes

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


PROTOCOL = "counted"
"""The fsspec protocol under which metered files open: ``counted:///folder/file.tif``."""


@dataclass(frozen=True)
class Requests:
    """What was asked of one file between two calls of its meter's ``take``.

    Parameters
    ----------
    file_size
        Size of the file in bytes.
    opens
        Number of times that the file was opened.
    extents
        ``(offset, size)`` in bytes of every read that returned data, in the order in which
        they came (with several threads that order differs from run to run; the set does not).
    """

    file_size: int
    opens: int
    extents: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        """Number of read requests."""
        return len(self.extents)

    @property
    def bytes_read(self) -> int:
        """Bytes delivered, summed over all requests; a byte read twice counts twice."""
        return sum(size for _, size in self.extents)

    @property
    def touched(self) -> tuple[tuple[int, int], ...]:
        """Sorted, disjoint ``(start, stop)`` of what was read at least once."""
        return _merge((offset, offset + size) for offset, size in self.extents)

    @property
    def fraction_touched(self) -> float:
        """Fraction of the file, 0 to 1, that was read at least once."""
        if not self.file_size:
            return 0.0
        return sum(stop - start for start, stop in self.touched) / self.file_size

    def __str__(self) -> str:
        return (
            f"{self.count:,} requests, {self.bytes_read:,} bytes ({format_bytes(self.bytes_read)})"
        )


def _merge(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Unite overlapping or adjoining ``(start, stop)`` spans; empty spans vanish."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return tuple(merged)


class FileMeter:
    """Counts every read of one local file.

    Parameters
    ----------
    path
        An existing file.
    link
        Slows every read down; ``None`` reads at full speed.

    Attributes
    ----------
    url
        The file's address for readers built on fsspec, such as ``bioio.BioImage(meter.url)``.
        It works in this process, and in all its threads, for as long as the meter lives.

    Raises
    ------
    FileNotFoundError
        If `path` is not an existing file.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "ten.bin")
    >>> _ = path.write_bytes(bytes(10))
    >>> meter = FileMeter(path)
    >>> with meter.open() as file:
    ...     _ = file.seek(2), file.read(3)
    >>> meter.take()
    Requests(file_size=10, opens=1, extents=((2, 3),))
    >>> meter.take().count
    0
    """

    def __init__(self, path: str | Path, *, link: Link | None = None) -> None:
        self.path = Path(path).expanduser().resolve()
        if not self.path.is_file():
            raise FileNotFoundError(
                f"There is no file {str(self.path)!r} to count reads of: give the path of an "
                "existing file."
            )
        self.url = f"{PROTOCOL}://{self.path.as_posix()}"
        self.link = link
        self._lock = threading.Lock()
        self._opens = 0
        self._extents: list[tuple[int, int]] = []
        _METERS[self.path.as_posix()] = self

    def open(self) -> MeteredFile:
        """Open the file for reading, unbuffered; every read is counted."""
        file = MeteredFile(self)
        with self._lock:
            self._opens += 1
        return file

    def take(self) -> Requests:
        """Return what was asked since the last call, and start again from zero."""
        with self._lock:
            taken = Requests(self.path.stat().st_size, self._opens, tuple(self._extents))
            self._opens = 0
            self._extents = []
        return taken

    def record(self, offset: int, size: int) -> None:
        """Note one read of `size` bytes at `offset`; called by the metered file."""
        with self._lock:
            self._extents.append((offset, size))


# Which meter watches which file, by absolute POSIX-style path. Weak, so that a meter that
# nobody holds any more stops counting and can go.
_METERS: weakref.WeakValueDictionary[str, FileMeter] = weakref.WeakValueDictionary()


class MeteredFile(io.RawIOBase):
    """A read-only file object that tells its meter about every read.

    It has no ``fileno`` on purpose: through one, numpy and h5py would read without being counted.
    """

    def __init__(self, meter: FileMeter) -> None:
        self._meter = meter
        self._file = io.FileIO(meter.path, "rb")

    @property
    def name(self) -> str:
        """Path of the file."""
        return str(self._meter.path)

    @property
    def size(self) -> int:
        """Size of the file in bytes."""
        return self._meter.path.stat().st_size

    def readable(self) -> bool:
        """Whether the file can be read: always."""
        return True

    def seekable(self) -> bool:
        """Whether the file has random access: always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to `offset`; seeking alone asks nothing of the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Offset of the next read, in bytes."""
        return self._file.tell()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill `buffer`; a read at the end of the file returns nothing and is not counted.

        Systems bring 2 GiB at most at once, and h5py does not ask for the rest.
        """
        done, view = 0, memoryview(buffer).cast("B")
        while done < len(view):
            sent = time.perf_counter()
            offset = self._file.tell()
            size = self._file.readinto(view[done:])
            if not size:
                break
            self._meter.record(offset, size)
            if self._meter.link is not None:
                self._meter.link.wait(size, since=sent)
            done += size
        return done

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


class MeteredFileSystem(LocalFileSystem):  # type: ignore[misc]
    """The fsspec file system behind ``counted://``: local files that a meter watches."""

    protocol = PROTOCOL
    cacheable = False

    def _open(self, path: str, mode: str = "rb", **_: Any) -> MeteredFile:
        if mode != "rb":
            raise ValueError(f"A metered file can only be read: mode is {mode!r}, not 'rb'.")
        key = Path(self._strip_protocol(path)).as_posix()
        meter = _METERS.get(key)
        if meter is None:
            raise FileNotFoundError(
                f"No meter watches {key!r}: keep the FileMeter in a variable for as long as its "
                "url is in use."
            )
        return meter.open()


fsspec.register_implementation(PROTOCOL, MeteredFileSystem, clobber=True)
