"""What an officer has to do in a case now, in one or two sentences: what, until when, and who waits.

Everything follows from the rules of the case and the actions allowed on this machine; no action is named here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.i18n import _, ngettext
from imi_tui.i18n.dates import ended, local_date, relative
from imi_tui.i18n.phrasing import any_of
from imi_tui.viewmodel.suspects import named

if TYPE_CHECKING:
    from imi_tui.viewmodel.view import View


class Now(NamedTuple):
    """The sentences, and whether it is late: what was due before today or is due today by this desk."""

    text: str
    alarm: bool = False


def now(view: View) -> Now:
    """What this officer has to do in the case."""
    found = view.rules.lifecycle.states.get(str(view.case.get("state", "")))
    queued = _queued(view)
    if found is None:
        return Now(queued)
    if not found.open:
        return Now(_joined(queued, _over(view)))
    due = str(view.case.get("due") or "")
    if view.my_turn:
        told = _mine(view, due)
        alarm = bool(due) and due <= view.today.isoformat()
        return Now(_joined(queued, f"! {told}" if alarm and not queued else told), alarm)
    return Now(_joined(queued, _theirs(view, due)))


def steps(view: View, due: str) -> list[str]:
    """The actions, of those allowed here, that end the deadline `due`; without one, those that move the case on."""
    lifecycle, state = view.rules.lifecycle, str(view.case.get("state", ""))
    turn = view.case.get("turn")
    codes = {
        str(each.get("code", ""))
        for each in view.case.get("deadlines", ())
        if str(each.get("on", "")) == due and each.get("role") == turn
    }
    ends = {action for limit in view.rules.procedure.deadlines if limit.code in codes for action in limit.ends}
    allowed = {name: lifecycle.actions[name] for name in view.detail.actions if name in lifecycle.actions}
    onward = [name for name, action in allowed.items() if action.to not in ("", state) and not action.starts]
    found = [name for name in onward if name in ends or codes & set(allowed[name].clears)] or onward
    # Handing a case on is the last resort; what the next one in the row has to do comes first.
    return sorted(found, key=lambda name: allowed[name].target is not None)


def _mine(view: View, due: str) -> str:
    names = any_of([view.action(name) for name in steps(view, due)])
    other = _other(view)
    if not names:
        told = _("Your desk has to act, but you may not do so yourself.")
        return _joined(told, _by(due, view)) if due else told
    if due and due < view.today.isoformat():
        text = _("{actions}: was due on {date} ({distance}); {who} waits.")
    elif due:
        text = _("{actions} by {date} ({distance}); {who} waits.")
    else:
        text = _("{actions}; {who} waits.")
    return text.format(actions=names, who=other, date=local_date(due), distance=relative(due, view.today))


def _by(due: str, view: View) -> str:
    return _("Due on {date} ({distance}).").format(date=local_date(due), distance=relative(due, view.today))


def _theirs(view: View, due: str) -> str:
    turn = view.part(str(view.case.get("turn") or ""))
    if turn is None:
        return _("Nothing is to be done at the moment.")
    if not due:
        text = _("Nothing to do for you now: {who} has to act.")
    elif due < view.today.isoformat():
        text = _("Nothing to do for you now: {who} should have acted by {date} ({distance}).")
    else:
        text = _("Nothing to do for you now: {who} has to act by {date} ({distance}).")
    return text.format(who=_name(turn), date=local_date(due), distance=relative(due, view.today))


def _over(view: View) -> str:
    told = _("{state}: nothing is left to do.").format(state=view.state(str(view.case.get("state", ""))))
    if not (block := view.case.get("blockOn")):
        return told
    return _joined(told, ended(_("The case is blocked on {date}.").format(date=local_date(str(block)))))


def _queued(view: View) -> str:
    refs = set(view.detail.pending)
    names = [view.action(str(e.get("action", ""))) for e in view.detail.entries if e.get("clientRef") in refs]
    names += [_("Assign")] * bool(view.detail.assigning)
    text = ngettext(
        "~ {actions} waits on this machine to be sent.", "~ {actions} wait on this machine to be sent.", len(names)
    )
    return text.format(actions=", ".join(names)) if names else ""


def _other(view: View) -> str:
    """The party that waits while this desk has to act."""
    mine = view.case.get("turn")
    found = view.part("initiator") if mine != "initiator" else view.part("responder") or view.part("recipient")
    return _name(found or {})


def _name(part: dict[str, Any]) -> str:
    return f"{part.get('country', '')} {named(' '.join(str(part.get('name', '')).split()))}".strip() or "-"


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
