"""Sphinx extension: the directive ``class-prompts`` lists the questions to discuss, by section.

It takes them from the file that the slides take them from. Its argument is the name of a lesson's
notebook.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from bigimg_lessons.teaching import prompts as prompts_module
from bigimg_lessons.teaching.prompts import prompts


class ClassPrompts(SphinxDirective):
    """``{class-prompts} 01_open_without_loading``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a list: each section, and its question."""
        lesson = self.arguments[0]
        if lesson not in prompts():
            raise self.error(
                f"No lesson {lesson!r} has questions; there are: {', '.join(prompts())}."
            )
        self.env.note_dependency(str(Path(prompts_module.__file__).with_name("prompts.toml")))
        items = nodes.bullet_list()
        for section, question in prompts()[lesson].items():
            text = nodes.paragraph("", "", nodes.strong("", section), nodes.Text(f" · {question}"))
            items += nodes.list_item("", text)
        return [items]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("class-prompts", ClassPrompts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
