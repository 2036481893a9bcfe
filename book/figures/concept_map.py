"""Draw the map of the book's concepts: big image data, pyramids, chunking and lazy loading."""

from drawing import Drawing, Palette, save

WIDTH, HEIGHT = 560, 604
BOX, PAD = 248, 22
LEFT, RIGHT = PAD + BOX / 2, WIDTH - PAD - BOX / 2
TOP, ROW = 150, 190


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="Concept map of big image data",
        description=(
            "Big image data is linked to two concepts: resolution pyramids (store several scales) "
            "and chunking (store piece-wise). Chunking is linked to lazy loading (open piece-wise, "
            "on demand)."
        ),
        palette=palette,
    )
    below = TOP + ROW + 52
    for start, end in (
        ((WIDTH / 2, 62), (LEFT, TOP)),
        ((WIDTH / 2, 62), (RIGHT, TOP)),
        ((RIGHT, TOP), (RIGHT, below)),
    ):
        drawing.line(start, end, stroke=palette.muted, stroke_width=3)
    drawing.rect(WIDTH / 2 - 142, 26, 284, 72, rx=36, fill=palette.accent)
    drawing.text(
        WIDTH / 2, 71, "Big image data", size=26, fill=palette.paper, anchor="middle", bold=True
    )

    _concept(drawing, LEFT, TOP, 432, ["Resolution", "pyramids"], ["store several", "scales"])
    for row, count in enumerate((1, 2, 4)):
        for i in range(count):
            x = LEFT - count * 24 + 48 * i + 3
            _chunk(drawing, x, TOP + 76 + 48 * row, 42, lit=(row, i) == (1, 0))

    _concept(drawing, RIGHT, TOP, ROW, ["Chunking"], ["store piece-wise"])
    for i in range(8):
        _chunk(drawing, RIGHT - 67 + 34 * (i % 4), TOP + 26 + 34 * (i // 4), 32)

    _concept(drawing, RIGHT, below, ROW, ["Lazy loading"], ["open piece-wise,", "on demand"])
    for i in range(4):
        _chunk(drawing, RIGHT - 77 + 41 * i, below + 30, 32, lit=i == 2, dashed=i != 2)
    return drawing


def _concept(
    drawing: Drawing, x: float, top: float, height: float, name: list[str], phrase: list[str]
) -> None:
    """Draw a concept's box, with its name and a short phrase at the foot."""
    colours = drawing.palette
    drawing.rect(
        x - BOX / 2,
        top,
        BOX,
        height,
        rx=16,
        fill=colours.accent_soft,
        stroke=colours.accent,
        stroke_width=2,
    )
    lines = [(words, True) for words in name] + [(words, False) for words in phrase]
    first = top + height - 24 - 26 * (len(lines) - 1)
    for i, (words, bold) in enumerate(lines):
        drawing.text(
            x,
            first + 26 * i - (2 if bold else 0),
            words,
            size=22 if bold else 19,
            anchor="middle",
            fill=None if bold else colours.muted,
            bold=bold,
        )


def _chunk(
    drawing: Drawing, x: float, y: float, side: float, *, lit: bool = False, dashed: bool = False
) -> None:
    """Draw one chunk: stored, loaded (lit), or left where it is (dashed)."""
    colours = drawing.palette
    drawing.rect(
        x,
        y,
        side,
        side,
        rx=4,
        fill=colours.lit if lit else "none" if dashed else colours.tile,
        stroke=colours.lit_edge if lit else colours.muted if dashed else colours.tile_edge,
        stroke_width=1.8,
        stroke_dasharray="4 4" if dashed else "none",
    )


if __name__ == "__main__":
    save("concept_map", draw)
