"""A small HTTP server on this machine that answers exactly what a test tells it to, byte for byte."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SESSION = {
    "capabilities": {"urn:ietf:params:jmap:core": {}, "urn:imi:case": {"server": "s", "epoch": "e"}},
    "accounts": {},
    "officer": {"id": "o", "name": "O"},
    "state": "1",
}


@dataclass
class Answer:
    """What to answer. `cut`: how many bytes of the body are sent before the line breaks; None for all."""

    body: bytes = b"{}"
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Hostile:
    """The server's side: `answer` decides, `asked` records."""

    def __init__(self) -> None:
        self.answer: Callable[[Asked], Answer] = lambda _: Answer()
        self.asked: list[Asked] = []
        self.url = ""

    def json(self, data: Any, **more: Any) -> None:
        """Answer everything with this."""
        self.answer = lambda _: Answer(json.dumps(data).encode(), **more)


@contextmanager
def hostile_server() -> Iterator[Hostile]:
    """The server on a free port of 127.0.0.1."""
    control = Hostile()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, {key.lower(): value for key, value in self.headers.items()}, body)
            control.asked.append(asked)
            answer = control.answer(asked)
            self.send_response_only(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])
            if answer.cut is not None:
                self.close_connection = True

        do_GET = do_POST = _any

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """The client hung up, as it should."""

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    control.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield control
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
