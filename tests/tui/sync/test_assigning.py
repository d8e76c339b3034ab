"""Who at a desk looks after a case, from one client to the other: offline, in conflict, after a restore, taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_core.authority import Officer
from imi_core.errors import ActionRefused
from imi_tui.cache.ids import ASSIGN
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.sync import Page
from imi_tui.sync.errors import Offline, ServerMistake
from imi_tui.undo import Undo
from imi_tui.viewmodel import outgoing
from imi_tui.viewmodel.timeline import timeline
from imi_tui.viewmodel.view import View
from tests.central.world import LYON, ROSENHEIM, accept, send
from tests.tui.sync.test_restore import Server
from tests.tui.sync.world import NOW, Client

Clients = Callable[[str], Client]


@pytest.fixture
def server(tmp_path: Path, template: Path) -> Iterator[Server]:
    made = Server(tmp_path, template.read_bytes())
    yield made
    made.close()


def draft(case_id: str, to: str, **members: Any) -> Draft:
    members.setdefault("based_on", -1)
    desk = members.pop("desk", ROSENHEIM)
    return Draft(id="", desk=desk, procedure="", action=ASSIGN, case_id=case_id, target=to, **members)


def give(client: Client, case_id: str, to: str, **members: Any) -> None:
    client.store.queue(draft(case_id, to, **members))


def handler(client: Client, case_id: str, desk: str = ROSENHEIM) -> str:
    """Whom the client shows, in the list and with the case, which agree."""
    row, detail = client.store.row(desk, case_id, "all", "due"), client.store.case(desk, case_id)
    assert row is not None
    assert detail is not None
    assert row.handler_name == detail.handler
    return row.handler


def waiting(client: Client) -> list[tuple[str, str]]:
    return [(item.state, str((item.error or {}).get("type", ""))) for item in client.store.outbox()]


def test_offline_then_sent_then_at_the_colleagues(central: Central, client: Clients) -> None:
    case_id, other = send(central).case_id, send(central).case_id
    rosenheim, both = client("rosenheim"), client("both")
    rosenheim.sync()
    both.sync()
    before = rosenheim.store.counts()
    give(rosenheim, case_id, "rosenheim")
    row = rosenheim.store.row(ROSENHEIM, case_id, "all", "due")
    assert row is not None
    assert (row.pending, row.assigning, row.handler, row.handler_name) == (1, 1, "rosenheim", "Rosenheim")
    counts = rosenheim.store.counts()
    assert counts == before | {"mine": 1}
    assert [each.id for each in rosenheim.store.window("mine", "due", limit=5)] == [case_id]
    rosenheim.sync()
    rosenheim.sync()
    both.sync()
    assert waiting(rosenheim) == []
    assert handler(rosenheim, case_id) == handler(both, case_id) == "rosenheim"
    assert (rosenheim.store.counts()["mine"], both.store.counts()["mine"]) == (1, 0)
    # Nothing of the case became news by it.
    assert both.store.row(ROSENHEIM, case_id, "all", "due")._replace(handler="") is not None  # type: ignore[union-attr]
    give(both, case_id, "both")
    give(both, other, "both")
    give(both, other, "")
    both.sync()
    rosenheim.sync()
    assert (handler(rosenheim, case_id), handler(rosenheim, other)) == ("both", "")
    assert rosenheim.store.counts()["mine"] == 0
    found = {line: {row.id for row in both.store.search(line)} for line in LINES}
    assert found == {
        "handler:me": {case_id},
        "handler:both": {case_id},
        "handler:none": {other},
        "-handler:me": {other},
        "handler:me,none": {case_id, other},
        "handler:ros": set(),
        "alpbau handler:me": {case_id},
    }


LINES = (
    "handler:me",
    "handler:both",
    "handler:none",
    "-handler:me",
    "handler:me,none",
    "handler:ros",
    "alpbau handler:me",
)


def test_who_comes_second_sees_both_and_decides(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    rosenheim, both = client("rosenheim"), client("both")
    rosenheim.sync()
    both.sync()
    give(rosenheim, case_id, "rosenheim")
    give(both, case_id, "both")
    rosenheim.sync()
    both.sync()
    both.sync()
    assert waiting(both) == [("rejected", "stale")]
    assert handler(both, case_id) == "rosenheim", "what the server has is what is shown"
    [item] = both.store.outbox()
    again = both.store.revise(item.client_ref)
    both.store.queue(again)
    both.sync()
    both.sync()
    assert (waiting(both), handler(both, case_id)) == ([], "both")


def test_what_was_seen_before_a_synchronisation_is_in_conflict_here_already(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    rosenheim, both = client("rosenheim"), client("both")
    rosenheim.sync()
    give(rosenheim, case_id, "rosenheim")
    rosenheim.sync()
    both.sync()
    # The question was asked when nobody had it.
    assert both.store.queue(draft(case_id, "both", based_on=0)).state == "rejected"


def test_a_refused_assignment_holds_no_entry_back_and_the_other_way_round(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    rosenheim, both = client("rosenheim"), client("both")
    rosenheim.sync()
    both.sync()
    give(rosenheim, case_id, "rosenheim")
    rosenheim.sync()
    give(both, case_id, "both")
    both.sync()
    assert waiting(both) == [("rejected", "stale")]
    both.store.act(ROSENHEIM, case_id, "accept", answers={"agreed_days": 10})
    both.sync()
    assert waiting(both) == [("rejected", "stale")]
    with central.view("both") as view:
        assert view.cases(ROSENHEIM, [case_id], 1)[0].state == "accepted"
    # And a refused entry no assignment.
    rosenheim.store.act(ROSENHEIM, case_id, "accept", answers={"agreed_days": 10})
    rosenheim.sync()
    give(rosenheim, case_id, "both")
    rosenheim.sync()
    assert waiting(rosenheim) == [("rejected", "stale")] or waiting(rosenheim)[0][0] == "rejected"
    with central.view("both") as view:
        found = view.cases(ROSENHEIM, [case_id], 1)[0].assignment
    assert found is not None
    assert found.officer == "both"


def test_several_that_wait_go_out_in_order_and_a_lost_answer_makes_none_twice(
    central: Central, client: Clients
) -> None:
    case_id = send(central).case_id
    rosenheim = client("rosenheim")
    rosenheim.sync()
    for to in ("rosenheim", "both", ""):
        give(rosenheim, case_id, to)
    rosenheim.line.lose = lambda number: "reply"
    with pytest.raises(Offline):
        rosenheim.sync()
    rosenheim.line.lose = lambda number: ""
    rosenheim.sync()
    rosenheim.sync()
    assert waiting(rosenheim) == []
    assert handler(rosenheim, case_id) == ""
    with central.view("both") as view:
        found = view.cases(ROSENHEIM, [case_id], 1)[0].assignment
    assert found is not None
    assert (found.officer, found.version) == ("", 3)


def test_taken_back_and_done_again_as_one_step(central: Central, client: Clients) -> None:
    ids = [send(central).case_id for _ in range(3)]
    rosenheim = client("rosenheim")
    rosenheim.sync()
    undo = Undo(rosenheim.store)
    items, refused = rosenheim.store.queue_all([draft(id, "both") for id in ids])
    assert not refused
    undo.queued(items, "given")
    assert {handler(rosenheim, id) for id in ids} == {"both"}
    done = undo.take_back()
    assert done is not None
    assert ({id for _, id in done.cases}, rosenheim.store.outbox(), rosenheim.store.drafts()) == (set(ids), [], [])
    assert {handler(rosenheim, id) for id in ids} == {""}
    undo.redo()
    rosenheim.sync()
    rosenheim.sync()
    assert {handler(rosenheim, id) for id in ids} == {"both"}
    assert undo.take_back() is None


def test_a_case_that_is_not_sent_yet_is_given_and_goes_behind_its_start(central: Central, client: Clients) -> None:
    from tests.tui.sync.test_restore import start

    lyon = client("lyon")
    lyon.sync()
    start(lyon, "New")
    [started] = lyon.store.outbox()
    give(lyon, started.case_id, "lyon", desk=LYON)
    assert lyon.store.counts()["mine"] == 1
    lyon.sync()
    lyon.sync()
    assert waiting(lyon) == []
    [case_id] = lyon.ids()
    assert handler(lyon, case_id, LYON) == "lyon"


def test_a_colleague_who_left_counts_as_nobody(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    rosenheim = client("rosenheim")
    rosenheim.sync()
    give(rosenheim, case_id, "both")
    rosenheim.sync()
    rosenheim.sync()
    central.change_officer("both", seats={ROSENHEIM: ()})
    rosenheim.sync()
    assert handler(rosenheim, case_id) == ""
    assert [row.id for row in rosenheim.store.search("handler:none")] == [case_id]
    assert [each.id for each in rosenheim.store.handlers.of(ROSENHEIM)] == ["rosenheim"]
    with pytest.raises(ActionRefused, match="handler at this desk"):
        give(rosenheim, case_id, "both")
    central.put_officer(Officer(id="both", name="Both", desks={ROSENHEIM: ("handler",)}), active=False)
    rosenheim.sync()
    assert handler(rosenheim, case_id) == ""


def test_a_reader_can_queue_none(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    basic = client("lyon-basic")
    basic.sync()
    with pytest.raises(ActionRefused, match="needs the role"):
        give(basic, case_id, "lyon", desk=LYON)


def test_a_closed_case_is_not_among_mine_but_still_found(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    give(lyon, case_id, "lyon", desk=LYON)
    lyon.store.act(LYON, case_id, "withdraw", text="No longer needed.", lang="en")
    lyon.sync()
    lyon.sync()
    assert lyon.store.counts()["mine"] == 0
    assert [row.id for row in lyon.store.search("handler:me is:closed")] == [case_id]


@pytest.mark.parametrize("told", [True, False])
def test_a_restored_server_gets_the_last_word_back(server: Server, told: bool) -> None:
    """Two assignments are lost with the server; whoever comes first, the later one holds and nobody is bothered."""
    case_id, other = send(server.store).case_id, send(server.store).case_id
    rosenheim, both = server.client("rosenheim"), server.client("both")
    rosenheim.sync()
    night = server.back_up()
    give(rosenheim, case_id, "both")
    give(rosenheim, other, "rosenheim")
    rosenheim.sync()
    both.sync()
    give(both, case_id, "rosenheim")
    both.sync()
    rosenheim.sync()
    server.restore(night, told=told)
    accept(server.store, other)
    for each in (both, rosenheim, both, rosenheim):
        each.sync()
    for each in (both, rosenheim):
        assert waiting(each) == []
        assert (handler(each, case_id), handler(each, other)) == ("rosenheim", "rosenheim")
    with server.store.view("both") as view:
        found = {case.id: case.assignment for case in view.cases(ROSENHEIM, None, 10)}
    assert {id: (each.officer, each.version) for id, each in found.items() if each is not None} == {
        case_id: ("rosenheim", 2),
        other: ("rosenheim", 1),
    }


def told(client: Client, case_id: str, desk: str = ROSENHEIM) -> list[tuple[int, str, str]]:
    """(version, to whom, by whom) of all assignments that a client knows, by names."""
    detail = client.store.case(desk, case_id)
    assert detail is not None
    return [(each["version"], each["name"], each["other"]) for each in detail.assignments]


def asked(client: Client) -> list[list[str]]:
    """The cases of each question about earlier assignments."""
    calls = [call for request in client.line.requests for call in request["methodCalls"]]
    return [sorted(call[1]["caseIds"]) for call in calls if call[0] == "Assignment/get"]


def test_who_had_it_before_comes_behind_everything_else_and_stays(central: Central, client: Clients) -> None:
    case_id, once, never = (send(central).case_id for _ in range(3))
    rosenheim, both = client("rosenheim"), client("both")
    rosenheim.sync()
    for to in ("rosenheim", "both", ""):
        give(rosenheim, case_id, to)
    give(rosenheim, once, "both")
    rosenheim.sync()
    both.sync()
    expected = [(1, "Rosenheim", "Rosenheim"), (2, "Both", "Rosenheim"), (3, "", "Rosenheim")]
    assert told(both, case_id) == told(rosenheim, case_id) == expected
    assert (told(both, once), told(both, never)) == ([(1, "Both", "Rosenheim")], [])
    # Of the case that was given once its head says all.
    assert asked(both) == [[case_id]]
    both.sync()
    assert len(asked(both)) == 1
    give(both, case_id, "both")
    assert told(both, case_id) == expected, "what waits is no history yet"
    both.sync()
    both.sync()
    assert told(both, case_id) == [*expected, (4, "Both", "Both")]
    assert asked(both) == [[case_id]] * 2
    # Nothing of it is left where the case is no longer here.
    both.store.sync.reset_account(ROSENHEIM)
    for table in ("history", "history_wanted"):
        assert both.store._cache.rows(f"select * from {table}") == []
    lyon = client("lyon")
    lyon.sync()
    assert (told(lyon, case_id, LYON), asked(lyon)) == ([], [])


def test_a_sparing_line_shows_the_last_one(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    rosenheim, both = client("rosenheim"), client("both")
    rosenheim.sync()
    give(rosenheim, case_id, "rosenheim")
    give(rosenheim, case_id, "both")
    rosenheim.sync()
    both.engine.metered = True
    both.sync()
    assert (told(both, case_id), asked(both)) == ([(2, "Both", "Rosenheim")], [])
    both.engine.metered = False
    both.sync()
    assert told(both, case_id) == [(1, "Rosenheim", "Rosenheim"), (2, "Both", "Rosenheim")]


def test_a_server_of_before_refuses_in_words_and_tells_the_last_one(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    rosenheim, both = client("rosenheim"), client("both")
    rosenheim.sync()
    both.sync()
    give(rosenheim, case_id, "rosenheim")
    give(rosenheim, case_id, "both")
    rosenheim.sync()

    def old(response: dict[str, Any]) -> dict[str, Any]:
        for each in response["methodResponses"]:
            if each[0].startswith("Assignment/"):
                each[:2] = ["error", {"type": "unknownMethod"}]
        return response

    both.line.change = old
    both.sync()
    both.sync()
    assert (told(both, case_id), len(asked(both))) == ([(2, "Both", "Rosenheim")], 1)
    give(both, case_id, "rosenheim")
    both.store.act(ROSENHEIM, case_id, "accept", answers={"agreed_days": 10})
    both.sync()
    # Said, kept, and in nobody's way.
    assert waiting(both) == [("rejected", "unknownMethod")]
    [item] = both.store.outbox()
    assert "The server is of an earlier version" in outgoing.state(item)
    assert item.payload["officer"] == "rosenheim"
    with central.view("both") as view:
        assert view.cases(ROSENHEIM, [case_id], 1)[0].state == "accepted"
    both.line.change = lambda response: response
    both.store.queue(both.store.revise(item.client_ref))
    both.sync()
    both.sync()
    assert (waiting(both), handler(both, case_id)) == ([], "rosenheim")


@pytest.mark.parametrize("wrong", ["another case", "another order", "no version"])
def test_an_answer_that_cannot_be_used_is_not_asked_for_again_and_again(
    central: Central, client: Clients, wrong: str
) -> None:
    case_id = send(central).case_id
    rosenheim, both = client("rosenheim"), client("both")
    rosenheim.sync()
    give(rosenheim, case_id, "rosenheim")
    give(rosenheim, case_id, "both")
    rosenheim.sync()

    def spoil(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _call in response["methodResponses"]:
            if name == "Assignment/get":
                first = arguments["list"][0]
                if wrong == "another case":
                    first["caseId"] = "0" * 32
                elif wrong == "another order":
                    arguments["list"].reverse()
                else:
                    first["version"] = "1"
        return response

    both.line.change = spoil
    with pytest.raises(ServerMistake):
        both.sync()
    assert len(asked(both)) == 1
    both.sync()
    assert len(asked(both)) == 1
    assert told(both, case_id) == [(2, "Both", "Rosenheim")]


def test_one_for_who_has_left_meanwhile_stands_in_the_timeline_as_waiting(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    rosenheim = client("rosenheim")
    rosenheim.sync()
    give(rosenheim, case_id, "both")
    central.change_officer("both", seats={ROSENHEIM: ()})
    # What it sends is lost, and what changed came before.
    sync = rosenheim.store.sync
    sync.apply("directory", Page(sync.state("directory"), officers=[{"id": "both", "name": "Both", "active": False}]))
    detail = rosenheim.store.case(ROSENHEIM, case_id)
    assert detail is not None
    assert (detail.assigning, detail.case.get("assignment")) == (1, None)
    view = View(detail, rosenheim.store.rules("pw.info"), ("en",), NOW.date(), rosenheim.store.authority)
    assert any("queued on this machine" in block.text for block in timeline(view))
