"""Pages of the server: all or nothing, levels, removal, sessions, recovery by comparison."""

from __future__ import annotations

import json
from typing import Any

import pytest

from imi_core.case import FIXED, to_wire
from imi_core.errors import UnknownProcedure
from imi_core.procedure import Rules
from imi_tui.cache.errors import BadObject
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.core import world
from tests.tui.cache.world import DE, FR, NOW, authority, case, case_id, entry, procedure, put, session

ONE = case_id(1)


def test_a_page_and_its_state_are_one(store: Store, pw_info: Rules) -> None:
    assert store.sync.state(DE) == ""
    put(store, case(pw_info), new_state="812.kT3", filling=0.25)
    assert store.sync.state(DE) == "812.kT3"
    assert store.status().filling == 0.25
    put(store, new_state="813.x")
    assert store.sync.state(DE) == "813.x"
    assert store.status().filling is None


BAD: list[dict[str, Any]] = [
    {"cases": [{"id": 5}]},
    {"cases": [{"id": "a", "procedure": "p"}]},
    {"cases": [{"id": "a", "procedure": "p", "state": ["x"]}]},
    {"cases": [{"id": "a", "procedure": "p", "state": "s", "due": "tomorrow"}]},
    {"cases": [{"id": "a", "procedure": "p", "state": "s", "version": 1 << 70}]},
    {"cases": [{"id": "", "procedure": "p", "state": "s"}]},
    {"cases": [{"id": "ref:0193", "procedure": "p", "state": "s"}]},
    {"cases": [{"id": "a" * 300, "procedure": "p", "state": "s"}]},
    {"cases": ["text"]},
    {"cases": [None]},
    {"entries": [{"id": "e", "caseId": "", "action": "send"}]},
    {"entries": [{"id": "e", "caseId": "c", "action": 7}]},
    {"entries": [{"id": "e", "caseId": "c", "action": "send", "answers": []}]},
    {"authorities": [{"id": "a"}]},
    {"procedures": [{"id": "p-1"}]},
    {"officers": [{"id": "o", "name": 3}]},
]


@pytest.mark.parametrize("bad", BAD)
def test_an_object_of_the_wrong_shape_stops_the_page(store: Store, pw_info: Rules, bad: dict[str, Any]) -> None:
    page = Page("bad", **({"cases": [to_wire(case(pw_info))]} | bad))
    with pytest.raises(BadObject):
        store.sync.apply(DE, page)
    assert store.sync.state(DE) == ""
    assert store.counts()["all"] == 0
    assert store.authority_count() == 3


def test_what_a_newer_server_adds_is_kept_and_does_no_harm(store: Store, pw_info: Rules) -> None:
    wire = json.loads(json.dumps(to_wire(case(pw_info)))) | {"mood": {"deep": [1]}, "turn": "arbiter"}
    wire["parts"] = [*wire["parts"], {"role": "arbiter", "desk": "x", "authority": "x", "country": "XX", "name": "X"}]
    store.sync.apply(DE, Page("s1", cases=[wire]))
    found = store.case(DE, ONE)
    assert found is not None
    assert found.case == wire
    row = store.row(DE, ONE, "waiting", "due")
    assert row is not None
    assert (row.counterpart, row.turn_mine) == ("Authority fr1", False)
    store.act(DE, ONE, "message", text="x", lang="de")
    found = store.case(DE, ONE)
    assert found is not None
    assert found.case["mood"] == {"deep": [1]}
    assert found.case["version"] == 2


def test_a_case_without_its_rules_shows_and_is_refolded_when_they_come(store: Store, pw_info: Rules) -> None:
    store.sync.reset_account("directory")
    with pytest.raises(UnknownProcedure):
        store.rules("pw.info")
    put(store, case(pw_info, 1, "awaiting_acceptance"))
    found = store.case(DE, ONE)
    assert found is not None
    assert found.actions == ()
    assert store.counts()["to_answer"] == 1
    store.sync.apply("directory", Page("d", procedures=[procedure(pw_info)]))
    assert store.counts()["to_accept"] == 1
    assert store.counts()["to_answer"] == 0
    assert store._cache.one("select count(*) from without_rules") == (0,)


