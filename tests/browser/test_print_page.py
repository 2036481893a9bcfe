"""The pages of the book on paper, as Chromium prints them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Page

from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.questions.kinds import Question

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
MOST_PAGES = 14
# Lesson 4 has three functions to mend, lesson 7 three files.
MORE_PAGES = {"04_build_a_resolution_pyramid": 15, "07_check_yourself": 21}
BOXES = "pre, table, figure, .admonition, .bigimg-solutions li"

# Mark where each box starts and ends; links to the marks let the PDF tell on which page that is.
MARK = """(boxes) => {
  const links = document.createElement("div");
  links.style = "position: absolute; top: 0; font-size: 1px";
  const shown = [...document.querySelectorAll(`article :is(${boxes})`)].filter(
    (box) => box.checkVisibility() && !box.closest("table table"));
  shown.forEach((box, index) => {
    const [first, last] = box.matches("table")
      ? [box.querySelector("td, th"), [...box.querySelectorAll("td, th")].at(-1)] : [box, box];
    for (const [name, where, node] of [["start", "prepend", first], ["end", "append", last]]) {
      const mark = document.createElement("i");
      mark.id = `box${index}${name}`;
      node[where](mark);
      const link = document.createElement("a");
      link.href = `#${mark.id}`;
      link.textContent = "x";
      links.append(link);
    }
  });
  document.querySelector("article").append(links);
  return shown.map((box) => box.textContent.slice(0, 60));
}"""


def printed(page: Page, path: Path) -> pypdfium2.PdfDocument:
    page.pdf(path=path, prefer_css_page_size=True, print_background=True)
    return pypdfium2.PdfDocument(path.read_bytes())


def squeezed(text: str) -> str:
    """Return the letters alone: where lines and pages end, spaces and hyphens differ."""
    return re.sub(r"[\s\u00ad\u2010\ufffe\u0002-]", "", text)


def words(document: pypdfium2.PdfDocument) -> str:
    """Return all text of a PDF, squeezed, without the page numbers."""
    texts = [document[number].get_textpage().get_text_range() for number in range(len(document))]
    return "".join(
        re.sub(rf"{number}/{len(texts)}(?=$|\D)", "", squeezed(text), count=1)
        for number, text in enumerate(texts, start=1)
    )


def asked(name: str) -> list[Question]:
    """Return the questions of a lesson's quiz."""
    return [question for question in load_bank(name).questions if question.kind != "predict"]


def reason(question: Question) -> str:
    """Return how the explanation of a solution begins, squeezed."""
    return squeezed(question.explanation.replace("`", ""))[:40]


def visit(page: Page, site: str, name: str) -> Page:
    page.goto(f"{site}{name}.html")
    page.wait_for_load_state("networkidle")
    return page


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_short_and_complete_on_paper(
    page: Page, site: str, tmp_path: Path, name: str
) -> None:
    visit(page, site, f"notebooks/{name}")
    tabs = page.evaluate(
        """[...document.querySelectorAll(".sd-tab-set > label")].map((label) =>
          [label, ...label.nextElementSibling.querySelectorAll("p, pre")].map((node) =>
            node.textContent))"""
    )
    document = printed(page, tmp_path / "lesson.pdf")
    assert 1 < len(document) <= MORE_PAGES.get(name, MOST_PAGES)
    text = re.sub(r"\(https?://[^)]*\)", "", words(document))  # printed behind each link
    for label, *parts in tabs:
        at = text.index(squeezed(label) + squeezed(parts[0])[:12])
        for part in parts:
            assert squeezed(part)[:40] in text[at:], (label, part)


@pytest.mark.parametrize("name", [name for name in LESSONS if not name.startswith("07")])
def test_letters_are_large_enough_on_paper(page: Page, site: str, name: str) -> None:
    visit(page, site, f"notebooks/{name}")
    page.emulate_media(media="print")
    sizes = """(nodes) => Math.min(...nodes.map((node) =>
      parseFloat(getComputedStyle(node).fontSize) * 72 / 96))"""
    assert page.locator("article section section[id] > p:not([class])").evaluate_all(sizes) >= 9
    assert page.locator("article .cell_input pre").evaluate_all(sizes) >= 7


@pytest.mark.parametrize("name", [name for name in LESSONS if not name.startswith("07")])
def test_solutions_stand_at_the_end_and_nowhere_else(
    page: Page, site: str, tmp_path: Path, name: str
) -> None:
    visit(page, site, f"notebooks/{name}")
    document = printed(page, tmp_path / "lesson.pdf")
    before, after = words(document).rsplit("Solutions" + squeezed(first_heading(page)), 1)
    for question in asked(name):
        start = squeezed(question.text.split("___")[0].replace("`", ""))[:30]
        assert start in before, question.id
        assert reason(question) in after, question.id
        assert reason(question) not in before, question.id


