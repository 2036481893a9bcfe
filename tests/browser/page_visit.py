"""One visit of a page as a reader makes it: what travels, when it is painted, how far it jumps."""

from __future__ import annotations

import functools
import gzip
import http.server
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, Page, ViewportSize

from tests.browser.patience import PATIENCE
from tests.local_server import LocalServer

LARGE: ViewportSize = {"width": 1280, "height": 900}
SMALL: ViewportSize = {"width": 390, "height": 844}
SIZES = {"desktop": LARGE, "phone": SMALL}

# "Fast 3G" of the browser's developer tools: bytes per second, and milliseconds.
FAST_3G = {"downloadThroughput": 1.44e6 / 8, "uploadThroughput": 675e3 / 8, "latency": 562.5}
SETTLED, SETTLED_SLOW = 400, 1_500  # milliseconds, for what a page does when all has come

# What hosts of static sites compress, and for how many seconds browsers may keep a file unasked.
COMPRESSED = (".html", ".css", ".js", ".json", ".svg", ".txt", ".xml")
FRESH = 600

_OBSERVE = """
window.bigimgShifts = [];
window.bigimgMoved = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    if (shift.hadRecentInput) continue;
    window.bigimgShifts.push([shift.startTime, shift.value]);
    const named = ({ node }) =>
      node ? `${node.nodeName}#${node.id ?? ""}.${node.className ?? ""}` : "(gone)";
    window.bigimgMoved.push(...shift.sources.map(named));
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@dataclass(frozen=True)
class Visit:
    """What one visit cost.

    Parameters
    ----------
    sent
        Bytes that travelled to the browser before any interaction, with headers.
    requests
        Number of answers that travelled.
    paint
        Milliseconds to the first paint of content.
    shift
        Cumulative layout shift: the worst session of shifts less than 1 s apart and 5 s long
        (web.dev/articles/cls).
    moved
        The elements that shifted.
    """

    sent: int
    requests: int
    paint: float
    shift: float
    moved: tuple[str, ...]


def cumulative_shift(shifts: list[tuple[float, float]]) -> float:
    """Return the largest sum of a session of shifts, each (milliseconds, score)."""
    worst = total = begun = last = 0.0
    for when, score in shifts:
        if when - last > 1000 or when - begun > 5000:
            total, begun = 0.0, when
        total, last = total + score, when
        worst = max(worst, total)
    return worst


class _Traffic:
    """Counts what one page's requests bring, and knows when all is quiet."""

    def __init__(self, session: CDPSession) -> None:
        self.sent = 0
        self.requests = 0
        self._cached: set[str] = set()
        session.on("Network.requestServedFromCache", lambda e: self._cached.add(e["requestId"]))
        session.on("Network.loadingFinished", self._count)
        session.send("Network.enable")

    def _count(self, event: dict[str, float | str]) -> None:
        if event["requestId"] in self._cached or not event["encodedDataLength"]:
            return
        self.sent += int(event["encodedDataLength"])
        self.requests += 1


def visits(browser: Browser, url: str, size: ViewportSize, *, slow: bool) -> tuple[Visit, Visit]:
    """Visit a page for the first time and, with what the browser kept, a second time.

    Parameters
    ----------
    browser
        Chromium.
    url
        Of the page.
    size
        Of the window, in CSS pixels.
    slow
        Whether the network is *Fast 3G*, or as fast as the machine.
    """
    (both,) = visits_at_once(browser, [(url, size)], slow=slow)
    return both


def visits_at_once(
    browser: Browser, pages: Iterable[tuple[str, ViewportSize]], *, slow: bool = False
) -> list[tuple[Visit, Visit]]:
    """Visit several pages at once, each by a reader of its own, as :func:`visits` does."""
    contexts = []
    try:
        readers = []
        for url, size in pages:
            context = browser.new_context(viewport=size, has_touch=size is SMALL)
            context.set_default_timeout(PATIENCE)
            contexts.append(context)
            readers.append((context, url))
        first = [_Visiting(context.new_page(), url, slow) for context, url in readers]
        firsts = [visiting.end() for visiting in first]
        second = [_Visiting(context.new_page(), url, slow) for context, url in readers]
        seconds = [visiting.end() for visiting in second]
    finally:
        for context in contexts:
            context.close()
    return list(zip(firsts, seconds, strict=True))


class _Visiting:
    """A visit that has begun."""

    def __init__(self, page: Page, url: str, slow: bool) -> None:
        self._page = page
        self._settled = SETTLED_SLOW if slow else SETTLED
        session = page.context.new_cdp_session(page)
        self._traffic = _Traffic(session)
        if slow:
            session.send("Network.emulateNetworkConditions", {"offline": False, **FAST_3G})
        page.add_init_script(_OBSERVE)
        page.goto(url, wait_until="commit")

    def end(self) -> Visit:
        """Wait until all has come and nothing moves any more, and leave the page."""
        page = self._page
        page.wait_for_load_state("load")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(self._settled)
        painted = "performance.getEntriesByName('first-contentful-paint').length > 0"
        page.wait_for_function(painted)  # which comes late where the computer is busy
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        shifts = [(when, score) for when, score in page.evaluate("window.bigimgShifts")]
        moved = tuple(page.evaluate("[...new Set(window.bigimgMoved)]"))
        page.close()
        traffic = self._traffic
        return Visit(traffic.sent, traffic.requests, paint, cumulative_shift(shifts), moved)


@functools.cache
def _compressed(path: Path, _changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


class _HostHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder as hosts of static sites do: text compressed, and kept for a while."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(urlsplit(self.path).path))
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in COMPRESSED:
            body = _compressed(path, path.stat().st_mtime_ns)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", f"max-age={FRESH}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def host(folder: Path) -> Iterator[str]:
    """Serve a site on this machine as its readers get it; the value is the URL, ending in /."""
    handler = functools.partial(_HostHandler, directory=str(folder))
    with LocalServer(handler) as server:
        yield f"{server.origin}/"
