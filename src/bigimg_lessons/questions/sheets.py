"""Sheets: the questions of one or more lessons as an HTML file that needs no other.

Any browser opens a sheet, prints it on A4 or US Letter, and saves it as PDF.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from bigimg_lessons.questions.answers import answered_html
from bigimg_lessons.questions.bank import QuestionBank
from bigimg_lessons.questions.html import body_html
from bigimg_lessons.questions.kinds import (
    NumberQuestion,
    OrderQuestion,
    Question,
    TrueFalseQuestion,
)

_STYLE = Path(__file__).with_name("worksheet.css")
_ALL = "all"
_WITH_UNIT = {
    "B": "with its unit: B, KiB, MiB or GiB",
    "s": "with its unit: µs, ms, s or min",
    "m": "with its unit: nm, µm or mm",
}


def worksheet_html(banks: Sequence[QuestionBank], *, answers: bool, book: str | None = None) -> str:
    """Write one sheet.

    Parameters
    ----------
    banks
        One or more lessons whose questions the sheet holds.
    answers
        Whether it is the answer sheet for the instructor: with solutions, accepted variants,
        explanations, hints, replies to common wrong answers, and the section to read again. The
        worksheet has none of these, but room to write and boxes to tick.
    book
        URL of the book's site, which ends in ``/``, for links to it; None for no links.

    Returns
    -------
    str
        A whole HTML document without scripts, which needs no other file.

    Raises
    ------
    ValueError
        No bank is given.
    """
    if not banks:
        raise ValueError("banks: expected at least one question bank, got none.")
    kind = "Answer sheet" if answers else "Worksheet"
    title = banks[0].title if len(banks) == 1 else f"Check yourself: {len(banks)} lessons"
    total = sum(map(_bank_points, banks))
    top = _about_answers(total) if answers else _person(total)
    sections = "".join(
        _section(bank, titled=len(banks) > 1, answers=answers, book=book) for bank in banks
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'  # else a browser asks the server for one
        f"<title>{kind}: {escape(title)}</title>\n"
        f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n"
        f'<body class="{"ws-answers" if answers else "ws-worksheet"}">\n<main>\n'
        '<p class="ws-howto">To print this page, or to save it as PDF, press Ctrl+P (on a Mac ⌘P). '
        "This line is not printed.</p>\n"
        f'<p class="ws-kind">{kind}</p>\n<h1>{escape(title)}</h1>\n{top}\n{sections}\n'
        '<p class="ws-source">From “Big images, piece by piece”, by the bigimg-lessons '
        "contributors, CC BY 4.0.</p>\n</main>\n</body>\n</html>\n"
    )


def worksheets(banks: Sequence[QuestionBank], *, book: str | None = None) -> dict[str, str]:
    """Write both sheets of each bank and, if there are several, both of all together.

    Parameters
    ----------
    banks
        One or more lessons.
    book
        As for `worksheet_html`.

    Returns
    -------
    dict
        File names to documents: ``<name>.html`` and ``<name>-answers.html`` for each bank, then
        ``all.html`` and ``all-answers.html``.

    Raises
    ------
    ValueError
        No bank is given.
    """
    sheets = {bank.name: [bank] for bank in banks}
    if len(banks) != 1:
        sheets[_ALL] = list(banks)
    return {
        f"{name}{'-answers' if answers else ''}.html": worksheet_html(
            chosen, answers=answers, book=book
        )
        for name, chosen in sheets.items()
        for answers in (False, True)
    }


def _about_answers(total: int) -> str:
    return (
        '<p class="ws-top">Capital letters, hyphens, plurals, and British or American spelling '
        "make no difference, and on the page German and French terms are read as well. "
        "<i>Almost</i> means on the right track: it scores no point. "
        f"{_points(total)} in all.</p>"
    )


def _person(total: int) -> str:
    return (
        '<p class="ws-top ws-person"><span>Name</span><span>Date</span>'
        f'<span class="ws-total">Points: <span class="ws-box"></span> of {total}</span></p>'
    )


def _section(bank: QuestionBank, *, titled: bool, answers: bool, book: str | None) -> str:
    """Write the questions of one bank."""
    heading = f"<h2>{escape(bank.title)}, {_points(_bank_points(bank))}</h2>" if titled else ""
    items = "".join(
        f'<li><p class="ws-points">{_points(question.points)}</p>'
        f"{answered_html(question, book=book) if answers else _asked(question)}</li>"
        for question in bank.questions
    )
    return f'<section>{heading}<ol class="ws-questions">{items}</ol></section>'


def _asked(question: Question) -> str:
    """Write a question with room for the answer; gaps and boxes to tick are part of it already."""
    match question:
        case NumberQuestion():
            unit = _WITH_UNIT.get(question.unit, question.unit)
            line = f'<span class="ws-line"></span> {escape(unit)}'
            if question.kind == "predict":
                room = f"<p>Before it is measured, I predict: {line}</p><p>Measured: {line}</p>"
            else:
                room = f"{_lines('How you get there:')}<p>Answer: {line}</p>"
        case OrderQuestion():
            boxes = " → ".join('<span class="ws-box"></span>' for _ in question.items)
            room = f"<p>The letters in order: {boxes}</p>"
        case TrueFalseQuestion():
            room = _lines("In your own words:")
        case _:
            return body_html(question)
    return f'{body_html(question)}<div class="ws-room">{room}</div>'


def _lines(label: str) -> str:
    return f'<p>{label}</p><p class="ws-rule"></p><p class="ws-rule"></p>'


def _bank_points(bank: QuestionBank) -> int:
    return sum(question.points for question in bank.questions)


def _points(points: int) -> str:
    return {0: "no points", 1: "1 point"}.get(points, f"{points} points")
