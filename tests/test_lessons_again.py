"""Cells of the lessons may be run again, in any order, and print the same."""

import os
import random
import re

import numpy as np
import pytest
import tifffile

from tests.lesson_cells import LESSONS, cells_of, checked_cells, run

every_lesson = pytest.mark.parametrize("lesson", LESSONS)
WHOLE = "BIGIMG_TEST_WHOLE" in os.environ
# Whole, this takes many minutes; else it leaves out what is timed, and takes one order.
SLOW = ("time_in_turn", "run_readers")


@every_lesson
def test_what_a_cell_takes_from_another_is_set_in_one_cell_only(lesson):
    """So a cell that is run again finds what it found, whatever was run in between."""
    cells = cells_of(lesson).values()
    for name in sorted({name for cell in cells for name in cell.takes}):
        setting = [cell.id for cell in cells if name in cell.sets]
        taking = [cell.id for cell in cells if name in cell.takes]
        assert len(setting) == 1, f"{name!r} is set in {setting} and taken in {taking}: rename it"


@pytest.fixture(scope="module")
def small_stack(tmp_path_factory):
    """A stack on which a lesson takes seconds; its numbers are not those that the text states."""
    path = tmp_path_factory.mktemp("own") / "own.tif"
    pixels = np.random.default_rng(0).integers(0, 255, (128, 640, 640), dtype=np.uint8)
    tifffile.imwrite(
        path,
        pixels,
        imagej=True,
        resolution=(25, 25),
        metadata={"axes": "ZYX", "spacing": 0.1, "unit": "um"},
    )
    return path


@every_lesson
def test_cells_print_the_same_when_they_are_run_again(lesson, small_stack, tmp_path, monkeypatch):
    if lesson != "00_slice_a_volume":  # which takes the sample, whatever is chosen
        monkeypatch.setenv("BIGIMG_DATASET", str(small_stack))
        monkeypatch.setenv("BIGIMG_DATA", str(tmp_path))
    shuffled = random.Random(0)  # noqa: S311
    if WHOLE:
        once = list(cells_of(lesson))
        twice = [identifier for identifier in once for _ in range(2)]
        again = [*reversed(once), *twice, *shuffled.choices(once, k=3 * len(once))]
    else:
        once = checked_cells(lesson, without=SLOW)
        again = shuffled.sample(once, len(once))
    first = {}
    checked = [cell.id for cell in cells_of(lesson).values() if cell.states is not None]
    for identifier, printed in run(lesson, [*once, *again]):
        # A name that Python makes up says where an object lies, which may change.
        printed = re.sub(r"0x[0-9a-f]+", "0x", printed)
        if identifier in checked:
            assert printed == first.setdefault(identifier, printed), identifier
    assert len(first) >= len(checked) - (not WHOLE)
