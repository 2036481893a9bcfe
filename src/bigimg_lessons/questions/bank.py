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
    exhibit = "volume[:, 20]"           # optional: shown as it is, line by line, below the text
    counted = "64 requests"             # optional: what was counted when the exhibit's code ran

    [[questions.blanks]]                # one for each ___, in order
    answers = ["lazy loading", "lazy load"]     # the first is shown as the solution

    [[questions.blanks.feedback]]       # optional: a reply to answers that are not accepted
    when = ["streaming"]
    say = "Streaming reads in order. Here you may jump."
    almost = true                       # optional: nearly right; it scores no point either

Questions of the other kinds have these keys instead of ``blanks``:

number, predict
    ``answer`` (in the base unit), ``unit`` ("B", "s", "m", "%", "×" or what is counted, in the
    plural), ``tolerance`` (optional, a share), ``solution`` (optional: the answer as shown, such
    as "256 KiB"), ``[[questions.feedback]]`` with ``when`` (numbers), ``say``, ``almost``.
true-false
    ``answer``, ``say`` (the reply to the wrong one), ``[[questions.reasons]]`` with ``text`` and
    either ``right = true`` (exactly one) or ``say``.
choice, choices
    ``[[questions.options]]`` like reasons; choices may have several that are right. Each may have
    ``counted`` (what was counted when the code of this option ran; then all have it).
order
    ``items`` in the right order (they are shown shuffled), ``[[questions.feedback]]`` with
    ``before``, ``after`` (two items that were put in this order, which is the wrong one) and
    ``say``.

What counts as the same answer (case, hyphens, plural, spelling, units, remarks, workings, words of
the sentence) is decided where answers are graded, in ``widgets/js/quiz/grading``. German and French
terms of ``translations.toml`` are added when a bank is loaded, to answers and to replies. A gap
whose answer is a number is compared as a number. A number question that asks "How many KiB" takes a
bare number of KiB. Hints: if there is one for each gap, each stands by its own gap.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from bigimg_lessons.questions.kinds import Question
from bigimg_lessons.questions.reading import read_question
from bigimg_lessons.questions.table import QuestionBankError, Table

_FOLDER = Path(__file__).with_name("banks")


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
        Folder of the banks.

    Raises
    ------
    FileNotFoundError
        There is no such bank; the message lists those that exist.
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
    table = Table(values, path.name)
    title = table.text("title")
    questions = tuple(read_question(entry, path.name) for entry in table.tables("questions"))
    table.refuse_others()
    ids = [question.id for question in questions]
    for twice in sorted({entry for entry in ids if ids.count(entry) > 1}):
        raise QuestionBankError(
            f"{path.name}, question {twice!r}, id: used {ids.count(twice)} times; "
            "give each question its own."
        )
    return QuestionBank(name=name, title=title, questions=questions)
