"""XML that may be damaged or hostile, read safely: the tree, and what its elements hold.

Every getter of a `Node` raises an error that names the file, the element and the text.
"""

from __future__ import annotations

import contextlib
import gc
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.parsers import expat

MAX_ID = 2**31 - 1
"""Maximum id: ids are Java's ints."""

_MAX_DEPTH = 64

# Compiled here: a large XML holds some hundred thousand numbers.
_ID = re.compile(r"[0-9]{1,10}")
_LABEL = re.compile(r"([+-]?[0-9]{1,10})(?:\.0*)?")
_EXTENT = re.compile(r"([0-9]{1,10})(?:\.0*)?")

_BLOCK = 2**16  # of the file, parsed at once


class _RefusedError(ValueError):
    """The XML must not be read any further."""


def first_tag(head: bytes) -> str | None:
    """Name of the first element of a file.

    Parameters
    ----------
    head
        The first bytes of the file, up to and including its first element.

    Returns
    -------
    str or None
        ``None`` if it is no XML. Nothing after the first element is read.
    """
    tags: list[str] = []
    parser = expat.ParserCreate()

    def stop_at_root(tag: str, _: dict[str, str]) -> None:
        tags.append(tag)
        raise StopIteration

    parser.StartElementHandler = stop_at_root
    # Errors of values and look-ups come from encodings that do not exist.
    with contextlib.suppress(expat.ExpatError, StopIteration, ValueError, LookupError):
        parser.Parse(head, False)
    return tags[0] if tags else None


def parse(content: bytes | str, source: str) -> ElementTree.Element:
    """Build the element tree, refusing every document type declaration.

    Entities, and references to other files, can only be declared in a document type; with that
    refused there is nothing to expand and nothing to fetch.

    Parameters
    ----------
    content
        The whole file. Bytes that claim to be UTF-8 and are not are read as Windows-1252. A text is
        decoded already, so the encoding that it claims does not count.
    source
        The file's name, for messages.

    Returns
    -------
    xml.etree.ElementTree.Element
        The root.

    Raises
    ------
    ValueError
        If it is not well-formed, declares a document type, nests too deeply, or is in an
        encoding that Python does not know.
    """
    try:
        return _build(content, source)
    except expat.ExpatError as error:
        if isinstance(content, bytes) and not _is_utf8(content):
            with contextlib.suppress(expat.ExpatError):
                return _build(content.decode("cp1252", "replace"), source)
        raise ValueError(f"{source} is not well-formed XML: {error}.") from error


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _build(content: bytes | str, source: str) -> ElementTree.Element:
    builder = ElementTree.TreeBuilder()
    roots: list[ElementTree.Element] = []

    def start_root(tag: str, attributes: dict[str, str]) -> None:
        roots.append(builder.start(tag, attributes))
        # The others go straight to the builder: calling a Python function for each element
        # would double the time.
        parser.StartElementHandler = builder.start

    def refuse(*_: object) -> None:
        raise _RefusedError(
            f"{source} declares a document type (<!DOCTYPE …>), which BigDataViewer never writes "
            "and which can hide entities: remove the declaration if you trust the file."
        )

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start_root
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        # Text handed to expat is read as UTF-8, whatever its declaration says.
        for begin in range(0, len(content), _BLOCK):
            parser.Parse(content[begin : begin + _BLOCK], False)
            _refuse_depth(roots[0] if roots else None, source)
        parser.Parse(content[:0], True)
    except _RefusedError:
        raise
    except (ValueError, LookupError) as error:  # what Python says of encodings it does not know
        raise ValueError(f"{source} is in an encoding that cannot be read: {error}.") from error
    level = [builder.close()]
    for _ in range(_MAX_DEPTH):
        level = [child for element in level for child in element]
    if level:
        raise _too_deep(source)
    return roots[0]


def _refuse_depth(element: ElementTree.Element | None, source: str) -> None:
    """Refuse a tree whose newest elements nest too deeply, before it fills the memory."""
    for _ in range(_MAX_DEPTH):
        if element is None or not len(element):
            return
        element = element[-1]
    raise _too_deep(source)


