"""Where an image lies: a folder, a zip archive or a web server, read within limits."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from bigimg_lessons.inspection.errors import InspectionError, LimitError
from bigimg_lessons.text import format_bytes

MAX_DOCUMENT_BYTES = 4 * 2**20
"""Maximum size of one file of metadata."""

MAX_FILES = 10_000
"""Number of files of a folder at which counting ends."""

MAX_NAMES = 2_000
"""Number of names of a folder that are listed."""

_MAX_SECONDS = 3.0  # for counting one folder: ten times what MAX_FILES take on a busy computer
_MAX_REQUESTS = 200
_TIMEOUT = 15.0
_BLOCK = 2**18
_MAX_REMOTE_BYTES = 16 * 2**20
_MAX_ENTRIES = 200_000
_HEADERS = {"User-Agent": "bigimg-lessons"}


@dataclass(frozen=True)
class Counted:
    """Files below a folder.

    Parameters
    ----------
    number, nbytes
        How many, and their bytes.
    is_all
        Whether counting came to an end.
    """

    number: int
    nbytes: int
    is_all: bool = True


class Place(Protocol):
    """A folder, wherever it lies; paths in it use ``/``."""

    @property
    def name(self) -> str:
        """Its path or URL."""

    def read(self, path: str) -> bytes | None:
        """Return a file of metadata, None if there is none."""

    def names(self, path: str = "") -> list[str] | None:
        """Return the first names in a folder, sorted; None if they cannot be listed."""

    def counted(self, path: str = "") -> Counted | None:
        """Count the files below a folder; None if they cannot be listed."""


def _checked(name: str, size: int) -> None:
    if size > MAX_DOCUMENT_BYTES:
        raise InspectionError(
            f"{name} has {format_bytes(size)}, and metadata is read up to "
            f"{format_bytes(MAX_DOCUMENT_BYTES)}: is it a file of metadata?"
        )


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this computer.

    Parameters
    ----------
    root
        Its path.
    """

    root: Path

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.root)

    def read(self, path: str) -> bytes | None:
        """Return a file of metadata, None if there is none."""
        file = self.root / path
        if ".." in path.split("/") or path.startswith("/"):  # metadata may say anything
            return None
        try:
            if not file.is_file():
                return None
            _checked(str(file), file.stat().st_size)
            return file.read_bytes()
        except OSError as error:
            raise InspectionError(f"{file} cannot be read ({error.strerror}).") from None
        except ValueError as error:  # a path that no system allows
            if isinstance(error, InspectionError):
                raise
            return None

    def names(self, path: str = "") -> list[str] | None:
        """Return the first names in a folder, sorted."""
        found: list[str] = []
        try:
            with os.scandir(self.root / path) as entries:
                for entry in entries:
                    found.append(entry.name)
                    if len(found) >= MAX_NAMES:
                        break
        except (OSError, ValueError):
            return []
        return sorted(found)

    def counted(self, path: str = "") -> Counted | None:
        """Count the files below a folder, up to `MAX_FILES`."""
        number = nbytes = 0
        end = time.monotonic() + _MAX_SECONDS
        for entry in _walk(str(self.root / path)):
            number += 1
            try:
                nbytes += entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue
            if number >= MAX_FILES or (number % 256 == 0 and time.monotonic() > end):
                return Counted(number, nbytes, is_all=False)
        return Counted(number, nbytes)


def _walk(folder: str) -> Iterator[os.DirEntry[str]]:
    """Go through the files below a folder without listing any folder whole."""
    left = [folder]
    while left:
        try:
            entries = os.scandir(left.pop())
        except (OSError, ValueError):
            continue
        with entries:
            for entry in entries:
                try:
                    is_folder = entry.is_dir(follow_symlinks=False)
                except OSError:
                    continue
                if is_folder:
                    left.append(entry.path)
                else:
                    yield entry


@dataclass(frozen=True)
class ZipFolder:
    """A zip archive, such as an OME-Zarr in one file (``.ozx``).

    Parameters
    ----------
    archive
        Path of the archive, or the file on a web server.
    sizes
        Bytes stored for each file in it.
    """

    archive: Path | WebFile
    sizes: dict[str, int]

    @classmethod
    def of(cls, archive: Path | WebFile) -> ZipFolder:
        """Read an archive's list of files.

        Parameters
        ----------
        archive
            Path of the archive, or the file on a web server, which is to stay open.

        Raises
        ------
        InspectionError
            If it is no archive, or has too many files to list.
        """
        try:
            if (entries := _entries_of(archive)) > _MAX_ENTRIES:
                raise InspectionError(
                    f"{archive} is a zip archive of {entries:,} files, and up to "
                    f"{_MAX_ENTRIES:,} are listed: unpack it, and inspect the folder."
                )
            with zipfile.ZipFile(archive) as opened:
                sizes = {info.filename: info.compress_size for info in opened.infolist()}
        except (zipfile.BadZipFile, OSError, NotImplementedError, UnicodeDecodeError) as error:
            raise InspectionError(
                f"{archive} cannot be read as a zip archive ({error}): it is damaged or cut short."
            ) from None
        return cls(archive, sizes)

    @property
    def name(self) -> str:
        """Its path or address."""
        return str(self.archive)

    def read(self, path: str) -> bytes | None:
        """Return a file of metadata, None if there is none."""
        try:
            with zipfile.ZipFile(self.archive) as opened:
                info = opened.getinfo(path)
                _checked(f"{self.archive}/{path}", info.file_size)
                with opened.open(info) as file:
                    return file.read(MAX_DOCUMENT_BYTES)
        except KeyError:
            return None
        except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError) as error:
            if isinstance(error, InspectionError):
                raise
            raise InspectionError(
                f"{path} in {self.archive} cannot be read ({error}): the archive is damaged."
            ) from None

    def names(self, path: str = "") -> list[str] | None:
        """Return the first names in a folder, sorted."""
        begin = f"{path}/" if path else ""
        inside = (name.removeprefix(begin) for name in self.sizes if name.startswith(begin))
        return sorted({name.partition("/")[0] for name in inside} - {""})[:MAX_NAMES]

    def counted(self, path: str = "") -> Counted | None:
        """Count the files below a folder."""
        begin = f"{path}/" if path else ""
        sizes = [
            size
            for name, size in self.sizes.items()
            if name.startswith(begin) and not name.endswith("/")
        ]
        return Counted(len(sizes), sum(sizes))


