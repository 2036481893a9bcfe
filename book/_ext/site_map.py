"""Sphinx extension: ``sitemap.xml``, which names all pages to search engines.

Its addresses are whole (https://www.sitemaps.org/protocol.html), so it is written where the book's
own is known (``html_baseurl``; see `shared_links`), and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from sphinx.application import Sphinx

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemap(urls: Iterable[str]) -> str:
    """Return the XML that lists these addresses."""
    entries = "".join(f"<url><loc>{escape(url)}</loc></url>\n" for url in urls)
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}\n<urlset xmlns="{_NAMESPACE}">\n{entries}</urlset>\n'


def _write(app: Sphinx, error: Exception | None) -> None:
    base = app.config.html_baseurl
    path = Path(app.outdir, "sitemap.xml")
    if error or app.builder.format != "html":
        return
    path.unlink(missing_ok=True)  # of a build with an address
    if base:
        pages = sorted(map(app.builder.get_target_uri, app.env.found_docs))
        path.write_text(sitemap(urljoin(base, page) for page in pages), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
