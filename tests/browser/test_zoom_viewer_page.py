"""The zoom viewer on a page below a sub-path: what it fetches, what it draws, how it is handled."""

from __future__ import annotations

import base64
import http.server
import json
import math
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import zarr
from frames import begun, next_frame
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from zarr.codecs import GzipCodec

from bigimg_lessons.text import format_bytes
from bigimg_lessons.widgets import ZoomViewer
from tests.local_server import LocalServer

pytestmark = pytest.mark.browser

LOADER = Path(__file__).parents[2] / "book/_ext/anywidget_host_assets/anywidget_host.js"
SUB_PATH = "/some/sub-path/"
SHAPE, CHUNK, LEVELS = (2000, 3000), 256, 4
WINDOW = (10, 210)


def picture() -> NDArray[np.uint8]:
    """Waves under noise, with ends of the range."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    noise = np.random.default_rng(3).integers(-9, 9, SHAPE)
    grey = 120 + 90 * np.sin(x / 37) * np.cos(y / 51 + x / 400) + noise
    return np.clip(grey, 0, 255).astype(np.uint8)


IMAGE = picture()


def halved(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    sums = image.reshape(image.shape[0] // 2, 2, image.shape[1] // 2, 2).mean(axis=(1, 3))
    return sums.round().astype(np.uint8)


def pyramid() -> list[NDArray[np.uint8]]:
    levels = [IMAGE]
    while len(levels) < LEVELS:
        levels.append(halved(levels[-1]))
    return levels


def write_image(folder: Path) -> dict[str, int]:
    """Write the pyramid; return the size of each chunk's file by its path."""
    for number, level in enumerate(pyramid()):
        zarr.create_array(
            folder,
            name=str(number),
            data=level,
            chunks=(CHUNK, CHUNK),
            compressors=GzipCodec(level=5),
            fill_value=1,
        )
    files = {p.relative_to(folder).as_posix(): p.stat().st_size for p in folder.glob("*/c/*/*")}
    sizes = []
    for number in range(LEVELS):
        rows, columns = (math.ceil(n / 2**number / CHUNK) for n in SHAPE)
        sizes.append([files[f"{number}/c/{y}/{x}"] for y in range(rows) for x in range(columns)])
    datasets = [
        {
            "path": str(number),
            "coordinateTransformations": [
                {"type": "scale", "scale": [0.5 * 2**number] * 2},
                {"type": "translation", "translation": [0.25 * (2**number - 1)] * 2},
            ],
        }
        for number in range(LEVELS)
    ]
    axes = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "yx"]
    channel = {"window": {"min": 0, "max": 255, "start": WINDOW[0], "end": WINDOW[1]}}
    ome = {
        "version": "0.5",
        "multiscales": [{"axes": axes, "datasets": datasets}],
        "omero": {"channels": [channel]},
    }
    zarr.open_group(folder, mode="r+").update_attributes(
        {"ome": ome, "bigimg_lessons": {"chunk_bytes": sizes, "caption": "Waves."}}
    )
    return files


class Server(LocalServer):
    """Notes what is asked for below the image, and may be slow or fail."""

    def __init__(self, folder: Path) -> None:
        super().__init__(partial(_Handler, directory=str(folder)))
        self.url = f"{self.origin}{SUB_PATH}"
        self.asked: list[str] = []
        self.failing: set[str] = set()
        self.full_resolution = threading.Event()  # whether its chunks are sent
        self.full_resolution.set()
        self.under_way = self.most_under_way = 0
        self.lock = threading.Lock()

    def take(self) -> list[str]:
        """Return the chunks asked for since the last call."""
        with self.lock:
            taken, self.asked = self.asked, []
        return [path for path in taken if "/c/" in path]

    def handle_error(self, *_: Any) -> None:
        """Say nothing of readers that went away."""


