"""The directories of a TIFF file, read within limits: which tags they have, not the pixels.

TIFF 6.0, sections 2 and 8, and BigTIFF (www.awaresystems.be/imaging/tiff/bigtiff.html).
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from bigimg_lessons.inspection.errors import InspectionError

MAX_DIRECTORIES = 100_000
"""Number of directories, one a plane, at which counting ends."""

MAX_VALUES = 65_536
"""Number of values of a tag that are read, of strips and their sizes for example."""

_MAX_TEXT = 4 * 2**20
_MAX_TAGS = 4096
_MAX_SECONDS = 1.5
_SINGLE = 512  # bytes of a directory: 24 tags in BigTIFF, more than most have

# Bytes of each type of values, and how `struct` reads it.
_TYPES = {
    1: (1, "B"),
    2: (1, "s"),
    3: (2, "H"),
    4: (4, "I"),
    5: (8, "II"),
    6: (1, "b"),
    7: (1, "s"),
    8: (2, "h"),
    9: (4, "i"),
    10: (8, "ii"),
    11: (4, "f"),
    12: (8, "d"),
    13: (4, "I"),
    16: (8, "Q"),
    17: (8, "q"),
    18: (8, "Q"),
}
_ASCII = (2, 7)


@dataclass(frozen=True)
class Tag:
    """A tag of a directory.

    Parameters
    ----------
    kind, count
        Type of its values, and how many there are.
    inline
        They themselves, if they lie in the directory, and what follows them there.
    place
        Where they lie in the file, if not.
    """

    kind: int
    count: int
    inline: bytes
    place: int


@dataclass(frozen=True)
class Directory:
    """A directory: one plane, at one level.

    Parameters
    ----------
    entries
        Its tags as they are stored, by their numbers: of most directories few are looked at.
    following
        Where the next directory lies; 0 if this is the last.
    """

    entries: Mapping[int, bytes]
    following: int


class TiffTags:
    """A TIFF file that is open, and what its directories say.

    Parameters
    ----------
    file
        The file, open for reading.
    name
        How the user calls it.

    Raises
    ------
    InspectionError
        If it is no TIFF file.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self._size = file.seek(0, 2)
        head = self._at(0, 16)
        self._order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        magic = struct.unpack(f"{self._order or '<'}H", head[2:4])[0] if len(head) >= 4 else 0
        if not self._order or magic not in (42, 43) or len(head) < 8:
            raise InspectionError(f"{name} is no TIFF file: it does not begin as one.")
        self.is_big = magic == 43
        if self.is_big:
            if len(head) < 16:
                raise self.damaged("its header is cut short")
            self._first = struct.unpack(f"{self._order}Q", head[8:16])[0]
        else:
            self._first = struct.unpack(f"{self._order}I", head[4:8])[0]

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._size

    def damaged(self, what: str) -> InspectionError:
        """Return the error that says what is wrong with the file."""
        return InspectionError(f"{self._name} is a damaged TIFF file, or cut short: {what}.")

    def directories(self) -> Iterator[Directory]:
        """Go through the directories, as many as are read within the limits.

        Raises
        ------
        InspectionError
            If one lies outside the file, or leads back to an earlier one.
        """
        place, seen = self._first, set[int]()
        end = time.monotonic() + _MAX_SECONDS
        while place and len(seen) < MAX_DIRECTORIES:
            if place in seen:
                raise self.damaged("its directories lead back to an earlier one")
            seen.add(place)
            directory = self.directory(place)
            yield directory
            place = directory.following
            if len(seen) % 64 == 0 and time.monotonic() > end:
                return

    def directory(self, place: int) -> Directory:
        """Read the directory at a place in the file."""
        width, entry, word = (8, 20, "Q") if self.is_big else (2, 12, "I")
        raw = self._at(place, _SINGLE)
        if len(raw) < width:
            raise self.damaged(f"a directory should begin at {place:,}, and the file ends before")
        count = int.from_bytes(raw[:width], "little" if self._order == "<" else "big")
        if not 0 < count <= _MAX_TAGS:
            raise self.damaged(f"the directory at {place:,} has {count:,} tags")
        end, size = width + count * entry, struct.calcsize(f"{self._order}{word}")
        if len(raw) < end + size:
            raw = self._at(place, end + size)
        if len(raw) < end:
            raise self.damaged(f"the directory at {place:,} is not complete")
        form = struct.Struct(f"{self._order}H{entry - 2}s")
        entries = dict(form.iter_unpack(raw[width:end]))
        # Some writers forget the place of the next directory after the last one.
        rest = raw[end : end + size]
        following = struct.unpack(f"{self._order}{word}", rest)[0] if len(rest) == size else 0
        return Directory(entries, following)

    def _tag(self, directory: Directory, code: int) -> Tag | None:
        stored = directory.entries.get(code)
        if stored is None:
            return None
        kind, count, place = struct.unpack(f"{self._order}H{'QQ' if self.is_big else 'II'}", stored)
        word = stored[10:] if self.is_big else stored[6:]
        is_inline = _TYPES.get(kind, (0, ""))[0] * count <= len(word)
        return Tag(kind, count, word if is_inline else b"", place)

    def _content(self, tag: Tag, length: int) -> bytes:
        return tag.inline[:length] or self._at(tag.place, length)

    def numbers(self, directory: Directory, code: int) -> tuple[float, ...]:
        """Return the values of a tag, at most `MAX_VALUES`; none if it is not there.

        A fraction is one number. Values that should lie beyond the file's end are left out.
        """
        tag = self._tag(directory, code)
        if tag is None or tag.kind not in _TYPES or tag.kind in _ASCII:
            return ()
        size, letters = _TYPES[tag.kind]
        content = self._content(tag, size * min(tag.count, MAX_VALUES))
        count = len(content) // size
        values = struct.unpack(f"{self._order}{letters * count}", content[: count * size])
        if len(letters) == 2:
            pairs = zip(values[::2], values[1::2], strict=True)
            return tuple(a / b if b else 0.0 for a, b in pairs)
        return values

    def number(self, directory: Directory, code: int, default: int | None = None) -> int | None:
        """Return the first value of a tag as a whole number."""
        values = self.numbers(directory, code)
        return int(values[0]) if values and abs(values[0]) < 2**53 else default

    def check_is_whole(self, directory: Directory, places: int, sizes: int) -> None:
        """Refuse a plane of which a strip or tile should end behind the end of the file.

        Of very many the first `MAX_VALUES` are looked at.

        Parameters
        ----------
        directory
            Of the plane.
        places, sizes
            Numbers of the tags that say where its strips or tiles lie and how many bytes they have.

        Raises
        ------
        InspectionError
            If one does, or it is not known because these values should lie there themselves.
        """
        starts, lengths = self.numbers(directory, places), self.numbers(directory, sizes)
        tags = self._tag(directory, places), self._tag(directory, sizes)
        wanted = min(MAX_VALUES, *(0 if tag is None else tag.count for tag in tags))
        both = zip(starts, lengths, strict=False)
        is_behind = any(n > 0 and start + n > self._size for start, n in both)
        if is_behind or min(len(starts), len(lengths)) < wanted:
            raise self.damaged(
                f"strips or tiles of its voxels should end behind the {self._size:,} bytes that it "
                "has"
            )

    def text(self, directory: Directory, code: int) -> str | None:
        """Return the text of a tag; None if there is none.

        Raises
        ------
        InspectionError
            If it is too long.
        """
        tag = self._tag(directory, code)
        if tag is None or tag.kind not in (1, *_ASCII):
            return None
        if tag.count > _MAX_TEXT:
            raise self.damaged(f"its description has {tag.count:,} bytes, and 4 MiB are read")
        return self._content(tag, tag.count).rstrip(b"\0").decode("utf-8", "replace")

    def _at(self, place: int, length: int) -> bytes:
        if place < 0 or place >= self._size or length <= 0:
            return b""
        self._file.seek(place)
        wanted = min(length, self._size - place)
        parts = []
        while wanted > 0:
            part = self._file.read(wanted)
            if not part:
                break
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)
