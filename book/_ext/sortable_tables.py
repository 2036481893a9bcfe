"""Sphinx extension: tables that a reader can sort by their columns.

A table becomes sortable if it is marked so: it is shown by a cell with the tag ``sortable``, or
stands on a page in ::

    :::{div} sortable
    (the table, or what includes it)
    :::

``sortable_tables.js`` (in ``sortable_tables_assets``) makes the headers of its columns buttons.
Without scripts, on paper and in JupyterLab it is a table like others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

_ASSETS = Path(__file__).with_name("sortable_tables_assets")
# MyST-NB makes the tags of a cell classes of its output.
_MARKS = frozenset({"sortable", "tag_sortable"})


def _add_assets(app: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(_ASSETS))


def _add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree and any(_MARKS.intersection(n["classes"]) for n in doctree.findall(nodes.Element)):
        app.add_js_file("sortable_tables.js", loading_method="defer")
        app.add_css_file("sortable_tables.css")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("config-inited", _add_assets)
    app.connect("html-page-context", _add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
