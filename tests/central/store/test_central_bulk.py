"""Loading many finished cases at once."""

from __future__ import annotations

import secrets

import msgspec
import pytest

from imi_central.store import Store, bulk
from imi_central.store.casefile import write_case
from imi_core.case import Case, Entry
from tests.central.replica import Replica, assert_same
from tests.central.world import LYON, ROSENHEIM, Caller, accept, rules, send

Pair = tuple[Case, list[Entry]]


def copies(store: Store, count: int) -> list[Pair]:
    """Copies of a real case with its entries, under other ids."""
    case_id = send(store).case_id
    accept(store, case_id)
    with store.view("lyon") as view:
        [case], entries = view.cases(LYON, [case_id], 1), view.entries(LYON, None, 10)
    made: list[Pair] = []
    for number in range(count):
        id = secrets.token_hex(16)
        mine = msgspec.structs.replace(case, id=id, reference=f"PW-26-{number + 100:06d}")
        held = [
            msgspec.structs.replace(entry, id=secrets.token_hex(16), case_id=id, client_ref="") for entry in entries
        ]
        made.append((mine, held))
    return made


def test_loaded_cases_are_there_for_everybody_with_a_part(store: Store, caller: Caller) -> None:
    early = Replica(caller, "rosenheim", ROSENHEIM).sync()
    made = copies(store, 25)
    assert store.load_cases(iter(made)) == 25
    assert_same(store, early.sync(7))
    late = Replica(caller, "lyon", LYON).sync(7)
    assert_same(store, late)
    assert len(late.cases) == 26
    assert store.verify() == {}
    found = caller.call("lyon", "Case/query", accountId=LYON, filter={"reference": "PW-26-000110"})
    assert found["ids"] == [made[10][0].id]


def test_batches_join_without_a_seam(store: Store, caller: Caller) -> None:
    made = copies(store, 25)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "_BATCH", 4)
        store.load_cases(made)
    assert_same(store, Replica(caller, "lyon", LYON).sync(3))
    assert store.verify() == {}


def test_the_last_loaded_comes_first(store: Store, caller: Caller) -> None:
    made = copies(store, 5)
    store.load_cases(made)
    found = caller.sync("lyon", {LYON: "0"})["accounts"][LYON]["Case"]["created"]
    assert found[:5] == [case.id for case, _ in reversed(made)]


def test_new_references_go_on_behind_the_loaded_ones(store: Store, caller: Caller) -> None:
    store.load_cases(copies(store, 3))
    send(store)
    with store.view("lyon") as view:
        references = {case.reference for case in view.cases(LYON, None, 10)}
    assert "PW-26-000103" in references


def test_blocked_cases_load_unseen(store: Store, caller: Caller) -> None:
    made = [(msgspec.structs.replace(case, blocked=True), held) for case, held in copies(store, 3)]
    store.load_cases(made)
    replica = Replica(caller, "lyon", LYON).sync(2)
    assert len(replica.cases) == 1
    assert_same(store, replica)


def test_entries_with_their_refs_answer_repeats(store: Store) -> None:
    [(case, held)] = copies(store, 1)
    first = msgspec.structs.replace(held[0], client_ref="0193c000-0000-7000-8000-000000000001")
    store.load_cases([(case, [first, *held[1:]])])
    again = store.commit_entry("lyon", LYON, Entry(action="send", client_ref=first.client_ref))
    assert (again.entry.id, again.repeated, again.reference) == (first.id, True, case.reference)


def test_the_epoch_and_what_is_safe(store: Store, caller: Caller) -> None:
    def session() -> dict[str, object]:
        return dict(caller.http("lyon", "GET", "/jmap/session").json())

    before = session()
    send(store)
    store.backed_up(store.copied_heads())
    after = session()
    mine = after["accounts"][LYON]["accountCapabilities"]["urn:imi:case"]  # type: ignore[index]
    assert mine["safeSeq"] == 2
    assert after["state"] != before["state"], "clients fetch the session again and let go of what is safe"
    store.new_epoch()
    renewed = session()["capabilities"]["urn:imi:case"]  # type: ignore[index]
    earlier = before["capabilities"]["urn:imi:case"]  # type: ignore[index]
    assert renewed["server"] == earlier["server"]
    assert renewed["epoch"] != earlier["epoch"]


def test_a_case_that_becomes_visible_again_is_filled_and_followed(store: Store, caller: Caller) -> None:
    [(case, held)] = copies(store, 1)
    blocked = msgspec.structs.replace(case, blocked=True)
    store.load_cases([(blocked, held)])
    early = Replica(caller, "lyon", LYON).sync()
    assert case.id not in early.cases
    with store.writing() as conn:
        after = msgspec.structs.replace(case, version=case.version + 1)
        write_case(conn, 1, rules(), blocked, after)
    assert_same(store, early.sync(2))
    assert_same(store, Replica(caller, "lyon", LYON).sync(2))
    assert case.id in early.cases
