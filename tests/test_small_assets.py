"""The book's own scripts and styles are sent short, and do what they did."""

from __future__ import annotations

from pathlib import Path

import pytest
from shortening import short_script, short_style

from bigimg_lessons.colours import STYLE_SHEET
from tests.sphinx_project import build_project

BOOK = Path(__file__).parents[1] / "book"
OTHER = "/* of another package */\nconst a = 1;  // one\n"


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder ``_static`` of a page, built twice."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "other").mkdir()
    (folder / "other" / "other.js").write_text(OTHER, encoding="utf-8")
    paths = [str(BOOK / "_static"), str(folder / "other")]
    (folder / "conf.py").write_text(
        "extensions = ['myst_nb', 'anywidget_host', 'small_assets']\nhtml_theme = 'basic'\n"
        f"exclude_patterns = ['out']\nnb_execution_mode = 'off'\nhtml_static_path = {paths!r}\n",
        encoding="utf-8",
    )
    (folder / "index.md").write_text("# A page\n", encoding="utf-8")
    for _ in range(2):
        build_project(folder, folder / "out")
    return folder / "out" / "html" / "_static"


def test_our_own_files_are_short(static: Path) -> None:
    for source, shorten in (
        (STYLE_SHEET, short_style),
        (BOOK / "_static" / "bigimg.css", short_style),
        (BOOK / "_ext" / "anywidget_host_assets" / "anywidget_host.js", short_script),
    ):
        text = source.read_text(encoding="utf-8")
        sent = (static / source.name).read_text(encoding="utf-8")
        assert sent == shorten(text)
        assert len(sent) < 0.9 * len(text)


def test_files_of_others_stay_as_they_are(static: Path) -> None:
    assert (static / "other.js").read_text(encoding="utf-8") == OTHER
    assert "/*" in (static / "basic.css").read_text(encoding="utf-8")


def test_the_colours_come_before_what_uses_them(static: Path) -> None:
    page = (static.parent / "index.html").read_text(encoding="utf-8")
    assert page.count("_static/colours.css") == 1
