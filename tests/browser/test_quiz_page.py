"""The quiz with no kernel: every kind of question on small pages, and a lesson's of the book."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from contrast import CONTRAST
from playwright.sync_api import Locator, Page, expect
from quiz_keys import answer, go_to_form, right_answer

from bigimg_lessons.questions.bank import QuestionBank, load_bank
from bigimg_lessons.widgets import Quiz

pytestmark = pytest.mark.browser

REPO = Path(__file__).parents[2]
LOADER = REPO / "book/_ext/anywidget_host_assets/anywidget_host.js"
MEMORY = REPO / "book/_ext/reader_progress_assets/reader_progress.js"
COLOURS = REPO / "book/_static/bigimg.css"
LESSON = "notebooks/01_open_without_loading.html"
KINDS = ("blank", "chunk-bytes", "requests", "yz-slow", "which-level", "no-pyramid", "lazy-order")
PREDICTIONS = ("slice-cost", "requests-guess")
PAYLOADS = (  # what must never come to life
    "<img src=x onerror=\"document.title='broken'\">",
    "<script>document.title='broken'</script>",
    "\"><svg onload=document.title='broken'>",
    "javascript:document.title='broken'",
)
Write = Callable[..., str]


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> QuestionBank:
    """The bank with every kind of question, which `Quiz` then finds."""
    folder = REPO / "tests"
    monkeypatch.setattr(
        "bigimg_lessons.widgets.quiz.load_bank", lambda name: load_bank(name, folder=folder)
    )
    return load_bank("every_kind", folder=folder)


@pytest.fixture
def write(
    tmp_path: Path, serving: Callable[[Path], AbstractContextManager[str]]
) -> Iterator[Write]:
    """Write a page with quizzes, as book/_ext/anywidget_host.py does; the value is its URL.

    A page of the book remembers what was answered, and says where its other pages are.
    """
    for source in (LOADER, MEMORY, COLOURS):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    jupyter_only = {"layout", "tabbable", "tooltip"}

    with serving(tmp_path) as url:

        def write(*quizzes: Quiz, book: bool = True) -> str:
            models, places = {}, ""
            for number, quiz in enumerate(quizzes):
                state = quiz.get_state()
                traits = {
                    name: value
                    for name, value in state.items()
                    if not name.startswith("_") and name not in jupyter_only
                }
                models[str(number)] = {"module": "q", "traits": traits, "buffers": []}
                places += f'<div class="anywidget-mount" data-model="{number}"></div>'
            data = json.dumps({"models": models, "modules": {"q": Quiz._esm}})
            root = ' data-content_root="./"'
            memory = (
                "<script>window.bigimgLessons = { lessons: [], all: null };</script>"
                f'<script defer src="{MEMORY.name}"></script>'
            )
            (tmp_path / "page.html").write_text(
                f'<!doctype html><html lang="en"{root if book else ""}><meta charset="utf-8">'
                '<title>t</title><meta name="viewport" content="width=device-width">'
                f'<link rel="icon" href="data:,"><link rel="stylesheet" href="{COLOURS.name}">'
                f"<style>{Quiz._css}\nbody {{ background: var(--bigimg-page); "
                "color: var(--bigimg-ink); font-family: sans-serif; }</style>"
                f"{memory if book else ''}"
                '<script type="application/json" id="anywidget-data">'
                + data.replace("<", "\\u003c")
                + f'</script><script defer src="{LOADER.name}"></script>{places}',
                encoding="utf-8",
            )
            return f"{url}page.html"

        yield write


def form_of(page: Page | Locator, identifier: str) -> Locator:
    """Find a question of the bank with every kind by its id."""
    number = KINDS.index(identifier)
    return page.locator("section.bq").first.get_by_role("form").nth(number)


def press(form: Locator, name: str) -> None:
    form.get_by_role("button", name=name).click()


def start_over(quiz: Locator) -> None:
    press(quiz, "Start over")
    press(quiz, "Delete these answers")


def press_all(place: Page | Locator, name: str) -> None:
    """Press every button of this name, even if that gives the button another one."""
    buttons = place.get_by_role("button", name=name)
    buttons.evaluate_all("buttons => buttons.forEach((button) => button.click())")


# ---- Every kind


def test_every_kind_by_keyboard_alone_on_a_phone_in_the_dark(
    visitor: Any, write: Write, bank: QuestionBank, tmp_path: Path
) -> None:
    page = visitor.open(write(Quiz("every_kind")), phone=True, dark=True)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    questions = [question for question in bank.questions if question.id in KINDS]
    points = 0
    for number, question in enumerate(questions):
        go_to_form(page, number)
        answer(page, question, right_answer(question))
        form = page.get_by_role("form").nth(number)
        expect(form.get_by_role("status")).to_contain_text("Right. ")
        expect(form.get_by_role("status")).to_contain_text(question.explanation)
        expect(form).to_contain_text(f"{question.points} of {question.points} point")
        points += question.points
        # The focus is still in the form, where the reply is.
        assert form.evaluate("form => form.contains(document.activeElement)")
    expect(page.locator(".bq-score")).to_have_text(f"All of {points} points. Well done!")
    assert points == 9
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
    lowest, text = page.locator("section.bq").evaluate(CONTRAST)
    assert lowest >= 4.5, text


def test_every_kind_answered_wrongly_is_told_why(
    visitor: Any, write: Write, bank: QuestionBank, tmp_path: Path
) -> None:
    page = visitor.open(write(Quiz("every_kind")))
    wrong = {
        "blank": (["volume", "tiles"], ["Blank 1: Not yet. A stack or", "Blank 2: Almost. A TIFF"]),
        "chunk-bytes": (["4096 B"], ["Almost. That is the number of voxels. A voxel of uint16"]),
        "requests": (["none"], ["Not yet. "]),
        "yz-slow": (
            ["true", "a"],
            ["Truth: Not yet. Both have as many", "Reason: Not yet. True of"],
        ),
        "which-level": (["c"], ["Not yet. 16 is the factor"]),
        "no-pyramid": (["a", "b", "d"], ["Not yet. To look at it", "A browser can hold a few"]),
        "lazy-order": (["b", "c", "a", "d"], ["Not yet. Where would it seek to"]),
    }
    by_id = {question.id: question for question in bank.questions}
    # What stands first when it is shown must not be right by chance.
    assert by_id["lazy-order"].feedback[0].before < "e"
    for number, (identifier, (given, replies)) in enumerate(wrong.items()):
        go_to_form(page, number)
        answer(page, by_id[identifier], given)
        form = form_of(page, identifier)
        for reply in replies:
            expect(form.get_by_role("status")).to_contain_text(reply)
        expect(form.locator("[data-verdict=wrong], [data-verdict=almost]").first).to_be_visible()
        expect(form).to_contain_text("Read again: ")
    page.screenshot(path=tmp_path / "wrong.png", full_page=True)
    expect(page.locator(".bq-score")).to_have_text("0 of 9 points")
    lowest, text = page.locator("section.bq").evaluate(CONTRAST)
    assert lowest >= 4.5, text


def test_nothing_filled_in_is_no_error(visitor: Any, write: Write, bank: QuestionBank) -> None:
    page = visitor.open(write(Quiz("every_kind")))
    for identifier in KINDS[:-1]:  # an order is always an answer
        form = form_of(page, identifier)
        press(form, "Check")
        expect(form.get_by_role("status")).to_contain_text("Still empty. ")
        expect(form.locator("[aria-invalid=true]")).to_have_count(0)


def test_hints_come_one_after_the_other(visitor: Any, write: Write, bank: QuestionBank) -> None:
    page = visitor.open(write(Quiz("every_kind")))
    form = form_of(page, "blank")
    press(form, "Hint")
    expect(form).to_contain_text("Hint 1. First hint about planes.")
    expect(form.locator("[aria-live=polite]", has_text="Hint 1.")).to_have_count(1)
    expect(form.locator(".bq-hints code")).to_have_text("planes")
    expect(form).not_to_contain_text("Hint 2.")
    press(form, "Next hint")
    expect(form).to_contain_text("Hint 2. Second hint.")
    form.get_by_role("button", name="No more hints").click(force=True)  # it is aria-disabled
    expect(form).not_to_contain_text("Hint 3.")
    expect(form_of(page, "requests").get_by_role("button", name="hint")).to_have_count(0)


def test_what_is_changed_bears_no_mark(visitor: Any, write: Write, bank: QuestionBank) -> None:
    page = visitor.open(write(Quiz("every_kind")))
    form = form_of(page, "blank")
    first, second = form.get_by_role("textbox").all()
    first.fill("volume")
    second.fill("strips")
    press(form, "Check")
    expect(first).to_have_attribute("aria-invalid", "true")
    expect(second).to_have_attribute("data-verdict", "right")
    first.press("End")
    first.press("s")
    expect(first).to_have_attribute("aria-invalid", "false")
    expect(second).to_have_attribute("data-verdict", "right")
    options = form_of(page, "which-level")
    options.get_by_role("radio").first.check()
    press(options, "Check")
    expect(options.get_by_role("radiogroup")).to_have_attribute("data-verdict", "wrong")
    options.get_by_role("radio").last.check()
    expect(options.get_by_role("radiogroup")).to_have_attribute("data-verdict", "")


def test_a_solution_seen_before_does_not_score_until_starting_over(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    page = visitor.open(write(Quiz("every_kind")))
    form = form_of(page, "no-pyramid")
    solution = form.get_by_role("button", name="solution")
    expect(solution).to_have_attribute("aria-expanded", "false")
    solution.click()
    expect(solution).to_have_attribute("aria-expanded", "true")
    expect(form.locator(".bq-solution")).to_contain_text("a camera image of 512 × 512")
    expect(form.locator(".bq-solution")).not_to_contain_text("a whole-slide scan")
    expect(form).to_contain_text("Solution seen, so it scores no point.")
    solution.click()
    expect(form.locator(".bq-solution")).to_be_empty()

    for number in (0, 2):
        form.get_by_role("checkbox").nth(number).check()
    press(form, "Check")
    expect(form.get_by_role("status")).to_contain_text("Right.")
    expect(page.locator(".bq-score")).to_have_text("0 of 9 points")

    start_over(page.locator("section.bq"))
    expect(page.get_by_role("textbox").first).to_be_focused()
    expect(form.get_by_role("checkbox", checked=True)).to_have_count(0)
    for number in (0, 2):
        form.get_by_role("checkbox").nth(number).check()
    press(form, "Check")
    expect(page.locator(".bq-score")).to_have_text("1 of 9 points")


def test_solutions(visitor: Any, write: Write, bank: QuestionBank) -> None:
    page = visitor.open(write(Quiz("every_kind")))
    press_all(page, "Show solution")
    for identifier, solution in {
        "blank": "A TIFF stack stores one plane after the other, each cut into strips",
        "chunk-bytes": re.compile(r"8.192 B"),
        "requests": "64 chunks",
        "yz-slow": re.compile("False.*every plane has to be read", re.DOTALL),
        "which-level": "level 4",
        "lazy-order": re.compile("Read the index.*Seek.*Decompress.*Copy", re.DOTALL),
    }.items():
        shown = form_of(page, identifier).locator(".bq-solution")
        expect(shown).to_contain_text(solution)
        expect(shown).to_have_attribute("aria-live", "polite")


def test_items_move_and_the_focus_goes_with_them(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    page = visitor.open(write(Quiz("every_kind")))
    form = form_of(page, "lazy-order")
    items = form.get_by_role("listitem")
    (*_, order) = (question for question in bank.questions if question.id == "lazy-order")
    expect(items).to_have_count(4)
    last = order.items[-1].replace("`", "")
    up = form.get_by_role("button", name=f"Move “{last}” up")
    up.click()
    expect(items.nth(2)).to_contain_text(last)
    expect(up).to_be_focused()
    expect(form.get_by_text(f"“{last}” is now 3 of 4.")).to_be_visible()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # it is the first already
    expect(items.first).to_contain_text(last)
    expect(up).to_be_focused()
    page.keyboard.press("Tab")
    down = form.get_by_role("button", name=f"Move “{last}” down")
    expect(down).to_be_focused()
    page.keyboard.press("Enter")
    expect(items.nth(1)).to_contain_text(last)
    expect(form.locator("[aria-live=polite]", has_text="is now 2 of 4.")).to_have_count(1)


# ---- Code to mend, lines to order, a file to diagnose

CODE = ("mend-plane-sums", "count-in-order", "diagnose-tiny-chunks")


@pytest.mark.parametrize("look", [{"phone": True, "dark": True}, {}], ids=["phone, dark", "wide"])
def test_code_keeps_its_lines_and_is_answered_by_keyboard(
    visitor: Any, write: Write, look: dict[str, bool], tmp_path: Path
) -> None:
    quiz = Quiz("02_store_in_pieces", questions=CODE)
    page = visitor.open(write(quiz), **look)
    if look:
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
    by_id = {question.id: question for question in load_bank("02_store_in_pieces").questions}
    mend, order, diagnose = (page.get_by_role("form").nth(number) for number in range(3))
    for form, name in ((mend, CODE[0]), (diagnose, CODE[2])):
        assert form.locator("pre").inner_text() == by_id[name].exhibit
    expect(mend).to_contain_text("Counted: 1,024 requests, 4.00 KiB held at once, no wrong sums.")
    expect(mend).not_to_contain_text("128 requests")  # told once it is chosen
    body = by_id[CODE[0]].options[1].text.strip("`")
    assert body.count("\n") == 4
    code = mend.locator("label code").nth(1)
    assert code.inner_text() == body
    lines = code.evaluate("code => code.getClientRects().length")
    assert lines == 1  # a block of its own
    height, one = (
        code.evaluate(script)
        for script in (
            "code => code.clientHeight",
            "code => parseFloat(getComputedStyle(code).lineHeight)",
        )
    )
    assert height > 4.5 * one
    indented = order.locator("li", has_text="array[region]").locator("code")
    assert indented.text_content() == "    array[region]"
    expect(indented).to_have_css("white-space", "pre-wrap")
    expect(indented).to_have_css("font-family", re.compile("mono", re.IGNORECASE))
    order.get_by_role("button", name="Move “array[region]” down").click()
    expect(order.get_by_text("“array[region]” is now 2 of 6.", exact=True)).to_have_count(1)
    order.get_by_role("button", name="Move “array[region]” up").click()
    page.locator("body").click(position={"x": 0, "y": 0})
    for number, name in enumerate(CODE):
        go_to_form(page, number)
        answer(page, by_id[name], right_answer(by_id[name]))
        status = page.get_by_role("form").nth(number).get_by_role("status")
        expect(status).to_contain_text("Right. ")
    expect(mend.get_by_role("status")).to_have_text(
        "Right. Counted: 64 requests, 64.0 KiB held at once, no wrong sums. "
        + by_id[CODE[0]].explanation
    )
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0
    page.screenshot(path=tmp_path / "code.png", full_page=True)
    lowest, text = page.locator("section.bq").evaluate(CONTRAST)
    assert lowest >= 4.5, text


def test_what_was_counted_is_told_with_each_wrong_version(visitor: Any, write: Write) -> None:
    page = visitor.open(write(Quiz("02_store_in_pieces", questions=CODE[:1])))
    question = next(
        entry for entry in load_bank("02_store_in_pieces").questions if entry.id == CODE[0]
    )
    for number, option in enumerate(question.options):
        if option.right:
            continue
        page.get_by_role("radio").nth(number).check()
        press(page, "Check")
        expect(page.get_by_role("form").get_by_role("status")).to_have_text(
            f"Not yet. Counted: {option.counted}. {option.say}".replace("`", "")
        )


def test_lines_in_the_wrong_order_are_replied_to(visitor: Any, write: Write) -> None:
    page = visitor.open(write(Quiz("02_store_in_pieces", questions=CODE[1:2])))
    question = next(
        entry for entry in load_bank("02_store_in_pieces").questions if entry.id == CODE[1]
    )
    letter = dict(zip(question.solutions, question.answer, strict=True))
    read, asked = (letter[line] for line in question.solutions[-2:])
    go_to_form(page, 0)
    answer(page, question, [*question.answer[:-2], asked, read])
    expect(page.get_by_role("form").get_by_role("status")).to_contain_text(
        "What would be counted, before anything is read?"
    )


# ---- Predictions


def test_a_prediction_stands_beside_what_was_measured(
    visitor: Any, write: Write, bank: QuestionBank, tmp_path: Path
) -> None:
    quiz = Quiz("every_kind", questions=["slice-cost"])
    quiz.measure("slice-cost", 256 * 2**20)
    page = visitor.open(write(quiz))
    section = page.locator("section.bq")
    expect(section.locator(".bq-title, .bq-score").first).to_be_hidden()
    expect(section).not_to_contain_text("256 MiB")
    expect(section).not_to_contain_text("Every plane is read whole")

    field = section.get_by_role("textbox")
    expect(field).to_have_accessible_name(re.compile("Prediction 1 of 1.*MiB"))
    field.fill("a lot")
    press(section, "Keep my prediction")
    expect(section.get_by_role("status").first).to_contain_text("Type a number")
    expect(section).not_to_contain_text("Measured")

    field.fill("12 MiB")
    press(section, "Keep my prediction")
    expect(section.get_by_role("status").first).to_contain_text(
        "You predicted 12 MiB. Measured: 256 MiB, 21 times as much."
    )
    expect(section).to_contain_text("Every plane is read whole")
    predicted, measured = (
        bar.bounding_box()["width"] for bar in section.locator(".bq-compare i").all()
    )
    assert 20 < measured / predicted < 23
    # It cannot be changed any more.
    expect(field).to_have_js_property("readOnly", True)
    expect(field).to_be_focused()
    expect(section.get_by_role("button")).to_have_text(["Start over"])
    page.keyboard.press("Enter")
    expect(field).to_have_value("12 MiB")
    page.screenshot(path=tmp_path / "predicted.png")
    start_over(section)
    expect(section).not_to_contain_text("256 MiB")
    expect(field).to_have_js_property("readOnly", False)
    field.fill("512 KiB")
    press(section, "Keep my prediction")
    expect(section).to_contain_text("Measured: 256 MiB, 510 times as much.")
    expect(section).to_contain_text("So much has a slice, if nothing else is read.")


def test_how_a_prediction_compares(visitor: Any, write: Write, bank: QuestionBank) -> None:
    quiz = Quiz("every_kind", questions=["requests-guess"])
    quiz.measure("requests-guess", 256)
    page = visitor.open(write(quiz))
    for typed, said in {
        "12": "You predicted 12 requests. Measured: 256 requests, 21 times as much.",
        "512": "Measured: 256 requests; you predicted 2 times as much.",
        "250": "Measured: 256 requests, about as predicted.",
        "0.001": "requests, 260,000 times as much.",
        "0": "You predicted 0 requests. Measured: 256 requests.",
    }.items():
        page.get_by_role("textbox").fill(typed)
        page.get_by_role("textbox").press("Enter")
        expect(page.get_by_role("status").first).to_contain_text(said)
        start_over(page.locator("section.bq"))


def test_what_was_measured_can_be_seen_without_predicting(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    quiz = Quiz("every_kind", questions=PREDICTIONS)
    quiz.measure("slice-cost", 256 * 2**20)
    page = visitor.open(write(quiz))
    measured, other = page.get_by_role("form").all()
    press(measured, "Show without predicting")
    expect(measured).to_contain_text("Measured: 256 MiB.")
    expect(measured).to_contain_text("Every plane is read whole")
    expect(measured.get_by_role("textbox")).to_have_js_property("readOnly", True)
    press(other, "Show without predicting")
    expect(other).to_contain_text("Not measured yet: run the next cell.")
    expect(other).not_to_contain_text("One for each plane")
    other.get_by_role("textbox").fill("9")  # nothing was seen, so it is still a prediction
    press(other, "Keep my prediction")
    expect(other.get_by_role("status")).to_contain_text("You predicted 9 requests.")


# ---- Solutions hidden, by the trait or by the page's switch


def test_solutions_can_be_hidden_and_open_ones_close(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    page = visitor.open(write(Quiz("every_kind"), Quiz("every_kind", questions=["slice-cost"])))
    form = form_of(page, "which-level")
    press(form, "Show solution")
    expect(form.locator(".bq-solution")).to_contain_text("level 4")
    page.evaluate("bigimgProgress.solutionsHidden = true")
    expect(form.locator(".bq-solution")).to_be_empty()
    expect(page.get_by_role("button", name=re.compile("solution|without"))).to_have_count(0)
    form.get_by_role("radio").nth(1).check()
    press(form, "Check")
    expect(form.get_by_role("status")).to_contain_text("Right.")
    page.evaluate("bigimgProgress.solutionsHidden = false")
    expect(page.get_by_role("button", name=re.compile("solution|without"))).to_have_count(7)


def test_a_quiz_made_without_solutions_offers_none(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    page = visitor.open(write(Quiz("every_kind", solutions=False)))
    expect(page.get_by_role("button", name="Check")).to_have_count(7)
    expect(page.get_by_role("button", name="solution")).to_have_count(0)


# ---- What the page remembers


def test_a_reload_keeps_what_was_done_and_starting_over_forgets(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    prediction = Quiz("every_kind", questions=["slice-cost"])
    prediction.measure("slice-cost", 2**28)
    page = visitor.open(write(Quiz("every_kind"), prediction))
    by_id = {question.id: question for question in bank.questions}
    for number, identifier in enumerate(KINDS):
        go_to_form(page, number)
        answer(page, by_id[identifier], right_answer(by_id[identifier]))
    go_to_form(page, len(KINDS))
    answer(page, by_id["slice-cost"], ["1 GiB"])
    page.reload()
    quiz, guess = page.locator("section.bq").all()
    expect(quiz.locator(".bq-score")).to_have_text("All of 9 points. Well done!")
    expect(quiz.get_by_role("textbox").first).to_have_value("plane")
    expect(form_of(page, "no-pyramid").get_by_role("checkbox", checked=True)).to_have_count(2)
    expect(guess).to_contain_text("You predicted 1 GiB. Measured: 256 MiB; you predicted 4 times")
    start_over(quiz)
    expect(guess).to_contain_text("You predicted 1 GiB.")
    page.reload()
    expect(quiz.locator(".bq-score")).to_have_text("0 of 9 points")
    expect(guess).to_contain_text("You predicted 1 GiB.")


@pytest.mark.parametrize("book", [True, False], ids=["page", "no-memory"])
def test_starting_over_asks_and_can_be_undone(
    visitor: Any, write: Write, bank: QuestionBank, book: bool
) -> None:
    page = visitor.open(write(Quiz("every_kind"), book=book))
    quiz = page.locator("section.bq")
    start, keep, back = (
        quiz.get_by_role("button", name=name)
        for name in ("Start over", "Keep", "Bring answers back")
    )
    first = page.get_by_role("textbox").first
    start.click()  # there is nothing to lose
    expect(first).to_be_focused()
    expect(start).to_be_visible()

    form_of(page, "requests").get_by_role("textbox").fill("64")
    press(form_of(page, "requests"), "Check")
    press(form_of(page, "which-level"), "Show solution")
    for key in ("Enter", "Escape", "Shift+Tab"):  # on Keep, on Keep, then on what deletes
        start.click()
        expect(start).to_be_hidden()
        expect(keep).to_be_focused()
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    expect(start).to_be_focused()
    expect(keep).to_be_hidden()
    expect(page.locator(".bq-score")).to_have_text("1 of 9 points")

    start_over(quiz)
    expect(page.locator(".bq-score")).to_have_text("0 of 9 points")
    press(form_of(page, "blank"), "Hint")
    back.focus()
    page.keyboard.press("Enter")
    expect(start).to_be_focused()
    expect(back).to_be_hidden()
    expect(page.locator(".bq-score")).to_have_text("1 of 9 points")
    expect(form_of(page, "requests").get_by_role("textbox")).to_have_value("64")
    expect(form_of(page, "which-level")).to_contain_text("Solution seen")

    start_over(quiz)
    first.fill("volume")
    first.press("Enter")
    expect(back).to_be_hidden()
    expect(page.locator(".bq-score")).to_have_text("0 of 9 points")


def test_answers_given_in_another_tab_are_not_lost(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    """Neither where its event has come, nor where this tab has not heard of it yet."""
    page = visitor.open(write(Quiz("every_kind")))
    other = page.context.new_page()
    other.goto(page.url)
    form_of(page, "requests").get_by_role("textbox").fill("64")
    press(form_of(page, "requests"), "Check")
    expect(form_of(other, "requests").get_by_role("textbox")).to_have_value("64")
    page.evaluate(
        """() => {
          const saved = JSON.parse(localStorage.getItem("bigimg-lessons"));
          const entry = { answer: ["8 KiB"], help: {}, points: 1, most: 1 };
          saved.banks.every_kind["chunk-bytes"] = entry;
          localStorage.setItem("bigimg-lessons", JSON.stringify(saved));
        }"""
    )
    form_of(page, "which-level").get_by_role("radio").nth(1).check()
    press(form_of(page, "which-level"), "Check")
    for tab in (page, other):
        expect(form_of(tab, "chunk-bytes").get_by_role("textbox")).to_have_value("8 KiB")
        expect(tab.locator(".bq-score")).to_have_text("3 of 9 points")
    page.reload()
    expect(page.locator(".bq-score")).to_have_text("3 of 9 points")


def test_what_is_kept_is_graded_anew(visitor: Any, write: Write, bank: QuestionBank) -> None:
    """As an earlier version of the bank, or somebody with a text editor, may have left it."""
    page = visitor.open(write(Quiz("every_kind")))
    entries = {
        "requests": {"answer": ["63"], "help": {}, "points": 1, "most": 1},
        "blank": {"answer": ["plane", "strips"], "help": {}, "points": 0, "most": 7},
    }
    saved = {"format": "bigimg-progress", "version": 1, "banks": {"every_kind": entries}}
    page.evaluate("text => localStorage.setItem('bigimg-lessons', text)", json.dumps(saved))
    page.reload()
    expect(page.locator(".bq-score")).to_have_text("2 of 9 points")
    kept = page.evaluate("JSON.parse(bigimgProgress.written()).banks.every_kind")
    assert {key: (entry["points"], entry["most"]) for key, entry in kept.items()} == {
        "requests": (0, 1),
        "blank": (2, 2),
    }


def test_a_quiz_says_where_nothing_is_kept(visitor: Any, write: Write, bank: QuestionBank) -> None:
    page = visitor.open(write(Quiz("every_kind", questions=["requests"])))
    said = "lets the page keep nothing more, so what you answer lasts only until you leave"
    expect(page.locator("section.bq")).not_to_contain_text(said)
    page.evaluate(
        "() => { Storage.prototype.setItem = "
        '() => { throw new DOMException("full", "QuotaExceededError"); }; }'
    )
    page.get_by_role("textbox").fill("64")
    page.get_by_role("textbox").press("Enter")
    expect(page.locator("section.bq")).to_contain_text(said)
    expect(page.locator(".bq-score")).to_contain_text("All of 1 point.")


def test_help_is_remembered_so_a_solution_seen_stays_seen(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    page = visitor.open(write(Quiz("every_kind")))
    press(form_of(page, "blank"), "Hint")
    press(form_of(page, "which-level"), "Show solution")
    page.reload()
    expect(form_of(page, "blank")).to_contain_text("Hint 1.")
    expect(form_of(page, "which-level")).to_contain_text("Solution seen")


def test_quizzes_with_the_same_question_stay_in_step(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    """And text that is typed but not handed in yet stays where it is."""
    page = visitor.open(write(Quiz("every_kind"), Quiz("every_kind", questions=["requests"])))
    first, second = page.locator("section.bq").all()
    form_of(page, "chunk-bytes").get_by_role("textbox").fill("typed only")
    second.get_by_role("textbox").fill("64")
    press(second, "Check")
    expect(form_of(page, "requests").get_by_role("textbox")).to_have_value("64")
    expect(first.locator(".bq-score")).to_have_text("1 of 9 points")
    expect(form_of(page, "chunk-bytes").get_by_role("textbox")).to_have_value("typed only")
    press(form_of(page, "which-level"), "Show solution")
    start_over(second)
    expect(form_of(page, "requests").get_by_role("textbox")).to_have_value("")
    expect(first.locator(".bq-score")).to_have_text("0 of 9 points")
    expect(form_of(page, "which-level")).to_contain_text("Solution seen")


def test_without_a_memory_quizzes_do_not_touch_each_other(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    quizzes = (Quiz("every_kind", questions=["requests"]) for _ in range(2))
    page = visitor.open(write(*quizzes, book=False))
    page.get_by_role("textbox").first.fill("64")
    page.get_by_role("textbox").first.press("Enter")
    first, second = page.locator("section.bq").all()
    expect(first.locator(".bq-score")).to_contain_text("All of 1 point.")
    expect(second.locator(".bq-score")).to_have_text("0 of 1 point")
    expect(second.get_by_role("textbox")).to_have_value("")


BROKEN = [
    None,
    7,
    {},
    {"answer": "text", "help": "text"},
    {"answer": [1, None], "help": [2]},
    {"answer": [], "help": {"hints": "many", "solution": "ajar"}},
    {"answer": ["z", "z", "z", "z", "z", "z"], "help": {"hints": -1}},
    {"answer": [""], "help": {"hints": 99}},
]


@pytest.mark.parametrize("first", [0, 3])
def test_broken_entries_do_not_break_the_quiz(
    visitor: Any, write: Write, bank: QuestionBank, first: int
) -> None:
    """Here the memory hands out whatever it was given, unlike the book's."""
    url = write(Quiz("every_kind"), Quiz("every_kind", questions=PREDICTIONS), book=False)
    entries = [*BROKEN[first:], *BROKEN[:first], BROKEN[first]]
    broken = dict(zip([*KINDS, *PREDICTIONS], entries, strict=True))
    page = visitor.open("about:blank")
    page.add_init_script(
        f"""const kept = {json.dumps(broken)};
        window.bigimgProgress = {{
          get: (bank, id) => kept[id],
          put: (bank, id, entry) => (kept[id] = entry),
          on: () => () => {{}},
          trouble: () => "",
        }};"""
    )
    page.goto(url)
    expect(page.get_by_role("form")).to_have_count(9)
    press_all(page, "Start over")
    press_all(page, "Delete these answers")
    by_id = {question.id: question for question in bank.questions}
    for identifier in KINDS:
        form = form_of(page, identifier)
        form.locator("input, button").first.focus()
        answer(page, by_id[identifier], right_answer(by_id[identifier]))
        expect(form.get_by_role("status")).to_contain_text("Right.")
    expect(page.locator(".bq-score").first).to_have_text("All of 9 points. Well done!")


