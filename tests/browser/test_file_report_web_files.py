"""Files on a server, which the page reads in parts: HDF5 most of all."""

from __future__ import annotations

import http.server
import re
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import h5py
import numpy as np
import pytest
import tifffile
from playwright.sync_api import Page, expect

from bigimg_lessons import build_pyramid
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.opening import report_on
from tests.browser.file_reports import (
    ADDED,
    copied_report,
    document,
    pixels,
    said,
    toned,
    wait_for,
)
from tests.inspection_zoo import ZOO
from tests.local_server import LocalServer

pytestmark = pytest.mark.browser

BLOCK = 2**18


class Server(LocalServer):
    """Sends parts of the files of a folder to pages of any site.

    Attributes
    ----------
    asked
        The first byte of each part that was asked for, in order.
    whole
        Names of the files that were asked for as a whole, in order.
    failing
        The answer's status from which byte on; none if it is None.
    held
        Whether all parts but the first wait until the end.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(Handler)
        self.folder = folder
        self.asked: list[int] = []
        self.whole: list[str] = []
        self.failing: tuple[int, int] | None = None
        self.held = False
        self.ending = threading.Event()

    def __exit__(self, *error: object) -> None:
        self.ending.set()
        super().__exit__(*error)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with a file, or a part of it."""

    server: Server

    def do_GET(self) -> None:
        path = self.server.folder / unquote(urlsplit(self.path).path)[1:]
        if not path.is_file():
            return self.answer(404, b"")
        if "Range" not in self.headers:
            self.server.whole.append(path.name)
            return self.answer(200, path.read_bytes())
        start, end = map(int, re.findall(r"\d+", self.headers["Range"]))
        self.server.asked.append(start)
        if self.server.held and start:
            self.server.ending.wait()
        if self.server.failing and start >= self.server.failing[1]:
            return self.answer(self.server.failing[0], path.read_bytes()[:100])
        with path.open("rb") as file:
            file.seek(start)
            content = file.read(end + 1 - start)
        whole = f"bytes {start}-{start + len(content) - 1}/{path.stat().st_size}"
        return self.answer(206, content, {"Content-Range": whole})

    def answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Expose-Headers", "Content-Range")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as server:
        yield server


@pytest.fixture
def form(page: Page, hdf5_page: str) -> Page:
    page.goto(hdf5_page)
    page.evaluate(ADDED, {"worker": "worker.js", "library": "h5wasm.js"})
    return page


def give(page: Page, address: str) -> None:
    page.get_by_label("address").fill(address)
    page.get_by_label("address").press("Enter")


def hdf5_animals() -> list[str]:
    words = ("hdf5", "imaris", "bdv")
    return sorted(name for name in ZOO if any(word in name for word in words))


@pytest.fixture
def forgiven(lasting_visitor: Any, page: Page) -> None:
    """Forget what the browser itself says of files that are not there, and of errors."""
    lasting_visitor.forgive("404|503")


@pytest.mark.usefixtures("forgiven")
@pytest.mark.parametrize("animal", hdf5_animals())
def test_an_animal_is_told_as_in_the_terminal(
    form: Page, server: Server, tmp_path: Path, animal: str
) -> None:
    ZOO[animal].make(tmp_path)
    paths = sorted(path for path in tmp_path.iterdir() if h5py.is_hdf5(path))
    assert paths
    for path in paths:
        address = f"{server.origin}/{path.name}"
        right = document(report_on(address))
        give(form, address)
        wait_for(form, address)
        assert copied_report(form) == right


@pytest.mark.usefixtures("forgiven")
@pytest.mark.parametrize("name", ["a b.h5", "a b.n5", "a b.ims"])
@pytest.mark.parametrize("xml", ["there", "missing", "another", "damaged"])
def test_the_xml_beside_it_is_read_where_it_is_needed(
    form: Page, server: Server, tmp_path: Path, name: str, xml: str
) -> None:
    target = tmp_path / ("a b.xml" if name == "a b.h5" else name)
    image = np.zeros((8, 16, 16), "uint8")
    build_pyramid(image, target, voxel_size=(2, 0.5, 0.5), unit="µm", progress=False)
    beside = tmp_path / "a b.xml"
    if xml == "missing":
        beside.unlink(missing_ok=True)
    elif xml == "another":
        other = "bdv.n5" if name.endswith("h5") else "bdv.hdf5"
        text = beside.read_text("utf-8") if beside.exists() else ""
        beside.write_text(re.sub('format="bdv[.][a-z0-9]+"', f'format="{other}"', text), "utf-8")
    elif xml == "damaged":
        beside.write_text("<SpimData>", "utf-8")
    address = f"{server.origin}/{name.replace(' ', '%20')}"
    report = report_on(address)
    assert server.whole.count("a b.xml") == (xml != "missing" and name != "a b.ims")
    give(form, address)
    wait_for(form, address)
    assert copied_report(form) == document(report)
    if name == "a b.ims":
        assert report.levels[0].voxel_size == (None, None, 2, 0.5, 0.5)
        assert report.notes == ()
    elif xml == "there":
        assert report.levels[0].voxel_size == (2, 0.5, 0.5)
        assert set(report.units) == {"µm"}
        assert report.notes == ()
    else:
        words = {
            "missing": "No a b.xml lies beside it, so its voxel size is unknown.",
            "another": "a b.xml is of another dataset.",
            "damaged": "a b.xml was not read. ",
        }
        assert report.levels[0].voxel_size is None
        assert report.notes[0].startswith(words[xml])


