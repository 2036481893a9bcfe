"""Sortable tables in a small book: by mouse and keys, on a phone, on paper, without scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat.v4 as nb
import pytest
from playwright.sync_api import Page, expect

from bigimg_lessons.colours import STYLE_SHEET
from bigimg_lessons.tables import Table
from tests.sphinx_project import build_project

pytestmark = pytest.mark.browser

BOOK = Path(__file__).parents[2] / "book"
ROWS = [
    {"format": "TIFF", "read": "256 MiB", "files": 1, "says": "short"},
    {"format": "N5", "read": "12.7 MiB", "files": 1325, "says": "a long remark " * 8},
    {"format": "BDV", "read": "496 bytes", "files": 2, "says": "short"},
    {"format": "unknown", "read": None, "files": 1, "says": "short"},
]
FILE_ORDER = [row["format"] for row in ROWS]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a book: a cell's table, a marked one of a page, and others."""
    folder = tmp_path_factory.mktemp("book")
    styles = [str(STYLE_SHEET), str(BOOK / "_static")]
    (folder / "conf.py").write_text(
        "extensions = ['myst_nb', 'sphinx_design', 'sortable_tables']\n"
        "html_theme = 'sphinx_book_theme'\n"
        "nb_execution_mode = 'off'\nmyst_enable_extensions = ['colon_fence']\n"
        f"nb_render_markdown_format = 'myst'\nhtml_static_path = {styles!r}\n"
        "html_css_files = ['colours.css', 'bigimg.css', ('print.css', {'media': 'print'})]\n"
        "html_context = {'default_mode': 'light'}\n",
        encoding="utf-8",
    )
    table = repr(Table(ROWS))
    outputs = [nb.new_output("execute_result", {"text/markdown": table, "text/plain": table})]
    cells = [
        nb.new_markdown_cell("# A table of a cell"),
        nb.new_code_cell("rows", outputs=outputs, metadata={"tags": ["sortable"]}),
        nb.new_code_cell("rows", outputs=outputs),
    ]
    notebook = nb.writes(nb.new_notebook(cells=cells))
    (folder / "cell.ipynb").write_text(notebook, encoding="utf-8")
    (folder / "included.md").write_text(f"{table}\n", encoding="utf-8")
    (folder / "plain.md").write_text(f"# Plain\n\n{table}\n", encoding="utf-8")
    (folder / "index.md").write_text(
        "# Marked\n\n:::{div} sortable\n```{include} included.md\n```\n:::\n\n"
        "```{toctree}\ncell\nplain\n```\n",
        encoding="utf-8",
    )
    build_project(folder, folder / "out", strict=False)
    return folder / "out" / "html"


def formats(page: Page) -> list[str]:
    return page.locator(".sortable-table tbody tr > td:first-child").all_inner_texts()


@pytest.mark.parametrize("name", ["index.html", "cell.html"])
def test_headers_sort_up_down_and_back(visitor: Any, book: Path, name: str) -> None:
    page = visitor.open((book / name).as_uri())
    expect(page.locator(".sortable-table")).to_have_count(1)
    header = page.locator(".sortable-table th", has_text="read")
    button = header.get_by_role("button", name="read", exact=True)
    button.click()
    assert formats(page) == ["BDV", "N5", "TIFF", "unknown"]
    expect(header).to_have_attribute("aria-sort", "ascending")
    button.press("Enter")
    assert formats(page) == ["TIFF", "N5", "BDV", "unknown"]
    expect(header).to_have_attribute("aria-sort", "descending")
    button.press("Space")
    assert formats(page) == FILE_ORDER
    expect(page.locator("[aria-sort]")).to_have_count(0)


def test_one_column_at_a_time_and_equal_rows_as_in_the_file(visitor: Any, book: Path) -> None:
    page = visitor.open((book / "index.html").as_uri())
    page.get_by_role("button", name="read", exact=True).click()
    files = page.get_by_role("button", name="files", exact=True)
    files.click()
    assert formats(page) == ["TIFF", "unknown", "BDV", "N5"]
    expect(page.locator("[aria-sort]")).to_have_count(1)
    files.click()
    assert formats(page) == ["N5", "BDV", "TIFF", "unknown"]


def test_without_scripts_and_without_a_mark_it_is_a_table(visitor: Any, book: Path) -> None:
    page = visitor.open((book / "index.html").as_uri(), javascript=False)
    expect(page.locator("td")).to_have_count(16)
    expect(page.locator("th button")).to_have_count(0)
    assert "sortable_tables" not in (book / "plain.html").read_text(encoding="utf-8")


def test_on_a_phone_it_scrolls_below_its_first_column(visitor: Any, book: Path) -> None:
    page = visitor.open((book / "index.html").as_uri(), phone=True, dark=True)
    table = page.locator(".sortable-table")
    first = table.locator("tbody td").first
    before = first.bounding_box()
    scrolled = table.evaluate(
        """(table) => {
          const boxes = [table, table.parentElement];
          for (const box of boxes) box.scrollLeft = 50;
          return Math.max(...boxes.map((box) => box.scrollLeft));
        }"""
    )
    assert scrolled == 50
    after = first.bounding_box()
    assert before["x"] - 20 < after["x"] <= before["x"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_paper_headers_are_there_without_arrows(visitor: Any, book: Path) -> None:
    page = visitor.open((book / "index.html").as_uri())
    page.emulate_media(media="print")
    button = page.locator(".sort-button").first
    expect(button).to_be_visible()
    assert button.evaluate("(one) => getComputedStyle(one, '::after').display") == "none"
