"""Benchmark: how many minutes each section takes, and plans for a class made of them. Run by hand.

    uv run python -m tests.benchmarks.class_plans    # renews two tables of the guide

Minutes are counted as ``lesson_minutes`` counts those of lessons: words, lines, figures,
predictions and the run of the cells, for one who reads alone. A plan names sections, and its clock
gives each of them its share of the time: what is left beyond the counted minutes is for questions
and discussion. A quiz has 5 minutes in class, and an instrument to play with 10.
So no time in a plan is typed in, but for these, for breaks and for the task of lesson 7.
"""

# ruff: noqa: T201 - prints its results
from __future__ import annotations

import json
from dataclasses import dataclass

import nbformat

from tests.benchmarks.lesson_minutes import RESULTS, ROOT, count_cells, notebooks, number_of

SECTIONS = ROOT / "book" / "tables" / "section_minutes.md"
CLASSES = ROOT / "book" / "tables" / "class_plans.md"
QUIZ = "Check yourself"
QUIZ_MINUTES = 5
PLAY_MINUTES = 10
STOP = "**Stop here if late**"


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of a lesson, and its minutes for one reader."""

    lesson: str
    heading: str
    minutes: float


@dataclass(frozen=True)
class Part:
    """Some sections of a lesson, one after the other.

    Parameters
    ----------
    lesson
        Number of the lesson.
    first, last
        Headings of the first and of the last section.
    left_out
        Headings between them that are left out.
    stop
        Whether one may stop after it.
    minutes
        For what is not counted: the quiz, an instrument, or a task.
    """

    lesson: str
    first: str
    last: str = ""
    left_out: tuple[str, ...] = ()
    stop: bool = False
    minutes: int = 0


@dataclass(frozen=True)
class Break:
    """Minutes of rest."""

    minutes: int


@dataclass(frozen=True)
class Plan:
    """A plan for a class, breaks included."""

    title: str
    minutes: int
    parts: tuple[Part | Break, ...]


def tried(lesson: str, section: str, *, stop: bool = False) -> Part:
    """A section in which everyone plays with an instrument, which no count of words tells."""
    return Part(lesson, section, minutes=PLAY_MINUTES, stop=stop)


def quiz(lesson: str, *, stop: bool = False) -> Part:
    """The quiz of a lesson, in class."""
    return Part(lesson, QUIZ, minutes=QUIZ_MINUTES, stop=stop)


def sections(path, timed):
    """Count the sections of a lesson; what stands before the first one belongs to it.

    Parameters
    ----------
    path
        The notebook.
    timed
        What ``lesson_minutes`` keeps: seconds of lessons, and of their cells where they are known.
    """
    groups = []
    for cell in nbformat.read(path, as_version=4).cells:
        heading = next((line for line in cell.source.splitlines() if line[:3] == "## "), None)
        if cell.cell_type == "markdown" and heading:
            groups.append((heading[3:].replace("`", ""), []))
        elif not groups:
            groups.append(("", []))
        groups[-1][1].append(cell)
    if not groups[0][0]:
        _, before = groups.pop(0)
        groups[0] = groups[0][0], [*before, *groups[0][1]]
    total = timed["seconds"].get(path.stem, 0.0)
    cells = timed.get("cells", {}).get(path.stem)
    code = sum(cell.cell_type == "code" for _, group in groups for cell in group)
    for heading, group in groups:
        inside = [cell for cell in group if cell.cell_type == "code"]
        if cells is None:  # shared out evenly
            running = total * len(inside) / code
        else:
            running = sum(cells.get(cell.id, 0.0) for cell in inside)
        minutes = count_cells(path.stem, group, (), running).minutes
        yield Section(lesson=number_of(path.stem), heading=heading, minutes=minutes)


def all_sections():
    """Count all sections, as they are now and as cells were timed last."""
    timed = json.loads(RESULTS.read_text(encoding="utf-8"))
    return [section for path in notebooks() for section in sections(path, timed)]


def sections_of(part, counted):
    """Return the sections of a part of a plan."""
    lesson = [section for section in counted if section.lesson == part.lesson]
    headings = [section.heading for section in lesson]
    for heading in (part.first, part.last or part.first, *part.left_out):
        if heading not in headings:
            raise ValueError(
                f"A plan names {heading!r}, which is no section of lesson {part.lesson}; its "
                f"sections are: {', '.join(headings)}."
            )
    span = lesson[headings.index(part.first) : headings.index(part.last or part.first) + 1]
    return [section for section in span if section.heading not in part.left_out]


def timeline(plan, counted):
    """Give each part of a plan the minute at which it begins, and how many it has.

    Raises
    ------
    ValueError
        The plan is longer than its time.
    """
    breaks = sum(part.minutes for part in plan.parts if isinstance(part, Break))
    fixed = sum(part.minutes for part in plan.parts if isinstance(part, Part))
    needed = [
        sum(section.minutes for section in sections_of(part, counted))
        if isinstance(part, Part) and not part.minutes
        else 0
        for part in plan.parts
    ]
    room = plan.minutes - breaks - fixed
    if sum(needed) > room:
        raise ValueError(
            f"The plan for {plan.title} needs {sum(needed):.0f} minutes, and has {room}: leave "
            "sections out."
        )
    clock = 0.0
    for part, counted_minutes in zip(plan.parts, needed, strict=True):
        taken = part.minutes or counted_minutes * room / sum(needed)
        yield round(clock), part, round(clock + taken) - round(clock), counted_minutes
        clock += taken


def plan_table(plan, counted):
    """Lay a plan out as a table."""
    rows = [
        f"### {plan.title}",
        "",
        "| At | What | Minutes | Counted |",
        "| --: | --- | --: | --: |",
    ]
    for start, part, minutes, alone in timeline(plan, counted):
        at = f"{start // 60}:{start % 60:02}"
        if isinstance(part, Break):
            rows.append(f"| {at} | *Break* | {minutes} | |")
            continue
        last = f" – {part.last}" if part.last else ""
        without = f" (without {', '.join(part.left_out)})" if part.left_out else ""
        what = f"Lesson {part.lesson}: {part.first}{last}{without}"
        known = f"{alone:.0f}" if alone else ""
        mark = f" ({STOP})" if part.stop else ""
        rows.append(f"| {at} | {what}{mark} | {minutes} | {known} |")
    return "\n".join([*rows, ""])


def section_table(counted):
    """Lay out the minutes of all sections but the quizzes."""
    rows = ["| Lesson | Section | Minutes |", "| --- | --- | --: |"]
    rows += [
        f"| {section.lesson} | {section.heading} | {max(1, round(section.minutes))} |"
        for section in counted
        if section.heading != QUIZ and not section.heading.startswith("Lesson ")
    ]
    return "\n".join([*rows, ""])


def tables():
    """Return both tables, by the files that hold them."""
    counted = all_sections()
    plans = "\n".join(plan_table(plan, counted) for plan in PLANS)
    return {SECTIONS: section_table(counted), CLASSES: plans}


PLANS = (
    Plan(
        "45 minutes: what a slice costs",
        45,
        (
            Part("1", "Does it fit?", "Open it lazily"),
            Part("1", "Three slices, three prices", stop=True),
            Part("1", "Why? Look at the bytes", "Could a cleverer reader do better?", stop=True),
            Part("1", "The mistake: .data"),
            quiz("1"),
        ),
    ),
    Plan(
        "Half a day: lazy loading, chunks, pyramids",
        210,
        (
            Part("1", "Does it fit?", "Open it lazily"),
            Part(
                "1", "Three slices, three prices", "Could a cleverer reader do better?", stop=True
            ),
            Part("1", "The mistake: .data"),
            quiz("1"),
            Break(15),
            Part("2", "One volume, eight ways to cut it", "Count at the store"),
            tried("2", "Try it: the chunk explorer", stop=True),
            Part("2", "Many chunks, many files"),
            Part("2", "A slow store"),
            quiz("2"),
            Break(15),
            Part("4", "How many voxels has a screen?", "Build it"),
            Part("4", "Its price", "The same views, with and without", stop=True),
            tried("4", "Try it: zoom"),
            Part("4", "Labels must not be averaged"),
            quiz("4"),
        ),
    ),
    Plan(
        "A day: from one slice to a design of your own",
        420,
        (
            Part("1", "Does it fit?", "Open it lazily"),
            Part(
                "1", "Three slices, three prices", "Could a cleverer reader do better?", stop=True
            ),
            Part("1", "The mistake: .data"),
            quiz("1"),
            Break(15),
            Part("2", "One volume, eight ways to cut it", "Count at the store"),
            tried("2", "Try it: the chunk explorer", stop=True),
            Part("2", "Many chunks, many files"),
            Part("2", "A slow store", "A small guide", ("Try it: measure your own connection",)),
            quiz("2"),
            Break(60),
            Part("3", "Make one from the stack", "Open it with bioio"),
            Part("3", "The same slices as in lesson 1", "And without the pyramid?", stop=True),
            Part("4", "Build it", "The same views, with and without"),
            tried("4", "Try it: zoom"),
            Part("4", "Average, or take every eighth?", "Labels must not be averaged", stop=True),
            Part("4", "Half a voxel aside"),
            quiz("4"),
            Break(15),
            Part("5", "What does reading cost?", stop=True),
            Part("5", "Convert, or not?", "Which format, then?", ("What compresses?",)),
            Break(10),
            Part("7", "Your turn", minutes=45),
        ),
    ),
)


if __name__ == "__main__":
    for path, text in tables().items():
        path.write_text(text, encoding="utf-8")
        print(path)
