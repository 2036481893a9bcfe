"""Widgets to take away: the site's folder ``widgets/`` holds their modules, JSON, and an example.

``book/embed.md`` says how to use them. They are what the command
``python -m bigimg_lessons.widgets.standalone`` writes, with the modules in a shorter form. Where
the book's address is known (``html_baseurl``; see `shared_links`) their images have whole
addresses, so that they are found from pages of others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shortening import short_script
from site_worksheets import refresh
from sphinx.application import Sphinx

from bigimg_lessons.widgets.standalone import standalone_files

FOLDER = "widgets"
EXAMPLE = Path(__file__).resolve().parents[1] / "embedding" / "plain.html"


def _add_widgets(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    files = {
        name: short_script(text) if name.endswith(".mjs") else text
        for name, text in standalone_files(site=app.config.html_baseurl or "../").items()
    }
    files[EXAMPLE.name] = EXAMPLE.read_text(encoding="utf-8")
    refresh(Path(app.outdir) / FOLDER, files)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("build-finished", _add_widgets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
