"""The zoom viewer against servers and files that are broken, huge or hostile."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from frames import begun
from playwright.sync_api import Page, expect

from bigimg_lessons.widgets import ZoomViewer
from tests.local_server import LocalServer

pytestmark = pytest.mark.browser

HUGE = [10**6, 10**12, 2**53 - 1]
HOST = """<!doctype html><html><meta charset="utf-8"><title>t</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>body { margin: 0 auto; max-width: 700px } STYLE</style><div id="here"></div>
<script type="module">
import widget from "./viewer.js";
const traits = { title: "Waves", url: "image", picture: "", image: {} };
const model = { get: (name) => traits[name], on() {}, off() {} };
window.cleanUp = widget.render({ model, el: document.getElementById("here") });
</script></html>"""


class Server(LocalServer):
    """Sends what `answers` has for a path: bytes, a status, or nothing ever.

    Attributes
    ----------
    answers
        By path: bytes; a status; "never", for a connection without an answer; or "stalls", for
        the beginning of an answer. All other paths are answered with 404.
    asked
        Paths below the image, in order.
    left
        Set once a reader has gone away from an answer that never comes.
    """

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.url = f"{self.origin}/"
        self.answers: dict[str, bytes | int | str] = {}
        self.asked: list[str] = []
        self.left = threading.Event()
        self.ending = threading.Event()

    def serve_image(self, *levels: dict[str, Any], **attributes: Any) -> None:
        """Serve the metadata of an image, with no chunk yet."""
        datasets = [
            {
                "path": str(number),
                "coordinateTransformations": [{"type": "scale", "scale": [2.0**number] * 2}],
            }
            for number in range(len(levels))
        ]
        ome = {"version": "0.5", "multiscales": [{"datasets": datasets}]}
        self.serve_json("zarr.json", {"attributes": {"ome": ome, **attributes}})
        for number, level in enumerate(levels):
            self.serve_json(f"{number}/zarr.json", level)

    def serve_json(self, path: str, value: Any) -> None:
        self.answers[path] = json.dumps(value).encode()

    def change(self, path: str, **entries: Any) -> None:
        """Change entries of a JSON file; None takes one out."""
        value = json.loads(self.answers[path]) | entries  # type: ignore[arg-type]
        self.serve_json(path, {name: entry for name, entry in value.items() if entry is not None})

    def chunks(self) -> list[str]:
        """The chunks that were asked for, in order of their names."""
        return sorted(path for path in self.asked if "/c/" in path)

    def handle_error(self, *_: Any) -> None:
        """Say nothing of readers that went away."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path = self.path[1:]
        if path.startswith("image/"):
            path = path.removeprefix("image/")
            self.server.asked.append(path)
        answer = self.server.answers.get(path, 404)
        if isinstance(answer, int):
            return self.send_error(answer)
        if isinstance(answer, str):
            if answer == "stalls":
                self.begin(1000)
                self.wfile.write(bytes(10))
            self.connection.settimeout(0.05)
            while not self.server.ending.is_set():
                try:
                    if not self.connection.recv(1):
                        return self.server.left.set()
                except TimeoutError:
                    continue
                except ConnectionError:  # it left with bytes unread: the connection was reset
                    return self.server.left.set()
            return None
        self.begin(len(answer), "text/html" if path.endswith("html") else "text/javascript")
        self.wfile.write(answer)
        return None

    def begin(self, length: int, kind: str = "application/octet-stream") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        server.answers["page.html"] = HOST.replace("STYLE", str(ZoomViewer._css)).encode()
        server.answers["viewer.js"] = str(ZoomViewer._esm).encode()
        yield server
        server.ending.set()


Show = Callable[..., Page]


@pytest.fixture
def show(visitor: Any, server: Server) -> Show:
    """Open the page with the viewer; with a `clock`, time can be moved on."""

    def show(*, clock: bool = False) -> Page:
        page: Page = visitor.open("about:blank")
        if clock:
            page.clock.install()
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{server.url}page.html")
        return page

    # Chromium notes every answer of 400 and more; what the page says of it is tested here.
    visitor.forgive("^[45]|status of")
    return show


