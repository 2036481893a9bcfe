"""Widgets for the pages of others: each as one module, and what it shows as JSON beside it.

``python -m bigimg_lessons.widgets.standalone FOLDER`` writes ``planner.mjs`` and ``planner.json``,
and so for each widget; the quiz has a JSON for every question bank. A module is one of anywidget's
(https://anywidget.dev): its default export is ``{ render }``, it imports nothing, and its style
sheet is inside. The page *Widgets on your own page* of the book shows how to use them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anywidget

from bigimg_lessons.colours import STYLE_SHEET
from bigimg_lessons.questions.bank import bank_names
from bigimg_lessons.saving.files import replace_text
from bigimg_lessons.widgets import (
    ChunkExplorer,
    DesignTask,
    FetchExperiment,
    FileReport,
    Planner,
    Quiz,
    ZoomViewer,
)
from bigimg_lessons.widgets.base import WITH_KERNEL, Widget, own_style, page_module

IMAGE = "images/tissue_section.ome.zarr"
"""The image to zoom into, below the home folder of the book's site."""

_HOST = "kit/hosting.js"


def standalone_module(widget: type[Widget]) -> str:
    """Return the front end of a widget as a module that imports nothing.

    Parameters
    ----------
    widget
        Its class.

    Returns
    -------
    str
        JavaScript. The default export has ``render({ model, el })``, for which ``get``, ``set``
        and ``on`` of the model are enough.
    """
    css = STYLE_SHEET.read_text(encoding="utf-8") + own_style(widget.front)
    fronts = page_module([widget.front, _HOST], without=WITH_KERNEL)
    host, front = json.dumps(_HOST), json.dumps(widget.front)
    return (
        f"/*! {widget.__name__} of bigimg-lessons {version('bigimg-lessons')}, MIT License */\n"
        f"const fronts = {fronts.removeprefix('export default ')}"
        f"const css = {json.dumps(css)};\n"
        f"export default fronts[{host}](fronts[{front}], css);\n"
    )


def state(widget: Widget) -> dict[str, Any]:
    """Return what a widget shows: its traits as pages have them, without those of Jupyter."""
    jupyter = set(anywidget.AnyWidget.class_trait_names())
    own = (name for name in widget.class_trait_names(sync=True) if name[0] != "_")
    shown: dict[str, Any] = widget.get_state(sorted(set(own) - jupyter))
    return shown


def standalone_files(*, site: str = "../") -> Mapping[str, str]:
    """Return all modules and their JSON.

    Parameters
    ----------
    site
        Address of the home folder of a built book, with a slash at its end, where the images are
        that two of the widgets fetch. It is absolute, or relative to the page with the widget.

    Returns
    -------
    Mapping
        Text of a file by its name.

    Raises
    ------
    ValueError
        If `site` does not end with a slash.
    """
    if not site.endswith("/"):
        raise ValueError(
            f"site is {site!r}: give the address of the home folder of a built book, with a slash "
            "at its end, such as 'https://example.org/book/' or '../'."
        )
    title = "Synthetic tissue, one section of 4096 × 4096 pixels"
    viewer = ZoomViewer(url=f"{site}{IMAGE}", title=title, picture=f"{site}{IMAGE}/thumbnail.jpg")
    states = {
        "chunk_explorer": state(ChunkExplorer()),
        "design_task": state(DesignTask()),
        "fetch_experiment": {**state(FetchExperiment()), "url": site},
        "file_report": state(FileReport()),
        "planner": state(Planner()),
        "zoom_viewer": state(viewer),
        **{f"quiz-{name}": state(Quiz(name)) for name in bank_names()},
    }
    widgets = (
        ChunkExplorer,
        DesignTask,
        FetchExperiment,
        FileReport,
        Planner,
        Quiz,
        ZoomViewer,
    )
    modules = {f"{Path(each.front).stem}.mjs": standalone_module(each) for each in widgets}
    texts = {f"{name}.json": _json(value) for name, value in states.items()}
    return modules | texts


def _json(value: Any) -> str:
    # On one line: in a MyST page, a line that begins with a fence would end the directive.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write all files into a folder.

    Parameters
    ----------
    arguments
        Of the command line; by default those that the program was given.
    """
    parser = argparse.ArgumentParser(
        prog="python -m bigimg_lessons.widgets.standalone", description=__doc__.split("\n")[0]
    )
    parser.add_argument("folder", type=Path, help="where to write; it is created if need be")
    parser.add_argument(
        "--site",
        default="../",
        help="home folder of a built book, with the images that two widgets fetch: an address "
        "with a slash at its end, absolute or relative to the page with the widget (default: ../)",
    )
    given = parser.parse_args(arguments)
    try:
        files = standalone_files(site=given.site)
    except ValueError as error:
        parser.error(str(error))
    given.folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        replace_text(given.folder / name, text)
    sys.stdout.write(f"{len(files)} files are in {given.folder}.\n")


if __name__ == "__main__":
    main()
