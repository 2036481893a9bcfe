"""What becomes a slide: read off the structure of a lesson's notebook, with no text beside it.

============================================  =================================================
in the notebook                               on the slides
============================================  =================================================
the heading ``#`` and the lesson's card       the first slide
a heading ``##`` or ``###``                   a slide, with the section's question to discuss
a box of the class ``predict``                a slide; the answer is in its notes
the output after it, if that is kept          a slide, "Printed"
a picture, a plot with a caption, a table     a slide each
key points, half-way mark, what comes next    a slide each
all other prose                               notes of the slide before it
============================================  =================================================

Cells, tabs and the quiz itself stay in the notebook and on the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from bigimg_lessons.questions.bank import bank_names, load_bank
from bigimg_lessons.questions.html import solution_html, text_html
from bigimg_lessons.teaching.markdown import Box, Markdown, boxes_and_text, plain
from bigimg_lessons.teaching.prompts import prompt

_QUIZ = re.compile(r"Quiz\(\s*\"([\w-]+)\"(?:,\s*questions=\[([^\]]*)\])?")
_TAB = re.compile(r"^:+\{tab-item\} *(.+)$", re.MULTILINE)


class OutlineError(ValueError):
    """A notebook that is no lesson."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture of a slide.

    Parameters
    ----------
    alt
        What it shows, in words.
    caption
        Its caption.
    path
        Its file, as the notebook names it; None for a plot.
    png
        The plot, in base64, as the notebook keeps it; None if it keeps none.
    """

    alt: str
    caption: str
    path: str | None = None
    png: str | None = None


@dataclass(frozen=True, kw_only=True)
class Slide:
    """A slide: texts in HTML, but for the question.

    Parameters
    ----------
    kind
        "title", "section", "predict", "measured", "figure", "table", "points" or "next".
    heading
        What stands above it.
    body
        What it shows, may be empty.
    notes
        What its speaker may say, may be empty.
    picture
        What it shows besides.
    question
        What the class may discuss.
    """

    kind: str
    heading: str
    body: str = ""
    notes: str = ""
    picture: Picture | None = None
    question: str | None = None


@dataclass(frozen=True, kw_only=True)
class Deck:
    """The slides of a lesson; `name` is that of its notebook."""

    name: str
    number: str
    title: str
    slides: tuple[Slide, ...]


def read_deck(notebook: Path, *, book: str | None = None) -> Deck:
    """Read the slides off a notebook.

    Parameters
    ----------
    notebook
        A lesson, executed or not. Its name begins with its number: ``01_open_without_loading``.
    book
        URL of the book's site, which ends in ``/``, for links into it; None for no such links.

    Returns
    -------
    Deck
        At least the first slide.

    Raises
    ------
    OutlineError
        The file is not a notebook of version 4, or it has no title.
    OSError
        It cannot be read.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (ValueError, LookupError, TypeError) as error:
        raise OutlineError(
            f"{notebook} is no Jupyter notebook of version 4 ({error!r}): give a lesson, such as "
            "notebooks/01_open_without_loading.ipynb."
        ) from error
    outline = _Outline(notebook.stem, book)
    for cell in cells:
        outline.add(cell)
    if not outline.title:
        raise OutlineError(f"{notebook} has no title: begin a cell of text with a line '# Title'.")
    number = re.match(r"0*(\d+[a-z]?)_", notebook.name)
    return Deck(
        name=notebook.stem,
        number=number[1] if number else "",
        title=outline.title,
        slides=tuple(draft.slide() for draft in outline.drafts),
    )


@dataclass(kw_only=True)
class _Draft:
    """A slide while its notes are collected."""

    kind: str
    heading: str
    body: str = ""
    answer: str = ""
    notes: list[str] = field(default_factory=list)
    picture: Picture | None = None
    question: str | None = None

    def slide(self) -> Slide:
        answer = f'<div class="answer"><p><b>Answer</b></p>{self.answer}</div>'
        return Slide(
            kind=self.kind,
            heading=self.heading,
            body=self.body,
            notes="".join([answer if self.answer else "", *self.notes]),
            picture=self.picture,
            question=self.question,
        )


