"""The experiment in the reader's browser: what the page says, the server has counted."""

from __future__ import annotations

import base64
import gzip
import http.server
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import site_images
from playwright.sync_api import Locator, Page, expect

from bigimg_lessons.costs.grid import ChunkGrid
from bigimg_lessons.costs.storage import Storage
from bigimg_lessons.samples.volume import SampleVolume
from bigimg_lessons.text import format_bytes
from bigimg_lessons.widgets import FetchExperiment
from tests.local_server import LocalServer
from tests.sphinx_project import build_project

pytestmark = pytest.mark.browser

SHAPE = (64, 192, 192)
COPIES = {
    "16³": (16, 16, 16),
    "32³": (32, 32, 32),
    "64³": (64, 64, 64),
    "whole": (64, 192, 192),
    "planes": (1, 192, 192),
}
REGIONS = {
    "XY plane": np.s_[32:33, 0:192, 0:192],
    "YZ slice": np.s_[0:64, 0:192, 96:97],
    "64³ cube": np.s_[0:64, 48:112, 80:144],
}
PICTURES = {
    "XY plane": np.s_[32],
    "YZ slice": np.s_[:, :, 96],
    "64³ cube": np.s_[32, 48:112, 80:144],
}
SUB_PATH = "/some/sub-path/"
PAGE = "notebooks/lesson.html"
LESSON = "notebooks/02_store_in_pieces.html"


def store(name: str) -> str:
    return "x".join(map(str, COPIES[name])) + ".zarr"


