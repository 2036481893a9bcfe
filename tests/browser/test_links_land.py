"""A link to a place in a page leads there, on a phone and on a desk, whatever comes late."""

from __future__ import annotations

from typing import Any
from urllib.parse import urldefrag

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.page_visit import SIZES

pytestmark = pytest.mark.browser

NEAR = 8  # CSS pixels
OF_EACH_KIND = 10
SETTING = "explorer=z9y8x7-uint8-c1.8.7-cut-xy-at3.0.0-s3"

# Where the place is, how much of the window the bar above takes, and how far one could scroll on.
PLACE = """(id) => {
  const page = document.scrollingElement;
  return [
    document.getElementById(id).getBoundingClientRect().top,
    parseFloat(getComputedStyle(page).scrollPaddingTop),
    page.scrollHeight - page.clientHeight - page.scrollTop,
    document.querySelector(".bd-header-article").getBoundingClientRect().bottom,
  ];
}"""
MOUNTED = (
    "() => [...document.querySelectorAll('.anywidget-mount')].every((e) => e.querySelector('div'))"
)


def spread(found: list[str], number: int) -> list[str]:
    """Choose some, from the first to the last."""
    step = max(1, len(found) // number)
    return found[::step][:number]


@pytest.fixture(scope="module")
def links(lasting_visitor: Any, site: str) -> list[str]:
    """Links from three places: tables of contents, quizzes, and the remarks on a design."""
    page = lasting_visitor.open(f"{site}notebooks/07_check_yourself.html")
    page.wait_for_function(MOUNTED)
    again = page.locator(".bq-quiet a").evaluate_all("(all) => all.map(({ href }) => href)")
    count = page.locator("a").count()
    before = set(page.locator("a").evaluate_all("(all) => all.map(({ href }) => href)"))
    page.get_by_role("button", name="Appraise my design").click()
    more = "(before) => document.querySelectorAll('a').length > before"
    page.wait_for_function(more, arg=count)
    after = page.locator("main a").evaluate_all("(all) => all.map(({ href }) => href)")
    deep = []
    for name in ("book/home", "notebooks/02_store_in_pieces", "notebooks/07_check_yourself"):
        page.goto(f"{site}{name}.html")
        deep += page.locator("article section section > * > a.headerlink").evaluate_all(
            "(all) => all.map(({ href }) => href)"
        )
    kinds = [deep, again, [*(set(after) - before), *again[1:]]]
    chosen: list[str] = []
    for kind in kinds:
        new = [link for link in dict.fromkeys(kind) if urldefrag(link)[1] and link not in chosen]
        chosen += spread(new, OF_EACH_KIND)
    return chosen


def offset(page: Page, link: str) -> float:
    """Return how far from its place a link's target is once all has come; 0 at a page's end."""
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_function(MOUNTED)
    last = None
    for _ in range(40):
        top, room, rest, bar = page.evaluate(PLACE, urldefrag(link)[1])
        if last == (top, rest):
            break
        last = (top, rest)
        page.wait_for_timeout(250)
    assert bar <= room  # the bar hides nothing of the target
    return 0 if rest < 1 and top > room else top - room


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_thirty_links_land(page: Page, links: list[str], size: ViewportSize) -> None:
    page.set_viewport_size(size)
    assert len(links) == 3 * OF_EACH_KIND
    off = {link: by for link in links if abs(by := offset(page, link)) > NEAR}
    assert off == {}


def test_a_link_to_a_setting_of_the_explorer_lands(page: Page, site: str) -> None:
    link = f"{site}notebooks/02_store_in_pieces.html#{SETTING}"
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_function(MOUNTED)
    page.wait_for_function("scrollY > 0")
    before, now = -1, 0
    while now != before:  # the page glides there
        page.wait_for_timeout(500)
        before, now = now, page.evaluate("scrollY")
    top, margin, padding = page.locator(".bx").first.evaluate(
        """(node) => [
          node.getBoundingClientRect().top,
          parseFloat(getComputedStyle(node).scrollMarginTop),
          parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop),
        ]"""
    )
    assert abs(top - margin - padding) <= NEAR


def offset_now(page: Page, link: str) -> float:
    top, room, *_ = page.evaluate(PLACE, urldefrag(link)[1])
    return float(top - room)


def test_who_scrolls_is_not_pulled_back(page: Page, site: str) -> None:
    link = f"{site}notebooks/02_store_in_pieces.html#a-slow-store"
    assert abs(offset(page, link)) <= NEAR
    before = page.evaluate("scrollY")
    page.mouse.move(600, 400)
    page.mouse.wheel(0, 700)
    page.wait_for_function("(before) => scrollY > before + 600", arg=before)
    page.evaluate("document.querySelector('article').style.paddingBottom = '3000px'")
    page.wait_for_timeout(300)
    assert offset_now(page, link) < -NEAR
