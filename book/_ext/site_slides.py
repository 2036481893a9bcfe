"""Slides on the book's site: ``slides/`` holds those of each lesson, made from its notebook.

They are not pages of the book and have nothing of its theme; ``book/teach.md`` links them. Their
pictures are those of the lesson's page, which a reader's browser has already. Slides that have not
changed since the last build are not written again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from site_worksheets import refresh
from sphinx.application import Sphinx
from sphinx.util import logging

from bigimg_lessons.teaching.deck import deck_html
from bigimg_lessons.teaching.outline import read_deck
from bigimg_lessons.teaching.slides import Pictures

_LOGGER = logging.getLogger(__name__)

FOLDER = "slides"
BOOK = "../"


def _add_slides(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    slides = {}
    for notebook in sorted(Path(app.srcdir, "notebooks").glob("*.ipynb")):
        # Pages lie one folder deep, and so do slides: an image has the same address from both.
        page = Path(app.outdir, "notebooks", f"{notebook.stem}.html")
        if not page.is_file():
            continue
        pictures = Pictures(notebook, page, embed=False)
        slides[f"{notebook.stem}.html"] = deck_html(
            read_deck(notebook, book=BOOK), pictures, book=BOOK
        )
        for picture in pictures.missing:
            _LOGGER.warning("slides of %s: nowhere is %r", notebook.stem, picture.caption)
    changed = refresh(Path(app.outdir) / FOLDER, slides)
    if changed:
        _LOGGER.info("slides: %d file(s) written", len(changed))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("build-finished", _add_slides)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
