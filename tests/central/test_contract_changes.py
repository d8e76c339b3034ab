"""What implementers of JMAP servers reported, one contract after the other: states, pages, changes, recovery."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import random
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imi_central.store import Store
from imi_core.authority import Officer
from imi_core.case import Entry
from tests.central.replica import Replica, assert_same, force, work
from tests.central.world import LYON, MUNICH, REQUEST, ROSENHEIM, Caller, Clock, accept, act, ref, send
from tests.effort import tries
from tests.limit import ends_within

SLOW = settings(max_examples=tries(2, 60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_since_state_is_echoed_as_old_state(store: Store, caller: Caller) -> None:
    send(store)
    for type_ in ("Case", "Entry"):
        first = caller.call("lyon", f"{type_}/changes", accountId=LYON, sinceState="0")
        assert first["oldState"] == "0"
        again = caller.call("lyon", f"{type_}/changes", accountId=LYON, sinceState=first["newState"])
        assert again["oldState"] == first["newState"]


def test_a_quiet_server_has_nothing_to_say_the_second_time(store: Store, caller: Caller) -> None:
    accept(store, send(store).case_id)
    replica = Replica(caller, "lyon", LYON).sync()
    got = caller.call("lyon", "Case/get", accountId=LYON, ids=[])
    assert got["state"] == replica.state
    found = caller.sync("lyon", {LYON: replica.state})["accounts"][LYON]
    assert set(found) == {"oldState", "newState", "hasMoreChanges", "accessState"}
    assert found["newState"] == replica.state
    assert found["hasMoreChanges"] is False


@SLOW
@given(size=st.integers(1, 7), seed=st.integers(0, 2**16))
def test_any_page_size_gives_the_same_final_set(fresh: Callable[[Clock], Store], size: int, seed: int) -> None:
    store, draw = fresh(Clock()), random.Random(seed)
    caller = Caller(store)
    readers = [("lyon", LYON), ("lyon-basic", LYON), ("lyon-data", LYON), ("both", MUNICH), ("rosenheim", ROSENHEIM)]
    early = [Replica(caller, officer, desk) for officer, desk in readers]
    for _ in range(20):
        work(store, draw)
        # Somebody reads one page now and then: first syncs and catch-ups are cut at every place.
        draw.choice(early).page(size)
    for replica in early:
        assert_same(store, replica.sync(size))
        assert_same(store, Replica(caller, replica.officer, replica.desk).sync(size))
    store.close()


@SLOW
@given(size=st.integers(1, 5), seed=st.integers(0, 2**16))
def test_changes_of_one_type_page_to_the_same_set(fresh: Callable[[Clock], Store], size: int, seed: int) -> None:
    store, draw = fresh(Clock()), random.Random(seed)
    caller = Caller(store)
    held: dict[str, set[str]] = {"Case": set(), "Entry": set()}
    states = {"Case": "0", "Entry": "0"}
    for _ in range(4):
        for _ in range(5):
            work(store, draw)
        for type_, ids in held.items():
            more = True
            while more:
                page = caller.call(
                    "rosenheim", f"{type_}/changes", accountId=ROSENHEIM, sinceState=states[type_], maxChanges=size
                )
                assert len(page["created"]) + len(page["updated"]) + len(page["destroyed"]) <= size
                ids |= {*page["created"], *page["updated"]}
                ids -= set(page["destroyed"])
                more, states[type_] = page["hasMoreChanges"], page["newState"]
    whole = Replica(caller, "rosenheim", ROSENHEIM).sync()
    assert held == {"Case": set(whole.cases), "Entry": set(whole.entries)}
    store.close()


def test_a_first_sync_brings_the_newest_case_first_and_goes_on_where_it_stopped(store: Store, caller: Caller) -> None:
    sent = [send(store).case_id for _ in range(6)]
    seen: list[str] = []
    state, shares = "0", []
    while True:
        found = caller.sync("lyon", {LYON: state}, maxChanges=3)["accounts"][LYON]
        seen += found.get("Case", {"created": []})["created"]
        shares.append(found.get("filling"))
        state = found["newState"]
        if not found["hasMoreChanges"]:
            break
    assert seen == sent[::-1]
    assert shares[-1] is None
    assert shares[:-1] == sorted(shares[:-1])


def test_a_case_that_gets_an_entry_while_a_client_fills_is_not_lost(store: Store, caller: Caller) -> None:
    old = send(store).case_id
    for _ in range(3):
        send(store)
    replica = Replica(caller, "rosenheim", ROSENHEIM)
    replica.page(3)
    assert old not in replica.cases
    accept(store, old)
    assert_same(store, replica.sync(3))
    assert old in replica.cases


def test_what_was_written_is_found_at_once(store: Store, caller: Caller) -> None:
    calls = [
        ["Entry/set", {"accountId": LYON, "create": {"k": _send()}}, "a"],
        ["Case/query", {"accountId": LYON, "filter": {"text": "ALPBAU"}}, "b"],
        ["Desk/sync", {"states": {LYON: "0"}}, "c"],
    ]
    made, found, synced = (answer[1] for answer in caller.post("lyon", *calls)["methodResponses"])
    case_id = made["created"]["k"]["caseId"]
    assert found["ids"] == [case_id]
    assert synced["accounts"][LYON]["Case"]["created"] == [case_id]
    assert synced["accounts"][LYON]["newState"] == made["newState"] == found["queryState"]


def test_removing_a_case_reports_its_entries_too(store: Store, caller: Caller) -> None:
    case_id = send(store).case_id
    accept(store, case_id)
    replicas = [Replica(caller, "lyon", LYON).sync(), Replica(caller, "rosenheim", ROSENHEIM).sync()]
    force(store, case_id, "block")
    for replica in replicas:
        held = set(replica.entries)
        replica.page()
        assert replica.last["Case"]["destroyed"] == [case_id]
        assert set(replica.last["Entry"]["destroyed"]) == held


def test_access_given_and_taken_is_in_the_changes(store: Store, caller: Caller) -> None:
    case_id = send(store).case_id
    replica = Replica(caller, "rosenheim", ROSENHEIM).sync()
    other = Replica(caller, "munich", MUNICH).sync()
    accept(store, case_id)
    replica.page()
    assert replica.last["Case"]["updated"] == [case_id]
    assert len(replica.last["Entry"]["updated"]) == 1, "from summary to full: the older entry too"
    assert "answers" in replica.entries[replica.last["Entry"]["updated"][0]]
    act(store, "rosenheim", ROSENHEIM, case_id, "forward", target=MUNICH)
    replica.page()
    assert all(each["redacted"] for each in replica.entries.values()), "the forwarder sees the summary again"
    assert "workers" not in replica.cases[case_id]["request"]
    other.page()
    assert other.last["Case"]["created"] == [case_id]
    assert len(other.last["Entry"]["created"]) == 3
    for each in (replica, other):
        assert_same(store, each)


@pytest.mark.parametrize("sync_between", list(itertools.product([False, True], repeat=3)))
def test_grant_revoke_and_grant_again_at_every_sync_point(
    store: Store, caller: Caller, sync_between: tuple[bool, ...]
) -> None:
    case_id = send(store).case_id
    munich = Replica(caller, "munich", MUNICH)
    steps = [("rosenheim", ROSENHEIM, MUNICH), ("munich", MUNICH, ROSENHEIM), ("rosenheim", ROSENHEIM, MUNICH)]
    for (officer, desk, to), now in zip(steps, sync_between, strict=True):
        act(store, officer, desk, case_id, "forward", target=to)
        if now:
            munich.sync()
    assert_same(store, munich.sync())


@pytest.mark.parametrize("state", ["", "1", "x.y", "99.AAAAAAAAAAAAAAAA", "1.AAAAAAAAAAAAAAAA", "-1.A", "f.1.x.1.0."])
def test_a_state_of_another_history_is_refused(store: Store, caller: Caller, state: str) -> None:
    send(store)
    answer = caller.call("lyon", "Case/changes", accountId=LYON, sinceState=state)
    assert answer["error"]["type"] == "cannotCalculateChanges"
    synced = caller.sync("lyon", {LYON: state, "directory": "0"})
    assert synced["notCalculated"] == {LYON: {"type": "cannotCalculateChanges"}}
    assert "Authority" in synced["accounts"]["directory"], "the other accounts go on"


def test_a_restored_server_is_found_out_even_after_its_counter_caught_up(
    fresh: Callable[[Clock], Store], template: object
) -> None:
    """F10 and F11: two histories that part after the same change."""
    clock = Clock()
    one, other = fresh(clock), fresh(clock)
    first = send(one)
    replica = Replica(Caller(one), "lyon", LYON).sync()
    assert first.id in replica.entries
    for _ in range(3):
        send(other)
    answer = Caller(other).sync("lyon", {LYON: replica.state})
    assert answer["notCalculated"][LYON]["type"] == "cannotCalculateChanges"
    one.close()
    other.close()


@pytest.mark.parametrize(("column", "value"), [("object_id", "0" * 32), ("kind", "destroyed"), ("hash", b"x" * 32)])
def test_a_change_row_that_was_tampered_with_is_noticed(
    store: Store, caller: Caller, column: str, value: object
) -> None:
    replica = Replica(caller, "lyon", LYON)
    send(store)
    replica.sync()
    send(store)
    send(store)
    with store.writing() as conn:
        conn.execute(
            sa.text(f"update change set {column} = :value where account = :desk and seq = 4"),
            {"value": value, "desk": LYON},
        )
    answer = caller.sync("lyon", {LYON: replica.state})
    assert answer["notCalculated"][LYON]["type"] == "cannotCalculateChanges"
    assert store.verify() == {LYON: 4}


def test_a_change_log_that_lost_rows_is_noticed(store: Store, caller: Caller) -> None:
    replica = Replica(caller, "lyon", LYON)
    send(store)
    replica.sync()
    send(store)
    with store.writing() as conn:
        held = int(replica.state.partition(".")[0])
        conn.execute(sa.text("delete from change where account = :desk and seq > :held"), {"desk": LYON, "held": held})
    with ends_within(4, "it looks for the changes for as long as a request may take"):
        answer = caller.sync("lyon", {LYON: replica.state})
    assert answer["notCalculated"][LYON]["type"] == "cannotCalculateChanges"


def test_recovery_costs_a_comparison(store: Store, caller: Caller, clock: Clock) -> None:
    """P7: changes are forgotten, the digests of an unchanged desk are equal, and only differences are fetched."""
    for _ in range(5):
        send(store)
    replica = Replica(caller, "lyon", LYON).sync()
    lost = send(store).case_id
    clock.at += dt.timedelta(days=100)
    assert store.prune_changes(dt.timedelta(days=90)) > 0
    answer = caller.sync("lyon", {LYON: replica.state})
    assert answer["notCalculated"][LYON]["type"] == "cannotCalculateChanges"
    buckets = caller.call("lyon", "Case/digest", accountId=LYON, depth=1)["buckets"]
    differing = [key for key, each in buckets.items() if each != _bucket(replica, key)]
    assert differing == [lost[0]]
    items = caller.call("lyon", "Case/digest", accountId=LYON, prefix=lost[0], depth=0, items=True)["buckets"]
    [whole] = caller.call("lyon", "Case/get", accountId=LYON, ids=[lost])["list"]
    assert [lost, 1, "full", whole["head"][:8]] in items[lost[0]]["items"]
    fresh_state = caller.call("lyon", "Case/digest", accountId=LYON)["state"]
    assert caller.sync("lyon", {LYON: fresh_state})["notCalculated"] == {}, "the present state can be followed"
    assert_same(store, Replica(caller, "lyon", LYON).sync(4))


def _bucket(replica: Replica, prefix: str) -> dict[str, object]:
    """What the protocol says a bucket holds, computed from a client's side."""
    rows = sorted(row for row in replica.digest() if row[0].startswith(prefix))
    lines = "".join(f"{id} {version} {level} {mark}\n" for id, version, level, mark in rows)
    return {"count": len(rows), "hash": hashlib.sha256(lines.encode()).hexdigest()[:32]}


