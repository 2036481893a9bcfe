"""Slides as a browser shows and prints them."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from contrast import CONTRAST
from playwright.sync_api import Page, ViewportSize, expect

from bigimg_lessons.teaching.slides import write_slides

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SIZES: tuple[ViewportSize, ...] = (
    {"width": 1280, "height": 900},
    {"width": 360, "height": 740},  # a phone
)
every_lesson = pytest.mark.parametrize(
    "lesson", range(len(LESSONS)), ids=[path.stem for path in LESSONS]
)
AT = """(number) => [...document.querySelectorAll('section')].findIndex(
  (slide) => Math.abs(slide.getBoundingClientRect().top) < 2) === number"""


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the slides of all lessons; plots are told in words, which takes more room."""
    folder = tmp_path_factory.mktemp("slides")
    write_slides(folder, LESSONS)
    return folder


def address(slides: Path, lesson: int = 1) -> str:
    return (slides / f"{LESSONS[lesson].stem}.html").as_uri()


def expect_at(page: Page, number: int) -> None:
    """Wait until a slide is at the top of the window."""
    page.wait_for_function(AT, arg=number)


def test_keys_and_buttons_lead_from_slide_to_slide(visitor: Any, slides: Path) -> None:
    page = visitor.open(address(slides))
    count = page.locator("section").count()
    page.keyboard.press("ArrowRight")
    expect_at(page, 1)
    page.keyboard.press("PageDown")
    expect_at(page, 2)
    page.keyboard.press("ArrowLeft")
    expect_at(page, 1)
    expect(page).to_have_url(re.compile(r"#slide-2$"))
    assert page.evaluate("document.activeElement.id") == "slide-2"
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")  # there is nothing further
    expect(page).to_have_url(re.compile(rf"#slide-{count}$"))
    page.keyboard.press("Home")
    expect_at(page, 0)
    page.get_by_role("button", name="Next slide").click()
    expect_at(page, 1)
    page.reload()
    expect_at(page, 1)


def test_notes_are_folded_until_they_are_wanted(visitor: Any, slides: Path) -> None:
    page = visitor.open(address(slides))
    notes = page.locator("details.notes > div")
    assert notes.count() > 10
    page.keyboard.press("ArrowRight")
    expect(notes.first).to_be_hidden()
    page.keyboard.press("n")
    expect(notes.first).to_be_visible()
    expect(notes.last).to_be_visible()
    expect_at(page, 1)
    button = page.get_by_role("button", name="Notes of all slides")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(notes.last).to_be_hidden()


def test_without_a_script_all_is_there(visitor: Any, slides: Path) -> None:
    page = visitor.open(address(slides), javascript=False)
    assert page.locator(".keys").count() == 0
    summary = page.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.notes > div").first).to_be_visible()
    expect(page.locator("section.points")).to_be_visible()


@every_lesson
def test_slides_fit_and_can_be_read(page: Page, slides: Path, lesson: int) -> None:
    page.goto(address(slides, lesson))
    page.keyboard.press("n")
    expect(page.locator(".notes > div").first).to_be_visible()
    for size, dark in product(SIZES, (False, True)):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="dark" if dark else "light")
        ground = page.locator("html").evaluate("(node) => getComputedStyle(node).backgroundColor")
        assert (sum(map(int, ground[4:-1].split(","))) < 200) == dark
        width, room = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert width <= room == size["width"]
        for selector in (".predict .face", ".discuss", ".notes > div", ".number"):
            for found in page.locator(selector).all()[:2]:
                ratio, text = found.evaluate(CONTRAST)
                assert ratio >= 4.5, text


def test_a_slide_asks_for_nothing(visitor: Any, slides: Path) -> None:
    page = visitor.open("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address(slides))
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [address(slides)]


@every_lesson
def test_each_slide_is_printed_on_a_page_whole(
    page: Page, slides: Path, tmp_path: Path, lesson: int
) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(address(slides, lesson))
    count = page.locator("section").count()
    page.set_viewport_size({"width": 960, "height": 540})  # as wide as the paper
    page.emulate_media(media="print")
    cut = page.locator("section").evaluate_all(
        "(all) => all.filter((s) => s.scrollHeight > s.clientHeight + 1).map((s) => s.id)"
    )
    assert cut == []
    page.pdf(path=tmp_path / "slides.pdf", prefer_css_page_size=True, print_background=True)
    with pypdfium2.PdfDocument(tmp_path / "slides.pdf") as document:
        assert len(document) == count
        width, height = document[0].get_size()
        assert width > height
        # On paper a dark page is light.
        assert document[1].render(scale=0.3).to_numpy().mean() > 200
        said = document[count - 1].get_textpage().get_text_range()
    assert f"{count} / {count}" in said.replace("\r", "").replace("\n", " ")
