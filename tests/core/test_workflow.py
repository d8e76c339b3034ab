"""The request lifecycle against a table written from the description of IMI, not from the lifecycle's file."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any, get_args

import msgspec
import pytest

from imi_core.answers import Problem
from imi_core.authority import ROLES, Seat
from imi_core.case import Case, Part, PartRole
from imi_core.errors import ActionRefused, AnswersRefused
from imi_core.procedure import Rules
from imi_core.workflow import (
    available,
    check,
)
from tests.core.world import (
    CLOSING,
    COORDINATOR_ONLY,
    DE,
    DE2,
    DE_COORDINATOR,
    FILE,
    FR,
    OPEN,
    REQUEST,
    START,
    STATES,
    TRANSITIONS,
    act,
    case_in,
    entry,
    seat,
    target,
)

READS = {
    "accept": {"request", "part", "date"},
    "forward": {"part", "date"},
    "refuse": {"request", "part"},
    "reply": {"request", "part", "answers"},
    "reply_partly": {"request", "part"},
    "change_date": {"date"},
    "answer_clarification": {"text"},
    "close": {"answers", "text"},
    "ask_clarification": {"answers", "text"},
    "modify": {"request"},
}
"""What an action decides on or overwrites; of the answers a partial reply reads those it gives."""
CONTENT = {"send", "modify", "forward", "reply", "reply_partly", "ask_clarification", "answer_clarification"}


def allowed(action: str, state: str, part: str | None, role: str, coordinator: bool) -> bool:
    """What the table says."""
    if role != "handler" or (action in COORDINATOR_ONLY and not coordinator):
        return False
    if action == "message":
        return part in ("initiator", "responder") and state in OPEN
    who, states, _ = TRANSITIONS.get(action, ("", set(), ""))
    return part == who and state in states


def test_the_table_names_every_state_and_action(pw_info: Rules) -> None:
    assert set(pw_info.lifecycle.states) == STATES
    assert set(pw_info.lifecycle.actions) == {"send", "message", *TRANSITIONS}
    assert {name for name, state in pw_info.lifecycle.states.items() if state.open} == OPEN


def in_part(case: Case, who: Seat, part: str | None) -> Case:
    """`case` with `who` in `part` only."""
    others = tuple(p for p in case.parts if p.role != part)
    if part is None:
        return msgspec.structs.replace(case, parts=others)
    mine = Part(role=part, desk=who.desk, authority=who.authority, country=who.country, name=who.authority_name)  # type: ignore[arg-type]
    return msgspec.structs.replace(case, parts=(*others, mine))


def test_every_state_action_part_role_and_coordinator(pw_info: Rules) -> None:
    base = case_in(pw_info, "awaiting_acceptance")
    actions = (*pw_info.lifecycle.actions, "no_such_action", "")
    seen = 0
    for state, part, role, coordinator in itertools.product(
        (*STATES, "state_of_tomorrow"), (*get_args(PartRole), None), ROLES, (False, True)
    ):
        who = seat("xx1", role, coordinator=coordinator)
        case = in_part(msgspec.structs.replace(base, state=state), who, part)
        expectation = {action for action in actions if allowed(action, state, part, role, coordinator)}
        assert set(available(pw_info, case, who)) == expectation, (state, part, role, coordinator)
        blocked = msgspec.structs.replace(case, blocked=True)
        assert available(pw_info, blocked, who) == ()
        for action in actions:
            if action not in expectation:
                with pytest.raises(ActionRefused) as caught:
                    check(pw_info, case, entry(action, case), who, target("de2"))
                assert caught.value.code in ("forbidden", "notAvailable"), action
                seen += 1
    assert seen > 10_000


def test_available_is_in_the_lifecycles_order(pw_info: Rules) -> None:
    case = case_in(pw_info, "awaiting_acceptance")
    order = list(pw_info.lifecycle.actions)
    names = list(available(pw_info, case, DE))
    assert names == sorted(names, key=order.index)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("area", ["pw", "pq"])
def test_who_may_start(pw_info: Rules, role: str, area: str) -> None:
    who = seat("fr1", role, area=area)  # type: ignore[arg-type]
    may = role == "handler" and area == "pw"
    assert available(pw_info, None, who) == (("send",) if may else ())
    if not may:
        with pytest.raises(ActionRefused) as caught:
            check(pw_info, None, entry("send"), who, target("de1"))
        assert caught.value.code == "forbidden"
    for action in TRANSITIONS:
        with pytest.raises(ActionRefused) as caught:
            check(pw_info, None, entry(action), FR, target("de1"))
        assert caught.value.code in ("notAvailable", "forbidden")


@pytest.mark.parametrize(
    ("action", "state"), sorted((action, state) for action, (_, states, _) in TRANSITIONS.items() for state in states)
)
def test_every_transition_of_the_table(pw_info: Rules, action: str, state: str) -> None:
    who_part, _, to = TRANSITIONS[action]
    case = case_in(pw_info, state)
    responder = DE
    if action == "refuse":
        responder = DE_COORDINATOR
        case = act(pw_info, None, FR, "send", target="de9")
    who = FR if who_part == "initiator" else responder
    after = act(pw_info, case, who, action)
    assert after.state == (to or state)
    assert after.version == case.version + 1
    assert after.entries == case.entries + 1
    assert after.content_version == (after.version if action in CONTENT else case.content_version)
    assert (after.closed_at is not None) == (action in CLOSING)
    assert after.turn == pw_info.lifecycle.states[after.state].turn


def test_send_makes_the_case(pw_info: Rules) -> None:
    case = act(pw_info, None, FR, "send", attachments=(FILE,))
    assert (case.state, case.version, case.content_version, case.entries, case.files) == (
        "awaiting_acceptance",
        1,
        1,
        1,
        1,
    )
    assert (case.procedure, case.procedure_version) == pw_info.key
    assert [(p.role, p.desk, p.country) for p in case.parts] == [("initiator", "fr1", "FR"), ("responder", "de1", "DE")]
    assert case.subject == "Establishment of Alpbau GmbH"
    assert case.questions == ("EST-01", "POS-04", "WC-10")
    assert "questions" not in case.request
    assert case.request["workers"] == REQUEST["workers"]
    assert case.sent_at == case.last_activity == START + dt.timedelta(hours=1)
    assert case.lang == "en"
    assert case.head == "seal-1"
    assert case.turn == "responder"


# -- staleness ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "state"),
    sorted((action, state) for action, (_, states, _) in TRANSITIONS.items() for state in states),
)
@pytest.mark.parametrize("facet", ["request", "part", "answers", "date", "text"])
def test_stale_only_where_what_it_reads_has_changed(pw_info: Rules, action: str, state: str, facet: str) -> None:
    case = case_in(pw_info, state)
    who = FR if TRANSITIONS[action][0] == "initiator" else DE
    if action == "refuse":
        case, who = act(pw_info, None, FR, "send", target="de9"), DE_COORDINATOR
    case = msgspec.structs.replace(case, version=9, changed={facet: 9}, answered={"EST-01": 9})
    addressed = target("de2") if action == "forward" else None
    if facet in READS.get(action, set()):
        with pytest.raises(ActionRefused, match="based on version 8") as caught:
            check(pw_info, case, entry(action, case, based_on=8), who, addressed)
        assert caught.value.code == "stale"
    elif action != "reply_partly":
        check(pw_info, case, entry(action, case, based_on=8), who, addressed)
    check(pw_info, case, entry(action, case, based_on=9), who, addressed)
    check(pw_info, case, entry(action, case, based_on=1), who, addressed, own=[9])


def test_a_partial_reply_reads_the_answers_it_gives(pw_info: Rules) -> None:
    base = case_in(pw_info, "accepted")
    seen = base.version
    case = act(pw_info, base, DE, "reply_partly", answers={"EST-01": "yes", "EST-01-since": "2001-05-04"})
    assert case.answered == {"EST-01": case.version, "EST-01-since": case.version}
    for answers, stale in (
        ({"POS-04": "All of them."}, False),
        ({"EST-01": "yes"}, False),
        ({"EST-01": "no"}, True),
        ({"EST-01": "yes", "EST-01.remark": "Only since May."}, True),
        ({"EST-01-since": "2002-05-04"}, True),
        ({"EST-01.cannot": "No register."}, True),
    ):
        made = entry("reply_partly", case, based_on=seen, answers=answers)
        if stale:
            with pytest.raises(ActionRefused, match="EST-01"):
                check(pw_info, case, made, DE)
        else:
            check(pw_info, case, made, DE)
    assert msgspec.structs.replace(case, answered={}).changed["answers"] == case.version
    with pytest.raises(ActionRefused, match="answers is at"):
        check(pw_info, case, entry("reply", case, based_on=seen), DE)


def test_a_reply_gives_an_answer_or_a_reason_for_none(pw_info: Rules) -> None:
    case = act(pw_info, case_in(pw_info, "accepted"), DE, "reply_partly", answers={"EST-01": "yes"})
    together: dict[str, Any] = {"EST-01-since": "2001-05-04", "EST-01-since.cannot": "No register."}
    with pytest.raises(AnswersRefused) as caught:
        check(pw_info, case, entry("reply_partly", case, answers=together), DE)
    assert caught.value.problems == (Problem("EST-01-since", "both"),), "the question it hangs on was answered before"
    # What was taken when both were is in nobody's way, and what is not asked never was.
    old = msgspec.structs.replace(case, answers={**case.answers, **together})
    check(pw_info, old, entry("reply_partly", old, answers={"POS-04": "All of them."}), DE)
    check(pw_info, old, entry("reply_partly", old, answers={"EST-01": "no", **together}), DE)
    changed = act(pw_info, old, DE, "reply_partly", answers={"EST-01-since.cannot": "Burnt."})
    assert "EST-01-since" not in changed.answers


def test_a_lifecycle_of_before_reads_any_content(pw_info: Rules) -> None:
    old = msgspec.structs.replace(pw_info.lifecycle.actions["reply"], reads=True)
    actions = {**pw_info.lifecycle.actions, "reply": old}
    rules = msgspec.structs.replace(pw_info, lifecycle=msgspec.structs.replace(pw_info.lifecycle, actions=actions))
    assert msgspec.json.decode(msgspec.json.encode(rules), type=Rules) == rules
    case = act(rules, case_in(rules, "accepted"), DE, "reply_partly", answers={"EST-01": "yes"})
    with pytest.raises(ActionRefused, match="content is at"):
        check(rules, case, entry("reply", case, based_on=case.version - 1), DE)
    check(rules, case, entry("reply", case, based_on=case.version - 1), DE, own=[case.version])


def test_a_message_or_a_new_date_makes_nobody_stale(pw_info: Rules) -> None:
    case = case_in(pw_info, "accepted")
    seen = case.version
    case = act(pw_info, case, FR, "message")
    case = act(pw_info, case, DE, "change_date")
    assert case.version == seen + 2
    check(pw_info, case, entry("reply", case, based_on=seen), DE)


def test_a_changed_request_makes_an_acceptance_stale(pw_info: Rules) -> None:
    case = act(pw_info, case_in(pw_info, "awaiting_acceptance"), FR, "modify")
    assert case.subject == "Another subject"
    with pytest.raises(ActionRefused, match="based on version 1"):
        check(pw_info, case, entry("accept", case, based_on=1), DE)


# -- addressees --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("desk", "given"),
    [
        ("", target("de1")),
        ("de1", None),
        ("de1", target("de1", active=False)),
        ("de1", target("de1", area="pq")),
        ("de1", target("de2")),
        ("fr2", target("fr2")),
        ("fr1", target("fr1")),
    ],
    ids=["none", "unknown", "suspended", "other area", "another desk than named", "same country", "itself"],
)
def test_addressees_of_a_request(pw_info: Rules, desk: str, given: Any) -> None:
    with pytest.raises(ActionRefused) as caught:
        check(pw_info, None, entry("send", target=desk), FR, given)
    assert caught.value.code == "badTarget"


@pytest.mark.parametrize(
    ("desk", "given"),
    [
        ("at1", target("at1")),
        ("fr1", target("fr1")),
        ("de1", target("de1")),
        ("de2", target("de2", active=False)),
        ("de2", None),
        ("de2", target("de2", area="pq")),
    ],
    ids=["other country", "the initiator", "itself", "suspended", "unknown", "other area"],
)
def test_addressees_of_a_forward(pw_info: Rules, desk: str, given: Any) -> None:
    case = case_in(pw_info, "accepted")
    with pytest.raises(ActionRefused) as caught:
        check(pw_info, case, entry("forward", case, target=desk), DE, given)
    assert caught.value.code == "badTarget"


def test_an_addressee_cannot_hold_two_acting_parts(pw_info: Rules) -> None:
    # A lifecycle without a rule on countries: nobody may be asked by itself.
    free = msgspec.structs.replace(pw_info.lifecycle.actions["forward"], within="")
    actions = {**pw_info.lifecycle.actions, "forward": free}
    rules = msgspec.structs.replace(pw_info, lifecycle=msgspec.structs.replace(pw_info.lifecycle, actions=actions))
    case = case_in(rules, "accepted")
    with pytest.raises(ActionRefused, match="already has a part"):
        check(rules, case, entry("forward", case, target="fr1"), DE, target("fr1"))
    check(rules, case, entry("forward", case, target="at1"), DE, target("at1"))


def test_only_some_actions_have_an_addressee(pw_info: Rules) -> None:
    case = case_in(pw_info, "accepted")
    with pytest.raises(ActionRefused) as caught:
        check(pw_info, case, entry("message", case, target="de2"), DE, target("de2"))
    assert caught.value.code == "badTarget"


def test_forward_keeps_who_forwarded_as_observer(pw_info: Rules) -> None:
    case = act(pw_info, case_in(pw_info, "accepted"), DE, "forward")
    assert [(p.role, p.desk) for p in case.parts] == [("initiator", "fr1"), ("observer", "de1"), ("responder", "de2")]
    assert available(pw_info, case, DE) == ()
    assert available(pw_info, case, DE2) == ("accept", "forward", "message")
    back = act(pw_info, case, DE2, "forward", target="de1")
    assert [(p.role, p.desk) for p in back.parts] == [("initiator", "fr1"), ("observer", "de2"), ("responder", "de1")]
    once_more = act(pw_info, back, DE, "forward", target="de9")
    assert [(p.role, p.desk) for p in once_more.parts] == [
        ("initiator", "fr1"),
        ("observer", "de2"),
        ("observer", "de1"),
        ("responder", "de9"),
    ]
