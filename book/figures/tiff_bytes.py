"""Draw the bytes of a TIFF stack, and which of them each slice needs.

The numbers are those of the sample stack: 256 planes of 1024 × 1024 pixels of one byte, in strips
of 64 rows. What is read is what lesson 1 counts before it comes to readers of single strips: a
reader whose chunks are planes takes each plane that holds a wanted byte as a whole.
"""

from collections.abc import Sequence

from drawing import Drawing, Palette, Point, save

PLANES, ROWS, COLUMNS, ROWS_PER_STRIP = 256, 1024, 1024, 64
STRIPS = ROWS // ROWS_PER_STRIP
FIRST_PIXEL_BYTE = 496
KIB, MIB = 1024, 1024**2

WIDTH, HEIGHT = 560, 1114
LEFT, END_WIDTH, BLOCK, GAP = 24, 27, 104, 42
STRIP = BLOCK / STRIPS
# The tape: header and first IFD, three planes, planes left out, the last plane, the other IFDs.
BLOCKS = [LEFT + END_WIDTH + i * BLOCK for i in range(3)]
BLOCKS.append(BLOCKS[-1] + BLOCK + GAP)
IFDS = BLOCKS[-1] + BLOCK
XZ_STRIP, XZ_ROW = 8, 40
TAPE = 36


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="A TIFF stack as bytes",
        description=(
            f"A stack of {PLANES} planes of 1 MiB, each cut into {STRIPS} strips of "
            f"{ROWS_PER_STRIP} rows, and the file that holds it as one long tape of bytes: the "
            f"header and the first directory (IFD), from byte {FIRST_PIXEL_BYTE} on the planes one "
            f"after the other, then {PLANES - 1} more IFDs. Below, the bytes that three slices "
            "need, and what is read for them when each plane is read as a whole. An XY plane: one "
            f"run of 1 MiB, and 1 MiB is read. An XZ slice: one row of every plane, {PLANES} runs "
            "and 256 KiB, for which all 256 MiB are read. A YZ slice: one byte of every row, "
            f"{PLANES * ROWS} runs and 256 KiB, for which all 256 MiB are read, too."
        ),
        palette=palette,
    )
    _stack(drawing)
    _file(drawing)
    _needs(drawing)
    return drawing


def _stack(drawing: Drawing) -> None:
    """Draw the planes one behind the other, the front one with its strips."""
    colours = drawing.palette
    x, y, side = 62, 78, 144
    for step in (9, 8, 7, 3, 2, 1):
        drawing.tile(x + 9 * step, y - 6 * step, side, side)
    for strip in range(STRIPS):
        drawing.tile(x, y + strip * side / STRIPS, side, side / STRIPS)
    drawing.rect(x, y, side, side, fill="none", stroke=colours.ink, stroke_width=2)
    for i in range(3):
        drawing.circle(x + side + 39 + 8 * i, y + 62 - 5.3 * i, 2.2, fill=colours.muted)
    drawing.arrow((x, y + side + 12), (x + 52, y + side + 12), stroke=colours.accent)
    drawing.text(x + 60, y + side + 18, "x", fill=colours.accent, bold=True)
    drawing.arrow((x - 12, y), (x - 12, y + 52), stroke=colours.accent)
    drawing.text(x - 12, y + 72, "y", fill=colours.accent, anchor="middle", bold=True)
    drawing.arrow((x - 4, y - 10), (x + 44, y - 42), stroke=colours.accent)
    drawing.text(x + 8, y - 34, "z", fill=colours.accent, anchor="middle", bold=True)

    drawing.text(324, 86, f"{PLANES} planes", size=22, bold=True)
    drawing.text(324, 114, f"of {ROWS} × {COLUMNS} bytes", fill=colours.muted)
    drawing.text(324, 156, f"{STRIPS} strips", size=22, bold=True)
    drawing.text(324, 184, "in every plane,", fill=colours.muted)
    drawing.text(324, 209, f"each of {ROWS_PER_STRIP} rows", fill=colours.muted)


