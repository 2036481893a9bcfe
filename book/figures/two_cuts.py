"""Draw one YZ slice through a volume that is stored in planes, and in cubes."""

from drawing import Drawing, Palette, Point, save

WIDTH, HEIGHT = 560, 392
TOP, EDGE = 96, 150
DEPTH: Point = (66, -48)  # the edge along z as a shift
LEFTS = (40, 318)
PLANES, CUBES = 8, 4  # pieces along z, and pieces along each axis
SLICE = 0.625  # where the slice lies along x: in the middle of the third layer of cubes


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="One slice through planes and through cubes",
        description=(
            "Two boxes, each cut by the same YZ slice. The left one is stored in 8 planes: the "
            "slice goes through every plane, so all 8 pieces are read. The right one is stored in "
            "64 cubes, 4 along each axis: the slice goes through one layer of them, so 16 of 64 "
            "pieces are read."
        ),
        palette=palette,
    )
    for left, along_x, along_y, along_z in (
        (LEFTS[0], 1, 1, PLANES),
        (LEFTS[1], CUBES, CUBES, CUBES),
    ):
        _box(drawing, left, (along_x, along_y, along_z))
    _words(drawing)
    return drawing


def _project(left: float, x: float, y: float, z: float) -> Point:
    """Project a point of the unit box."""
    return left + EDGE * x + DEPTH[0] * z, TOP + EDGE * y + DEPTH[1] * z


def _box(drawing: Drawing, left: float, pieces: tuple[int, int, int]) -> None:
    """Draw the faces of a box piece by piece, and where the slice meets them."""
    colours = drawing.palette
    nx, ny, nz = pieces
    touched = int(SLICE * nx)
    # Of each visible piece of a face: its layer along x, one edge, and the way to the other one.
    faces = [
        (i, ((i / nx, j / ny, 0), ((i + 1) / nx, j / ny, 0)), (0, 1 / ny, 0))
        for i in range(nx)
        for j in range(ny)
    ]
    faces += [
        (i, ((i / nx, 0, k / nz), ((i + 1) / nx, 0, k / nz)), (0, 0, 1 / nz))
        for i in range(nx)
        for k in range(nz)
    ]
    faces += [
        (nx - 1, ((1, j / ny, k / nz), (1, (j + 1) / ny, k / nz)), (0, 0, 1 / nz))
        for j in range(ny)
        for k in range(nz)
    ]
    for layer, (start, end), (dx, dy, dz) in sorted(faces, key=lambda face: face[0] == touched):
        corners = [start, end, *((x + dx, y + dy, z + dz) for x, y, z in (end, start))]
        read = layer == touched
        drawing.polygon(
            [_project(left, *corner) for corner in corners],
            fill=colours.lit if read else colours.tile,
            stroke=colours.lit_edge if read else colours.tile_edge,
            stroke_width=1.2,
        )
    below, front, back = ((SLICE, 1, 0), (SLICE, 0, 0), (SLICE, 0, 1))
    for start, end in ((below, front), (front, back)):
        drawing.line(
            _project(left, *start), _project(left, *end), stroke=colours.accent, stroke_width=7
        )


def _words(drawing: Drawing) -> None:
    """Name the axes, the two ways to cut, and the colours."""
    colours = drawing.palette
    x, y = LEFTS[0], TOP + EDGE
    drawing.text(x + EDGE / 2, y + 22, "x", anchor="middle", bold=True)
    drawing.text(x - 18, TOP + 18, "y", bold=True)
    drawing.text(x + 18, TOP - 30, "z", bold=True)
    for left, name, count in (
        (LEFTS[0], "stored in planes", f"{PLANES} of {PLANES} pieces read"),
        (LEFTS[1], "stored in cubes", f"{CUBES**2} of {CUBES**3} pieces read"),
    ):
        drawing.text(left, y + 54, name, bold=True)
        drawing.text(left, y + 79, count)
    y = HEIGHT - 26
    drawing.line((40, y - 6), (64, y - 6), stroke=colours.accent, stroke_width=7)
    drawing.text(76, y, "wanted: a YZ slice")
    drawing.tile(318, y - 16, 24, 20, fill=colours.lit, stroke=colours.lit_edge)
    drawing.text(354, y, "read for it")


if __name__ == "__main__":
    save("two_cuts", draw)
