"""What a seat may see of a case: nothing, the summary, or all of it.

The server enforces this for every method and every file; the client only shows it. Need to know: Regulation (EU)
No 1024/2012, Article 9; before acceptance a responder sees neither personal data nor attachments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from imi_core.authority import Seat
    from imi_core.case import Answers, Case, Entry, Level
    from imi_core.procedure import Rules

FULL_ROLES = frozenset({"viewer", "handler"})
SUMMARY_ROLES = FULL_ROLES | {"basic", "allocator", "referral_handler"}


def level(rules: Rules, case: Case, seat: Seat) -> Level:
    """How much of `case` the officer in `seat` may see."""
    part = case.part_of(seat.desk)
    if part is None or case.blocked or not seat.roles & SUMMARY_ROLES:
        return "nothing"
    state = rules.lifecycle.states.get(case.state)
    if part.role == "observer" or not seat.roles & FULL_ROLES:
        return "summary"
    if state is None or part.role in state.summary_for:
        return "summary"
    return "full"


def project(rules: Rules, case: Case, level: Level) -> Case:
    """`case` as somebody with `level` sees it; the level is recorded in it.

    Raises ValueError for "nothing": there is no such view.
    """
    if level == "nothing":
        raise ValueError("a case that may not be seen has no projection")
    if level == "full":
        return msgspec.structs.replace(case, level="full")
    return msgspec.structs.replace(
        case, level="summary", request=_summary(rules, case.request), answers={}, answered={}
    )


def project_entry(entry: Entry, level: Level) -> Entry:
    """`entry` as somebody with `level` sees it: who did what and when always, its content only at "full"."""
    if level == "full":
        return entry
    return msgspec.structs.replace(entry, answers={}, lang="", text=None, attachments=(), salt="", redacted=True)


def _summary(rules: Rules, answers: Answers) -> Answers:
    # Remarks stay out: a summary field asks for what is no personal data, free text beside it may be anything.
    kept = {field.id for field in rules.procedure.request.fields if field.summary and not field.personal}
    return {name: value for name, value in answers.items() if name in kept}
