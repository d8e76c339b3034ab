"""Two clients of one officer, two officers at one desk: nothing is overwritten, and a conflict shows both sides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_core.authority import Officer
from imi_core.case import Entry, Text
from imi_tui.cache.outbox.draft import Draft
from imi_tui.viewmodel.blocks import Block, lines
from imi_tui.viewmodel.conflict import conflict, existing, existing_id, is_conflict
from imi_tui.viewmodel.view import View
from tests.central.world import LYON, REQUEST, ROSENHEIM, act, send
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]


def page(client: Client) -> list[Block]:
    [item] = client.store.outbox()
    assert is_conflict(item)
    detail = client.store.case(item.desk, item.case_id)
    assert detail is not None
    rules = client.store.rules("pw.info", detail.case["procedureVersion"])
    view = View(detail, rules, ("en",), dt.date(2026, 3, 3), client.store.authority)
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


Pair = Callable[[str, str], tuple[Client, Client]]


@pytest.fixture
def pair(central: Central, client: Clients) -> Pair:
    """Two clients with a case each has read: of one officer, or of two at one desk."""

    def make(one: str, other: str) -> tuple[Client, Client]:
        for name, desk in (("colleague", ROSENHEIM), ("deputy", LYON)):
            central.put_officer(Officer(id=name, name=name.title(), desks={desk: ("handler",)}))
        first, second = client(one), client(other)
        first.sync()
        second.sync()
        return first, second

    return make


OVERWRITES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any], str]] = {
    "reply_partly": ("accepted", "rosenheim", {"EST-01": "yes"}, {"EST-01": "no"}, "yes"),
    "change_date": ("accepted", "rosenheim", {"agreed_days": 7}, {"agreed_days": 20}, "2026-03-09"),
    "modify": (
        "",
        "lyon",
        {**REQUEST, "subject": "From the office"},
        {**REQUEST, "subject": "From home"},
        "the office",
    ),
}


def value(central: Central, action: str) -> str:
    with central.view("lyon") as view:
        [case] = view.cases(LYON, None, 10)
    return {"reply_partly": str(case.answers.get("EST-01")), "change_date": str(case.agreed_on)}.get(
        action, case.subject
    )


@pytest.mark.parametrize("same", [True, False], ids=["one officer", "two officers"])
@pytest.mark.parametrize("action", OVERWRITES)
def test_the_second_to_overwrite_a_value_is_refused_and_sees_both(
    central: Central, pair: Pair, action: str, same: bool
) -> None:
    state, officer, mine, theirs, kept = OVERWRITES[action]
    case_id = send(central).case_id
    desk = LYON if officer == "lyon" else ROSENHEIM
    if state:
        act(central, "rosenheim", ROSENHEIM, case_id, "accept", answers={"agreed_days": 5})
    first, second = pair(officer if same else {"lyon": "deputy", "rosenheim": "colleague"}[officer], officer)
    for each, answers, text in ((first, mine, "Eins."), (second, theirs, "Zwei.")):
        each.store.act(desk, case_id, action, answers=answers, text=text, lang="de")
    assert (first.sync().sent, first.store.outbox()) == (1, [])
    assert kept in value(central, action)
    report = second.sync()
    assert (report.sent, report.rejected) == (0, 1)
    assert kept in value(central, action), "nothing is overwritten"
    told = shown(page(second), 80)
    assert "Eins." in told
    assert "Zwei." in told
    [item] = second.store.outbox()
    draft = second.store.revise(item.client_ref)
    assert (draft.answers, draft.text) == (theirs, "Zwei.")
    second.store.queue(draft)
    assert second.sync().sent == 1
    assert second.store.outbox() == []
    assert kept not in value(central, action)


BASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[str]]] = {
    "reply_partly": (
        {"EST-01": "cannot_say"},
        {"EST-01": "yes", "EST-01.remark": "Since May."},
        {"EST-01": "no", "POS-04": "Alle."},
        ["When you wrote it │ Cannot say", "Yours No", "Now │ Yes", "│ Remark: Since May."],
    ),
    "reply_partly to nothing": (
        {},
        {"EST-01.cannot": "Kein Register."},
        {"EST-01": "no"},
        ["When you wrote it no answer", "Yours No", "Now │ Cannot be answered: Kein Register."],
    ),
    "change_date": (
        {"agreed_days": 6},
        {"agreed_days": 7},
        {"agreed_days": 20},
        ["When you wrote it │ 6", "Yours 20", "Now │ 7"],
    ),
    "change_date after accepting": (
        {},
        {"agreed_days": 7},
        {"agreed_days": 20},
        ["When you wrote it │ 5", "Yours 20", "Now │ 7"],
    ),
    "modify": (
        {**REQUEST, "subject": "First"},
        {**REQUEST, "subject": "From the office"},
        {**REQUEST, "subject": "From home"},
        ["When you wrote it │ First", "Yours From home", "Now │ From the office"],
    ),
}


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", BASES)
def test_of_each_answer_that_differs_there_is_mine_theirs_and_what_mine_was_based_on(
    central: Central, pair: Pair, name: str, width: int
) -> None:
    action = name.split()[0]
    base, theirs, mine, told = BASES[name]
    case_id = send(central).case_id
    officer, other, desk = ("lyon", "deputy", LYON) if action == "modify" else ("rosenheim", "colleague", ROSENHEIM)
    if action != "modify":
        act(central, "rosenheim", ROSENHEIM, case_id, "accept", answers={"agreed_days": 5})
    if base:
        act(central, officer, desk, case_id, action, answers=base, text=Text(lang="de", text="Vorher."))
    first, second = pair(other, officer)
    first.store.act(desk, case_id, action, answers=theirs, text="Eins.", lang="de")
    second.store.act(desk, case_id, action, answers=mine, text="Zwei.", lang="de")
    assert (first.sync().sent, second.sync().rejected) == (1, 1)
    rows = [" ".join(row.split()) for row in shown(page(second), width).split("Answers that differ")[1].splitlines()]
    assert [row for row in rows if row in told] == told
    assert not any(row.startswith("Remark") for row in rows), "the remark of the other is not mine"
    assert len([row for row in rows if row.startswith("When you wrote it")]) == 1, "only what differs"


def test_the_client_knows_when_each_answer_changed(central: Central, pair: Pair) -> None:
    case_id = send(central).case_id
    act(central, "rosenheim", ROSENHEIM, case_id, "accept", answers={"agreed_days": 5})
    first, second = pair("colleague", "rosenheim")
    first.store.act(ROSENHEIM, case_id, "reply_partly", answers={"EST-01": "yes"})
    first.sync()
    second.sync()
    detail = second.store.case(ROSENHEIM, case_id)
    assert detail is not None
    assert detail.case["answered"] == {"EST-01": 3}
    # Written on what the form showed before: refused here already, without a line.
    draft = Draft("d", ROSENHEIM, "pw.info", "reply_partly", case_id=case_id, answers={"EST-01": "no"}, based_on=2)
    refused = second.store.queue(draft)
    assert (refused.state, refused.attempts) == ("rejected", 0)
    draft = Draft("d", ROSENHEIM, "pw.info", "reply_partly", case_id=case_id, answers={"POS-04": "Alle."}, based_on=2)
    assert second.store.queue(draft).state == "queued"


def test_what_was_known_of_the_outbox_belongs_to_what_mine_was_based_on(central: Central, pair: Pair) -> None:
    case_id = send(central).case_id
    act(central, "rosenheim", ROSENHEIM, case_id, "accept", answers={"agreed_days": 5})
    first, second = pair("colleague", "rosenheim")
    second.store.act(ROSENHEIM, case_id, "reply_partly", answers={"EST-01": "yes"}, text="Mein erstes.", lang="de")
    second.store.act(ROSENHEIM, case_id, "reply_partly", answers={"EST-01": "no"}, text="Mein zweites.", lang="de")
    second.store.sync.settle({}, {second.store.outbox()[1].client_ref: {"type": "stale"}}, [])
    assert second.sync().sent == 1
    first.sync()
    first.store.act(ROSENHEIM, case_id, "reply_partly", answers={"EST-01": "cannot_say"}, text="Ihres.", lang="de")
    first.sync()
    second.sync()
    told = shown(page(second), 80)
    assert "Mein erstes." in told.split("Yours")[0], "the latest that I knew"
    since, rows = told.split("Since then")[1].split("Answers that differ")
    assert "Ihres." in since
    assert "Mein erstes." not in since
    shown_rows = [" ".join(row.split()) for row in rows.splitlines()]
    assert shown_rows[-3:] == ["When you wrote it │ Yes", "Yours No", "Now │ Cannot say"]


def test_of_entries_that_are_not_here_it_is_said_so(central: Central, pair: Pair) -> None:
    case_id = send(central).case_id
    act(central, "rosenheim", ROSENHEIM, case_id, "accept", answers={"agreed_days": 5})
    act(central, "rosenheim", ROSENHEIM, case_id, "reply_partly", answers={"EST-01": "yes", "POS-04": "Alle."})
    _, second = pair("colleague", "rosenheim")
    act(central, "rosenheim", ROSENHEIM, case_id, "reply_partly", answers={"EST-01": "no"})
    item = second.store.act(ROSENHEIM, case_id, "reply_partly", answers={"EST-01": "cannot_say", "POS-04": "Keine."})
    second.sync()
    detail = second.store.case(ROSENHEIM, case_id)
    assert detail is not None
    view = View(
        detail._replace(entries=(), fetching=True),
        second.store.rules("pw.info", detail.case["procedureVersion"]),
        ("en",),
        dt.date(2026, 3, 3),
        second.store.authority,
    )
    rows = [" ".join(row.split()) for row in shown(conflict(view, second.store.outbox()[0]), 80).splitlines()]
    assert item.client_ref == second.store.outbox()[0].client_ref
    assert [row for row in rows if row.startswith("When you wrote it")] == [
        "When you wrote it not on this machine",
        "When you wrote it │ Alle.",
    ], "what did not change since is as it was"


def test_independent_parts_do_not_collide(central: Central, pair: Pair) -> None:
    case_id = send(central).case_id
    act(central, "rosenheim", ROSENHEIM, case_id, "accept", answers={"agreed_days": 5})
    first, second = pair("colleague", "rosenheim")
    first.store.act(ROSENHEIM, case_id, "reply_partly", answers={"EST-01": "yes"}, text="Eins.", lang="de")
    second.store.act(ROSENHEIM, case_id, "reply_partly", answers={"POS-04": "Alle."}, text="Zwei.", lang="de")
    second.store.act(ROSENHEIM, case_id, "change_date", answers={"agreed_days": 9}, text="Später.", lang="de")
    second.store.act(ROSENHEIM, case_id, "message", text="Hallo.", lang="de")
    assert first.sync().sent == 1
    report = second.sync()
    assert (report.sent, report.rejected) == (3, 0)
    with central.view("lyon") as view:
        [case] = view.cases(LYON, None, 10)
    assert case.answers == {"EST-01": "yes", "POS-04": "Alle."}


def test_entries_of_one_outbox_do_not_collide_whatever_comes_between(central: Central, pair: Pair) -> None:
    case_id = send(central).case_id
    act(central, "rosenheim", ROSENHEIM, case_id, "accept", answers={"agreed_days": 5})
    first, second = pair("colleague", "rosenheim")
    for answer in ("yes", "no", "cannot_say"):
        second.store.act(ROSENHEIM, case_id, "reply_partly", answers={"EST-01": answer}, text=answer, lang="de")
    refs = [item.client_ref for item in second.store.outbox()]
    assert second.store.outbox()[2].payload["after"] == refs[:2]
    first.store.act(ROSENHEIM, case_id, "message", text="Dazwischen.", lang="de")
    first.sync()
    report = second.sync()
    assert (report.sent, report.rejected, second.store.outbox()) == (3, 0, [])
    detail = second.store.case(ROSENHEIM, case_id)
    assert detail is not None
    assert detail.case["answers"] == {"EST-01": "cannot_say"}


def test_an_own_entry_hides_no_change_that_came_between(central: Central, pair: Pair) -> None:
    case_id = send(central).case_id
    first, second = pair("lyon", "rosenheim")
    second.store.act(ROSENHEIM, case_id, "message", text="Eine Frage.", lang="de")
    second.store.act(ROSENHEIM, case_id, "accept", answers={"agreed_days": 5})
    first.store.act(LYON, case_id, "modify", answers={**REQUEST, "subject": "Another"})
    assert first.sync().sent == 1
    report = second.sync()
    assert (report.sent, report.rejected) == (1, 1), "the message goes, the acceptance of another request does not"


def test_what_waits_is_expected_as_the_server_will_take_it(central: Central, pair: Pair) -> None:
    case_id = send(central).case_id
    act(central, "rosenheim", ROSENHEIM, case_id, "accept", answers={"agreed_days": 5})
    first, second = pair("colleague", "rosenheim")
    first.store.act(ROSENHEIM, case_id, "reply_partly", answers={"EST-01": "yes"})
    first.sync()
    # What the second one writes is not sent while its line is cut behind the changes of the first.
    second.store.act(ROSENHEIM, case_id, "reply_partly", answers={"EST-01": "no"})
    [item] = second.store.outbox()
    second.store.sync.begin([item.client_ref])
    second.sync()
    detail = second.store.case(ROSENHEIM, case_id)
    assert detail is not None
    assert detail.case["answers"] == {"EST-01": "yes"}, "an entry that is stale changes nothing in the picture"


def test_the_same_answer_of_two_is_no_conflict(central: Central, client: Clients) -> None:
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
    assert (report.sent, report.rejected) == (1, 0), "the same answer overwrites nothing"
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
    view = View(detail, rules, ("en",), dt.date(2026, 3, 3), client.store.authority)
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
