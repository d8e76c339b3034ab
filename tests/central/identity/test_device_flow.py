"""The device grant: a terminal without a browser, and the officer who lets it in elsewhere."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from imi_central.app import create_app
from imi_central.identity.clients import DEVICE_GRANT
from imi_central.identity.grants import USER_CODE_LETTERS
from imi_central.settings import Settings
from imi_central.store import Store
from tests.central.identity.conftest import PASSWORD, Browser
from tests.central.world import Clock


def start(browser: Browser) -> dict[str, Any]:
    answer = browser.post("/oauth/device_authorization", {"client_id": "imi-tui"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def poll(browser: Browser, device: dict[str, Any]) -> httpx.Response:
    return browser.token(grant_type=DEVICE_GRANT, device_code=device["device_code"])


def confirm(browser: Browser, device: dict[str, Any], code: str = "") -> httpx.Response:
    return browser.submit(browser.get("/device"), code=code or device["user_code"], login="lyon", password=PASSWORD)


def test_a_terminal_is_let_in(app: Starlette, browser: Browser, clock: Clock) -> None:
    terminal = Browser(app, peer="127.0.0.7")
    device = start(terminal)
    assert device["verification_uri"].endswith("/device")
    assert "verification_uri_complete" not in device
    assert device["expires_in"] <= 300
    assert re.fullmatch(f"[{USER_CODE_LETTERS}]{{4}}-[{USER_CODE_LETTERS}]{{4}}", device["user_code"])
    assert poll(terminal, device).json()["error"] == "authorization_pending"
    page = confirm(browser, device, code=device["user_code"].lower().replace("-", " "))
    assert page.status_code == 200
    for shown in ("IMI terminal client", "127.0.0.7", str(device["number"])):
        assert shown in page.text
    assert browser.submit(page, decision="approve").status_code == 200
    clock.at += dt.timedelta(seconds=6)
    given = poll(terminal, device)
    assert given.status_code == 200
    assert terminal.session(given.json()["access_token"]).json()["username"] == "lyon"
    assert poll(terminal, device).status_code == 400
    assert browser.submit(page, decision="approve").status_code == 400


def test_a_terminal_is_refused(browser: Browser, clock: Clock) -> None:
    device = start(browser)
    page = confirm(browser, device)
    assert re.search(r'value="deny" autofocus', page.text)
    assert browser.submit(page, decision="deny").status_code == 200
    clock.at += dt.timedelta(seconds=6)
    assert poll(browser, device).json()["error"] == "access_denied"
    assert confirm(browser, device).status_code == 400


def test_asking_too_often_slows_down(browser: Browser, clock: Clock) -> None:
    device = start(browser)
    assert poll(browser, device).json()["error"] == "authorization_pending"
    clock.at += dt.timedelta(seconds=4)
    assert poll(browser, device).json()["error"] == "slow_down"
    clock.at += dt.timedelta(seconds=6)
    assert poll(browser, device).json()["error"] == "slow_down"
    clock.at += dt.timedelta(seconds=16)
    assert poll(browser, device).json()["error"] == "authorization_pending"


def test_a_code_expires(browser: Browser, clock: Clock) -> None:
    device = start(browser)
    page = confirm(browser, device)
    clock.at += dt.timedelta(minutes=5, seconds=1)
    assert poll(browser, device).json()["error"] == "expired_token"
    assert confirm(browser, device).status_code == 400
    assert browser.submit(page, decision="approve").status_code == 400


def test_the_decision_belongs_to_the_browser_that_signed_in(app: Starlette, browser: Browser) -> None:
    device = start(browser)
    page = confirm(browser, device)
    other = Browser(app)
    form = re.search(r'name="form" value="([^"]*)"', other.get("/device").text)
    ticket = re.search(r'name="ticket" value="([^"]*)"', page.text)
    assert form
    assert ticket
    fields = {"form": form.group(1), "decision": "approve"}
    assert other.post("/device", {**fields, "ticket": ticket.group(1)}).status_code == 400
    assert other.post("/device", {**fields, "ticket": "AAAA"}).status_code == 400
    assert poll(browser, device).json()["error"] == "authorization_pending"


def test_guessing_codes_is_stopped(browser: Browser) -> None:
    device = start(browser)
    for _ in range(20):
        assert confirm(browser, device, code="BBBB-BBBB").status_code == 400
    assert confirm(browser, device).status_code == 429


def test_too_many_terminals_are_told_to_wait(browser: Browser) -> None:
    for _ in range(10):
        start(browser)
    answer = browser.post("/oauth/device_authorization", {"client_id": "imi-tui"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_switched_off_it_does_not_exist(officers: Store, tmp_path: Path) -> None:
    browser = Browser(create_app(Settings(data=tmp_path), store=officers))
    assert browser.get("/device").status_code == 404
    assert browser.post("/oauth/device_authorization", {"client_id": "imi-tui"}).status_code == 404
    assert "device_authorization_endpoint" not in browser.get("/.well-known/oauth-authorization-server").json()
    assert poll(browser, {"device_code": "x"}).json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize(("peer", "status"), [("127.0.0.1", 200), ("127.0.0.2", 403)])
def test_the_same_address_can_be_asked_for(officers: Store, tmp_path: Path, peer: str, status: int) -> None:
    app = create_app(Settings(data=tmp_path, device_grant="same_address"), store=officers)
    device = start(Browser(app))
    assert confirm(Browser(app, peer=peer), device).status_code == status
