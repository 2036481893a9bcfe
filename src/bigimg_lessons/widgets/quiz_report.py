"""What was done with a quiz, question by question."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ReportRow:
    """What was done with one question.

    Attributes
    ----------
    question
        Its id.
    answer
        What was handed in, as in ``Quiz.answers``; empty where nothing was.
    points, most
        Points scored, and those there are: none for a prediction.
    hints
        Hints asked for.
    solution_seen
        Whether the solution was looked at before the answer was right.
    measured
        For a prediction: what was measured, with its unit, once it was.
    """

    question: str
    answer: tuple[str, ...]
    points: int
    most: int
    hints: int
    solution_seen: bool
    measured: str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Report:
    """What was done with a quiz, question by question; its ``repr`` is a table in plain text."""

    title: str
    rows: tuple[ReportRow, ...]
    score: int
    max_score: int

    def __repr__(self) -> str:
        table = [
            ("question", "answer", "points", "hints", "solution"),
            *map(_cells, self.rows),
            ("total", "", f"{self.score} of {self.max_score}", "", ""),
        ]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)
        return "\n".join([self.title, "", *lines])


def _cells(row: ReportRow) -> tuple[str, str, str, str, str]:
    answer = ", ".join(row.answer) or "-"
    points = f"{row.points} of {row.most}"
    if not row.most:
        answer = f"predicted {answer}, measured {row.measured or '-'}"
        points = ""
    return (
        row.question,
        answer,
        points,
        str(row.hints or ""),
        "seen" if row.solution_seen else "",
    )
