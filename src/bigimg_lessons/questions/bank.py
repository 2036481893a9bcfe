"""Question banks: the questions of a lesson, kept as TOML beside the code.

A bank is one file ``questions/banks/<name>.toml``::

    title = "Check yourself"

    [[questions]]
    id = "lazy-loading"                 # letters, digits, hyphens; unique in the file
    kind = "blanks"                     # or another of those below
    text = "Reading only what is asked for is called ___."   # ___ is a blank, `...` is code
    objective = "Name the idea"         # the learning objective, starts with a verb
    difficulty = "easy"                 # easy | medium | hard
    see = { page = "notebooks/01_open_without_loading", section = "One YZ slice" }
    hints = ["Shown first.", "Shown next."]                  # optional
    explanation = "Shown with the solution."

    [[questions.blanks]]                # one for each ___, in order
    answers = ["lazy loading", "lazy load"]     # the first is shown as the solution

    [[questions.blanks.feedback]]       # optional: a reply to answers that are not accepted
    when = ["streaming"]
    say = "Streaming reads in order. Here you may jump."
    almost = true                       # optional: on the right track; scores no point either

The other kinds have, in place of ``blanks``:

number, predict
    ``answer`` (in the base unit), ``unit`` ("B", "s", "m", "%", "×" or what is counted, in the
    plural), ``tolerance`` (optional, a share), ``solution`` (optional: the answer as shown, such
    as "256 KiB"), ``[[questions.feedback]]`` with ``when`` (numbers), ``say``, ``almost``.
true-false
    ``answer``, ``say`` (the reply to the wrong one), ``[[questions.reasons]]`` with ``text`` and
    either ``right = true`` (exactly one) or ``say``.
choice, choices
    ``[[questions.options]]`` like reasons; choices may have several that are right.
order
    ``items`` in the right order (they are shown shuffled), ``[[questions.feedback]]`` with
    ``before``, ``after`` (items that were put so, the wrong way round) and ``say``.

What counts as the same answer (case, hyphens, plural, spelling, units) is decided where answers
are graded, in ``widgets/js/quiz/quiz_grading.js``.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sized
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, NoReturn

from bigimg_lessons.questions.kinds import (
    Blank,
    BlanksQuestion,
    ChoiceQuestion,
    Feedback,
    NumberFeedback,
    NumberQuestion,
    Option,
    OrderFeedback,
    OrderQuestion,
    Question,
    See,
    TrueFalseQuestion,
    letters,
)
from bigimg_lessons.questions.places import heading_anchor

__all__ = [
    "Blank",
    "BlanksQuestion",
    "ChoiceQuestion",
    "Feedback",
    "NumberFeedback",
    "NumberQuestion",
    "Option",
    "OrderFeedback",
    "OrderQuestion",
    "Question",
    "QuestionBank",
    "QuestionBankError",
    "See",
    "TrueFalseQuestion",
    "bank_names",
    "load_bank",
    "split_text",
]

_FOLDER = Path(__file__).with_name("banks")
_DIFFICULTIES = ("easy", "medium", "hard")
_CODE_OR_BLANK = re.compile(r"(`[^`]+`|___)")
_ID = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_PAGE = re.compile(r"\w+([/-]\w+)*", re.ASCII)
_UNITS = ("B", "s", "m", "%", "×")
_COUNTED = re.compile(r"(?!bytes|bits|seconds|times)[A-Za-z][A-Za-z -]+[a-z]s")
_ROUNDING = 1e-9  # the same share as in quiz_grading.js


class QuestionBankError(ValueError):
    """A question bank breaks the rules; the message names file, question and field."""


@dataclass(frozen=True, kw_only=True)
class QuestionBank:
    """The questions of one file, in its order."""

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
    if not _ID.fullmatch(identifier):
        table.fail("id", f"expected letters, digits and single hyphens, got {identifier!r}")
    table.where = f"{file}, question {identifier!r}"
    kind = table.choice("kind", tuple(_KINDS))
    common: dict[str, Any] = {
        "id": identifier,
        "kind": kind,
        "text": table.text("text"),
        "objective": table.text("objective"),
        "difficulty": table.choice("difficulty", _DIFFICULTIES),
        "see": _see(table.table("see")),
        "hints": table.texts("hints", optional=True),
        "explanation": table.text("explanation"),
    }
    question = _KINDS[kind](table, common)
    table.refuse_others()
    gaps = split_text(question.text).count("___")
    blanks = len(question.blanks) if isinstance(question, BlanksQuestion) else 0
    if gaps != blanks:
        table.fail("text", f"{gaps} gaps (___) for {blanks} [[blanks]]; expected one each")
    return question


def _see(table: _Table) -> See:
    page, section = table.text("page"), table.text("section")
    table.refuse_others()
    if not _PAGE.fullmatch(page):
        table.fail("page", f"expected a path in the repository without suffix, got {page!r}")
    anchor = heading_anchor(section)
    if not anchor or "`" in section:
        table.fail("section", f"expected a heading without # and backticks, got {section!r}")
    return See(page=page, section=section, anchor=anchor)


def _blanks(table: _Table, common: dict[str, Any]) -> Question:
    return BlanksQuestion(**common, blanks=tuple(map(_blank, table.tables("blanks"))))


def _blank(table: _Table) -> Blank:
    answers = table.texts("answers")
    entries = table.tables("feedback", optional=True)
    table.refuse_others()
    seen: set[str] = set()
    for answer in answers:
        if _folded(answer) in seen:
            table.fail("answers", f"{answer!r} is listed twice")
        if not _folded(answer):
            table.fail("answers", f"{answer!r} holds neither a letter nor a digit")
        seen.add(_folded(answer))
    feedback = []
    for entry in entries:
        reply = Feedback(
            when=entry.texts("when"), say=entry.text("say"), almost=entry.flag("almost")
        )
        entry.refuse_others()
        for wrong in reply.when:
            if not _folded(wrong):
                entry.fail("when", f"{wrong!r} holds neither a letter nor a digit")
            if _folded(wrong) in seen:
                entry.fail("when", f"{wrong!r} is already accepted or replied to")
            seen.add(_folded(wrong))
        feedback.append(reply)
    return Blank(answers=answers, feedback=tuple(feedback))


def _folded(text: str) -> str:
    return "".join(filter(str.isalnum, text.replace("%", " percent").casefold()))


def _number(table: _Table, common: dict[str, Any]) -> Question:
    answer, tolerance = table.number("answer"), table.number("tolerance", default=0.0)
    if tolerance >= 1:
        table.fail("tolerance", f"expected a share of the answer, less than 1, got {tolerance!r}")
    unit = table.text("unit")
    if unit not in _UNITS and not _COUNTED.fullmatch(unit):
        table.fail(
            "unit", f"expected {', '.join(_UNITS)} or what is counted, in the plural, got {unit!r}"
        )
    feedback: list[NumberFeedback] = []
    for entry in table.tables("feedback", optional=True):
        reply = NumberFeedback(
            when=entry.numbers("when"), say=entry.text("say"), almost=entry.flag("almost")
        )
        entry.refuse_others()
        earlier = [number for other in feedback for number in other.when]
        for number in reply.when:
            if _near(number, answer, tolerance):
                entry.fail("when", f"{number:.15g} is within the tolerance of the answer")
            if any(_near(number, other) for other in earlier):
                entry.fail("when", f"{number:.15g} is already replied to")
            earlier.append(number)
        feedback.append(reply)
    return NumberQuestion(
        **common,
        answer=answer,
        unit=unit,
        tolerance=tolerance,
        solution=table.text("solution", default=f"{answer:,.15g} {unit}".replace(",", " ")),
        feedback=tuple(feedback),
    )


def _near(number: float, other: float, tolerance: float = 0.0) -> bool:
    return abs(number - other) <= (tolerance + _ROUNDING) * abs(other)


def _true_false(table: _Table, common: dict[str, Any]) -> Question:
    answer = table.flag("answer", optional=False)
    reasons = _options(table, "reasons", most=26)
    _want_one_right(table, "reasons", reasons)
    return TrueFalseQuestion(**common, answer=answer, say=table.text("say"), reasons=reasons)


def _choice(table: _Table, common: dict[str, Any]) -> Question:
    options = _options(table, "options", most=6)
    if common["kind"] == "choice":
        _want_one_right(table, "options", options)
    elif len({option.right for option in options}) == 1:
        table.fail("options", "expected at least one that is right and one that is wrong")
    return ChoiceQuestion(**common, options=options)


def _want_one_right(table: _Table, key: str, options: tuple[Option, ...]) -> None:
    right = sum(option.right for option in options)
    if right != 1:
        table.fail(key, f"expected exactly one that is right, got {right}")


def _options(table: _Table, key: str, *, most: int) -> tuple[Option, ...]:
    options: list[Option] = []
    entries = table.tables(key)
    table.want_length(key, entries, most=most)
    for entry in entries:
        text, right = entry.text("text"), entry.flag("right")
        say = entry.text("say", default="" if right else None)
        entry.refuse_others()
        if right and say:
            entry.fail("say", "a right one gets no reply of its own; use the explanation")
        if any(_alike(text, other.text) for other in options):
            entry.fail("text", f"{text!r} is listed twice")
        options.append(Option(text=text, right=right, say=say))
    return tuple(options)


def _alike(text: str, other: str) -> bool:
    return text.casefold().split() == other.casefold().split()


def _order(table: _Table, common: dict[str, Any]) -> Question:
    right = table.texts("items")
    table.want_length("items", right, most=7)
    for number, item in enumerate(right):
        if any(_alike(item, other) for other in right[:number]):
            table.fail("items", f"{item!r} is listed twice")
    shown = _shuffled(right, common["id"])
    letter = dict(zip(shown, letters(shown), strict=True))
    feedback = []
    follows: dict[str, set[str]] = {item: set() for item in right}
    for entry in table.tables("feedback", optional=True):
        before, after = (entry.choice(key, right) for key in ("before", "after"))
        say = entry.text("say")
        entry.refuse_others()
        if right.index(before) <= right.index(after):
            entry.fail("before", f"{before!r} does not come after {after!r}, so this is no mistake")
        if not _possible(follows, before, after):
            entry.fail("before", "any order that this replies to is already replied to")
        follows[before].add(after)
        feedback.append(OrderFeedback(before=letter[before], after=letter[after], say=say))
    return OrderQuestion(
        **common,
        items=shown,
        answer=tuple(letter[item] for item in right),
        feedback=tuple(feedback),
    )


def _shuffled(items: tuple[str, ...], identifier: str) -> tuple[str, ...]:
    """Shuffle so that everybody sees the same order, and never the right one."""

    def chance(item: str) -> bytes:
        return hashlib.sha256(f"{identifier}\n{item}".encode()).digest()

    shown = tuple(sorted(items, key=chance))
    return shown if shown != items else (*shown[1:], shown[0])


def _possible(follows: dict[str, set[str]], before: str, after: str) -> bool:
    """Whether `before` can stand before `after` with each item after those that it follows."""
    graph = {**follows, after: follows[after] | {before}}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return False
    return True


_KINDS = {
    "blanks": _blanks,
    "number": _number,
    "true-false": _true_false,
    "choice": _choice,
    "choices": _choice,
    "order": _order,
    "predict": _number,
}


class _Table:
    """A TOML table read key by key, which knows where it stands for the sake of messages."""

    def __init__(self, values: dict[str, object], where: str) -> None:
        self.values = values
        self.where = where
        self.known: set[str] = set()

    def fail(self, key: str, problem: str) -> NoReturn:
        raise QuestionBankError(f"{self.where}, {key}: {problem}.")

    def text(self, key: str, *, default: str | None = None) -> str:
        value = self._get(key)
        if value is None and default is not None:
            return default
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

    def choice(self, key: str, among: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in among:
            self.fail(key, f"{value!r} is unknown; expected one of: {', '.join(among)}")
        return value

    def number(self, key: str, *, default: float | None = None) -> float:
        value = self._get(key)
        if value is None and default is not None:
            return default
        number = _as_number(value)
        if number is None:
            self.fail(key, f"expected a number, 0 or more, got {_shown(value)}")
        return number

    def numbers(self, key: str) -> tuple[float, ...]:
        value = self._get(key)
        entries = value if isinstance(value, list) else []
        numbers = tuple(number for entry in entries if (number := _as_number(entry)) is not None)
        if not numbers or len(numbers) < len(entries):
            self.fail(key, f"expected a list of numbers, 0 or more, got {_shown(value)}")
        return numbers

    def flag(self, key: str, *, optional: bool = True) -> bool:
        value = self._get(key)
        if not isinstance(value, bool) and not (value is None and optional):
            self.fail(key, f"expected true or false, got {_shown(value)}")
        return bool(value)

    def table(self, key: str) -> _Table:
        value = self._get(key)
        if not isinstance(value, dict):
            self.fail(key, f"expected a table {{ ... }}, got {_shown(value)}")
        return _Table(value, f"{self.where}, {key}")

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

    def want_length(self, key: str, entries: Sized, *, most: int, least: int = 3) -> None:
        if not least <= len(entries) <= most:
            self.fail(key, f"expected {least} to {most} of them, got {len(entries)}")

    def refuse_others(self) -> None:
        for key in sorted(self.values.keys() - self.known):
            self.fail(key, f"unknown key; expected only: {', '.join(sorted(self.known))}")

    def _get(self, key: str) -> object:
        self.known.add(key)
        return self.values.get(key)


def _as_number(value: object) -> float | None:
    """Read a number from 0 on; true, false and what is not finite are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e300:
        return None
    return float(value)


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)
