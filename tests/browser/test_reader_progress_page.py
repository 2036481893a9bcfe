"""The reader's progress: kept in the browser, in the sidebar and on Home, in a small book."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from contrast import CONTRAST
from playwright.sync_api import Page, expect
from quiz_keys import right_answer

from bigimg_lessons.colours import STYLE_SHEET
from bigimg_lessons.questions.bank import bank_names, load_bank
from tests.sphinx_project import build_project

pytestmark = pytest.mark.browser

BOOK = Path(__file__).parents[2] / "book"
KEY = "bigimg-lessons"
BESIDE, ASIDE = f"{KEY}-1", f"{KEY}-unreadable"
FORMAT = "bigimg-progress"
FIRST, SECOND = "01_open_without_loading", "02_store_in_pieces"
TITLES = {FIRST: "Open without loading", SECOND: "Store in pieces"}
HOME, LESSON = "book/home.html", f"notebooks/{FIRST}.html"
CONF = f"""
extensions = ["deferred_scripts", "reader_progress", "style_bundle"]
root_doc = "book/home"
exclude_patterns = ["out"]
html_theme = "sphinx_book_theme"
templates_path = [{str(BOOK / "_templates")!r}]
html_static_path = [{str(BOOK / "_static")!r}, {str(STYLE_SHEET)!r}]
html_css_files = [{STYLE_SHEET.name!r}, "icons.css", "bigimg.css"]
html_title = "A book"
html_context = {{"default_mode": "light"}}
"""
PAGES = {
    "book/home": """A book
======

.. toctree::
   :caption: Lessons

   ../notebooks/01_open_without_loading
   ../notebooks/02_store_in_pieces
   ../notebooks/07_check_yourself

Your progress
-------------

.. container:: bigimg-progress

   Without scripts.
""",
    f"notebooks/{FIRST}": f"{TITLES[FIRST]}\n====================\n",
    f"notebooks/{SECOND}": f"{TITLES[SECOND]}\n====================\n",
    "notebooks/07_check_yourself": "Check yourself\n==============\n",
}
POINTS = {
    name: {question.id: question.points for question in load_bank(name).questions}
    for name in bank_names()
}
MOST = {name: sum(points.values()) for name, points in POINTS.items()}
ALL = sum(MOST.values())
# Ids of the first bank by what they are worth.
ONE, TWO, NOTHING = (
    next(key for key, points in POINTS[FIRST].items() if points == worth) for worth in (1, 2, 0)
)

QUESTIONS = {name: {entry.id: entry for entry in load_bank(name).questions} for name in POINTS}
SECOND_TWO = next(key for key, points in POINTS[SECOND].items() if points == 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of four pages in the book's theme and colours, built."""
    source = tmp_path_factory.mktemp("book")
    (source / "conf.py").write_text(CONF, encoding="utf-8")
    for name, text in PAGES.items():
        path = source / f"{name}.rst"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    build_project(source, source / "out")
    return source / "out" / "html"


@pytest.fixture(scope="module")
def book(folder: Path, serving: Callable[[Path], AbstractContextManager[str]]) -> Iterator[str]:
    with serving(folder) as url:
        yield url


def entry(points: int, most: int = 1, answer: str = "something") -> dict[str, Any]:
    return {"answer": [answer], "help": {"hints": 0}, "points": points, "most": most}


def right(bank: str, key: str) -> dict[str, Any]:
    """An entry whose answer scores all points."""
    given = right_answer(QUESTIONS[bank][key])
    return {"answer": given, "help": {}, "points": POINTS[bank][key], "most": POINTS[bank][key]}


def wrong(bank: str, key: str, answer: str = "no") -> dict[str, Any]:
    """An entry whose answer scores nothing, whatever it claims."""
    return {"answer": [answer], "help": {}, "points": 9, "most": 9}


def put(page: Page, bank: str, key: str, value: dict[str, Any] | None) -> None:
    """Do what a quiz does."""
    script = "([bank, key, value]) => bigimgProgress.put(bank, key, value ?? undefined)"
    page.evaluate(script, [bank, key, value])


def get(page: Page, bank: str, key: str) -> Any:
    return page.evaluate("([bank, key]) => bigimgProgress.get(bank, key)", [bank, key])


def solve(page: Page, bank: str) -> None:
    for key, points in POINTS[bank].items():
        put(page, bank, key, entry(points, points))


def stored(page: Page) -> Any:
    return page.evaluate(f"JSON.parse(localStorage.getItem('{KEY}'))")


def text_at(page: Page, key: str) -> str | None:
    return page.evaluate("(key) => localStorage.getItem(key)", key)


def set_text(page: Page, text: str, key: str = KEY) -> None:
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, text])


def delete_all(page: Page) -> None:
    panel(page).get_by_role("button", name="Start over").click()
    panel(page).get_by_role("button", name="Really delete?").click()


