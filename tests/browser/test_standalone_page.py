"""Widgets on the pages of others: a plain page, and a host that offers as little as MyST does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import site_images
import standalone_widgets
import zoom_image
from playwright.sync_api import Locator, Page, expect

from bigimg_lessons.colours import DARK, LIGHT
from bigimg_lessons.widgets import fetch_experiment, standalone

pytestmark = pytest.mark.browser

PLAIN = standalone_widgets.EXAMPLE.read_text(encoding="utf-8")
QUIZ = "quiz-02_store_in_pieces"

# What MyST's page does with a module, by its source of August 2026: events are heard one by one,
# off() and save_changes() fail, and the widget stands in a shadow root.
SHADOW = """<!doctype html><html lang="en" class="dark"><head><meta charset="utf-8">
<link rel="icon" href="data:,"><title>Shadow</title></head><body><div id="here"></div>
<script type="module">
import widget from "./chunk_explorer.mjs";
const state = await (await fetch("./chunk_explorer.json")).json();
class Model {
  heard = new EventTarget();
  get(name) { return state[name]; }
  set(name, value) {
    state[name] = value;
    this.heard.dispatchEvent(new Event("change:" + name));
  }
  on(name, listener) { this.heard.addEventListener(name, listener); }
  off() { throw new Error("off() is not there"); }
  save_changes() { throw new Error("save_changes() is not there"); }
}
const el = document.createElement("div");
document.getElementById("here").attachShadow({ mode: "open" }).append(el);
const model = new Model();
await widget.initialize?.({ model });
window.leave = await widget.render({ model, el });
</script></body></html>"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site as it is published: the widgets, and small images for those that fetch."""
    home = tmp_path_factory.mktemp("site")
    standalone.main([str(home / "widgets")])
    zoom_image.write_zoom_image(home / standalone.IMAGE, pixels=1024)
    site_images.write_tissue(home / fetch_experiment.FOLDER)
    return home


@pytest.fixture(scope="module")
def url(folder: Path, serving: Callable[[Path], AbstractContextManager[str]]) -> Iterator[str]:
    with serving(folder) as address:
        yield f"{address}widgets/"


def publish(folder: Path, page: str, module: str, state: str = "") -> str:
    """Write a page for another widget, which is two names; return that of the page."""
    assert page.count("./chunk_explorer.") == 2
    page = page.replace("./chunk_explorer.mjs", f"./{module}.mjs")
    page = page.replace("./chunk_explorer.json", f"./{state or module}.json")
    (folder / "widgets" / "page.html").write_text(page, encoding="utf-8")
    return "page.html"


def colour(place: Locator) -> str:
    return str(place.evaluate("(node) => getComputedStyle(node).color"))


def rgb(text: str) -> str:
    return f"rgb({', '.join(str(int(text[at : at + 2], 16)) for at in (1, 3, 5))})"


def test_the_example_of_the_page_shows_a_chunk_explorer(page: Page, folder: Path, url: str) -> None:
    page.goto(url + publish(folder, PLAIN, "chunk_explorer"))
    page.get_by_role("button", name="TIFF planes", exact=True).click()
    # A YZ slice of 256 × 1024 × 1024 touches each plane, and reads all of it: 256 MiB.
    tiles = page.locator(".bx-tiles")
    expect(tiles).to_contain_text("256")
    expect(tiles).to_contain_text("256 MiB")
    expect(page.get_by_label("Chunk along z")).to_have_value("1")
    expect(page.get_by_role("button", name="Copy link")).to_have_count(0)


