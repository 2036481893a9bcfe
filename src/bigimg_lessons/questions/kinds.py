"""What a question is: a frozen dataclass for each kind.

``dataclasses.asdict`` of a question is what its JavaScript gets. Options, reasons and items have
letters, a, b, c…, in the order in which they are shown; answers name them by these.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from string import ascii_lowercase


@dataclass(frozen=True, kw_only=True)
class See:
    """The place in the book that a question is about.

    Attributes
    ----------
    page
        The page's path in the repository without its suffix.
    section
        The heading, as it is read.
    anchor
        The heading's id in the built page.
    """

    page: str
    section: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """A reply to certain texts that are not accepted.

    Attributes
    ----------
    when
        The texts it replies to.
    say
        The reply.
    almost
        Whether such an answer is on the right track. It scores no point either way.
    """

    when: tuple[str, ...]
    say: str
    almost: bool


@dataclass(frozen=True, kw_only=True)
class NumberFeedback:
    """A reply to certain numbers, in the base unit, that are not accepted; as `Feedback`."""

    when: tuple[float, ...]
    say: str
    almost: bool


@dataclass(frozen=True, kw_only=True)
class OrderFeedback:
    """A reply to the item `before` (a letter) standing before `after`: the wrong way round."""

    before: str
    after: str
    say: str


@dataclass(frozen=True, kw_only=True)
class Blank:
    """One gap in a sentence: what is accepted (the solution first), what is replied to."""

    answers: tuple[str, ...]
    feedback: tuple[Feedback, ...]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One of several to choose from; `say` replies to a wrong one and is else empty."""

    text: str
    right: bool
    say: str


@dataclass(frozen=True, kw_only=True)
class Question(ABC):
    """What every question has.

    Attributes
    ----------
    id
        Unique in its bank; the key of its answer.
    kind
        "blanks", "number", "predict", "true-false", "choice", "choices" or "order".
    text
        The question, with code in backticks.
    objective
        The learning objective that it checks.
    difficulty
        "easy", "medium" or "hard".
    see
        Where the lesson explains it.
    hints
        Shown one after the other.
    explanation
        Shown with the solution.
    """

    id: str
    kind: str
    text: str
    objective: str
    difficulty: str
    see: See
    hints: tuple[str, ...]
    explanation: str

    @property
    def points(self) -> int:
        """The points there are."""
        return 1

    @property
    @abstractmethod
    def expects(self) -> str:
        """The form of an answer, in words."""

    @property
    @abstractmethod
    def solutions(self) -> tuple[str, ...]:
        """What is shown as the solution, as plain texts."""

    def accepts(self, given: object) -> bool:
        """Whether `given` has the form of an answer, right, wrong or empty."""
        return (
            isinstance(given, list)
            and all(isinstance(text, str) for text in given)
            and self._fits(given)
        )

    @abstractmethod
    def _fits(self, given: list[str]) -> bool:
        """Whether these texts are an answer in form."""


@dataclass(frozen=True, kw_only=True)
class BlanksQuestion(Question):
    """A sentence to fill in: its text holds ``___`` once for each of `blanks`, in order."""

    blanks: tuple[Blank, ...]

    @property
    def points(self) -> int:
        """A point for each blank."""
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
    """A number to work out, or, of the kind "predict", to guess before it is measured.

    Attributes
    ----------
    answer
        The number, in the base unit.
    unit
        "B", "s", "m", "%", "×" or what is counted, in the plural.
    tolerance
        How far off a number may be, as a share of what it is compared with. A prediction is
        never right or wrong, so there it only decides which feedback is given.
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
        Exactly one of them is right.
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
        As they are shown: shuffled.
    answer
        Their letters in the right order.
    feedback
        Replies to pairs that stand the wrong way round; the first that applies is given.
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


def letters(shown: tuple[object, ...]) -> tuple[str, ...]:
    """Name the letters of what is shown: a, b, c and so on."""
    return tuple(ascii_lowercase[: len(shown)])


def _right(options: tuple[Option, ...]) -> tuple[str, ...]:
    return tuple(option.text for option in options if option.right)