# ---- Names, text, targets


def test_a_screen_reader_hears_what_is_asked_and_what_came_of_it(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    page = visitor.open(write(Quiz("every_kind")))
    expect(page.get_by_role("region", name="Every kind of question")).to_have_count(1)
    form = page.get_by_role("form", name="Question 1 of 7")
    fields = form.get_by_role("textbox")
    expect(fields.nth(1)).to_have_accessible_name("Question 1 of 7, Blank 2 of 2")
    fields.first.fill("volume")
    press(form, "Check")
    expect(fields.first).to_have_accessible_description(
        re.compile(r"A TIFF stack stores .*Blank 1: Not yet\. A stack or volume", re.DOTALL)
    )
    number = page.get_by_role("form", name="Question 3 of 7").get_by_role("textbox")
    expect(number).to_have_accessible_name("Question 3 of 7, answer in chunks")
    truth, reason = page.get_by_role("form", name="Question 4 of 7").get_by_role("radiogroup").all()
    expect(truth).to_have_accessible_name("True or false?")
    expect(reason).to_have_accessible_name("Because …")
    expect(reason).to_have_accessible_description(re.compile("a YZ slice is as cheap"))
    expect(truth.get_by_role("radio", name="False", exact=True)).to_have_count(1)
    expect(reason.get_by_role("radio", name="c dask reads in the background")).to_have_count(1)
    boxes = page.get_by_role("group", name="Choose one or more").get_by_role("checkbox")
    expect(boxes).to_have_count(4)
    placed = page.get_by_role("list", name="Question 7 of 7, first on top")
    expect(placed.get_by_role("listitem")).to_have_count(4)
    for live in page.get_by_role("form").all():
        expect(live.get_by_role("status")).to_have_count(1)
    identifiers = page.evaluate("[...document.querySelectorAll('[id]')].map(({ id }) => id)")
    assert len(identifiers) == len(set(identifiers))


def test_what_is_typed_stays_text(visitor: Any, write: Write, bank: QuestionBank) -> None:
    page = visitor.open(write(Quiz("every_kind"), Quiz("every_kind", questions=["slice-cost"])))
    fields = page.get_by_role("textbox").all()
    typed = [*PAYLOADS, " ".join(PAYLOADS)]
    for payload, field in zip(typed, fields, strict=True):
        field.fill(payload)
        field.press("Enter")
        expect(field).to_have_value(payload)
    page.reload()
    for payload, field in zip(typed, fields, strict=True):
        expect(field).to_have_value(payload)
    expect(page.locator("section.bq :is(img, script, svg)")).to_have_count(0)
    assert page.title() == "t"


def test_what_the_bank_says_stays_text(visitor: Any, write: Write, bank: QuestionBank) -> None:
    """Every text of every question, whatever a bank may hold."""
    names = {"id", "kind", "unit"}
    payload = " ".join(PAYLOADS)

    def spoil(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: spoil(entry, name) for name, entry in value.items()}
        if isinstance(value, list | tuple):
            return [spoil(entry, key) for entry in value]
        keep = not isinstance(value, str) or key in names or re.fullmatch("[a-d]", value)
        return value if keep else f"{payload} ___ `{payload}`" if key == "text" else payload

    quiz = Quiz("every_kind", questions=[*KINDS, *PREDICTIONS])
    quiz.bank = spoil(quiz.bank)
    quiz.measured = dict.fromkeys(PREDICTIONS, 5.0)
    page = visitor.open(write(quiz))
    for name in ("Hint", "Show solution", "Check", "Show without predicting"):
        press_all(page, name)
    for payload in PAYLOADS:
        expect(page.locator("section.bq")).to_contain_text(payload)
    expect(page.locator("section.bq :is(img, script, svg)")).to_have_count(0)
    expect(page.locator("section.bq a")).to_have_count(0)  # no such page: plain text
    assert page.title() == "t"


def test_where_to_read_again_is_a_link_on_a_page_of_the_book(
    visitor: Any, write: Write, bank: QuestionBank
) -> None:
    page = visitor.open(write(Quiz("every_kind")))
    form = form_of(page, "requests")
    link = form.get_by_role("link", name="What a chunk is")
    expect(link).to_have_count(0)
    press(form, "Check")
    expect(link).to_have_attribute("href", "./notebooks/02_store_in_pieces.html#what-a-chunk-is")
    page = visitor.open(write(Quiz("every_kind"), book=False))
    form = form_of(page, "requests")
    press(form, "Check")
    expect(form).to_contain_text("Read again: What a chunk is")
    expect(form.get_by_role("link")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 640, 1280])
