"""The quiz of the first lesson on its page of the built book, with no kernel anywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from contrast import CONTRAST
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

LESSON = "notebooks/01_open_without_loading.html"
LAZY = "Opening an image at once"
CHUNKING = "Storing an image as many small pieces"
STRIPS = "A TIFF stack stores one XY"


def question(page: Page | Locator, text: str) -> Locator:
    return page.get_by_role("form").filter(has_text=text)


def press(form: Locator, name: str) -> None:
    form.get_by_role("button", name=name).click()


def test_wrong_hint_right(visitor: Any, site: str) -> None:
    form = question(visitor.open(site + LESSON), LAZY)
    blank = form.get_by_role("textbox")
    reply = form.get_by_role("status")
    expect(reply).to_be_empty()

    press(form, "Check")
    expect(reply).to_have_text("Still empty. Type what you think; a guess is fine.")
    expect(blank).not_to_have_attribute("aria-invalid", "true")

    blank.fill("streaming")
    press(form, "Check")
    expect(reply).to_contain_text("Not yet. Streaming hands the data over in order")
    expect(blank).to_have_attribute("aria-invalid", "true")
    expect(form).to_contain_text("0 of 1 point")

    press(form, "Hint")
    expect(form).to_contain_text("Hint 1. Two words.")
    press(form, "Next hint")
    expect(form).to_contain_text("Hint 2.")
    form.get_by_role("button", name="No more hints").click(force=True)  # it is aria-disabled
    expect(form).not_to_contain_text("Hint 3.")

    blank.fill("lazy loadin")
    expect(blank).not_to_have_attribute("aria-invalid", "true")
    press(form, "Check")
    expect(reply).to_have_text("Almost. Check the spelling.")
    expect(form).to_contain_text("0 of 1 point")

    blank.fill("Lazy-Loading")
    press(form, "Check")
    expect(reply).to_contain_text("Right. With lazy loading, opening is quick")
    expect(form).to_contain_text("1 of 1 point")
    expect(form.get_by_role("button", name="solution")).to_have_count(0)


def test_a_solution_seen_before_does_not_score_until_starting_over(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON)
    quiz = page.locator("section.bq").filter(has_text=STRIPS)
    form = question(quiz, STRIPS)
    planes, strips = form.get_by_role("textbox").all()
    planes.fill("plane")
    strips.fill("tiles")
    press(form, "Check")
    expect(form).to_contain_text("Blank 1: Right.")
    expect(form).to_contain_text("Blank 2: Not yet. A TIFF can be tiled")
    expect(form).to_contain_text("1 of 2 points")
    expect(quiz.locator(".bq-score")).to_contain_text("1 of")

    solution = form.get_by_role("button", name="solution")
    expect(solution).to_have_attribute("aria-expanded", "false")
    solution.click()
    expect(solution).to_have_attribute("aria-expanded", "true")
    expect(form).to_contain_text("one XY plane after the other")
    expect(form).to_contain_text("Solution seen: good practice, but no point.")
    expect(quiz.locator(".bq-score")).to_contain_text("0 of")
    solution.click()
    expect(form).not_to_contain_text("one XY plane after the other")

    strips.fill("strips")
    press(form, "Check")
    expect(form.get_by_role("status")).to_contain_text("Right.")
    expect(quiz.locator(".bq-score")).to_contain_text("0 of")

    press(quiz, "Start over")
    expect(planes).to_have_value("")
    planes.fill("slices")
    strips.fill("strip")
    press(form, "Check")
    expect(quiz.locator(".bq-score")).to_contain_text("2 of")


def test_all_by_keyboard(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON)
    form = question(page, LAZY)
    keys = page.keyboard
    form.get_by_role("textbox").focus()
    keys.type("caching")
    keys.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("A cache keeps pieces")
    keys.press("Tab")
    expect(form.get_by_role("button", name="Check")).to_be_focused()
    keys.press("Tab")
    hint = form.get_by_role("button", name="Hint")
    expect(hint).to_be_focused()
    outline = hint.evaluate("element => getComputedStyle(element).outlineWidth")
    assert outline == "3px"
    keys.press("Space")
    expect(form).to_contain_text("Hint 1.")
    keys.press("Tab")
    keys.press("Enter")
    expect(form).to_contain_text("called lazy loading.")
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    expect(form.get_by_role("textbox")).to_be_focused()


def test_a_screen_reader_hears_which_blank_and_what_about_it(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON)
    forms = page.get_by_role("form").filter(has=page.locator(".bq-input"))
    for form in forms.all():
        label = form.get_attribute("aria-label")
        assert re.fullmatch(r"Question \d+ of \d+", label or "")
        blanks = form.get_by_role("textbox").all()
        for number, blank in enumerate(blanks, start=1):
            expect(blank).to_have_accessible_name(f"{label}, blank {number} of {len(blanks)}")
    form = question(page, STRIPS)
    form.get_by_role("textbox").first.fill("volume")
    press(form, "Check")
    expect(form.get_by_role("textbox").first).to_have_accessible_description(
        re.compile(r"A TIFF stack stores .*Blank 1: Not yet\. A stack or volume", re.DOTALL)
    )
    identifiers = page.evaluate("[...document.querySelectorAll('[id]')].map(({ id }) => id)")
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize(
    "typed",
    [
        "<img src=x onerror=\"document.title='broken'\">",
        "<script>document.title='broken'</script>",
        "\"><svg onload=document.title='broken'>",
        "javascript:document.title='broken'",
    ],
)
def test_what_is_typed_stays_text(visitor: Any, site: str, typed: str) -> None:
    page = visitor.open(site + LESSON)
    form = question(page, CHUNKING)
    before = form.locator("*").count()
    form.get_by_role("textbox").fill(typed)
    press(form, "Check")
    expect(form.get_by_role("status")).to_have_text("Not yet. Another term is meant.")
    expect(form.get_by_role("textbox")).to_have_value(typed)
    assert form.locator("*").count() == before + 2  # the reply and its heading
    assert page.title() != "broken"


def test_the_listed_solutions_give_every_point_on_the_page(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON)
    data = json.loads(page.locator("#anywidget-data").text_content() or "")
    mounts = page.locator(".anywidget-mount:has(section.bq)")
    expect(mounts.first).to_be_visible()
    for mount in mounts.all():
        bank = data["models"][mount.get_attribute("data-model")]["traits"]["bank"]
        for asked, form in zip(bank["questions"], mount.get_by_role("form").all(), strict=True):
            for blank, field in zip(
                asked["blanks"], form.get_by_role("textbox").all(), strict=True
            ):
                field.fill(blank["answers"][0])
            press(form, "Check")
        expect(mount.locator(".bq-score")).to_contain_text("Well done!")


def test_quizzes_on_one_page_do_not_touch_each_other(visitor: Any, site: str) -> None:
    """Questions do not either, and ids of elements are never used twice (see above)."""
    page = visitor.open(site + LESSON)
    question(page, CHUNKING).get_by_role("textbox").fill("typed, not handed in")
    form = question(page, LAZY)
    form.get_by_role("textbox").fill("lazy loading")
    press(form, "Check")
    expect(form.get_by_role("status")).to_contain_text("Right.")
    expect(question(page, CHUNKING).get_by_role("textbox")).to_have_value("typed, not handed in")
    expect(question(page, CHUNKING).get_by_role("status")).to_be_empty()


def test_without_scripts_questions_and_folded_solutions_are_there(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON, javascript=False, only_requests=True)
    card = page.get_by_role("listitem").filter(has_text=LAZY)
    expect(card).to_contain_text("is called ________")
    solution = card.get_by_text("With lazy loading, opening is quick")
    expect(solution).to_be_hidden()
    card.get_by_text("Solution").click()
    expect(solution).to_be_visible()
    expect(page.get_by_role("textbox", name="blank")).to_have_count(0)


def test_opened_from_the_folder_without_any_server(visitor: Any, site_folder: Path) -> None:
    page = visitor.open((site_folder / LESSON).as_uri())
    form = question(page, LAZY)
    form.get_by_role("textbox").fill("lazy loading")
    press(form, "Check")
    expect(form.get_by_role("status")).to_contain_text("Right.")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_stands_out_in_light_and_dark(
    visitor: Any, site: str, dark: bool, tmp_path: Path
) -> None:
    """At least 4.5 to 1 between text and ground (WCAG 2.1 AA); a picture lies in tmp_path."""
    page = visitor.open(site + LESSON, dark=dark)
    assert page.evaluate("document.documentElement.dataset.theme") == ("dark" if dark else "light")
    form = question(page, STRIPS)
    for blank, typed in zip(form.get_by_role("textbox").all(), ("plane", "tile"), strict=True):
        blank.fill(typed)
    press(form, "Check")
    press(form, "Hint")
    press(form, "Show solution")
    form.screenshot(path=tmp_path / "quiz.png")
    lowest, text = form.evaluate(CONTRAST)
    assert lowest >= 4.5, text


@pytest.mark.parametrize("width", [320, 640, 1280])
def test_a_finger_finds_everything_at_any_width(visitor: Any, site: str, width: int) -> None:
    """320 points is the narrowest phone, and a desktop window of 640 enlarged to 200 %."""
    page = visitor.open(site + LESSON, phone=True)
    page.set_viewport_size({"width": width, "height": 740})
    quiz = page.locator("section.bq").first
    for form in quiz.get_by_role("form").all():
        press(form, "Hint")
        press(form, "Show solution")
    for target in quiz.locator("button, input").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["width"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width


def test_nothing_moves_where_motion_is_not_wanted(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON)
    bar = page.locator(".bq-bar > div").first
    duration = "element => getComputedStyle(element).transitionDuration"
    assert bar.evaluate(duration) == "0.4s"
    page.emulate_media(reduced_motion="reduce")
    assert bar.evaluate(duration) == "0s"
