"""A question of each kind, with a text of its own in each field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bigimg_lessons.questions.bank import QuestionBank
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
)


def sample_questions(mark: Callable[[str], str] = str) -> tuple[Question, ...]:
    """Make one question of each kind; `mark` may change each text, named after its field."""

    def common(kind: str, text: str = "asked") -> dict[str, Any]:
        return {
            "id": f"the-{kind}",
            "kind": kind,
            "text": text if kind == "blanks" else mark(f"{kind} {text}"),
            "objective": mark(f"{kind} objective"),
            "difficulty": "hard",
            "see": See(
                page="notebooks/03_look_inside", section=mark(f"{kind} section"), anchor="a-heading"
            ),
            "hints": (mark(f"{kind} hint 1"), mark(f"{kind} hint 2")),
            "explanation": mark(f"{kind} explanation"),
        }

    def options(kind: str, right: str) -> tuple[Option, ...]:
        return tuple(
            Option(
                text=mark(f"{kind} option {letter}"),
                right=letter in right,
                say="" if letter in right else mark(f"{kind} say {letter}"),
            )
            for letter in "abcd"
        )

    def number(kind: str, unit: str) -> NumberQuestion:
        return NumberQuestion(
            **common(kind),
            answer=262144,
            unit=unit,
            tolerance=0.05,
            solution=mark(f"{kind} solution"),
            feedback=(
                NumberFeedback(when=(16384.0, 4096.0), say=mark(f"{kind} say 1"), almost=True),
                NumberFeedback(when=(7.0,), say=mark(f"{kind} say 2"), almost=False),
            ),
        )

    return (
        BlanksQuestion(
            **common("blanks", f"{mark('blanks start')} ___ and ___ {mark('blanks end')}"),
            blanks=tuple(
                Blank(
                    answers=(mark(f"blanks answer {n}"), mark(f"blanks variant {n}")),
                    feedback=(
                        Feedback(
                            when=(mark(f"blanks wrong {n}"), mark(f"blanks wrong too {n}")),
                            say=mark(f"blanks say {n}"),
                            almost=n == 2,
                        ),
                    ),
                )
                for n in (1, 2)
            ),
        ),
        number("number", "B"),
        number("predict", mark("apples")),
        TrueFalseQuestion(
            **common("true-false"),
            answer=False,
            say=mark("true-false say"),
            reasons=options("true-false", "c"),
        ),
        ChoiceQuestion(**common("choice"), options=options("choice", "b")),
        ChoiceQuestion(**common("choices"), options=options("choices", "ad")),
        OrderQuestion(
            **common("order"),
            items=tuple(mark(f"order item {letter}") for letter in "abc"),
            answer=("c", "a", "b"),
            feedback=(OrderFeedback(before="b", after="c", say=mark("order say")),),
        ),
    )


def sample_bank(mark: Callable[[str], str] = str) -> QuestionBank:
    """Put them into a bank; its points are 2, 1, 0, 2, 1, 1 and 1."""
    return QuestionBank(name="03_samples", title=mark("A title"), questions=sample_questions(mark))


HOSTILE = (
    "<script>document.title = 'taken'</script>",
    '"><img src=x onerror="document.title = 1">',
    "<svg/onload=\"document.title = 1\"><a xlink:href='javascript:1'>",
    "</style></details></li><iframe srcdoc='<script>1</script>'>",
    "&lt;b&gt; & ' \" `<u>`",
)
"""Texts that would do something if they were read as HTML."""
