"""Solutions that a class must not see are not on its pages either, for no printer shows them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import printed_solutions
import pytest

from bigimg_lessons.widgets import Quiz


@pytest.mark.parametrize("hidden", [False, True])
def test_who_hides_solutions_prints_none(monkeypatch: pytest.MonkeyPatch, hidden: bool) -> None:
    monkeypatch.setenv("BIGIMG_QUIZ_SOLUTIONS", "hide" if hidden else "show")
    quiz = Quiz("01_open_without_loading")
    traits = {"bank": quiz.bank, "solutions": quiz.solutions}
    body = json.dumps({"models": {"one": {"traits": traits}}})
    scripts = {"anywidget_data": (None, {"body": body})}
    collector = SimpleNamespace(get_js_files=lambda env, page: scripts)
    monkeypatch.setattr(printed_solutions, "NbMetadataCollector", collector)
    mount = '<div class="anywidget-mount" data-model="one"></div>'
    app: Any = SimpleNamespace(env=None)
    parts = list(printed_solutions._quizzes(app, "page", mount))
    assert bool(parts) is not hidden