def test_a_finger_finds_everything_at_any_width(
    visitor: Any, write: Write, bank: QuestionBank, width: int
) -> None:
    """320 points is the narrowest phone, and a desktop window of 640 enlarged to 200 %."""
    page = visitor.open(write(Quiz("every_kind"), Quiz("every_kind", questions=PREDICTIONS)))
    page.set_viewport_size({"width": width, "height": 740})
    for name in ("Hint", "Show solution"):
        press_all(page, name)
    small = page.locator("section.bq :is(button, label, .bq-input)").evaluate_all(
        """targets => targets.map((target) => [target, target.getBoundingClientRect()])
          .filter(([target, box]) => target.checkVisibility() &&
            (box.height < 44 || box.width < 44 || box.left < 0 || box.right > innerWidth))
          .map(([target, box]) => [target.outerHTML, box.width, box.height])"""
    )
    assert small == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width


# ---- A lesson's page of the book


def test_the_listed_solutions_give_every_point_on_the_page(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON)
    data = json.loads(page.locator("#anywidget-data").text_content() or "")
    mounts = page.locator(".anywidget-mount:has(section.bq)")
    expect(mounts.first).to_be_visible()
    scored = 0
    for mount in mounts.all():
        shown = data["models"][mount.get_attribute("data-model")]["traits"]["bank"]
        by_id = {question.id: question for question in load_bank(shown["name"]).questions}
        forms = mount.get_by_role("form").all()
        for asked, form in zip(shown["questions"], forms, strict=True):
            question = by_id[asked["id"]]
            form.locator("input, button").first.focus()
            answer(page, question, right_answer(question))
            scored += question.points
        if any(asked["kind"] != "predict" for asked in shown["questions"]):
            expect(mount.locator(".bq-score")).to_contain_text("Well done!")
    assert scored >= 6


