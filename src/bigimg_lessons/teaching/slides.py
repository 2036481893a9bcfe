"""Slides of the lessons, each as one HTML file.

``python -m bigimg_lessons.teaching.slides FOLDER``, in a copy of the repository, writes them from
its notebooks and, if the book is built, with the figures of its pages.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bigimg_lessons.saving.files import replace_text
from bigimg_lessons.teaching.deck import deck_html
from bigimg_lessons.teaching.outline import OutlineError, Picture, read_deck
from bigimg_lessons.teaching.pictures import Drawn, embedded, in_notebook, on_page, spaced


class Pictures:
    """Finds the pictures of one lesson, and counts those that are nowhere.

    Parameters
    ----------
    notebook
        The lesson.
    page
        Its built page; it need not exist.
    embed
        Whether images are to lie in the slides themselves, or where the page has them.
    """

    def __init__(self, notebook: Path, page: Path | None, *, embed: bool) -> None:
        is_built = page is not None and page.is_file()
        self._on_page: Mapping[str, tuple[Drawn, ...]] = on_page(page) if page and is_built else {}
        self._home = page.parent if page else notebook.parent
        self._folder = notebook.parent
        self._embed = embed
        self.missing: list[Picture] = []

    def __call__(self, picture: Picture) -> tuple[Drawn, ...]:
        """Return the images of a picture."""
        found = self._on_page.get(spaced(picture.alt), ())
        if found and self._embed:
            found = tuple(embedded(image, self._home) for image in found)
        found = found or in_notebook(picture, self._folder)
        if not found:
            self.missing.append(picture)
        return found


def lesson_notebooks(folder: Path, lessons: Iterable[str] | None = None) -> list[Path]:
    """Find the notebooks of some lessons, or of all.

    Parameters
    ----------
    folder
        Folder of the notebooks.
    lessons
        Names without suffix; by default all that are there, sorted.

    Raises
    ------
    FileNotFoundError
        There is no such lesson, or none at all; the message lists those that exist.
    """
    there = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    if not there:
        raise FileNotFoundError(
            f"There are no notebooks in {folder}: name the folder of the lessons with --notebooks."
        )
    names = list(there) if lessons is None else list(dict.fromkeys(lessons))
    for name in names:
        if name not in there:
            raise FileNotFoundError(f"There is no lesson {name!r}; there are: {', '.join(there)}.")
    return [there[name] for name in names]


def write_slides(
    folder: Path,
    notebooks: Iterable[Path],
    *,
    site: Path | None = None,
    overwrite: bool = False,
) -> dict[Path, list[Picture]]:
    """Write the slides of lessons, each as one file that needs no other.

    Parameters
    ----------
    folder
        Folder of the slides; it is created if it does not exist.
    notebooks
        The lessons.
    site
        Folder of the built book, from which pictures are taken; None, or one that does not exist,
        for those alone which the notebooks have.
    overwrite
        Whether to replace slides that exist already.

    Returns
    -------
    dict
        Files that were written, each with the pictures that are only described in it.

    Raises
    ------
    FileExistsError
        Slides exist already and `overwrite` is false; nothing is written.
    NotADirectoryError
        `folder` is a file.
    OutlineError
        A notebook is no lesson.
    OSError
        Something cannot be read or written.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file: name a folder.")
    written: dict[Path, list[Picture]] = {}
    texts = {}
    for notebook in notebooks:
        page = site / "notebooks" / f"{notebook.stem}.html" if site else None
        pictures = Pictures(notebook, page, embed=True)
        path = folder / f"{notebook.stem}.html"
        if path.exists() and not overwrite:
            raise FileExistsError(
                f"{path} exists already: name another folder, or allow it with --overwrite "
                "(overwrite=True)."
            )
        texts[path] = deck_html(read_deck(notebook), pictures)
        written[path] = pictures.missing
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        replace_text(path, text)
    return written


def main(arguments: Sequence[str] | None = None) -> int:
    """Write slides into a folder.

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
        prog="python -m bigimg_lessons.teaching.slides",
        description="Write the slides of lessons, each as one HTML file that needs no network. "
        "Any browser shows them, and prints one slide to a page.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder for the slides")
    parser.add_argument(
        "--lesson", nargs="+", metavar="NAME", dest="lessons", help="only these lessons"
    )
    parser.add_argument(
        "--notebooks",
        type=Path,
        default=Path("notebooks"),
        metavar="FOLDER",
        help="folder of the lessons, by default notebooks",
    )
    parser.add_argument(
        "--site",
        type=Path,
        default=Path("_build", "html"),
        metavar="FOLDER",
        help="the built book, which has the plots; by default _build/html",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace slides that exist already"
    )
    options = parser.parse_args(arguments)
    folder: Path = options.folder.expanduser()
    try:
        notebooks = lesson_notebooks(options.notebooks.expanduser(), options.lessons)
        written = write_slides(
            folder, notebooks, site=options.site.expanduser(), overwrite=options.overwrite
        )
    except (OSError, OutlineError) as error:
        # An OSError without an error code is a sentence of our own.
        if isinstance(error, OSError) and error.strerror:
            cause = f"{error.filename or folder} cannot be used ({error.strerror})."
        else:
            cause = str(error)
        sys.stderr.write(f"Error: {cause}\n")
        return 1
    sys.stdout.write("".join(f"{path}\n" for path in written))
    if missing := sum(map(len, written.values())):
        sys.stderr.write(
            f"{missing} figure(s) are described in words, as they have not been drawn: build the "
            "book and name it with --site, or run the notebooks and save them.\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
