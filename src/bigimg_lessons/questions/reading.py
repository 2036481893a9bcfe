"""Questions read from the tables of a bank, and the rules that they keep; see `bank`."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from bigimg_lessons.questions.kinds import (
    BlanksQuestion,
    ChoiceQuestion,
    NumberQuestion,
    OrderQuestion,
    Question,
    TrueFalseQuestion,
)
from bigimg_lessons.questions.parts import (
    Blank,
    Feedback,
    NumberFeedback,
    Option,
    OrderFeedback,
    See,
    letters,
    split_text,
)
from bigimg_lessons.questions.places import heading_anchor
from bigimg_lessons.questions.table import Table
from bigimg_lessons.questions.translations import folded, translated

_DIFFICULTIES = ("easy", "medium", "hard")
_ID = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_PAGE = re.compile(r"\w+([/-]\w+)*", re.ASCII)
_UNITS = ("B", "s", "m", "%", "×")
_COUNTED = re.compile(r"(?!bytes|bits|seconds|times)[A-Za-z][A-Za-z -]+[a-z]s")
_ROUNDING = 1e-9  # the same share as in widgets/js/quiz/grading/grade.js


def read_question(table: Table, file: str) -> Question:
    """Read and check one question.

    Parameters
    ----------
    table
        The question's table, of which every key is read.
    file
        Name of the file, for messages.

    Raises
    ------
    QuestionBankError
        The question breaks a rule of the banks.
    """
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
        "exhibit": table.text("exhibit", default="", as_it_is=True).rstrip(),
        "counted": table.text("counted", default=""),
    }
    question = _KINDS[kind](table, common)
    table.refuse_others()
    gaps = split_text(question.text).count("___")
    blanks = len(question.blanks) if isinstance(question, BlanksQuestion) else 0
    if gaps != blanks:
        table.fail("text", f"{gaps} gaps (___) for {blanks} [[blanks]]; expected one each")
    return question


def _see(table: Table) -> See:
    page, section = table.text("page"), table.text("section")
    table.refuse_others()
    if not _PAGE.fullmatch(page):
        table.fail("page", f"expected a path in the repository without suffix, got {page!r}")
    anchor = heading_anchor(section)
    if not anchor or "`" in section:
        table.fail("section", f"expected a heading without # and backticks, got {section!r}")
    return See(page=page, section=section, anchor=anchor)


def _blanks(table: Table, common: dict[str, Any]) -> Question:
    return BlanksQuestion(**common, blanks=tuple(map(_blank, table.tables("blanks"))))


def _blank(table: Table) -> Blank:
    answers = table.texts("answers")
    entries = table.tables("feedback", optional=True)
    table.refuse_others()
    seen: set[str] = set()
    for answer in answers:
        if folded(answer) in seen:
            table.fail("answers", f"{answer!r} is listed twice")
        if not folded(answer):
            table.fail("answers", f"{answer!r} holds neither a letter nor a digit")
        seen.add(folded(answer))
    feedback = []
    for entry in entries:
        reply = Feedback(
            when=entry.texts("when"), say=entry.text("say"), almost=entry.flag("almost")
        )
        entry.refuse_others()
        for wrong in reply.when:
            if not folded(wrong):
                entry.fail("when", f"{wrong!r} holds neither a letter nor a digit")
            if folded(wrong) in seen:
                entry.fail("when", f"{wrong!r} is already accepted or replied to")
            seen.add(folded(wrong))
        feedback.append(reply)
    # What stands for a right term and for a wrong one is right.
    return Blank(
        answers=_with_translations(answers, seen),
        feedback=tuple(
            replace(reply, when=_with_translations(reply.when, seen)) for reply in feedback
        ),
    )


def _with_translations(terms: tuple[str, ...], seen: set[str]) -> tuple[str, ...]:
    """Add the German and French of some terms, but for what is in `seen`, and put it in there."""
    words = [word for word in translated(terms) if folded(word) not in seen]
    seen.update(map(folded, words))
    return (*terms, *words)


def _number(table: Table, common: dict[str, Any]) -> Question:
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


def _true_false(table: Table, common: dict[str, Any]) -> Question:
    answer = table.flag("answer", optional=False)
    reasons = _options(table, "reasons", maximum=26)
    _want_one_right(table, "reasons", reasons)
    return TrueFalseQuestion(**common, answer=answer, say=table.text("say"), reasons=reasons)


def _choice(table: Table, common: dict[str, Any]) -> Question:
    options = _options(table, "options", maximum=6)
    if common["kind"] == "choice":
        _want_one_right(table, "options", options)
    elif len({option.right for option in options}) == 1:
        table.fail("options", "expected at least one that is right and one that is wrong")
    return ChoiceQuestion(**common, options=options)


def _want_one_right(table: Table, key: str, options: tuple[Option, ...]) -> None:
    right = sum(option.right for option in options)
    if right != 1:
        table.fail(key, f"expected exactly one that is right, got {right}")


def _options(table: Table, key: str, *, maximum: int) -> tuple[Option, ...]:
    options: list[Option] = []
    entries = table.tables(key)
    table.want_length(key, entries, maximum=maximum)
    for entry in entries:
        text, right = entry.text("text"), entry.flag("right")
        say = entry.text("say", default="" if right else None)
        counted = entry.text("counted", default="")
        entry.refuse_others()
        if right and say:
            entry.fail("say", "a right one gets no reply of its own; use the explanation")
        if any(_alike(text, other.text) for other in options):
            entry.fail("text", f"{text!r} is listed twice")
        if options and bool(counted) != bool(options[0].counted):
            entry.fail("counted", "expected what was counted for all of them, or for none")
        options.append(Option(text=text, right=right, say=say, counted=counted))
    return tuple(options)


def _alike(text: str, other: str) -> bool:
    return text.casefold().split() == other.casefold().split()


def _order(table: Table, common: dict[str, Any]) -> Question:
    right = table.texts("items")
    table.want_length("items", right, maximum=7)
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
