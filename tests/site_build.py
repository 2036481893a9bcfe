"""Builds the real book while other tests run, once for all processes of a test session."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil

REPO = Path(__file__).parents[1]
LONGEST = 20 * 60  # seconds

# What builds writes its exit code at the end, for processes that cannot wait for it.
_BUILD = """
import os, subprocess, sys
code = subprocess.run([sys.executable, "-c", sys.argv[1], *sys.argv[3:]]).returncode
with open(sys.argv[2] + ".aside", "w") as file:
    file.write(str(code))
os.replace(sys.argv[2] + ".aside", sys.argv[2])
"""
_JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"  # it cannot be run with -m


class SiteBuild:
    """One build of the book, in a folder which all processes of the session know.

    The notebooks run in a data folder of their own: tests run them too, at the same time, and
    lessons write files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._exit_code = folder / "exit_code"
        self._log = folder / "build.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def html(self) -> Path:
        """Where the pages are, once built."""
        return self.folder / "_build" / "html"

    def start(self) -> None:
        """Start building, where a warning is an error, unless another process has started it."""
        try:
            self.folder.mkdir()
        except FileExistsError:
            return
        arguments = ["build", str(REPO), "--path-output", str(self.folder), "-W", "--keep-going"]
        command = [sys.executable, "-c", _BUILD, _JUPYTER_BOOK, str(self._exit_code), *arguments]
        environment = {**os.environ, "BIGIMG_DATA": str(self.folder / "data")}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    def wait(self) -> str:
        """Wait for the end; the value is empty, or says what went wrong."""
        deadline = time.monotonic() + LONGEST
        while not self._exit_code.exists():
            if time.monotonic() > deadline:
                return f"the book was not built within {LONGEST} s:\n{self._tail()}"
            time.sleep(0.5)
        code = self._exit_code.read_text(encoding="utf-8")
        return "" if code == "0" else f"jupyter-book ended with {code}:\n{self._tail()}"

    def end(self, *, now: bool) -> None:
        """Wait for the build that this process started, or end it `now`; drop its data."""
        if self._process is None:
            return
        if now and self._process.poll() is None:
            for child in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        self._process.wait()
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def _tail(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-6000:]
