"""Whoever uses a colour of the book uses one that there is."""

import re
from pathlib import Path

import pytest

from bigimg_lessons import colours
from bigimg_lessons.widgets.base import JS

ROOT = Path(__file__).parents[1]
SHEETS = sorted(
    path
    for folder in (JS, ROOT / "book")
    for path in folder.rglob("*.css")
    if "_build" not in path.parts
)
DEFINED = set(
    re.findall(r"^ *--bigimg-([\w-]+):", colours.STYLE_SHEET.read_text("utf-8"), re.MULTILINE)
)


def test_the_sheets_are_found():
    assert colours.STYLE_SHEET in SHEETS
    assert len(SHEETS) >= 8
    assert len(DEFINED) == 30


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_style_sheets_use_colours_that_are_defined(path):
    used = set(re.findall(r"var\(--bigimg-([\w-]+)", path.read_text(encoding="utf-8")))
    assert used - DEFINED <= {"radius"}


def test_canvases_are_drawn_in_colours_that_are_defined():
    text = (JS / "kit" / "theme.js").read_text(encoding="utf-8")
    drawn = re.findall(r'"([\w-]+)"', re.search(r"const DRAWN = \[([^]]*)\]", text)[1])
    assert len(drawn) > 10
    assert set(drawn) <= DEFINED
