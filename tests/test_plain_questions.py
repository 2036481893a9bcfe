from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup, Tag

from bigimg_lessons.questions.bank import bank_names, load_bank
from bigimg_lessons.questions.html import place_html, question_html, text_html
from bigimg_lessons.questions.kinds import Question
from bigimg_lessons.questions.parts import See
from tests.question_samples import HOSTILE, sample_questions

SAMPLES = {question.kind: question for question in sample_questions()}


def card(question: Question, *, solutions: bool = True) -> Tag:
    soup = BeautifulSoup(question_html(question, solutions=solutions), "html.parser")
    (item,) = soup.find_all(True, recursive=False)
    assert item.name == "li"
    return item


def words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def split(question: Question) -> tuple[str, str]:
    """The words that are always seen, and those in the folded part."""
    item = card(question)
    folded = item.find("details").extract()
    return words(item), words(folded)


@pytest.mark.parametrize(
    ("kind", "seen", "folded"),
    [
        (
            "blanks",
            "blanks start ________ and ________ blanks end",
            "Solution blanks start blanks answer 1 and blanks answer 2 blanks end "
            "blanks explanation",
        ),
        ("number", "number asked", "Solution number solution number explanation"),
        (
            "predict",
            "predict asked Write down a number before you run the next cell.",
            "Solution predict solution predict explanation",
        ),
        (
            "true-false",
            "true-false asked True False because a true-false option a b true-false option b "
            "c true-false option c d true-false option d",
            "Solution False , because c true-false option c true-false explanation "
            "Why not the others? True : true-false say a : true-false say a b : true-false say b "
            "d : true-false say d",
        ),
        (
            "choice",
            "choice asked a choice option a b choice option b c choice option c d choice option d",
            "Solution b choice option b choice explanation Why not the others? "
            "a : choice say a c : choice say c d : choice say d",
        ),
        (
            "choices",
            "choices asked a choices option a b choices option b c choices option c "
            "d choices option d",
            "Solution a choices option a d choices option d choices explanation "
            "Why not the others? b : choices say b c : choices say c",
        ),
        (
            "order",
            "order asked a order item a b order item b c order item c",
            "Solution c order item c a order item a b order item b order explanation",
        ),
    ],
)
def test_a_question_and_its_folded_solution(kind: str, seen: str, folded: str) -> None:
    again = f"Read again: “{kind} section” in lesson 3"
    assert split(SAMPLES[kind]) == (seen, f"{folded} {again}")


@pytest.mark.parametrize("kind", SAMPLES)
def test_without_solutions_nothing_else_is_missing(kind: str) -> None:
    assert words(card(SAMPLES[kind], solutions=False)) == split(SAMPLES[kind])[0]


def test_the_place_is_linked_as_from_a_page_of_the_site() -> None:
    link = card(SAMPLES["choice"]).find("a")
    assert link["href"] == "../notebooks/03_look_inside.html#a-heading"


@pytest.mark.parametrize(
    ("page", "named"),
    [
        ("notebooks/00_slice_a_volume", "“One” in lesson 0"),
        ("notebooks/11_more", "“One” in lesson 11"),
        ("book/glossary", "“One” in glossary"),
    ],
)
def test_a_place_is_named_by_section_and_lesson(page: str, named: str) -> None:
    assert place_html(See(page=page, section="One", anchor="one"), book=None) == named


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a `b < c` d", "a <code>b &lt; c</code> d"),
        ("`___` is code", "<code>___</code> is code"),
        ("a lone ` stays", "a lone ` stays"),
        ("so do two: ``", "so do two: ``"),
        ("`", "`"),
        ("", ""),
    ],
)
def test_code_is_marked_and_a_lone_backtick_stays(text: str, html: str) -> None:
    assert text_html(text) == html


@pytest.mark.parametrize("payload", HOSTILE)
@pytest.mark.parametrize(
    "mark",
    [lambda payload: lambda text: payload, lambda payload: lambda text: f"{text} {payload} `x`"],
    ids=["alone", "amid"],
)
def test_no_text_is_read_as_html(mark: Callable[[str], Callable[[str], str]], payload: str) -> None:
    plain = {question.kind: card(question) for question in sample_questions()}
    for question in sample_questions(mark(payload)):
        hostile = card(question)
        tags = [tag.name for tag in hostile.find_all(True) if tag.name != "code"]
        assert tags == [tag.name for tag in plain[question.kind].find_all(True)]
        attributes = {name for tag in hostile.find_all(True) for name in tag.attrs}
        assert attributes <= {"class", "href"}
        letters = re.sub(r"[\s`]", "", payload)
        assert re.sub(r"[\s`]", "", hostile.get_text()).count(letters) >= 3


def test_code_is_shown_as_it_is_with_what_was_counted() -> None:
    (choice,) = (entry for entry in sample_questions() if entry.kind == "choice")
    exhibit = "def f(a):\n    return a < 1"
    options = tuple(
        replace(option, text=f"`a\n  {option.text}`", counted=f"{number} reads")
        for number, option in enumerate(choice.options)
    )
    item = card(replace(choice, exhibit=exhibit, counted="9 reads", options=options))
    assert item.find("pre").get_text() == exhibit
    assert item.find("code").get_text() == "a\n  choice option a"
    folded = item.find("details").extract()
    assert "Counted: 9 reads." in words(item)
    assert "1 reads" not in words(item)
    assert "b a choice option b Counted: 1 reads." in words(folded)
    assert "a : Counted: 0 reads. choice say a" in words(folded)


@pytest.mark.parametrize("name", bank_names())
def test_every_question_of_every_bank_is_written(name: str) -> None:
    for question in load_bank(name).questions:
        seen, folded = split(question)
        first = re.split(r"___|`", question.text)[0]
        assert " ".join(first.split()) in seen
        assert " ".join(question.explanation.split("`")[0].split()) in folded
        assert question.see.section in folded
