"""The minutes that are stated are those that are counted."""

import importlib.util
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
        name = re.escape(f"{int(lesson.name[:2])} ") + r"[^|\]]+"
        stated = re.search(rf"^\| \[?{name}(?:\]\([^)]*\))? \| (\d+)", text, re.M)
        assert stated, lesson.name
        assert abs(int(stated[1]) - lesson.rounded) <= MOST_OFF, lesson.name


def test_a_lesson_says_of_itself_how_long_it_takes(lesson_minutes):
    stated = {}
    for lesson in lesson_minutes.lessons():
        text = (ROOT / "notebooks" / f"{lesson.name}.ipynb").read_text(encoding="utf-8")
        said = re.search(r"\*\*It takes\*\* (\d+) minutes", text)
        if said:
            stated[lesson.name[:2]] = int(said[1]) - lesson.rounded
    assert list(stated) == ["00", "01", "02", "03", "04"]
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
