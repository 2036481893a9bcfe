from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from bigimg_lessons.questions.answers import amount
from bigimg_lessons.questions.bank import QuestionBank, bank_names, load_bank
from bigimg_lessons.questions.sheets import worksheet_html, worksheets
from bigimg_lessons.questions.translations import in_english
from bigimg_lessons.questions.worksheets import main, write_worksheets
from book._ext.site_worksheets import refresh
from tests.question_samples import HOSTILE, sample_bank
from tests.sphinx_project import build_project

ROOT = Path(__file__).parents[1]
LESSON = "01_open_without_loading"
OTHER = "02_store_in_pieces"


def sheet(*banks: QuestionBank, answers: bool, book: str | None = None) -> BeautifulSoup:
    return BeautifulSoup(worksheet_html(banks, answers=answers, book=book), "html.parser")


def words(tag: Tag | BeautifulSoup) -> str:
    return " ".join(tag.get_text(" ").split())


def plain(text: str) -> str:
    """A text of a bank as `words` returns it."""
    spaced = re.sub(r"`([^`]+)`", r" \1 ", text).replace("___", " ________ ")
    return " ".join(spaced.split())


def questions(page: BeautifulSoup) -> list[Tag]:
    return page.select(".ws-questions > li")


def texts(value: Any, *keys: str) -> Iterator[str]:
    """All texts that stand below one of `keys`, however deep."""
    if isinstance(value, dict):
        for key, entry in value.items():
            if key in keys:
                yield from [entry] if isinstance(entry, str) else map(str, entry)
            yield from texts(entry, *keys)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from texts(entry, *keys)


@cache
def bank(name: str) -> QuestionBank:
    return load_bank(name)


def test_the_worksheet_has_room_for_each_kind() -> None:
    page = sheet(sample_bank(), answers=False)
    assert page.title.get_text() == "Worksheet: A title"
    assert page.html["lang"] == "en"
    assert [heading.get_text() for heading in page.find_all(["h1", "h2", "h3"])] == ["A title"]
    assert words(page.select_one(".ws-person")) == "Name Date Points: of 8"
    shown = [words(question) for question in questions(page)]
    assert shown == [
        "2 points blanks start ________ and ________ blanks end",
        "1 point number asked How you get there: Answer: with its unit: B, KiB, MiB or GiB",
        "no points predict asked Before it is measured, I predict: apples Measured: apples",
        "2 points true-false asked True False because a true-false option a b true-false option b "
        "c true-false option c d true-false option d In your own words:",
        "1 point choice asked a choice option a b choice option b c choice option c "
        "d choice option d",
        "1 point choices asked a choices option a b choices option b c choices option c "
        "d choices option d",
        "1 point order asked a order item a b order item b c order item c "
        "The letters in order: → →",
    ]
    count = {name: len(page.select(f".ws-questions .{name}")) for name in ("ws-line", "ws-box")}
    assert count == {"ws-line": 3, "ws-box": 3}
    assert len(page.select(".ws-rule")) == 4


