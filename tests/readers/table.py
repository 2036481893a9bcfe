"""The reader matrix as tables in Markdown, one for each format."""

from __future__ import annotations

import html
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
    for name, sample in SAMPLES.items():
        answers = [answer for answer in record["answers"] if answer["format"] == name]
        lines += [f"**{sample.title}**", "", f"| {' | '.join(HEADINGS)} |"]
        lines += ["|" + " --- |" * len(HEADINGS)]
        lines += [f"| {' | '.join(_row(answer))} |" for answer in answers]
        lines += ["", *_failures(answers)]
    return "\n".join(lines).rstrip() + "\n"


def _row(answer: Mapping[str, Any]) -> Iterator[str]:
    versions = answer["versions"]
    # bioio, with which its readers are opened, stands before them.
    yield f"{answer['reader']} {versions.get(answer['reader']) or next(iter(versions.values()))}"
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
