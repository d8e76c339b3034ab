"""The sign-in page: forged posts, guessing, languages, and no script needed."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import re
import threading

import anyio
import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from imi_central.identity import passwords, texts
from imi_central.store import Store
from imi_central.store.tables import audit
from tests.central.identity.conftest import HASH, PASSWORD, URL, Browser, authorize
from tests.central.world import Clock

PASSWORD_LABEL = {"de": "Passwort", "en": "Password", "fr": "Mot de passe"}


def wrong(browser: Browser, login: str = "lyon") -> int:
    return browser.submit(browser.get(authorize()), login=login, password="wrong password").status_code


def test_the_page_needs_no_script_and_cannot_be_framed(browser: Browser) -> None:
    page = browser.get(authorize())
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script|\son\w+=|\sstyle=|<style", page.text)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert browser.get("/oauth/style.css").status_code == 200


def test_every_input_has_a_label_and_the_first_has_the_cursor(browser: Browser) -> None:
    for path in (authorize(), "/device"):
        text = browser.get(path).text
        inputs = re.findall(r'<input (?!type="hidden")[^>]*id="(\w+)"', text)
        assert len(inputs) >= 2
        assert all(f'<label for="{name}">' in text for name in inputs)
        assert text.count("autofocus") == 1
        assert f'id="{inputs[0]}"' in re.search(r"<input [^>]*autofocus[^>]*>", text).group()  # type: ignore[union-attr]


def test_every_page_says_whose_it_is(browser: Browser) -> None:
    for path in (authorize(), "/device", "/oauth/authorize"):
        for language in ("en", "de"):
            page = browser.get(path, headers={"Accept-Language": language}).text
            assert f"<header><p><strong>IMI</strong> {texts.said(language)['system']}</p></header>" in page


def test_after_a_wrong_password_the_cursor_stands_there(browser: Browser) -> None:
    page = browser.submit(browser.get(authorize()), login="lyon", password="wrong password").text
    assert re.findall(r'<input id="(\w+)"[^>]*autofocus', page) == ["password"]
    assert 'value="lyon"' in page


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("ja, fr;q=0.4, en;q=0.3", "fr"),
        ("fr;q=0, de;q=0.1", "de"),
        ("ja", "en"),
        ("", "en"),
        ("<script>", "en"),
    ],
)
def test_the_browser_says_which_language(browser: Browser, wanted: str, language: str) -> None:
    page = browser.get(authorize(), headers={"Accept-Language": wanted})
    assert f'<html lang="{language}">' in page.text
    assert f">{PASSWORD_LABEL[language]}</label>" in page.text


def test_the_language_of_the_program_goes_before_that_of_the_browser(browser: Browser) -> None:
    page = browser.get(authorize(ui_locales="ja fr-BE de"), headers={"Accept-Language": "de"})
    assert '<html lang="fr">' in page.text
    assert page.headers["content-language"] == "fr"
    page = browser.get(authorize(ui_locales="ja"), headers={"Accept-Language": "de"})
    assert '<html lang="de">' in page.text


def test_what_comes_in_is_never_markup(browser: Browser) -> None:
    evil = '"><img src=x onerror=alert(1)>'
    page = browser.submit(browser.get(authorize(state=evil)), login=evil, password="x")
    assert page.status_code == 401
    assert "<img" not in page.text


def test_a_forged_post_is_refused(browser: Browser, app: Starlette) -> None:
    fields = {"login": "lyon", "password": PASSWORD}
    page = browser.get(authorize())
    assert browser.post(authorize(), fields).status_code == 400
    assert browser.post(authorize(), {**fields, "form": "x"}).status_code == 400
    other = Browser(app)
    other.get(authorize())
    assert other.submit(page, **fields).status_code == 400
    assert browser.submit(page, **fields).status_code == 303


def test_wrong_name_and_wrong_password_look_alike(browser: Browser, officers: Store) -> None:
    form = browser.get(authorize())
    unknown = browser.submit(form, login="nobody", password="wrong password")
    known = browser.submit(form, login="lyon", password="wrong password")
    assert unknown.status_code == known.status_code == 401
    assert unknown.text.replace("nobody", "lyon") == known.text
    with officers.reading() as conn:
        failed = conn.scalars(sa.select(audit.c.officer).where(audit.c.action == "sign-in-failed")).all()
    assert failed == ["", "lyon"], "both take the time of one row"
    assert 'role="alert"' in known.text


def test_an_officer_without_a_password_cannot_sign_in(browser: Browser) -> None:
    for given in ("", "wrong password"):
        assert browser.submit(browser.get(authorize()), login="warsaw", password=given).status_code == 401


def test_guessing_is_stopped_for_the_officer_from_anywhere(app: Starlette, browser: Browser, clock: Clock) -> None:
    others = [Browser(app, peer=f"127.0.0.{number}") for number in range(2, 12)]
    assert [wrong(other) for other in others] == [401] * 10
    page = browser.submit(browser.get(authorize()), login="LYON", password=PASSWORD)
    assert page.status_code == 429
    assert 0 < int(page.headers["retry-after"]) <= 900
    assert browser.submit(browser.get(authorize()), login="rosenheim", password=PASSWORD).status_code == 303
    clock.at += dt.timedelta(minutes=15, seconds=1)
    assert browser.submit(browser.get(authorize()), login="lyon", password=PASSWORD).status_code == 303


def test_guessing_names_is_stopped_for_the_address(
    app: Starlette, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_NOBODY", HASH)
    assert {wrong(browser, f"name{number}") for number in range(40)} == {401}
    assert browser.submit(browser.get(authorize()), login="rosenheim", password=PASSWORD).status_code == 429
    other = Browser(app, peer="127.0.0.9")
    assert other.submit(other.get(authorize()), login="rosenheim", password=PASSWORD).status_code == 303


def test_success_does_not_count(browser: Browser) -> None:
    for _ in range(45):
        assert browser.submit(browser.get(authorize()), login="lyon", password=PASSWORD).status_code == 303


def test_plain_http_stays_on_this_machine(app: Starlette) -> None:
    assert Browser(app, "http://imi.example").get("/oauth/authorize").status_code == 403
    assert Browser(app, peer="192.0.2.1").get("/jmap/session").status_code == 403
    assert Browser(app, peer="192.0.2.1").get("/health").status_code == 200, "it says nothing about anybody"
    answer = Browser(app, "https://imi.example", peer="192.0.2.1").get(authorize())
    assert answer.status_code == 200
    assert answer.headers["set-cookie"].startswith("__Host-imi=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]


def test_the_switch_of_authlib_changes_nothing(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    assert Browser(app, "http://imi.example").get("/oauth/authorize").status_code == 403


def test_who_is_signed_in_does_not_wait_for_those_who_sign_in(
    app: Starlette, browser: Browser, officers: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More sign-ins at once than there are threads, each of which takes its time."""
    access = browser.signed_in()["access_token"]
    page = browser.get(authorize())
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    go_on = threading.Event()
    monkeypatch.setattr(passwords, "matches", lambda *_: go_on.wait(60) and False)

    async def post(number: int) -> int:
        transport = httpx.ASGITransport(app, client=(f"127.0.1.{number}", 40000))
        async with httpx.AsyncClient(transport=transport, base_url=URL, cookies=browser.cookies) as client:
            fields = {**hidden, "login": f"nobody-{number}", "password": "x"}
            return (await client.post(authorize(), data=fields)).status_code

    async def crowd() -> int:
        async with anyio.create_task_group() as group:
            for number in range(60):
                group.start_soon(post, number)
            await anyio.wait_all_tasks_blocked()
            await anyio.sleep(0.2)
            transport = httpx.ASGITransport(app, client=("127.0.0.1", 40000))
            async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
                with anyio.move_on_after(10):
                    answer = await client.get("/jmap/session", headers={"Authorization": f"Bearer {access}"})
                    go_on.set()
                    return answer.status_code
                go_on.set()
        return 0

    assert anyio.run(crowd) == 200


def test_who_is_signed_in_does_not_wait_for_those_who_ask_for_tokens(
    app: Starlette, browser: Browser, officers: Store
) -> None:
    """Anybody may ask for a token: more at once than there are threads, while somebody else writes."""
    access = browser.signed_in()["access_token"]
    assert browser.session(access).status_code == 200
    asked = {"client_id": "imi-tui", "grant_type": "refresh_token", "refresh_token": "x"}

    async def crowd() -> int:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 40000))
        writing = contextlib.ExitStack()
        writing.enter_context(officers.writing())
        async with (
            httpx.AsyncClient(transport=transport, base_url=URL) as client,
            anyio.create_task_group() as group,
        ):
            for _ in range(60):
                group.start_soon(functools.partial(client.post, "/oauth/token", data=asked))
            await anyio.wait_all_tasks_blocked()
            status = 0
            with anyio.move_on_after(5):
                status = (await client.get("/jmap/session", headers={"Authorization": f"Bearer {access}"})).status_code
            writing.close()
        return status

    assert anyio.run(crowd) == 200
