"""Draw the sizes of three files beside the memory of a laptop, on a logarithmic scale."""

import math

from drawing import Drawing, Palette, save

WIDTH, HEIGHT = 560, 388
LEFT, RIGHT = 32, 528
MIB, GIB, TIB = 2**20, 2**30, 2**40
SMALLEST, LARGEST = 100 * MIB, 3 * TIB
MEMORY = 16 * GIB
FILES = (
    ("Sample", "256 MiB", 256 * MIB),
    ("EM stack", "4 GiB", 4 * GIB),
    ("Recording", "1 TiB", TIB),
)
TICKS = (("1 GiB", GIB), ("10 GiB", 10 * GIB), ("100 GiB", 100 * GIB), ("1 TiB", TIB))


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="Files and memory",
        description=(
            "Three file sizes on a logarithmic scale: a sample stack of "
            "256 MiB, an electron-microscopy stack of 4 GiB, a recording of 1 TiB. The memory of "
            "a laptop, 16 GiB, holds the first two; the third is 64 times as large."
        ),
        palette=palette,
    )
    base = 330
    memory = _at(MEMORY)
    drawing.rect(LEFT, 66, memory - LEFT, base - 66, fill=palette.accent_soft)
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
        drawing.circle(x, y, 10, fill=colour)
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
