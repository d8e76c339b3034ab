"""Assignment/set: who at a desk looks after a case. The desk's own matter: no other desk hears of it."""

from __future__ import annotations

import threading
from typing import Any

import sqlalchemy as sa

from imi_central.store import Store, Wanted, assigning
from imi_core.authority import Officer
from imi_core.case import Assignment
from tests.central.replica import Replica, assert_same, force
from tests.central.world import LYON, MUNICH, ROSENHEIM, Caller, accept, act, ref, send

Given = dict[str, Any]
FIRST = "0193c000-0000-7000-8000-0000000000a1"


def assign(caller: Caller, officer: str, case_id: str, to: str, desk: str = ROSENHEIM, **members: Any) -> Given:
    """One assignment; what ``created`` or ``notCreated`` holds (then with a "type")."""
    payload = {"clientRef": ref(), "caseId": case_id, "officer": to, **members}
    answer = caller.call(officer, "Assignment/set", accountId=desk, create={"k": payload})
    return dict((answer["created"] or answer["notCreated"])["k"]) if "error" not in answer else answer


def seen(caller: Caller, officer: str, desk: str, case_id: str) -> Given:
    [case] = caller.call(officer, "Case/get", accountId=desk, ids=[case_id])["list"]
    return dict(case)


def test_a_colleague_hears_of_it_with_the_next_synchronisation(store: Store, caller: Caller) -> None:
    case_id = send(store).case_id
    replica = Replica(caller, "both", ROSENHEIM).sync()
    made = assign(caller, "rosenheim", case_id, "both")
    assert (made["caseId"], made["version"]) == (case_id, 1)
    replica.sync()
    assert replica.last["Case"]["updated"] == [case_id]
    found = replica.cases[case_id]["assignment"]
    assert (found["officer"], found["by"], found["version"]) == ("both", "rosenheim", 1)
    assert found["at"] == made["at"]
    with store.reading() as conn:
        row = conn.execute(sa.text("select officer, desk, object_id from audit where action = 'assign'")).one()
    assert tuple(row) == ("rosenheim", ROSENHEIM, made["id"])
    # A digest tells an assignment that a client missed.
    [bucket] = caller.call("both", "Case/digest", accountId=ROSENHEIM, items=True, depth=0)["buckets"].values()
    assert bucket["items"] == [[case_id, 1, "summary", replica.cases[case_id]["head"][:8] + ".both.1"]]


def test_no_other_desk_hears_of_it_and_the_case_stays_as_it_is(store: Store, caller: Caller) -> None:
    case_id = send(store).case_id
    accept(store, case_id)
    before, there = seen(caller, "rosenheim", ROSENHEIM, case_id), seen(caller, "lyon", LYON, case_id)
    sender = Replica(caller, "lyon", LYON).sync()
    assert "type" not in assign(caller, "rosenheim", case_id, "both")
    after = seen(caller, "rosenheim", ROSENHEIM, case_id)
    assert after.pop("assignment")["officer"] == "both"
    assert after == before
    assert seen(caller, "lyon", LYON, case_id) == there
    state = sender.state
    assert sender.sync().state == state, "the other side's change log has nothing of it"
    # And what another desk says of the same case is another matter.
    assert "type" not in assign(caller, "lyon", case_id, "lyon", LYON)
    assert seen(caller, "rosenheim", ROSENHEIM, case_id)["assignment"]["officer"] == "both"
    assert seen(caller, "lyon", LYON, case_id)["assignment"]["officer"] == "lyon"


def test_it_comes_with_lists_from_the_beginning_and_only_where_there_is_one(store: Store, caller: Caller) -> None:
    free, taken = send(store).case_id, send(store).case_id
    assign(caller, "rosenheim", taken, "rosenheim")
    assign(caller, "rosenheim", free, "rosenheim")
    assign(caller, "both", free, "", basedOn=1)
    never = send(store).case_id
    for fetch in ("lists", "heads", "contents"):
        found = caller.sync("both", {ROSENHEIM: "0"}, fetch=fetch)["accounts"][ROSENHEIM]["Case"]["created"]
        held = {each["id"]: each.get("assignment") for each in found}
        assert held[taken]["officer"] == "rosenheim"
        assert held[never] is None
        # Given back: nobody's, but with the version that the next one is based on.
        assert ("officer" in held[free], held[free]["version"]) == (False, 2)


