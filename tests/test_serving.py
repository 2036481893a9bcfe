import errno
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from bigimg_lessons.measure.network import Link
from bigimg_lessons.measure.serving import FolderServer, HttpRequest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "hundred.bin").write_bytes(bytes(range(100)))
    (tmp_path / "secret.txt").write_text("not served")
    return tmp_path / "site"


def fetch(url, **headers):
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return answer.status, answer.read()


def test_whole_file(folder):
    with FolderServer(folder) as server:
        assert fetch(f"{server.url}/hundred.bin") == (200, bytes(range(100)))
        assert server.take() == (HttpRequest("GET", "/hundred.bin", 200, 0, 100),)
        assert server.take() == ()


def test_range_of_bytes(folder):
    with FolderServer(folder) as server:
        assert fetch(f"{server.url}/hundred.bin", Range="bytes=10-19") == (
            206,
            bytes(range(10, 20)),
        )
        assert fetch(f"{server.url}/hundred.bin", Range="bytes=-5") == (206, bytes(range(95, 100)))
        assert server.take() == (
            HttpRequest("GET", "/hundred.bin", 206, 10, 10),
            HttpRequest("GET", "/hundred.bin", 206, 95, 5),
        )


def test_every_answer_comes_over_the_link(folder):
    class Noting(Link):
        def __init__(self):
            super().__init__()
            self.waited = []

        async def wait_async(self, size, *, since=None):
            self.waited.append((size, since is not None))

    link = Noting()
    with FolderServer(folder, link=link) as server:
        fetch(f"{server.url}/hundred.bin")
        fetch(f"{server.url}/hundred.bin", Range="bytes=10-19")
        with pytest.raises(urllib.error.HTTPError):
            fetch(f"{server.url}/gone.bin")
        assert link.waited == [(100, True), (10, True), (0, True)]
        assert [request.bytes_sent for request in server.take()] == [100, 10, 0]


def test_an_answer_over_a_link_comes_when_it_would_have_arrived(folder):
    start = time.perf_counter()
    with FolderServer(folder, link=Link(latency=0.05, bandwidth=1000)) as server:
        assert fetch(f"{server.url}/hundred.bin") == (200, bytes(range(100)))
        assert time.perf_counter() - start >= 0.05 + 100 / 1000


def test_a_server_ends_while_an_answer_is_on_its_way(folder):
    with FolderServer(folder, link=Link(latency=0.5)) as server:
        host, port = server.url.removeprefix("http://").split(":")
        client = socket.create_connection((host, int(port)), timeout=60)
        client.sendall(b"GET /hundred.bin HTTP/1.1\r\nHost: here\r\n\r\n")
        time.sleep(0.1)
    with client, pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=60)


def test_head_sends_no_bytes(folder):
    with FolderServer(folder) as server:
        request = urllib.request.Request(f"{server.url}/hundred.bin", method="HEAD")  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            assert answer.headers["Content-Length"] == "100"
        assert server.take() == (HttpRequest("HEAD", "/hundred.bin", 200, 0, 0),)


@pytest.mark.parametrize("path", ["gone.bin", "../secret.txt", "%2e%2e/secret.txt"])
def test_what_is_not_in_the_folder_is_not_there(folder, path):
    with FolderServer(folder) as server:
        with pytest.raises(urllib.error.HTTPError) as error:
            fetch(f"{server.url}/{path}")
        error.value.close()
        assert error.value.code in (403, 404)
        assert server.take()[0].bytes_sent == 0


def test_range_beyond_the_end(folder):
    with FolderServer(folder) as server:
        with pytest.raises(urllib.error.HTTPError) as error:
            fetch(f"{server.url}/hundred.bin", Range="bytes=500-600")
        error.value.close()
        assert error.value.code == 416
        assert server.take() == (HttpRequest("GET", "/hundred.bin", 416, 0, 0),)


def test_is_gone_after_the_block(folder):
    with FolderServer(folder) as server:
        url = server.url
    with pytest.raises(urllib.error.URLError):
        fetch(f"{url}/hundred.bin")
    assert not any(thread.name == "folder-server" for thread in threading.enumerate())


def test_listens_on_this_machine_only(folder):
    with FolderServer(folder) as server:
        assert server.url.startswith("http://127.0.0.1:")


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(NotADirectoryError, match=r"no folder .*gone.* existing folder"):
        FolderServer(tmp_path / "gone")


# A block that always ends. It is tried in a process of its own, which is killed if it does not.

