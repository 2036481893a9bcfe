"""What the cheat sheet states is what the lessons teach."""

import ast
import re
from fractions import Fraction
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
SHEET = (ROOT / "book" / "cheat_sheet.md").read_text(encoding="utf-8")


def lesson(number: int) -> list[str]:
    (path,) = (ROOT / "notebooks").glob(f"{number:02}_*.ipynb")
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


ALL = "\n".join(source for number in range(5) for source in lesson(number))


def plain(text: str) -> str:
    """Return the words of an answer: without emphasis, case and what is said about how."""
    return re.sub(r"[*_]", "", text).strip(" .").lower()


def answers(question: str) -> dict[str, str]:
    """Return what follows from each answer to a question of the sheet."""
    part = re.search(rf"^\d\. \*\*{re.escape(question)}\*\*.*?(?=^\d\. |^:::)", SHEET, re.M | re.S)
    lines = re.findall(r"^ +\* (.+?) → (.+)$", part[0], re.M)
    return {plain(left): plain(right) for left, right in lines}


def rows(heading: str) -> dict[str, str]:
    """Return the first two columns of a table of lesson 2."""
    (source,) = (text for text in lesson(2) if f"| {heading}" in text)
    table = source.split(f"| {heading}", 1)[1].split("\n\n", 1)[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {plain(first): plain(second) for first, second, *_ in cells}


def test_the_shapes_are_those_of_lesson_2():
    found = answers("What is done with the image most?")
    assert found == rows("You mostly …")
    assert len(found) == 5


def test_the_bytes_of_chunks_are_those_of_lesson_2():
    found = answers("Where does it lie?")
    assert found == rows("It lies on …")
    assert len(found) == 5


def test_shards_begin_at_the_number_of_files_that_lesson_2_names():
    assert "Is each chunk a file, and are there more than some 100,000?" in SHEET
    assert "more than some 100,000, pack the chunks in **shards**" in "\n".join(lesson(2))


def test_a_pyramid_adds_what_the_sums_say():
    said = answers("Does anybody look at all of it?")["yes"]
    for axes, share in ((2, "1/3"), (3, "1/7")):
        levels = sum(Fraction(1, 2 ** (axes * level)) for level in range(1, 40))
        assert abs(levels - Fraction(share)) < Fraction(1, 10**9)
        assert f"{share} in {axes}-d" in said
        assert f"{share} in {axes}-D" in "\n".join(lesson(4))


def test_the_rules_for_levels_are_those_of_lesson_4():
    text = plain("\n".join(lesson(4)))
    found = answers("Which level do I read?")
    assert found["to look"].startswith("the coarsest level whose factor is not larger than")
    assert "the coarsest level whose factor is not larger than" in text
    shift = "0.5 · (f \N{MINUS SIGN} 1) voxels of level 0"
    assert shift in found["to mark a place"]
    assert shift in text


def test_the_rules_for_formats_are_those_of_lesson_5():
    text = plain("\n".join(lesson(5)))
    found = answers("In which format?")
    assert len(found) == 5
    for words in (
        "your tools which levels and voxel sizes they see",
        "read it as it is if your reader finds chunks and levels",
        "many can write. take shards where files are counted",
        "one hdf5 file, one writing process (mpi aside)",
        "cannot mend its chunks",
        "convert a block first; verify voxels and metadata before anything is deleted",
    ):
        assert words in text, words
    assert found["a conversion"].startswith("try a block first; verify voxels and metadata before")
    assert found["fiji on one machine"] == "bdv-hdf5: one file, one writing process (mpi aside)"


TABLE = re.findall(r"^\| (?!To|---)(.+?) \| (.+?) \| (.+?) \|$", SHEET, re.M)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_each_line_of_code_and_each_menu_stands_in_a_lesson(row):
    _, code, fiji = row
    for line in re.findall(r"`([^`]+)`", code):
        call = ast.parse(line, mode="eval").body
        assert isinstance(call, ast.Call)
        # With whichever number of level: the lessons read others.
        written = re.escape(line).replace(r"level\(2\)", r"level\(\d\)")
        assert re.search(written, ALL), line
    for menu in re.findall(r"\*([^*]+)\*", fiji):
        assert f"*{menu}*" in ALL or f"**{menu}**" in ALL, menu


def test_the_table_is_seen():
    assert len(TABLE) == 5
