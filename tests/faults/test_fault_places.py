"""The small version: full disks, and places at which nothing may be written."""

import sys

import pytest

from tests.faults.formats import FORMATS

if sys.platform == "win32":
    pytest.skip("Windows has no forks, which make this quick", allow_module_level=True)

from tests.faults.campaigns import run_apart


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("campaign", ["full disks", "full at an open"])
def test_a_full_disk_leaves_the_old_image_and_is_told(campaign, name):
    figures = run_apart(campaign, name)
    if figures.skipped:
        pytest.skip(figures.skipped)
    assert figures.reports == []
    assert figures.old == figures.struck > 0


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("campaign", ["foreign things", "links", "a locked folder"])
def test_what_may_not_be_written_is_refused_by_name(campaign, name):
    figures = run_apart(campaign, name)
    if figures.skipped:
        pytest.skip(figures.skipped)
    assert figures.reports == []
    assert figures.struck == figures.runs - figures.new


def test_the_table_has_foreign_things_and_links():
    assert {name for name, entry in FORMATS.items() if not entry.foreign} == {"sample-tiff"}