def test_the_answer_sheet_has_what_the_instructor_needs() -> None:
    page = sheet(sample_bank(), answers=True)
    assert page.title.get_text() == "Answer sheet: A title"
    assert page.select_one(".ws-person") is None
    assert "8 points in all." in words(page.select_one(".ws-top"))
    blanks, number, predict, truth, choice, choices, order = map(words, questions(page))
    about = "hard: {0} objective. Read again: “{0} section” in lesson 3"
    help_ = (
        "Explanation {0} explanation Hints in steps {0} hint 1 {0} hint 2 "
        f"Objective {about} Who answers is told"
    )
    assert blanks == (
        "2 points Solution blanks start blanks answer 1 and blanks answer 2 blanks end "
        "Also right Blank 1: blanks variant 1 Blank 2: blanks variant 2 "
        f"{help_.format('blanks')} Blank 1: blanks wrong 1; blanks wrong too 1 blanks say 1 "
        "Blank 2: blanks wrong 2; blanks wrong too 2 Almost. blanks say 2"
    )
    assert number == (
        "1 point number asked Solution number solution Also right 262,144 B; 5 % more or less "
        f"{help_.format('number')} 16 KiB; 4 KiB Almost. number say 1 7 B number say 2"
    )
    assert predict == (
        f"no points predict asked Solution predict solution {help_.format('predict')} "
        "16,384 apples; 4,096 apples Almost. predict say 1 7 apples predict say 2"
    )
    for kind, shown, replies in (
        ("true-false", truth, "True true-false say a true-false say a b true-false say b "),
        ("choice", choice, "a choice say a c choice say c d choice say d"),
        ("choices", choices, "b choices say b c choices say c"),
        ("order", order, "b before c order say"),
    ):
        assert f"{help_.format(kind)} {replies}" in shown
    assert "Solution False , because c true-false option c Explanation" in truth
    assert "Solution b choice option b Explanation" in choice
    assert "Solution a choices option a d choices option d Explanation" in choices
    assert "Solution c order item c a order item a b order item b Explanation" in order


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1_224_736_768.0, "B", "1168 MiB"),
        (50_000_000.0, "B", "50 MB"),
        (2**30, "B", "1 GiB"),
        (2**40, "B", "1024 GiB"),
        (1023.0, "B", "1.023 kB"),
        (123_457.0, "B", "123,457 B"),
        (0.0, "B", "0 B"),
        (12_340 * 1024, "B", "12,636,160 B"),
        (2.275e-7, "m", "227.5 nm"),
        (5e-6, "m", "5 µm"),
        (0.2, "s", "200 ms"),
        (1500.0, "s", "25 min"),
        (12.5, "%", "12.5 %"),
        (1048576.0, "requests", "1,048,576 requests"),
    ],
)
def test_amounts_are_shown_as_people_write_them(value: float, unit: str, shown: str) -> None:
    assert amount(value, unit) == shown


@pytest.mark.parametrize("name", bank_names())
def test_the_worksheet_of_a_lesson_asks_all_and_tells_nothing(name: str) -> None:
    page = sheet(bank(name), answers=False)
    shown = questions(page)
    assert len(shown) == len(bank(name).questions)
    total = 0
    for item, question in zip(shown, bank(name).questions, strict=True):
        points = item.select_one(".ws-points").get_text()
        total += int(points.split()[0].replace("no", "0"))
        assert points.split()[0].replace("no", "0") == str(question.points)
        asked = words(item)
        assert plain(question.text) in asked
        for key in ("options", "reasons"):
            for option in asdict(question).get(key, []):
                assert plain(option["text"]) in asked
        # What stands in the question itself, such as an option's text, gives nothing away.
        own = plain(question.text)
        told = {*texts(asdict(question), "say", "explanation", "hints", "solution"), ""} - {""}
        assert [text for text in told if plain(text) in asked and plain(text) not in own] == []
    assert words(page.select_one(".ws-total")) == f"Points: of {total}"
    assert page.select("details, dl, table, script") == []


@pytest.mark.parametrize("name", bank_names())
def test_the_answer_sheet_of_a_lesson_tells_all(name: str) -> None:
    page = sheet(bank(name), answers=True, book="../")
    for item, question in zip(questions(page), bank(name).questions, strict=True):
        told = words(item)
        known = asdict(question)
        wanted = [
            *texts(known, "say", "explanation", "hints", "solution", "objective"),
            question.difficulty,
        ]
        if question.kind == "blanks":
            for blank in question.blanks:
                for terms in (blank.answers, *(entry.when for entry in blank.feedback)):
                    wanted += in_english(terms)
        else:
            wanted += [question.text, *question.solutions]
        assert [text for text in wanted if plain(text) not in told] == []
        assert len(item.select("tbody tr")) == len([*filter(None, texts(known, "say"))])
        place = item.select_one("dl a")
        assert place["href"] == f"../{question.see.page}.html#{question.see.anchor}"
        assert question.see.section in place.get_text()


