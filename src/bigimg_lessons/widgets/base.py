"""The front-end modules of the widgets, each made whole."""

from __future__ import annotations

import re
from pathlib import Path

JS = Path(__file__).with_name("js")
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[\w/.]+\.js)";\n', re.MULTILINE)


def whole_module(name: str) -> str:
    """Return a front-end module together with those that it imports.

    A widget's module is loaded from memory and so cannot import its neighbours: each of them, and
    what they import themselves, takes the place of the first line that imports it.

    Parameters
    ----------
    name
        A file in ``bigimg_lessons/widgets/js``, such as ``"viewer/zoom_viewer.js"``.
    """
    placed: set[Path] = set()

    def placing(path: Path) -> str:
        if path in placed:
            return ""
        placed.add(path)
        text = path.read_text(encoding="utf-8")
        return _IMPORT.sub(lambda line: placing((path.parent / line[1]).resolve()), text)

    return placing((JS / name).resolve())