@pytest.fixture(scope="module")
def voxels() -> np.ndarray:
    """The image, from its source, zyx."""
    return SampleVolume().block(slice(96, 160), slice(512, 704), slice(512, 704))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML of a small book with the experiment on a page, made by the book's extensions."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "conf.py").write_text(
        "extensions = ['myst_nb', 'anywidget_host', 'site_images']\nexclude_patterns = ['out']\n"
        "nb_execution_mode = 'off'\nnb_ipywidgets_js = {}\nhtml_theme = 'basic'\n"
        "html_favicon = 'icon.svg'\n",
        encoding="utf-8",
    )
    (folder / "icon.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    (folder / "index.md").write_text(
        "# Book\n```{toctree}\nnotebooks/lesson\n```\n", encoding="utf-8"
    )
    experiment = FetchExperiment()
    bundle, _ = experiment._repr_mimebundle_()
    key = bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    saved = {
        "model_module": "anywidget",
        "model_module_version": "*",
        "model_name": "AnyModel",
        "state": json.loads(json.dumps(experiment.get_state(), default=str)),
    }
    output = nbformat.v4.new_output("display_data", bundle)
    cell = nbformat.v4.new_code_cell("FetchExperiment()", outputs=[output])
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Lesson"), cell],
        metadata={
            "language_info": {"name": "python"},
            "widgets": {
                "application/vnd.jupyter.widget-state+json": {
                    "version_major": 2,
                    "version_minor": 0,
                    "state": {key: saved},
                }
            },
        },
    )
    (folder / "notebooks").mkdir()
    nbformat.write(notebook, folder / "notebooks" / "lesson.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        # Only the image that is fetched here: the other one of the site takes long to compute.
        tissue = [image for image in site_images.IMAGES if image.name == "tissue"]
        patch.setattr(site_images, "IMAGES", tissue)
        build_project(folder, folder / "out", strict=False)
    return folder / "out" / "html"


class Server(LocalServer):
    """Serves a folder below a sub-path, counts what is asked of the images, and misbehaves.

    Attributes
    ----------
    asked
        Paths of the image files that were asked for, below ``images/tissue/``, in order.
    most
        Requests for images that were answered at the same time, at most.
    delay
        Seconds that each answer with an image file waits.
    held
        Image files whose path begins so are never sent.
    instead
        Path of an image file to what is sent in its place: a status code, or bytes.
    cors
        Whether pages from elsewhere may read.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(partial(_Handler, directory=str(folder)))
        self.url = f"{self.origin}{SUB_PATH}"
        self.asked: list[str] = []
        self.cache_headers: set[str | None] = set()
        self.most = self._now = 0
        self.delay = 0.0
        self.held: str | None = None
        self.instead: dict[str, int | bytes] = {}
        self.cors = False
        self.ending = threading.Event()
        self._lock = threading.Lock()

    def __exit__(self, *error: object) -> None:
        self.ending.set()
        super().__exit__(*error)

    def note(self, path: str, caching: str | None) -> None:
        with self._lock:
            self.asked.append(path)
            self.cache_headers.add(caching)
            self._now += 1
            self.most = max(self.most, self._now)

    def note_end(self) -> None:
        with self._lock:
            self._now -= 1

    def chunks(self, name: str) -> list[str]:
        """The chunks that were asked for of a copy."""
        return [path for path in self.asked if path.startswith(f"{store(name)}/c/")]


class _Handler(http.server.SimpleHTTPRequestHandler):
    server: Server

    def translate_path(self, path: str) -> str:
        inside = path.startswith(SUB_PATH)
        return super().translate_path(path[len(SUB_PATH) - 1 :] if inside else "/outside-the-site")

    def do_GET(self) -> None:
        _, found, image = self.path.partition("/images/tissue/")
        if not found:
            super().do_GET()
            return
        self.server.note(image, self.headers["Cache-Control"])
        try:
            held = self.server.held is not None and image.startswith(self.server.held)
            self.server.ending.wait(None if held else self.server.delay)
            self._answer(self.server.instead.get(image))
        except ConnectionError:
            pass  # the page has stopped
        finally:
            self.server.note_end()

    def _answer(self, instead: int | bytes | None) -> None:
        if instead is None:
            super().do_GET()
        elif isinstance(instead, int):
            self.send_error(instead)
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(instead)))
            self.end_headers()
            self.wfile.write(instead)

    def end_headers(self) -> None:
        if self.server.cors:
            self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(book: Path) -> Iterator[Server]:
    """The small book, served and counted; named before the visitor, whose pages it outlives."""
    with Server(book) as server:
        yield server


def start(page: Page, region: str = "XY plane", *, rounds: int = 1) -> Locator:
    """Choose, start, and return the experiment."""
    experiment = page.locator("section.fx")
    experiment.get_by_role("radio", name=region).check()
    experiment.get_by_role("radio", name=str(rounds)).first.check()
    experiment.locator(".fx-button").click()
    return experiment


def expect_end(experiment: Locator, text: str = "Done.") -> None:
    """Wait for what the experiment says at its end: a second or two, more on a busy machine."""
    expect(experiment.get_by_role("status")).to_contain_text(text)


def expect_failure(experiment: Locator, text: str) -> None:
    expect(experiment.get_by_role("alert")).to_contain_text(text)


def numbers(experiment: Locator) -> dict[str, list[str]]:
    """The rows of the table: copy to requests, bytes, time, model."""
    rows = experiment.locator("table tbody tr")
    texts = (row.locator("th, td").all_inner_texts() for row in rows.all())
    return {
        head.split()[0]: [cell.replace("\xa0", " ") for cell in cells] for head, *cells in texts
    }


def in_seconds(text: str) -> float:
    value, unit = text.split()[:2]
    return float(value) * {"s": 1, "ms": 1e-3, "µs": 1e-6}[unit]


def in_bytes(text: str) -> float:
    found = re.search(r"([\d.]+)\s(kB|MB|GB)", text)
    assert found, text
    return float(found[1]) * {"kB": 1e3, "MB": 1e6, "GB": 1e9}[found[2]]


def pictures(experiment: Locator) -> dict[str, np.ndarray]:
    """What the canvases show: copy to grey values."""
    read = """(canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return [canvas.width, btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""))];
    }"""
    found = {}
    for canvas in experiment.locator("canvas").all():
        width, data = canvas.evaluate(read)
        pixels = np.frombuffer(base64.b64decode(data), np.uint8).reshape(-1, width, 4)
        assert (pixels[..., 3] == 255).all()
        assert (pixels[..., :3] == pixels[..., :1]).all()
        found[canvas.get_attribute("data-name") or ""] = pixels[..., 0]
    return found


@pytest.mark.parametrize("region", REGIONS)
def test_the_page_counts_what_the_server_counts_and_chunks_predicts(
    server: Server, visitor: Any, book: Path, voxels: np.ndarray, region: str
) -> None:
    experiment = start(visitor.open(server.url + PAGE), region)
    announced = in_bytes(experiment.locator(".fx-cost").inner_text())
    expect_end(experiment, "All 5 images are equal")

    images = book / "images" / "tissue"
    sizes = {path: (images / path).stat().st_size for path in set(server.asked)}
    probe = f"{store('whole')}/c/0/0/0"  # fetched once before, for the bandwidth
    server.asked.remove(probe)
    shown = numbers(experiment)
    assert list(shown) == list(COPIES)
    for name, chunk_shape in COPIES.items():
        asked = server.chunks(name)
        predicted = ChunkGrid(SHAPE, chunk_shape).reading(REGIONS[region])
        assert len(asked) == len(set(asked)) == predicted.requests
        came = format_bytes(sum(sizes[path] for path in asked), decimal=True)
        assert shown[name][:2] == [str(len(asked)), came]
    assert server.cache_headers == {"no-cache"}
    assert 2 <= server.most <= 6
    fetched = sizes[probe] + sum(sizes[path] for path in server.asked)
    assert announced == pytest.approx(fetched, rel=0.05)

    seen = pictures(experiment)
    assert list(seen) == list(COPIES)
    for picture in seen.values():
        np.testing.assert_array_equal(picture, voxels[PICTURES[region]])


def test_three_rounds_show_median_and_range_and_take_turns(server: Server, visitor: Any) -> None:
    page = visitor.open(server.url + PAGE)
    experiment = start(page, "YZ slice", rounds=3)
    expect_end(experiment)
    for name, chunk_shape in COPIES.items():
        predicted = ChunkGrid(SHAPE, chunk_shape).reading(REGIONS["YZ slice"])
        counts = Counter(server.chunks(name))
        if name == "whole":
            assert counts == {f"{store(name)}/c/0/0/0": 4}  # and once for the bandwidth
        else:
            assert set(counts.values()) == {3}
            assert len(counts) == predicted.requests
    stores = [path.split("/")[0] for path in server.asked if "/c/" in path][1:]
    turns = [name for index, name in enumerate(stores) if stores[index - 1 : index] != [name]]
    order = [store(name) for name in COPIES]
    # What ends a round may begin the next one, so neighbours that are alike are one.
    assert turns == order + order[1:] + order[:1] + order[2:] + order[:2]
    for _, _, measured, _ in numbers(experiment).values():
        median, low, high, unit = re.fullmatch(
            r"([\d.]+ m?s)\s+([\d.]+)–([\d.]+) (m?s)", measured
        ).groups()
        assert float(low) <= float(high)
        assert in_seconds(f"{low} {unit}") * 0.94 <= in_seconds(median)
        assert in_seconds(median) <= in_seconds(f"{high} {unit}") * 1.06


def test_the_model_is_that_of_chunks_with_the_connection_as_measured(
    server: Server, visitor: Any
) -> None:
    server.delay = 0.04
    page = visitor.open(server.url + PAGE)
    experiment = start(page, "64³ cube")
    expect_end(experiment)
    connection = experiment.locator(".fx-connection").inner_text().replace("\xa0", " ")
    latency, bandwidth, unpacking = re.fullmatch(
        r"Your connection: (.*) latency, (.*)/s bandwidth\. Your browser unpacks (.*)/s\.",
        connection,
    ).groups()
    assert in_seconds(latency) >= 0.04
    storage = Storage("page", in_seconds(latency), in_bytes(bandwidth), concurrency=6)
    fastest = min(in_seconds(row[2]) for row in numbers(experiment).values())
    assert fastest >= 0.04
    for name, (requests, fetched, _, model) in numbers(experiment).items():
        read = ChunkGrid(SHAPE, COPIES[name]).reading(REGIONS["64³ cube"]).read
        expected = storage.seconds(
            int(requests), int(in_bytes(fetched)), decoding=read / in_bytes(unpacking)
        )
        # The page estimates what travels, and rounds what it shows.
        assert in_seconds(model) == pytest.approx(expected, rel=0.06)


def test_stop_stops_at_once_keeps_what_was_measured_and_the_focus(
    server: Server, visitor: Any
) -> None:
    server.held = f"{store('64³')}/c/"
    page = visitor.open(server.url + PAGE)
    experiment = start(page, "YZ slice")
    button = experiment.locator(".fx-button")
    expect(button).to_have_text("Stop")
    expect(experiment.get_by_role("radio", name="XY plane")).to_be_disabled()
    expect(experiment.locator("canvas")).to_have_count(2)
    button.click()
    status = experiment.get_by_role("status")
    expect(status).to_have_text("Stopped. What was measured until then stays.")
    expect(button).to_have_text("Measure again")
    expect(button).to_be_focused()
    asked = len(server.asked)
    time.sleep(0.3)
    assert len(server.asked) == asked
    shown = numbers(experiment)
    assert [shown[name][0] for name in COPIES] == ["48", "12", "–", "–", "–"]
    server.held = None
    page.keyboard.press("Enter")
    expect_end(experiment)
    expect(button).to_be_focused()


def test_stopped_before_the_connection_is_known(server: Server, visitor: Any) -> None:
    server.held = store("16³")
    page = visitor.open(server.url + PAGE)
    experiment = start(page)
    experiment.get_by_role("button", name="Stop").click()
    expect(experiment.get_by_role("status")).to_contain_text("Stopped.")
    expect(experiment.locator(".fx-button")).to_have_text("Start")
    expect(experiment.locator("table")).to_have_count(0)


def test_a_fetch_that_fails_names_its_address_and_a_remedy(server: Server, visitor: Any) -> None:
    """tests/js/experiment.test.mjs and zarr_array.test.mjs have all metadata that are refused."""
    visitor.forgive("404|503")  # the browser itself notes answers of 400 and more
    page = visitor.open(server.url + PAGE)
    for path, instead, message in [
        ("64x64x64.zarr/c/0/1/1", 404, "the server has no such file (404)."),
        ("32x32x32.zarr/c/0/2/2", 503, "the server answers 503."),
        ("16x16x16.zarr/c/0/3/5", b"<html>", "the bytes that came are not a whole gzip file."),
        (
            "1x192x192.zarr/c/7/0/0",
            bytes.fromhex("1f8b08000000000000034b040043beb7e801000000"),  # gzip of "a"
            "it holds 1 byte in place of 36,864 bytes.",
        ),
        ("16x16x16.zarr/zarr.json", b"<!doctype html>", "what came is not JSON."),
        ("32x32x32.zarr/zarr.json", b"null", "its metadata are those of no Zarr array."),
        ("32x32x32.zarr/zarr.json", b"[" * (5 * 2**20), "it holds more than 4,194,304 bytes."),
        ("16x16x16.zarr/c/0/3/5", gzip.compress(bytes(2**22)), "it holds more than 4,096 bytes."),
        ("16x16x16.zarr/c/0/3/5", bytes(10**6), "it holds more than 5,161 bytes."),
    ]:
        server.instead = {path: instead}
        experiment = start(page, "64³ cube")
        expect_failure(experiment, message)
        expect_failure(experiment, f"{server.url}images/tissue/{path}")
        expect_failure(experiment, "Reload the page and start again.")
        expect(experiment.get_by_role("status")).to_be_empty()
        expect(experiment.locator(".fx-button")).to_be_focused()


def test_what_was_measured_before_a_failure_stays_and_one_can_start_again(
    server: Server, visitor: Any
) -> None:
    server.instead["64x64x64.zarr/c/0/1/1"] = b""
    experiment = start(visitor.open(server.url + PAGE), "YZ slice")
    expect_failure(experiment, "not a whole gzip file")
    shown = numbers(experiment)
    assert [shown[name][0] for name in COPIES] == ["48", "12", "–", "–", "–"]
    server.instead.clear()
    experiment.locator(".fx-button").click()
    expect_end(experiment)
    expect(experiment.get_by_role("alert")).to_be_empty()


def test_offline_is_said(server: Server, visitor: Any) -> None:
    page = visitor.open(server.url + PAGE, only_requests=True)
    page.context.set_offline(True)
    expect_failure(start(page), "You are offline.")


def test_a_server_that_never_answers_is_given_up(server: Server, visitor: Any) -> None:
    page = visitor.open(server.url + PAGE)
    page.clock.install()
    server.held = store("16³")
    experiment = start(page)
    page.clock.fast_forward(19_000)
    expect(experiment.get_by_role("button", name="Stop")).to_be_visible()
    page.clock.fast_forward(2_000)
    expect(experiment.get_by_role("alert")).to_contain_text("the server has sent nothing for 20 s.")
    expect(experiment.get_by_role("alert")).to_contain_text("zarr.json")


def test_a_browser_that_cannot_unpack_is_told_so(server: Server, visitor: Any) -> None:
    page = visitor.open("about:blank")
    page.add_init_script("delete globalThis.DecompressionStream")
    page.goto(server.url + PAGE)
    expect(page.locator(".fx-note")).to_contain_text("it lacks DecompressionStream")
    expect(page.locator(".fx-button")).to_have_count(0)


def test_opened_from_the_folder_it_says_how_to_serve(visitor: Any, book: Path) -> None:
    page = visitor.open((book / PAGE).as_uri())
    expect(page.locator(".fx-note")).to_contain_text("opened from a file")
    expect(page.locator(".fx-note")).to_contain_text("python -m http.server")
    expect(page.locator(".fx-button")).to_have_count(0)


def away_from_the_site(book: Path, folder: Path, url: str) -> None:
    """Write the page as it would be where no site is around, as in Jupyter."""
    html = (book / PAGE).read_text(encoding="utf-8")
    for old, new in ((' data-content_root="../"', ""), ('"url": ""', f'"url": "{url}"')):
        assert old in html
        html = html.replace(old, new)
    (folder / "_static").mkdir()
    script = "_static/anywidget_host.js"
    (folder / script).write_bytes((book / script).read_bytes())
    html = re.sub(
        r'<link rel="(?:stylesheet|icon)"[^>]*>|<script src="\.\./_static/(doc|sph)[^>]*>', "", html
    )
    html = html.replace("../_static", "_static").replace(
        "<head>", '<head><link rel="icon" href="data:,">'
    )
    (folder / "page.html").write_text(html, encoding="utf-8")


Serving = Callable[[Path], AbstractContextManager[str]]


def test_in_jupyter_it_says_how_to_get_there(
    visitor: Any, book: Path, tmp_path: Path, serving: Serving
) -> None:
    away_from_the_site(book, tmp_path, "")
    with serving(tmp_path) as url:
        note = visitor.open(url + "page.html").locator(".fx-note")
        expect(note).to_contain_text("it runs on this lesson's page of the book")
        expect(note).to_contain_text('FetchExperiment(url="/files/_build/html")')


def test_another_server_can_be_named_if_it_allows_it(
    server: Server, visitor: Any, book: Path, tmp_path: Path, serving: Serving
) -> None:
    away_from_the_site(book, tmp_path, server.url.rstrip("/"))
    with serving(tmp_path) as url:
        page = visitor.open(url + "page.html", only_requests=True)
        experiment = start(page, "YZ slice")
        expect_failure(experiment, "the server cannot be reached.")
        expect_failure(experiment, "CORS")
        server.cors = True
        experiment.locator(".fx-button").click()
        expect_end(experiment, "All 5 images are equal")


def test_each_region_keeps_its_own_results(server: Server, visitor: Any) -> None:
    experiment = start(visitor.open(server.url + PAGE), "YZ slice")
    expect_end(experiment)
    kept = numbers(experiment)
    experiment.get_by_role("radio", name="64³ cube").check()
    expect(experiment.locator("table")).to_have_count(0)
    expect(experiment.locator(".fx-button")).to_have_text("Start")
    experiment.get_by_role("radio", name="YZ slice").check()
    assert numbers(experiment) == kept


def test_all_by_keyboard_and_named_for_a_screen_reader(server: Server, visitor: Any) -> None:
    page = visitor.open(server.url + PAGE)
    experiment = page.get_by_role("region", name="Measure it on your own connection")
    experiment.get_by_role("radio", name="XY plane").focus()
    keys = page.keyboard
    keys.press("ArrowDown")
    expect(experiment.get_by_role("radio", name="YZ slice")).to_be_checked()
    keys.press("Tab")
    keys.press("ArrowDown")
    expect(experiment.get_by_role("radio", name="1 (less data)")).to_be_checked()
    keys.press("Tab")
    button = experiment.get_by_role("button", name="Start")
    expect(button).to_be_focused()
    expect(button).to_have_accessible_description(re.compile(r"Downloads about 6\.\d+\sMB"))
    keys.press("Space")
    expect_end(experiment)
    table = experiment.get_by_role("table", name=re.compile("YZ slice, measured by your browser"))
    expect(table.get_by_role("rowheader")).to_have_count(5)
    expect(table.get_by_role("columnheader")).to_have_count(5)
    expect(experiment.get_by_role("img", name="YZ slice, from the copy “16³”")).to_be_visible()
    expect(experiment.get_by_role("img", name=re.compile("Plot over chunk shape"))).to_be_visible()


def test_without_scripts_the_costs_are_there(server: Server, visitor: Any) -> None:
    page = visitor.open(server.url + PAGE, javascript=False)
    expect(page.get_by_role("row", name="16³")).to_contain_text("144 requests, 576 KiB")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_on_the_lessons_page(
    visitor: Any, site: str, voxels: np.ndarray, phone: bool, tmp_path: Path
) -> None:
    """The real book, with all other hosts blocked; pictures lie in tmp_path."""
    page = visitor.open(site + LESSON, phone=phone)
    experiment = start(page, "YZ slice")
    expect_end(experiment)
    experiment.screenshot(path=tmp_path / "experiment.png")
    shown = numbers(experiment)
    for name, chunk_shape in COPIES.items():
        predicted = ChunkGrid(SHAPE, chunk_shape).reading(REGIONS["YZ slice"])
        assert shown[name][0] == str(predicted.requests)
    for picture in pictures(experiment).values():
        np.testing.assert_array_equal(picture, voxels[PICTURES["YZ slice"]])
    width = page.viewport_size["width"]
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    scroll, room = experiment.locator(".fx-scroll").evaluate(
        "(e) => [e.scrollWidth, e.clientWidth]"
    )
    assert scroll <= room
    for target in experiment.locator("button, label, summary").all():
        assert target.bounding_box()["height"] >= 44