def first_heading(page: Page) -> str:
    return page.locator(".bigimg-solutions h3").first.text_content() or ""


def test_the_last_lesson_prints_the_solutions_of_every_quiz(page: Page, site: str) -> None:
    visit(page, site, "notebooks/07_check_yourself")
    quizzes = page.locator(".bq:not([data-compact])").count()
    assert page.locator(".bigimg-solutions > ol").count() == quizzes > 6
    assert (
        page.locator(".bigimg-solutions > ol > li").count()
        == page.locator(".bq:not([data-compact]) > .bq-list > li").count()
    )


def test_who_hides_solutions_prints_none(visitor: Any, site: str, tmp_path: Path) -> None:
    page = visitor.open(f"{site}notebooks/{LESSONS[1]}.html")
    shown = page.locator(".bigimg-solutions")
    assert shown.is_hidden()
    page.emulate_media(media="print")
    assert shown.is_visible()
    page.evaluate("window.bigimgProgress.solutionsHidden = true")
    assert shown.is_hidden()
    assert reason(asked(LESSONS[1])[-1]) not in words(printed(page, tmp_path / "lesson.pdf"))
    page.reload()
    assert shown.is_hidden()


def test_solutions_are_printed_where_no_script_runs(
    visitor: Any, site: str, tmp_path: Path
) -> None:
    page = visitor.open(f"{site}notebooks/{LESSONS[1]}.html", javascript=False)
    text = words(printed(page, tmp_path / "lesson.pdf"))
    assert text.count(reason(asked(LESSONS[1])[-1])) == 1


@pytest.mark.parametrize("name", LESSONS)
def test_boxes_that_fit_on_a_page_are_not_broken(
    page: Page, site: str, tmp_path: Path, name: str
) -> None:
    visit(page, site, f"notebooks/{name}")
    page.emulate_media(media="print")
    boxes = page.evaluate(MARK, BOXES)
    assert len(boxes) > 20
    pdf = page.pdf(path=tmp_path / "lesson.pdf", prefer_css_page_size=True)
    order = re.findall(rb"(\d+) 0 obj\n<</Type /Page\n", pdf)
    marks = dict(re.findall(rb"/(box\d+(?:start|end)) \[(\d+) 0 R", pdf))
    places = {mark.decode(): order.index(number) for mark, number in marks.items()}
    assert len(places) == 2 * len(boxes)
    broken = [box for n, box in enumerate(boxes) if places[f"box{n}start"] != places[f"box{n}end"]]
    assert broken == []


def test_a_heading_stays_with_what_follows(page: Page, site: str) -> None:
    visit(page, site, f"notebooks/{LESSONS[1]}")
    page.emulate_media(media="print")
    rules = page.locator("article :is(h1, h2, h3)").evaluate_all(
        "(all) => all.map((node) => getComputedStyle(node).breakAfter)"
    )
    assert set(rules) == {"avoid"}


@pytest.mark.parametrize("name", [f"notebooks/{LESSONS[2]}", "book/home", "book/teach"])
def test_no_navigation_and_no_button_is_printed(page: Page, site: str, name: str) -> None:
    visit(page, site, name)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    shown = page.locator("button, nav, summary, header, footer, input[type=search], .headerlink")
    left = shown.evaluate_all(
        "(all) => all.filter((node) => node.checkVisibility()).map((node) => node.outerHTML)"
    )
    assert left == []


def test_a_dark_page_is_printed_in_light_colours(visitor: Any, site: str, tmp_path: Path) -> None:
    pages = {}
    for dark in (False, True):
        page = visitor.open(f"{site}notebooks/{LESSONS[1]}.html", dark=dark)
        page.wait_for_load_state("networkidle")
        document = printed(page, tmp_path / f"{dark}.pdf")
        pages[dark] = [document[n].render(scale=0.3).to_numpy() for n in range(len(document))]
    assert len(pages[True]) == len(pages[False])
    for light, dark in zip(pages[False], pages[True], strict=True):
        assert dark.mean() > 200
        assert abs(light.mean() - dark.mean()) < 3


def test_a_link_to_elsewhere_is_printed_with_its_address(
    page: Page, site: str, tmp_path: Path
) -> None:
    visit(page, site, "book/home")
    link = page.locator("article a.external").first
    address = squeezed(link.get_attribute("href") or "-")
    assert address in words(printed(page, tmp_path / "home.pdf"))


def test_the_cheat_sheet_is_one_page(page: Page, site: str, tmp_path: Path) -> None:
    visit(page, site, "book/cheat_sheet")
    document = printed(page, tmp_path / "sheet.pdf")
    assert len(document) == 1
    width, height = document[0].get_size()
    assert (round(width * 25.4 / 72), round(height * 25.4 / 72)) == (210, 297)
    text = words(document)
    for part in ("Cheatsheet", "Where does it lie?", "build_pyramid(image,", "Before you read"):
        assert squeezed(part) in text
