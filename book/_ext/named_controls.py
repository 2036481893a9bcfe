"""Sphinx extension: controls whose name is what they show.

myst-nb labels the button of a folded cell "Toggle hidden content", whatever is written on it; a
reader who speaks to the computer says what is written, and nothing happens (WCAG 2.5.3, label in
name). Here that label is left out. The theme's own controls are replaced in ``book/_templates``.
"""

from __future__ import annotations

from html import escape
from typing import Any

from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx, after myst-nb."""
    html = (_visit_folded_cell, depart_HideCellInput)
    app.add_node(HideCodeCellNode, override=True, html=html)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _visit_folded_cell(self: HTML5Translator, node: HideCodeCellNode) -> None:
    """Open a folded cell, with the classes by which the theme styles and unfolds it."""
    self.body.append(
        f'<details class="admonition hide {escape(" ".join(node["classes"]))}">\n<summary>\n'
        f'<p class="collapsed admonition-title">{escape(node["prompt_show"])}</p>\n'
        f'<p class="expanded admonition-title">{escape(node["prompt_hide"])}</p>\n</summary>\n'
    )
