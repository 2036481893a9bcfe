"""How long people wait, for a cold start or a lesson, as the page *Benchmarks* shows it."""

import statistics
from collections.abc import Iterator

from tests.benchmarks.shown import TIMES, Aim, Case, Results, missing, table
from tests.benchmarks.summaries import Ratio, Run, grouped, median, ratio

H5PY = "raw h5py"
SETUP, SLOW = "setup", "slow"  # cells of lessons
PROGRAMS = {
    "python": "Python alone",
    "numpy": "`import numpy`",
    "build_pyramid": "`from bigimg_lessons import build_pyramid`",
    "first .ome.zarr": "the same, and a first small OME-Zarr",
    "first .xml": "the same, and a first small BDV-HDF5",
    "bdv Reader": "`from bigimg_lessons.formats.bdv import Reader`",
    "bdv reader": "`from bigimg_lessons.formats.bdv.reader import Reader`",
    "sample": "8 MiB of the sample volume painted",
}


def programs(results: Results) -> dict[str, dict[str, list[Run]]]:
    """Sort the runs of programs in fresh processes by program, then by checkout."""
    runs = [run for run in results.runs("cold_start") if "program" in run]
    return {program: each for (program,), each in grouped(runs, ["program"], "checkout").items()}


def cold_table(results: Results) -> str:
    """Show seconds of fresh processes, and how many times those of the earlier commit."""
    rows = []
    for program, checkouts in programs(results).items():
        before, now = checkouts["before"], checkouts["now"]
        seconds = [f"{median(made, 'wall'):.2f}" for made in (before, now)]
        rows.append([PROGRAMS[program], *seconds, *(str(ratio(now, before, k)) for k in TIMES)])
    if not rows:
        return missing("cold_start")
    return table(["program", "before (s)", "now (s)", "times before", "its CPU"], rows)


def opening_table(results: Results) -> str:
    """Show milliseconds of the CPU to open an image and read a plane of it, beside raw h5py."""
    ways = opening(results)
    if not ways:
        return missing("cold_start")
    rows = [
        [way, f"{1000 * median(made, 'cpu'):.1f}", str(ratio(made, ways[H5PY], "cpu"))]
        for way, made in ways.items()
    ]
    return table(["way", "CPU milliseconds", "times raw h5py"], rows)


def opening(results: Results) -> dict[str, list[Run]]:
    """Sort the ways to open an image, as the package is now."""
    runs = [run for run in results.runs("cold_start") if "way" in run and run["checkout"] == "now"]
    return grouped(runs, [], "way").get((), {})


def wait_aims(results: Results) -> Iterator[Aim]:
    """List how long people may have to wait."""
    found = programs(results)
    name = "build_pyramid"
    yield Aim(
        text="`from bigimg_lessons import build_pyramid` takes at most 0.5 {}",
        cases=[in_seconds(PROGRAMS[name], found[name]["now"])] if name in found else [],
        limit=0.5,
    )
    yield Aim(
        text="importing the reader of BDV-HDF5 takes at most 0.5 times the {} of before",
        cases=[
            Case(
                name=PROGRAMS[name],
                ratios={
                    key: ratio(found[name]["now"], found[name]["before"], key) for key in TIMES
                },
            )
            for name in ("bdv Reader", "bdv reader")
            if name in found
        ],
        limit=0.5,
    )
    ways = opening(results)
    yield Aim(
        text="BDV-HDF5 opened by a plain BioImage takes at most 1.5 times the {} of h5py",
        cases=[Case(name="a plane", ratios={"cpu": ratio(ways["BioImage"], ways[H5PY], "cpu")})]
        if ways
        else [],
        limit=1.5,
    )
    yield from lesson_aims(results)


def in_seconds(name: str, runs: list[Run]) -> Case:
    """Return a case of which seconds are judged, and no ratio."""
    walls = [run["wall"] for run in runs]
    return Case(name=name, ratios={"wall": Ratio(statistics.median(walls), min(walls), max(walls))})


# Lessons


def first_runs(results: Results, checkout: str) -> dict[tuple[str, ...], list[Run]]:
    """Sort the first runs of lessons by lesson and cell; the cells that set up are one."""
    sums: dict[tuple[str, str, int], Run] = {}
    for run in results.runs("lesson_waits"):
        if (run["checkout"], run["run"]) == (checkout, "first"):
            cell = SETUP if run["cell"] in ("sample", SETUP) else run["cell"]
            key = (run["lesson"], cell, run["turn"])
            kept = sums.setdefault(key, {"turn": run["turn"], **dict.fromkeys(TIMES, 0.0)})
            for time in TIMES:
                kept[time] += run[time]
    cells: dict[tuple[str, ...], list[Run]] = {}
    for (lesson, cell, _), kept in sums.items():
        cells.setdefault((lesson, cell), []).append(kept)
    return cells


def lesson_table(results: Results) -> str:
    """Show what a reader waits for in each lesson on a first run."""
    cells = first_runs(results, "now")
    rows = []
    for lesson in dict.fromkeys(lesson for lesson, _ in cells):
        walls = {c: median(made, "wall") for (one, c), made in cells.items() if one == lesson}
        setup = walls.pop(SETUP)
        longest = max(walls, key=lambda cell: walls[cell])
        others = [f"{walls[longest]:.1f}, `{longest}`", f"{sum(walls.values()):.1f}"]
        rows.append([lesson_name(lesson), f"{setup:.1f}", *others])
    if not rows:
        return missing("lesson_waits")
    return table(["lesson", "set-up (s)", "longest other cell (s)", "all others (s)"], rows)


def lesson_name(stem: str) -> str:
    """Name a lesson by its file, without its number's zero: "1 open without loading"."""
    number, _, name = stem.partition("_")
    return f"{number.removeprefix('0')} {name.replace('_', ' ')}"


def lesson_aims(results: Results) -> Iterator[Aim]:
    """List what a class may have to wait for."""
    now, before = (first_runs(results, checkout) for checkout in ("now", "before"))
    yield Aim(
        text="the set-up of lesson 1 takes on a first run at most half of the {} of before",
        cases=[
            Case(
                name=lesson_name(key[0]), ratios={k: ratio(now[key], before[key], k) for k in TIMES}
            )
            for key in now
            if key in before and key[1] == SETUP and key[0].startswith("01_")
        ],
        limit=0.5,
    )
    yield Aim(
        text="the slow store of lesson 2 takes at most 6 {}",
        cases=[
            in_seconds(lesson_name(key[0]), made) for key, made in now.items() if key[1] == SLOW
        ],
        limit=6.0,
    )
    yield Aim(
        text="no other cell takes more than 3 {}",
        cases=[
            in_seconds(f"{lesson_name(key[0])}, `{key[1]}`", made)
            for key, made in now.items()
            if key[1] not in (SETUP, SLOW)
        ],
        limit=3.0,
    )
