from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from traitlets import TraitError

from bigimg_lessons.widgets import Quiz, question_bank

NAME = "01_open_without_loading"


def test_a_quiz_shows_all_questions_of_its_bank() -> None:
    quiz = Quiz(NAME)
    bank = question_bank.load_bank(NAME)
    assert [entry["id"] for entry in quiz.bank["questions"]] == [q.id for q in bank.questions]
    assert (quiz.score, quiz.answers, quiz.help_used) == (0, {}, {})
    # Six questions; two of them have two blanks.
    assert quiz.max_score == 8


def test_a_quiz_shows_the_questions_asked_for_in_that_order() -> None:
    quiz = Quiz(NAME, questions=["planes-and-strips", "lazy-loading"])
    assert [entry["id"] for entry in quiz.bank["questions"]] == [
        "planes-and-strips",
        "lazy-loading",
    ]
    assert quiz.max_score == 3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "absent"}, FileNotFoundError, r"No question bank 'absent'; there are: .*01_open"),
        (
            {"name": NAME, "questions": ["lazy-loading", "lazy"]},
            ValueError,
            r"Bank '01_open_without_loading' has no question 'lazy'; it has: lazy-loading, ",
        ),
        (
            {"name": NAME, "questions": []},
            ValueError,
            r"questions: expected at least one id, got none",
        ),
        (
            {"name": NAME, "questions": "lazy-loading"},
            ValueError,
            r"questions: expected a list of ids, got the text 'lazy-loading'",
        ),
        (
            {"name": NAME, "questions": ["chunking", "chunking"]},
            ValueError,
            r"questions: 'chunking' is asked for twice",
        ),
    ],
)
def test_what_does_not_exist_is_refused(
    arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Quiz(**arguments)


def test_answers_can_be_handed_in_from_python() -> None:
    quiz = Quiz(NAME)
    quiz.answers = {"planes-and-strips": ["plane", "strips"]}
    assert quiz.answers == {"planes-and-strips": ["plane", "strips"]}


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"lazy": ["x"]}, r"answers: this quiz has no question 'lazy'; it has: lazy-loading, "),
        (
            {"planes-and-strips": ["plane"]},
            r"answers\['planes-and-strips'\]: expected a list of 2 text\(s\), one for each blank, "
            r"got \['plane'\]",
        ),
        ({"chunking": "chunking"}, r"answers\['chunking'\]: expected a list of 1 text.*'chunking'"),
        ({"chunking": [1]}, r"answers\['chunking'\]: expected a list of 1 text.*\[1\]"),
    ],
)
def test_answers_that_do_not_fit_are_refused_and_change_nothing(
    answers: dict[str, object], message: str
) -> None:
    quiz = Quiz(NAME)
    with pytest.raises(TraitError, match=message):
        quiz.answers = answers
    assert quiz.answers == {}


def test_the_module_is_whole_and_grades_by_itself() -> None:
    """It is loaded from memory: whatever it would import could not be found."""
    assert re.findall(r"^\s*import\b", Quiz._esm, flags=re.MULTILINE) == []
    assert Quiz._esm.count("export function grade(") == 1
    assert "export default" in Quiz._esm


def test_text_enters_the_page_only_as_text() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", Quiz._esm)


def test_module_and_style_sheet_are_small_and_ask_no_other_host() -> None:
    sent = (Quiz._esm + str(Quiz._css)).encode()
    assert len(gzip.compress(sent)) <= 9000
    addresses = set(re.findall(rb"https?://[\w./]+", sent))
    assert addresses == {b"http://www.w3.org/2000/svg"}  # the name of a format, never fetched


def test_plain_text_is_a_sentence() -> None:
    quiz = Quiz(NAME)
    assert repr(quiz) == (
        "A quiz: Check yourself, 6 question(s), 8 point(s). Run this cell in Jupyter to answer it."
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
    data, _ = Quiz(NAME)._repr_mimebundle_()
    read = _Reader(data["text/html"])
    assert read.open == []
    assert len(read.found["li"]) == len(read.found["details"]) == 6
    assert "image.data" in read.found["code"][1]
    assert read.found["b"] == [
        "lazy loading",
        "chunking",
        "resolution pyramid",
        "plane",
        "strips",
        "lazy",
        "NumPy",
        "all of it",
    ]
    for entry, solution in zip(read.found["li"], read.found["details"], strict=True):
        assert solution.startswith("Solution")
        assert "________" in entry.removesuffix(solution)
        assert "___" not in solution


def test_what_the_bank_says_is_escaped_in_the_plain_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil.toml").write_text(
        """
        title = "<script>title</script>"
        [[questions]]
        id = "x"
        kind = "blanks"
        text = "<b>a</b> `<i>` ___ & so on"
        explanation = "<img src=x onerror=alert(1)>"
        [[questions.blanks]]
        answers = ["<u>answer</u>"]
        """,
        encoding="utf-8",
    )
    bank = question_bank.load_bank("evil", folder=tmp_path)
    monkeypatch.setattr("bigimg_lessons.widgets.quiz.load_bank", lambda name: bank)
    html = Quiz("evil")._repr_mimebundle_()[0]["text/html"]
    tags = set(re.findall(r"<(\w+)", html))
    assert tags == {"div", "p", "ol", "li", "details", "summary", "b", "code"}
    read = _Reader(html)
    assert read.found["code"] == ["<i>", "<i>"]
    assert read.found["b"] == ["<u>answer</u>"]
    assert "<img src=x onerror=alert(1)>" in read.found["details"][0]
