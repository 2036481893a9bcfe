"""The quiz: questions from a bank, graded where they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from bigimg_lessons.widgets.question_bank import Question, load_bank, split_text

_STATIC = Path(__file__).with_name("static")


def _module() -> str:
    """Return the front-end module, whole.

    A widget's module is loaded from memory and so cannot import its neighbour; the grading, a
    file of its own, takes the place of the line that imports it.
    """
    grading = (_STATIC / "quiz_grading.js").read_text(encoding="utf-8")
    quiz = (_STATIC / "quiz.js").read_text(encoding="utf-8")
    return quiz.replace('import { grade } from "./quiz_grading.js";\n', grading)


class Quiz(anywidget.AnyWidget):
    """A quiz which replies to what is typed, in Jupyter and on a page with no kernel.

    Parameters
    ----------
    name
        A question bank: a file in ``bigimg_lessons/widgets/questions`` without ``.toml``.
    questions
        The ids of the questions to show, in this order; by default all of them.

    Attributes
    ----------
    answers
        What was handed in with *Check*: question id to the list of texts, one for each blank.
        To set it is to hand in: every view shows the answers and the replies to them.
    help_used
        Question id to what was asked for: ``{"hints": 2, "solution": "open"}``. A question
        whose solution was seen (``"open"`` or ``"closed"``) before it was right does not count.
    score
        Points so far, one for each blank that is right. The view grades, so the score follows
        the answers wherever the quiz is shown.
    max_score
        The points there are.

    Raises
    ------
    FileNotFoundError
        There is no such bank; the message lists those that exist.
    ValueError
        `questions` is empty, or names an id twice or one that the bank does not have.
    """

    _esm = _module()
    _css = _STATIC / "quiz.css"

    bank = traitlets.Dict().tag(sync=True)
    answers = traitlets.Dict().tag(sync=True)
    help_used = traitlets.Dict().tag(sync=True)
    score = traitlets.Int().tag(sync=True)
    max_score = traitlets.Int().tag(sync=True)

    def __init__(self, name: str, *, questions: Iterable[str] | None = None) -> None:
        bank = load_bank(name)
        by_id = {question.id: question for question in bank.questions}
        wanted = _wanted(name, list(by_id), questions)
        self._questions = tuple(by_id[entry] for entry in wanted)
        self._title = bank.title
        super().__init__(
            bank={"title": bank.title, "questions": [asdict(entry) for entry in self._questions]},
            max_score=sum(len(question.blanks) for question in self._questions),
        )

    @traitlets.validate("answers")
    def _check_answers(self, proposal: dict[str, Any]) -> dict[str, list[str]]:
        answers: dict[str, list[str]] = proposal["value"]
        blanks = {question.id: len(question.blanks) for question in self._questions}
        for identifier, given in answers.items():
            if identifier not in blanks:
                raise traitlets.TraitError(
                    f"answers: this quiz has no question {identifier!r}; "
                    f"it has: {', '.join(blanks)}."
                )
            expected = blanks[identifier]
            texts = isinstance(given, list) and all(isinstance(text, str) for text in given)
            if not texts or len(given) != expected:
                raise traitlets.TraitError(
                    f"answers[{identifier!r}]: expected a list of {expected} text(s), "
                    f"one for each blank, got {given!r}."
                )
        return answers

    def __repr__(self) -> str:
        return (
            f"A quiz: {self._title}, {len(self._questions)} question(s), "
            f"{self.max_score} point(s). Run this cell in Jupyter to answer it."
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Add plain HTML: the questions with folded solutions, for where no script runs."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:  # a widget without a view
            return None
        data, metadata = bundle
        return {**data, "text/html": self._plain_html()}, metadata

    def _plain_html(self) -> str:
        cards = "".join(map(_card, self._questions))
        return (
            f'<div class="bq"><p class="bq-title">{escape(self._title)}</p>'
            f'<ol class="bq-list">{cards}</ol></div>'
        )


def _wanted(name: str, ids: list[str], questions: Iterable[str] | None) -> list[str]:
    """Check which questions are asked for; by default all."""
    if isinstance(questions, str):
        raise ValueError(f"questions: expected a list of ids, got the text {questions!r}.")
    wanted = ids if questions is None else list(questions)
    if not wanted:
        raise ValueError(f"questions: expected at least one id, got none; there are: {ids}.")
    for entry in wanted:
        if entry not in ids:
            raise ValueError(f"Bank {name!r} has no question {entry!r}; it has: {', '.join(ids)}.")
        if wanted.count(entry) > 1:
            raise ValueError(f"questions: {entry!r} is asked for twice.")
    return wanted


def _card(question: Question) -> str:
    solution = [f"<b>{escape(blank.answers[0])}</b>" for blank in question.blanks]
    return (
        f'<li class="bq-card"><p class="bq-text">{_html(question.text)}</p>'
        f"<details><summary>Solution</summary><p>{_html(question.text, solution)}</p>"
        f"<p>{_html(question.explanation)}</p></details></li>"
    )


def _html(text: str, fillings: Iterable[str] = ()) -> str:
    """Write a question's text as HTML, its blanks filled with `fillings` (HTML) or left open."""
    filling = iter(fillings)
    parts = []
    for part in split_text(text):
        if part == "___":
            parts.append(next(filling, "________"))
        elif part.startswith("`"):
            parts.append(f"<code>{escape(part.strip('`'))}</code>")
        else:
            parts.append(escape(part))
    return "".join(parts)
