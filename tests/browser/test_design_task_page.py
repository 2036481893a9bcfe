"""The design task on a page: what it shows, by keyboard, and on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from contrast import CONTRAST
from playwright.sync_api import Locator, Page, expect
from widget_page import Write

from bigimg_lessons.costs.appraisal import appraise
from bigimg_lessons.costs.design import Design
from bigimg_lessons.costs.scenarios import SCENARIOS
from bigimg_lessons.costs.search import BEST
from bigimg_lessons.text import format_bytes
from bigimg_lessons.widgets import DesignTask

pytestmark = pytest.mark.browser

# ---- What is shown


def appraise_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Appraise my design")


def enter(page: Page, design: Design) -> None:
    page.get_by_label("Format").select_option(design.format)
    for name, sizes in (("Chunk", design.chunk_shape), ("Shard", design.shard_shape)):
        for axis, size in zip(("Z or T", "Y", "X"), sizes or ("", "", ""), strict=True):
            page.get_by_label(f"{name} along {axis}").fill(str(size))
    page.get_by_label("Levels, with level 0").fill(str(design.levels))


def test_a_design_is_appraised_and_compared(page: Page, write: Write) -> None:
    page.goto(write(DesignTask()))
    status = page.get_by_role("status")
    expect(status).to_have_text("")
    appraise_button(page).click()
    expect(status).to_have_text(
        "2.05 days a week: 49 times the best of 7,840 designs tried by the model. "
        "Files: 1. Stored: 1.88 TiB."
    )
    design = Design("ome-zarr", (64, 64, 64), None, 5)
    enter(page, design)
    appraise_button(page).click()
    expect(status).to_contain_text("6.06 h a week: 6.1 times the best")
    expect(status).to_contain_text("Files: 5,195,520.")
    expect(status).to_contain_text("Better than before by 43.1 h.")
    appraisal = appraise(design, SCENARIOS["brain"])
    rows = page.get_by_role("row").all()[1:]
    assert len(rows) == len(appraisal.costs)
    for row, cost in zip(rows, appraisal.costs, strict=True):
        expect(row.get_by_role("rowheader")).to_have_text(cost.use.name)
        cells = row.get_by_role("cell").all_inner_texts()
        assert cells[:2] == [f"{cost.requests:,}", format_bytes(cost.read)]
        assert in_seconds(cells[2]) == pytest.approx(cost.seconds, rel=0.006)
        assert in_seconds(cells[3]) == pytest.approx(cost.weekly, rel=0.006)
    bars = [bar.bounding_box()["width"] for bar in page.locator(".bd i").all()]
    most = max(cost.weekly for cost in appraisal.costs)
    for bar, cost in zip(bars, appraisal.costs, strict=True):
        assert bar / max(bars) == pytest.approx(cost.weekly / most, abs=0.02)
    remarks = page.locator(".bd > div > ul > li")
    shown = [item for item in remarks.all_inner_texts() if "→" in item]
    assert shown == [f"{rule.text} → {rule.section}" for rule in appraisal.remarks]
    link = page.get_by_role("link", name="Many chunks, many files")
    expect(link).to_have_attribute(
        "href", "../notebooks/02_store_in_pieces.html#many-chunks-many-files"
    )
    # The same once more is no change; a worse one is called so.
    appraise_button(page).click()
    expect(status).not_to_contain_text("than before")
    enter(page, SCENARIOS["brain"].first_guess)
    appraise_button(page).click()
    expect(status).to_contain_text("Worse than before by 43.1 h.")


def in_seconds(text: str) -> float:
    value, unit = text.split()
    return (
        float(value.replace(",", ""))
        * {
            "ms": 1e-3,
            "s": 1,
            "min": 60,
            "h": 3600,
            "days": 86_400,
        }[unit]
    )


def test_the_good_design_is_folded_away(page: Page, write: Write) -> None:
    page.goto(write(DesignTask("movie")))
    appraise_button(page).click()
    folded = page.locator("details")
    assert folded.inner_text() == "Show one good design"
    page.get_by_text("Show one good design").click()
    assert "TIFF stack, chunks of 1 × 2,048 × 2,048, no pyramid." in folded.inner_text()
    expect(page.get_by_role("status")).to_contain_text(": 1 times the best of 2,772 designs")


def test_what_a_format_cannot_do_is_told_and_the_last_result_stays(
    page: Page, write: Write
) -> None:
    page.goto(write(DesignTask()))
    appraise_button(page).click()
    before = page.get_by_role("status").inner_text()
    alert = page.get_by_role("alert")
    for design, message in (
        (Design("tiff", (1, 256, 256)), "make the chunk 10,240 long along X"),
        (Design("bdv-hdf5", (64,) * 3, (128,) * 3), "BDV-HDF5 has no shards"),
        (Design("ome-zarr", (64,) * 3, None, 99), "go from 1 to 8 here"),
        (Design("ome-zarr", (0, 64, 64)), "give whole numbers of 1 or more"),
    ):
        enter(page, design)
        appraise_button(page).click()
        expect(alert).to_contain_text(message)
        assert page.get_by_role("status").inner_text() == before
    page.get_by_label("Shard along X").fill("64")  # two of three are missing
    page.get_by_label("Chunk along Z or T").fill("64")
    appraise_button(page).click()
    expect(alert).to_contain_text("The shard is 0 × 0 × 64")
    page.get_by_label("Shard along X").fill("")
    appraise_button(page).click()
    expect(alert).to_have_text("")


def test_another_brief_starts_anew(page: Page, write: Write) -> None:
    page.goto(write(DesignTask()))
    appraise_button(page).click()
    for key, scenario in SCENARIOS.items():
        page.get_by_label("Brief").select_option(key)
        if key != "brain":
            expect(page.get_by_role("status")).to_have_text("")
        expect(page.get_by_text(scenario.brief)).to_be_visible()
        for use in scenario.uses:
            expect(page.get_by_text(f"{use.weekly:,} × {use.name}")).to_be_visible()
        expect(page.get_by_label("Chunk along X")).to_have_value(str(scenario.shape[2]))
        appraise_button(page).click()
        expect(page.get_by_role("status")).to_contain_text(f"{BEST[key].tried:,} designs")


def test_all_by_keyboard(page: Page, write: Write) -> None:
    page.goto(write(DesignTask()))
    keys = page.keyboard
    page.get_by_label("Brief").focus()
    keys.press("Tab")
    expect(page.get_by_label("Format")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    for _ in range(3):
        keys.press("ArrowDown")
    expect(page.get_by_label("Format")).to_have_value("ome-zarr")
    for size in ("128", "128", "128", "", "", "", "5"):
        keys.press("Tab")
        keys.press("ControlOrMeta+a")
        keys.type(size) if size else keys.press("Delete")
    keys.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Files: 649,440.")
    keys.press("Tab")
    expect(appraise_button(page)).to_be_focused()
    keys.press("Space")
    expect(page.get_by_role("status")).not_to_contain_text("than before")
    while not page.evaluate("document.activeElement.matches('summary')"):
        keys.press("Tab")
    keys.press("Enter")
    folded = page.locator("details").inner_text()
    assert "OME-Zarr, chunks of 8 × 1,024 × 256 in shards of 32 × 4,096 × 1,024" in folded


# ---- For every eye and hand


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_can_be_told_from_its_ground(visitor: Any, write: Write, dark: bool) -> None:
    page = visitor.open(write(DesignTask(), dark=dark), dark=dark)
    appraise_button(page).click()
    page.get_by_text("Show one good design").click()
    page.get_by_label("Levels, with level 0").fill("9")
    appraise_button(page).click()
    ratio, text = page.locator(".bd").first.evaluate(CONTRAST)
    assert ratio >= 4.5, text


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_a_finger_finds_everything_at_any_width(visitor: Any, write: Write, width: int) -> None:
    page = visitor.open(write(DesignTask()), phone=True)
    page.set_viewport_size({"width": width, "height": 740})
    appraise_button(page).click()
    targets = page.locator(".bd").locator("select, input, button, summary").all()
    assert len(targets) == 2 + 7 + 1 + 1
    for target in targets:
        box = target.bounding_box()
        assert box["height"] >= 44
        assert box["width"] >= 44
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    clipped = "all => all.filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    assert page.locator(".bd :is(td, th, button)").evaluate_all(clipped) == 0


def test_without_scripts_the_briefs_are_there(visitor: Any, write: Write) -> None:
    page = visitor.open(write(DesignTask()), javascript=False)
    page.get_by_text(SCENARIOS["em"].name, exact=True).click()
    expect(page.get_by_text(SCENARIOS["em"].brief)).to_be_visible()
    assert re.search(r"All seconds are the model's", page.locator(".bd").inner_text())
