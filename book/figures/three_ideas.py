"""Draw the book's three ideas side by side: lazy loading, chunks, and the pyramid."""

from itertools import pairwise

from drawing import Drawing, Palette, Point, save

WIDTH, HEIGHT = 720, 400
PANEL, GAP, PAD = 208, 24, 24
TOP = 84
SIZE = 24
# Cells of the drawn tissue: centre and half axes, in units of the panel.
CELLS = (
    (26, 24, 19, 14),
    (70, 20, 17, 13),
    (118, 27, 22, 16),
    (166, 20, 18, 12),
    (192, 50, 12, 17),
    (20, 66, 13, 18),
    (58, 62, 20, 17),
    (104, 72, 17, 16),
    (150, 64, 20, 18),
    (38, 98, 20, 9),
    (84, 100, 19, 8),
    (128, 99, 18, 9),
    (178, 93, 20, 13),
)


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="Three ideas that make big images small",
        description=(
            "Lazy loading: an image far larger than memory stays in its file, and one piece of it "
            "is loaded. Chunks: of an image stored in square pieces, only those under the viewed "
            "rectangle are read. Pyramid: the image is stored at several scales, and the screen "
            "takes the level that fits it."
        ),
        palette=palette,
    )
    for i, (name, phrase, picture) in enumerate(
        (
            ("Lazy loading", ("open the file,", "load a piece"), _lazy_loading),
            ("Chunks", ("store pieces,", "read a few"), _chunks),
            ("Pyramid", ("store scales,", "read one"), _pyramid),
        )
    ):
        left = PAD + i * (PANEL + GAP)
        middle = left + PANEL / 2
        drawing.text(middle, 52, name, size=26, anchor="middle", bold=True)
        picture(drawing, left)
        for line, words in enumerate(phrase):
            drawing.text(
                middle, 342 + 29 * line, words, size=SIZE, anchor="middle", fill=palette.muted
            )
        if i:
            x = left - GAP / 2
            drawing.line((x, 32), (x, HEIGHT - 32), stroke=palette.edge, stroke_width=1.5)
    return drawing


def _lazy_loading(drawing: Drawing, left: float) -> None:
    """Draw an image larger than the memory box, and one piece of it that is loaded."""
    colours = drawing.palette
    drawing.tile(left, TOP, PANEL, 114, radius=6)
    for x, y, rx, ry in CELLS:
        drawing.add(
            "ellipse",
            cx=left + x,
            cy=TOP + y,
            rx=rx,
            ry=ry,
            fill=colours.paper,
            fill_opacity=0.55,
            stroke=colours.tile_edge,
            stroke_width=1.5,
        )
        drawing.circle(left + x, TOP + y, ry / 3, fill=colours.tile_edge)
    x, width, height = left + 28, 42, 36
    for y in (TOP + 44, TOP + 168):
        drawing.tile(x, y, width, height, fill=colours.lit, stroke=colours.lit_edge)
        drawing.add(
            "ellipse",
            cx=x + 20,
            cy=y + 18,
            rx=15,
            ry=12.5,
            fill=colours.lit_soft,
            stroke=colours.lit_edge,
            stroke_width=1.5,
        )
        drawing.circle(x + 20, y + 18, 4.5, fill=colours.lit_edge)
    drawing.arrow((x + 21, TOP + 88), (x + 21, TOP + 146), stroke=colours.accent, width=3.5)
    drawing.rect(
        x - 18, TOP + 152, 78, 66, rx=6, fill="none", stroke=colours.accent, stroke_width=3.5
    )
    drawing.text(x + 72, TOP + 193, "memory", size=SIZE, fill=colours.accent)


def _chunks(drawing: Drawing, left: float) -> None:
    """Draw a grid of chunks, and the screen over the few that are read."""
    colours, side = drawing.palette, PANEL / 6
    for row in range(6):
        for column in range(6):
            lit = row in (1, 2, 3) and column in (2, 3, 4)
            drawing.tile(
                left + column * side + 1.5,
                TOP + 5 + row * side + 1.5,
                side - 3,
                side - 3,
                fill=colours.lit if lit else None,
                stroke=colours.lit_edge if lit else None,
                radius=3,
            )
    # The screen lies on lit chunks: a rim of paper keeps its frame apart from them.
    for stroke, width in ((colours.paper, 10), (colours.accent, 4.5)):
        drawing.rect(
            left + 2.45 * side,
            TOP + 5 + 1.4 * side,
            2.1 * side,
            2.1 * side,
            rx=6,
            fill="none",
            stroke=stroke,
            stroke_width=width,
        )


def _pyramid(drawing: Drawing, left: float) -> None:
    """Draw three levels as plates, the middle one lit, and the screen that it fits."""
    colours, x = drawing.palette, left + PANEL / 2
    levels = ((188, 1.0, 8), (112, 0.5, 4), (64, 0.25, 2))
    corners = [_plate(x, TOP + y, scale) for y, scale, _ in levels]
    for lower, upper in pairwise(corners):
        for start, end in zip(lower, upper, strict=True):
            drawing.line(start, end, stroke=colours.muted, stroke_width=1.5, stroke_dasharray="2 5")
    for (y, scale, count), plate in zip(levels, corners, strict=True):
        lit = scale == 0.5
        edge = colours.lit_edge if lit else colours.tile_edge
        drawing.polygon(
            plate, fill=colours.lit if lit else colours.tile, stroke=edge, stroke_width=1.8
        )
        for i in range(1, count):
            t = 2 * i / count - 1
            for start, end in (((t, -1), (t, 1)), ((-1, t), (1, t))):
                drawing.line(
                    _on_plate(x, TOP + y, scale, start),
                    _on_plate(x, TOP + y, scale, end),
                    stroke=edge,
                    stroke_width=1.2,
                )
    drawing.arrow((x + 50, TOP + 99), (x + 66, TOP + 72), stroke=colours.accent, width=3.5)
    screen, top = left + PANEL - 72, TOP + 2
    drawing.rect(
        screen, top, 70, 46, rx=5, fill=colours.lit, stroke=colours.accent, stroke_width=4.5
    )
    for start, end in (
        ((screen + 35, top + 48), (screen + 35, top + 58)),
        ((screen + 22, top + 59), (screen + 48, top + 59)),
    ):
        drawing.line(start, end, stroke=colours.accent, stroke_width=4.5)


def _on_plate(x: float, y: float, scale: float, at: Point) -> Point:
    """Project a point of the unit plate (-1 to 1 both ways) around the centre (x, y)."""
    u, v = at
    return x + scale * (78 * u + 24 * v), y - scale * 28 * v


def _plate(x: float, y: float, scale: float) -> list[Point]:
    """Return the corners of a level's plate."""
    return [_on_plate(x, y, scale, at) for at in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


if __name__ == "__main__":
    save("three_ideas", draw)