def sidebar(page: Page, title: str) -> Any:
    """A lesson's link, by its whole name."""
    return page.locator("nav.bd-links").get_by_role("link", name=title, exact=True)


def panel(page: Page) -> Any:
    return page.locator("main .bigimg-progress")


def saved_text(banks: Any, **others: Any) -> str:
    return json.dumps({"format": FORMAT, "version": 1, "banks": banks} | others)


def open_file(page: Page, text: str, name: str = "mine.json") -> str:
    """Open a saved file; the value is what the panel says."""
    said = panel(page).get_by_role("status")
    page.evaluate("document.querySelector('main [role=status]').textContent = ''")
    file = {"name": name, "mimeType": "application/json", "buffer": text.encode()}
    panel(page).locator("input[type=file]").set_input_files(file)
    expect(said).not_to_be_empty()
    return str(said.inner_text())


def test_visiting_pages_keeps_nothing(visitor: Any, book: str) -> None:
    page = visitor.open(book + LESSON)
    page.goto(book + HOME)
    assert page.evaluate("localStorage.getItem('bigimg-lessons')") is None
    assert panel(page).inner_text().startswith("Nothing answered yet.")
    assert panel(page).get_by_role("link").count() == 0
    buttons = panel(page).get_by_role("button")
    assert buttons.all_inner_texts() == ["Open a saved file"]
    assert page.locator(".bigimg-badge:visible").count() == 0


def test_a_reload_and_other_pages_know_what_was_answered(visitor: Any, book: str) -> None:
    page = visitor.open(book + LESSON)
    put(page, FIRST, TWO, entry(2, 2))
    page.reload()
    assert get(page, FIRST, TWO) == entry(2, 2)
    assert get(page, FIRST, ONE) is None
    assert get(page, "no-such-bank", ONE) is None
    page.goto(book + HOME)
    expect(sidebar(page, f"{TITLES[FIRST]} 2 of {MOST[FIRST]} points")).to_be_visible()
    expect(sidebar(page, TITLES[SECOND])).to_be_visible()
    row = panel(page).get_by_role("listitem").filter(has_text=TITLES[FIRST])
    assert row.inner_text().split("\n")[-1] == f"2 of {MOST[FIRST]} points"
    share = row.locator("i").bounding_box()["width"] / row.bounding_box()["width"]
    assert share == pytest.approx(2 / MOST[FIRST], rel=0.02)
    total = panel(page).get_by_role("listitem").filter(has_text="All lessons")
    expect(total).to_contain_text(f"2 of {ALL} points")
    row.get_by_role("link", name=TITLES[FIRST]).click()
    page.wait_for_url(book + LESSON)


def test_each_bank_has_a_line_with_a_link_that_leads_somewhere(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME)
    put(page, FIRST, ONE, entry(1))
    links = panel(page).get_by_role("link")
    assert links.count() == len(POINTS)
    for link in links.all():
        assert page.request.get(link.evaluate("(link) => link.href")).ok
    lines = panel(page).get_by_role("listitem").all_inner_texts()
    ends = [f"{int(name == FIRST)} of {most} points" for name, most in MOST.items()]
    assert [line.split("\n")[-1] for line in lines] == [*ends, f"1 of {ALL} points"]


def test_the_sidebar_has_a_tick_when_complete_and_does_not_move(visitor: Any, book: str) -> None:
    page = visitor.open(book + LESSON)
    boxes = "[...document.querySelectorAll('nav.bd-links a')].map((a) => a.getBoundingClientRect())"
    before = page.evaluate(f"JSON.stringify({boxes})")
    solve(page, FIRST)
    done = sidebar(page, f"{TITLES[FIRST]} {MOST[FIRST]} of {MOST[FIRST]} points")
    assert done.locator(".bigimg-badge").inner_text() == "✓"
    every = sidebar(page, f"Check yourself {MOST[FIRST]} of {ALL} points")
    assert every.locator(".bigimg-badge").inner_text() == f"{MOST[FIRST]}/{ALL}"
    assert page.evaluate(f"JSON.stringify({boxes})") == before


def test_neither_a_prediction_nor_a_hint_nor_an_empty_answer_counts_as_begun(
    visitor: Any, book: str
) -> None:
    page = visitor.open(book + LESSON)
    put(page, FIRST, NOTHING, entry(0, 0))
    put(page, FIRST, ONE, entry(0, answer=""))
    assert page.locator(".bigimg-badge:visible").count() == 0
    put(page, FIRST, ONE, entry(0, answer="wrong"))
    expect(sidebar(page, f"{TITLES[FIRST]} 0 of {MOST[FIRST]} points")).to_be_visible()


