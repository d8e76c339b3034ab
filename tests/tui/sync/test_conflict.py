"""Two clients of one officer, two officers at one desk: nothing is overwritten, and a conflict shows both sides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from imi_central.store import Store as Central
from imi_core.authority import Officer
from imi_tui.viewmodel import case as pages
from imi_tui.viewmodel.blocks import Block, lines
from imi_tui.viewmodel.conflict import conflict, is_conflict
from tests.central.world import ROSENHEIM, act, send
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]


def page(client: Client) -> list[Block]:
    [item] = client.store.outbox()
    assert is_conflict(item)
    detail = client.store.case(item.desk, item.case_id)
    assert detail is not None
    rules = client.store.rules("pw.info", detail.case["procedureVersion"])
    view = pages.View(detail, rules, ("en",), dt.date(2026, 3, 3), client.store.authority)
    return conflict(view, item)


def shown(blocks: list[Block], width: int) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines(blocks, width))


@pytest.mark.parametrize("other", ["rosenheim", "colleague"])
def test_two_who_accept_at_once_see_who_was_first(central: Central, client: Clients, other: str) -> None:
    central.put_officer(Officer(id="colleague", name="Colleague", desks={ROSENHEIM: ("handler",)}))
    case_id = send(central).case_id
    first, second = client(other), client("rosenheim")
    first.sync()
    second.sync()
    first.store.act(ROSENHEIM, case_id, "accept", answers={"agreed_days": 5})
    second.store.act(ROSENHEIM, case_id, "accept", answers={"agreed_days": 10})
    first.sync()
    report = second.sync()
    assert (report.sent, report.rejected) == (0, 1)
    told = shown(page(second), 80)
    assert "What you wrote is kept." in told
    assert "You wrote it when this was the latest:" in told
    yours, since = told.split("Since then")
    assert "Accept" in yours
    assert ": 10" in yours
    assert other.title() in since
    assert "Accept" in since
    # Nothing of the first one's was touched.
    detail = second.store.case(ROSENHEIM, case_id)
    assert detail is not None
    assert [entry["action"] for entry in detail.entries] == ["send", "accept"]


def test_the_same_sent_again_on_the_case_as_it_is_now(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    act(central, "rosenheim", ROSENHEIM, case_id, "accept", answers={"agreed_days": 5})
    first, second = client("rosenheim"), client("rosenheim")
    first.sync()
    second.sync()
    answers = {"EST-01": "yes"}
    for each, text in ((first, "Erste Antwort."), (second, "Zweite Antwort.")):
        each.store.act(ROSENHEIM, case_id, "reply_partly", answers=answers, text=text, lang="de")
    first.sync()
    report = second.sync()
    if report.rejected:
        assert "Erste Antwort." in shown(page(second), 80)
        [item] = second.store.outbox()
        draft = second.store.revise(item.client_ref)
        assert draft.text == "Zweite Antwort."
        second.store.queue(draft)
        second.sync()
    assert second.store.outbox() == []
    first.sync()
    detail = first.store.case(ROSENHEIM, case_id)
    assert detail is not None
    texts = [entry["text"]["text"] for entry in detail.entries if entry.get("text")]
    assert texts == ["Erste Antwort.", "Zweite Antwort."]
