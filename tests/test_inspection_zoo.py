"""Every animal of the zoo is described as was said by hand, and judged so."""

from __future__ import annotations

import re
import shlex

import pytest
from click.testing import CliRunner

from bigimg_lessons.command_line.program import bigimg
from bigimg_lessons.inspection.costs_of import costs_of
from bigimg_lessons.inspection.labels import with_sample
from bigimg_lessons.inspection.opening import report_on
from bigimg_lessons.inspection.verdicts import RULES, verdicts_of
from tests.inspection_zoo import ZOO


def part(value, name):
    if name.startswith("level"):
        return value.levels[int(name.removeprefix("level"))]
    return getattr(value, name)


@pytest.mark.parametrize("name", list(ZOO))
def test_it_is_described_and_judged_as_by_hand(name, tmp_path):
    animal = ZOO[name]
    report = with_sample(report_on(animal.make(tmp_path)))
    for field, right in animal.said.items():
        found = part(report, field)
        if isinstance(right, dict):
            assert {key: getattr(found, key) for key in right} == right
        else:
            assert found == right, field
    given = verdicts_of(report, costs_of(report))
    assert {verdict.name for verdict in given} == animal.verdicts
    for verdict in given:
        for text in (verdict.text, verdict.remedy, verdict.command):
            assert "{" not in text


# What cannot be converted says so, and what to do.
NOT_CONVERTED = {
    "tiff_of_imagej_that_lacks_a_plane": "by its metadata, and its reader finds .*: write it anew",
    "tiff_of_imagej_that_counts_colours": "by its metadata, and its reader finds .*: write it anew",
    "ome_tiff_that_lacks_a_plane": "lacks planes, .*; put those files beside it, or write it anew",
    "bdv_without_its_xml": "no XML in its folder names it: put the XML beside it",
}


@pytest.mark.parametrize("name", list(ZOO))
def test_commands_are_understood(name, tmp_path, monkeypatch):
    """With numbers in place of the letters that stand for them."""
    path = ZOO[name].make(tmp_path).relative_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    report = with_sample(report_on(path))
    given = verdicts_of(report, costs_of(report), platform="linux")
    for command in sorted({verdict.command for verdict in given} - {""}):
        words = [re.sub("^[ZYX](,[ZYX])*$", numbers, word) for word in shlex.split(command)]
        assert words.pop(0) == "bigimg"
        done = CliRunner().invoke(bigimg, [*words, "--dry-run"])
        assert done.exit_code == int(name in NOT_CONVERTED), (command, done.stderr, done.exception)
        assert re.search(NOT_CONVERTED.get(name, ""), done.stderr)


def numbers(letters):
    return re.sub("[ZYX]", "2", letters[0])


def test_the_zoo_has_every_illness_and_every_format():
    assert len(ZOO) >= 60
    ill = set().union(*(animal.verdicts for animal in ZOO.values()))
    assert ill == {rule.name for rule in RULES}
