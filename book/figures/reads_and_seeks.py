"""Draw the same bytes read in one request and in many.

The times are a scheme, not a measurement: each request waits three units, each piece takes one.
"""

from itertools import pairwise

from drawing import Drawing, Palette, save

WIDTH, HEIGHT = 560, 548
LEFT = 28
CELLS, PIECES = 36, 9
CELL = (WIDTH - 2 * LEFT) / CELLS
WAIT, READ = 3, 1
UNIT = (WIDTH - 2 * LEFT) / (PIECES * (WAIT + READ))


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="One long read and many short ones",
        description=(
            f"Two tapes of bytes; of each, {PIECES} pieces are wanted. On the first they lie side "
            "by side: the reading arm moves once and reads one long run, one request. On the "
            f"second they lie apart: the arm hops from piece to piece, {PIECES} requests. As every "
            "request waits before its first byte comes, the second takes longer although it reads "
            "the same number of bytes. The times are drawn as a scheme."
        ),
        palette=palette,
    )
    together = range(12, 12 + PIECES)
    apart = range(1, CELLS, CELLS // PIECES)
    _reads(drawing, 24, f"{PIECES} pieces side by side", together, requests=1)
    drawing.line((LEFT, 272), (WIDTH - LEFT, 272), stroke=palette.edge, stroke_width=1.5)
    _reads(drawing, 294, f"{PIECES} pieces apart", apart, requests=PIECES)
    return drawing


def _reads(drawing: Drawing, top: float, name: str, wanted: range, *, requests: int) -> None:
    """Draw a tape, the arm's way over it, and the time that the requests take."""
    colours = drawing.palette
    tape, height = top + 104, 40
    drawing.text(LEFT, top + 22, name, size=20.5, bold=True)
    drawing.text(
        WIDTH - LEFT,
        top + 22,
        "1 request" if requests == 1 else f"{requests} requests",
        size=20.5,
        anchor="end",
        fill=colours.good if requests == 1 else colours.bad,
        bold=True,
    )
    for i in range(CELLS):
        lit = i in wanted
        drawing.tile(
            LEFT + i * CELL,
            tape,
            CELL,
            height,
            fill=colours.lit if lit else None,
            stroke=colours.lit_edge if lit else None,
        )
    if requests == 1:
        start = LEFT + wanted[0] * CELL
        _arm(drawing, start, tape)
        drawing.arrow(
            (start + 14, tape - 15), (start + PIECES * CELL, tape - 15), stroke=colours.accent
        )
    else:
        spots = [LEFT + (i + 0.5) * CELL for i in wanted]
        _arm(drawing, spots[0], tape)
        for x1, x2 in pairwise(spots):
            middle, reach = (x1 + x2) / 2, x2 - 1.5
            drawing.add(
                "path",
                d=f"M{x1 + 3:.2f} {tape - 6} Q{middle:.2f} {tape - 50} {reach:.2f} {tape - 10}",
                fill="none",
                stroke=colours.accent,
                stroke_width=2.5,
            )
            drawing.polygon(
                [(reach - 6.5, tape - 12), (reach + 4.5, tape - 15), (x2, tape - 3)],
                fill=colours.accent,
            )

    clock = tape + height + 32
    drawing.text(LEFT, clock + 14, "time", fill=colours.muted)
    bar, x = clock + 28, float(LEFT)
    for _ in range(requests):
        drawing.tile(x, bar, WAIT * UNIT, 20, fill=colours.accent_soft, stroke=colours.accent)
        x += WAIT * UNIT
        pieces = PIECES // requests
        drawing.tile(x, bar, pieces * UNIT, 20, fill=colours.lit, stroke=colours.lit_edge)
        x += pieces * UNIT
    if requests == 1:
        for at, words, fill in ((188, "wait", colours.accent_soft), (286, "read", colours.lit)):
            edge = colours.accent if fill == colours.accent_soft else colours.lit_edge
            drawing.tile(at, clock, 15, 15, fill=fill, stroke=edge)
            drawing.text(at + 24, clock + 14, words, fill=colours.muted)


def _arm(drawing: Drawing, x: float, tape: float) -> None:
    """Draw the reading arm, with its tip on the tape at `x`."""
    fill = drawing.palette.accent
    drawing.polygon(
        [
            (x, tape - 3),
            (x - 8, tape - 20),
            (x - 8, tape - 52),
            (x + 8, tape - 52),
            (x + 8, tape - 20),
        ],
        fill=fill,
    )


if __name__ == "__main__":
    save("reads_and_seeks", draw)