def test_points_count_no_more_than_the_bank_gives_for_a_question_it_has(
    visitor: Any, book: str
) -> None:
    page = visitor.open(book + LESSON)
    put(page, FIRST, ONE, entry(7, 7))
    put(page, FIRST, "no-longer-there", entry(1))
    put(page, "no-such-bank", ONE, entry(1))
    expect(sidebar(page, f"{TITLES[FIRST]} 1 of {MOST[FIRST]} points")).to_be_visible()
    page.reload()
    assert get(page, "no-such-bank", ONE) == entry(1)


def test_listeners_hear_of_changes_only_and_until_they_are_taken_off(
    visitor: Any, book: str
) -> None:
    page = visitor.open(book + LESSON)
    page.evaluate(
        "() => { window.heard = []; "
        "window.off = bigimgProgress.on((...all) => heard.push(all.length)); }"
    )
    put(page, FIRST, ONE, entry(1))
    assert page.evaluate("heard") == [0]
    put(page, FIRST, ONE, entry(1))
    put(page, FIRST, TWO, None)
    assert page.evaluate("heard") == [0]
    page.evaluate("bigimgProgress.solutionsHidden = true")
    put(page, FIRST, ONE, None)
    assert page.evaluate("heard") == [0, 0, 0]
    assert get(page, FIRST, ONE) is None
    page.evaluate("() => off()")
    put(page, FIRST, ONE, entry(1))
    assert page.evaluate("heard.length") == 3


def test_what_a_caller_does_to_an_entry_later_changes_nothing(visitor: Any, book: str) -> None:
    page = visitor.open(book + LESSON)
    put(page, FIRST, ONE, entry(1))
    page.evaluate("([b, id]) => bigimgProgress.get(b, id).answer.push('more')", [FIRST, ONE])
    assert get(page, FIRST, ONE) == entry(1)


def test_two_tabs_keep_in_step_and_lose_nothing(visitor: Any, book: str) -> None:
    page = visitor.open(book + LESSON)
    other = page.context.new_page()
    other.goto(book + HOME)
    page.evaluate("() => { window.heard = 0; bigimgProgress.on(() => heard++); }")
    put(page, FIRST, ONE, entry(1))
    expect(panel(other)).to_contain_text(f"1 of {MOST[FIRST]} points")
    put(other, FIRST, TWO, entry(1, 2))
    expect(sidebar(page, f"{TITLES[FIRST]} 2 of {MOST[FIRST]} points")).to_be_visible()
    assert stored(page)["banks"] == {FIRST: {ONE: entry(1), TWO: entry(1, 2)}}
    panel(other).get_by_label("Hide solutions (for class)").check()
    page.wait_for_function("bigimgProgress.solutionsHidden === true")
    assert page.evaluate("heard") == 3
    # A write which this tab has not heard of yet (events come late) is not overwritten.
    written = stored(page)
    written["banks"][FIRST][TWO] = entry(2, 2)
    page.evaluate(f"(text) => localStorage.setItem('{KEY}', text)", json.dumps(written))
    put(page, SECOND, next(iter(POINTS[SECOND])), entry(1))
    assert stored(page)["banks"][FIRST][TWO] == entry(2, 2)
    page.evaluate("localStorage.clear()")
    expect(panel(other)).to_contain_text("Nothing answered yet.")
    expect(panel(other).get_by_label("Hide solutions (for class)")).not_to_be_checked()


def test_the_switch_is_kept_and_start_over_leaves_it(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME)
    assert page.evaluate("bigimgProgress.solutionsHidden") is False
    panel(page).get_by_label("Hide solutions (for class)").check()
    page.goto(book + LESSON)
    assert page.evaluate("bigimgProgress.solutionsHidden") is True
    put(page, FIRST, ONE, entry(1))
    page.goto(book + HOME)
    delete_all(page)
    saved = {"format": FORMAT, "version": 1, "hidden": True, "banks": {}}
    assert stored(page) == saved | {"before": {FIRST: {ONE: entry(1)}}}
    panel(page).get_by_label("Hide solutions (for class)").uncheck()
    page.reload()
    assert page.evaluate("bigimgProgress.solutionsHidden") is False


def test_start_over_asks_once_more(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME)
    put(page, FIRST, ONE, entry(1))
    start = panel(page).get_by_role("button", name="Start over")
    start.click()
    expect(start).to_be_hidden()
    expect(panel(page).get_by_role("button", name="Keep")).to_be_focused()
    said = panel(page).get_by_role("status")
    expect(said).to_have_text("This deletes all answers from this browser.")
    panel(page).get_by_role("button", name="Keep").click()
    expect(start).to_be_focused()
    for key in ("Escape", "Shift+Tab"):  # on Keep, then on what deletes
        start.click()
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    expect(start).to_be_focused()
    expect(panel(page).locator("[role=status]")).to_be_empty()
    assert get(page, FIRST, ONE) == entry(1)
    delete_all(page)
    assert get(page, FIRST, ONE) is None
    expect(said).to_have_text("All answers are deleted from this browser.")
    expect(panel(page).get_by_role("button", name="Bring answers back")).to_be_focused()
    page.reload()
    expect(panel(page)).to_contain_text("Nothing answered yet.")
    put(page, FIRST, ONE, entry(1))
    expect(start).to_be_visible()


