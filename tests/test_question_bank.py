from __future__ import annotations

import itertools
import re
from dataclasses import FrozenInstanceError, asdict
from pathlib import Path

import nbformat
import pytest
from docutils.nodes import make_id
from hypothesis import given
from hypothesis import strategies as st

from bigimg_lessons.questions.bank import bank_names, load_bank
from bigimg_lessons.questions.kinds import (
    BlanksQuestion,
    ChoiceQuestion,
    NumberQuestion,
    OrderQuestion,
    Question,
    TrueFalseQuestion,
)
from bigimg_lessons.questions.parts import (
    Blank,
    Feedback,
    NumberFeedback,
    Option,
    OrderFeedback,
    See,
    split_text,
)
from bigimg_lessons.questions.places import heading_anchor
from bigimg_lessons.questions.table import QuestionBankError

REPO = Path(__file__).parents[1]
COMMON = """
objective = "Predict what a slice costs"
difficulty = "easy"
see = { page = "notebooks/01_open_without_loading", section = "One YZ slice" }
"""
BLANKS = (
    """
[[questions]]
id = "blanks"
kind = "blanks"
text = "An `___` is code, ___ and ___ are gaps."
hints = ["One.", "Two."]
explanation = "Because."
"""
    + COMMON
    + """
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
"""
)
NUMBER = (
    """
[[questions]]
id = "number"
kind = "number"
text = "How many bytes?"
answer = 262144
unit = "B"
tolerance = 0.05
solution = "256 KiB"
explanation = "It is 64 × 64 × 64."
"""
    + COMMON
    + """
[[questions.feedback]]
when = [16384, 4096]
say = "A plane of it."
almost = true

[[questions.feedback]]
when = [524288.0]
say = "Twice too many."
"""
)
PREDICT = (
    """
[[questions]]
id = "predict"
kind = "predict"
text = "How many requests?"
answer = 65536
unit = "requests"
explanation = "Counted."
"""
    + COMMON
)
TRUTH = (
    """
[[questions]]
id = "truth"
kind = "true-false"
text = "Is it?"
answer = false
say = "It is not."
explanation = "Because."
"""
    + COMMON
    + """
[[questions.reasons]]
text = "It is red."
say = "It is blue."
[[questions.reasons]]
text = "It is blue."
right = true
[[questions.reasons]]
text = "It is wet."
say = "That does not matter."
"""
)
CHOICE = (
    """
[[questions]]
id = "choice"
kind = "choice"
text = "Which?"
explanation = "Because."
"""
    + COMMON
    + """
[[questions.options]]
text = "HDF5"
right = true
[[questions.options]]
text = "PNG"
say = "Whole planes only."
[[questions.options]]
text = "JPEG"
say = "It loses data."
"""
)
CHOICES = (
    CHOICE.replace('"choice"', '"choices"')
    .replace("Which?", "Which, all that apply?")
    .replace("It loses data.", "It loses.")
    + """
[[questions.options]]
text = "Zarr"
right = true
"""
)
ORDER = (
    """
[[questions]]
id = "order"
kind = "order"
text = "Put in order."
items = ["open", "slice", "load", "show"]
explanation = "Because."
"""
    + COMMON
    + """
[[questions.feedback]]
before = "load"
after = "slice"
say = "Slice first."
[[questions.feedback]]
before = "slice"
after = "open"
say = "Open first."
"""
)
EVERY = {
    "blanks": BLANKS,
    "number": NUMBER,
    "predict": PREDICT,
    "true-false": TRUTH,
    "choice": CHOICE,
    "choices": CHOICES,
    "order": ORDER,
}
TITLE = 'title = "A title"\n'
SEE = See(page="notebooks/01_open_without_loading", section="One YZ slice", anchor="one-yz-slice")
SHARED = {
    "objective": "Predict what a slice costs",
    "difficulty": "easy",
    "see": SEE,
    "explanation": "Because.",
}


def write(folder: Path, text: str) -> Path:
    (folder / "bank.toml").write_text(text, encoding="utf-8")
    return folder


def load(folder: Path, *questions: str) -> tuple[Question, ...]:
    return load_bank("bank", folder=write(folder, TITLE + "".join(questions))).questions