def test_all_lessons_on_one_sheet() -> None:
    banks = [bank(name) for name in bank_names()]
    for answers in (False, True):
        page = sheet(*banks, answers=answers)
        assert page.h1.get_text() == f"Check yourself: {len(banks)} lessons"
        headings = [heading.get_text() for heading in page.find_all("h2")]
        sums = [sum(question.points for question in one.questions) for one in banks]
        assert headings == [
            f"{one.title}, {points} points" for one, points in zip(banks, sums, strict=True)
        ]
        assert len(questions(page)) == sum(len(one.questions) for one in banks)
        assert f"{sum(sums)}" in words(page.select_one(".ws-top"))


def test_a_sheet_links_only_where_the_book_is_known() -> None:
    assert sheet(sample_bank(), answers=True).find_all("a") == []
    (href,) = {link["href"] for link in sheet(sample_bank(), answers=True, book="x/").find_all("a")}
    assert href == "x/notebooks/03_look_inside.html#a-heading"


def test_a_sheet_needs_no_other_file() -> None:
    for document in worksheets([sample_bank()]).values():
        page = BeautifulSoup(document, "html.parser")
        (icon,) = page.select("script, link, img, iframe, object, [src], [style]")
        # An icon that is empty: without one, browsers ask the server for it.
        assert (icon["rel"], icon["href"]) == (["icon"], "data:,")
        assert "url(" not in page.style.get_text()
        assert "@import" not in page.style.get_text()


@pytest.mark.parametrize("payload", HOSTILE)
@pytest.mark.parametrize("answers", [False, True])
def test_no_text_is_read_as_html(payload: str, answers: bool) -> None:
    expected = sheet(sample_bank(), answers=answers)
    page = sheet(sample_bank(lambda text: f"{text} {payload}"), answers=answers)
    tags = [tag.name for tag in page.find_all(True) if tag.name != "code"]
    assert tags == [tag.name for tag in expected.find_all(True)]
    assert {name for tag in page.find_all(True) for name in tag.attrs} == {
        name for tag in expected.find_all(True) for name in tag.attrs
    }


def test_no_bank_is_no_sheet() -> None:
    with pytest.raises(ValueError, match=r"banks: expected at least one question bank, got none"):
        worksheet_html([], answers=False)
    with pytest.raises(ValueError, match=r"at least one question bank"):
        worksheets([])


def test_the_command_writes_all_lessons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "sheets"
    assert main([str(folder)]) == 0
    stems = [*bank_names(), "all"]
    expected = [f"{stem}{kind}.html" for stem in stems for kind in ("", "-answers")]
    assert sorted(path.name for path in folder.iterdir()) == sorted(expected)
    printed = capsys.readouterr()
    assert printed.out.split("\n") == [*(str(folder / name) for name in expected), ""]
    assert printed.err == ""
    written = (folder / f"{LESSON}-answers.html").read_text(encoding="utf-8")
    assert written == worksheet_html([bank(LESSON)], answers=True)


def test_the_command_writes_the_lessons_asked_for(tmp_path: Path) -> None:
    assert main([str(tmp_path / "one"), "--lesson", LESSON]) == 0
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert names == {f"{LESSON}.html", f"{LESSON}-answers.html"}
    # Once each, and in the order asked for.
    assert main([str(tmp_path / "two"), "--lesson", OTHER, LESSON, OTHER]) == 0
    page = BeautifulSoup((tmp_path / "two" / "all.html").read_text("utf-8"), "html.parser")
    headings = [heading.get_text() for heading in page.find_all("h2")]
    assert [text.split(", ")[0] for text in headings] == [bank(OTHER).title, bank(LESSON).title]
    assert len(list((tmp_path / "two").iterdir())) == 6


