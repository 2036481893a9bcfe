"""``python -m data_fetch`` against a server on this machine that fails in every way we know of."""

from __future__ import annotations

import _thread
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

from bigimg_lessons.samples.volume import SampleVolume
from data_fetch import cli, connection, download
from data_fetch.cli import main
from data_fetch.connection import Connection
from data_fetch.registry import REAL_DATASETS, Pin
from tests.local_server import LocalServer

ROOT = Path(__file__).parents[1]
RECORD = 14857764
H5 = "xyz_uint8__em_platy__3d_chunk.h5"
XML = "xyz_uint8__em_platy__3d_chunk.xml"
H5_BYTES = np.random.default_rng(1).bytes(500_000)
XML_BYTES = b"<SpimData/>"
FETCH = ["--real", "platy-3d-chunk"]


@dataclass
class Answer:
    """How the server departs from a right answer to one request."""

    status: int | None = None  # answer this, with `headers` and `body` only
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None  # instead of the file
    end_after: int | None = None  # bytes after which the connection ends
    reset: Path | None = None  # ... with a TCP reset, when this file has begun to grow
    interrupt: Path | None = None  # Ctrl-C comes half-way, when this file has begun to grow
    stall: bool = False  # nothing more comes after half of it
    whole: bool = False  # ignore Range
    unconditional: bool = False  # ignore If-Range
    shift: int = 0  # send another range than the one asked for
    no_length: bool = False  # no Content-Length


