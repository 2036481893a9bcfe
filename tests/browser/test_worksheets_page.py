"""The worksheets as a browser shows and prints them."""

from __future__ import annotations

import re
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from contrast import CONTRAST
from playwright.sync_api import Page

from bigimg_lessons.questions.bank import bank_names
from bigimg_lessons.questions.sheets import worksheet_html
from bigimg_lessons.questions.worksheets import write_worksheets
from tests.question_samples import HOSTILE, sample_bank

pytestmark = pytest.mark.browser

# Mark where each question starts and ends; links to the marks let the PDF tell on which page.
MARK = """() => {
  const links = document.createElement("div");
  links.style = "position: absolute; top: 0; font-size: 1px";
  document.querySelectorAll(".ws-questions > li").forEach((item, index) => {
    for (const [name, where] of [["start", "prepend"], ["end", "append"]]) {
      const mark = document.createElement("i");
      mark.id = `q${index}${name}`;
      item[where](mark);
      const link = document.createElement("a");
      link.href = `#${mark.id}`;
      link.textContent = "x";
      links.append(link);
    }
  });
  document.body.append(links);
}"""


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all sheets."""
    folder = tmp_path_factory.mktemp("sheets")
    write_worksheets(folder)
    return folder


def printed(page: Page, paper: str) -> tuple[int, list[tuple[int, int]]]:
    """Print to PDF: how many pages, and on which each question starts and ends, from 0."""
    page.evaluate(MARK)
    pdf = page.pdf(format=paper)
    order = re.findall(rb"(\d+) 0 obj\n<</Type /Page\n", pdf)
    # A name stands once in each link to it, and once with the page that it is on.
    marks = dict(re.findall(rb"/(q\d+(?:start|end)) \[(\d+) 0 R", pdf))
    found = {name.decode(): order.index(number) for name, number in marks.items()}
    count = page.locator(".ws-questions > li").count()
    assert len(found) == 2 * count
    return len(order), [(found[f"q{n}start"], found[f"q{n}end"]) for n in range(count)]


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_each_question_is_printed_on_one_page(visitor: Any, sheets: Path, paper: str) -> None:
    page = visitor.open((sheets / "all.html").as_uri())
    sizes = page.locator("section").evaluate_all(
        "(all) => all.map((one) => one.querySelectorAll('.ws-questions > li').length)"
    )
    assert len(sizes) == len(bank_names())
    count, places = printed(page, paper)
    assert [place for place in places if place[0] != place[1]] == []
    assert places == sorted(places)
    assert {start for start, _ in places} == set(range(count)), "a page without questions"
    # Each lesson starts on a new page.
    for first in list(accumulate(sizes))[:-1]:
        assert places[first - 1][1] < places[first][0]
    assert len(sizes) < count < 10 * len(sizes)


def test_answers_flow_over_pages_in_order(visitor: Any, sheets: Path) -> None:
    page = visitor.open((sheets / f"{bank_names()[0]}-answers.html").as_uri())
    count, places = printed(page, "A4")
    assert places[0][0] == 0
    assert places[-1][1] == count - 1
    assert [start for start, _ in places] == sorted(start for start, _ in places)


def test_the_line_on_printing_is_not_printed(visitor: Any, sheets: Path) -> None:
    page = visitor.open((sheets / "all.html").as_uri())
    line = page.locator(".ws-howto")
    assert line.is_visible()
    assert "Ctrl+P" in line.inner_text()
    page.emulate_media(media="print")
    assert not line.is_visible()
    assert page.locator("h1").is_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_sheets_fit_and_are_black_on_white(
    visitor: Any, sheets: Path, phone: bool, dark: bool
) -> None:
    page = visitor.open((sheets / "all.html").as_uri(), phone=phone, dark=dark)
    for name in ("all", "all-answers"):
        page.goto((sheets / f"{name}.html").as_uri())
        width, room = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert width <= room, name
        style = "(node) => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor]"
        colours = page.locator("body").evaluate(style)
        assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
        ratio, text = page.locator(".ws-questions").first.evaluate(CONTRAST)
        assert ratio >= 4.5, text


def test_a_sheet_asks_for_nothing(visitor: Any, sheets: Path) -> None:
    page = visitor.open("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    addresses = [path.as_uri() for path in sorted(sheets.iterdir())]
    for address in addresses:
        page.goto(address)
    page.wait_for_load_state("networkidle")
    assert asked == addresses


@pytest.mark.parametrize("answers", [False, True], ids=["worksheet", "answers"])
def test_nothing_in_a_bank_runs(visitor: Any, tmp_path: Path, answers: bool) -> None:
    """The visitor notes requests that fail, and errors."""
    path, payload = tmp_path / "sheet.html", " ".join(HOSTILE)
    bank = sample_bank(lambda text: f"{text} {payload}")
    path.write_text(worksheet_html([bank], answers=answers), encoding="utf-8")
    page = visitor.open(path.as_uri())
    kind = "Answer sheet" if answers else "Worksheet"
    assert page.title() == f"{kind}: A title {payload}"
    assert page.locator("script, img, svg, iframe").count() == 0
    assert payload in page.locator("h1").inner_text()


def test_boxes_and_lines_are_there_to_write_on(visitor: Any, tmp_path: Path) -> None:
    path = tmp_path / "sheet.html"
    path.write_text(worksheet_html([sample_bank()], answers=False), encoding="utf-8")
    page = visitor.open(path.as_uri())
    page.emulate_media(media="print")
    for selector, width, height in (
        (".bq-gap", 150, 15),
        (".ws-box", 30, 30),
        (".ws-rule", 300, 20),
    ):
        box = page.locator(selector).first.bounding_box()
        assert box["width"] >= width, selector
        assert box["height"] >= height, selector
        line = "(node) => parseFloat(getComputedStyle(node).borderBottomWidth)"
        assert page.locator(selector).first.evaluate(line) >= 0.5, selector
    boxes = page.locator(".bq-options > li").evaluate_all(
        "(all) => all.map((node) => getComputedStyle(node, '::before').borderTopWidth)"
    )
    # True and False, four reasons, and four options twice.
    assert len(boxes) == 14
    assert "0px" not in boxes
