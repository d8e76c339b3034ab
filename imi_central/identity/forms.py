"""What makes a form ours: a token against forged posts, and tickets that carry a decision to the next page."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_MAC = 32


class Forms:
    """Signs with the installation's secret, so that any process accepts what another one made."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def cookie(self, request: Request) -> str:
        """The browser's random value; a new one where it has none."""
        found = request.cookies.get(_name(request), "")
        return found if len(found) == 43 else secrets.token_urlsafe(32)

    def token(self, cookie: str) -> str:
        """The value a form has to bring back together with the cookie."""
        return urlsafe_b64encode(self._sign("form", cookie.encode())).decode()

    def is_ours(self, request: Request, token: str) -> bool:
        """Whether a post comes from a form that this browser was given."""
        cookie = request.cookies.get(_name(request), "")
        return bool(cookie) and hmac.compare_digest(token.encode(), self.token(cookie).encode())

    def set_cookie(self, request: Request, response: Response, value: str) -> None:
        """Give the browser its random value."""
        response.set_cookie(
            _name(request), value, path="/", httponly=True, samesite="strict", secure=request.url.scheme == "https"
        )

    def ticket(self, cookie: str, now: int, life: int, value: dict[str, str]) -> str:
        """`value`, signed for this browser until `now` + `life` (milliseconds)."""
        body = msgspec.json.encode({"until": now + life, "value": value})
        return urlsafe_b64encode(self._sign(f"ticket {cookie}", body) + body).decode()

    def open_ticket(self, request: Request, now: int, ticket: str) -> dict[str, str] | None:
        """What `ticket` was made with; None for one that is forged, of another browser, or too old."""
        try:
            raw = urlsafe_b64decode(ticket.encode())
        except ValueError:
            return None
        cookie = request.cookies.get(_name(request), "")
        if not hmac.compare_digest(raw[:_MAC], self._sign(f"ticket {cookie}", raw[_MAC:])):
            return None
        found = msgspec.json.decode(raw[_MAC:], type=_Ticket)
        return found.value if found.until > now else None

    def _sign(self, purpose: str, value: bytes) -> bytes:
        return hmac.new(self._secret, purpose.encode() + b"\0" + value, hashlib.sha256).digest()


class _Ticket(msgspec.Struct):
    until: int
    value: dict[str, str]


def _name(request: Request) -> str:
    # The prefix makes browsers refuse the cookie from another host or over plain http.
    return "__Host-imi" if request.url.scheme == "https" else "imi"
