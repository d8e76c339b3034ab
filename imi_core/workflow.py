"""The only place that changes a case.

`available` says what a seat may do, `check` whether one entry is allowed, `apply` folds an allowed entry into the
case. All are pure. The server calls them to decide, the client calls the same functions to predict offline.
Approval, allocation, split and referral are attributes of actions still to come; nothing here names an action.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import msgspec

from imi_core import answers as forms
from imi_core import deadlines, staleness
from imi_core.case import Case, Deadline, Entry, Part
from imi_core.errors import ActionRefused, AnswersRefused
from imi_core.languages import NAMES
from imi_core.translating import language

if TYPE_CHECKING:
    from collections.abc import Collection

    from imi_core.authority import Seat
    from imi_core.case import PartRole
    from imi_core.procedure import Action, Rules

AGREED = "REQ.AGREED"
"""The deadline both sides agreed on; it is also `Case.agreed_on`, which stays when the deadline is met."""
MAX_TEXT = 50_000
"""Characters of an entry's free text."""
MAX_ATTACHMENTS = 50
_LANGUAGE = re.compile(r"([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4})?")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The desk an entry is addressed to, as the authority register knows it."""

    desk: str
    authority: str
    name: str
    country: str
    area: str
    active: bool = True


def available(rules: Rules, case: Case | None, seat: Seat) -> tuple[str, ...]:
    """The actions `seat` may take now, in the lifecycle's order; with no case, those that start one."""
    actions = rules.lifecycle.actions
    names = list(actions)
    if case is not None:
        # Lists ask this for every case: most actions are out by the state alone, without a refusal being worded.
        names = [name for name in names if case.state in actions[name].from_]
    return tuple(name for name in names if refusal(rules, case, seat, name) is None)


def check(
    rules: Rules,
    case: Case | None,
    entry: Entry,
    seat: Seat,
    target: Target | None = None,
    own: Collection[int] = (),
) -> None:
    """Raise `ActionRefused` (or `AnswersRefused`) unless `seat` may add `entry` to `case` now.

    `case` is None for an entry that starts one; `target` is the register's answer for `entry.target`, None where
    there is no such desk. `own`: versions of the case beyond `based_on` that the author knew too, as they were made by
    earlier entries of the same outbox.
    """
    if found := refusal(rules, case, seat, entry.action):
        raise found
    action = rules.lifecycle.actions[entry.action]
    if case is not None:
        staleness.check(rules, action, case, entry, own)
    _check_target(rules, action, case, entry, seat, target)
    _check_content(rules, action, case, entry)


def apply(
    rules: Rules, case: Case | None, entry: Entry, *, target: Target | None = None, initiator: Part | None = None
) -> Case:
    """`case` with an allowed `entry` folded in.

    The entry must carry `at`, `role`, `desk`, `case_id` and `version` (the new one). `initiator` is the acting
    desk's part when the entry starts a case. Pure: the same arguments give the same case on both ends.
    """
    action = rules.lifecycle.actions[entry.action]
    assert entry.at is not None
    today = deadlines.day(entry.at)
    if case is None:
        assert initiator is not None
        case = Case(
            id=entry.case_id,
            procedure=rules.procedure.id,
            procedure_version=rules.procedure.version,
            state=action.to,
            parts=(initiator,),
            sent_at=entry.at,
            version=0,
        )
    changes: dict[str, object] = {
        "version": entry.version,
        "entries": case.entries + 1,
        "last_activity": entry.at,
        "files": case.files + len(entry.attachments),
        "file_bytes": case.file_bytes + sum(each.size for each in entry.attachments),
        "head": entry.seal,
        "idle": False,
    }
    if action.content or action.starts:
        changes["content_version"] = entry.version
    if action.to:
        changes["state"] = action.to
    if action.target is not None and target is not None:
        changes["parts"] = _take_part(case, action.target, target)
        changes["content_version"] = entry.version
    changes |= _content(rules, action, case, entry)
    before, case = case, msgspec.structs.replace(case, **changes)
    case = _deadlines(rules, action, case, entry, today)
    if not action.starts:
        case = msgspec.structs.replace(case, **staleness.marks(action, before, case, entry))
    if action.closes:
        keep = rules.procedure.retention
        case = msgspec.structs.replace(
            case,
            closed_at=entry.at,
            block_on=deadlines.add_months(today, keep.block_months),
            erase_on=deadlines.add_months(today, keep.erase_months),
        )
    return _turn(rules, case)


