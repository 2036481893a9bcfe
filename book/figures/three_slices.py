"""Draw the three slices through a volume: where they lie, and how they look side by side."""

from drawing import Drawing, Palette, Point, save

WIDTH, HEIGHT = 560, 484
# The box: its front corner, its edges along x and y, and its depth along z as a shift.
LEFT, TOP, EDGE = 44, 132, 150
DEPTH: Point = (84, -62)
# The slices side by side: 12 × 12 pixels in XY, and 4 planes twice as thick as a pixel is wide.
PIXEL, PIXELS, STEP, STEPS = 11, 12, 22, 4


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="Three slices of a volume",
        description=(
            "Left, a box with axes z, y and x, cut by three planes: XY (z is fixed), XZ (y is "
            "fixed) and YZ (x is fixed). Right, the three slices side by side: XY with square "
            "pixels, YZ to its right and XZ below it with pixels twice as long along z, because a "
            "voxel of this volume is longer in z than in x and y."
        ),
        palette=palette,
    )
    _box(drawing)
    _side_by_side(drawing)
    _voxel(drawing)
    return drawing


def _project(x: float, y: float, z: float) -> Point:
    """Project a point of the unit box."""
    return LEFT + EDGE * x + DEPTH[0] * z, TOP + EDGE * y + DEPTH[1] * z


def _box(drawing: Drawing) -> None:
    """Draw the box, the three planes through its middle, and the axes."""
    colours = drawing.palette
    for start, end in (((0, 1, 1), (1, 1, 1)), ((0, 1, 1), (0, 0, 1)), ((0, 1, 1), (0, 1, 0))):
        drawing.line(_project(*start), _project(*end), stroke=colours.tile_edge, stroke_width=1.5)

    quarters = []
    for u in (0, 0.5):
        for v in (0, 0.5):
            square = ((u, v), (u + 0.5, v), (u + 0.5, v + 0.5), (u, v + 0.5))
            quarters.append((colours.accent, [(a, b, 0.5) for a, b in square]))
            quarters.append((colours.good, [(a, 0.5, b) for a, b in square]))
            quarters.append((colours.lit, [(0.5, a, b) for a, b in square]))
    # The viewer stands before, above and to the right of the box: the farthest quarter comes first.
    quarters.sort(key=lambda quarter: sum(x - y - 2 * z for x, y, z in quarter[1]))
    for fill, corners in quarters:
        drawing.polygon(
            [_project(*corner) for corner in corners],
            fill=fill,
            fill_opacity=0.92,
            stroke=colours.paper,
            stroke_width=1,
        )
    for face in (
        ((0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)),
        ((0, 0, 0), (0, 0, 1), (1, 0, 1), (1, 0, 0)),
        ((1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0)),
    ):
        drawing.polygon(
            [_project(*corner) for corner in face],
            fill="none",
            stroke=colours.ink,
            stroke_width=1.8,
        )
    drawing.arrow((LEFT, TOP + EDGE + 14), (LEFT + 54, TOP + EDGE + 14), stroke=colours.ink)
    drawing.text(LEFT + 64, TOP + EDGE + 20, "x", bold=True)
    drawing.arrow((LEFT - 14, TOP), (LEFT - 14, TOP + 54), stroke=colours.ink)
    drawing.text(LEFT - 14, TOP + 76, "y", anchor="middle", bold=True)
    drawing.arrow((LEFT - 4, TOP - 12), (LEFT + 46, TOP - 49), stroke=colours.ink)
    drawing.text(LEFT + 2, TOP - 40, "z", anchor="middle", bold=True)


def _side_by_side(drawing: Drawing) -> None:
    """Draw XY with YZ to its right and XZ below it, pixel by pixel."""
    colours = drawing.palette
    left, top, gap = 306, 58, 12
    side, depth = PIXEL * PIXELS, STEP * STEPS
    for x, y, columns, rows, width, height, fill, name, fixed in (
        (left, top, PIXELS, PIXELS, PIXEL, PIXEL, colours.accent, "XY", "z fixed"),
        (left + side + gap, top, STEPS, PIXELS, STEP, PIXEL, colours.lit, "YZ", "x fixed"),
        (left, top + side + gap, PIXELS, STEPS, PIXEL, STEP, colours.good, "XZ", "y fixed"),
    ):
        for column in range(columns):
            for row in range(rows):
                drawing.rect(
                    x + column * width,
                    y + row * height,
                    width,
                    height,
                    fill=fill,
                    fill_opacity=0.42 if (column + row) % 2 else 0.3,
                    stroke=colours.paper,
                    stroke_width=1,
                )
        drawing.rect(x, y, columns * width, rows * height, fill="none", stroke=fill, stroke_width=2)
        middle = (x + columns * width / 2, y + rows * height / 2)
        drawing.text(middle[0], middle[1] - 2, name, size=22, anchor="middle", bold=True)
        drawing.text(middle[0], middle[1] + 21, fixed, anchor="middle")
    x, y = left + side + gap, top + side + gap + 26
    drawing.line((x, y), (x + depth, y), stroke=colours.ink, stroke_width=2)
    for i in range(STEPS + 1):
        drawing.line(
            (x + i * STEP, y - 5), (x + i * STEP, y + 5), stroke=colours.ink, stroke_width=2
        )
    drawing.text(x + depth / 2, y + 30, "z", anchor="middle", bold=True)


def _voxel(drawing: Drawing) -> None:
    """Draw one voxel, longer in z, with what follows from it."""
    colours = drawing.palette
    drawing.line((24, 352), (WIDTH - 24, 352), stroke=colours.edge, stroke_width=1.5)
    x, y, side, (dx, dy) = 44, 410, 34, (50, -26)
    faces = (
        ((x, y), (x + side, y), (x + side, y + side), (x, y + side)),
        ((x, y), (x + dx, y + dy), (x + dx + side, y + dy), (x + side, y)),
        (
            (x + side, y),
            (x + side + dx, y + dy),
            (x + side + dx, y + dy + side),
            (x + side, y + side),
        ),
    )
    for face in faces:
        drawing.polygon(face, fill=colours.tile, stroke=colours.ink, stroke_width=1.8)
    drawing.text(166, 400, "A voxel may be longer in z:", bold=True)
    drawing.text(166, 428, "then XZ and YZ have", fill=colours.muted)
    drawing.text(166, 453, "oblong pixels.", fill=colours.muted)


if __name__ == "__main__":
    save("three_slices", draw)
