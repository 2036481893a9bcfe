"""The grading of the quiz, by itself: a module of pure functions, imported into an empty page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import bigimg_lessons.widgets
from bigimg_lessons.widgets.question_bank import bank_names, load_bank

pytestmark = pytest.mark.browser

GRADING = Path(bigimg_lessons.widgets.__file__).with_name("static") / "quiz_grading.js"
QUESTIONS = [
    pytest.param(asdict(question), id=f"{name}-{question.id}")
    for name in bank_names()
    for question in load_bank(name).questions
]
Grade = Callable[[dict[str, Any], list[list[str]]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def grade(chromium: Browser) -> Iterator[Grade]:
    """Grade a question for each of several lists of answers."""
    page = chromium.new_page()
    page.evaluate(
        """async (source) => {
          const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          window.grade = (await import(url)).grade;
        }""",
        GRADING.read_text(encoding="utf-8"),
    )
    script = "([question, all]) => all.map((given) => grade(question, given))"
    yield lambda question, given: page.evaluate(script, [question, given])
    page.context.close()


def question(*answers: str, feedback: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"blanks": [{"answers": list(answers), "feedback": feedback or []}]}


def verdicts(grade: Grade, asked: dict[str, Any], given: list[str]) -> list[str]:
    return [result["blanks"][0]["verdict"] for result in grade(asked, [[text] for text in given])]


@pytest.mark.parametrize(
    ("answer", "typed"),
    [
        ("lazy loading", ["lazy loading", "Lazy-Loading", "LAZYLOADING", "  lazy \t loading\n"]),
        (
            "lazy loading",
            ["lazy\u2010loading", "lazy\u2014loading", "lazy_loading", "'lazy loading'."],
        ),
        ("lazy loading", ["\uff4cazy loading", "the lazy loading", "lázy loading"]),
        (
            "resolution pyramid",
            ["Resolution pyramids", "a resolution pyramid", "resolutionpyramids"],
        ),
        ("resolution pyramids", ["resolution pyramid"]),
        ("copy", ["copies"]),
        ("box", ["boxes"]),
        ("cache", ["caches"]),
        ("grey level", ["gray levels", "Grey-Level"]),
        ("colour", ["color", "colors"]),
        ("centre", ["center", "centers"]),
        ("organised", ["organized"]),
        ("optimization", ["optimisation", "optimisations"]),
        ("labelled", ["labeled"]),
        ("neighbour", ["neighbors"]),
        ("catalogue", ["catalog"]),
        ("100 %", ["100%", "100 percent", "100 per cent"]),
    ],
)
def test_one_answer_may_be_typed_in_several_ways(
    grade: Grade, answer: str, typed: list[str]
) -> None:
    assert verdicts(grade, question(answer), typed) == ["right"] * len(typed)


@pytest.mark.parametrize(
    ("answer", "typed"),
    [
        ("chunking", ["chunkin", "chunkking", "chunkimg", "chnuking", "Chunkign"]),
        ("strip", ["stripe", "stirp", "stripes", "srtips"]),
        ("resolution pyramid", ["resolution piramids", "resolutoin-pyramid"]),
    ],
)
def test_one_slip_is_pointed_out_and_does_not_score(
    grade: Grade, answer: str, typed: list[str]
) -> None:
    for result in grade(question(answer), [[text] for text in typed]):
        assert result["points"] == 0
        assert result["blanks"] == [{"verdict": "almost", "say": "Check the spelling."}]


def test_every_single_slip_in_a_word_is_seen_as_one(grade: Grade) -> None:
    word, letters = "chunking", "abcdefghijklmnopqrstuvwxyz"
    at = range(len(word))
    slips = {word[:i] + word[i + 1 :] for i in at}
    slips |= {word[:i] + letter + word[i + 1 :] for i in at for letter in letters}
    slips |= {word[:i] + letter + word[i:] for i in (*at, len(word)) for letter in letters}
    slips |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in at[:-1]}
    slips -= {word, word + "s"}
    assert len(slips) == 8 + 8 * 25 + (9 * 26 - 8) + 7 - 1
    assert set(verdicts(grade, question(word), sorted(slips))) == {"almost"}


@pytest.mark.parametrize(
    ("answer", "typed"),
    [
        ("chunking", ["chukning it", "chinkimg", "hcnuking"]),  # two slips
        ("lazy", ["lasy", "lay", "lzay"]),  # words under five letters
        ("plane", ["planet earth", "a plan of it", "lane 5"]),
        ("strips", ["tiles"]),
        ("chunking", ["chunking tiling", "not chunking", "c"]),
    ],
)
def test_another_word_is_not_taken_for_a_slip(grade: Grade, answer: str, typed: list[str]) -> None:
    assert verdicts(grade, question(answer), typed) == ["wrong"] * len(typed)


def test_an_empty_answer_is_no_error(grade: Grade) -> None:
    asked = question("chunking")
    for result in grade(asked, [[""], ["  "], ["?!"], []]):
        assert result["points"] == 0
        assert result["blanks"][0]["verdict"] == "empty"
        assert "guess" in result["blanks"][0]["say"]


def test_feedback_answers_what_was_typed(grade: Grade) -> None:
    asked = question(
        "resolution pyramid",
        feedback=[
            {"when": ["pyramid"], "say": "What kind?", "almost": True},
            {"when": ["streaming"], "say": "In order.", "almost": False},
        ],
    )
    results = grade(asked, [["Pyramids"], ["streaming"], ["streeming"], ["zebra"]])
    assert [result["blanks"][0] for result in results] == [
        {"verdict": "almost", "say": "What kind?"},
        {"verdict": "wrong", "say": "In order."},
        {"verdict": "wrong", "say": "In order."},
        {"verdict": "wrong", "say": "Another term is meant."},
    ]


def test_a_listed_wrong_answer_is_not_taken_for_a_slip(grade: Grade) -> None:
    asked = question("plane", feedback=[{"when": ["plan"], "say": "No.", "almost": False}])
    assert verdicts(grade, asked, ["plan", "plans", "plame"]) == ["wrong", "wrong", "almost"]


def test_each_blank_is_worth_a_point_and_order_matters(grade: Grade) -> None:
    asked = {"blanks": [*question("plane")["blanks"], *question("strips")["blanks"]]}
    given = [["plane", "strip"], ["plane", ""], ["strips", "planes"], ["plane"]]
    assert [result["points"] for result in grade(asked, given)] == [2, 1, 0, 1]


def test_what_is_typed_is_only_ever_data(grade: Grade) -> None:
    typed = ["__proto__", "constructor", "toString", "<b>chunking</b>", ".*", "(", "\\", "\u0000"]
    assert "right" not in verdicts(grade, question("chunking"), typed)


@pytest.mark.parametrize("asked", QUESTIONS)
def test_every_bank_keeps_its_word(grade: Grade, asked: dict[str, Any]) -> None:
    """Each listed answer is right; each listed wrong one gets its own reply, in every spelling."""
    for index, blank in enumerate(asked["blanks"]):
        alone = {"blanks": [blank]}
        for spell in (str, str.upper, lambda text: text.replace(" ", "-")):
            right = [spell(answer) for answer in blank["answers"]]
            assert verdicts(grade, alone, right) == ["right"] * len(right), (index, right)
            for feedback in blank["feedback"]:
                for wrong in feedback["when"]:
                    (result,) = grade(alone, [[spell(wrong)]])
                    expected = "almost" if feedback["almost"] else "wrong"
                    got = result["blanks"][0]
                    assert got == {"verdict": expected, "say": feedback["say"]}, wrong


@pytest.mark.parametrize("name", bank_names())
def test_the_terms_of_a_lesson_are_told_apart(grade: Grade, name: str) -> None:
    """The first answer of a blank is not right for another one.

    Only first answers, and no numbers: variants of two terms may coincide, as a plane is a slice
    to some questions, and so may two numbers.
    """
    blanks = [blank for entry in load_bank(name).questions for blank in asdict(entry)["blanks"]]
    terms = sorted({blank["answers"][0] for blank in blanks})
    for blank in blanks:
        others = [term for term in terms if term not in blank["answers"] and not term[0].isdigit()]
        assert others
        given = verdicts(grade, {"blanks": [blank]}, others)
        right = [term for term, verdict in zip(others, given, strict=True) if verdict == "right"]
        assert right == [], blank["answers"][0]
