"""Tables that are too wide for the page: their names, and how they are scrolled by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.sphinx_project import build_project

pytestmark = pytest.mark.browser

BOOK = Path(__file__).parents[2] / "book"
COLUMNS = 9
WIDE = "".join(
    "| " + " | ".join([cell] * COLUMNS) + " |\n" for cell in ("measured", "--", "one hundred")
)
NARROW = "| a | b |\n| - | - |\n| 1 | 2 |\n"


@pytest.fixture(scope="module")
def page_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("book")
    (folder / "conf.py").write_text(
        "extensions = ['myst_parser', 'scrolling_tables']\nhtml_theme = 'sphinx_book_theme'\n"
        f"html_static_path = {[str(BOOK / '_static')]!r}\nhtml_css_files = ['bigimg.css']\n"
        "html_context = {'default_mode': 'light'}\n",
        encoding="utf-8",
    )
    (folder / "index.md").write_text(
        f"# Minutes\n\n{WIDE}\n## “Settings” & more\n\n{WIDE}\n{NARROW}\n"
        f"```{{table}} All seconds\n{NARROW}```\n",
        encoding="utf-8",
    )
    build_project(folder, folder / "out", strict=False)
    return (folder / "out" / "html" / "index.html").as_uri()


def container(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name, exact=True)


def test_each_is_named_by_its_caption_or_its_section(visitor: Any, page_url: str) -> None:
    page = visitor.open(page_url)
    for name in (
        "Table: Minutes",
        "Table 1: “Settings” & more",
        "Table 2: “Settings” & more",
        "All seconds",
    ):
        expect(container(page, name).get_by_role("table")).to_have_count(1)


def test_on_a_phone_the_arrow_keys_scroll_what_is_wide(visitor: Any, page_url: str) -> None:
    page = visitor.open(page_url, phone=True)
    wide = container(page, "Table: Minutes")
    expect(wide).to_have_attribute("tabindex", "0")
    wide.focus()
    expect(wide).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")
    expect(container(page, "All seconds")).to_have_attribute("tabindex", "-1")
    # A table that is shown as a block is none for who hears it.
    assert wide.locator("table").evaluate("(one) => getComputedStyle(one).display") == "table"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_scripts_there_is_a_tab_stop(visitor: Any, page_url: str) -> None:
    page = visitor.open(page_url, phone=True, javascript=False)
    expect(container(page, "Table: Minutes")).to_have_attribute("tabindex", "0")
