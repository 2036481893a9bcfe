"""The book's extension for the reader's progress, in a build of a small project."""

from __future__ import annotations

import gzip
import json
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import reader_progress
from bs4 import BeautifulSoup
from docutils import nodes

from bigimg_lessons.questions import bank as question_bank
from tests.sphinx_project import build_project

EXTENSIONS = Path(reader_progress.__file__).parent
BANKS = Path(question_bank.__file__).with_name("banks")
OWN_PAGE = "01_open_without_loading"
HOME = """
Home
====

.. container:: bigimg-progress

   Without scripts.

.. toctree::

   notebooks/01_open_without_loading
   notebooks/07_check_yourself
"""


def notebook_with_a_widget() -> str:
    """Return a notebook that has run and shows one anywidget."""
    traits = {"_anywidget_id": "elsewhere.Widget", "_esm": "export default {};"}
    model = {"model_module": "anywidget", "model_name": "AnyModel", "state": traits}
    state = {"version_major": 2, "version_minor": 0, "state": {"a": model}}
    view = {"version_major": 2, "version_minor": 0, "model_id": "a"}
    data = {"text/plain": "text", "application/vnd.jupyter.widget-view+json": view}
    output = {"output_type": "display_data", "metadata": {}, "data": data}
    code = {"cell_type": "code", "execution_count": 1, "source": "widget", "outputs": [output]}
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "# *Own* & title"}]
    widgets = {"application/vnd.jupyter.widget-state+json": state}
    metadata = {"language_info": {"name": "python"}, "widgets": widgets}
    return json.dumps(
        {
            "cells": [*cells, {**code, "metadata": {}}],
            "metadata": metadata,
            "nbformat": 4,
            "nbformat_minor": 2,
        }
    )


def build(folder: Path) -> Path:
    build_project(folder, folder / "out", strict=False)
    return folder / "out" / "html"


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of three pages, one of them with a widget, built."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "notebooks").mkdir()
    (folder / "conf.py").write_text(
        "extensions = ['myst_nb', 'anywidget_host', 'reader_progress']\n"
        "exclude_patterns = ['out']\nnb_execution_mode = 'off'\nnb_ipywidgets_js = {}\n"
        "html_theme = 'basic'\n",
        encoding="utf-8",
    )
    (folder / "index.rst").write_text(HOME, encoding="utf-8")
    own = folder / "notebooks" / f"{OWN_PAGE}.ipynb"
    own.write_text(notebook_with_a_widget(), encoding="utf-8")
    everything = folder / "notebooks" / "07_check_yourself.md"
    everything.write_text("# Check yourself\n", encoding="utf-8")
    return build(folder)


def read_lessons(folder: Path) -> dict[str, Any]:
    text = (folder / "_static" / "reader_progress_lessons.js").read_text(encoding="utf-8")
    return dict(json.loads(text.removeprefix("window.bigimgLessons = ").rstrip(";\n")))


def points_of(question: dict[str, Any]) -> int:
    """What a question is worth, by the rules of the banks."""
    worth = {"blanks": len(question.get("blanks", [])), "true-false": 2, "predict": 0}
    return worth.get(question["kind"], 1)


def test_every_question_of_every_bank_is_there_with_its_points(html: Path) -> None:
    expected = {}
    for path in BANKS.glob("*.toml"):
        bank = tomllib.loads(path.read_text(encoding="utf-8"))
        expected[path.stem] = {entry["id"]: points_of(entry) for entry in bank["questions"]}
    found = {entry["bank"]: entry["questions"] for entry in read_lessons(html)["lessons"]}
    assert found == expected
    assert list(found) == sorted(expected)
    assert sum(sum(questions.values()) for questions in found.values()) >= len(expected)


def test_a_bank_leads_to_its_page_or_to_the_page_of_all_questions(html: Path) -> None:
    data = read_lessons(html)
    pages = {entry["bank"]: (entry["title"], entry["page"]) for entry in data["lessons"]}
    assert pages.pop(OWN_PAGE) == ("Own & title", f"notebooks/{OWN_PAGE}.html")
    assert pages["02_store_in_pieces"][0] == "Store in pieces"  # the bank's own, its page is none
    assert {page for _, page in pages.values()} == {"notebooks/07_check_yourself.html"}
    assert data["all"] == "notebooks/07_check_yourself.html"


