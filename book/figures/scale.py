"""Draw what a larger image costs, in seconds for each GiB and in memory, from raw results.

The results are those of ``tests/benchmarks/scale.py``, which says how they were made. Every run is
a dot, and the line goes through the medians.
"""

import json
import statistics
from itertools import pairwise
from pathlib import Path

from drawing import Drawing, Palette, save

RESULTS = Path(__file__).resolve().parents[2] / "tests" / "benchmarks" / "results" / "scale.json"
WIDTH, LEFT, RIGHT = 560, 70, 490
HEIGHT, TITLE, PANEL, TOP = 570, 40, 150, 74


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    runs = json.loads(RESULTS.read_text(encoding="utf-8"))["runs"]
    runs = [run for run in runs if "failed" not in run]
    sizes = sorted({run["gib"] for run in runs})
    seconds = {s: [r["wall"] / r["gib"] for r in runs if r["gib"] == s] for s in sizes}
    peaks = {s: [r["peak"] for r in runs if r["gib"] == s] for s in sizes}
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="Time and memory to build a pyramid, for images of several sizes",
        description=(
            "Two diagrams over the size of the image. "
            f"{_told('Seconds for each GiB', seconds, 's')}. "
            f"{_told('Peak of memory', peaks, 'MiB')}."
        ),
        palette=palette,
    )
    _panel(drawing, TITLE, "Seconds for each GiB", seconds, "{:.1f} s")
    _panel(drawing, TITLE + PANEL + TOP, "Peak of memory, beyond libraries", peaks, "{:.0f} MiB")
    for size, x in _places(sizes):
        drawing.text(x, HEIGHT - 52, f"{size:g} GiB", anchor="middle")
    middle = (LEFT + RIGHT) / 2
    drawing.text(middle, HEIGHT - 20, "Size of the image", fill=palette.muted, anchor="middle")
    return drawing


def _told(what: str, values: dict[float, list[float]], unit: str) -> str:
    """Say the medians in words."""
    medians = [f"{statistics.median(each):.3g} {unit} at {s:g} GiB" for s, each in values.items()]
    return f"{what}: {', '.join(medians)}"


def _places(sizes: list[float]) -> list[tuple[float, float]]:
    """Return where each size stands from left to right, at equal distances."""
    step = (RIGHT - LEFT) / max(1, len(sizes) - 1)
    return [(size, LEFT + step * number) for number, size in enumerate(sizes)]


def _panel(
    drawing: Drawing, top: float, title: str, values: dict[float, list[float]], form: str
) -> None:
    """Draw the values of one quantity, from zero on, with the median beside each group of dots."""
    palette = drawing.palette
    bottom, most = top + TOP / 2 + PANEL, max(max(each) for each in values.values())

    def height(value: float) -> float:
        return bottom - (PANEL - 30) * value / most

    drawing.text(LEFT - 38, top + 6, title, bold=True, size=21)
    drawing.line((LEFT - 38, bottom), (RIGHT + 38, bottom), stroke=palette.muted, stroke_width=1.5)
    points = []
    for size, x in _places(sorted(values)):
        middle = statistics.median(values[size])
        points.append((x, height(middle)))
        for value in values[size]:
            drawing.circle(x, height(value), 5, fill=palette.lit, stroke=palette.lit_edge)
        label = height(max(values[size])) - 14
        drawing.text(x, label, form.format(middle), anchor="middle")
    for start, end in pairwise(points):
        drawing.line(start, end, stroke=palette.lit_edge, stroke_width=2)


if __name__ == "__main__":
    save("scale", draw)
