"""Signing in with the system's browser: authorization code with PKCE and a redirect to this machine (RFC 8252).

The browser returns to a server on 127.0.0.1 that lives for this one sign-in, answers one page and only believes a
request that carries the random `state` of this sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from imi_core.languages import NAMES
from imi_core.text import display
from imi_tui.i18n import _, language
from imi_tui.signin import oauth
from imi_tui.signin.errors import SignInCancelled, SignInError, SignInExpired, SignInRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.sync.http import Http

MINUTES = 5
_STEP = 0.2
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


def sign_in(
    http: Http,
    show: Callable[[str], None],
    open_browser: Callable[[str], object],
    *,
    cancelled: threading.Event | None = None,
    seconds: float = MINUTES * 60,
) -> oauth.Granted:
    """Sign in; blocks until the browser comes back.

    `show` gets the address to open by hand; `open_browser` the same address and may fail silently. Raises
    `SignInExpired` after `seconds`, another `SignInError`, `SyncError`.
    """
    endpoints = oauth.discover(http)
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    with _Receiver(state, endpoints.issuer) as receiver:
        redirect = f"http://127.0.0.1:{receiver.server_port}/"
        address = _address(http.server, endpoints.authorize, redirect, verifier, state)
        show(address)
        open_browser(address)
        code = receiver.wait(seconds, cancelled or threading.Event())
    return oauth.exchange(http, endpoints, code, verifier, redirect)


def challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _address(server: str, path: str, redirect: str, verifier: str, state: str) -> str:
    query = {
        "response_type": "code",
        "client_id": oauth.CLIENT_ID,
        "redirect_uri": redirect,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        "state": state,
        # The officer reads one language on both sides of the sign-in (OpenID Connect Core, section 3.1.2.1).
        "ui_locales": language() if language() in NAMES else "en",
    }
    return f"{server}{path}{'&' if '?' in path else '?'}{urlencode(query)}"


class _Receiver(HTTPServer):
    """Waits on a free port of 127.0.0.1 for the browser to come back."""

    def __init__(self, state: str, issuer: str) -> None:
        """Raises `SignInError` where this machine lets nobody listen."""
        try:
            super().__init__(("127.0.0.1", 0), _Page)
        except OSError as error:
            raise SignInError(f"no port can be opened: {error.strerror}") from error
        self.timeout = _STEP
        self.state, self.issuer = state, issuer
        self.answer: dict[str, str] | None = None

    def wait(self, seconds: float, cancelled: threading.Event) -> str:
        """The authorization code. Raises `SignInExpired`, `SignInCancelled`, `SignInRefused`."""
        end = time.monotonic() + seconds
        while self.answer is None:
            if cancelled.is_set():
                raise SignInCancelled
            if time.monotonic() > end:
                raise SignInExpired
            self.handle_request()
        if error := self.answer.get("error"):
            if error == "access_denied":
                raise SignInCancelled
            raise SignInRefused(display(error)[:60])
        return self.answer["code"]

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no news; nothing is printed."""

    def accept(self, query: str) -> bool:
        """Take the parameters the browser brought; False for ones that are not of this sign-in."""
        try:
            given = {name: values[0] for name, values in parse_qs(query, max_num_fields=10).items() if len(values) == 1}
        except ValueError:
            return False
        if not hmac.compare_digest(given.get("state", "").encode(), self.state.encode()):
            return False
        if given.get("iss", self.issuer) != self.issuer or not (given.get("code") or given.get("error")):
            return False
        self.answer = given
        return True


class _Page(BaseHTTPRequestHandler):
    """The one page the browser sees of us."""

    server: _Receiver
    timeout = 5
    server_version, sys_version = "imi-tui", ""

    def do_GET(self) -> None:
        """The browser came back, or asks for something else."""
        parts = urlsplit(self.path)
        taken = parts.path == "/" and self.server.answer is None and self.server.accept(parts.query)
        if not taken:
            self._write(404, _("This page is not part of the sign-in."))
        elif self.server.answer is not None and self.server.answer.get("error"):
            self._write(200, _("The sign-in was not completed. You can close this page."))
        else:
            self._write(200, _("You can close this page and return to the terminal."))

    def _write(self, status: int, text: str) -> None:
        import html

        body = f"<!doctype html><meta charset=utf-8><title>IMI</title><p>{html.escape(text)}</p>".encode()
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Never: the address holds the code."""
