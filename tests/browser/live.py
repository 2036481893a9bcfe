"""A live notebook in JupyterLab or Notebook 7, for tests of widgets."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence

import nbformat
from playwright.sync_api import Locator, Page

SLOW = 60_000  # milliseconds: a kernel that starts on a busy machine


def put_notebook(jupyter: tuple[str, str], name: str, cells: Sequence[str]) -> None:
    """Write a notebook of code cells into the folder of the `jupyter` fixture's server."""
    url, token = jupyter
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(
        cells=list(map(nbformat.v4.new_code_cell, cells)), metadata={"kernelspec": kernel}
    )
    upload = urllib.request.Request(  # noqa: S310
        f"{url}api/contents/{name}",
        data=json.dumps({"type": "notebook", "format": "json", "content": notebook}).encode(),
        method="PUT",
        headers={"Authorization": f"token {token}"},
    )
    with urllib.request.urlopen(upload, timeout=20):  # noqa: S310
        pass


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
