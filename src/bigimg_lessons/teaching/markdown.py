"""The Markdown of lessons: boxes with colons, and all else as HTML."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, cast

import mistune

_BOX = re.compile(
    r"^(?P<colons>:{3,})\{(?P<name>[\w-]+)\} *(?P<title>[^\n]*)\n(?P<body>.*?)\n(?P=colons) *$",
    re.MULTILINE | re.DOTALL,
)
_OPTION = re.compile(r"\A:(?P<name>[\w-]+): *(?P<value>.*)\n+")
_TARGET = re.compile(r"^\([\w-]+\)=\n", re.MULTILINE)
_PLUGINS = ["table", "math"]

Token = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box: ``:::{name} title`` and what stands in it. A ``div`` has classes for its title."""

    name: str
    title: str
    classes: frozenset[str]
    body: str


def boxes_and_text(text: str) -> Iterator[Box | str]:
    """Split the text of a cell into its boxes, the outermost ones, and the Markdown between."""
    text = _TARGET.sub("", text)
    end = 0
    for found in _BOX.finditer(text):
        if between := text[end : found.start()].strip():
            yield between
        end = found.end()
        body, options = found["body"], {}
        while option := _OPTION.match(f"{body}\n"):
            options[option["name"]] = option["value"]
            body = body[option.end() :]
        title = found["title"].strip()
        classes = f"{options.get('class', '')} {title if found['name'] == 'div' else ''}"
        yield Box(name=found["name"], title=title, classes=frozenset(classes.split()), body=body)
    if rest := text[end:].strip():
        yield rest


class Markdown:
    """Reads the Markdown of one lesson, and writes it as HTML in which nothing runs.

    Parameters
    ----------
    lesson
        Name of its notebook, which is a page of the book.
    book
        URL of the book's site, which ends in ``/``; without it, what links into it is plain text.
    """

    def __init__(self, lesson: str, book: str | None) -> None:
        self._tree = mistune.create_markdown(renderer=None, plugins=_PLUGINS)
        self._renderer = _Renderer(lesson, book)
        # Plugins add what they write to the renderer that they are given with.
        mistune.create_markdown(renderer=self._renderer, plugins=_PLUGINS)
        self._renderer.register("block_math", _formula)

    def tokens(self, text: str) -> Sequence[Token]:
        """Read the blocks of a text."""
        return cast(Sequence[Token], self._tree(text))

    def html(self, tokens: Iterable[Token]) -> str:
        """Write blocks, or what stands within one."""
        return self._renderer.render_tokens(tokens, mistune.BlockState()).strip()


def plain(tokens: Iterable[Token]) -> str:
    """Return the words of what stands within a block, without any mark-up."""
    return "".join(
        plain(token["children"]) if "children" in token else token.get("raw", " ")
        for token in tokens
    )


class _Renderer(mistune.HTMLRenderer):
    def __init__(self, lesson: str, book: str | None) -> None:
        super().__init__(escape=True)
        self._lesson = lesson
        self._book = book

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if re.match("https?://", url):
            return f'<a href="{escape(url)}">{text}</a>'
        if self._book is None:
            return text
        path, mark, anchor = url.partition("#")
        page = posixpath.normpath(f"notebooks/{path or self._lesson}")
        page = re.sub(r"\.(ipynb|md)$", "", page)
        return f'<a href="{escape(f"{self._book}{page}.html{mark}{anchor}")}">{text}</a>'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Leave out what stands in the middle of a sentence: slides show pictures by themselves."""
        return text


def _formula(renderer: mistune.HTMLRenderer, text: str) -> str:
    return f"<p><code>{escape(text.strip())}</code></p>"