def test_starting_over_can_be_undone_until_something_is_answered(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME)
    back = panel(page).get_by_role("button", name="Bring answers back")
    put(page, FIRST, ONE, entry(1))
    put(page, FIRST, TWO, entry(2, 2))
    expect(back).to_be_hidden()
    delete_all(page)
    page.reload()
    put(page, SECOND, SECOND_TWO, entry(0, 2, "") | {"answer": [], "help": {"hints": 1}})
    back.click()
    expect(panel(page).get_by_role("button", name="Start over")).to_be_focused()
    expect(back).to_be_hidden()
    page.reload()
    assert stored(page)["banks"][FIRST] == {ONE: entry(1), TWO: entry(2, 2)}
    assert "before" not in stored(page)
    delete_all(page)
    put(page, FIRST, ONE, entry(0, answer="anew"))
    expect(back).to_be_hidden()
    assert stored(page)["banks"] == {FIRST: {ONE: entry(0, answer="anew")}}
    assert "before" not in stored(page)


def test_starting_over_spares_what_another_tab_has_just_answered(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME)
    put(page, FIRST, ONE, entry(1))
    set_text(page, saved_text({FIRST: {ONE: entry(1), TWO: entry(2, 2)}}))  # not heard of here
    delete_all(page)
    assert stored(page)["banks"] == {FIRST: {TWO: entry(2, 2)}}


def test_a_saved_file_brings_everything_to_another_browser(
    visitor: Any, book: str, tmp_path: Path
) -> None:
    page = visitor.open(book + HOME)
    typed = ['é "</script>\u2028', "x"]
    seen = {"hints": 1, "solution": "open"}
    put(page, FIRST, TWO, {"answer": typed, "help": seen, "points": 0, "most": 2})
    put(page, FIRST, NOTHING, {"answer": ["8 KiB"], "help": {}, "points": 0, "most": 0})
    panel(page).get_by_label("Hide solutions (for class)").check()
    with page.expect_download() as waiting:
        panel(page).get_by_role("button", name="Save to a file").click()
    assert waiting.value.suggested_filename == "bigimg-progress.json"
    expect(panel(page).get_by_role("status")).to_contain_text("Saved as bigimg-progress.json")
    file = tmp_path / "bigimg-progress.json"
    waiting.value.save_as(file)

    elsewhere = visitor.open(book + HOME)
    panel(elsewhere).locator("input[type=file]").set_input_files(file)
    expect(panel(elsewhere).get_by_role("status")).to_contain_text(
        "2 of 2 answers taken over from bigimg-progress.json"
    )
    assert stored(elsewhere)["banks"] == stored(page)["banks"]
    assert elsewhere.evaluate("bigimgProgress.solutionsHidden") is False  # not part of the file


def test_of_two_answers_the_better_wins(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME)
    put(page, FIRST, ONE, entry(1, answer="here"))
    put(page, FIRST, TWO, entry(0, 2, "here"))
    put(page, SECOND, SECOND_TWO, entry(2, 2, "here"))
    banks = {
        FIRST: {ONE: right(FIRST, ONE), TWO: right(FIRST, TWO)},
        SECOND: {SECOND_TWO: right(SECOND, SECOND_TWO)},
    }
    said = open_file(page, saved_text(banks))
    assert said.startswith("1 of 3 answers taken over from mine.json and graded;")
    assert stored(page)["banks"] == {
        FIRST: {ONE: entry(1, answer="here"), TWO: right(FIRST, TWO)},
        SECOND: {SECOND_TWO: entry(2, 2, "here")},
    }
    assert open_file(page, saved_text(banks)).startswith("0 of 3 answers taken over")


def test_points_that_a_file_claims_are_not_believed(visitor: Any, book: str) -> None:
    """Right, wrong, right after the solution was seen, and other claims that mean nothing."""
    page = visitor.open(book + HOME)
    modest = right(FIRST, ONE) | {"points": 0, "most": 0}
    peeked = right(SECOND, SECOND_TWO) | {"help": {"solution": "closed"}}
    banks = {
        FIRST: {ONE: modest, TWO: wrong(FIRST, TWO) | {"correct": True}},
        SECOND: {SECOND_TWO: peeked},
    }
    said = open_file(page, saved_text(banks, score=99))
    assert said.startswith("3 of 3 answers taken over")
    assert stored(page)["banks"] == {
        FIRST: {ONE: right(FIRST, ONE), TWO: wrong(FIRST, TWO) | {"points": 0, "most": 2}},
        SECOND: {SECOND_TWO: peeked | {"points": 0}},
    }
    expect(panel(page).get_by_role("listitem").last).to_contain_text(f"1 of {ALL} points")


