"""The page of the command line shows what the commands print, and names all that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bigimg_lessons.command_line.program import bigimg
from tests.command_line_outputs import COMMANDS, SHOWN, comparable, outputs, verdict_list

PAGE = (Path(__file__).parents[1] / "book" / "command_line.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def now():
    return dict(outputs())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_outputs_are_those_of_a_run(now, name):
    shown = (SHOWN / f"{name}.txt").read_text(encoding="utf-8")
    assert comparable(shown) == comparable(now[name]), (
        "out of date: run python -m tests.command_line_outputs"
    )
    assert f"tables/command_line/{name}.txt" in PAGE


def test_the_list_of_verdicts_is_that_of_the_rules():
    assert (SHOWN / "verdicts.md").read_text(encoding="utf-8") == verdict_list()


def test_every_command_and_exit_code_is_named():
    for command in bigimg.commands:
        assert f"bigimg {command}" in PAGE
    stated = re.findall(r"^    (\d+) +\S", (SHOWN / "help.txt").read_text("utf-8"), re.MULTILINE)
    assert re.findall(r"^- \*\*(\d+)\*\*", PAGE, re.MULTILINE) == stated
