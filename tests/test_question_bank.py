from __future__ import annotations

from pathlib import Path

import pytest

from bigimg_lessons.widgets.question_bank import (
    Blank,
    Feedback,
    Question,
    QuestionBank,
    QuestionBankError,
    bank_names,
    load_bank,
    split_text,
)

GOOD = """
title = "A title"

[[questions]]
id = "first"
kind = "blanks"
text = "An `___` is code, ___ and ___ are gaps."
hints = ["One.", "Two."]
explanation = "Because."

[[questions.blanks]]
answers = ["lazy loading", "lazy load"]

[[questions.blanks.feedback]]
when = ["streaming"]
say = "No."

[[questions.blanks]]
answers = ["chunking"]

[[questions.blanks.feedback]]
when = ["tiling", "tile"]
say = "Nearly."
almost = true

[[questions]]
id = "second"
kind = "blanks"
text = "___"
explanation = "So it is."

[[questions.blanks]]
answers = ["100 %"]
"""


def write(folder: Path, text: str) -> Path:
    (folder / "bank.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_bank_is_read_whole(tmp_path: Path) -> None:
    assert load_bank("bank", folder=write(tmp_path, GOOD)) == QuestionBank(
        name="bank",
        title="A title",
        questions=(
            Question(
                id="first",
                kind="blanks",
                text="An `___` is code, ___ and ___ are gaps.",
                blanks=(
                    Blank(
                        answers=("lazy loading", "lazy load"),
                        feedback=(Feedback(when=("streaming",), say="No.", almost=False),),
                    ),
                    Blank(
                        answers=("chunking",),
                        feedback=(Feedback(when=("tiling", "tile"), say="Nearly.", almost=True),),
                    ),
                ),
                hints=("One.", "Two."),
                explanation="Because.",
            ),
            Question(
                id="second",
                kind="blanks",
                text="___",
                blanks=(Blank(answers=("100 %",), feedback=()),),
                hints=(),
                explanation="So it is.",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('title = "A title"', "", r"^bank\.toml, title: expected some text, got nothing\.$"),
        ('title = "A title"', "title = 3", r"title: expected some text, got 3"),
        ('title = "A title"', 'title = " "', r"title: expected some text, got ' '"),
        (
            'title = "A title"',
            'title = "A"\nauthor = "me"',
            r"bank\.toml, author: unknown key; expected only: questions, title\.",
        ),
        ('id = "first"', "", r"bank\.toml, questions\[1\], id: expected some text, got nothing"),
        (
            'id = "second"',
            'id = "first"',
            r"bank\.toml, question 'first', id: used 2 times; give each question its own",
        ),
        (
            'kind = "blanks"\ntext = "___"',
            'kind = "numeric"\ntext = "___"',
            r"question 'second', kind: 'numeric' is unknown; expected one of: blanks",
        ),
        (
            'text = "___"',
            'text = "none"',
            r"question 'second', text: 0 gaps \(___\) for 1 \[\[blanks\]\]; expected one each",
        ),
        ('text = "___"', 'text = "___ ___"', r"text: 2 gaps \(___\) for 1 \[\[blanks"),
        ('explanation = "So it is."', "", r"question 'second', explanation: expected some text"),
        (
            'hints = ["One.", "Two."]',
            'hints = "One."',
            r"question 'first', hints: expected a list of one or more texts, got 'One\.'",
        ),
        (
            'hints = ["One.", "Two."]',
            'hints = ["One.", 2]',
            r"question 'first', hints: expected only texts in the list, got 2",
        ),
        (
            'hints = ["One.", "Two."]',
            'hint = ["One.", "Two."]',
            r"question 'first', hint: unknown key; expected only: blanks, explanation, hints, id",
        ),
        (
            'answers = ["chunking"]',
            "answers = []",
            r"question 'first', blanks\[2\], answers: expected a list of one or more .*, got \[\]",
        ),
        (
            'answers = ["chunking"]',
            "",
            r"question 'first', blanks\[2\], answers: .* got nothing",
        ),
        (
            'answers = ["chunking"]',
            'answers = ["chunking", "..."]',
            r"blanks\[2\], answers: '\.\.\.' holds neither a letter nor a digit",
        ),
        (
            'answers = ["chunking"]',
            'answers = ["chunking", "Chun-King"]',
            r"blanks\[2\], answers: 'Chun-King' is listed twice, here or in the feedback",
        ),
        (
            'when = ["tiling", "tile"]',
            'when = ["tiling", "Chunking"]',
            r"blanks\[2\], answers: 'Chunking' is listed twice, here or in the feedback",
        ),
        (
            'say = "Nearly."',
            "",
            r"question 'first', blanks\[2\], feedback\[1\], say: expected some text, got nothing",
        ),
        (
            "almost = true",
            'almost = "yes"',
            r"feedback\[1\], almost: expected true or false, got 'yes'",
        ),
        ("almost = true", "nearly = true", r"feedback\[1\], nearly: unknown key; expected only:"),
        (
            '[[questions.blanks]]\nanswers = ["100 %"]',
            "",
            r"question 'second', blanks: expected one or more tables .*blanks\]\], got nothing",
        ),
        (
            '[[questions.blanks]]\nanswers = ["100 %"]',
            "blanks = [1]",
            r"question 'second', blanks: expected one or more tables \[\[...blanks\]\], got \[1\]",
        ),
        ("[[questions]]", "[[questions]", r"^bank\.toml: this is not TOML in UTF-8: .*line 4"),
    ],
)
def test_what_breaks_the_rules_is_refused_by_file_question_and_field(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    assert before in GOOD
    with pytest.raises(QuestionBankError, match=message):
        load_bank("bank", folder=write(tmp_path, GOOD.replace(before, after, 1)))


def test_a_bank_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuestionBankError, match=r"bank\.toml, questions: expected one or more"):
        load_bank("bank", folder=write(tmp_path, 'title = "A"'))


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bank.toml").write_bytes('title = "é"'.encode("latin-1"))
    with pytest.raises(QuestionBankError, match=r"bank\.toml: this is not TOML in UTF-8: 'utf-8'"):
        load_bank("bank", folder=tmp_path)


@pytest.mark.parametrize("name", ["absent", "../bank", "", "bank.toml"])
def test_a_missing_bank_is_answered_with_those_that_exist(tmp_path: Path, name: str) -> None:
    (tmp_path / "other.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"No question bank .*; there are: bank, other\."):
        load_bank(name, folder=write(tmp_path, GOOD))


def test_text_is_split_into_text_code_and_blanks() -> None:
    assert split_text("a ___`b ___`, ___` c") == ["a ", "___", "`b ___`", ", ", "___", "` c"]
    assert split_text("") == []


def test_the_first_lesson_has_its_bank() -> None:
    assert "01_open_without_loading" in bank_names()


@pytest.mark.parametrize("name", bank_names())
def test_every_bank_of_the_package_can_be_read_and_helps(name: str) -> None:
    bank = load_bank(name)
    for question in bank.questions:
        assert question.hints, f"{question.id} has no hint"
        for blank in question.blanks:
            assert blank.feedback, f"{question.id} replies to no common wrong answer"
            solution = blank.answers[0].casefold()
            assert not any(solution in hint.casefold() for hint in question.hints), question.id
