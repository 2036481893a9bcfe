"""An object store like S3 that runs on this computer while a ``with`` block does.

It is moto (https://docs.getmoto.org), which keeps objects in memory and answers as S3 does, in a
process of its own, :mod:`bigimg_lessons.measure.object_server_process`. It checks keys and
signatures, notes what is asked of it, and fails as often as it is told to, so that lessons and
tests meet an object store, its counts and its bad days without a network.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

_PATIENCE = 5.0
"""Seconds that the process is given to end by itself."""


@dataclass(frozen=True)
class ObjectRequest:
    """One request that the store was sent.

    Parameters
    ----------
    method
        ``"GET"``, ``"HEAD"``, ``"PUT"``, ``"POST"`` or ``"DELETE"``.
    path
        Bucket and key, with a leading slash.
    query
        What follows the question mark, such as ``"list-type=2&prefix=a"``; often empty.
    status
        The answer's status code; 0 if there was none, as the connection was cut.
    bytes_received
        Bytes of the object or the order that came with it, as its headers state them.
    bytes_sent
        Bytes of the answer, as its headers state them.
    fault
        Which fault was played: ``"503"``, ``"cut before"``, ``"half a body"`` or ``"answer lost"``;
        empty for none.
    """

    method: str
    path: str
    query: str
    status: int
    bytes_received: int
    bytes_sent: int
    fault: str


class ObjectServer:
    """Serves a bucket at ``http://127.0.0.1:<free port>`` while a ``with`` block runs.

    The store ends with the block, whether that fails or not, and when the process that started it
    ends, even if it is killed. What it holds is gone then. It starts in about two seconds.

    Parameters
    ----------
    bucket
        Name of its one bucket, which is empty at first.
    faults
        Share of the requests that fail, from 0 to 1: by an answer of 503, by a connection cut
        before the answer, by one cut in the middle of an object, or, of what is stored, by one cut
        when all is done. Which of them fail, and how, depends on `seed`, on what is asked for and
        on how often that was asked for before, but not on threads and clocks.
    seed
        Any whole number.

    Attributes
    ----------
    url
        The store's address, without a slash at its end; set while the block runs.
    region
        The region that it says it is in.
    environment
        The key that it knows, made up for this block, as the environment variables in which
        programs look for it: ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``. With them goes
        ``NO_PROXY``, as a proxy on the way to the network leads to no server of this computer.

    Raises
    ------
    ValueError
        If `faults` is no share.
    RuntimeError
        If the block is entered a second time, or the process cannot start.

    Examples
    --------
    >>> with ObjectServer(bucket="lesson") as server:
    ...     server.url.startswith("http://127.0.0.1:"), "AWS_ACCESS_KEY_ID" in server.environment
    (True, True)
    """

    region = "us-east-1"

    def __init__(self, *, bucket: str = "lesson", faults: float = 0.0, seed: int = 0) -> None:
        if not 0 <= faults <= 1:
            raise ValueError(f"faults is {faults!r}: give the share of failing requests, 0 to 1.")
        self.bucket = bucket
        self._faults, self._seed = faults, seed
        self.url = ""
        self.environment: dict[str, str] = {}
        self._process: subprocess.Popen[str] | None = None

    @property
    def storage_options(self) -> dict[str, Any]:
        """What :func:`bigimg_lessons.build.build_pyramid` must be told to find it.

        The key is not among them: see `environment`. ``obstore.store.from_url`` takes the endpoint
        and the region likewise, and ``client_options={"allow_http": True}``.
        """
        return {"endpoint": self.url, "region": self.region, "allow_http": True}

    def __enter__(self) -> Self:
        if self._process is not None:
            raise RuntimeError(
                "This ObjectServer has been started before, and serves one with block only: create "
                "another one for another block."
            )
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bigimg_lessons.measure.object_server_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            # It checks keys only if it is told so before it starts.
            env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "0"},
        )
        try:
            started = self._ask(bucket=self.bucket, faults=self._faults, seed=self._seed)
        except BaseException:  # such as Ctrl-C: nobody will call __exit__
            self._end()
            raise
        self.url = started["url"]
        # A proxy that leads out of an institute leads to no server of this computer.
        direct = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
        no_proxy = f"{direct},127.0.0.1" if direct else "127.0.0.1"
        self.environment = {**started["environment"], "NO_PROXY": no_proxy}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def take(self) -> tuple[ObjectRequest, ...]:
        """Return the requests answered since the last call, and start again from none."""
        return tuple(ObjectRequest(**noted) for noted in self._ask(take=True)["requests"])

    def fail(self, faults: float) -> None:
        """Let another share of the requests fail from now on.

        Parameters
        ----------
        faults
            From 0 to 1.
        """
        if not 0 <= faults <= 1:
            raise ValueError(f"faults is {faults!r}: give the share of failing requests, 0 to 1.")
        self._ask(fail=faults)

    def _ask(self, **order: Any) -> dict[str, Any]:
        """Send the process an order, and return its answer; both are a line of JSON."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("This ObjectServer does not run: use it within its with block.")
        try:
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except (OSError, ValueError):  # it has ended, or was closed
            line = ""
        answer: dict[str, Any] = json.loads(line or '{"error": "it has ended"}')
        if reason := answer.get("error"):
            raise RuntimeError(
                f"The object store on this computer does not run: {reason}. It needs moto and "
                "Flask, which the extra 'lessons' brings."
            )
        return answer

    def _end(self) -> None:
        """End the process, which does so by itself when nothing can come from here any more."""
        process = self._process
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was to be sent cannot be, as it has ended
                    continue
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
