"""HDF5 files given to a page: described in a worker, read in part, and sentences when it fails."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hdf5_in_browser import LIBRARY, fetched, worker_script
from platformdirs import user_cache_path
from playwright.sync_api import Page

from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.widgets.base import whole_module
from tests.inspection_zoo import STACK, ZOO
from tests.test_inspection_hdf5_in_browser import MIB, large_bdv

pytestmark = pytest.mark.browser

# Before the worker: says how many bytes of the file were read so far.
COUNTING = """
const read = FileReaderSync.prototype.readAsArrayBuffer;
let taken = 0;
FileReaderSync.prototype.readAsArrayBuffer = function (blob) {
  taken += blob.size;
  new BroadcastChannel("taken").postMessage(taken);
  return read.call(this, blob);
};
"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title>
<link rel="icon" href="data:,"><input type="file" multiple>
<script type="module">
import { hdf5Readers } from "./hdf5_readers.js";
import { Hdf5Reader } from "./client.js";
const given = () => [...document.querySelector("input").files].map((blob) => ({
  blob, name: blob.name, size: blob.size,
  read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
}));
const told = (promise) => promise.then((report) => ({ report }), (error) => ({
  error: error.message, kind: error.name,
}));
window.made = (worker, seconds, library = "h5wasm.js") =>
  new Hdf5Reader({ worker, library }, { seconds });
const reader = window.made("worker.js", 30);
new BroadcastChannel("taken").onmessage = ({ data }) => { window.taken = data; };
window.describedEach = async () => {
  const found = [];
  for (const source of given()) found.push(await told(reader.inspect(source, source.name)));
  return found;
};
window.describedPair = async () => {
  const sources = given();
  const beside = (path) => sources.find(({ name }) => name === path) ?? null;
  const inspect = (...asked) => reader.inspect(...asked);
  const xml = sources.find(({ name }) => name.endsWith(".xml"));
  return told(hdf5Readers({ inspect, beside }).inspectXml(xml, xml.name));
};
window.regionOf = async (level, ranges) => {
  const [source] = given();
  const values = await reader.region(source, level, ranges);
  return { kind: values.constructor.name, values: [...values].map(Number) };
};
window.asked = (reader, name) => told(reader.inspect({ blob: new Blob([]), name }, name));
window.isReady = true;
</script></html>"""
# Goes round forever when it is given "bad", else gives back the name.
STUBBORN = """
addEventListener("message", ({ data }) => {
  while (data.given === "bad");
  postMessage({ found: data.given });
});
"""


@pytest.fixture(scope="module")
def address(
    tmp_path_factory: pytest.TempPathFactory, serving: Callable[[Path], Any]
) -> Iterator[str]:
    """A page with the reader of HDF5."""
    library = fetched(user_cache_path("bigimg-lessons"))
    if library is None:
        pytest.skip("h5wasm is neither in the cache nor to be fetched by npm")
    folder = tmp_path_factory.mktemp("page")
    shutil.copyfile(library / LIBRARY, folder / "h5wasm.js")
    for name, text in {
        "index.html": PAGE,
        "worker.js": COUNTING + worker_script(),
        "stubborn.js": STUBBORN,
        "client.js": whole_module("inspection/hdf5_client.js"),
        "hdf5_readers.js": whole_module("inspection/hdf5_readers.js"),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    with serving(folder) as url:
        yield f"{url}index.html"


@pytest.fixture
def given(page: Page, address: str) -> Callable[..., Any]:
    """A function that gives files to the page and returns what a function of it says."""

    def give(paths: list[Path], call: str = "describedEach") -> Any:
        page.goto(address)
        page.wait_for_function("window.isReady")
        page.set_input_files("input", paths)
        return page.evaluate(f"window.{call}()")

    return give


def as_python_says(path: Path, source: str) -> Any:
    return json.loads(json.dumps(report_on(path).as_json())) | {"source": source}


def test_files_are_described_as_python_describes_them(
    given: Callable[..., Any], tmp_path: Path
) -> None:
    paths = []
    for name in ("hdf5_in_chunks", "imaris_of_ours", "bdv_without_its_xml"):
        (tmp_path / name).mkdir()
        paths.append(ZOO[name].make(tmp_path / name))
    answers = given(paths)
    for path, answer in zip(paths, answers, strict=True):
        assert answer == {"report": as_python_says(path, path.name)}


def test_of_a_large_file_with_its_xml_little_is_read(
    given: Callable[..., Any], page: Page, tmp_path: Path
) -> None:
    path = large_bdv(tmp_path)
    assert path.stat().st_size > 4096 * MIB
    answer = given([tmp_path / "a.xml", path], "describedPair")
    assert answer == {"report": as_python_says(tmp_path / "a.xml", "a.xml")}
    page.wait_for_function("window.taken > 0")
    assert page.evaluate("window.taken") < MIB


def test_after_a_damaged_file_the_next_one_is_described(
    given: Callable[..., Any], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.h5"
    bad.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 20)
    good = ZOO["hdf5_in_one_run"].make(tmp_path)
    wrong, right = given([bad, good])
    assert "bad.h5 cannot be read (as HDF5: " in wrong["error"]
    assert right == {"report": as_python_says(good, good.name)}


def test_a_worker_that_does_not_answer_is_replaced(given: Callable[..., Any], page: Page) -> None:
    given([])
    bad, good = page.evaluate(
        """async () => {
            const reader = window.made("stubborn.js", 0.5);
            const bad = await window.asked(reader, "bad");
            reader.seconds = 30;
            return [bad, await window.asked(reader, "good")];
        }"""
    )
    said = "bad was not read within 0.5 s: it may be damaged."
    assert bad == {"error": said, "kind": "InspectionError"}
    assert good == {"report": "good"}


def test_a_library_that_cannot_be_loaded_is_said_to_be_so(
    given: Callable[..., Any], page: Page
) -> None:
    given([])
    library = "data:text/javascript,throw 1"
    made = f'window.made("worker.js", 30, "{library}")'
    said = page.evaluate(f'window.asked({made}, "a.h5")')
    assert said["kind"] == "InspectionError"
    assert said["error"].startswith("h5wasm, which reads HDF5, could not be loaded from this site")


def test_regions_are_read(given: Callable[..., Any], page: Page, tmp_path: Path) -> None:
    path = ZOO["bdv_of_old_cells"].make(tmp_path).with_name("data.h5")
    (level, _) = given([path])[0]["report"]["levels"]
    ranges = [[3, 5], [0, 80], [90, 96]]
    found = page.evaluate(f"window.regionOf({json.dumps(level)}, {ranges})")
    assert found == {"kind": "Uint16Array", "values": STACK[3:5, :, 90:].ravel().tolist()}
    level["path"] = "s00/resolutions/none"
    said = page.evaluate(
        f"window.regionOf({json.dumps(level)}, {ranges}).catch((error) => error.message)"
    )
    assert said == "there is no dataset s00/resolutions/none"
