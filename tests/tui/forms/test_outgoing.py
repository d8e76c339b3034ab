"""Outbox, drafts and signing in, in words."""

from __future__ import annotations

import datetime as dt

import pytest

from imi_core.errors import UnknownProcedure
from imi_core.procedure import Rules
from imi_tui import i18n
from imi_tui.cache.model import OutboxItem
from imi_tui.cache.outbox.draft import Draft
from imi_tui.i18n.dates import ago
from imi_tui.i18n.languages import NAMES
from imi_tui.viewmodel import outgoing
from imi_tui.viewmodel.authority_record import record
from imi_tui.viewmodel.signing_in import Step, cleaned, sentence

NOW = dt.datetime(2026, 3, 5, 12, 0, tzinfo=dt.UTC)


def item(state: str = "queued", attempts: int = 0, error: dict[str, object] | None = None) -> OutboxItem:
    return OutboxItem("r", "d", "c", "reply", {}, state, attempts, "2026-03-05T11:00:00Z", error=error)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("iso", "text"),
    [
        ("2026-03-05T11:59:31Z", "just now"),
        ("2026-03-05T11:59:00Z", "1 minute ago"),
        ("2026-03-05T11:01:00+00:00", "59 minutes ago"),
        ("2026-03-05T12:00:00+01:00", "1 hour ago"),
        ("2026-03-03T12:00:00Z", "2 days ago"),
        ("2026-03-05T13:00:00Z", "just now"),
        ("2026-03-05T10:00:00", "2 hours ago"),
        ("", ""),
        ("yesterday", ""),
    ],
)
def test_age_in_words(iso: str, text: str) -> None:
    assert ago(iso, NOW) == text


@pytest.mark.parametrize("language", sorted(NAMES))
def test_every_language_has_words_for_age(language: str) -> None:
    i18n.install(language)
    try:
        told = {ago((NOW - dt.timedelta(minutes=minutes)).isoformat(), NOW) for minutes in (1, 70, 3 * 24 * 60)}
    finally:
        i18n.install("en")
    assert len(told) == 3
    assert not any("\u202f" in text for text in told)


def test_every_state_says_why_it_does_not_move() -> None:
    assert outgoing.state(item()) == "waiting to be sent"
    assert outgoing.state(item(), "notSignedIn") == "waiting: not signed in"
    assert outgoing.state(item(attempts=1)) == "waiting to be sent again; the last attempt was not answered"
    assert outgoing.state(item(attempts=1), "tls") == (
        "waiting: certificate not trusted; the last attempt was not answered"
    )
    assert "waiting: an earlier entry" in outgoing.state(item(), "offline", held=True)
    assert outgoing.state(item("sending", 1)) == "being sent"
    refused = item("rejected", 1, {"type": "stale"})
    assert outgoing.state(refused).startswith("refused: The case changed")
    assert outgoing.state(item("rejected", 1, None)).startswith("refused: ")
    assert len({outgoing.mark(one) for one in (item(), item("sending"), refused)}) == 3


def test_what_stands_behind_a_refused_entry_of_its_case_says_so() -> None:
    first = item("rejected", 1)._replace(client_ref="1")
    before, behind = item()._replace(client_ref="0"), item()._replace(client_ref="2")
    elsewhere = item()._replace(client_ref="3", case_id="other")
    assert outgoing.behind([before, first, behind, elsewhere]) == {"2"}


def test_a_sentence_stands_alone_and_a_few_words_do_not() -> None:
    assert outgoing.lines(item(), "waiting to be sent", "2 hours ago", "1 file, 40 % sent") == [
        "waiting to be sent; queued: 2 hours ago; not sent yet; 1 file, 40 % sent"
    ]
    assert outgoing.lines(item(), "reason", "now", held=True)[0] == "reason"
    assert outgoing.lines(item(error={"type": "caseNotBack"}), "reason", "now")[0] == "reason"
    told = outgoing.state(item("rejected", 1, {"type": "stale"}))
    assert outgoing.lines(item("rejected", 1), told, "2 hours ago") == [told, "queued: 2 hours ago; 1 attempt"]


