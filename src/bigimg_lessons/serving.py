"""A web server for one folder, on this machine only, that notes what is asked of it.

It answers HTTP Range requests, which Python's own ``http.server`` does not, so lessons show
remote access without the internet and count what a remote reader really transfers.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web


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
        Bytes of the file that were sent (without HTTP headers).
    """

    method: str
    path: str
    status: int
    offset: int
    bytes_sent: int


class FolderServer:
    """Serves a folder at ``http://127.0.0.1:<free port>/`` while a ``with`` block runs.

    Parameters
    ----------
    folder
        An existing folder; files below it can be read by programs on this machine.

    Attributes
    ----------
    url
        The folder's address, without a slash at its end; set while the server runs.

    Raises
    ------
    NotADirectoryError
        If `folder` is not an existing folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        if not self._folder.is_dir():
            raise NotADirectoryError(
                f"There is no folder {str(folder)!r} to serve: give the path of an existing folder."
            )
        self.url = ""
        self._lock = threading.Lock()
        self._requests: list[HttpRequest] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="folder-server", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def take(self) -> tuple[HttpRequest, ...]:
        """Return the requests answered since the last call, and start again from none."""
        with self._lock:
            taken = tuple(self._requests)
            self._requests = []
        return taken

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _start(self) -> None:
        application = web.Application()
        application.on_response_prepare.append(self._note)
        application.router.add_static("/", self._folder)
        # shutdown_timeout=0: a reader that keeps its connection alive must not delay the end.
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def _note(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Note a request as its answer's headers, which state offset and length, go out."""
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
