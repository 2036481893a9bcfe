"""Draw where the voxels of two coarser levels lie: averaged voxels are shifted, kept ones not."""

from drawing import Drawing, Palette, save

WIDTH, HEIGHT = 560, 372
LEFT, EDGE, ROW = 40, 60, 46  # start of voxel 0, width of a voxel of level 0, height of a row
TOPS = (70, 160, 250)
COUNT = 8


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="Where the voxels of coarser levels lie",
        description=(
            "Three rows of boxes along one axis. Level 0 has eight voxels with their centres at 0, "
            "1, 2 and so on. Level 1 has four voxels, each as wide as two; the centre of the first "
            "lies at 0.5. Level 2 has two voxels, each as wide as four; the centre of the first "
            "lies at 1.5. A dashed line goes down from the centre of voxel 0 of level 0: the "
            "centres of the first voxels move away from it, to the right."
        ),
        palette=palette,
    )
    first = LEFT + EDGE / 2
    for level, top in enumerate(TOPS):
        factor = 2**level
        width = factor * EDGE
        drawing.text(LEFT + COUNT * EDGE, top - 12, f"level {level}", anchor="end", bold=True)
        for i in range(COUNT // factor):
            fill, edge = (palette.lit_soft, palette.lit_edge) if i == 0 else (None, None)
            drawing.tile(LEFT + i * width, top, width, ROW, fill=fill, stroke=edge)
            drawing.circle(
                LEFT + (i + 0.5) * width,
                top + ROW / 2,
                5,
                fill=palette.lit_edge if i == 0 else palette.muted,
            )
        if level:
            centre = LEFT + width / 2
            drawing.arrow(
                (first, top + ROW / 2),
                (centre - 6, top + ROW / 2),
                stroke=palette.accent,
                width=2 if level == 1 else 2.5,
            )
            drawing.text(
                centre + 12,
                top + ROW / 2 + 7,
                f"{0.5 * (factor - 1):g}",
                fill=palette.ink,
                bold=True,
            )
    drawing.line(
        (first, TOPS[0] - 8),
        (first, TOPS[-1] + ROW + 6),
        stroke=palette.accent,
        stroke_width=2,
        stroke_dasharray="5 6",
    )
    drawing.text(LEFT, HEIGHT - 32, "dots: centres; numbers: in voxels of level 0")
    return drawing


if __name__ == "__main__":
    save("half_pixel", draw)
