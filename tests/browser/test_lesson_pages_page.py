"""The switch "Just the ideas" and the notes of the glossary's terms, on pages of the real book."""

from __future__ import annotations

from typing import Any

import pytest
from frames import at_rest
from playwright.sync_api import Browser, expect

from tests.browser.patience import PATIENCE

pytestmark = pytest.mark.browser
LESSON = "notebooks/01_open_without_loading.html"
CODE = ".cell > .cell_input, .cell > details.above-input"


def test_the_switch_hides_the_code_and_is_remembered(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON)
    switch = page.get_by_role("button", name="Just the ideas")
    expect(page.locator(CODE).first).to_be_visible()
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).to_have_attribute("aria-pressed", "true")
    assert not any(code.is_visible() for code in page.locator(CODE).all())
    expect(page.locator(".cell_output").first).to_be_visible()

    page.goto(site + "notebooks/00_slice_a_volume.html")
    expect(switch).to_have_attribute("aria-pressed", "true")
    assert not any(code.is_visible() for code in page.locator(CODE).all())
    page.emulate_media(media="print")
    expect(page.locator(".cell > .cell_input").first).to_be_visible()
    page.emulate_media(media="screen")

    switch.click()
    expect(page.locator(CODE).first).to_be_visible()
    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "false")


def test_a_page_without_scripts_has_no_switch(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON, javascript=False)
    expect(page.locator(".just-ideas")).to_be_hidden()


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_term_says_what_it_means_on_focus_and_escape_puts_it_away(
    visitor: Any, site: str, phone: bool
) -> None:
    page = visitor.open(site + LESSON, phone=phone)
    page.wait_for_load_state("networkidle")  # what comes late may scroll, too
    note = page.get_by_role("tooltip")
    for term in page.locator("a.glossary-term").all()[:8]:
        term.scroll_into_view_if_needed()
        at_rest(page)  # a scroll puts the note away
        term.focus()
        expect(note).to_have_text(term.get_attribute("data-note"))
        expect(term).to_have_attribute("aria-describedby", "glossary-note")
        box, room = note.bounding_box(), page.viewport_size
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= room["width"]
        page.keyboard.press("Escape")
        expect(note).to_be_hidden()
        term.evaluate("link => link.blur()")


def test_a_note_stays_while_the_pointer_is_on_it(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON)
    page.wait_for_load_state("networkidle")
    term = page.locator("a.glossary-term").first
    term.scroll_into_view_if_needed()
    at_rest(page)
    term.hover()
    note = page.get_by_role("tooltip")
    expect(note).to_be_visible()
    note.hover()
    page.wait_for_timeout(400)
    expect(note).to_be_visible()
    page.mouse.move(0, 0)
    expect(note).to_be_hidden()


def test_the_first_tap_shows_and_the_second_follows(chromium: Browser, site: str) -> None:
    with chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(site + LESSON)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("matchMedia('(hover: none)').matches")
        term = page.locator("a.glossary-term").first
        term.scroll_into_view_if_needed()
        at_rest(page)  # a scroll puts the note away
        term.tap()
        expect(page.get_by_role("tooltip")).to_have_text(term.get_attribute("data-note") or "-")
        expect(page).to_have_url(site + LESSON)
        term.tap()
        page.wait_for_url("**/book/glossary.html#term-*")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_is_painted_in_its_theme_at_once(visitor: Any, site: str, dark: bool) -> None:
    page = visitor.open("about:blank", dark=dark)
    page.add_init_script(
        """window.themes = [];
        new MutationObserver(() => {
          const theme = document.documentElement.dataset.theme;
          if (document.body && theme !== window.themes.at(-1)) window.themes.push(theme ?? null);
        }).observe(document, { attributes: true, childList: true, subtree: true });"""
    )
    page.goto(site + LESSON)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.themes") == ["dark" if dark else "light"]


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_formula_stands_in_the_middle(visitor: Any, site: str, phone: bool) -> None:
    page = visitor.open(f"{site}notebooks/02_store_in_pieces.html", phone=phone)
    sides = """(formula) => {
      const inside = formula.getBoundingClientRect();
      const outside = formula.parentElement.getBoundingClientRect();
      return [inside.left - outside.left, outside.right - inside.right];
    }"""
    left, right = page.locator("div.math math").first.evaluate(sides)
    assert abs(left - right) < 2
    assert left > 2
