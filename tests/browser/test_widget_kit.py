"""What the kit of the widgets tells of the page around: its theme, and keys that it keeps."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from bigimg_lessons import colours
from bigimg_lessons.widgets.base import JS, whole_module
from tests.browser.patience import PATIENCE

pytestmark = pytest.mark.browser

EXPORT = re.compile(r"^export (?:async )?(?:function\*?|class|const) (?P<name>\w+)", re.MULTILINE)
LOAD = """async ([sheet, sources]) => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: sheet }));
  for (const source of sources) {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    Object.assign(window, await import(url));
  }
  document.body.innerHTML = "<section><button>a</button></section>";
  window.told = [];
  const told = ({ atOnce }) => window.told.push([tokens(document.body).ink, atOnce]);
  window.stop = onThemeChange(document.querySelector("section"), told);
}"""
# Changes of theme, as the book, JupyterLab and VS Code make them.
DARK = {
    "the book": "document.documentElement.dataset.theme = 'dark'",
    "JupyterLab": "document.body.dataset.jpThemeLight = 'false'",
    "VS Code": "document.body.dataset.vscodeThemeKind = 'vscode-dark'",
}


@pytest.fixture
def page(chromium: Browser) -> Any:
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE)
    sheet = colours.STYLE_SHEET.read_text(encoding="utf-8")
    page.evaluate(
        LOAD, [sheet, [whole_module(f"kit/{name}.js") for name in ("theme", "page", "dom")]]
    )
    yield page
    page.context.close()


def told(page: Page, *, times: int = 1) -> list[list[Any]]:
    """Return what was told since this was called last: the ink, and whether to draw at once.

    A busy browser tells a change of media some time after it was emulated, so this waits until
    as much was told as is expected.
    """
    page.wait_for_function("(times) => window.told.length >= times", arg=times)
    page.evaluate("() => new Promise((done) => setTimeout(done))")
    found: list[list[Any]] = page.evaluate("() => window.told.splice(0)")
    return found


@pytest.mark.parametrize("host", DARK)
def test_a_switch_of_theme_is_told_once(page: Page, host: str) -> None:
    page.evaluate(
        """() => Object.entries({
          "--jp-content-font-color1": "#eeeeee", "--jp-layout-color1": "#111111",
          "--vscode-editor-foreground": "#dddddd", "--vscode-editor-background": "#222222",
        }).forEach((entry) => document.documentElement.style.setProperty(...entry))"""
    )
    assert page.evaluate("tokens(document.body).ink") == colours.LIGHT["ink"]
    assert told(page, times=0) == []  # the style has changed, no colour has
    ink = {"the book": colours.DARK["ink"], "JupyterLab": "#eeeeee", "VS Code": "#dddddd"}[host]
    page.evaluate(DARK[host])
    assert told(page) == [[ink, False]]
    now = page.evaluate("tokens(document.body)")
    assert now["accent"] == colours.DARK["accent"]
    assert now["imageLit"] == colours.LIGHT["image_lit"]
    page.evaluate("document.body.className = 'busy'")
    assert told(page, times=0) == []
    page.evaluate("stop()")
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    page.evaluate("document.body.removeAttribute('data-jp-theme-light')")
    page.evaluate("document.body.removeAttribute('data-vscode-theme-kind')")
    assert told(page, times=0) == []
    assert page.evaluate("tokens(document.body).accent") == colours.LIGHT["accent"]


def test_paper_is_light_and_drawn_at_once(page: Page) -> None:
    page.evaluate(DARK["the book"])
    assert told(page) == [[colours.DARK["ink"], False]]
    page.emulate_media(media="print")
    assert told(page) == [[colours.LIGHT["ink"], True]]
    page.emulate_media(media="screen")
    assert told(page) == [[colours.DARK["ink"], True]]


def test_less_motion_is_asked_each_time(page: Page) -> None:
    assert page.evaluate("prefersLessMotion()") is False
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("prefersLessMotion()") is True


def test_keys_act_once_and_go_no_further(page: Page) -> None:
    page.evaluate(
        """() => {
          window.heard = [];
          const section = document.querySelector("section");
          onKeys(section, { ArrowUp: () => heard.push("up"), "+": () => heard.push("plus") });
          document.addEventListener("keydown", ({ key }) => heard.push(`page: ${key}`));
          document.querySelector("button").focus();
        }"""
    )
    for key in ("ArrowUp", "+", "Control+ArrowUp", "x", "t"):
        page.keyboard.press(key)
    assert page.evaluate("heard") == [
        "up",
        "plus",
        "page: Control",
        "page: ArrowUp",
        "page: x",
        "page: t",
    ]


def test_enter_sends_a_form_from_its_fields_only(page: Page) -> None:
    page.evaluate(
        """() => {
          window.sent = 0;
          document.body.innerHTML = "<form><input><textarea></textarea></form>";
          const form = document.querySelector("form");
          form.addEventListener("submit", (event) => { event.preventDefault(); sent += 1; });
          submitOnEnter(form);
        }"""
    )
    page.locator("textarea").press("Enter")
    assert page.evaluate("sent") == 0
    page.locator("input").press("Enter")
    assert page.evaluate("sent") == 1  # not once more by the browser


def test_a_canvas_gets_the_pixels_of_its_place(page: Page) -> None:
    page.evaluate("document.body.innerHTML = '<canvas style=\"width: 75.5px; height: 40px\">'")
    fitted = "fitCanvas(document.querySelector('canvas'))"
    assert page.evaluate(fitted) == {"width": 76, "height": 40, "density": 1}
    assert page.evaluate("document.querySelector('canvas').width") == 76
    page.evaluate("document.querySelector('canvas').getContext('2d').fillRect(0, 0, 9, 9)")
    drawn = "document.querySelector('canvas').toDataURL()"
    before = page.evaluate(drawn)
    page.evaluate(fitted)
    assert page.evaluate(drawn) == before
    page.evaluate("document.querySelector('canvas').style.display = 'none'")
    assert page.evaluate(fitted) is None


def test_no_module_exports_a_name_of_the_browser_s(chromium: Browser) -> None:
    """Joined modules see each other's exports: one that means the browser's would get that."""
    names = [
        match["name"]
        for path in JS.rglob("*.js")
        for match in EXPORT.finditer(path.read_text(encoding="utf-8"))
    ]
    assert len(names) > 150
    empty = chromium.new_page()
    assert empty.evaluate("(names) => names.filter((name) => name in window)", names) == []
    empty.context.close()
