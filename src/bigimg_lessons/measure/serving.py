"""A web server for one folder, on this machine only, that records what is asked of it.

It answers HTTP Range requests, which Python's own ``http.server`` does not, so lessons show
remote access without the internet and count what a remote reader really transfers. A
:class:`~bigimg_lessons.measure.network.Link` makes it far away.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from bigimg_lessons.measure.network import Link

_PATIENCE = 0.1
"""Seconds that an answer under way is given at the end of the block."""


@dataclass(frozen=True)
class HttpRequest:
    """One request that the server answered.

    Parameters
    ----------
    method
        ``"GET"`` or ``"HEAD"``.
    path
        What was asked for, below the folder, with a leading slash.
    status
        The answer's status code: 200 whole file, 206 part of it, 404 not there.
    offset
        First byte asked for; 0 if no range was.
    bytes_sent
        Bytes of the file in the answer (without HTTP headers), as its headers state them.
    """

    method: str
    path: str
    status: int
    offset: int
    bytes_sent: int


class FolderServer:
    """Serves a folder at ``http://127.0.0.1:<free port>/`` while a ``with`` block runs.

    The block always ends, within about a second: answers that nobody reads are cut off.

    Parameters
    ----------
    folder
        An existing folder; files below it can be read by programs on this machine.
    link
        Slows every answer down; ``None`` answers at full speed.

    Attributes
    ----------
    url
        The folder's address, without a slash at its end; set while the server runs.

    Raises
    ------
    NotADirectoryError
        If `folder` is not an existing folder.
    RuntimeError
        If the block is entered a second time.
    OSError
        If the block is entered and the system gives no port.
    """

    def __init__(self, folder: str | Path, *, link: Link | None = None) -> None:
        self._folder = Path(folder)
        self._link = link
        if not self._folder.is_dir():
            raise NotADirectoryError(
                f"There is no folder {str(folder)!r} to serve: give the path of an existing folder."
            )
        self.url = ""
        self._lock = threading.Lock()
        self._requests: list[HttpRequest] = []
        self._stop: Future[None] = Future()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._thread is not None:
            raise RuntimeError(
                "This FolderServer has been started before, and serves one with block only: create "
                "another one for another block."
            )
        started: Future[str] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(started,), name="folder-server", daemon=True
        )
        try:
            self._thread.start()
            self.url = started.result()
        except OSError as error:
            self._thread.join()
            raise OSError(
                f"The folder {str(self._folder)!r} cannot be served, because the system gives no "
                f"port on 127.0.0.1 ({error.strerror or error}): close programs, then try again.",
            ) from error
        except BaseException:  # such as Ctrl-C: nobody will call __exit__
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def take(self) -> tuple[HttpRequest, ...]:
        """Return the requests answered since the last call, and start again from none."""
        with self._lock:
            taken = tuple(self._requests)
            self._requests = []
        return taken

    def _end(self) -> None:
        """Let the thread clear up, and wait for it; it goes on if the wait is interrupted."""
        if not self._stop.done():
            self._stop.set_result(None)
        # It is not known to live if starting it was interrupted; then it sees by itself to stop.
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()

    def _run(self, started: Future[str]) -> None:
        """Serve until the end of the block: the body of the thread, which owns all that is open."""
        try:
            # Leaving the runner cancels what is left, and ends the threads that read files.
            with asyncio.Runner() as runner:
                runner.run(self._serve(started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _serve(self, started: Future[str]) -> None:
        application = web.Application()
        application.on_response_prepare.append(self._note)
        application.router.add_static("/", self._folder)
        # Zero would mean to aiohttp that answers under way have all the time that they want.
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_PATIENCE)
        await runner.setup()
        connections: list[web.RequestHandler] = []
        try:
            listening = socket.create_server(("127.0.0.1", 0))
            await web.SockSite(runner, listening).start()
            host, port = listening.getsockname()
            started.set_result(f"http://{host}:{port}")
            await asyncio.wrap_future(self._stop)
            await _take_no_more(listening)
            connections = runner.server.connections if runner.server else []
        finally:
            await runner.cleanup()
            # aiohttp closes them, and a closed one still waits until its last bytes are read.
            for connection in connections:
                if connection.transport is not None:
                    connection.transport.abort()

    async def _note(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Note a request before its answer's headers, which state offset and length, go out.

        Over a link they wait until the whole answer would have arrived.
        """
        sent = time.perf_counter()
        content_range = response.headers.get("Content-Range", "")
        offset = 0
        if content_range.startswith("bytes ") and not content_range.startswith("bytes */"):
            offset = int(content_range.removeprefix("bytes ").split("-")[0])
        sends_file = request.method == "GET" and response.status in (200, 206)
        noted = HttpRequest(
            request.method,
            request.path,
            response.status,
            offset,
            (response.content_length or 0) if sends_file else 0,
        )
        with self._lock:
            self._requests.append(noted)
        if self._link is not None:
            await self._link.wait_async(noted.bytes_sent, since=sent)


async def _take_no_more(listening: socket.socket) -> None:
    """Take no new connections, and finish taking those that have begun.

    asyncio's own way of closing a server leaves the latter open (Python 3.11 to 3.13).
    """
    # Windows takes a connection in one step, and needs no more than that the server is closed.
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().remove_reader(listening)
        for _ in range(5):  # turns of the loop: a connection is taken in three
            await asyncio.sleep(0)
