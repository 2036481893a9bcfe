"""Links land: a page that is still growing keeps the place that a link names where it belongs.

A browser scrolls to the place of a link once, when the page is loaded. Quizzes and instruments come
later and are higher than what stood in their place, so the place of a link moves away, by many
windows on a page full of questions. Every page gets ``landing.js`` (in ``landing_assets``), which
scrolls there again whenever the height of the page changes, until the reader moves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

_ASSETS = Path(__file__).with_name("landing_assets")
_BEFORE_WIDGETS = 400  # theirs have Sphinx's default, 500


def _add_assets(app: Sphinx, config: Config) -> None:
    # Not from _config.yml: Jupyter Book would put every script found there on every page.
    config.html_static_path.append(str(_ASSETS))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", _add_assets)
    app.add_js_file("landing.js", loading_method="defer", priority=_BEFORE_WIDGETS)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
