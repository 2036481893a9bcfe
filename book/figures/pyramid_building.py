"""Draw how long every engine takes to build a pyramid, from the benchmark's raw results.

The results are those of ``tests/benchmarks/pyramid_building.py``, which says how they were made.
Of several ways in which a library can do it, the fastest is drawn.
"""

import json
import math
import statistics
from pathlib import Path

from drawing import Drawing, Palette, save

from bigimg_lessons.text import format_bytes

RESULTS = (
    Path(__file__).resolve().parents[2]
    / "tests"
    / "benchmarks"
    / "results"
    / "pyramid_building.json"
)
CASES = {"128 cubed": "Chunks of 128 × 128 × 128", "64 cubed": "Chunks of 64 × 64 × 64"}
# Name in the diagram, and how the names of the engines begin that stand behind it.
ENGINES = {
    "floor, to compare with": ("bare loop",),
    "build_pyramid": ("build_pyramid",),
    "ngff-zarr": ("ngff-zarr",),
    "bioio-ome-zarr": ("OMEZarrWriter",),
    "ome-zarr-py": ("ome-zarr-py",),
    "dask coarsen": ("dask coarsen",),
}
OWN = ("build_pyramid", "floor", "bare loop")
WIDTH, LEFT, LONGEST = 560, 32, 400
ROW, HEADING, TOP, BOTTOM = 52, 54, 66, 14


def draw(palette: Palette) -> Drawing:
    """Return the diagram in the colours of `palette`."""
    record = json.loads(RESULTS.read_text(encoding="utf-8"))
    cases = {name: _seconds(record["runs"], name) for name in CASES}
    longest = max(max(seconds.values()) for seconds in cases.values())
    size = format_bytes(math.prod(record["runs"][0]["shape"]))
    ratios = [
        min(s for name, s in seconds.items() if not name.startswith(OWN)) / seconds["build_pyramid"]
        for seconds in cases.values()
    ]
    height = TOP + BOTTOM + sum(HEADING + ROW * len(seconds) for seconds in cases.values())
    drawing = Drawing(
        WIDTH,
        height,
        title="Seconds to build a resolution pyramid",
        description=(
            f"Bars of the seconds that each engine takes to make a pyramid of five levels from a "
            f"stack of {size} with one codec. At chunks of 128 cubed the fastest other "
            f"engine takes {ratios[0]:.1f} times as long as build_pyramid, at 64 cubed "
            f"{ratios[1]:.1f} times."
        ),
        palette=palette,
    )
    drawing.text(LEFT, 44, f"Seconds for a stack of {size}", bold=True, size=21)
    y = TOP
    for case, seconds in cases.items():
        drawing.text(LEFT, y + 34, CASES[case], fill=palette.muted)
        y += HEADING
        for name, value in seconds.items():
            own = name.startswith(OWN)
            drawing.text(LEFT, y + 18, name, size=19, bold=name == "build_pyramid")
            width = max(2.0, LONGEST * value / longest)
            fill = palette.tile if not own else palette.lit_soft
            drawing.tile(
                LEFT, y + 25, width, 16, fill=palette.lit if name == "build_pyramid" else fill
            )
            drawing.text(LEFT + width + 10, y + 39, f"{value:.1f} s", size=19)
            y += ROW
    return drawing


def _seconds(runs: list[dict[str, object]], case: str) -> dict[str, float]:
    """Return the median seconds of each library's fastest way, of uint8 noise from a TIFF."""
    wanted = {"case": case, "kind": "noise", "dtype": "uint8", "source": "tiff"}
    walls: dict[str, list[float]] = {}
    for run in runs:
        if "failed" not in run and all(run[key] == value for key, value in wanted.items()):
            walls.setdefault(str(run["engine"]), []).append(float(str(run["wall"])))
    medians = {engine: statistics.median(values) for engine, values in walls.items()}
    fastest = {}
    for name, beginnings in ENGINES.items():
        ways = [seconds for engine, seconds in medians.items() if engine.startswith(beginnings)]
        if name == "build_pyramid":
            ways = [medians[name]]
        if ways:
            fastest[name] = min(ways)
    return fastest


if __name__ == "__main__":
    save("pyramid_building", draw)
