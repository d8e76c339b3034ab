"""The engine against the real server and the real cache."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from imi_central.store import Store as Central
from imi_core.authority import Officer
from imi_core.case import Text
from imi_tui.cache.errors import CacheError
from imi_tui.cache.outbox.draft import Draft
from imi_tui.sync import streaming
from imi_tui.sync.errors import Offline, OtherOfficer, OtherServer, ServerMistake
from tests.central.world import LYON, MUNICH, OFFICERS, REQUEST, ROSENHEIM, accept, act, send
from tests.tui.sync.world import Client, server_ids

Clients = Callable[[str], Client]


def new_case(client: Client, number: int = 0, desk: str = LYON, to: str = ROSENHEIM) -> str:
    draft = Draft(
        id=f"d{number}",
        desk=desk,
        procedure="pw.info",
        action="send",
        target=to,
        answers={**REQUEST, "subject": f"Number {number}"},
    )
    return client.store.queue(draft).client_ref


@pytest.mark.has_cases(30, ROSENHEIM)
def test_first_sync_brings_everything_and_the_next_nothing(central: Central, client: Clients, cases: list[str]) -> None:
    sent = set(cases)
    accept(central, next(iter(sent)))
    lyon = client("lyon")
    report = lyon.sync()
    assert lyon.ids() == sent == server_ids(central, "lyon")
    assert lyon.store.authority_count() == 6
    assert [rules.procedure.id for rules in lyon.store.procedures()] == ["pw.info"]
    assert (report.changed, report.contents) == (30, 30)
    status = lyon.store.status()
    assert (status.problem, status.filling, bool(status.last_ok)) == ("", None, True)
    before = len(lyon.line.requests)
    again = lyon.sync()
    assert (again.changed, again.requests, lyon.line.sessions) == (0, 1, 0)
    assert len(lyon.line.requests) == before + 1


def test_a_new_case_travels_and_comes_back(central: Central, client: Clients) -> None:
    lyon, rosenheim = client("lyon"), client("rosenheim")
    lyon.sync()
    rosenheim.sync()
    new_case(lyon)
    report = lyon.sync()
    assert (report.sent, report.rejected, report.waiting) == (1, 0, 0)
    assert lyon.store.outbox() == []
    [case_id] = lyon.ids()
    detail = lyon.store.case(LYON, case_id)
    assert detail is not None
    assert detail.case["reference"].startswith("PW-26-")
    assert detail.pending == ()
    rosenheim.sync()
    rosenheim.store.act(ROSENHEIM, case_id, "accept", answers={"agreed_days": 10})
    rosenheim.sync()
    lyon.sync()
    detail = lyon.store.case(LYON, case_id)
    assert detail is not None
    assert detail.case["state"] == "accepted"
    assert [entry["action"] for entry in detail.entries] == ["send", "accept"]


def test_what_builds_on_a_new_case_goes_in_the_same_sync(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    reference = new_case(lyon)
    lyon.store.act(LYON, f"ref:{reference}", "message", text="And one more thing.", lang="en")
    before = len(lyon.line.requests)
    report = lyon.sync()
    assert (report.sent, len(lyon.line.requests) - before) == (2, 1)
    [case_id] = server_ids(central, "lyon")
    with central.view("lyon") as view:
        assert [entry.action for entry in view.entries(LYON, None, 100)] == ["send", "message"]
    assert lyon.ids() == {case_id}


@pytest.mark.parametrize("lost", ["request", "reply"])
def test_a_lost_line_neither_loses_nor_doubles(central: Central, client: Clients, lost: str) -> None:
    lyon = client("lyon")
    lyon.sync()
    for number in range(3):
        new_case(lyon, number)
    for _ in range(3):
        lyon.line.lose = lambda _: lost
        with pytest.raises(Offline):
            lyon.sync()
        assert [item.state for item in lyon.store.outbox()] == ["queued"] * 3
        lyon.restart()
    lyon.line.lose = lambda _: ""
    lyon.sync()
    assert lyon.store.outbox() == []
    with central.view("lyon") as view:
        subjects = sorted(case.subject for case in view.cases(LYON, None, 100))
    assert subjects == ["Number 0", "Number 1", "Number 2"]
    assert lyon.ids() == server_ids(central, "lyon")


def test_a_big_outbox_goes_in_order_and_within_the_limits(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    first = new_case(lyon, 0)
    for number in range(1, 90):
        new_case(lyon, number)
    for number in range(20):
        lyon.store.act(LYON, f"ref:{first}", "message", text=f"Message {number}", lang="en")
    told: list[tuple[int, int]] = []
    lyon.store.subscribe(lambda _changed: told.append(lyon.store.status().now.sending))
    report = lyon.sync()
    assert report.sent == 110
    assert [each for each in dict.fromkeys(told) if each[0]] == [(50, 110), (100, 110), (110, 110)]
    sets = [call for request in lyon.line.requests for call in request["methodCalls"] if call[0] == "Entry/set"]
    assert max(len(call[1]["create"]) for call in sets) <= 50
    with central.view("lyon") as view:
        entries = sorted(view.entries(LYON, None, 1000), key=lambda entry: entry.version)
    texts = [entry.text.text for entry in entries if entry.text is not None]
    assert texts == [f"Message {number}" for number in range(20)]


def test_a_rejected_entry_holds_back_its_case_and_nothing_else(central: Central, client: Clients) -> None:
    case = send(central).case_id
    rosenheim = client("rosenheim")
    rosenheim.sync()
    rosenheim.store.act(ROSENHEIM, case, "accept", answers={"agreed_days": 10})
    rosenheim.store.act(ROSENHEIM, case, "message", text="On it.", lang="en")
    other = send(central, subject="Other").case_id
    # The initiator withdraws before the acceptance arrives.
    act(central, "lyon", LYON, case, "withdraw", text=Text(lang="en", text="Solved."))
    report = rosenheim.sync()
    assert (report.rejected, report.sent, report.waiting) == (1, 0, 1)
    states = {item.action: item.state for item in rosenheim.store.outbox()}
    assert states == {"accept": "rejected", "message": "queued"}
    assert rosenheim.store.outbox()[0].error == {
        "type": "notAvailable",
        "description": rosenheim.store.outbox()[0].error["description"],  # type: ignore[index]
        "version": 2,
    }
    rosenheim.store.act(ROSENHEIM, other, "accept", answers={"agreed_days": 10})
    assert rosenheim.sync().sent == 1
    assert rosenheim.ids() == {case, other}


@pytest.mark.parametrize("page", [1, 7, 40])
def test_any_page_size_gives_the_same(central: Central, client: Clients, page: int) -> None:
    sent = [send(central, subject=f"Case {number}").case_id for number in range(25)]
    accept(central, sent[3])
    lyon = client("lyon")
    lyon.restart(page=page)
    lyon.sync()
    for case in sent[5:9]:
        accept(central, case)
    lyon.sync()
    assert lyon.ids() == set(sent)
    assert lyon.store.counts()["all"] == 25
    for case in (sent[3], sent[5], sent[8], sent[10]):
        detail = lyon.store.case(LYON, case)
        assert detail is not None
        assert detail.case["state"] == ("awaiting_acceptance" if case == sent[10] else "accepted")
        assert len(detail.entries) == (1 if case == sent[10] else 2)


@pytest.mark.has_cases(60, ROSENHEIM)
def test_an_interrupted_first_sync_goes_on_where_it_stopped(client: Clients, cases: list[str]) -> None:
    sent = set(cases)
    lyon = client("lyon")
    lyon.restart(page=20)
    lyon.line.cut_stream = lambda number: number == 6
    with pytest.raises(Offline):
        lyon.sync()
    part = lyon.ids()
    assert len(part) == 40
    filling = lyon.store.status().filling
    assert filling is not None
    assert 0 < filling < 1
    lyon.restart(page=20)
    told: list[str] = []

    def through(_number: int) -> bool:
        told.append(lyon.store.status().problem)
        return False

    lyon.line.cut_stream = through
    lyon.store.sync.set_problem("offline")
    report = lyon.sync()
    assert set(told) == {""}, "what fills again is not offline any more"
    assert lyon.ids() == sent
    assert report.changed == 20
    assert lyon.store.status().wanted == 0


def test_a_first_sync_is_searchable_while_it_goes_on(
    central: Central, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A slow line, on which each record is kept as it comes.
    monkeypatch.setattr(streaming, "MAX_WAIT", -1)
    for number in range(30):
        send(central, subject=f"Quokka {number}")
    lyon = client("lyon")
    lyon.restart(page=10)
    found: list[int] = []

    def look(_number: int) -> bool:
        found.append(len(lyon.store.search("quokka", 100)))
        return False

    lyon.line.cut_stream = look
    lyon.sync()
    assert 0 < found[-1] < 30
    assert len(lyon.store.search("quokka", 100)) == 30


def test_another_server_changes_nothing(central: Central, client: Clients) -> None:
    send(central)
    lyon = client("lyon")
    lyon.sync()
    before = lyon.ids()

    def other(session: dict[str, object]) -> dict[str, object]:
        session["capabilities"]["urn:imi:case"]["server"] = "another"  # type: ignore[index]
        return session

    lyon.restart()
    lyon.line.change_session = other
    with pytest.raises(OtherServer):
        lyon.sync()
    assert lyon.ids() == before


def test_a_lost_cache_does_not_send_the_outbox_to_another_server(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    ref = new_case(lyon)
    lyon.store.close()
    for path in lyon.profile.home.glob("cache.db*"):
        path.unlink()
    lyon.restart()
    assert [item.client_ref for item in lyon.store.outbox()] == [ref]

    def other(session: dict[str, object]) -> dict[str, object]:
        session["capabilities"]["urn:imi:case"]["server"] = "another"  # type: ignore[index]
        return session

    lyon.line.change_session = other
    with pytest.raises(OtherServer):
        lyon.sync()
    assert lyon.line.methods.count("Entry/set") == 0
    lyon.line.change_session = None
    assert lyon.sync().sent == 1
    assert lyon.ids() == server_ids(central, "lyon")


def test_a_profile_with_nothing_to_send_may_move_to_another_server(client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    lyon.store.sync.note_origin("another", "lyon")
    for path in lyon.profile.home.glob("cache.db*"):
        path.unlink()
    lyon.restart()
    lyon.sync()
    assert lyon.store.outbox_table.noted("server") != "another"


def colleague(central: Central) -> str:
    """Another officer at the same desk, with the same roles."""
    central.put_officer(Officer(id="lyon-2", name="Colleague", desks=OFFICERS["lyon"]))
    return "lyon-2"


@pytest.mark.parametrize("cache", ["kept", "lost"])
def test_nothing_of_one_officer_is_sent_as_another(central: Central, client: Clients, cache: str) -> None:
    send(central)
    lyon = client("lyon")
    lyon.sync()
    refused, waits = new_case(lyon, 1), new_case(lyon, 2)
    lyon.store.sync.settle({}, {refused: {"type": "forbidden"}}, [])
    lyon.store.save_draft(Draft(id="d", desk=LYON, procedure="pw.info", action="send", text="mine"))
    before = lyon.ids()
    if cache == "lost":
        lyon.store.close()
        for path in lyon.profile.home.glob("cache.db*"):
            path.unlink()
    lyon.restart()
    lyon.line.officer = colleague(central)
    for _ in range(2):
        with pytest.raises(OtherOfficer):
            lyon.sync()
        lyon.restart()
    assert lyon.line.methods.count("Entry/set") == 0
    if cache == "kept":
        assert lyon.ids() == before, "nothing is thrown away at a wrong sign-in"
        lyon.store.queue(lyon.store.revise(refused))
        with pytest.raises(OtherOfficer):
            lyon.sync()
        assert lyon.line.methods.count("Entry/set") == 0
    with central.view("lyon-2") as view:
        officers = {entry.officer for entry in view.entries(LYON, None, 100)}
    assert officers == {"lyon"}
    lyon.line.officer = "lyon"
    assert lyon.sync().sent == (2 if cache == "kept" else 1)
    assert waits not in {item.client_ref for item in lyon.store.outbox()}
    assert [draft.text for draft in lyon.store.drafts()] == ["mine"]


def test_another_officer_is_seen_where_nothing_waits_to_be_sent(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    lyon.restart()
    lyon.line.officer = colleague(central)
    with pytest.raises(OtherOfficer):
        lyon.sync()
    assert lyon.store.officer()["id"] == "lyon"


def test_a_profile_in_which_nothing_is_left_may_pass_to_another(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    lyon.store.close()
    for path in lyon.profile.home.glob("cache.db*"):
        path.unlink()
    lyon.restart()
    lyon.line.officer = colleague(central)
    lyon.sync()
    assert lyon.store.officer()["id"] == "lyon-2"


def test_what_could_not_be_settled_is_sent_again_without_a_restart(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    new_case(lyon)
    work = lyon.store._work.connection

    def full(response: dict[str, object]) -> dict[str, object]:
        # The disk fills up between the request and its answer.
        work.pragma("max_page_count", work.pragma("page_count"))
        work.execute("create temp trigger full before update on outbox begin select raise(rollback, 'full'); end")
        return response

    lyon.line.change = full
    with pytest.raises(CacheError):
        lyon.sync()
    assert [item.state for item in lyon.store.outbox()] == ["sending"]
    work.execute("drop trigger full")
    work.pragma("max_page_count", 1 << 30)
    lyon.line.change = lambda response: response
    lyon.sync()
    assert lyon.store.outbox() == []
    with central.view("lyon") as view:
        assert len(view.cases(LYON, None, 100)) == 1


def test_a_desk_that_is_taken_away_goes_and_the_others_stay(central: Central, client: Clients) -> None:
    here, there = send(central).case_id, send(central, to=MUNICH).case_id
    both = client("both")
    both.sync()
    assert both.ids() == {here, there}
    central.put_officer(Officer(id="both", name="Both", desks={MUNICH: ("handler",)}))
    both.sync()
    assert [seat.desk for seat in both.store.seats()] == [MUNICH]
    assert both.ids() == {there}
    central.put_officer(Officer(id="both", name="Both", desks={MUNICH: ("handler",), ROSENHEIM: ("handler",)}))
    both.sync()
    assert both.ids() == {here, there}


def test_fewer_rights_take_away_what_may_no_longer_be_seen(central: Central, client: Clients) -> None:
    case = send(central).case_id
    accept(central, case)
    lyon = client("lyon")
    lyon.sync()
    detail = lyon.store.case(LYON, case)
    assert detail is not None
    assert "workers" in detail.case["request"]
    central.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("basic",)}))
    lyon.sync()
    detail = lyon.store.case(LYON, case)
    assert detail is not None
    assert detail.case["level"] == "summary"
    assert "workers" not in str(detail)
    central.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("data_administrator",)}))
    lyon.sync()
    assert lyon.ids() == set()


def test_lost_rights_are_obeyed_even_if_the_line_breaks_then(central: Central, client: Clients) -> None:
    case = send(central).case_id
    accept(central, case)
    lyon = client("lyon")
    lyon.sync()
    central.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("basic",)}))
    for _ in range(6):
        lyon.restart()
        left = {"now": 4}

        def lose(_: int, left: dict[str, int] = left) -> str:
            left["now"] -= 1
            return "request" if left["now"] < 0 else ""

        lyon.line.lose = lose
        with contextlib.suppress(Offline):
            lyon.sync()
        assert "Secret Person" not in str(lyon.store.case(LYON, case))
    lyon.line.lose = lambda _: ""
    lyon.sync()
    assert lyon.ids() == {case}


def test_an_endless_page_ends(central: Central, client: Clients) -> None:
    send(central)
    lyon = client("lyon")

    def endless(response: dict[str, object]) -> dict[str, object]:
        assert len(lyon.line.requests) < 10, "it does not end"
        asked = {call[2]: call[1] for call in lyon.line.requests[-1]["methodCalls"]}
        for name, arguments, call_id in response["methodResponses"]:  # type: ignore[attr-defined]
            states = asked[call_id].get("states") or {LYON: "0"}
            if name == "Desk/sync" and LYON in states:
                same = {"oldState": states[LYON], "newState": states[LYON], "hasMoreChanges": True, "accessState": ""}
                arguments["accounts"][LYON] = same
                arguments["unchanged"] = len(states) - len(arguments["accounts"])
        return response

    lyon.line.change = endless
    with pytest.raises(ServerMistake):
        lyon.sync()
    lyon.line.change = lambda response: response
    lyon.sync()
    assert lyon.ids() == server_ids(central, "lyon")


def test_a_new_process_needs_one_request_while_nothing_changed(central: Central, client: Clients) -> None:
    send(central)
    lyon = client("lyon")
    lyon.sync()
    sessions, before = lyon.line.sessions, len(lyon.line.requests)
    lyon.restart()
    lyon.sync()
    assert (lyon.line.sessions, len(lyon.line.requests)) == (sessions, before + 1)
    lyon.restart()
    central.put_officer(Officer(id="lyon", name="Lyon of today", desks={LYON: ("handler",)}))
    lyon.sync()
    assert lyon.line.sessions == sessions + 1
    assert lyon.store.officer()["name"] == "Lyon of today"
    lyon.restart()
    lyon.sync()
    assert lyon.line.sessions == sessions + 1


def test_what_waits_is_sent_only_to_a_server_that_was_looked_at(central: Central, client: Clients) -> None:
    case = send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    lyon.store.act(LYON, case, "message", text="Bonjour", lang="fr")
    sessions = lyon.line.sessions
    lyon.restart()
    seen: list[int] = []
    lyon.line.lose = lambda _: seen.append(lyon.line.sessions) or ""  # type: ignore[func-returns-value]
    lyon.sync()
    assert seen[0] == sessions + 1
    assert lyon.store.outbox() == []


def test_an_answer_ends_problems_of_the_line_and_no_others(client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    for code, left in (("offline", ""), ("tls", ""), ("manyRemoved", "manyRemoved"), ("clockSkew", "clockSkew")):
        lyon.store.sync.set_problem(code)
        lyon.store.sync.answered()
        assert lyon.store.status().problem == left
