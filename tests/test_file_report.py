"""The widget for a reader's file: its examples, what the page is told, and its plain form."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import tifffile
import zarr
from bs4 import BeautifulSoup
from rich.console import Console
from shortening import short_style

from bigimg_lessons.command_line.inspecting import show
from bigimg_lessons.inspection.costs_of import costs_of
from bigimg_lessons.inspection.labels import with_sample
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.verdicts import RULES, verdicts_of
from bigimg_lessons.samples.example_files import examples
from bigimg_lessons.widgets import ChunkExplorer, FileReport
from bigimg_lessons.widgets.base import JS, own_style

EXAMPLES = {example.name: example for example in examples()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All examples, as files."""
    folder = tmp_path_factory.mktemp("examples")
    for example in EXAMPLES.values():
        for path, content in example.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    return folder


# ---- Examples


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("stack.tif", {"no-pyramid", "strips"}),
        ("labels.ome.zarr", {"labels-averaged"}),
        ("cells.ome.zarr", set()),
    ],
)
def test_every_example_has_its_illness_alone(folder, name, names):
    report = with_sample(report_on(folder / name))
    assert {verdict.name for verdict in verdicts_of(report, costs_of(report))} == names


def test_tifffile_reads_the_stack(folder):
    with tifffile.TiffFile(folder / "stack.tif") as tiff:
        (series,) = tiff.series
        assert (series.shape, series.axes, series.dtype) == ((48, 2304, 2304), "ZYX", np.uint8)
        assert tiff.imagej_metadata["spacing"] == 2
        assert tiff.pages[0].rowsperstrip == 256
        first, last = tiff.pages[0].asarray(), tiff.pages[47].asarray()
    np.testing.assert_array_equal(first, last)
    assert set(np.unique(first)) == {40, 150, 220}


def test_zarr_reads_the_others(folder):
    labels = zarr.open_group(folder / "labels.ome.zarr", mode="r")
    full, coarse = labels["0"][:], labels["1"][:]
    mean = full.astype(float).reshape(16, 48, 2, 48, 2).mean((2, 4))
    assert abs(coarse - mean).max() <= 0.5
    assert not np.isin(coarse, full).all()
    cells = zarr.open_group(folder / "cells.ome.zarr", mode="r")
    levels = [cells[str(number)][:] for number in range(3)]
    assert [level.shape for level in levels] == [(16, 256, 256), (16, 128, 128), (16, 64, 64)]
    for fine, coarse in pairwise(levels):
        z, y, x = coarse.shape
        mean = fine.astype(float).reshape(z, y, 2, x, 2).mean((2, 4))
        assert abs(coarse - mean).max() <= 0.5
    # The centre of four voxels is half a voxel of level 0 away from that of the first.
    ome = cells.attrs["ome"]["multiscales"][0]["datasets"]
    shifts = [dataset["coordinateTransformations"][1]["translation"] for dataset in ome]
    assert shifts == [[0, 0, 0], [0, 0.0625, 0.0625], [0, 0.1875, 0.1875]]


def test_a_page_can_carry_them():
    sent = FileReport().examples
    assert [example["name"] for example in sent] == [*EXAMPLES]
    assert len(json.dumps(sent)) < 80_000


# ---- What the page is told


def test_the_page_has_the_rules_of_python():
    rules = FileReport().rules
    assert [rule["name"] for rule in rules["verdicts"]] == [rule.name for rule in RULES]
    assert [rule["link"] for rule in rules["verdicts"]] == [rule.link for rule in RULES]
    assert json.loads(json.dumps(rules)) == rules


def test_the_explorer_is_offered_the_same_as_its_own_widget():
    explorer = ChunkExplorer()
    offered = FileReport().explorer
    assert offered == {name: getattr(explorer, name) for name in offered}


def test_the_style_sheet_has_the_explorers_in_it():
    style = own_style(FileReport.front)
    assert "@import" not in style
    assert (JS / "explorer/chunk_explorer.css").read_text(encoding="utf-8") in style
    assert short_style(style)


# ---- Without scripts


def test_without_scripts_it_says_what_to_do_and_what_may_be_to_mend():
    page = BeautifulSoup(FileReport()._plain_html(), "html.parser")
    assert "bigimg inspect FILE" in page.get_text()
    assert [row.th.get_text() for row in page.tbody("tr")] == [rule.name for rule in RULES]
    assert "in Jupyter" in repr(FileReport())


# ---- Words


@pytest.mark.parametrize("name", EXAMPLES)
def test_sentences_and_cells_are_those_of_the_terminal(folder, node, name):
    report = with_sample(report_on(folder / name))
    costs = costs_of(report)
    printed = io.StringIO()
    show(Console(file=printed, width=400), report, costs, verdicts_of(report, costs))
    evaluate = node.module("file_report/words.js")
    script = """(report) => [
      whatItIs(report), ...remarksOn(report), ...levelTable(report).rows.flat()]"""
    for text in evaluate(script, report.as_json()):
        assert text in printed.getvalue()


def test_where_not_all_planes_were_counted_it_says_at_least(folder, node):
    report = replace(report_on(folder / "stack.tif"), is_partial=True)
    costs = costs_of(report)
    printed = io.StringIO()
    show(Console(file=printed, width=400), report, costs, verdicts_of(report, costs))
    evaluate = node.module("file_report/words.js")
    script = "(report) => [whatItIs(report), levelTable(report).rows[0][1]]"
    what, cell = evaluate(script, report.as_json())
    assert what == "TIFF (ImageJ): at least 48 × 2304 × 2304 (Z Y X), uint8"
    assert cell == "at least 48 × 2304 × 2304"
    assert what in printed.getvalue()
    assert printed.getvalue().count("at least 48") == 2


def test_what_is_not_known_is_a_dash(node):
    level = {"path": "", "shape": [5, 4], "dtype": "uint8", "layout": "chunks"}
    known = {"voxel_size": [2, None], "offset": None, "codec": None, "ratio": None}
    level |= known | {"chunk_shape": None, "shard_shape": None}
    report = {"axes": ["Y", "X"], "units": ["micrometer", None], "levels": [level]}
    evaluate = node.module("file_report/words.js")
    assert evaluate("levelTable", report) == {
        "heads": ["Level", "Shape", "Voxel size", "Begins at", "Cut into", "Codec"],
        "rows": [["0", "5 × 4", "2 µm × —", "—", "not known", "not known"]],
    }


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([], "Nothing to mend was found."),
        (["mind"], "1 verdict: 1 mind."),
        (["slow", "wrong", "slow"], "3 verdicts: 1 wrong, 2 slow."),
    ],
)
def test_verdicts_are_counted_by_weight(node, weights, sentence):
    evaluate = node.module("file_report/words.js")
    assert evaluate("countSentence", [{"weight": weight} for weight in weights]) == sentence
