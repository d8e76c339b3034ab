"""Writing the directory: the same again changes nothing, and what changed is logged."""

from __future__ import annotations

import msgspec
import pytest

from imi_central.store import EntryRefused, ProcedureChanged, Store
from imi_central.store.register import wire_id
from imi_core.authority import Desk, Officer
from imi_core.jmap import DIRECTORY
from tests.central.world import AUTHORITIES, LYON, OFFICERS, ROSENHEIM, Caller, accept, rules, send


def test_the_same_register_again_changes_nothing(store: Store) -> None:
    before = store.heads()
    assert store.put_authorities(AUTHORITIES) == 0
    assert store.put_procedures([rules()]) == 0
    for id, desks in OFFICERS.items():
        assert store.put_officer(Officer(id=id, name=id.title(), desks=desks)) is False
    assert store.heads() == before


def test_a_changed_authority_has_the_next_version(store: Store, caller: Caller) -> None:
    state = caller.call("lyon", "Authority/get", accountId=DIRECTORY, ids=[])["state"]
    moved = msgspec.structs.replace(AUTHORITIES[1], town="Kolbermoor")
    assert store.put_authorities([*AUTHORITIES[:1], moved]) == 1
    changes = caller.call("lyon", "Authority/changes", accountId=DIRECTORY, sinceState=state)
    assert (changes["created"], changes["updated"]) == ([], [moved.id])
    [got] = caller.call("lyon", "Authority/get", accountId=DIRECTORY, ids=[moved.id])["list"]
    assert (got["town"], got["version"]) == ("Kolbermoor", 2)


def test_a_suspended_desk_takes_no_new_cases(store: Store, caller: Caller) -> None:
    assert store.target(ROSENHEIM) is not None
    desk = Desk(id=ROSENHEIM, area="pw", status="suspended")
    store.put_authorities([msgspec.structs.replace(AUTHORITIES[1], desks=(desk,))])
    target = store.target(ROSENHEIM)
    assert target is not None
    assert not target.active
    with pytest.raises(EntryRefused, match="badTarget"):
        send(store)


def test_a_procedure_in_use_keeps_its_meaning(store: Store, caller: Caller) -> None:
    title = msgspec.structs.replace(rules().procedure, title="Another title")
    with pytest.raises(ProcedureChanged):
        store.put_procedures([msgspec.structs.replace(rules(), procedure=title)])
    old = rules().procedure.version
    newer = msgspec.structs.replace(rules(), procedure=msgspec.structs.replace(title, version=old + 1))
    assert store.put_procedures([newer]) == 1
    found = (store.rules("pw.info"), store.rules("pw.info", old))
    assert [entry.key[1] for entry in found if entry] == [old + 1, old]
    assert store.rules("pw.nothing") is None


def test_translations_travel_in_the_languages_asked_for(store: Store, caller: Caller) -> None:
    id = wire_id(rules())
    labels = {"de": {"pw.info.title": "Entsendung"}, "fr": {"pw.info.title": "Détachement"}}
    state = caller.call("lyon", "Procedure/get", accountId=DIRECTORY, ids=[])["state"]
    assert store.put_procedures([msgspec.structs.replace(rules(), labels=labels)]) == 1
    changes = caller.call("lyon", "Procedure/changes", accountId=DIRECTORY, sinceState=state)
    assert changes["updated"] == [id]
    [got] = caller.call("lyon", "Procedure/get", accountId=DIRECTORY, ids=None, languages=["fr", "en"])["list"]
    assert got["labels"] == {"fr": {"pw.info.title": "Détachement"}}
    assert got["id"] == id == f"pw_info-{rules().procedure.version}"
    [got] = caller.call("lyon", "Procedure/get", accountId=DIRECTORY, ids=[id])["list"]
    assert "labels" not in got


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"text": "munchen"}, ["de-zoll-muenchen"]),
        ({"text": "HAUPTZOLLAMT rosen"}, ["de-zoll-rosenheim"]),
        ({"text": "panstwowa"}, ["pl-pip-warszawa"]),
        ({"country": "PL"}, ["pl-pip-warszawa"]),
        ({"area": "pq"}, ["de-aerzte"]),
        ({"topic": "transport"}, ["de-zoll-muenchen"]),
        ({"topic": "trans"}, []),
        ({"text": "%"}, []),
        ({"text": "_"}, []),
        ({"country": "DE", "area": "pw", "text": "zoll"}, ["de-zoll-muenchen", "de-zoll-rosenheim"]),
    ],
)
def test_searching_authorities(caller: Caller, filter: dict[str, str], found: list[str]) -> None:
    assert caller.call("lyon", "Authority/query", accountId=DIRECTORY, filter=filter)["ids"] == found


@pytest.mark.parametrize(
    ("filter", "officer", "count"),
    [
        ({"text": "ALPBAU gmbh"}, "lyon", 2),
        ({"text": "rosenheim"}, "lyon", 2),
        ({"text": "Secret"}, "lyon", 0),
        ({"reference": "PW-26-000002"}, "lyon", 1),
        ({"state": "accepted"}, "lyon", 1),
        ({"state": "closed"}, "lyon", 0),
        ({"procedure": "pw.info"}, "lyon", 2),
        ({"procedure": "pq.info"}, "lyon", 0),
        ({"turn": True}, "lyon", 0),
        ({"turn": False}, "lyon", 2),
        ({"turn": True}, "rosenheim", 2),
        (None, "rosenheim", 2),
    ],
)
def test_searching_cases(store: Store, caller: Caller, filter: object, officer: str, count: int) -> None:
    send(store)
    accept(store, send(store).case_id)
    desk = LYON if officer == "lyon" else ROSENHEIM
    answer = caller.call(officer, "Case/query", accountId=desk, filter=filter)
    assert len(answer["ids"]) == count
    assert answer["canCalculateChanges"] is False
    if count > 1:
        page = caller.call(officer, "Case/query", accountId=desk, filter=filter, position=1, limit=1)
        assert page["ids"] == answer["ids"][1:2]
