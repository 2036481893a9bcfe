"""The object store of the lessons: what it answers, checks, counts, plays, and when it ends."""

import os
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import obstore
import psutil
import pytest
from obstore.exceptions import PermissionDeniedError
from obstore.store import from_url

from bigimg_lessons.measure.object_server import ObjectServer
from tests.object_server import Bucket, keys

DATA = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def server():
    with ObjectServer(bucket="lesson") as running:
        yield running


@pytest.fixture
def store(server, monkeypatch):
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.fail(0)
    server.take()
    return opened(server)


def opened(server):
    return from_url(
        "s3://lesson/folder",
        endpoint=server.url,
        region=server.region,
        client_options={"allow_http": True},
    )


@pytest.mark.parametrize("direct", [None, "example.org"])
def test_it_is_reached_past_a_proxy(monkeypatch, direct):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # where nobody listens
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    if direct is not None:
        monkeypatch.setenv("NO_PROXY", direct)
    with ObjectServer(bucket="lesson") as running:
        assert running.environment["NO_PROXY"].split(",")[:-1] == ([direct] if direct else [])
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        obstore.put(opened(running), "a", DATA)
        assert obstore.get(opened(running), "a").bytes() == DATA


def is_open(url):
    with socket.socket() as trial:
        trial.settimeout(1)
        return trial.connect_ex((urlsplit(url).hostname, urlsplit(url).port)) == 0


def test_it_keeps_objects_and_notes_what_is_asked(server, store):
    assert server.url.startswith("http://127.0.0.1:")
    obstore.put(store, "a b/0", DATA)
    assert obstore.get_range(store, "a b/0", start=250, end=262) == DATA[250:262]
    (listed,) = obstore.list(store).collect()
    assert (listed["path"], listed["size"]) == ("a b/0", len(DATA))
    put, got, asked = server.take()
    assert (put.method, put.path, put.status) == ("PUT", "/lesson/folder/a b/0", 200)
    assert (put.bytes_received, put.bytes_sent) == (len(DATA), 0)
    assert (got.method, got.status, got.bytes_sent) == ("GET", 206, 12)
    assert asked.query.startswith("list-type=2")
    assert server.take() == ()


def test_it_checks_keys(server, store, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of another run")
    with pytest.raises(PermissionDeniedError, match="SignatureDoesNotMatch"):
        obstore.put(opened(server), "a", b"a")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFNOBODY")
    with pytest.raises(PermissionDeniedError, match="InvalidAccessKeyId"):
        obstore.put(opened(server), "a", b"a")


def test_one_server_after_another_has_its_own_keys_and_policies():
    """Clients that keep the key of the first in memory would be refused by the second."""
    for _ in range(2):
        with ObjectServer() as server, keys(server):
            bucket = Bucket(server)
            with bucket.denied("s3:PutObject"), pytest.raises(PermissionDeniedError):
                bucket.put("a", DATA)
            bucket.put("a", DATA)
            assert bucket.get("a") == DATA


def test_every_fault_is_played_and_clients_come_to_the_right_end(server, store):
    server.fail(0.4)
    for number in range(12):
        obstore.put(store, f"faults/{number}", DATA + bytes([number]), use_multipart=False)
        assert obstore.get(store, f"faults/{number}").bytes() == DATA + bytes([number])
    server.fail(0)
    requests = server.take()
    assert {request.fault for request in requests} == {
        "", "503", "cut before", "half a body", "answer lost",
    }  # fmt: skip
    put = [request for request in requests if request.method == "PUT"]
    assert sum(request.status == 200 for request in put) >= 12
    assert len(put) > 12


def test_the_same_seed_plays_the_same_faults():
    played = []
    for _ in range(2):
        with ObjectServer(faults=0.5, seed=3) as server:
            for number in range(20):  # unsigned, as no key is alike in two runs
                try:
                    urlopen(Request(f"{server.url}/lesson/{number}"), timeout=10)  # noqa: S310
                except OSError:
                    continue
            played.append([(request.path, request.fault) for request in server.take()])
    assert played[0] == played[1]
    assert 4 < sum(bool(fault) for _, fault in played[0]) < 16


def test_it_ends_with_its_block_even_if_that_fails():
    server, seen, before = ObjectServer(), [], dict(os.environ)

    def fail_within():
        with server:
            seen.append((psutil.Process(server._process.pid), is_open(server.url)))
            raise LookupError

    with pytest.raises(LookupError):
        fail_within()
    ((process, was_open),) = seen
    assert was_open
    assert dict(os.environ) == before
    assert not process.is_running()
    assert not is_open(server.url)
    with pytest.raises(RuntimeError, match="use it within its with block"):
        ObjectServer().take()
    with pytest.raises(RuntimeError, match="it has ended"):
        server.take()
    with pytest.raises(RuntimeError, match="has been started before"):
        server.__enter__()


def test_it_ends_when_the_process_that_started_it_is_killed():
    program = """
import sys
from bigimg_lessons.measure.object_server import ObjectServer
with ObjectServer() as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        url = parent.stdout.readline().strip()
        assert is_open(url)
        parent.kill()
    end = time.monotonic() + 20
    while is_open(url) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_open(url)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"faults is 2: give the share"):
        ObjectServer(faults=2)
    with (
        pytest.raises(RuntimeError, match=r"does not run: .*InvalidBucketName.*needs moto"),
        ObjectServer(bucket="a"),
    ):
        pass
