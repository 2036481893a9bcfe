"""Long files first, then those that need the built book, and last what fills the gaps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running_order import LONG, turn

ROOT = Path(__file__).parents[1]


def test_the_order_names_files_that_are_there_once_each() -> None:
    found = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    found += [path.name for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert [name for name in LONG if found.count(name) != 1] == []
    assert len(set(LONG)) == len(LONG)


def test_what_is_long_comes_first_and_what_is_short_last() -> None:
    files = {"test_text.py": False, "test_section_search.py": True}
    files |= {LONG[1]: False, LONG[-2]: True, LONG[0]: False, LONG[-1]: True}
    ordered = sorted(files, key=lambda name: turn(name, of_the_site=files[name]))
    assert ordered == [*LONG[:2], *LONG[-2:], "test_section_search.py", "test_text.py"]


def test_this_run_is_in_that_order(request: pytest.FixtureRequest) -> None:
    """As far as it goes: it may be of a few files."""
    items = request.session.items
    site = {item.path for item in items if "site_folder" in getattr(item, "fixturenames", ())}
    turns = [turn(item.path.name, of_the_site=item.path in site) for item in items]
    assert turns == sorted(turns)
