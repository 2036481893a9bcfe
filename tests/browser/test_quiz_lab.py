"""The quiz in a live JupyterLab and in Notebook 7, in step with Python both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from live import Notebook, put_notebook
from playwright.sync_api import expect
from quiz_keys import answer, go_to_form, right_answer

from bigimg_lessons.questions.bank import load_bank

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parents[1]
CELLS = (
    "from pathlib import Path\n\n"
    "from bigimg_lessons.questions import bank\n"
    "from bigimg_lessons.widgets import quiz as module\n\n"
    f"folder = Path({TESTS.as_posix()!r})\n"
    "load = bank.load_bank\n"
    "module.load_bank = lambda name: load(name, folder=folder)\n"
    'quiz = module.Quiz("every_kind")\n'
    "quiz",
    "quiz",
    "print(quiz.score, 'of', quiz.max_score, quiz.help_used)\nquiz.report()",
    "quiz.answers = {'blank': ['volume', 'strips'], 'yz-slow': ['false', 'a'],\n"
    "                'no-pyramid': ['a', 'b'], 'lazy-order': ['b', 'a', 'c', 'd']}",
    "print(quiz.score, quiz.results)",
    "quiz.solutions = False",
    "guess = module.Quiz('every_kind', questions=['slice-cost'])\nguess",
    "guess.measure('slice-cost', 2**28)\nguess.report()",
    "print(len(quiz.answers), 'answers')",
)


@pytest.mark.parametrize("address", ["lab/tree/quiz.ipynb?reset", "notebooks/quiz.ipynb"])
def test_a_live_quiz_and_python_stay_in_step(
    visitor: Any, jupyter: tuple[str, str], address: str, tmp_path: Path
) -> None:
    url, token = jupyter
    put_notebook(jupyter, "quiz.ipynb", CELLS)
    joint = "&" if "?" in address else "?"
    page = visitor.open(f"{url}{address}{joint}token={token}", only_requests=True)
    page.set_viewport_size({"width": 1280, "height": 8000})  # all of it is there at once
    notebook = Notebook(page)
    first = notebook.run(0).locator("section.bq")
    second = notebook.run(1).locator("section.bq")
    expect(first.get_by_role("form")).to_have_count(7)
    expect(second.get_by_role("form")).to_have_count(7)

    # Every kind, answered by keyboard: Jupyter's own shortcuts stay out of it.
    questions = load_bank("every_kind", folder=TESTS).questions[:7]
    first.get_by_role("textbox").first.click()  # which makes its cell the active one
    for number, question in enumerate(questions):
        if number:
            go_to_form(page, number)
        answer(page, question, right_answer(question))
        form = first.get_by_role("form").nth(number)
        expect(form.get_by_role("status")).to_contain_text("Right. ")
        expect(form).to_contain_text("Read again: ")
        expect(form.get_by_role("link")).to_have_count(0)
    page.screenshot(path=tmp_path / "live.png")
    for view in (first, second):
        expect(view.locator(".bq-score")).to_have_text("All of 9 points. Well done!")
        expect(view.get_by_role("textbox").first).to_have_value("plane")
        expect(view.get_by_role("checkbox", checked=True)).to_have_count(2)
        expect(view.get_by_role("radio", checked=True)).to_have_count(3)
    expect(second.get_by_role("form").last.get_by_role("listitem").first).to_contain_text(
        "Read the index"
    )
    report = notebook.run(2)
    expect(report).to_contain_text("9 of 9 {}")
    expect(report).to_contain_text("yz-slow")
    expect(report).to_contain_text("false, b")

    # Handed in by Python: both views show and grade it, and the score comes back.
    notebook.run(3)
    for view in (first, second):
        forms = view.get_by_role("form")
        expect(forms.nth(0).get_by_role("textbox").first).to_have_value("volume")
        expect(forms.nth(0)).to_contain_text("Blank 1: Not yet. A stack or volume")
        expect(forms.nth(1).get_by_role("textbox")).to_have_value("")
        expect(forms.nth(3)).to_contain_text("Reason: Not yet. True of any slice")
        expect(forms.nth(5).get_by_role("checkbox", checked=True)).to_have_count(2)
        expect(view.locator(".bq-score")).to_have_text("2 of 9 points")
    results = notebook.run(4)
    expect(results).to_contain_text("'yz-slow': {'points': 1, 'verdicts': ['right', 'wrong']}")
    expect(results).to_contain_text("2 {'blank'")

    # Starting over asks, and can be undone; Python follows.
    start = first.get_by_role("button", name="Start over")
    start.click()
    expect(first.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Escape")
    expect(start).to_be_focused()
    start.click()
    first.get_by_role("button", name="Delete these answers").click()
    for view in (first, second):
        expect(view.locator(".bq-score")).to_have_text("0 of 9 points")
    expect(notebook.run(8)).to_contain_text("0 answers")
    first.get_by_role("button", name="Bring answers back").click()
    for view in (first, second):
        expect(view.locator(".bq-score")).to_have_text("2 of 9 points")
    expect(notebook.run(8)).to_contain_text("4 answers")

    # The instructor's switch.
    show = second.get_by_role("form").nth(4).get_by_role("button", name="solution")
    show.click()
    expect(first).to_contain_text("Solution. level 4", use_inner_text=True)
    notebook.run(5)
    for view in (first, second):
        expect(view.locator(".bq-solution:not(:empty)")).to_have_count(0)
        expect(view.get_by_role("button", name="solution")).to_have_count(0)

    # Predicted first, measured then.
    guess = notebook.run(6).locator("section.bq")
    field = guess.get_by_role("textbox")
    expect(field).to_be_visible()
    field.click()
    page.keyboard.type("12 MiB")
    page.keyboard.press("Enter")
    expect(guess).to_contain_text("You predicted 12 MiB. Not measured yet: run the next cell.")
    measured = notebook.run(7)
    expect(guess).to_contain_text("You predicted 12 MiB. Measured: 256 MiB, 21 times as much.")
    expect(measured).to_contain_text("predicted 12 MiB, measured 268,435,456 B")
    page.screenshot(path=tmp_path / "predicted.png")
