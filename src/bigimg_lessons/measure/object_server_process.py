"""The process of :class:`bigimg_lessons.measure.object_server.ObjectServer`.

It takes orders as lines of JSON and answers each with a line. It ends when no more can come: when
its orders' pipe closes, which the system does if the process at the other end dies.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bigimg_lessons.measure.object_server import ObjectRequest, ObjectServer
from bigimg_lessons.measure.presigned_links import PresignedLinks

_ACCOUNT, _PARTITION = "123456789012", "aws"
_LOOK_AT_PARENT = 0.5  # seconds

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Watched:
    """A WSGI application of which each request is noted, and some fail.

    Parameters
    ----------
    application
        Answers the requests.
    faults, seed
        As for :class:`bigimg_lessons.measure.object_server.ObjectServer`.
    """

    def __init__(self, application: Application, faults: float, seed: int) -> None:
        self.faults = faults
        self._application = application
        self._seed = seed
        self._asked: Counter[str] = Counter()
        self._requests: list[ObjectRequest] = []
        self._lock = threading.Lock()

    def take(self) -> list[dict[str, Any]]:
        """Return what was noted since the last call."""
        with self._lock:
            taken, self._requests = self._requests, []
        return [dataclasses.asdict(request) for request in taken]

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterator[bytes]:
        """Answer a request, or fail."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        path = path.encode("latin-1").decode("utf-8", "replace")  # as WSGI has it
        query, received = environ.get("QUERY_STRING", ""), int(environ.get("CONTENT_LENGTH") or 0)
        fault = self._fault(f"{method} {path}?{query}", is_stored=method in ("PUT", "POST"))
        status, sent = 0, 0

        def note(status: int, sent: int) -> None:
            request = ObjectRequest(method, path, query, status, received, sent, fault)
            with self._lock:
                self._requests.append(request)

        if fault == "503":
            _read(environ, received)
            note(503, 0)
            start_response("503 Slow Down", [("Content-Length", "0")])
            yield b""
            return
        if fault == "cut before" or (fault == "half a body" and received):
            _read(environ, received // 2 if fault == "half a body" else 0)
            note(0, 0)
            _cut(environ)

        def begin(line: str, headers: list[tuple[str, str]], *others: Any) -> Any:
            nonlocal status, sent
            status = int(line.split(" ")[0])
            sent = int(dict(headers).get("Content-Length", 0))
            return None if fault == "answer lost" else start_response(line, headers, *others)

        body = b"".join(self._application(environ, begin))
        is_lost = fault in ("answer lost", "half a body")
        note(0 if is_lost else status, sent)
        if fault == "half a body":
            yield body[: len(body) // 2]
        if is_lost:
            _cut(environ)
        yield body

    def _fault(self, asked: str, *, is_stored: bool) -> str:
        """Choose how a request fails, as often as it should; empty for not at all."""
        with self._lock:
            self._asked[asked] += 1
            chance = random.Random(f"{self._seed} {self._asked[asked]} {asked}")  # noqa: S311
        if chance.random() >= self.faults:
            return ""
        kinds = ["503", "cut before", "half a body"]
        return chance.choice([*kinds, "answer lost"] if is_stored else kinds)


def _read(environ: dict[str, Any], size: int) -> None:
    left = size
    while left and (part := environ["wsgi.input"].read(min(left, 2**16))):
        left -= len(part)


def _cut(environ: dict[str, Any]) -> None:
    """Cut the connection; the server takes the error for that and says nothing more."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("a fault was played")


def _serve(bucket: str, faults: float, seed: int) -> tuple[Watched, dict[str, Any]]:
    """Start to serve a bucket; return what answers, and what must be known to reach it."""
    from moto.iam.models import iam_backends
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from moto.s3.models import s3_backends
    from werkzeug.serving import make_server

    class Quiet(MotoRequestHandler):
        def log(self, *_: Any) -> None:
            pass

    users = iam_backends[_ACCOUNT][_PARTITION]
    users.create_user(ObjectServer.region, "student", tags=[])
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [everything]}
    users.put_user_policy("student", "everything", json.dumps(policy))
    key = users.create_access_key("student")
    s3_backends[_ACCOUNT][_PARTITION].create_bucket(bucket, ObjectServer.region)
    links = PresignedLinks(
        DomainDispatcherApplication(create_backend_app),
        public=key.access_key_id,
        secret=key.secret_access_key,
    )
    watched = Watched(links, faults, seed)
    server = make_server("127.0.0.1", 0, watched, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names = {
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
    }
    return watched, {"url": f"http://127.0.0.1:{server.server_port}", "environment": names}


def _end_with(parent: int) -> None:
    """End when the parent does, even if a child of its own keeps the pipe open."""
    waiting = threading.Event()
    while os.getppid() == parent:
        waiting.wait(_LOOK_AT_PARENT)
    os._exit(0)


def main() -> None:
    """Take orders until none can come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries may print
    parent = os.getppid()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    watched: Watched | None = None
    for line in sys.stdin:
        order = json.loads(line)
        answer: dict[str, Any] = {}
        try:
            if watched is None:
                watched, answer = _serve(**order)
            elif "take" in order:
                answer = {"requests": watched.take()}
            else:
                watched.faults = order["fail"]
        except Exception as error:
            answer = {"error": repr(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