def test_every_question_of_every_bank_is_graded_in_a_file(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME)
    scoring = {
        name: {key: right(name, key) | {"points": 0} for key, points in some.items() if points}
        for name, some in POINTS.items()
    }
    open_file(page, saved_text(scoring))
    expect(panel(page).get_by_role("listitem").last).to_contain_text(f"{ALL} of {ALL} points")


def test_answers_to_unknown_questions_are_kept_and_not_counted(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME)
    banks = {FIRST: {"never-heard-of": wrong(FIRST, ONE)}, "99_next": {ONE: wrong(FIRST, ONE)}}
    said = open_file(page, saved_text(banks))
    assert said.endswith("This book lacks the questions of 2, which are kept but not counted.")
    uncounted = wrong(FIRST, ONE) | {"points": 0, "most": 0}
    kept = {FIRST: {"never-heard-of": uncounted}, "99_next": {ONE: uncounted}}
    assert stored(page)["banks"] == kept
    expect(panel(page).get_by_role("listitem").last).to_contain_text(f"0 of {ALL} points")
    assert json.loads(page.evaluate("bigimgProgress.written()"))["banks"] == kept


def test_without_what_grades_a_file_nothing_is_changed(visitor: Any, book: str) -> None:
    visitor.forgive("ERR_FAILED")
    page = visitor.open(book + HOME)
    failing = "**/reader_progress_grading.js"
    page.context.route(failing, lambda route: route.abort())
    text = saved_text({FIRST: {ONE: right(FIRST, ONE)}})
    said = "The questions that grade mine.json do not load. Nothing was changed."
    assert open_file(page, text) == said
    assert text_at(page, KEY) is None
    page.context.unroute(failing)
    assert open_file(page, text).startswith("1 of 1 answers taken over")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no progress"),
        ("GIF89a\0", "holds no progress"),
        ("null", "holds no progress"),
        ("[]", "holds no progress"),
        ('{"banks": {}}', "holds no progress"),
        (saved_text(None), "holds no progress"),
        (saved_text({}, version="1"), "holds no progress"),
        (saved_text({}, format="other"), "holds no progress"),
        (saved_text({}, version=2), "was written by a newer version of this book"),
        (saved_text({"<img src=x>": {ONE: entry(1)}}), "holds no progress"),
        (saved_text({FIRST: {"__proto__": entry(1), ONE: entry(1)}}), "holds no progress"),
        (saved_text({"constructor": {"prototype": entry(1)}}), "holds no progress"),
        ("[" * 200_000, "holds no progress"),
    ],
    ids=range(13),
)
def test_a_wrong_file_is_refused_and_changes_nothing(
    visitor: Any, book: str, text: str, problem: str
) -> None:
    page = visitor.open(book + HOME)
    put(page, FIRST, TWO, entry(1, 2))
    said = open_file(page, text, "<b>x.json")
    assert said.startswith(f"<b>x.json {problem}")
    assert said.endswith("Nothing was changed; choose a bigimg-progress.json.")
    assert stored(page)["banks"] == {FIRST: {TWO: entry(1, 2)}}


UNSOUND = {
    "no-object": 1,
    "null": None,
    "no-list": entry(1) | {"answer": "text"},
    "no-texts": entry(1) | {"answer": [{}]},
    "text-points": entry(1) | {"points": "1"},
    "negative": entry(-1),
    "half": entry(1) | {"most": 1.5},
    "no-help": entry(1) | {"help": None},
    "endless": entry(1, answer="x" * 10_000),
    "ajar": entry(1) | {"help": {"solution": "<b>ajar</b>"}},
    "text-hints": entry(1) | {"help": {"hints": "many"}},
}


def test_unsound_entries_in_a_file_are_left_out(visitor: Any, book: str) -> None:
    ids = list(POINTS[FIRST])
    unsound = dict(zip(ids, UNSOUND.values(), strict=False))
    sound = ids[len(UNSOUND)]
    text = saved_text({FIRST: unsound | {sound: right(FIRST, sound)}, SECOND: {}, "99_next": 7})
    page = visitor.open(book + HOME)
    said = open_file(page, text)
    assert said.startswith("1 of 1 answers taken over")
    assert said.endswith(f"Another {len(UNSOUND) + 1} could not be read.")
    assert stored(page)["banks"] == {FIRST: {sound: right(FIRST, sound)}}
    assert text_at(page, ASIDE) is None


