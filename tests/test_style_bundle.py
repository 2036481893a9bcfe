"""The one style sheet of all pages: what it keeps, what it leaves out, what links it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from style_bundle import trimmed

from tests.sphinx_project import build_project

BOOK = Path(__file__).parents[1] / "book"
WORDS = {"card", "open", "main", "col-6"}


@pytest.mark.parametrize(
    ("sheet", "kept"),
    [
        (".card{top:0}", ".card{top:0}"),
        (".carousel{top:0}", ""),
        (".carousel,.card > a{top:0}", ".card > a{top:0}"),
        (".card .carousel{top:0}", ""),
        ("#main p{top:0}#aside p{top:1px}", "#main p{top:0}"),
        (".col-6{top:0}.col-7{top:0}", ".col-6{top:0}"),
        # Functions are not looked into, with or without commas.
        (":is(.gone,.card){top:0}", ":is(.gone,.card){top:0}"),
        (".card:not(.gone){top:0}", ".card:not(.gone){top:0}"),
        ("p{color:red}", "p{color:red}"),
        # Icons go with their font, whether or not a page names one; .fade is no icon.
        (".fa-main::before{content:'x'}.fas{top:0}.fa{top:0}", ""),
        ("@font-face{font-family:F;src:url(f.woff2)}", ""),
        ("@import 'other.css';p{top:0}", "p{top:0}"),
        ("@media print{.card{top:0}.gone{top:0}}", "@media print{.card{top:0}}"),
        ("@media print{.gone{top:0}}", ""),
        ("@keyframes k{from{top:0}to{top:1px}}", "@keyframes k{from{top:0}to{top:1px}}"),
        ('.card{background:url("data:x,{.gone}")}', '.card{background:url("data:x,{.gone}")}'),
    ],
)
def test_what_cannot_apply_is_left_out(sheet: str, kept: str) -> None:
    assert trimmed(sheet, WORDS).replace(", ", ",") == kept


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the book's theme and templates, built twice, the second time without change."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "own").mkdir()
    (folder / "own" / "own.css").write_text(".nowhere { top: 0 }\n", encoding="utf-8")
    (folder / "own" / "paper.css").write_text(".sd-card { top: 0 }\n", encoding="utf-8")
    (folder / "conf.py").write_text(
        # The sheet of myst_nb comes when the build has finished, later than the pages.
        "extensions = ['sphinx_design', 'myst_nb', 'deferred_scripts', 'style_bundle']\n"
        "nb_execution_mode = 'off'\n"
        "html_theme = 'sphinx_book_theme'\nexclude_patterns = ['out']\nroot_doc = 'index'\n"
        f"html_static_path = ['own', {str(BOOK / '_static')!r}]\n"
        f"templates_path = [{str(BOOK / '_templates')!r}]\n"
        "html_context = {'default_mode': 'light'}\n"
        "html_css_files = ['icons.css', 'own.css', ('paper.css', {'media': 'print'})]\n"
        "html_sidebars = {'**': ['search-button-field.html', 'sbt-sidebar-nav.html']}\n",
        encoding="utf-8",
    )
    (folder / "index.md").write_text("# A page\n\nWords, `code`.\n", encoding="utf-8")
    for _ in range(2):
        build_project(folder, folder / "out")
    return folder / "out" / "html"


def test_a_page_links_one_sheet_and_waits_for_no_script(site: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf-8")
    (sheet,) = re.findall(r'<link[^>]*rel="stylesheet"[^>]*>', page)
    assert re.search(r'href="_static/styles/book\.css\?v=[0-9a-f]{8}"', sheet)
    assert "fontawesome" not in page
    scripts = re.findall(r"<script[^>]*src=[^>]*>", page)
    assert len(scripts) >= 6
    assert [script for script in scripts if " defer" not in script] == []
    assert "DOCUMENTATION_OPTIONS.pagename" not in page
    assert 'data-theme="light"' in page
    # Its template adds scripts that run at once and need those before them.
    search = (site / "search.html").read_text(encoding="utf-8")
    assert re.search(r'<script src="_static/doctools\.js', search)


def test_the_sheet_holds_what_is_needed_and_little_else(site: Path) -> None:
    sheet = (site / "_static" / "styles" / "book.css").read_text(encoding="utf-8")
    for kept in (".bd-sidebar-primary", ".fa-bars{", ".highlight .k{", "div.body p"):
        assert kept in sheet, kept
    for gone in ("@font-face", "@import", ".fa-wheelchair", ".fa-sun:before"):
        assert gone not in sheet, gone
    assert ".nowhere" not in sheet  # not ours, as it is in no folder of the book
    assert not re.search(r"^\s*\.sd-card\{top", sheet)
    whole = (site / "_static" / "styles" / "pydata-sphinx-theme.css").stat().st_size
    assert len(sheet) < 0.6 * whole


def test_every_icon_of_a_page_is_drawn(site: Path) -> None:
    sheet = (site / "_static" / "styles" / "book.css").read_text(encoding="utf-8")
    page = (site / "index.html").read_text(encoding="utf-8")
    named = {name for _, name in re.findall(r"\b(fa-solid|fas) (fa-[\w-]+)", page)}
    assert len(named) >= 6
    assert {name for name in named if f".{name}{{--icon:" not in sheet.replace(" ", "")} <= {
        "fa-download"  # which has its rule together with links to downloads
    }
