"""Exercises: right solutions pass, typical wrong ones get their own reply, by what is counted."""

from __future__ import annotations

import ast
import math
import re
import sys
from collections import Counter
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import dask.array as da
import nbformat
import numpy as np
import pytest

from bigimg_lessons.exercises import patience
from bigimg_lessons.exercises.checking import check, find_exercise
from bigimg_lessons.exercises.counting import WatchedArray, shown, synthetic, wrong
from bigimg_lessons.exercises.versions import given_version, version_of, with_body
from bigimg_lessons.exercises.watching import alike, described
from bigimg_lessons.questions.bank import bank_names, load_bank
from bigimg_lessons.questions.kinds import ChoiceQuestion, OrderQuestion
from tests.exercise_solutions import RIGHT, WRONG

ROOT = Path(__file__).parents[1]


def exercises_of(lesson: str) -> dict[str, Any]:
    number = lesson.partition("_")[0]
    if not (ROOT / f"src/bigimg_lessons/exercises/lesson_{number}.py").is_file():
        return {}
    return import_module(f"bigimg_lessons.exercises.lesson_{number}").EXERCISES


LESSONS = [name for name in bank_names() if exercises_of(name)]
EXERCISES = [(lesson, name) for lesson in LESSONS for name in exercises_of(lesson)]
every_exercise = pytest.mark.parametrize(("lesson", "name"), EXERCISES)


@every_exercise
def test_the_given_version_is_told_what_it_costs_and_a_hint(lesson: str, name: str) -> None:
    question, _ = find_exercise(lesson, name)
    verdict = check(lesson, name, given_version(question))
    assert (verdict.solved, verdict.counted) == (False, question.counted)
    assert verdict.reply == question.hints[0]


@every_exercise
def test_each_version_of_the_page_counts_what_the_page_says(lesson: str, name: str) -> None:
    """And gets, live, the reply that the page gives it."""
    question, _ = find_exercise(lesson, name)
    for option in question.options:
        assert re.fullmatch(r"`[^`]+`", option.text)
        verdict = check(lesson, name, version_of(question, option))
        assert (verdict.solved, verdict.counted) == (option.right, option.counted), option.text
        assert verdict.reply == (question.explanation if option.right else option.say)


@every_exercise
def test_three_wrong_versions_are_told_apart_by_what_is_counted(lesson: str, name: str) -> None:
    question, _ = find_exercise(lesson, name)
    counted = [question.counted, *(option.counted for option in question.options)]
    assert len(set(counted)) == len(counted)
    replies = [option.say for option in question.options if not option.right]
    assert len(set(replies)) == len(replies) >= 3


@every_exercise
def test_other_right_solutions_pass(lesson: str, name: str) -> None:
    question, _ = find_exercise(lesson, name)
    for body in RIGHT[name]:
        verdict = check(lesson, name, with_body(question, body))
        assert verdict.solved, f"{body}\n{verdict}"


@pytest.mark.parametrize(("name", "body", "told"), WRONG)
def test_other_wrong_solutions_are_told_what_is_wrong(name: str, body: str, told: str) -> None:
    (lesson,) = (lesson for lesson, other in EXERCISES if other == name)
    question, _ = find_exercise(lesson, name)
    verdict = check(lesson, name, with_body(question, body))
    assert not verdict.solved
    assert told in " ".join(repr(verdict).split())


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_code_to_mend_lines_to_order_and_a_file_to_diagnose(lesson: str) -> None:
    questions = load_bank(lesson).questions
    mend = [question.id for question in questions if question.counted]
    assert mend == list(exercises_of(lesson))
    assert len(mend) >= 2
    for question in questions:
        if isinstance(question, ChoiceQuestion) and question.options[0].counted:
            assert question.id in mend
    ordered = [
        question
        for question in questions
        if isinstance(question, OrderQuestion)
        and all(re.fullmatch(r"`[^`]+`", item) for item in question.items)
    ]
    assert any(len(question.feedback) >= 2 for question in ordered)
    assert any(question.exhibit for question in questions if question.id not in mend)


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_lines_to_order_are_python(lesson: str) -> None:
    for question in load_bank(lesson).questions:
        if isinstance(question, OrderQuestion) and all(item[0] == "`" for item in question.items):
            compile("\n".join(item.strip("`") for item in question.solutions), question.id, "exec")