def _too_deep(source: str) -> _RefusedError:
    return _RefusedError(f"{source} nests more than {_MAX_DEPTH} elements: it is damaged.")


@contextlib.contextmanager
def many_objects() -> Iterator[None]:
    """Stop Python's garbage collector from searching for cycles while many objects are created.

    A tree of elements has no cycles, and neither have the objects built from it, but the collector
    would go through all of them again and again, which takes as long as the reading itself.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(frozen=True)
class Node:
    """An XML element whose getters raise errors that name the file and the element.

    Parameters
    ----------
    element
        The element.
    source
        The file's name, for messages.
    """

    element: ElementTree.Element
    source: str

    @property
    def tag(self) -> str:
        """Name of the element."""
        return self.element.tag

    @property
    def own_text(self) -> str:
        """Its text without blanks around it."""
        return (self.element.text or "").strip()

    def error(self, problem: str) -> ValueError:
        """Return an error that says what is wrong with this element."""
        return ValueError(f"{self.source}: <{self.tag}> {problem}.")

    def find(self, tag: str) -> Node | None:
        """Return the first child of that name, or ``None``."""
        found = self.element.find(tag)
        return None if found is None else Node(found, self.source)

    def child(self, tag: str) -> Node:
        """Return the first child of that name, which has to be there."""
        if (found := self.find(tag)) is None:
            raise self.error(f"has no <{tag}>, which BigDataViewer needs")
        return found

    def children(self, tag: str | None = None) -> Iterator[Node]:
        """Go through all children, or those of one name."""
        for element in self.element:
            if tag in (None, element.tag):
                yield Node(element, self.source)

    def text(self, tag: str) -> str | None:
        """Text of a child as it is; ``None`` if there is no such child."""
        found = self.element.find(tag)
        return None if found is None else (found.text or "")

    def attribute(self, name: str) -> str:
        """Text of an attribute, which has to be there."""
        value = self.element.get(name)
        if value is None:
            raise self.error(f"has no attribute {name!r}")
        return value

    def id_attribute(self, name: str) -> int:
        """Return an attribute that holds an id."""
        return self._id(self.attribute(name), f"attribute {name!r}")

    def id(self) -> int:
        """Return the id that the child ``<id>`` holds."""
        return self.child("id").integer()

    def integer(self) -> int:
        """Return the id, or other whole number from zero, that this element holds."""
        return self._id(self.own_text, "text")

    def integers(self) -> tuple[int, ...]:
        """Return the whole numbers from zero that this element holds, as many as there are."""
        return tuple(self._id(word, "text") for word in self.own_text.split())

    def _id(self, text: str, what: str) -> int:
        if not _ID.fullmatch(text.strip()) or int(text) > MAX_ID:
            raise self.error(
                f"should hold a whole number from 0 to {MAX_ID}; its {what} is {text!r}"
            )
        return int(text)

    def label(self) -> int:
        """Return a whole number that only distinguishes things: it may be negative, or ``0.0``."""
        match = _LABEL.fullmatch(self.own_text)
        if match is None or abs(int(match[1])) > MAX_ID:
            raise self.error(f"should hold a whole number; its text is {self.own_text!r}")
        return int(match[1])

    def extents(self) -> tuple[int, int, int]:
        """Return three whole numbers above zero, which may be written as ``48.0``."""
        words = [_EXTENT.fullmatch(word) for word in self.own_text.split()]
        values = [int(match[1]) for match in words if match]
        if len(words) != 3 or len(values) != 3 or not 0 < min(values) <= max(values) <= MAX_ID:
            raise self.error(
                f"should hold three whole numbers above zero; its text is {self.own_text!r}"
            )
        return (values[0], values[1], values[2])

    def numbers(self, count: int) -> tuple[float, ...]:
        """Return exactly `count` finite numbers."""
        try:
            values = tuple(map(float, self.own_text.split()))
        except ValueError:
            values = ()
        if len(values) != count or not all(map(math.isfinite, values)):
            raise self.error(f"should hold {count} numbers; its text is {self.own_text!r}")
        return values
