"""Authorization code with PKCE: what works, and everything that must not."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from imi_central.identity.clients import is_loopback_redirect
from imi_central.store import Store
from imi_central.store.identity import Sessions
from imi_central.store.tables import audit
from imi_core.authority import Officer
from tests.central.identity.conftest import PASSWORD, REDIRECT, URL, VERIFIER, Browser, authorize, query
from tests.central.world import LYON, Clock


def audited(store: Store) -> list[tuple[str, str]]:
    with store.reading() as conn:
        return [(row.officer, row.action) for row in conn.execute(sa.select(audit).order_by(audit.c.id))]


def refused(answer: httpx.Response, code: str) -> bool:
    return answer.status_code in (400, 401) and answer.json()["error"] == code


def test_sign_in_in_the_browser(browser: Browser, officers: Store) -> None:
    page = browser.get(authorize())
    assert page.status_code == 200
    answer = browser.submit(page, login="Lyon ", password=PASSWORD)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(REDIRECT + "?")
    assert {"state": "s1", "iss": URL}.items() <= query(answer).items()
    tokens = browser.redeem(query(answer)["code"])
    assert tokens.headers["cache-control"] == "no-store"
    given = tokens.json()
    assert set(given) == {"token_type", "access_token", "expires_in", "refresh_token"}
    assert given["expires_in"] == 600
    session = browser.session(given["access_token"])
    assert session.status_code == 200
    assert session.json()["username"] == "lyon"
    assert ("lyon", "sign-in-browser") in audited(officers)


def test_metadata_names_what_is_there(browser: Browser) -> None:
    metadata = browser.get("/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == URL
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["token_endpoint_auth_methods_supported"] == ["none"]
    for name in ("authorization_endpoint", "device_authorization_endpoint", "token_endpoint", "revocation_endpoint"):
        path = metadata[name].removeprefix(URL)
        assert browser.ask("POST" if name != "authorization_endpoint" else "GET", path).status_code == 400


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1.evil.example:80/",
        "http://127.0.0.1@evil.example:80/",
        "http://127.0.0.1:80@evil.example/",
        "http://localhost:80/",
        "http://127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:80/#fragment",
        "http://127.0.0.1:80/?next=x",
        "http://127.0.0.1:80/%0d%0aX:1",
        "http://[::2]:80/",
        "https://127.0.0.1:80/",
        "imi://callback",
        "javascript:alert(1)",
        "http://127.0.0.1:80/\n",
        "",
    ],
)
def test_only_this_machine_is_redirected_to(browser: Browser, uri: str) -> None:
    assert not is_loopback_redirect(uri)
    answer = browser.get(authorize(redirect_uri=uri))
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "<form" not in answer.text


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1/", "http://127.0.0.1:65535", "http://[::1]:4000/a/b"])
def test_any_port_of_this_machine(browser: Browser, uri: str) -> None:
    assert is_loopback_redirect(uri)
    assert browser.get(authorize(redirect_uri=uri)).status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": ""},
        {"code_challenge": "short"},
        {"response_type": "token"},
    ],
)
def test_a_client_is_told_what_it_did_wrong(browser: Browser, more: dict[str, str]) -> None:
    answer = browser.get(authorize(**more))
    assert answer.status_code == 303
    told = query(answer)
    assert told["error"] in ("invalid_request", "unsupported_response_type")
    assert told["iss"] == URL
    assert "code" not in told


@pytest.mark.parametrize("more", [{"client_id": "other"}, {"client_id": ""}])
def test_an_unknown_client_gets_a_page(browser: Browser, more: dict[str, str]) -> None:
    answer = browser.get(authorize(**more))
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_a_parameter_stands_once(browser: Browser) -> None:
    assert browser.get(authorize() + "&state=s2").status_code == 400
    answer = browser.ask(
        "POST",
        "/oauth/token",
        content=f"client_id=imi-tui&grant_type=refresh_token&grant_type=authorization_code&code_verifier={VERIFIER}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert refused(answer, "invalid_request")


def test_a_code_is_for_its_verifier_and_redirect(browser: Browser) -> None:
    code = browser.code()
    assert refused(browser.redeem(code, code_verifier="w" * 64), "invalid_grant")
    assert refused(browser.redeem(code, code_verifier=""), "invalid_request")
    assert refused(browser.redeem(code, redirect_uri="http://127.0.0.1:51235/"), "invalid_grant")
    assert browser.redeem(code).status_code == 200


def test_a_code_used_twice_ends_the_session(browser: Browser, officers: Store) -> None:
    code = browser.code()
    given = browser.redeem(code).json()
    assert refused(browser.redeem(code), "invalid_grant")
    assert browser.session(given["access_token"]).status_code == 401
    assert refused(browser.refresh(given["refresh_token"]), "invalid_grant")
    assert ("lyon", "code-reuse") in audited(officers)


def test_a_code_lives_two_minutes(browser: Browser, clock: Clock) -> None:
    code = browser.code()
    clock.at += dt.timedelta(minutes=2, seconds=1)
    assert refused(browser.redeem(code), "invalid_grant")


def test_an_access_token_lives_ten_minutes(browser: Browser, clock: Clock) -> None:
    access = browser.signed_in()["access_token"]
    clock.at += dt.timedelta(minutes=9, seconds=59)
    assert browser.session(access).status_code == 200
    clock.at += dt.timedelta(seconds=2)
    answer = browser.session(access)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_refresh_rotates(browser: Browser) -> None:
    first = browser.signed_in()
    second = browser.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    third = browser.refresh(second["refresh_token"])
    assert third.status_code == 200
    assert browser.session(third.json()["access_token"]).status_code == 200


@pytest.mark.parametrize("shown", ["access_token", "refresh_token"])
def test_a_refresh_token_used_twice_ends_the_session(browser: Browser, officers: Store, shown: str) -> None:
    first = browser.signed_in()
    latest = second = browser.refresh(first["refresh_token"]).json()
    if shown == "access_token":
        assert browser.session(second["access_token"]).status_code == 200
    else:
        latest = browser.refresh(second["refresh_token"]).json()
    assert refused(browser.refresh(first["refresh_token"]), "invalid_grant")
    assert refused(browser.refresh(latest["refresh_token"]), "invalid_grant")
    assert browser.session(latest["access_token"]).status_code == 401
    assert ("lyon", "refresh-reuse") in audited(officers)
    assert browser.signed_in()["access_token"]


def test_what_was_heard_is_remembered_longer_than_the_token_that_showed_it(
    browser: Browser, officers: Store, clock: Clock
) -> None:
    first = browser.signed_in()
    second = browser.refresh(first["refresh_token"]).json()
    assert browser.session(second["access_token"]).status_code == 200
    clock.at += dt.timedelta(minutes=11)
    Sessions(officers).prune()
    assert refused(browser.refresh(first["refresh_token"]), "invalid_grant"), "a copy opens nothing"
    assert ("lyon", "refresh-reuse") in audited(officers)
    assert refused(browser.refresh(second["refresh_token"]), "invalid_grant")


def test_an_answer_lost_on_the_line_does_not_sign_anybody_out(browser: Browser, officers: Store) -> None:
    first = browser.signed_in()
    lost = [browser.refresh(first["refresh_token"]).json() for _ in range(3)]
    again = browser.refresh(first["refresh_token"]).json()
    assert [browser.session(each["access_token"]).status_code for each in lost] == [401, 401, 401]
    assert browser.session(again["access_token"]).status_code == 200
    assert browser.refresh(again["refresh_token"]).status_code == 200
    assert ("lyon", "refresh-reuse") not in audited(officers)


def test_what_was_given_and_replaced_is_a_copy_when_it_is_shown(browser: Browser, officers: Store) -> None:
    first = browser.signed_in()
    stolen = browser.refresh(first["refresh_token"]).json()
    again = browser.refresh(first["refresh_token"]).json()
    assert refused(browser.refresh(stolen["refresh_token"]), "invalid_grant")
    assert browser.session(again["access_token"]).status_code == 401
    assert ("lyon", "refresh-reuse") in audited(officers)


def test_a_session_ends_in_the_end(browser: Browser, clock: Clock) -> None:
    token = browser.signed_in()["refresh_token"]
    for _ in range(12):
        clock.at += dt.timedelta(days=7)
        token = browser.refresh(token).json()["refresh_token"]
    clock.at += dt.timedelta(days=7)
    assert refused(browser.refresh(token), "invalid_grant")


def test_an_unused_refresh_token_lives_two_weeks(browser: Browser, clock: Clock) -> None:
    token = browser.signed_in()["refresh_token"]
    clock.at += dt.timedelta(days=14, seconds=1)
    assert refused(browser.refresh(token), "invalid_grant")


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_revoking_a_token_ends_its_session(browser: Browser, name: str) -> None:
    given, other = browser.signed_in(), browser.signed_in()
    assert browser.post("/oauth/revoke", {"client_id": "imi-tui", "token": "unknown"}).status_code == 200
    assert browser.post("/oauth/revoke", {"client_id": "imi-tui", "token": given[name]}).status_code == 200
    assert browser.session(given["access_token"]).status_code == 401
    assert refused(browser.refresh(given["refresh_token"]), "invalid_grant")
    assert browser.session(other["access_token"]).status_code == 200


def test_a_disabled_officer_is_refused_everywhere(browser: Browser, officers: Store) -> None:
    given = browser.signed_in()
    code = browser.code()
    officers.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("handler",)}), active=False)
    answer = browser.session(given["access_token"])
    assert answer.status_code == 403
    assert refused(browser.refresh(given["refresh_token"]), "invalid_grant")
    assert refused(browser.redeem(code), "invalid_grant")
    page = browser.submit(browser.get(authorize()), login="lyon", password=PASSWORD)
    assert page.status_code == 401


def test_no_token_is_stored_or_logged(browser: Browser, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        first = browser.signed_in()
        second = browser.refresh(first["refresh_token"]).json()
        browser.session(second["access_token"])
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("central.db*"))
    assert b"sign-in-browser" in kept
    for given in (first, second):
        for name in ("access_token", "refresh_token"):
            assert given[name].encode() not in kept
            assert given[name] not in caplog.text
    assert "lyon" not in "".join(record.getMessage() for record in caplog.records if record.name == "imi_central")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", "Basic abc", "Bearer " + "x" * 500, "Bearer ungültig"])
def test_a_request_without_a_token_is_refused(browser: Browser, header: str) -> None:
    answer = browser.get("/jmap/session", headers={"Authorization": header.encode()})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_secrets_and_other_grants_are_not_taken(browser: Browser) -> None:
    code = browser.code()
    assert refused(browser.redeem(code, client_secret="x"), "invalid_client")
    assert refused(browser.token(grant_type="password", username="lyon", password=PASSWORD), "unsupported_grant_type")
    assert refused(browser.token(grant_type="client_credentials"), "unsupported_grant_type")
    assert refused(browser.ask("POST", "/oauth/token", json={"grant_type": "refresh_token"}), "invalid_request")


@pytest.mark.parametrize("evil", ['"', "\\", "é", "\x00", "\r\nSet-Cookie: a=b", "\u202e"])
def test_nothing_in_a_parameter_breaks_the_server(browser: Browser, evil: str) -> None:
    for name in ("response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge"):
        answer = browser.get(authorize(**{name: evil}))
        assert answer.status_code in (200, 303, 400), name
        assert "set-cookie: a" not in str(answer.headers).lower()
    answer = browser.token(grant_type=evil, code=evil, refresh_token=evil, device_code=evil)
    assert answer.status_code == 400
    assert browser.post("/oauth/revoke", {"client_id": "imi-tui", "token": evil}).status_code in (200, 400)
