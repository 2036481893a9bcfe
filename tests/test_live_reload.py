"""While somebody works on a front end, widgets follow its files."""

from __future__ import annotations

import gc
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bigimg_lessons.widgets import base, live_reload
from bigimg_lessons.widgets.base import JS, Widget


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    aside = path.with_name("aside")
    aside.write_text(text.replace(old, new, 1), encoding="utf-8")
    aside.replace(path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the front ends, which widgets made in the test use."""
    folder = tmp_path / "js"
    shutil.copytree(JS, folder)
    monkeypatch.setattr(base, "JS", folder)
    monkeypatch.setattr(base, "STYLE_SHEET", folder / "kit" / "colours.css")
    monkeypatch.setattr(base.whole_module, "__kwdefaults__", {"folder": folder})
    monkeypatch.setattr(live_reload, "PAUSE", 0.01)
    monkeypatch.setenv("ANYWIDGET_HMR", "1")
    return folder


def test_a_widget_follows_every_file_that_was_joined(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Shown(Widget, front="quiz/quiz.js"):
        """A widget that is shown."""

    widget = Shown()
    change(folder / "quiz" / "quiz.js", "export default", "const changed = 1;\nexport default")
    wait_for(lambda: "const changed = 1;" in widget._esm)
    change(folder / "quiz" / "grading" / "grade.js", "export ", "const imported = 2;\nexport ")
    wait_for(lambda: "const imported = 2;" in widget._esm)
    change(folder / "kit" / "colours.css", "#1d2240", "#123456")
    wait_for(lambda: "#123456" in widget._css)

    # A mistake is told, and the last front end stays until it is mended.
    before = widget._esm
    change(folder / "quiz" / "quiz.js", "./card.js", "./gone.js")
    wait_for(lambda: caplog.messages)
    assert "imports './gone.js', and there is no such file" in caplog.text
    assert widget._esm == before
    change(folder / "quiz" / "quiz.js", "const changed = 1;", "const changed = 3;")
    change(folder / "quiz" / "quiz.js", "./gone.js", "./card.js")
    wait_for(lambda: "const changed = 3;" in widget._esm)
    widget.close()


def test_a_file_that_is_being_written_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shown:
        """Something with a trait."""

    coming = iter([1, 2, 3, 3, 3, 4, 5])
    seen: list[int] = []
    read: list[int] = []

    def times(where: Path) -> dict[Path, int]:
        if where == folder / "mine":
            seen.append(next(coming, 5))
        return {where: seen[-1] if seen else 0}

    def sources() -> dict[str, str]:
        read.append(seen[-1])
        return {}

    widget = Shown()
    monkeypatch.setattr(live_reload, "_times", times)
    live_reload.follow(widget, folder / "mine", sources)
    wait_for(lambda: len(seen) > 10)
    assert read == [3, 5]


def test_it_ends_with_the_widget(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        """Something that nobody keeps."""

    looks: list[None] = []
    mine = folder / "of this test"
    monkeypatch.setattr(
        live_reload, "_times", lambda where: looks.append(None) if where == mine else None
    )
    widget, others = Gone(), threading.enumerate()
    live_reload.follow(widget, mine, dict)
    (thread,) = (each for each in threading.enumerate() if each not in others)
    wait_for(lambda: len(looks) > 2)
    assert thread.is_alive()
    del widget
    gc.collect()
    wait_for(lambda: not thread.is_alive())


def test_without_the_variable_nothing_is_watched(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANYWIDGET_HMR")
    monkeypatch.setattr(live_reload, "follow", lambda *_: pytest.fail("it is followed"))

    class Shown(Widget, front="quiz/quiz.js"):
        """A widget that is shown."""

    assert "export default" in Shown()._esm