def array(shape: Any, chunk: Any = None, **entries: Any) -> dict[str, Any]:
    """Metadata of a Zarr v3 array of uint8."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk or [256, 256]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes"}],
        "fill_value": 7,
        **entries,
    }


GZIPPED = [{"name": "bytes"}, {"name": "gzip", "configuration": {"level": 1}}]


def settle(page: Page) -> int:
    page.wait_for_selector(".bz[data-settled]")
    return int(page.locator(".bz").get_attribute("data-settled") or "")


def greys(page: Page) -> list[list[int]]:
    """The colours in the middle of the canvas, where nothing lies over it."""
    found: list[list[int]] = page.evaluate(
        """() => {
          const canvas = document.querySelector("canvas");
          const [w, h] = [canvas.width >> 1, canvas.height >> 1];
          const { data } = canvas.getContext("2d").getImageData(w - 60, h - 60, 120, 120);
          const seen = new Map();
          for (let at = 0; at < data.length; at += 4) {
            const rgb = [...data.slice(at, at + 3)];
            seen.set(rgb.join(), rgb);
          }
          return [...seen.values()];
        }"""
    )
    return found


@pytest.mark.parametrize("size", HUGE)
def test_one_huge_level_is_counted_and_not_listed(show: Show, server: Server, size: int) -> None:
    server.serve_image(array([size, size]))
    page = show()
    assert settle(page) == 0
    count = (-(-size // 256)) ** 2
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("too much to show, so none of it is loaded. Zoom in")
    shown = int(notice.inner_text().split(" is ")[1].split(" chunk")[0].replace(",", ""))
    assert shown == pytest.approx(count, rel=1e-9)
    expect(page.locator(".bz-dull b")).to_contain_text(f"{shown:,} requests, ")
    assert server.chunks() == []
    # One to one a page needs a few of them: those around the middle, whose numbers are right.
    row = size // 2 // 256
    server.answers[f"0/c/{row}/{row}"] = bytes([200]) * 256**2
    with begun(page):
        notice.get_by_role("button", name="Zoom in to 1:1").press("Enter")
    settle(page)
    asked = [tuple(map(int, path.split("/")[2:])) for path in server.chunks()]
    assert 4 <= len(asked) <= 24
    assert all(abs(n - row) <= 3 for place in asked for n in place)
    expect(notice).to_contain_text(f"{len(asked) - 1} of {len(asked)} chunks in view are not on")
    assert [200, 200, 200] in greys(page)


def test_without_the_pyramid_a_huge_level_is_not_listed_either(show: Show, server: Server) -> None:
    server.serve_image(array([4 * 10**11] * 2), *(array([300, 300]) for _ in range(1)))
    server.answers["1/c/0/0"] = bytes([99]) * 256**2
    page = show()
    settle(page)
    page.get_by_role("switch", name="Pyramid").uncheck()
    expect(page.get_by_role("alert")).to_contain_text("too much to show")
    page.get_by_role("switch", name="Chunk borders").check()
    settle(page)


@pytest.mark.parametrize("chunk", [[1, 1], [1, 300], [300, 300]])
def test_tiny_chunks_are_not_asked_for_by_the_thousand(
    show: Show, server: Server, chunk: list[int]
) -> None:
    """300 × 300 pixels: the first is 90,000 requests, the others are 300 and 1."""
    server.serve_image(array([300, 300], chunk))
    page = show()
    settle(page)
    asked = len(server.chunks())
    assert asked == {1: 1, 300: 300, 90_000: 0}[90_000 // (chunk[0] * chunk[1])]


def test_the_counters_count_each_chunk_once(show: Show, server: Server) -> None:
    """Of views that overlap, as no list of chunks is kept: worked out one by one here."""
    server.serve_image(array([4000, 5000], [100, 100]))
    page = show()
    settle(page)
    page.get_by_role("button", name="1:1, full resolution").click()
    settle(page)
    page.get_by_role("button", name="Reset counters").click()
    height, width = page.evaluate(
        "(c => [c.clientHeight, c.clientWidth])(document.querySelector('canvas'))"
    )
    seen: set[tuple[int, int]] = set()
    y, x = 2000.0, 2500.0
    for key, dy, dx in [
        ("", 0, 0),
        *[("ArrowLeft", 0, -0.2)] * 3,
        ("ArrowUp", -0.2, 0),
        *[("ArrowRight", 0, 0.2)] * 2,
        ("ArrowUp", -0.2, 0),
        ("ArrowDown", 0.2, 0),
    ]:
        y, x = y + dy * height, x + dx * width
        if key:
            page.locator("canvas").press(key)
        rows = range(int((y - height / 2) // 100), int(-(-(y + height / 2) // 100)))
        columns = range(int((x - width / 2) // 100), int(-(-(x + width / 2) // 100)))
        seen |= {(row, column) for row in rows for column in columns}
        expect(page.locator(".bz-dull b")).to_contain_text(f"{len(seen)} requests, ")


def scaled(*scale: Any, path: str = "0") -> dict[str, Any]:
    return {"path": path, "coordinateTransformations": [{"type": "scale", "scale": [*scale]}]}


def test_what_makes_no_sense_is_refused_in_a_sentence(show: Show, server: Server) -> None:
    """tests/js/zarr_array.test.mjs and zarr_image.test.mjs have all that is refused."""
    server.serve_image(array([500, 500]))
    server.change("0/zarr.json", shape=[-5, 100])
    page = show()
    message = page.get_by_role("status")
    expect(message).to_contain_text("Waves cannot be shown: level 0: its shape is [-5,100], not a")
    assert server.asked == ["zarr.json", "0/zarr.json"]
    for datasets, reason in [
        ([], "it is no OME-Zarr image: it lists no levels."),
        ([scaled(1, 0)], 'level 0: its "scale" is [1,0]: each of its 2 axes needs a number'),
    ]:
        server.serve_image(array([500, 500]))
        ome = {"multiscales": [{"datasets": datasets}]}
        server.serve_json("zarr.json", {"attributes": {"ome": ome}})
        page.get_by_role("button", name="Try again").click()
        expect(message).to_contain_text(f"Waves cannot be shown: {reason}")
    assert server.chunks() == []


@pytest.mark.parametrize("path", ["//localhost:9/evil", "%2e%2e/evil"])
def test_a_path_that_leads_elsewhere_is_refused_and_not_asked_for(
    show: Show, server: Server, path: str
) -> None:
    """As browsers do it; tests/js/zarr_image.test.mjs has more of them."""
    server.serve_image(array([500, 500]))
    datasets = [scaled(1, 1), scaled(2, 2, path=path)]
    ome = {"multiscales": [{"datasets": datasets}]}
    server.serve_json("zarr.json", {"attributes": {"ome": ome}})
    page = show()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("which is no folder inside the image")
    expect(page.get_by_role("status")).to_contain_text(json.dumps(path))
    names = {url.removeprefix(server.url) for url in requests if not url.startswith("data:,")}
    assert names == {"page.html", "viewer.js", "image/zarr.json"}
    assert {*server.asked} == {"zarr.json"}


def test_chunks_that_are_not_there_are_said_to_be_the_fill_value(
    show: Show, server: Server, visitor: Any
) -> None:
    server.serve_image(array([500, 500]))
    server.answers["0/c/0/0"] = bytes([200]) * 256**2
    page = show()
    settle(page)
    expect(page.get_by_role("alert")).to_have_text(
        "3 of 4 chunks in view are not on the server and shown as the fill value 7."
    )
    expect(page.get_by_role("status")).to_contain_text("Loaded so far: 1 chunk, 65.5 kB.")
    assert {*map(tuple, greys(page))} >= {(200, 200, 200), (7, 7, 7)}


def test_if_no_chunk_is_there_it_is_no_loaded_picture(show: Show, server: Server) -> None:
    server.serve_image(array([500, 500]))
    page = show()
    settle(page)
    expect(page.get_by_role("alert")).to_contain_text(
        "The server has none of the 4 chunks of this view, so there is no image."
    )
    expect(page.get_by_role("status")).to_contain_text("Loaded so far: 0 chunks, 0 bytes.")
    assert [7, 7, 7] not in greys(page)
    assert len(greys(page)) > 1  # hatched
    assert len(server.chunks()) == 4


def test_a_missing_chunk_does_not_set_the_contrast(show: Show, server: Server) -> None:
    """Of floats with no window, the first chunk that is there does."""
    values = np.linspace(100, 300, 200 * 200, dtype="<f4")
    level = array([200, 400], [200, 200], data_type="float32", fill_value=0.0)
    server.serve_image(level)
    server.answers["0/c/0/1"] = values.tobytes()
    page = show()
    settle(page)
    expect(page.get_by_role("alert")).to_contain_text("1 of 2 chunks in view is not on the server")
    assert len(greys(page)) > 20


@pytest.mark.parametrize("status", [403, 500])
def test_another_status_is_a_failure_that_can_be_tried_again(
    show: Show, server: Server, status: int
) -> None:
    server.serve_image(array([200, 200]))
    server.answers["0/c/0/0"] = status
    page = show()
    settle(page)
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text(f"chunk 0/c/0/0, the server answers {status}. Check the")
    server.answers["0/c/0/0"] = bytes([200]) * 256**2
    notice.get_by_role("button", name="Try again").press("Enter")
    expect(notice).to_be_empty()
    settle(page)
    assert greys(page) == [[200, 200, 200]]
    assert server.chunks() == ["0/c/0/0"] * 2


def test_unpacking_ends_at_the_length_that_is_expected(show: Show, server: Server) -> None:
    server.serve_image(array([256, 256], codecs=GZIPPED))
    server.answers["0/c/0/0"] = 500
    # What the browser unpacks is counted, before the page is there to read it.
    server.answers["viewer.js"] = (
        "let unpacked = 0; globalThis.unpackedBytes = () => unpacked;"
        "const Own = DecompressionStream; globalThis.DecompressionStream = class {"
        " constructor(format) { const own = new Own(format); this.writable = own.writable;"
        " unpacked = 0;"
        " this.readable = own.readable.pipeThrough(new TransformStream({ transform(piece, to) {"
        " unpacked += piece.length; to.enqueue(piece); } })); } };\n" + str(ZoomViewer._esm)
    ).encode()
    page = show()
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("the server answers 500")
    for file, fault in [
        (gzip.compress(bytes(60 * 2**20), 9), "it holds more than 65,536 bytes"),  # a bomb
        (gzip.compress(bytes(256**2 - 1)), "it holds 65,535 bytes in place of 65,536 bytes"),
        (gzip.compress(bytes(256**2 + 1)), "it holds more than 65,536 bytes"),
        (gzip.compress(bytes(256**2))[:-9], "the bytes that came are not a whole gzip file"),
        (gzip.compress(bytes(256**2 - 1)), "it holds 65,535 bytes"),
        (b"<!doctype html>", "the bytes that came are not a whole gzip file"),
        (gzip.compress(bytes(256**2 - 1)), "it holds 65,535 bytes"),
        (b"", "the bytes that came are not a whole gzip file"),
    ]:
        server.answers["0/c/0/0"] = file
        notice.get_by_role("button", name="Try again").click()
        expect(notice).to_contain_text(f"chunk 0/c/0/0, {fault}")
        assert page.evaluate("unpackedBytes()") < 20 * 2**20  # what one piece may make


def test_a_chunk_that_is_not_packed_is_read_up_to_its_length(show: Show, server: Server) -> None:
    server.serve_image(array([256, 256]))
    server.answers["0/c/0/0"] = bytes(30 * 2**20)
    page = show()
    settle(page)
    expect(page.get_by_role("alert")).to_contain_text("it holds more than 65,536 bytes")


def test_metadata_have_a_limit_and_are_json(show: Show, server: Server) -> None:
    server.answers["zarr.json"] = b"[" * (5 * 2**20)
    page = show()
    message = page.get_by_role("status")
    expect(message).to_contain_text("shown: zarr.json: it holds more than 4,194,304 bytes")
    server.answers["zarr.json"] = b"<!doctype html>"
    page.get_by_role("button", name="Try again").click()
    expect(message).to_contain_text("cannot be shown: zarr.json: what came is not JSON")


def wait_for(page: Page, is_so: Callable[[], object]) -> None:
    """Wait, for a minute at most, until something is so on the server's side."""
    for _ in range(3000):
        if is_so():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it did not come true")


