"""Need to know: who sees a case, and that a summary never holds anything personal, whatever the procedure."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imi_core import retention
from imi_core.authority import ROLES, Role
from imi_core.case import Case, Entry, PartRole, Text
from imi_core.procedure import Field, Form, Rules
from imi_core.visibility import level, project, project_entry
from tests.core.world import DE, FILE, FR, REPLY, STATES, case_in, entry, load_rules, seat

SEES_CONTENT = {"viewer", "handler"}
SEES_SUMMARY = {"basic", "allocator", "referral_handler"}
SUMMARY_FOR_RESPONDER = {"awaiting_acceptance", "withdrawn", "refused"}


@pytest.mark.parametrize("state", sorted(STATES))
@pytest.mark.parametrize("part", get_args(PartRole))
def test_levels(pw_info: Rules, state: str, part: PartRole) -> None:
    base = case_in(pw_info, state)
    for role in ROLES:
        who = seat("xx1", role)
        mine = msgspec.structs.replace(base.parts[0], desk="xx1", role=part)
        case = msgspec.structs.replace(base, parts=(*base.parts, mine))
        if role not in SEES_CONTENT | SEES_SUMMARY:
            expectation = "nothing"
        elif part == "observer" or role in SEES_SUMMARY or (part == "responder" and state in SUMMARY_FOR_RESPONDER):
            expectation = "summary"
        else:
            expectation = "full"
        assert level(pw_info, case, who) == expectation, (state, part, role)
        assert level(pw_info, base, who) == "nothing", "no part, no view"
        assert level(pw_info, msgspec.structs.replace(case, blocked=True), who) == "nothing"
        tomorrow = msgspec.structs.replace(case, state="state_of_tomorrow")
        assert level(pw_info, tomorrow, who) in ("nothing", "summary"), "what is not understood is not shown in full"


def test_an_acting_part_wins_over_an_observing_one(pw_info: Rules) -> None:
    case = case_in(pw_info, "accepted")
    observer = msgspec.structs.replace(case.parts[1], role="observer")
    assert level(pw_info, msgspec.structs.replace(case, parts=(observer, *case.parts)), DE) == "full"


def test_several_roles_add_up(pw_info: Rules) -> None:
    case = case_in(pw_info, "accepted")
    roles: tuple[Role, ...] = ("basic", "handler")
    assert level(pw_info, case, seat("de1", *roles)) == "full"
    assert level(pw_info, case, seat("de1", "data_administrator", "basic")) == "summary"


def test_the_summary_of_a_real_request(pw_info: Rules) -> None:
    case = case_in(pw_info, "replied")
    request = {**case.request, "subject.remark": "about Anna Example", "site.cannot": "Anna knows"}
    seen = project(pw_info, msgspec.structs.replace(case, request=request, files=2), "summary")
    assert seen.request == {"subject": "Establishment of Alpbau GmbH", "company": "Alpbau GmbH"}
    assert seen.answers == {}
    assert seen.level == "summary"
    assert (seen.state, seen.version, seen.deadlines, seen.parts) == (
        case.state,
        case.version,
        case.deadlines,
        case.parts,
    )
    assert "Anna" not in str(msgspec.to_builtins(seen))
    whole = project(pw_info, case, "full")
    assert (whole.request, whole.answers, whole.level) == (case.request, REPLY, "full")
    with pytest.raises(ValueError, match="may not be seen"):
        project(pw_info, case, "nothing")


def test_a_summary_of_a_summary_is_the_same(pw_info: Rules) -> None:
    seen = project(pw_info, case_in(pw_info, "accepted"), "summary")
    assert project(pw_info, seen, "summary") == seen


def test_an_entry_at_summary_says_who_did_what_and_nothing_of_the_content() -> None:
    made = entry(
        "reply", answers=REPLY, text=Text(lang="de", text="Anna"), attachments=(FILE,), salt="s", digest="d", desk="de1"
    )
    seen = project_entry(made, "summary")
    assert (seen.answers, seen.text, seen.attachments, seen.salt, seen.redacted) == ({}, None, (), "", True)
    assert (seen.action, seen.desk, seen.digest) == ("reply", "de1", "d")
    assert project_entry(made, "full") == made


def test_what_is_left_after_erasure(pw_info: Rules) -> None:
    case = retention.erase(case_in(pw_info, "closed"))
    assert "Alpbau" not in str(msgspec.to_builtins(case))
    assert "Anna" not in str(msgspec.to_builtins(case))
    assert level(pw_info, case, FR) == "nothing"
    erased = retention.erase_entry(entry("send", salt="s", officer_name="A. Beamter"))
    assert "Anna" not in str(msgspec.to_builtins(erased))
    assert not erased.officer_name


FIELDS = st.lists(
    st.builds(
        dict,
        personal=st.booleans(),
        summary=st.booleans(),
        remarks=st.booleans(),
        type=st.sampled_from(("text", "multiline", "multi", "number", "questions")),
    ),
    max_size=8,
)
BASE = load_rules("pw", "info")
SECRET = "S3CR3T"


@given(FIELDS, st.sampled_from((SECRET, [SECRET], {"x": SECRET})))
def test_no_procedure_leaks_a_personal_field_into_a_summary(members: list[dict[str, Any]], secret: Any) -> None:
    subject = Field(id="subject", label="", summary=True)
    fields = (subject, *(Field(id=f"f{n}", label="", **given_members) for n, given_members in enumerate(members)))
    rules = msgspec.structs.replace(
        BASE, procedure=msgspec.structs.replace(BASE.procedure, request=Form(fields=fields))
    )
    request: dict[str, Any] = {"subject": "fine"}
    for field in fields[1:]:
        request[field.id] = secret if field.personal or not field.summary else "fine"
        request[field.id + ".remark"] = request[field.id + ".cannot"] = SECRET
    request["not_in_the_form"] = SECRET
    case = Case(id="c", procedure="p", state="accepted", subject="fine", request=request, answers={"EST-01": SECRET})
    seen = project(rules, case, "summary")
    assert SECRET not in str(msgspec.to_builtins(seen))
    assert seen.request["subject"] == "fine"
    for field in fields:
        if field.summary and not field.personal:
            assert field.id in seen.request
    made = Entry(action="send", answers=request, text=Text(lang="en", text=SECRET), salt=SECRET)
    assert SECRET not in str(msgspec.to_builtins(project_entry(made, "summary")))
