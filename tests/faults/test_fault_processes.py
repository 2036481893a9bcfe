"""The small version: processes that write at once, die or stand still."""

import sys

import pytest

from tests.faults.formats import FORMATS

if sys.platform == "win32":
    pytest.skip("Windows has neither forks nor signals for one process", allow_module_level=True)

from tests.faults.campaigns import run_apart


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("campaign", ["writers at once", "a paused process"])
def test_of_several_writers_one_has_the_last_word(campaign, name):
    figures = run_apart(campaign, name)
    assert figures.reports == []
    assert figures.struck == 0
    assert figures.runs == figures.new > 0


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("campaign", ["kills at random", "kills before moves"])
def test_what_a_killed_process_left_is_cleared_by_the_next(campaign, name):
    figures = run_apart(campaign, name)
    assert figures.reports == []
    assert figures.struck > 0
    assert figures.old > 0
    if campaign == "kills before moves":
        assert (figures.aside == 0) == FORMATS[name].is_one_file
