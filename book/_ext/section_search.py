"""The search leads to sections of a page, with an excerpt of their prose.

Sphinx's own search leads to pages, and its excerpts begin wherever a word is found first: in the
list of contents, in code. The search page gets ``section_search.js`` (in
``section_search_assets``), which reads the same pages and names the sections that fit best.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

_ASSETS = Path(__file__).with_name("section_search_assets")


def _add_assets(app: Sphinx, config: Config) -> None:
    # Not from _config.yml: Jupyter Book would put every script found there on every page.
    config.html_static_path.append(str(_ASSETS))


def _add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if page == "search":
        app.add_js_file("section_search.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", _add_assets)
    app.connect("html-page-context", _add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
