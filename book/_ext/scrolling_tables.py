"""Sphinx extension: what scrolls a table that is too wide has a name and a tab stop.

The theme puts each table into a container, which scrolls sideways where the page is too narrow. Who
has no mouse scrolls it by the arrow keys once it has the focus, and hears what it is. The theme's
script takes the tab stop away where nothing scrolls.
"""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

_CONTAINER = '<div class="pst-scrollable-table-container"'


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.add_node(nodes.table, override=True, html=(_visit_table, _depart_table))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _visit_table(self: HTML5Translator, node: nodes.table) -> None:
    start = len(self.body)
    type(self).visit_table(self, node)
    named = f'{_CONTAINER} role="group" tabindex="0" aria-label="{escape(_name(node))}"'
    self.body[start] = self.body[start].replace(_CONTAINER, named)


def _depart_table(self: HTML5Translator, node: nodes.table) -> None:
    type(self).depart_table(self, node)


def _name(table: nodes.table) -> str:
    """Name a table by its caption, or by the section that it stands in, with a number if needed."""
    caption = table.next_node(nodes.title)
    if caption is not None:
        return str(caption.astext())
    section = _section_of(table)
    if section is None:
        return "Table"
    tables = [other for other in section.findall(nodes.table) if _section_of(other) is section]
    number = f" {tables.index(table) + 1}" if len(tables) > 1 else ""
    return f"Table{number}: {section[0].astext()}"


def _section_of(node: nodes.Node) -> nodes.section | None:
    while node is not None and not isinstance(node, nodes.section):
        node = node.parent
    return node
