"""The server that browsers of tests ask."""

import http.server
import socket
from contextlib import ExitStack
from urllib.request import urlopen

from tests.local_server import LocalServer


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with nothing."""

    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_as_many_connections_as_six_pages_open_may_wait():
    """Nobody takes them here; a reader whose connection is dropped would try again in a second."""
    server = LocalServer(Handler)
    with ExitStack() as stack:
        stack.callback(server.server_close)
        for _ in range(36):  # a page opens six
            stack.enter_context(socket.create_connection(server.server_address, timeout=0.9))


def test_it_answers_within_its_block_only():
    with LocalServer(Handler) as server:
        with urlopen(f"{server.origin}/a") as answer:  # noqa: S310
            assert answer.status == 204
        port = server.server_port
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
