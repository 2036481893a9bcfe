from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from shortening import short_script, short_style
from traitlets import TraitError

from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.widgets import Quiz
from bigimg_lessons.widgets.base import own_style, page_module
from bigimg_lessons.widgets.quiz import SOLUTIONS_VARIABLE

NAME = "every_kind"
FOLDER = Path(__file__).parent
SCORED = ["blank", "chunk-bytes", "requests", "yz-slow", "which-level", "no-pyramid", "lazy-order"]


@pytest.fixture(autouse=True)
def _use_the_bank_with_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SOLUTIONS_VARIABLE, raising=False)
    monkeypatch.setattr(
        "bigimg_lessons.widgets.quiz.load_bank", lambda name: load_bank(name, folder=FOLDER)
    )


def test_a_quiz_shows_all_questions_of_its_bank_but_the_predictions() -> None:
    quiz = Quiz(NAME)
    assert quiz.bank["name"] == NAME
    assert quiz.bank["title"] == "Every kind of question"
    assert [entry["id"] for entry in quiz.bank["questions"]] == SCORED
    assert (quiz.score, quiz.answers, quiz.help_used, quiz.results) == (0, {}, {}, {})
    # Two blanks, two numbers, truth and reason, and one each for the three others.
    assert quiz.max_score == 9


def test_a_quiz_shows_the_questions_asked_for_in_that_order() -> None:
    quiz = Quiz(NAME, questions=["slice-cost", "yz-slow", "blank"])
    assert [entry["id"] for entry in quiz.bank["questions"]] == ["slice-cost", "yz-slow", "blank"]
    assert quiz.max_score == 4  # a prediction scores nothing


def test_a_real_bank_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert Quiz("01_open_without_loading").max_score >= 6


def test_the_view_is_told_the_solutions() -> None:
    shown = {entry["id"]: entry["solutions"] for entry in Quiz(NAME).bank["questions"]}
    assert list(shown["blank"]) == ["plane", "strips"]
    assert list(shown["which-level"]) == ["level 4"]
    assert list(shown["lazy-order"])[:2] == ["Read the index", "Seek to the chunk"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "absent"}, FileNotFoundError, r"No question bank 'absent'; there are: every_k"),
        (
            {"name": NAME, "questions": ["blank", "lazy"]},
            ValueError,
            r"Bank 'every_kind' has no question 'lazy'; it has: blank, chunk-bytes, ",
        ),
        (
            {"name": NAME, "questions": []},
            ValueError,
            r"questions: expected at least one id, got none; there are: blank, chunk-bytes, ",
        ),
        (
            {"name": NAME, "questions": "blank"},
            ValueError,
            r"questions: expected a list of ids, got the text 'blank'",
        ),
        (
            {"name": NAME, "questions": ["blank", "blank"]},
            ValueError,
            r"questions: 'blank' is asked for twice",
        ),
    ],
)
def test_what_does_not_exist_is_refused(
    arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Quiz(**arguments)


@pytest.mark.parametrize(
    "answers",
    [
        {"blank": ["plane", "strips"], "chunk-bytes": [""]},
        {"yz-slow": ["true", ""], "which-level": ["b"], "no-pyramid": []},
        {"no-pyramid": ["a", "c"], "lazy-order": ["d", "c", "b", "a"]},
    ],
)
def test_answers_can_be_handed_in_from_python(answers: dict[str, list[str]]) -> None:
    quiz = Quiz(NAME)
    quiz.answers = answers
    assert quiz.answers == answers


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"lazy": ["x"]}, r"answers: this quiz has no question 'lazy'; it has: blank, chunk-"),
        ({"slice-cost": ["1 MiB"]}, r"answers: this quiz has no question 'slice-cost'"),
        (
            {"blank": ["plane"]},
            r"answers\['blank'\]: expected a list of 2 texts, one for each blank, got \['plane'\]",
        ),
        ({"chunk-bytes": "8 KiB"}, r"answers\['chunk-bytes'\]: expected a list of one text, a num"),
        ({"chunk-bytes": [8192]}, r"answers\['chunk-bytes'\]: expected a list of one .*\[8192\]"),
        ({"yz-slow": ["no", "a"]}, r"answers\['yz-slow'\]: expected .*'true' or 'false'.*'no'"),
        ({"yz-slow": ["true", "d"]}, r"answers\['yz-slow'\]: expected .*'a' to 'c'.*'d'"),
        ({"which-level": ["a", "b"]}, r"answers\['which-level'\]: expected a list of one letter"),
        ({"no-pyramid": ["c", "a"]}, r"answers\['no-pyramid'\]: expected .*sorted.*'c', 'a'"),
        ({"lazy-order": ["a", "b"]}, r"answers\['lazy-order'\]: expected .*all the letters"),
    ],
)
def test_answers_that_do_not_fit_are_refused_and_change_nothing(
    answers: dict[str, object], message: str
) -> None:
    quiz = Quiz(NAME)
    with pytest.raises(TraitError, match=message):
        quiz.answers = answers
    assert quiz.answers == {}


