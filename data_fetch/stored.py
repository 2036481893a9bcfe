"""How much of a file lies in the data folder: all of it, a partial file, and its sidecar.

While it is downloaded, ``NAME`` is called ``NAME.part``, which no reader takes for an image. Its
sidecar, ``NAME.part.note.json``, says (by checksum) which file it is the beginning of; a partial
file without a sidecar is not continued. ``NAME`` itself appears only when the checksum was right,
with the sidecar ``NAME.note.json``. Later the size is compared with the sidecar, which takes no
time; ``--verify`` reads the files again and compares the checksum, which takes seconds per GB.

The sidecar stays when ``NAME`` is deleted: a record that later states something else for a file of
that name has been changed or is not the one that was downloaded from.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from bigimg_lessons.saving.files import replace_text


@dataclass(frozen=True)
class Note:
    """What the sidecar of a complete or partial file says about it.

    Parameters
    ----------
    size
        Bytes of the whole file.
    checksum
        Algorithm and digest of the whole file, such as ``"md5:0123…"``.
    licence
        The licence's identifier as the record states it, if it does.
    etag
        The server's mark of the version that is being downloaded (HTTP ``ETag``), if it sent one.
    """

    size: int
    checksum: str
    licence: str | None
    etag: str | None = None


class State(Enum):
    """How much of a file is in the data folder."""

    NOT_THERE = "not there"
    PARTLY = "partly there"
    UNCHECKED = "there, but never compared with a checksum"
    CHANGED = "there, but no longer of the size that was downloaded"
    THERE = "there"


@dataclass(frozen=True)
class StoredFile:
    """A file of a dataset, and how much of it is in the data folder.

    Parameters
    ----------
    path
        Path of the complete file, whether it exists or not.
    state
        How much of it is there.
    bytes_there
        Bytes of the file, or else of its partial file.
    note
        From the sidecar of the file, or else of its partial file; ``None`` if there is none.
    """

    path: Path
    state: State
    bytes_there: int
    note: Note | None

    @property
    def size(self) -> int | None:
        """Bytes of the whole file; ``None`` if it is not there and nothing says how many."""
        if self.note is not None:
            return self.note.size
        return self.bytes_there if self.state is State.UNCHECKED else None

    def matches(self, size: int, checksum: str) -> bool:
        """Read the whole file; return whether it has this size and this checksum."""
        if self.bytes_there != size or not self.path.is_file():
            return False
        return digest(self.path, checksum) == checksum


def part_path(path: Path) -> Path:
    """Return the path of the partial file, until the file is complete and checked."""
    return path.with_name(f"{path.name}.part")


def note_path(path: Path) -> Path:
    """Return the path of the sidecar of a file."""
    return path.with_name(f"{path.name}.note.json")


def look(path: Path) -> StoredFile:
    """Find out how much of a file is there, without reading it.

    Parameters
    ----------
    path
        Path of the complete file.
    """
    if path.is_file():
        note, size = read_note(path), path.stat().st_size
        if note is None:
            state = State.UNCHECKED
        else:
            state = State.THERE if size == note.size else State.CHANGED
        return StoredFile(path, state, size, note)
    part = part_path(path)
    note = read_note(part)
    if note is not None and part.is_file() and part.stat().st_size > 0:
        return StoredFile(path, State.PARTLY, part.stat().st_size, note)
    return StoredFile(path, State.NOT_THERE, 0, None)


def read_note(path: Path) -> Note | None:
    """Read the sidecar of a file; return ``None`` if it is missing or cannot be understood."""
    try:
        return Note(**json.loads(note_path(path).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_note(path: Path, note: Note) -> None:
    """Write the sidecar of a file, completely or not at all."""
    replace_text(note_path(path), json.dumps(asdict(note), indent=1) + "\n")


def digest(path: Path, checksum: str) -> str:
    """Read a whole file and return its digest in the form of `checksum`.

    Parameters
    ----------
    path
        The file.
    checksum
        A checksum such as ``"md5:0123…"``; only its algorithm matters.
    """
    algorithm = checksum.partition(":")[0]
    with path.open("rb") as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"
