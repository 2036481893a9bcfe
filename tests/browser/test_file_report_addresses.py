"""Addresses given to the page: of servers that refuse, redirect, or send something else."""

from __future__ import annotations

import http.server
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, expect
from widget_page import Write

from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.samples.example_files import examples
from bigimg_lessons.widgets import FileReport
from tests.local_server import LocalServer

FILES = {path: content for example in examples() for path, content in example.files.items()}
SIGN_IN = b"<!DOCTYPE html>\n<html><title>Sign in</title></html>"


class Server(LocalServer):
    """Serves the examples as `Handler` has it.

    Attributes
    ----------
    asked
        What was asked for, in order.
    is_open
        Whether pages of other sites may read it.
    """

    def __init__(self, *, is_open: bool) -> None:
        super().__init__(Handler)
        self.url = self.origin
        self.asked: list[str] = []
        self.is_open = is_open


class Handler(http.server.BaseHTTPRequestHandler):
    """Below old/ all has moved, below app/ all is a page, below locked/ a key is wanted."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        parts = urlsplit(self.path)
        place, _, path = unquote(parts.path)[1:].partition("/")
        if place == "old":
            return self.answer(301, b"", Location=f"{self.server.url}/data/{path}")
        if place == "app":
            return self.answer(200, SIGN_IN)
        if place == "broken":
            return self.answer(500, b"")
        if path not in FILES or (place == "locked" and parts.query != "key=1%2F2"):
            return self.answer(404, b"")
        return self.answer(200, FILES[path])

    def answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        if self.server.is_open:
            self.send_header("Access-Control-Allow-Origin", "*")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of another origin, which pages of other sites may read."""
    with Server(is_open=True) as server:
        yield server


@pytest.fixture
def closed_server() -> Iterator[Server]:
    """A server of another origin that says nothing of who may read it."""
    with Server(is_open=False) as server:
        yield server


@pytest.fixture
def form(page: Page, write: Write) -> Page:
    """The form; that a server answers 404, or refuses, is no problem of the page's."""
    page.goto(write(FileReport()))
    return page


@pytest.fixture
def unexpected(lasting_visitor: Any, page: Page) -> None:
    """Forget what the browser says of answers that these tests ask for."""
    lasting_visitor.forgive("40|500|CORS|ERR_FAILED|status of")


pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("unexpected")]


def give(page: Page, address: str) -> None:
    page.get_by_label("address").fill(address)
    page.get_by_label("address").press("Enter")
    # Whatever is said once it is done; until then it says what it is reading.
    expect(page.locator(".br-said")).to_have_text(re.compile("^(?!Reading )."))
    expect(page.locator("section.br[aria-busy]")).to_have_count(0)


def sentence_of(page: Page) -> str:
    expect(page.locator(".br-said")).to_have_attribute("data-wrong", "")
    return page.locator(".br-said").inner_text()


def python_says(address: str) -> str:
    with pytest.raises(InspectionError) as caught:
        report_on(address)
    return str(caught.value)


# ---- What cannot be read


@pytest.mark.parametrize("name", ["cells.ome.zarr", "stack.tif"])
def test_a_server_that_lets_no_other_page_read_it(
    form: Page, closed_server: Server, name: str
) -> None:
    """Whether it is that, or there is no such server, a browser tells no page."""
    address = f"{closed_server.url}/data/{name}"
    give(form, address)
    said = sentence_of(form)
    assert said.startswith(address)
    assert "cannot be reached" in said
    assert "may also not allow pages of other sites to read it (CORS)" in said
    assert said.endswith(": bigimg inspect, in a terminal, needs no such leave.")
    assert closed_server.asked  # it was there
    # Nor does it: no page asks.
    if name.endswith("zarr"):
        assert report_on(address).levels[0].shape == (16, 256, 256)


@pytest.mark.parametrize(
    ("path", "beginning"),
    [
        ("data/nothing.zarr", "There is neither zarr.json nor .zgroup"),
        ("data/nothing.tif", "There is nothing at"),
        ("broken/cells.ome.zarr", "The server of"),
        ("broken/stack.tif", "The server of"),
        ("app/cells.ome.zarr", "is a web page"),
        ("app/stack.tif", "is a web page"),
        ("data/stack.tif", "does not send parts of files"),
        ("data/a.xml", "is an XML"),
    ],
)
def test_what_cannot_be_read_gets_the_sentence_of_the_terminal(
    form: Page, server: Server, path: str, beginning: str
) -> None:
    address = f"{server.url}/{path}"
    give(form, address)
    said = sentence_of(form)
    assert said == python_says(address)
    assert beginning in said
    assert address in said


@pytest.mark.parametrize(
    "typed",
    [
        "{host}/data/cells.ome.zarr",
        "http:{host}/cells.ome.zarr",
        "//{host}/a.zarr",
        "http://",
        "https:",
    ],
)
def test_what_is_no_address_is_not_fetched(form: Page, server: Server, typed: str) -> None:
    address = typed.format(host=server.url.removeprefix("http://"))
    give(form, address)
    assert sentence_of(form) == (
        f"{address} begins neither with http:// nor with https://: give the address by which a "
        "browser reaches it."
    )
    assert server.asked == []
    if address.startswith("http"):
        assert sentence_of(form) == python_says(address)


# ---- What can


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("data/cells.ome.zarr/", "data/cells.ome.zarr"),
        ("data/cells.ome.zarr//", "data/cells.ome.zarr"),
        ("data/cells.ome.zarr/zarr.json", "data/cells.ome.zarr"),
        ("data/cells.ome.zarr#top", "data/cells.ome.zarr"),
        ("locked/cells.ome.zarr?key=1%2F2", "locked/cells.ome.zarr"),
        ("locked/cells.ome.zarr/?key=1%2F2#top", "locked/cells.ome.zarr"),
        ("old/cells.ome.zarr", "data/cells.ome.zarr"),
    ],
)
def test_ways_to_write_an_address(form: Page, server: Server, path: str, folder: str) -> None:
    """With its pixels, which are asked for in the same way."""
    address = f"{server.url}/{path}"
    give(form, address)
    expect(form.locator(".br-name")).to_have_text(address)
    expect(form.locator(".br-picture canvas")).to_be_visible()
    expect(form.locator(".br-what")).to_contain_text("OME-Zarr 0.5: 16 × 256 × 256 (Z Y X), uint8")
    asked = {urlsplit(each).path for each in server.asked}
    assert f"/{folder}/zarr.json" in asked
    assert any(each.startswith(f"/{folder}/0/c/") for each in asked)
    server.asked.clear()
    report = report_on(address)
    assert [level.shape for level in report.levels] == [
        (16, 256, 256),
        (16, 128, 128),
        (16, 64, 64),
    ]
    assert f"/{folder}/zarr.json" in {urlsplit(each).path for each in server.asked}
