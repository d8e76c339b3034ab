"""Any history of acting, losing the line, being killed and losing rights ends with nothing lost and nothing doubled."""

from __future__ import annotations

import contextlib
import functools
import json
import operator
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imi_central.store import Store as Central
from imi_core.authority import Officer
from imi_core.case import CONTENT, to_wire
from imi_core.errors import ActionRefused
from imi_tui.cache.sync import Page
from imi_tui.sync.errors import Offline
from tests.central.world import LYON, MUNICH, OFFICERS, ROSENHEIM, WARSAW, Caller, Clock, send
from tests.effort import tries
from tests.tui.sync.test_engine import new_case
from tests.tui.sync.world import Client, server_ids

STEPS = (
    "new",
    "accept",
    "message",
    "sync",
    "lose request",
    "lose reply",
    "cut stream",
    "no streams",
    "kill",
    "restrict",
    "restore",
    "forget state",
)
MINE = {"lyon": LYON, "both": ROSENHEIM}


class History:
    """Two clients and the server, and what was queued since the beginning."""

    def __init__(self, folder: Path, central: Central, seed: int) -> None:
        self.central = central
        self.random = random.Random(seed)
        caller = Caller(central)
        self.clients = {officer: Client(folder / officer, caller, officer) for officer in MINE}
        self.queued: dict[str, set[str]] = {officer: set() for officer in MINE}
        for number in range(12):
            send(
                central, officer="warsaw", desk=WARSAW, to=self.random.choice([ROSENHEIM, MUNICH]), subject=f"{number}"
            )
        for client in self.clients.values():
            client.restart(page=2)
            # Behind the session, the three answers of the directory and a first page.
            at = 5 + self.random.randrange(8)
            client.line.cut_stream = functools.partial(operator.le, at)
            with contextlib.suppress(Offline):
                client.sync()
            client.line.cut_stream = lambda _: False

    def step(self, name: str, officer: str) -> None:
        client = self.clients[officer]
        match name:
            case "new":
                if officer == "lyon":
                    number = len(self.queued[officer])
                    to = self.random.choice([ROSENHEIM, MUNICH])
                    self.queued[officer].add(new_case(client, number, to=to))
            case "accept" | "message":
                self._act(client, officer, name)
            case "restrict" | "restore":
                desks = OFFICERS["both"]
                kept = {MUNICH: desks[MUNICH]} if name == "restrict" else desks
                self.central.put_officer(Officer(id="both", name="Both", desks=kept))
            case "forget state":
                for seat in client.store.seats():
                    if client.store.sync.state(seat.desk):
                        client.store.sync.apply(seat.desk, Page(new_state="99999999.AAAAAAAAAAAAAAAA"))
            case "kill":
                # What was on its way when the process died is marked as being sent.
                client.store.sync.begin([item.client_ref for item in client.store.sync.ready(2)])
                client.restart()
            case "cut stream":
                at = self.random.randrange(4)
                client.line.cut_stream = lambda number: number >= at
                try:
                    client.sync()
                except Offline:
                    # As after a kill: everything that came before the cut is there.
                    client.restart(page=self.random.choice((10, 250)))
                client.line.cut_stream = lambda _: False
            case "no streams":
                client.line.streams = not client.line.streams
            case _:
                lost = {"lose request": "request", "lose reply": "reply"}.get(name, "")
                client.line.lose = lambda _: lost
                try:
                    client.sync()
                except Offline:
                    assert lost
                client.line.lose = lambda _: ""

    def _act(self, client: Client, officer: str, action: str) -> None:
        rows = client.store.window("all", "activity", limit=50)
        if not rows:
            return
        row = self.random.choice(rows)
        given = {"answers": {"agreed_days": 10}} if action == "accept" else {"text": "Word.", "lang": "en"}
        try:
            item = client.store.act(row.desk, row.id, action, **given)  # type: ignore[arg-type]
        except ActionRefused:
            return
        self.queued[officer].add(item.client_ref)

    def end(self) -> None:
        self.step("restore", "both")
        for _ in range(3):
            for client in self.clients.values():
                client.sync()

    def check(self) -> None:
        for officer, client in self.clients.items():
            assert client.ids() == server_ids(self.central, officer)
            with self.central.view(officer) as view:
                entries = [entry for desk in view.places for entry in view.entries(desk, None, 10_000)]
            arrived = Counter(entry.client_ref for entry in entries if entry.officer == officer)
            assert set(arrived.values()) <= {1}
            refused = {item.client_ref for item in client.store.outbox()}
            assert not refused & set(arrived)
            # Nothing that was queued is gone, unless the desk it was for could not be reached any more.
            assert set(arrived) | refused == self.queued[officer]
            for item in client.store.outbox():
                assert item.state in ("rejected", "queued")
            for seat in client.store.seats():
                with self.central.view(officer) as view:
                    versions = {case.id: case.version for case in view.cases(seat.desk, None, 10_000)}
                assert {id: version for id, version, *_ in client.store.sync.known(seat.desk)} == versions
                for id in versions:
                    detail = client.store.case(seat.desk, id)
                    assert detail is not None
                    assert len(detail.entries) - len(detail.pending) == versions[id]
                    assert not detail.fetching
                    with self.central.view(officer) as view:
                        [whole] = view.cases(seat.desk, [id], 1)
                    if not detail.pending:
                        wire = json.loads(json.dumps(to_wire(whole)))
                        assert {name: wire.get(name) for name in CONTENT} == {
                            name: detail.case.get(name) for name in CONTENT
                        }


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    return lambda: tmp_path_factory.mktemp("model")


@settings(max_examples=tries(3, 100), suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(sorted(MINE))), min_size=4, max_size=25),
    seed=st.integers(0, 2**16),
)
def test_nothing_is_lost_and_nothing_doubled(
    steps: list[tuple[str, str]],
    seed: int,
    fresh: Callable[[Clock], Central],
    folders: Callable[[], Path],
) -> None:
    central = fresh(Clock())
    history = History(folders(), central, seed)
    try:
        for name, officer in steps:
            history.step(name, officer)
        history.end()
        history.check()
    finally:
        for client in history.clients.values():
            client.close()
        central.close()
