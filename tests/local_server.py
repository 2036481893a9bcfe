"""A server of this machine that takes all the connections that browsers open at once."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable
from typing import Any, Self


class LocalServer(http.server.ThreadingHTTPServer):
    """Answers at a free port of this machine while a ``with`` block runs.

    Parameters
    ----------
    handler
        Makes what answers a request, as :class:`http.server.BaseHTTPRequestHandler` does.

    Attributes
    ----------
    origin
        Its address, without a slash at its end.
    """

    # How many connections may wait until they are taken. socketserver has 5; of more, which six
    # pages open at once, the system drops the beginning, and the browser tries again after 1, 3, 7,
    # 15 and 31 seconds, as if the network were bad.
    request_queue_size = 128

    def __init__(self, handler: Callable[..., Any]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.origin = f"http://127.0.0.1:{self.server_port}"
        # 0.02 are the seconds until it heeds that it shall end.
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
