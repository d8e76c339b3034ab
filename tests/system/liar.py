"""A server that lies: it passes requests on to a real one and changes what comes back."""

from __future__ import annotations

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable

Lie = "Callable[[str, Any, Any], Any]"
"""(path, decoded request or None, decoded reply) -> the reply to give; bytes are sent as they are."""


class Liar:
    """Listens on loopback while it is entered; `lie` may be changed while it runs."""

    def __init__(self, upstream: str, lie: Callable[[str, Any, Any], Any]) -> None:
        self.upstream, self.lie = upstream, lie
        self.refuse = False

    def __enter__(self) -> Self:
        liar = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                liar._answer(self)

            def do_POST(self) -> None:
                liar._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: tests are quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if request.headers.get("Content-Encoding") == "zstd":
            body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in ("host", "content-encoding", "content-length", "accept-encoding", "connection")
        }
        asked = None
        if body and request.headers.get("Content-Type") == "application/json":
            asked = self.pass_on(json.loads(body))
            body = json.dumps(asked).encode()
        try:
            status, kind, reply = self._ask(request.command, request.path, body, headers)
        except (http.client.HTTPException, OSError):
            # The real server ended in the middle: events have no other end, and a test ends it when it is done.
            request.close_connection = True
            return
        data = reply
        if kind.endswith("json"):
            # A stream is one text a line.
            texts = reply.splitlines() if kind.endswith("ndjson") else [reply]
            # Plain ASCII on the wire: lone surrogates can only travel as escapes.
            told = [json.dumps(self.lie(request.path, asked, json.loads(text))).encode() for text in texts]
            data = b"\n".join(told) + (b"\n" if kind.endswith("ndjson") else b"")
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        try:
            request.wfile.write(data)
        except OSError:
            # The client is gone, and takes no answer any more.
            request.close_connection = True

    def pass_on(self, asked: Any) -> Any:
        """The request as the real server gets it: while `refuse` is set, with entries it cannot but refuse."""
        for name, arguments, _call in asked.get("methodCalls", ()) if self.refuse else ():
            if name == "Entry/set":
                for entry in arguments["create"].values():
                    entry["action"] = "nobody_knows_this"
        return asked

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=30)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            reply = response.read().replace(self.upstream.encode(), self.url.encode())
            return response.status, (response.getheader("Content-Type") or "").partition(";")[0], reply
        finally:
            connection.close()