def test_a_bank_is_read_whole(tmp_path: Path) -> None:
    bank = load_bank("bank", folder=write(tmp_path, TITLE + "".join(EVERY.values())))
    assert (bank.name, bank.title) == ("bank", "A title")
    assert [question.kind for question in bank.questions] == list(EVERY)
    blanks, number, predict, truth, choice, choices, order = bank.questions
    assert blanks == BlanksQuestion(
        id="blanks",
        kind="blanks",
        text="An `___` is code, ___ and ___ are gaps.",
        hints=("One.", "Two."),
        blanks=(
            Blank(
                answers=(
                    "lazy loading",
                    "lazy load",
                    "faules Laden",
                    "träges Laden",
                    "traeges Laden",
                    "chargement paresseux",
                ),
                feedback=(Feedback(when=("streaming",), say="No.", almost=False),),
            ),
            Blank(
                answers=(
                    "chunking",
                    "Zerlegung in Chunks",
                    "Aufteilung in Chunks",
                    "découpage en chunks",
                    "découpage en morceaux",
                ),
                feedback=(
                    Feedback(
                        when=(
                            "tiling",
                            "tile",
                            "Kachel",
                            "Kacheln",
                            "tuile",
                            "Kachelung",
                            "tuilage",
                            "pavage",
                        ),
                        say="Nearly.",
                        almost=True,
                    ),
                ),
            ),
        ),
        **SHARED,
    )
    assert number == NumberQuestion(
        id="number",
        kind="number",
        text="How many bytes?",
        hints=(),
        answer=262144.0,
        unit="B",
        tolerance=0.05,
        solution="256 KiB",
        feedback=(
            NumberFeedback(when=(16384.0, 4096.0), say="A plane of it.", almost=True),
            NumberFeedback(when=(524288.0,), say="Twice too many.", almost=False),
        ),
        **{**SHARED, "explanation": "It is 64 × 64 × 64."},
    )
    assert predict == NumberQuestion(
        id="predict",
        kind="predict",
        text="How many requests?",
        hints=(),
        answer=65536.0,
        unit="requests",
        tolerance=0.0,
        solution="65\N{NO-BREAK SPACE}536 requests",
        feedback=(),
        **{**SHARED, "explanation": "Counted."},
    )
    assert truth == TrueFalseQuestion(
        id="truth",
        kind="true-false",
        text="Is it?",
        hints=(),
        answer=False,
        say="It is not.",
        reasons=(
            Option(text="It is red.", right=False, say="It is blue."),
            Option(text="It is blue.", right=True, say=""),
            Option(text="It is wet.", right=False, say="That does not matter."),
        ),
        **SHARED,
    )
    hdf5, png = Option(text="HDF5", right=True, say=""), "Whole planes only."
    assert choice == ChoiceQuestion(
        id="choice",
        kind="choice",
        text="Which?",
        hints=(),
        options=(
            hdf5,
            Option(text="PNG", right=False, say=png),
            Option(text="JPEG", right=False, say="It loses data."),
        ),
        **SHARED,
    )
    assert isinstance(choices, ChoiceQuestion)
    assert [option.right for option in choices.options] == [True, False, False, True]
    assert isinstance(order, OrderQuestion)
    assert sorted(order.items) == ["load", "open", "show", "slice"]
    place = {item: "abcd"[at] for at, item in enumerate(order.items)}
    assert order.answer == tuple(place[item] for item in ("open", "slice", "load", "show"))
    assert order.feedback == (
        OrderFeedback(before=place["load"], after=place["slice"], say="Slice first."),
        OrderFeedback(before=place["slice"], after=place["open"], say="Open first."),
    )


def test_code_keeps_its_lines_and_what_was_counted(tmp_path: Path) -> None:
    code = CHOICE.replace("explanation", 'exhibit = """\ndef f():\n    return 1\n"""\nexplanation')
    for number, text in enumerate(("HDF5", "PNG", "JPEG")):
        code = code.replace(f'text = "{text}"', f'text = "`{text}`"\ncounted = "{number} reads"')
    (question,) = load(tmp_path, code.replace("exhibit", 'counted = "9 reads"\nexhibit'))
    assert isinstance(question, ChoiceQuestion)
    assert (question.exhibit, question.counted) == ("def f():\n    return 1", "9 reads")
    assert [option.counted for option in question.options] == ["0 reads", "1 reads", "2 reads"]
    assert [option.reply for option in question.options] == [
        "Counted: 0 reads.",
        "Counted: 1 reads. Whole planes only.",
        "Counted: 2 reads. It loses data.",
    ]


