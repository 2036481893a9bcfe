"""How far the planner's times are from measured ones, as the pages show it."""

from collections.abc import Iterable

from tests.benchmarks.shown import Results, missing, table
from tests.benchmarks.summaries import Ratio, Run, ended, grouped

NAME = "plan_model"
SOURCES = {
    None: "TIFF in memory",
    "near": "Zarr, 5 ms and 200 MB/s",
    "far": "Zarr, 20 ms and 50 MB/s",
}


def share(runs: Iterable[Run], key: str) -> Ratio:
    """Return one of the planner's times, divided by what was measured: median, least and most."""
    shares = sorted(run[key] / run["wall"] for run in runs)
    middle = (shares[(len(shares) - 1) // 2] + shares[len(shares) // 2]) / 2
    return Ratio(middle, shares[0], shares[-1])


def plan_table(results: Results) -> str:
    """Show both of the planner's times beside those that were measured."""
    rows = []
    for (link, threads), sizes in grouped(results.runs(NAME), ["link", "threads"], "turn").items():
        runs = [run for made in sizes.values() for run in made]
        least, most = (str(share(runs, key)) for key in ("at_least", "at_most"))
        noun = "thread" if threads == 1 else "threads"
        rows.append([f"{SOURCES[link]}, {threads} {noun}", str(len(runs)), least, most])
    if not rows:
        return missing(NAME)
    head = ["original", "runs", "shortest time, times measured", "longest time, times measured"]
    return table(head, rows)


def off_by(run: Run) -> float:
    """Return by which factor a measured time lies outside of the planner's two; 1 if between."""
    return float(max(run["at_least"] / run["wall"], run["wall"] / run["at_most"], 1.0))


def plan_sentence(results: Results) -> str:
    """Say in how many runs the measured time lay between the planner's two, and how far outside."""
    record = results.get(NAME)
    if record is None:
        return missing(NAME)
    runs = ended(record["runs"])
    factors = [off_by(run) for run in runs]
    sizes = sorted({run["mib"] for run in runs})
    between = sum(factor == 1 for factor in factors)
    machine = record["machine"]
    return (
        f"The planner was within a factor of {max(factors):.1f}: of {len(runs)} conversions of "
        f"{sizes[0]} to {sizes[-1]} MiB, {between} took a time between its two, and the others up "
        f"to {max(factors):.1f} times more, or less ({machine['cores']} cores of {machine['cpu']}, "
        f"Python {record['python']}, {record['date'][:10]})."
    )
