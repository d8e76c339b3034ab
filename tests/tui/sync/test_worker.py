"""The sync thread: its pace, that nothing ends it, and that it works against the live server."""

from __future__ import annotations

import logging
import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_central.store import Store as Central
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.signin.tokens import GivenToken
from imi_tui.sync.engine import Engine, Report
from imi_tui.sync.errors import NotSignedIn, Offline, RateLimited, Unavailable
from imi_tui.sync.worker import Pace, SyncWorker
from tests.central.world import LYON, send
from tests.tui.live import live_server, person
from tests.tui.sync.hostile import hostile_server
from tests.tui.sync.world import KEY


def pace(jitter: float = 0.0, poll: float = 300.0) -> Pace:
    return Pace(poll, lambda: jitter)


def test_quiet_times_are_polled_less_and_less() -> None:
    steps = pace()
    assert [steps.after(Report(changed=1)), *(steps.after(Report()) for _ in range(4))] == [60, 120, 240, 300, 300]
    assert steps.after(Report(sent=1)) == 60


def test_failures_double_up_to_a_quarter_of_an_hour_and_success_forgets_them() -> None:
    steps = pace()
    waits = [steps.after_failure(Offline()) for _ in range(12)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 900
    steps.after(Report())
    assert steps.after_failure(Offline()) == 5


def test_what_the_server_asks_for_is_granted_with_jitter() -> None:
    assert pace().after_failure(RateLimited("", 120)) == 120
    assert pace().after_failure(Unavailable("", 1)) == 5
    assert pace(jitter=1.0).after_failure(RateLimited("", 120)) == 150
    assert pace().after_failure(NotSignedIn()) == 900


class Heard:
    """What the worker says, waited for."""

    def __init__(self) -> None:
        self.queue: queue.Queue[str] = queue.Queue()

    def __call__(self, code: str) -> None:
        self.queue.put(code)

    def next(self) -> str:
        return self.queue.get(timeout=20)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path / "home")


@pytest.fixture
def server(central: Central, tmp_path: Path) -> Iterator[str]:
    with live_server(central, tmp_path) as url:
        yield url


def _token(server: str) -> str:
    from imi_tui.signin import browser
    from imi_tui.sync.http import Http
    from tests.tui.live import in_background

    http = Http(server)
    try:
        return browser.sign_in(http, lambda _: None, lambda at: in_background(lambda: person(at))).access
    finally:
        http.close()


def test_it_fetches_and_fetches_again_when_poked(central: Central, server: str, profile: Profile) -> None:
    first = send(central, subject="Needle in Lyon").case_id
    token = _token(server)
    heard = Heard()
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), said=heard)
    each.start()
    assert heard.next() == ""
    store = Store.open(profile, KEY)
    assert [case for case, _, _ in store.sync.known(LYON)] == [first]
    second = send(central).case_id
    each.poke()
    assert heard.next() == ""
    assert {case for case, _, _ in store.sync.known(LYON)} == {first, second}
    assert each.alive
    each.stop()
    assert not each.alive
    assert len(store.search("needle")) == 1
    store.close()


def test_a_refused_token_is_a_problem_and_not_the_end(server: str, profile: Profile) -> None:
    heard = Heard()
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken("nonsense"), said=heard)
    each.start()
    assert heard.next() == "notSignedIn"
    each.poke()
    assert heard.next() == "notSignedIn"
    store = Store.open(profile, KEY)
    assert store.status().problem == "notSignedIn"
    store.close()
    each.stop()


def test_a_mistake_of_ours_is_logged_without_values_and_survived(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Engine) -> Report:
        raise KeyError("Mr Secret, 1980-01-01")

    monkeypatch.setattr(Engine, "run_once", broken)
    heard = Heard()
    with hostile_server() as server, caplog.at_level(logging.DEBUG):
        each = SyncWorker(profile, KEY, server.url, lambda _s, _h: GivenToken("t"), said=heard)
        each.start()
        assert heard.next() == "internal"
        each.poke()
        assert heard.next() == "internal"
        each.stop()
    assert "KeyError" in caplog.text
    assert "ecret" not in caplog.text


def test_an_unusable_address_ends_it_with_a_word(profile: Profile) -> None:
    heard = Heard()
    each = SyncWorker(profile, KEY, "http://imi.example", lambda _s, _h: GivenToken("t"), said=heard)
    each.start()
    assert heard.next() == "insecureServer"
    each.stop()
    assert not each.alive


def test_a_wrong_key_ends_it_with_a_word(profile: Profile) -> None:
    Store.open(profile, KEY).close()
    heard = Heard()
    each = SyncWorker(profile, bytes(32), "http://127.0.0.1:9", lambda _s, _h: GivenToken("t"), said=heard)
    each.start()
    assert heard.next() == "wrongKey"
    each.stop()
