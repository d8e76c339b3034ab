"""A case or a seat goes while an entry for it waits: refused, the words kept (F17, F40)."""

from __future__ import annotations

import json
from collections.abc import Callable

from imi_central.store import Store as Central
from imi_core.authority import Officer
from imi_tui.cache.outbox.rescue import rescue
from imi_tui.viewmodel import outgoing
from tests.central.replica import force
from tests.central.world import LYON, MUNICH, ROSENHEIM, accept, send
from tests.tui.sync.world import KEY, Client, server_ids

Clients = Callable[[str], Client]


def refused_with_its_text(client: Client, why: str) -> None:
    """The one entry that waits: refused, readable, and in the export."""
    [item] = client.store.outbox()
    assert outgoing.state(item) == f"refused: {why}"
    assert outgoing.written(item) == "What I wrote."
    assert client.store.case(item.desk, item.case_id) is None
    assert "What I wrote." in json.dumps(rescue(client.profile, KEY))
    client.sync()
    assert [again.state for again in client.store.outbox()] == ["rejected"]


def test_a_seat_that_goes_takes_the_case_and_leaves_the_words(central: Central, client: Clients) -> None:
    here, there = send(central).case_id, send(central, to=MUNICH).case_id
    both = client("both")
    both.sync()
    both.store.act(ROSENHEIM, here, "message", text="What I wrote.", lang="en")
    both.store.act(MUNICH, there, "message", text="The other desk.", lang="en")
    central.put_officer(Officer(id="both", name="Both", desks={MUNICH: ("handler",)}))
    report = both.sync()
    assert (report.sent, report.rejected) == (1, 1)
    assert both.ids() == {there}
    refused_with_its_text(both, "You have no seat at this desk.")


def test_rights_that_go_take_the_case_and_leave_the_words(central: Central, client: Clients) -> None:
    case = send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    lyon.store.act(LYON, case, "message", text="What I wrote.", lang="en")
    central.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("data_administrator",)}))
    assert lyon.sync().rejected == 1
    assert lyon.ids() == server_ids(central, "lyon") == set()
    refused_with_its_text(lyon, "You no longer have access to this case.")


def test_an_erased_case_says_so_and_leaves_the_words(central: Central, client: Clients) -> None:
    case, other = send(central).case_id, send(central).case_id
    accept(central, case)
    lyon = client("lyon")
    lyon.sync()
    lyon.store.act(LYON, case, "message", text="What I wrote.", lang="en")
    lyon.store.act(LYON, other, "message", text="Elsewhere.", lang="en")
    force(central, case, "erase")
    report = lyon.sync()
    assert (report.sent, report.rejected) == (1, 1)
    assert lyon.ids() == {other}
    [item] = lyon.store.outbox()
    assert (item.error or {})["type"] == "erased"
    refused_with_its_text(lyon, "The case was erased in its time; nothing can be added to it. What you wrote is kept.")


def test_a_blocked_case_is_not_called_erased(central: Central, client: Clients) -> None:
    case = send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    lyon.store.act(LYON, case, "message", text="What I wrote.", lang="en")
    force(central, case, "block")
    lyon.sync()
    refused_with_its_text(lyon, "The case is blocked; it can only be read.")
