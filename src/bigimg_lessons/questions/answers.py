"""Answers for the instructor: what a sheet says of a question beside its text."""

from __future__ import annotations

import math
from html import escape

from bigimg_lessons.questions.html import (
    body_html,
    place_html,
    solution_html,
    text_html,
    why_not,
)
from bigimg_lessons.questions.kinds import (
    BlanksQuestion,
    NumberQuestion,
    OrderQuestion,
    Question,
)
from bigimg_lessons.questions.parts import Blank
from bigimg_lessons.questions.translations import in_english

_LARGER_FIRST = {
    "B": {"GiB": 2**30, "GB": 1e9, "MiB": 2**20, "MB": 1e6, "KiB": 2**10, "kB": 1e3},
    "s": {"h": 3600, "min": 60, "s": 1, "ms": 1e-3, "µs": 1e-6},
    "m": {"m": 1, "mm": 1e-3, "µm": 1e-6, "nm": 1e-9},
}


def answered_html(question: Question, *, book: str | None) -> str:
    """Write a question with what the instructor needs to know of it."""
    # The solution of blanks is the question itself, filled in: it need not stand there twice.
    asked = "" if isinstance(question, BlanksQuestion) else body_html(question)
    hints = "".join(f"<li>{text_html(hint)}</li>" for hint in question.hints)
    about = f"{escape(question.difficulty)}: {text_html(question.objective)}"
    entries = {
        "Solution": solution_html(question),
        "Also right": _variants(question),
        "Explanation": text_html(question.explanation),
        "Hints in steps": hints and f"<ol>{hints}</ol>",
        "Objective": f"{about}. Read again: {place_html(question.see, book=book)}",
    }
    described = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in entries.items() if text)
    rows = "".join(
        f"<tr><td>{answer}</td><td>{'<i>Almost.</i> ' if almost else ''}{text_html(reply)}"
        "</td></tr>"
        for answer, reply, almost in _replies(question)
    )
    table = (
        "<table><thead><tr><th>Who answers</th><th>is told</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
    return f'{asked}<dl class="ws-answer">{described}</dl>{table if rows else ""}'


def _variants(question: Question) -> str:
    """Name what is accepted besides the solution, as HTML; empty if nothing is."""
    match question:
        case BlanksQuestion():
            return "<br>".join(
                f"{label}{escape('; '.join(others))}"
                for label, blank in _labelled(question.blanks)
                if (others := in_english(blank.answers)[1:])
            )
        case NumberQuestion(kind="number"):
            in_bytes = [f"{question.answer:,.15g} B"] * (question.unit == "B")
            near = [f"{question.tolerance * 100:g} % more or less"] * (question.tolerance > 0)
            return escape("; ".join(in_bytes + near))
    return ""


def _replies(question: Question) -> list[tuple[str, str, bool]]:
    """List each common wrong answer (HTML), the reply (text), and whether it is almost right."""
    match question:
        case BlanksQuestion():
            return [
                (f"{label}{escape('; '.join(in_english(entry.when)))}", entry.say, entry.almost)
                for label, blank in _labelled(question.blanks)
                for entry in blank.feedback
            ]
        case NumberQuestion():
            return [
                (_amounts(entry.when, question.unit), entry.say, entry.almost)
                for entry in question.feedback
            ]
        case OrderQuestion():
            return [
                (f"<b>{entry.before}</b> before <b>{entry.after}</b>", entry.say, False)
                for entry in question.feedback
            ]
    return [(answer, reply, False) for answer, reply in why_not(question)]


def _labelled(blanks: tuple[Blank, ...]) -> list[tuple[str, Blank]]:
    """Give each blank a label, empty if it is the only one."""
    if len(blanks) == 1:
        return [("", blanks[0])]
    return [(f"Blank {number}: ", blank) for number, blank in enumerate(blanks, start=1)]


def _amounts(values: tuple[float, ...], unit: str) -> str:
    return escape("; ".join(amount(value, unit) for value in values))


def amount(value: float, unit: str) -> str:
    """Show a number in the largest unit in which at most four digits say it exactly."""
    for name, size in _LARGER_FIRST.get(unit, {}).items():
        short = f"{value / size:.4g}"
        if size <= value < 10_000 * size and math.isclose(float(short) * size, value):
            return f"{short} {name}"
    return f"{value:,.15g} {unit}"
