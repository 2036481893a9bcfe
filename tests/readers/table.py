"""The reader matrix as tables in Markdown, one for each format, and as the lessons have it."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.readers.matrix import FACTS
from tests.readers.samples import SAMPLES

HEADINGS = ("reader", *FACTS)
WORDS = {"right": "yes", "wrong": "**wrong**", "not told": "no", None: ""}
"""What a cell says; where the file has nothing to tell, nothing."""


def tables(record: Mapping[str, Any]) -> str:
    """Return the tables of all formats, each below its name.

    Parameters
    ----------
    record
        What ``tests/readers/matrix.json`` holds.
    """
    lines = [f"<!-- Written by {record['command']} from tests/readers/matrix.json. -->", ""]
    lines += [f"Asked on {record['date']}:", ""]
    for name, sample in SAMPLES.items():
        answers = [answer for answer in record["answers"] if answer["format"] == name]
        lines += [f"**{sample.title}**", "", f"| {' | '.join(HEADINGS)} |"]
        lines += ["|" + " --- |" * len(HEADINGS)]
        lines += [f"| {' | '.join(_row(answer))} |" for answer in answers]
        lines += ["", *_failures(answers)]
    return "\n".join(lines).rstrip() + "\n"


def answers_for_lessons(record: Mapping[str, Any]) -> str:
    """Return what :mod:`bigimg_lessons.measure.reader_answers` reads, as JSON.

    Parameters
    ----------
    record
        What ``tests/readers/matrix.json`` holds.
    """
    lines = [
        json.dumps(
            {
                "stored_as": sample.title,
                "reader": answer["reader"],
                "version": _version(answer),
                "verdicts": answer["verdicts"],
            },
            ensure_ascii=False,
        )
        for name, sample in SAMPLES.items()
        for answer in record["answers"]
        if answer["format"] == name
    ]
    rows = ",\n".join(lines)
    return f'{{"answers": [\n{rows}\n]}}\n'


def _version(answer: Mapping[str, Any]) -> str:
    versions: Mapping[str, str] = answer["versions"]
    # bioio, with which its readers are opened, stands before them.
    return versions.get(answer["reader"]) or next(iter(versions.values()))


def _row(answer: Mapping[str, Any]) -> Iterator[str]:
    yield f"{answer['reader']} {_version(answer)}"
    if "error" in answer:
        yield from ("does not open", *[""] * (len(FACTS) - 1))
    else:
        yield from (WORDS[answer["verdicts"].get(fact)] for fact in FACTS)


def _failures(answers: list[dict[str, Any]]) -> Iterator[str]:
    """Say what the readers that open a file not at all say themselves."""
    for answer in answers:
        if "error" in answer:
            said = html.escape(answer["error"], quote=False).replace("|", "\\|")
            yield f"- {answer['reader']}: <code>{said}</code>"
    yield ""