# ---- Predictions


@pytest.mark.parametrize("value", [268435456, 2.0**28, np.int64(2**28), np.float32(2**28)])
def test_a_measured_number_is_handed_in(value: float) -> None:
    quiz = Quiz(NAME, questions=["slice-cost", "requests-guess"])
    quiz.measure("slice-cost", value)
    quiz.measure("requests-guess", 0)
    assert quiz.measured == {"slice-cost": 268435456.0, "requests-guess": 0.0}
    assert all(type(number) is float for number in quiz.measured.values())


@pytest.mark.parametrize(
    ("questions", "identifier", "value", "message"),
    [
        (["slice-cost"], "slice", 1, r"no prediction 'slice'; its predictions: slice-cost"),
        (["blank", "slice-cost"], "blank", 1, r"no prediction 'blank'; its predictions: slice-"),
        (None, "slice-cost", 1, r"no prediction 'slice-cost'; its predictions: none"),
        (["slice-cost"], "slice-cost", -1, r"measure\('slice-cost'\): .*zero or more, got -1"),
        (["slice-cost"], "slice-cost", float("nan"), r"expected a finite number.*got nan"),
        (["slice-cost"], "slice-cost", float("inf"), r"expected a finite number.*got inf"),
    ],
)
def test_what_was_not_predicted_or_measured_is_refused(
    questions: list[str] | None, identifier: str, value: float, message: str
) -> None:
    quiz = Quiz(NAME, questions=questions)
    with pytest.raises(ValueError, match=message):
        quiz.measure(identifier, value)
    assert quiz.measured == {}


# ---- The report


def test_a_report_before_anything_was_done() -> None:
    report = Quiz(NAME, questions=["blank", "slice-cost"]).report()
    assert repr(report) == (
        "Every kind of question\n"
        "\n"
        "question    answer                   points  hints  solution\n"
        "blank       -                        0 of 2\n"
        "slice-cost  predicted -, measured -\n"
        "total                                0 of 2"
    )


def test_a_report_of_what_was_done() -> None:
    quiz = Quiz(NAME, questions=["blank", "no-pyramid", "slice-cost"])
    quiz.answers = {"blank": ["plane", "tiles"], "no-pyramid": ["a"], "slice-cost": ["12 MiB"]}
    quiz.help_used = {"blank": {"hints": 2}, "no-pyramid": {"hints": 1, "solution": "closed"}}
    quiz.results = {  # as a view hands it in
        "blank": {"points": 1, "verdicts": ["right", "almost"]},
        "no-pyramid": {"points": 0, "verdicts": ["almost"]},
        "slice-cost": {"points": 0, "verdicts": ["noted"]},
    }
    quiz.score = 1
    quiz.measure("slice-cost", 2**28)
    report = quiz.report()
    assert (report.score, report.max_score) == (1, 3)
    blank, choices, guess = report.rows
    assert (blank.answer, blank.points, blank.most) == (("plane", "tiles"), 1, 2)
    assert (blank.hints, blank.solution_seen, blank.measured) == (2, False, None)
    assert (choices.hints, choices.solution_seen) == (1, True)
    assert (guess.most, guess.measured) == (0, "268,435,456 B")
    assert repr(report) == (
        "Every kind of question\n"
        "\n"
        "question    answer                                    points  hints  solution\n"
        "blank       plane, tiles                              1 of 2  2\n"
        "no-pyramid  a                                         0 of 1  1      seen\n"
        "slice-cost  predicted 12 MiB, measured 268,435,456 B\n"
        "total                                                 1 of 3"
    )


