"""A small Europe for the rules: desks, seats and moments; and the shortest way to a case in each state."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec

from imi_core.authority import Role, Seat
from imi_core.case import Attachment, Case, Entry, Text
from imi_core.definitions import load_lifecycle, load_procedure
from imi_core.procedure import Rules
from imi_core.workflow import Target, apply, check, initiator_of

CATALOGUE = Path(__file__).parents[2] / "imi_central" / "catalogue"
START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


def load_rules(area: str, module: str) -> Rules:
    """A procedure of the catalogue."""
    lifecycles = {}
    for path in (CATALOGUE / "lifecycles").glob("*.toml"):
        lifecycle = load_lifecycle(path.read_text("utf-8"), path.name)
        lifecycles[lifecycle.id] = lifecycle
    path = CATALOGUE / "modules" / area / f"{module}.toml"
    return load_procedure(path.read_text("utf-8"), path.name, lifecycles)


def seat(desk: str, *roles: Role, country: str = "", area: str = "pw", coordinator: bool = False) -> Seat:
    """An officer at `desk`, whose first two letters are its country."""
    return Seat(
        officer=f"officer-{desk}",
        officer_name=f"Officer of {desk}",
        desk=desk,
        authority=f"authority-{desk}",
        authority_name=f"Authority {desk}",
        country=country or desk[:2].upper(),
        area=area,
        roles=frozenset(roles or ("handler",)),
        coordinator=coordinator,
    )


def target(desk: str, *, area: str = "pw", active: bool = True) -> Target:
    """`desk` as the register knows it."""
    return Target(
        desk=desk,
        authority=f"authority-{desk}",
        name=f"Authority {desk}",
        country=desk[:2].upper(),
        area=area,
        active=active,
    )


FR, DE, DE2 = seat("fr1"), seat("de1"), seat("de2")
DE_COORDINATOR = seat("de9", coordinator=True)

REQUEST: dict[str, Any] = {
    "subject": "Establishment of Alpbau GmbH",
    "company": "Alpbau GmbH",
    "workers": "Anna Example, 1990-01-01",
    "justification": "Site check of 2 March",
    "questions": ["EST-01", "POS-04", "WC-10"],
}
REPLY: dict[str, Any] = {
    "EST-01": "yes",
    "EST-01-since": "2001-05-04",
    "POS-04": "All of them.",
    "WC-10.cannot": "No files.",
}
REASON = Text(lang="en", text="Because.")
FILE = Attachment(blob_id="b" * 32, name="a.pdf", size=3, sha256="0" * 64)

ANSWERS: dict[str, dict[str, Any]] = {
    "send": REQUEST,
    "modify": {**REQUEST, "subject": "Another subject"},
    "accept": {"agreed_days": 10},
    "change_date": {"agreed_days": 20},
    "reply": REPLY,
    "reply_partly": {"EST-01": "no"},
    "refuse": {"ground": "other"},
    "ask_clarification": {"question": "EST-01"},
    "close": {},
}
"""Answers that fit the form of each action of the request lifecycle."""
TEXTLESS = {"accept", "close"}
TARGETS = {"send": "de1", "forward": "de2"}


def entry(action: str, case: Case | None = None, **members: Any) -> Entry:
    """An allowed entry for `action`; `members` replace its own."""
    given: dict[str, Any] = {
        "action": action,
        "case_id": case.id if case is not None else "",
        "procedure": "" if case is not None else "pw.info",
        "based_on": case.version if case is not None else 0,
        "answers": ANSWERS.get(action, {}),
        "text": None if action in TEXTLESS else REASON,
        "target": TARGETS.get(action, ""),
    }
    return Entry(**{**given, **members})


def act(rules: Rules, case: Case | None, who: Seat, action: str, at: dt.datetime | None = None, **members: Any) -> Case:
    """The case after `who` has taken `action` as the server would take it: checked, stamped, applied."""
    made = entry(action, case, **members)
    addressed = target(made.target) if made.target else None
    check(rules, case, made, who, addressed)
    part = case.part_of(who.desk) if case is not None else initiator_of(who)
    assert part is not None
    version = case.version + 1 if case is not None else 1
    made = msgspec.structs.replace(
        made,
        at=at or START + dt.timedelta(hours=version),
        role=part.role,
        desk=who.desk,
        case_id=case.id if case is not None else "c" * 32,
        version=version,
        seal=f"seal-{version}",
    )
    return apply(rules, case, made, target=addressed, initiator=initiator_of(who))


PATHS: dict[str, tuple[tuple[Seat, str], ...]] = {
    "awaiting_acceptance": (),
    "accepted": ((DE, "accept"),),
    "partly_answered": ((DE, "accept"), (DE, "reply_partly")),
    "replied": ((DE, "accept"), (DE, "reply")),
    "clarification_requested": ((DE, "accept"), (DE, "reply"), (FR, "ask_clarification")),
    "closed": ((DE, "accept"), (DE, "reply"), (FR, "close")),
    "withdrawn": ((FR, "withdraw"),),
}


def case_in(rules: Rules, state: str) -> Case:
    """A case from fr1 to de1 in `state`, made by real actions; "refused" needs a coordinator as responder."""
    if state == "refused":
        case = act(rules, None, FR, "send", target="de9")
        return act(rules, case, DE_COORDINATOR, "refuse")
    case = act(rules, None, FR, "send")
    for who, action in PATHS[state]:
        case = act(rules, case, who, action)
    return case


# action: (part, states it is possible in, state it leads to or "" for the same)
TRANSITIONS: dict[str, tuple[str, set[str], str]] = {
    "accept": ("responder", {"awaiting_acceptance"}, "accepted"),
    "forward": ("responder", {"awaiting_acceptance", "accepted"}, "awaiting_acceptance"),
    "refuse": ("responder", {"awaiting_acceptance"}, "refused"),
    "reply": ("responder", {"accepted", "partly_answered"}, "replied"),
    "reply_partly": ("responder", {"accepted", "partly_answered"}, "partly_answered"),
    "change_date": ("responder", {"accepted", "partly_answered"}, ""),
    "answer_clarification": ("responder", {"clarification_requested"}, "replied"),
    "close": ("initiator", {"replied"}, "closed"),
    "ask_clarification": ("initiator", {"replied"}, "clarification_requested"),
    "modify": ("initiator", {"awaiting_acceptance"}, ""),
    "withdraw": ("initiator", {"awaiting_acceptance", "accepted"}, "withdrawn"),
}
OPEN = {"awaiting_acceptance", "accepted", "partly_answered", "replied", "clarification_requested"}
STATES = {*OPEN, "closed", "withdrawn", "refused"}
COORDINATOR_ONLY = {"refuse"}
CLOSING = {"close", "withdraw", "refuse"}
