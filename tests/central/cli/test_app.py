"""What every answer of the application keeps to, whatever was asked."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from imi_central import health
from imi_central.api import body
from imi_central.api.flowing import PIECE
from imi_central.app import create_app
from imi_central.identity import server
from imi_central.settings import Settings
from imi_central.store import Store
from imi_central.store.identity import Sessions
from tests.central.world import LYON


@pytest.fixture
def app(store: Store, tmp_path: Path) -> Starlette:
    return create_app(Settings(data=tmp_path), store=store)


def ask(app: Starlette, method: str, path: str, **more: object) -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, **more)  # type: ignore[arg-type]

    return anyio.run(go)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/", 404),
        ("DELETE", "/oauth/token", 405),
        ("TRACE", "/jmap/api", 405),
        ("POST", "/jmap/api", 401),
        ("GET", "/.well-known/jmap", 401),
    ],
)
def test_every_answer_has_the_headers(app: Starlette, method: str, path: str, status: int) -> None:
    answer = ask(app, method, path)
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    # Pages have more; answers of the protocol are small and stay so.
    assert (answer.headers.get("referrer-policy") == "no-referrer") is (status >= 400)
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_a_path_that_is_only_a_star_is_an_ordinary_one(app: Starlette) -> None:
    """``OPTIONS *``, as scanners and load balancers send it."""
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(dict(message))

    ends = {"server": ("127.0.0.1", 1), "client": ("127.0.0.1", 2), "scheme": "http", "http_version": "1.1"}
    scope = {"type": "http", "method": "OPTIONS", "path": "*", "query_string": b"", "headers": [], **ends}
    anyio.run(app, scope, receive, send)
    assert sent[0]["status"] == 404


def test_a_mistake_of_ours_shows_nothing(app: Starlette, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_request: Request) -> Response:
        raise RuntimeError("secret of a case")

    app.router.routes.append(Route("/broken", broken))
    with caplog.at_level(logging.DEBUG):
        answer = ask(app, "GET", "/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text + caplog.text
    assert answer.json()["incident"] in caplog.text
    assert "RuntimeError at tests.central" in caplog.text


def test_a_long_answer_is_given_in_pieces(app: Starlette) -> None:
    """Behind each of them who reads slowly is waited for: only so much waits in memory."""
    whole = bytes(range(256)) * 2000
    app.router.routes.append(Route("/long", lambda _request: Response(whole)))
    given: list[tuple[bytes, bool]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            given.append((message["body"], message["more_body"]))

    ends = {"server": ("127.0.0.1", 1), "client": ("127.0.0.1", 2), "scheme": "http", "http_version": "1.1"}
    scope = {"type": "http", "method": "GET", "path": "/long", "query_string": b"", "headers": [], **ends}
    anyio.run(app, scope, receive, send)
    assert b"".join(piece for piece, _ in given) == whole
    assert max(len(piece) for piece, _ in given) <= PIECE
    assert [more for _, more in given] == [True] * 3 + [False]


def test_sign_in_pages_are_not_compressed(app: Starlette) -> None:
    """What a link brings stands there beside secrets, and lengths would tell about them."""
    accept = {"Accept-Encoding": "zstd, gzip"}
    assert "content-encoding" not in ask(app, "GET", "/oauth/authorize?x=1", headers=accept).headers
    assert "content-encoding" not in ask(app, "GET", "/.well-known/oauth-authorization-server", headers=accept).headers


def away(*_: object) -> None:
    raise OperationalError("statement with data", {}, Exception("locked")) from Exception("locked")


def test_who_spreads_requests_is_told_while_the_database_does_not_answer(
    app: Starlette, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(health, "LOOK_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(store._reader, "connect", away)
        answer = ask(app, "GET", "/health")
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:imi:error:unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert "locked" in caplog.text, "the operator is told why"
        assert "statement" not in caplog.text + answer.text
        patch.setattr(store._reader, "connect", lambda: time.sleep(0.2))
        patch.setattr(health, "WAIT_SECONDS", 0.01)
        assert ask(app, "GET", "/health").status_code == 503, "one that says nothing is not waited for"
    assert ask(app, "GET", "/health").json() == {"ok": True}


def test_asking_often_whether_it_is_well_is_one_look(
    app: Starlette, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(app, "GET", "/health").status_code == 200
    monkeypatch.setattr(store._reader, "connect", away)
    assert ask(app, "GET", "/health").status_code == 200


def test_sign_in_says_when_the_database_is_out_of_reach(
    app: Starlette, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(store._reader, "connect", away)
    asked = {"client_id": "imi-tui", "grant_type": "refresh_token", "refresh_token": "x"}
    monkeypatch.setattr(store._writer, "begin", away)
    answer = ask(app, "POST", "/oauth/token", data=asked)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "statement" not in answer.text


def test_a_form_that_does_not_end_is_not_waited_for(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "FORM_SECONDS", 0.05)

    async def piece() -> AsyncIterator[bytes]:
        yield b"client_id=imi-tui&"
        await anyio.sleep_forever()

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = ask(app, "POST", "/oauth/token", headers=headers, content=piece())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_who_stops_in_the_middle_of_a_body_gives_the_place_back(
    app: Starlette, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is suspended or loses its line sends no word of it."""
    monkeypatch.setattr(body, "PIECE_SECONDS", 0.05)
    Sessions(store).script_token("lyon", "a token", dt.timedelta(minutes=5))

    async def piece() -> AsyncIterator[bytes]:
        yield b'{"using": ['
        await anyio.sleep_forever()

    headers = {"Authorization": "Bearer a token", "Content-Type": "application/json"}
    for path in (f"/jmap/upload/{LYON}", "/jmap/api", "/jmap/stream"):
        for _ in range(5):
            assert ask(app, "POST", path, headers=headers, content=piece()).status_code == 408
    assert ask(app, "GET", "/jmap/session", headers=headers).status_code == 200
