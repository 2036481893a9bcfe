"""The planner on a page: what it shows, its links, by keyboard, and on a phone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from contrast import CONTRAST
from playwright.sync_api import Locator, Page, expect
from widget_page import Write

from bigimg_lessons.costs.plan import plan
from bigimg_lessons.costs.projects import PRESETS
from bigimg_lessons.text import format_bytes, format_seconds
from bigimg_lessons.widgets import Planner

pytestmark = pytest.mark.browser

LESSON = PRESETS["lesson"].project


def said(page: Page) -> Locator:
    return page.locator(".bp-said")


def field(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True)


def enter(page: Page, label: str, text: str) -> None:
    field(page, label).fill(text)
    field(page, label).press("Enter")


def opened(page: Page) -> None:
    """Open all groups of the form."""
    page.locator(".bp details").evaluate_all("all => all.forEach((one) => { one.open = true; })")


def cells(page: Page, caption: str) -> list[list[str]]:
    rows = page.get_by_role("table", name=caption).get_by_role("row").all()[1:]
    return [row.locator("th, td").all_inner_texts() for row in rows]


def copied_link(page: Page) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".bp-foot [role=status]")).to_have_text("Copied.")
    return str(page.evaluate("navigator.clipboard.readText()"))


# ---- What is shown


def test_every_preset_shows_its_plan(page: Page, write: Write) -> None:
    page.goto(write(Planner()))
    for preset in PRESETS.values():
        button = page.get_by_role("button", name=preset.name, exact=True)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_text(preset.about)).to_be_visible()
        found = plan(preset.project)
        longest = format_seconds(found.convert.at_most)
        expect(said(page)).to_contain_text(f"{longest} to convert")
        rows = cells(page, "Time")
        assert rows[0][1:3] == [f"{found.gets:,}", format_bytes(found.read, decimal=True)]
        assert rows[2][1:3] == [f"{found.objects:,}", format_bytes(found.stored, decimal=True)]
        assert [row[3] for row in rows] == [
            format_seconds(seconds)
            for seconds in (
                found.convert.read,
                found.convert.compute,
                found.convert.write,
                found.verify.at_most,
            )
        ]
    bill = dict(cells(page, "Money"))
    assert bill["Once, together"] == f"{found.bill.once:,.0f} USD"
    assert bill["A month, together"] == f"{found.bill.monthly:,.0f} USD"
    expect(page.locator(".bp small")).to_contain_text("cloud.google.com/storage/pricing")
    expect(page.locator(".bp small")).to_contain_text("read on 2026-09-20")


def test_a_number_counts_when_its_field_is_left(page: Page, write: Write) -> None:
    page.goto(write(Planner("lesson")))
    facts = page.locator(".bp li")
    expect(facts.nth(0)).to_contain_text("each strip of the original is read 2 times on average")
    opened(page)
    enter(page, "Memory of each, GiB", "8")
    expect(facts.nth(0)).to_contain_text("each strip of the original is read once")
    found = plan(replace(LESSON, workforce=replace(LESSON.workforce, memory=8 * 2**30)))
    assert cells(page, "Time")[0][2] == format_bytes(found.read, decimal=True)
    expect(page.get_by_text("A project of yours.")).to_be_visible()
    field(page, "or its size, such as 2 TB").fill("10 TB")
    page.get_by_role("combobox", name="Voxel type", exact=True).focus()
    expect(field(page, "Voxels along T, C, Z, Y, X")).to_have_value("1 × 1 × 37253 × 16384 × 16384")
    page.get_by_role("combobox", name="Original on").select_option("nvme")
    expect(field(page, "Original: MB/s for all workers")).to_have_value("7450")
    enter(page, "1 GB kept for a month", "0.02")
    assert dict(cells(page, "Money"))["A month, together"].endswith(" USD")


def test_no_text_of_a_preset_is_wider_than_its_field(page: Page, write: Write) -> None:
    page.set_viewport_size({"width": 720, "height": 900})  # as wide as a column of the book
    page.goto(write(Planner()))
    opened(page)
    # Where prices are from is a sentence, and stands below the plan as a whole.
    fields = page.locator('.bp input[type=text]:not([data-field="prices.source"])')
    for preset in PRESETS.values():
        page.get_by_role("button", name=preset.name, exact=True).click()
        cut = fields.evaluate_all(
            "all => all.filter((one) => one.scrollWidth > one.clientWidth)"
            ".map((one) => `${one.dataset.field}: ${one.value}`)"
        )
        assert cut == [], preset.name


def test_what_makes_no_sense_is_told_and_the_last_plan_stays(page: Page, write: Write) -> None:
    page.goto(write(Planner("lesson")))
    before = said(page).inner_text()
    alert = page.locator(".bp [role=alert]")
    for label, text, message in (
        ("Chunk: Z, Y, X", "64 64", "Give 3 whole numbers"),
        ("Chunk: Z, Y, X", "64 64 60", "give whole multiples of the chunk"),
        ("One of them: Z, Y, X", "2 64 16384", "strips lie in one plane"),
        ("Memory of each, GiB", "0.01", "give at least 0.37 GiB, or smaller chunks"),
        ("Threads of each", "0", "give a whole number from 1 to 4,096"),
        ("Threads of each", "-1", "give a whole number from 1 to 4,096"),
        ("Memory of each, GiB", "1e12", "give a number above 0 and up to 8,388,608"),
        ("Voxels along T, C, Z, Y, X", "1 1 9999999 16384 16384", "at most 1 PiB"),
    ):
        opened(page)
        was = field(page, label).input_value()
        enter(page, label, text)
        expect(alert).to_contain_text(message)
        assert said(page).inner_text() == before
        expect(page.locator("section.bp")).to_have_attribute("data-stale", "")
        wrong = page.locator('.bp [aria-invalid="true"]')
        expect(wrong).to_have_count(1)
        enter(page, label, was)
        expect(alert).to_have_text("")
        expect(page.locator("section.bp[data-stale]")).to_have_count(0)


# ---- Links


def test_a_link_brings_its_numbers_back(visitor: Any, write: Write) -> None:
    url = write(Planner())
    page = visitor.open(url)
    page.get_by_role("button", name="a server, 10 TB").click()
    opened(page)
    enter(page, "Threads of each", "16")
    enter(page, "Shard: Z, Y, X; empty for none", "256 256 256")
    field(page, "Both on the same disk or server").uncheck()
    enter(page, "Prices read at", "my group, & friends: “free”")
    shown = said(page).inner_text()
    link = copied_link(page)
    assert link.startswith(f"{url}#plan=server,shard:256x256x256,threads:16,one_disk:,")
    page = visitor.open(link)
    expect(said(page)).to_have_text(shown)
    expect(page.locator(".bp small")).to_contain_text("my group, & friends: “free”")
    assert copied_link(page) == link
    # Another one, followed without loading the page anew; then one that makes no sense.
    page.evaluate("location.hash = 'plan=lesson,memory:8'")
    expect(page.locator(".bp li").nth(0)).to_contain_text("read once")
    page.evaluate("location.hash = 'plan=lesson,memory:0'")
    page.wait_for_timeout(100)
    expect(page.locator(".bp li").nth(0)).to_contain_text("read once")


# ---- For every eye and hand


def test_all_by_keyboard(page: Page, write: Write) -> None:
    page.goto(write(Planner()))
    keys = page.keyboard
    page.get_by_role("button", name="one laptop, 100 GB").focus()
    keys.press("Tab")
    keys.press("Space")
    expect(page.get_by_role("button", name="lesson 5")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    while page.evaluate("document.activeElement.textContent") != "Who works":
        keys.press("Tab")
    keys.press("Enter")
    while page.evaluate("document.activeElement.dataset.field") != "workforce.memory":
        keys.press("Tab")
    keys.press("ControlOrMeta+a")
    keys.type("8")
    keys.press("Enter")
    expect(page.locator(".bp li").nth(0)).to_contain_text("read once")
    while page.evaluate("document.activeElement.textContent") != "Copy link to this setting":
        keys.press("Tab")
    expect(page.get_by_role("status").first).to_have_text(said(page).inner_text())


def test_every_field_and_table_has_a_name(page: Page, write: Write) -> None:
    page.goto(write(Planner("cluster")))
    opened(page)
    unnamed = page.locator(".bp :is(input, select)").evaluate_all(
        "all => all.filter((one) => !one.labels?.length && !one.ariaLabel).length"
    )
    assert unnamed == 0
    labels = page.locator(".bp label").all_inner_texts()
    assert len(labels) > 30
    for caption in ("Time", "Money"):
        table = page.get_by_role("table", name=caption)
        assert table.locator("th:empty, td:empty").count() == 0
        assert table.locator("th[scope=col]").count() == len(cells(page, caption)[0])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_can_be_told_from_its_ground(visitor: Any, write: Write, dark: bool) -> None:
    page = visitor.open(write(Planner("cluster"), dark=dark), dark=dark)
    opened(page)
    ratio, text = page.locator(".bp").first.evaluate(CONTRAST)
    assert ratio >= 4.5, text
    enter(page, "Threads of each", "0")
    expect(page.locator(".bp [role=alert]")).not_to_have_text("")
    ratio, text = page.locator(".bp").first.evaluate(CONTRAST)
    assert ratio >= 4.5, text


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_finger_finds_everything_at_any_width(visitor: Any, write: Write, width: int) -> None:
    page = visitor.open(write(Planner("cluster")), phone=True)
    page.set_viewport_size({"width": width, "height": 740})
    opened(page)
    targets = page.locator(".bp").locator("select, input:visible, button, summary").all()
    assert len(targets) > 40
    for target in targets:
        box = target.bounding_box()
        assert box["height"] >= 44
        assert box["width"] >= 44
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    clipped = "all => all.filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    assert page.locator(".bp :is(td, th, button)").evaluate_all(clipped) == 0


def test_without_scripts_the_presets_are_there(visitor: Any, write: Write) -> None:
    page = visitor.open(write(Planner()), javascript=False)
    rows = page.get_by_role("row").all_inner_texts()
    assert len(rows) == 1 + len(PRESETS)
    assert rows[-1].startswith(PRESETS["cluster"].name)