@pytest.mark.parametrize("host", [PLAIN, SHADOW], ids=["plain", "shadow"])
def test_a_quiz_grades_and_counts(page: Page, folder: Path, url: str, host: str) -> None:
    page.goto(url + publish(folder, host, "quiz", QUIZ))
    bank = json.loads((folder / "widgets" / f"{QUIZ}.json").read_bytes())["bank"]
    at = next(n for n, each in enumerate(bank["questions"]) if each["kind"] == "number")
    card = page.locator(".bq-card").nth(at)
    field = card.get_by_role("textbox").first
    field.fill("1234567")
    field.press("Enter")
    expect(card).to_contain_text("Not yet.")
    expect(page.locator(".bq-score")).to_contain_text("0 of ")
    field.fill(bank["questions"][at]["solutions"][0])
    field.press("Enter")
    expect(card).to_contain_text("Right.")
    expect(page.locator(".bq-score")).to_contain_text("1 of ")
    ink = rgb((DARK if host == SHADOW else LIGHT)["ink"])
    assert colour(page.locator(".bq")) == ink


def test_a_planner_plans(page: Page, folder: Path, url: str) -> None:
    page.goto(url + publish(folder, PLAIN, "planner"))
    before = page.locator(".bp-said").inner_text()
    page.locator("[data-preset=cluster]").click()
    expect(page.locator(".bp-said")).not_to_have_text(before)
    expect(page.get_by_role("button", name="Copy link")).to_have_count(0)


@pytest.mark.parametrize("host", [PLAIN, SHADOW], ids=["plain", "shadow"])
def test_a_file_is_described(page: Page, folder: Path, url: str, host: str) -> None:
    page.goto(url + publish(folder, host, "file_report"))
    page.get_by_role("button", name="labels that were averaged").click()
    expect(page.get_by_text("they were averaged")).to_be_visible()
    expect(page.get_by_text("Lesson 4, “Labels must not be averaged”")).to_be_visible()
    expect(page.get_by_role("link")).to_have_count(0)


def test_a_design_is_appraised(page: Page, folder: Path, url: str) -> None:
    page.goto(url + publish(folder, SHADOW, "design_task"))
    page.get_by_role("button", name="Appraise my design").click()
    expect(page.get_by_role("status")).to_contain_text("49 times the best of 7,840 designs")


@pytest.mark.parametrize("host", [PLAIN, SHADOW], ids=["plain", "shadow"])
def test_an_image_is_zoomed(page: Page, folder: Path, url: str, host: str) -> None:
    """By the wheel once it was clicked, which asks what has the focus, also in a shadow root."""
    page.goto(url + publish(folder, host, "zoom_viewer"))
    viewer = page.locator(".bz")
    expect(viewer.locator(".bz-lit b")).not_to_have_text("")
    length = viewer.locator(".bz-scale")
    expect(length).not_to_have_text("")
    before = length.inner_text()
    canvas = viewer.locator("canvas")
    canvas.click()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + 5, box["y"] + 5)  # a click inside keeps it active
    for _ in range(6):
        page.mouse.wheel(0, -240)
    expect(length).not_to_have_text(before)


def test_the_experiment_fetches_from_the_site_that_it_is_told(
    page: Page, folder: Path, url: str
) -> None:
    page.goto(url + publish(folder, PLAIN, "fetch_experiment"))
    experiment = page.locator("section.fx")
    experiment.locator(".fx-button").click()
    expect(experiment.get_by_role("status")).to_contain_text("Done.")


def test_the_theme_follows_the_page_and_leaving_ends_it(page: Page, folder: Path, url: str) -> None:
    page.goto(url + publish(folder, SHADOW, "quiz", QUIZ))
    quiz = page.locator(".bq")
    assert colour(quiz) == rgb(DARK["ink"])
    page.evaluate("document.documentElement.classList.remove('dark')")
    expect(page.locator("[data-bigimg-theme=light]")).to_have_count(1)
    assert colour(quiz) == rgb(LIGHT["ink"])
    page.evaluate("window.leave()")  # a host's off() that fails is not asked
    page.evaluate("document.documentElement.classList.add('dark')")
    page.wait_for_function("document.documentElement.matches('.dark')")
    expect(page.locator("[data-bigimg-theme=light]")).to_have_count(1)
