"""Voxel sizes that a file states and that cannot be: they become unknown, and a note says so."""

from __future__ import annotations

import math
from dataclasses import replace

from bigimg_lessons.inspection.report import Level, Report


def with_possible_sizes(report: Report) -> Report:
    """Take sizes that are no finite numbers above 0, and positions that are none, for unknown.

    Parameters
    ----------
    report
        With all that its file states, and what was worked out from that.
    """
    levels = tuple(map(_possible, report.levels))
    if levels == report.levels:
        return report
    notes = list(report.notes)
    for number, (before, after) in enumerate(zip(report.levels, levels, strict=True)):
        old, new = before.voxel_size or (), after.voxel_size or (None,) * len(report.axes)
        told = zip(report.axes, old, new, strict=False)
        if lost := [axis for axis, stated, left in told if stated != left]:
            notes.append(
                f"Level {number} states a voxel size along {', '.join(lost)} that is no number "
                "above 0, so it is not known."
            )
            break
    return replace(report, levels=levels, notes=tuple(notes))


def _possible(level: Level) -> Level:
    size, offset = level.voxel_size, level.offset
    if size is not None and not all(each is None or _is_size(each) for each in size):
        kept = tuple(each if each is not None and _is_size(each) else None for each in size)
        size = kept if any(kept) else None
    if offset is not None and not all(each is None or math.isfinite(each) for each in offset):
        offset = None
    same = size is level.voxel_size and offset is level.offset
    return level if same else replace(level, voxel_size=size, offset=offset)


def _is_size(number: float) -> bool:
    return math.isfinite(number) and number > 0
