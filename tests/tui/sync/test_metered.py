"""A line on which every byte counts: lists and what somebody opens, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from imi_central.store import Store as Central
from imi_core.case import Text
from tests.central.world import LYON, ROSENHEIM, accept, act, send
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]
LONG = Text(lang="de", text="B" * 50_000)


def answers(lyon: Client) -> list[int]:
    """Bytes of each answer from now on."""
    sizes: list[int] = []

    def weigh(response: dict[str, Any]) -> dict[str, Any]:
        sizes.append(len(json.dumps(response)))
        return response

    lyon.line.change = weigh
    return sizes


def texts(lyon: Client, case_id: str) -> list[str]:
    detail = lyon.store.case(LYON, case_id)
    assert detail is not None
    return [entry["text"]["text"] for entry in detail.entries if entry.get("text")]


def test_a_long_message_in_a_case_nobody_opened_stays_where_it_is(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    lyon.restart(metered=True)
    lyon.store.mark_read(LYON, case_id)
    accept(central, case_id)
    act(central, "rosenheim", ROSENHEIM, case_id, "message", text=LONG)
    sizes = answers(lyon)
    lyon.sync()
    assert sum(sizes) < 3_000
    # The list knows of it, and the search and the case that something is missing.
    [row] = lyon.store.window("all", "activity", limit=9)
    assert (row.state, row.unread) == ("accepted", True)
    assert lyon.store.unsearched() == 1
    detail = lyon.store.case(LYON, case_id)
    assert detail is not None
    assert detail.fetching
    assert texts(lyon, case_id) == []
    lyon.sync()
    assert sum(sizes) < 4_000
    assert lyon.store.want(LYON, case_id)
    lyon.sync()
    assert texts(lyon, case_id) == [LONG.text]
    detail = lyon.store.case(LYON, case_id)
    assert detail is not None
    assert not detail.fetching
    assert [entry["action"] for entry in detail.entries] == ["send", "accept", "message"]
    assert lyon.store.unsearched() == 0


def test_what_was_left_out_comes_when_the_line_is_spared_no_longer(central: Central, client: Clients) -> None:
    first, second = send(central).case_id, send(central).case_id
    lyon = client("lyon")
    lyon.restart(metered=True)
    lyon.sync()
    for case_id in (first, second):
        accept(central, case_id)
        act(central, "rosenheim", ROSENHEIM, case_id, "message", text=LONG)
    lyon.sync()
    assert [texts(lyon, each) for each in (first, second)] == [[], []]
    lyon.restart()
    lyon.sync()
    assert [texts(lyon, each) for each in (first, second)] == [[LONG.text]] * 2
    assert lyon.store.sync.wanted(9) == []


def test_on_a_metered_line_own_entries_are_known_to_have_arrived(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    lyon.restart(metered=True)
    accept(central, case_id)
    lyon.sync()
    lyon.store.act(LYON, case_id, "message", text="bonjour", lang="fr")
    report = lyon.sync()
    assert (report.sent, report.rejected) == (1, 0)
    # What became of it is known: nothing is offered again, now or later.
    for _ in range(3):
        assert lyon.sync().sent == 0
    assert lyon.store.status().queued == 0
    detail = lyon.store.case(LYON, case_id)
    assert detail is not None
    assert (detail.pending, texts(lyon, case_id)) == ((), ["bonjour"])
    [row] = lyon.store.window("all", "activity", limit=9)
    assert (row.pending, row.unread) == (0, False)
    with central.view("lyon") as view:
        assert [each.text.text for each in view.entries(LYON, None, 9) if each.text] == ["bonjour"]


def test_a_case_named_for_its_entries_only_and_unknown_here_is_no_harm(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    lyon = client("lyon")
    lyon.restart(metered=True)
    lyon.sync()
    accept(central, case_id)

    def more(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _ in response["methodResponses"]:
            if name == "Desk/sync" and LYON in arguments["accounts"]:
                arguments["accounts"][LYON].setdefault("Entry", {}).setdefault("cases", []).append("f" * 32)
        return response

    lyon.line.change = more
    lyon.sync()
    assert lyon.ids() == {case_id}
    assert {each.id for each in lyon.store.sync.wanted(9)} == {case_id}
