"""Worksheets on the book's site: ``worksheets/`` holds the sheets of all lessons, to print.

They are not pages of the book and have nothing of its theme; ``book/teach.md`` links them. Sheets
that have not changed since the last build are not written again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from bigimg_lessons.questions.bank import bank_names, load_bank
from bigimg_lessons.questions.sheets import worksheets
from bigimg_lessons.saving.files import replace_text
from bigimg_lessons.saving.staging import recover

_LOGGER = logging.getLogger(__name__)

FOLDER = "worksheets"


def refresh(folder: Path, sheets: Mapping[str, str]) -> list[str]:
    """Let a folder hold these sheets, and no others.

    Parameters
    ----------
    folder
        Folder of the sheets. It is created if it does not exist, and holds nothing else.
    sheets
        The documents, by file name.

    Returns
    -------
    list of str
        The names of the files that were new or had changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recover(folder)  # interrupted builds
    for path in folder.iterdir():
        if path.is_file() and path.name not in sheets:  # lessons that were renamed
            path.unlink()
    changed = [
        name
        for name, text in sheets.items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != text.encode()
    ]
    for name in changed:
        replace_text(folder / name, sheets[name])
    return changed


def _add_worksheets(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        banks = [load_bank(name) for name in bank_names()]
        changed = refresh(Path(app.outdir) / FOLDER, worksheets(banks, book="../"))
        if changed:
            _LOGGER.info("worksheets: %d file(s) written", len(changed))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("build-finished", _add_worksheets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
