"""Draw a phone that shows a map from afar and from close up, with the tiles that it loads.

The map is drawn here: a made-up country with a made-up town.
"""

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from drawing import DARK, Drawing, Palette, save

WIDTH, HEIGHT = 560, 560
TILE, COLUMNS, ROWS = 49, 5, 8
LOADED_COLUMNS, LOADED_ROWS = range(1, 4), range(1, 7)
TOP, LEFTS = 28, (24, WIDTH - 24 - 5 * TILE)
# The phone's screen, from the corner of the tiles: it touches 3 × 6 tiles.
SCREEN = (60, 62, 126, 268)
# Where on the country map the town lies, in the same coordinates.
TOWN = (126, 176)


@dataclass(frozen=True, kw_only=True)
class MapColours:
    """Colours of a map, as ``#rrggbb``."""

    water: str
    land: str
    park: str
    road: str
    road_edge: str
    house: str


ON_LIGHT = MapColours(
    water="#bfdcf0",
    land="#f3ecd6",
    park="#c3e0b8",
    road="#ffffff",
    road_edge="#cfc3a2",
    house="#dccfb0",
)
ON_DARK = MapColours(
    water="#1f4c70",
    land="#454a66",
    park="#3d6b57",
    road="#9aa0c0",
    road_edge="#2d3250",
    house="#5c6282",
)


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    tiles = len(LOADED_COLUMNS) * len(LOADED_ROWS)
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="A map on a phone",
        description=(
            "Twice the same phone over a grid of map tiles. Left, from afar: the screen shows a "
            f"whole country with {tiles} coarse tiles. Right, from close up: the screen shows the "
            f"streets of one town with {tiles} fine tiles. Both times only the tiles under the "
            "screen are loaded; the others are empty outlines."
        ),
        palette=palette,
    )
    colours = ON_DARK if palette == DARK else ON_LIGHT
    defs = drawing.add("defs")
    for left, scene, name, words in zip(
        LEFTS,
        (_country, _town),
        ("country", "town"),
        (("From afar", f"{tiles} coarse tiles"), ("Close up", f"{tiles} fine tiles")),
        strict=True,
    ):
        _tiles(drawing, defs, left, name)
        group = drawing.add("g", clip_path=f"url(#{name})", transform=f"translate({left} {TOP})")
        scene(drawing, group, colours)
        _grid(drawing, left)
        _phone(drawing, left)
        middle = left + COLUMNS * TILE / 2
        drawing.text(middle, 470, words[0], size=21, anchor="middle", bold=True)
        drawing.text(middle, 498, words[1], anchor="middle", fill=palette.muted)
    drawing.text(
        WIDTH / 2,
        HEIGHT - 22,
        "The rest of the map is not loaded.",
        anchor="middle",
        fill=palette.muted,
    )
    _zoom(drawing)
    return drawing


def _tiles(drawing: Drawing, defs: ET.Element, left: float, name: str) -> None:
    """Outline all tiles, and define the clip that leaves the loaded ones."""
    colours = drawing.palette
    for column in range(COLUMNS):
        for row in range(ROWS):
            if column in LOADED_COLUMNS and row in LOADED_ROWS:
                continue
            drawing.rect(
                left + column * TILE + 2,
                TOP + row * TILE + 2,
                TILE - 4,
                TILE - 4,
                rx=4,
                fill="none",
                stroke=colours.tile_edge,
                stroke_width=1.5,
                stroke_dasharray="4 5",
            )
    clip = drawing.add("clipPath", to=defs, id=name)
    drawing.rect(
        LOADED_COLUMNS[0] * TILE,
        LOADED_ROWS[0] * TILE,
        len(LOADED_COLUMNS) * TILE,
        len(LOADED_ROWS) * TILE,
        to=clip,
        rx=4,
    )


def _grid(drawing: Drawing, left: float) -> None:
    """Draw the seams of the loaded tiles."""
    stroke, width = drawing.palette.lit, 2.2
    x1, x2 = (left + TILE * i for i in (LOADED_COLUMNS[0], LOADED_COLUMNS[-1] + 1))
    y1, y2 = (TOP + TILE * i for i in (LOADED_ROWS[0], LOADED_ROWS[-1] + 1))
    for x in (left + TILE * column for column in LOADED_COLUMNS[1:]):
        drawing.line((x, y1), (x, y2), stroke=stroke, stroke_width=width)
    for y in (TOP + TILE * row for row in LOADED_ROWS[1:]):
        drawing.line((x1, y), (x2, y), stroke=stroke, stroke_width=width)
    drawing.rect(x1, y1, x2 - x1, y2 - y1, rx=4, fill="none", stroke=stroke, stroke_width=width)