def test_the_groups_of_a_number_are_held_together_but_in_code(tmp_path: Path) -> None:
    text = "Of 4096 × 16 384 voxels 1 234 567 are `size 16 384`, in 2048 100 or 12 3456?"
    item = "Take 65 536"
    changed = change(ORDER, "Put in order.", text).replace('"slice"', f'"{item}"')
    changed = changed.replace(
        "[[questions.feedback]]", 'exhibit = "16 384"\n[[questions.feedback]]', 1
    )
    (asked,) = load(tmp_path, changed)
    assert asked.text == (
        "Of 4096 × 16\N{NO-BREAK SPACE}384 voxels 1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567 are "
        "`size 16 384`, in 2048 100 or 12 3456?"
    )
    assert asked.exhibit == "16 384"
    assert "Take 65\N{NO-BREAK SPACE}536" in asked.solutions
    assert load(tmp_path, PREDICT)[0].solutions == ("65\N{NO-BREAK SPACE}536 requests",)


def test_points_solutions_and_the_form_of_an_answer(tmp_path: Path) -> None:
    questions = load(tmp_path, *EVERY.values())
    assert [question.points for question in questions] == [2, 1, 0, 2, 1, 1, 1]
    assert [question.solutions for question in questions] == [
        ("lazy loading", "chunking"),
        ("256 KiB",),
        ("65\N{NO-BREAK SPACE}536 requests",),
        ("False", "It is blue."),
        ("HDF5",),
        ("HDF5", "Zarr"),
        ("open", "slice", "load", "show"),
    ]
    assert [question.expects for question in questions] == [
        "a list of 2 texts, one for each blank",
        "a list of one text, a number with its unit",
        "a list of one text, a number with its unit",
        "a list of 2 texts, 'true' or 'false', and the letter of a reason, 'a' to 'c'",
        "a list of one letter, 'a' to 'c'",
        "a list of letters from 'a' to 'd', each at most once, sorted",
        "a list of all the letters 'a' to 'd', in some order",
    ]


@pytest.mark.parametrize(
    ("kind", "accepted", "refused"),
    [
        ("blanks", [["", ""], ["x", "<b>"]], [[], ["x"], ["x", "y", "z"], ["x", 1]]),
        ("number", [[""], ["8 KiB"], ["?"]], [[], ["8", "KiB"], [8], "8", None]),
        ("predict", [[""], ["8"]], [[], [True]]),
        (
            "true-false",
            [["", ""], ["true", ""], ["false", "c"], ["", "a"]],
            [["true"], ["yes", "a"], ["true", "d"], ["true", "a", ""], [True, "a"], []],
        ),
        ("choice", [[""], ["a"], ["c"]], [[], ["d"], ["a", "b"], ["A"], "a"]),
        ("choices", [[], ["a"], ["a", "d"]], [["d", "a"], ["a", "a"], ["e"], [""], ("a",)]),
        (
            "order",
            [["a", "b", "c", "d"], ["d", "c", "b", "a"]],
            [[], ["a"], ["a", "a", "b", "c"], ["a", "b", "c", "e"], "abcd"],
        ),
    ],
)
def test_the_form_of_an_answer_is_told_from_others(
    tmp_path: Path, kind: str, accepted: list[object], refused: list[object]
) -> None:
    (question,) = load(tmp_path, EVERY[kind])
    assert [question.accepts(given) for given in accepted] == [True] * len(accepted)
    assert [question.accepts(given) for given in refused] == [False] * len(refused)


def test_one_blank_expects_one_text(tmp_path: Path) -> None:
    one = BLANKS.replace("___ and ___ are gaps", "___ is a gap")
    one = one[: one.index('[[questions.blanks]]\nanswers = ["chunking"]')]
    (question,) = load(tmp_path, one)
    assert question.expects == "a list of one text, for the blank"


