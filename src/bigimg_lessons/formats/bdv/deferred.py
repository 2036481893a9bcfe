"""A stand-in for the reader that imports it when it is first used.

The reader is a subclass of bioio's, and bioio's imports dask, xarray with pandas, and ome-types:
nine tenths of the time and of the modules that the reader's import takes. A program that only might
open a file need not wait for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bigimg_lessons.formats.bdv.reader import Reader


class DeferredReader:
    """Stand-in for :class:`bigimg_lessons.formats.bdv.reader.Reader`; see there.

    Calling it opens a file, its attributes are those of the class, and it can be given to
    ``isinstance``, ``issubclass`` (second), ``BioImage(reader=…)``, as a base class, and in
    annotations. Every one of these imports the class.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Reader:
        """Open a file."""
        return _reader()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(_reader(), name)

    def __iter__(self) -> Iterator[type[Reader]]:
        # bioio takes what is no class for a sequence of classes.
        yield _reader()

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, _reader())

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, _reader())

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type[Reader]]:
        return (_reader(),)

    def __or__(self, other: Any) -> Any:
        return _reader() | other

    def __ror__(self, other: Any) -> Any:
        return other | _reader()

    def __repr__(self) -> str:
        return "<stand-in for bigimg_lessons.formats.bdv.reader.Reader>"


def _reader() -> type[Reader]:
    from bigimg_lessons.formats.bdv.reader import Reader

    return Reader
