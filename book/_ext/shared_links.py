"""Sphinx extension: what a link to a page shows where somebody shares it.

Each page states a description, its first paragraph, and with its title and the book's picture the
Open Graph properties that messengers and forums show (https://ogp.me). The picture is drawn at
each build from the section of synthetic tissue that the site holds, with its levels and chunks.

Those who fetch a picture want its full address. It is known where ``html_baseurl`` is set, or the
environment variable ``BIGIMG_BASE_URL`` of the build; elsewhere the address is relative, and
``og:url`` is left out.
"""

from __future__ import annotations

import os
import re
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from docutils import nodes
from matplotlib.figure import Figure
from matplotlib.image import imread
from sphinx.application import Sphinx
from sphinx.config import Config

from bigimg_lessons.colours import LIGHT

PICTURE = "_static/share.png"
PICTURE_SIZE = (1200, 630)
PICTURE_ALT = "A section of synthetic tissue at three scales, each cut into chunks."
_TISSUE = "images/tissue_section.ome.zarr/thumbnail.jpg"
_LONGEST = 200


def description(doctree: nodes.document) -> str:
    """Return the first paragraph of a page, cut at a word if it is too long for a preview."""
    paragraph = next(iter(doctree.findall(nodes.paragraph)), None)
    parts = paragraph.findall(nodes.Text) if paragraph else ()
    text = "".join(_words(part) if isinstance(part.parent, nodes.raw) else part for part in parts)
    text = re.sub(r"\s+", " ", text).strip()
    if len(text) <= _LONGEST:
        return text
    return text[:_LONGEST].rpartition(" ")[0].rstrip(",;:.") + "…"


def draw_picture(tissue: Path, path: Path, title: str) -> None:
    """Draw the picture of the book: its title, and the tissue as a pyramid of chunks.

    Parameters
    ----------
    tissue
        A picture of the section, square.
    path
        The PNG to write.
    title
        The book's title.
    """
    width, height = PICTURE_SIZE
    paper, ink, accent = LIGHT["paper"], LIGHT["ink"], LIGHT["accent"]
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=paper)
    words: dict[str, Any] = {"color": ink, "va": "top", "fontfamily": "DejaVu Sans"}
    figure.text(0.05, 0.72, title.replace(", ", ",\n"), fontsize=40, fontweight="bold", **words)
    figure.text(0.05, 0.38, "Lazy loading, chunks and\nresolution pyramids", fontsize=24, **words)
    pixels = imread(tissue)
    middle, bottom = 0.76, 0.06  # levels lie above each other, the finest below
    for side, chunks in ((0.25, 8), (0.125, 4), (0.0625, 2)):
        tall = side * width / height
        ax = figure.add_axes((middle - side / 2, bottom, side, tall))
        ax.imshow(pixels, cmap="gray")
        cuts = [pixels.shape[1] * n / chunks for n in range(chunks + 1)]
        ax.vlines(cuts, 0, pixels.shape[0], color=accent, linewidth=1)
        ax.hlines(cuts, 0, pixels.shape[1], color=accent, linewidth=1)
        ax.set_axis_off()
        bottom += tall + 0.03
    figure.savefig(path, dpi=100, facecolor=paper)


def _take_base_url(app: Sphinx, config: Config) -> None:
    config.html_baseurl = config.html_baseurl or os.environ.get("BIGIMG_BASE_URL", "")
    if config.html_baseurl and not config.html_baseurl.endswith("/"):
        config.html_baseurl += "/"


def _add_properties(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is None or app.builder.format != "html":
        return
    base = app.config.html_baseurl
    picture = urljoin(base, PICTURE) if base else context["pathto"](PICTURE, 1)
    text = description(doctree)
    properties = {
        "og:type": "article",
        "og:site_name": app.config.html_title or app.config.project,
        "og:title": _words(context["title"]),
        "og:description": text,
        "og:image": picture,
        "og:image:width": PICTURE_SIZE[0],
        "og:image:height": PICTURE_SIZE[1],
        "og:image:alt": PICTURE_ALT,
    }
    if base:
        properties["og:url"] = urljoin(base, app.builder.get_target_uri(page))
    tags = [
        f'<meta property="{name}" content="{escape(str(value))}">'
        for name, value in properties.items()
    ]
    tags.append(f'<meta name="description" content="{escape(text)}">')
    tags.append('<meta name="twitter:card" content="summary_large_image">')
    context["metatags"] = context.get("metatags", "") + "\n".join(tags) + "\n"


def _words(html: str) -> str:
    """Return what HTML shows, without its tags."""
    return unescape(re.sub(r"<[^>]+>", "", html))


def _write_picture(app: Sphinx, error: Exception | None) -> None:
    tissue = Path(app.outdir, _TISSUE)
    if error or app.builder.format != "html" or not tissue.is_file():
        return
    draw_picture(tissue, Path(app.outdir, PICTURE), app.config.html_title or app.config.project)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("config-inited", _take_base_url)
    app.connect("html-page-context", _add_properties)
    app.connect("build-finished", _write_picture)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