@pytest.mark.parametrize("how", ["never", "stalls"])
def test_metadata_that_never_come_are_given_up_until_someone_tries_again(
    show: Show, server: Server, how: str
) -> None:
    server.serve_image(array([200, 200]))
    server.answers["0/c/0/0"] = bytes([200]) * 256**2
    good, server.answers["zarr.json"] = server.answers["zarr.json"], how
    page = show(clock=True)
    wait_for(page, lambda: server.asked)
    page.clock.fast_forward(19_000)
    assert not server.left.is_set()
    # Of one that stalls, the beginning may have come only now.
    wait_for(page, lambda: page.clock.fast_forward(2_000) or server.left.is_set())
    message = page.get_by_role("status")
    expect(message).to_contain_text("shown: zarr.json: the server has sent nothing for 20 s.")
    page.clock.fast_forward(600_000)
    assert server.asked == ["zarr.json"]  # nothing is tried again by itself
    server.answers["zarr.json"] = good
    page.get_by_role("button", name="Try again").press("Enter")
    settle(page)
    expect(page.locator("canvas")).to_be_focused()
    assert greys(page) == [[200, 200, 200]]


@pytest.mark.parametrize("how", ["never", "stalls"])
def test_a_chunk_that_never_comes_is_given_up_until_someone_tries_again(
    show: Show, server: Server, how: str
) -> None:
    server.serve_image(array([200, 200]))
    server.answers["0/c/0/0"] = how
    page = show(clock=True)
    wait_for(page, server.chunks)
    page.clock.fast_forward(19_000)
    assert not server.left.is_set()
    # Of one that stalls, the beginning may have come only now.
    wait_for(page, lambda: page.clock.fast_forward(2_000) or server.left.is_set())
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("chunk 0/c/0/0, the server has sent nothing for 20 s")
    page.clock.fast_forward(600_000)
    assert server.chunks() == ["0/c/0/0"]
    server.answers["0/c/0/0"] = bytes([200]) * 256**2
    notice.get_by_role("button", name="Try again").press("Enter")
    expect(notice).to_be_empty()
    settle(page)
    assert greys(page) == [[200, 200, 200]]