def test_summary_is_replaced_by_full_and_back(store: Store, pw_info: Rules) -> None:
    summary = case(pw_info, 1, level="summary", request={"company": "Alpbau GmbH"})
    full = case(pw_info, 1, "accepted", version=2)
    redacted = entry(summary, "send", id="e1", text=None, redacted=True)
    whole = entry(summary, "send", id="e1", answers={"workers": "Anna Geheimnisvoll"})
    put(store, summary, entries=[redacted])
    assert store.search("geheimnisvoll") == []
    put(store, full, entries=[whole])
    assert [row.level for row in store.search("geheimnisvoll")] == ["full"]
    put(store, summary, entries=[redacted])
    found = store.case(DE, ONE)
    assert found is not None
    assert (found.case["level"], found.entries[0]["redacted"], len(found.entries)) == ("summary", True, 1)
    assert store.search("geheimnisvoll") == []
    assert [row.level for row in store.search("alpbau")] == ["summary"]


def test_entries_that_came_before_their_case_belong_to_it(store: Store, pw_info: Rules) -> None:
    one, two = case(pw_info), case(pw_info, 2)
    put(store, entries=[entry(one, text={"lang": "de", "text": "verfrüht"})])
    put(store, two)
    found = store.case(DE, two.id)
    assert found is not None
    assert found.entries == ()
    put(store, one)
    found = store.case(DE, one.id)
    assert found is not None
    assert len(found.entries) == 1
    assert [row.id for row in store.search("verfruht")] == [one.id]


def test_entries_without_their_case_go_with_it(store: Store, pw_info: Rules) -> None:
    put(store, entries=[entry(case(pw_info))])
    store.sync.apply(DE, Page("s2", destroyed={"Case": [ONE]}))
    assert store._cache.one("select count(*) from entry") == (0,)


def test_the_next_case_in_a_row_has_no_entries_of_the_last(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info), entries=[entry(case(pw_info))])
    with store._cache.write():
        store._documents.remove(1)
        store._cache.run("delete from listing; delete from confirmed")
    two = case(pw_info, 2)
    put(store, two)
    assert store._cache.one("select n from listing") == (1,)
    found = store.case(DE, two.id)
    assert found is not None
    assert found.entries == ()
    assert store.sync.entries_of(DE, [two.id]) == []


def test_destroyed_leaves_nothing(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info), case(pw_info, 2), entries=[entry(case(pw_info))])
    item = store.act(DE, ONE, "accept", answers={"agreed_days": 3})
    store.sync.apply(DE, Page("s2", destroyed={"Case": [ONE, "never-seen"]}))
    assert store.case(DE, ONE) is None
    assert store.row(DE, ONE, "all", "due") is None
    assert [row.id for row in store.search("alpbau")] == [case_id(2)]
    assert (store.counts()["all"], store.find("PW-26-000001")) == (1, [])
    assert store._cache.one("select count(*) from entry") == (0,)
    assert store._cache.one("select count(*) from confirmed") == (1,)
    assert [found.client_ref for found in store.outbox()] == [item.client_ref]
    put(store, case(pw_info))
    row = store.row(DE, ONE, "all", "due")
    assert row is not None
    assert row.pending == 1


def test_destroyed_entries(store: Store, pw_info: Rules) -> None:
    found = case(pw_info)
    put(store, found, entries=[entry(found, id=f"e{number}", answers={"a": f"wort{number}"}) for number in range(3)])
    store.sync.apply(DE, Page("s2", destroyed={"Entry": ["e0", "e2", "e9"]}))
    store.sync.index_little()
    detail = store.case(DE, ONE)
    assert detail is not None
    assert [item["id"] for item in detail.entries] == ["e1"]
    assert [len(store.search(f"wort{number}")) for number in range(3)] == [0, 1, 0]


def test_entries_may_come_before_their_case(store: Store, pw_info: Rules) -> None:
    put(store, entries=[entry(case(pw_info))])
    assert store.counts()["all"] == 0
    put(store, case(pw_info))
    found = store.case(DE, ONE)
    assert found is not None
    assert len(found.entries) == 1
    assert len(store.search("bonjour")) == 1


# --- unread -----------------------------------------------------------------------------------------------------------


def unread(store: Store) -> bool:
    row = store.row(DE, ONE, "all", "due")
    assert row is not None
    return row.unread


