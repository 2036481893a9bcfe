"""The grading of the quiz, by itself: modules of pure functions, run by Node."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as supposing
from hypothesis import settings
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
from bigimg_lessons.questions.parts import Option
from tests.node import Evaluate, Node

QUESTIONS = [
    pytest.param(question, id=f"{name}-{question.id}")
    for name in bank_names()
    for question in load_bank(name).questions
]
Grade = Callable[[dict[str, Any], list[list[str]]], list[dict[str, Any]]]
# What each unit is, worked out here and not read from the module.
UNITS = {
    ("B", Fraction(1)): ["B", "byte", "bytes"],
    ("B", Fraction(10**3)): ["kB", "KB", "kilobytes"],
    ("B", Fraction(10**6)): ["MB", "mb"],
    ("B", Fraction(10**9)): ["GB", "gigabytes"],
    ("B", Fraction(10**12)): ["TB"],
    ("B", Fraction(2**10)): ["KiB", "kib"],
    ("B", Fraction(2**20)): ["MiB", "mebibytes"],
    ("B", Fraction(2**30)): ["GiB"],
    ("B", Fraction(2**40)): ["TiB"],
    ("s", Fraction(1)): ["s", "sec", "second", "seconds"],
    ("s", Fraction(60)): ["min", "minutes"],
    ("s", Fraction(3600)): ["h", "hours"],
    ("s", Fraction(86400)): ["d", "day", "days"],
    ("s", Fraction(10**3)): ["ks", "kiloseconds"],
    ("s", Fraction(1, 10**3)): ["ms"],
    ("s", Fraction(1, 10**6)): ["\u00b5s", "\u03bcs", "us"],
    ("s", Fraction(1, 10**9)): ["ns"],
    ("m", Fraction(1)): ["m", "metres"],
    ("m", Fraction(1, 10**2)): ["cm"],
    ("m", Fraction(1, 10**3)): ["mm"],
    ("m", Fraction(1, 10**6)): ["\u00b5m", "\u03bcm", "um", "micrometres"],
    ("m", Fraction(1, 10**9)): ["nm", "nanometers"],
    ("%", Fraction(1)): ["%", "per cent"],
    ("×", Fraction(1)): ["×", "x", "times", "-fold"],
    ("", Fraction(1)): [""],
}
BASE = {name: unit for unit, names in UNITS.items() for name in names}


@pytest.fixture(scope="module")
def typed(node: Node) -> Evaluate:
    """Evaluate scripts with what reads words and numbers."""
    return node.module("quiz/grading/numbers.js")


@pytest.fixture(scope="module")
def grade(node: Node) -> Grade:
    """Grade a question for each of several lists of answers."""
    evaluate = node.module("quiz/grading/grade.js")
    script = "([question, all]) => all.map((given) => grade(question, given))"
    return lambda question, given: evaluate(script, [question, given])


def quantity(typed: Evaluate, text: str) -> dict[str, Any] | None:
    """Read a number; what is read besides value and dimension is left out."""
    found: dict[str, Any] | None = typed("(text) => quantity(text)", text)
    return found and {key: found[key] for key in ("value", "dimension")}


def question(*answers: str, feedback: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"kind": "blanks", "blanks": [{"answers": list(answers), "feedback": feedback or []}]}


def verdicts(grade: Grade, asked: dict[str, Any], given: list[str]) -> list[str]:
    return [result["parts"][0]["verdict"] for result in grade(asked, [[text] for text in given])]


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
        ("7 × 100", ["7x100", "7 x 100"]),
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
        ("lazy loading", ["lazzy loading", "lasy loading", "lazy lodaing"]),
        ("page cache", ["page kache", "Page Cahce"]),
    ],
)
def test_one_slip_is_pointed_out_and_does_not_score(
    grade: Grade, answer: str, typed: list[str]
) -> None:
    for result in grade(question(answer), [[text] for text in typed]):
        assert result["points"] == 0
        assert result["parts"] == [{"verdict": "almost", "say": "Check the spelling."}]


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
        ("chunking", ["chukning now", "chinkimg", "hcnuking"]),  # two slips
        ("lazy", ["lary", "lay", "lzay"]),  # words under five letters
        ("whole file", ["whole tile", "whole pile"]),
        ("plane", ["planet earth", "a plan of yours", "lane 5"]),
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
        assert result["parts"][0]["verdict"] == "empty"
        assert "guess" in result["parts"][0]["say"]


def test_feedback_answers_what_was_typed(grade: Grade) -> None:
    asked = question(
        "resolution pyramid",
        feedback=[
            {"when": ["pyramid"], "say": "What kind?", "almost": True},
            {"when": ["streaming"], "say": "In order.", "almost": False},
        ],
    )
    results = grade(asked, [["Pyramids"], ["streaming"], ["streeming"], ["zebra"]])
    assert [result["parts"][0] for result in results] == [
        {"verdict": "almost", "say": "What kind?"},
        {"verdict": "wrong", "say": "In order."},
        {"verdict": "wrong", "say": "In order."},
        {"verdict": "wrong", "say": "Another term is meant."},
    ]


def test_a_listed_wrong_answer_is_not_taken_for_a_slip(grade: Grade) -> None:
    asked = question("plane", feedback=[{"when": ["plan"], "say": "No.", "almost": False}])
    assert verdicts(grade, asked, ["plan", "plans", "plame"]) == ["wrong", "wrong", "almost"]


def test_each_blank_is_worth_a_point_and_order_matters(grade: Grade) -> None:
    asked = {
        "kind": "blanks",
        "blanks": [*question("plane")["blanks"], *question("strips")["blanks"]],
    }
    given = [["plane", "strip"], ["plane", ""], ["strips", "planes"], ["plane"]]
    assert [result["points"] for result in grade(asked, given)] == [2, 1, 0, 1]


# Numbers


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("8 KiB", 8192, "B"),
        ("8192 B", 8192, "B"),
        ("8,192 bytes", 8192, "B"),
        ("8 192 B", 8192, "B"),
        ("8\u00a0192 B", 8192, "B"),
        ("8\u2009192 B", 8192, "B"),
        ("8\u202f192 B", 8192, "B"),
        ("8'192 B", 8192, "B"),
        ("8\u2019192 B", 8192, "B"),
        ("1,234,567.5 B", 1234567.5, "B"),
        ("1 234,5 s", 1234.5, "s"),
        ("8192B", 8192, "B"),
        ("1,5 s", 1.5, "s"),
        ("0,125 s", 0.125, "s"),
        ("12,34 s", 12.34, "s"),
        ("1,2345 s", 1.2345, "s"),
        (".5 s", 0.5, "s"),
        ("1e6", 1000000, ""),
        ("1.5E-3 s", 0.0015, "s"),
        ("10^6", 1000000, ""),
        ("10⁶", 1000000, ""),
        ("10⁻³ s", 0.001, "s"),
        ("10\u22123 s", 7, "s"),
        ("10^\u22123 s", 0.001, "s"),
        ("1.5 × 10^6 B", 1500000, "B"),
        ("2^20 B", 1048576, "B"),
        ("2**20 bytes", 1048576, "B"),
        ("64^3", 262144, ""),
        ("64 × 64 × 64 B", 262144, "B"),
        ("64*64*64", 262144, ""),
        ("64x64x64x2 bytes", 524288, "B"),
        ("64 · 64", 4096, ""),
        ("1/512", 1 / 512, ""),
        ("100/4 ms", 0.025, "s"),
        ("8 x 8 x", 64, "×"),
        ("8-fold", 8, "×"),
        ("8 times more", 8, "×"),
        ("12 XY planes", 12, ""),
        ("8k", 8000, ""),
        ("8 bits", 8, "bit"),
        ("8 kbit", 8000, "bit"),
        ("8 Kib", 8192, "bit"),
        ("8 Mb", 8000000, "bit"),
        ("8 kilobits per", 8000, "bit"),
        ("about 7 min", 420, "s"),
        ("approx. 7 min.", 420, "s"),
        ("ca. 7 min", 420, "s"),
        ("~7 min", 420, "s"),
        ("≈ 7 min", 420, "s"),
        ("\uff18 KiB", 8192, "B"),
        ("8 per s", 8, ""),
        ("8 constructor", 8, ""),
        *((text, None, None) for text in ("", "lots", "KiB 8", "-8", "64 64 64")),
        ("half", 0.5, ""),
        ("½", 0.5, ""),
        ("× 8", 8, "×"),
        ("8 MB/s", 8e6, "mixed"),
        ("1.234.567", 1234567, ""),
        ("1.234,5 s", 1234.5, "s"),
        ("160_000", 160000, ""),
        ("40 × 2000 × 2 bytes", 160000, "B"),
        ("40 planes × 2000 columns × 2 bytes", 160000, "B"),
        ("32 chunks of 8 MiB", 2**28, "B"),
        ("900 GB / (125 MB/s)", 7200, "s"),
        ("50 µm / 0.25 µm", 200, ""),
        ("(4 + 4) × 2", 16, ""),
        ("256 + 4 requests", 260, ""),
        ("0.2 s + 700 ms", 0.9, "s"),
        ("0.2 + 0.7 s", 0.9, "s"),
        ("2 GiB + 512 MiB", 2.5 * 2**30, "B"),
        ("1 min 30 s", 90, "s"),
        ("1 h and 30 min", 5400, "s"),
        ("one and a half minutes", 90, "s"),
        ("half a minute", 30, "s"),
        ("twelve", 12, ""),
        ("two hundred and fifty-six", 256, ""),
        ("one thousand five hundred", 1500, ""),
        ("1.5 million bytes", 1.5e6, "B"),
        ("fourfold", 4, "×"),
        ("a factor of 4", 4, "×"),
        ("×4", 4, "×"),
        ("4x", 4, "×"),
        ("4:1", 4, ""),
        ("1/4", 0.25, ""),
        ("6 Mo", 6e6, "B"),
        ("6 Mio", 6 * 2**20, "B"),
        ("6 Mio. Bytes", 6e6, "B"),
        ("512 octets", 512, "B"),
        ("2 Stunden", 7200, "s"),
        ("40 secondes", 40, "s"),
        ("28,6 Prozent", 28.6, "%"),
        ("160 000 bytes (two for each value)", 160000, "B"),
        *((text, None, None) for text in ("8,192,5", "12,345,67", "1e999", "1/0")),
        *(
            (text, None, None)
            for text in ("8 __proto__", "<b>8</b>", "8^", "8 × × 8", "5 or 6", "not 8", "…")
        ),
    ],
)
def test_a_number_may_be_typed_in_many_ways(
    typed: Evaluate, text: str, value: float | None, dimension: str | None
) -> None:
    found = quantity(typed, text)
    if value is None:
        assert found is None
    else:
        assert found == {"value": pytest.approx(value, rel=1e-12), "dimension": dimension}


@settings(max_examples=150)
@supposing(
    whole=st.integers(0, 10**9),
    part=st.integers(0, 999),
    grouped=st.sampled_from(["", ",", " ", "\u00a0", "\u2009", "\u202f", "'", "\u2019"]),
    point=st.sampled_from([".", ","]),
    unit=st.sampled_from(sorted(BASE)),
    about=st.sampled_from(["", "about ", "ca. ", "~", "≈ "]),
    space=st.sampled_from(["", " ", "\u00a0"]),
)
def test_any_number_is_read_with_any_unit(
    typed: Evaluate,
    whole: int,
    part: int,
    grouped: str,
    point: str,
    unit: str,
    about: str,
    space: str,
) -> None:
    decimals = str(part).rstrip("0")
    if point == grouped or (point == "," and len(decimals) == 3):
        point = "."  # else the comma groups
    text = f"{whole:,}".replace(",", grouped) + (f"{point}{decimals}" if decimals else "")
    dimension, factor = BASE[unit]
    expected = (whole + Fraction(int(decimals or 0), 10 ** len(decimals))) * factor
    found = quantity(typed, f"{about}{text}{space}{unit}")
    assert found == {"value": pytest.approx(float(expected), rel=1e-12), "dimension": dimension}


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (262144, "B", "256 KiB"),
        (1536, "B", "1.5 KiB"),
        (1000, "B", "1,000 B"),
        (2**30, "B", "1 GiB"),
        (0, "B", "0 B"),
        (0.0025, "s", "2.5 ms"),
        (90, "s", "1.5 min"),
        (7200, "s", "2 h"),
        (5e-6, "m", "5 µm"),
        (0.4, "m", "400 mm"),
        (65536, "requests", "65,536 requests"),
        (12.5, "%", "12.5 %"),
        (0.5, "%", "0.5 %"),
        (8, "×", "8 ×"),
    ],
)
def test_a_value_is_shown_in_a_unit_of_its_size(
    node: Node, typed: Evaluate, value: float, unit: str, text: str
) -> None:
    shown = node.module("quiz/grading/units.js")(
        "([value, unit]) => shown(value, unit)", [value, unit]
    )
    assert shown == text.replace(",", "\u00a0")
    counted = unit == "requests"
    assert quantity(typed, shown) == {
        "value": pytest.approx(value),
        "dimension": "" if counted else unit,
    }


def number(
    answer: float,
    unit: str,
    *,
    tolerance: float = 0,
    feedback: list[dict[str, Any]] | None = None,
    kind: str = "number",
) -> dict[str, Any]:
    rest = {"tolerance": tolerance, "feedback": feedback or []}
    return {"kind": kind, "answer": answer, "unit": unit, **rest}


def reply(grade: Grade, asked: dict[str, Any], text: str) -> tuple[str, str]:
    (result,) = grade(asked, [[text]])
    (part,) = result["parts"]
    assert result["points"] == (part["verdict"] == "right")
    assert result["most"] == (asked["kind"] != "predict")
    assert result["solved"] == (part["verdict"] in ("right", "noted"))
    return part["verdict"], part["say"]


ADD_UNIT = "Add the unit: TiB, GiB, MiB, KiB, B, TB, GB, MB, kB."
ADD_TIME = "Add the unit: h, min, s, ms, µs, ns, days, ks."
NOT_BITS = "Give bytes (B); a byte has 8 bits."
PREFIXES = "A kB has 1000 bytes, a KiB 1024."
ANOTHER = "Another number is meant."
NO_NUMBER = "Type a number, such as 12, 1.5 or 64 × 64."


@pytest.mark.parametrize(
    ("answer", "unit", "text", "verdict", "say"),
    [
        (8192, "B", "8 KiB", "right", ""),
        (8192, "B", "8.192 kB", "right", ""),
        (8192, "B", "64 × 64 × 2 bytes", "right", ""),
        (8192, "B", "8192", "almost", ADD_UNIT),
        (8192, "B", "8", "almost", ADD_UNIT),
        (8192, "B", "8k", "wrong", ADD_UNIT),
        (8192, "B", "9", "wrong", ADD_UNIT),
        (8192, "B", "9 s", "wrong", ADD_UNIT),
        (8192, "B", "8 kB", "almost", PREFIXES),
        (8 * 10**9, "B", "8 GiB", "almost", PREFIXES),
        (8192, "B", "8 Kib", "almost", NOT_BITS),
        (8192, "B", "8192 bits", "almost", NOT_BITS),
        (8192, "B", "9 bits", "wrong", NOT_BITS),
        (8192, "B", "9 KiB", "wrong", ANOTHER),
        (8192, "B", "lots", "wrong", NO_NUMBER),
        (8192, "B", "-8 KiB", "wrong", NO_NUMBER),
        (0.7, "s", "700 ms", "right", ""),
        (0.7, "s", "700", "almost", ADD_TIME),
        (0.7, "s", "700 kB", "wrong", ADD_TIME),
        (0.7, "s", "0.7 per s", "almost", ADD_TIME),
        (64, "requests", "64", "right", ""),
        (64, "requests", "8 × 8 requests", "right", ""),
        (64, "requests", "64 read requests", "right", ""),
        (1, "requests", "1 Request", "right", ""),
        (64, "XY planes", "64 planes", "right", ""),
        (64, "XY planes", "64 XY-planes", "right", ""),
        (64, "requests", "64 planes", "almost", "Count requests."),
        (64, "requests", "65 planes", "wrong", "Count requests."),
        (64, "requests", "64 KiB", "wrong", "Count requests."),
        (64, "requests", "65", "wrong", ANOTHER),
        (0, "requests", "0", "right", ""),
        (0, "requests", "0.001", "wrong", ANOTHER),
        (12.5, "%", "12.5", "right", ""),
        (12.5, "%", "12,5 per cent", "right", ""),
        (8, "×", "8", "right", ""),
        (8, "×", "8 times", "right", ""),
        (8, "×", "800 %", "wrong", "Add the unit: ×."),
    ],
)
def test_a_number_gets_a_reply_that_teaches(
    grade: Grade, answer: float, unit: str, text: str, verdict: str, say: str
) -> None:
    assert reply(grade, number(answer, unit), text) == (verdict, say)


def test_a_number_within_the_tolerance_is_right(grade: Grade) -> None:
    asked = number(100, "chunks", tolerance=0.05)
    verdicts = [reply(grade, asked, text)[0] for text in ("94.9", "95", "105", "105.1")]
    assert verdicts == ["wrong", "right", "right", "wrong"]


def test_a_listed_number_gets_its_own_reply_before_any_other(grade: Grade) -> None:
    asked = number(
        8192,
        "B",
        tolerance=0.1,
        feedback=[
            {"when": [16384, 4096], "say": "Two.", "almost": True},
            {"when": [17000], "say": "Odd.", "almost": False},
        ],
    )
    for text in ("16 KiB", "16384", "16,500 B", "4 KiB"):
        assert reply(grade, asked, text) == ("almost", "Two."), text
    assert reply(grade, asked, "17000 B") == ("wrong", "Odd.")
    assert reply(grade, asked, "17000 s") == ("wrong", ADD_UNIT)
    planes = number(8, "planes", feedback=[{"when": [512], "say": "All.", "almost": False}])
    assert reply(grade, planes, "512 requests") == ("wrong", "All.")
    assert reply(grade, planes, "512 KiB") == ("wrong", "Count planes.")


def test_a_prediction_is_noted_and_never_right(grade: Grade) -> None:
    listed = [{"when": [1e9], "say": "The whole file?", "almost": True}]
    asked = number(8192, "B", kind="predict", feedback=listed)
    assert reply(grade, asked, "8 KiB") == ("noted", "")
    assert reply(grade, asked, "5 MB") == ("noted", "")
    assert reply(grade, asked, "1 GB") == ("noted", "The whole file?")
    assert reply(grade, asked, "8192") == ("wrong", ADD_UNIT)
    assert reply(grade, asked, "8 Kib") == ("wrong", NOT_BITS)
    assert reply(grade, asked, "plenty") == ("wrong", NO_NUMBER)
    assert reply(grade, asked, " ")[0] == "empty"
    assert reply(grade, number(5, "requests", kind="predict"), "7") == ("noted", "")


@pytest.mark.parametrize(
    ("typed", "verdict", "say"),
    [
        ("7.2 ks", "right", ""),
        ("0.083 days", "right", ""),
        ("2 Tage", "wrong", "Another number is meant."),
        ("7.200 s", "almost", "A thousand or a decimal? Type 1500 or 1.5."),
        ("7.2 s", "almost", "Compare the units."),
        ("7.2", "almost", "Compare the units."),
    ],
)
def test_what_a_number_may_mean_comes_before_what_is_replied_to_it(
    grade: Grade, typed: str, verdict: str, say: str
) -> None:
    listed = [{"when": [7.2], "say": "Compare the units.", "almost": True}]
    asked = number(7200, "s", tolerance=0.01, feedback=listed)
    assert reply(grade, asked, typed) == (verdict, say)


# Choices, truth, order


def options(*right: bool) -> list[dict[str, Any]]:
    return [
        asdict(Option(text=f"text {at}", right=is_right, say="" if is_right else f"say {at}"))
        for at, is_right in enumerate(right)
    ]


@pytest.mark.parametrize(
    ("given", "verdict", "say"),
    [
        (["b"], "right", ""),
        (["a"], "wrong", "say 0"),
        (["c"], "wrong", "say 2"),
        ([""], "empty", "Answer what you think; a guess is fine."),
        ([], "empty", "Answer what you think; a guess is fine."),
        (["z"], "empty", "Answer what you think; a guess is fine."),
    ],
)
def test_a_choice(grade: Grade, given: list[str], verdict: str, say: str) -> None:
    asked = {"kind": "choice", "options": options(False, True, False)}
    (result,) = grade(asked, [given])
    assert result["parts"] == [{"verdict": verdict, "say": say}]
    assert (result["points"], result["most"]) == (int(verdict == "right"), 1)


@pytest.mark.parametrize(
    ("given", "verdict", "say"),
    [
        (["b", "d"], "right", ""),
        (["d"], "almost", "1 more to find."),
        (["a"], "wrong", "say 0\n2 more to find."),
        (["a", "b"], "wrong", "say 0\n1 more to find."),
        (["a", "b", "d"], "wrong", "say 0"),
        (["a", "b", "c", "d"], "wrong", "say 0\nsay 2"),
        ([], "empty", "Answer what you think; a guess is fine."),
    ],
)
def test_several_choices(grade: Grade, given: list[str], verdict: str, say: str) -> None:
    asked = {"kind": "choices", "options": options(False, True, False, True)}
    (result,) = grade(asked, [given])
    assert result["parts"] == [{"verdict": verdict, "say": say}]
    assert (result["points"], result["most"]) == (int(verdict == "right"), 1)
    assert result["solved"] == (verdict == "right")


@pytest.mark.parametrize(
    ("given", "verdicts", "says"),
    [
        (["false", "b"], ["right", "right"], ["", ""]),
        (["true", "b"], ["wrong", "right"], ["It is not.", ""]),
        (["false", "c"], ["right", "wrong"], ["", "say 2"]),
        (["", "b"], ["empty", "right"], None),
        (["false", ""], ["right", "empty"], None),
        (["", ""], ["empty", "empty"], None),
        ([], ["empty", "empty"], None),
    ],
)
def test_true_or_false_and_why(
    grade: Grade, given: list[str], verdicts: list[str], says: list[str] | None
) -> None:
    reasons = options(False, True, False)
    asked = {"kind": "true-false", "answer": False, "say": "It is not.", "reasons": reasons}
    (result,) = grade(asked, [given])
    assert [part["verdict"] for part in result["parts"]] == verdicts
    if says is not None:
        assert [part["say"] for part in result["parts"]] == says
    assert (result["points"], result["most"]) == (verdicts.count("right"), 2)
    assert result["solved"] == (verdicts == ["right", "right"])


@pytest.mark.parametrize(
    ("given", "verdict", "say"),
    [
        ("cadb", "right", ""),
        ("acdb", "almost", "c comes first."),
        ("cdab", "almost", "From the top, 1 in place."),
        ("cabd", "almost", "From the top, 2 in place."),
        ("bcad", "wrong", "Another one comes first."),
        ("badc", "wrong", "c comes first."),
        ("dacb", "wrong", "c comes first."),
        ("cbda", "wrong", "Not last."),
        ("", "empty", "Answer what you think; a guess is fine."),
    ],
)
def test_an_order(grade: Grade, given: str, verdict: str, say: str) -> None:
    feedback = [
        {"before": "a", "after": "c", "say": "c comes first."},
        {"before": "d", "after": "a", "say": "Not last."} if given == "cbda" else None,
    ]
    listed = [entry for entry in feedback if entry]
    asked = {"kind": "order", "answer": list("cadb"), "feedback": listed}
    (result,) = grade(asked, [list(given)])
    assert result["parts"] == [{"verdict": verdict, "say": say}]
    assert (result["points"], result["most"]) == (int(verdict == "right"), 1)


# All banks

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "javascript:alert(1)",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "8 __proto__",
    "8 constructor",
    "${7*7}",
    ".*",
    "(",
    "\\",
    "\u0000",
    "\ud83d\ude00",
    "9" * 5000,
    "8," * 5000,
]


@pytest.mark.parametrize("asked", QUESTIONS)
def test_what_is_typed_is_only_ever_data(grade: Grade, asked: Question) -> None:
    parts = 2 if asked.kind == "true-false" else max(asked.points, 1)
    for result in grade(asdict(asked), [[text] * parts for text in PAYLOADS]):
        assert result["points"] == 0
        assert not {"right", "noted"} & {part["verdict"] for part in result["parts"]} or (
            asked.kind == "predict"
        )
        for part in result["parts"]:
            assert "alert" not in part["say"]


@pytest.mark.parametrize("asked", QUESTIONS)
def test_an_answer_that_no_form_can_give_scores_no_more_than_a_part(
    grade: Grade, asked: Question
) -> None:
    """As it may stand in a file: all there is at once, repeated, too long, in no language."""
    letters = [*"abcdefgh"]
    odd = [letters, ["true", *letters], ["false", *letters], letters * 100, ["x" * 10_000]]
    for result in grade(asdict(asked), odd):
        assert result["points"] <= int(asked.kind == "true-false")
        assert result["most"] == asked.points
        assert asked.kind == "predict" or not result["solved"]


@pytest.mark.parametrize("asked", QUESTIONS)
def test_an_empty_answer_to_any_question_is_no_error(grade: Grade, asked: Question) -> None:
    parts = 2 if asked.kind == "true-false" else max(asked.points, 1)
    for result in grade(asdict(asked), [[], [""], [" "] * 3 if asked.points > 2 else [""] * 2]):
        assert [part["verdict"] for part in result["parts"]] == ["empty"] * parts
        assert (result["points"], result["most"]) == (0, asked.points)
        assert not result["solved"]


@pytest.mark.parametrize("asked", QUESTIONS)
def test_every_bank_keeps_its_word(typed: Evaluate, grade: Grade, asked: Question) -> None:
    """Each listed answer scores; each listed wrong one gets its own reply, in every spelling."""
    if isinstance(asked, BlanksQuestion):
        _check_blanks(grade, asked)
    elif isinstance(asked, NumberQuestion):
        _check_number(typed, grade, asked)
    elif isinstance(asked, TrueFalseQuestion):
        _check_truth(grade, asked)
    elif isinstance(asked, ChoiceQuestion):
        _check_choice(grade, asked)
    else:
        assert isinstance(asked, OrderQuestion)
        _check_order(grade, asked)


def _check_blanks(grade: Grade, asked: BlanksQuestion) -> None:
    solved = list(asked.solutions)
    assert asked.accepts(solved)
    assert grade(asdict(asked), [solved])[0]["points"] == asked.points
    for index, blank in enumerate(asdict(asked)["blanks"]):
        alone = {"kind": "blanks", "blanks": [blank]}
        for spell in (str, str.upper, lambda text: text.replace(" ", "-")):
            right = [spell(answer) for answer in blank["answers"]]
            assert verdicts(grade, alone, right) == ["right"] * len(right), (index, right)
            for feedback in blank["feedback"]:
                expected = "almost" if feedback["almost"] else "wrong"
                results = grade(alone, [[spell(wrong)] for wrong in feedback["when"]])
                for result, wrong in zip(results, feedback["when"], strict=True):
                    assert result["parts"] == [{"verdict": expected, "say": feedback["say"]}], wrong


def _spellings(value: float, unit: str) -> list[str]:
    plain = f"{value:.15g}"
    forms = [f"{plain} {unit}", f"about {plain} {unit}", f"{plain.upper()}\u00a0{unit}"]
    if value >= 1000 and value == int(value):
        forms += [f"{int(value):,} {unit}", f"{int(value):,}".replace(",", "\u202f") + unit]
    if value != int(value) and "e" not in plain and len(plain.split(".")[1]) != 3:
        forms.append(f"{plain.replace('.', ',')} {unit}")
    other = {"B": ("KiB", 1024), "s": ("ms", Fraction(1, 1000)), "m": ("µm", Fraction(1, 10**6))}
    if unit in other:
        name, factor = other[unit]
        forms.append(f"{float(Fraction(value) / Fraction(factor)):.15g} {name}")
    else:
        forms.append(plain)
    return forms


def _check_number(typed: Evaluate, grade: Grade, asked: NumberQuestion) -> None:
    assert asked.accepts([asked.solution])
    solution = quantity(typed, asked.solution)
    assert solution is not None
    rounding = max(1e-9, min(asked.tolerance, 0.005))
    assert math.isclose(solution["value"], asked.answer, rel_tol=rounding)
    predicted = asked.kind == "predict"
    good = {"verdict": "noted" if predicted else "right", "say": ""}
    texts = [asked.solution, *_spellings(asked.answer, asked.unit)]
    expected = [good] * len(texts)
    for entry in asked.feedback:
        verdict = "noted" if predicted else "almost" if entry.almost else "wrong"
        # "250,000" may be 250 as well: where that is the answer, this is asked first.
        unsure = [value for value in entry.when if value == 1000 * asked.answer]
        wrong = [
            text
            for value in entry.when
            for text in _spellings(value, asked.unit)
            if not (value in unsure and "," in text)
        ]
        texts += wrong
        expected += [{"verdict": verdict, "say": entry.say}] * len(wrong)
    for text, result, part in zip(
        texts, grade(asdict(asked), [[text] for text in texts]), expected, strict=True
    ):
        assert result["parts"] == [part], text
        assert result["points"] == (part["verdict"] == "right")


def _check_truth(grade: Grade, asked: TrueFalseQuestion) -> None:
    truth, untruth = ("true", "false") if asked.answer else ("false", "true")
    for index, reason in enumerate(asked.reasons):
        letter = "abcdefgh"[index]
        assert asked.accepts([truth, letter])
        why = {"verdict": "right" if reason.right else "wrong", "say": reason.say}
        for said, first in (
            (truth, {"verdict": "right", "say": ""}),
            (untruth, {"verdict": "wrong", "say": asked.say}),
        ):
            (result,) = grade(asdict(asked), [[said, letter]])
            assert result["parts"] == [first, why]
            assert result["solved"] == (said == truth and reason.right)


def _check_choice(grade: Grade, asked: ChoiceQuestion) -> None:
    letters = "abcdef"
    right = [letters[at] for at, option in enumerate(asked.options) if option.right]
    assert asked.accepts(right)
    assert grade(asdict(asked), [right])[0]["solved"]
    for letter, option in zip(letters, asked.options, strict=False):
        if option.right:
            continue
        with_right = [letter] if asked.kind == "choice" else sorted([*right, letter])
        (result,) = grade(asdict(asked), [with_right])
        assert result["parts"] == [{"verdict": "wrong", "say": option.reply}]


def _check_order(grade: Grade, asked: OrderQuestion) -> None:
    right = list(asked.answer)
    assert asked.accepts(right)
    assert grade(asdict(asked), [right])[0]["solved"]
    assert not grade(asdict(asked), [sorted(right)])[0]["solved"]  # as it is shown
    for index, entry in enumerate(asked.feedback):
        own = next(
            order
            for order in permutations(right)
            if order.index(entry.before) < order.index(entry.after)
            and all(
                order.index(earlier.before) > order.index(earlier.after)
                for earlier in asked.feedback[:index]
            )
        )
        (result,) = grade(asdict(asked), [list(own)])
        assert result["points"] == 0
        assert result["parts"][0]["say"] == entry.say


@pytest.mark.parametrize("name", bank_names())
def test_the_terms_of_a_lesson_are_told_apart(grade: Grade, name: str) -> None:
    """The first answer of a blank is not right for another one.

    Only first answers, and no numbers: variants of two terms may coincide, as a plane is a slice
    to some questions, and so may two numbers.
    """
    questions = load_bank(name).questions
    blanks = [
        blank
        for asked in questions
        if isinstance(asked, BlanksQuestion)
        for blank in asdict(asked)["blanks"]
    ]
    terms = sorted({blank["answers"][0] for blank in blanks})
    for blank in blanks:
        others = [term for term in terms if term not in blank["answers"] and not term[0].isdigit()]
        assert others
        given = verdicts(grade, {"kind": "blanks", "blanks": [blank]}, others)
        right = [term for term, verdict in zip(others, given, strict=True) if verdict == "right"]
        assert right == [], blank["answers"][0]


UNSEEN = Path(__file__).with_name("unseen_answers.json")


def test_answers_that_were_not_written_from_the_banks_are_judged_fairly(node: Node) -> None:
    """Written from the questions alone; each part is right, wrong, or a right one that is "almost".

    Almost are single slips of the pen, which are pointed out, a value rounded too far, and what a
    bank calls nearly right on purpose. They score no point, so they count as not accepted.
    """
    entries = json.loads(UNSEEN.read_text(encoding="utf-8"))
    asked = {
        (name, entry.id): asdict(entry)
        for name in bank_names()
        for entry in load_bank(name).questions
    }
    jobs = [[asked[entry["bank"], entry["id"]], entry["given"]] for entry in entries]
    results = node.module("quiz/grading/grade.js")(
        "(jobs) => jobs.map(([question, given]) => grade(question, given))", jobs
    )
    accepted: dict[str, list[bool]] = {"blanks": [], "number": [], "predict": []}
    wrong, listed = 0, 0
    for (question, given), entry, result in zip(jobs, entries, results, strict=True):
        for index, (expected, part) in enumerate(zip(entry["right"], result["parts"], strict=True)):
            verdict = part["verdict"]
            if expected is False:
                assert verdict not in ("right", "noted"), (entry["id"], given[index])
                wrong += 1
                continue
            # The rest of a few more is refused: a word that is none, "a third of an hour".
            assert (verdict == "almost") == (expected == "almost"), (entry["id"], given[index])
            accepted[question["kind"]].append(verdict in ("right", "noted"))
            if question["kind"] == "blanks":
                listed += given[index] in question["blanks"][index]["answers"][1:]
    scored = accepted["blanks"] + accepted["number"]
    everything = scored + accepted["predict"]
    assert (len(everything), wrong) == (1491, 778)
    assert sum(scored) >= 0.97 * len(scored)
    assert sum(everything) >= 0.97 * len(everything)
    assert listed <= 0.35 * len(everything)


@pytest.mark.parametrize(
    ("answer", "typed"),
    [
        ("Z axis", ["X axis", "Y axis"]),
        ("XY planes", ["XZ planes", "YZ plane"]),
        ("3D image", ["2D image"]),
        ("1.5", ["15", "-1.5"]),
    ],
)
def test_a_short_term_is_never_a_slip_of_another(
    grade: Grade, answer: str, typed: list[str]
) -> None:
    assert verdicts(grade, question(answer), typed) == ["wrong"] * len(typed)


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        ("plane (XY)", "right"),
        ("plane, XY", "right"),
        ("plane / slice", "right"),
        ("XY plane", "right"),
        ("the plane I think", "right"),
        ("plane of the stack", "right"),
        ("plane (not a row)", "right"),
        ("plane (1/512)", "right"),
        ("plane of a row", "right"),
        ("un plane", "right"),
        ("l\u2019plane", "right"),
        ("one row", "wrong"),
        ("plane / row", "wrong"),
        ("plane (row)", "wrong"),
        ("plane / zebra", "wrong"),
        ("not plane", "wrong"),
    ],
)
def test_a_remark_or_words_of_the_sentence_change_nothing(
    grade: Grade, typed: str, verdict: str
) -> None:
    asked = question("plane", "slice", feedback=[{"when": ["row"], "say": "No.", "almost": False}])
    asked["text"] = "A stack stores one XY ___ after the other."
    assert verdicts(grade, asked, [typed]) == [verdict]


@pytest.mark.parametrize(
    ("answer", "unit", "text", "typed", "verdict", "say"),
    [
        (8192, "B", "How many bytes?", "8192", "right", ""),
        (8192, "B", "How many KiB?", "8", "right", ""),
        (8192, "B", "How many KiB?", "8192", "wrong", "Another number is meant. Look."),
        (160000, "B", "How many bytes?", "40 × 2000 × 2 = 160 000", "right", ""),
        (160000, "B", "", "40 × 2000 × 2 = 156.25 KiB", "right", ""),
        (12, "chunks", "", "3 × 3 = 12", "almost", "The two sides of = differ."),
        (1500, "chunks", "", "1.500", "almost", "A thousand or a decimal? Type 1500 or 1.5."),
        (227.5e-9, "m", "", "0.23 µm", "almost", "Rounded too far: give four digits."),
        (9, "chunks", "", "8", "wrong", "Another number is meant. Look."),
        (64, "requests", "", "64 reads", "right", ""),
        (64, "requests", "", "64 in total", "right", ""),
        (64, "requests", "", "64 or 65", "wrong", NO_NUMBER),
        (64, "requests", "How many at most?", "at most 64", "right", ""),
        (64, "requests", "How many at most?", "up to 64 requests", "right", ""),
        (64, "requests", "How many at most?", "at least 64", "wrong", NO_NUMBER),
        (64, "requests", "How many?", "at most 64", "wrong", NO_NUMBER),
        (2400, "s", "", "fourty minutes", "right", ""),
        (0.5, "s", "", "une demi-seconde", "right", ""),
        (0.5, "s", "", "eine halbe Sekunde", "right", ""),
    ],
)
def test_a_number_is_read_as_the_question_asks_for_it(
    grade: Grade, answer: float, unit: str, text: str, typed: str, verdict: str, say: str
) -> None:
    asked = {**number(answer, unit), "text": text, "hints": ["Look."]}
    assert reply(grade, asked, typed) == (verdict, say)
