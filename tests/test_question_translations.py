"""German and French terms in gaps: the table, and what grading makes of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bigimg_lessons.questions import bank
from bigimg_lessons.questions.bank import bank_names, load_bank
from bigimg_lessons.questions.kinds import BlanksQuestion
from bigimg_lessons.questions.translations import (
    folded,
    in_english,
    translated,
    translations,
)
from tests.node import Node

BANKS = Path(bank.__file__).with_name("banks")
Verdicts = Callable[[BlanksQuestion, int, list[str]], list[str]]


def blanks_of(name: str) -> list[list[dict[str, Any]]]:
    """The gaps of each such question as the file has them, without translations."""
    questions = tomllib.loads((BANKS / f"{name}.toml").read_text("utf-8"))["questions"]
    return [question["blanks"] for question in questions if question["kind"] == "blanks"]


def wrong_terms(blank: dict[str, Any]) -> list[str]:
    return [term for entry in blank["feedback"] for term in entry["when"]]


@pytest.fixture(scope="module")
def verdicts(node: Node) -> Verdicts:
    """Grade several texts in one gap of a question, with the sentence round it."""
    evaluate = node.module("quiz/grading/grade.js")
    script = "([question, all, at]) => all.map((given) => grade(question, given).parts[at].verdict)"

    def grade(question: BlanksQuestion, at: int, texts: list[str]) -> list[str]:
        given = [
            ["" if gap != at else text for gap in range(len(question.blanks))] for text in texts
        ]
        found: list[str] = evaluate(script, [asdict(question), given, at])
        return found

    return grade


def question_of(name: str, identifier: str) -> BlanksQuestion:
    (found,) = [entry for entry in load_bank(name).questions if entry.id == identifier]
    assert isinstance(found, BlanksQuestion)
    return found


def test_each_english_term_of_the_table_is_one_of_a_bank() -> None:
    terms = [
        term
        for name in bank_names()
        for blanks in blanks_of(name)
        for blank in blanks
        for term in (*blank["answers"], *wrong_terms(blank))
    ]
    read = [set(map(str.lower, translated([other]))) for other in terms]
    for term, words in translations().items():
        assert any(set(map(str.lower, words)) <= found for found in read), term


def test_the_table_has_both_languages_and_repeats_nothing() -> None:
    path = Path(bank.__file__).with_name("translations.toml")
    for term, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
        assert list(entry) == ["german", "french"], term
        for words in entry.values():
            assert words, term
            assert len(words) == len(set(map(folded, words))), term


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (["strip"], ["Streifen", "bande"]),
        (["Strips"], ["Streifen", "bande"]),
        (["a strip"], ["Streifen", "bande"]),
        (["boxes"], ["Kiste", "Kisten", "Kasten", "Kästen", "Kaesten", "boîte"]),
        (["size"], ["Größe", "Grösse", "Groesse", "taille"]),
        (["everything", "all"], ["alle", "alles", "tout", "tous", "toutes"]),
        (["no such term"], []),
    ],
)
def test_terms_are_translated_in_singular_and_plural(terms: list[str], words: list[str]) -> None:
    assert translated(terms) == words


@pytest.mark.parametrize(
    ("name", "identifier", "gap", "texts"),
    [
        ("00_slice_a_volume", "stack", 0, ["die Ebenen", "EBENEN", "les plans", "XY-Ebenen"]),
        ("00_slice_a_volume", "three-drawings", 0, ["deforme", "déformée", "verzerrt"]),
        ("01_open_without_loading", "planes-and-strips", 1, ["des bandes", "Streifen"]),
        ("01_open_without_loading", "yz-slice", 0, ["die ganze Datei", "tout le fichier"]),
        ("02_store_in_pieces", "shard", 1, ["l'index", "ein Inhaltsverzeichnis", "répertoire"]),
        ("02_store_in_pieces", "two-prices", 1, ["d'octets", "Bytes", "Daten"]),
        ("04_build_a_resolution_pyramid", "labels", 1, ["häufigsten", "haufigsten", "haeufigsten"]),
        ("04_build_a_resolution_pyramid", "measure", 1, ["mittleren", "la moyenne"]),
        ("05_compare_file_formats", "what-is-a-file", 0, ["un bloc", "morceaux", "Kachel"]),
        ("06a_far_away", "two-bounds", 1, ["la bande passante", "Übertragungsrate"]),
    ],
)
def test_articles_accents_and_plurals_make_no_difference(
    verdicts: Verdicts, name: str, identifier: str, gap: int, texts: list[str]
) -> None:
    assert verdicts(question_of(name, identifier), gap, texts) == ["right"] * len(texts)


def test_a_wrong_term_gets_its_own_reply_in_each_language(node: Node) -> None:
    question = question_of("02_store_in_pieces", "far-away")
    script = "([question, all]) => all.map((given) => grade(question, [given]).parts[0])"
    given = ["bandwidth", "Bandbreite", "la bande passante", "Durchsatz", "débit"]
    first, *others = node.module("quiz/grading/grade.js")(script, [asdict(question), given])
    assert first["say"].startswith("Bandwidth is")
    assert others == [first] * 4


@pytest.mark.parametrize("name", list(filter(blanks_of, bank_names())))
def test_a_contrasting_term_is_refused_in_each_language(verdicts: Verdicts, name: str) -> None:
    """Translations of other gaps' terms, and of wrong ones, unless they stand for a right one.

    Where a plane is right, one plane is; and level 3 is a number, which is 3 in any gap.
    """
    questions = [entry for entry in load_bank(name).questions if isinstance(entry, BlanksQuestion)]
    written = [blank for blanks in blanks_of(name) for blank in blanks]
    tried = 0
    for question, blanks in zip(questions, blanks_of(name), strict=True):
        for at, blank in enumerate(blanks):
            others = [term for other in written if other is not blank for term in other["answers"]]
            right = {folded(word) for word in question.blanks[at].answers}
            right |= {f"{word}s" for word in right} | {word.removesuffix("s") for word in right}
            words = translated([*others, *wrong_terms(blank)])
            refused = [
                word
                for word in words
                if right.isdisjoint({folded(word), folded(re.sub("^(eine|un) ", "", word))})
                and not re.search(r"\d", word)
            ]
            found = verdicts(question, at, refused)
            taken = [
                word for word, verdict in zip(refused, found, strict=True) if verdict == "right"
            ]
            assert taken == [], (question.id, at)
            tried += len(refused)
    assert tried


@pytest.mark.parametrize("name", bank_names())
def test_a_sheet_lists_the_terms_of_the_bank_and_no_translations(name: str) -> None:
    questions = [q for q in load_bank(name).questions if isinstance(q, BlanksQuestion)]
    for question, written in zip(questions, blanks_of(name), strict=True):
        for blank, one in zip(question.blanks, written, strict=True):
            pairs = [(blank.answers, one["answers"])]
            pairs += [
                (e.when, f["when"]) for e, f in zip(blank.feedback, one["feedback"], strict=True)
            ]
            for terms, english in pairs:
                listed = list(in_english(terms))
                assert listed == english[: len(listed)]
                assert set(english[len(listed) :]) <= set(translated(english))