def scripts(page: Path) -> list[str]:
    """File names of a page's own scripts, in their order."""
    tags = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find_all("script")
    ours = [
        tag for tag in tags if tag.get("src") and ("progress" in tag["src"] or "any" in tag["src"])
    ]
    assert all(tag.has_attr("defer") for tag in ours)
    return [tag["src"].rpartition("/")[2].partition("?")[0] for tag in ours]


def test_progress_is_ready_before_widgets_are_mounted(html: Path) -> None:
    always = ["reader_progress_lessons.js", "reader_progress.js"]
    assert scripts(html / "notebooks" / f"{OWN_PAGE}.html") == [*always, "anywidget_host.js"]
    assert scripts(html / "notebooks" / "07_check_yourself.html") == always
    assert scripts(html / "search.html") == always
    assert scripts(html / "index.html") == [*always, "progress_panel.js"]


def test_only_a_page_with_the_place_has_the_style_of_the_panel(html: Path) -> None:
    style = "progress_panel.css"
    assert style in (html / "index.html").read_text(encoding="utf-8")
    assert style not in (html / "notebooks" / f"{OWN_PAGE}.html").read_text(encoding="utf-8")
    assert (html / "_static" / style).is_file()


def test_the_questions_are_in_one_file_and_in_no_page(html: Path) -> None:
    holding = [
        path.name
        for path in html.rglob("*")
        if path.is_file() and b'"all": "notebooks/' in path.read_bytes()
    ]
    assert holding == ["reader_progress_lessons.js"]


def book_of(folder: Path, *pages: str) -> tuple[Any, Any]:
    builder = SimpleNamespace(format="html", get_target_uri=lambda page: f"{page}.html")
    titles = {page: nodes.title("", f"Title of {page}") for page in pages}
    return SimpleNamespace(outdir=str(folder), builder=builder), SimpleNamespace(titles=titles)


def test_a_builder_other_than_html_writes_no_script(tmp_path: Path) -> None:
    app, env = book_of(tmp_path, f"notebooks/{OWN_PAGE}")
    app.builder.format = "text"
    reader_progress._write_scripts(app, env)
    assert list(tmp_path.iterdir()) == []


def test_a_bank_without_any_page_is_left_out(tmp_path: Path) -> None:
    data = reader_progress.lessons(*book_of(tmp_path, "book/home", f"notebooks/{OWN_PAGE}"))
    assert [entry["bank"] for entry in data["lessons"]] == [OWN_PAGE]
    assert data["all"] is None


def test_markup_in_a_title_cannot_end_the_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = "Check yourself: </script><!-- <b>HDF5 é"
    bank = question_bank.QuestionBank(name="x", title=title, questions=())
    monkeypatch.setattr(reader_progress, "bank_names", lambda: ["x"])
    monkeypatch.setattr(reader_progress, "load_bank", {"x": bank}.__getitem__)
    reader_progress._write_scripts(*book_of(tmp_path, "notebooks/07_check_yourself"))
    assert "<" not in (tmp_path / "_static" / "reader_progress_lessons.js").read_text("utf-8")
    assert read_lessons(tmp_path)["lessons"][0]["title"] == "</script><!-- <b>HDF5 é"


def test_what_grades_a_saved_file_is_there_and_no_page_loads_it(html: Path) -> None:
    name = "reader_progress_grading.js"
    text = (html / "_static" / name).read_text(encoding="utf-8")
    start = text.index("banks: ") + len("banks: ")
    banks, _ = json.JSONDecoder().raw_decode(text, start)
    expected = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in BANKS.glob("*.toml")}
    ids = {bank: [entry["id"] for entry in data["questions"]] for bank, data in expected.items()}
    assert {bank: list(questions) for bank, questions in banks.items()} == ids
    assert not any(name in page.read_text(encoding="utf-8") for page in html.rglob("*.html"))
    assert len(gzip.compress(text.encode(), mtime=0)) <= 68_000  # bytes


@pytest.mark.parametrize("name", ["reader_progress", "progress_panel"])
def test_script_and_style_are_small(html: Path, name: str) -> None:
    files = [html / "_static" / f"{name}.{kind}" for kind in ("js", "css")]
    assert sum(len(gzip.compress(path.read_bytes(), mtime=0)) for path in files) <= 2900  # bytes
