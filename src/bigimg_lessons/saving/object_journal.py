"""What of an unfinished image lies in an object store, so that another run can go on with it.

While an image is written, small objects below the same prefix tell which chunks and shards are
complete, each with its size and ETag as the store stated them, and which are left out because they
hold nothing but zeros: that no listing could tell. They are written about once a second and are
removed when the image is complete. So one prefix holds all there is, and whoever removes it has
removed all. What a killed process had stored in its last second is stored once more.

A journal belongs to one request: the image's shape and type, and how it is stored. Of the voxels
of level 0 it keeps checksums (CRC-32), by which the next run sees whether its image is the same.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import math
import re
import secrets
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bigimg_lessons.saving.object_store import ObjectPlace, Stored

FOLDER = ".bigimg-journal/"
"""What the names of a journal's objects begin with."""

REQUEST = FOLDER + "request.json"
"""The object that is written first: an image without its own metadata beside it is unfinished."""

_TRIED = FOLDER + "tried-"
_ENTRY = re.compile(re.escape(FOLDER) + r"(\d+)\.json")

ENTRY_BYTES = 9
"""Memory that a journal takes for one chunk or shard of the image."""

_ABOUT = (
    "This image is not complete. build_pyramid of bigimg-lessons goes on with it if it is called "
    "once more in the same way with resume=True, and then removes the folder of this file."
)
_FLUSH_AFTER = 1.0  # seconds
_COMPARED = 3
_UNKNOWN, _EMPTY = 0, 1


class Unit(NamedTuple):
    """A chunk or a shard that is complete.

    Parameters
    ----------
    place
        Counted in such units along each axis.
    size, tag
        Of its object; 0 and an empty text if there is none, as it is all zeros.
    checksum
        Of its voxels; 0 unless they are of level 0.
    """

    place: tuple[int, ...]
    size: int
    tag: str
    checksum: int


@dataclass(frozen=True)
class There:
    """Which chunks and shards of an image were complete before this run; little, to be sent.

    Parameters
    ----------
    grids
        For each level, True at the place of each that is there.
    """

    grids: Sequence[npt.NDArray[np.bool_]]

    def __reduce__(self) -> tuple[Any, ...]:
        packed = [(grid.shape, np.packbits(grid).tobytes()) for grid in self.grids]
        return _unpacked, (packed,)

    @property
    def counts(self) -> list[tuple[int, ...]]:
        """For each level, how many chunks or shards it has along each axis."""
        return [grid.shape for grid in self.grids]

    def is_there(self, level: int, where: Sequence[slice]) -> bool:
        """Tell whether all units in a range of places were complete."""
        return bool(self.grids[level][tuple(where)].all())


def _unpacked(packed: Sequence[tuple[tuple[int, ...], bytes]]) -> There:
    grids = []
    for shape, held in packed:
        bits = np.unpackbits(np.frombuffer(held, np.uint8), count=math.prod(shape))
        grids.append(bits.reshape(shape).astype(bool))
    return There(grids)


