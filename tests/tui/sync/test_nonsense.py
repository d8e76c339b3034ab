"""Answers in the right envelope with nonsense inside: each costs what it spoils and nothing else."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_core.authority import Officer
from imi_core.jmap import DIRECTORY
from imi_tui.cache.sync import Page
from imi_tui.i18n.dates import moment, relative, when
from imi_tui.sync import run
from imi_tui.sync.errors import ServerMistake
from tests.central.world import LYON, MUNICH, ROSENHEIM, accept, send
from tests.limit import index_all
from tests.tui.sync.test_engine import new_case
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]


def on(client: Client, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Let `change` spoil the arguments of every answer of this name."""

    def apply(response: dict[str, Any]) -> dict[str, Any]:
        for answer in response["methodResponses"]:
            if answer[0] == name:
                change(answer[1])
        return response

    client.line.change = apply


def honest(client: Client) -> None:
    client.line.change = lambda response: response


def test_what_was_sent_from_a_desk_that_went_is_never_shown_as_refused(central: Central, client: Clients) -> None:
    case = send(central).case_id
    accept(central, case)
    both = client("both")
    both.sync()
    both.store.act(ROSENHEIM, case, "message", text="Arrived.", lang="en")
    assert both.sync().sent == 1
    central.put_officer(Officer(id="both", name="Both", desks={MUNICH: ("handler",)}))
    for _ in range(3):
        both.restart()
        both.sync()
        assert both.store.outbox() == []
    # The seat comes back: what was sent is found where it was.
    central.put_officer(Officer(id="both", name="Both", desks={MUNICH: ("handler",), ROSENHEIM: ("handler",)}))
    both.restart()
    both.sync()
    detail = both.store.case(ROSENHEIM, case)
    assert detail is not None
    assert [entry["text"]["text"] for entry in detail.entries if entry.get("text")] == ["Arrived."]
    assert both.store.outbox() == []


@pytest.mark.parametrize("named", [[5], [None, {}], ["x", []], "x", 5, {"a": 1}])
def test_a_refusal_that_names_nonsense_for_files_stops_nothing(central: Central, client: Clients, named: Any) -> None:
    lyon = client("lyon")
    lyon.sync()
    new_case(lyon)

    def refuse(answer: dict[str, Any]) -> None:
        error = {"type": "blobNotFound", "notFound": named}
        answer.update(notCreated=dict.fromkeys(answer["created"] or {}, error), created={})

    on(lyon, "Entry/set", refuse)
    assert lyon.sync().rejected == 1
    assert [item.state for item in lyon.store.outbox()] == ["rejected"]