def _file(drawing: Drawing) -> None:
    """Draw the tape with its names and the connection from the front plane to its block."""
    colours = drawing.palette
    top, height = 350, 52
    drawing.text(LEFT, 292, "The file: one tape of bytes", size=22, bold=True)

    for x, name, anchor, at in (
        (LEFT, "header + IFD", "start", LEFT),
        (IFDS, f"{PLANES - 1} more IFDs", "end", WIDTH - LEFT),
    ):
        drawing.rect(
            x,
            top,
            END_WIDTH,
            height,
            fill=colours.accent_soft,
            stroke=colours.accent,
            stroke_width=1.5,
        )
        drawing.text(at, top - 14, name, fill=colours.accent, anchor=anchor)
        middle = x + END_WIDTH / 2
        drawing.line((middle, top - 9), (middle, top), stroke=colours.accent, stroke_width=1.5)
    _tape(drawing, top, height)
    for x, z in zip(BLOCKS, (0, 1, 2, PLANES - 1), strict=True):
        drawing.text(x + BLOCK / 2, top + height + 25, f"z = {z}", anchor="middle")

    first = BLOCKS[0]
    drawing.add(
        "path",
        d=f"M{first} {top + height} v37 q0 7 7 7 h5",
        fill="none",
        stroke=colours.muted,
        stroke_width=1.5,
    )
    drawing.text(first + 18, top + height + 50, f"byte {FIRST_PIXEL_BYTE}", fill=colours.muted)
    x, y = BLOCKS[2], top + height + 36
    drawing.add(
        "path",
        d=f"M{x} {y} v5 h{BLOCK} v-5",
        fill="none",
        stroke=colours.muted,
        stroke_width=1.5,
    )
    drawing.text(x + BLOCK / 2, y + 25, "1 MiB", anchor="middle", fill=colours.muted)


def _needs(drawing: Drawing) -> None:
    """Draw, for each kind of slice, the tape with the bytes it needs and what that costs."""
    colours = drawing.palette
    plane = ROWS * COLUMNS

    drawing.line((LEFT, 492), (WIDTH - LEFT, 492), stroke=colours.edge, stroke_width=1.5)
    drawing.text(LEFT, 530, "Slices of it, read by whole planes", size=22, bold=True)
    _heading(
        drawing, 546, "An XY plane", "all of plane z = 1", [(0, 8), (22, 8), (22, 30), (0, 30)]
    )
    _bare_tape(drawing, 586)
    drawing.tile(BLOCKS[1], 586, BLOCK, TAPE, fill=colours.lit, stroke=colours.lit_edge)
    _facts(drawing, 650, runs=1, wanted=plane, read=plane)

    for top, name, what, corners, rows, runs, wanted in (
        (
            686,
            "An XZ slice",
            "one row of every plane",
            [(0, 19), (22, 19), (33, 11), (11, 11)],
            (XZ_ROW,),
            PLANES,
            PLANES * COLUMNS,
        ),
        (
            906,
            "A YZ slice",
            "one byte of every row",
            [(11, 8), (22, 0), (22, 22), (11, 30)],
            range(ROWS_PER_STRIP),
            PLANES * ROWS,
            PLANES * ROWS,
        ),
    ):
        _heading(drawing, top, name, what, corners)
        _bare_tape(drawing, top + 40, read=True)
        if len(rows) == 1:
            at = (XZ_STRIP + XZ_ROW / ROWS_PER_STRIP) * STRIP
            for x in BLOCKS:
                drawing.rect(x + at - 1, top + 40, 2.5, TAPE, fill=colours.lit_edge)
        _one_strip(drawing, top + 40 + TAPE, rows, whole_rows=len(rows) == 1)
        _facts(drawing, top + 182, runs=runs, wanted=wanted, read=PLANES * plane)


