"""Small pages with widgets and no kernel, as book/_ext/anywidget_host.py writes the book's."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

from anywidget import AnyWidget

REPO = Path(__file__).parents[2]
LOADER = REPO / "book/_ext/anywidget_host_assets/anywidget_host.js"
SHEET = REPO / "book/_static/bigimg.css"
JUPYTER_ONLY = {"layout", "tabbable", "tooltip"}
Write = Callable[..., str]


def page_writer(folder: Path, url: str) -> Write:
    """Return a function that writes a page with widgets of one kind, and returns its URL.

    Parameters
    ----------
    folder
        Where pages are written; each has a name of its own.
    url
        Where `folder` is served, with a slash at its end.
    """
    (folder / "loader.js").write_bytes(LOADER.read_bytes())
    (folder / "book.css").write_bytes(SHEET.read_bytes())
    numbers = itertools.count()

    def write(*widgets: AnyWidget, dark: bool = False) -> str:
        models, places = {}, ""
        for number, widget in enumerate(widgets):
            traits = {
                name: value
                for name, value in widget.get_state().items()
                if not name.startswith("_") and name not in JUPYTER_ONLY
            }
            models[str(number)] = {"module": "c", "traits": traits, "buffers": []}
            bundle = widget._repr_mimebundle_()
            assert bundle is not None
            plain = bundle[0]["text/html"]
            places += f'<div class="anywidget-mount" data-model="{number}">{plain}</div>'
        page = {"models": models, "modules": {"c": widgets[0]._esm}}
        data = json.dumps(page).replace("<", "\\u003c")
        name = f"{next(numbers)}.html"
        (folder / name).write_text(
            f'<!doctype html><html lang="en" data-theme="{"dark" if dark else "light"}">'
            '<meta charset="utf-8"><title>t</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<link rel="icon" href="data:,"><link rel="stylesheet" href="book.css">'
            f"<style>{widgets[0]._css}\nbody {{ background: var(--bigimg-page); "
            "color: var(--bigimg-ink); margin: 0 1rem; font-family: sans-serif; }</style>"
            f'<script type="application/json" id="anywidget-data">{data}</script>'
            f'<script defer src="loader.js"></script>{places}',
            encoding="utf-8",
        )
        return url + name

    return write