# ---- Solutions


@pytest.mark.parametrize(
    ("variable", "argument", "shown"),
    [
        (None, None, True),
        ("hide", None, False),
        ("show", None, True),
        ("", None, True),
        ("hide", True, True),
        (None, False, False),
    ],
)
def test_who_decides_about_the_solutions(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, argument: bool | None, shown: bool
) -> None:
    if variable is not None:
        monkeypatch.setenv("BIGIMG_QUIZ_SOLUTIONS", variable)
    quiz = Quiz(NAME, solutions=argument)
    assert quiz.solutions is shown
    html = quiz._repr_mimebundle_()[0]["text/html"]
    assert ("every plane has to be read for a few pixels of it" in html) is True
    assert ("Every plane has to be opened." in html) is shown


def test_the_plain_page_follows_the_switch() -> None:
    quiz = Quiz(NAME)
    quiz.solutions = False
    assert "<details" not in quiz._repr_mimebundle_()[0]["text/html"]
    quiz.solutions = True
    assert "<details" in quiz._repr_mimebundle_()[0]["text/html"]


# ---- What is sent


def test_the_module_is_whole_and_grades_by_itself() -> None:
    """It is loaded from memory: whatever it would import could not be found."""
    assert re.findall(r"^\s*import\b", Quiz._esm, flags=re.MULTILINE) == []
    assert Quiz._esm.count("function grade(") == 1
    assert "export default" in Quiz._esm


def test_text_enters_the_page_only_as_text() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", Quiz._esm)


def test_a_page_is_sent_little_and_asks_no_other_host() -> None:
    """As the book's pages are sent it, in a shorter form (see shortening)."""
    sent = (short_script(page_module([Quiz.front])) + short_style(own_style(Quiz.front))).encode()
    assert len(gzip.compress(sent)) <= 13_200
    assert re.findall(rb"https?://", sent) == []


# ---- Where no script runs


def test_plain_text_is_a_sentence() -> None:
    quiz = Quiz(NAME)
    assert repr(quiz) == (
        "A quiz: Every kind of question, 7 question(s), 9 point(s). "
        "Run this cell in Jupyter to answer it."
    )
    assert quiz._repr_mimebundle_()[0]["text/plain"] == repr(quiz)


class _Reader(HTMLParser):
    """Collects the text of a page by the tags around it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: dict[str, list[str]] = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.found.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.found[tag][-1] += data


def test_the_plain_page_holds_questions_and_folded_solutions() -> None:
    html = Quiz(NAME)._repr_mimebundle_()[0]["text/html"]
    read = _Reader(html)
    assert read.open == []
    assert html.count('class="bq-card"') == len(read.found["details"]) == 7
    assert all(folded.startswith("Solution") for folded in read.found["details"])
    assert read.found["p"][0] == "Every kind of question"
    assert "________" in html


def test_the_plain_page_of_predictions_has_no_title() -> None:
    html = Quiz(NAME, questions=["slice-cost"])._repr_mimebundle_()[0]["text/html"]
    assert "Every kind of question" not in html
    assert "How much will be read from the file" in html


def test_what_the_bank_says_is_escaped_in_the_plain_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = "<img src=x onerror=alert(1)>"
    text = (FOLDER / f"{NAME}.toml").read_text(encoding="utf-8")
    spoilt = re.sub(
        r'^((?:title|text|say|explanation|objective) = ")', rf"\1{evil} ", text, flags=re.MULTILINE
    )
    assert spoilt.count(evil) > 30
    (tmp_path / "evil.toml").write_text(spoilt, encoding="utf-8")
    bank = load_bank("evil", folder=tmp_path)
    monkeypatch.setattr("bigimg_lessons.widgets.quiz.load_bank", lambda name: bank)
    html = Quiz("evil")._repr_mimebundle_()[0]["text/html"]
    assert "<img" not in html
    assert "onerror=alert(1)&gt;" in html
    assert evil in _Reader(html).found["li"][0]
