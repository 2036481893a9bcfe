"""The solutions of a lesson, at the end of what is printed of its page.

On the page a solution is folded below its question. On paper it would stand beside it, unfolded;
so each page with quizzes ends with a section that only a printer sees (``print.css`` shows it):
first the folded cells that answer an exercise (those tagged ``hide-cell``), then the solutions of
each quiz. Predictions have none: the cells that follow them print what was measured.

Where solutions are hidden they are not printed either: a quiz that ran with
``BIGIMG_QUIZ_SOLUTIONS=hide`` brings none, and the reader's own switch (``reader_progress.js``)
hides the section.

The section is added to the finished page, not to the document: searches do not find it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.questions.html import solution_html, text_html

_MOUNT = re.compile(r'class="anywidget-mount" data-model="(\w+)"')


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("html-page-context", _add_solutions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _add_solutions(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is None or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    parts = [*_exercises(app.builder, doctree), *_quizzes(app, page, context["body"])]
    if parts:
        context["body"] += (
            f'<section class="bigimg-solutions" hidden><h2>Solutions</h2>{"".join(parts)}</section>'
        )


def _exercises(builder: StandaloneHTMLBuilder, doctree: nodes.document) -> Iterator[str]:
    """Write each cell that is folded as a whole, under the title of its section."""
    for cell in doctree.findall(nodes.container):
        if cell.get("hide_mode") != "all":
            continue
        section = cell.parent
        while not isinstance(section, nodes.section):
            section = section.parent
        title = section.next_node(nodes.title).astext()
        parts = [part for folded in cell.findall(HideCodeCellNode) for part in folded.children]
        code = "".join(builder.render_partial(part)["fragment"] for part in parts)
        yield f"<h3>{escape(title)}</h3>{code}"


def _quizzes(app: Sphinx, page: str, body: str) -> Iterator[str]:
    """Write the solutions of the quizzes that a page mounts, in their order, with their numbers."""
    scripts = NbMetadataCollector.get_js_files(app.env, page)
    _, script = scripts.get("anywidget_data", (None, {"body": '{"models": {}}'}))
    models = json.loads(script["body"])["models"]
    for key in dict.fromkeys(_MOUNT.findall(body)):
        traits = models[key]["traits"]
        if "bank" not in traits or not traits["solutions"]:
            continue
        name, shown = traits["bank"]["name"], traits["bank"]["questions"]
        bank = load_bank(name)
        by_id = {question.id: question for question in bank.questions}
        items = "".join(
            f'<li value="{number}">{solution_html(question)}'
            f"<p>{text_html(question.explanation)}</p></li>"
            for number, question in enumerate((by_id[entry["id"]] for entry in shown), start=1)
            if question.kind != "predict"
        )
        if items:
            yield f"<h3>{escape(bank.title)}</h3><ol>{items}</ol>"
