"""The whole assessment on its page of the built book, by somebody who has a keyboard alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect
from quiz_keys import answer, go_to_form, right_answer

from bigimg_lessons.questions.bank import bank_names, load_bank

pytestmark = pytest.mark.browser

PAGE = "notebooks/07_check_yourself.html"


def test_the_whole_assessment_by_keyboard_alone(visitor: Any, site: str) -> None:
    """From the top of the page to the last point; and a reload keeps every one of them."""
    page = visitor.open(site + PAGE)
    data = json.loads(page.locator("#anywidget-data").text_content() or "")
    quizzes = page.locator("section.bq")
    expect(quizzes.first).to_be_visible()
    mounts = page.locator(".anywidget-mount:has(section.bq)").evaluate_all(
        "mounts => mounts.map((mount) => mount.dataset.model)"
    )
    shown = [data["models"][key]["traits"]["bank"] for key in mounts]
    assert sorted(bank["name"] for bank in shown) == bank_names()

    number = scored = 0
    for bank in shown:
        by_id = {question.id: question for question in load_bank(bank["name"]).questions}
        for asked in bank["questions"]:
            question = by_id[asked["id"]]
            go_to_form(page, number)
            answer(page, question, right_answer(question))
            scored += question.points
            number += 1

    every_point = [f"All of {_points(bank['questions'])} points. Well done!" for bank in shown]
    scores = quizzes.locator(".bq-score")
    expect(scores).to_have_text(every_point)
    assert scored == sum(_points(bank["questions"]) for bank in shown) >= 7 * 6
    page.reload()
    expect(scores).to_have_text(every_point)


def _points(questions: list[dict[str, Any]]) -> int:
    """Count them from what the page was sent: two for truth and reason, one for a blank."""
    worth = {"true-false": 2, "predict": 0}
    return sum(len(asked.get("blanks", [])) or worth.get(asked["kind"], 1) for asked in questions)
