"""The quiz: questions from a bank, graded where they are shown."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import asdict
from html import escape
from typing import Any

import traitlets

from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.questions.html import question_html
from bigimg_lessons.questions.kinds import NumberQuestion, Question
from bigimg_lessons.widgets.base import Widget
from bigimg_lessons.widgets.quiz_report import Report, ReportRow

SOLUTIONS_VARIABLE = "BIGIMG_QUIZ_SOLUTIONS"
"""The environment variable that hides the solutions of every quiz where it is ``hide``."""


class Quiz(Widget, front="quiz/quiz.js"):
    """A quiz which replies to what is answered, in Jupyter and on a page with no kernel.

    Parameters
    ----------
    name
        A question bank: a file in ``bigimg_lessons/questions/banks`` without ``.toml``.
    questions
        The ids of the questions to show, in this order; by default all but the predictions,
        whose place is before the cell that measures.
    solutions
        Whether a reader may see the solutions; by default unless the environment variable
        ``BIGIMG_QUIZ_SOLUTIONS`` is ``hide``.

    Attributes
    ----------
    answers
        What was handed in: question id to a list of texts, whose form is that of the kind of
        question (``["true", "b"]``, say). To set it is to hand in: every view shows the answers
        and the replies to them.
    help_used
        Question id to what was asked for: ``{"hints": 2, "solution": "open"}``. A question
        whose solution was seen (``"open"`` or ``"closed"``) before it was right does not count.
    solutions
        Whether solutions can be seen; to set it shows or hides them in every view at once.
    results
        Question id to ``{"points": 1, "verdicts": ["right"]}``, for the questions answered. The
        view grades, so this follows the answers wherever the quiz is shown.
    score
        Points so far, graded by the view too.
    max_score
        The points there are.
    measured
        Id of a prediction to the number measured, in the base unit; see `measure`.

    Raises
    ------
    FileNotFoundError
        There is no such bank; the message lists those that exist.
    ValueError
        `questions` is empty, or names an id twice or one that the bank does not have.
    """

    bank = traitlets.Dict().tag(sync=True)
    answers = traitlets.Dict().tag(sync=True)
    help_used = traitlets.Dict().tag(sync=True)
    solutions = traitlets.Bool().tag(sync=True)
    results = traitlets.Dict().tag(sync=True)
    score = traitlets.Int().tag(sync=True)
    max_score = traitlets.Int().tag(sync=True)
    measured = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        name: str,
        *,
        questions: Iterable[str] | None = None,
        solutions: bool | None = None,
    ) -> None:
        bank = load_bank(name)
        self._questions = _wanted(name, bank.questions, questions)
        self._title = bank.title
        if solutions is None:
            solutions = os.environ.get(SOLUTIONS_VARIABLE) != "hide"
        # `solutions` is worked out here, so that the view need not know how a kind words its own.
        shown = [{**asdict(entry), "solutions": entry.solutions} for entry in self._questions]
        super().__init__(
            bank={"name": name, "title": bank.title, "questions": shown},
            solutions=solutions,
            max_score=sum(question.points for question in self._questions),
        )

    @traitlets.validate("answers")
    def _check_answers(self, proposal: dict[str, Any]) -> dict[str, list[str]]:
        answers: dict[str, list[str]] = proposal["value"]
        by_id = {question.id: question for question in self._questions}
        for identifier, given in answers.items():
            if identifier not in by_id:
                raise traitlets.TraitError(
                    f"answers: this quiz has no question {identifier!r}; "
                    f"it has: {', '.join(by_id)}."
                )
            question = by_id[identifier]
            if not question.accepts(given):
                raise traitlets.TraitError(
                    f"answers[{identifier!r}]: expected {question.expects}, got {given!r}."
                )
        return answers

    def measure(self, identifier: str, value: float) -> None:
        """Hand in what a cell measured, for the views to show beside what was predicted.

        Parameters
        ----------
        identifier
            The id of a prediction of this quiz.
        value
            The number measured, in the question's base unit (bytes, seconds, metres, …).

        Raises
        ------
        ValueError
            The quiz has no such prediction, or `value` is no finite number from zero up.
        """
        predictions = [question.id for question in self._questions if question.kind == "predict"]
        if identifier not in predictions:
            listed = ", ".join(predictions) or "none"
            raise ValueError(
                f"measure: this quiz has no prediction {identifier!r}; its predictions: {listed}."
            )
        number = float(value)
        if not (math.isfinite(number) and number >= 0):
            raise ValueError(
                f"measure({identifier!r}): expected a finite number, zero or more, got {value!r}."
            )
        self.measured = {**self.measured, identifier: number}

    def report(self) -> Report:
        """Sum up what was answered so far."""
        return Report(
            title=self._title,
            rows=tuple(map(self._row, self._questions)),
            score=self.score,
            max_score=self.max_score,
        )

    def _row(self, question: Question) -> ReportRow:
        used = self.help_used.get(question.id, {})
        measured = self.measured.get(question.id)
        unit = question.unit if isinstance(question, NumberQuestion) else ""
        return ReportRow(
            question=question.id,
            answer=tuple(self.answers.get(question.id, ())),
            points=self.results.get(question.id, {}).get("points", 0),
            most=question.points,
            hints=used.get("hints", 0),
            solution_seen="solution" in used,
            measured=None if measured is None else f"{measured:,.12g} {unit}",
        )

    def __repr__(self) -> str:
        return (
            f"A quiz: {self._title}, {len(self._questions)} question(s), "
            f"{self.max_score} point(s). Run this cell in Jupyter to answer it."
        )

    def _plain_html(self) -> str:
        """Return the questions with folded solutions."""
        items = "".join(
            question_html(question, solutions=self.solutions) for question in self._questions
        )
        title = f'<p class="bq-title">{escape(self._title)}</p>' if self.max_score else ""
        return f'<div class="bq">{title}<ol class="bq-list">{items}</ol></div>'


def _wanted(
    name: str, there: tuple[Question, ...], questions: Iterable[str] | None
) -> tuple[Question, ...]:
    """Choose the questions asked for, in that order; by default all but the predictions."""
    if isinstance(questions, str):
        raise ValueError(f"questions: expected a list of ids, got the text {questions!r}.")
    by_id = {question.id: question for question in there}
    if questions is None:
        questions = [question.id for question in there if question.kind != "predict"]
    wanted = list(questions)
    if not wanted:
        raise ValueError(
            f"questions: expected at least one id, got none; there are: {', '.join(by_id)}."
        )
    for entry in wanted:
        if entry not in by_id:
            raise ValueError(
                f"Bank {name!r} has no question {entry!r}; it has: {', '.join(by_id)}."
            )
        if wanted.count(entry) > 1:
            raise ValueError(f"questions: {entry!r} is asked for twice.")
    return tuple(by_id[entry] for entry in wanted)
