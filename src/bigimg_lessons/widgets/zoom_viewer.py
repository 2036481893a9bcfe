"""The zoom viewer: a large 2-D image to pan and zoom like a map, chunk by chunk."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from math import isfinite
from typing import Any

import anywidget
import imagecodecs
import numpy as np
import traitlets
from numpy.typing import NDArray

from bigimg_lessons.widgets.base import JS, whole_module

_UNCHANGED = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
_SMALLEST_CHUNK, _USUAL_CHUNK, _LARGEST_CHUNK = 32, 256, 1024  # pixels along an axis
_LARGEST_SAMPLE = 1024  # pixels along an axis that are read of the coarsest level at the start


class ZoomViewer(anywidget.AnyWidget):
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

    _esm = whole_module("viewer/zoom_viewer.js")
    _css = JS / "viewer" / "zoom_viewer.css"

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
        self._levels = () if image is None else _checked_levels(image)
        described: dict[str, Any] = {}
        if self._levels:
            sample = _middle(self._levels[-1])
            contrast = _checked_contrast(contrast) or _range(sample)
            if not picture and sample.shape == self._levels[-1].shape:
                data = b64encode(thumbnail(sample, contrast=contrast)).decode()
                picture = f"data:image/jpeg;base64,{data}"
            described = {
                "dtype": sample.dtype.name,
                "unit": unit,
                "pixel_size": _checked_pixel_size(pixel_size),
                "window": contrast,
                "levels": [
                    {
                        "shape": level.shape,
                        "chunk": _chunk_shape(level),
                        "factor": _factor(self._levels[0], level),
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
        block = _pixels(
            self._levels[number],
            slice(row * height, (row + 1) * height),
            slice(column * width, (column + 1) * width),
        )
        rest = [(0, size - n) for size, n in zip((height, width), block.shape, strict=True)]
        return np.pad(block, rest)

    def __repr__(self) -> str:
        what = f"{len(self._levels)} level(s)" if self._levels else self.url
        return f"A zoom viewer: {self.title}, {what}. Run this cell in Jupyter to use it."

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Add plain HTML, a picture of the whole, for where no script runs."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:  # a widget without a view
            return None
        data, metadata = bundle
        return {**data, "text/html": self._plain_html()}, metadata

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


def _checked_levels(image: Any) -> tuple[Any, ...]:
    """Return the levels of an image, finest first."""
    levels = tuple(image) if isinstance(image, list | tuple) else (image,)
    if not levels:
        raise ValueError("The image is an empty list: give at least one level.")
    for number, level in enumerate(levels):
        shape = getattr(level, "shape", None)
        if not isinstance(shape, tuple) or not hasattr(level, "dtype"):
            raise ValueError(f"Level {number} is a {type(level).__name__}: give a 2-D array.")
        if len(shape) != 2 or min(shape) < 1:
            raise ValueError(
                f"Level {number} has the shape {shape}: give two axes, y and x; pick one plane of "
                "a stack, such as stack[10]."
            )
        if np.dtype(level.dtype).kind not in "buif":
            raise ValueError(f"The pixels are of dtype {level.dtype}: give integers or floats.")
        if level.dtype != levels[0].dtype:
            raise ValueError(
                f"Level {number} is of dtype {level.dtype}, level 0 of {levels[0].dtype}: give "
                "levels of one dtype."
            )
    for finer, coarser in pairwise(levels):
        if any(c > f for c, f in zip(coarser.shape, finer.shape, strict=True)):
            raise ValueError(
                f"A level of shape {coarser.shape} follows one of {finer.shape}: give the levels "
                "in order, the finest first."
            )
    return levels


def _checked_contrast(contrast: Any) -> tuple[float, float] | None:
    if contrast is None:
        return None
    low, high = (float(value) for value in contrast)
    if not low < high or not isfinite(high - low):
        raise ValueError(f"The contrast is {contrast!r}: give two numbers, the lower first.")
    return low, high


def _checked_pixel_size(pixel_size: Any) -> tuple[float, float]:
    sizes = tuple(pixel_size) if isinstance(pixel_size, tuple | list) else (pixel_size,) * 2
    if len(sizes) != 2 or not all(0 < size < float("inf") for size in sizes):
        raise ValueError(
            f"The pixel size is {pixel_size!r}: give a positive number, or two, along y and x."
        )
    return float(sizes[0]), float(sizes[1])


def _chunk_shape(level: Any) -> tuple[int, int]:
    """Choose the chunks to ask for: the array's own, if they are neither tiny nor huge."""
    own = getattr(level, "chunksize", None) or getattr(level, "chunks", None)
    if isinstance(own, tuple) and len(own) == 2:
        height, width = own
        if all(isinstance(size, int) and _SMALLEST_CHUNK <= size <= _LARGEST_CHUNK for size in own):
            return height, width
    return _USUAL_CHUNK, _USUAL_CHUNK


def _factor(finest: Any, level: Any) -> tuple[int, int]:
    """Tell how many pixels of level 0 a pixel of a level stands for, along y and x.

    A level's size may be rounded up or down, so the factor is the whole number next to the ratio.
    """
    y, x = (round(a / b) for a, b in zip(finest.shape, level.shape, strict=True))
    return y, x


def _pixels(level: Any, y: slice, x: slice) -> NDArray[Any]:
    """Read a region, in a dtype and byte order that browsers know."""
    block = np.asarray(level[y, x])
    name = block.dtype.name
    if name not in _UNCHANGED:
        name = {"bool": "uint8", "float16": "float32"}.get(name, "float64")
    return block.astype(np.dtype(name).newbyteorder("<"), copy=False)


def _middle(level: Any) -> NDArray[Any]:
    """Read the middle of a level, all of it where it is small."""
    starts = [max(0, (size - _LARGEST_SAMPLE) // 2) for size in level.shape]
    y, x = (slice(start, start + _LARGEST_SAMPLE) for start in starts)
    return _pixels(level, y, x)


def _range(sample: NDArray[Any]) -> tuple[float, float]:
    """Find the values to show as black and as white."""
    if sample.dtype == np.uint8 and sample.max() > 1:
        return 0.0, 255.0
    finite = sample[np.isfinite(sample)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return (low, high) if low < high else (low, low + 1.0)
