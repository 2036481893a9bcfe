"""Sphinx extension: what a lesson's page has beyond its notebook.

* Its number, in title, sidebar and tab: ``notebooks/02_store_in_pieces`` is "Lesson 2 · …", and
  ``notebooks/06a_far_away`` "Lesson 6a · …". The number is that of the file, and the addresses of
  sections stay those of the bare title.
* The look of its half-way mark, ``:::{admonition} Half-way`` with the class ``half-way``.
* Captions and numbers of its figures, "Figure 2.1", in the order of the page. A plot has its
  caption in the metadata of its cell, ``"mystnb": {"figure": {"caption": "…"}}``, a picture in its
  Markdown, ``![alternative](picture.svg "Caption")``: live notebooks show both as pictures.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform

_LESSON = re.compile(r"notebooks/0*(\d+[a-z]?)_\w+")
_ASSETS = Path(__file__).with_name("lesson_pages_assets")


def lesson_number(docname: str) -> str | None:
    """Return the number of the lesson on a page, as "2" or "6a"; None if the page is no lesson."""
    found = _LESSON.fullmatch(docname)
    return found[1] if found else None


class NumberLessons(SphinxTransform):
    """Put the lesson's number before its title and before the captions of its figures.

    It runs when ids are given, and before Sphinx collects titles.
    """

    default_priority = 850

    def apply(self, **kwargs: Any) -> None:
        """Give this page its numbers, if it is a lesson."""
        lesson = lesson_number(self.env.docname)
        if lesson is None:
            return
        title = next(iter(self.document.findall(nodes.title)), None)
        if title is not None:
            title.insert(0, nodes.Text(f"Lesson {lesson} · "))
        for picture in list(self.document.findall(nodes.image)):
            if picture.get("title") and isinstance(picture.parent, nodes.paragraph):
                _give_caption(picture)
        for count, caption in enumerate(self.document.findall(nodes.caption), start=1):
            number = nodes.strong("", f"Figure {lesson}.{count} ", classes=["figure-number"])
            caption.insert(0, number)
            if isinstance(caption.parent, nodes.figure) and not caption.parent["ids"]:
                caption.parent["ids"].append(f"figure-{lesson}-{count}")


def _give_caption(picture: nodes.image) -> None:
    """Make a paragraph that holds a picture with a title a figure with a caption."""
    caption = nodes.caption("", picture["title"])
    del picture["title"]
    paragraph = picture.parent
    paragraph.parent.replace(paragraph, nodes.figure("", picture, caption, align="center"))


def _add_assets(app: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(_ASSETS))


def _forget_numbers(app: Sphinx, env: BuildEnvironment) -> None:
    """Drop the numbers that Jupyter Book gives to figures; they would stand beside ours."""
    for numbers in env.toc_fignumbers.values():
        numbers.pop("figure", None)


def _link_style(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if lesson_number(page) is not None:
        app.add_css_file("lesson_pages.css")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.add_transform(NumberLessons)
    app.connect("config-inited", _add_assets)
    app.connect("env-check-consistency", _forget_numbers)
    app.connect("html-page-context", _link_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
