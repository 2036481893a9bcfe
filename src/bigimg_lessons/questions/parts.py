"""What questions are made of: texts, options, blanks, replies, and where the book explains them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import ascii_lowercase

_CODE_OR_BLANK = re.compile(r"(`[^`]+`|___)")
_GROUPED = re.compile(r"(?<!\d)\d{1,3}(?: \d{3})+(?!\d)")


@dataclass(frozen=True, kw_only=True)
class See:
    """The section of the book that explains what a question asks.

    Attributes
    ----------
    page
        Path of the page in the repository, without its suffix.
    section
        Heading of the section, without ``#`` and backticks.
    anchor
        Id of the heading in the built page.
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
        Texts to which it replies.
    say
        What it says.
    almost
        Whether such an answer is nearly right. It scores no point either way.
    """

    when: tuple[str, ...]
    say: str
    almost: bool


@dataclass(frozen=True, kw_only=True)
class NumberFeedback:
    """A reply to certain numbers that are not accepted, given in the base unit; see `Feedback`."""

    when: tuple[float, ...]
    say: str
    almost: bool


@dataclass(frozen=True, kw_only=True)
class OrderFeedback:
    """A reply to an order in which the item `before` (a letter) wrongly precedes `after`."""

    before: str
    after: str
    say: str


@dataclass(frozen=True, kw_only=True)
class Blank:
    """A gap in a sentence: its accepted answers, the solution first, and replies to others."""

    answers: tuple[str, ...]
    feedback: tuple[Feedback, ...]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One of several options.

    Attributes
    ----------
    text
        What it says; code stands in backticks, and may have several lines.
    right
        Whether it is right.
    say
        The reply to a wrong one, and empty for a right one.
    counted
        If the option is code, what was counted when it ran; told once it is chosen.
    """

    text: str
    right: bool
    say: str
    counted: str = ""

    @property
    def reply(self) -> str:
        """What is told to who chooses it."""
        counted = f"Counted: {self.counted}." if self.counted else ""
        return f"{counted} {self.say}".strip()


def letters(shown: tuple[object, ...]) -> tuple[str, ...]:
    """Return the letters of what is shown: a, b, c and so on."""
    return tuple(ascii_lowercase[: len(shown)])


def split_text(text: str) -> list[str]:
    """Split a question's text into plain text, code (with its backticks) and blanks (``___``)."""
    return [part for part in _CODE_OR_BLANK.split(text) if part]


def held_together(text: str) -> str:
    """Put no-break spaces between the groups of a number, as in "16 384"; code stays as it is."""
    return "".join(
        part if part.startswith("`") else _GROUPED.sub(_with_no_break, part)
        for part in split_text(text)
    )


def _with_no_break(number: re.Match[str]) -> str:
    return number[0].replace(" ", "\N{NO-BREAK SPACE}")
