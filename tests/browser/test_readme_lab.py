"""The README's command opens JupyterLab where the lessons are, and their figures are found."""

from __future__ import annotations

import json
import re
import shlex
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import jupyter_server
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
LESSONS = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}


def arguments() -> list[str]:
    """What stands behind `jupyter lab` in the table of README."""
    (command,) = re.findall(
        r"^\| hold a class, or play \| `pip install uv && uv run jupyter lab(.*)` \|$",
        (ROOT / "README.md").read_text(encoding="utf-8"),
        re.M,
    )
    return shlex.split(command)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with jupyter_server(tmp_path_factory.mktemp("jupyter"), *arguments(), cwd=ROOT) as started:
        yield started


@pytest.fixture(scope="module")
def lab(server: tuple[str, str], lasting_visitor: Any) -> Page:
    url, token = server
    page: Page = lasting_visitor.open("about:blank", only_requests=True)
    page.goto(f"{url}lab?token={token}")
    page.wait_for_selector(".jp-DirListing-item")
    return page


def test_the_server_serves_the_whole_clone_and_prefers_the_lessons(
    server: tuple[str, str],
) -> None:
    url, token = server

    def get(path: str) -> str:
        request = urllib.request.Request(  # noqa: S310
            f"{url}{path}", headers={"Authorization": f"token {token}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return str(answer.read().decode())

    (data,) = re.findall(r'<script id="jupyter-config-data"[^>]*>(.+?)</script>', get("lab"), re.S)
    assert json.loads(data)["preferredPath"] == "notebooks"
    names = {entry["name"] for entry in json.loads(get("api/contents"))["content"]}
    assert {"book", "notebooks", "README.md"} <= names


def test_one_sees_the_lessons_first(lab: Page) -> None:
    listed = lab.locator(".jp-DirListing-item .jp-DirListing-itemText").all_inner_texts()
    assert {name.strip() for name in listed} == LESSONS


def test_figures_of_a_lesson_are_found(lab: Page) -> None:
    """A drawing, and pictures in a tab."""
    lab.get_by_role("listitem", name="00_slice_a_volume.ipynb").dblclick()
    lab.wait_for_selector(".jp-Notebook .jp-Cell")
    lab.wait_for_function("() => jupyterapp.shell.currentWidget?.content?.widgets?.length > 40")
    for cell, name in (("sheet-text", "three_slices.svg"), ("tabs", "imagej_orthogonal.webp")):
        lab.evaluate(
            """async (id) => {
              const { content } = jupyterapp.shell.currentWidget;
              content.activeCellIndex = content.widgets.findIndex((one) => one.model.id === id);
              await content.scrollToItem(content.activeCellIndex);
            }""",
            cell,
        )
        if cell == "tabs":
            lab.get_by_text("ImageJ / Fiji", exact=True).click()
        picture = lab.locator(f'.jp-Notebook img[src*="{name}"]')
        expect(picture).to_be_visible()
        lab.wait_for_function(
            "(name) => document.querySelector(`.jp-Notebook img[src*='${name}']`).naturalWidth > 0",
            arg=name,
        )
