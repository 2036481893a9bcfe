"""Which reader told what of which format: the reader matrix, as lessons show it.

``tests/readers`` asks each reader in an environment of its own, and writes what comes out into the
file beside this module. Nothing in it is typed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

RECORD = "reader_answers.json"
"""Name of the record, a file beside this module."""


@dataclass(frozen=True)
class ReaderAnswer:
    """What one reader told of one file.

    Parameters
    ----------
    stored_as
        The file's format, as a person says it.
    reader
        Name of the reader.
    version
        Its version.
    verdicts
        By fact, such as ``"levels"``, whether that is ``"right"``, ``"wrong"`` or ``"not told"``;
        empty if the file did not open.
    """

    stored_as: str
    reader: str
    version: str
    verdicts: Mapping[str, str]

    @property
    def faults(self) -> str:
        """What is not right of voxels, levels and voxel size, in words; empty if all is."""
        if self.verdicts.get("voxels") != "right":
            return "wrong voxels" if self.verdicts else "does not open"
        if self.verdicts["levels"] == "not told":
            return "single arrays"
        size = {"wrong": "wrong voxel size", "not told": "no voxel size"}
        found = ("wrong levels",) if self.verdicts["levels"] == "wrong" else ()
        return ", ".join((*found, *filter(None, [size.get(self.verdicts["voxel size"])])))


def reader_answers() -> tuple[ReaderAnswer, ...]:
    """Return all answers, format by format."""
    record = json.loads(files("bigimg_lessons.measure").joinpath(RECORD).read_text("utf-8"))
    return tuple(
        ReaderAnswer(each["stored_as"], each["reader"], each["version"], each["verdicts"])
        for each in record["answers"]
    )


def readers_by_format(answers: Sequence[ReaderAnswer]) -> list[dict[str, str | None]]:
    """Sort the readers of each format into those that are right and those that are not.

    Parameters
    ----------
    answers
        From :func:`reader_answers`.

    Returns
    -------
    list of dict
        One for each format, as rows of a :class:`bigimg_lessons.tables.Table`: *format*; *right*,
        the readers for which voxels, levels and voxel size are; *not*, the others, each kind of
        fault with its readers. None where there are none.

    Examples
    --------
    >>> right = {"voxels": "right", "levels": "right", "voxel size": "right"}
    >>> answers = [
    ...     ReaderAnswer("N5", "one", "1.0", right),
    ...     ReaderAnswer("N5", "two", "2.0", right | {"voxel size": "not told"}),
    ...     ReaderAnswer("N5", "three", "3.0", {}),
    ...     ReaderAnswer("N5", "four", "4.0", {}),
    ... ]
    >>> readers_by_format(answers)
    [{'format': 'N5', 'right': 'one', 'not': 'four, three: does not open; two: no voxel size'}]
    """
    formats: dict[str, dict[str, list[str]]] = {}
    for answer in answers:
        kinds = formats.setdefault(answer.stored_as, {})
        kinds.setdefault(answer.faults, []).append(answer.reader)
    rows: list[dict[str, str | None]] = []
    for stored_as, kinds in formats.items():
        named = {fault: ", ".join(sorted(readers)) for fault, readers in sorted(kinds.items())}
        right = named.pop("", None)
        others = "; ".join(f"{readers}: {fault}" for fault, readers in named.items())
        rows.append({"format": stored_as, "right": right, "not": others or None})
    return rows