def test_the_small_picture_stays_until_a_chunk_is_drawn(show: Show, server: Server) -> None:
    svg = "%3Csvg xmlns='http://www.w3.org/2000/svg' width='2' height='2'"
    small = f"data:image/svg+xml,{svg} style='background:rgb(90,90,90)'/%3E"
    page_html = server.answers["page.html"]
    assert isinstance(page_html, bytes)
    server.answers["page.html"] = page_html.replace(b'picture: ""', f'picture: "{small}"'.encode())
    server.serve_image(array([200, 200]))
    server.answers["0/c/0/0"] = "never"
    page = show()
    wait_for(page, server.chunks)
    wait_for(page, lambda: greys(page) == [[90, 90, 90]])
    server.answers["0/c/0/0"] = bytes([200]) * 256**2
    page.reload()
    settle(page)
    assert greys(page) == [[200, 200, 200]]


@pytest.mark.parametrize("path", ["zarr.json", "0/zarr.json", "0/c/0/0"])
def test_who_takes_the_viewer_away_ends_its_requests(show: Show, server: Server, path: str) -> None:
    server.serve_image(array([200, 200]))
    server.answers[path] = "never"
    page = show()
    wait_for(page, lambda: path in server.asked)
    assert server.asked[-1] == path
    page.wait_for_timeout(100)
    assert not server.left.is_set()
    page.evaluate("cleanUp()")
    assert server.left.wait(60)