def test_what_javascript_gets_is_plain(tmp_path: Path) -> None:
    for question in load(tmp_path, *EVERY.values()):
        values = asdict(question)
        assert values["see"]["anchor"] == "one-yz-slice"
        assert values["kind"] == question.kind
        with pytest.raises(FrozenInstanceError):
            question.id = "other"  # type: ignore[misc]


@pytest.mark.parametrize("number", range(20))
def test_items_are_shuffled_the_same_for_everyone_and_never_right(
    tmp_path: Path, number: int
) -> None:
    text = ORDER.replace('"order"\nkind', f'"order-{number}"\nkind')
    text = text.replace('["open", "slice", "load", "show"]', '["a", "b", "c"]')
    text = text[: text.index("[[questions.feedback]]")]
    (first,), (again,) = load(tmp_path, text), load(tmp_path, text)
    assert isinstance(first, OrderQuestion)
    assert first == again
    assert first.items != ("a", "b", "c")
    assert first.solutions == ("a", "b", "c")
    shuffles = set()
    for other in range(20):
        (question,) = load(tmp_path, text.replace(f"order-{number}", f"other-{other}"))
        assert isinstance(question, OrderQuestion)
        shuffles.add(question.items)
    assert len(shuffles) > 1


def change(text: str, before: str, after: str) -> str:
    assert before in text
    return text.replace(before, after, 1)


