"""A server of JupyterLab, and a live notebook in it or in Notebook 7, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page


@contextmanager
def jupyter_server(own: Path, *arguments: str, cwd: Path) -> Iterator[tuple[str, str]]:
    """A JupyterLab server: URL and token.

    Parameters
    ----------
    own
        An empty folder for its settings: it reads no others.
    arguments
        Of ``jupyter lab``, besides those that a test needs.
    cwd
        Folder in which it is started.
    """
    names = {"CONFIG", "DATA", "RUNTIME"}
    environment = {**os.environ, **{f"JUPYTER_{name}_DIR": str(own / name) for name in names}}
    environment |= {
        f"JUPYTERLAB_{name}_DIR": str(own / name) for name in ("SETTINGS", "WORKSPACES")
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *arguments]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]  # whichever is free
    command += ["--LabApp.expose_app_in_browser=True"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    command += ["--LabApp.extension_manager=readonly"]
    command += ["--JupyterNotebookApp.expose_app_in_browser=True"]
    log = own / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            info = _running_server(own / "RUNTIME", server, log)
            yield info["url"], info["token"]
        finally:
            server.terminate()
            try:
                server.wait(timeout=60)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _running_server(runtime: Path, server: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    """Wait for the file in which a server says where it is."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                return dict(json.loads(file.read_text(encoding="utf-8")))
            except json.JSONDecodeError:  # it is being written
                continue
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")


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
    with urllib.request.urlopen(upload, timeout=120):  # noqa: S310
        pass


class Notebook:
    """A notebook that is open in a page, driven by the application's own commands."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function(
            """() => {
              const panel = jupyterapp.shell.currentWidget;
              return panel?.sessionContext?.session?.kernel?.status === "idle";
            }""",
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
