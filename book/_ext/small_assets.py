"""The book's own scripts and style sheets, sent in a shorter form.

They are written for people, and comments are half of some. Sphinx copies them as they are into
``_static``; there each is replaced by its short form when the pages are built. What themes and
other extensions bring along stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shortening import short_script, short_style
from sphinx.application import Sphinx

from bigimg_lessons.colours import STYLE_SHEET

_SHORTEN = {".js": short_script, ".css": short_style}
_OWN_FOLDER = Path(__file__).resolve().parents[1]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("build-finished", _shorten)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _shorten(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    for source in own_files(app):
        shorten = _SHORTEN.get(source.suffix)
        copy = Path(app.outdir) / "_static" / source.name
        if shorten and copy.is_file():
            copy.write_text(shorten(source.read_text(encoding="utf-8")), encoding="utf-8")


def own_files(app: Sphinx) -> Iterator[Path]:
    """List the files of ours that Sphinx puts at the top of ``_static``."""
    for entry in app.config.html_static_path:
        path = (Path(app.confdir) / entry).resolve()
        if path == STYLE_SHEET.resolve():
            yield path
        elif path.is_relative_to(_OWN_FOLDER):
            yield from path.iterdir() if path.is_dir() else [path]
