"""The quiz in a live JupyterLab and in Notebook 7, in step with Python both ways."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

CELLS = (
    "from bigimg_lessons.widgets import Quiz\n\n"
    'quiz = Quiz("01_open_without_loading", questions=["lazy-loading", "planes-and-strips"])\n'
    "quiz",
    "quiz",
    'print(quiz.score, "of", quiz.max_score, quiz.answers, quiz.help_used)',
    'quiz.answers = {"planes-and-strips": ["slice", "strips"]}',
    "print(quiz.score, sorted(quiz.answers))",
)
SLOW = 60_000  # milliseconds: a kernel that starts on a busy machine


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A JupyterLab server in an empty folder, with no settings but its own: URL and token."""
    folder = tmp_path_factory.mktemp("jupyter")
    for name in ("lab", "notebook"):
        kernel = {"name": "python3", "display_name": "Python 3"}
        notebook = nbformat.v4.new_notebook(
            cells=list(map(nbformat.v4.new_code_cell, CELLS)), metadata={"kernelspec": kernel}
        )
        nbformat.write(notebook, folder / f"{name}.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"CONFIG", "DATA", "RUNTIME"}
    environment = {**os.environ, **{f"JUPYTER_{name}_DIR": str(folder / name) for name in own}}
    environment |= {
        f"JUPYTERLAB_{name}_DIR": str(folder / name) for name in ("SETTINGS", "WORKSPACES")
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}"]
    command += ["--LabApp.expose_app_in_browser=True"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    command += ["--LabApp.extension_manager=readonly"]
    command += ["--JupyterNotebookApp.expose_app_in_browser=True"]
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            info = _running_server(folder / "RUNTIME", server, log)
            yield info["url"], info["token"]
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _running_server(runtime: Path, server: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    """Wait for the file in which a server says where it is."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                return dict(json.loads(file.read_text(encoding="utf-8")))
            except json.JSONDecodeError:  # it is being written
                continue
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")


class Notebook:
    """A notebook that is open in a page, driven by the application's own commands."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=SLOW)
        page.wait_for_function(
            """() => {
              const panel = jupyterapp.shell.currentWidget;
              return panel?.sessionContext?.session?.kernel?.status === "idle";
            }""",
            timeout=SLOW,
        )

    def output(self, cell: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-OutputArea")

    def run(self, cell: int) -> Locator:
        """Run a cell, wait until it is done, return its outputs."""
        self.page.evaluate(
            """async (cell) => {
              const { content } = jupyterapp.shell.currentWidget;
              content.activeCellIndex = cell;
              content.deselectAll();
              await jupyterapp.commands.execute("notebook:run-cell");
            }""",
            cell,
        )
        return self.output(cell)


@pytest.mark.parametrize("address", ["lab/tree/lab.ipynb?reset", "notebooks/notebook.ipynb"])
def test_a_live_quiz_and_python_stay_in_step(
    visitor: Any, jupyter: tuple[str, str], address: str, tmp_path: Path
) -> None:
    url, token = jupyter
    joint = "&" if "?" in address else "?"
    page = visitor.open(f"{url}{address}{joint}token={token}", only_requests=True)
    page.set_viewport_size({"width": 1280, "height": 3000})
    notebook = Notebook(page)
    first = notebook.run(0).locator("section.bq")
    second = notebook.run(1).locator("section.bq")
    expect(first.get_by_role("form")).to_have_count(2, timeout=SLOW)
    expect(second.get_by_role("form")).to_have_count(2, timeout=SLOW)

    # Answered in the browser, by keyboard: Jupyter's own shortcuts stay out of it.
    blank = first.get_by_role("textbox").first
    blank.click()  # which makes its cell the active one
    page.keyboard.type("lazy")
    page.keyboard.press("Enter")
    reply = first.get_by_role("status").first
    expect(reply).to_contain_text("Almost. Lazy what?")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(first).to_contain_text("Hint 1.")
    blank.fill("Lazy-Loading")
    blank.press("Enter")
    expect(reply).to_contain_text("Right.")
    expect(second.get_by_role("textbox").first).to_have_value("Lazy-Loading")
    expect(second.locator(".bq-score")).to_have_text("1 of 3 points")
    page.screenshot(path=tmp_path / "live.png")
    expect(notebook.run(2)).to_contain_text(
        "1 of 3 {'lazy-loading': ['Lazy-Loading']} {'lazy-loading': {'hints': 1}}"
    )

    # Handed in by Python: both views show and grade it, and the score comes back.
    notebook.run(3)
    for view in (first, second):
        expect(view.get_by_role("textbox").nth(0)).to_have_value("")
        expect(view.get_by_role("textbox").nth(1)).to_have_value("slice")
        expect(view.get_by_role("status").nth(1)).to_contain_text("Right.")
        expect(view.locator(".bq-score")).to_have_text("2 of 3 points")
    expect(notebook.run(4)).to_contain_text("2 ['planes-and-strips']")