def _entries_of(archive: Path | WebFile) -> int:
    """Read how many files an archive says that it has, from its end."""
    with archive.open("rb") if isinstance(archive, Path) else nullcontext(archive) as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - 2**16 - 22))
        tail = file.read() or b""
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise InspectionError(f"{archive} is no zip archive, or it is cut short.")
    # Of many files this is 65535, and how many there are says how long their list is.
    listed = int.from_bytes(tail[at + 12 : at + 16], "little")
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    return max(count, listed // 100) if listed < 0xFFFFFFFF else _MAX_ENTRIES + 1


@dataclass
class WebFolder:
    """A folder of a web server, which cannot be listed.

    Parameters
    ----------
    url
        Its address, without a slash at the end.
    """

    url: str
    _requests: int = field(default=0, repr=False)

    @property
    def name(self) -> str:
        """Its address."""
        return self.url

    def read(self, path: str) -> bytes | None:
        """Return a file of metadata, None if the server has none."""
        self._requests += 1
        if self._requests > _MAX_REQUESTS:
            raise InspectionError(
                f"{self.url} needs more than {_MAX_REQUESTS} requests: inspect one image of it."
            )
        base, _, query = self.url.partition("?")
        url = f"{base}/{quote(path)}" + (f"?{query}" if query else "")
        answer = _fetched(url, {})
        if answer is None:
            return None
        content, _ = answer
        _checked(url, len(content))
        _refuse_page(url, content)
        return content

    def names(self, path: str = "") -> list[str] | None:
        """Return None, as a server lists nothing."""
        return None

    def counted(self, path: str = "") -> Counted | None:
        """Return None, as a server lists nothing."""
        return None


def _fetched(url: str, headers: dict[str, str]) -> tuple[bytes, Any] | None:
    """Fetch what a server has, but no more than is read; None if it has nothing there."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise InspectionError(f"{url} is no address that begins with http:// or https://.")
    try:
        request = Request(url, headers=_HEADERS | headers)  # noqa: S310 (http or https, see above)
        with closing(urlopen(request, timeout=_TIMEOUT)) as answer:  # noqa: S310
            return _received(answer), answer
    except HTTPError as error:
        with error:
            if error.code in (403, 404, 410):  # stores that may not be listed answer 403
                return None
        raise InspectionError(f"The server of {url} answers {error.code}: try later.") from None
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise InspectionError(
            f"{url} cannot be reached ({reason}): check the address and the network."
        ) from None


def _refuse_page(url: str, content: bytes) -> None:
    """Refuse a page for people, which many servers send in place of what they have not."""
    if content[:512].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise InspectionError(
            f"{url} is a web page, not a file of an image: its server shows one in place of what "
            "it has not, or wants you to sign in. Give the address of the image itself."
        )


def _received(answer: Any) -> bytes:
    """Receive an answer, but no more than is read, and not from a server that dawdles."""
    end = time.monotonic() + 4 * _TIMEOUT
    content = bytearray()
    while len(content) <= MAX_DOCUMENT_BYTES and (part := answer.read1(2**16)):
        content += part
        if time.monotonic() > end:
            raise TimeoutError("it sends too slowly")
    return bytes(content)


class WebFile(io.RawIOBase):
    """A file of a web server, read by ranges of bytes, each once.

    Parameters
    ----------
    url
        Its address.

    Raises
    ------
    InspectionError
        If there is none, or the server sends whole files only.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._blocks: dict[int, bytes] = {}
        self._at = 0
        self._size = 0
        self._block(0)

    def __str__(self) -> str:
        return self._url

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._size

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place, as files do."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, unless the file ends before: h5py and zipfile ask but once."""
        done, view = 0, memoryview(buffer).cast("B")
        while done < len(view) and self._at < self._size:
            number, skip = divmod(self._at, _BLOCK)
            part = self._block(number)[skip : skip + len(view) - done]
            if not part:  # the file has become shorter
                break
            view[done : done + len(part)] = part
            done += len(part)
            self._at += len(part)
        return done

    def _block(self, number: int) -> bytes:
        if number in self._blocks:
            return self._blocks[number]
        if len(self._blocks) * _BLOCK >= _MAX_REMOTE_BYTES:
            raise LimitError(
                f"{self._url} needs more than {format_bytes(_MAX_REMOTE_BYTES)} to be described: "
                "download it, and inspect the file."
            )
        first = number * _BLOCK
        answer = _fetched(self._url, {"Range": f"bytes={first}-{first + _BLOCK - 1}"})
        if answer is None:
            raise InspectionError(f"There is nothing at {self._url}: check the address.")
        content, head = answer
        if number == 0:
            _refuse_page(self._url, content)
        total = str(head.headers.get("Content-Range", "")).rpartition("/")[2]
        if head.status != 206 or not total.isdigit():
            raise InspectionError(
                f"The server of {self._url} does not send parts of files (HTTP Range): download "
                "it, and inspect the file."
            )
        self._size = int(total)
        self._blocks[number] = content
        return content
