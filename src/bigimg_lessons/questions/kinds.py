"""What a question is: a frozen dataclass for each kind.

The front-end module of the quiz receives ``dataclasses.asdict`` of a question. Options, reasons
and items have the letters a, b, c… in the order in which they are shown; answers consist of these
letters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from string import ascii_lowercase

from bigimg_lessons.questions.parts import (
    Blank,
    NumberFeedback,
    Option,
    OrderFeedback,
    See,
    letters,
)


@dataclass(frozen=True, kw_only=True)
class Question(ABC):
    """What every question has.

    Attributes
    ----------
    id
        Name of the question, unique in its bank; the key of its answer.
    kind
        "blanks", "number", "predict", "true-false", "choice", "choices" or "order".
    text
        The question, with code in backticks.
    objective
        Learning objective that the question checks.
    difficulty
        "easy", "medium" or "hard".
    see
        Section of the book that explains it.
    hints
        Hints, shown one after the other.
    explanation
        Text that is shown with the solution.
    exhibit
        What is shown as it is, line by line, below the text: code, or what a program printed of
        a file. Often empty.
    counted
        If the exhibit is code, what was counted when it ran.
    """

    id: str
    kind: str
    text: str
    objective: str
    difficulty: str
    see: See
    hints: tuple[str, ...]
    explanation: str
    exhibit: str = ""
    counted: str = ""

    @property
    def points(self) -> int:
        """Maximum number of points."""
        return 1

    @property
    @abstractmethod
    def expects(self) -> str:
        """The form of an answer, in words."""

    @property
    @abstractmethod
    def solutions(self) -> tuple[str, ...]:
        """The solution as it is shown, as plain texts."""

    def accepts(self, given: object) -> bool:
        """Whether `given` has the form of an answer, be it right, wrong or empty."""
        return (
            isinstance(given, list)
            and all(isinstance(text, str) for text in given)
            and self._fits(given)
        )

    @abstractmethod
    def _fits(self, given: list[str]) -> bool:
        """Whether these texts have the form of an answer to this kind of question."""


@dataclass(frozen=True, kw_only=True)
class BlanksQuestion(Question):
    """A sentence to fill in: its text holds ``___`` once for each of `blanks`, in order."""

    blanks: tuple[Blank, ...]

    @property
    def points(self) -> int:
        """One for each blank."""
        return len(self.blanks)

    @property
    def expects(self) -> str:
        """One text for each blank."""
        if len(self.blanks) == 1:
            return "a list of one text, for the blank"
        return f"a list of {len(self.blanks)} texts, one for each blank"

    @property
    def solutions(self) -> tuple[str, ...]:
        """The first answer of each blank."""
        return tuple(blank.answers[0] for blank in self.blanks)

    def _fits(self, given: list[str]) -> bool:
        return len(given) == len(self.blanks)


@dataclass(frozen=True, kw_only=True)
class NumberQuestion(Question):
    """A number to work out or, in the kind "predict", to guess before it is measured.

    Attributes
    ----------
    answer
        The number, in the base unit.
    unit
        "B", "s", "m", "%", "×", or what is counted, in the plural.
    tolerance
        Maximum deviation of a number, as a share of the number with which it is compared. A
        prediction is never right or wrong; there it only decides which reply is given.
    solution
        The answer as it is shown, with its unit.
    feedback
        Replies to wrong numbers.
    """

    answer: float
    unit: str
    tolerance: float
    solution: str
    feedback: tuple[NumberFeedback, ...]

    @property
    def points(self) -> int:
        """One, and none for a prediction."""
        return 0 if self.kind == "predict" else 1

    @property
    def expects(self) -> str:
        """One text."""
        return "a list of one text, a number with its unit"

    @property
    def solutions(self) -> tuple[str, ...]:
        """The number as it is shown, with its unit."""
        return (self.solution,)

    def _fits(self, given: list[str]) -> bool:
        return len(given) == 1


@dataclass(frozen=True, kw_only=True)
class TrueFalseQuestion(Question):
    """A statement, true or false, and the reason: a point each.

    Attributes
    ----------
    answer
        Whether the statement is true.
    say
        The reply to the wrong one of the two.
    reasons
        Possible reasons, of which exactly one is right.
    """

    answer: bool
    say: str
    reasons: tuple[Option, ...]

    @property
    def points(self) -> int:
        """One for the truth, one for the reason."""
        return 2

    @property
    def expects(self) -> str:
        """The truth and a letter."""
        return (
            "a list of 2 texts, 'true' or 'false', "
            f"and the letter of a reason, 'a' to {letters(self.reasons)[-1]!r}"
        )

    @property
    def solutions(self) -> tuple[str, ...]:
        """The truth and the reason."""
        return (str(self.answer), *_right(self.reasons))

    def _fits(self, given: list[str]) -> bool:
        return (
            len(given) == 2
            and given[0] in ("true", "false", "")
            and given[1] in ("", *letters(self.reasons))
        )


@dataclass(frozen=True, kw_only=True)
class ChoiceQuestion(Question):
    """Options to choose from: one is right ("choice"), or some are ("choices")."""

    options: tuple[Option, ...]

    @property
    def expects(self) -> str:
        """One letter, or several."""
        last = letters(self.options)[-1]
        if self.kind == "choice":
            return f"a list of one letter, 'a' to {last!r}"
        return f"a list of letters from 'a' to {last!r}, each at most once, sorted"

    @property
    def solutions(self) -> tuple[str, ...]:
        """The right options."""
        return _right(self.options)

    def _fits(self, given: list[str]) -> bool:
        there = letters(self.options)
        if self.kind == "choice":
            return len(given) == 1 and given[0] in ("", *there)
        return given == sorted(set(given) & set(there))


@dataclass(frozen=True, kw_only=True)
class OrderQuestion(Question):
    """Items to put in order.

    Attributes
    ----------
    items
        Items in the order in which they are shown, which is shuffled.
    answer
        Letters of the items in the right order.
    feedback
        Replies to pairs of items in the wrong order; the first that applies is given.
    """

    items: tuple[str, ...]
    answer: tuple[str, ...]
    feedback: tuple[OrderFeedback, ...]

    @property
    def expects(self) -> str:
        """All letters."""
        return f"a list of all the letters 'a' to {letters(self.items)[-1]!r}, in some order"

    @property
    def solutions(self) -> tuple[str, ...]:
        """The items in the right order."""
        return tuple(self.items[ascii_lowercase.index(letter)] for letter in self.answer)

    def _fits(self, given: list[str]) -> bool:
        return sorted(given) == sorted(self.answer)


def _right(options: tuple[Option, ...]) -> tuple[str, ...]:
    return tuple(option.text for option in options if option.right)