def test_a_file_that_is_too_large_is_not_even_read(visitor: Any, book: str, tmp_path: Path) -> None:
    page = visitor.open(book + HOME)
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(100_000_000)
    page.evaluate("() => { Blob.prototype.text = () => { throw new Error('was read'); }; }")
    panel(page).locator("input[type=file]").set_input_files(large)
    expect(panel(page).get_by_role("status")).to_have_text(
        "large.json is too large to hold progress. "
        "Nothing was changed; choose a bigimg-progress.json."
    )
    assert text_at(page, KEY) is None


UNREADABLE = "Some of what this browser kept could not be read"
DAMAGED = {
    "empty-object": "{}",
    "cut-off": saved_text({FIRST: {ONE: entry(1)}})[:-9],
    "null": "null",
    "number": "3",
    "list": "[]",
    "no-format": '{"banks": 5}',
    "list-of-banks": saved_text([[]]),
    "version-zero": saved_text({}, version=0),
    "version-text": saved_text({}, version="2"),
    "version-half": saved_text({}, version=1.5),
    "no-version": saved_text({}, version=None),
    "other-program": saved_text({}, format="other"),
    "bank": saved_text({FIRST: {TWO: entry(2, 2)}, SECOND: "lost"}),
    "before": saved_text({FIRST: {TWO: entry(2, 2)}}, before={FIRST: {ONE: 1}}),
    "name": saved_text({FIRST: {TWO: entry(2, 2), "__proto__": {"polluted": True}}}),
    **{
        f"entry-{name}": saved_text({FIRST: {ONE: value, TWO: entry(2, 2)}})
        for name, value in UNSOUND.items()
    },
}


@pytest.fixture(scope="module")
def home(lasting_visitor: Any, book: str) -> Page:
    """Home, in one page for tests that follow one another and empty the storage first."""
    page: Page = lasting_visitor.open(book + HOME)
    return page


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_what_cannot_be_read_is_set_aside_and_the_rest_used(
    lasting_visitor: Any, home: Page, text: str
) -> None:
    page = home
    page.evaluate("localStorage.clear()")
    set_text(page, text)
    page.reload()
    expect(panel(page)).to_contain_text(UNREADABLE)
    readable = {FIRST: {TWO: entry(2, 2)}} if '"answer": ["something"], ' in text[80:] else {}
    if text == DAMAGED["cut-off"]:
        readable = {}
    assert get(page, FIRST, TWO) == readable.get(FIRST, {}).get(TWO)
    assert text_at(page, KEY) == text  # to look is not to write
    put(page, SECOND, SECOND_TWO, entry(1, 2))
    for points in (0, 1):  # loaded and written again, and nothing multiplies
        page.reload()
        put(page, SECOND, SECOND_TWO, entry(points, 2))
    assert stored(page)["banks"] == {**readable, SECOND: {SECOND_TWO: entry(1, 2)}}
    assert json.loads(text_at(page, ASIDE) or "") == [text]
    saved = json.loads(page.evaluate("bigimgProgress.written()"))
    assert saved["unreadable"] == [text]
    expect(panel(page)).to_contain_text(UNREADABLE)
    assert page.evaluate("({}).polluted === undefined")
    assert not lasting_visitor.problems


def test_three_unreadable_texts_are_kept_at_most(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME)
    set_text(page, "not a list", ASIDE)
    for number in range(4):
        set_text(page, f"damaged {number}")
        put(page, FIRST, ONE, entry(1, answer=str(number)))
        if number == 1:
            kept = ["not a list", "damaged 0", "damaged 1"]
            assert json.loads(text_at(page, ASIDE) or "") == kept
    kept = ["damaged 1", "damaged 2", "damaged 3"]
    assert json.loads(text_at(page, ASIDE) or "") == kept


def test_starting_over_deletes_what_could_not_be_read_and_says_so(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME)
    set_text(page, "damaged")
    page.reload()
    panel(page).get_by_role("button", name="Start over").click()
    expect(panel(page).get_by_role("status")).to_have_text(
        "This deletes all answers from this browser, and what could not be read."
    )
    panel(page).get_by_role("button", name="Really delete?").click()
    expect(panel(page)).not_to_contain_text(UNREADABLE)
    expect(panel(page).get_by_role("button", name="Open a saved file")).to_be_focused()
    assert text_at(page, ASIDE) is None
    assert stored(page)["banks"] == {}


def test_without_room_to_set_it_aside_the_unreadable_is_not_overwritten(
    visitor: Any, book: str
) -> None:
    page = visitor.open(book + HOME)
    set_text(page, "damaged")
    page.evaluate(
        f"""() => {{
          const {{ setItem }} = Storage.prototype;
          Storage.prototype.setItem = function (key, value) {{
            if (key === "{ASIDE}") throw new DOMException("full", "QuotaExceededError");
            setItem.call(this, key, value);
          }};
        }}"""
    )
    put(page, FIRST, ONE, entry(1))
    assert text_at(page, KEY) == "damaged"
    assert get(page, FIRST, ONE) == entry(1)
    expect(panel(page)).to_contain_text("This browser lets the page keep nothing more")


