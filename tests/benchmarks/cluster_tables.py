"""Pyramids that workers build, as the page *Benchmarks* shows them."""

from collections.abc import Iterator

from tests.benchmarks.shown import Aim, Case, Results, missing, table
from tests.benchmarks.summaries import Run, grouped, median, ratio

LOCAL, ONE, TWO, DASK = "local", "one worker", "two workers", "dask, two workers"
NAMES = {
    LOCAL: "`build_pyramid` in one process",
    ONE: "on one worker",
    TWO: "on two workers",
    DASK: "`dask.array`, level by level, on two workers",
}


def sizes(results: Results) -> dict[float, dict[str, list[Run]]]:
    """Return the runs of each engine, by the size of the image in GiB."""
    groups = grouped(results.runs("cluster_building"), ["gib"], "engine")
    return {gib: engines for (gib,), engines in sorted(groups.items())}


def cluster_table(results: Results) -> str:
    """Show time, memory and exactness of each engine."""
    rows = []
    for gib, engines in sizes(results).items():
        for engine, made in engines.items():
            rows.append(
                [
                    f"{gib:g} GiB, {NAMES[engine]}",
                    f"{median(made, 'wall'):.1f}",
                    f"{median(made, 'cpu'):.1f}",
                    f"{median(made, 'peak'):.0f}",
                    f"{max(run['error'] for run in made)}",
                ]
            )
    if not rows:
        return missing("cluster_building")
    return table(["image", "seconds", "CPU seconds", "peak (MiB)", "off by"], rows)


def cluster_aims(results: Results) -> Iterator[Aim]:
    """List what is aimed at for clusters."""
    for text, slower, faster, quantity, limit, at_least in (
        ("one worker takes at most 1.2 times the {} of one process", ONE, LOCAL, "cpu", 1.2, False),
        ("one worker takes at least 1.6 times the {} of two", ONE, TWO, "wall", 1.6, True),
        ("dask.array takes at least 3 times the {} on two workers", DASK, TWO, "wall", 3.0, True),
    ):
        cases = [
            Case(
                name=f"{gib:g} GiB",
                ratios={quantity: ratio(engines[slower], engines[faster], quantity)},
            )
            for gib, engines in sizes(results).items()
            if {slower, faster} <= engines.keys()
        ]
        yield Aim(text=text, cases=cases, limit=limit, at_least=at_least)
