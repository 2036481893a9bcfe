"""What a chunk explorer on a page must say, worked out in Python, and where it says it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from bigimg_lessons.costs.grid import ChunkGrid, Reading
from bigimg_lessons.costs.storage import STORAGES
from bigimg_lessons.text import format_bytes
from bigimg_lessons.widgets import ChunkExplorer
from bigimg_lessons.widgets.presets import PRESETS

SHAPE = (256, 1024, 1024)
SETTING = ChunkExplorer(
    shape=(100, 300, 500),
    dtype="float32",
    chunk_shape=(10, 30, 50),
    shard_shape=(50, 90, 100),
    orientation="cube",
    position=(7, 8, 9),
    cube_edge=33,
    storage="sata-ssd",
)
LINK = "explorer=z100y300x500-float32-c10.30.50-s50.90.100-cube33-at7.8.9-sata-ssd"

# What a section shows: its sentence, its numbers by name, its estimated times by storage.
SHOWN = """(section) => {
  const text = (node) => node.innerText;
  const texts = (selector) => [...section.querySelectorAll(selector)].map(text);
  const rows = [...section.querySelectorAll(".bx-storage")];
  const values = texts(".bx-tiles dd b");
  return {
    caption: text(section.querySelector(".bx-caption")),
    tiles: Object.fromEntries(texts(".bx-tiles dt").map((name, at) => [name, values[at]])),
    times: Object.fromEntries(
      rows.map((row) => [text(row.querySelector("span")), text(row.querySelector("b"))])),
    fastest: rows.filter((row) => row.querySelector("em").checkVisibility())
      .map((row) => text(row.querySelector("span"))),
    pressed: texts('button[aria-pressed="true"]'),
  };
}"""
# The same for every kind of region, chosen one after the other; a frame apart, as all is shown.
EVERY_KIND = f"""async (section) => {{
  const shown = {{}};
  for (const radio of section.querySelectorAll(".bx-kind input")) {{
    radio.click();
    await new Promise((done) => requestAnimationFrame(done));
    shown[radio.value] = ({SHOWN})(section);
  }}
  return shown;
}}"""
REGIONS: dict[str, tuple[str, Any]] = {
    "XY": ("XY slice at z = 128", (128, slice(None), slice(None))),
    "XZ": ("XZ slice at y = 512", (slice(None), 512, slice(None))),
    "YZ": ("YZ slice at x = 512", (slice(None), slice(None), 512)),
    "cube": (
        "A cube of 128 at z = 128, y = 512, x = 512",
        (slice(128, 256), slice(512, 640), slice(512, 640)),
    ),
}


def times(amplification: float) -> str:
    digits = 2 if amplification < 9.995 else 1 if amplification < 99.95 else 0
    text = f"{amplification:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def sentence(what: str, grid: ChunkGrid, reading: Reading) -> str:
    shard_count = "1 shard" if grid.shard_count == 1 else f"{grid.shard_count:,} shards"
    shards = f" in {reading.shards:,} of {shard_count}" if reading.shards else ""
    more = (
        "not a byte more"
        if reading.read == reading.wanted
        else f"{times(reading.amplification)} times as much"
    )
    chunks = "1 chunk" if grid.chunk_count == 1 else f"{grid.chunk_count:,} chunks"
    requests = "1 request" if reading.requests == 1 else f"{reading.requests:,} requests"
    return (
        f"{what} touches {reading.chunks:,} of {chunks}{shards}: {requests}, "
        f"{format_bytes(reading.read)} read for {format_bytes(reading.wanted)} wanted, {more}."
    )


def section_of(page: Page, number: int = 0) -> Locator:
    return page.locator("section.bx").nth(number)


def caption(explorer: Locator | Page) -> Locator:
    return explorer.locator(".bx-caption")


def field(explorer: Locator | Page, name: str) -> Locator:
    return explorer.get_by_role("textbox", name=name, exact=True)


def in_seconds(time: str) -> float:
    value, unit = time.split()
    sizes = {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "days": 86_400.0}
    return float(value.replace(",", "")) * sizes[unit]


def check_figures(explorer: Locator) -> None:
    """Go through presets and regions and compare every number with Python's."""
    for preset in PRESETS:
        grid = preset.grid(SHAPE, "uint8")
        explorer.get_by_role("button", name=preset.name, exact=True).click()
        shown = explorer.evaluate(EVERY_KIND)
        assert [*shown] == [*REGIONS]
        for kind, (what, region) in REGIONS.items():
            reading = grid.reading(region)
            seconds = STORAGES["s3"].seconds(reading.requests, reading.read)
            assert shown[kind]["pressed"] == [preset.name]
            assert shown[kind]["caption"] == sentence(what, grid, reading)
            tiles = shown[kind]["tiles"]
            assert math.isclose(in_seconds(tiles.pop("Estimated time")), seconds, rel_tol=0.006)
            assert tiles == {
                "Chunks read": f"{reading.chunks:,}",
                "Requests": f"{reading.requests:,}",
                "Bytes wanted": format_bytes(reading.wanted),
                "Bytes read": format_bytes(reading.read),
                "Amplification": f"{times(reading.amplification)} ×",
                "Files": "1" if preset.one_file else f"{grid.file_count:,}",
            }
            _compare_times(shown[kind], reading)


def check_times(explorer: Locator, reading: Reading) -> None:
    """Compare the estimated times with those of Python."""
    _compare_times(explorer.evaluate(SHOWN), reading)


def _compare_times(shown: dict[str, Any], reading: Reading) -> None:
    expected = {
        storage.name: storage.seconds(reading.requests, reading.read)
        for storage in STORAGES.values()
    }
    written = {name: in_seconds(time) for name, time in shown["times"].items()}
    assert written == pytest.approx(expected, rel=0.006)  # as they are written, to three digits
    assert shown["fastest"] == [min(expected, key=expected.__getitem__)]


def copied_link(page: Page, number: int = 0) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    explorer = section_of(page, number)
    explorer.get_by_role("button", name="Copy link").click()
    expect(explorer.get_by_text("Copied.")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def pixels(page: Page) -> str:
    """Return the picture, once it is drawn."""
    return str(
        page.locator("canvas").evaluate(
            """async (canvas) => {
              await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
              return canvas.toDataURL();
            }"""
        )
    )
