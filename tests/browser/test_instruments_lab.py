"""The chunk explorer and the design task in a live JupyterLab, in step with Python both ways.

And the report on a file, which asks Python nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import Notebook, put_notebook
from playwright.sync_api import Locator, expect

from bigimg_lessons.costs.scenarios import SCENARIOS

pytestmark = pytest.mark.browser

EXPLORER_CELLS = (
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
TASK_CELLS = (
    "from bigimg_lessons.costs.design import Design\n"
    "from bigimg_lessons.widgets import DesignTask\n\n"
    "task = DesignTask('em')\ntask",
    "print(task.design, task.appraisal.files)",
    "task.design = Design('ome-zarr', (64, 64, 64), None, 4)",
    "task.scenario = 'movie'\nprint(task.design.chunk_shape)",
)
REPORT_CELL = "from bigimg_lessons.widgets import FileReport\n\nFileReport()"
TASK = len(EXPLORER_CELLS)  # the number of the task's first cell
REPORT = TASK + len(TASK_CELLS)


@pytest.fixture(scope="module")
def opened(lasting_visitor: Any, jupyter: tuple[str, str]) -> Notebook:
    """A notebook with both, opened once: JupyterLab and a kernel take long to start."""
    url, token = jupyter
    put_notebook(jupyter, "instruments.ipynb", [*EXPLORER_CELLS, *TASK_CELLS, REPORT_CELL])
    address = f"{url}lab/tree/instruments.ipynb?reset&token={token}"
    page = lasting_visitor.open(address, only_requests=True)
    page.set_viewport_size({"width": 1280, "height": 6000})
    return Notebook(page)


@pytest.fixture
def live(opened: Notebook, lasting_visitor: Any) -> Iterator[Notebook]:
    yield opened
    assert lasting_visitor.problems == []


# The ground that the theme gives to a widget.
PAPER = "(section) => getComputedStyle(section).getPropertyValue('--bigimg-page')"


def picture(view: Locator) -> str:
    """Return the picture, once nothing draws it anew: JupyterLab lays out cells late."""
    return str(
        view.locator("canvas").evaluate(
            """async (canvas) => {
              const frame = () =>
                new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
              let drawn = "";
              for (let same = 0; same < 30; same += 1) {
                await frame();
                const now = canvas.toDataURL();
                if (now !== drawn) same = 0;
                drawn = now;
              }
              return drawn;
            }"""
        )
    )


def test_a_live_explorer_and_python_stay_in_step(live: Notebook, tmp_path: Path) -> None:
    page = live.page
    first = live.run(0).locator("section.bx")
    second = live.run(1).locator("section.bx")
    said = "YZ slice at x = 512 touches 64 of 1,024 chunks"
    for view in (first, second):
        expect(view.locator(".bx-caption")).to_contain_text(said)
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


def test_a_live_explorer_follows_the_theme(live: Notebook, tmp_path: Path) -> None:
    """When JupyterLab turns dark the picture is drawn anew, as it is drawn in the dark."""
    page = live.page
    view = live.run(0).locator("section.bx")
    expect(view.locator(".bx-caption")).to_contain_text("touches")
    light, paper = picture(view), view.evaluate(PAPER)
    page.evaluate(
        "jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )
    page.wait_for_selector('body[data-jp-theme-light="false"]', state="attached")
    page.wait_for_function(
        "([light, section, colour]) => eval(colour)(section) !== light",
        arg=[paper, view.element_handle(), PAPER],
    )
    page.wait_for_function(
        "([canvas, light]) => canvas.toDataURL() !== light",
        arg=[view.locator("canvas").element_handle(), light],
    )
    dark = picture(view)
    for _ in range(2):
        view.get_by_label("Pull the chunks apart").click()
    assert picture(view) == dark
    page.screenshot(path=tmp_path / "dark.png")


def test_a_live_task_and_python_stay_in_step(live: Notebook, tmp_path: Path) -> None:
    page = live.page
    task = live.run(TASK).locator("section.bd")
    task.get_by_label("Format").select_option("bdv-hdf5")
    for axis in ("Z or T", "Y", "X"):
        task.get_by_label(f"Chunk along {axis}").fill("64")
    task.get_by_label("Levels, with level 0").fill("4")
    page.keyboard.press("Enter")
    status = task.get_by_role("status")
    expect(status).to_contain_text("Files: 2.")
    page.screenshot(path=tmp_path / "task.png")
    design = "Design(format='bdv-hdf5', chunk_shape=(64, 64, 64), shard_shape=None, levels=4) 2"
    expect(live.run(TASK + 1)).to_contain_text(design)

    live.run(TASK + 2)
    expect(task.get_by_label("Format")).to_have_value("ome-zarr")
    expect(status).to_contain_text("Files: 1,198,080.")
    expect(status).to_contain_text("Better than before by")
    expect(task.get_by_role("link")).to_have_count(0)  # the lessons are not beside it
    expect(live.run(TASK + 3)).to_contain_text("(64, 64, 64)")
    expect(task.get_by_text(SCENARIOS["movie"].brief)).to_be_visible()
    expect(status).to_have_text("")
    # Keys pressed in here are not Jupyter's: "b" would insert a cell below.
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    task.get_by_label("Brief").focus()
    page.keyboard.press("b")
    expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(cells)


def test_a_file_is_inspected_in_a_live_notebook(live: Notebook) -> None:
    view = live.run(REPORT).locator("section.br")
    view.get_by_role("button", name="labels that were averaged").click()
    expect(view.locator(".br-verdict")).to_have_count(1)
    expect(view.locator(".br-verdict")).to_contain_text("1 and 5 became 3")
    expect(view.locator(".br-picture canvas")).to_be_visible()
    # The lesson is named, and there is no site to lead to.
    expect(view.locator(".br-verdict")).to_contain_text("Lesson 4, “Labels must not be averaged”")
    expect(view.get_by_role("link")).to_have_count(0)