BEGINNING = """
import gc, logging, socket, sys, threading, time, _thread
from pathlib import Path

import psutil
from aiohttp import web

from bigimg_lessons.measure.serving import FolderServer

folder = Path(sys.argv[1])
# What aiohttp notes of answers that it cuts short differs with how busy the computer is.
logging.getLogger("aiohttp.server").disabled = True
LARGE = b"GET /large.bin HTTP/1.1\\r\\nHost: here\\r\\n"
SENT = {
    "large answer": LARGE + b"\\r\\n",
    "large range": LARGE + b"Range: bytes=1000-\\r\\n\\r\\n",
    "large answers in a row": 5 * (LARGE + b"\\r\\n"),
    "old protocol": b"GET /large.bin HTTP/1.0\\r\\n\\r\\n",
    "half a line": b"GET /large.bi",
    "half a header": LARGE[:-4],
    "half a body": b"POST / HTTP/1.1\\r\\nHost: here\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf",
    "kept alive": b"GET /hundred.bin HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n",
    "nothing": b"",
}

def connect(server, *kinds):
    host, port = server.url.removeprefix("http://").split(":")
    clients = []
    for kind in kinds:
        clients.append(socket.create_connection((host, int(port)), timeout=60))
        clients[-1].sendall(SENT[kind])
    time.sleep(0.1)
    return clients

def assert_nothing_left(clients=(), before=psutil.Process().open_files()):
    for client in clients:
        client.close()
    deadline = time.monotonic() + 60
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == 1, threading.enumerate()
    gc.collect()
    assert psutil.Process().open_files() == before
    assert psutil.Process().net_connections() == []
"""


def run_to_its_end(folder, program):
    """Run a program in a child: it ends by itself, and says what it should and nothing else."""
    with (folder / "large.bin").open("wb") as file:
        file.truncate(50_000_000)
    done = subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-c", BEGINNING + program, folder],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_ends_whatever_clients_do(folder):
    program = """
for kinds in [*([kind] for kind in SENT), 10 * list(SENT)]:
    with FolderServer(folder) as server:
        clients = connect(server, *kinds)
        begin = time.perf_counter()
    took = time.perf_counter() - begin
    assert_nothing_left(clients)
    print(f"{kinds[0] if len(kinds) == 1 else 'many'}:{took}", flush=True)
"""
    lines = [line.split(":") for line in run_to_its_end(folder, program).splitlines()]
    took = {kind: float(seconds) for kind, seconds in lines}
    assert len(took) == 10
    # Most 0.2 s, on a quiet machine; without care, aiohttp lingers for 10 s and more.
    assert all(seconds < 8 for seconds in took.values()), took


def test_ends_after_an_error_in_the_block(folder):
    program = """
try:
    with FolderServer(folder) as server:
        clients = connect(server, "large answer")
        raise ValueError("of the block")
except ValueError as error:
    print(error)
assert_nothing_left(clients)
"""
    assert run_to_its_end(folder, program) == "of the block\n"


def test_ends_when_its_end_is_interrupted(folder):
    program = """
try:
    with FolderServer(folder) as server:
        clients = connect(server, "large answer")
        threading.Timer(0.05, _thread.interrupt_main).start()
    time.sleep(5)
except KeyboardInterrupt:
    print("interrupted")
assert_nothing_left(clients)
"""
    assert run_to_its_end(folder, program) == "interrupted\n"


def test_ends_when_starting_its_thread_is_interrupted(folder):
    program = """
class Interrupted(threading.Thread):
    def start(self):
        super().start()
        raise KeyboardInterrupt

threading.Thread = Interrupted
try:
    with FolderServer(folder):
        print("not reached")
except KeyboardInterrupt:
    print("interrupted")
assert_nothing_left()
"""
    assert run_to_its_end(folder, program) == "interrupted\n"


def test_ends_when_its_beginning_is_interrupted(folder):
    program = """
import asyncio

class SlowRunner(web.AppRunner):
    async def setup(self):
        _thread.interrupt_main()
        await asyncio.sleep(0.5)
        await super().setup()

web.AppRunner = SlowRunner
try:
    with FolderServer(folder):
        print("not reached")
except KeyboardInterrupt:
    print("interrupted")
assert_nothing_left()
"""
    assert run_to_its_end(folder, program) == "interrupted\n"


def test_one_that_never_began_leaves_nothing(folder):
    program = """
FolderServer(folder)
assert_nothing_left()
print("nothing left")
"""
    assert run_to_its_end(folder, program) == "nothing left\n"


def test_no_port_is_said(folder, monkeypatch):
    def refuse(address):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "create_server", refuse)
    with (
        pytest.raises(OSError, match=r"folder .*site.* no port on 127\.0\.0\.1 \(Too many open fi"),
        FolderServer(folder),
    ):
        pytest.fail("there is no server")
    assert not any(thread.name == "folder-server" for thread in threading.enumerate())


def test_serves_one_block_only(folder):
    server = FolderServer(folder)
    with server:
        with pytest.raises(RuntimeError, match=r"been started before.* create another one"):
            server.__enter__()
        assert fetch(f"{server.url}/hundred.bin") == (200, bytes(range(100)))
    with pytest.raises(RuntimeError, match="been started before"), server:
        pytest.fail("it has ended")


def test_an_answer_that_nobody_reads_is_noted(folder):
    (folder / "large.bin").write_bytes(bytes(20_000_000))
    with FolderServer(folder) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as client:
            client.sendall(b"GET /large.bin HTTP/1.1\r\nHost: here\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"
            assert server.take() == (HttpRequest("GET", "/large.bin", 200, 0, 20_000_000),)
