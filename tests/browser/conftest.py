"""Headless Chromium, the built book, and a server for it."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

from tests.site_build import SiteBuild

SUB_PATH = "/some/sub-path/"
LOCAL_HOSTS = ("127.0.0.1", "localhost")
# What the guard looks at; each look takes milliseconds, and some pages ask hundreds of times.
NOT_LOCAL = re.compile(r"^(?!https?://(127\.0\.0\.1|localhost)[:/])")
CHROMIUM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
CHROMIUM_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%LocalAppData%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
)
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """Find Chromium, Chrome or Edge: on the search path, else where it is usually installed."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    places = map(os.path.expandvars, CHROMIUM_PLACES)
    return found or next((place for place in places if Path(place).is_file()), None)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Skip where there is no Chromium; fail instead if BIGIMG_REQUIRE_BROWSER is 1, as in CI."""
    path = find_chromium()
    if path is None:
        reason = "no Chromium, Chrome or Edge is installed"
        if os.environ.get("BIGIMG_REQUIRE_BROWSER") == "1":
            pytest.fail(f"BIGIMG_REQUIRE_BROWSER=1, but {reason}")
        pytest.skip(reason)
    return path


# Not for the whole session: while it lasts, its event loop keeps other tests from running theirs.
@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """Headless Chromium with a new profile."""
    with sync_playwright() as playwright:
        launch = playwright.chromium.launch
        browser = launch(executable_path=chromium_path, args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


class Visitor:
    """Opens pages, lets them reach this machine only, and notes whatever goes wrong.

    Attributes
    ----------
    problems
        Requests to other hosts (they are aborted), failed requests, answers of 400 and more,
        errors in the console, uncaught exceptions. A test that expects one takes it out.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.problems: list[str] = []

    def open(
        self,
        url: str,
        *,
        phone: bool = False,
        dark: bool = False,
        javascript: bool = True,
        only_requests: bool = False,
    ) -> Page:
        """Open `url` in a context of its own (for an application like JupyterLab,
        `only_requests` leaves out the console and failed requests, where it is noisy).
        """
        context = self.browser.new_context(
            viewport={"width": 360, "height": 740} if phone else {"width": 1280, "height": 900},
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
        )
        context.set_default_timeout(10_000)  # milliseconds
        context.route(NOT_LOCAL, self._guard)
        page = context.new_page()
        page.on("websocket", lambda socket: self._is_local(socket.url))
        if not only_requests:
            page.on("console", self._note_console)
            page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
            page.on(
                "response",
                lambda answer: (
                    answer.status >= 400 and self.problems.append(f"{answer.status}: {answer.url}")
                ),
            )
        page.goto(url)
        return page

    def _is_local(self, url: str) -> bool:
        parts = urlsplit(url)
        local = parts.scheme in ("file", "data", "blob") or parts.hostname in LOCAL_HOSTS
        if not local:
            self.problems.append(f"request to another host: {url}")
        return local

    def _guard(self, route: Route) -> None:
        if self._is_local(route.request.url):
            route.continue_()
        else:
            route.abort()

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"{message.page.url if message.page else ''}: {message.text}")


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Visitor]:
    """A visitor whose every problem fails the test at its end."""
    visitor = Visitor(chromium)
    yield visitor
    for context in chromium.contexts:
        context.close()
    assert not visitor.problems, "\n".join(visitor.problems)


@pytest.fixture(scope="module")
def lasting_visitor(chromium: Browser) -> Visitor:
    """A visitor for a page that several tests share until one of them uses `visitor`.

    Each of them looks at its problems itself.
    """
    return Visitor(chromium)


class _SubPathHandler(http.server.SimpleHTTPRequestHandler):
    """Serves its folder below SUB_PATH, and nothing elsewhere."""

    def translate_path(self, path: str) -> str:
        inside = path.startswith(SUB_PATH)
        return super().translate_path(path[len(SUB_PATH) - 1 :] if inside else "/outside-the-site")

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve `folder` on this machine below a sub-path; the value is the URL, ending in /."""
    handler = partial(_SubPathHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{SUB_PATH}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def serving() -> Callable[[Path], AbstractContextManager[str]]:
    """The function `serve`, for tests with pages of their own."""
    return serve


@pytest.fixture(scope="session")
def site_folder(chromium_path: str, site_build: SiteBuild) -> Path:
    """The folder of the real book's HTML, built once, where a warning is an error.

    To be quick while developing, set BIGIMG_SITE to the folder of an HTML that is already built.
    """
    if built := os.environ.get("BIGIMG_SITE"):
        return Path(built).resolve(strict=True)
    if problem := site_build.wait():
        pytest.fail(problem)
    return site_build.html


@pytest.fixture(scope="session")
def site(site_folder: Path) -> Iterator[str]:
    """The URL of the real book, below a sub-path of this machine; ends in /."""
    with serve(site_folder) as url:
        yield url


@pytest.fixture(scope="session")
def pages(site_folder: Path) -> list[Path]:
    """All pages, without the templates of the theme that lie in _static."""
    found = [
        path
        for path in sorted(site_folder.rglob("*.html"))
        if not path.relative_to(site_folder).parts[0].startswith("_")
    ]
    assert site_folder / "index.html" in found
    return found


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A JupyterLab server in an empty folder, with no settings but its own: URL and token."""
    folder = tmp_path_factory.mktemp("jupyter")
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
