"""The reader's progress on every page of the book, kept in the reader's own browser.

Every page gets ``reader_progress.js`` (in ``reader_progress_assets``), which stores the answers of
its quizzes and shows each lesson's points in the sidebar. A page with a place such as ::

    :::{div} bigimg-progress
    What stands here stays where no script runs.
    :::

gets ``progress_panel.js`` too, which puts the reader's progress there. Scripts and styles are
written without comments and spaces, since every page loads them.

The scripts know the lessons from one file for all pages, ``reader_progress_lessons.js``, written
with each build: for each question bank its title, its page, and what each question is worth. The
questions themselves, and what grades them, are in ``reader_progress_grading.js``: much more, and
loaded only when a reader opens a saved file, whose answers are graded anew.

All of this has to run before a quiz is mounted. The loader of the widgets (see
``anywidget_host``) is deferred, as these scripts are, and deferred scripts run in the order of
their tags, which is that of their priorities.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from docutils import nodes
from shortening import short_script, short_style
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from bigimg_lessons.questions.bank import bank_names, load_bank
from bigimg_lessons.questions.kinds import Question
from bigimg_lessons.widgets.base import whole_module

_ASSETS = Path(__file__).with_name("reader_progress_assets")
_LESSONS = "reader_progress_lessons.js"
_GRADING = "reader_progress_grading.js"
_GRADER = "quiz/grading/grade.js"
_PLACE = "bigimg-progress"
_ALL_QUESTIONS = "notebooks/07_check_yourself"
_BEFORE_WIDGETS = 400  # theirs have Sphinx's default, 500
# What a question says to a reader, and what no answer is graded by.
_SAID = {"objective", "difficulty", "see", "explanation", "exhibit", "counted", "items"}


def lessons(app: Sphinx, env: BuildEnvironment) -> dict[str, Any]:
    """Collect what the scripts must know of this book's lessons.

    A bank belongs to the page of its name, ``notebooks/<bank>``. A bank without one is answered on
    the page which holds all questions; if the book has none of the two, the bank is left out.

    Returns
    -------
    dict
        ``lessons``: for each bank ``bank``, ``title``, ``page`` (an address within the site) and
        ``questions`` (points for each id). ``all``: the address of the page which holds the
        questions of all banks, or None.
    """
    found = []
    for name in bank_names():
        bank = load_bank(name)
        own = f"notebooks/{name}"
        page = own if own in env.titles else _ALL_QUESTIONS
        if page not in env.titles:
            continue
        title = bank.title.removeprefix("Check yourself: ")
        found.append(
            {
                "bank": name,
                "title": env.titles[page].astext()
                if page == own
                else title[:1].upper() + title[1:],
                "page": app.builder.get_target_uri(page),
                "questions": {question.id: question.points for question in bank.questions},
            }
        )
    has_all = _ALL_QUESTIONS in env.titles
    return {
        "lessons": found,
        "all": app.builder.get_target_uri(_ALL_QUESTIONS) if has_all else None,
    }


def grading() -> str:
    """Return a script that sets ``window.bigimgGrading`` to ``{grade, banks}``.

    ``grade`` is that of the quizzes (see ``widgets/js/quiz/grading``); ``banks`` holds the question
    of each id of each bank, without what only says something to a reader. It is no module, since a
    page opened from a folder may import none.
    """
    banks = {
        name: {question.id: _graded_by(question) for question in load_bank(name).questions}
        for name in bank_names()
    }
    grader = short_script(whole_module(_GRADER).replace("export function", "function"))
    made = f"{{ grade, banks: {_json(banks)} }}"
    return f"window.bigimgGrading = (() => {{\n{grader}\nreturn {made};\n}})();\n"


def _graded_by(question: Question) -> dict[str, Any]:
    values = {key: value for key, value in asdict(question).items() if key not in _SAID}
    for key in ("options", "reasons"):
        if key in values:
            values[key] = [{"right": option["right"]} for option in values[key]]
    return values


def _json(data: Any) -> str:
    # Within a script element "</script>" would end it; in a file of its own it does no harm, and
    # escaped it never can.
    return json.dumps(data).replace("<", "\\u003c")


def _write_scripts(app: Sphinx, env: BuildEnvironment) -> None:
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    for asset in _ASSETS.iterdir():
        shorten = short_script if asset.suffix == ".js" else short_style
        (folder / asset.name).write_text(shorten(asset.read_text("utf-8")), encoding="utf-8")
    text = f"window.bigimgLessons = {_json(lessons(app, env))};\n"
    (folder / _LESSONS).write_text(text, encoding="utf-8")
    (folder / _GRADING).write_text(grading(), encoding="utf-8")


def _add_panel(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree and any(_PLACE in node["classes"] for node in doctree.findall(nodes.container)):
        app.add_js_file("progress_panel.js", loading_method="defer", priority=_BEFORE_WIDGETS + 1)
        app.add_css_file("progress_panel.css")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("env-updated", _write_scripts)
    app.connect("html-page-context", _add_panel)
    for script in (_LESSONS, "reader_progress.js"):
        app.add_js_file(script, loading_method="defer", priority=_BEFORE_WIDGETS)
    app.add_css_file("reader_progress.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
