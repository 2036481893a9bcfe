"""The table of inspectors: rules on made-up outputs, and the table against its record."""

from __future__ import annotations

import json

import pytest

from tests.inspectors.__main__ import INSPECTORS, run
from tests.inspectors.rules import RULES, has_numbers, judged
from tests.inspectors.samples import SAMPLES
from tests.inspectors.table import RECORD, TABLE, cell, table, verdicts

OURS = next(each for each in INSPECTORS if "bigimg_lessons" in each.command)


@pytest.mark.parametrize(
    ("said", "numbers", "is_there"),
    [
        ("(46, 523, 787)", (46, 523, 787), True),
        ("{46/46, 523/523, 787/787}", (46, 523, 787), True),
        ("1046 x 523 x 787", (46, 523, 787), False),
        ("46.5, 523, 787", (46, 523, 787), False),
        ("0.370000 and 2.75e0", (0.37, 2.75), True),
        ("2.7027", (1 / 0.37,), True),
        ("0.38", (0.37,), False),
        ("", (1,), False),
    ],
)
def test_numbers_are_found_as_such(said, numbers, is_there):
    assert has_numbers(said, numbers) is is_there


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("axes: zyx", {"axes"}),
        ("Axis(name='z'), Axis(name='y'), Axis(name='x')", {"axes"}),
        ("Axis(name='y'), Axis(name='x')", set()),
        ('["z","y","x"] 46 523 787', {"axes", "shape"}),
        ("SizeX = 787", {"axes"}),
        ("compressor Blosc(zstd) chunks (19, 53, 71)", {"codec", "chunks"}),
        ("level 1: 46 × 262 × 394", {"levels"}),
        ("YZ takes 30 requests. → Convert it.", {"costs"}),
        ("scale [2.75, 0.37, 0.37]", {"voxel size"}),
        ("scale [1, 0.37, 0.37]", set()),
    ],
)
def test_rules_find_what_is_told_and_nothing_else(said, told):
    found = judged(said, SAMPLES["zarr-0.5"])
    assert {fact for fact, is_told in found.items() if is_told} == told


def test_what_a_file_does_not_have_is_not_asked_for():
    found = judged("", SAMPLES["tiff"])
    assert found["codec"] is None
    assert found["levels"] is None
    assert judged("→ Convert it.", SAMPLES["tiff"])["remedies"] is True
    assert judged("→ Convert it.", SAMPLES["hdf5"])["remedies"] is None


def test_cells_count_files():
    assert cell([True, None]) == "yes"
    assert cell([True, False, None]) == "1 of 2"
    assert cell([False]) == "no"
    assert cell([None]) == "–"


def test_an_error_tells_nothing():
    said = {"code": 1, "said": "(46, 523, 787)", "file": "zarr-0.5"}
    assert not any(verdicts(said).values())


def test_the_table_is_that_of_the_record():
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert TABLE.read_text(encoding="utf-8") == table(record)
    asked = {(each.title, name) for each in INSPECTORS for name in each.samples}
    assert {(each["title"], each["file"]) for each in record["runs"]} == asked


@pytest.mark.parametrize("name", SAMPLES)
def test_ours_still_tells_what_was_recorded(name, tmp_path):
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    (before,) = [
        each for each in record["runs"] if (each["title"], each["file"]) == (OURS.title, name)
    ]
    path = SAMPLES[name].write(tmp_path)
    path = path.with_suffix(".xml") if name == "hdf5" else path
    now = {**run(OURS.command, path), "file": name}
    assert verdicts(now) == verdicts(before)
    assert set(RULES) == set(verdicts(now))
