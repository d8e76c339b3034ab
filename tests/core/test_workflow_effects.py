"""What an entry has to carry, what it does to the case, and that the client predicts it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from imi_core.authority import Seat
from imi_core.case import Case, Entry, Text
from imi_core.errors import AnswersRefused
from imi_core.procedure import Rules
from imi_core.workflow import (
    AGREED,
    MAX_ATTACHMENTS,
    MAX_TEXT,
    apply,
    available,
    check,
    expected,
    initiator_of,
)
from tests.core.world import (
    CLOSING,
    DE,
    DE_COORDINATOR,
    FILE,
    FR,
    OPEN,
    PATHS,
    REASON,
    REPLY,
    REQUEST,
    START,
    TRANSITIONS,
    act,
    case_in,
    entry,
    target,
)

# -- what an entry carries ---------------------------------------------------------------------------------------------


def refused(rules: Rules, case: Case | None, who: Seat, made: Entry) -> list[tuple[str, str]]:
    with pytest.raises(AnswersRefused) as caught:
        check(rules, case, made, who, target(made.target) if made.target else None)
    assert caught.value.code == "invalidAnswers"
    return [(problem.field, problem.code) for problem in caught.value.problems]


@pytest.mark.parametrize("missing", ["subject", "company", "justification", "questions"])
def test_a_request_needs_its_fields(pw_info: Rules, missing: str) -> None:
    answers = {name: value for name, value in REQUEST.items() if name != missing}
    assert refused(pw_info, None, FR, entry("send", answers=answers)) == [(missing, "missing")]
    evasive = {**answers, f"{missing}.cannot": "no time"}
    assert (missing, "missing") in refused(pw_info, None, FR, entry("send", answers=evasive))


def test_at_least_one_question_of_the_bank(pw_info: Rules) -> None:
    assert refused(pw_info, None, FR, entry("send", answers={**REQUEST, "questions": []})) == [("questions", "missing")]
    assert refused(pw_info, None, FR, entry("send", answers={**REQUEST, "questions": ["X-1"]})) == [
        ("questions", "option")
    ]


@pytest.mark.parametrize("days", [0, -1, 181, 1.5, "10", None, float("nan"), 10**30])
def test_accepting_needs_a_number_of_days(pw_info: Rules, days: Any) -> None:
    case = case_in(pw_info, "awaiting_acceptance")
    assert [field for field, _ in refused(pw_info, case, DE, entry("accept", case, answers={"agreed_days": days}))] == [
        "agreed_days"
    ]
    assert refused(pw_info, case, DE, entry("accept", case, answers={"agreed_days.cannot": "later"})) == [
        ("agreed_days", "missing"),
        ("agreed_days.cannot", "unknown"),
    ]


@pytest.mark.parametrize(
    "action", ["refuse", "withdraw", "change_date", "ask_clarification", "answer_clarification", "message"]
)
def test_these_need_a_reason(pw_info: Rules, action: str) -> None:
    part, states, _ = TRANSITIONS.get(action, ("initiator", {"accepted"}, ""))
    who = FR if part == "initiator" else DE
    case = case_in(pw_info, sorted(states)[0])
    if action == "refuse":
        who, case = DE_COORDINATOR, act(pw_info, None, FR, "send", target="de9")
    for text in (None, Text(lang="en", text=""), Text(lang="en", text=" \n ")):
        assert refused(pw_info, case, who, entry(action, case, text=text)) == [("text", "missing")]


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"text": REASON}, ("text", "unknown")),
        ({"attachments": (FILE,)}, ("attachments", "unknown")),
    ],
)
def test_accepting_takes_neither_text_nor_files(
    pw_info: Rules, members: dict[str, Any], problem: tuple[str, str]
) -> None:
    case = case_in(pw_info, "awaiting_acceptance")
    assert refused(pw_info, case, DE, entry("accept", case, **members)) == [problem]


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"text": Text(lang="en", text="x" * (MAX_TEXT + 1))}, ("text", "length")),
        ({"text": Text(lang="en\x1b[2J", text="x")}, ("lang", "type")),
        ({"text": Text(lang="x" * 5000, text="x")}, ("lang", "type")),
        ({"attachments": (FILE,) * (MAX_ATTACHMENTS + 1)}, ("attachments", "length")),
        ({"answers": {"x": 1}}, ("x", "unknown")),
    ],
)
def test_bounds_of_a_message(pw_info: Rules, members: dict[str, Any], problem: tuple[str, str]) -> None:
    case = case_in(pw_info, "accepted")
    assert refused(pw_info, case, FR, entry("message", case, **members)) == [problem]


@pytest.mark.parametrize("lang", ["", "fr", "sr-Latn-RS", "de-AT"])
def test_languages_of_a_text(pw_info: Rules, lang: str) -> None:
    case = case_in(pw_info, "accepted")
    check(pw_info, case, entry("message", case, text=Text(lang=lang, text="x" * MAX_TEXT)), FR)


def test_clarification_points_at_a_question_of_the_case(pw_info: Rules) -> None:
    case = case_in(pw_info, "replied")
    assert refused(pw_info, case, FR, entry("ask_clarification", case, answers={"question": "HS-11"})) == [
        ("question", "question")
    ]
    assert refused(pw_info, case, FR, entry("ask_clarification", case, answers={})) == [("question", "missing")]


def test_refusing_needs_a_ground_of_the_list(pw_info: Rules) -> None:
    case = act(pw_info, None, FR, "send", target="de9")
    assert refused(pw_info, case, DE_COORDINATOR, entry("refuse", case, answers={})) == [("ground", "missing")]
    assert refused(pw_info, case, DE_COORDINATOR, entry("refuse", case, answers={"ground": "lazy"})) == [
        ("ground", "option")
    ]


# -- replies -----------------------------------------------------------------------------------------------------------


def test_a_reply_answers_every_question_or_says_why_not(pw_info: Rules) -> None:
    case = case_in(pw_info, "accepted")
    assert refused(pw_info, case, DE, entry("reply", case, answers={"EST-01": "no"})) == [
        ("POS-04", "missing"),
        ("WC-10", "missing"),
    ]
    after = act(pw_info, case, DE, "reply", answers={**REPLY, "POS-04.remark": "as of today"})
    assert after.answers == {**REPLY, "POS-04.remark": "as of today"}


def test_partial_replies_add_up(pw_info: Rules) -> None:
    case = case_in(pw_info, "accepted")
    assert refused(pw_info, case, DE, entry("reply_partly", case, answers={})) == [("EST-01", "missing")]
    assert refused(pw_info, case, DE, entry("reply_partly", case, answers={"EST-01.remark": "soon"})) == [
        ("EST-01", "missing")
    ]
    case = act(
        pw_info, case, DE, "reply_partly", answers={"EST-01": "yes", "EST-01-since": "2001-05-04", "WC-10.cannot": "?"}
    )
    assert refused(pw_info, case, DE, entry("reply", case, answers={})) == [("POS-04", "missing")]
    assert refused(pw_info, case, DE, entry("reply_partly", case, answers={})) == [("EST-01", "missing")]
    case = act(pw_info, case, DE, "reply_partly", answers={"WC-10": "none"})
    assert case.answers == {"EST-01": "yes", "EST-01-since": "2001-05-04", "WC-10": "none"}
    taken_back = entry("reply", case, answers={"EST-01": "", "POS-04": "All."})
    assert refused(pw_info, case, DE, taken_back) == [("EST-01", "missing")]
    done = act(pw_info, case, DE, "reply", answers={"POS-04": "All.", "EST-01": "no"})
    assert done.answers == {"EST-01": "no", "POS-04": "All.", "WC-10": "none"}, "the follow-up to yes is gone"


def test_a_question_nobody_asked_is_not_answered(pw_info: Rules) -> None:
    case = case_in(pw_info, "accepted")
    assert refused(pw_info, case, DE, entry("reply", case, answers={**REPLY, "HS-11": "yes"})) == [("HS-11", "unknown")]


# -- deadlines and dates -----------------------------------------------------------------------------------------------


def running(case: Case) -> dict[str, tuple[dt.date, str]]:
    return {deadline.code: (deadline.on, deadline.role) for deadline in case.deadlines}


D = dt.date


def test_deadlines_from_sending_to_the_reply(pw_info: Rules) -> None:
    case = act(pw_info, None, FR, "send", at=START)  # Monday 2 March 2026
    assert running(case) == {"REQ.ACC7": (D(2026, 3, 9), "responder"), "PW.STD": (D(2026, 4, 8), "responder")}
    assert case.due == D(2026, 3, 9)
    case = act(pw_info, case, DE, "accept", at=START + dt.timedelta(days=2), answers={"agreed_days": 10})
    # Ten days after 4 March is Saturday 14 March: the end of Monday.
    assert running(case) == {"PW.STD": (D(2026, 4, 8), "responder"), AGREED: (D(2026, 3, 16), "responder")}
    assert case.agreed_on == case.due == D(2026, 3, 16)
    case = act(pw_info, case, DE, "change_date", at=START + dt.timedelta(days=3), answers={"agreed_days": 20})
    assert case.agreed_on == running(case)[AGREED][0] == D(2026, 3, 25)
    case = act(pw_info, case, DE, "reply")
    assert running(case) == {}
    assert case.due is None
    assert case.agreed_on == D(2026, 3, 25), "kept to tell whether it was met"
    case = act(pw_info, case, FR, "ask_clarification")
    assert case.due is None


def test_the_agreed_date_goes_with_the_addressee_and_the_legal_limit_stays(pw_info: Rules) -> None:
    case = act(pw_info, None, FR, "send", at=START)
    legal = running(case)["PW.STD"]
    case = act(pw_info, case, DE, "accept")
    case = act(pw_info, case, DE, "forward")
    assert case.agreed_on is None
    assert running(case) == {"PW.STD": legal}


def test_the_day_of_sending_is_the_networks_day(pw_info: Rules) -> None:
    late = act(pw_info, None, FR, "send", at=dt.datetime(2026, 3, 2, 23, 30, tzinfo=dt.UTC))
    assert running(late)["REQ.ACC7"][0] == D(2026, 3, 10)


def test_holidays_of_the_responding_state_count(pw_info: Rules) -> None:
    start = dt.datetime(2026, 4, 9, 9, tzinfo=dt.UTC)
    greek = act(pw_info, None, FR, "send", at=start, target="el1")
    german = act(pw_info, None, FR, "send", at=start, target="de1")
    # 10 and 13 April and 1 May and 1 June are Greek holidays; 1, 14 and 25 May German ones.
    assert running(greek)["PW.STD"][0] == D(2026, 5, 19)
    assert running(german)["PW.STD"][0] == D(2026, 5, 18)


@pytest.mark.parametrize("action", sorted(CLOSING))
def test_closing_sets_the_dates_of_retention_and_ends_every_deadline(pw_info: Rules, action: str) -> None:
    who, case = FR, case_in(pw_info, "replied" if action == "close" else "awaiting_acceptance")
    if action == "refuse":
        who, case = DE_COORDINATOR, act(pw_info, None, FR, "send", target="de9")
    after = act(pw_info, case, who, action, at=dt.datetime(2026, 8, 31, 9, tzinfo=dt.UTC))
    assert after.closed_at == dt.datetime(2026, 8, 31, 9, tzinfo=dt.UTC)
    assert (after.block_on, after.erase_on) == (D(2027, 2, 28), D(2029, 8, 31))
    assert after.deadlines == ()
    assert (after.turn, after.due) == (None, None)
    for who in (FR, DE, DE_COORDINATOR):
        assert available(pw_info, after, who) == ()


def test_a_wished_date_is_no_agreed_date_and_gives_way_to_one(pw_info: Rules) -> None:
    asked = {**REQUEST, "wished_days": 14}
    case = act(pw_info, None, FR, "send", at=START, answers=asked)
    assert running(case)["REQ.WISH"] == (D(2026, 3, 16), "responder")
    assert (case.agreed_on, case.request["wished_days"]) == (None, 14)
    forwarded = act(pw_info, case, DE, "forward", target="de9")
    assert running(forwarded)["REQ.WISH"] == (D(2026, 3, 16), "responder")
    accepted = act(pw_info, case, DE, "accept", at=START, answers={"agreed_days": 20})
    assert (set(running(accepted)) & {"REQ.WISH", "REQ.AGREED"}, accepted.agreed_on) == (
        {"REQ.AGREED"},
        D(2026, 3, 23),
    )


def test_a_modified_request_says_anew_by_when(pw_info: Rules) -> None:
    case = act(pw_info, None, FR, "send", at=START, answers={**REQUEST, "wished_days": 14})
    again = act(pw_info, case, FR, "modify", at=START, answers={**REQUEST, "wished_days": 7})
    assert running(again)["REQ.WISH"] == (D(2026, 3, 9), "responder")
    assert "REQ.WISH" not in running(act(pw_info, case, FR, "modify", at=START, answers=REQUEST))


# -- prediction and purity ---------------------------------------------------------------------------------------------


def test_a_message_keeps_everything_but_the_count(pw_info: Rules) -> None:
    for state in OPEN:
        case = case_in(pw_info, state)
        after = act(pw_info, case, FR, "message", attachments=(FILE,))
        changed = {
            field.name
            for field in msgspec.structs.fields(Case)
            if getattr(case, field.name) != getattr(after, field.name)
        }
        assert changed == {"version", "entries", "last_activity", "files", "file_bytes", "head"}


def test_an_entry_ends_idleness(pw_info: Rules) -> None:
    idle = msgspec.structs.replace(case_in(pw_info, "accepted"), idle=True)
    assert not act(pw_info, idle, DE, "message").idle


@pytest.mark.parametrize(
    ("action", "state"),
    [("message", state) for state in sorted(OPEN)]
    + sorted(
        (action, state) for action, (_, states, _) in TRANSITIONS.items() for state in states if action != "refuse"
    ),
)
def test_what_the_client_expects_is_what_the_server_decides(pw_info: Rules, action: str, state: str) -> None:
    case = case_in(pw_info, state)
    who = FR if TRANSITIONS.get(action, ("initiator",))[0] == "initiator" else DE
    at = START + dt.timedelta(hours=case.version + 1)
    made = entry(action, case, attachments=(FILE,) if action in ("message", "reply") else ())
    addressed = target(made.target) if made.target else None
    predicted = expected(pw_info, case, made, who, at, addressed)
    decided = act(pw_info, case, who, action, at=at, attachments=made.attachments)
    assert predicted == msgspec.structs.replace(decided, head="")


def test_a_new_case_is_predicted_too(pw_info: Rules) -> None:
    made = entry("send", case_id="c" * 32)
    predicted = expected(pw_info, None, made, FR, START, target("de1"))
    assert predicted == msgspec.structs.replace(act(pw_info, None, FR, "send", at=START), head="")
    then = expected(pw_info, predicted, entry("withdraw", predicted), FR, START, None)
    assert then.state == "withdrawn"


@pytest.mark.parametrize("state", sorted(PATHS))
def test_rules_are_pure(pw_info: Rules, state: str) -> None:
    case = case_in(pw_info, state)
    rules_before, case_before = msgspec.json.encode(pw_info), msgspec.json.encode(case)
    for who in (FR, DE):
        names = available(pw_info, case, who)
        assert names == available(pw_info, case, who)
        for action in names:
            made = msgspec.structs.replace(
                entry(action, case), at=START, role="responder", desk=who.desk, version=case.version + 1, seal="s"
            )
            made_before = msgspec.json.encode(made)
            results = [
                apply(pw_info, case, made, target=target("de2") if made.target else None, initiator=initiator_of(who))
                for _ in range(2)
            ]
            assert results[0] == results[1]
            assert msgspec.json.encode(made) == made_before
    assert msgspec.json.encode(case) == case_before
    assert msgspec.json.encode(pw_info) == rules_before
