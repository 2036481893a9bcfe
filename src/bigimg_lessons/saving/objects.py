"""Where chunks and shards go: one object under each key, which is there whole or not at all.

In a folder an object is a file, and its key is the file's path in the folder, with slashes. Whoever
encodes chunks knows no more of the place than that, so the same code writes into a staging
directory, which fails as a whole, and for workers of a cluster, any of which may die alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

ASIDE = ".part"
"""Ending of the files that :class:`WholeFileObjects` has not yet moved to their keys."""


class ObjectWriter(Protocol):
    """An object that is being written."""

    def write(self, data: Any, /) -> object:
        """Add bytes, or whatever has them in its buffer; it may change as soon as this returns."""


class Objects(Protocol):
    """A place that keeps one object under each key."""

    def create(self, key: str) -> AbstractContextManager[ObjectWriter]:
        """Create an object in a ``with`` block, or replace the one that has that key.

        At the end of the block it is there whole. If an error leaves the block, there is nothing
        new under that key; what was there before may be there still.

        Several threads may call this at once, each with keys of its own.

        Parameters
        ----------
        key
            Names, with slashes between them.
        """


@dataclass(frozen=True)
class FileObjects:
    """Files in a folder that is removed after an error, written at their place.

    An error leaves a file cut off, which must not be taken for an object: for a staging directory.

    Parameters
    ----------
    folder
        Where they lie. It exists, and folders in it are created.
    """

    folder: Path

    def create(self, key: str) -> BinaryIO:
        """Create a file; see :class:`Objects`."""
        return created(self.folder / key)


@dataclass(frozen=True)
class WholeFileObjects:
    """Files in a folder that others write into too, each of which appears when it is complete.

    A file is written beside its place, under a name that nobody else has, and then moved there in
    one step, over another if there is one. So whoever dies leaves a file that ends in
    :data:`ASIDE`; and of two who write the same object the last one's is there, whole.

    Parameters
    ----------
    folder
        Where they lie. It exists, and folders in it are created; if somebody has removed or renamed
        the folder itself, it does not come back with a few files in it.
    """

    folder: Path

    @contextmanager
    def create(self, key: str) -> Iterator[BinaryIO]:
        """Create a file; see :class:`Objects`."""
        path = self.folder / key
        aside = path.with_name(f".{path.name}-{secrets.token_hex(8)}{ASIDE}")
        try:
            file = aside.open("xb")
        except FileNotFoundError:
            _make_parents(self.folder, path)
            file = aside.open("xb")
        try:
            with file:
                yield file
            aside.replace(path)
        except BaseException:
            with suppress(OSError):
                aside.unlink()
            raise


def _make_parents(folder: Path, path: Path) -> None:
    """Create the folders between a folder that exists and a path in it."""
    for parent in reversed(path.relative_to(folder).parents[:-1]):
        (folder / parent).mkdir(exist_ok=True)


def created(path: Path) -> BinaryIO:
    """Create a file, and its folder if it is the first there."""
    try:
        return path.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")
