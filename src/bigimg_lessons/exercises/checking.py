"""The check of an exercise: run what the learner wrote, count, and reply to what was counted.

An exercise is a question of a bank (a choice among versions of some code, each with what was
counted when it ran) and an entry of ``EXERCISES`` in the module of its lesson, which runs a
function on a small image and counts. The page of the book has the question; live, the learner
changes the code and calls `check`. The replies are those of the question in either case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from textwrap import fill
from typing import Any

from bigimg_lessons.exercises.counting import Counts, Exercise, NothingToCountError, shown
from bigimg_lessons.exercises.patience import OutOfPatienceError
from bigimg_lessons.exercises.versions import given_version, version_of
from bigimg_lessons.exercises.watching import WatchedFunction, alike, described
from bigimg_lessons.questions.bank import load_bank
from bigimg_lessons.questions.kinds import ChoiceQuestion

_WIDTH = 76
_AMISS = ("wrong", "lost", "invented")
"""How counts begin of what is not as it should be."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Verdict:
    """What is said of a function that was checked; its ``repr`` is what a notebook shows.

    Attributes
    ----------
    solved
        Whether it does what was asked, and takes no more than it must.
    counted
        What was counted; empty if the function stopped with an error.
    reply
        What to think of it.
    """

    solved: bool
    counted: str
    reply: str

    def __repr__(self) -> str:
        lines = [f"Counted: {self.counted}."] if self.counted else []
        lines.append(f"{'Right.' if self.solved else 'Not yet.'} {self.reply}")
        return "\n".join(fill(line, _WIDTH) for line in lines)


def check(lesson: str, name: str, function: Callable[..., Any]) -> Verdict:
    """Run a function on the small image of an exercise, count, and reply.

    Parameters
    ----------
    lesson
        Name of the lesson's question bank, such as ``"02_store_in_pieces"``.
    name
        Id of the exercise's question.
    function
        The learner's version; the text of the exercise says what it is called with.

    Returns
    -------
    Verdict
        An error in `function` is told in the reply, and not raised; neither does one that never
        ends hold up the caller, see `patience`.

    Raises
    ------
    FileNotFoundError
        If there is no such bank.
    ValueError
        If the lesson has no such exercise; the message lists those that it has.
    """
    question, exercise = find_exercise(lesson, name)
    watched = WatchedFunction(function)
    try:
        counts = exercise.run(watched)
    except (Exception, SystemExit, OutOfPatienceError) as error:  # whatever a learner may raise
        return _stopped(error, watched, exercise)
    if exercise.wanted and any(result is None for result in watched.results):
        return Verdict(solved=False, counted="", reply=_returned(None, exercise))
    counted = shown(counts)
    if all(number <= exercise.at_most[what] for what, number in counts.items()):
        return Verdict(solved=True, counted=counted, reply=question.explanation)
    reply = _reply_of_a_version(question, exercise, watched.results, counted)
    return Verdict(
        solved=False, counted=counted, reply=reply or _otherwise(counts, exercise, watched.results)
    )


def _stopped(error: BaseException, watched: WatchedFunction, exercise: Exercise) -> Verdict:
    """Tell an error of the learner's function from one with what it returned."""
    if isinstance(error, OutOfPatienceError):
        reply = (
            "Your function had worked for several seconds and did not come to an end, so it was "
            "stopped. Is there a loop that does not end, or one over each single voxel?"
        )
    elif isinstance(error, NothingToCountError):
        reply = str(error)
    elif error is watched.error or not watched.results:
        said = f": {error}" if str(error) else "."
        reply = f"Your function stopped with {type(error).__name__}{said}"
    else:
        reply = _returned(watched.results[-1], exercise)
    return Verdict(solved=False, counted="", reply=reply)


def _returned(result: object, exercise: Exercise) -> str:
    if result is None:
        return f"Your function returned nothing: is there a `return`? Wanted: {exercise.wanted}."
    return f"Your function returned {described(result)}. Wanted: {exercise.wanted}."


def _reply_of_a_version(
    question: ChoiceQuestion, exercise: Exercise, results: list[Any], counted: str
) -> str:
    """Return the reply to the version that counts and returns the same; empty if none does.

    What is counted may be alike by chance: any other wrong image has as many wrong pixels.
    """
    versions = [(version_of(question, option), option.counted, option.say)
                for option in question.options if not option.right]  # fmt: skip
    versions.append((given_version(question), question.counted, question.hints[0]))
    for version, its_count, reply in versions:
        if its_count == counted:
            watched = WatchedFunction(version)
            exercise.run(watched)
            if alike(results, watched.results):
                return reply
    return ""


def _otherwise(counts: Counts, exercise: Exercise, results: list[Any]) -> str:
    can_be = f"It can be done with {shown(exercise.at_most)}."
    amiss = any(number for what, number in counts.items() if what.startswith(_AMISS))
    if not amiss:
        return can_be
    if not exercise.wanted:
        return f"What was written is not what was read. {can_be}"
    return (
        f"Your function returned {described(results[-1])}, and not all of it is right. "
        f"Wanted: {exercise.wanted}. {can_be}"
    )


def find_exercise(lesson: str, name: str) -> tuple[ChoiceQuestion, Exercise]:
    """Return the question of an exercise, and what runs and counts.

    Raises
    ------
    FileNotFoundError, ValueError
        As for `check`.
    """
    choices = {
        question.id: question
        for question in load_bank(lesson).questions
        if isinstance(question, ChoiceQuestion)
    }
    module = import_module(f"bigimg_lessons.exercises.lesson_{lesson.partition('_')[0]}")
    exercises: dict[str, Exercise] = module.EXERCISES
    if name not in exercises:
        raise ValueError(
            f"Lesson {lesson!r} has no exercise {name!r}; it has: {', '.join(exercises)}."
        )
    return choices[name], exercises[name]