def test_what_a_newer_version_stored_is_left_and_answers_kept_beside_it(
    visitor: Any, book: str
) -> None:
    text = saved_text({FIRST: {ONE: "a new kind of entry"}}, version=2)
    page = visitor.open(book + HOME)
    set_text(page, text)
    page.reload()
    expect(panel(page)).to_contain_text("a newer version of this book is left as it is")
    put(page, FIRST, ONE, entry(1))
    page.goto(book + LESSON)
    expect(sidebar(page, f"{TITLES[FIRST]} 1 of {MOST[FIRST]} points")).to_be_visible()
    put(page, FIRST, TWO, entry(2, 2))
    kept = {FIRST: {ONE: entry(1), TWO: entry(2, 2)}}
    assert json.loads(text_at(page, BESIDE) or "")["banks"] == kept
    page.goto(book + HOME)
    delete_all(page)
    assert text_at(page, KEY) == text
    assert text_at(page, ASIDE) is None


REASON = "for the sake of the test"
FORBIDDEN = f"""Object.defineProperty(window, "localStorage", {{
  get() {{ throw new DOMException("{REASON}", "SecurityError"); }},
}});"""
FULL = f"""Storage.prototype.setItem = () => {{
  throw new DOMException("{REASON}", "QuotaExceededError");
}};"""


@pytest.mark.parametrize("script", [FORBIDDEN, FULL], ids=["forbidden", "full"])
def test_without_storage_it_lasts_as_long_as_the_page(visitor: Any, book: str, script: str) -> None:
    # The theme's own scripts do not bear it; that ours do is what the lines below show.
    visitor.forgive(rf"({REASON}|Resetting to auto\.)$")
    page = visitor.open(book + HOME)
    page.context.add_init_script(script)
    page.reload()
    put(page, FIRST, ONE, entry(1))
    put(page, FIRST, TWO, entry(2, 2))
    assert get(page, FIRST, ONE) == entry(1)
    expect(panel(page)).to_contain_text(f"3 of {MOST[FIRST]} points")
    expect(panel(page)).to_contain_text("This browser lets the page keep nothing")
    expect(panel(page)).to_contain_text("lasts only until you leave this page.")
    delete_all(page)
    panel(page).get_by_role("button", name="Bring answers back").click()
    expect(panel(page)).to_contain_text(f"3 of {MOST[FIRST]} points")
    page.reload()
    expect(panel(page)).to_contain_text("Nothing answered yet.")


def test_what_found_no_room_is_kept_as_soon_as_there_is_some(visitor: Any, book: str) -> None:
    """And what another tab wrote in the meantime stays."""
    page = visitor.open(book + HOME)
    page.evaluate("() => { window.setItem = Storage.prototype.setItem; }")
    page.evaluate(f"() => {{ {FULL} }}")
    put(page, FIRST, ONE, entry(1))
    put(page, FIRST, TWO, entry(1, 2))
    expect(panel(page)).to_contain_text("This browser lets the page keep nothing more")
    page.evaluate("() => { Storage.prototype.setItem = setItem; }")
    set_text(page, saved_text({SECOND: {SECOND_TWO: entry(2, 2)}}))
    assert get(page, FIRST, ONE) == entry(1)
    put(page, FIRST, TWO, entry(2, 2))
    expect(panel(page)).not_to_contain_text("This browser lets")
    kept = {SECOND: {SECOND_TWO: entry(2, 2)}, FIRST: {ONE: entry(1), TWO: entry(2, 2)}}
    assert stored(page)["banks"] == kept


def test_the_summary_is_all_that_is_printed(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME, dark=True)
    page.evaluate("window.print = () => { window.printed = true; }")
    solve(page, FIRST)
    panel(page).get_by_role("button", name="Print a summary").click()
    assert page.evaluate("printed")
    page.emulate_media(media="print")
    lines = [line for line in page.locator("body").inner_text().split("\n") if line.strip()]
    assert lines[0] == "A book"
    assert lines[1].startswith("Progress on ")
    assert lines[lines.index(TITLES[FIRST]) + 1] == f"{MOST[FIRST]} of {MOST[FIRST]} points"
    assert lines[-2:] == ["All lessons", f"{MOST[FIRST]} of {ALL} points"]
    assert len(lines) == 2 + 2 * (len(POINTS) + 1)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".bigimg-summary").count() == 0
    page.emulate_media(media="screen")
    expect(panel(page).get_by_role("button", name="Print a summary")).to_be_visible()