REFUSALS = [
    # every kind
    ("blanks", 'id = "blanks"', "", r"^bank\.toml, questions\[1\], id: expected some text, got no"),
    ("blanks", 'id = "blanks"', 'id = "a b"', r"id: expected letters, digits .*, got 'a b'"),
    ("blanks", 'id = "blanks"', 'id = "a--b"', r"id: expected letters, digits"),
    ("blanks", 'kind = "blanks"', 'kind = "quiz"', r"kind: 'quiz' is unknown; expected one of: bl"),
    ("blanks", 'kind = "blanks"', "", r"'blanks', kind: expected some text, got nothing"),
    ("blanks", 'explanation = "Because."', "", r"'blanks', explanation: expected some text"),
    ("blanks", 'objective = "Predict', 'aim = "Predict', r"'blanks', objective: expected some te"),
    ("blanks", 'difficulty = "easy"', "", r"'blanks', difficulty: expected some text, got noth"),
    ("blanks", '"easy"', '"trivial"', r"'trivial' is unknown; expected one of: easy, medium, hard"),
    ("blanks", "see = {", "sea = {", r"'blanks', see: expected a table \{ \.\.\. \}, got nothing"),
    ("blanks", ", section =", ", part =", r"'blanks', see, section: expected some text, got noth"),
    ("blanks", 'slice" }', 'slice", x = 1 }', r"see, x: unknown key; expected only: page, section"),
    ("blanks", '"notebooks/01', '"/notebooks/01', r"see, page: expected a path in the repository"),
    ("blanks", 'loading", s', 'loading.ipynb", s', r"see, page: .* without suffix, got 'notebooks"),
    ("blanks", '"One YZ slice"', '"One `YZ` slice"', r"see, section: expected a heading without"),
    ("blanks", '"One YZ slice"', '"1."', r"see, section: expected a heading without # .*'1\.'"),
    ("blanks", '["One.", "Two."]', '"One."', r"'blanks', hints: expected a list of one or more"),
    ("blanks", '["One.", "Two."]', '["One.", 2]', r"hints: expected only texts in the list, got 2"),
    ("blanks", "hints =", "hint =", r"'blanks', hint: unknown key; expected only: blanks, counted"),
    ("number", "text =", "points = 3\ntext =", r"'number', points: unknown key"),
    ("number", "How many", "How ___ many", r"'number', text: 1 gaps \(___\) for 0 \[\[blanks"),
    # blanks
    ("blanks", "___ and ___ are", "___ is", r"text: 1 gaps \(___\) for 2 \[\[blanks\]\]; expected"),
    ("blanks", "___ and ___", "___, ___ and ___", r"text: 3 gaps \(___\) for 2 \[\[blanks"),
    ("blanks", '["chunking"]', "[]", r"'blanks', blanks\[2\], answers: expected a list of .*\[\]"),
    ("blanks", 'answers = ["chunking"]', "", r"blanks\[2\], answers: .* got nothing"),
    ("blanks", '["chunking"]', '["chunking", " "]', r"answers: expected only texts .* got ' '"),
    ("blanks", '["chunking"]', '["chunking", "."]', r"'\.' holds neither a letter nor a digit"),
    (
        "blanks",
        '["chunking"]',
        '["chunking", "Chun-King"]',
        r"answers: 'Chun-King' is listed twice",
    ),
    (
        "blanks",
        '["tiling", "tile"]',
        '["tiling", "Chunking"]',
        r"blanks\[2\], feedback\[1\], when: 'Chunking' is already accepted or replied to",
    ),
    (
        "blanks",
        '["tiling", "tile"]',
        '["tiling", "tile", "Tiling!"]',
        r"blanks\[2\], feedback\[1\], when: 'Tiling!' is already accepted or replied to",
    ),
    ("blanks", '["tiling", "tile"]', '["?"]', r"when: '\?' holds neither a letter nor a digit"),
    ("blanks", 'say = "Nearly."', "", r"blanks\[2\], feedback\[1\], say: expected some text, got"),
    ("blanks", "almost = true", 'almost = "yes"', r"almost: expected true or false, got 'yes'"),
    ("blanks", "almost = true", "almost = 1", r"almost: expected true or false, got 1"),
    (
        "blanks",
        "almost = true",
        "nearly = true",
        r"feedback\[1\], nearly: unknown key; expected on",
    ),
    # number, predict
    ("number", "answer = 262144", "", r"'number', answer: expected a number, 0 or more, got nothi"),
    ("number", "answer = 262144", "answer = true", r"answer: expected a number.*, got True"),
    ("number", "answer = 262144", 'answer = "8"', r"answer: expected a number.*, got '8'"),
    ("number", "answer = 262144", "answer = -1", r"answer: expected a number, 0 or more, got -1"),
    ("number", "answer = 262144", "answer = nan", r"answer: expected a number.*, got nan"),
    ("number", "answer = 262144", "answer = inf", r"answer: expected a number.*, got inf"),
    ("number", "answer = 262144", f"answer = 1{'0' * 400}", r"answer: expected a number"),
    (
        "number",
        "tolerance = 0.05",
        "tolerance = 1.0",
        r"tolerance: expected a share .* 1, got 1\.0",
    ),
    ("number", "tolerance = 0.05", "tolerance = -0.1", r"tolerance: expected a number, 0 or more"),
    ("number", 'unit = "B"', "", r"'number', unit: expected some text, got nothing"),
    ("number", 'unit = "B"', 'unit = "KiB"', r"unit: expected B, s, m, %, × or what .* got 'KiB'"),
    ("number", 'unit = "B"', 'unit = "bytes"', r"unit: .* in the plural, got 'bytes'"),
    ("number", 'unit = "B"', 'unit = "request"', r"unit: .* in the plural, got 'request'"),
    ("number", 'unit = "B"', 'unit = "ms"', r"unit: .* in the plural, got 'ms'"),
    ("number", 'solution = "256 KiB"', 'solution = ""', r"solution: expected some text, got ''"),
    ("number", "[16384, 4096]", '["16 KiB"]', r"feedback\[1\], when: expected a list of numbers"),
    ("number", "[16384, 4096]", "[16384, true]", r"when: expected a list of numbers.*True"),
    ("number", "[16384, 4096]", "[]", r"when: expected a list of numbers, 0 or more, got \[\]"),
    ("number", "[16384, 4096]", "16384", r"when: expected a list of numbers, 0 or more, got 16384"),
    (
        "number",
        "[16384, 4096]",
        "[16384, 275251]",
        r"feedback\[1\], when: 275251 is within the tolerance of the answer",
    ),
    ("number", "524288.0", "4096.0", r"feedback\[2\], when: 4096 is already replied to"),
    ("number", "[16384, 4096]", "[4096, 4096]", r"feedback\[1\], when: 4096 is already replied to"),
    ("number", 'say = "Twice too many."', "", r"feedback\[2\], say: expected some text, got noth"),
    ("number", "almost = true", "right = true", r"feedback\[1\], right: unknown key"),
    ("predict", "answer = 65536", "", r"'predict', answer: expected a number"),
    # true-false
    ("true-false", "answer = false", "", r"'truth', answer: expected true or false, got nothing"),
    ("true-false", "answer = false", "answer = 0", r"answer: expected true or false, got 0"),
    ("true-false", 'say = "It is not."', "", r"'truth', say: expected some text, got nothing"),
    (
        "true-false",
        "right = true",
        'say = "No."',
        r"'truth', reasons: expected exactly one .* got 0",
    ),
    (
        "true-false",
        'say = "It is blue."',
        "right = true",
        r"reasons: expected exactly one .* got 2",
    ),
    ("true-false", "right = true", "", r"reasons\[2\], say: expected some text, got nothing"),
    (
        "true-false",
        "right = true",
        'right = true\nsay = "Y"',
        r"reasons\[2\], say: a right one gets",
    ),
    ("true-false", "right = true", 'right = "yes"', r"reasons\[2\], right: expected true or false"),
    ("true-false", '"It is wet."', '"it is  RED."', r"reasons\[3\], text: .* is listed twice"),
    ("true-false", 'text = "It is wet."\n', "", r"reasons\[3\], text: expected some text"),
    # choice, choices
    ("choice", 'say = "Whole planes only."', "right = true", r"options: expected exactly one .* 2"),
    ("choice", "right = true", 'say = "No."', r"'choice', options: expected exactly one .* got 0"),
    ("choice", 'say = "It loses data."', "", r"options\[3\], say: expected some text, got nothing"),
    ("choice", 'say = "It loses data."', 'why = "X"', r"options\[3\], say: expected some text"),
    (
        "choice",
        "right = true",
        'right = true\nwhy = "X"',
        r"options\[1\], why: unknown key; expecte",
    ),
    ("choice", '"JPEG"', '"png"', r"options\[3\], text: 'png' is listed twice"),
    ("choice", '"JPEG"', '"JPEG"\ncounted = "1"', r"options\[3\], counted: expected .* for none"),
    ("choice", 'text = "Which?"', 'text = "W"\nexhibit = 3', r"exhibit: expected some text, got 3"),
    # order
    ("order", '"load", "show"]', '"load", "Slice"]', r"'order', items: 'Slice' is listed twice"),
    ("order", '"slice", "load", "show"]', '"show"]', r"items: expected 3 to 7 of them, got 2"),
    ("order", '["open"', '["1", "2", "3", "4", "open"', r"items: expected 3 to 7 of them, got 8"),
    ("order", 'items = ["open", "slice", "load", "show"]', "", r"items: expected a list of one or"),
    (
        "order",
        'before = "load"',
        'before = "read"',
        r"feedback\[1\], before: 'read' is unknown; exp",
    ),
    (
        "order",
        'after = "open"',
        'after = "close"',
        r"feedback\[2\], after: 'close' is unknown; expe",
    ),
    ("order", 'before = "load"', 'before = "open"', r"before: 'open' does not come after 'slice'"),
    (
        "order",
        'before = "load"',
        'before = "slice"',
        r"'slice' does not come after 'slice', so this",
    ),
    ("order", 'say = "Open first."', "", r"feedback\[2\], say: expected some text, got nothing"),
    ("order", 'say = "Open first."', 'say = "O"\nwhen = 1', r"feedback\[2\], when: unknown key"),
    (
        "order",
        'before = "slice"\nafter = "open"',
        'before = "load"\nafter = "slice"',
        r"feedback\[2\], before: any order that this replies to is already replied to",
    ),
]