class _Handler(http.server.SimpleHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path = self.path.removeprefix(SUB_PATH)
        if path == self.path:
            return self.send_error(404)
        self.path = "/" + path
        if not path.startswith("images/waves.zarr/"):
            return super().do_GET()
        name = path.removeprefix("images/waves.zarr/")
        with self.server.lock:
            self.server.asked.append(name)
            self.server.under_way += 1
            self.server.most_under_way = max(self.server.most_under_way, self.server.under_way)
        try:
            if name.startswith("0/c/"):
                self.server.full_resolution.wait()
            if name in self.server.failing:
                self.send_error(500)
            else:
                super().do_GET()
        finally:
            with self.server.lock:
                self.server.under_way -= 1

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    files = write_image(folder / "images" / "waves.zarr")
    (folder / "files.json").write_text(json.dumps(files), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def sizes(image_folder: Path) -> dict[str, int]:
    files: dict[str, int] = json.loads((image_folder / "files.json").read_text(encoding="utf-8"))
    return files


@pytest.fixture
def server(image_folder: Path) -> Iterator[Server]:
    with Server(image_folder) as server:
        yield server
        server.full_resolution.set()


Show = Callable[..., Page]


@pytest.fixture
def show(visitor: Any, server: Server, image_folder: Path) -> Show:
    """Open a page, in a folder of the site, that hosts a viewer."""

    def show(viewer: ZoomViewer | None = None, *, cache: int = 32, **options: Any) -> Page:
        viewer = viewer or ZoomViewer(
            url="../images/waves.zarr", title="Waves", picture="data:image/jpeg;base64,"
        )
        traits = {name: getattr(viewer, name) for name in ("title", "url", "picture", "image")}
        source = str(viewer._esm)
        assert "const CACHE_BYTES = 32 * 2 ** 20;" in source
        source = source.replace("CACHE_BYTES = 32 *", f"CACHE_BYTES = {cache} *")
        models = {"z": {"module": "m", "traits": traits, "buffers": []}}
        data = json.dumps({"models": models, "modules": {"m": source}})
        folder = image_folder / "book"
        folder.mkdir(exist_ok=True)
        (folder / "loader.js").write_bytes(LOADER.read_bytes())
        (folder / "page.html").write_text(
            '<!doctype html><html><meta charset="utf-8"><title>t</title>'
            '<meta name="viewport" content="width=device-width">'
            f'<link rel="icon" href="data:,"><style>body {{ margin: 0 auto; max-width: 700px }}'
            f"{viewer._css}</style>"
            '<script type="application/json" id="anywidget-data">'
            + data.replace("<", "\\u003c")
            + '</script><script defer src="loader.js"></script>'
            f'<div class="anywidget-mount" data-model="z">{viewer._plain_html()}</div>'
            '<p style="height: 2000px">After.</p></html>',
            encoding="utf-8",
        )
        page: Page = visitor.open(f"{server.url}book/page.html", **options)
        return page

    return show


def settle(page: Page) -> int:
    """Wait until nothing moves or loads; return the level."""
    page.wait_for_selector(".bz[data-settled]")
    return int(page.locator(".bz").get_attribute("data-settled") or "")


def box(page: Page) -> tuple[float, float]:
    size = page.evaluate("(c => [c.clientHeight, c.clientWidth])(document.querySelector('canvas'))")
    return size[0], size[1]


def fit(page: Page) -> float:
    """The zoom, CSS pixels per pixel, at which the whole image is seen."""
    height, width = box(page)
    return min(height / SHAPE[0], width / SHAPE[1])


def best_level(zoom: float, density: float = 1) -> int:
    """The level whose pixels are nearest in size to the screen's."""
    ratios = [max(2**n * zoom * density, 1 / (2**n * zoom * density)) for n in range(LEVELS)]
    return ratios.index(min(ratios))


def chunks_seen(page: Page, level: int, zoom: float, centre: tuple[float, float]) -> set[str]:
    """Try for every chunk whether it has pixels in view."""
    view = []
    for axis, room in enumerate(box(page)):
        half = room / zoom / 2
        middle = SHAPE[axis] / 2
        if SHAPE[axis] > 2 * half:  # the view does not leave the image
            middle = min(max(centre[axis], half), SHAPE[axis] - half)
        view.append((max(0, middle - half), min(SHAPE[axis], middle + half)))
    seen = set()
    for y in range(math.ceil(SHAPE[0] / 2**level / CHUNK)):
        for x in range(math.ceil(SHAPE[1] / 2**level / CHUNK)):
            spans = [(n * CHUNK * 2**level, (n + 1) * CHUNK * 2**level) for n in (y, x)]
            if all(a < high and b > low for (a, b), (low, high) in zip(spans, view, strict=True)):
                seen.add(f"{level}/c/{y}/{x}")
    return seen


def drawn(page: Page) -> NDArray[Any]:
    """The canvas' pixels, RGB."""
    url = page.evaluate("document.querySelector('canvas').toDataURL('image/png')")
    png: NDArray[Any] = imagecodecs.png_decode(base64.b64decode(url.split(",")[1]))
    return png[..., :3].astype(int)


def toned(values: NDArray[Any]) -> NDArray[Any]:
    grey = np.floor((values - float(WINDOW[0])) * 255 / (WINDOW[1] - WINDOW[0]) + 0.5)
    return np.clip(grey, 0, 255)


MIDDLE = (SHAPE[0] / 2, SHAPE[1] / 2)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_it_opens_with_the_chunks_of_one_level(
    show: Show, server: Server, sizes: dict[str, int], phone: bool
) -> None:
    page = show(phone=phone)
    level = settle(page)
    asked = server.take()
    # The best level that costs little; once someone touches the image, the best.
    cheap = [
        n
        for n in range(best_level(fit(page)), LEVELS)
        if sum(sizes[name] for name in chunks_seen(page, n, fit(page), MIDDLE)) <= 140_000
    ]
    assert level == cheap[0]
    assert set(asked) == chunks_seen(page, level, fit(page), MIDDLE)
    assert len(asked) == len(set(asked))
    assert page.evaluate("document.documentElement.scrollWidth") <= (360 if phone else 1280)
    spent, spared = page.locator(".bz-row b").all_inner_texts()
    loaded = format_bytes(sum(sizes[n] for n in asked), decimal=True)
    assert spent == f"{len(asked)} requests, {loaded}"
    full = [size for name, size in sizes.items() if name.startswith("0/")]
    assert spared == f"96 requests, {format_bytes(sum(full), decimal=True)}"
    expect(page.get_by_role("status")).to_have_text(
        f"Level {level} of levels 0 to 3, {0.5 * 2**level:g} µm per pixel. Loaded so far: "
        f"{len(asked)} chunks, {loaded}."
    )
    with begun(page):
        page.locator("canvas").focus()
    best = settle(page)
    assert best == best_level(fit(page))
    if best != level:
        assert set(server.take()) == chunks_seen(page, best, fit(page), MIDDLE)
    expect(page.locator(".bz-caption")).to_have_text("Waves.")


def test_keys_zoom_and_move_and_going_back_asks_for_nothing(show: Show, server: Server) -> None:
    page = show()
    settle(page)
    with begun(page):
        page.locator("canvas").focus()
    settle(page)
    zoom, loaded = fit(page), set(server.take())
    for _ in range(2):
        page.keyboard.press("+")
    zoom *= 4
    level = settle(page)
    assert level == best_level(zoom)
    wanted = chunks_seen(page, level, zoom, MIDDLE)
    # On the way, what flew past may have been asked for; what is in view now was.
    asked = server.take()
    assert wanted <= set(asked)
    loaded |= set(asked)

    for _ in range(3):
        page.keyboard.press("ArrowRight")
    settle(page)
    aside = (MIDDLE[0], MIDDLE[1] + 0.6 * box(page)[1] / zoom)
    wanted = chunks_seen(page, level, zoom, aside)
    asked = server.take()
    assert wanted - loaded <= set(asked)
    assert wanted - loaded
    assert not loaded & set(asked)

    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    settle(page)
    page.keyboard.press("0")
    assert settle(page) == best_level(fit(page))
    assert server.take() == []
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")


def test_what_was_out_of_view_for_long_is_let_go(show: Show, server: Server) -> None:
    page = show(cache=1)  # MiB: four chunks
    settle(page)
    page.locator("canvas").focus()
    page.keyboard.press("1")
    settle(page)
    server.take()
    for key in ("ArrowRight",) * 6 + ("ArrowLeft",) * 6:
        page.keyboard.press(key)
        settle(page)
    # Those of the first view, which had been loaded before, are among what was asked for.
    assert chunks_seen(page, 0, 1, MIDDLE) & set(server.take())


def test_at_full_resolution_pixels_are_those_of_the_array(show: Show) -> None:
    page = show()
    page.emulate_media(reduced_motion="reduce")  # no flash, no gliding
    settle(page)
    page.get_by_role("button", name="1:1, full resolution").click()
    assert settle(page) == 0
    canvas = drawn(page)
    height, width = canvas.shape[:2]
    assert (height, width) == box(page)
    top, left = round(MIDDLE[0] - height / 2), round(MIDDLE[1] - width / 2)
    expected = toned(IMAGE[top : top + height, left : left + width])
    for colour in range(3):
        np.testing.assert_array_equal(canvas[..., colour], expected)


def test_coarser_levels_are_those_of_the_array_too(show: Show) -> None:
    page = show()
    page.emulate_media(reduced_motion="reduce")
    settle(page)
    page.get_by_role("button", name="1:1, full resolution").click()
    page.get_by_role("button", name="Zoom out").click()
    assert settle(page) == 1
    canvas = drawn(page)[..., 0]
    height, width = canvas.shape
    top, left = round(SHAPE[0] / 4 - height / 2), round(SHAPE[1] / 4 - width / 2)
    level = halved(IMAGE)[top : top + height, left : left + width]
    np.testing.assert_array_equal(canvas, toned(level))


def test_the_mouse_drags_and_the_wheel_leaves_the_page_its_scrolling(
    show: Show, server: Server
) -> None:
    page = show()
    settle(page)
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").click()
    settle(page)
    page.evaluate("document.activeElement.blur()")
    server.take()
    zoom = fit(page) * 8
    area = page.locator("canvas").bounding_box()
    assert area
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 150, y - 90)
    page.mouse.up()
    level = settle(page)
    wanted = chunks_seen(page, level, zoom, (MIDDLE[0] + 90 / zoom, MIDDLE[1] + 150 / zoom))
    before = chunks_seen(page, level, zoom, MIDDLE)
    assert set(server.take()) == wanted - before

    canvas = drawn(page)
    page.evaluate("document.activeElement.blur()")
    page.mouse.wheel(0, 60)
    page.wait_for_function("scrollY > 30")
    expect(page.locator(".bz-hint")).to_have_class("bz-hint bz-on")
    expect(page.locator(".bz-hint")).to_contain_text("Click the image first")
    np.testing.assert_array_equal(drawn(page), canvas)

    page.evaluate("scrollTo(0, 0)")
    page.mouse.click(x, y)
    with begun(page):
        page.mouse.wheel(0, 250)
        page.mouse.wheel(0, 250)
    assert settle(page) == best_level(zoom / 2 / 2)
    assert page.evaluate("scrollY") == 0
    page.evaluate("document.activeElement.blur()")
    with begun(page):
        page.keyboard.down("Control")
        page.mouse.wheel(0, -100)
        page.keyboard.up("Control")
    assert settle(page) == best_level(zoom / 2)


def test_fingers_pinch_and_drag_once_the_image_is_tapped(show: Show, server: Server) -> None:
    page = show(phone=True)
    page.emulate_media(reduced_motion="reduce")
    settle(page)
    server.take()
    area = page.locator("canvas").bounding_box()
    assert area
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (x - 30, y), (x + 30, y))
    for spread in (50, 80, 120):
        touch("touchMove", (x - spread, y), (x + spread, y))
    touch("touchEnd")
    level = settle(page)
    zoom = fit(page) * 4
    assert level == best_level(zoom)
    wanted = chunks_seen(page, level, zoom, MIDDLE)
    assert wanted <= set(server.take())

    # One finger scrolls the page, until the image is tapped.
    still = drawn(page)
    touch("touchStart", (x, y))
    for way in range(1, 7):
        touch("touchMove", (x, y - 20 * way))
    touch("touchEnd")
    page.wait_for_function("scrollY > 40")
    # Until the page has come to rest: two looks see it at the same place.
    page.wait_for_function(
        "scrollY === window.before || void (window.before = scrollY)", polling=400
    )
    np.testing.assert_array_equal(drawn(page), still)
    page.evaluate("scrollTo(0, 0)")
    page.touchscreen.tap(x, y)
    expect(page.locator("canvas")).to_be_focused()
    touch("touchStart", (x, y))
    for way in range(1, 7):
        touch("touchMove", (x - 20 * way, y))
    touch("touchEnd")
    settle(page)
    assert page.evaluate("scrollY") == 0
    # Some of the first move may go by before it counts as one.
    asked = set(server.take())
    after = chunks_seen(page, level, zoom, (MIDDLE[0], MIDDLE[1] + 120 / zoom))
    assert asked
    assert asked <= after - wanted
    page.touchscreen.tap(x, area["y"] + area["height"] + 600)  # outside
    expect(page.locator("canvas")).not_to_be_focused()


