"""Every page of the built book, judged by axe-core with all of its default rules."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.fetch_axe import AXE

pytestmark = pytest.mark.browser

RUN = """async (options) => {
  const { violations } = await axe.run(document, { ...options, resultTypes: ["violations"] });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, html }) => `${id} (${help}): ${target}: ${html.slice(0, 200)}`));
}"""


@pytest.fixture(scope="session")
def axe() -> str:
    """The checker's script; where it is missing, skip, or fail if BIGIMG_REQUIRE_AXE is 1."""
    if not AXE.is_file():
        reason = "axe-core is not there; run: python tests/fetch_axe.py (it needs npm)"
        if os.environ.get("BIGIMG_REQUIRE_AXE") == "1":
            pytest.fail(f"BIGIMG_REQUIRE_AXE=1, but {reason}")
        pytest.skip(reason)
    return AXE.read_text(encoding="utf-8")


COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""Of the default rules those whose verdict depends on the theme; others see the same in both."""


def violations(page: Page, axe: str, options: dict[str, object] | None = None) -> list[str]:
    """What axe-core objects to, with everything unfolded that is folded at first."""
    page.evaluate("document.querySelectorAll('details').forEach((node) => (node.open = true))")
    page.evaluate(  # allSettled: an animation that a later one replaces ends by being rejected
        "() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished))"
    )
    page.evaluate(axe)
    found: list[str] = page.evaluate(RUN, options or {})
    return found


def in_both_themes(page: Page, axe: str) -> list[str]:
    """All rules in the light, then those of colours in the dark."""
    found = violations(page, axe)
    page.emulate_media(color_scheme="dark")
    if page.evaluate("'mode' in document.documentElement.dataset"):  # a worksheet has no theme
        page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    found += [f"in the dark, {entry}" for entry in violations(page, axe, COLOURS)]
    page.emulate_media(color_scheme="light")
    return found


def test_no_page_breaks_a_rule(
    visitor: Any, site: str, pages: list[Path], site_folder: Path, axe: str
) -> None:
    page = visitor.open(site + "book/home.html")
    broken = []
    for path in pages:
        name = path.relative_to(site_folder).as_posix()
        if name == "index.html":  # leads on to Home at once
            continue
        page.goto(site + name, wait_until="networkidle")
        broken += [f"{name}: {entry}" for entry in in_both_themes(page, axe)]
    assert broken == []


def test_nor_do_replies_hints_solutions_and_an_appraisal(visitor: Any, site: str, axe: str) -> None:
    page = visitor.open(site + "notebooks/07_check_yourself.html")
    page.get_by_role("button", name="Appraise my design").wait_for()
    for name in ("Check", "Hint", "Show solution", "Appraise my design"):
        pressed = page.evaluate(
            """(name) => {
              const named = (node) => node.textContent === name && node.checkVisibility();
              const buttons = [...document.querySelectorAll("button")].filter(named);
              buttons.forEach((button) => button.click());
              return buttons.length;
            }""",
            name,
        )
        assert pressed >= (1 if name.startswith("Appraise") else 100), name
    assert in_both_themes(page, axe) == []


def test_what_breaks_a_rule_is_seen(visitor: Any, site: str, axe: str) -> None:
    page = visitor.open(site + "book/home.html")
    assert violations(page, axe) == []
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input>')")
    assert any(entry.startswith("label ") for entry in violations(page, axe))


def test_what_is_faint_in_the_dark_alone_is_seen(visitor: Any, site: str, axe: str) -> None:
    page = visitor.open(site + "book/home.html")
    page.add_style_tag(content="[data-theme=dark] main h1 { color: #333 !important }")
    found = in_both_themes(page, axe)
    assert found
    assert all(entry.startswith("in the dark, color-contrast ") for entry in found)