def test_nothing_is_replaced_unless_told_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / f"{LESSON}-answers.html"
    mine.write_text("mine", encoding="utf-8")
    assert main([str(tmp_path), "--lesson", LESSON]) == 1
    assert capsys.readouterr().err == (
        f"Error: {tmp_path} has {mine.name} already: name another folder, or allow it with "
        "--overwrite (overwrite=True).\n"
    )
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(FileExistsError, match=rf"has {mine.name} already"):
        write_worksheets(tmp_path)
    assert main([str(tmp_path), "--lesson", LESSON, "--overwrite"]) == 0
    assert mine.read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(FileExistsError, match=rf"has {LESSON}\.html and 1 more already: name"):
        write_worksheets(tmp_path, lessons=[LESSON])


def test_an_interrupted_write_leaves_the_old_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / f"{LESSON}.html"
    old.write_text("old", encoding="utf-8")
    write = Path.write_text

    def interrupted(path: Path, text: str, **options: Any) -> None:
        write(path, text[:100], **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_worksheets(tmp_path, lessons=[LESSON], overwrite=True)
    monkeypatch.undo()
    assert {path.name: path.suffix for path in tmp_path.glob("*.html")} == {old.name: ".html"}
    assert old.read_text(encoding="utf-8") == "old"
    write_worksheets(tmp_path, lessons=[LESSON], overwrite=True)
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["out", "--lesson", LESSON, "02"],
            r"No question bank '02'; there are: .*02_store_in_pi.*",
        ),
        (["file"], r"file is a file: name a folder\."),
        (["file/below"], r"below cannot be used \(.+\)\."),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert main([str(tmp_path / arguments[0]), *arguments[1:]]) == 1
    assert re.search(rf"^Error: .*{message}\n$", capsys.readouterr().err)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_no_lesson_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"at least one question bank, got none"):
        write_worksheets(tmp_path / "new", lessons=[])
    assert not (tmp_path / "new").exists()


def test_the_module_runs_as_a_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bigimg_lessons.questions.worksheets"]
    done = subprocess.run(
        [*command, str(tmp_path), "--lesson", LESSON], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / f"{LESSON}.html").is_file()


def test_the_site_is_refreshed_where_something_changed(tmp_path: Path) -> None:
    folder = tmp_path / "worksheets"
    assert refresh(folder, {"a.html": "1 ×\n", "b.html": "2"}) == ["a.html", "b.html"]
    assert refresh(folder, {"a.html": "1 ×\n", "b.html": "2"}) == []
    (folder / "c.html.part").write_text("3", encoding="utf-8")
    assert refresh(folder, {"a.html": "1 ×\n", "d.html": "4"}) == ["d.html"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "a.html": "1 ×\n".encode(),
        "d.html": b"4",
    }


def test_sphinx_puts_the_sheets_beside_the_pages(tmp_path: Path) -> None:
    source, site = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    (source / "conf.py").write_text(
        "extensions = ['site_worksheets']\nhtml_theme = 'basic'\n",
        encoding="utf-8",
    )
    (source / "index.rst").write_text("Index\n=====\n", encoding="utf-8")
    said = [build_project(source, site) for _ in range(2)]
    expected = worksheets([bank(name) for name in bank_names()], book="../")
    assert f"worksheets: {len(expected)} file(s) written" in said[0]
    assert "worksheets:" not in said[1]
    written = {
        path.name: path.read_text("utf-8") for path in (site / "html" / "worksheets").iterdir()
    }
    assert written == expected


def test_the_guide_links_every_sheet_of_the_site() -> None:
    guide = (ROOT / "book" / "teach.md").read_text(encoding="utf-8")
    linked = re.findall(r'href="\.\./worksheets/([^"]+)"', guide)
    assert sorted(linked) == sorted(worksheets([bank(name) for name in bank_names()]))
