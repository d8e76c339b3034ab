"""What is sent keeps its order within a case, whatever happens to the first; other cases do not wait for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_tui.cache.model import OutboxItem
from imi_tui.cache.outbox.draft import Draft
from imi_tui.sync import outgoing
from imi_tui.times import stamp
from tests.central.world import LYON, REQUEST, ROSENHEIM, send
from tests.tui.sync.world import Client
from tests.tui.undone import undone

Clients = Callable[[str], Client]


def message(client: Client, case_id: str, text: str) -> OutboxItem:
    return client.store.act(LYON, case_id, "message", text=text, lang="en")


def start(client: Client, text: str) -> OutboxItem:
    draft = Draft("d", LYON, "pw.info", "send", target=ROSENHEIM, answers=REQUEST, text=text, lang="en")
    return client.store.queue(draft)


def offered(client: Client) -> list[str]:
    """Client refs of everything that was sent, in order."""
    calls = [call for request in client.line.requests for call in request["methodCalls"] if call[0] == "Entry/set"]
    return [made["clientRef"] for call in calls for made in call[1]["create"].values()]


def tiny(session: dict[str, Any]) -> dict[str, Any]:
    session["capabilities"]["urn:ietf:params:jmap:core"]["maxSizeRequest"] = 36 * 1024
    return session


@pytest.mark.parametrize("new", [False, True], ids=["in a case", "that starts one"])
def test_behind_an_entry_too_large_nothing_of_its_case_is_sent(central: Central, client: Clients, new: bool) -> None:
    one, two = send(central).case_id, send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    large = start(lyon, "x" * 4500) if new else message(lyon, one, "x" * 4500)
    behind = [message(lyon, large.case_id, text) for text in ("Second.", "Third.")]
    other = message(lyon, two, "Another case.")
    lyon.restart()
    lyon.line.change_session = tiny
    report = lyon.sync()
    assert (report.sent, report.rejected) == (1, 1)
    assert offered(lyon) == [other.client_ref]
    first, *rest = lyon.store.outbox()
    assert (first.client_ref, first.error) == (large.client_ref, {"type": "tooLarge"})
    assert [(item.client_ref, item.state) for item in rest] == [(item.client_ref, "queued") for item in behind]


def test_what_has_to_be_sent_again_is_not_overtaken_in_its_case(
    central: Central, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "BATCH", 2)
    one, two = send(central).case_id, send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    mine = [message(lyon, one, str(number)).client_ref for number in range(5)]
    other = message(lyon, two, "Another case.").client_ref

    def failing(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _ in response["methodResponses"]:
            if name == "Entry/set" and other not in offered(lyon):
                taken = arguments.pop("created") or {}
                arguments["notCreated"] = {creation: {"type": "serverFail"} for creation in taken}
        return response

    lyon.line.change = failing
    report = lyon.sync()
    assert (report.sent, report.rejected) == (1, 0)
    assert offered(lyon) == [*mine[:2], other], "the third does not go before the first"
    lyon.line.requests.clear()
    lyon.line.change = lambda response: response
    assert lyon.sync().sent == 5
    assert offered(lyon) == mine
    assert lyon.store.outbox() == []


def test_a_damaged_entry_never_reaches_the_server(central: Central, client: Clients) -> None:
    one, two = send(central).case_id, send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    broken, other = message(lyon, one, "First."), message(lyon, two, "Another case.")
    with lyon.store._work.write():
        lyon.store._work.run("update outbox set payload = replace(payload, 'First', 'Worst')")
    assert lyon.sync().sent == 1
    assert offered(lyon) == [other.client_ref]
    assert [(item.client_ref, item.error) for item in lyon.store.outbox()] == [(broken.client_ref, {"type": "damaged"})]
    assert lyon.store.revise(broken.client_ref).text == "Worst.", "what is left of it can be put right"


def test_an_entry_keeps_the_servers_time_beside_that_of_this_machine(central: Central, client: Clients) -> None:
    """The server's is what was last read of it; where this machine's clock is set, it stays what it was (R2)."""
    case = send(central).case_id
    lyon = client("lyon")
    lyon.line.skew = 90.0
    lyon.sync()
    read = stamp(lyon.now + dt.timedelta(seconds=90))
    lyon.now -= dt.timedelta(days=400)
    first = message(lyon, case, "One.")
    assert (first.queued_at, first.server_at) == (stamp(lyon.now), read)
    lyon.restart()
    assert [item.server_at for item in lyon.store.outbox()] == [read]
    lyon.line.skew = None
    lyon.sync()
    assert message(lyon, case, "Two.").server_at == read, "a server that does not say the time leaves it as it was"
    lyon.line.skew = -5.0
    lyon.sync()
    assert message(lyon, case, "Three.").server_at == stamp(lyon.now - dt.timedelta(seconds=5))
    draft = undone(lyon.store, lyon.store.outbox()[-1].client_ref)
    lyon.line.skew = 7.0
    lyon.sync()
    assert lyon.store.queue(draft).server_at == stamp(lyon.now + dt.timedelta(seconds=7))