@pytest.mark.parametrize(("kind", "before", "after", "message"), REFUSALS)
def test_what_breaks_the_rules_is_refused_by_file_question_and_field(
    tmp_path: Path, kind: str, before: str, after: str, message: str
) -> None:
    load(tmp_path, EVERY[kind])
    with pytest.raises(QuestionBankError, match=message):
        load(tmp_path, change(EVERY[kind], before, after))


@pytest.mark.parametrize("right", [True, False])
def test_choices_need_a_right_and_a_wrong_option(tmp_path: Path, right: bool) -> None:
    options = "\n".join(
        f'[[questions.options]]\ntext = "{text}"\n' + ("right = true" if right else 'say = "No."')
        for text in ("one", "two", "three")
    )
    text = CHOICES[: CHOICES.index("[[questions.options]]")] + options
    with pytest.raises(QuestionBankError, match=r"'choices', options: expected at least one that"):
        load(tmp_path, text)


@pytest.mark.parametrize("number", [2, 7])
def test_there_are_three_to_six_options(tmp_path: Path, number: int) -> None:
    head = CHOICE[: CHOICE.index("[[questions.options]]")]
    more = "".join(
        f'[[questions.options]]\ntext = "{entry}"\nsay = "No."\n' for entry in range(number - 1)
    )
    text = head + '[[questions.options]]\ntext = "HDF5"\nright = true\n' + more
    with pytest.raises(QuestionBankError, match=rf"options: expected 3 to 6 of them, got {number}"):
        load(tmp_path, text)


