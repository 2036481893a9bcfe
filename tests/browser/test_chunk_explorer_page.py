"""The chunk explorer with no kernel: its numbers, and what is chosen and typed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from explorer_page import (
    LINK,
    SHAPE,
    SHOWN,
    caption,
    check_figures,
    check_times,
    copied_link,
    field,
    section_of,
    sentence,
)
from playwright.sync_api import Locator, Page, expect
from widget_page import Write

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.readers import MERGING, ONE_BY_ONE
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.text import format_bytes
from bigimg_lessons.widgets import ChunkExplorer
from bigimg_lessons.widgets.presets import PRESETS

pytestmark = pytest.mark.browser


LESSON = "notebooks/02_store_in_pieces.html"


# ---- Numbers


def test_every_preset_shows_the_numbers_of_chunks(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer()))
    check_figures(section_of(page))


@pytest.mark.parametrize("shape", [(3, 100, 70), (300, 130, 5000), (1, 1, 1)])
def test_presets_are_cut_to_the_volume_as_in_python(
    page: Page, write: Write, shape: tuple[int, int, int]
) -> None:
    page.goto(write(ChunkExplorer(shape=shape, chunk_shape=(1, 1, 1))))
    for preset in PRESETS:
        page.get_by_role("button", name=preset.name, exact=True).click()
        grid = preset.grid(shape, "uint8")
        reading = grid.reading((slice(None), slice(None), shape[2] // 2))
        what = f"YZ slice at x = {shape[2] // 2:,}"
        expect(caption(page)).to_have_text(sentence(what, grid, reading))
        typed = [field(page, f"Chunk along {axis}").input_value() for axis in "zyx"]
        assert typed == list(map(str, grid.chunk_shape))


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_lesson_shows_the_numbers_of_chunks(visitor: Any, site: str, phone: bool) -> None:
    page = visitor.open(site + LESSON, phone=phone)
    explorer = page.locator("section.bx").first
    expect(explorer).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= (360 if phone else 1280)
    check_figures(explorer)
    linked = visitor.open(f"{site}{LESSON}#{LINK}", phone=phone).locator("section.bx").first
    expect(caption(linked)).to_contain_text("A cube of 33 at z = 7, y = 8, x = 9 touches")
    expect(linked).to_be_in_viewport()


def test_what_is_typed_counts(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer()))
    for name, value in [
        ("Chunk along z", "16"),
        ("Chunk along y", "100"),
        ("Volume along x", "1000"),
    ]:
        field(page, name).fill(value)
        field(page, name).press("Enter")
    page.get_by_label("Voxel type").select_option("uint16")
    page.get_by_label("At the edge, chunks are").select_option("cut")
    grid = ChunkGrid((256, 1024, 1000), (16, 100, 64), "uint16", edges="cut")
    reading = grid.reading((slice(None), slice(None), 512))
    expect(caption(page)).to_have_text(sentence("YZ slice at x = 512", grid, reading))
    # Shards start as four chunks along each axis, no longer than the volume; they are padded.
    page.get_by_label("Pack into shards").check()
    expect(page.get_by_label("At the edge, chunks are")).to_be_disabled()
    assert [field(page, f"Shard along {axis}").input_value() for axis in "zyx"] == [
        "64", "400", "256",
    ]  # fmt: skip
    field(page, "Shard along z").fill("256")
    grid = ChunkGrid((256, 1024, 1000), (16, 100, 64), "uint16", (256, 400, 256))
    reading = grid.reading((slice(None), slice(None), 512))
    expect(caption(page)).to_have_text(sentence("YZ slice at x = 512", grid, reading))
    check_times(section_of(page), reading)


def test_the_storage_chosen_is_marked(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer(storage="hdd")))
    chosen = page.locator('.bx-storage[data-chosen="true"]')
    expect(chosen).to_contain_text("hard disk")
    page.get_by_role("radio", name=re.compile("NVMe SSD")).check()
    expect(chosen).to_contain_text("NVMe SSD")
    expect(chosen).to_have_count(1)
    page.get_by_text("How this is estimated").click()
    details = page.locator(".bx-details")
    for storage in STORAGES.values():
        expect(details).to_contain_text(storage.source)


# ---- Hands: keys, pointer, finger


def test_all_by_keyboard(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer()))
    keys = page.keyboard
    slider = page.get_by_role("slider", name="Position along x")
    slider.focus()
    keys.press("ArrowRight")
    expect(caption(page)).to_contain_text("at x = 513 touches")
    keys.press("Home")
    expect(caption(page)).to_contain_text("at x = 0 touches")
    keys.press("End")
    expect(caption(page)).to_contain_text("at x = 1,023 touches")
    expect(field(page, "Exact position along x")).to_have_value("1023")
    page.get_by_role("radio", name="YZ", exact=True).focus()
    keys.press("ArrowLeft")
    expect(caption(page)).to_contain_text("XZ slice at y = 512")
    expect(page.get_by_role("slider")).to_have_count(1)
    outline = "element => getComputedStyle(element.closest('label')).outlineWidth"
    assert page.get_by_role("radio", name="XZ", exact=True).evaluate(outline) == "3px"
    page.get_by_role("button", name="TIFF planes").focus()
    keys.press("Space")
    expect(caption(page)).to_contain_text("touches 256 of 256 chunks")
    page.get_by_label("Pull the chunks apart").focus()
    keys.press("Space")
    expect(page.locator(".bx-note")).to_contain_text("one box stands for")


def test_the_canvas_is_dragged_along_the_axis_that_moves(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer()))
    canvas = page.locator("canvas")
    box = canvas.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def drag(dx: float, dy: float) -> list[int]:
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + dx, middle[1] + dy, steps=4)
        page.mouse.up()
        page.mouse.move(middle[0] + 90, middle[1])  # no longer held
        texts = re.findall(r"[zyx] = ([\d,]+)", caption(page).inner_text())
        return [int(text.replace(",", "")) for text in texts]

    (x,) = drag(40, 25)
    assert 512 < x < 1000
    assert drag(-2000, 0) == [0]
    page.get_by_role("radio", name="XY", exact=True).check(force=True)
    (z,) = drag(20, -15)
    assert 128 < z <= 255
    page.get_by_role("radio", name="Cube", exact=True).check(force=True)
    z_before, y_before, x_before = drag(0, 0)
    z_after, y_after, x_after = drag(30, 60)
    assert z_after == z_before == 128
    assert y_after > y_before
    assert x_after > x_before


@pytest.mark.parametrize("width", [320, 360, 640, 1280])
def test_a_finger_finds_everything_at_any_width(visitor: Any, write: Write, width: int) -> None:
    page = visitor.open(
        write(ChunkExplorer(shard_shape=(128, 128, 128), orientation="cube")), phone=True
    )
    page.set_viewport_size({"width": width, "height": 740})
    page.get_by_text("How this is estimated").click()
    targets = "button, select, summary, .bx-number, .bx-slider, .bx-kind, .bx-switch, .bx-storage"
    found = page.locator("section.bx").locator(targets).all()
    assert len(found) == 5 + 1 + 3 + 1 + 9 + 4 + 3 + 4 + 2 + 5
    for target in found:
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44, target.get_attribute("class")
        assert box["width"] >= 44, target.get_attribute("class")
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    clipped = "all => all.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML)"
    assert page.locator(".bx dd b, .bx dt, .bx legend, .bx button").evaluate_all(clipped) == []
    assert (page.locator(".bx-see").bounding_box() or {})["width"] > width * (
        0.35 if width > 700 else 0.8
    )


# ---- Bad input


WRONG = [
    ("Volume along z", "0", "The volume is 0 × 1024 × 1024: give whole numbers of 1 or more."),
    ("Volume along y", "-5", "The volume is 256 × -5 × 1024: give whole numbers of 1 or more."),
    ("Volume along x", "", "The x of the volume is empty: give a whole number."),
    ("Volume along x", "12.5", "The x of the volume is “12.5”: give a whole number."),
    ("Volume along x", "1e6", "The x of the volume is “1e6”: give a whole number."),
    ("Volume along x", "NaN<b>", "The x of the volume is “NaN<b>”: give a whole number."),
    ("Volume along x", "9" * 400, "The x of the volume has 400 digits: give a smaller number."),
    ("Chunk along z", "0", "The chunk is 0 × 64 × 64: give whole numbers of 1 or more."),
    ("Shard along z", "100", "A shard of 100 × 128 × 128 does not hold whole chunks of 64 × 64"),
    ("Shard along z", "9007199254740928", "The chunks, padded, have "),
    ("Edge of the cube", "300", "A cube of 300 is larger than the volume of 256 × 1,024 × 1,024: "),
    ("Edge of the cube", "0", "The edge of the cube is 0: give 1 or more."),
    ("Exact position along x", "999", "x = 999 is outside the volume: give a position from 0 to 8"),
    ("Exact position along y", "-1", "y = -1 is outside the volume: give a position from 0 to 896"),
    ("Exact position along z", "half", "The position along z is “half”: give a whole number."),
]  # fmt: skip


# What is seen around a field that is wrong: with it come the sentence and the numbers, still those
# of the last good setting.
AROUND = f"""(input) => {{
  const section = input.closest("section");
  const errors = [...section.querySelectorAll(".bx-error:not(:empty)")];
  const top = (node) => node.getBoundingClientRect().y;
  return {{
    invalid: input.getAttribute("aria-invalid"),
    errors: errors.length,
    below: errors.length ? top(errors[0]) - top(input) : null,
    stale: section.getAttribute("data-stale"),
    opacity: getComputedStyle(section.querySelector(".bx-figure")).opacity,
    told: section.querySelector(".bx-stale").checkVisibility()
      && section.querySelector(".bx-stale").innerText,
    words: section.innerText,
    shown: ({SHOWN})(section),
  }};
}}"""


def test_bad_input_is_told_beside_its_field(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer(shard_shape=(128,) * 3, orientation="cube", storage="nvme")))
    before = section_of(page).evaluate(SHOWN)
    for name, typed, message in WRONG:
        wrong = field(page, name)
        good = wrong.input_value()
        wrong.fill(typed)
        wrong.press("Enter")
        around = wrong.evaluate(AROUND)
        assert (around["invalid"], around["errors"]) == ("true", 1), name
        expect(wrong).to_have_accessible_description(re.compile(re.escape(message)))
        assert 0 < around["below"] < 150, name  # beside it
        assert (around["stale"], around["opacity"]) == ("", "0.45")
        assert around["told"] == "This is still the last setting that made sense."
        assert around["shown"] == before
        words = around["words"].replace(typed or "?", "")
        assert not re.search(r"NaN|undefined|Infinity|null", words)

        wrong.fill(good)
        wrong.press("Enter")
        expect(wrong).not_to_have_attribute("aria-invalid", "true")
        around = wrong.evaluate(AROUND)
        assert (around["errors"], around["stale"]) == (0, None), name


def test_absurd_shapes_are_refused_and_huge_ones_explored(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer()))
    for axis in "zyx":
        field(page, f"Volume along {axis}").fill("1 000 000")
    page.keyboard.press("Enter")
    error = page.locator(".bx-error:not(:empty)")
    expect(error).to_have_text(
        "A volume of 1000000 × 1000000 × 1000000 has 888 PiB: give one of at most 1 PiB."
    )
    field(page, "Volume along z").fill("1,000")
    page.keyboard.press("Enter")
    grid = ChunkGrid((1000, 10**6, 10**6), (64, 64, 64))
    reading = grid.reading((slice(None), slice(None), 512))
    expect(caption(page)).to_have_text(sentence("YZ slice at x = 512", grid, reading))
    expect(page.locator(".bx-note")).to_contain_text("Too many chunks to see each border")
    check_times(section_of(page), reading)
    for axis in "zyx":
        field(page, f"Chunk along {axis}").fill("1")
    page.keyboard.press("Enter")
    expect(error).to_have_text(
        "Chunks of 1 × 1 × 1 make 1,000,000,000,000,000 chunks: "
        "give larger ones, for at most 1,000,000,000,000."
    )
    for axis in "zyx":
        field(page, f"Chunk along {axis}").fill("1 000 000")
    page.keyboard.press("Enter")
    expect(error).to_have_text(
        "The chunks, padded, have 888 PiB with the indexes of their shards: "
        "give shorter chunks and shards, for less than 8 PiB."
    )
    # Anything else leads back to what made sense.
    page.get_by_role("button", name="OME-Zarr", exact=True).click()
    expect(error).to_have_count(0)
    expect(field(page, "Chunk along z")).to_have_value("128")


def test_what_was_typed_may_make_another_field_wrong(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer(shard_shape=(128, 128, 128))))
    field(page, "Chunk along x").fill("48")  # and waits, with no Enter
    message = "A shard of 128 × 128 × 128 does not hold whole chunks of 64 × 64 × 48: "
    for axis in "zyx":
        expect(field(page, f"Shard along {axis}")).to_have_accessible_description(
            re.compile(message)
        )
    field(page, "Shard along x").fill("96")
    expect(caption(page)).to_contain_text("YZ slice at x = 512 touches 64 of 1,408 chunks")
    expect(page.locator("[aria-invalid]")).to_have_count(0)


def test_chunks_longer_than_the_volume_are_counted(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer()))
    field(page, "Volume along x").fill("32")
    page.keyboard.press("Enter")
    grid = ChunkGrid((256, 1024, 32), (64, 64, 64))
    reading = grid.reading((slice(None), slice(None), 31))
    expect(caption(page)).to_have_text(sentence("YZ slice at x = 31", grid, reading))
    expect(page.locator(".bx-note")).to_contain_text("Chunks are longer than the volume, and are")
    # Shards of whole chunks, as many as there are.
    page.get_by_label("Pack into shards").check()
    typed = [field(page, f"Shard along {axis}").input_value() for axis in "zyx"]
    assert typed == ["256", "256", "64"]
    field(page, "Shard along x").fill("128")
    page.keyboard.press("Enter")
    packed = ChunkGrid((256, 1024, 32), (64, 64, 64), shard_shape=(256, 256, 128))
    reading = packed.reading((slice(None), slice(None), 31))
    expect(caption(page)).to_have_text(sentence("YZ slice at x = 31", packed, reading))
    page.get_by_label("Pull the chunks apart").check()
    expect(page.locator(".bx-note")).to_contain_text("Chunks are longer than the volume")


# ---- The reader of shards


def reader(page: Locator | Page) -> Locator:
    return page.get_by_label("Reader, where it wants a part of a shard")


def test_the_reader_of_shards_is_chosen(visitor: Any, write: Write) -> None:
    page = visitor.open(write(ChunkExplorer(dtype="uint16")))
    expect(reader(page)).to_be_hidden()
    page.get_by_role("button", name="Sharded OME-Zarr", exact=True).click()
    expect(reader(page)).to_have_value("one-by-one")
    region = (slice(None), slice(None), 512)
    grid = ChunkGrid(SHAPE, (64, 64, 64), "uint16", (256, 256, 256))
    one, merged = grid.reading(region), grid.reading(region, reader=MERGING)
    assert (one.requests, merged.requests) == (68, 20)
    expect(caption(page)).to_have_text(sentence("YZ slice at x = 512", grid, one))
    expect(reader(page)).to_have_accessible_description(
        f"{ONE_BY_ONE.about} A reader that merges neighbouring chunks: 20 requests, "
        f"{format_bytes(merged.read)}."
    )
    # By keyboard alone
    reader(page).focus()
    page.keyboard.press("ArrowDown")
    expect(caption(page)).to_have_text(sentence("YZ slice at x = 512", grid, merged))
    expect(reader(page)).to_have_accessible_description(
        f"{MERGING.about} A reader that asks for each chunk: 68 requests, {format_bytes(one.read)}."
    )
    assert section_of(page).evaluate(SHOWN)["tiles"]["Requests"] == "20"
    expect(page.get_by_text("whole chunks, indexes and gaps")).to_be_visible()
    check_times(section_of(page), merged)
    for kind, at in (("XY", (128, region[0], region[0])), ("XZ", (region[0], 512, region[0]))):
        page.get_by_role("radio", name=kind, exact=True).check(force=True)
        reading = grid.reading(at, reader=MERGING)
        where = f"{kind} slice at {'z = 128' if kind == 'XY' else 'y = 512'}"
        expect(caption(page)).to_have_text(sentence(where, grid, reading))
    link = copied_link(page)
    assert "-s256.256.256-merging-xz-" in link
    again = visitor.open(link)
    expect(reader(again)).to_have_value("merging")
    expect(caption(again)).to_have_text(caption(page).inner_text())


def test_too_many_chunks_to_inspect_are_told(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer(shape=(256,) * 3, chunk_shape=(1,) * 3, shard_shape=(256,) * 3)))
    expect(page.get_by_text("A reader that")).to_have_count(0)
    reader(page).select_option("merging")
    expect(page.locator(".bx-error:not(:empty)")).to_have_text(
        "For a reader that merges, 16,777,216 chunks must be inspected: give smaller shards or "
        "larger chunks, for at most 8,388,608."
    )


def test_a_slice_stays_in_a_volume_that_shrinks(page: Page, write: Write) -> None:
    page.goto(write(ChunkExplorer()))
    field(page, "Volume along x").fill("300")
    page.keyboard.press("Enter")
    expect(caption(page)).to_contain_text("YZ slice at x = 299 touches")
    expect(page.get_by_role("slider")).to_have_attribute("max", "299")
