"""Plots of notebooks, sent as lossless WebP: the same pixels in a third of the bytes.

Matplotlib hands a notebook PNG files. Where a page shows one, the HTML pages get a WebP file with
the same pixels instead, if that is smaller; other builders keep the PNG.

A plot that is all lines, bars and letters is marked with the class ``chart``: ``bigimg.css`` turns
its light ground dark where the page is dark, hues kept, which is its dark twin at no cost. Pictures
of data stay as they are, as white in them means bright; they are told by the grey that they hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from docutils import nodes
from numpy.typing import NDArray
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

MOST_GREY = 0.03
"""Of a chart's area: the book's ink is blue, and its charts are below 0.005, pictures above 0.1."""


def is_chart(pixels: NDArray[np.uint8]) -> bool:
    """Tell whether an image is a drawing in the book's colours, and no picture of grey values.

    Parameters
    ----------
    pixels
        Shape (rows, columns, 3), sRGB.
    """
    brightest, darkest = pixels.max(axis=-1), pixels.min(axis=-1)
    grey = (brightest - darkest < 6) & (brightest < 245)
    return bool(grey.mean() < MOST_GREY)


def opaque(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image as RGB, on white where it is transparent, without a fourth channel."""
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=-1)
    if pixels.shape[-1] < 4:
        return pixels[..., :3]
    cover = pixels[..., 3:].astype(np.float32) / 255
    on_white = pixels[..., :3] * cover + 255 * (1 - cover)
    return np.rint(on_white).astype(np.uint8)


class SendPlotsSmall(SphinxPostTransform):
    """Replace each plot of a notebook by its smaller form, once a page is resolved for HTML."""

    default_priority = 510  # after dark_figures, which pairs files that lie in the book
    builders = ("html", "dirhtml", "singlehtml")

    def run(self, **kwargs: Any) -> None:
        """Write what is not written yet, beside the notebook's own file."""
        for image in self.document.findall(nodes.image):
            png = Path(self.app.srcdir, image["uri"])
            if png.suffix != ".png" or "jupyter_execute" not in png.parts or not png.is_file():
                continue
            pixels = opaque(imagecodecs.png_decode(png.read_bytes()))
            if is_chart(pixels):
                image["classes"].append("chart")
            webp = png.with_suffix(".webp")
            if not webp.is_file():
                webp.write_bytes(imagecodecs.webp_encode(pixels, lossless=True, method=6))
            if webp.stat().st_size < png.stat().st_size:
                uri = f"{image['uri'].removesuffix('.png')}.webp"
                image.attributes.update(uri=uri, candidates={"*": uri})
                self.env.images.add_file(self.env.docname, uri)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_post_transform(SendPlotsSmall)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
