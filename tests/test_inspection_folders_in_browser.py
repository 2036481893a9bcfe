"""Damaged folders of Zarr and N5: the page says what Python says, a report or a sentence."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.labels import with_sample
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.widgets.base import JS
from tests.inspection_zoo import ZOO
from tests.node import Node
from tests.test_inspection_damage import damaged, documents

DAMAGED = ("n5_of_ours", "ome_zarr_04", "ome_zarr_06", "ome_zarr_in_one_file", "zarr_group")
CASES = 40  # of each

MODULES = ("opening", "ome_zarr", "n5", "labels", "zip_folder", "errors")
INSPECT = """async ({ path, xml }) => {
  const file = await nodeFile(path);
  let place = nodeFolder(path);
  const readers = {
    inspectZarr,
    inspectN5: async (place, given) => inspectN5(place, given, { xml: await nodeFile(xml) }),
    zipPlace: async (source, given) => (place = await openZip(source, given)),
  };
  try {
    return { report: await withSample(await reportOn(file ?? place, path, readers), place) };
  } catch (error) {
    if (!(error instanceof InspectionError)) throw error;
    return { said: error.message };
  }
}"""


@pytest.fixture(scope="module")
def in_browser(node: Node):
    """Describe a folder by the modules of the page: ``report``, or what was ``said``."""
    paths = [JS / "inspection" / f"{name}.js" for name in MODULES]
    paths.append(Path(__file__).parent / "js" / "node_folder.mjs")
    text = "".join(f'export * from "{path.as_uri()}";\n' for path in paths)
    evaluate = node.source("folders", text)

    def describe(path: Path):
        return evaluate(INSPECT, {"path": str(path), "xml": str(path.with_suffix(".xml"))})

    return describe


def in_python(path: Path):
    try:
        report = with_sample(report_on(path))
    except InspectionError as error:
        return {"said": str(error)}
    return {"report": json.loads(json.dumps(report.as_json()))}


def without_reason(said: str) -> str:
    """Leave out what a library says: Python's and the browser's have words of their own."""
    begin, end = said.find(" ("), said.rfind("): ")
    return said if begin < 0 or end < 0 else said[:begin] + said[end:]


def without_parsers_words(report):
    """Leave out what a parser of XML says of an XML that was not read."""
    notes = [Path(note.split(" was not read.")[0]).name for note in report["notes"]]
    return {**report, "notes": notes}


@pytest.fixture(scope="module")
def outcomes(in_browser, tmp_path_factory):
    """For each damaged folder what the page says, and what Python says."""
    found = []
    for name in DAMAGED:
        path = ZOO[name].make(tmp_path_factory.mktemp(name))
        files = documents(path)
        for number in range(CASES):
            chance = random.Random(f"{name} {number}")  # noqa: S311
            file = chance.choice(files)
            intact = file.read_bytes()
            file.write_bytes(damaged(intact, chance))
            found.append((f"{name} {number}", in_browser(path), in_python(path)))
            file.write_bytes(intact)
        assert "report" in in_browser(path)
    return found


def test_damaged_folders_are_described_as_in_python(outcomes):
    assert len(outcomes) >= 200
    kinds = [next(iter(page)) for _, page, _ in outcomes]
    assert min(kinds.count("report"), kinds.count("said")) > 40
    for name, page, python in outcomes:
        if "report" in python:
            assert without_parsers_words(page["report"]) == without_parsers_words(
                python["report"]
            ), name
        else:
            assert without_reason(page["said"]) == without_reason(python["said"]), name


def test_each_sentence_is_one_line_that_names_the_file(outcomes):
    for name, page, _ in outcomes:
        if "said" in page:
            said = page["said"]
            assert "\n" not in said, name
            assert said.endswith("."), (name, said)
            assert name.split()[0] in said, (name, said)
            assert len(said) < 800, (name, said)


def test_a_level_that_is_missing_is_told(in_browser, tmp_path):
    path = ZOO["ome_zarr_05"].make(tmp_path)
    shutil.rmtree(path / "1")
    said = in_browser(path)["said"]
    assert said == in_python(path)["said"]
    assert "names a level '1'" in said
