"""Headless Chromium, the built book, and a server for it."""

from __future__ import annotations

import http.server
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from platformdirs import user_cache_path
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    Route,
    ViewportSize,
    WebSocket,
    expect,
    sync_playwright,
)

from bigimg_lessons.widgets import FileReport
from tests.browser.live import jupyter_server
from tests.browser.patience import PATIENCE
from tests.browser.widget_page import Write, page_writer
from tests.local_server import LocalServer
from tests.site_build import SiteBuild

SUB_PATH = "/some/sub-path/"
expect.set_options(timeout=PATIENCE)
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
LOCAL_HOSTS = ("127.0.0.1", "localhost")
# What the guard looks at; each look takes milliseconds, and some pages ask hundreds of times.
NOT_LOCAL = re.compile(r"^(?!https?://(127\.0\.0\.1|localhost)[:/])")
CHROMIUM_NAMES = (
    "chromium-headless-shell",  # without a window of its own: a sixth of the processor time
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
        launch, options = playwright.chromium.launch, list(CHROMIUM_OPTIONS)
        browser = launch(executable_path=chromium_path, args=options, timeout=PATIENCE)
        yield browser
        browser.close()


class Visitor:
    """Opens pages, lets them reach this machine only, and notes whatever goes wrong.

    Attributes
    ----------
    problems
        Requests to other hosts (they are aborted), failed requests, answers of 400 and more,
        errors in the console, uncaught exceptions. A test that expects some says so beforehand
        with `forgive`, as a browser may tell of them late.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.problems: list[str] = []
        self._forgiven: re.Pattern[str] | None = None
        self._contexts: list[BrowserContext] = []

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
            viewport=PHONE if phone else DESKTOP,
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.route(NOT_LOCAL, self._guard)
        page = context.new_page()
        page.on("websocket", self._note_socket)
        if not only_requests:
            page.on("console", self._note_console)
            page.on("pageerror", lambda error: self._note(f"{page.url}: {error}"))
            page.on("response", self._note_answer)
        page.goto(url)
        return page

    def forgive(self, pattern: str | None) -> None:
        """Let what a regular expression is found in be no problem from now on; None ends that."""
        self._forgiven = None if pattern is None else re.compile(pattern)

    def _note(self, problem: str) -> None:
        if self._forgiven is None or not self._forgiven.search(problem):
            self.problems.append(problem)

    def leave(self) -> None:
        """Close all that was opened."""
        for context in self._contexts:
            context.close()

    def _is_local(self, url: str) -> bool:
        parts = urlsplit(url)
        local = parts.scheme in ("file", "data", "blob") or parts.hostname in LOCAL_HOSTS
        if not local:
            self._note(f"request to another host: {url}")
        return local

    def _note_socket(self, socket: WebSocket) -> None:
        self._is_local(socket.url)

    def _note_answer(self, answer: Response) -> None:
        if answer.status >= 400:
            self._note(f"{answer.status}: {answer.url}")

    def _guard(self, route: Route) -> None:
        if self._is_local(route.request.url):
            route.continue_()
        else:
            route.abort()

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"{message.page.url if message.page else ''}: {message.text}")


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Visitor]:
    """A visitor whose every problem fails the test at its end."""
    visitor = Visitor(chromium)
    yield visitor
    visitor.leave()
    assert not visitor.problems, "\n".join(visitor.problems)


@pytest.fixture(scope="module")
def lasting_visitor(chromium: Browser) -> Iterator[Visitor]:
    """A visitor whose pages the tests of a module share; each test looks at the problems itself."""
    visitor = Visitor(chromium)
    yield visitor
    visitor.leave()


@pytest.fixture(scope="module")
def _shared_page(lasting_visitor: Visitor) -> Page:
    return lasting_visitor.open("about:blank")


@pytest.fixture
def page(lasting_visitor: Visitor, _shared_page: Page) -> Iterator[Page]:
    """A page that the tests of a module share: those that need no context of their own.

    A context takes longer to create than most pages to load. Size, media and permissions are
    always those of a new page, and every problem fails the test at its end.
    """
    yield _shared_page
    _shared_page.goto("about:blank")  # what the browser still tells is of this test
    problems = [*lasting_visitor.problems]
    lasting_visitor.problems.clear()
    lasting_visitor.forgive(None)
    _shared_page.set_viewport_size(DESKTOP)
    _shared_page.emulate_media(media="null", color_scheme="light", reduced_motion="null")
    _shared_page.context.clear_permissions()
    assert not problems, "\n".join(problems)


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
    with LocalServer(handler) as server:
        yield f"{server.origin}{SUB_PATH}"


@pytest.fixture(scope="session")
def serving() -> Callable[[Path], AbstractContextManager[str]]:
    """The function `serve`, for tests with pages of their own."""
    return serve


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Write]:
    """A function that writes a small page with widgets, and returns its URL."""
    folder = tmp_path_factory.mktemp("pages")
    with serve(folder) as url:
        yield page_writer(folder, url)


@pytest.fixture(scope="module")
def hdf5_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page, and beside it what reads HDF5."""
    from hdf5_in_browser import LIBRARY, fetched, worker_script

    library = fetched(user_cache_path("bigimg-lessons"))
    if library is None:
        pytest.skip("h5wasm is neither in the cache nor to be fetched by npm")
    folder = tmp_path_factory.mktemp("page")
    shutil.copyfile(library / LIBRARY, folder / "h5wasm.js")
    (folder / "worker.js").write_text(worker_script(), encoding="utf-8")
    with serve(folder) as url:
        yield page_writer(folder, url)(FileReport())


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
    with jupyter_server(folder, f"--ServerApp.root_dir={folder}", cwd=folder) as server:
        yield server
