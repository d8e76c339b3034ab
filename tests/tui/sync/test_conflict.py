"""Two clients of one officer, two officers at one desk: nothing is overwritten, and a conflict shows both sides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from imi_central.store import Store as Central
from imi_core.authority import Officer
from imi_core.case import Entry, Text
from imi_tui.cache.model import Draft
from imi_tui.viewmodel import case as pages
from imi_tui.viewmodel.blocks import Block, lines
from imi_tui.viewmodel.conflict import conflict, existing, existing_id, is_conflict
from tests.central.world import LYON, REQUEST, ROSENHEIM, act, send
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


def existing_page(client: Client) -> str:
    """What the officer reads where the server has another entry under the number of theirs."""
    [item] = client.store.outbox()
    assert is_conflict(item)
    id = existing_id(item)
    assert id
    entry = client.store.entry(item.desk, id)
    detail = client.store.case(item.desk, str(entry["caseId"])) if entry is not None else None
    if detail is None:
        return shown(existing(None, item, entry), 80)
    rules = client.store.rules("pw.info", detail.case["procedureVersion"])
    view = pages.View(detail, rules, ("en",), dt.date(2026, 3, 3), client.store.authority)
    return shown(existing(view, item, entry), 80)


def test_another_text_under_the_same_number_is_shown_beside_the_first(central: Central, client: Clients) -> None:
    """As where a profile was put back from a copy after its entry had gone out (F6)."""
    case_id = send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    item = lyon.store.act(LYON, case_id, "message", text="Second words.", lang="en")
    first = Entry(
        action="message", case_id=case_id, text=Text(text="First words.", lang="en"), client_ref=item.client_ref
    )
    central.commit_entry("lyon", LYON, first)
    assert (lyon.sync().rejected, lyon.store.outbox()[0].error["type"]) == (1, "alreadyExists")  # type: ignore[index]
    before, now = existing_page(lyon).split("Yours now")
    assert "First words." in before.split("Sent before")[1]
    assert "Lyon" in before, "who sent it"
    assert "Second words." in now
    assert "First words." not in now
    # It becomes a new one, and both are there.
    draft = lyon.store.revise(item.client_ref)
    assert draft.text == "Second words."
    lyon.store.queue(draft)
    assert lyon.sync().sent == 1
    detail = lyon.store.case(LYON, case_id)
    assert detail is not None
    assert [entry["text"]["text"] for entry in detail.entries if entry.get("text")] == ["First words.", "Second words."]
    assert lyon.store.outbox() == []


def test_another_new_case_under_the_same_number_shows_which_answers_differ(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    mine = {**REQUEST, "subject": "Alpbau, corrected"}
    item = lyon.store.queue(Draft("d", LYON, "pw.info", "send", target=ROSENHEIM, answers=mine))
    theirs = Entry(action="send", procedure="pw.info", target=ROSENHEIM, answers=REQUEST, client_ref=item.client_ref)
    central.commit_entry("lyon", LYON, theirs)
    assert lyon.sync().rejected == 1
    page = existing_page(lyon)
    differing = page.split("Answers that differ")[1]
    assert "Alpbau, corrected" in differing
    assert "Establishment of Alpbau GmbH" in differing
    assert "Alpbau GmbH" in page.split("Yours now")[0]
    lyon.store.queue(lyon.store.revise(item.client_ref))
    lyon.sync()
    with central.view("lyon") as view:
        assert sorted(case.subject for case in view.cases(LYON, None, 10)) == sorted(
            [str(mine["subject"]), str(REQUEST["subject"])]
        )


def test_where_the_first_one_is_not_here_it_is_said_so(client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    item = lyon.store.queue(Draft("d", LYON, "pw.info", "send", target=ROSENHEIM, answers=REQUEST))
    lyon.store.sync.settle({}, {item.client_ref: {"type": "alreadyExists", "existingId": "e" * 32}}, [])
    page = existing_page(lyon)
    assert "It is not on this machine yet; synchronise to see it." in page
    assert "Establishment of Alpbau GmbH" in page.split("Yours now")[1]
