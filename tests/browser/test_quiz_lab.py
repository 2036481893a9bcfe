"""The quiz in a live JupyterLab and in Notebook 7, in step with Python both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from live import SLOW, Notebook, put_notebook
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CELLS = (
    "from bigimg_lessons.widgets import Quiz\n\n"
    'quiz = Quiz("01_open_without_loading", questions=["lazy-loading", "planes-and-strips"])\n'
    "quiz",
    "quiz",
    'print(quiz.score, "of", quiz.max_score, quiz.answers, quiz.help_used)',
    'quiz.answers = {"planes-and-strips": ["slice", "strips"]}',
    "print(quiz.score, sorted(quiz.answers))",
)


@pytest.mark.parametrize("address", ["lab/tree/quiz.ipynb?reset", "notebooks/quiz.ipynb"])
def test_a_live_quiz_and_python_stay_in_step(
    visitor: Any, jupyter: tuple[str, str], address: str, tmp_path: Path
) -> None:
    url, token = jupyter
    put_notebook(jupyter, "quiz.ipynb", CELLS)
    joint = "&" if "?" in address else "?"
    page = visitor.open(f"{url}{address}{joint}token={token}", only_requests=True)
    page.set_viewport_size({"width": 1280, "height": 3000})
    notebook = Notebook(page)
    first = notebook.run(0).locator("section.bq")
    second = notebook.run(1).locator("section.bq")
    expect(first.get_by_role("form")).to_have_count(2, timeout=SLOW)
    expect(second.get_by_role("form")).to_have_count(2, timeout=SLOW)

    # Answered in the browser, by keyboard: Jupyter's own shortcuts stay out of it.
    blank = first.get_by_role("textbox").first
    blank.click()  # which makes its cell the active one
    page.keyboard.type("lazy")
    page.keyboard.press("Enter")
    reply = first.get_by_role("status").first
    expect(reply).to_contain_text("Almost. Lazy what?")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(first).to_contain_text("Hint 1.")
    blank.fill("Lazy-Loading")
    blank.press("Enter")
    expect(reply).to_contain_text("Right.")
    expect(second.get_by_role("textbox").first).to_have_value("Lazy-Loading")
    expect(second.locator(".bq-score")).to_have_text("1 of 3 points")
    page.screenshot(path=tmp_path / "live.png")
    expect(notebook.run(2)).to_contain_text(
        "1 of 3 {'lazy-loading': ['Lazy-Loading']} {'lazy-loading': {'hints': 1}}"
    )

    # Handed in by Python: both views show and grade it, and the score comes back.
    notebook.run(3)
    for view in (first, second):
        expect(view.get_by_role("textbox").nth(0)).to_have_value("")
        expect(view.get_by_role("textbox").nth(1)).to_have_value("slice")
        expect(view.get_by_role("status").nth(1)).to_contain_text("Right.")
        expect(view.locator(".bq-score")).to_have_text("2 of 3 points")
    expect(notebook.run(4)).to_contain_text("2 ['planes-and-strips']")
