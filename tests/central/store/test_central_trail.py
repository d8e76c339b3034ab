"""The audit trail says where the server's clock jumped (F26)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from imi_central.store import Store
from imi_central.store.tables import audit
from tests.central.world import LYON, Clock, send


class Steady:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def marks(store: Store) -> list[tuple[str, int]]:
    with store.reading() as conn:
        rows = conn.execute(sa.select(audit.c.action, audit.c.object_id).order_by(audit.c.id)).all()
    return [(action, int(by)) for action, by in rows if action.startswith("clock-")]


@pytest.mark.parametrize(("days", "mark"), [(1, "clock-forward"), (-1, "clock-back")])
def test_a_clock_that_jumps_leaves_one_mark(address: Callable[[], str], clock: Clock, days: int, mark: str) -> None:
    steady = Steady()
    store = Store.open(address(), now=clock, steady=steady)
    before = send(store)
    clock.at += dt.timedelta(days=days)
    send(store)
    send(store)
    assert marks(store) == [(mark, 86_400)]
    with store.view("lyon") as view:
        assert len(view.cases(LYON, None, 10)) == 3
        assert before.case_id in {each.id for each in view.cases(LYON, None, 10)}
    store.close()


def test_time_that_passes_is_no_jump(address: Callable[[], str], clock: Clock) -> None:
    steady = Steady()
    store = Store.open(address(), now=clock, steady=steady)
    for _ in range(3):
        send(store)
        clock.at += dt.timedelta(days=3, seconds=20)
        steady.at += dt.timedelta(days=3).total_seconds()
    assert marks(store) == []
    store.close()


def test_a_jump_while_the_server_was_down_is_seen_at_its_start(address: Callable[[], str], clock: Clock) -> None:
    where = address()
    store = Store.open(where, now=clock)
    send(store)
    store.close()
    clock.at -= dt.timedelta(hours=2)
    store = Store.open(where, now=clock)
    [(mark, by)] = marks(store)
    assert mark == "clock-back"
    assert by == pytest.approx(7200, abs=2)
    store.close()


def test_a_mark_is_not_lost_with_its_transaction(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    send(store)
    clock.at -= dt.timedelta(hours=1)
    with monkeypatch.context() as patch:
        patch.setattr("imi_central.store.store.note", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send(store)
    assert marks(store) == []
    send(store)
    assert [mark for mark, _ in marks(store)] == ["clock-back"]