def test_an_order_that_two_earlier_replies_cover_is_unreachable(tmp_path: Path) -> None:
    covered = '\n[[questions.feedback]]\nbefore = "load"\nafter = "open"\nsay = "Never."\n'
    with pytest.raises(QuestionBankError, match=r"feedback\[3\], before: any order that this"):
        load(tmp_path, ORDER + covered)


@given(
    pairs=st.lists(
        st.sampled_from(list(itertools.combinations(range(4), 2))), min_size=1, max_size=4
    )
)
def test_a_reply_to_an_order_is_refused_if_no_order_gets_it(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]]
) -> None:
    """Held against all 24 orders: each reply must be the first that applies to one of them."""
    items = ["open", "slice", "load", "show"]
    text = ORDER[: ORDER.index("[[questions.feedback]]")] + "".join(
        f'\n[[questions.feedback]]\nbefore = "{items[late]}"\nafter = "{items[early]}"\nsay = "No."'
        for early, late in pairs
    )
    firsts = set()
    for order in itertools.permutations(range(4)):
        wrong = [order.index(late) < order.index(early) for early, late in pairs]
        if any(wrong):
            firsts.add(wrong.index(True))
    folder = tmp_path_factory.mktemp("order")
    if firsts == set(range(len(pairs))):
        load(folder, text)
    else:
        with pytest.raises(QuestionBankError, match="already replied to"):
            load(folder, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"^bank\.toml, title: expected some text, got nothing\.$"),
        ("title = 3", r"^bank\.toml, title: expected some text, got 3\.$"),
        ('title = " "', r"title: expected some text, got ' '"),
        (TITLE, r"^bank\.toml, questions: expected one or more tables .*questions\]\], got nothi"),
        (TITLE + "questions = []", r"^bank\.toml, questions: expected one or more tables"),
        (TITLE + "questions = [1]", r"questions: expected one or more tables .* got \[1\]"),
        (
            TITLE + 'by = "me"' + CHOICE,
            r"^bank\.toml, by: unknown key; expected only: questions, t",
        ),
        (TITLE + CHOICE + CHOICE, r"^bank\.toml, question 'choice', id: used 2 times; give each"),
        (TITLE + "[[questions]", r"^bank\.toml: this is not TOML in UTF-8: .*line 2"),
    ],
)
def test_a_bank_as_a_whole_is_checked(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(QuestionBankError, match=message):
        load_bank("bank", folder=write(tmp_path, text))


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bank.toml").write_bytes('title = "é"'.encode("latin-1"))
    with pytest.raises(QuestionBankError, match=r"bank\.toml: this is not TOML in UTF-8: 'utf-8'"):
        load_bank("bank", folder=tmp_path)


@pytest.mark.parametrize("name", ["absent", "../bank", "", "bank.toml"])
def test_a_missing_bank_is_answered_with_those_that_exist(tmp_path: Path, name: str) -> None:
    (tmp_path / "other.toml").write_text(TITLE, encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"No question bank .*; there are: bank, other\."):
        load_bank(name, folder=write(tmp_path, TITLE))


def test_text_is_split_into_text_code_and_blanks() -> None:
    assert split_text("a ___`b ___`, ___` c") == ["a ", "___", "`b ___`", ", ", "___", "` c"]
    assert split_text("") == []


@given(st.text([*map(chr, range(32, 127)), *"àÉüñç²³½–“×…\u00a0"]))
def test_the_id_of_a_heading_is_that_of_docutils(heading: str) -> None:
    assert heading_anchor(heading) == make_id(heading)


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("One YZ slice", "one-yz-slice"),
        ("What a 3D chunk costs: 64³ voxels", "what-a-3d-chunk-costs-643-voxels"),
        ("1. Open – and look", "open-and-look"),
        ("Überblick", "uberblick"),
    ],
)
def test_the_id_of_a_heading(heading: str, anchor: str) -> None:
    assert heading_anchor(heading) == anchor


