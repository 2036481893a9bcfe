"""What ``bigimg inspect`` prints: a report on one screen, or a document of JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bigimg_lessons.command_line.screen import lengths, seconds, table, times
from bigimg_lessons.costs.remarks import MODEL_ERROR
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.inspection.costs_of import COMPARED, Costs
from bigimg_lessons.inspection.quoting import download_note, name_here, quoting_note
from bigimg_lessons.inspection.report import SPATIAL, Level, Report
from bigimg_lessons.inspection.verdicts import Verdict
from bigimg_lessons.text import format_bytes
from bigimg_lessons.units import duration, length

DOCUMENT_VERSION = 1
"""Version of the JSON document; it grows when a key changes its meaning or goes."""

_STYLES = {"wrong": "bold red", "slow": "bold yellow", "mind": "bold cyan"}


def as_document(report: Report, costs: Costs, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return all that was found as JSON has it.

    Parameters
    ----------
    report, costs, verdicts
        What was found.
    """
    return {
        "document": DOCUMENT_VERSION,
        "report": report.as_json(),
        "costs": [asdict(view) for view in costs.views],
        "costs_unknown": costs.reason,
        "verdicts": [{**asdict(verdict), "link": verdict.link} for verdict in verdicts],
    }


def show(screen: Console, report: Report, costs: Costs, verdicts: Sequence[Verdict]) -> None:
    """Print all that was found.

    Parameters
    ----------
    screen
        Where.
    report, costs, verdicts
        What was found.
    """
    screen.print(Text(report.source, style="bold"))
    for line in _lines(report):
        screen.print(_indented(line))
    screen.print()
    screen.print(_level_table(report))
    if costs.views:
        screen.print()
        screen.print(_cost_table(costs))
        screen.print(Text(MODEL_ERROR, style="dim"))
    else:
        screen.print(Text(costs.reason))
    screen.print()
    if not verdicts:
        screen.print(Text("Nothing to mend was found.", style="bold green"))
    for verdict in verdicts:
        _show_verdict(screen, verdict)
    if any(verdict.command for verdict in verdicts):
        quoting = quoting_note(name_here(report.source), platform=sys.platform)
        for note in filter(None, (download_note(report.source), quoting)):
            screen.print(Text(note))


def _indented(line: str) -> Padding:
    return Padding(Text(line), (0, 0, 0, 2), expand=False)


def _lines(report: Report) -> Iterator[str]:
    level = report.levels[0]
    version = f" {report.version}" if report.version else ""
    axes = " ".join(report.axes)
    yield f"{report.kind}{version}: {_shape(report, level)} ({axes}), {level.dtype}"
    if report.image:
        yield f"Of several images this is {report.image}."
    yield _files(report)
    if report.channel_names:
        shown = ", ".join(name or "no name" for name in report.channel_names[:8])
        yield f"Channels: {shown}{', …' if report.channel_names[8:] else ''}"
    if (step := _time_step(report)) is not None:
        yield step
    if report.sampled is False:
        yield "A sample of level 1 has only values that level 0 has there, as labels should."
    yield from report.notes


def _files(report: Report) -> str:
    files = report.files
    if files.number is None or files.nbytes is None:
        if files.expected is None:
            return "Files cannot be counted here."
        return (
            f"Files cannot be counted here; with all chunks there are {files.expected:,} of them."
        )
    if files.at_least:
        said = f"At least {files.number:,} files, {format_bytes(files.nbytes)}"
        if files.expected is not None:
            said += f"; with all chunks {files.expected:,}"
        return f"{said}."
    word = "file" if files.number == 1 else "files"
    return f"{files.number:,} {word}, {format_bytes(files.nbytes)}."


def _level_table(report: Report) -> Any:
    """Return a row for each level; lengths stand along z, y and x alone."""
    space = [axis for name in SPATIAL if (axis := report.axis(name)) is not None]
    units = {_symbol(unit) for axis in space if (unit := report.units[axis])}
    unit = f" ({units.pop()})" if len(units) == 1 else ""
    headers = ["level", "shape", f"voxel size{unit}", f"begins at{unit}", "cut into", "codec"]
    rows = []
    for number, level in enumerate(report.levels):
        # Of units that differ each stands with its number.
        size = _with_units(level.voxel_size, report, space) if units else None
        rows.append(
            [
                str(number),
                _shape(report, level),
                size or lengths(_along(level.voxel_size, space)),
                lengths(_along(level.offset, space)),
                _cut(level),
                _codec(level),
            ]
        )
    return table(headers, rows)


def _shape(report: Report, level: Level) -> str:
    return f"at least {times(level.shape)}" if report.is_partial else times(level.shape)


def _along(values: tuple[float | None, ...] | None, axes: list[int]) -> list[float | None] | None:
    return None if values is None else [values[axis] for axis in axes]


def _symbol(unit: str) -> str:
    found = length(unit) or duration(unit)
    return unit if found is None else found.symbol


def _with_units(
    values: tuple[float | None, ...] | None, report: Report, axes: list[int]
) -> str | None:
    if values is None:
        return None
    return " × ".join(
        "—" if (n := values[axis]) is None else f"{n:.6g} {_symbol(report.units[axis] or '')}"
        for axis in axes
    )


def _time_step(report: Report) -> str | None:
    size, axis = report.levels[0].voxel_size, report.axis("T")
    if size is None or axis is None or (step := size[axis]) is None:
        return None
    unit = report.units[axis]
    if unit is None or report.levels[0].shape[axis] == 1:
        return None
    return f"From one time point to the next: {step:.6g} {_symbol(unit)}."


def _cut(level: Level) -> str:
    if level.layout == "contiguous":
        return "nothing: one run of voxels"
    if level.chunk_shape is None:
        return "not known"
    if level.shard_shape is not None:
        return f"chunks {times(level.chunk_shape)} in shards {times(level.shard_shape)}"
    return f"{level.layout} {times(level.chunk_shape)}"


def _codec(level: Level) -> str:
    if level.codec is None:
        return "not known"
    ratio = f", {level.ratio:.3g} : 1" if level.ratio is not None and level.codec else ""
    return (" + ".join(level.codec) or "none") + ratio


def _cost_table(costs: Costs) -> Any:
    headers = ["to read", "level", "requests", "bytes", "× wanted"]
    headers += [STORAGES[name].name for name in COMPARED]
    rows = [
        [
            view.view,
            str(view.level),
            f"{view.requests:,}",
            format_bytes(view.read),
            f"{view.read / view.wanted:.3g}",
            *(seconds(view.seconds[name]) for name in COMPARED),
        ]
        for view in costs.views
    ]
    return table(headers, rows, right=2)


def _show_verdict(screen: Console, verdict: Verdict) -> None:
    head = Text()
    head.append(verdict.weight, style=_STYLES.get(verdict.weight, "bold"))
    head.append(f"  {verdict.text}")
    screen.print(head)
    screen.print(_indented(f"→ {verdict.remedy}"))
    if verdict.command:
        # Not wrapped, so that it can be copied.
        screen.print(Text(f"    {verdict.command}", style="bold"), soft_wrap=True)
    lesson = int(verdict.page.partition("_")[0])
    screen.print(_indented(f"Read on: lesson {lesson}, “{verdict.section}”"))
    screen.print()