def expected(rules: Rules, case: Case | None, entry: Entry, seat: Seat, at: dt.datetime, target: Target | None) -> Case:
    """What `case` will most likely be once the server has taken a pending `entry`: shown, never stored as confirmed."""
    version = (case.version if case is not None else 0) + 1
    role: PartRole = "initiator"
    if case is not None and (part := case.part_of(seat.desk)):
        role = part.role
    entry = msgspec.structs.replace(entry, at=at, desk=seat.desk, role=role, version=version)
    return apply(rules, case, entry, target=target, initiator=initiator_of(seat))


def counted_by(rules: Rules, name: str) -> frozenset[PartRole]:
    """The parts by whose country `apply` counts the deadlines that the action `name` sets."""
    roles: set[PartRole] = {limit.role for limit in rules.procedure.deadlines if limit.trigger == name}
    if rules.lifecycle.actions[name].sets:
        roles.add("responder")
    return frozenset(roles)


def initiator_of(seat: Seat) -> Part:
    """The part of a desk that starts a case."""
    return Part(
        role="initiator", desk=seat.desk, authority=seat.authority, country=seat.country, name=seat.authority_name
    )


def refusal(rules: Rules, case: Case | None, seat: Seat, name: str) -> ActionRefused | None:
    """Why `seat` may not take the action `name` now, None where it may; what an entry says is not looked at."""
    action = rules.lifecycle.actions.get(name)
    if action is None:
        return ActionRefused("notAvailable", f"there is no action {name!r} in this procedure")
    if action.role not in seat.roles:
        return ActionRefused("forbidden", f"{name} needs the role {action.role}")
    if action.coordinator and not seat.coordinator:
        return ActionRefused("forbidden", f"only a coordinator may {name}")
    if case is None:
        if not action.starts:
            return ActionRefused("notAvailable", f"{name} needs a case")
        if seat.area != rules.procedure.area:
            return ActionRefused("forbidden", f"this desk does not work in the area {rules.procedure.area}")
        return None
    part = case.part_of(seat.desk)
    if part is None or part.role not in action.by:
        return ActionRefused("notAvailable", f"{name} is not for this part in the case")
    if case.blocked:
        return ActionRefused("blocked", "the case is blocked")
    if action.starts or case.state not in action.from_:
        return ActionRefused("notAvailable", f"{name} is not possible while the case is {case.state}")
    return None


def _check_target(
    rules: Rules, action: Action, case: Case | None, entry: Entry, seat: Seat, target: Target | None
) -> None:
    if action.target is None:
        if entry.target:
            raise ActionRefused("badTarget", f"{entry.action} has no addressee")
        return
    if not entry.target:
        raise ActionRefused("badTarget", f"{entry.action} needs an addressee")
    if target is None or not target.active:
        raise ActionRefused("badTarget", f"there is no desk {entry.target!r} to address")
    if target.desk != entry.target or target.area != rules.procedure.area:
        raise ActionRefused("badTarget", f"the desk {entry.target!r} does not work in the area {rules.procedure.area}")
    abroad = target.country != seat.country
    if (action.within == "same_country" and abroad) or (action.within == "other_country" and not abroad):
        where = "in the same country" if action.within == "same_country" else "in another country"
        raise ActionRefused("badTarget", f"the addressee has to be {where}")
    held = case.part_of(target.desk) if case is not None else None
    if target.desk == seat.desk or (held is not None and held.role != "observer"):
        raise ActionRefused("badTarget", "the addressee already has a part in the case")


def _check_content(rules: Rules, action: Action, case: Case | None, entry: Entry) -> None:
    form = forms.form_for(rules, entry.action, case)
    starting = action.form == "request"
    answers = forms.merge(case.answers, entry.answers) if case is not None and action.form == "reply" else entry.answers
    problems = forms.check(form, answers, "send", forms.question_ids(rules, None if starting else case))
    if not problems:
        problems = forms.both(form, entry.answers, answers)
    if not problems and action.partial and not forms.answered(form, entry.answers):
        problems = (forms.Problem(form.fields[0].id if form.fields else "", "missing"),)
    if not problems:
        problems = _text_problems(action, entry)
    if problems:
        raise AnswersRefused(problems)


