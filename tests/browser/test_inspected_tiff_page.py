"""A TIFF that is given to a page is described from few of its bytes, as Python describes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.widgets.base import whole_module
from tests.inspection_zoo import ZOO, sparse_tiff
from tests.test_inspection_limits import tiff_by_hand, uneven_tiff

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title>
<link rel="icon" href="data:,"><input type="file">
<script type="module">
import { reportOn } from "./opening.js";
import { blobSource } from "./sources.js";
window.described = async () => {
  const [file] = document.querySelector("input").files;
  const source = blobSource(file, file.name);
  let taken = 0;
  const read = async (...range) => {
    const bytes = await source.read(...range);
    taken += bytes.length;
    return bytes;
  };
  const report = await reportOn({ ...source, read }, file.name);
  return { report, taken };
};
window.isReady = true;
</script></html>"""


@pytest.fixture(scope="module")
def address(
    tmp_path_factory: pytest.TempPathFactory, serving: Callable[[Path], Any]
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    for name in ("opening.js", "sources.js"):
        (folder / name).write_text(whole_module(f"inspection/{name}"), encoding="utf-8")
    with serving(folder) as url:
        yield f"{url}index.html"


@pytest.fixture
def described(page: Page, address: str) -> Callable[[Path], Any]:
    """A function that gives a file to the page: its report, and how many bytes were read."""

    def give(path: Path) -> Any:
        page.goto(address)
        page.wait_for_function("window.isReady")
        page.set_input_files("input", path)
        return page.evaluate("window.described()")

    return give


def as_python_says(path: Path) -> Any:
    return json.loads(json.dumps(report_on(path).as_json())) | {"source": path.name}


def test_a_tiff_is_described(described: Callable[[Path], Any], tmp_path: Path) -> None:
    path = ZOO["ome_tiff_of_ours"].make(tmp_path)
    assert described(path)["report"] == as_python_says(path)


@pytest.mark.parametrize("kind", ["at the beginning", "behind each plane"])
def test_of_4_gib_little_is_read(
    described: Callable[[Path], Any], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "a.tif"
    if kind == "at the beginning":
        tiff_by_hand(path, 4097, 1024, 1024, 1024)
    else:
        sparse_tiff(path, (1025, 2048, 2048))
    answer = described(path)
    assert answer["report"]["files"]["nbytes"] > 2**32
    assert answer["taken"] <= 20e6
    right = as_python_says(path)
    # A slow computer counts in part, and says so.
    is_partial = answer["report"]["is_partial"] or right["is_partial"]
    assert answer["report"] == right or is_partial


def test_planes_at_unequal_distances_are_counted(
    described: Callable[[Path], Any], tmp_path: Path
) -> None:
    path = uneven_tiff(tmp_path / "a.tif", 600, 9000)
    answer = described(path)["report"]
    assert answer == as_python_says(path)
    assert answer["levels"][0]["shape"] == [600, 16, 16]
