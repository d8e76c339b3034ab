"""A line to the real server in process, below httpx: everything above it is the client's own code, everything behind
it the server's. What a line and its middlemen do to requests and replies is drawn from one source of randomness."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request

from imi_central.api import Unauthorized, build_routes
from imi_central.app import CompressProtocol, Outside
from imi_central.store import Store as Central
from imi_tui.sync.errors import NotSignedIn
from imi_tui.sync.http import Http

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class ServerDied(BaseException):
    """The server's process ended here. No handler of the product may hold it up."""


LOST = ("refused", "request lost", "reply lost", "cut", "ended early")
MIDDLEMEN = (
    *(
        "portal",
        "portal 511",
        "redirect",
        "bad gateway",
        "busy",
        "too many",
        "too large",
        "needs proxy",
        "unauthorised",
    ),
)
TWICE = ("twice", "late")
FAULTS = (*LOST, *MIDDLEMEN, *TWICE)


def serve(store: Central, valid: Callable[[str], bool]) -> ASGIApp:
    """The real application with its own middleware. A token is "officer/number"; `valid` says whether it still is."""

    async def authenticate(request: Request) -> str:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not valid(token):
            raise Unauthorized()
        return token.partition("/")[0]

    return Starlette(
        routes=build_routes(store, authenticate), middleware=[Middleware(Outside), Middleware(CompressProtocol)]
    )


class Tokens:
    """Access tokens of one officer that end when the simulation says so."""

    def __init__(self, officer: str) -> None:
        self.officer = officer
        self.number = self.valid_from = self.renewals = 0
        self.revoked = False

    def token(self) -> str:
        return f"{self.officer}/{self.number}"

    def renewed(self, refused: str) -> str:
        self.renewals += 1
        if self.revoked:
            raise NotSignedIn("revoked")
        if refused == self.token():
            self.number += 1
        return self.token()

    def valid(self, token: str) -> bool:
        return (
            not self.revoked and token.partition("/")[2].isdigit() and int(token.partition("/")[2]) >= self.valid_from
        )

    def expire(self) -> None:
        self.valid_from = self.number + 1


class Line(httpx.BaseTransport):
    """One client's way to the server. `faults` names what happens to the next exchanges, "" for nothing."""

    def __init__(self, loop: asyncio.AbstractEventLoop, rng: random.Random, before: Callable[[str], None]) -> None:
        self.app: ASGIApp | None = None
        self._loop, self._rng, self._before = loop, rng, before
        self.faults: Iterator[str] = iter(())
        self.late: list[httpx.Request] = []
        self.seen: Counter[str] = Counter()
        self.sent = self.received = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        fault = next(self.faults, "")
        if fault:
            self.seen[fault] += 1
        self._before("request")
        middle = self._middleman(fault)
        if middle is not None:
            return middle
        if fault == "refused":
            raise httpx.ConnectError("refused", request=request)
        if fault == "request lost":
            raise httpx.ReadTimeout("no answer", request=request)
        if fault == "late":
            # It times out here and reaches the server when nobody waits for it any more.
            self.late.append(request)
            raise httpx.ReadTimeout("no answer", request=request)
        self.deliver_late(0.5)
        if fault == "twice":
            self.exchange(request)
        status, headers, body = self.exchange(request)
        self._before("reply")
        if fault == "reply lost":
            raise httpx.ReadTimeout("no answer", request=request)
        self.received += len(body)
        stream: httpx.SyncByteStream = httpx.ByteStream(body)
        if fault in ("cut", "ended early"):
            stream = _Torn(body[: self._rng.randrange(len(body) + (fault == "cut"))], broken=fault == "cut")
            headers = httpx.Headers([(name, value) for name, value in headers.raw if name != b"content-length"])
        return httpx.Response(status, headers=headers, stream=stream)

    def deliver_late(self, share: float = 1.0) -> None:
        """Requests that somebody on the way kept reach the server now."""
        for each in list(self.late):
            if self._rng.random() <= share:
                self.late.remove(each)
                self.exchange(each)

    def exchange(self, request: httpx.Request) -> tuple[int, httpx.Headers, bytes]:
        """The server's whole answer."""
        assert self.app is not None
        self.sent += len(request.content)
        inner = httpx.ASGITransport(self.app, raise_app_exceptions=False)

        async def go() -> tuple[int, httpx.Headers, bytes]:
            answer = await inner.handle_async_request(request)
            return answer.status_code, answer.headers, b"".join([part async for part in answer.stream])  # type: ignore[union-attr]

        try:
            return self._loop.run_until_complete(go())
        except ServerDied:
            raise httpx.RemoteProtocolError("the server went away", request=request) from None

    def _middleman(self, fault: str) -> httpx.Response | None:
        if fault not in _ANSWERS:
            return None
        status, headers, body = _ANSWERS[fault]
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


_HTML = {"content-type": "text/html"}
_ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "portal": (200, _HTML, b"<html>Welcome to the hotel</html>"),
    "portal 511": (511, _HTML, b"<html>Sign in</html>"),
    "redirect": (302, {"location": "https://portal.example/"}, b""),
    "bad gateway": (502, _HTML, b"<html>Bad gateway</html>"),
    "busy": (503, {"retry-after": "30"}, b""),
    "too many": (429, {"retry-after": "7"}, b""),
    "too large": (413, _HTML, b"<html>Request entity too large</html>"),
    "needs proxy": (407, {}, b""),
    "unauthorised": (401, {"content-type": "application/json"}, b"{}"),
}


class _Torn(httpx.SyncByteStream):
    def __init__(self, data: bytes, *, broken: bool) -> None:
        self._data, self._broken = data, broken

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._data), 1000):
            yield self._data[at : at + 1000]
        if self._broken:
            raise httpx.ReadError("connection reset")


class SimHttp(Http):
    """The client's own HTTP over a simulated line."""

    def __init__(self, line: Line) -> None:
        super().__init__("https://imi.example")
        self._line = line

    def _open(self) -> httpx.Client:
        if self._client is None:
            self._client = httpx.Client(transport=self._line, follow_redirects=False)
        return self._client