@dataclass
class Journal:
    """The journal of one image.

    Parameters
    ----------
    place
        Where the image lies.
    counts
        For each level, how many chunks or shards it has along each axis.
    placed
        Takes an object's name; returns its level and its place there, or None if it is no chunk or
        shard.
    more
        Returns what else is to be kept, as JSON can hold it.
    """

    place: ObjectPlace
    counts: Sequence[tuple[int, ...]]
    placed: Callable[[str], tuple[int, tuple[int, ...]] | None]
    more: Callable[[], Any]
    _marks: list[npt.NDArray[np.uint64]] = field(init=False, repr=False)
    _there: list[npt.NDArray[np.bool_]] = field(init=False, repr=False)
    _waiting: list[tuple[int, Unit]] = field(init=False, repr=False, default_factory=list)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)
    _flushed: float = field(init=False, repr=False, default_factory=time.monotonic)
    _next: int = field(init=False, repr=False, default=0)
    _largest: list[Unit] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        self._marks = [np.zeros(count, np.uint64) for count in self.counts]
        self._there = [np.zeros(count, bool) for count in self.counts]

    def begin(self, request: Mapping[str, Any]) -> None:
        """Write what the image is to be, before anything else is written."""
        text = json.dumps({"about": _ABOUT, "request": request}, indent=1)
        self.place.hasty.put(REQUEST, text.encode())

    def load(self) -> Iterator[Any]:
        """Take in what an earlier run has noted, and yield what it kept besides.

        Chunks and shards count as there if the store still lists them as it stated them then.
        Others are removed, since in their place there may be nothing but zeros.
        """
        tried = []
        for found in self.place.list():
            if entry := _ENTRY.fullmatch(found.name):
                self._next = max(self._next, int(entry[1]) + 1)
            elif found.name.startswith(_TRIED):
                tried.append(found.name)
        self.place.delete(tried)
        for number in range(self._next):
            text = self.place.get(_name(number))
            if text is None:  # of a run that could not write it
                continue
            noted = json.loads(text)
            for level, place, *stated in noted["units"]:
                unit = Unit(tuple(place), *stated)
                self._mark(level, unit)
                if level == 0:
                    most = (unit, *self._largest)
                    self._largest = heapq.nlargest(2 * _COMPARED, most, key=lambda each: each.size)
            yield noted["more"]
        for there, marks in zip(self._there, self._marks, strict=True):
            there[...] = marks == _EMPTY
        self.place.delete([found.name for found in self._strangers()])

    def largest(self) -> list[Unit]:
        """Return a few units of level 0 that are there, those with the most bytes."""
        there = [unit for unit in self._largest if self._there[0][unit.place]]
        return there[:_COMPARED]

    @property
    def there(self) -> There:
        """What an earlier run has completed."""
        return There(self._there)

    def note(self, level: int, units: Iterable[Unit]) -> None:
        """Note units that are complete now; several threads may call this at once."""
        with self._lock:
            for unit in units:
                self._mark(level, unit)
                self._waiting.append((level, unit))
            is_due = time.monotonic() > self._flushed + _FLUSH_AFTER
        if is_due:
            self.flush()

    def flush(self) -> None:
        """Store what was noted since the last time."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            self._flushed, number = time.monotonic(), self._next
            self._next += bool(waiting)
            more = self.more()
        if waiting:
            noted = {"units": [(level, *unit) for level, unit in waiting], "more": more}
            self.place.put(_name(number), json.dumps(noted, separators=(",", ":")).encode())

    def verify(self) -> None:
        """Compare what the store lists with what it stated as it took each object.

        Raises
        ------
        OSError
            If an object is missing, is another one, or is there besides.
        """
        for there, marks in zip(self._there, self._marks, strict=True):
            there[...] = marks == _EMPTY
        strange = next(self._strangers(), None)
        if strange is None and all(there.all() for there in self._there):
            return
        missing = sum(int(np.count_nonzero(~there)) for there in self._there)
        what = f"{missing} of its chunks or shards are missing"
        if strange is not None:
            what = f"{strange.name!r} is not what was written there"
        raise OSError(
            f"{self.place.url!r} is not complete, and does not open: {what}. Make sure that "
            "nothing else writes there, and go on with resume=True."
        )

    def remove(self) -> None:
        """Remove the journal, as the image is complete."""
        self.place.delete([*map(_name, range(self._next)), REQUEST])

    def _strangers(self) -> Iterator[Stored]:
        """Yield objects in units' places that are not as noted; take note of all others."""
        for found in self.place.list():
            at = self.placed(found.name)
            if at is None:
                continue
            level, place = at
            if self._marks[level][place] == _mark(found.size, found.tag):
                self._there[level][place] = True
            else:
                self._there[level][place] = False
                yield found

    def _mark(self, level: int, unit: Unit) -> None:
        self._marks[level][unit.place] = _mark(unit.size, unit.tag) if unit.size else _EMPTY


def check_writing(place: ObjectPlace) -> None:
    """Check that this process may write an image in a place, and leave nothing there.

    Raises
    ------
    OSError
        If it may not.
    """
    place.check_writing(_TRIED + secrets.token_hex(8))


def is_empty(place: ObjectPlace) -> bool:
    """Tell whether a place holds nothing, but for what a killed process has tried."""
    return all(found.name.startswith(_TRIED) for found in place.hasty.list())


def requested(place: ObjectPlace) -> dict[str, Any] | None:
    """Return what an unfinished image is to be, or None if there is no journal."""
    text = place.hasty.get(REQUEST)
    if text is None:
        return None
    request: dict[str, Any] = json.loads(text)["request"]
    return request


def differences(noted: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Name what differs between two requests, as ``"dtype is 'uint8', and was 'uint16'"``."""
    names = [name for name in {**noted, **asked} if noted.get(name) != asked.get(name)]
    return [f"{name} is {asked.get(name)!r}, and was {noted.get(name)!r}" for name in names]


def checksum(voxels: npt.NDArray[Any]) -> int:
    """Return the CRC-32 of voxels, plane by plane, so that they are not copied at once."""
    value = zlib.crc32(str(voxels.shape).encode())
    for index in np.ndindex(*voxels.shape[:-2]):
        value = zlib.crc32(np.ascontiguousarray(voxels[index]).data, value)
    return value


def memory(counts: Sequence[tuple[int, ...]]) -> int:
    """Return the bytes that a journal of so many units holds."""
    return ENTRY_BYTES * sum(map(math.prod, counts))


def _name(number: int) -> str:
    return f"{FOLDER}{number:06}.json"


def _mark(size: int, tag: str) -> int:
    """Return a number that stands for an object's size and ETag."""
    digest = hashlib.blake2b(f"{size} {tag}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) | 2  # neither unknown nor empty
