"""Where the pictures of slides come from: the built page of a lesson, or its notebook.

A built page has every picture already, plots included and small; they are found there by their
alternative text. So no notebook has to run for slides.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from bigimg_lessons.teaching.outline import Picture

_TYPES = {
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}


@dataclass(frozen=True)
class Drawn:
    """An image as a slide shows it.

    Parameters
    ----------
    address
        Its URL, or its data.
    look
        "only-light" and "only-dark" for the two of a pair, "chart" for a plot of lines and bars,
        "" for any other.
    size
        Its width and height, if the page states them, so that a slide keeps room for it.
    """

    address: str
    look: str
    size: tuple[str, str] | None = None


class _Images(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[Drawn]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        alt, address = given.get("alt"), given.get("src")
        if tag == "img" and alt and address:
            looks = {"only-light", "only-dark", "chart"} & {*(given.get("class") or "").split()}
            width, height = given.get("width"), given.get("height")
            size = (width, height) if width and height else None
            drawn = Drawn(address, next(iter(looks), ""), size)
            images = self.found.setdefault(spaced(alt), [])
            # A picture that is shown twice is one, and so is a pair.
            if drawn.look not in {image.look for image in images}:
                images.append(drawn)


def spaced(text: str) -> str:
    """Return a text with single spaces, as two writers may break its lines in other places."""
    return " ".join(text.split())


def on_page(page: Path) -> Mapping[str, tuple[Drawn, ...]]:
    """Find the images of a built page.

    Parameters
    ----------
    page
        An HTML file of the site.

    Returns
    -------
    mapping
        By alternative text; addresses are relative to the page.

    Raises
    ------
    OSError
        It cannot be read.
    """
    reader = _Images()
    reader.feed(page.read_text(encoding="utf-8"))
    return {alt: tuple(images) for alt, images in reader.found.items()}


def in_notebook(picture: Picture, folder: Path) -> tuple[Drawn, ...]:
    """Take a picture from a notebook: its file with the dark one beside it, or its own output.

    Parameters
    ----------
    picture
        The picture.
    folder
        Folder of the notebook.

    Returns
    -------
    tuple of Drawn
        Empty if there is none: the notebook was not run, or the file is not there.
    """
    if picture.png is not None:
        return (Drawn(f"data:image/png;base64,{''.join(picture.png.split())}", ""),)
    if picture.path is None or not (folder / picture.path).is_file():
        return ()
    light = Path(picture.path)
    dark = light.with_name(f"{light.stem}-dark{light.suffix}")
    if not (folder / dark).is_file():
        return (embedded(Drawn(picture.path, ""), folder),)
    pair = Drawn(picture.path, "only-light"), Drawn(dark.as_posix(), "only-dark")
    return tuple(embedded(image, folder) for image in pair)


def embedded(image: Drawn, folder: Path) -> Drawn:
    """Return an image that brings its data along.

    Parameters
    ----------
    image
        An image whose address is relative to `folder`.
    folder
        Where to read it.

    Raises
    ------
    ValueError
        It is of a type that no slide shows.
    OSError
        It cannot be read.
    """
    if image.address.startswith("data:"):
        return image
    path = folder / unquote(image.address.partition("?")[0])
    if path.suffix.lower() not in _TYPES:
        raise ValueError(f"{path} is no image for a slide: expected {', '.join(_TYPES)}.")
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return replace(image, address=f"data:{_TYPES[path.suffix.lower()]};base64,{data}")
