"""The zoom viewer: a large 2-D image to pan and zoom like a map, chunk by chunk."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Any

import imagecodecs
import numpy as np
import traitlets
from numpy.typing import NDArray

from bigimg_lessons.widgets.base import Widget
from bigimg_lessons.widgets.image_levels import (
    checked_contrast,
    checked_levels,
    checked_pixel_size,
    chunk_shape,
    factor,
    middle,
    read_pixels,
    value_range,
)


class ZoomViewer(Widget, front="viewer/zoom_viewer.js"):
    """A large image to pan and zoom, of which only the chunks in view are loaded.

    It picks the level whose pixels are about as large as the screen's, lights up each chunk as it
    arrives, and counts requests and bytes beside those of level 0 alone. Of the chunks out of
    view it keeps those drawn last, up to 32 MiB of drawn pixels.

    Parameters
    ----------
    image
        What the kernel shows: a 2-D array, axes yx, or a sequence of them, the levels of a
        pyramid, finest first. Each is anything with a shape and a dtype that gives pixels when
        sliced: NumPy, dask, Zarr, HDF5. Chunks are read when they are looked at, not before;
        of the coarsest level up to 1024 × 1024 pixels in its middle are read at once.
    url
        Of an OME-Zarr image (0.4, 0.5 and alike; chunks stored with gzip or as they are; of more
        than two axes the first index is shown) that the browser reads by itself, with no kernel:
        absolute, or relative to the page. With `image` as well, it is for pages with no kernel.
    title
        What the image shows.
    pixel_size
        Of level 0 of `image`, in `unit`: one number, or two, yx. A `url` brings its own.
    unit
        Of `pixel_size`.
    contrast
        Values of `image` to show as black and as white; by default 0 and 255 for uint8, else the
        range of what is read at once. A `url` brings its own.
    picture
        Address of a small picture of the whole, for readers without scripts; by default made of
        `image`'s coarsest level, if that is small enough to be read at once.

    Raises
    ------
    ValueError
        If there is neither an image nor an address, if the levels are not 2-D, finest first and
        of one dtype, or another parameter is not as described.
    """

    title = traitlets.Unicode().tag(sync=True)
    url = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)
    image = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        image: Any = None,
        *,
        url: str = "",
        title: str = "A large image",
        pixel_size: float | Sequence[float] = 1.0,
        unit: str = "pixels",
        contrast: tuple[float, float] | None = None,
        picture: str = "",
    ) -> None:
        if image is None and not url:
            raise ValueError("There is nothing to show: give an image, or the url of one.")
        self._levels = () if image is None else checked_levels(image)
        described: dict[str, Any] = {}
        if self._levels:
            sample = middle(self._levels[-1])
            contrast = checked_contrast(contrast) or value_range(sample)
            if not picture and sample.shape == self._levels[-1].shape:
                data = b64encode(thumbnail(sample, contrast=contrast)).decode()
                picture = f"data:image/jpeg;base64,{data}"
            described = {
                "dtype": sample.dtype.name,
                "unit": unit,
                "pixel_size": checked_pixel_size(pixel_size),
                "window": contrast,
                "levels": [
                    {
                        "shape": level.shape,
                        "chunk": chunk_shape(level),
                        "factor": factor(self._levels[0], level),
                    }
                    for level in self._levels
                ],
            }
        super().__init__(title=title, url=url, picture=picture, image=described)
        self.on_msg(self._answer)

    def _answer(self, _: Any, message: Any, __: Any) -> None:
        """Send the chunk that a view asks for, or say why not."""
        if not isinstance(message, dict):
            return
        reply = {"to": message.get("from"), "key": message.get("key")}
        try:
            pixels = self._chunk(message)
        except Exception as error:  # whatever a lazy array raises is for the reader to see
            fault = f"{type(error).__name__}: {error}"
            self.send({"kind": "fault", **reply, "message": fault})
        else:
            self.send({"kind": "chunk", **reply}, buffers=[pixels.tobytes()])

    def _chunk(self, message: dict[str, Any]) -> NDArray[Any]:
        """Read the chunk named in a message; one at the edge is filled up with zeros."""
        if message.get("kind") != "chunk":
            raise ValueError(f"The kind is {message.get('kind')!r}: only 'chunk' is known.")
        number = _index("level", message, len(self._levels))
        level = self.image["levels"][number]
        (height, width), (rows, columns) = level["chunk"], level["shape"]
        row = _index("row", message, -(-rows // height))
        column = _index("column", message, -(-columns // width))
        block = read_pixels(
            self._levels[number],
            slice(row * height, (row + 1) * height),
            slice(column * width, (column + 1) * width),
        )
        rest = [(0, size - n) for size, n in zip((height, width), block.shape, strict=True)]
        return np.pad(block, rest)

    def __repr__(self) -> str:
        what = f"{len(self._levels)} level(s)" if self._levels else self.url
        return f"A zoom viewer: {self.title}, {what}. Run this cell in Jupyter to use it."

    def _plain_html(self) -> str:
        title = escape(self.title)
        picture = f'<img src="{escape(self.picture)}" alt="{title}" loading="lazy">'
        return (
            f'<figure class="bz bz-still">{picture if self.picture else ""}<figcaption>{title}. '
            "Where scripts run, this picture can be moved and zoomed.</figcaption></figure>"
        )


def thumbnail(
    pixels: NDArray[Any], *, contrast: tuple[float, float], most_bytes: int = 11_000
) -> bytes:
    """Make a small picture of an image.

    Parameters
    ----------
    pixels
        Axes yx, any real dtype. More than 256 pixels along an axis are averaged in boxes.
    contrast
        Values to show as black and as white.
    most_bytes
        Of the file, as far as JPEG's quality can be lowered; as text (base64) it is 4/3 as long.

    Returns
    -------
    bytes
        A JPEG file.
    """
    step = max(1, -(-max(pixels.shape) // 256))
    rows, columns = (max(1, size // step) for size in pixels.shape)
    boxes = pixels[: rows * step, : columns * step].astype(np.float64)
    tall, wide = boxes.shape[0] // rows, boxes.shape[1] // columns
    small = boxes.reshape(rows, tall, columns, wide).mean(axis=(1, 3))
    low, high = contrast
    grey = np.clip(np.nan_to_num((small - low) * (255 / (high - low))), 0, 255).astype(np.uint8)
    files = (imagecodecs.jpeg_encode(grey, level=quality) for quality in range(85, 4, -10))
    smallest = b""
    for file in files:
        smallest = bytes(file)
        if len(smallest) <= most_bytes:
            break
    return smallest


def _index(name: str, message: dict[str, Any], end: int) -> int:
    """Take a whole number from 0 to below `end` out of a message."""
    value = message.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < end:
        raise ValueError(f"The {name} is {value!r}: there are {end}, counted from 0.")
    return value
