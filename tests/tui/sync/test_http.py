"""What the line and its middlemen can do: each becomes the right error, and no token goes where it should not."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard

from imi_tui.sync import errors
from imi_tui.sync.http import Http, checked_address
from imi_tui.sync.transport import HttpTransport
from tests.tui.sync.hostile import SESSION, Answer, Asked, Hostile, hostile_server

REQUEST = {"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"x": 1}, "c0"]]}
RESPONSE = {"methodResponses": [["Core/echo", {"x": 1}, "c0"]], "sessionState": "1"}


class Tokens:
    def __init__(self, *tokens: str) -> None:
        self.left = list(tokens)
        self.renewals = 0

    def token(self) -> str:
        return self.left[0]

    def renewed(self, refused: str) -> str:
        assert refused == self.left[0]
        self.renewals += 1
        self.left.pop(0)
        if not self.left:
            raise errors.NotSignedIn
        return self.left[0]


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    with hostile_server() as server:
        yield server


@pytest.fixture
def transport(hostile: Hostile) -> Iterator[HttpTransport]:
    http = Http(hostile.url)
    yield HttpTransport(http, Tokens("token-1", "token-2"))
    http.close()


def test_a_whole_answer_is_taken(hostile: Hostile, transport: HttpTransport) -> None:
    hostile.json(RESPONSE)
    assert transport.call(REQUEST)["methodResponses"] == RESPONSE["methodResponses"]
    [asked] = hostile.asked
    assert asked.headers["authorization"] == "Bearer token-1"
    assert asked.headers["accept-encoding"] == "zstd, gzip"
    assert asked.path == "/jmap/api"


def test_large_requests_go_compressed(hostile: Hostile, transport: HttpTransport) -> None:
    hostile.json(RESPONSE)
    big = {**REQUEST, "methodCalls": [["Core/echo", {"x": "word " * 1000}, "c0"]]}
    transport.call(big)
    [asked] = hostile.asked
    assert asked.headers["content-encoding"] == "zstd"
    assert json.loads(zstandard.decompress(asked.body)) == big
    assert len(asked.body) < 300


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(b"<html>Welcome to Hotel Wifi</html>", kind="text/html"), errors.CaptivePortal),
        (Answer(b"", 302, headers={"Location": "https://portal.example/"}), errors.CaptivePortal),
        (Answer(b"", 307, headers={"Location": "/elsewhere"}), errors.CaptivePortal),
        (Answer(b"<html>", 511, kind="text/html"), errors.CaptivePortal),
        (Answer(b"", 407), errors.ProxyProblem),
        (Answer(b"<html>Blocked by policy</html>", 403, kind="text/html"), errors.ProxyProblem),
        (Answer(b"<html>Bad gateway</html>", 502, kind="text/html"), errors.Unavailable),
        (Answer(b"<html>", 504, kind="text/html"), errors.Unavailable),
        (Answer(b'{"type": "about:blank"}', 500, kind="application/problem+json"), errors.Unavailable),
        (Answer(b"", 503, headers={"Retry-After": "120"}), errors.Unavailable),
        (Answer(b"", 429, headers={"Retry-After": "7"}), errors.RateLimited),
        (Answer(b"{}", 403), errors.Disabled),
        (Answer(b'{"type": "about:blank"}', 400, kind="application/problem+json"), errors.ServerMistake),
        (Answer(b"not found", 404, kind="text/plain"), errors.ServerMistake),
        (Answer(b"<html>", 413, kind="text/html"), errors.ProxyProblem),
        (Answer(b'{"type": "about:blank"}', 413, kind="application/problem+json"), errors.ServerMistake),
        (Answer(b"[]"), errors.ServerMistake),
        (Answer(b"{"), errors.ServerMistake),
        (Answer(b"null"), errors.ServerMistake),
        (Answer(json.dumps({**RESPONSE, "sessionState": 5}).encode()), errors.ServerMistake),
        (Answer(json.dumps({"sessionState": "1"}).encode()), errors.ServerMistake),
        (Answer(json.dumps({**RESPONSE, "methodResponses": []}).encode()), errors.ServerMistake),
        (Answer(json.dumps({**RESPONSE, "methodResponses": [["x", {}, "other"]]}).encode()), errors.ServerMistake),
        (Answer(json.dumps({**RESPONSE, "methodResponses": [["x", [], "c0"]]}).encode()), errors.ServerMistake),
        (Answer(zstandard.compress(b"\0" * 2**28), headers={"Content-Encoding": "zstd"}), errors.ReplyTooLarge),
        (Answer(b"plain", headers={"Content-Encoding": "zstd"}), errors.ServerMistake),
    ],
)  # fmt: skip
def test_every_middleman_is_told_apart(
    hostile: Hostile, transport: HttpTransport, answer: Answer, error: type[errors.SyncError]
) -> None:
    hostile.answer = lambda _: answer
    with pytest.raises(error) as raised:
        transport.call(REQUEST)
    assert type(raised.value) is error
    assert len(hostile.asked) == 1
    assert "token-1" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("999999", 3600.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after(hostile: Hostile, transport: HttpTransport, value: str, seconds: float | None) -> None:
    hostile.answer = lambda _: Answer(b"", 503, headers={"Retry-After": value})
    with pytest.raises(errors.Unavailable) as raised:
        transport.call(REQUEST)
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize("compressed", [False, True])
def test_a_body_cut_at_every_tenth_byte(hostile: Hostile, transport: HttpTransport, compressed: bool) -> None:
    body = json.dumps({**RESPONSE, "filler": list(range(200))}).encode()
    headers = {}
    if compressed:
        body, headers = zstandard.compress(body), {"Content-Encoding": "zstd"}
    for cut in range(0, len(body), 10):
        hostile.answer = lambda _, cut=cut: Answer(body, cut=cut, headers=headers)  # type: ignore[misc]
        with pytest.raises((errors.Offline, errors.ServerMistake)):
            transport.call(REQUEST)
    hostile.answer = lambda _: Answer(body, headers=headers)
    assert transport.call(REQUEST)["sessionState"] == "1"


def _needs(token: str) -> Any:
    def answer(asked: Asked) -> Answer:
        if asked.headers["authorization"] != f"Bearer {token}":
            return Answer(b"{}", 401)
        return Answer(json.dumps(RESPONSE).encode())

    return answer


def test_a_refused_token_is_renewed_once(hostile: Hostile) -> None:
    http = Http(hostile.url)
    tokens = Tokens("token-1", "token-2", "token-3")
    transport = HttpTransport(http, tokens)
    hostile.answer = _needs("token-2")
    transport.call(REQUEST)
    transport.call(REQUEST)
    assert (tokens.renewals, len(hostile.asked)) == (1, 3)
    hostile.answer = _needs("never")
    with pytest.raises(errors.NotSignedIn):
        transport.call(REQUEST)
    assert tokens.renewals == 2
    http.close()


def test_no_redirect_carries_the_token_away(hostile: Hostile, transport: HttpTransport) -> None:
    with hostile_server() as other:
        hostile.answer = lambda _: Answer(b"", 308, headers={"Location": other.url + "/jmap/api"})
        with pytest.raises(errors.CaptivePortal):
            transport.call(REQUEST)
        assert other.asked == []


def test_the_session_does_not_move_the_token(hostile: Hostile, transport: HttpTransport) -> None:
    with hostile_server() as other:
        hostile.json({**SESSION, "apiUrl": other.url + "/jmap/api"})
        transport.session()
        hostile.json(RESPONSE)
        transport.call(REQUEST)
        assert other.asked == []


def test_nobody_there_is_offline() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    http = Http(f"http://127.0.0.1:{port}")
    with pytest.raises(errors.Offline):
        http.get("/jmap/session")


def test_a_plain_server_behind_https_is_a_tls_problem(hostile: Hostile) -> None:
    http = Http(hostile.url.replace("http:", "https:"))
    with pytest.raises((errors.TlsProblem, errors.Offline)) as raised:
        http.get("/jmap/session")
    assert type(raised.value) is errors.TlsProblem
    http.close()


def test_the_clock_of_the_server_is_compared(hostile: Hostile, transport: HttpTransport) -> None:
    hostile.answer = lambda _: Answer(json.dumps(RESPONSE).encode(), headers={"Date": "Wed, 21 Oct 2015 07:28:00 GMT"})
    transport.call(REQUEST)
    assert transport.skew is not None
    assert transport.skew < -(10**8)


@pytest.mark.parametrize(
    "address",
    [
        "http://imi.example",
        "ftp://imi.example",
        "imi.example",
        "https://",
        "https://user@imi.example",
        "https://imi.example/?a=b",
        "https://imi.example:99999",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example:80",
        "",
        "https://[::1",
    ],
)
def test_unsafe_addresses_are_refused(address: str) -> None:
    with pytest.raises(errors.InsecureServer):
        checked_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://imi.example",
        "https://imi.example:8443/base/",
        "http://127.0.0.1:1",
        "http://[::1]:5",
        "http://localhost:8000",
    ],
)
def test_safe_addresses(address: str) -> None:
    assert checked_address(address) == address.rstrip("/")


class TestFiles:
    """Parts of a file: nothing but the file's own bytes ever looks like one."""

    @staticmethod
    def fetch(transport: HttpTransport) -> tuple[int, bytes]:
        with transport.download("desk", "b" * 32, 10, 20, '"x"') as part:
            return part.status, b"".join(part.chunks)

    def test_what_is_asked(self, hostile: Hostile, transport: HttpTransport) -> None:
        hostile.answer = lambda _: Answer(b"0123456789", 206, kind="application/pdf", headers={"ETag": '"x"'})
        assert self.fetch(transport) == (206, b"0123456789")
        [asked] = hostile.asked
        assert asked.path == f"/jmap/download/desk/{'b' * 32}/file"
        found = {name: asked.headers[name] for name in ("range", "if-range", "accept-encoding", "authorization")}
        assert found == {
            "range": "bytes=10-19",
            "if-range": '"x"',
            "accept-encoding": "identity",
            "authorization": "Bearer token-1",
        }

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (Answer(b"<html>Wifi</html>", 200, kind="text/html"), errors.CaptivePortal),
            (Answer(b"", 302, headers={"Location": "https://portal.example/"}), errors.CaptivePortal),
            (Answer(b"", 503, headers={"Retry-After": "7"}), errors.Unavailable),
            (Answer(b"oops", 500), errors.Unavailable),
            (Answer(b"", 429), errors.RateLimited),
            (Answer(b"<html>No such file</html>", 404, kind="text/html"), errors.ServerMistake),
            (Answer(b"<html>Blocked</html>", 403, kind="text/html"), errors.ProxyProblem),
            (Answer(b'{"type": "x"}', 403, kind="application/problem+json"), errors.Disabled),
            (Answer(b"x", 200, headers={"ETag": '"x"', "Content-Encoding": "gzip"}), errors.ServerMistake),
        ],
    )
    def test_what_is_no_file(
        self, hostile: Hostile, transport: HttpTransport, answer: Answer, error: type[errors.SyncError]
    ) -> None:
        hostile.answer = lambda _: answer
        with pytest.raises(error):
            self.fetch(transport)

    def test_a_refused_token_is_renewed_once(self, hostile: Hostile) -> None:
        http = Http(hostile.url)
        transport = HttpTransport(http, Tokens("token-1", "token-2"))
        given = {"Bearer token-2": Answer(b"x", 206, headers={"ETag": '"x"'})}
        hostile.answer = lambda asked: given.get(asked.headers["authorization"], Answer(b"", 401))
        assert self.fetch(transport) == (206, b"x")
        given.clear()
        with pytest.raises(errors.NotSignedIn):
            self.fetch(HttpTransport(http, Tokens("token-3", "token-4")))
        http.close()

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (Answer(b'{"limit": "quota"}', 413), errors.OverQuota),
            (Answer(b'{"limit": "maxSizeUpload"}', 413), errors.ServerMistake),
            (Answer(b"<html>Too large</html>", 413, kind="text/html"), errors.ProxyProblem),
            (Answer(b"<html>No such page</html>", 404, kind="text/html"), errors.ServerMistake),
            (Answer(b'{"message": "no Route matched with those values"}', 404), errors.ServerMistake),
            (Answer(b'{"blobId": 5}', 201), errors.ServerMistake),
            (Answer(b'{"blobId": "1"}', 200), errors.ServerMistake),
        ],
    )
    def test_uploads(
        self, hostile: Hostile, transport: HttpTransport, answer: Answer, error: type[errors.SyncError]
    ) -> None:
        hostile.answer = lambda _: answer
        with pytest.raises(error):
            transport.upload("desk", b"bytes")
        assert hostile.asked[0].body == b"bytes"
        hostile.answer = lambda _: Answer(b'{"type": "about:blank", "status": 404}', 404)
        assert transport.upload("desk", b"bytes") == {}


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "gopher://127.0.0.1:9", "http://127.0.0.1:x"])
def test_a_proxy_of_the_environment_that_is_of_no_use_is_told(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALL_PROXY", "HTTPS_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy)
    http = Http("https://imi.example")
    with pytest.raises(errors.ProxyProblem):
        http.get("/jmap/session")
    http.close()