def _phone(drawing: Drawing, left: float) -> None:
    """Draw the frame of the phone around its screen."""
    x, y, width, height = SCREEN
    ink = drawing.palette.ink
    drawing.rect(
        left + x - 5,
        TOP + y - 5,
        width + 10,
        height + 10,
        rx=17,
        fill="none",
        stroke=ink,
        stroke_width=9,
    )
    drawing.line(
        (left + x + width / 2 - 14, TOP + y + height - 9),
        (left + x + width / 2 + 14, TOP + y + height - 9),
        stroke=ink,
        stroke_width=4,
    )


def _country(drawing: Drawing, group: ET.Element, colours: MapColours) -> None:
    """Draw a country by the sea: coast, woods, a river, roads and towns."""
    drawing.rect(0, 0, 245, 392, to=group, fill=colours.water)
    drawing.add(
        "path",
        to=group,
        d=(
            "M70 60 C92 74 118 52 140 66 S176 86 192 74 L240 60 V350 H196 C182 326 168 334 150 322 "
            "S118 330 104 306 S66 292 76 262 S54 236 68 210 S60 170 78 152 S58 104 70 60Z"
        ),
        fill=colours.land,
        stroke=colours.road_edge,
        stroke_width=1.5,
    )
    for x, y, rx, ry in ((150, 108, 24, 15), (98, 248, 15, 22), (168, 276, 20, 26)):
        drawing.add("ellipse", to=group, cx=x, cy=y, rx=rx, ry=ry, fill=colours.park)
    drawing.add(
        "path",
        to=group,
        d="M196 92 C170 128 152 140 134 164 S124 208 98 212 S74 226 60 222",
        fill="none",
        stroke=colours.water,
        stroke_width=5,
    )
    for way in (
        "M84 70 C96 120 110 150 126 176 S150 260 148 330",
        "M240 150 C200 160 160 168 126 176 S90 180 66 176",
        "M126 176 C150 200 170 220 200 226",
    ):
        for stroke, width in ((colours.road_edge, 5), (colours.road, 3)):
            drawing.add("path", to=group, d=way, fill="none", stroke=stroke, stroke_width=width)
    for x, y in (TOWN, (145, 258), (94, 108), (176, 222)):
        drawing.circle(
            x, y, 5, to=group, fill=drawing.palette.ink, stroke=colours.road, stroke_width=2
        )


def _town(drawing: Drawing, group: ET.Element, colours: MapColours) -> None:
    """Draw a town: houses, streets, a park and the river."""
    drawing.rect(0, 0, 245, 392, to=group, fill=colours.land)
    for i, y in enumerate(range(58, 350, 22)):
        for j, x in enumerate(range(54, 200, 19)):
            if (3 * i + 5 * j) % 7 == 0:
                continue
            drawing.rect(
                x + 2,
                y + 2,
                11 + (i + j) % 3,
                13 + (i + 2 * j) % 3,
                to=group,
                rx=1.5,
                fill=colours.house,
            )
    drawing.rect(128, 86, 80, 74, to=group, rx=6, fill=colours.park)
    for x, y, r in ((146, 104, 7), (170, 124, 9), (148, 142, 6), (182, 100, 5)):
        drawing.circle(x, y, r, to=group, fill=drawing.palette.good, opacity=0.4)
    drawing.add(
        "path",
        to=group,
        d="M40 236 C84 220 108 262 150 258 S190 286 214 278",
        fill="none",
        stroke=colours.water,
        stroke_width=26,
    )
    for way, width in (
        ("M90 40 V350", 8),
        ("M124 40 L124 350", 5),
        ("M168 166 V350", 8),
        ("M40 80 H128", 5),
        ("M40 124 H128", 5),
        ("M40 166 H220", 10),
        ("M40 205 L220 205", 5),
        ("M40 300 L220 312", 8),
        ("M40 330 L220 340", 5),
    ):
        for stroke, extra in ((colours.road_edge, 2), (colours.road, 0)):
            drawing.add(
                "path", to=group, d=way, fill="none", stroke=stroke, stroke_width=width + extra
            )


def _zoom(drawing: Drawing) -> None:
    """Frame the town on the country map, and lead from there to the second screen."""
    accent = drawing.palette.accent
    x, y, half = LEFTS[0] + TOWN[0], TOP + TOWN[1], 15
    screen_x, screen_y = LEFTS[1] + SCREEN[0] - 10, TOP + SCREEN[1]
    drawing.rect(
        x - half * 0.6,
        y - half,
        2 * half * 0.6,
        2 * half,
        rx=3,
        fill="none",
        stroke=accent,
        stroke_width=3.5,
    )
    for start, end in (
        ((x + half * 0.6, y - half), (screen_x, screen_y + 6)),
        ((x + half * 0.6, y + half), (screen_x, screen_y + SCREEN[3] - 6)),
    ):
        drawing.line(start, end, stroke=accent, stroke_width=2, stroke_dasharray="1 6")


if __name__ == "__main__":
    save("maps_analogy", draw)