def test_without_the_pyramid_it_asks_first(
    show: Show, server: Server, sizes: dict[str, int]
) -> None:
    page = show()
    settle(page)
    server.take()
    page.get_by_role("switch", name="Pyramid").uncheck()
    full = [size for name, size in sizes.items() if name.startswith("0/")]
    assert sum(full) > 4e6
    notice = page.get_by_role("alert")
    needed = format_bytes(sum(full), decimal=True)
    expect(notice).to_contain_text(f"is 96 chunks, {needed}. Load them")
    assert settle(page) == 0
    assert server.take() == []
    ground = drawn(page)
    assert len(np.unique(ground.reshape(-1, 3), axis=0)) == 1  # and nothing is drawn
    server.most_under_way = 0
    with begun(page):
        notice.get_by_role("button", name="Load them").click()
    assert settle(page) == 0
    asked = server.take()
    assert sorted(asked) == sorted(name for name in sizes if name.startswith("0/"))
    assert 1 < server.most_under_way <= 6
    # Those in the middle came first.
    distances = [
        math.dist([int(n) + 0.5 for n in name.split("/")[2:]], [n / CHUNK for n in MIDDLE])
        for name in asked
    ]
    assert np.mean(distances[:20]) < np.mean(distances[38:58]) < np.mean(distances[-20:])
    expect(notice).to_be_empty()
    page.get_by_role("switch", name="Pyramid").check()
    settle(page)
    assert not [name for name in server.take() if name.startswith("0/")]


