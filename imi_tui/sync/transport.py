"""JMAP over HTTP: a token on every request, one renewal when it is refused, and a reply only if it is a whole one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from imi_tui.sync.errors import Disabled, NotSignedIn, OverQuota, ServerMistake
from imi_tui.sync.heads import TokenRefused
from imi_tui.sync.http import Http, Part, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imi_tui.sync.ports import TokenSource

# Fixed by docs/protocol.md. The address in the session is not used: what a reply says never moves the token elsewhere.
SESSION_PATH = "/jmap/session"
API_PATH = "/jmap/api"
STREAM_PATH = "/jmap/stream"


class HttpTransport:
    """`imi_tui.sync.ports.Transport` over `Http`."""

    def __init__(self, http: Http, tokens: TokenSource) -> None:
        self._http = http
        self._tokens = tokens
        self._skew: float | None = None

    @property
    def skew(self) -> float | None:
        """Seconds the server's clock is ahead, as of the last reply."""
        return self._skew

    def session(self) -> dict[str, Any]:
        """The session resource. Raises `SyncError`."""
        reply = self._authorised(lambda token: self._http.get(SESSION_PATH, token))
        data = reply.data
        if not isinstance(data, dict) or not isinstance(data.get("accounts"), dict):
            raise ServerMistake("a session without accounts")
        return data

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """One POST; the reply names every call or nothing of it counts. Raises `SyncError`."""
        reply = self._authorised(lambda token: self._http.post(API_PATH, request, token))
        data = _response(reply.data)
        responses = data["methodResponses"]
        asked = {call[2] for call in request["methodCalls"]}
        if {item[2] for item in responses} != asked:
            raise ServerMistake("a response that does not answer every call")
        return data

    def upload(self, desk: str, data: bytes) -> dict[str, Any]:
        """Leave bytes with the server for a day: what it has; empty where the desk is not the officer's any more.

        Raises `SyncError`.
        """
        reply = self._authorised(
            lambda token: self._http.post_file(f"/jmap/upload/{quote(desk, '')}", data, token), 201, 404
        )
        # By its own report: something in between may also say that it knows nothing of this address.
        if reply.status == 404 and isinstance(reply.data, dict) and reply.data.get("status") == 404:
            return {}
        if not isinstance(reply.data, dict) or not isinstance(reply.data.get("blobId"), str):
            raise ServerMistake("an upload without an id")
        return reply.data

    @contextmanager
    def download(self, desk: str, blob_id: str, start: int, end: int, etag: str) -> Iterator[Part]:
        """Bytes of a file, as they come. Raises `SyncError`."""
        path = f"/jmap/download/{quote(desk, '')}/{quote(blob_id, '')}/file"
        token = self._tokens.token()
        with self._http.part(path, start, end, etag, token) as part:
            if part.status != 401:
                yield part
                return
        with self._http.part(path, start, end, etag, self._tokens.renewed(token)) as part:
            if part.status == 401:
                raise NotSignedIn("the token was refused twice")
            yield part

    def stream(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The records of a stream. Raises `SyncError`; `StreamRefused` before the first record."""
        token = self._tokens.token()
        asked = {call[2] for call in request["methodCalls"]}
        for last in (False, True):
            try:
                for data in self._http.lines(STREAM_PATH, request, token):
                    self._skew = self._http.skew
                    response = _response(data)
                    if not {item[2] for item in response["methodResponses"]} <= asked:
                        raise ServerMistake("a record that answers what was not asked")
                    yield response
                return
            except TokenRefused:
                if last:
                    raise NotSignedIn("the token was refused twice") from None
                token = self._tokens.renewed(token)

    def _authorised(self, send: Callable[[str], Reply], *right: int) -> Reply:
        token = self._tokens.token()
        reply = send(token)
        if reply.status == 401:
            reply = send(self._tokens.renewed(token))
            if reply.status == 401:
                raise NotSignedIn("the token was refused twice")
        self._skew = reply.skew
        if reply.status in (right or (200,)):
            return reply
        if reply.status == 403:
            raise Disabled("status 403")
        kind = reply.data.get("type", "") if isinstance(reply.data, dict) else ""
        if reply.status == 413 and isinstance(reply.data, dict) and reply.data.get("limit") == "quota":
            raise OverQuota("status 413")
        raise ServerMistake(f"status {reply.status} {str(kind)[:80]}")


def _response(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict) or not isinstance(data.get("sessionState"), str):
        raise ServerMistake("a response without a session state")
    responses = data.get("methodResponses")
    if not isinstance(responses, list) or not all(_is_invocation(item) for item in responses):
        raise ServerMistake("a response without method responses")
    return data


def _is_invocation(item: Any) -> bool:
    return (
        isinstance(item, list)
        and len(item) == 3
        and isinstance(item[0], str)
        and isinstance(item[1], dict)
        and isinstance(item[2], str)
    )
