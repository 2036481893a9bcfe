"""Sphinx extension: ``404.html``, which a host shows in place of a page that is not there.

GitHub Pages shows it at the address that was asked for, at any depth, so it can rely on no file
beside it: its style is in the page. Its links start at the site's root. Where the book's address is
known (``html_baseurl``; see `shared_links`) they are whole paths, for the page of a project such as
``/project/book/home.html``. Elsewhere they are relative: right where the page itself is opened.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx

from bigimg_lessons.colours import DARK, LIGHT

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>This page is not there - {title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ margin: 0; font: 1.1rem/1.6 system-ui, sans-serif; color: {ink}; background: {paper} }}
main {{ max-width: 38rem; margin: 12vh auto; padding: 0 1.25rem }}
a {{ color: {accent} }}
@media (prefers-color-scheme: dark) {{
body {{ color: {dark_ink}; background: {dark_paper} }}
a {{ color: {dark_accent} }}
}}
</style>
</head>
<body>
<main>
<h1>This page is not there</h1>
<p>The address may have a slip of the pen in it, or the page has moved. Nothing of yours is lost:
answers and points are kept in your browser.</p>
<ul>
{links}
</ul>
</main>
</body>
</html>
"""


def page(app: Sphinx) -> str:
    """Return the page, with a link to Home, to each lesson and to the search."""
    root = urlsplit(app.config.html_baseurl).path
    targets = [app.config.root_doc, *_lessons(app)]
    links = [(app.builder.get_target_uri(name), app.env.titles[name].astext()) for name in targets]
    links.append((app.builder.get_target_uri("search"), "Search"))
    items = (f'<li><a href="{escape(root + uri)}">{escape(text)}</a></li>' for uri, text in links)
    return _PAGE.format(
        title=escape(app.config.html_title or app.config.project),
        links="\n".join(items),
        ink=LIGHT["ink"],
        paper=LIGHT["page"],
        accent=LIGHT["accent"],
        dark_ink=DARK["ink"],
        dark_paper=DARK["page"],
        dark_accent=DARK["accent"],
    )


def _lessons(app: Sphinx) -> list[str]:
    return sorted(name for name in app.env.titles if name.startswith("notebooks/"))


def _write_page(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        Path(app.outdir, "404.html").write_text(page(app), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("build-finished", _write_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
