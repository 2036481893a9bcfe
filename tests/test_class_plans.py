"""Questions to discuss stand at every section, and plans for a class fit into their time."""

import re
from pathlib import Path

import nbformat
import pytest

from bigimg_lessons.teaching.outline import read_deck
from bigimg_lessons.teaching.prompts import prompt, prompts
from tests.benchmarks import class_plans
from tests.benchmarks.class_plans import Break, Part, Plan, Section, plan_table, timeline
from tests.sphinx_project import build_project

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_OFF = 5  # minutes, as for the table of lessons


def sections(path):
    """Headings of the sections that are more than a quiz."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    headings = [heading.replace("`", "") for heading in re.findall(r"^## (.+)$", text, re.M)]
    return [one for one in headings if one != "Check yourself" and not one.startswith("Lesson ")]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_section_has_one_question(path):
    questions = prompts()[path.stem]
    assert list(questions) == sections(path)
    for section, question in questions.items():
        assert question.endswith("?"), section
        assert question.count("?") == 1, section
    shown = [slide.question for slide in read_deck(path).slides if slide.question]
    assert shown == list(questions.values())
    assert f"```{{class-prompts}} {path.stem}\n" in (ROOT / "book" / "class_plans.md").read_text(
        encoding="utf-8"
    )


def test_no_question_is_asked_twice():
    asked = [question for lesson in prompts().values() for question in lesson.values()]
    assert len(asked) == len(set(asked)) > 80
    assert prompts().keys() == {path.stem for path in LESSONS}
    assert prompt("01_open_without_loading", "Check yourself") is None
    assert prompt("no lesson", "Does it fit?") is None


def test_the_page_lists_the_questions_that_the_slides_show(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    conf = "extensions = ['myst_nb', 'class_prompts']\nhtml_theme = 'basic'\n"
    (source / "conf.py").write_text(conf, encoding="utf-8")
    page = "# Questions\n\n```{{class-prompts}} {}\n```\n"
    index = source / "index.md"
    index.write_text(page.format("06b_many_hands"), encoding="utf-8")
    build_project(source, tmp_path / "site")
    built = (tmp_path / "site" / "html" / "index.html").read_text(encoding="utf-8")
    assert built.count("<li><p><strong>") == len(prompts()["06b_many_hands"])
    assert "<strong>Watch it work</strong> · What would you see on the dashboard" in built
    index.write_text(page.format("09_none"), encoding="utf-8")
    warned = build_project(source, tmp_path / "site", strict=False)
    assert "No lesson '09_none' has questions; there are: 00_slice_a_volume, " in warned


COUNTED = [
    Section(lesson="1", heading="A", minutes=10.0),
    Section(lesson="1", heading="B", minutes=20.0),
    Section(lesson="1", heading="C", minutes=10.0),
    Section(lesson="2", heading="A", minutes=7.0),
]


def test_the_clock_gives_each_part_its_share():
    plan = Plan(
        "an hour",
        75,
        (
            Part("1", "A"),
            Break(5),
            Part("1", "A", "C", ("B",), stop=True),
            Part("2", "A", minutes=10),
        ),
    )
    # 75 - 5 - 10 minutes are left for 10 + 20 counted ones: twice as many.
    assert [(start, taken, counted) for start, _, taken, counted in timeline(plan, COUNTED)] == [
        (0, 20, 10.0),
        (20, 5, 0),
        (25, 40, 20.0),
        (65, 10, 0),
    ]
    assert plan_table(plan, COUNTED).splitlines()[4:] == [
        "| 0:00 | Lesson 1: A | 20 | 10 |",
        "| 0:20 | *Break* | 5 | |",
        "| 0:25 | Lesson 1: A – C (without B) (**Stop here if late**) | 40 | 20 |",
        "| 1:05 | Lesson 2: A | 10 |  |",
    ]


def test_a_plan_that_is_too_long_or_names_no_section_is_refused():
    with pytest.raises(
        ValueError, match="The plan for x needs 40 minutes, and has 30: leave sections out"
    ):
        list(timeline(Plan("x", 30, (Part("1", "A", "C"),)), COUNTED))
    with pytest.raises(
        ValueError, match="names 'D', which is no section of lesson 1; its sections are: A, B, C"
    ):
        list(timeline(Plan("x", 30, (Part("1", "A", "D"),)), COUNTED))


def test_the_sections_of_a_lesson_add_up_to_it():
    from tests.benchmarks import lesson_minutes

    counted = class_plans.all_sections()
    for lesson in lesson_minutes.lessons():
        number = lesson_minutes.number_of(lesson.name)
        quiz = lesson.questions * lesson_minutes.SECONDS["question"] / 60
        total = sum(section.minutes for section in counted if section.lesson == number)
        assert total + quiz == pytest.approx(lesson.minutes, abs=0.5)


def test_the_three_plans_fit_and_may_be_cut_short():
    counted = class_plans.all_sections()
    for plan in class_plans.PLANS:
        rows = list(timeline(plan, counted))
        start, _, taken, _ = rows[-1]
        assert start + taken == plan.minutes
        assert any(part.stop for part in plan.parts if isinstance(part, Part))


def clocks(text):
    return [
        60 * int(hour) + int(minute) for hour, minute in re.findall(r"^\| (\d):(\d\d) ", text, re.M)
    ]


def test_the_tables_of_the_guide_are_those_that_are_counted():
    for path, now in class_plans.tables().items():
        text = path.read_text(encoding="utf-8")
        without_numbers = r"\d+:\d\d|(?<=\| )\d+(?= \|)"
        assert re.sub(without_numbers, "", text) == re.sub(without_numbers, "", now), path
        for stated, counted in zip(clocks(text), clocks(now), strict=True):
            assert abs(stated - counted) <= MOST_OFF
