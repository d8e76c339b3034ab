"""What the other side will see of a request, against what the server would give it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from imi_core import authority, visibility, workflow
from imi_core.case import to_wire
from imi_tui.cache.store import Store
from imi_tui.forms.compose import Composition
from imi_tui.forms.offers import acting_seat
from imi_tui.viewmodel import other_side, writing
from tests.tui.screens import filled
from tests.tui.screens2.test_composition import blank, complete, offer

SECRET = ("Anna Kowalska", "Jan Nowak", "confidential words", "passport.pdf")


def written(store: Store) -> Composition:
    work = complete(store)
    assert work.form is not None
    work.form.set_text("workers", "Anna Kowalska")
    work.form.set_text("representative", "Jan Nowak")
    work.form.set_text(":text", "confidential words")
    work.draft.attachments = [{"blobId": "ref:1", "name": "passport.pdf", "personal": True}]
    return work


def shown(work: Composition, *, accepted: bool) -> str:
    found = other_side.blocks(work, lambda _id: 2048, accepted=accepted)
    return "\n".join(f"{block.text} {block.aside or ''}" for block in found)


def test_before_acceptance_nothing_personal_shows(store: Store) -> None:
    text = shown(written(store), accepted=False)
    for secret in SECRET:
        assert secret not in text
    assert "Alpbau GmbH" in text
    assert "Performance indicator 1" in text
    assert "Site check" not in text, "the reason is no part of the summary"
    assert "1 file opens once you accept." in text
    assert "Not shown before acceptance: Workers; Representative; Reason for the request; Message; 1 file" in text


def test_in_which_language_it_is_written_and_read(store: Store) -> None:
    work = written(store)
    assert work.form is not None
    work.form.choose(":lang", "fr")
    told = "Written in: français. The other side works in: Deutsch, English."
    assert told in shown(work, accepted=False)
    assert told in work.form.hint(":text")
    review = [block.text for block in writing.review(work, store.authority)]
    assert "Written in: français" in review
    assert "It works in: Deutsch, English" in review


def test_after_acceptance_all_of_it_shows(store: Store) -> None:
    text = shown(written(store), accepted=True)
    for secret in SECRET:
        assert secret in text
    assert "Site check of 2 March" in text
    assert "Not shown" not in text
    assert "State: Accepted" in text
    assert "Performance indicator 1" not in text, "the aim to accept within seven days is over"


def test_it_is_what_the_rules_give_the_desk_asked(store: Store) -> None:
    """The server's own functions, on the entry as it is queued."""
    work = written(store)
    seat, target, rules = work.seat, work.target, work.rules
    assert seat is not None
    assert target is not None
    assert rules is not None
    work.draft.attachments = []
    work.send()
    detail = store.case(seat.desk, store.outbox()[0].case_id)
    assert detail is not None
    now = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)
    case = workflow.expected(rules, None, work.entry(), acting_seat(store, seat), now, target)
    reader = authority.Seat(
        officer="o",
        officer_name="O",
        desk=target.desk,
        authority=target.authority,
        authority_name=target.name,
        country=target.country,
        area=target.area,
        roles=frozenset({"handler"}),
    )
    level = visibility.level(rules, case, reader)
    given: dict[str, Any] = to_wire(visibility.project(rules, case, level))["request"]
    text = shown(work, accepted=False)
    for value in (value for value in given.values() if isinstance(value, str)):
        assert value in text
    held = set(work.draft.answers) - set(given) - {"questions"}
    assert held
    assert not [id for id in held if str(work.draft.answers[id]) in text]


def test_it_follows_the_lifecycle_and_not_its_names(store: Store) -> None:
    work = written(store)
    assert work.rules is not None
    lifecycle = work.rules.lifecycle
    states = {
        id: msgspec.structs.replace(state, summary_for=()) if id == "awaiting_acceptance" else state
        for id, state in lifecycle.states.items()
    }
    work.rules = msgspec.structs.replace(work.rules, lifecycle=msgspec.structs.replace(lifecycle, states=states))
    assert "Anna Kowalska" in shown(work, accepted=False)


@pytest.mark.parametrize("accepted", [False, True])
def test_an_unfinished_request_shows_as_far_as_it_is(store: Store, accepted: bool) -> None:
    work = blank(store)
    assert "Choose a procedure." in shown(work, accepted=accepted)
    work.choose_procedure(offer(store))
    assert "Nobody is addressed yet" in shown(work, accepted=accepted)
    assert work.today() == filled.TODAY
