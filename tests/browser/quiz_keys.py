"""Answering a quiz as somebody does who has a keyboard alone."""

from __future__ import annotations

from string import ascii_lowercase

from playwright.sync_api import Page

from bigimg_lessons.questions.kinds import (
    BlanksQuestion,
    ChoiceQuestion,
    NumberQuestion,
    OrderQuestion,
    Question,
    TrueFalseQuestion,
)
from bigimg_lessons.questions.parts import Option, letters

_IS_START = """number => {
  const start = document.activeElement.closest("section.bq form");
  return [...document.querySelectorAll("section.bq form")].indexOf(start) === number;
}"""


def right_answer(question: Question) -> list[str]:
    """Give the answer that scores, in the form of ``Quiz.answers``."""
    match question:
        case BlanksQuestion() | NumberQuestion():
            return list(question.solutions)
        case TrueFalseQuestion():
            (reason,) = _right(question.reasons)
            return [str(question.answer).lower(), reason]
        case ChoiceQuestion():
            return _right(question.options)
        case OrderQuestion():
            return list(question.answer)
    raise TypeError(f"This kind of question is new here: {question.kind}.")


def _right(options: tuple[Option, ...]) -> list[str]:
    return [
        letter for letter, option in zip(letters(options), options, strict=True) if option.right
    ]


def go_to_form(page: Page, number: int, *, most: int = 400) -> None:
    """Press Tab until the focus is in a question, counted over the page from zero."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(_IS_START, number):
            return
    raise AssertionError(f"{most} times Tab did not lead to question {number} of the page.")


def answer(page: Page, question: Question, given: list[str]) -> None:
    """Answer a new question, and hand in; the focus is on the first thing to fill in."""
    press = page.keyboard.press
    match question:
        case TrueFalseQuestion():
            _pick(page, ["true", "false"].index(given[0]))
            press("Tab")
            _pick(page, ascii_lowercase.index(given[1]))
        case ChoiceQuestion(kind="choice"):
            _pick(page, ascii_lowercase.index(given[0]))
        case ChoiceQuestion():
            for number, letter in enumerate(letters(question.options)):
                if number:
                    press("Tab")
                if letter in given:
                    press("Space")
        case OrderQuestion():
            _arrange(page, given)
        case _:
            for number, text in enumerate(given):
                if number:
                    press("Tab")
                page.keyboard.type(text)
    press("Enter")


def _pick(page: Page, number: int) -> None:
    """Choose one of several radio buttons, of which none is chosen and the first has the focus."""
    page.keyboard.press("Space")
    for _ in range(number):
        page.keyboard.press("ArrowDown")


def _arrange(page: Page, given: list[str]) -> None:
    """Put items in order, from the first one's button *up* on, and go on to *Check*."""
    now = sorted(given)
    focus = 0
    for place, letter in enumerate(given):
        found = now.index(letter)
        for _ in range(2 * (found - focus)):  # every item has two buttons
            page.keyboard.press("Tab")
        for _ in range(found - place):
            page.keyboard.press("ArrowUp")
        now.insert(place, now.pop(found))
        focus = place
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
