"""The table of inspectors, made of the record."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.inspectors.rules import RULES, judged
from tests.inspectors.samples import SAMPLES

RECORD = Path(__file__).with_name("record.json")
TABLE = Path(__file__).parents[2] / "book" / "tables" / "inspectors.md"


def verdicts(run: Mapping[str, Any]) -> dict[str, bool | None]:
    """Judge a run; one that ended with an error told nothing."""
    if run["code"] != 0:
        return dict.fromkeys(RULES, False)
    return judged(run["said"], SAMPLES[run["file"]])


def cell(answers: Sequence[bool | None]) -> str:
    """Say of how many files something was told."""
    known = [answer for answer in answers if answer is not None]
    if not known:
        return "–"
    if all(known):
        return "yes"
    return f"{sum(known)} of {len(known)}" if any(known) else "no"


def table(record: Mapping[str, Any]) -> str:
    """Return the table in Markdown, with versions, machine and date.

    Parameters
    ----------
    record
        What ``tests/inspectors/__main__.py`` wrote.
    """
    titles = list(dict.fromkeys(run["title"] for run in record["runs"]))
    lines = [
        f"| Program | Files | {' | '.join(RULES)} | Processor (s) |",
        f"| --- | --- | {' | '.join('---' for _ in RULES)} | --: |",
    ]
    for title in titles:
        runs = [run for run in record["runs"] if run["title"] == title]
        told = [verdicts(run) for run in runs]
        files = ", ".join(
            SAMPLES[run["file"]].title + " (error)" * bool(run["code"]) for run in runs
        )
        facts = " | ".join(cell([each[fact] for each in told]) for fact in RULES)
        seconds = statistics.median(run["seconds"] for run in runs)
        version = runs[0]["version"]
        shown = f"{seconds:.2f}" if seconds >= 0.01 else "< 0.01"
        lines.append(f"| {title} {version} | {files} | {facts} | {shown} |")
    day, machine = record["date"], record["machine"]
    lines += ["", f"Run on {day} on a computer of {machine}, by `{record['command']}`."]
    return "\n".join(lines) + "\n"
