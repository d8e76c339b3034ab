"""Single faults whose end the officer sees (docs/faults.md names each)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from imi_central.store import Store as Central
from imi_core.case import Text
from imi_tui.sync.errors import Offline
from tests.central.world import LYON, Clock, act, send
from tests.tui.sync.test_engine import new_case
from tests.tui.sync.world import Client, server_ids

Clients = Callable[[str], Client]


def test_a_case_that_was_blocked_before_it_came_back_is_not_shown(central: Central, client: Clients) -> None:
    """The reply to the first letter is lost; meanwhile the case is withdrawn elsewhere, and blocked (F1, F40)."""
    lyon = client("lyon")
    lyon.sync()
    new_case(lyon)
    lyon.line.lose = lambda _: "reply"
    with pytest.raises(Offline):
        lyon.sync()
    lyon.line.lose = lambda _: ""
    with central.view("lyon") as view:
        [case] = view.cases(LYON, None, 10)
    act(central, "lyon", LYON, case.id, "withdraw", text=Text(lang="en", text="Solved."))
    central.age("block", case.id)
    lyon.sync()
    # It did not come back: it is offered once more, and then known to be there.
    lyon.sync()
    assert lyon.store.outbox() == []
    assert lyon.store.window("all", "due", limit=9) == []
    assert lyon.store.counts()["all"] == 0


def test_the_same_message_of_two_clients_arrives_from_each(central: Central, client: Clients) -> None:
    """One officer at two machines: neither knows of the other's, and both are kept (F22)."""
    case = send(central).case_id
    office, home = client("lyon"), client("lyon")
    office.sync()
    home.sync()
    for each in (office, home):
        each.store.act(LYON, case, "message", text="The files follow.", lang="en")
    office.line.lose = lambda _: "reply"
    with pytest.raises(Offline):
        office.sync()
    office.line.lose = lambda _: ""
    for each in (home, office, home):
        each.sync()
    for each in (office, home):
        detail = each.store.case(LYON, case)
        assert detail is not None
        assert [entry["action"] for entry in detail.entries] == ["send", "message", "message"]
        assert each.store.outbox() == []


def test_a_jumping_clock_changes_no_order(central: Central, client: Clients, clock: Clock) -> None:
    """Both ends' clocks jump a day to and fro between entries of one case (F25, F26)."""
    lyon = client("lyon")
    lyon.sync()
    first = new_case(lyon)
    for number in range(8):
        lyon.now += dt.timedelta(days=1 if number % 2 else -1)
        clock.at += dt.timedelta(days=-1 if number % 3 else 2)
        lyon.store.act(LYON, f"ref:{first}", "message", text=str(number), lang="en")
        if number % 3 == 0:
            lyon.sync()
        if number == 4:
            lyon.restart()
    lyon.sync()
    [case] = lyon.ids()
    detail = lyon.store.case(LYON, case)
    assert detail is not None
    assert [entry["text"]["text"] for entry in detail.entries if "text" in entry] == [str(each) for each in range(8)]
    assert lyon.ids() == server_ids(central, "lyon")
    assert lyon.store.outbox() == []


def test_erasure_takes_the_case_and_refuses_what_waits(central: Central, client: Clients) -> None:
    """A case is erased while an entry for it waits (F40)."""
    case = send(central, subject="Zzyzx").case_id
    lyon = client("lyon")
    lyon.sync()
    lyon.store.act(LYON, case, "message", text="Too late.", lang="en")
    act(central, "lyon", LYON, case, "withdraw", text=Text(lang="en", text="Solved."))
    central.age("block", case)
    central.age("erase", case)
    report = lyon.sync()
    assert report.rejected == 1
    assert lyon.ids() == set()
    assert lyon.store.search("zzyzx") == []
    [item] = lyon.store.outbox()
    assert (item.state, item.payload["text"]["text"]) == ("rejected", "Too late.")