def test_counters_start_again(show: Show) -> None:
    page = show()
    settle(page)
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").click()
    level, zoom = settle(page), fit(page) * 8
    page.get_by_role("button", name="Reset counters").click()
    spared = len(chunks_seen(page, 0, zoom, MIDDLE))
    assert level == 0
    spent, without = page.locator(".bz-row b").all_inner_texts()
    assert spent == "0 requests, 0 bytes"
    assert without.startswith(f"{spared} requests, ")


def test_borders_are_drawn_and_named(show: Show) -> None:
    page = show()
    page.emulate_media(reduced_motion="reduce")  # no flash
    settle(page)
    page.get_by_role("button", name="1:1, full resolution").click()
    settle(page)
    before = drawn(page)
    page.get_by_role("switch", name="Chunk borders").check()
    next_frame(page)
    changed = (drawn(page) != before).any(axis=2)
    height, width = changed.shape
    top, left = round(MIDDLE[0] - height / 2), round(MIDDLE[1] - width / 2)
    for x in range(0, SHAPE[1], CHUNK):
        if left < x < left + width - 1:
            assert changed[:, x - left].mean() > 0.9
    for y in range(0, SHAPE[0], CHUNK):
        if top < y < top + height - 1:
            assert changed[y - top].mean() > 0.9
    assert changed.mean() < 0.1