def test_names_that_every_object_has_are_only_names(show: Show, server: Server) -> None:
    server.serve_image(array([200, 200]), bigimg_lessons={"caption": [1], "chunk_bytes": "x"})
    group = json.loads(server.answers["zarr.json"])
    multiscale = group["attributes"]["ome"]["multiscales"][0]
    multiscale["axes"] = [{"name": "y"}, {"name": "x", "unit": "constructor"}]
    group["attributes"]["ome"]["omero"] = {"channels": [{"window": {"start": "a"}}]}
    server.serve_json("zarr.json", group)
    server.answers["0/c/0/0"] = bytes([200]) * 256**2
    page = show()
    settle(page)
    expect(page.locator(".bz-where")).to_contain_text("1 constructor per pixel")
    assert greys(page) == [[200, 200, 200]]


def test_keys_work_before_the_browser_tells_how_large_the_canvas_is(
    show: Show, server: Server
) -> None:
    server.serve_image(array([200, 200]))
    server.answers["0/c/0/0"] = bytes([200]) * 256**2
    silent = "globalThis.ResizeObserver = class { observe() {} disconnect() {} };\n"
    server.answers["viewer.js"] = (silent + str(ZoomViewer._esm)).encode()
    page = show()
    page.locator("canvas").press("+")  # what fails there fails the test at its end
    settle(page)
    assert greys(page) == [[200, 200, 200]]