class _Outline:
    """Goes through the cells of a notebook, and collects slides."""

    def __init__(self, lesson: str, book: str | None) -> None:
        self.drafts: list[_Draft] = []
        self.title = ""
        self._lesson = lesson
        self._markdown = Markdown(lesson, book)
        self._section = ""
        self._asked: _Draft | None = None  # a prediction that is not measured yet
        self._unexplained: _Draft | None = None  # one whose answer has not been told
        self._has_run = False  # a cell that may have measured it

    def add(self, cell: Mapping[str, Any]) -> None:
        """Read a cell."""
        source = _joined(cell["source"])
        if cell["cell_type"] == "markdown":
            for part in boxes_and_text(source):
                if isinstance(part, Box):
                    self._add_box(part)
                else:
                    self._add_text(part)
        elif cell["cell_type"] == "code":
            self._add_code(source, cell)

    def _add_text(self, text: str) -> None:
        for token in self._markdown.tokens(text):
            match token["type"]:
                case "heading":
                    self._add_heading(token)
                case "table":
                    self._draft("table", body=self._markdown.html([token]))
                case "paragraph" if picture := _picture(token):
                    self._draft("figure", body="", picture=picture)
                case "blank_line":
                    pass
                case _:
                    self._note(self._markdown.html([token]))

    def _add_heading(self, token: Mapping[str, Any]) -> None:
        self._section = self._markdown.html(token["children"])
        self._asked = self._unexplained = None
        if token["attrs"]["level"] == 1:
            self.title = plain(token["children"])
            self._draft("title")
        else:
            section = plain(token["children"])
            self._draft("section", question=prompt(self._lesson, section))

    def _add_box(self, box: Box) -> None:
        html = self._markdown.html(self._markdown.tokens(box.body))
        heading = escape(box.title)
        if box.name == "tab-set":
            tools = "".join(f"<li>{escape(tool)}</li>" for tool in _TAB.findall(box.body))
            self._last().body += f"<ul>{tools}</ul>"
        elif "lesson-card" in box.classes:
            self._last().body += html
        elif "what-next" in box.classes:
            self._draft("next", heading="What next", body=html)
        elif "predict" in box.classes:
            self._draft("predict", heading=heading, body=html)
            self._asked = self._unexplained = self.drafts[-1]
            self._has_run = False
        elif box.classes & {"key-points", "half-way"}:
            self._draft("points", heading=heading, body=html)
        else:
            self._note(f"<p><b>{heading}</b></p>{html}")

    def _add_code(self, source: str, cell: Mapping[str, Any]) -> None:
        outputs: Sequence[Mapping[str, Any]] = cell.get("outputs", ())
        figure = cell["metadata"].get("mystnb", {}).get("figure")
        if quiz := _QUIZ.search(source):
            if quiz[2] and self._unexplained:
                self._unexplained.answer = _solution(quiz[1], re.findall(r'"(.+?)"', quiz[2]))
                self._unexplained = None
            return
        self._has_run = True
        printed = "".join(_joined(out["text"]) for out in outputs if out.get("name") == "stdout")
        if figure:
            image = cell["metadata"]["mystnb"].get("image", {})
            picture = Picture(
                alt=image.get("alt", ""), caption=figure["caption"], png=_png(outputs)
            )
            self._draft("figure", picture=picture)
        elif printed and self._asked and "keep_output" in cell["metadata"].get("tags", ()):
            lines = printed.count("\n") + 1  # by which paper finds a size that fits
            body = f'<pre style="--lines: {lines}">{escape(printed)}</pre>'
            self._draft("printed", heading="Printed", body=body)
            self._asked = None

    def _draft(self, kind: str, *, heading: str | None = None, **values: Any) -> None:
        heading = self._section if heading is None else heading
        self.drafts.append(_Draft(kind=kind, heading=heading, **values))

    def _note(self, html: str) -> None:
        """Add prose to the notes; the first after the cell tells the answer to a prediction."""
        if self._unexplained and self._has_run:
            self._unexplained.answer = html
            self._unexplained = None
        self._last().notes.append(html)

    def _last(self) -> _Draft:
        if not self.drafts:
            raise OutlineError(f"{self._lesson}: begin with a title, a line '# Title'.")
        return self.drafts[-1]


def _joined(text: str | list[str]) -> str:
    """Join a text that a notebook may keep as lines."""
    return text if isinstance(text, str) else "".join(text)


def _picture(token: Mapping[str, Any]) -> Picture | None:
    """Return the picture of a paragraph that is a picture alone."""
    match token["children"]:
        case [{"type": "image", "attrs": {"url": url, **others}, "children": children}]:
            return Picture(alt=plain(children), caption=str(others.get("title") or ""), path=url)
    return None


def _png(outputs: Sequence[Mapping[str, Any]]) -> str | None:
    found: Iterator[str] = (
        _joined(out["data"]["image/png"]) for out in outputs if "image/png" in out.get("data", ())
    )
    return next(found, None)


def _solution(bank: str, wanted: list[str]) -> str:
    """Write the solutions of some questions, with what explains them."""
    if bank not in bank_names():
        return ""
    return "".join(
        f"{solution_html(question)}<p>{text_html(question.explanation)}</p>"
        for question in load_bank(bank).questions
        if question.id in wanted
    )
