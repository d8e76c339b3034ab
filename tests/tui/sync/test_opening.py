"""The very first stream: session, lists and procedures in one turn, and what happens where it does not come through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_tui.cache.outbox.draft import Draft
from imi_tui.sync.errors import Offline, OtherOfficer, ServerMistake
from tests.central.world import LYON, ROSENHEIM, send
from tests.effort import tries
from tests.tui.sync.test_engine import colleague
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]
Response = dict[str, Any]


@pytest.mark.has_cases(70, ROSENHEIM)
def test_a_new_client_asks_once_for_session_list_and_procedures(client: Clients, cases: list[str]) -> None:
    sent = set(cases)
    lyon = client("lyon")
    shown: list[tuple[int, int, int]] = []

    def look(response: Response) -> Response:
        shown.append((len(lyon.line.requests), len(lyon.ids()), len(lyon.store.procedures())))
        return response

    lyon.line.change = look
    report = lyon.sync()
    # What is here before each record: nothing, the session, the procedures, a screenful of rows, and then everything.
    assert shown[:6] == [(1, 0, 0), (1, 0, 0), (1, 0, 0), (1, 0, 0), (1, 0, 1), (1, 50, 1)]
    assert lyon.ids() == sent
    assert (lyon.line.sessions, report.changed, report.contents) == (0, 70, 70)
    lists = [call for request in lyon.line.requests for call in request["methodCalls"] if call[0] == "Desk/sync"]
    assert len(lists) == 1, "nobody asks again for what has just come"


def test_a_server_without_the_method_is_asked_in_the_ordinary_way(central: Central, client: Clients) -> None:
    sent = send(central).case_id
    lyon = client("lyon")

    def old(response: Response) -> Response:
        for each in response["methodResponses"]:
            if each[0] == "Session/get":
                each[:2] = ["error", {"type": "unknownMethod"}]
        return response

    lyon.line.change = old
    assert lyon.sync().changed == 1
    assert (lyon.line.sessions, lyon.ids()) == (1, {sent})


def test_a_line_without_streams_is_asked_in_the_ordinary_way(central: Central, client: Clients) -> None:
    sent = send(central).case_id
    lyon = client("lyon")
    lyon.line.streams = False
    assert lyon.sync().changed == 1
    assert (lyon.line.sessions, lyon.ids(), len(lyon.store.procedures())) == (1, {sent}, 1)


@pytest.mark.has_cases(70, ROSENHEIM)
@pytest.mark.parametrize("cut", tries((0, 5), range(6)))
def test_a_first_stream_cut_anywhere_goes_on_from_what_came(client: Clients, cases: list[str], cut: int) -> None:
    sent = set(cases)
    lyon = client("lyon")
    lyon.line.cut_stream = lambda number: number == cut
    with pytest.raises(Offline):
        lyon.sync()
    assert len(lyon.ids()) == (0, 0, 0, 0, 0, 50)[cut]
    lyon.line.cut_stream = lambda _: False
    lyon.restart()
    report = lyon.sync()
    assert report.changed == 70 - (0, 0, 0, 0, 0, 50)[cut]
    assert (lyon.ids(), len(lyon.store.procedures()), lyon.store.authority_count()) == (sent, 1, 6)


def test_a_first_stream_without_the_session_is_not_believed(central: Central, client: Clients) -> None:
    send(central)
    lyon = client("lyon")
    lyon.line.change = lambda response: without(response, "Session/get")
    with pytest.raises(ServerMistake):
        lyon.sync()
    assert (lyon.ids(), lyon.line.sessions) == (set(), 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda page: page.update(ids=page["ids"][:-1]),
        lambda page: page.update(ids=page["ids"] + "0" * 32),
        lambda page: page.update(marks=page["marks"] + "0"),
        lambda page: page.update(ids=page["ids"][:32] * 2),
        lambda page: page.update(ids=5),
        lambda page: page.pop("marks"),
        lambda page: page.pop("ids"),
        lambda page: page["created"].pop(),
        lambda page: page.update(created=["x", "y"]),
        lambda page: page.update(created="xy"),
    ],
)
def test_rows_with_other_ids_than_their_number_are_not_believed(
    central: Central, client: Clients, change: Callable[[Response], object]
) -> None:
    sent = {send(central, subject=f"Case {number}").case_id for number in range(2)}
    lyon = client("lyon")

    def mistaken(response: Response) -> Response:
        for name, arguments, _ in response["methodResponses"]:
            if name == "Desk/sync":
                change(arguments["accounts"][LYON]["Case"])
        return response

    lyon.line.change = mistaken
    with pytest.raises(ServerMistake):
        lyon.sync()
    assert lyon.ids() == set()
    lyon.line.change = lambda response: response
    lyon.sync()
    assert lyon.ids() == sent
    with central.view("lyon") as view:
        held = {each.id: each.head[:8] for each in view.cases(LYON, None, 10)}
    details = {id: lyon.store.case(LYON, id) for id in sent}
    assert {id: detail.case["head"] for id, detail in details.items() if detail is not None} == held


@pytest.mark.parametrize("name", ["Desk/sync", "Authority/index", "Officer/get"])
def test_what_a_first_stream_leaves_out_is_asked_for_again(central: Central, client: Clients, name: str) -> None:
    send(central)
    lyon = client("lyon")
    lyon.line.change = lambda response: response if lyon.line.requests[1:] else without(response, name)
    lyon.sync()
    assert (len(lyon.ids()), len(lyon.store.procedures()), lyon.store.authority_count()) == (1, 1, 6)


def without(response: Response, name: str) -> Response:
    return {**response, "methodResponses": [each for each in response["methodResponses"] if each[0] != name]}


def test_nothing_is_taken_over_for_another_officer_than_whose_drafts_lie_here(
    central: Central, client: Clients
) -> None:
    send(central)
    lyon = client("lyon")
    lyon.sync()
    lyon.store.save_draft(Draft(id="d", desk=LYON, procedure="pw.info", action="send", text="mine"))
    lyon.store.close()
    for path in lyon.profile.home.glob("cache.db*"):
        path.unlink()
    lyon.restart()
    lyon.line.officer = colleague(central)
    with pytest.raises(OtherOfficer):
        lyon.sync()
    assert (lyon.ids(), lyon.line.requests[-1]["methodCalls"][0][0]) == (set(), "Session/get")


def test_what_the_officer_queues_meanwhile_goes_out_before_the_list_ends(central: Central, client: Clients) -> None:
    for number in range(120):
        send(central, subject=f"Case {number}")
    lyon = client("lyon")
    lyon.restart(page=20)
    queued: list[int] = []
    held: list[int] = []

    def write(response: Response) -> Response:
        if len(lyon.ids()) == 20 and not queued:
            draft = Draft(
                id="d",
                desk=LYON,
                procedure="pw.info",
                case_id=min(lyon.ids()),
                action="message",
                text="at once",
                lang="en",
            )
            lyon.store.queue(draft)
            queued.append(1)
        if lyon.line.requests[-1]["methodCalls"][0][0] == "Entry/set":
            held.append(len(lyon.ids()))
        return response

    lyon.line.change = write
    report = lyon.sync()
    assert report.sent == 1
    sets = [at for at, request in enumerate(lyon.line.requests) if request["methodCalls"][0][0] == "Entry/set"]
    assert sets == [1]
    assert held[0] < 120
    assert LYON in lyon.line.requests[1]["methodCalls"][-1][1]["states"]
    assert len(lyon.ids()) == 120