def test_fields_of_a_refusal_are_called_as_in_their_form(pw_info: Rules) -> None:
    error = {"type": "invalidAnswers", "problems": [["agreed_days", "range", "1..365"]]}
    [line] = outgoing.reasons(
        item("rejected", 1, error), lambda field: outgoing.field_name(pw_info, "accept", field, ("en",))
    )
    label = next(each.label for each in pw_info.lifecycle.forms["accept"].fields if each.id == "agreed_days")
    assert line == f"{label}: The answer has to be in the range 1..365."
    assert outgoing.field_name(pw_info, "unheard_of", "x", ("en",)) == "x"
    question = pw_info.procedure.questions[0]
    assert outgoing.field_name(pw_info, "reply", question.id, ("en",)) == question.text


def test_a_refusal_of_any_shape_is_shown_without_harm() -> None:
    error = {"type": "x\x1b[2J" * 50, "problems": [["a\x1b]0;t\x07", "length", "5"], "junk", [1]]}
    refused = item("rejected", 1, error)
    shown = outgoing.state(refused) + "".join(outgoing.reasons(refused))
    assert "\x1b" not in shown
    assert outgoing.reasons(refused) == ["a␛]0;t␇: The text is longer than 5 characters."]


def test_drafts_and_actions_have_names_without_their_procedure_too(pw_info: Rules) -> None:
    def rules(procedure: str) -> Rules:
        if procedure != "pw.info":
            raise UnknownProcedure(procedure)
        return pw_info

    assert outgoing.action_name("pw.info", "reply", rules, ("en",)) == "Reply"
    # The case is gone, and its procedure with it; another one knows what the action is called.
    assert outgoing.action_name("", "reply", rules, ("en",), lambda: [pw_info]) == "Reply"
    assert outgoing.action_name("pw.info", "gone", rules, ("en",)) == "gone"
    assert outgoing.action_name("no.such", "reply", rules, ("en",)) == "reply"
    titled = Draft("i", "d", "pw.info", "send", answers={"subject": "Alpbau"})
    assert outgoing.draft_title(titled, rules, ("en",)) == "Alpbau"
    blank = Draft("i", "d", "pw.info", "send")
    assert outgoing.draft_title(blank, rules, ("en",)) == "Posting of workers: request for information"
    assert outgoing.draft_title(Draft("i", "d", "no.such", "send"), rules, ("en",)) == "send"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://imi.example", "https://imi.exämple", "ftp://x", ""])
def test_only_web_addresses_of_a_secure_or_local_server_are_offered(address: str) -> None:
    assert cleaned(Step("waiting", "browser", address)).address == ""


def test_an_address_on_this_machine_is_fine() -> None:
    assert cleaned(Step("waiting", "browser", "http://127.0.0.1:8080/a")).address == "http://127.0.0.1:8080/a"


def test_each_stage_of_signing_in_has_its_sentence() -> None:
    steps = [
        Step("idle"),
        Step("connecting"),
        Step("waiting", "device"),
        Step("waiting", "browser"),
        Step("waiting", "browser", opened=False),
        Step("done"),
        Step("failed", problem="offline"),
    ]
    assert len({sentence(step) for step in steps}) == len(steps)


def test_a_record_shows_the_officers_language_first_and_the_formal_name_as_it_is() -> None:
    wire = {
        "formalName": "Αρχή",
        "country": "EL",
        "kind": "of_tomorrow",
        "status": "suspended",
        "titles": {"en": "Authority", "fi": "Viranomainen"},
        "descriptions": {"de": "Beschreibung"},
        "languages": ["el", "xx"],
        "desks": [{"id": "d", "area": "pw", "coordinator": True}, {"id": "e", "area": "new", "status": "suspended"}],
    }
    texts = [block.text for block in record(wire, ("fi", "en"))]
    assert texts[:2] == ["Αρχή", "Viranomainen"]
    assert "of_tomorrow, Kreikka" in texts
    assert "Beschreibung" in texts, "any language is better than none"
    assert "Works in: ελληνικά, xx" in texts
    assert "- Posting of workers, coordinator" in texts
    assert "- NEW, suspended" in texts
    assert any("cannot be addressed" in text for text in texts)
    assert record({}, ("en",)), "a bare record does no harm"
