"""The front-end modules of the widgets, each made whole."""

from __future__ import annotations

import re
from pathlib import Path

_STATIC = Path(__file__).with_name("static")
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.MULTILINE)


def whole_module(name: str) -> str:
    """Return a front-end module together with those that it imports.

    A widget's module is loaded from memory and so cannot import its neighbours: each of them, and
    what they import themselves, takes the place of the first line that imports it.

    Parameters
    ----------
    name
        A file in ``bigimg_lessons/widgets/static``.
    """
    placed: set[str] = set()

    def placing(name: str) -> str:
        if name in placed:
            return ""
        placed.add(name)
        text = (_STATIC / name).read_text(encoding="utf-8")
        return _IMPORT.sub(lambda line: placing(line[1]), text)

    return placing(name)
