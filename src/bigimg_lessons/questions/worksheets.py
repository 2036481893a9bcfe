"""Worksheets to print, and answer sheets for the instructor, written into a folder.

``python -m bigimg_lessons.questions.worksheets FOLDER`` writes them from the question banks.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bigimg_lessons.questions.bank import bank_names, load_bank
from bigimg_lessons.questions.sheets import worksheets
from bigimg_lessons.questions.table import QuestionBankError
from bigimg_lessons.saving.files import replace_text


def write_worksheets(
    folder: Path, *, lessons: Iterable[str] | None = None, overwrite: bool = False
) -> list[Path]:
    """Write the sheets of some lessons, or of all.

    Parameters
    ----------
    folder
        Folder of the sheets; it is created if it does not exist.
    lessons
        Names of question banks; by default all of them.
    overwrite
        Whether to replace sheets that exist already.

    Returns
    -------
    list of Path
        Paths of the files.

    Raises
    ------
    ValueError
        `lessons` is empty.
    FileNotFoundError
        There is no such lesson; the message lists those that exist.
    QuestionBankError
        A bank breaks the rules.
    FileExistsError
        A sheet exists already and `overwrite` is false; nothing is written.
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
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder for the sheets")
    parser.add_argument(
        "--lesson",
        nargs="+",
        metavar="NAME",
        dest="lessons",
        help=f"only these lessons: {', '.join(bank_names())}",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace sheets that exist already"
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


if __name__ == "__main__":
    sys.exit(main())