def _heading(drawing: Drawing, top: float, name: str, what: str, corners: Sequence[Point]) -> None:
    """Write the slice's name and what it is of, behind a small box with the slice lit."""
    colours = drawing.palette
    slice_corners = [(LEFT + x, top + y) for x, y in corners]
    back, front = (
        [(LEFT + x + dx, top + y + dy) for x, y in ((0, 0), (22, 0), (22, 22), (0, 22))]
        for dx, dy in ((11, 0), (0, 8))
    )
    drawing.polygon(back, fill="none", stroke=colours.muted, stroke_width=1.3)
    drawing.polygon(slice_corners, fill=colours.lit, stroke=colours.lit_edge, stroke_width=1.3)
    drawing.polygon(front, fill="none", stroke=colours.muted, stroke_width=1.3)
    for start, end in zip(front[:3], back[:3], strict=True):
        drawing.line(start, end, stroke=colours.muted, stroke_width=1.3)
    drawing.text(LEFT + 46, top + 24, name, size=20, bold=True)
    drawing.text(WIDTH - LEFT, top + 24, what, anchor="end", fill=colours.muted)


def _facts(drawing: Drawing, y: float, *, runs: int, wanted: int, read: int) -> None:
    """Write how many runs of bytes are wanted, how much that is, and how much is read for it."""
    colours = drawing.palette
    drawing.text(LEFT, y, f"{runs:,}".replace(",", " ") + (" run" if runs == 1 else " runs"))
    for x, fill, words in (
        (178, colours.lit, f"{_size(wanted)} wanted"),
        (374, colours.lit_soft, f"{_size(read)} read"),
    ):
        drawing.tile(x, y - 13, 13, 13, fill=fill, stroke=colours.lit_edge)
        drawing.text(x + 20, y, words)


def _bare_tape(drawing: Drawing, top: float, *, read: bool = False) -> None:
    """Draw the tape without names, all of its planes read or none."""
    for x in (LEFT, IFDS):
        drawing.tile(x, top, END_WIDTH, TAPE, fill=drawing.palette.paper)
    _tape(drawing, top, TAPE, read=read)


def _one_strip(drawing: Drawing, top: float, rows: Sequence[int], *, whole_rows: bool) -> None:
    """Draw one strip enlarged, row after row, with the bytes that are wanted of it."""
    colours = drawing.palette
    strip = BLOCKS[1] + XZ_STRIP * STRIP
    bar, height, row = top + 24, 24, (WIDTH - 2 * LEFT) / ROWS_PER_STRIP
    drawing.polygon(
        [(strip, top), (strip + STRIP, top), (WIDTH - LEFT, bar), (LEFT, bar)],
        fill=colours.lit_soft,
        fill_opacity=0.45,
    )
    for i in range(ROWS_PER_STRIP):
        x = LEFT + i * row
        drawing.tile(x, bar, row, height, fill=colours.lit_soft, stroke=colours.paper)
        if i in rows:
            width = row if whole_rows else 2.5
            drawing.rect(x + (row - width) / 2, bar, width, height, fill=colours.lit)
    drawing.rect(
        LEFT, bar, WIDTH - 2 * LEFT, height, fill="none", stroke=colours.lit_edge, stroke_width=1.5
    )
    drawing.text(LEFT, bar + height + 25, "one strip: 64 rows", fill=colours.muted)


def _tape(drawing: Drawing, top: float, height: float, *, read: bool = False) -> None:
    """Draw four planes as blocks of strips, stored or read."""
    colours = drawing.palette
    fill = colours.lit_soft if read else colours.tile
    stroke = colours.paper if read else colours.tile_edge
    for x in BLOCKS:
        for strip in range(STRIPS):
            drawing.tile(x + strip * STRIP, top, STRIP, height, fill=fill, stroke=stroke)
        drawing.rect(x, top, BLOCK, height, fill="none", stroke=colours.ink, stroke_width=1.5)
    for i in range(3):
        drawing.circle(BLOCKS[3] - GAP / 2 + 9 * (i - 1), top + height / 2, 2.4, fill=colours.muted)


def _size(count: int) -> str:
    """Write a number of bytes in whole KiB or MiB."""
    return f"{count // MIB} MiB" if count >= MIB else f"{count // KIB} KiB"


if __name__ == "__main__":
    save("tiff_bytes", draw)
