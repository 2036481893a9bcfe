"""Which objects were written and how large each is, told by who wrote them, and found on a disk."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bigimg_lessons.saving.objects import ASIDE, Objects, ObjectWriter


@dataclass(frozen=True)
class CountedObjects:
    """Objects of another place, of which the size is noted as they are completed.

    Parameters
    ----------
    objects
        Where they go.
    """

    objects: Objects
    sizes: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def create(self, key: str) -> Iterator[ObjectWriter]:
        """Create an object; see :class:`bigimg_lessons.saving.objects.Objects`."""
        with self.objects.create(key) as writer:
            counted = _CountedWriter(writer)
            yield counted
        self.sizes[key] = counted.size


class _CountedWriter:
    def __init__(self, writer: ObjectWriter) -> None:
        self._writer = writer
        self.size = 0

    def write(self, data: Any, /) -> None:
        self._writer.write(data)
        self.size += memoryview(data).nbytes


class WrittenGrid:
    """The sizes of the objects of an array, each at its place in a grid.

    Whole numbers in an array, as a large image has millions of objects.

    Parameters
    ----------
    counts
        Places along each axis.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        self._sizes: npt.NDArray[np.uint64] = np.zeros(tuple(counts), np.uint64)

    def add(self, sizes: Mapping[str, int]) -> None:
        """Note the sizes of objects, whose keys end with their places, with slashes between."""
        for key, size in sizes.items():
            self._sizes[_place(key, self._sizes.ndim)] = size

    def check(self, folder: Path, *, metadata: Collection[str]) -> None:
        """Compare the files of a folder with the objects that were written.

        What was left of files that were not completed is removed.

        Parameters
        ----------
        folder
            Of the array.
        metadata
            Names of files beside the objects.

        Raises
        ------
        OSError
            If a file is missing, has another size, or nobody wrote it.
        """
        found = 0
        for home, _, names in os.walk(folder):
            for name in names:
                path = Path(home, name)
                if name.endswith(ASIDE):
                    path.unlink(missing_ok=True)
                elif path.parent != folder or name not in metadata:
                    found += 1
                    self._check_file(path, path.relative_to(folder).as_posix())
        if missing := np.count_nonzero(self._sizes) - found:
            raise OSError(
                f"{missing} of the {np.count_nonzero(self._sizes)} files that workers wrote into "
                f"{folder.name!r} are not there: do all workers see the same folder?"
            )

    def _check_file(self, path: Path, key: str) -> None:
        size = path.stat().st_size
        try:
            written = int(self._sizes[_place(key, self._sizes.ndim)])
        except (ValueError, IndexError):
            written = 0
        if size != written or not written:
            told = f"{written} bytes" if written else "nothing"
            raise OSError(
                f"The file {key!r} has {size} bytes, but workers wrote {told}: "
                "does something else write into this folder?"
            )


def _place(key: str, ndim: int) -> tuple[int, ...]:
    place = tuple(map(int, key.split("/")[-ndim:]))
    if len(place) != ndim or min(place) < 0:
        raise ValueError(f"{key!r} is no place along {ndim} axes.")
    return place
