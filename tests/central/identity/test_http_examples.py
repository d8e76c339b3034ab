"""The protocol's examples of HTTP, run against the whole server: sign-in, session, files, stream, events."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest
from starlette.applications import Starlette

from tests.central.identity import http_examples
from tests.central.identity.conftest import PASSWORD, Browser
from tests.central.identity.http_examples import Message
from tests.central.world import Clock


def ask(terminal: Browser, request: Message, known: dict[str, object]) -> httpx.Response:
    method, path = http_examples.filled(request.start, known).split(" ")
    headers = {name: http_examples.filled(value, known) for name, value in request.headers.items()}
    return terminal.ask(method, path, headers=headers, content=http_examples.filled(request.body.rstrip("\n"), known))


def approve(browser: Browser, code: str, clock: Clock) -> None:
    page = browser.submit(browser.get("/device"), code=code, login="lyon", password=PASSWORD)
    assert browser.submit(page, decision="approve").status_code == 200
    clock.at += dt.timedelta(seconds=6)


def test_every_example_is_what_the_server_answers(app: Starlette, browser: Browser, clock: Clock) -> None:
    terminal, known, wrong = Browser(app), dict[str, object](), list[str]()
    for example in http_examples.read(http_examples.DOCUMENT.read_text("utf-8")):
        if example is None:
            approve(browser, str(known["$userCode"]), clock)
        else:
            wrong += http_examples.wrong(example[1], ask(terminal, example[0], known), known)
    assert wrong == []


def test_half_an_example_is_an_error() -> None:
    request, response = "```http request\nGET /health\n```\n", "```http response\n200\n```\n"
    for text in (request, request + request, response, request + "<!-- the officer approves -->\n" + response):
        with pytest.raises(ValueError, match=r"line [14]"):
            http_examples.read(text)
