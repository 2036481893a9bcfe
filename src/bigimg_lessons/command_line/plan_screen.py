"""What ``bigimg plan`` prints: what a project takes, and what that was worked out from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bigimg_lessons.command_line.planning import Planned
from bigimg_lessons.command_line.screen import table, times
from bigimg_lessons.command_line.stored import CAUTION
from bigimg_lessons.costs.plan import Plan, Project, Stages
from bigimg_lessons.costs.projects import RATES
from bigimg_lessons.text import format_bytes, format_seconds

DOCUMENT_VERSION = 1
"""Version of the JSON document; it grows when a key changes its meaning or goes."""

_BINDING = {
    "read": "Reading binds",
    "compute": "Computing binds",
    "write": "Writing binds",
    "disk": "The disk or line that both share binds",
}


def as_document(found: Planned) -> dict[str, Any]:
    """Return a plan as JSON has it: seconds, bytes and counts.

    Parameters
    ----------
    found
        The plan.
    """
    return {
        "document": DOCUMENT_VERSION,
        "project": asdict(found.project),
        "parts": [asdict(part) for part in found.parts],
        "plan": {
            **asdict(found.plan),
            "convert": stages_document(found.plan.convert),
            "verify": stages_document(found.plan.verify),
            "until_deleted": found.plan.until_deleted,
            "bill": {
                **asdict(found.plan.bill),
                "once": found.plan.bill.once,
                "monthly": found.plan.bill.monthly,
            },
        },
        "caution": [CAUTION, RATES],
    }


def stages_document(stages: Stages) -> dict[str, Any]:
    """Return the parts of some work, in seconds, with the two times that they give together."""
    return {
        **asdict(stages),
        "at_least": stages.at_least,
        "at_most": stages.at_most,
        "binding": stages.binding,
    }


def show(screen: Console, found: Planned) -> None:
    """Print a plan.

    Parameters
    ----------
    screen
        Where.
    found
        The plan.
    """
    result, project = found.plan, found.project
    head = (
        f"{between(result.convert)} to convert. {_BINDING[result.convert.binding]}. Then "
        f"{between(result.verify)} to verify."
    )
    screen.print(Text(head, style="bold"))
    screen.print()
    screen.print(table(["part of the work", "requests", "bytes", "alone"], _times(result), right=1))
    screen.print()
    for sentence in _facts(project, result):
        screen.print(Padding(Text(sentence), (0, 0, 0, 2), expand=False))
    screen.print()
    if bill := _bill(project, result):
        screen.print(table(["money", "how much"], bill, right=1))
        screen.print(Text(_prices(project), style="dim"))
    else:
        screen.print(Text("Nothing is charged for bytes and requests here."))
    screen.print()
    rows = [[part.name, part.value, part.origin] for part in found.parts]
    screen.print(table(["planned with", "value", "from"], rows))
    screen.print()
    for sentence in (CAUTION, RATES):
        screen.print(Text(sentence, style="dim"))


def between(stages: Stages) -> str:
    """Write the two times of some work, once if they are written alike."""
    low, high = format_seconds(stages.at_least), format_seconds(stages.at_most)
    return low if low == high else f"{low} to {high}"


def _amount(nbytes: int) -> str:
    return format_bytes(nbytes, decimal=True)


def _times(found: Plan) -> list[list[str]]:
    read, write = found.convert.read, found.convert.write
    return [
        ["read the original", f"{found.gets:,}", _amount(found.read), format_seconds(read)],
        ["decode, average, encode", "–", "–", format_seconds(found.convert.compute)],
        ["write the result", f"{found.objects:,}", _amount(found.stored), format_seconds(write)],
        [
            "verify: read both, compare",
            f"{found.verify_gets:,}",
            _amount(found.verify_read),
            format_seconds(found.verify.at_most),
        ],
    ]


def _facts(project: Project, found: Plan) -> Iterator[str]:
    work, kind = found.rechunking, project.conversion.source_kind.removesuffix("s")
    blocks = f"A worker takes blocks of {times(work.block_shape[2:])} voxels"
    if work.reads == 1:
        yield f"{blocks}: each {kind} of the original is read once."
    else:
        yield (
            f"{blocks}: each {kind} of the original is read {work.reads:,.3g} times on average. "
            f"With {-(-work.needed // 2**20):,} MiB of memory it would be read once."
        )
    threads, held = project.workforce.threads, format_bytes(work.held)
    if work.threads == threads:
        yield f"Each worker holds up to {held}, in {threads:,} thread{'s' * (threads > 1)}."
    else:
        yield (
            f"Each worker holds up to {held}: the memory has room for {work.threads:,} of "
            f"{threads:,} threads. The others can only help to encode."
        )
    yield (
        f"The result has {found.levels} level{'s' * (found.levels > 1)} in {found.objects:,} files "
        f"or objects, {_amount(found.stored)}. So much must be free beside the original."
    )
    yield (
        f"The original ({_amount(found.source_bytes)}) may be deleted when every voxel was "
        "compared and a second copy of the result exists on other storage: not before "
        f"{format_seconds(found.until_deleted)}, if all goes well."
    )


def _money(value: float, currency: str) -> str:
    if 0 < value < 0.01:
        return f"less than 0.01 {currency}"
    return f"{value:,.{0 if value == 0 or value >= 1000 else 2}f} {currency}"


def _bill(project: Project, found: Plan) -> list[list[str]]:
    bill, currency = found.bill, project.prices.currency
    rows = {
        "once: requests that write": bill.puts,
        "once: requests that read": bill.gets,
        "once: bytes that leave the network": bill.egress,
        "once, together": bill.once,
        "a month: the result is kept": bill.storing,
        "a month: people read it": bill.reading,
        "a month, together": bill.monthly,
        "a month, until it is deleted: the original": bill.original,
    }
    if not any(rows.values()):
        return []
    return [[what, _money(value, currency)] for what, value in rows.items()]


def _prices(project: Project) -> str:
    prices = project.prices
    when = f", read on {prices.date}" if prices.date else ""
    return (
        f"Prices: {prices.name}. {prices.source}{when}. They change: look up those of your "
        "provider, of today."
    )