# The banks of the package


def headings(page: str) -> set[str]:
    """Read the headings of a page, without their backticks."""
    notebook, markdown = REPO / f"{page}.ipynb", REPO / f"{page}.md"
    assert notebook.exists() or markdown.exists(), f"no such page: {page}"
    if notebook.exists():
        cells = nbformat.read(notebook, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        text = markdown.read_text(encoding="utf-8")
    return {
        line.lstrip("#").strip().replace("`", "")
        for line in text.splitlines()
        if line.startswith("#")
    }


@pytest.mark.parametrize("name", bank_names())
def test_every_bank_of_the_package_can_be_read_and_helps(name: str) -> None:
    questions = load_bank(name).questions
    scored = [question for question in questions if question.points]
    assert len(scored) >= 6
    for question in scored:
        assert question.hints, f"{question.id} has no hint"
        if isinstance(question, BlanksQuestion):
            for blank in question.blanks:
                assert blank.feedback, f"{question.id} replies to no common wrong answer"
                solution = blank.answers[0].casefold()
                assert not any(solution in hint.casefold() for hint in question.hints), question.id
        elif isinstance(question, NumberQuestion):
            assert question.hints, f"{question.id} has no hint"
            assert question.feedback, f"{question.id} replies to no common wrong number"


@pytest.mark.parametrize("name", bank_names())
def test_every_number_question_says_what_to_give(name: str) -> None:
    """A quantity asks for its unit, a count names what is counted."""
    asked = {
        "B": r"How many bytes|State the unit",
        "s": r"State the unit",
        "m": r"State the unit",
        "%": r"per cent",
        "×": r"amplification|How many times",
    }
    for question in load_bank(name).questions:
        if isinstance(question, NumberQuestion):
            counted = rf"{question.unit.removesuffix('s')}s?\b"
            assert re.search(asked.get(question.unit, counted), question.text), question.id


@pytest.mark.parametrize("name", bank_names())
def test_every_question_points_to_a_heading_of_the_book(name: str) -> None:
    for question in load_bank(name).questions:
        found = headings(question.see.page)
        assert question.see.section in found, f"{question.id}: not among {sorted(found)}"


@pytest.mark.parametrize(
    ("name", "identifier", "solutions"),
    [
        ("00_slice_a_volume", "stack", ("slices", "stack")),
        ("00_slice_a_volume", "anisotropic", ("anisotropic", "deformed")),
        ("00_slice_a_volume", "three-drawings", ("deformed", "rectangle", "interpolated")),
        ("00_slice_a_volume", "isotropic", ("True",)),
        ("00_slice_a_volume", "slicing", ("True",)),
        ("00_slice_a_volume", "reslicing", ("False",)),
        ("00_slice_a_volume", "five-axes", ("True",)),
        ("01_open_without_loading", "lazy-loading", ("lazy loading",)),
        ("01_open_without_loading", "chunking", ("chunking",)),
        ("01_open_without_loading", "resolution-pyramid", ("resolution pyramid",)),
    ],
)
def test_the_questions_of_the_original_module_are_kept(
    name: str, identifier: str, solutions: tuple[str, ...]
) -> None:
    """Those of NEUBIAS on slice viewing and on big image data formats."""
    (question,) = [entry for entry in load_bank(name).questions if entry.id == identifier]
    assert question.solutions[: len(solutions)] == solutions