@every_exercise
def test_the_notebook_gives_the_same_code_and_the_solution_folded(lesson: str, name: str) -> None:
    question, _ = find_exercise(lesson, name)
    cells = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", as_version=4).cells
    given, solution = (
        cell for cell in cells if re.search(rf'check\(\s*"{lesson}", "{name}"', cell.source)
    )
    (asked,) = ast.parse(question.exhibit).body
    assert ast.dump(asked) in map(ast.dump, ast.parse(given.source).body)
    assert "Not yet." in given.outputs[0]["text"]
    assert "hide-cell" in solution.metadata["tags"]
    assert "Right." in solution.outputs[0]["text"]


def test_every_exercise_has_other_solutions_to_try() -> None:
    names = [name for _, name in EXERCISES]
    assert sorted(RIGHT) == sorted(names)
    tried = Counter(name for name, _, _ in WRONG)
    assert set(tried) == set(names)
    assert min(tried.values()) >= 4


@every_exercise
def test_what_returns_nothing_or_no_numbers_is_told_so(lesson: str, name: str) -> None:
    question, exercise = find_exercise(lesson, name)
    nothing = check(lesson, name, with_body(question, "pass"))
    text = check(lesson, name, with_body(question, "return 'three'"))
    assert not nothing.solved
    assert not text.solved
    if exercise.wanted:
        assert nothing.reply == (
            f"Your function returned nothing: is there a `return`? Wanted: {exercise.wanted}."
        )
        assert "returned a value of the type str" in text.reply
        assert exercise.wanted in text.reply
    else:
        assert nothing.reply.startswith(("Your function left no", "What was written is not"))
        assert text.reply == nothing.reply


@every_exercise
def test_what_has_no_end_is_stopped(
    lesson: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.01)
    question, _ = find_exercise(lesson, name)
    tracer = sys.gettrace()
    endless = "while True:\n    try:\n        pass\n    except Exception:\n        pass"
    verdict = check(lesson, name, with_body(question, endless))
    assert (verdict.solved, verdict.counted) == (False, "")
    assert "did not come to an end, so it was stopped" in verdict.reply
    assert sys.gettrace() is tracer


# ---- The check by itself


def test_an_error_of_the_learner_is_told_and_not_raised() -> None:
    def broken(image: Any) -> Any:
        raise KeyError("z")

    verdict = check("02_store_in_pieces", "mend-plane-sums", broken)
    assert (verdict.solved, verdict.counted) == (False, "")
    assert repr(verdict) == "Not yet. Your function stopped with KeyError: 'z'"


def test_an_error_without_words_and_an_exit_are_told_too() -> None:
    def asserting(image: Any) -> Any:
        raise AssertionError

    def leaving(image: Any) -> Any:
        sys.exit()

    for function, name in ((asserting, "AssertionError"), (leaving, "SystemExit")):
        verdict = check("02_store_in_pieces", "mend-plane-sums", function)
        assert verdict.reply == f"Your function stopped with {name}."


