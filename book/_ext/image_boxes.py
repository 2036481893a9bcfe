"""Images that take no one's time and move nothing: with their size, and fetched when they are near.

In the body of each page every ``<img>`` of this site gets the width and height of its file, from
which a browser knows the place it will need, and is loaded when it comes near to the window. The
variant of a figure for the other colour mode, which is not shown, is so never loaded. Readers
without scripts get all images at once, as browsers have it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import imagecodecs
from docutils import nodes
from sphinx.application import Sphinx

_IMAGE = re.compile(r"<img\b[^>]*?(?=\s*/?>)")
_ATTRIBUTE = re.compile(r'\b([a-z]+)="([^"]*)"')
_SVG = re.compile(r"<svg\b[^>]*>")
_DECODERS = {
    ".png": imagecodecs.png_decode,
    ".webp": imagecodecs.webp_decode,
    ".jpg": imagecodecs.jpeg_decode,
}


def size_of(path: Path) -> tuple[int, int] | None:
    """Return an image's width and height in CSS pixels; None for one that does not say.

    An SVG file says both in its root element, as ``width`` and ``height`` in pixels or as the last
    two numbers of its ``viewBox``.
    """
    if path.suffix == ".svg":
        root = _SVG.search(path.read_text(encoding="utf-8"))
        said = dict(re.findall(r'\b(width|height|viewBox)="([^"]*)"', root[0])) if root else {}
        numbers = [said.get("width", ""), said.get("height", "")]
        if not all(re.fullmatch(r"[\d.]+(px)?", number) for number in numbers):
            numbers = said.get("viewBox", "").split()[2:]
        if len(numbers) != 2:
            return None
        width, height = (round(float(number.removesuffix("px"))) for number in numbers)
        return width, height
    if path.suffix not in _DECODERS:
        return None
    height, width = _DECODERS[path.suffix](path.read_bytes()).shape[:2]
    return width, height


def boxed(body: str, files: Mapping[str, Path]) -> str:
    """Give the images of a page their size, and have them loaded late.

    Parameters
    ----------
    body
        HTML.
    files
        The file of each address that the page may name, as written in the page.

    Returns
    -------
    str
        The same page. Attributes that an image has already stay as they are; an image whose file
        is not known is only loaded late.
    """

    def add(found: re.Match[str]) -> str:
        tag = found[0]
        has = {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag)}
        new = {"loading": "lazy", "decoding": "async"}
        path = files.get(unquote(has.get("src", "")))
        size = size_of(path) if path else None
        # Half a size would be another shape.
        if size and not has.keys() & {"width", "height"}:
            new |= {"width": str(size[0]), "height": str(size[1])}
        added = (f' {name}="{value}"' for name, value in new.items() if name not in has)
        return tag + "".join(added)

    return _IMAGE.sub(add, body)


class _Files(dict[str, Path]):
    """The files behind a page's addresses: in the site, or where Sphinx will copy them from."""

    def __init__(self, app: Sphinx, page: str) -> None:
        super().__init__()
        self._site = Path(app.outdir)
        self._folder = posixpath.dirname(app.builder.get_target_uri(page))
        images = getattr(app.builder, "images", {})
        self._images = {f"_images/{name}": Path(app.srcdir, uri) for uri, name in images.items()}

    def get(self, address: str, default: Any = None) -> Any:
        if urlsplit(address).scheme:
            return default
        name = posixpath.normpath(posixpath.join(self._folder, address))
        path = self._images.get(name, self._site / name)
        return path if path.is_file() else default


def _box(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if "body" in context and app.builder.format == "html":
        context["body"] = boxed(context["body"], _Files(app, page))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("html-page-context", _box)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