def test_a_record_that_cannot_be_used_does_not_hold_up_the_outbox(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    brief = [hit.id for hit in lyon.store.authorities("") if lyon.store.authority_is_brief(hit.id)]
    assert lyon.store.want_authority(brief[0])
    new_case(lyon)
    on(lyon, "Authority/get", lambda answer: answer["list"][0].update(country=5))
    with pytest.raises(ServerMistake):
        lyon.sync()
    assert lyon.sync().sent == 1
    assert lyon.store.authority_is_brief(brief[0])
    honest(lyon)
    assert lyon.store.want_authority(brief[0])
    lyon.sync()
    assert not lyon.store.authority_is_brief(brief[0])


@pytest.mark.parametrize("id", ["x-²", "x-" + "9" * 5000, "-", "", "pw_info-1\u0661", "x-9223372036854775808"])
def test_a_procedure_nobody_can_have_meant_is_not_taken_away(central: Central, client: Clients, id: str) -> None:
    lyon = client("lyon")
    lyon.sync()
    sync = lyon.store.sync
    sync.apply(DIRECTORY, Page(sync.state(DIRECTORY), destroyed={"Procedure": [id]}))
    assert len(lyon.store.procedures()) == 1


def test_no_account_brings_or_takes_what_belongs_to_another(central: Central, client: Clients) -> None:
    known = send(central, subject="Known").case_id
    lyon = client("lyon")
    lyon.sync()
    before = lyon.store.authority_count(), len(lyon.store.procedures())
    detail = lyon.store.case(LYON, known)
    assert detail is not None
    foreign = {**detail.case, "id": "f" * 32}
    procedures = [f"{each.procedure.id.replace('.', '_')}-{each.procedure.version}" for each in lyon.store.procedures()]
    authorities = [hit.id for hit in lyon.store.authorities("")]

    def exchanged(answer: dict[str, Any]) -> None:
        if LYON in answer["accounts"]:
            answer["accounts"][LYON] |= {
                "Procedure": {"destroyed": procedures},
                "Authority": {"destroyed": authorities},
            }
            state = lyon.store.sync.state(DIRECTORY)
            answer["accounts"][DIRECTORY] = {
                "oldState": state,
                "newState": state + "x",
                "hasMoreChanges": False,
                "accessState": "",
                "Case": {"created": [foreign], "updated": [], "destroyed": [known]},
                "Entry": {"created": [], "updated": [], "destroyed": [entry["id"] for entry in detail.entries]},
            }
            answer["unchanged"] -= 1

    on(lyon, "Desk/sync", exchanged)
    new = send(central, subject="New").case_id
    lyon.sync()
    assert (lyon.store.authority_count(), len(lyon.store.procedures())) == before
    assert {row.id for row in lyon.store.window("all", "due", limit=10)} == {known, new}
    assert lyon.store.counts()["all"] == 2


def test_an_entry_never_moves_to_another_case(central: Central, client: Clients) -> None:
    first, second = send(central, subject="Alpha").case_id, send(central, subject="Beta").case_id
    lyon = client("lyon")
    lyon.sync()
    lyon.store.act(LYON, first, "message", text="quokka", lang="en")
    lyon.sync()
    detail = lyon.store.case(LYON, first)
    assert detail is not None
    entry = next(each for each in detail.entries if each.get("text"))
    sync = lyon.store.sync
    sync.apply(LYON, Page(sync.state(LYON), entries=[{**entry, "caseId": second}]))
    assert [row.id for row in lyon.store.search("quokka")] == [first]
    sync.drop(LYON, [first, second], sync.state(LYON))
    index_all(lyon.store)
    assert lyon.store._cache.rows("select rowid from words where words match 'quokka'") == []


def test_ids_that_look_alike_stand_beside_each_other(central: Central, client: Clients) -> None:
    case = send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    detail = lyon.store.case(LYON, case)
    assert detail is not None
    twins = ["ab" * 16, "AB" * 16, "ab " * 10 + "ab", "aB" * 16]
    sync = lyon.store.sync
    sync.apply(LYON, Page(sync.state(LYON), cases=[{**detail.case, "id": id} for id in twins]))
    for sort in ("due", "activity", "reference", "authority"):
        assert {row.id for row in lyon.store.window("all", sort, limit=10)} == {case, *twins}
    sync.drop(LYON, twins[:2], sync.state(LYON))
    assert {row.id for row in lyon.store.window("all", "due", limit=10)} == {case, *twins[2:]}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z"])
def test_a_moment_at_the_end_of_the_calendar_is_shown(central: Central, client: Clients, at: str) -> None:
    case = send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    detail = lyon.store.case(LYON, case)
    assert detail is not None
    sync = lyon.store.sync
    sync.apply(LYON, Page(sync.state(LYON), cases=[{**detail.case, "lastActivity": at}]))
    [row] = lyon.store.window("all", "activity", limit=10)
    assert row.id == case
    for zone in (dt.timezone(dt.timedelta(hours=14)), dt.timezone(dt.timedelta(hours=-12))):
        assert when(row.activity, dt.datetime(2026, 3, 2, tzinfo=zone))
        assert when(at, dt.datetime(2026, 3, 2, tzinfo=zone))


@pytest.mark.parametrize("zone", ["XST-14", "XST12"])
def test_local_times_at_the_end_of_the_calendar(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
            assert moment(at)
            assert relative(at, dt.date(2026, 3, 2))
    finally:
        monkeypatch.undo()
        time.tzset()


def test_only_a_server_that_names_what_went_overrides_the_guard(central: Central, client: Clients) -> None:
    cases = [send(central, subject=f"Case {number}").case_id for number in range(25)]
    lyon = client("lyon")
    lyon.sync()

    def gone(answer: dict[str, Any]) -> None:
        if LYON in answer["accounts"]:
            answer["accounts"][LYON]["Case"] = {"created": [], "updated": [], "destroyed": cases}

    def apply(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _ in response["methodResponses"]:
            if name == "Desk/sync":
                gone(arguments)
            elif name == "Case/get":
                arguments.update(list=[], notFound=[])
        return response

    lyon.line.change = apply
    send(central, subject="New")
    with pytest.raises(Exception, match="would be removed"):
        lyon.sync()
    assert set(cases) <= lyon.ids()


def test_a_comparison_without_end_ends(central: Central, client: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MAX_REQUESTS", 50)
    case = send(central).case_id
    lyon = client("lyon")
    lyon.sync()

    def apply(response: dict[str, Any]) -> dict[str, Any]:
        for answer, call in zip(response["methodResponses"], lyon.line.requests[-1]["methodCalls"], strict=True):
            if answer[0] == "Desk/sync":
                answer[1].update(accounts={}, notCalculated={LYON: {"type": "cannotCalculateChanges"}}, unchanged=1)
            elif answer[0] == "Case/digest":
                prefix, depth = call[1]["prefix"], call[1]["depth"]
                many = {"count": 10**6, "hash": "0" * 32}
                answer[1]["buckets"] = {f"{prefix}{number:0{depth}x}": many for number in range(16**depth)}
        return response

    lyon.line.change = apply
    with pytest.raises(ServerMistake, match="no end"):
        lyon.sync()
    assert lyon.ids() == {case}


def test_a_register_without_end_ends(client: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MAX_REQUESTS", 50)
    lyon = client("lyon")
    count, known = iter(range(10**6)), {}

    def more(answer: dict[str, Any]) -> None:
        if "country" in answer:
            one = known.setdefault(answer["country"], (answer["list"] or [{}])[0])
            answer.update(list=[{**one, "id": f"z{next(count):09}"}], hasMore=True)

    on(lyon, "Authority/index", more)
    with pytest.raises(ServerMistake, match="no end"):
        lyon.sync()


@pytest.mark.has_cases(70, ROSENHEIM)
@pytest.mark.parametrize(
    ("name", "streams"),
    [
        ("Session/get", True),
        *itertools.product(("Procedure/get", "Desk/sync", "Case/get", "Entry/get", "Authority/index"), (True, False)),
    ],
)
def test_an_answer_that_is_left_out_is_the_servers_mistake(client: Clients, name: str, streams: bool) -> None:
    lyon = client("lyon")
    lyon.line.streams = streams
    left_out: list[str] = []

    def leave_out(response: dict[str, Any]) -> dict[str, Any]:
        left_out.extend(answer[0] for answer in response["methodResponses"] if answer[0] == name)
        return {**response, "methodResponses": [answer for answer in response["methodResponses"] if answer[0] != name]}

    lyon.line.change = leave_out
    with pytest.raises(ServerMistake):
        lyon.sync()
    assert left_out
    honest(lyon)
    lyon.sync()
    assert lyon.store.status().wanted == 0


def test_a_digest_of_another_bucket_is_the_servers_mistake(central: Central, client: Clients) -> None:
    send(central)
    lyon = client("lyon")
    lyon.sync()
    lyon.store.sync.apply(LYON, Page(new_state="999999.AAAAAAAAAAAAAAAA"))

    def apply(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _call in response["methodResponses"]:
            if name == "Case/digest":
                of_all = len(arguments["buckets"]) > 0 and not any(
                    "items" in each for each in arguments["buckets"].values()
                )
                strange = {"count": 1, "hash": "0" * 32}
                arguments["buckets"] = (
                    dict.fromkeys(arguments["buckets"], strange) if of_all else {"zz": {**strange, "items": []}}
                )
        return response

    lyon.line.change = apply
    with pytest.raises(ServerMistake, match="buckets"):
        lyon.sync()
    assert len(lyon.ids()) == 1