def test_a_first_sync_marks_only_what_nobody_has_accepted_as_unread(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info, 1, "awaiting_acceptance"), case(pw_info, 2, "accepted"), filling=0.5)
    put(store, case(pw_info, 3, "closed"), filling=0.9)
    assert {int(row.id, 16): row.unread for row in store.window("all", "due", limit=9)} == {1: True, 2: False, 3: False}


def test_unread_until_read_and_again_after_a_change(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info, 2))
    put(store, case(pw_info))
    assert unread(store)
    store.mark_read(DE, ONE)
    assert not unread(store)
    put(store, case(pw_info, files=1))
    assert not unread(store)
    put(store, case(pw_info, 1, version=2))
    assert unread(store)
    store.mark_read(DE, "nothing")


def test_what_this_officer_did_is_read(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info, 2))
    put(store, case(pw_info))
    store.mark_read(DE, ONE)
    mine = case(pw_info, 1, "accepted")
    put(store, mine, entries=[entry(mine, "accept", desk=DE, officer="officer-de1", text=None)])
    assert not unread(store)
    colleague = case(pw_info, 1, "accepted", version=9)
    put(store, colleague, entries=[entry(colleague, desk=DE, officer="officer-de1-b")])
    assert unread(store)


def test_own_entry_in_a_later_page_is_read(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info, 2))
    mine = case(pw_info, 1, "accepted")
    put(store, mine)
    assert unread(store)
    put(store, entries=[entry(mine, "accept", desk=DE, officer="officer-de1", text=None)])
    assert not unread(store)


# --- session, recovery, secrets ---------------------------------------------------------------------------------------


def test_session(store: Store) -> None:
    assert store.officer() == {"id": "officer-de1", "name": "Officer", "language": "de"}
    (seat,) = store.seats()
    assert (seat.desk, seat.authority_name, seat.area, seat.roles) == (
        DE,
        "Authority de1",
        "pw",
        ("handler", "a_role_of_tomorrow"),
    )
    for bad in (
        {},
        {"accounts": {}},
        {"accounts": []},
        {"accounts": {"x": 5}},
        {"accounts": {"x": {"accountCapabilities": None}}},
    ):
        with pytest.raises(BadObject):
            store.sync.set_session(bad)
    assert store.sync.session() == session(DE)


def test_a_lost_seat_takes_its_cases_along(store: Store, pw_info: Rules) -> None:
    store.sync.set_session(session(DE, FR))
    put(store, case(pw_info), entries=[entry(case(pw_info))])
    put(store, case(pw_info), desk=FR)
    store.sync.set_session(session(FR))
    assert [row.desk for row in store.window("all", "due", limit=9)] == [FR]
    assert [row.desk for row in store.search("alpbau")] == [FR]
    assert (store.sync.state(DE), store.sync.state(FR)) == ("", "s1")
    assert store._cache.one("select count(*) from entry") == (0,)


def test_known_and_drop(store: Store, pw_info: Rules) -> None:
    whole, listed = case(pw_info, head="0123456789abcdef" * 4), case(pw_info, 0xA << 124, version=7, head="76543210")
    put(store, whole, case(pw_info, 2, level="summary", head=""), listed)
    store.queue(Draft(id="d", desk=DE, procedure="pw.info", action="send", target=FR, answers=dict(world.REQUEST)))
    assert store.sync.known(DE, "0") == [(ONE, 1, "full", "01234567"), (case_id(2), 1, "summary", "")]
    assert store.sync.known(DE) == [*store.sync.known(DE, "0"), (case_id(0xA << 124), 7, "full", "76543210")]
    assert store.sync.known(DE, "b") == []
    assert store.sync.known("nowhere") == []
    store.sync.drop(DE, [ONE], store.sync.state(DE))
    assert [id for id, *_ in store.sync.known(DE)] == [case_id(2), case_id(0xA << 124)]
    assert store.sync.state(DE) == "s1"


def test_reset_account(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info), case(pw_info, 2))
    item = store.act(DE, ONE, "accept", answers={"agreed_days": 3})
    store.sync.reset_account(DE)
    assert (store.sync.state(DE), store.counts()["all"], store.search("alpbau")) == ("", 0, [])
    assert [found.client_ref for found in store.outbox()] == [item.client_ref]
    store.sync.reset_account("directory")
    assert (store.authority_count(), store.procedures(), store.sync.state("directory")) == (0, [], "")
    assert store.target(FR) is None


