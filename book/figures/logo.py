"""Draw the logo and the favicon: a stepped resolution pyramid of chunks, one of them lit.

The wordmark is text in the reader's own sans-serif font, with room for a wide one.
"""

from pathlib import Path

from drawing import FOLDER, LIGHT, Drawing, Palette, save

NAME = "Big images, piece by piece"
LEVELS = (1, 2, 4)
LIT = (1, 0)


def logo(palette: Palette) -> Drawing:
    """Return the mark with the wordmark beside it."""
    drawing = Drawing(
        250,
        64,
        title=NAME,
        description="A stepped pyramid of seven chunks, one of them lit, and the name of the book.",
        palette=palette,
        card=False,
    )
    _mark(drawing, 2, 5.5, side=15, gap=3.5, fill=palette.accent)
    drawing.text(86, 28, "Big images,", size=25, bold=True)
    drawing.text(86, 54, "piece by piece", size=20.5, fill=palette.muted)
    return drawing


def favicon(palette: Palette) -> Drawing:
    """Return the mark alone, in colours that read on a light and on a dark browser."""
    drawing = Drawing(
        32,
        32,
        title=NAME,
        description="A stepped pyramid of seven chunks, one of them lit.",
        palette=palette,
        card=False,
    )
    _mark(drawing, 0.5, 4, side=7, gap=1, fill="#6c79dd")
    return drawing


def _mark(drawing: Drawing, left: float, top: float, *, side: float, gap: float, fill: str) -> None:
    """Draw the pyramid of chunks, coarsest level on top."""
    step = side + gap
    middle = left + (LEVELS[-1] * step - gap) / 2
    for level, count in enumerate(LEVELS):
        start = middle - (count * step - gap) / 2
        for i in range(count):
            drawing.rect(
                start + i * step,
                top + level * step,
                side,
                side,
                rx=side / 5,
                fill=drawing.palette.lit if (level, i) == LIT else fill,
            )


def save_all(folder: Path = FOLDER) -> None:
    """Write the logo for light and for dark pages, and the favicon, into `folder`."""
    save("logo", logo, folder)
    (folder / "favicon.svg").write_bytes(favicon(LIGHT).to_bytes())


if __name__ == "__main__":
    save_all()
