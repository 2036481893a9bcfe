"""The small version: interrupts, and moves that fail. See :mod:`tests.faults.__main__`."""

import sys

import pytest

from tests.faults.formats import FORMATS

if sys.platform == "win32":
    pytest.skip("Windows has neither forks nor signals for one process", allow_module_level=True)

from tests.faults.campaigns import run_apart


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("campaign", ["interrupts at random", "looks between moves"])
def test_an_interrupt_leaves_the_old_image_or_the_new(campaign, name):
    figures = run_apart(campaign, name)
    assert figures.reports == []
    assert figures.runs == figures.old + figures.new > 0


@pytest.mark.parametrize("name", FORMATS)
def test_a_move_that_fails_leaves_one_of_them_or_says_where_it_lies(name):
    figures = run_apart("moves that fail", name)
    assert figures.reports == []
    assert figures.struck > figures.aside
    assert (figures.aside == 0) == FORMATS[name].is_one_file
    assert figures.old > 0
