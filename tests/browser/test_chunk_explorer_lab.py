"""The chunk explorer in a live JupyterLab, in step with Python both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from live import SLOW, Notebook, put_notebook
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser

CELLS = (
    "from bigimg_lessons.widgets import ChunkExplorer\n\nexplorer = ChunkExplorer()\nexplorer",
    "explorer",
    "print(explorer.orientation, explorer.position, explorer.chunk_shape, explorer.requests)",
    "with explorer.hold_trait_notifications():\n"
    "    explorer.shape = (8, 60, 60)\n"
    "    explorer.chunk_shape = (8, 6, 6)\n"
    "    explorer.position = (0, 0, 7)\n"
    "print(explorer.requests, explorer.bytes_read)",
    "explorer.chunk_shape = (0, 6, 6)",
)


def test_a_live_explorer_and_python_stay_in_step(
    visitor: Any,
    jupyter: tuple[str, str],
    tmp_path: Path,
) -> None:
    url, token = jupyter
    put_notebook(jupyter, "explorer.ipynb", CELLS)
    address = f"{url}lab/tree/explorer.ipynb?reset&token={token}"
    page = visitor.open(address, only_requests=True)
    page.set_viewport_size({"width": 1280, "height": 4200})
    live = Notebook(page)
    first = live.run(0).locator("section.bx")
    second = live.run(1).locator("section.bx")
    said = "YZ slice at x = 512 touches 64 of 1,024 chunks"
    for view in (first, second):
        expect(view.locator(".bx-caption")).to_contain_text(said, timeout=SLOW)
        expect(view.get_by_role("button", name="Copy link")).to_have_count(0)  # no address here

    # Chosen in the browser, by keyboard: Jupyter's own shortcuts stay out of it.
    slider = first.get_by_role("slider")
    slider.click()  # in its middle, and makes its cell the active one
    x = int(slider.input_value())
    assert 490 < x < 535
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(first.locator(".bx-caption")).to_contain_text(f"YZ slice at x = {x + 3} touches")
    # "b" would add a cell.
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    for control in (first.get_by_role("combobox").first, first.get_by_role("button").first, slider):
        control.focus()
        page.keyboard.press("b")
    expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(cells)
    chunk = first.get_by_role("textbox", name="Chunk along z", exact=True)
    chunk.fill("32")
    chunk.press("Enter")
    said = f"YZ slice at x = {x + 3} touches 128 of 2,048 chunks"
    for view in (first, second):
        expect(view.locator(".bx-caption")).to_contain_text(said)
    page.screenshot(path=tmp_path / "live.png")
    expect(live.run(2)).to_contain_text(f"YZ (128, 512, {x + 3}) (32, 64, 64) 128")

    # Set in Python, several parts at once: both views follow.
    expect(live.run(3)).to_contain_text(f"10 {10 * 8 * 6 * 6}")
    for view in (first, second):
        expect(view.locator(".bx-caption")).to_contain_text(
            "YZ slice at x = 7 touches 10 of 100 chunks: 10 requests"
        )
        expect(view.get_by_role("slider")).to_have_value("7")
        expect(view.get_by_role("textbox", name="Chunk along z", exact=True)).to_have_value("8")
        expect(view.locator(".bx-error:not(:empty)")).to_have_count(0)
    expect(live.run(4)).to_contain_text("chunk_shape is (0, 6, 6): give whole numbers")

    # JupyterLab's own rules for definition lists do not lay one over the other.
    for term, value in zip(
        first.locator(".bx-tiles dt").all(), first.locator(".bx-tiles dd").all(), strict=True
    ):
        above, below = term.bounding_box(), value.bounding_box()
        assert above is not None
        assert below is not None
        assert above["y"] + above["height"] <= below["y"] + 1

    # When JupyterLab turns dark the picture is drawn anew, as it is drawn in the dark.
    light = picture(first)
    page.evaluate(
        "jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )
    page.wait_for_selector('body[data-jp-theme-light="false"]', state="attached")
    page.wait_for_timeout(1000)
    dark = picture(first)
    assert dark != light
    for _ in range(2):
        first.get_by_label("Pull the chunks apart").click()
        page.wait_for_timeout(300)
    assert picture(first) == dark
    page.screenshot(path=tmp_path / "dark.png")


def picture(view: Locator) -> str:
    return str(view.locator("canvas").evaluate("canvas => canvas.toDataURL()"))
