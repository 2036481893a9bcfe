"""Draw the planner's times beside measured ones, from raw results.

The results are those of ``tests/benchmarks/plan_model.py``, which says how they were made. Each
case is a bar, from the planner's shortest time to its longest, and every run of it is a dot.
"""

import json
import math
from pathlib import Path

from drawing import Drawing, Palette, save

RESULTS = Path(__file__).resolve().parents[2] / "tests" / "benchmarks" / "results"
WIDTH, LEFT, RIGHT = 560, 60, 530
HEIGHT, TOP, BOTTOM = 500, 90, 420
CASE = ("mib", "chunk", "shard", "threads", "link")


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    record = json.loads((RESULTS / "plan_model.json").read_text(encoding="utf-8"))
    runs = [run for run in record["runs"] if "failed" not in run]
    cases: dict[tuple[object, ...], list[dict[str, float]]] = {}
    for run in runs:
        cases.setdefault(tuple(run[key] for key in CASE), []).append(run)
    ordered = sorted(cases.values(), key=lambda made: made[0]["at_most"])
    drawing = Drawing(
        WIDTH,
        HEIGHT,
        title="Times of the planner, and measured ones",
        description=(
            f"{len(ordered)} conversions, the quickest at the left. Bars reach from the shortest "
            f"time of the planner to the longest; {len(runs)} dots are measured times, most of "
            "them on the bars or close to them."
        ),
        palette=palette,
    )
    times = [run[key] for run in runs for key in ("wall", "at_least", "at_most")]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))

    def height(seconds: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (math.log10(seconds) - low) / (high - low)

    drawing.text(LEFT - 32, 44, "Seconds to convert", bold=True, size=21)
    for power in range(low, high + 1):
        y = height(10**power)
        drawing.line((LEFT, y), (RIGHT, y), stroke=palette.edge, stroke_width=1.5)
        drawing.text(LEFT - 10, y + 6, f"{10.0**power:g}", anchor="end")
    step = (RIGHT - LEFT) / len(ordered)
    for number, made in enumerate(ordered):
        x = LEFT + step * (number + 0.5)
        top, end = height(made[0]["at_most"]), height(made[0]["at_least"])
        drawing.rect(x - 4, top, 8, max(end - top, 2), fill=palette.accent)
        for run in made:
            drawing.circle(x, height(run["wall"]), 4, fill=palette.lit, stroke=palette.lit_edge)
    middle = (LEFT + RIGHT) / 2
    drawing.text(middle, 460, "Conversions, by the planner's time", anchor="middle")
    return drawing


if __name__ == "__main__":
    save("plan_model", draw)
