"""The audit trail says where the server's clock jumped (F26), and the server can do without rights to change it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from imi_central.jobs import retention
from imi_central.store import Store, Wanted
from imi_central.store.identity import Sessions
from imi_central.store.tables import audit
from imi_core.case import Text
from tests.central.postgresql import Cluster
from tests.central.world import AUTHORITIES, LYON, ROSENHEIM, Clock, accept, act, ref, send

OPERATING = Path(__file__).parents[3] / "docs" / "operating.md"


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


def test_a_server_without_rights_to_the_trail_does_all_its_work(cluster: Cluster, clock: Clock) -> None:
    """The rights that docs/operating.md gives it: a mistake or a stranger in it leaves the trail as it is."""
    address = cluster.copy()
    text = OPERATING.read_text("utf-8").partition("create role imi_app")[2].partition("```")[0]
    engine = sa.create_engine(address)
    with engine.begin() as conn:
        there = conn.scalar(sa.text("select count(*) from pg_roles where rolname = 'imi_app'"))
        for each in f"create role imi_app{text}".split(";")[bool(there) : -1]:
            conn.execute(sa.text(each))
    engine.dispose()
    store = Store.open(address.replace("imi@", "imi_app@"), now=clock)
    sessions = Sessions(store)
    case_id = send(store).case_id
    accept(store, case_id)
    store.assign("both", ROSENHEIM, Wanted(ref(), case_id, "both"))
    store.put_blob("lyon", LYON, "text/plain", b"x")
    store.change_officer("both", seats={ROSENHEIM: ("viewer",)})
    store.put_authorities([*AUTHORITIES[:1]])
    sessions.set_password("lyon", "x")
    sessions.script_token("lyon", "a token", dt.timedelta(minutes=5))
    assert sessions.bearer("a token") is not None
    assert sessions.attempts.count({"x": 3}, dt.timedelta(minutes=5)) == 0
    withdrawn = send(store).case_id
    act(store, "lyon", LYON, withdrawn, "withdraw", text=Text(lang="en", text="No longer needed."))
    clock.at += dt.timedelta(days=4 * 365)
    assert retention.run(store).erased == 1
    for change in (sa.delete(audit), sa.update(audit).values(officer="")):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), store.writing() as conn:
            conn.execute(change)
    store.close()
