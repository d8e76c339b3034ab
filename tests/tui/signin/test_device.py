"""Signing in with a code on another device: against the real server, and every answer RFC 8628 knows."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from imi_tui.signin import device
from imi_tui.signin.errors import DeviceNotAllowed, SignInCancelled, SignInError, SignInExpired
from imi_tui.sync.errors import ServerMistake
from imi_tui.sync.http import Http
from tests.tui.live import PASSWORD, submit
from tests.tui.sync.hostile import Answer, Asked, Hostile, hostile_server


def test_the_whole_way(server: str) -> None:
    shown: list[device.Code] = []

    def on_another_device(_seconds: float) -> None:
        [code] = shown
        with httpx.Client(trust_env=False, follow_redirects=True) as browser:
            form = browser.get(code.address)
            page = submit(browser, form, code=code.code, login="lyon", password=PASSWORD)
            assert code.number in page.text
            submit(browser, page, decision="approve")

    http = Http(server)
    granted = device.sign_in(http, shown.append, cancelled=threading.Event(), wait=on_another_device)
    assert granted.access
    assert http.get("/jmap/session", granted.access).status == 200
    http.close()


class Script:
    """A server that answers the token endpoint from a list."""

    def __init__(self, server: Hostile, *steps: Answer, start: dict[str, Any] | None = None) -> None:
        self.steps = list(steps)
        self.metadata = {
            "issuer": server.url,
            "authorization_endpoint": server.url + "/a",
            "token_endpoint": server.url + "/t",
            "device_authorization_endpoint": server.url + "/d",
        }
        self.start = {
            "device_code": "D",
            "user_code": "ABCD-EFGH",
            "verification_uri": server.url + "/device",
            "expires_in": 300,
            "interval": 5,
            **(start or {}),
        }
        server.answer = self

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == "/d":
            return Answer(json.dumps(self.start).encode())
        if asked.path == "/t":
            return self.steps.pop(0)
        return Answer(json.dumps(self.metadata).encode())


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    with hostile_server() as server:
        yield server


def says(error: str) -> Answer:
    return Answer(json.dumps({"error": error}).encode(), 400)


GRANTED = Answer(json.dumps({"access_token": "A", "refresh_token": "R", "token_type": "Bearer"}).encode())


def sign_in(hostile: Hostile, waits: list[float] | None = None) -> object:
    http = Http(hostile.url)
    try:
        return device.sign_in(
            http, lambda _: None, cancelled=threading.Event(), wait=(waits if waits is not None else []).append
        )
    finally:
        http.close()


def test_patience(hostile: Hostile) -> None:
    pending = says("authorization_pending")
    Script(hostile, pending, says("slow_down"), pending, Answer(b"", 503, headers={"Retry-After": "33"}), GRANTED)
    waits: list[float] = []
    assert sign_in(hostile, waits)
    assert waits == [5, 5, 10, 10, 33]


@pytest.mark.parametrize(
    ("error", "expected"),
    [("expired_token", SignInExpired), ("access_denied", SignInCancelled), ("invalid_client", SignInError)],
)
def test_an_end(hostile: Hostile, error: str, expected: type[SignInError]) -> None:
    Script(hostile, says(error))
    with pytest.raises(expected):
        sign_in(hostile)


def test_the_officer_stops_it(hostile: Hostile) -> None:
    Script(hostile)
    cancelled = threading.Event()
    http = Http(hostile.url)
    with pytest.raises(SignInCancelled):
        device.sign_in(http, lambda _: cancelled.set(), cancelled=cancelled)
    http.close()


def test_it_ends_when_the_code_ends(hostile: Hostile) -> None:
    Script(hostile, *[says("authorization_pending")] * 3)
    times = iter([0.0, 100.0, 200.0, 301.0])
    http = Http(hostile.url)
    with pytest.raises(SignInExpired):
        device.sign_in(
            http, lambda _: None, cancelled=threading.Event(), wait=lambda _: None, clock=lambda: next(times)
        )
    http.close()


def test_a_server_without_it(hostile: Hostile) -> None:
    Script(hostile).metadata.pop("device_authorization_endpoint")
    with pytest.raises(DeviceNotAllowed):
        sign_in(hostile)


def test_what_is_shown_is_clean(hostile: Hostile) -> None:
    Script(
        hostile, GRANTED, start={"user_code": "AB\x1b[2JCD", "verification_uri": "https://x\x07", "number": "\u202e7"}
    )
    shown: list[device.Code] = []
    http = Http(hostile.url)
    device.sign_in(http, shown.append, cancelled=threading.Event(), wait=lambda _: None)
    http.close()
    assert not set("\x1b\x07\u202e") & set(str(shown[0]))


@pytest.mark.parametrize("start", [{"user_code": ""}, {"device_code": 5}, {"interval": "x"}, {"expires_in": None}])
def test_a_strange_start_is_refused(hostile: Hostile, start: dict[str, Any]) -> None:
    Script(hostile, start=start)
    with pytest.raises(ServerMistake):
        sign_in(hostile)
