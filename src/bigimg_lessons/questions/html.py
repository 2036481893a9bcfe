"""A question as plain HTML: no script runs, nothing is checked, the solution is folded away.

Options and items bear the letters that the quiz and the printed sheets use as well. All text is
escaped, so that nothing in a bank is ever read as HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from pathlib import PurePosixPath

from bigimg_lessons.questions.kinds import (
    BlanksQuestion,
    ChoiceQuestion,
    OrderQuestion,
    Question,
    TrueFalseQuestion,
)
from bigimg_lessons.questions.parts import Option, See, letters, split_text

SITE = "../"
"""The folder of the book, as seen from a page of the site: all pages lie one folder deep."""


def question_html(question: Question, *, solutions: bool) -> str:
    """Write a question as a list item, ``<li>``.

    Parameters
    ----------
    question
        A question of any kind.
    solutions
        Whether to add the solution, the explanation, why wrong options are wrong, and a link to
        the section to read again, all folded away, for a page of the book's site.
    """
    folded = ""
    if solutions:
        wrong = "".join(
            f"<li>{answer}: {text_html(reply)}</li>" for answer, reply in why_not(question)
        )
        folded = (
            f'<details class="bq-folded"><summary>Solution</summary>{solution_html(question)}'
            f"<p>{text_html(question.explanation)}</p>"
            + (f'<p>Why not the others?</p><ul class="bq-whynot">{wrong}</ul>' if wrong else "")
            + f"<p>Read again: {place_html(question.see, book=SITE)}</p></details>"
        )
    note = ""
    if question.kind == "predict":
        note = '<p class="bq-note">Write down a number before you run the next cell.</p>'
    return f'<li class="bq-card">{body_html(question)}{note}{folded}</li>'


def body_html(question: Question) -> str:
    """Write what is asked: the text, and what there is to choose from or to put in order."""
    text = f'<p class="bq-text">{text_html(question.text)}</p>'
    if question.exhibit:
        text += f'<pre class="bq-exhibit">{escape(question.exhibit)}</pre>'
    if question.counted:
        text += f'<p class="bq-note">Counted: {escape(question.counted)}.</p>'
    match question:
        case TrueFalseQuestion():
            return (
                f'{text}<ul class="bq-options bq-truth"><li>True</li><li>False</li></ul>'
                f'<p class="bq-because">because</p>{_options(question.reasons)}'
            )
        case ChoiceQuestion():
            return text + _options(question.options)
        case OrderQuestion():
            items = "".join(map(_lettered, letters(question.items), question.items))
            return f'{text}<ul class="bq-items">{items}</ul>'
    return text


def solution_html(question: Question) -> str:
    """Write the solution: a text with its gaps filled, a number, options, or items in order."""
    match question:
        case BlanksQuestion():
            fillings = [f"<b>{escape(solution)}</b>" for solution in question.solutions]
            return f"<p>{text_html(question.text, fillings)}</p>"
        case TrueFalseQuestion():
            return (
                f"<p><b>{question.answer}</b>, because</p>{_options(question.reasons, right=True)}"
            )
        case ChoiceQuestion():
            told = [option.reply for option in question.options if option.right and option.reply]
            counted = "".join(f"<p>{text_html(reply)}</p>" for reply in told)
            return _options(question.options, right=True) + counted
        case OrderQuestion():
            items = "".join(map(_lettered, question.answer, question.solutions))
            return f'<ol class="bq-items">{items}</ol>'
    return "".join(f"<p><b>{text_html(solution)}</b></p>" for solution in question.solutions)


def why_not(question: Question) -> list[tuple[str, str]]:
    """Pair each wrong option, named in HTML, with the plain text that says why it is wrong.

    Kinds without options have none.
    """
    match question:
        case TrueFalseQuestion():
            reasons = _why_not(question.reasons)
            return [(f"<b>{not question.answer}</b>", question.say), *reasons]
        case ChoiceQuestion():
            return _why_not(question.options)
    return []


def place_html(see: See, *, book: str | None) -> str:
    """Name the section to read again.

    Parameters
    ----------
    see
        The section.
    book
        URL of the book's site, which ends in ``/``, to link to the section; None for no link.
    """
    page = PurePosixPath(see.page)
    number = re.match(r"0*(\d+[a-z]?)_", page.name)
    lesson = f"lesson {number[1]}" if number else page.name
    section = f"“{escape(see.section)}”"
    if book is not None:
        address = escape(f"{book}{see.page}.html#{see.anchor}")
        section = f'<a href="{address}">{section}</a>'
    return f"{section} in {escape(lesson)}"


def text_html(text: str, fillings: Iterable[str] = ()) -> str:
    """Write text with `code` as HTML, its gaps filled with `fillings` (HTML) or left open."""
    filling = iter(fillings)
    parts = []
    for part in split_text(text):
        if part == "___":
            parts.append(next(filling, '<span class="bq-gap">________</span>'))
        elif part[0] == part[-1] == "`" and (code := part.strip("`")):
            parts.append(f"<code>{escape(code)}</code>")
        else:
            parts.append(escape(part))
    return "".join(parts)


def _options(options: tuple[Option, ...], *, right: bool = False) -> str:
    """List all options, or the right ones alone, each with its letter."""
    items = "".join(
        _lettered(letter, option.text)
        for letter, option in zip(letters(options), options, strict=True)
        if option.right or not right
    )
    return f'<ul class="bq-options">{items}</ul>'


def _lettered(letter: str, text: str) -> str:
    return f'<li><b class="bq-letter">{letter}</b> {text_html(text)}</li>'


def _why_not(options: tuple[Option, ...]) -> list[tuple[str, str]]:
    return [
        (f'<b class="bq-letter">{letter}</b>', option.reply)
        for letter, option in zip(letters(options), options, strict=True)
        if not option.right
    ]
