"""The sentence above a case: what is to be done, until when, and who waits."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from imi_core import workflow
from imi_core.authority import Seat
from imi_core.case import Case, to_wire
from imi_core.procedure import Rules
from imi_tui import i18n
from imi_tui.cache.model import CaseDetail
from imi_tui.viewmodel import case as pages
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.now import now
from imi_tui.viewmodel.timeline import timeline
from imi_tui.viewmodel.view import View
from tests.core.world import DE, DE_COORDINATOR, FR, START, act, entry

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def english() -> Any:
    i18n.install("en")
    yield
    i18n.install("en")


def a_view(rules: Rules, case: Case, seat: Seat, days: int = 0, entries: tuple[Any, ...] = (), **more: Any) -> View:
    """What an officer in `seat` sees of the case, so many days after the start."""
    detail = CaseDetail(seat.desk, case.id, to_wire(case), entries, (), tuple(workflow.available(rules, case, seat)))
    return View(detail._replace(**more), rules, ("en",), (START + days * DAY).date(), lambda _id: None)


@pytest.fixture
def sent(pw_info: Rules) -> Case:
    return act(pw_info, None, FR, "send")


@pytest.fixture
def accepted(pw_info: Rules, sent: Case) -> Case:
    return act(pw_info, sent, DE, "accept")


def test_what_ends_the_deadline_is_named_with_its_day_and_who_waits(pw_info: Rules, sent: Case) -> None:
    assert now(a_view(pw_info, sent, DE, 5)).text == "Accept by 9 Mar 2026 (in 2 days); FR Authority fr1 waits."
    assert not now(a_view(pw_info, sent, DE, 6)).alarm


def test_a_coordinator_may_refuse_too(pw_info: Rules, sent: Case) -> None:
    case = act(pw_info, sent, DE, "forward", target="de9")
    assert now(a_view(pw_info, case, DE_COORDINATOR)).text.startswith(("Accept or Refuse", "Accept, Refuse or Forward"))


def test_today_and_what_is_late_are_marked_by_a_sign_and_in_words(pw_info: Rules, accepted: Case) -> None:
    today, late = now(a_view(pw_info, accepted, DE, 10)), now(a_view(pw_info, accepted, DE, 13))
    assert today == ("! Reply or Forward by 12 Mar 2026 (today); FR Authority fr1 waits.", True)
    assert late == ("! Reply or Forward: was due on 12 Mar 2026 (3 days ago); FR Authority fr1 waits.", True)


def test_who_waits_for_others_reads_for_whom_and_until_when(pw_info: Rules, accepted: Case) -> None:
    assert now(a_view(pw_info, accepted, FR)) == (
        "Nothing to do for you now: DE Authority de1 has to act by 12 Mar 2026 (in 10 days).",
        False,
    )
    assert "should have acted by 12 Mar 2026 (3 days ago)" in now(a_view(pw_info, accepted, FR, 13)).text


def test_who_may_not_act_is_told_that_the_desk_has_to(pw_info: Rules, accepted: Case) -> None:
    told = now(a_view(pw_info, accepted, DE, actions=("message",))).text
    assert told == "Your desk has to act, but you may not do so yourself. Due on 12 Mar 2026 (in 10 days)."


def test_the_one_who_asked_closes_or_asks_again_without_a_deadline(pw_info: Rules, accepted: Case) -> None:
    case = act(pw_info, accepted, DE, "reply")
    assert now(a_view(pw_info, case, FR)).text == (
        "Accept reply and close or Ask for clarification; DE Authority de1 waits."
    )
    closed = act(pw_info, case, FR, "close")
    assert now(a_view(pw_info, closed, FR)).text.startswith("Closed: nothing is left to do. The case is blocked on ")


def test_what_waits_to_be_sent_comes_first(pw_info: Rules, accepted: Case) -> None:
    mine = to_wire(entry("message", accepted, client_ref="r1"))
    view = a_view(pw_info, accepted, DE, entries=(mine,), pending=("r1",))
    assert now(view).text.startswith("~ Message waits on this machine to be sent. Reply or Forward by ")


@pytest.mark.parametrize("language", sorted(i18n.languages()))
def test_the_sentence_can_be_made_in_every_language(pw_info: Rules, accepted: Case, language: str) -> None:
    i18n.install(language)
    assert "Authority fr1" in now(a_view(pw_info, accepted, DE, 1)).text
    assert any("Authority de1" in block.text for block in timeline(a_view(pw_info, accepted, DE, 1, (A_MESSAGE,))))


A_MESSAGE = {
    "action": "message",
    "at": "2026-03-02T09:00:00Z",
    "desk": "de1",
    "authorityName": "Authority de1",
    "officerName": "Erika Muster",
    "text": {"lang": "mt", "text": "Bongu"},
}


def test_an_entry_says_when_who_from_where_in_which_language(pw_info: Rules, accepted: Case) -> None:
    forwarded = {"action": "forward", "desk": "de1", "at": "2026-03-03T09:00:00Z", "target": "fr1"}
    agreed = {"action": "accept", "desk": "de1", "at": "2026-03-03T09:00:00Z", "answers": {"agreed_days": 10}}
    page = timeline(a_view(pw_info, accepted, DE, 3, (A_MESSAGE, forwarded, agreed)))
    texts = [block.text for block in page]
    assert texts[0].endswith(" (3 days ago)  Message")
    assert texts[1] == "Erika Muster, DE Authority de1"
    assert page[2].lang == "Maltese"
    assert "-> FR Authority fr1" in texts
    assert [b.aside for b in page if b.text.startswith("Calendar days in which you expect")] == ["10"]


def test_personal_fields_bear_a_sign_and_a_word(pw_info: Rules, accepted: Case) -> None:
    labels = [block.text for block in pages.overview(a_view(pw_info, accepted, DE))]
    assert "Workers (! personal)" in labels
    assert "Undertaking" in labels


def test_the_original_wording_stands_beside_the_translation_on_request(pw_info: Rules, accepted: Case) -> None:
    question = pw_info.procedure.questions[0]
    labels = {"de": {f"pw.info.question.{question.id}": "Ist das Unternehmen eingetragen?"}}
    rules = Rules(procedure=pw_info.procedure, lifecycle=pw_info.lifecycle, labels=labels)
    view = dataclasses.replace(a_view(rules, accepted, DE), languages=("de", "en"))

    def shown(view: View) -> list[Block]:
        return [block for block in pages.questions(view) if question.text in (block.aside or "")]

    assert view.translated
    assert not shown(view)
    assert len(shown(dataclasses.replace(view, original=True))) == 1
    assert not a_view(pw_info, accepted, DE).translated


def test_what_these_rules_do_not_know_stops_no_page(pw_info: Rules, accepted: Case) -> None:
    """Of a deadline of another role nothing was checked; a request may name questions that the case has not."""
    view = a_view(pw_info, accepted, DE)
    strange = {"code": "X", "on": "soon", "role": "auditor"}
    wire = {**view.case, "deadlines": [strange, *view.case["deadlines"]], "request": {"questions": ["EST-01"]}}
    wire.pop("questions", None)
    view = dataclasses.replace(view, detail=view.detail._replace(case=wire))
    texts = [block.text for block in pages.whole(view)]
    assert any("soon" in text for text in texts)


def test_an_assignment_that_no_longer_fits_is_told_to_wait(pw_info: Rules, accepted: Case) -> None:
    """As the officer who was to look after the case has left: it waits, and the case has none."""
    page = timeline(a_view(pw_info, accepted, DE, assigning=1))
    assert [block.text for block in page if "queued" in block.text] == ["~ queued on this machine  Assign"]
