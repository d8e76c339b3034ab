"""The line dies in the middle of everything and is back half an hour later: real worker, sockets, server (F31, F32).

Waits are simulated: each `rest` of the worker moves the clock on, and looks at what the officer reads meanwhile.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imi_central.store import Store as Central
from imi_central.store import utc_now
from imi_central.store.identity import Sessions
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.signin.tokens import GivenToken
from imi_tui.sync import worker
from imi_tui.sync.engine import Engine
from imi_tui.sync.http import Http
from imi_tui.sync.transport import HttpTransport
from imi_tui.sync.worker import SyncWorker
from imi_tui.viewmodel import status
from tests.central.world import LYON, REQUEST, ROSENHEIM, send
from tests.effort import tries
from tests.sim.proxy import Proxy, Weather, proxy_to
from tests.sim.test_lines import TOKEN, central, subjects
from tests.tui.live import live_server
from tests.tui.sync.test_transfers import carried
from tests.tui.sync.world import KEY

__all__ = ["central"]

DATA = b"%PDF-1.7 " + random.Random(3).randbytes(400_000)
OUTAGE = dt.timedelta(minutes=30)


@pytest.fixture
def proxy(central: Central, tmp_path: Path) -> Iterator[Proxy]:
    with live_server(central, tmp_path) as url, proxy_to(url) as proxy:
        Sessions(central).script_token("lyon", TOKEN, dt.timedelta(hours=10))
        yield proxy


class Day:
    """The officer's clock and eyes. `at` says what happens when the clock passes a moment."""

    def __init__(self, store: Store, start: dt.datetime) -> None:
        self.store, self.start, self.now = store, start, start
        self.at: list[tuple[dt.timedelta, Callable[[], object]]] = []
        self.read: list[tuple[dt.timedelta, str]] = []
        self.done = threading.Event()
        self.failed: list[BaseException] = []
        self.runs: list[tuple[dt.timedelta, str]] = []

    def said(self, code: str) -> None:
        """What became of a run."""
        self.runs.append((self.now - self.start, code))

    def line(self) -> str:
        """The status line as it stands."""
        found = self.store.status()
        return "  ".join(part.text for part in status.parts(found, "en", self.now.date(), demo=False, vault=""))

    def rest(self, event: threading.Event, seconds: float) -> None:
        """The worker waits: look, and let the time go by."""
        if self.done.is_set():
            event.wait(20)
            return
        try:
            self.read.append((self.now - self.start, self.line()))
            self.now += dt.timedelta(seconds=seconds)
            while self.at and self.now - self.start >= self.at[0][0]:
                self.at.pop(0)[1]()
        except Exception as error:  # noqa: BLE001 - another thread raises it
            self.failed.append(error)
            self.done.set()


def write(store: Store, number: int, attachments: list[dict[str, object]] | None = None) -> None:
    answers = {**REQUEST, "subject": f"letter {number}"}
    store.queue(
        Draft(f"d{number}", LYON, "pw.info", "send", target=ROSENHEIM, answers=answers, attachments=attachments or [])
    )


@pytest.mark.parametrize(
    ("weather", "unheard", "queued"),
    tries(
        [pytest.param(Weather(cut_up=60_000), 5, 1, id="in a file")],
        [
            pytest.param(Weather(cut_down=4_000), 5, 6, id="in the answer to the letters"),
            pytest.param(Weather(cut_up=60_000), 5, 1, id="in a file"),
        ],
    ),
)
def test_half_an_hour_without_a_line(
    central: Central,
    proxy: Proxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    weather: Weather,
    unheard: int,
    queued: int,
) -> None:
    """`unheard`: letters the server has when it dies. `queued`: those the client knows nothing of then."""
    source = tmp_path / "a.pdf"
    source.write_bytes(DATA)
    profile = Profile(tmp_path / "home")
    store = Store.open(profile, KEY)
    http = Http(proxy.url)
    Engine(store.sync, HttpTransport(http, GivenToken(TOKEN)), utc_now).run_once()
    http.close()
    received = {send(central, subject=f"Case {number}").case_id for number in range(120)}
    day = Day(store, dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC))
    monkeypatch.setattr(worker, "_now", lambda: day.now)
    for number in range(5):
        write(store, number)
    made = store.files.attach(source)
    write(store, 5, [{"blobId": f"ref:{made.id}", "name": made.name, "personal": True}])

    proxy.weather = weather
    taken: list[str] = []

    def dead() -> None:
        taken.extend(each for each in subjects(central) if each.startswith("letter"))
        proxy.weather = Weather(refuse=True)

    day.at = [
        (dt.timedelta(seconds=1), dead),
        (dt.timedelta(minutes=10), lambda: write(store, 6)),
        (OUTAGE, lambda: setattr(proxy, "weather", Weather())),
        (OUTAGE + dt.timedelta(hours=1), day.done.set),
    ]
    client = SyncWorker(profile, KEY, proxy.url, lambda *_: GivenToken(TOKEN), wait=day.rest, on_result=day.said)
    client.start()
    try:
        assert day.done.wait(60)
    finally:
        client.stop(10)
    if day.failed:
        raise day.failed[0]
    cut = {id for id, *_ in store.sync.known(LYON)}

    # It began again by itself, and soon.
    back = [when for when, code in day.runs if code == "" and when >= OUTAGE]
    assert back
    assert back[0] - OUTAGE <= dt.timedelta(minutes=3)
    tries = [when for when, _ in day.runs if when < OUTAGE]
    assert 10 <= len(tries) <= 40, "neither asleep nor in a hurry"

    # Nothing lost, nothing twice.
    assert store.outbox() == []
    assert subjects(central) == sorted([f"letter {n}" for n in range(7)] + [f"Case {n}" for n in range(120)])
    assert carried(central) == [DATA]
    assert received <= cut
    assert len(cut) == 127
    assert store.status().wanted == 0

    # What stood in the status line was true.
    assert len(taken) == unheard
    meanwhile = [text for when, text in day.read if when < OUTAGE]
    assert all("synchronising" not in text for text in meanwhile), "nothing went on while it waited"
    assert all("next try" in text for text in meanwhile)
    assert all("offline" in text or "no answer for long" in text for text in meanwhile)
    assert "no answer for long" in meanwhile[-1]
    assert f"{queued} queued" in meanwhile[0]
    assert f"{queued + 1} queued" in meanwhile[-1]
    after = [text for when, text in day.read if when >= OUTAGE and "sync " in text][-1]
    assert "queued" not in after
    assert "offline" not in after
    assert "no answer" not in after
    store.close()