class Zenodo(LocalServer):
    """A stand-in for Zenodo: the API's JSON, files with Range and If-Range, and a script."""

    def __init__(self) -> None:
        super().__init__(Handler)
        self.url = self.origin
        self.files = {H5: H5_BYTES, XML: XML_BYTES}
        self.record = self.describe()
        self.script: dict[str, list[Answer]] = {}  # by file name, or "api"
        self.always: dict[str, Answer] = {}
        self.asked: list[tuple[str, Message]] = []
        self.stalled = threading.Event()

    def describe(self) -> dict[str, Any]:
        return {
            "id": RECORD,
            "metadata": {
                "title": "Big image data",
                "creators": [{"name": "Doe, Jane"}],
                "license": {"id": "cc-by-4.0"},
            },
            "files": [
                {
                    "key": name,
                    "size": len(body),
                    "checksum": "md5:" + hashlib.md5(body, usedforsecurity=False).hexdigest(),
                    "links": {"self": f"{self.url}/api/records/{RECORD}/files/{name}/content"},
                }
                for name, body in self.files.items()
            ],
        }

    def etag(self, name: str) -> str:
        return f'"md5:{hashlib.md5(self.files[name], usedforsecurity=False).hexdigest()}"'

    def requests_for(self, name: str) -> list[Message]:
        return [headers for path, headers in self.asked if name in path]

    def ranges(self, name: str = H5) -> list[str | None]:
        return [headers["Range"] for headers in self.requests_for(name)]

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent when the client closes the connection early, as it should at times."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Zenodo

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        """Keep the test output clean."""

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append((self.path, self.headers))
        if path == f"/api/records/{RECORD}":
            name, body = "api", json.dumps(self.server.record).encode()
        else:
            name = path.removeprefix(f"/records/{RECORD}/files/")
            if name not in self.server.files:
                self.send_error(404)
                return
            body = self.server.files[name]
        script = self.server.script.get(name)
        answer = script.pop(0) if script else self.server.always.get(name, Answer())
        if answer.status is not None:
            self.send_response(answer.status)
            sent = answer.body or b""
            for key, value in ({"Content-Length": str(len(sent))} | answer.headers).items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(sent)
            return
        self.send_body(name, body if answer.body is None else answer.body, answer)

    def send_body(self, name: str, body: bytes, answer: Answer) -> None:
        etag = answer.headers.get("ETag", '"api"' if name == "api" else self.server.etag(name))
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if (
            wanted
            and not answer.whole
            and (answer.unconditional or self.headers["If-Range"] in (None, etag))
        ):
            start = int(wanted[1]) + answer.shift
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            body = body[start:]
        else:
            self.send_response(200)
        for key, value in ({"ETag": etag} | answer.headers).items():
            if value:
                self.send_header(key, value)
        if answer.no_length:
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if answer.interrupt:
            self.wfile.write(body[: len(body) // 2])
            wait_until_it_grows(answer.interrupt)
            _thread.interrupt_main()
            self.wfile.write(body[len(body) // 2 :])
            return
        if answer.stall:
            self.wfile.write(body[: len(body) // 2])
            self.server.stalled.wait()
            return
        self.wfile.write(body[: answer.end_after])
        if answer.end_after is not None:
            if answer.reset:
                wait_until_it_grows(answer.reset)
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True


def wait_until_it_grows(path: Path) -> None:
    while not (path.exists() and path.stat().st_size):
        time.sleep(0.005)


@pytest.fixture
def zenodo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zenodo]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Zenodo() as server:
        yield server
        server.stalled.set()


@dataclass
class Run:
    """What a run of the command left behind."""

    code: int
    out: str
    err: str
    pauses: list[float]

    @property
    def said(self) -> str:
        return self.out + self.err


@pytest.fixture
def run(zenodo: Zenodo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    def call(
        arguments: Sequence[str] = FETCH,
        *,
        folder: Path = tmp_path,
        sleep: Callable[[float], None] | None = None,
    ) -> Run:
        pauses: list[float] = []
        code = main(
            [*arguments, "--folder", str(folder)],
            base_url=zenodo.url,
            sleep=sleep or pauses.append,
        )
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err, pauses)

    return call


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {download.LOCK_NAME}


def assert_fetched(folder: Path) -> None:
    assert (folder / H5).read_bytes() == H5_BYTES
    assert (folder / XML).read_bytes() == XML_BYTES
    assert names(folder) == {H5, XML, f"{H5}.note.json", f"{XML}.note.json"}


def assert_nothing_under_final_name(folder: Path) -> None:
    assert not {H5, XML} & names(folder)


# A download that goes well


def test_downloads_both_files_and_credits_the_record(zenodo, run, tmp_path):
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert "Zenodo record 14857764: 'Big image data', Doe, Jane; licence cc-by-4.0." in result.out
    assert f"To use it, open {XML}." in result.out
    assert result.pauses == []


def test_says_who_is_asking_and_asks_for_plain_bytes(zenodo, run):
    run()
    agents = {headers["User-Agent"] for _, headers in zenodo.asked}
    assert len(agents) == 1
    assert re.fullmatch(r"bigimg-lessons/\d+\.\d+\S* \([^()]+\)", agents.pop())
    assert [headers["Accept-Encoding"] for headers in zenodo.requests_for(H5)[0:1]] == ["identity"]
    assert zenodo.ranges() == [None]


def test_asks_for_the_direct_file_address(zenodo, run):
    run()
    assert [path for path, _ in zenodo.asked] == [
        f"/api/records/{RECORD}",
        f"/records/{RECORD}/files/{H5}?download=1",
        f"/records/{RECORD}/files/{XML}?download=1",
    ]


def test_a_second_run_asks_nothing(zenodo, run, tmp_path):
    run()
    zenodo.asked.clear()
    result = run()
    assert result.code == 0
    assert "platy-3d-chunk is there already" in result.out
    assert zenodo.asked == []


def test_downloads_only_the_file_that_is_missing(zenodo, run, tmp_path):
    run()
    (tmp_path / XML).unlink()
    zenodo.asked.clear()
    assert run().code == 0
    assert_fetched(tmp_path)
    assert zenodo.requests_for(H5) == []


def test_progress_bar_counts_the_bytes(zenodo, run, tmp_path, capsys):
    with Connection(zenodo.url) as server:
        download.fetch_dataset(REAL_DATASETS["platy-3d-chunk"], tmp_path, server, progress=True)
    assert "100%" in capsys.readouterr().err


# Breaks


@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
def test_resumes_by_itself_after_a_break(zenodo, run, tmp_path, is_reset):
    # A reset discards what the system has not yet handed over, which may be all that was sent.
    reset = tmp_path / f"{H5}.part" if is_reset else None
    zenodo.script[H5] = [Answer(end_after=200_000, reset=reset)]
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    first, second = zenodo.requests_for(H5)
    assert first["Range"] is None
    kept = int(re.fullmatch(r"bytes=(\d+)-", second["Range"])[1])
    # A close discards nothing.
    assert 200_000 - download.CHUNK_BYTES < kept <= 200_000 or is_reset
    assert second["If-Range"] == zenodo.etag(H5)
    assert len(result.pauses) == 1
    assert "broke off" in result.out


def test_resumes_a_chunked_answer_that_ends_too_early(zenodo, run, tmp_path):
    zenodo.script[H5] = [Answer(end_after=200_000, no_length=True)]
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == [None, "bytes=200000-"]
    assert "closed too early" in result.out


def test_a_server_that_falls_silent_is_asked_again(zenodo, run, tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "CONNECT_AND_READ_SECONDS", (5, 0.3))
    zenodo.script[H5] = [Answer(stall=True)]
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert "broke off (ConnectionError)" in result.out


def test_gives_up_when_the_connection_always_breaks(zenodo, run, tmp_path):
    zenodo.always[H5] = Answer(end_after=0)
    result = run()
    assert result.code == 1
    assert_nothing_under_final_name(tmp_path)
    assert len(zenodo.ranges()) == 6
    assert len(result.pauses) == 5
    assert result.err.count("\n") == 1
    assert re.match(
        r"Error: .*6 times in a row: run it again later; .* next run resumes", result.err
    )


def test_the_next_run_resumes_where_the_last_one_gave_up(zenodo, run, tmp_path):
    zenodo.script[H5] = [Answer(end_after=131_072)]
    zenodo.always[H5] = Answer(status=503)
    result = run()
    assert result.code == 1
    assert names(tmp_path) == {f"{H5}.part", f"{H5}.part.note.json"}
    assert (tmp_path / f"{H5}.part").read_bytes() == H5_BYTES[:131_072]

    zenodo.always.clear()
    zenodo.asked.clear()
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == ["bytes=131072-"]
    assert zenodo.requests_for(H5)[0]["If-Range"] == zenodo.etag(H5)
    assert "resuming at 131 kB of 500 kB" in result.out


def test_a_part_that_was_complete_is_only_checked(zenodo, run, tmp_path):
    zenodo.script[H5] = [Answer(end_after=131_072)]
    zenodo.always[H5] = Answer(status=503)
    run()
    (tmp_path / f"{H5}.part").write_bytes(H5_BYTES)
    zenodo.asked.clear()
    assert run().code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == []


def test_a_break_after_much_progress_does_not_count_as_a_further_failure(
    zenodo, run, tmp_path, monkeypatch
):
    monkeypatch.setattr(download, "PROGRESS_BYTES", 40_000)
    # Each answer ends after about 65 kB: eight breaks, more than the tries that may fail in a row.
    zenodo.always[H5] = Answer(end_after=download.CHUNK_BYTES)
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert len(result.pauses) == 500_000 // download.CHUNK_BYTES
    assert max(result.pauses) <= 2


class Bar(download.tqdm):
    """A progress bar drawn into memory: notes where it began, where it counts from, its end."""

    seen: ClassVar[list[tuple[int, int, int]]] = []

    def __init__(self, **options: Any) -> None:
        self.began = options["initial"]
        super().__init__(**options | {"disable": False, "file": io.StringIO()})

    def close(self) -> None:
        if not self.disable:
            self.seen.append((self.began, self.initial, self.n))
        super().close()


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    monkeypatch.setattr(Bar, "seen", [])
    monkeypatch.setattr(download, "tqdm", Bar)
    return Bar.seen


def test_the_bar_starts_at_the_resumed_offset(zenodo, run, bars):
    zenodo.script[H5] = [Answer(end_after=131_072)]
    zenodo.always[H5] = Answer(status=503)
    assert run().code == 1
    zenodo.always.clear()
    assert run().code == 0
    assert bars == [(0, 0, 131_072), (131_072, 131_072, 500_000), (0, 0, len(XML_BYTES))]


def test_the_bar_goes_back_when_the_server_starts_over(zenodo, run, bars):
    zenodo.script[H5] = [Answer(end_after=131_072)]
    zenodo.always[H5] = Answer(status=503)
    assert run().code == 1
    zenodo.always[H5] = Answer(whole=True)
    assert run().code == 0
    assert bars[1] == (131_072, 0, 500_000)


# A server that does not continue


def test_starts_over_when_the_server_ignores_the_range(zenodo, run, tmp_path):
    zenodo.script[H5] = [Answer(end_after=200_000), Answer(whole=True)]
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges()[0] is None
    assert zenodo.ranges()[1].startswith("bytes=")
    assert "the server sends it from its start" in result.out


@pytest.mark.parametrize(
    "wrong",
    [
        Answer(shift=1),
        Answer(shift=-1000),
        Answer(body=H5_BYTES + b"x"),
        Answer(headers={"ETag": '"other"'}, unconditional=True),
        Answer(status=206, headers={"Content-Range": "bytes"}),
        Answer(status=206),
        Answer(status=416, headers={"Content-Range": "bytes */500000"}),
    ],
    ids=["later", "earlier", "other total", "other ETag", "nonsense", "no range", "416"],
)
def test_a_wrong_range_is_not_used(zenodo, run, tmp_path, wrong):
    zenodo.script[H5] = [Answer(end_after=131_072), wrong]
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == [None, "bytes=131072-", None]
    assert "does not continue" in result.out


def test_a_range_that_was_not_asked_for_is_not_used(zenodo, run, tmp_path):
    unasked = Answer(status=206, headers={"Content-Range": "bytes 0-499999/500000"}, body=H5_BYTES)
    zenodo.script[H5] = [Answer(end_after=131_072), Answer(shift=1), unasked]
    assert run().code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == [None, "bytes=131072-", None, None]


def test_a_break_after_starting_over_is_resumed_again(zenodo, run, tmp_path):
    zenodo.script[H5] = [Answer(end_after=131_072), Answer(shift=1), Answer(end_after=262_144)]
    assert run().code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == [None, "bytes=131072-", None, "bytes=262144-"]


def test_a_page_sent_instead_of_the_file_is_not_continued(zenodo, run, tmp_path):
    page = Answer(body=b"<html>Please log in", no_length=True, headers={"ETag": ""})
    zenodo.script[H5] = [page]
    assert run().code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == [None, "bytes=19-", None]


def test_a_server_without_etags_is_resumed(zenodo, run, tmp_path):
    zenodo.always[H5] = Answer(headers={"ETag": ""})
    zenodo.script[H5] = [Answer(end_after=131_072, headers={"ETag": ""})]
    assert run().code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == [None, "bytes=131072-"]


def test_a_file_sent_compressed_against_our_wish_arrives_whole(zenodo, run, tmp_path):
    packed = Answer(body=gzip.compress(H5_BYTES), headers={"Content-Encoding": "gzip"})
    zenodo.script[H5] = [packed]
    assert run().code == 0
    assert_fetched(tmp_path)


def test_a_weak_etag_is_not_used_for_if_range(zenodo, run, tmp_path):
    zenodo.always[H5] = Answer(headers={"ETag": 'W/"weak"'})
    zenodo.script[H5] = [Answer(end_after=131_072, headers={"ETag": 'W/"weak"'})]
    assert run().code == 0
    assert_fetched(tmp_path)
    assert [headers["If-Range"] for headers in zenodo.requests_for(H5)] == [None, None]
    assert zenodo.ranges() == [None, "bytes=131072-"]


def test_starts_over_when_the_file_changed_since_the_break(zenodo, run, tmp_path):
    zenodo.script[H5] = [Answer(end_after=200_000)]
    zenodo.always[H5] = Answer(status=503)
    assert run().code == 1
    zenodo.always.clear()
    zenodo.files[H5] = np.random.default_rng(2).bytes(500_000)
    zenodo.record = zenodo.describe()
    zenodo.asked.clear()
    assert run().code == 0
    assert (tmp_path / H5).read_bytes() == zenodo.files[H5]
    assert zenodo.ranges() == [None]  # the record's checksum is another: nothing to continue


def test_a_file_that_changed_without_its_record_is_refused(zenodo, run, tmp_path):
    zenodo.script[H5] = [Answer(end_after=200_000)]
    zenodo.always[H5] = Answer(status=503)
    run()
    zenodo.always.clear()
    zenodo.files[H5] = np.random.default_rng(2).bytes(500_000)
    zenodo.asked.clear()
    result = run()  # If-Range makes the server send all of the changed file
    assert result.code == 1
    assert zenodo.ranges()[0].startswith("bytes=")
    assert "arrived damaged" in result.err
    assert names(tmp_path) == set()


@pytest.mark.parametrize("note", ["", "{}", "[]", '{"size": 1, "checksum": "md5:0"}'])
def test_a_part_without_a_usable_note_is_not_continued(zenodo, run, tmp_path, note):
    (tmp_path / f"{H5}.part").write_bytes(b"?" * 1000)
    (tmp_path / f"{H5}.part.note.json").write_text(note)
    assert run().code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == [None]


def test_a_part_that_is_too_long_is_not_continued(zenodo, run, tmp_path):
    zenodo.script[H5] = [Answer(end_after=200_000)]
    zenodo.always[H5] = Answer(status=503)
    run()
    (tmp_path / f"{H5}.part").write_bytes(b"?" * 500_001)
    zenodo.always.clear()
    zenodo.asked.clear()
    assert run().code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == [None]


# Wrong bytes


def test_one_wrong_byte_is_refused_and_the_next_run_starts_fresh(zenodo, run, tmp_path):
    wrong = bytearray(H5_BYTES)
    wrong[250_000] ^= 1
    zenodo.script[H5] = [Answer(body=bytes(wrong))]
    result = run()
    assert result.code == 1
    assert names(tmp_path) == set()
    assert result.err.count("\n") == 1
    assert "arrived damaged (md5:" in result.err
    assert "run this again to download it anew" in result.err
    assert run().code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == [None, None]


@pytest.mark.parametrize("body", [H5_BYTES[:-1], H5_BYTES + b"x"], ids=["short", "long"])
def test_a_length_other_than_the_record_states_is_refused(zenodo, run, tmp_path, body):
    zenodo.script[H5] = [Answer(body=body)]
    result = run()
    assert result.code == 1
    assert f"sends {len(body)} bytes" in result.err
    assert "its record states 500000" in result.err
    assert_nothing_under_final_name(tmp_path)


def test_more_bytes_than_stated_are_refused_without_a_length_too(zenodo, run, tmp_path):
    zenodo.script[H5] = [Answer(body=H5_BYTES + b"x", no_length=True)]
    result = run()
    assert result.code == 1
    assert "sends more bytes" in result.err
    assert_nothing_under_final_name(tmp_path)


# A busy server


def test_waits_as_long_as_retry_after_says(zenodo, run, tmp_path):
    zenodo.script[H5] = [Answer(status=429, headers={"Retry-After": "37"})]
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert result.pauses == [37]
    assert "answers 429 (Too Many Requests): waiting 37 s" in result.out


def test_waits_until_the_date_in_retry_after(zenodo, run, tmp_path):
    date = format_datetime(datetime.now(tz=UTC) + timedelta(seconds=100), usegmt=True)
    zenodo.script["api"] = [Answer(status=503, headers={"Retry-After": date})]
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert len(result.pauses) == 1
    assert 90 < result.pauses[0] <= 100


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_waits_longer_each_time_without_retry_after(zenodo, run, tmp_path, status):
    zenodo.script["api"] = [Answer(status=status)] * 4
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert len(result.pauses) == 4
    for pause, longest in zip(result.pauses, (2, 4, 8, 16), strict=True):
        assert longest / 2 <= pause < longest


def test_retry_after_of_a_good_answer_means_nothing(zenodo, run):
    zenodo.always[H5] = Answer(headers={"Retry-After": "59"})
    assert run().pauses == []


def test_gives_up_on_a_server_that_stays_busy(zenodo, run, tmp_path):
    zenodo.always["api"] = Answer(status=429)
    result = run()
    assert result.code == 1
    assert len(zenodo.asked) == 6
    assert len(result.pauses) == 5
    assert "answers 429 (Too Many Requests), 6 times in a row" in result.err
    assert names(tmp_path) == set()


def test_does_not_wait_an_hour(zenodo, run):
    zenodo.script["api"] = [Answer(status=429, headers={"Retry-After": "3600"})]
    result = run()
    assert result.code == 1
    assert result.pauses == []
    assert "asks to wait 60 minutes: run it again then" in result.err


def test_a_server_out_of_reach(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        pauses: list[float] = []
        code = main(
            [*FETCH, "--folder", str(tmp_path)],
            base_url=f"http://127.0.0.1:{taken.getsockname()[1]}",
            sleep=pauses.append,
        )
    assert code == 1
    assert len(pauses) == 5
    assert "cannot be reached (NewConnectionError), 6 times in a row" in capsys.readouterr().err


# Records that are not as expected


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "answers 404 (Not Found) when asked for record 14857764: it was moved or removed"),
        (403, "answers 403 (Forbidden) when asked for record 14857764: access is refused"),
        (418, "answers 418 (I'm a Teapot) when asked for record 14857764: try again later"),
        (599, "answers 599 when asked for record 14857764: try again later"),
    ],
)
def test_no_record(zenodo, run, tmp_path, status, message):
    zenodo.script["api"] = [Answer(status=status)]
    result = run()
    assert result.code == 1
    assert message in result.err
    assert result.err.count("\n") == 1
    assert names(tmp_path) == set()
    assert len(zenodo.asked) == 1


def test_no_file_behind_the_address(zenodo, run, tmp_path):
    del zenodo.files[H5]
    result = run()
    assert result.code == 1
    assert f"404 (Not Found) when asked for {H5}" in result.err
    assert names(tmp_path) == set()


def test_a_record_without_the_file(zenodo, run, tmp_path):
    del zenodo.record["files"][0]
    result = run()
    assert result.code == 1
    assert f"Zenodo record {RECORD} holds no file '{H5}' (it holds: {XML})" in result.err
    assert names(tmp_path) == set()


@pytest.mark.parametrize(
    "body",
    [
        b"<html>We are down</html>",
        b"",
        b"null",
        b"[1, 2]",
        b'{"metadata": {"title": "x"}}',
        b'{"metadata": {"title": "x"}, "files": [1]}',
        b'{"metadata": {"title": "x", "creators": [1]}, "files": []}',
        b'{"metadata": {"title": "x", "rights": [{}]}, "files": []}',
        b'{"metadata": {"title": "x", "rights": 1}, "files": []}',
        b"\xff\xfe\x00",
    ],
)
def test_an_answer_that_is_not_a_record(zenodo, run, tmp_path, body):
    zenodo.script["api"] = [Answer(body=body)]
    result = run()
    assert result.code == 1
    assert f"answers about record {RECORD} cannot be read" in result.err
    assert result.err.count("\n") == 1
    assert names(tmp_path) == set()


def test_an_api_answer_that_breaks_off_is_asked_again(zenodo, run, tmp_path):
    zenodo.script["api"] = [Answer(end_after=20)]
    assert run().code == 0
    assert_fetched(tmp_path)


# What is in the way in the data folder


def test_a_disk_too_small_is_refused_before_a_file_is_asked_for(zenodo, run, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=500_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    result = run()
    assert result.code == 1
    assert "has 500 kB free, but 525 kB are needed" in result.err
    assert "--folder" in result.err
    assert [path for path, _ in zenodo.asked] == [f"/api/records/{RECORD}"]


def test_space_is_only_needed_for_what_is_missing(zenodo, run, tmp_path, monkeypatch):
    zenodo.script[H5] = [Answer(end_after=458_752)]
    zenodo.always[H5] = Answer(status=503)
    run()
    zenodo.always.clear()
    usage = shutil.disk_usage(tmp_path)._replace(free=50_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    assert run().code == 0
    assert_fetched(tmp_path)


def test_a_full_disk_keeps_what_is_there(zenodo, run, tmp_path, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = run()
    assert result.code == 1
    assert "cannot be used (No space left on device)" in result.err
    assert_nothing_under_final_name(tmp_path)
    monkeypatch.undo()
    assert run().code == 0
    assert_fetched(tmp_path)


def test_right_files_put_there_by_hand_are_accepted(zenodo, run, tmp_path):
    (tmp_path / H5).write_bytes(H5_BYTES)
    (tmp_path / XML).write_bytes(XML_BYTES)
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == []


@pytest.mark.parametrize("found", [b"my own data", b"?" * 500_000], ids=["size", "checksum"])
def test_another_file_of_that_name_is_not_replaced(zenodo, run, tmp_path, found):
    (tmp_path / H5).write_bytes(found)
    result = run()
    assert result.code == 1
    assert "is not the file that the record describes" in result.err
    assert "move it away or delete it" in result.err
    assert (tmp_path / H5).read_bytes() == found
    assert zenodo.ranges() == []


def test_a_new_version_in_the_record_does_not_replace_the_old_file(zenodo, run, tmp_path):
    run()
    (tmp_path / XML).unlink()  # so that the record is asked again
    zenodo.files[H5] = np.random.default_rng(2).bytes(500_000)
    zenodo.record = zenodo.describe()
    result = run()
    assert result.code == 1
    assert "the record was changed, or another was put in its place" in result.err
    assert (tmp_path / H5).read_bytes() == H5_BYTES


# A record that is not what it was


def md5(body: bytes) -> str:
    return f"md5:{hashlib.md5(body, usedforsecurity=False).hexdigest()}"


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry with pins for both files, as the stand-in has them at first."""
    dataset = REAL_DATASETS["platy-3d-chunk"]
    bodies = {H5: H5_BYTES, XML: XML_BYTES}
    files = tuple(
        replace(file, pin=Pin(len(bodies[file.name]), md5(bodies[file.name])))
        for file in dataset.files
    )
    monkeypatch.setitem(REAL_DATASETS, dataset.name, replace(dataset, files=files))


def substitute(zenodo: Zenodo, body: bytes) -> None:
    """Put another file into the record, which then states its size and checksum."""
    zenodo.files[H5] = body
    zenodo.record = zenodo.describe()


SUBSTITUTES = [b"?" * 500_000, b"?" * 1000]


@pytest.mark.parametrize("body", SUBSTITUTES, ids=["same size", "other size"])
def test_a_substituted_record_is_refused_before_a_byte_is_downloaded(
    zenodo, run, tmp_path, pinned, body
):
    substitute(zenodo, body)
    result = run()
    assert result.code == 1
    assert result.err.count("\n") == 1
    stated, known = f"{len(body)} bytes and {md5(body)}", f"500000 bytes and {md5(H5_BYTES)}"
    assert f"Zenodo record {RECORD} states for {H5} {stated}" in result.err
    assert f"the file that these lessons know has {known}" in result.err
    assert "the record was changed, or another was put in its place" in result.err
    assert zenodo.ranges() == []
    assert names(tmp_path) == set()


def test_a_record_with_another_kind_of_checksum_is_refused(zenodo, run, pinned):
    sha256 = f"sha256:{hashlib.sha256(H5_BYTES).hexdigest()}"
    zenodo.record["files"][0]["checksum"] = sha256
    result = run()
    assert result.code == 1
    assert sha256 in result.err
    assert md5(H5_BYTES) in result.err
    assert zenodo.ranges() == []


def test_a_file_that_is_as_pinned_is_downloaded_and_not_called_trusted(
    zenodo, run, tmp_path, pinned
):
    result = run()
    assert result.code == 0
    assert_fetched(tmp_path)
    assert "trusted" not in result.said


@pytest.mark.usefixtures("pinned")
def test_a_file_that_came_before_the_pin_is_compared_with_it(zenodo, run, tmp_path, monkeypatch):
    with_pins = REAL_DATASETS["platy-3d-chunk"]
    files = tuple(replace(file, pin=None) for file in with_pins.files)
    monkeypatch.setitem(REAL_DATASETS, with_pins.name, replace(with_pins, files=files))
    substitute(zenodo, SUBSTITUTES[0])
    assert run().code == 0
    monkeypatch.setitem(REAL_DATASETS, with_pins.name, with_pins)
    zenodo.asked.clear()
    result = run()
    assert result.code == 1
    assert f"the sidecar of {tmp_path / H5} says that it has 500000 bytes and md5:" in result.err
    assert md5(H5_BYTES) in result.err
    assert zenodo.asked == []
    result = run(["--verify"])
    assert result.code == 1
    assert f"{H5}: damaged" in result.out


def test_verify_compares_a_file_put_there_by_hand_with_its_pin(run, tmp_path, pinned):
    (tmp_path / H5).write_bytes(H5_BYTES)
    result = run(["--verify"])
    assert result.code == 0
    assert f"{H5}: intact (500000 bytes, {md5(H5_BYTES)}: as pinned)." in result.out
    (tmp_path / H5).write_bytes(SUBSTITUTES[0])
    assert run(["--verify"]).code == 1


def test_without_a_pin_the_first_download_is_trusted_and_says_so(zenodo, run, tmp_path):
    result = run()
    assert f"{H5}: no checksum is pinned for it, so the record is trusted this first" in result.out
    result = run(["--verify"])
    assert f"({len(H5_BYTES)} bytes, {md5(H5_BYTES)}: as first downloaded, not p" in result.out
    (tmp_path / H5).unlink()
    assert "trusted" not in run().said  # the note has stayed


@pytest.mark.parametrize("body", SUBSTITUTES, ids=["same size", "other size"])
@pytest.mark.parametrize("deleted", [True, False])
def test_what_was_downloaded_first_is_expected_from_then_on(zenodo, run, tmp_path, body, deleted):
    run()
    (tmp_path / (H5 if deleted else XML)).unlink()
    substitute(zenodo, body)
    zenodo.asked.clear()
    result = run()
    assert result.code == 1
    assert f"states for {H5} {len(body)} bytes and {md5(body)}" in result.err
    assert f"first downloaded to {tmp_path} these were 500000 bytes and {md5(H5_BYTES)}" in (
        result.err
    )
    assert zenodo.ranges() == []

    # The advice can be followed.
    (tmp_path / f"{H5}.note.json").unlink()
    (tmp_path / H5).unlink(missing_ok=True)
    assert run().code == 0
    assert (tmp_path / H5).read_bytes() == body


def test_list_tells_what_is_pinned(run, monkeypatch, request):
    not_pinned = "check: not pinned: the record is trusted at the first download"
    assert run([]).out.count(not_pinned) == len(REAL_DATASETS)
    request.getfixturevalue("pinned")
    result = run([])
    assert result.out.count(not_pinned) == len(REAL_DATASETS) - 1
    assert "check: pinned: size and checksum stand in data_fetch/registry.py" in result.out
    assert re.search(r"not there +500 kB +2 ", line(result, "platy-3d-chunk"))

    dataset = REAL_DATASETS["platy-3d-chunk"]
    files = (dataset.files[0], replace(dataset.files[1], pin=None))
    monkeypatch.setitem(REAL_DATASETS, dataset.name, replace(dataset, files=files))
    assert f"check: {XML} not pinned: the record is trusted" in run([]).out


def test_a_second_process_is_refused(zenodo, run, tmp_path):
    hold = (
        "import filelock, sys\n"
        "with filelock.FileLock(sys.argv[1]):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / download.LOCK_NAME)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "held\n"
        result = run()
        assert result.code == 1
        assert "Another process is downloading into" in result.err
        assert zenodo.asked == []
        other.kill()  # a process that dies leaves the lock file, but not the lock
    assert run().code == 0
    assert_fetched(tmp_path)


def test_a_file_in_place_of_the_folder(tmp_path, capsys):
    taken = tmp_path / "file"
    taken.touch()
    with pytest.raises(SystemExit) as ended:
        main([*FETCH, "--folder", str(taken)])
    assert ended.value.code == 2
    assert "is a file, not a folder" in capsys.readouterr().err


# Ctrl-C


def test_ctrl_c_in_a_download_keeps_what_arrived(zenodo, run, tmp_path):
    part = tmp_path / f"{H5}.part"
    zenodo.script[H5] = [Answer(interrupt=part)]
    result = run()
    assert result.code == 130
    assert result.err.endswith("Stopped: the next run resumes there.\n")
    assert_nothing_under_final_name(tmp_path)
    kept = part.read_bytes()
    assert download.CHUNK_BYTES <= len(kept) < 500_000
    assert H5_BYTES.startswith(kept)
    zenodo.asked.clear()
    assert run().code == 0
    assert_fetched(tmp_path)
    assert zenodo.ranges() == [f"bytes={len(kept)}-"]


def test_ctrl_c_in_a_pause(zenodo, run, tmp_path):
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    zenodo.script[H5] = [Answer(end_after=131_072)]
    result = run(sleep=interrupted)
    assert result.code == 130
    assert "the next run resumes" in result.err
    assert (tmp_path / f"{H5}.part").stat().st_size == 131_072


# The list, --verify and arguments


def line(result: Run, name: str) -> str:
    (found,) = [row for row in result.out.splitlines() if row.startswith(f"{name}  ")]
    return found


def test_list_without_a_network(zenodo, run, tmp_path):
    result = run([])
    assert result.code == 0
    assert zenodo.asked == []
    assert result.out.startswith(f"Data folder: {tmp_path} (")
    assert " free)\n" in result.out
    row = line(result, "platy-3d-chunk")
    assert re.search(r"not there +about 1\.20 GB +2 +see its record +3 ", row)
    assert re.search(r"not there +not stated +1 ", line(result, "platy"))
    assert re.search(r"not there +about 4\.00 GB +1 ", line(result, "platy-raw"))
    for name in REAL_DATASETS:
        assert f"python -m data_fetch --real {name}\n" in result.out
    assert "BIGIMG_DATASET=platy " in result.out
    assert "BIGIMG_DATASET=platy-raw " in result.out
    assert f"files: {H5}, {XML}" in result.out


def test_list_of_a_folder_far_from_being_there(run, tmp_path):
    result = run([], folder=tmp_path / "a" / "b")
    assert result.code == 0
    assert result.out.startswith(f"Data folder: {tmp_path / 'a' / 'b'} (")
    assert list(tmp_path.iterdir()) == []


def test_list_when_there(zenodo, run, tmp_path):
    run()
    row = line(run([]), "platy-3d-chunk")
    assert re.search(r"chunk +there +500 kB +2 +cc-by-4\.0 +3 ", row)


def test_list_when_partly_there(zenodo, run, tmp_path):
    zenodo.script[H5] = [Answer(end_after=131_072)]
    zenodo.always[H5] = Answer(status=503)
    run()
    row = line(run([]), "platy-3d-chunk")
    # 131 072 of 500 000 bytes, and of 1100 stated for the XML
    assert "partly: 26 % of 501 kB" in row
    assert "about 501 kB" in row


def test_list_when_one_file_of_two_is_there(zenodo, run, tmp_path):
    run()
    (tmp_path / XML).unlink()
    assert "partly: 99 % of 501 kB" in line(run([]), "platy-3d-chunk")


def test_list_when_all_bytes_are_there_but_not_checked(zenodo, run, tmp_path):
    run()
    for name in (H5, f"{H5}.note.json"):
        (tmp_path / name).rename(tmp_path / name.replace(".h5", ".h5.part"))
    assert "partly: 99 % of 500 kB" in line(run([]), "platy-3d-chunk")


def test_list_of_files_put_there_by_hand(run, tmp_path):
    (tmp_path / H5).write_bytes(H5_BYTES)
    (tmp_path / XML).write_bytes(XML_BYTES)
    assert "there, not checked" in line(run([]), "platy-3d-chunk")


def test_list_and_verify_see_a_file_that_was_cut(zenodo, run, tmp_path):
    run()
    (tmp_path / H5).write_bytes(H5_BYTES[:1000])
    assert "damaged: try --verify" in line(run([]), "platy-3d-chunk")
    result = run(["--verify"])
    assert result.code == 1
    assert f"{H5}: damaged: delete it, then --real platy-3d-chunk downloads it anew." in result.out
    assert f"{XML}: intact (11 bytes, md5:" in result.out


def test_verify_finds_one_wrong_byte(zenodo, run, tmp_path):
    run()
    zenodo.asked.clear()
    result = run(["--verify"])
    assert result.code == 0
    assert "Files compared with their checksum: 2," in result.out
    wrong = bytearray(H5_BYTES)
    wrong[-1] ^= 1
    (tmp_path / H5).write_bytes(wrong)
    assert run(["--verify"]).code == 1
    assert zenodo.asked == []


def test_verify_names_files_that_were_never_checked(run, tmp_path):
    (tmp_path / H5).write_bytes(H5_BYTES)
    result = run(["--verify"])
    assert result.code == 0
    assert f"{H5}: not checked yet; --real platy-3d-chunk compares it." in result.out
    assert "Files compared with their checksum: 0," in result.out


SAMPLE = SampleVolume().file_name


def test_list_of_the_sample(run, tmp_path):
    row = line(run([]), "sample")
    assert re.search(r"not there +about 268 MB +1 +CC BY 4\.0 +all +synthetic ", row)
    (tmp_path / SAMPLE).write_bytes(b"?" * 5000)
    assert re.search(r"sample +there +5\.00 kB +1 ", line(run([]), "sample"))


@pytest.fixture
def make_sample(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Path], Path]], None]:
    """Replace the making of the sample, which takes long and has tests of its own."""

    def replace(make: Callable[[Path], Path]) -> None:
        monkeypatch.setattr(cli, "sample_tiff", lambda *, folder, progress: make(folder))

    return replace


def test_sample_is_made_where_the_lessons_look(make_sample, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("BIGIMG_DATA", str(tmp_path))
    make_sample(lambda folder: folder / SAMPLE)
    assert main(["--sample"]) == 0
    assert capsys.readouterr().out == f"The sample is there: {tmp_path / SAMPLE}\n"


def test_another_folder_is_named_to_the_lessons(make_sample, tmp_path, capsys):
    make_sample(lambda folder: folder / SAMPLE)
    assert main(["--sample", "--folder", str(tmp_path)]) == 0
    assert f"if BIGIMG_DATA={tmp_path} is set" in capsys.readouterr().out


def test_what_hinders_the_sample_is_one_sentence(make_sample, tmp_path, capsys):
    def hindered(folder: Path) -> Path:
        raise OSError("The sample needs 300 MiB: make room.")

    make_sample(hindered)
    assert main(["--sample", "--folder", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "Error: The sample needs 300 MiB: make room.\n"


def test_ctrl_c_while_the_sample_is_made(make_sample, tmp_path, capsys):
    def interrupted(folder: Path) -> Path:
        raise KeyboardInterrupt

    make_sample(interrupted)
    assert main(["--sample", "--folder", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "Stopped: no partial file is left.\n"


@pytest.mark.parametrize(
    "arguments",
    [["--real"], ["--real", "plato"], ["--sample", "--real", "platy"], ["platy"]],
)
def test_arguments_that_cannot_be_understood(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m data_fetch")


NO_NETWORK = """
import socket, sys
def refuse(*arguments, **options):
    raise RuntimeError("the network was touched")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import data_fetch.cli
sys.exit(data_fetch.cli.main(["--folder", sys.argv[1]]))
"""


def test_import_and_list_touch_no_network(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", NO_NETWORK, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "platy-3d-chunk" in done.stdout


def test_runs_as_a_module_where_the_output_knows_only_ascii(tmp_path):
    folder = tmp_path / "dätä"
    done = subprocess.run(
        [sys.executable, "-m", "data_fetch", "--folder", str(folder)],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Data folder: ")
    assert r"d\xe4t\xe4 (" in done.stdout
    assert not folder.exists()