def test_a_link_to_read_again_leads_to_its_heading(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON)
    quiz = page.locator("section.bq").last
    press_all(quiz, "Check")
    here = quiz.get_by_role("link").filter(visible=True).all()
    addresses = {link.evaluate("link => link.href") for link in here}
    own = {address for address in addresses if LESSON in address}
    assert own
    for address in own:
        anchor = address.partition("#")[2]
        assert page.locator(f"[id='{anchor}']").count() == 1, address


def test_without_scripts_questions_and_folded_solutions_are_there(visitor: Any, site: str) -> None:
    page = visitor.open(site + LESSON, javascript=False, only_requests=True)
    card = page.locator(".bq").last.get_by_role("listitem").first
    expect(card).to_be_visible()
    folded = card.locator("details > p").first
    expect(folded).to_be_hidden()
    card.get_by_text("Solution", exact=True).click()
    expect(folded).to_be_visible()
    expect(page.locator(".bq input")).to_have_count(0)


def test_opened_from_the_folder_without_any_server(visitor: Any, site_folder: Path) -> None:
    page = visitor.open((site_folder / LESSON).as_uri())
    form = page.locator("section.bq").last.get_by_role("form").first
    press(form, "Check")
    expect(form.get_by_role("status")).not_to_be_empty()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_stands_out_in_light_and_dark(
    visitor: Any, site: str, dark: bool, tmp_path: Path
) -> None:
    """At least 4.5 to 1 between text and ground (WCAG 2.1 AA); a picture lies in tmp_path."""
    page = visitor.open(site + LESSON, dark=dark)
    assert page.evaluate("document.documentElement.dataset.theme") == ("dark" if dark else "light")
    quiz = page.locator("section.bq").last
    for name in ("Check", "Hint", "Show solution"):
        press_all(quiz, name)
    quiz.screenshot(path=tmp_path / "quiz.png")
    lowest, text = quiz.evaluate(CONTRAST)
    assert lowest >= 4.5, text
