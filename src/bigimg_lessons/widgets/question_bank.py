"""Question banks: the questions of a quiz, kept as TOML beside the code.

A bank is one file ``questions/<name>.toml``::

    title = "Check yourself"

    [[questions]]
    id = "lazy-loading"                 # unique in the file; keys of Quiz.answers
    kind = "blanks"                     # the only kind so far
    text = "Reading only what is asked for is called ___."   # ___ is a blank, `...` is code
    hints = ["Shown first.", "Shown next."]                  # optional
    explanation = "Shown with the solution."

    [[questions.blanks]]                # one for each ___, in order
    answers = ["lazy loading", "lazy load"]     # the first is shown as the solution

    [[questions.blanks.feedback]]       # optional: a reply to answers that are not accepted
    when = ["streaming"]
    say = "Streaming reads in order. Here you may jump."
    almost = true                       # optional: on the right track; scores no point either

What counts as the same answer (case, hyphens, plural, spelling) is decided where answers are
graded, in ``static/quiz_grading.js``. A further kind of question brings its own keys in place of
``text`` and ``blanks``; ``id``, ``kind``, ``hints`` and ``explanation`` stay.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

_FOLDER = Path(__file__).with_name("questions")
_KINDS = ("blanks",)
_CODE_OR_BLANK = re.compile(r"(`[^`]+`|___)")


class QuestionBankError(ValueError):
    """A question bank breaks the rules; the message names file, question and field."""


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """A reply to certain answers that are not accepted.

    Attributes
    ----------
    when
        The answers it replies to.
    say
        The reply.
    almost
        Whether such an answer is on the right track. It scores no point either way.
    """

    when: tuple[str, ...]
    say: str
    almost: bool


@dataclass(frozen=True, kw_only=True)
class Blank:
    """One gap in a sentence: what is accepted (the solution first), what is replied to."""

    answers: tuple[str, ...]
    feedback: tuple[Feedback, ...]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question; ``text`` holds ``___`` once for each of ``blanks``, in order."""

    id: str
    kind: str
    text: str
    blanks: tuple[Blank, ...]
    hints: tuple[str, ...]
    explanation: str


@dataclass(frozen=True, kw_only=True)
class QuestionBank:
    """The questions of one file, in its order; every blank is worth one point."""

    name: str
    title: str
    questions: tuple[Question, ...]


def bank_names(folder: Path = _FOLDER) -> list[str]:
    """Name the question banks in `folder`, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load_bank(name: str, *, folder: Path = _FOLDER) -> QuestionBank:
    """Load and check a question bank.

    Parameters
    ----------
    name
        The file's name without ``.toml``.
    folder
        Where the banks are.

    Raises
    ------
    FileNotFoundError
        No such bank; the message lists those that exist.
    QuestionBankError
        The file is not TOML or breaks the rules of a bank.
    """
    names = bank_names(folder)
    if name not in names:
        raise FileNotFoundError(f"No question bank {name!r}; there are: {', '.join(names)}.")
    path = folder / f"{name}.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise QuestionBankError(f"{path.name}: this is not TOML in UTF-8: {error}.") from error
    table = _Table(values, path.name)
    title = table.text("title")
    questions = tuple(_question(entry, path.name) for entry in table.tables("questions"))
    table.refuse_others()
    ids = [question.id for question in questions]
    for twice in sorted({entry for entry in ids if ids.count(entry) > 1}):
        raise QuestionBankError(
            f"{path.name}, question {twice!r}, id: used {ids.count(twice)} times; "
            "give each question its own."
        )
    return QuestionBank(name=name, title=title, questions=questions)


def split_text(text: str) -> list[str]:
    """Split a question's text into plain text, code (with its backticks) and blanks (``___``)."""
    return [part for part in _CODE_OR_BLANK.split(text) if part]


def _question(table: _Table, file: str) -> Question:
    identifier = table.text("id")
    table.where = f"{file}, question {identifier!r}"
    kind = table.text("kind")
    if kind not in _KINDS:
        table.fail("kind", f"{kind!r} is unknown; expected one of: {', '.join(_KINDS)}")
    question = Question(
        id=identifier,
        kind=kind,
        text=table.text("text"),
        blanks=tuple(_blank(entry) for entry in table.tables("blanks")),
        hints=table.texts("hints", optional=True),
        explanation=table.text("explanation"),
    )
    table.refuse_others()
    gaps = split_text(question.text).count("___")
    if gaps != len(question.blanks):
        table.fail(
            "text", f"{gaps} gaps (___) for {len(question.blanks)} [[blanks]]; expected one each"
        )
    return question


def _blank(table: _Table) -> Blank:
    blank = Blank(
        answers=table.texts("answers"),
        feedback=tuple(_feedback(entry) for entry in table.tables("feedback", optional=True)),
    )
    table.refuse_others()
    seen: set[str] = set()
    for answer in (*blank.answers, *(wrong for entry in blank.feedback for wrong in entry.when)):
        letters = "".join(filter(str.isalnum, answer.casefold()))
        if not letters:
            table.fail("answers", f"{answer!r} holds neither a letter nor a digit")
        if letters in seen:
            table.fail("answers", f"{answer!r} is listed twice, here or in the feedback")
        seen.add(letters)
    return blank


def _feedback(table: _Table) -> Feedback:
    feedback = Feedback(
        when=table.texts("when"), say=table.text("say"), almost=table.flag("almost")
    )
    table.refuse_others()
    return feedback


class _Table:
    """A TOML table read key by key, which knows where it stands for the sake of messages."""

    def __init__(self, values: dict[str, object], where: str) -> None:
        self.values = values
        self.where = where
        self.known: set[str] = set()

    def fail(self, key: str, problem: str) -> NoReturn:
        raise QuestionBankError(f"{self.where}, {key}: {problem}.")

    def text(self, key: str) -> str:
        value = self._get(key)
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"expected some text, got {_shown(value)}")
        return value

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        value = self._get(key)
        if value is None and optional:
            return ()
        if not isinstance(value, list) or not value:
            self.fail(key, f"expected a list of one or more texts, got {_shown(value)}")
        for text in value:
            if not isinstance(text, str) or not text.strip():
                self.fail(key, f"expected only texts in the list, got {_shown(text)}")
        return tuple(value)

    def flag(self, key: str) -> bool:
        value = self._get(key)
        if not isinstance(value, bool | None):
            self.fail(key, f"expected true or false, got {_shown(value)}")
        return bool(value)

    def tables(self, key: str, *, optional: bool = False) -> list[_Table]:
        value = self._get(key)
        if value is None and optional:
            return []
        entries = value if isinstance(value, list) else []
        if not entries or not all(isinstance(entry, dict) for entry in entries):
            self.fail(key, f"expected one or more tables [[...{key}]], got {_shown(value)}")
        return [
            _Table(entry, f"{self.where}, {key}[{number}]")
            for number, entry in enumerate(entries, start=1)
        ]

    def refuse_others(self) -> None:
        for key in sorted(self.values.keys() - self.known):
            self.fail(key, f"unknown key; expected only: {', '.join(sorted(self.known))}")

    def _get(self, key: str) -> object:
        self.known.add(key)
        return self.values.get(key)


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)
