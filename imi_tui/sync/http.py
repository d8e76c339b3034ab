"""The HTTP client. Only this module imports httpx, with the first request.

Redirects are not followed and cookies not kept. Raw bytes are decoded here within limits (`imi_tui.sync.wire`), not by
the library. Every failure becomes a typed error of `imi_tui.sync.errors`.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from imi_tui.sync import wire
from imi_tui.sync.connection import Trust
from imi_tui.sync.errors import (
    CaptivePortal,
    Disabled,
    InsecureServer,
    Offline,
    ProxyProblem,
    ServerMistake,
    SlowReply,
    StreamRefused,
    SyncError,
    TlsProblem,
    Unavailable,
)
from imi_tui.sync.heads import check_status, check_stream, is_json, kind_of, retry_after_of, skew_of
from imi_tui.sync.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

HEADERS_SENT, HEADERS_RECEIVED = 350, 300
"""About what the headers of a request and of its answer take on the line."""
HELLO_SENT, HELLO_RECEIVED = 900, 4500
"""About what agreeing on TLS takes on the line."""
CONNECT_SECONDS = 10.0
IDLE_SECONDS = 30.0
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. `data` is cleaned JSON, None where it is none; `skew`: seconds the server's clock is ahead."""

    status: int
    data: Any
    skew: float | None
    retry_after: float | None
    received: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file on its way, its headers as they came. Reading `chunks` may fail at any moment."""

    status: int
    etag: str
    content_range: str
    chunks: Iterator[bytes]


class Http:
    """A connection to one server, kept open between requests; belongs to one thread."""

    def __init__(self, server: str, watch: Watch | None = None) -> None:
        self.server = checked_address(server)
        self._client: httpx.Client | None = None
        self._trust: Trust | None = None
        self._watch = watch or Watch()
        self._listening: Any = None
        self.sent = 0
        self.received = 0
        self.skew: float | None = None
        """Seconds the server's clock is ahead, as of the last answer."""
        self._counted = (0, 0)
        self.moved: Callable[[], object] = lambda: None
        """Called after bytes were received, in the reading thread. Must not raise."""

    def spent(self) -> tuple[int, int]:
        """Bytes (sent, received) since the last call; headers and handshakes are estimated."""
        watch = self._watch
        sent = self.sent + watch.requests * HEADERS_SENT + watch.handshakes * HELLO_SENT
        received = self.received + watch.requests * HEADERS_RECEIVED + watch.handshakes * HELLO_RECEIVED
        before, self._counted = self._counted, (sent, received)
        return sent - before[0], received - before[1]

    def get(self, path: str, token: str = "") -> Reply:
        """GET a JSON document."""
        return self._send("GET", path, token, b"", "")

    def post(self, path: str, data: Any, token: str = "") -> Reply:
        """POST JSON."""
        return self._send("POST", path, token, wire.encoded(data), "application/json")

    def post_form(self, path: str, fields: dict[str, str]) -> Reply:
        """POST form fields, as OAuth wants."""
        from urllib.parse import urlencode

        return self._send("POST", path, "", urlencode(fields).encode(), _FORM)

    def post_file(self, path: str, data: bytes, token: str = "") -> Reply:
        """POST bytes as they are."""
        return self._send("POST", path, token, data, "application/octet-stream")

    @contextmanager
    def part(self, path: str, start: int, end: int, etag: str, token: str = "") -> Iterator[Part]:
        """GET the bytes from `start` to `end` of a file that is still the one `etag` names."""
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={start}-{end - 1}", "If-Range": etag}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        with (
            _typed_errors(),
            self._watched(0),
            self._open().stream("GET", self.server + path, headers=headers) as response,
        ):
            kind = kind_of(response)
            check_status(response.status_code, kind, retry_after_of(response.headers.get("retry-after", "")))
            if response.status_code >= 500:
                raise Unavailable(f"status {response.status_code}")
            if response.status_code == 403:
                raise Disabled("status 403")
            if response.status_code == 404 and not is_json(kind):
                raise ServerMistake(f"status 404, a reply of the kind {kind[:40]!r}")
            given = response.headers
            if response.status_code in (200, 206) and "etag" not in given:
                raise CaptivePortal("a file without its validator")
            if given.get("content-encoding", "identity") != "identity":
                raise ServerMistake("a file in a content encoding")
            yield Part(
                response.status_code, given.get("etag", ""), given.get("content-range", ""), self._chunks(response)
            )

    def _chunks(self, response: httpx.Response) -> Iterator[bytes]:
        # Without a size: what came is taken at once, up to the 64 KiB the library reads at a time.
        for chunk in response.iter_raw():
            self.received += len(chunk)
            self.moved()
            yield chunk

    def lines(self, path: str, data: Any, token: str) -> Iterator[Any]:
        """POST JSON; the JSON documents of a reply that has one on each line, each as soon as it is whole.

        Raises `TokenRefused`, and `StreamRefused` where the reply is of another kind.
        """
        body, encoding = wire.compressed(wire.encoded(data))
        headers = {
            "Accept": "application/x-ndjson",
            "Accept-Encoding": "zstd, gzip",
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        if encoding:
            headers["Content-Encoding"] = encoding
        with _typed_errors(), self._watched(len(body)):
            self.sent += len(body)
            with self._open().stream("POST", self.server + path, content=body, headers=headers) as response:
                self._heard(response)
                check_stream(response, "application/x-ndjson")
                budget = wire.StreamBudget()
                for line in wire.lines(self._chunks(response), response.headers.get("content-encoding", ""), budget):
                    yield wire.record(line)

    def events(self, path: str, token: str, silence: float, most: int) -> Iterator[bytes]:
        """GET an event stream: its lines of at most `most` bytes, until the server ends it.

        Raises `TokenRefused`; `StreamRefused` where the reply is of another kind, or nothing of it comes within
        `silence` seconds; `Offline` where nothing more comes for so long.
        """
        import httpx

        headers = {
            "Accept": "text/event-stream",
            "Accept-Encoding": "zstd, gzip",
            "Authorization": f"Bearer {token}",
            "Cache-Control": "no-cache",
        }
        timeout = httpx.Timeout(IDLE_SECONDS, connect=CONNECT_SECONDS, read=silence)
        came = False
        with _typed_errors():
            try:
                with self._open().stream("GET", self.server + path, headers=headers, timeout=timeout) as response:
                    check_stream(response, "text/event-stream")
                    self._listening = response.extensions.get("network_stream")
                    encoding = response.headers.get("content-encoding", "")
                    for line in wire.lines(self._chunks(response), encoding, wire.EventBudget(), most):
                        came = True
                        yield line
            except httpx.ReadTimeout:
                if came:
                    raise
                raise StreamRefused("an event stream that says nothing") from None
            finally:
                self._listening = None

    def interrupt(self) -> None:
        """From another thread: let `events` end now."""
        listening = self._listening
        if listening is not None:
            with contextlib.suppress(OSError):
                # Below TLS, which is not made for two threads.
                socket.socket.shutdown(listening.get_extra_info("socket"), socket.SHUT_RDWR)

    def cut(self) -> None:
        """From another thread: abort the running request, as if the line had broken."""
        self._watch.end()

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _send(self, method: str, path: str, token: str, body: bytes, kind: str) -> Reply:
        headers = {"Accept-Encoding": "zstd, gzip"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if kind:
            headers["Content-Type"] = kind
        if kind == "application/json":
            body, encoding = wire.compressed(body)
            if encoding:
                headers["Content-Encoding"] = encoding
        try:
            return self._sent(method, path, body, headers)
        except Offline:
            if not self._watch.stale or kind == _FORM:
                # A form of OAuth may count only once.
                raise
        # The connection was one of before, or the machine slept: nobody may have heard, and if somebody did, asking
        # twice does no harm (entries have their own references).
        self.close()
        return self._sent(method, path, body, headers)

    def _sent(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        with _typed_errors(), self._watched(len(body)):
            self.sent += len(body)
            with self._open().stream(method, self.server + path, content=body or None, headers=headers) as response:
                self._heard(response)
                return self._read(response)

    def _heard(self, response: httpx.Response) -> None:
        """The head of an answer is here."""
        self._watch.answered()
        if self._trust is not None:
            self._trust.keep(self._watch.socket)
        self.skew = skew_of(response.headers.get("date", ""))

    @contextmanager
    def _watched(self, size: int) -> Iterator[None]:
        if self._watch.slept_since():
            self.close()
        try:
            with self._watch.over(size, lambda: self.received), _typed_errors():
                yield
        except Offline as error:
            if self._watch.cut_late:
                raise SlowReply(error.detail) from error
            raise

    def _read(self, response: httpx.Response) -> Reply:
        status = response.status_code
        kind = kind_of(response)
        retry_after = retry_after_of(response.headers.get("retry-after", ""))
        check_status(status, kind, retry_after)
        if not is_json(kind):
            if status == 200:
                raise CaptivePortal(f"a reply of the kind {kind[:40]!r} where JSON was expected")
            if status >= 500:
                raise Unavailable(f"status {status}", retry_after)
            return Reply(status, None, None, retry_after, 0)
        budget = wire.Budget()
        body = wire.decoded(self._chunks(response), response.headers.get("content-encoding", ""), budget)
        if status >= 500:
            raise Unavailable(f"status {status}", retry_after)
        return Reply(status, wire.parse(body), skew_of(response.headers.get("date", "")), retry_after, budget.raw)

    def _open(self) -> httpx.Client:
        if self._client is None:
            import httpx

            local = is_loopback(urlsplit(self.server).hostname or "")
            if self._trust is None and self.server.startswith("https:"):
                self._trust = Trust()
            try:
                self._client = httpx.Client(
                    verify=self._trust or False,
                    follow_redirects=False,
                    timeout=httpx.Timeout(IDLE_SECONDS, connect=CONNECT_SECONDS),
                    # A proxy of the environment is for the network, not for a server on this machine.
                    trust_env=not local,
                    event_hooks={"request": [self._watch.follow]},
                )
            except (ImportError, ValueError, httpx.InvalidURL) as error:
                # Such as a SOCKS proxy, or an address that is none.
                raise ProxyProblem(f"the environment names a proxy of no use ({type(error).__name__})") from error
            # What says nothing is not worth its bytes: of a small synchronisation headers are the half.
            for name in ("accept", "connection", "user-agent"):
                self._client.headers.pop(name, None)
        return self._client


def checked_address(server: str) -> str:
    """`server` without its end slash. Raises `InsecureServer` unless it is https, or http to this very machine."""
    try:
        parts = urlsplit(server)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise InsecureServer("not an address") from error
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not host or not safe or parts.username or parts.query or parts.fragment:
        raise InsecureServer("an address has to be https://host[:port]")
    return server.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether `host` is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _typed_errors() -> Iterator[None]:
    """httpx's exceptions as ours. Messages name the kind only: httpx quotes addresses."""
    import httpx

    try:
        yield
    except httpx.ProxyError as error:
        raise ProxyProblem(type(error).__name__) from error
    except httpx.TransportError as error:
        raise _transport_error(error) from error
    except (httpx.InvalidURL, UnicodeError) as error:
        raise InsecureServer("not an address") from error
    except httpx.HTTPError as error:
        raise ServerMistake(type(error).__name__) from error


def _transport_error(error: BaseException) -> SyncError:
    import httpx

    if isinstance(error, httpx.UnsupportedProtocol):
        return InsecureServer(type(error).__name__)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return TlsProblem(getattr(cause, "reason", "") or type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return Offline(type(error).__name__)
