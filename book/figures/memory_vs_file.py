"""Draw the sizes of three files beside the memory of a laptop, on a logarithmic scale."""

import math

from drawing import Drawing, Palette, save

WIDTH, HEIGHT = 560, 388
LEFT, RIGHT = 32, 528
SMALLEST, LARGEST = 1e8, 3e12
MEMORY = 16 * 1024**3
# Name, size as it is usually given, bytes: MiB are powers of two, GB and TB powers of ten.
FILES = (
    ("Sample", "256 MiB", 256 * 1024**2),
    ("EM stack", "4 GB", 4e9),
    ("Recording", "1 TB", 1e12),
)
TICKS = (("1 GB", 1e9), ("10 GB", 1e10), ("100 GB", 1e11), ("1 TB", 1e12))


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="Files and memory",
        description=(
            "Three file sizes on a scale where each step is ten times more: a sample stack of "
            "256 MiB, an electron-microscopy stack of 4 GB, a recording of 1 TB. The memory of "
            "a laptop, 16 GiB, holds the first two; the third is about sixty times too large."
        ),
        palette=palette,
    )
    base = 330
    memory = _at(MEMORY)
    drawing.add(
        "rect",
        x=LEFT,
        y=66,
        width=memory - LEFT,
        height=base - 66,
        fill=palette.accent_soft,
    )
    drawing.line((memory, 66), (memory, base), stroke=palette.accent, stroke_width=3)
    drawing.text(
        memory, 48, "memory of a laptop: 16 GiB", anchor="middle", fill=palette.accent, bold=True
    )
    for row, (name, size, count) in enumerate(FILES):
        y, x = 130 + 78 * row, _at(count)
        fits = count < MEMORY
        colour = palette.good if fits else palette.bad
        drawing.text(LEFT + 12, y - 18, f"{name}: {size}")
        drawing.line((LEFT, y), (x, y), stroke=colour, stroke_width=5)
        drawing.add("circle", cx=x, cy=y, r=10, fill=colour)
    drawing.line((LEFT, base), (RIGHT, base), stroke=palette.muted, stroke_width=2)
    for words, count in TICKS:
        x = _at(count)
        drawing.line((x, base), (x, base + 9), stroke=palette.muted, stroke_width=2)
        drawing.text(x, base + 34, words, anchor="middle", fill=palette.muted)
    return drawing


def _at(count: float) -> float:
    """Return where a number of bytes lies on the scale."""
    return LEFT + (RIGHT - LEFT) * math.log(count / SMALLEST) / math.log(LARGEST / SMALLEST)


if __name__ == "__main__":
    save("memory_vs_file", draw)