@SLOW
@given(seed=st.integers(0, 2**16))
def test_after_a_random_history_the_digests_agree(fresh: Callable[[Clock], Store], seed: int) -> None:
    store, draw = fresh(Clock()), random.Random(seed)
    caller = Caller(store)
    replica = Replica(caller, "rosenheim", ROSENHEIM)
    for _ in range(30):
        work(store, draw)
        if draw.random() < 0.3:
            replica.sync(draw.randint(1, 10))
    replica.sync()
    buckets = caller.call("rosenheim", "Case/digest", accountId=ROSENHEIM, depth=2)["buckets"]
    assert buckets == {key: _bucket(replica, key) for key in {id[:2] for id in replica.cases}}
    store.close()


def test_two_writers_and_a_reader_skip_nothing(store: Store, caller: Caller) -> None:
    """Sequence numbers become visible in order: a reader between two commits misses neither."""
    failed: list[BaseException] = []

    def write(officer: str, desk: str) -> None:
        try:
            for _ in range(15):
                send(store, officer=officer, desk=desk)
        except BaseException as error:
            failed.append(error)
            raise

    writers = [threading.Thread(target=write, args=args) for args in (("lyon", LYON), ("warsaw", "pl-pip-warszawa_pw"))]
    replica = Replica(caller, "rosenheim", ROSENHEIM)
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        replica.page(2)
    replica.sync(2)
    assert failed == []
    assert len(replica.cases) == 30
    assert_same(store, replica)
    assert store.verify() == {}