class TestWho:
    def test_a_reader_may_not_and_nobody_what_they_do_not_see(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        assert assign(caller, "lyon-basic", case_id, "lyon", LYON)["type"] == "forbidden"
        assert assign(caller, "munich", case_id, "munich", MUNICH)["type"] == "notFound"
        assert assign(caller, "lyon-data", case_id, "lyon", LYON)["type"] == "notFound"
        assert assign(caller, "munich", case_id, "munich", ROSENHEIM)["error"]["type"] == "accountNotFound"

    def test_an_allocator_gives_but_does_not_take(self, store: Store, caller: Caller) -> None:
        store.put_officer(Officer(id="head", name="Head", desks={ROSENHEIM: ("allocator",)}))
        case_id = send(store).case_id
        assert assign(caller, "head", case_id, "head")["type"] == "badTarget"
        assert assign(caller, "head", case_id, "rosenheim")["version"] == 1

    def test_only_a_handler_of_the_same_desk_is_given_one(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        for to in ("lyon-basic", "lyon-data", "rosenheim", "nobody-of-this-name"):
            assert assign(caller, "lyon", case_id, to, LYON)["type"] == "badTarget"

    def test_a_disabled_officer_is_given_none_and_colleagues_are_told(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        store.change_officer("both", active=False)
        assert assign(caller, "rosenheim", case_id, "both")["type"] == "badTarget"
        held = {each["id"]: each for each in caller.call("rosenheim", "Officer/get", accountId="directory")["list"]}
        assert held["both"]["active"] is False
        assert "active" not in held["rosenheim"]


class TestRepeats:
    def test_a_repeat_gets_the_first_answer(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        first = assign(caller, "rosenheim", case_id, "both", clientRef=FIRST)
        assign(caller, "both", case_id, "rosenheim", basedOn=1)
        again = assign(caller, "rosenheim", case_id, "both", clientRef=FIRST)
        assert again.pop("seq") >= first.pop("seq") > 0
        assert again == first
        assert seen(caller, "both", ROSENHEIM, case_id)["assignment"]["officer"] == "rosenheim"

    def test_other_content_under_the_same_ref_is_refused(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        first = assign(caller, "rosenheim", case_id, "both", clientRef=FIRST)
        other = assign(caller, "rosenheim", case_id, "rosenheim", clientRef=FIRST)
        assert (other["type"], other["existingId"]) == ("alreadyExists", first["id"])

    def test_two_threads_with_the_same_ref_make_one(self, store: Store) -> None:
        case_id = send(store).case_id
        made: list[str] = []
        start = threading.Barrier(4)

        def go() -> None:
            start.wait()
            made.append(store.assign("rosenheim", ROSENHEIM, Wanted(FIRST, case_id, "both")).id)

        threads = [threading.Thread(target=go) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 4
        assert len(set(made)) == 1


class TestConflicts:
    def test_who_comes_second_is_told(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        assign(caller, "rosenheim", case_id, "rosenheim")
        second = assign(caller, "both", case_id, "both")
        assert (second["type"], second["version"]) == ("stale", 1)
        assert assign(caller, "both", case_id, "both", basedOn=1)["version"] == 2

    def test_two_who_mean_the_same_do_not_clash(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        assign(caller, "rosenheim", case_id, "both")
        state = caller.sync("both", {ROSENHEIM: "0"})["accounts"][ROSENHEIM]["newState"]
        assert set(made := assign(caller, "both", case_id, "both")) == {"id", "caseId", "version", "at", "seq"}
        assert made["version"] == 1
        assert caller.sync("both", {ROSENHEIM: "0"})["accounts"][ROSENHEIM]["newState"] == state

    def test_an_own_one_that_waited_is_no_conflict(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        first, second = ref(), ref()
        assign(caller, "rosenheim", case_id, "rosenheim", clientRef=first)
        assert assign(caller, "rosenheim", case_id, "both", clientRef=second, after=[first])["version"] == 2
        # But what a colleague did in between is.
        assign(caller, "both", case_id, "rosenheim", basedOn=2)
        assert assign(caller, "rosenheim", case_id, "", after=[first, second])["type"] == "stale"

    def test_what_a_restored_server_lacks_is_taken_in_any_order(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        later = assign(caller, "both", case_id, "rosenheim", basedOn=1)
        assert later["version"] == 2
        assert assign(caller, "rosenheim", case_id, "both")["type"] == "stale"
        assert seen(caller, "both", ROSENHEIM, case_id)["assignment"]["officer"] == "rosenheim"

    def test_entries_and_assignments_do_not_make_each_other_stale(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        assign(caller, "rosenheim", case_id, "both")
        made = caller.create("both", ROSENHEIM, caseId=case_id, action="accept", basedOn=1, answers={"agreed_days": 10})
        assert made["version"] == 2
        assert assign(caller, "both", case_id, "rosenheim", basedOn=1)["version"] == 2


def test_a_case_that_is_sent_in_the_same_request(store: Store, caller: Caller) -> None:
    from tests.central.test_contract_entries import new

    start = new()
    calls = [
        ["Entry/set", {"accountId": LYON, "create": {"a": start}}, "1"],
        ["Assignment/set", {"accountId": LYON, "create": {
            "b": {"clientRef": ref(), "caseId": "#a", "officer": "lyon"}}}, "2"],
        ["Assignment/set", {"accountId": LYON, "create": {
            "c": {"clientRef": ref(), "caseId": "ref:" + start["clientRef"], "officer": "", "basedOn": 1}}}, "3"],
    ]  # fmt: skip
    started, first, second = (each[1]["created"] for each in caller.post("lyon", *calls)["methodResponses"])
    assert first["b"]["caseId"] == second["c"]["caseId"] == started["a"]["caseId"]
    assert second["c"]["version"] == 2


def test_wrong_members_are_named(store: Store, caller: Caller) -> None:
    right = {"clientRef": ref(), "caseId": send(store).case_id, "officer": "both"}
    wrong = {"clientRef": "x", "caseId": "", "officer": 7, "basedOn": -1, "after": ["x"], "by": "both"}
    create = {name: {**right, name: value} for name, value in wrong.items()}
    answer = caller.call("rosenheim", "Assignment/set", accountId=ROSENHEIM, create=create)
    assert answer["created"] is None
    for name, refused in answer["notCreated"].items():
        assert refused["type"] == "invalidProperties"
        assert name in refused.get("properties", ()) or name in refused["description"]


def test_many_at_once_are_each_taken_or_refused(store: Store, caller: Caller) -> None:
    ids = [send(store).case_id for _ in range(3)]
    create = {f"k{n}": {"clientRef": ref(), "caseId": id, "officer": "both"} for n, id in enumerate([*ids, "0" * 32])}
    answer = caller.call("rosenheim", "Assignment/set", accountId=ROSENHEIM, create=create, destroy=["x"])
    assert sorted(answer["created"]) == ["k0", "k1", "k2"]
    assert answer["notCreated"]["k3"]["type"] == "notFound"
    assert answer["notDestroyed"]["x"]["type"] == "forbidden"


def test_who_leaves_the_desk_is_told_to_the_others(store: Store, caller: Caller) -> None:
    case_id = send(store).case_id
    assign(caller, "rosenheim", case_id, "both")
    state = caller.sync("rosenheim", {"directory": "0"})["accounts"]["directory"]["newState"]
    store.change_officer("both", seats={ROSENHEIM: ()})
    found = caller.sync("rosenheim", {"directory": state})["accounts"]["directory"]["Officer"]
    assert found["destroyed"] == ["both"]
    # What was said stays as it was said; whom nobody knows any more counts as nobody.
    assert seen(caller, "rosenheim", ROSENHEIM, case_id)["assignment"]["officer"] == "both"
    assert assign(caller, "rosenheim", case_id, "rosenheim", basedOn=1)["version"] == 2


def test_blocked_cases_take_it_along_and_erased_ones_lose_it(store: Store, caller: Caller) -> None:
    case_id = send(store).case_id
    assign(caller, "rosenheim", case_id, "both", clientRef=FIRST)
    accept(store, case_id)
    act(store, "rosenheim", ROSENHEIM, case_id, "reply", answers={"EST-01": "yes", "POS-04": "No."})
    act(store, "lyon", LYON, case_id, "close")
    replica = Replica(caller, "both", ROSENHEIM).sync()
    force(store, case_id, "block")
    assert_same(store, replica.sync())
    assert replica.cases == {}
    assert assign(caller, "rosenheim", case_id, "rosenheim", basedOn=1)["type"] == "blocked"
    force(store, case_id, "erase")
    assert assign(caller, "rosenheim", case_id, "rosenheim", basedOn=1)["type"] == "erased"
    with store.reading() as conn:
        kept = [*conn.execute(sa.text('select officer, "by", content_hash from assignment')).one()]
        kept += conn.execute(sa.text("select assigned_to, assigned_by from desk_case where assigned > 0")).one()
    assert all(not value for value in kept)
    # As with entries: a repeat is answered, though nothing is left to compare with.
    assert assign(caller, "rosenheim", case_id, "lyon", clientRef=FIRST)["version"] == 1


def test_assignments_made_elsewhere_are_loaded(store: Store, caller: Caller) -> None:
    ids = [send(store).case_id for _ in range(2)]
    replica = Replica(caller, "both", ROSENHEIM).sync()
    at = store.now()
    given = [(ROSENHEIM, id, Assignment(officer="both", version=1, at=at, by="rosenheim")) for id in ids]
    assert store.load_assignments(iter(given)) == 2
    replica.sync()
    assert sorted(replica.last["Case"]["updated"]) == sorted(ids)
    assert all(each["assignment"]["officer"] == "both" for each in replica.cases.values())


def history(caller: Caller, officer: str, desk: str, *case_ids: str, **members: Any) -> list[Given]:
    answer = caller.call(officer, "Assignment/get", accountId=desk, caseIds=[*case_ids], **members)
    return list(answer["list"]) if "error" not in answer else [answer]


class TestHistory:
    def test_it_says_who_gave_it_to_whom_and_when_case_by_case(self, store: Store, caller: Caller) -> None:
        one, other, never = (send(store).case_id for _ in range(3))
        made = [assign(caller, "rosenheim", one, "both"), assign(caller, "both", one, "rosenheim", basedOn=1)]
        made.append(assign(caller, "rosenheim", one, "", basedOn=2))
        last = assign(caller, "both", other, "both")
        # What only says again what holds already is taken, and changes nothing.
        assert assign(caller, "rosenheim", other, "both")["version"] == 1
        found = history(caller, "both", ROSENHEIM, other, never, one, "0" * 32)
        assert [(each["caseId"], each["id"], each["at"]) for each in found] == [
            (case_id, each["id"], each["at"]) for case_id, each in ((other, last), *((one, each) for each in made))
        ]
        told = [(each["version"], each.get("officer", ""), each["by"]) for each in found]
        assert told == [(1, "both", "both"), (1, "both", "rosenheim"), (2, "rosenheim", "both"), (3, "", "rosenheim")]
        for case_id, of_case in ((other, found[:1]), (one, found[1:])):
            held = seen(caller, "both", ROSENHEIM, case_id)["assignment"]
            assert of_case[-1] == held | {"id": of_case[-1]["id"], "caseId": case_id}
        assert history(caller, "both", ROSENHEIM, one, properties=["by"])[0].keys() == {"id", "by"}

    def test_it_is_the_desks_own(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        assign(caller, "rosenheim", case_id, "both")
        assign(caller, "lyon", case_id, "lyon", LYON)
        assert [each["officer"] for each in history(caller, "lyon", LYON, case_id)] == ["lyon"]
        assert [each["officer"] for each in history(caller, "both", ROSENHEIM, case_id)] == ["both"]
        assert history(caller, "munich", MUNICH, case_id) == []
        assert history(caller, "munich", ROSENHEIM, case_id)[0]["error"]["type"] == "accountNotFound"
        # An officer without a right to the content sees who looks after it, as in the case.
        assert history(caller, "lyon-basic", LYON, case_id) == history(caller, "lyon", LYON, case_id)
        assert history(caller, "lyon-data", LYON, case_id) == []

    def test_it_goes_with_a_blocked_case_and_is_erased_with_it(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        assign(caller, "lyon", case_id, "lyon", LYON)
        accept(store, case_id)
        act(store, "rosenheim", ROSENHEIM, case_id, "reply", answers={"EST-01": "yes", "POS-04": "No."})
        act(store, "lyon", LYON, case_id, "close")
        assert len(history(caller, "lyon", LYON, case_id)) == 1
        force(store, case_id, "block")
        assert history(caller, "lyon", LYON, case_id) == []
        force(store, case_id, "erase")
        with store.reading() as conn:
            assert list(assigning.history(conn, LYON, [case_id])) == []

    def test_what_was_made_elsewhere_is_in_it(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        at = store.now()
        given = Assignment(officer="both", version=1, at=at, by="rosenheim")
        store.load_assignments([(ROSENHEIM, case_id, given)])
        assign(caller, "rosenheim", case_id, "both")
        assign(caller, "both", case_id, "rosenheim", basedOn=1)
        told = [(each["version"], each["by"]) for each in history(caller, "both", ROSENHEIM, case_id)]
        assert told == [(1, "rosenheim"), (2, "both")]

    def test_it_is_asked_for_by_case(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        for wrong in ({}, {"ids": [case_id]}, {"caseIds": case_id}, {"caseIds": [""]}, {"caseIds": [case_id], "x": 1}):
            answer = caller.call("both", "Assignment/get", accountId=ROSENHEIM, **wrong)
            assert answer["error"]["type"] == "invalidArguments", wrong
        answer = caller.call("both", "Assignment/get", accountId=ROSENHEIM, caseIds=["0" * 32] * 5000)
        assert answer["error"]["type"] == "requestTooLarge"
