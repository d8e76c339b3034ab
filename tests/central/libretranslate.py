"""A translation service on loopback that speaks the HTTP interface of LibreTranslate, well or as badly as told.

What it translates is the original between the marks of the language, so that tests know what comes back.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "k3y"
_WORDS = {"el": "Μετάφραση", "bg": "Превод"}


def translated(text: str, lang: str) -> str:
    """What the service makes of a text."""
    return f"{_WORDS.get(lang, 'Translation')} ({lang}): {text}"


class Service(ThreadingHTTPServer):
    """`manner` says how it answers; `asked` are the bodies that came, `sent` what went of an endless answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.manner = "well"
        self.sent = 0
        self.asked: list[dict[str, Any]] = []
        self.released = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Who is not waited for any more is no fault of a service."""


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(asked)
        if self.path != "/translate" or asked.get("api_key") not in (None, KEY):
            self._say(403, {"error": "Invalid API key"})
            return
        texts = [translated(each, asked["target"]) for each in asked["q"]]
        answer: dict[str, Any] = {"translatedText": texts}
        if asked["source"] == "auto":
            answer["detectedLanguage"] = [{"confidence": 90, "language": "fr"} for _ in texts]
        match self.server.manner:
            case "well":
                self._say(200, answer)
            case "hangs":
                self.server.released.wait(20)
            case "drips":
                self.send_response(200)
                self.end_headers()
                with contextlib.suppress(OSError):
                    while not self.server.released.wait(0.02):
                        self.wfile.write(b" ")
            case "endless":
                self.send_response(200)
                self.end_headers()
                with contextlib.suppress(OSError):
                    for _ in range(1600):
                        self.server.sent += self.wfile.write(b"x" * 65536)
            case "nonsense":
                self._raw(b'<html>{"translatedText": 7}</html>')
            case "wrong shape":
                self._say(200, {"translatedText": {"a": 1}})
            case "fewer":
                self._say(200, {"translatedText": texts[:-1]})
            case "empty":
                self._say(200, {"translatedText": [" " for _ in texts]})
            case "far too long":
                self._say(200, {"translatedText": [each * 60 for each in texts]})
            case "untranslated":
                self._say(200, {"translatedText": [each.upper() + " " for each in asked["q"]]})
            case "another script":
                self._say(200, {"translatedText": ["Съвсем друг език и друга азбука" for _ in texts]})
            case "markup":
                self._say(200, {"translatedText": [f"[red]<b>{each}\x1b[31m\u202e</b>[/]" for each in texts]})
            case "redirects":
                self.send_response(302)
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()
            case status:
                self._say(int(status), {"error": "no"})

    def _say(self, status: int, body: dict[str, Any]) -> None:
        self._raw(json.dumps(body).encode(), status)

    def _raw(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running() -> Iterator[Service]:
    """The service while it is needed."""
    service = Service()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.released.set()
        service.shutdown()
        service.server_close()
        thread.join(5)
