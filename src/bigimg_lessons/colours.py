"""The colours of the book, read from the style sheet that its pages and widgets use."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import Final

STYLE_SHEET: Final = Path(__file__).parent / "widgets" / "js" / "kit" / "colours.css"
"""The one file of colours."""

_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COLOUR = re.compile(r"--bigimg-([\w-]+): (#[0-9a-f]{6});")


def _palette(selector: str) -> dict[str, str]:
    """Return the plain colours of the rule with this selector, by name."""
    css = re.sub(r"/\*.*?\*/", "", STYLE_SHEET.read_text(encoding="utf-8"), flags=re.DOTALL)
    (body,) = (
        body
        for selectors, body in _RULE.findall(css)
        if selector in (one.strip() for one in selectors.split(","))
    )
    return {name.replace("-", "_"): value for name, value in _COLOUR.findall(body)}


LIGHT: Final = MappingProxyType(_palette("html"))
"""Colours on light ground, name to ``#rrggbb``; ``tile_edge`` is ``--bigimg-tile-edge``."""

DARK: Final = MappingProxyType({**LIGHT, **_palette('html[data-theme="dark"]')})
"""The same on dark ground."""