def _text_problems(action: Action, entry: Entry) -> tuple[forms.Problem, ...]:
    text = entry.text
    if entry.lang and entry.lang not in NAMES:
        return (forms.Problem("lang", "option", ", ".join(NAMES)),)
    if action.text == "required" and (text is None or not text.text.strip()):
        return (forms.Problem("text", "missing"),)
    if text is not None and not action.text:
        return (forms.Problem("text", "unknown"),)
    if text is not None and len(text.text) > MAX_TEXT:
        return (forms.Problem("text", "length", str(MAX_TEXT)),)
    if text is not None and not _LANGUAGE.fullmatch(text.lang):
        return (forms.Problem("lang", "type", "a language tag (BCP 47)"),)
    if entry.attachments and not action.attachments:
        return (forms.Problem("attachments", "unknown"),)
    if len(entry.attachments) > MAX_ATTACHMENTS:
        return (forms.Problem("attachments", "length", str(MAX_ATTACHMENTS)),)
    return ()


def _take_part(case: Case, role: PartRole, target: Target) -> tuple[Part, ...]:
    """`target` takes over `role`; who had it stays as an observer and sees the summary."""
    part = Part(role=role, desk=target.desk, authority=target.authority, country=target.country, name=target.name)
    kept = [
        msgspec.structs.replace(old, role="observer") if old.role == role else old
        for old in case.parts
        if not (old.desk == target.desk and old.role == "observer")
    ]
    return (*kept, part)


def _content(rules: Rules, action: Action, case: Case, entry: Entry) -> dict[str, object]:
    if action.form == "request":
        answers = forms.kept(rules.procedure.request, entry.answers)
        asked = next((field.id for field in rules.procedure.request.fields if field.type == "questions"), "")
        request = {name: value for name, value in answers.items() if name != asked}
        return {
            "request": request,
            "questions": tuple(answers.get(asked, ())),
            "subject": str(request.get(rules.procedure.subject, "")),
            "lang": language(entry) or case.lang,
        }
    if action.form == "reply":
        form = forms.reply_form(rules, case.questions)
        return {"answers": forms.kept(form, forms.merge(case.answers, entry.answers))}
    return {}


def _deadlines(rules: Rules, action: Action, case: Case, entry: Entry, today: dt.date) -> Case:
    ended = {limit.code for limit in rules.procedure.deadlines if entry.action in limit.ends} | set(action.clears)
    running = [deadline for deadline in case.deadlines if deadline.code not in ended]
    # A new addressee is not bound by what the one before agreed to; a reply only meets it.
    agreed_on = None if AGREED in action.clears and action.target is not None else case.agreed_on
    for limit in rules.procedure.deadlines:
        part = case.part(limit.role)
        if limit.trigger == entry.action and part is not None:
            on = deadlines.last_day(today, limit.amount, limit.unit, part.country)
            running = [deadline for deadline in running if deadline.code != limit.code]
            running.append(Deadline(code=limit.code, on=on, role=limit.role, basis=limit.basis))
    responder = case.part("responder")
    # A request may leave its date out, and then an earlier one no longer holds.
    running = [deadline for deadline in running if deadline.code != action.sets]
    if action.sets and responder is not None and (days := _days(rules, entry)):
        on = deadlines.last_day(today, days, "calendar_days", responder.country)
        running.append(Deadline(code=action.sets, on=on, role="responder"))
        if action.sets == AGREED:
            agreed_on = on
    if action.closes:
        running = []
    return msgspec.structs.replace(case, deadlines=tuple(running), agreed_on=agreed_on)


def _days(rules: Rules, entry: Entry) -> int:
    form = rules.form(rules.lifecycle.actions[entry.action].form)
    return next((int(entry.answers.get(field.id) or 0) for field in form.fields if field.type == "days"), 0)


def _turn(rules: Rules, case: Case) -> Case:
    state = rules.lifecycle.states[case.state]
    due = min((deadline.on for deadline in case.deadlines if deadline.role == state.turn), default=None)
    return msgspec.structs.replace(case, turn=state.turn, due=due)