def test_the_keyboard_alone_suffices(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME)
    choosers: list[object] = []
    # Early, since it takes a moment until the browser tells of one.
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    put(page, FIRST, ONE, entry(1))
    panel(page).get_by_role("link").last.focus()
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"
            )
        )
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid", reached
    assert reached == [
        "Open a saved file",
        "Save to a file",
        "Print a summary",
        "Start over",
        "Hide solutions (for class)",
    ]
    page.keyboard.press("Space")
    assert page.evaluate("bigimgProgress.solutionsHidden") is True
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # Start over; now on Keep, so that a second Enter deletes nothing
    page.keyboard.press("Enter")
    assert get(page, FIRST, ONE) == entry(1)
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert get(page, FIRST, ONE) is None
    page.keyboard.press("Enter")  # the focus is on what brings the answers back
    assert get(page, FIRST, ONE) == entry(1)
    panel(page).get_by_role("button", name="Open a saved file").focus()
    page.keyboard.press("Enter")
    for _ in range(1200):
        if choosers:
            break
        page.wait_for_timeout(50)
    assert len(choosers) == 1


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_a_phone_and_can_be_read(visitor: Any, book: str, dark: bool) -> None:
    page = visitor.open(book + HOME, phone=True, dark=dark)
    solve(page, FIRST)
    panel(page).get_by_role("button", name="Start over").click()
    controls = panel(page).locator("button:visible, label, li > a")
    assert controls.count() == 5 + 1 + len(POINTS)
    for control in controls.all():
        assert control.bounding_box()["height"] >= 44, control.inner_text()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    ratio, text = panel(page).evaluate(CONTRAST)
    assert ratio >= 4.5, text
    page.locator(".primary-toggle").click()
    page.locator(".bigimg-badge:visible").first.wait_for()
    ratio, text = page.locator("nav.bd-links").evaluate(CONTRAST)
    assert ratio >= 4.5, text


def test_titles_are_text_never_markup(visitor: Any, book: str) -> None:
    page = visitor.open(book + LESSON)
    title = "<img src=x onerror='window.harmed = true'><script>window.harmed = true</script>"
    lessons = {"bank": FIRST, "title": title, "page": LESSON, "questions": {ONE: 1}}
    text = f"window.bigimgLessons = {json.dumps({'lessons': [lessons], 'all': None})};"
    page.context.route("**/reader_progress_lessons.js*", lambda route: route.fulfill(body=text))
    page.goto(book + HOME)
    put(page, FIRST, ONE, entry(1, answer=title))
    assert panel(page).get_by_role("link").all_inner_texts() == [title]
    assert open_file(page, "", title + ".json").startswith(title)
    assert page.evaluate("window.harmed") is None


def test_without_scripts_the_page_says_so(visitor: Any, book: str) -> None:
    page = visitor.open(book + HOME, javascript=False)
    expect(panel(page)).to_have_text("Without scripts.")


def test_a_book_opened_from_a_folder_keeps_progress_too(visitor: Any, folder: Path) -> None:
    page = visitor.open((folder / LESSON).as_uri())
    put(page, FIRST, ONE, entry(1))
    page.goto((folder / HOME).as_uri())
    expect(sidebar(page, f"{TITLES[FIRST]} 1 of {MOST[FIRST]} points")).to_be_visible()
    panel(page).get_by_role("link", name=TITLES[FIRST]).click()
    page.wait_for_url(f"**/{LESSON}")


def test_the_real_book_shows_progress(visitor: Any, site: str) -> None:
    """With an answer which is right: a quiz on the page grades what it finds again."""
    asked = next(
        question
        for question in load_bank(FIRST).questions
        if question.kind == "blanks" and question.points == 1
    )
    page = visitor.open(site + LESSON)
    put(page, FIRST, asked.id, entry(1, answer=asked.solutions[0]))
    link = page.locator("nav.bd-links .current > a").last
    expect(link.get_by_role("img", name=f"1 of {MOST[FIRST]} points")).to_be_visible()
    page.goto(site + HOME)
    row = panel(page).get_by_role("listitem").filter(has_text=TITLES[FIRST])
    expect(row).to_contain_text(f"1 of {MOST[FIRST]} points")
    expect(page.get_by_role("heading", name="Your progress")).to_be_visible()


def test_in_the_real_book_progress_comes_before_widgets(site_folder: Path) -> None:
    text = (site_folder / LESSON).read_text(encoding="utf-8")
    tags = BeautifulSoup(text, "html.parser").find_all("script", src=True, defer=True)
    names = [tag["src"].rpartition("/")[2].partition("?")[0] for tag in tags]
    ours = ["reader_progress_lessons.js", "reader_progress.js", "anywidget_host.js"]
    assert [name for name in names if name in ours] == ours