def test_of_a_large_file_a_small_part_is_read(form: Page, server: Server, tmp_path: Path) -> None:
    """For the report and for a picture of a coarse level, and each part once for each."""
    image = np.random.default_rng(7).integers(0, 4000, (24, 700, 660), "uint16")
    build_pyramid(
        image, tmp_path / "a.xml", factors=[(1, 1, 1), (1, 4, 4)], voxel_size=(2, 0.5, 0.5),
        unit="µm", chunk_shape=(4, 64, 64), progress=False,
    )  # fmt: skip
    address = f"{server.origin}/a.h5"
    give(form, address)
    wait_for(form, address)
    expect(form.locator(".br-picture figcaption")).to_contain_text("level 1, Z = 12")
    with h5py.File(tmp_path / "a.h5") as file:
        plane = np.asarray(file["t00000/s00/1/cells"][12])
    np.testing.assert_array_equal(pixels(form), toned(plane))
    blocks = Counter(server.asked)
    assert set(blocks.values()) <= {1, 2}  # the door reads a part, and HDF5 reads it again
    # Chunks of all levels lie among each other, as they were written in one pass.
    assert len(blocks) * BLOCK < (tmp_path / "a.h5").stat().st_size / 2
    form.get_by_role("button", name="Measure a few reads").click()
    rows = form.get_by_role("table", name="Measured from here, just now").get_by_role("row")
    expect(rows).to_have_count(3)


@pytest.fixture
def scattered(tmp_path: Path) -> Path:
    """A file whose datasets are described all over it: 20 of them within 6 MB."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest", meta_block_size=0) as file:
        for number in range(20):
            file.create_dataset(f"{number:02}", data=np.zeros((300, 1000), "uint8"))
    return path


@pytest.mark.usefixtures("forgiven")
@pytest.mark.parametrize("status", [404, 503, 200])
def test_a_server_that_fails_on_the_way_gets_the_sentence_of_the_terminal(
    form: Page, server: Server, scattered: Path, status: int
) -> None:
    """What could not be read is not passed over as damaged."""
    address = f"{server.origin}/{scattered.name}"
    give(form, address)
    wait_for(form, address)
    assert copied_report(form)["report"]["image"] == "dataset 00, the largest of 20"
    assert max(server.asked) > 10 * BLOCK
    server.failing = (status, 10 * BLOCK)
    give(form, address)
    with pytest.raises(InspectionError) as caught:
        report_on(address)
    expect(said(form)).to_have_text(str(caught.value))
    assert address in str(caught.value)


def test_a_file_that_is_given_meanwhile_takes_the_place(
    form: Page, server: Server, scattered: Path
) -> None:
    server.held = True
    give(form, f"{server.origin}/{scattered.name}")
    while len(server.asked) < 3:
        form.wait_for_timeout(20)
    form.get_by_label("Choose a file").set_input_files(scattered)
    wait_for(form, scattered.name)
    expect(said(form)).to_contain_text("a.h5: HDF5")


@pytest.mark.usefixtures("forgiven")
@pytest.mark.parametrize("name", ["scan", "scan.svs", "a.ozx", "cells.zip", "scan.nxs"])
def test_what_a_file_is_is_seen_at_its_beginning(
    form: Page, server: Server, tmp_path: Path, name: str
) -> None:
    """Where its name says nothing; with a picture, and reads that can be measured."""
    voxels = np.random.default_rng(3).integers(0, 256, (3, 40, 50), "uint8")
    voxels[:, 0, :2] = 0, 255  # black and white, whether the file states them or not
    if name.endswith("nxs"):
        with h5py.File(tmp_path / name, "w") as file:
            file.create_dataset("entry/data", data=voxels, chunks=(1, 20, 50))
    elif name in ("a.ozx", "cells.zip"):
        made = tmp_path / "a.ome.zarr"
        build_pyramid(voxels, made, voxel_size=(1, 1, 1), unit="µm", progress=False)
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for path in made.rglob("*"):
                archive.write(path, path.relative_to(made))
    else:
        tifffile.imwrite(tmp_path / name, voxels, photometric="minisblack", metadata=None)
    address = f"{server.origin}/{name}"
    give(form, address)
    wait_for(form, address)
    found = copied_report(form)
    assert found == document(report_on(address))
    has_commands = any(verdict["command"] for verdict in found["verdicts"])
    note = form.get_by_text("The commands are for a copy of the image on your computer")
    expect(note).to_have_count(int(has_commands))
    assert has_commands == (name not in ("a.ozx", "cells.zip"))
    np.testing.assert_array_equal(pixels(form), toned(voxels[1]))
    form.get_by_role("button", name="Measure a few reads").click()
    table = form.get_by_role("table", name="Measured from here, just now")
    expect(table).to_contain_text("from its middle")


@pytest.mark.usefixtures("forgiven")
@pytest.mark.parametrize("name", ["letter", "letter.h5", "letter.tif", "letter.ozx"])
def test_what_is_nothing_known_gets_the_sentence_of_the_terminal(
    form: Page, server: Server, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"Dear editor")
    address = f"{server.origin}/{name}"
    give(form, address)
    with pytest.raises(InspectionError) as caught:
        report_on(address)
    expect(said(form)).to_have_text(str(caught.value))