def test_the_directory_fills_and_follows(store: Store, caller: Caller) -> None:
    def all_of(size: int) -> dict[str, list[str]]:
        state, seen = "0", {"Authority": [], "Procedure": [], "Officer": []}
        while True:
            found = caller.sync("rosenheim", {"directory": state}, maxChanges=size)["accounts"]["directory"]
            for type_, ids in seen.items():
                ids += found.get(type_, {"created": []})["created"]
            state = found["newState"]
            if not found["hasMoreChanges"]:
                return {**{key: sorted(set(value)) for key, value in seen.items()}, "state": state}

    whole = all_of(100)
    assert whole == all_of(1) == all_of(3)
    assert whole["Officer"] == ["both", "rosenheim"], "only the officers of the reader's desks"
    assert len(whole["Authority"]) == 6


def test_officers_come_and_go_with_shared_desks(store: Store, caller: Caller) -> None:
    def changes(officer: str, state: str) -> dict[str, list[str]]:
        answer = caller.call(officer, "Officer/changes", accountId="directory", sinceState=state)
        return {kind: answer[kind] for kind in ("created", "updated", "destroyed")}

    state = caller.call("lyon", "Officer/get", accountId="directory", ids=[])["state"]
    none: dict[str, list[str]] = {"created": [], "updated": [], "destroyed": []}
    store.put_officer(Officer(id="munich", name="Munich", desks={MUNICH: ("handler",), ROSENHEIM: ("viewer",)}))
    assert changes("rosenheim", state) == none | {"created": ["munich"]}
    assert changes("both", state) == none | {"created": ["munich"]}
    assert changes("lyon", state) == none
    state = caller.call("lyon", "Officer/get", accountId="directory", ids=[])["state"]
    store.put_officer(Officer(id="munich", name="Munich", desks={MUNICH: ("handler",)}))
    assert changes("rosenheim", state) == none | {"destroyed": ["munich"]}
    assert changes("both", state) == none | {"updated": ["munich"]}, "still a colleague at another desk"


def _send() -> dict[str, object]:
    return {
        "clientRef": ref(),
        "procedure": "pw.info",
        "action": "send",
        "target": ROSENHEIM,
        "answers": REQUEST,
    }


def test_entries_come_in_the_order_of_the_case(store: Store, caller: Caller) -> None:
    first = send(store)
    second = accept(store, first.case_id)
    given = Entry(action="reply_partly", case_id=first.case_id, answers={"EST-01": "yes"}, client_ref=ref())
    third = store.commit_entry("rosenheim", ROSENHEIM, given).entry
    found = caller.call("lyon", "Entry/changes", accountId=LYON, sinceState="0")
    assert found["created"] == [first.id, second.id, third.id]
