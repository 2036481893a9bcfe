"""Worksheets to print, and answer sheets for the instructor, from the question banks.

Each sheet is one HTML file that needs nothing else; any browser opens it, prints it on A4 or US
Letter, and saves it as PDF. ``python -m bigimg_lessons.questions.worksheets FOLDER`` writes them.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from bigimg_lessons.questions.bank import (
    QuestionBank,
    QuestionBankError,
    bank_names,
    load_bank,
)
from bigimg_lessons.questions.html import (
    body_html,
    place_html,
    solution_html,
    text_html,
    why_not,
)
from bigimg_lessons.questions.kinds import (
    Blank,
    BlanksQuestion,
    NumberQuestion,
    OrderQuestion,
    Question,
    TrueFalseQuestion,
)

_STYLE = Path(__file__).with_name("worksheet.css")
_ALL = "all"
_LARGER_FIRST = {
    "B": {"GiB": 2**30, "GB": 1e9, "MiB": 2**20, "MB": 1e6, "KiB": 2**10, "kB": 1e3},
    "s": {"h": 3600, "min": 60, "s": 1, "ms": 1e-3, "µs": 1e-6},
    "m": {"m": 1, "mm": 1e-3, "µm": 1e-6, "nm": 1e-9},
}
_WITH_UNIT = {
    "B": "with its unit: B, KiB, MiB or GiB",
    "s": "with its unit: µs, ms, s or min",
    "m": "with its unit: nm, µm or mm",
}


def worksheet_html(banks: Sequence[QuestionBank], *, answers: bool, book: str | None = None) -> str:
    """Write one sheet.

    Parameters
    ----------
    banks
        The lessons whose questions it holds, one or more.
    answers
        Whether it is the answer sheet for the instructor: with solutions, accepted variants,
        explanations, hints, what to reply to common wrong answers, and where to read again. The
        worksheet has none of these, but room to write and boxes to tick.
    book
        Where the book's site is, as a URL that ends in ``/``, for links to it; None for no links.

    Returns
    -------
    str
        A whole HTML document without scripts, which asks for no other file.

    Raises
    ------
    ValueError
        If there is no bank.
    """
    if not banks:
        raise ValueError("banks: expected at least one question bank, got none.")
    one = len(banks) == 1
    kind = "Answer sheet" if answers else "Worksheet"
    title = banks[0].title if one else f"Check yourself: {len(banks)} lessons"
    total = sum(map(_bank_points, banks))
    if answers:
        top = (
            '<p class="ws-top">Capital letters, hyphens, plurals, and British or American spelling '
            "make no difference. <i>Almost</i> means on the right track: it scores no point. "
            f"{_points(total)} in all.</p>"
        )
    else:
        top = (
            '<p class="ws-top ws-person"><span>Name</span><span>Date</span>'
            f'<span class="ws-total">Points: <span class="ws-box"></span> of {total}</span></p>'
        )
    sections = "".join(
        "<section>"
        + ("" if one else f"<h2>{escape(bank.title)}, {_points(_bank_points(bank))}</h2>")
        + '<ol class="ws-questions">'
        + "".join(
            f'<li><p class="ws-points">{_points(question.points)}</p>'
            f"{_answered(question, book) if answers else _asked(question)}</li>"
            for question in bank.questions
        )
        + "</ol></section>"
        for bank in banks
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{kind}: {escape(title)}</title>\n"
        f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n"
        f'<body class="{"ws-answers" if answers else "ws-worksheet"}">\n<main>\n'
        '<p class="ws-howto">To print this page, or to save it as PDF, press Ctrl+P (on a Mac ⌘P). '
        "This line is not printed.</p>\n"
        f'<p class="ws-kind">{kind}</p>\n<h1>{escape(title)}</h1>\n{top}\n{sections}\n'
        '<p class="ws-source">From “Big images, piece by piece”, by the bigimg-lessons '
        "contributors, CC BY 4.0.</p>\n</main>\n</body>\n</html>\n"
    )


def worksheets(banks: Sequence[QuestionBank], *, book: str | None = None) -> dict[str, str]:
    """Write both sheets of each bank and, if there are several, both of all together.

    Parameters
    ----------
    banks
        The lessons, one or more.
    book
        As for `worksheet_html`.

    Returns
    -------
    dict
        File names to documents: ``<name>.html`` and ``<name>-answers.html`` for each bank, then
        ``all.html`` and ``all-answers.html``.

    Raises
    ------
    ValueError
        If there is no bank.
    """
    sheets = {bank.name: [bank] for bank in banks}
    if len(banks) != 1:
        sheets[_ALL] = list(banks)
    return {
        f"{name}{'-answers' if answers else ''}.html": worksheet_html(
            chosen, answers=answers, book=book
        )
        for name, chosen in sheets.items()
        for answers in (False, True)
    }


def write_worksheets(
    folder: Path, *, lessons: Iterable[str] | None = None, overwrite: bool = False
) -> list[Path]:
    """Write the sheets of some lessons, or of all.

    Parameters
    ----------
    folder
        Where; it is made if it is not there.
    lessons
        Names of question banks; by default all.
    overwrite
        Whether to replace sheets that are there already.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ValueError
        `lessons` is empty.
    FileNotFoundError
        There is no such lesson; the message lists those that exist.
    QuestionBankError
        A bank breaks the rules.
    FileExistsError
        A sheet is there already and `overwrite` is false; nothing is written.
    NotADirectoryError
        `folder` is a file.
    """
    names = bank_names() if lessons is None else list(dict.fromkeys(lessons))
    sheets = worksheets([load_bank(name) for name in names])
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file: name a folder.")
    there = [name for name in sheets if (folder / name).exists()]
    if there and not overwrite:
        more = f" and {len(there) - 1} more" if there[1:] else ""
        raise FileExistsError(
            f"{folder} has {there[0]}{more} already: name another folder, or allow it with "
            "--overwrite (overwrite=True)."
        )
    folder.mkdir(parents=True, exist_ok=True)
    return [replace_text(folder / name, text) for name, text in sheets.items()]


def replace_text(path: Path, text: str) -> Path:
    """Write a text file aside, in UTF-8, and give it its name when it is whole."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    return part.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write worksheets and answer sheets into a folder.

    Parameters
    ----------
    arguments
        Command-line arguments; ``None`` takes those of the process.

    Returns
    -------
    int
        Exit code: 0 if all went well, 1 if not. Arguments that cannot be understood end the
        process with 2.
    """
    parser = argparse.ArgumentParser(
        prog="python -m bigimg_lessons.questions.worksheets",
        description="Write worksheets to print, and answer sheets for the instructor, as HTML. "
        "Open them in any browser to print them or to save them as PDF.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to write them")
    parser.add_argument(
        "--lesson",
        nargs="+",
        metavar="NAME",
        dest="lessons",
        help=f"only these lessons: {', '.join(bank_names())}",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace sheets that are there already"
    )
    options = parser.parse_args(arguments)
    folder: Path = options.folder.expanduser()
    try:
        paths = write_worksheets(folder, lessons=options.lessons, overwrite=options.overwrite)
    except (OSError, QuestionBankError) as error:
        # An OSError without an error code is a sentence of our own.
        code = error.strerror if isinstance(error, OSError) else None
        cause = f"{folder} cannot be used ({code})." if code else error
        sys.stderr.write(f"Error: {cause}\n")
        return 1
    sys.stdout.write("".join(f"{path}\n" for path in paths))
    return 0


def _asked(question: Question) -> str:
    """Write a question with room for the answer; gaps and boxes to tick are part of it already."""
    match question:
        case NumberQuestion():
            unit = _WITH_UNIT.get(question.unit, question.unit)
            line = f'<span class="ws-line"></span> {escape(unit)}'
            if question.kind == "predict":
                room = f"<p>Before it is measured, I predict: {line}</p><p>Measured: {line}</p>"
            else:
                room = f"{_lines('How you get there:')}<p>Answer: {line}</p>"
        case OrderQuestion():
            boxes = " → ".join('<span class="ws-box"></span>' for _ in question.items)
            room = f"<p>The letters in order: {boxes}</p>"
        case TrueFalseQuestion():
            room = _lines("In your own words:")
        case _:
            return body_html(question)
    return f'{body_html(question)}<div class="ws-room">{room}</div>'


def _lines(label: str) -> str:
    return f'<p>{label}</p><p class="ws-rule"></p><p class="ws-rule"></p>'


def _answered(question: Question, book: str | None) -> str:
    """Write a question with what the instructor needs to know of it."""
    # The solution of blanks is the question itself, filled in: it need not stand there twice.
    asked = "" if isinstance(question, BlanksQuestion) else body_html(question)
    hints = "".join(f"<li>{text_html(hint)}</li>" for hint in question.hints)
    about = f"{escape(question.difficulty)}: {text_html(question.objective)}"
    entries = {
        "Solution": solution_html(question),
        "Also right": _variants(question),
        "Explanation": text_html(question.explanation),
        "Hints in steps": hints and f"<ol>{hints}</ol>",
        "Objective": f"{about}. Read again: {place_html(question.see, book=book)}",
    }
    described = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in entries.items() if text)
    rows = "".join(
        f"<tr><td>{answer}</td><td>{'<i>Almost.</i> ' if almost else ''}{text_html(reply)}"
        "</td></tr>"
        for answer, reply, almost in _replies(question)
    )
    table = (
        "<table><thead><tr><th>Who answers</th><th>is told</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
    return f'{asked}<dl class="ws-answer">{described}</dl>{table if rows else ""}'


def _variants(question: Question) -> str:
    """Name what is accepted besides the solution, as HTML; empty if nothing is."""
    match question:
        case BlanksQuestion():
            return "<br>".join(
                f"{label}{escape('; '.join(others))}"
                for label, blank in _labelled(question.blanks)
                if (others := blank.answers[1:])
            )
        case NumberQuestion(kind="number"):
            in_bytes = [f"{question.answer:,.15g} B"] * (question.unit == "B")
            near = [f"{question.tolerance * 100:g} % more or less"] * (question.tolerance > 0)
            return escape("; ".join(in_bytes + near))
    return ""


def _replies(question: Question) -> list[tuple[str, str, bool]]:
    """List each common wrong answer (HTML), the reply (text), and whether it is almost right."""
    match question:
        case BlanksQuestion():
            return [
                (f"{label}{escape('; '.join(entry.when))}", entry.say, entry.almost)
                for label, blank in _labelled(question.blanks)
                for entry in blank.feedback
            ]
        case NumberQuestion():
            return [
                (_amounts(entry.when, question.unit), entry.say, entry.almost)
                for entry in question.feedback
            ]
        case OrderQuestion():
            return [
                (f"<b>{entry.before}</b> before <b>{entry.after}</b>", entry.say, False)
                for entry in question.feedback
            ]
    return [(answer, reply, False) for answer, reply in why_not(question)]


def _labelled(blanks: tuple[Blank, ...]) -> list[tuple[str, Blank]]:
    """Give each blank a label, empty if it is the only one."""
    if len(blanks) == 1:
        return [("", blanks[0])]
    return [(f"Blank {number}: ", blank) for number, blank in enumerate(blanks, start=1)]


def _amounts(values: tuple[float, ...], unit: str) -> str:
    return escape("; ".join(_amount(value, unit) for value in values))


def _amount(value: float, unit: str) -> str:
    """Show a number in the largest unit in which at most four digits say it exactly."""
    for name, size in _LARGER_FIRST.get(unit, {}).items():
        short = f"{value / size:.4g}"
        if size <= value < 10_000 * size and math.isclose(float(short) * size, value):
            return f"{short} {name}"
    return f"{value:,.15g} {unit}"


def _bank_points(bank: QuestionBank) -> int:
    return sum(question.points for question in bank.questions)


def _points(points: int) -> str:
    return {0: "no points", 1: "1 point"}.get(points, f"{points} points")


if __name__ == "__main__":
    sys.exit(main())
