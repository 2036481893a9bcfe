"""The command that asks whether the addresses on the pages still answer."""

from __future__ import annotations

import http.server
import importlib.util
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.local_server import LocalServer

ROOT = Path(__file__).parents[1]
_spec = importlib.util.spec_from_file_location("ask_links", ROOT / ".ci/ask_links.py")
assert _spec is not None
assert _spec.loader is not None
ask_links = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ask_links)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the number in its path, and leads those with 301 on to /200."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with LocalServer(Handler) as server:
        yield f"{server.origin}/"


def test_addresses_are_taken_without_what_stands_around_them() -> None:
    text = (
        "See [it](https://a.org/x_(y)), <https://b.org/z>. Or https://c.org/d#part, and "
        '"https://e.org/f?q=1"; `http://localhost:8000/g` is nobody, nor https://example.org/h. '
        "[https://i.org](https://j.org/k)."
    )
    assert list(ask_links.addresses(text)) == [
        "https://a.org/x_(y)",
        "https://b.org/z",
        "https://c.org/d",
        "https://e.org/f?q=1",
        "https://i.org",
        "https://j.org/k",
    ]


def test_every_page_is_read_and_of_notebooks_the_words(tmp_path: Path) -> None:
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md"):
        (tmp_path / name).write_text("https://a.org", encoding="utf-8")
    (tmp_path / "book" / "tables").mkdir(parents=True)
    (tmp_path / "book" / "tables" / "b.md").write_text("https://b.org https://b.org", "utf-8")
    (tmp_path / "notebooks").mkdir()
    cells = [
        {"cell_type": "markdown", "source": ["Go to ", "https://c.org"]},
        {"cell_type": "code", "source": ["fetch('https://d.org')"]},
    ]
    (tmp_path / "notebooks" / "c.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")
    banks = tmp_path / "src" / "bigimg_lessons" / "questions" / "banks"
    banks.mkdir(parents=True)
    (banks / "e.toml").write_text('reply = "See [it](https://e.org)."', encoding="utf-8")
    assert ask_links.named(tmp_path) == {
        "https://a.org": ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"],
        "https://b.org": ["book/tables/b.md"],
        "https://c.org": ["notebooks/c.ipynb"],
        "https://e.org": ["src/bigimg_lessons/questions/banks/e.toml"],
    }


def test_the_file_of_links_has_the_addresses_of_this_book_and_no_others() -> None:
    used, listed = ask_links.named(ROOT), ask_links.listed(ROOT)
    assert "https://myhdf5.hdfgroup.org/" in used
    new = {address: pages for address, pages in used.items() if address not in listed}
    assert new == {}, "book/links.toml lacks them: run python .ci/ask_links.py --renew"
    unused = [address for address in listed if address not in used]
    assert unused == [], "no page names them: run python .ci/ask_links.py --renew"


def test_the_file_of_links_is_as_the_command_writes_it_with_days_that_have_been() -> None:
    listed = ask_links.listed(ROOT)
    assert (ROOT / "book/links.toml").read_text(encoding="utf-8") == ask_links.written(listed)
    for address, seen in listed.items():
        assert set(seen) in (set(), {"answered", "found"}), address
        if seen:
            assert type(seen["answered"]) is date
            assert seen["answered"] <= datetime.now(UTC).date()
            assert seen["found"]


@pytest.mark.parametrize(("code", "there"), [(200, True), (403, True), (404, False), (500, False)])
def test_a_server_is_there_or_not(server: str, code: int, there: bool) -> None:
    assert ask_links.heard(f"{server}{code}") == (there, str(code))


def test_where_one_is_led_on_is_told(server: str) -> None:
    assert ask_links.heard(f"{server}301") == (True, f"200, at {server}200")


def test_nobody_answers(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {f"{server}200": ["a.md"], "http://127.0.0.1:1/": ["b.md", "c.md"]}
    monkeypatch.setattr(ask_links, "named", lambda _: found)
    assert ask_links.main([], tmp_path) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("GONE http://127.0.0.1:1/: ")
    assert first.endswith(" (b.md, c.md)")
    assert second == f"ok   {server}200: 200"
    assert list(tmp_path.iterdir()) == []


def test_who_answers_gets_a_new_date_and_who_does_not_keeps_the_old(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "book" / "links.toml"
    path.parent.mkdir()
    old = {"answered": date(2025, 3, 4), "found": "200"}
    before = {f"{server}301": old, f"{server}404": old, f"{server}500": {}, "http://a.org": old}
    path.write_text(ask_links.written(before), encoding="utf-8")
    assert ask_links.listed(tmp_path) == before

    asked = [f"{server}{code}" for code in (301, 404, 500, 403, 410)]
    monkeypatch.setattr(ask_links, "named", lambda _: {key: ["a.md"] for key in asked})
    first = datetime.now(UTC).date()
    assert ask_links.main(["--renew"], tmp_path) == 1
    last = datetime.now(UTC).date()
    listed = ask_links.listed(tmp_path)
    for address, found in ((f"{server}301", f"200, at {server}200"), (f"{server}403", "403")):
        seen = listed.pop(address)
        assert first <= seen["answered"] <= last
        assert seen["found"] == found
    assert listed == {f"{server}404": old, f"{server}410": {}, f"{server}500": {}}


def test_addresses_and_answers_are_written_as_toml_reads_them(tmp_path: Path) -> None:
    links = {
        'https://a.org/"b"?c=µ\\d': {"answered": date(2026, 1, 2), "found": '200, at "x"'},
        "https://a.org/": {},
    }
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "links.toml").write_text(ask_links.written(links), encoding="utf-8")
    assert ask_links.listed(tmp_path) == links
