"""The palette and the few SVG elements that the book's diagrams share.

Every diagram means the same by the same colour: ``lit`` is what was asked for, ``lit_soft`` is read
along with it, ``tile`` stays where it is stored, ``accent`` is the viewer. The colours are those of
the pages, see ``bigimg_lessons/colours.py``.

Units are those of the ``viewBox``: a drawing as wide as its ``viewBox`` shows one unit as one
pixel, and a phone shows it 328 px wide.
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from bigimg_lessons import colours

FOLDER = Path(__file__).resolve().parent
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
SVG = "http://www.w3.org/2000/svg"

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours of one mode, as ``#rrggbb``, named by what they mean.

    Attributes
    ----------
    paper, edge
        The card behind a drawing, and its border.
    ink, muted
        Words and outlines; words and lines of second rank.
    tile, tile_edge
        Image data which stays where it is stored.
    lit, lit_edge, lit_soft
        Image data which was asked for, its outline, and data read along with it.
    accent, accent_soft
        The viewer: a screen, a request, a way; and its fill.
    good, bad
        What is cheap, what is dear.
    """

    paper: str
    edge: str
    ink: str
    muted: str
    tile: str
    tile_edge: str
    lit: str
    lit_edge: str
    lit_soft: str
    accent: str
    accent_soft: str
    good: str
    bad: str


LIGHT, DARK = (
    Palette(**{field.name: mode[field.name] for field in fields(Palette)})
    for mode in (colours.LIGHT, colours.DARK)
)


class Drawing:
    """An SVG figure that says in words what it shows.

    Parameters
    ----------
    width, height : float
        Size of the ``viewBox``, which is also the natural size in pixels.
    title, description : str
        Name and content of the figure, for readers who cannot see it.
    palette : Palette
        Colours of the mode.
    card : bool
        Whether a rounded paper-coloured card lies behind the drawing, so that it reads on any page.
    """

    def __init__(
        self,
        width: float,
        height: float,
        *,
        title: str,
        description: str,
        palette: Palette,
        card: bool = True,
    ) -> None:
        self.palette = palette
        self.root = ET.Element(
            "svg",
            {
                "xmlns": SVG,
                "viewBox": f"0 0 {_number(width)} {_number(height)}",
                "width": _number(width),
                "height": _number(height),
                "role": "img",
                "aria-labelledby": "title desc",
                "font-family": FONT,
            },
        )
        self.add("title", id="title").text = title
        self.add("desc", id="desc").text = description
        if card:
            self.rect(
                0.75,
                0.75,
                width - 1.5,
                height - 1.5,
                rx=16,
                fill=palette.paper,
                stroke=palette.edge,
                stroke_width=1.5,
            )

    def add(
        self, tag: str, *, to: ET.Element | None = None, **attributes: str | float
    ) -> ET.Element:
        """Add an element, to the drawing or to one of its groups, and return it.

        Attribute names are those of SVG with ``_`` for ``-``; numbers are rounded to 0.01.
        """
        named = {
            key.rstrip("_").replace("_", "-"): value if isinstance(value, str) else _number(value)
            for key, value in attributes.items()
        }
        return ET.SubElement(self.root if to is None else to, tag, named)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 19,
        fill: str | None = None,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """Write one line with its baseline at `y`; `anchor` is ``start``, ``middle`` or ``end``."""
        element = self.add(
            "text",
            x=x,
            y=y,
            font_size=size,
            fill=fill or self.palette.ink,
            text_anchor=anchor,
            font_weight="650" if bold else "400",
        )
        element.text = words

    def tile(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str | None = None,
        stroke: str | None = None,
        radius: float = 0,
    ) -> None:
        """Draw a rectangle of image data, as stored data unless colours are given."""
        self.rect(
            x,
            y,
            width,
            height,
            rx=radius,
            fill=fill or self.palette.tile,
            stroke=stroke or self.palette.tile_edge,
            stroke_width=1.2,
        )

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        to: ET.Element | None = None,
        **attributes: str | float,
    ) -> None:
        """Draw a rectangle whose upper left corner lies at `x` and `y`."""
        self.add("rect", to=to, x=x, y=y, width=width, height=height, **attributes)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        to: ET.Element | None = None,
        **attributes: str | float,
    ) -> None:
        """Draw a circle around `x` and `y`."""
        self.add("circle", to=to, cx=x, cy=y, r=radius, **attributes)

    def polygon(
        self, points: Iterable[Point], *, to: ET.Element | None = None, **attributes: str | float
    ) -> None:
        """Draw a closed polygon through `points`."""
        corners = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        self.add("polygon", to=to, points=corners, stroke_linejoin="round", **attributes)

    def line(self, start: Point, end: Point, **attributes: str | float) -> None:
        """Draw a straight line with round ends."""
        (x1, y1), (x2, y2) = start, end
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke_linecap="round", **attributes)

    def arrow(self, start: Point, end: Point, *, stroke: str, width: float = 2.5) -> None:
        """Draw a straight arrow whose tip lies at `end`."""
        (x1, y1), (x2, y2) = start, end
        length = math.hypot(x2 - x1, y2 - y1)
        ux, uy = (x2 - x1) / length, (y2 - y1) / length
        back, half = 4 * width, 2 * width
        base = (x2 - back * ux, y2 - back * uy)
        self.line(start, base, stroke=stroke, stroke_width=width)
        self.polygon(
            [
                end,
                (base[0] - half * uy, base[1] + half * ux),
                (base[0] + half * uy, base[1] - half * ux),
            ],
            fill=stroke,
        )

    def to_bytes(self) -> bytes:
        """Return the figure as indented UTF-8 XML, the same bytes on every system."""
        ET.indent(self.root)
        return ET.tostring(self.root, encoding="utf-8") + b"\n"


def save(name: str, draw: Callable[[Palette], Drawing], folder: Path = FOLDER) -> None:
    """Write ``<name>.svg`` and ``<name>-dark.svg`` into `folder`."""
    (folder / f"{name}.svg").write_bytes(draw(LIGHT).to_bytes())
    (folder / f"{name}-dark.svg").write_bytes(draw(DARK).to_bytes())


def _number(value: float) -> str:
    """Write a coordinate with at most two decimals and no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
