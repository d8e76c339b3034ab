"""The real client over real sockets on bad lines, to the real server (F1, F2, F7, F30, F31, F32, F42)."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_central.store import Store as Central
from imi_central.store import utc_now
from imi_central.store.identity import Sessions
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.signin.tokens import GivenToken
from imi_tui.sync import http as line
from imi_tui.sync.engine import Engine
from imi_tui.sync.errors import Offline, ServerMistake, SyncError
from imi_tui.sync.http import Http
from imi_tui.sync.transport import HttpTransport
from imi_tui.sync.worker import SyncWorker
from tests.central.world import LYON, REQUEST, ROSENHEIM, send
from tests.limit import ends_within
from tests.sim.proxy import Proxy, Weather, proxy_to
from tests.tui.live import live_server, opened
from tests.tui.sync.world import KEY

TOKEN = "script-token-of-lyon"


@pytest.fixture
def central(template: Path, tmp_path: Path) -> Iterator[Central]:
    with opened(template, tmp_path) as store:
        yield store


@pytest.fixture
def proxy(central: Central, tmp_path: Path) -> Iterator[Proxy]:
    with live_server(central, tmp_path) as url, proxy_to(url) as proxy:
        Sessions(central).script_token("lyon", TOKEN, dt.timedelta(hours=1))
        yield proxy


class Client:
    """lyon's cache and engine behind the proxy."""

    def __init__(self, home: Path, url: str) -> None:
        self.profile = Profile(home)
        self.store = Store.open(self.profile, KEY)
        self.http = Http(url)
        self.engine = Engine(self.store.sync, HttpTransport(self.http, GivenToken(TOKEN)), utc_now)

    def write(self, number: int) -> None:
        answers = {**REQUEST, "subject": f"letter {number}"}
        self.store.queue(Draft(f"d{number}", LYON, "pw.info", "send", target=ROSENHEIM, answers=answers))

    def ids(self) -> set[str]:
        return {id for id, *_ in self.store.sync.known(LYON)}


@pytest.fixture
def client(tmp_path: Path, proxy: Proxy) -> Iterator[Client]:
    made = Client(tmp_path / "home", proxy.url)
    yield made
    made.http.close()
    made.store.close()


def subjects(central: Central) -> list[str]:
    with central.view("lyon") as view:
        return sorted(case.subject for case in view.cases(LYON, None, 1000))


@pytest.mark.parametrize("way", ["cut_up", "cut_down"])
def test_cut_anywhere_on_either_way(way: str, client: Client, proxy: Proxy, central: Central) -> None:
    """Each letter's request or reply is cut somewhere; every one arrives once."""
    client.engine.run_once()
    rng = random.Random(4)
    failed = 0
    for number in range(12):
        client.write(number)
        client.http.close()
        proxy.weather = Weather(**{way: rng.randrange(1, 900)})
        before = client.ids()
        try:
            client.engine.run_once()
        except SyncError:
            failed += 1
            assert client.ids() == before
        proxy.weather = Weather()
        client.http.close()
    client.engine.run_once()
    assert failed >= 6
    assert subjects(central) == sorted(f"letter {number}" for number in range(12))
    assert client.store.outbox() == []
    assert len(client.ids()) == 12


def test_half_open_the_server_acts_and_nobody_hears(
    client: Client, proxy: Proxy, central: Central, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.engine.run_once()
    client.write(1)
    client.http.close()
    monkeypatch.setattr(line, "IDLE_SECONDS", 0.4)
    proxy.weather = Weather(half_open=True)
    with ends_within(10, "the answer never comes, and it is not given up"), pytest.raises(Offline):
        client.engine.run_once()
    assert subjects(central) == ["letter 1"], "it arrived"
    assert [item.state for item in client.store.outbox()] == ["queued"]
    proxy.weather = Weather()
    client.http.close()
    client.engine.run_once()
    assert subjects(central) == ["letter 1"]
    assert client.store.outbox() == []


def test_a_black_hole_is_given_up(client: Client, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "IDLE_SECONDS", 0.3)
    proxy.weather = Weather(black_hole=True)
    with ends_within(10, "nobody answers, and it is not given up"), pytest.raises(Offline):
        client.engine.run_once()


def test_what_a_screen_does_waits_for_no_answer(
    client: Client, proxy: Proxy, central: Central, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads and writes while the synchronisation waits for one that never comes."""
    case = send(central).case_id
    client.engine.run_once()
    monkeypatch.setattr(line, "IDLE_SECONDS", 20.0)
    proxy.weather = Weather(black_hole=True)
    client.write(1)
    worker = SyncWorker(client.profile, KEY, proxy.url, lambda *_: GivenToken(TOKEN))
    before = proxy.connections
    worker.start()
    try:
        with ends_within(10, "it did not try"):
            while proxy.connections == before:
                time.sleep(0.01)
        with ends_within(10, "a screen waits for the line"):
            client.write(2)
            client.store.act(LYON, case, "message", text="Written meanwhile.", lang="en")
            assert [row.pending for row in client.store.window("all", "due", limit=9) if row.id == case] == [1]
            assert client.store.search("letter")
        assert client.store.status().now.doing == "syncing", "it waited all the time"
    finally:
        proxy.weather = Weather()
        proxy.hang_up()
        worker.stop(10)


def test_a_connection_that_died_in_sleep_is_noticed(client: Client, proxy: Proxy, central: Central) -> None:
    """A laptop was suspended: what it was connected to has gone, and at most one try is lost."""
    client.engine.run_once()
    client.write(1)
    proxy.hang_up()
    for _ in range(2):
        try:
            client.engine.run_once()
            break
        except SyncError:
            continue
    assert subjects(central) == ["letter 1"]
    assert client.store.outbox() == []


def test_a_line_that_breaks_again_and_again_gets_through(client: Client, proxy: Proxy, central: Central) -> None:
    """Every connection carries some kilobytes only: each run goes on where the last one stopped."""
    sent = {send(central, subject=f"Case {number}").case_id for number in range(60)}
    client.engine._page = 10
    proxy.weather = Weather(cut_down=9_000)
    runs, held = 0, 0
    while client.ids() != sent:
        runs += 1
        assert runs < 60, f"{len(client.ids())} cases and no end"
        try:
            client.engine.run_once()
        except (SyncError, ServerMistake):
            assert len(client.ids()) >= held
        held = len(client.ids())
    assert runs > 1, "the line was not bad enough"


def test_a_slow_line_carries_a_letter_in_few_bytes(client: Client, proxy: Proxy, central: Central) -> None:
    """64 kbit/s with a late answer: a letter out and its case back is one exchange of a few kilobytes."""
    client.engine.run_once()
    client.write(1)
    proxy.weather = Weather(latency=0.05, rate=8_000)
    before = proxy.up + proxy.down
    report = client.engine.run_once()
    assert (report.sent, report.requests) == (1, 1)
    assert proxy.up + proxy.down - before < 12_000
    assert subjects(central) == ["letter 1"]
