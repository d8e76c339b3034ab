"""The rules of the outbox: frozen payloads, nothing dropped, order within a case, undo until the first attempt."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imi_core.case import to_wire
from imi_core.errors import ActionRefused, AnswersRefused, UnknownProcedure
from imi_core.procedure import Rules
from imi_tui.cache.errors import (
    AlreadyAttempted,
    LaterEntries,
    NoSuchCase,
    NoSuchItem,
    NoSuchSeat,
    OutboxChanged,
)
from imi_tui.cache.ids import uuid7
from imi_tui.cache.model import OutboxItem
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.core import world
from tests.tui.cache.world import DE, FR, NOW, Clock, case, case_id, entry, open_store, put, session, set_up
from tests.tui.undone import undone

ONE = case_id(1)


def accept(store: Store, id: str = ONE) -> OutboxItem:
    return store.act(DE, id, "accept", answers={"agreed_days": 10})


def message(store: Store, id: str = ONE, text: str = "Guten Tag") -> OutboxItem:
    return store.act(DE, id, "message", text=text, lang="de")


def send(store: Store, subject: str = "Alpbau", id: str = "d1") -> OutboxItem:
    answers = {**world.REQUEST, "subject": subject}
    return store.queue(Draft(id=id, desk=DE, procedure="pw.info", action="send", target=FR, answers=answers))


def sent(store: Store, *items: OutboxItem) -> None:
    store.sync.begin([item.client_ref for item in items])


def test_client_refs_are_uuid7_in_order() -> None:
    import secrets
    import uuid

    made = [uuid.UUID(uuid7(Clock()(), secrets)) for _ in range(100)]
    assert {(ref.version, ref.variant) for ref in made} == {(7, uuid.RFC_4122)}
    assert len(set(made)) == 100
    assert made[0].int >> 80 == int((NOW.timestamp() + 1) * 1000)


def test_a_queued_action_shows_at_once(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = accept(store)
    row = store.row(DE, ONE, "to_answer", "due")
    assert row is not None
    assert (row.state, row.pending, row.turn_mine) == ("accepted", 1, True)
    assert store.counts()["to_accept"] == 0
    assert store.counts()["to_answer"] == 1
    found = store.case(DE, ONE)
    assert found is not None
    assert found.case["state"] == "accepted"
    assert found.pending == (item.client_ref,)
    assert "reply" in found.actions
    assert "accept" not in found.actions
    shown = found.entries[-1]
    assert (shown["action"], shown["toState"], shown["officer"]) == ("accept", "accepted", "officer-de1")
    assert item.payload == {
        "clientRef": item.client_ref,
        "caseId": ONE,
        "basedOn": 1,
        "action": "accept",
        "answers": {"agreed_days": 10},
    }
    assert (item.reference, item.subject) == ("PW-26-000001", "Establishment of Alpbau GmbH")


def test_entries_build_on_each_other(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    items = [accept(store), store.act(DE, ONE, "reply", answers=world.REPLY)]
    found = store.case(DE, ONE)
    assert found is not None
    assert found.case["state"] == "replied"
    assert found.pending == tuple(item.client_ref for item in items)
    assert [item.client_ref for item in store.sync.ready(9)] == [item.client_ref for item in items]
    assert items[0].payload["basedOn"] == items[1].payload["basedOn"] == 1
    assert "after" not in items[1].payload, "an acceptance changes nothing that a reply builds on"
    assert store.counts()["waiting"] == 1


def test_what_the_rules_refuse_is_not_queued(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    with pytest.raises(AnswersRefused):
        store.act(DE, ONE, "accept", answers={"agreed_days": 0})
    with pytest.raises(ActionRefused):
        store.act(DE, ONE, "close")
    with pytest.raises(NoSuchCase):
        store.act(DE, case_id(2), "accept")
    with pytest.raises(NoSuchSeat):
        store.act(FR, ONE, "accept")
    with pytest.raises(UnknownProcedure):
        store.queue(Draft(id="d", desk=DE, procedure="pw.nothing", action="send"))
    assert store.outbox() == []
    assert store.status().queued == 0


def test_payload_is_frozen(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = message(store)
    before = store._work.one("select payload, digest from outbox")
    put(store, case(pw_info, 1, "accepted"))
    sent(store, item)
    store.sync.settle({}, {}, [item.client_ref])
    assert store._work.one("select payload, digest from outbox") == before
    assert store.sync.ready(1)[0].payload == item.payload


def test_attempts_are_counted_before_sending_and_survive_a_restart(store: Store, home: Path, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = message(store)
    sent(store, item)
    other = open_store(home)
    assert [(found.state, found.attempts) for found in other.outbox()] == [("sending", 1)]
    assert other.sync.ready(5) == []
    other.sync.recover()
    assert [(found.state, found.attempts) for found in other.sync.ready(5)] == [("queued", 1)]
    other.close()
    with pytest.raises(AlreadyAttempted):
        undone(store, item.client_ref)
    with pytest.raises(AlreadyAttempted):
        store.discard(item.client_ref)


def test_an_undone_entry_is_not_sent(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info), case(pw_info, 2))
    first, second = message(store), message(store, case_id(2))
    draft = undone(store, first.client_ref)
    with pytest.raises(OutboxChanged):
        sent(store, first, second)
    assert [(item.state, item.attempts) for item in store.outbox()] == [("queued", 0)]
    assert (draft.case_id, draft.text, draft.lang, draft.action) == (ONE, "Guten Tag", "de", "message")
    assert store.draft(draft.id) == draft
    with pytest.raises(NoSuchItem):
        undone(store, first.client_ref)


def test_undo_restores_the_picture(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    before = store.row(DE, ONE, "all", "due"), store.counts()
    undone(store, accept(store).client_ref)
    assert (store.row(DE, ONE, "all", "due"), store.counts()) == before


def test_acknowledged_is_kept_hidden_and_still_shown_as_done(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = accept(store)
    sent(store, item)
    store.sync.settle(
        {item.client_ref: {"id": "e2", "caseId": ONE, "version": 2, "seq": 7, "at": "2026-03-10T09:00:09Z"}}, {}
    )
    assert store.outbox() == []
    assert [found.client_ref for found in store.sync.journal(DE)] == [item.client_ref]
    row = store.row(DE, ONE, "to_answer", "due")
    assert row is not None
    assert (row.state, row.pending) == ("accepted", 0)
    confirmed = case(pw_info, 1, "accepted", subject="From the server")
    confirming = entry(confirmed, "accept", desk=DE, clientRef=item.client_ref, text=None)
    put(store, confirmed, entries=[confirming])
    row = store.row(DE, ONE, "to_answer", "due")
    assert row is not None
    assert (row.subject, row.pending) == ("From the server", 0)
    found = store.case(DE, ONE)
    assert found is not None
    assert len(found.entries) == 1
    store.sync.prune(DE, 6)
    assert len(store.sync.journal(DE)) == 1
    store.sync.prune(DE, 7)
    assert store.sync.journal(DE) == []


def test_prune_keeps_what_is_not_confirmed(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info), case(pw_info, 2))
    item, waiting = accept(store), accept(store, case_id(2))
    sent(store, item)
    store.sync.settle({item.client_ref: {"caseId": ONE, "version": 2, "seq": 7}}, {})
    store.sync.prune(DE, 99)
    assert [found.client_ref for found in store.sync.journal(DE)] == [item.client_ref]
    assert [found.client_ref for found in store.outbox()] == [waiting.client_ref]


def test_a_lost_reply_is_recognised_by_the_entry_that_comes(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = accept(store)
    sent(store, item)
    confirmed = case(pw_info, 1, "accepted")
    put(store, confirmed, entries=[entry(confirmed, "accept", desk=DE, clientRef=item.client_ref, text=None)])
    row = store.row(DE, ONE, "all", "due")
    assert row is not None
    assert (row.state, row.pending) == ("accepted", 0)
    assert [found.state for found in store.outbox()] == ["sending"]


def test_another_desk_cannot_confirm_our_entries(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = accept(store)
    put(store, case(pw_info), entries=[entry(case(pw_info), desk=FR, clientRef=item.client_ref)])
    row = store.row(DE, ONE, "all", "due")
    assert row is not None
    assert row.pending == 1


def test_a_rejected_entry_holds_up_its_own_case_only(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info), case(pw_info, 2))
    first = accept(store)
    behind = message(store)
    other = message(store, case_id(2))
    sent(store, first)
    error = {"type": "stale", "description": "changed", "version": 4}
    store.sync.settle({}, {first.client_ref: error})
    assert [item.client_ref for item in store.sync.ready(9)] == [other.client_ref]
    found = {item.client_ref: item for item in store.outbox()}
    assert found[first.client_ref].error == error
    assert found[behind.client_ref].state == "queued"
    row = store.row(DE, ONE, "to_accept", "due")
    assert row is not None
    assert (row.state, row.rejected, row.pending) == ("awaiting_acceptance", 1, 1)
    assert (store.status().queued, store.status().rejected) == (2, 1)
    store.discard(first.client_ref)
    assert [item.client_ref for item in store.sync.ready(9)] == [behind.client_ref, other.client_ref]


@pytest.mark.parametrize("there", [True, False])
def test_behind_a_refused_entry_nothing_waits_that_the_server_has(store: Store, pw_info: Rules, there: bool) -> None:
    """A restored server may have the second entry of a case and refuse the first when both are offered again."""
    put(store, case(pw_info))
    store.sync.follow_epoch("one", [DE])
    first, behind = message(store), message(store)
    sent(store, first, behind)
    taken = [{"id": f"e{n}", "caseId": ONE, "version": n, "seq": n} for n in (2, 3)]
    store.sync.settle({first.client_ref: taken[0], behind.client_ref: taken[1]}, {})
    kept = entry(case(pw_info), "message", id="e3", desk=DE, clientRef=behind.client_ref)
    put(store, case(pw_info), entries=[kept] if there else [])
    assert not store.sync.is_restored()
    store.sync.follow_epoch("two", [DE])
    assert store.sync.is_restored()
    store.sync.settle({}, {first.client_ref: {"type": "notAvailable"}})
    store.sync.followed()
    row = store.row(DE, ONE, "all", "due")
    assert row is not None
    waiting = [item.client_ref for item in store.outbox() if item.state == "queued"]
    assert (waiting, row.pending) == (([], 0) if there else ([behind.client_ref], 1))
    # No backup is said to have it: where it stands now, the server has not said.
    store.sync.prune(DE, 99)
    assert [item.client_ref for item in store.sync.journal(DE)] == ([behind.client_ref] if there else [])


def test_entries_of_one_case_go_in_order_and_not_past_one_on_its_way(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    first, second = message(store, text="1"), message(store, text="2")
    sent(store, first)
    assert store.sync.ready(9) == []
    store.sync.settle({}, {}, [first.client_ref])
    assert [item.client_ref for item in store.sync.ready(9)] == [first.client_ref, second.client_ref]
    assert len(store.sync.ready(1)) == 1


def test_revising_a_rejected_entry(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = accept(store)
    sent(store, item)
    store.sync.settle({}, {item.client_ref: {"type": "stale"}})
    draft = store.revise(item.client_ref)
    assert draft.answers == {"agreed_days": 10}
    store.save_draft(dataclasses.replace(draft, answers={"agreed_days": 12}))
    assert [found.state for found in store.outbox()] == ["rejected"]
    stored = store.draft(draft.id)
    assert stored is not None
    new = store.queue(stored)
    assert new.client_ref != item.client_ref
    assert [(found.client_ref, found.state) for found in store.outbox()] == [(new.client_ref, "queued")]
    assert store.drafts() == []
    with pytest.raises(NoSuchItem):
        store.revise(new.client_ref)


def test_an_entry_that_no_longer_fits_changes_nothing_but_is_kept(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = accept(store)
    put(store, case(pw_info, 1, "withdrawn"))
    row = store.row(DE, ONE, "closed", "due")
    assert row is not None
    assert (row.state, row.pending) == ("withdrawn", 1)
    assert [found.client_ref for found in store.sync.ready(9)] == [item.client_ref]
    found = store.case(DE, ONE)
    assert found is not None
    assert found.case["state"] == "withdrawn"
    assert found.pending == (item.client_ref,)


@pytest.mark.parametrize("harm", ["seat", "rules", "case"])
def test_a_fold_never_fails(store: Store, pw_info: Rules, harm: str) -> None:
    put(store, case(pw_info))
    item = accept(store)
    if harm == "seat":
        store._cache.run("delete from meta where name = 'session'")
    elif harm == "rules":
        store.sync.apply("directory", Page("d2", destroyed={"Procedure": [f"pw_info-{pw_info.procedure.version}"]}))
    else:
        store.sync.apply(DE, Page("s2", destroyed={"Case": [ONE]}))
    if harm != "case":
        put(store, case(pw_info))
    put(store, case(pw_info, 2))
    assert [found.client_ref for found in store.outbox()] == [item.client_ref]
    row = store.row(DE, ONE, "all", "due")
    if harm == "case":
        assert row is None
        assert store.case(DE, ONE) is None
    else:
        assert row is not None
        assert (row.state, row.pending) == ("awaiting_acceptance", 1)


# --- new cases --------------------------------------------------------------------------------------------------------


def test_a_new_case_has_a_local_id_until_the_server_knows_it(store: Store, pw_info: Rules) -> None:
    item = send(store)
    local = f"ref:{item.client_ref}"
    assert (item.case_id, item.subject, item.payload["procedure"]) == (local, "Alpbau", "pw.info")
    assert "caseId" not in item.payload
    row = store.row(DE, local, "waiting", "due")
    assert row is not None
    assert (row.counterpart, row.country, row.pending, row.reference) == ("Authority fr1", "FR", 1, "")
    follow = message(store, local)
    assert follow.payload["caseId"] == local
    assert [found.id for found in store.search("alpbau")] == [local]

    sent(store, item, follow)
    created = {"id": "e1", "caseId": ONE, "reference": "PW-26-000001", "version": 1, "at": "2026-03-10T09:00:09Z"}
    store.sync.settle({item.client_ref: created}, {}, [follow.client_ref])
    assert [(row.id, row.reference) for row in store.window("all", "due", limit=9)] == [(ONE, "PW-26-000001")]
    assert [(found.id, found.reference) for found in store.search("alpbau")] == [(ONE, "PW-26-000001")]
    assert store.row(DE, local, "all", "due") == store.row(DE, ONE, "all", "due")
    by_local = store.case(DE, local)
    assert by_local is not None
    assert by_local.id == ONE
    assert by_local.pending == (follow.client_ref,)
    later = message(store, local, "mehr")
    assert later.payload["caseId"] == ONE
    assert store.sync.ready(9)[0].payload == follow.payload

    mine = msgspec.structs.replace(world.act(pw_info, None, world.seat(DE), "send", target=FR), id=ONE)
    put(store, mine, entries=[entry(mine, "send", desk=DE, clientRef=item.client_ref)])
    assert [row.id for row in store.window("all", "due", limit=9)] == [ONE]
    assert [found.id for found in store.search("alpbau")] == [ONE]
    assert store.counts()["all"] == 1


def test_a_new_case_whose_reply_was_lost(store: Store, pw_info: Rules) -> None:
    item = send(store)
    follow = message(store, item.case_id)
    sent(store, item)
    mine = msgspec.structs.replace(world.act(pw_info, None, world.seat(DE), "send", target=FR), id=ONE)
    put(store, mine, entries=[entry(mine, "send", desk=DE, clientRef=item.client_ref)])
    assert [(row.id, row.pending) for row in store.window("all", "due", limit=9)] == [(ONE, 1)]
    found = store.case(DE, item.case_id)
    assert found is not None
    assert (found.id, found.pending) == (ONE, (follow.client_ref,))
    store.sync.recover()
    sent(store, item)
    store.sync.settle({item.client_ref: {"caseId": ONE, "version": 1}}, {})
    assert [row.id for row in store.window("all", "due", limit=9)] == [ONE]
    assert [found.case_id for found in store.sync.ready(9)] == [ONE]


def test_undo_of_a_new_case(store: Store) -> None:
    item = send(store)
    follow = message(store, item.case_id)
    with pytest.raises(LaterEntries):
        undone(store, item.client_ref)
    with pytest.raises(LaterEntries):
        store.discard(item.client_ref)
    undone(store, follow.client_ref)
    draft = undone(store, item.client_ref)
    assert (draft.case_id, draft.procedure, draft.target) == ("", "pw.info", FR)
    assert store.counts()["all"] == 0
    assert store.search("alpbau") == []


def test_what_follows_a_revised_new_case_goes_along(store: Store) -> None:
    item = send(store)
    follow = message(store, item.case_id)
    sent(store, item)
    store.sync.settle({}, {item.client_ref: {"type": "badTarget"}})
    assert store.sync.ready(9) == []
    new = store.queue(store.revise(item.client_ref))
    assert [(found.client_ref, found.case_id) for found in store.sync.ready(9)] == [
        (new.client_ref, new.case_id),
        (follow.client_ref, new.case_id),
    ]
    assert store.sync.ready(9)[1].payload["caseId"] == new.case_id
    row = store.row(DE, item.case_id, "all", "due")
    assert row is not None
    assert row.id == new.case_id
    assert store.counts()["all"] == 1


def test_entries_of_another_officer_stay_where_they_are(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = message(store)
    store.sync.set_session(session(DE, officer="somebody-else"))
    assert store.sync.ready(9) == []
    assert [found.client_ref for found in store.outbox()] == [item.client_ref]
    store.sync.set_session(session(DE))
    assert [found.client_ref for found in store.sync.ready(9)] == [item.client_ref]


def test_nothing_is_dropped_by_number(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    refs = [message(store, text=str(number)).client_ref for number in range(120)]
    for _ in range(30):
        store.sync.begin(refs[:1])
        store.sync.settle({}, {}, refs[:1])
    assert [item.client_ref for item in store.sync.ready(1000)] == refs
    assert store.outbox()[0].attempts == 30


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_drafts(store: Store, home: Path) -> None:
    one = Draft(id="a", desk=DE, procedure="pw.info", action="send", answers={"subject": "Łódź"}, text="é")
    two = dataclasses.replace(one, id="b")
    store.save_draft(one)
    store.save_draft(two)
    assert one.saved_at < two.saved_at
    other = open_store(home)
    assert other.drafts() == [two, one]
    one.text = "changed"
    store.save_draft(one)
    assert [(draft.id, draft.text) for draft in other.drafts()] == [("a", "changed"), ("b", "é")]
    store.delete_draft("b")
    assert other.draft("b") is None
    assert [draft.text for draft in other.drafts()] == ["changed"]
    other.close()


def test_a_draft_becomes_an_entry_or_stays(store: Store) -> None:
    draft = Draft(id="a", desk=DE, procedure="pw.info", action="send", target=FR, answers={"subject": "x"})
    store.save_draft(draft)
    with pytest.raises(AnswersRefused):
        store.queue(draft)
    assert store.draft("a") is not None
    draft.answers = dict(world.REQUEST)
    item = store.queue(draft)
    assert store.draft("a") is None
    assert [found.client_ref for found in store.outbox()] == [item.client_ref]


def test_subscribers_hear_of_every_store_of_the_profile(store: Store, home: Path, pw_info: Rules) -> None:
    heard: list[Any] = []
    end = store.subscribe(heard.append)
    other = open_store(home)
    put(other, case(pw_info))
    assert heard[-1].kinds >= {"cases", "status"}
    assert heard[-1].cases == {(DE, ONE)}
    message(other)
    assert heard[-1].kinds >= {"cases", "outbox"}
    end()
    count = len(heard)
    other.sync.set_ok(NOW)
    assert len(heard) == count
    other.close()


def test_memory_keeps_nothing_on_the_disk(tmp_path: Path, pw_info: Rules) -> None:
    from imi_tui.cache.storage.db import MemoryKey

    store = set_up(open_store(tmp_path / "m", key=MemoryKey()), pw_info)
    second = open_store(tmp_path / "m", key=MemoryKey())
    put(store, case(pw_info))
    accept(second)
    assert [item.state for item in store.outbox()] == ["queued"]
    second.close()
    store.close()
    third = open_store(tmp_path / "m", key=MemoryKey())
    assert third.counts()["to_answer"] == 1
    third.close()
    assert list(tmp_path.iterdir()) == []


def test_stored_json_is_exactly_the_payload(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = message(store, text='é "quoted" \\ Łódź')
    (stored,) = store._work.one("select payload from outbox")
    assert json.loads(stored) == item.payload
    assert item.payload["text"] == {"lang": "de", "text": 'é "quoted" \\ Łódź'}
    assert to_wire(item.payload) == item.payload


def test_what_waits_besides_some_entries_is_the_same_by_their_ends_and_one_by_one(store: Store, pw_info: Rules) -> None:
    numbers = range(1, 6)
    for number in numbers:
        put(store, case(pw_info, number))
        message(store, case_id(number))
    outbox = store.outbox_table
    places = [item.pos for item in outbox.live()]
    assert [case for _desk, case in sorted(outbox.live_cases())] == [case_id(number) for number in numbers]
    for first in range(5):
        for behind in range(first, 6):
            left = sorted((DE, case_id(number)) for number in numbers if not first < number <= behind)
            assert sorted(outbox.live_cases(places[first:behind])) == left
            ends = range(places[first], places[first] + behind - first)
            assert sorted(outbox.live_cases(ends)) == left
