"""The minutes that are stated are those that are counted."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tests" / "benchmarks" / "lesson_minutes.py"
MOST_OFF = 5  # minutes: a sentence more or less changes no table


@pytest.fixture(scope="module")
def lesson_minutes():
    spec = importlib.util.spec_from_file_location("lesson_minutes", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["README.md", "book/teach.md"])
def test_stated_minutes_are_the_counted_ones(lesson_minutes, page):
    text = (ROOT / page).read_text(encoding="utf-8")
    lessons = lesson_minutes.lessons()
    assert len(lessons) == len(list((ROOT / "notebooks").glob("*.ipynb")))
    for lesson in lessons:
        name = re.escape(f"{lesson_minutes.number_of(lesson.name)} ") + r"[^|\]]+"
        stated = re.search(rf"^\| \[?{name}(?:\]\([^)]*\))? \| (\d+)", text, re.M)
        assert stated, lesson.name
        assert abs(int(stated[1]) - lesson.rounded) <= MOST_OFF, lesson.name


def test_a_lesson_says_of_itself_how_long_it_takes(lesson_minutes):
    stated = {}
    for lesson in lesson_minutes.lessons():
        text = (ROOT / "notebooks" / f"{lesson.name}.ipynb").read_text(encoding="utf-8")
        said = re.search(r"\*\*It takes\*\* (\d+) minutes", text)
        if said:
            stated[lesson_minutes.number_of(lesson.name)] = int(said[1]) - lesson.rounded
    assert list(stated) == ["0", "1", "2", "3", "4", "5", "6a", "6b"]
    assert max(map(abs, stated.values())) <= MOST_OFF


@pytest.mark.parametrize("number", ["02", "04"])
def test_the_minutes_of_two_sittings_are_counted(lesson_minutes, number):
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    text = path.read_text(encoding="utf-8")
    lesson = next(one for one in lesson_minutes.lessons() if one.name == path.stem)
    halves = lesson_minutes.sittings(path, lesson.running)
    assert sum(half.minutes for half in halves) == pytest.approx(lesson.minutes)
    first, second = (half.rounded for half in halves)
    (card,) = re.findall(r"two sittings: \w+, [^(]+\((\d+) minutes\).*?\((\d+) minutes\)", text)
    assert abs(int(card[0]) - first) <= MOST_OFF
    assert abs(int(card[1]) - second) <= MOST_OFF
    assert re.findall(r"about (\d+) minutes in;|in about (\d+) minutes with the quiz", text) == [
        (card[0], ""),
        ("", card[1]),
    ]
    home = (ROOT / "book" / "home.md").read_text(encoding="utf-8")
    assert f"{card[0]} + {card[1]} minutes" in home


def test_of_a_set_of_tabs_one_is_read(lesson_minutes):
    tabs = "".join(f":::{{tab-item}} {name}\ntext {name}\n:::\n\n" for name in "abc")
    assert lesson_minutes.one_tab(f"before\n\n{tabs}after").count("text") == 1


ROWS = "| 0 Slice | 35 | some seconds: tissue |\n| 4 Build | 80 | up to 9 s: two images |\n"


def test_the_slowest_cell_is_stated_in_whole_seconds(lesson_minutes):
    cells = {"00_slice": {"setup": 0.4, "crop": 2.1}, "04_build": {"flat": 4.0, "build": 3.5}}
    stated = "| 0 Slice | 35 | up to 3 s: tissue |\n| 4 Build | 80 | up to 4 s: two images |\n"
    assert lesson_minutes.with_waits(ROWS, cells) == stated
    assert lesson_minutes.with_waits(stated, cells) == stated


def test_a_lesson_without_a_row_is_refused(lesson_minutes):
    with pytest.raises(ValueError, match="0 rows for lesson 5 that state its slowest cell: give"):
        lesson_minutes.with_waits(ROWS, {"05_compare": {"setup": 1.0}})


def test_the_table_for_teachers_states_what_was_timed(lesson_minutes):
    page = lesson_minutes.TEACH.read_text(encoding="utf-8")
    timed = json.loads(lesson_minutes.RESULTS.read_text(encoding="utf-8"))
    assert lesson_minutes.with_waits(page, timed.get("cells", {})) == page
