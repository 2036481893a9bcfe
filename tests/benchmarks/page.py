"""What the page *Benchmarks* says of the raw results: tables and sentences, as Markdown.

The page's cells show these functions' texts; no number of a measurement is typed. A result that is
not there is named, and the rest of the page stands.
"""

from collections.abc import Iterator

from tests.benchmarks.bdv_tables import bdv_aims, reading_table, writing_table
from tests.benchmarks.cluster_tables import cluster_aims, cluster_table
from tests.benchmarks.format_tables import format_aims, n5_table, tiff_table
from tests.benchmarks.plan_tables import plan_sentence, plan_table
from tests.benchmarks.pyramid_tables import (
    all_numbers,
    own_table,
    peers_table,
    pyramid_aims,
    scale_table,
    stages_table,
)
from tests.benchmarks.records import Record
from tests.benchmarks.shown import SHOWN, Aim, Results, missing, table
from tests.benchmarks.wait_tables import cold_table, lesson_table, opening_table, wait_aims

__all__ = [
    "SHOWN",
    "Results",
    "aims_table",
    "all_numbers",
    "cluster_table",
    "cold_table",
    "lesson_table",
    "n5_table",
    "opening_table",
    "own_table",
    "peers_table",
    "plan_sentence",
    "plan_table",
    "reading_table",
    "scale_table",
    "stages_table",
    "state",
    "tiff_table",
    "writing_table",
]


def state(results: Results) -> str:
    """Say on which machine, when and with which versions all was measured, and what is missing."""
    text = []
    if results.missing:
        names = ", ".join(f"`{name}.json`" for name in results.missing)
        text.append(f"**Not measured yet**, or of an older form, and so not shown: {names}.")
    if results.trials:
        names = ", ".join(f"`{name}.json`" for name in results.trials)
        text.append(
            f"**Of a trial** of the command, with tiny images, and so not to be cited: {names}."
        )
    records = [record for name in SHOWN if (record := results.get(name))]
    machines: dict[str, list[Record]] = {}
    for record in records:
        machines.setdefault(machine_of(record), []).append(record)
    for machine, measured in machines.items():
        dates = sorted({record["date"][:10] for record in measured})
        commits = sorted({_short(record["commit"]) for record in measured})
        versions = {k: v for record in measured for k, v in record["versions"].items()}
        listed = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
        text.append(
            f"Measured on {' and '.join(dates)} on {machine}; the code is that of commit "
            f"{', '.join(commits)}. Versions: {listed}."
        )
    return "\n\n".join(text)


def _short(commit: str) -> str:
    """Shorten the number of a commit, and keep what is said besides."""
    number, _, remark = commit.partition(" ")
    return f"{number[:10]} {remark}".strip()


def machine_of(record: Record) -> str:
    """Describe a computer."""
    machine = record["machine"]
    return (
        f"{machine['cores']} cores of {machine['cpu']} with {machine['memory_gib']:g} GiB of "
        f"memory, {machine['system']}, Python {record['python']}"
    )


def aims(results: Results) -> Iterator[Aim]:
    """List what is aimed at, with all cases that tell whether it is reached."""
    yield from pyramid_aims(results)
    yield from cluster_aims(results)
    yield from bdv_aims(results)
    yield from format_aims(results)
    yield from wait_aims(results)


def aims_table(results: Results) -> str:
    """Show which aims are reached, in how many cases, and the case that is furthest from them."""
    rows = [row for aim in aims(results) for row in aim.rows]
    return table(["aim", "reached", "furthest from it"], rows) if rows else missing(*SHOWN)
