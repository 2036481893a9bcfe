"""What a page of one address may read from a server of another: as the book tells it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bigimg_lessons.measure.serving import FolderServer
from tests.browser.patience import PATIENCE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "book" / "open_ome_zarr.md").read_text(encoding="utf-8")
FETCH = """([url, range]) => fetch(url, range ? {headers: {Range: range}} : {})
    .then(async answer => [answer.status, (await answer.text())], error => error.name)"""
FROM_HERE = "bytes=0-3"
THE_LAST = "bytes=-3"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "chunk").write_text("0123456789", encoding="utf-8")
    (folder / "page.html").write_text("<title>a page</title>", encoding="utf-8")
    return folder


def served(code, folder):
    """Run lines of the page that serve a folder; return the process and the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "port=8000" in code
    process = subprocess.Popen(
        [sys.executable, "-c", code.replace("port=8000", f"port={port}")],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(PATIENCE // 50):
        with socket.socket() as trial:
            if not trial.connect_ex(("127.0.0.1", port)):
                return process, f"http://127.0.0.1:{port}"
        time.sleep(0.05)
    process.kill()
    raise AssertionError("the server did not start")


@pytest.fixture(scope="module")
def code():
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (found,) = (text for text in blocks if "run_app" in text)
    return found


@pytest.fixture
def fetch(chromium, folder):
    """Fetch from a page of another address."""
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE)
    with FolderServer(folder) as other:
        page = context.new_page()
        page.goto(f"{other.url}/page.html")
        yield lambda url, byte_range=None: page.evaluate(FETCH, [url, byte_range])
        context.close()


@pytest.mark.parametrize("byte_range", [None, FROM_HERE, THE_LAST])
def test_without_the_header_nothing_is_read(fetch, folder, byte_range):
    with FolderServer(folder) as server:
        assert fetch(f"{server.url}/chunk", byte_range) == "TypeError"


@pytest.mark.parametrize(
    ("byte_range", "answer"),
    [(None, [200, "0123456789"]), (FROM_HERE, [206, "0123"]), (THE_LAST, [206, "789"])],
)
def test_the_lines_of_the_page_serve_chunks_and_shards(fetch, folder, code, byte_range, answer):
    process, url = served(code, folder)
    try:
        assert fetch(f"{url}/chunk", byte_range) == answer
    finally:
        process.kill()
        process.wait()


def test_the_last_bytes_need_an_answer_to_options(fetch, folder, code):
    lines = code.splitlines(keepends=True)
    without = "".join(line for line in lines if '"OPTIONS"' not in line)
    assert len(without) < len(code)
    process, url = served(without, folder)
    try:
        assert fetch(f"{url}/chunk") == [200, "0123456789"]
        assert fetch(f"{url}/chunk", FROM_HERE) == [206, "0123"]
        assert fetch(f"{url}/chunk", THE_LAST) == "TypeError"
    finally:
        process.kill()
        process.wait()