def test_an_interrupt_by_the_learner_is_not_held_up() -> None:
    def interrupted(image: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("02_store_in_pieces", "mend-plane-sums", interrupted)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "nothing"),
        (3, "one number"),
        (np.float64(3), "one number"),
        (np.zeros((2, 3), "uint8"), "an array of 2 × 3 uint8"),
        ((1, 2), "a tuple of 2"),
        ({1: 2}, "a value of the type dict"),
        ([da.zeros(3)], "a plan of dask, which `.compute()` turns into numbers"),
    ],
)
def test_a_result_is_described(result: object, words: str) -> None:
    assert described(result) == words


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([np.array([1, 2])], [[1, 2]], True),
        ([np.array([1, 2])], [[1, 3]], False),
        ([[1, 2]], [[1, 2, 3]], False),
        ([1], [1, 1], False),
        ([0.1 + 0.2], [0.3], True),
        ([da.zeros(3)], [[da.ones(3).sum()]], True),
        ([da.zeros(3)], [np.zeros(3)], False),
        ([("a", slice(3))], [("b", slice(3))], True),  # cannot be compared
        ([None], [None], True),
    ],
)
def test_results_are_compared(one: list[Any], other: list[Any], same: bool) -> None:
    assert alike(one, other) is same


def test_a_shard_keeps_what_its_last_writer_wrote() -> None:
    """Against all writers, one after the other, on the image of the exercise."""
    _, exercise = find_exercise("06b_many_hands", "mend-block-shape")
    for edges in ((16, 16, 16), (48, 32, 20), (40, 64, 33), (100, 7, 32)):
        kept = np.zeros((64, 64, 64), bool)
        steps = [range(0, 64, edge) for edge in edges]
        for corner in product(*steps):
            block = tuple(slice(at, at + edge) for at, edge in zip(corner, edges, strict=True))
            mine = np.zeros_like(kept)
            mine[block] = True
            for shard in product(*[(slice(0, 32), slice(32, 64))] * 3):
                if mine[shard].any():
                    kept[shard] = mine[shard]
        counts = exercise.run(lambda chunks, shards, edges=edges: edges)
        assert counts["lost voxels"] == np.count_nonzero(~kept)
        assert counts["bytes held by a worker"] == math.prod(min(edge, 64) for edge in edges)


def test_what_nobody_foresaw_is_told_what_would_do() -> None:
    verdict = check("02_store_in_pieces", "mend-plane-sums", lambda image: image[0])
    assert verdict.counted == "16 requests, 4.00 KiB held at once, 64 wrong sums"
    assert verdict.reply == (
        "Your function returned an array of 64 × 64 uint8, and not all of it is right. "
        "Wanted: 64 sums, one for each plane. "
        "It can be done with 64 requests, 64.0 KiB held at once, no wrong sums."
    )


def test_an_exercise_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="has no exercise 'mend'; it has: mend-plane-sums, mend-"):
        check("02_store_in_pieces", "mend", len)
    with pytest.raises(FileNotFoundError, match="No question bank '2'; there are: 00_slice"):
        check("2", "mend-plane-sums", len)


def test_counts_are_written_for_people() -> None:
    assert shown({"chunks read": 1, "wrong sums": 1, "planes read": 0, "bytes read": 0}) == (
        "1 chunk read, 1 wrong sum, no planes read, 0 bytes read"
    )


@pytest.mark.parametrize(
    ("given", "count"),
    [([1, 2, 3], 0), ((1, 2, 4), 1), ([1, 2], 3), (7, 3), ([[1], [2, 3]], 3), (None, 3)],
)
def test_wrong_values_are_counted(given: object, count: int) -> None:
    assert wrong(given, [1, 2, 3]) == count


def test_what_is_lazy_is_no_result() -> None:
    assert wrong(da.from_array(np.array([1, 2, 3])), [1, 2, 3]) == 3


def test_an_array_is_watched() -> None:
    voxels = synthetic(4, 6, 8)
    array = WatchedArray(voxels.copy(), (2, 3, 4))
    np.testing.assert_array_equal(array[1, ..., 2:6], voxels[1, :, 2:6])
    assert (array.chunks_read, array.largest) == (1 * 2 * 2, 24)
    np.testing.assert_array_equal(np.asarray(array), voxels)
    assert (array.chunks_read, array.largest) == (4 + 8, 192)
    array[3] = 0
    assert array.chunks_written == 4
    assert not array[3].any()
    assert len(array) == 4
