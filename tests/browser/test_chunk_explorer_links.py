"""The links to a setting of the chunk explorer."""

from __future__ import annotations

from typing import Any

import pytest
from explorer_page import LINK, SETTING, caption, copied_link, sentence
from playwright.sync_api import Page, expect
from widget_page import Write

from bigimg_lessons.widgets import ChunkExplorer
from bigimg_lessons.widgets.presets import PRESETS

pytestmark = pytest.mark.browser


def test_a_link_brings_its_setting_back(visitor: Any, write: Write) -> None:
    url = write(SETTING)
    link = copied_link(visitor.open(url))
    assert link == f"{url}#{LINK}"
    page = visitor.open(write(ChunkExplorer()) + "#" + LINK)
    grid = SETTING.grid
    expected = sentence("A cube of 33 at z = 7, y = 8, x = 9", grid, grid.reading(SETTING.region))
    expect(caption(page)).to_have_text(expected)
    expect(page.get_by_label("Voxel type")).to_have_value("float32")
    expect(page.locator('.bx-storage[data-chosen="true"]')).to_contain_text("SATA SSD")
    assert copied_link(page).endswith("#" + LINK)
    # Another link to the same page, followed without loading it anew.
    page.evaluate("location.hash = 'explorer=z9y8x7-uint8-c1.8.7-cut-xy-at3.0.0-s3'")
    expect(caption(page)).to_contain_text("XY slice at z = 3 touches 1 of 9 chunks: 1 request,")


def test_every_preset_and_kind_survives_its_link(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer()))
    kinds = ["XY", "XZ", "YZ", "Cube", "XY"]
    links = set()
    for preset, kind in zip(PRESETS, kinds, strict=True):
        page.get_by_role("button", name=preset.name, exact=True).click()
        page.get_by_role("radio", name=kind, exact=True).check(force=True)
        said = caption(page).inner_text()
        link = copied_link(page)
        links.add(link)
        page.evaluate("location.hash = 'explorer=z9y8x7-uint8-c1.8.7-cut-xy-at3.0.0-s3'")
        expect(caption(page)).to_contain_text("XY slice at z = 3 ")
        page.evaluate("(link) => { location.hash = new URL(link).hash; }", link)
        expect(caption(page)).to_have_text(said)
    assert len(links) == len(PRESETS)


SENSELESS_LINKS = [
    "explorer",
    "explorer=",
    "explorer=z0y1x1-uint8-c1.1.1-xy-at0.0.0-s3",
    LINK.replace("cube33", "cube0"),
    LINK.replace("cube33", "cube101"),
    LINK.replace("at7.8.9", "at7.8.490"),
    LINK.replace("float32", "constructor"),
    LINK.replace("sata-ssd", "constructor"),
    LINK.replace("c10.30.50", "c10.30.9999999"),
    LINK.replace("z100", "z" + "9" * 400),
    LINK.replace("s50", "s51"),
    LINK.replace("=", "=%E0%A4%A"),
    "a-heading-of-the-page",
    "explorer-2=" + LINK.split("=")[1],
]


# Follow links one after the other, each a frame apart, and tell what is said then.
FOLLOW = """async (links) => {
  const captions = [];
  for (const link of links) {
    location.hash = link;
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    captions.push(document.querySelector(".bx-caption").innerText);
  }
  return captions;
}"""


def test_links_that_make_no_sense_are_ignored(page: Page, write: Write) -> None:
    said = "YZ slice at x = 512 touches 64 of 1,024 chunks"
    page.goto(write(ChunkExplorer()) + "#" + SENSELESS_LINKS[-3])
    expect(caption(page)).to_contain_text(said)
    captions = page.evaluate(FOLLOW, SENSELESS_LINKS)
    for text, found in zip(SENSELESS_LINKS, captions, strict=True):
        assert found.startswith(said), text
    expect(page.locator(".bx-error:not(:empty)")).to_have_count(0)
    assert page.evaluate(FOLLOW, [LINK])[0].startswith("A cube of 33")  # it does listen


def test_explorers_of_one_page_have_links_of_their_own(visitor: Any, write: Write) -> None:
    url = write(ChunkExplorer(), ChunkExplorer(orientation="XY"))
    page = visitor.open(url)
    first, second = copied_link(page, 0), copied_link(page, 1)
    assert "#explorer=" in first
    assert "#explorer-2=" in second
    page = visitor.open(second.replace("-xy-at128.", "-xz-at3."))
    captions = page.locator(".bx-caption")
    expect(captions.nth(1)).to_contain_text("XZ slice at y = 512")
    expect(captions.nth(0)).to_contain_text("YZ slice at x = 512")
    assert page.url == second.replace("-xy-at128.", "-xz-at3.")  # it is left as it is
    expect(page.locator("section.bx").nth(1)).to_be_in_viewport()
    identifiers = page.evaluate("[...document.querySelectorAll('[id]')].map(({ id }) => id)")
    assert len(identifiers) == len(set(identifiers))


def test_without_a_clipboard_the_link_is_shown(page: Page, write: Write) -> None:
    url = write(SETTING)
    page.goto(url)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Copy link").click()
    link = page.get_by_role("textbox", name="Link to this setting")
    expect(link).to_have_value(f"{url}#{LINK}")
    assert page.evaluate("getSelection().toString()") == f"{url}#{LINK}"