def test_reoffered_after_a_restore(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = store.act(DE, ONE, "accept", answers={"agreed_days": 3})
    store.sync.begin([item.client_ref])
    store.sync.settle({item.client_ref: {"caseId": ONE, "version": 2}}, {})
    store.sync.reoffer([item.client_ref])
    assert [found.payload for found in store.sync.ready(9)] == [item.payload]
    row = store.row(DE, ONE, "all", "due")
    assert row is not None
    assert (row.state, row.pending) == ("accepted", 1)


def test_acknowledged_after_the_entry_has_come_is_done(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = store.act(DE, ONE, "accept", answers={"agreed_days": 3})
    store.sync.begin([item.client_ref])
    confirmed = case(pw_info, 1, "accepted")
    put(store, confirmed, entries=[entry(confirmed, "accept", desk=DE, clientRef=item.client_ref, text=None)])
    store.sync.settle({item.client_ref: {"caseId": ONE, "version": 2}}, {})
    assert store.outbox_table.live() == []


def test_status_and_secrets(store: Store) -> None:
    assert store.status().last_ok == ""
    store.sync.set_problem("offline")
    assert store.status().problem == "offline"
    store.sync.set_ok(NOW)
    assert (store.status().last_ok, store.status().problem) == (NOW.isoformat(timespec="seconds"), "")
    store.sync.set_secret("refresh", "t1")
    assert store.sync.secret("refresh") == "t1"
    store.sync.set_secret("refresh", None)
    assert store.sync.secret("refresh") is None


def test_directory_changes(store: Store, pw_info: Rules) -> None:
    import msgspec

    first = pw_info.procedure.version
    assert [rules.key for rules in store.procedures("pw")] == [("pw.info", first)]
    assert store.procedures("gdpr") == []
    newer = msgspec.structs.replace(pw_info, procedure=msgspec.structs.replace(pw_info.procedure, version=first + 1))
    labels = msgspec.structs.replace(pw_info, labels={"de": {"pw.info.title": "Entsendung"}})
    store.sync.apply("directory", Page("d2", procedures=[procedure(newer), procedure(labels)]))
    assert [rules.key for rules in store.procedures()] == [("pw.info", first + 1)]
    assert store.rules("pw.info", first).label("pw.info.title", "x", ("de",)) == "Entsendung"
    with pytest.raises(UnknownProcedure):
        store.rules("pw.info", first + 2)
    store.sync.apply(
        "directory", Page("d3", destroyed={"Procedure": [f"pw_info-{first + 1}"], "Authority": ["authority-de2"]})
    )
    assert [rules.key for rules in store.procedures()] == [("pw.info", first)]
    assert (store.target("de2"), store.authority("authority-de2")) == (None, None)
    target = store.target(FR)
    assert target is not None
    assert (target.name, target.country, target.area, target.active) == ("Authority fr1", "FR", "pw", True)
    closed = authority(FR, desks=[{"id": FR, "area": "pw", "status": "suspended"}])
    store.sync.apply("directory", Page("d4", authorities=[closed], officers=[{"id": "o", "name": "O"}]))
    target = store.target(FR)
    assert target is not None
    assert not target.active


def test_a_lean_entry_is_signed_by_the_part_of_its_desk(store: Store, pw_info: Rules) -> None:
    held = case(pw_info)
    put(store, held, entries=[])
    part = next(each for each in held.parts if each.desk == FR)
    lean, strange, named = (entry(held, id=each * 32) for each in "abc")
    strange["desk"] = "xx-nobody_pw"
    named |= {"authority": "fr-other", "authorityName": "Another name"}
    update = {name: value for name, value in to_wire(held).items() if name not in FIXED}
    store.sync.apply(DE, Page("2", updates=[update], entries=[lean, strange, named]))
    found = {each["id"][0]: each for each in store.case(DE, held.id).entries}
    assert (found["a"]["authority"], found["a"]["authorityName"]) == (part.authority, part.name)
    assert "authorityName" not in found["b"]
    assert found["c"]["authorityName"] == "Another name"
