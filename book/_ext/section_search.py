"""The search leads to sections of a page, with an excerpt of their prose.

Sphinx's own search leads to pages, and its excerpts begin wherever a word is found first: in the
list of contents, in code. The search page gets ``section_search.js`` (in
``section_search_assets``), which reads the same pages and names the sections that fit best.

Terms of the glossary are found as entries of the index, of which Sphinx's search forgets those of
pages that a later build does not write (https://github.com/sphinx-doc/sphinx/issues/12599, open in
November 2026; seen with Sphinx 7.4.7). So every build writes the pages that have such entries.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

_ASSETS = Path(__file__).with_name("section_search_assets")


def _add_assets(app: Sphinx, config: Config) -> None:
    # Not from _config.yml: Jupyter Book would put every script found there on every page.
    config.html_static_path.append(str(_ASSETS))


def _add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if page == "search":
        app.add_js_file("section_search.js", loading_method="defer")


def _pages_with_entries(app: Sphinx, env: BuildEnvironment) -> list[str]:
    entries: dict[str, list[object]] = env.domaindata["index"]["entries"]
    return [page for page, found in entries.items() if found]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", _add_assets)
    app.connect("html-page-context", _add_script)
    app.connect("env-updated", _pages_with_entries)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
