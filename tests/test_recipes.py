"""What CONTRIBUTING.md says must be touched for a lesson, a question or a widget is all there."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "bigimg_lessons"
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
BANKS = sorted(path.stem for path in (PACKAGE / "questions" / "banks").glob("*.toml"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def widgets():
    """Names of the widget classes that the package exports, with the modules they are from."""
    tree = ast.parse(read("src/bigimg_lessons/widgets/__init__.py"))
    return {
        alias.name: node.module.rpartition(".")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def number_and_words(lesson):
    number, *words = lesson.split("_")
    return re.sub("^0(?=.)", "", number), " ".join(words)


def test_every_lesson_is_in_the_table_of_contents_and_nothing_else():
    chapters = yaml.safe_load(read("_toc.yml"))["parts"][0]["chapters"]
    assert [entry["file"] for entry in chapters] == [f"notebooks/{name}" for name in LESSONS]


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_questions_and_its_rows_in_the_guide(lesson):
    guide = read("book/teach.md")
    number, _ = number_and_words(lesson)
    minutes = guide.split("## Minutes", 1)[1].split("\n## ", 1)[0]
    assert re.search(rf"^\| {number} ", minutes, re.MULTILINE), f"no row in Minutes: {lesson}"
    assert re.search(rf"plan for \d+ minutes of lesson {number}\b", minutes), f"no plan: {lesson}"
    assert lesson in BANKS
    assert f"../worksheets/{lesson}.html" in guide
    assert f"../worksheets/{lesson}-answers.html" in guide


@pytest.mark.parametrize("bank", BANKS)
def test_every_bank_can_be_printed_from_the_guide(bank):
    assert f"../worksheets/{bank}.html" in read("book/teach.md")


@pytest.mark.parametrize("bank", BANKS)
def test_every_question_says_where_its_answer_stands(bank):
    table = tomllib.loads(read(f"src/bigimg_lessons/questions/banks/{bank}.toml"))
    for question in table["questions"]:
        assert question["see"]["page"], f"{bank}: {question['id']}"
        assert question["see"]["section"], f"{bank}: {question['id']}"


def test_the_widgets_are_found():
    assert {"Quiz", "ZoomViewer"} <= widgets().keys()


@pytest.mark.parametrize(("name", "module"), list(widgets().items()))
def test_every_widget_has_a_front_end_its_tests_and_a_line_in_the_api(name, module):
    line = rf"autoclass:: bigimg_lessons\.(widgets\.)?{name}$"
    assert re.search(line, read("book/api.md"), re.MULTILINE), f"no line in book/api.md: {name}"
    entries = re.findall(r'"(\w+/\w+)\.js"', read(f"src/bigimg_lessons/widgets/{module}.py"))
    assert entries, f"{module}.py names no front end"
    for entry in entries:
        assert (PACKAGE / "widgets" / "js" / f"{entry}.js").is_file()
    assert (ROOT / "tests" / f"test_{module}.py").is_file()
    assert (ROOT / "tests" / "browser" / f"test_{module}_page.py").is_file()


def imported_beside(module):
    """Names of the modules of the widgets that one of them imports."""
    text = read(f"src/bigimg_lessons/widgets/{module}.py")
    found = set(re.findall(r"from bigimg_lessons\.widgets\.(\w+) import", text))
    return found | set(re.findall(r"from bigimg_lessons\.widgets import (\w+)", text))


def test_every_module_of_the_widgets_is_exported_or_serves_them_all():
    modules = {path.stem for path in (PACKAGE / "widgets").glob("*.py")} - {"__init__"}
    modules -= {"standalone"}  # the command that writes them for the pages of others
    exported = set(widgets().values())
    used = exported
    while used != (more := used | set().union(*map(imported_beside, used))):
        used = more
    assert modules - used == set()