def test_the_canvas_follows_the_theme_of_the_page_at_once(show: Show) -> None:
    page = show()
    page.emulate_media(reduced_motion="reduce")
    settle(page)
    page.get_by_role("switch", name="Pyramid").uncheck()  # asks first, and draws the ground alone
    expect(page.get_by_role("alert")).to_contain_text("Load them")

    def ground() -> tuple[list[int], str]:
        next_frame(page)
        (colour,) = np.unique(drawn(page).reshape(-1, 3), axis=0)
        behind: str = page.locator("canvas").evaluate("(c) => getComputedStyle(c).backgroundColor")
        return colour.tolist(), behind

    seen = []
    for theme in ("light", "dark", "light"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        colour, behind = ground()
        assert behind == f"rgb({colour[0]}, {colour[1]}, {colour[2]})"
        seen.append(colour)
    assert seen[0] == seen[2]
    assert min(seen[0]) > 200
    assert max(seen[1]) < 80
    panel = page.locator(".bz").evaluate("(e) => getComputedStyle(e).backgroundColor")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert panel != page.locator(".bz").evaluate("(e) => getComputedStyle(e).backgroundColor")


def test_who_asks_for_less_motion_in_flight_arrives_at_once(show: Show) -> None:
    page = show()
    settle(page)
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    page.get_by_role("button", name="1:1, full resolution").click()
    page.clock.run_for(40)
    scale = "document.querySelector('.bz-scale').style.width"
    on_the_way = page.evaluate(scale)
    page.emulate_media(reduced_motion="reduce")
    page.clock.run_for(40)
    assert page.evaluate(scale) == "100px" != on_the_way  # 50 µm
    page.clock.resume()
    assert settle(page) == 0


def test_what_is_no_longer_wanted_is_cancelled(show: Show, server: Server) -> None:
    page = show()
    page.emulate_media(reduced_motion="reduce")  # on the way it would want others, and cancel them
    settle(page)
    cancelled: list[str] = []
    page.on(
        "requestfailed",
        lambda request: "ERR_ABORTED" in (request.failure or "") and cancelled.append(request.url),
    )
    server.take()
    server.full_resolution.clear()
    page.get_by_role("button", name="1:1, full resolution").click()
    while server.under_way < 6:
        page.wait_for_timeout(20)
    page.get_by_role("button", name="Fit: show the whole image").click()
    settle(page)
    asked = [name for name in server.take() if name.startswith("0/")]
    for _ in range(3000):  # a minute at most: the browser tells of them later
        if len(cancelled) >= len(asked):
            break
        page.wait_for_timeout(20)
    # Those that waited their turn were never asked for.
    assert sorted(url.partition("waves.zarr/")[2] for url in cancelled) == sorted(asked)
    assert len(asked) == 6
    server.full_resolution.set()
    expect(page.get_by_role("alert")).to_be_empty()
    page.get_by_role("button", name="1:1, full resolution").click()
    settle(page)
    assert set(server.take()) == chunks_seen(page, 0, 1, MIDDLE)


def test_a_chunk_that_fails_is_hatched_and_named(show: Show, server: Server, visitor: Any) -> None:
    visitor.forgive("500")
    page = show()
    page.emulate_media(reduced_motion="reduce")
    settle(page)
    server.failing = {"0/c/3/5", "0/c/4/5"}
    page.get_by_role("button", name="1:1, full resolution").click()
    settle(page)
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("chunk 0/c/3/5, the server answers 500 (and 1 more). Check the")
    red = drawn(page)
    assert (red[..., 0] > red[..., 2] + 20).mean() > 0.05
    asked = server.take()
    # Nothing is tried again in silence, not even on coming back.
    page.get_by_role("button", name="Fit: show the whole image").click()
    settle(page)
    page.get_by_role("button", name="1:1, full resolution").click()
    settle(page)
    assert not [name for name in server.take() if name.startswith("0/")]
    server.failing = set()
    with begun(page):
        notice.get_by_role("button", name="Try again").click()
    settle(page)
    assert sorted(server.take()) == ["0/c/3/5", "0/c/4/5"]
    assert len(asked) == len(set(asked))
    expect(notice).to_be_empty()
    assert len(np.unique(np.ptp(drawn(page), axis=2))) == 1  # all grey again


def test_controls_can_be_hit_with_a_finger_and_paper_gets_the_picture(show: Show) -> None:
    page = show(phone=True)
    settle(page)
    for button in page.locator(".bz button, .bz label, .bz summary").all():
        area = button.bounding_box()
        assert area
        assert area["height"] >= 40
        assert area["width"] >= 40
    page.emulate_media(media="print")
    expect(page.locator("canvas")).to_be_visible()
    expect(page.locator(".bz-buttons")).to_be_hidden()
    expect(page.locator(".bz-scale")).to_be_visible()


def test_it_reads_zarr_v2_of_five_axes_with_chunks_left_out(
    show: Show, image_folder: Path, visitor: Any
) -> None:
    import numcodecs

    folder = image_folder / "images" / "old.zarr"
    group = zarr.open_group(folder, mode="w", zarr_format=2)
    values = np.zeros((1, 1, 2, 300, 400), np.uint16)
    values[..., 200:] = 1000
    array = group.create_array(
        "a",
        shape=values.shape,
        chunks=(1, 1, 1, 200, 200),
        dtype="uint16",
        compressors=numcodecs.Zlib(level=1),
        fill_value=0,
    )
    array[...] = values
    assert not (folder / "a/0.0.0.0.0").exists()
    scale = {"type": "scale", "scale": [1, 1, 1, 2, 2]}
    axes = [{"name": n, "unit": "nanometer"} if n in "zyx" else {"name": n} for n in "tczyx"]
    dataset = {"path": "a", "coordinateTransformations": [scale]}
    multiscale = {"version": "0.4", "axes": axes, "datasets": [dataset]}
    channel = {"window": {"start": 0, "end": 2000}}
    group.attrs.update({"multiscales": [multiscale], "omero": {"channels": [channel]}})
    visitor.forgive("404")  # for what is not there: zarr.json, and two chunks of zeros
    page = show(ZoomViewer(url="../images/old.zarr", title="Old"))
    page.emulate_media(reduced_motion="reduce")
    settle(page)
    expect(page.locator(".bz-where")).to_contain_text("2 nm per pixel")
    canvas = drawn(page)[..., 0]
    middle = canvas.shape[1] // 2
    assert {*np.unique(canvas[5:-5, 5 : middle - 2])} == {0}
    assert {*np.unique(canvas[5:-5, middle + 2 : -5])} == {128}


@pytest.mark.parametrize(
    ("address", "reason"),
    [("../images/none.zarr", "zarr.json: the server has no such file (404)"), ("..", "404")],
)
def test_what_is_no_image_leaves_the_picture_and_says_why(
    show: Show, visitor: Any, address: str, reason: str
) -> None:
    visitor.forgive("404")
    page = show(
        ZoomViewer(url=address, title="Waves", picture="data:image/gif;base64,R0lGODlhAQABAAAAACw=")
    )
    message = page.get_by_role("status")
    expect(message).to_contain_text("Waves cannot be shown")
    expect(message).to_contain_text(reason)
    expect(page.get_by_role("img", name="Waves")).to_be_visible()


def test_without_scripts_there_is_a_picture_and_a_sentence(show: Show) -> None:
    page = show(ZoomViewer(pyramid(), title="Waves"), javascript=False)
    expect(page.get_by_role("img", name="Waves")).to_be_visible()
    assert (
        page.evaluate("document.images[0].naturalWidth") == 187
    )  # level 3, averaged in boxes of 2
    expect(page.get_by_text("can be moved and zoomed")).to_be_visible()


def test_a_page_without_kernel_says_so_where_the_pixels_are_with_it(show: Show) -> None:
    page = show(ZoomViewer(pyramid(), title="Waves"))
    expect(page.get_by_role("status")).to_contain_text("run this cell in Jupyter")
    expect(page.get_by_role("img", name="Waves")).to_be_visible()


def test_live_the_kernel_sends_the_chunks_in_view(
    visitor: Any, server: Server, image_folder: Path
) -> None:
    """The page's side with the Python side behind it; only the transport is the test's own."""
    viewer = ZoomViewer(pyramid(), title="Waves", pixel_size=0.5, unit="µm", contrast=WINDOW)
    asked: list[str] = []
    answers: list[Any] = []
    viewer.send = lambda content, buffers=(): answers.append((content, buffers))  # type: ignore

    def kernel(message: dict[str, Any]) -> list[Any]:
        asked.append("{level}/c/{row}/{column}".format_map(message))
        if asked[-1] == "0/c/4/6":
            message["level"] = 9
        viewer._handle_custom_msg(message, [])
        content, buffers = answers.pop()
        return [content, [base64.b64encode(buffer).decode() for buffer in buffers or ()]]

    (image_folder / "live.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,">'
        f"<style>{viewer._css}</style><div id=here style='width: 700px'></div>",
        encoding="utf-8",
    )
    page = visitor.open(f"{server.url}live.html")
    page.emulate_media(reduced_motion="reduce")
    page.expose_function("kernel", kernel)
    page.evaluate(
        """async ({ source, traits }) => {
          const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          const { default: widget } = await import(url);
          const hear = new Set();
          const model = {
            get: (name) => traits[name],
            on: (event, listener) => event === "msg:custom" && hear.add(listener),
            off: (event, listener) => hear.delete(listener),
            async send(message) {
              const [content, buffers] = await kernel(message);
              const views = buffers.map((text) =>
                new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer));
              hear.forEach((listener) => listener(content, views));
            },
          };
          window.cleanUp = widget.render({ model, el: document.getElementById("here") });
          window.listeners = hear;
        }""",
        {
            "source": str(viewer._esm),
            "traits": {n: getattr(viewer, n) for n in ("title", "url", "picture", "image")},
        },
    )
    level = settle(page)
    assert level == best_level(fit(page))
    assert set(asked) == chunks_seen(page, level, fit(page), MIDDLE)
    asked.clear()
    page.get_by_role("button", name="1:1, full resolution").click()
    assert settle(page) == 0
    assert set(asked) == chunks_seen(page, 0, 1, MIDDLE)
    expect(page.get_by_role("alert")).to_contain_text(
        "chunk 0/4/6, ValueError: The level is 9: there are 4"
    )
    canvas = drawn(page)[..., 0]
    height, width = canvas.shape
    top, left = round(MIDDLE[0] - height / 2), round(MIDDLE[1] - width / 2)
    part = (slice(0, 4 * CHUNK - top), slice(0, None))
    expected = toned(IMAGE[top : top + height, left : left + width])
    np.testing.assert_array_equal(canvas[part], expected[part])
    page.evaluate("cleanUp()")
    assert page.evaluate("listeners.size") == 0


def test_home_opens_with_little_data(visitor: Any, site: str, site_folder: Path) -> None:
    """The real page: a picture for 150 kB at most, of an image of 12 MB at most."""
    folder = site_folder / "images" / "tissue_section.ome.zarr"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 12_000_000
    page = visitor.open("about:blank")
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(f"{site}book/home.html")
    page.locator(".anywidget-mount").first.scroll_into_view_if_needed()
    assert settle(page) == 3
    page.wait_for_load_state("networkidle")
    loaded = [len(answer.body()) for answer in answers if "/tissue_section" in answer.url]
    assert 50_000 < sum(loaded) <= 150_000
    expect(page.locator(".bz-caption")).to_contain_text("Synthetic tissue")


def test_the_viewer_of_lesson_4_zooms_on_the_page_too(visitor: Any, site: str) -> None:
    """Live it shows the pyramid that the lesson built; here, with no kernel, the site's image."""
    page = visitor.open(f"{site}notebooks/04_build_a_resolution_pyramid.html")
    page.locator(".bz").scroll_into_view_if_needed()
    assert settle(page) > 0
    page.get_by_role("button", name="1:1, full resolution").click()
    assert settle(page) == 0
