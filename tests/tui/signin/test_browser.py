"""Signing in with the browser against the real server, and what a stranger on the same machine can try."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from imi_tui import signin
from imi_tui.signin import browser, oauth, tokens
from imi_tui.signin.errors import SignInCancelled, SignInError, SignInExpired, SignInRefused
from imi_tui.sync.errors import NotSignedIn, Offline, ServerMistake
from imi_tui.sync.http import Http, Reply
from imi_tui.sync.transport import HttpTransport
from tests.tui.live import in_background, person
from tests.tui.signin.conftest import Secrets
from tests.tui.sync.hostile import Answer, Asked, Hostile, hostile_server


@pytest.fixture
def http(server: str) -> Iterator[Http]:
    made = Http(server)
    yield made
    made.close()


def opens(work: Callable[[str], object]) -> Callable[[str], object]:
    """A browser that does `work` with the address, on a thread as a browser would."""
    return lambda address: in_background(lambda: work(address))


def test_signing_in_gives_a_session(server: str, secrets: Secrets, http: Http) -> None:
    shown: list[str] = []
    signin.sign_in_with_browser(server, secrets, shown.append, open_browser=opens(person))
    assert shown[0].startswith(server + "/oauth/authorize?")
    source = tokens.StoredTokens(secrets, http, lambda: dt.datetime.now(dt.UTC))
    assert HttpTransport(http, source).session()["username"] == "lyon"
    query = parse_qs(urlsplit(shown[0]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert "code_verifier" not in query


def test_tokens_renew_themselves_and_rotate(server: str, secrets: Secrets, http: Http) -> None:
    signin.sign_in_with_browser(server, secrets, lambda _: None, open_browser=opens(person))
    first = tokens.kept(secrets)
    assert first is not None
    now = dt.datetime.now(dt.UTC)
    assert tokens.StoredTokens(secrets, http, lambda: now).token() == first.access
    later = tokens.StoredTokens(secrets, http, lambda: now + dt.timedelta(hours=1))
    assert later.token() != first.access
    second = tokens.kept(secrets)
    assert second is not None
    assert second.refresh != first.refresh
    # Somebody who had already renewed gets the new one without using up another refresh token.
    assert later.renewed(first.access) == second.access
    # A refresh token used twice ends the whole family, once what it brought has been shown.
    assert HttpTransport(http, later).session()["username"] == "lyon"
    tokens.keep(secrets, first)
    with pytest.raises(NotSignedIn):
        later.token()
    assert tokens.kept(secrets) is None
    tokens.keep(secrets, second)
    with pytest.raises(NotSignedIn):
        HttpTransport(http, tokens.StoredTokens(secrets, http, lambda: now)).session()


def test_tokens_are_only_for_the_server_they_came_from(server: str, secrets: Secrets) -> None:
    signin.sign_in_with_browser(server, secrets, lambda _: None, open_browser=opens(person))
    with hostile_server() as other:
        elsewhere = Http(other.url)
        with pytest.raises(NotSignedIn):
            HttpTransport(elsewhere, tokens.StoredTokens(secrets, elsewhere, lambda: dt.datetime.now(dt.UTC))).session()
        assert other.asked == []


def test_signing_out_ends_the_session_there_and_here(server: str, secrets: Secrets, http: Http) -> None:
    signin.sign_in_with_browser(server, secrets, lambda _: None, open_browser=opens(person))
    before = tokens.kept(secrets)
    assert before is not None
    assert signin.sign_out(secrets)
    assert secrets.values == {}
    tokens.keep(secrets, before)
    with pytest.raises(NotSignedIn):
        HttpTransport(http, tokens.StoredTokens(secrets, http, lambda: dt.datetime.now(dt.UTC))).session()


def test_signing_out_works_without_a_line(secrets: Secrets) -> None:
    tokens.keep(secrets, tokens.Tokens("http://127.0.0.1:9", "a", "r", 0))
    assert not signin.sign_out(secrets)
    assert secrets.values == {}


def test_a_stranger_with_the_wrong_state_changes_nothing(http: Http, server: str) -> None:
    seen: list[int] = []

    def stranger_then_person(address: str) -> None:
        redirect = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        for query in ("?code=stolen", "?code=stolen&state=guess", "favicon.ico", "?state=x&error=access_denied"):
            seen.append(httpx.get(redirect + query, trust_env=False).status_code)
        page = person(address)
        assert page.status_code == 200
        assert "close this page" in page.text

    granted = browser.sign_in(http, lambda _: None, opens(stranger_then_person), seconds=30)
    assert seen == [404, 404, 404, 404]
    assert granted.refresh


def test_a_code_of_another_issuer_is_not_taken(http: Http) -> None:
    def mixed_up(address: str) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        answer = {"code": "c", "state": query["state"], "iss": "https://elsewhere.example"}
        assert httpx.get(query["redirect_uri"] + "?" + urlencode(answer), trust_env=False).status_code == 404

    with pytest.raises(SignInExpired):
        browser.sign_in(http, lambda _: None, opens(mixed_up), seconds=1)


@pytest.mark.parametrize(
    ("error", "expected"), [("access_denied", SignInCancelled), ("server_error\x1b[31m", SignInRefused)]
)
def test_a_refusal_is_told(http: Http, error: str, expected: type[Exception]) -> None:
    def refuse(address: str) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        httpx.get(query["redirect_uri"] + "?" + urlencode({"error": error, "state": query["state"]}), trust_env=False)

    with pytest.raises(expected) as raised:
        browser.sign_in(http, lambda _: None, opens(refuse), seconds=30)
    assert "\x1b" not in str(raised.value)


def test_waiting_can_be_stopped(http: Http) -> None:
    cancelled = threading.Event()
    with pytest.raises(SignInCancelled):
        browser.sign_in(http, lambda _: None, lambda _: cancelled.set(), cancelled=cancelled)


def test_a_machine_on_which_nobody_may_listen(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_server: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(browser._Receiver, "server_bind", refused)
    with pytest.raises(SignInError) as ended:
        browser.sign_in(http, lambda _: None, lambda _: None)
    assert ended.value.code == "signIn"


def test_without_a_server_it_is_offline(secrets: Secrets) -> None:
    with pytest.raises(Offline):
        signin.sign_in_with_browser("http://127.0.0.1:9", secrets, lambda _: None)


def test_the_challenge_is_that_of_the_rfc() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert browser.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def _metadata(server: Hostile, **changes: str) -> dict[str, str]:
    return {
        "issuer": server.url,
        "authorization_endpoint": server.url + "/a",
        "token_endpoint": server.url + "/t",
        **changes,
    }


@pytest.mark.parametrize(
    "name", ["issuer", "authorization_endpoint", "token_endpoint", "device_authorization_endpoint"]
)
def test_endpoints_elsewhere_are_refused(name: str) -> None:
    with hostile_server() as server:
        server.json(_metadata(server, **{name: "https://elsewhere.example/x"}))
        http = Http(server.url)
        with pytest.raises(ServerMistake):
            oauth.discover(http)
        http.close()


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": "a b", "token_type": "Bearer"},
        {"access_token": "a\r\nX-Evil: 1", "token_type": "Bearer"},
        {"access_token": "", "token_type": "Bearer"},
        {"access_token": 5, "token_type": "Bearer"},
        {"access_token": "a", "token_type": "mac"},
        {"access_token": "a", "token_type": 5},
        {"access_token": "a", "token_type": None},
        {"access_token": "a", "token_type": ["Bearer"]},
        {"access_token": "a", "token_type": "Bearer", "expires_in": -1},
        {"access_token": "a", "token_type": "Bearer", "expires_in": "soon"},
        {"access_token": "a" * 5000, "token_type": "Bearer"},
        {},
    ],
)
def test_tokens_of_a_strange_shape_are_refused(answer: dict[str, object]) -> None:
    with hostile_server() as server:
        server.json(answer)
        http = Http(server.url)
        with pytest.raises(ServerMistake):
            oauth.granted(http.post_form("/t", {}))
        http.close()


def test_renewing_is_tried_again_after_an_outage(secrets: Secrets) -> None:
    with hostile_server() as server:
        tokens.keep(secrets, tokens.Tokens(server.url, "old", "refresh", 0))
        http = Http(server.url)
        source = tokens.StoredTokens(secrets, http, lambda: dt.datetime.now(dt.UTC))

        def broken(asked: Asked) -> Answer:
            return Answer(b"<html>", 502, kind="text/html")

        server.answer = broken
        for _ in range(2):
            with pytest.raises(Exception, match="502"):
                source.token()
        kept = tokens.kept(secrets)
        assert kept is not None
        assert kept.refresh == "refresh"
        http.close()


def test_signing_out_while_the_server_renews_counts(server: str, secrets: Secrets, http: Http) -> None:
    signin.sign_in_with_browser(server, secrets, lambda _: None, open_browser=opens(person))
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    granted: list[oauth.Granted] = []

    class Slow(Http):
        def post_form(self, path: str, fields: dict[str, str]) -> Reply:
            reply = super().post_form(path, fields)
            if fields.get("grant_type") == "refresh_token":
                granted.append(oauth.granted(reply))
                tokens.keep(secrets, None)
            return reply

    slow = Slow(server)
    with pytest.raises(NotSignedIn):
        tokens.StoredTokens(secrets, slow, lambda: later).token()
    assert tokens.kept(secrets) is None
    # What the server had just given is given up too.
    with pytest.raises(SignInRefused):
        oauth.refresh(http, oauth.discover(http), granted[0].refresh)
    slow.close()


def test_a_sign_in_while_the_old_tokens_are_refused_counts(server: str, secrets: Secrets, http: Http) -> None:
    signin.sign_in_with_browser(server, secrets, lambda _: None, open_browser=opens(person))
    fresh = tokens.kept(secrets)
    assert fresh is not None
    tokens.keep(secrets, tokens.Tokens(server, "old", "used-up", 0))

    class Slow(Http):
        def post_form(self, path: str, fields: dict[str, str]) -> Reply:
            reply = super().post_form(path, fields)
            assert reply.status == 400
            tokens.keep(secrets, fresh)
            return reply

    slow = Slow(server)
    source = tokens.StoredTokens(secrets, slow, lambda: dt.datetime.now(dt.UTC))
    assert source.token() == fresh.access
    assert tokens.kept(secrets) == fresh
    slow.close()


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "ü", "x" * 5000])
def test_a_given_token_that_cannot_be_one_is_never_sent(token: str) -> None:
    with hostile_server() as server:
        elsewhere = Http(server.url)
        with pytest.raises(NotSignedIn):
            HttpTransport(elsewhere, tokens.GivenToken(token)).session()
        assert server.asked == []
        elsewhere.close()
