"""The loader of the book's widgets, on small pages written by hand."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bigimg_lessons.widgets import Quiz

pytestmark = pytest.mark.browser

LOADER = Path(__file__).parents[2] / "book/_ext/anywidget_host_assets/anywidget_host.js"
COUNTER = """
const log = (text) => document.getElementById("log").append(text + ";");
export default {
  initialize({ model }) {
    log("initialize");
    model.on("change:count", (changed, value) => log(`count ${value} ${changed.get("count")}`));
    model.on("change", () => log("change"));
    return () => { window.name += "model gone;"; };
  },
  render({ model, el }) {
    log("render");
    const button = document.createElement("button");
    const show = () => { button.textContent = `count is ${model.get("count")}`; };
    model.on("change:count change:other", show);
    button.addEventListener("click", () => {
      model.set("count", model.get("count") + 1);
      model.set({ list: [1, { a: 2 }] });
      model.save_changes();
      model.send({ to: "nobody" });
    });
    show();
    el.append(button);
    return () => { window.name += "view gone;"; };
  },
};
"""
Write = Callable[..., str]


def model(
    module: str, buffers: list[dict[str, Any]] | None = None, **traits: Any
) -> dict[str, Any]:
    return {"module": module, "traits": traits, "buffers": buffers or []}


@pytest.fixture
def write(
    tmp_path: Path, serving: Callable[[Path], AbstractContextManager[str]]
) -> Iterator[Write]:
    """Write a page with widgets; the value is its URL."""
    (tmp_path / "loader.js").write_bytes(LOADER.read_bytes())

    with serving(tmp_path) as url:

        def write(models: dict[str, Any], modules: dict[str, str], shown: list[str]) -> str:
            data = json.dumps({"models": models, "modules": modules}).replace("<", "\\u003c")
            places = "".join(
                f'<div class="anywidget-mount" data-model="{key}">plain {key}</div>'
                for key in shown
            )
            (tmp_path / "page.html").write_text(
                '<!doctype html><meta charset="utf-8"><title>t</title>'
                '<link rel="icon" href="data:,">'
                f'<script type="application/json" id="anywidget-data">{data}</script>'
                f'<script defer src="loader.js"></script><p id="log"></p>{places}',
                encoding="utf-8",
            )
            return f"{url}page.html"

        yield write


def texts(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


def test_views_of_one_model_stay_in_step_and_models_stay_apart(visitor: Any, write: Write) -> None:
    models = {key: model("c", count=0, list=[1, {"a": 2}]) for key in ("one", "two")}
    page = visitor.open(write(models, {"c": COUNTER}, ["one", "two", "one"]))
    buttons = page.get_by_role("button")
    expect(buttons).to_have_count(3)
    buttons.nth(2).click()
    assert texts(page, "button") == ["count is 1", "count is 0", "count is 1"]
    assert "plain" not in page.inner_text("body")
    log = page.inner_text("#log").split(";")
    assert log.count("initialize") == 2
    assert log.count("render") == 3
    # To set an equal list is no change: there is one "change", from the count.
    assert log[-4:] == ["render", "count 1 1", "change", ""]


def test_views_are_cleaned_up_when_the_page_is_left(visitor: Any, write: Write) -> None:
    page = visitor.open(write({"one": model("c", count=0)}, {"c": COUNTER}, ["one", "one"]))
    expect(page.get_by_role("button")).to_have_count(2)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert page.evaluate("name") == ""
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false }))")
    assert sorted(page.evaluate("name").split(";")) == ["", "model gone", "view gone", "view gone"]


def test_bytes_arrive_as_a_data_view_at_any_depth(visitor: Any, write: Write) -> None:
    show = """
    export default () => ({ render({ model, el }) {
      const [shallow, deep] = [model.get("raw"), model.get("nested")[1].raw];
      el.textContent = [shallow.getUint16(0), deep.byteLength, deep.getUint8(2)].join(" ");
    } });
    """
    buffers = [
        {"path": path, "encoding": "base64", "data": base64.b64encode(data).decode()}
        for path, data in ((["raw"], b"\x01\x02"), (["nested", 1, "raw"], bytes([7, 8, 255])))
    ]
    models = {"b": model("m", buffers, nested=[0, {}])}
    page = visitor.open(write(models, {"m": show}, ["b"]))
    expect(page.locator(".anywidget-mount")).to_have_text("258 3 255")


def test_a_widget_reaches_the_models_that_it_refers_to(visitor: Any, write: Write) -> None:
    parent = """
    export default { async render({ model, el }) {
      const id = model.get("child").slice("IPY_MODEL_".length);
      const child = await model.widget_manager.get_model(id);
      const show = () => { el.textContent = "child has " + child.get("count"); };
      child.on("change:count", show);
      show();
    } };
    """
    models = {"p": model("p", child="IPY_MODEL_c"), "c": model("c", count=4)}
    page = visitor.open(write(models, {"p": parent, "c": COUNTER}, ["p", "c"]))
    expect(page.locator(".anywidget-mount").first).to_have_text("child has 4")
    page.get_by_role("button").click()
    expect(page.locator(".anywidget-mount").first).to_have_text("child has 5")


def test_listeners_can_be_taken_off(visitor: Any, write: Write) -> None:
    module = """
    export default { render({ model, el }) {
      const heard = [];
      const [a, b, c] = ["a", "b", "c"].map((name) => () => heard.push(name));
      model.on("change:x", a);
      model.on("change:x change:y", b);
      model.on("change", c);
      model.set("x", 1); // a b c
      model.off("change:x", a);
      model.set("x", 2); // b c
      model.off("change:x");
      model.set({ x: 3, y: 3 }); // b (for y) c
      model.off();
      model.set("x", 4);
      el.textContent = heard.join("");
    } };
    """
    page = visitor.open(write({"m": model("m", x=0, y=0)}, {"m": module}, ["m"]))
    expect(page.locator(".anywidget-mount")).to_have_text("abcbcbc")


@pytest.mark.parametrize(
    "module",
    [
        "export default { render() { throw new Error('on purpose'); } };",
        "export default { initialize() { throw new Error('on purpose'); }, render() {} };",
        "throw new Error('on purpose');",
        "this is ( no JavaScript",
        "export const nothing = 1;",
    ],
)
def test_what_cannot_be_mounted_leaves_its_plain_form(
    visitor: Any, write: Write, module: str
) -> None:
    models = {"bad": model("bad"), "good": model("c", count=0)}
    page = visitor.open(write(models, {"bad": module, "c": COUNTER}, ["bad", "good", "absent"]))
    expect(page.get_by_role("button")).to_have_text("count is 0")
    expect(page.locator(".anywidget-mount").first).to_have_text("plain bad")
    expect(page.locator(".anywidget-mount").last).to_have_text("plain absent")
    while len(visitor.problems) < 2:
        page.wait_for_event("console")
    problems, visitor.problems = visitor.problems, []
    assert all("cannot be mounted; its plain form stays" in problem for problem in problems)


def test_two_views_of_a_quiz_stay_in_step(visitor: Any, write: Write) -> None:
    """And text that is typed but not handed in yet stays where it is."""
    quiz = Quiz("01_open_without_loading", questions=["lazy-loading", "planes-and-strips"])
    names = (
        "bank",
        "answers",
        "help_used",
        "score",
        "max_score",
        "solutions",
        "results",
        "measured",
    )
    saved = model("q", **{name: getattr(quiz, name) for name in names})
    page = visitor.open(write({"q": saved}, {"q": quiz._esm}, ["q", "q"]))
    first, second = page.locator("section").all()
    second.get_by_role("textbox").nth(1).fill("not handed in")
    first.get_by_role("textbox").nth(0).fill("lazy loading")
    first.get_by_role("button", name="Check").first.click()
    expect(second.get_by_role("textbox").nth(0)).to_have_value("lazy loading")
    expect(second.get_by_role("textbox").nth(1)).to_have_value("not handed in")
    for section in (first, second):
        expect(section.locator(".bq-score")).to_have_text("1 of 3 points")
        expect(section.get_by_role("status").first).to_contain_text("Right.")
    first.get_by_role("button", name="Show solution").click()
    expect(second.locator(".bq-solution").nth(1)).to_contain_text("one XY plane after the other")
    second.get_by_role("button", name="Start over").click()
    second.get_by_role("button", name="Delete these answers").click()
    expect(first.get_by_role("textbox").nth(0)).to_have_value("")
    expect(first.locator(".bq-score")).to_have_text("0 of 3 points")
    expect(first.locator(".bq-solution").nth(1)).to_be_empty()
