"""What several clients and writers at once may rely on (docs/contracts.md)."""

from __future__ import annotations

import itertools
import threading

import pytest
import sqlalchemy as sa

from imi_central.store import Store, casefile, commit
from imi_core.case import Entry, Text
from tests.central.replica import Replica, assert_same, force
from tests.central.world import LYON, ROSENHEIM, WARSAW, Caller, ref, send


def message(case_id: str) -> Entry:
    return Entry(action="message", case_id=case_id, client_ref=ref(), text=Text(lang="en", text="Good day."))


def test_a_writer_that_waits_before_its_commit_hides_nothing(store: Store, caller: Caller) -> None:
    """The second writer's change never shows before the first one's, however long the first takes to commit."""
    cases = {officer: send(store, officer=officer, desk=desk).case_id for officer, desk in SENDERS.items()}
    replica = Replica(caller, "rosenheim", ROSENHEIM).sync()
    written, go_on = threading.Event(), threading.Event()
    made: dict[str, str] = {}

    def slow() -> None:
        given = message(cases["lyon"])
        with store.writing() as conn:
            done = commit.commit_entry(conn, store.now(), lambda: ref().replace("-", ""), "lyon", LYON, given, {})
            made["slow"] = done.entry.id
            written.set()
            go_on.wait(30)

    def quick() -> None:
        written.wait(30)
        made["quick"] = store.commit_entry("warsaw", WARSAW, message(cases["warsaw"])).entry.id

    writers = [threading.Thread(target=slow), threading.Thread(target=quick)]
    for writer in writers:
        writer.start()
    written.wait(30)
    before = set(replica.entries)
    for _ in range(20):
        replica.sync(1)
        assert set(replica.entries) == before
    go_on.set()
    while any(writer.is_alive() for writer in writers):
        replica.sync(1)
    replica.sync(1)
    assert set(replica.entries) - before == set(made.values())
    assert len(made) == 2
    assert_same(store, replica)
    assert store.verify() == {}


SENDERS = {"lyon": LYON, "warsaw": WARSAW}


def test_two_clients_agree_after_every_order_of_creating_removing_and_synchronising(
    store: Store, caller: Caller
) -> None:
    steps = ["create", "remove", "lyon", "rosenheim", "rosenheim"]
    orders = {each for each in itertools.permutations(steps) if each.index("create") < each.index("remove")}
    assert len(orders) == 30
    for order in sorted(orders):
        clients = {officer: Replica(caller, officer, desk).sync() for officer, desk in BOTH.items()}
        case_id = ""
        for step in order:
            if step == "create":
                case_id = send(store).case_id
            elif step == "remove":
                force(store, case_id, "block")
            else:
                clients[step].sync()
                between = order.index("create") < order.index(step) < order.index("remove")
                assert not between or step == "rosenheim" or case_id in clients[step].cases
        for client in clients.values():
            assert_same(store, client.sync())
            assert case_id not in client.cases


BOTH = {"lyon": LYON, "rosenheim": ROSENHEIM}


def test_what_fails_late_leaves_nothing_of_an_entry(
    store: Store, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entry, case, change log, order of a first sync, audit trail: all of it or none."""
    send(store)

    def rows() -> dict[str, int]:
        with store.reading() as conn:
            tables = ("cases", "desk_case", "entries", "change", "audit", "counter")
            return {each: conn.scalar(sa.text(f"select count(*) from {each}")) or 0 for each in tables}

    before, heads = rows(), store.heads()

    def cut(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(casefile, "_write_part", cut)
        with pytest.raises(RuntimeError, match="power cut"):
            send(store)
    assert rows() == before
    assert store.heads() == heads
    assert store.verify() == {}
    send(store)
    assert rows()["cases"] == before["cases"] + 1


def test_the_reading_calls_of_one_request_see_one_moment(store: Store) -> None:
    first = send(store).case_id
    with store.view("lyon") as view:
        state = view.state(LYON)
        second = send(store).case_id
        assert view.state(LYON) == state
        assert [case.id for case in view.cases(LYON, None, 10)] == [first]
        assert view.entries_of(LYON, [second]) == []
        assert view.changes(LYON, state, ("Case", "Entry"), 10).new == state
        view.refresh()
        found = view.changes(LYON, state, ("Case", "Entry"), 10)
        assert found.types["Case"].created == [second]
        assert {case.id for case in view.cases(LYON, None, 10)} == {first, second}
