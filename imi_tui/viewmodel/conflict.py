"""A refused entry beside what stands in its way: what others did meanwhile, or what was sent in its place before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core import answers as forms
from imi_core.answers import CANNOT, REMARK
from imi_core.errors import ImiError
from imi_tui.cache.wire import to_case
from imi_tui.i18n import _
from imi_tui.i18n.dates import moment
from imi_tui.i18n.joining import with_name
from imi_tui.labels import Labels
from imi_tui.viewmodel.blocks import Block, Look
from imi_tui.viewmodel.outgoing import written
from imi_tui.viewmodel.timeline import who
from imi_tui.viewmodel.view import answer_text

if TYPE_CHECKING:
    from imi_core.procedure import Field
    from imi_tui.cache.model import OutboxItem
    from imi_tui.viewmodel.view import View

EXISTS = "alreadyExists"
TYPES = frozenset({"stale", "notAvailable", EXISTS})
"""Refusals that mean: the case has moved on, or something was sent before."""


class Said(NamedTuple):
    """What was said to one field, or (`known` false) what the program says where that is not known or nothing."""

    text: str
    known: bool = True


class Differing(NamedTuple):
    """A field where mine and theirs differ; `base` is what mine was based on, None where that means nothing."""

    label: str
    mine: Said
    theirs: Said
    base: Said | None = None


def is_conflict(item: OutboxItem) -> bool:
    """Whether an entry was refused because of what others did meanwhile, or of what the server has in its place."""
    return item.state == "rejected" and str((item.error or {}).get("type", "")) in TYPES


def existing_id(item: OutboxItem) -> str | None:
    """The id of the entry that the server has in the place of this one; None where that is not why it was refused."""
    error = item.error or {}
    found = error.get("existingId")
    return (found if isinstance(found, str) else "") if error.get("type") == EXISTS else None


def existing(view: View | None, item: OutboxItem, entry: dict[str, Any] | None) -> list[Block]:
    """The page where the server has `entry` under the number of this one: both texts, and where they differ.

    `view` is the case of that entry, None where it is not here; `entry` None where that one is not.
    """
    out = [
        Block(_("The server has another entry under the number of this one. What you wrote is kept."), "heading"),
        Block(""),
        Block(_("Sent before"), "heading"),
    ]
    both: list[Differing] = []
    if view is None or entry is None:
        out.append(Block(_("It is not on this machine yet; synchronise to see it."), "quiet", indent=2))
    else:
        answers = dict(entry.get("answers") or {})
        told = [_told(view, entry), *_answered(view, str(entry.get("action", "")), answers)]
        out.append(Block("\n".join(told), remote=True, indent=2))
        both = _differing(view, item, answers)
    out += [Block(""), Block(_("Yours now"), "heading")]
    out.append(Block(_mine(view, item) if view is not None else written(item), indent=2))
    if view is not None and both:
        out += _beside(both, _("Sent before"))
    out += [Block(""), Block(_("Send it again to make a new entry of it, or throw it away."), "quiet")]
    return out


def conflict(view: View, item: OutboxItem) -> list[Block]:
    """The page: what the entry was based on, mine, theirs, and all three of each answer that differs."""
    pending = set(view.detail.pending)
    entries = [entry for entry in view.detail.entries if entry.get("clientRef") not in pending]
    based, own = int(item.payload.get("basedOn") or 0), set(item.payload.get("after") or ())
    before = [entry for entry in entries if int(entry.get("version", 0)) <= based or entry.get("clientRef") in own]
    since = [entry for entry in entries if entry not in before]
    out = [
        Block(_("This case moved on before your entry arrived. What you wrote is kept."), "heading"),
        Block(""),
        Block(_("You wrote it when this was the latest:"), "quiet"),
    ]
    out += [Block(text, remote=True, indent=2) for text in [_told(view, before[-1]) if before else "-"]]
    out += [
        Block(""),
        Block(_("Yours"), "heading"),
        Block(_mine(view, item), indent=2),
        Block(""),
        Block(_("Since then"), "heading"),
    ]
    out += [Block(_told(view, entry), remote=True, indent=2) for entry in since]
    if not since:
        out.append(Block(_("Nothing that this desk sees."), "quiet", indent=2))
    if both := _differing(view, item, _now(view, item.action, entries), before):
        out += _beside(both, _("Now"))
    return out


def _beside(both: list[Differing], theirs: str) -> list[Block]:
    """All that was said to each field; `theirs` is what the other side's is called."""
    out = [Block(""), Block(_("Answers that differ"), "heading")]
    for each in both:
        out.append(Block(each.label, "quiet"))
        rows = [(_("Yours"), each.mine, False), (theirs, each.theirs, True)]
        if each.base is not None:
            rows.insert(0, (_("When you wrote it"), each.base, True))
        for name, said, remote in rows:
            look: Look = "plain" if said.known else "quiet"
            aside_remote = remote and said.known
            out.append(Block(name, indent=2, aside=said.text, aside_remote=aside_remote, aside_look=look, field=True))
    return out


def _told(view: View, entry: dict[str, Any]) -> str:
    """One entry in lines: when and what, who, which state it led to, its words."""
    lines = [f"{moment(str(entry.get('at', '')))}  {view.action(str(entry.get('action', '')))}"]
    lines.append(who(view, entry))
    state = str(entry.get("toState", ""))
    if state and state != entry.get("fromState", ""):
        lines.append(_("State: {state}").format(state=view.state(state)))
    lines.append(str((entry.get("text") or {}).get("text", "")))
    return "\n".join(line for line in lines if line)


def _mine(view: View, item: OutboxItem) -> str:
    lines = [view.action(item.action), str((item.payload.get("text") or {}).get("text", ""))]
    lines += _answered(view, item.action, dict(item.payload.get("answers") or {}))
    return "\n".join(line for line in lines if line)


def _answered(view: View, action: str, answers: dict[str, Any]) -> list[str]:
    """Answers in words, one a line."""
    fields = _fields(view, action)
    return [
        with_name(_label(view, action, fields, id), _said(view, action, fields, _of(answers, id), id).text)
        for id in dict.fromkeys(map(forms.base_id, answers))
    ]


def _differing(
    view: View, item: OutboxItem, now: dict[str, Any], before: list[dict[str, Any]] | None = None
) -> list[Differing]:
    """The fields where mine would give another answer than there is `now`.

    `before`: the entries its author had seen; without them nothing is said of what it was based on.
    """
    mine = dict(item.payload.get("answers") or {})
    wanted = mine if _form(view, item.action) == "request" else forms.merge(now, mine)
    based = _given(view, item.action, before or [])
    fields = _fields(view, item.action)
    out = []
    for id in dict.fromkeys(forms.base_id(name) for name in mine):
        theirs, base = _of(now, id), _of(based, id)
        if _of(wanted, id) == theirs or not (theirs or base):
            continue
        if before is not None and not base:
            base = theirs if _unchanged(view, item, id) else {}
        out.append(
            Differing(
                _label(view, item.action, fields, id),
                _said(view, item.action, fields, _of(mine, id), id),
                _said(view, item.action, fields, theirs, id),
                None
                if before is None
                else Said(_("not on this machine"), known=False)
                if not base and view.detail.fetching
                else _said(view, item.action, fields, base, id),
            )
        )
    return out


def _unchanged(view: View, item: OutboxItem, id: str) -> bool:
    """Whether a field is as it was when this was written, by what the case says of its changes."""
    form, based = _form(view, item.action), int(item.payload.get("basedOn") or 0)
    if form == "reply":
        return int(dict(view.case.get("answered") or {}).get(id, 0)) <= based
    return form == "request" and int(dict(view.case.get("changed") or {}).get("request", 0)) <= based


def _now(view: View, action: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """What the case has of what `action` answers; `entries` are all of it that are confirmed."""
    match _form(view, action):
        case "request":
            # The questions that are asked stand beside the rest of the request.
            fields = _fields(view, action).values()
            asked = {field.id: view.case.get("questions", []) for field in fields if field.type == "questions"}
            return {**view.case.get("request", {}), **asked}
        case "reply":
            return dict(view.case.get("answers", {}))
    return _given(view, action, entries)


def _form(view: View, action: str) -> str:
    found = view.rules.lifecycle.actions.get(action)
    return found.form if found is not None else ""


def _given(view: View, action: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """What these entries, in order, answered of what `action` answers."""
    actions = view.rules.lifecycle.actions
    mine, out = actions.get(action), dict[str, Any]()
    for entry in entries:
        other = actions.get(str(entry.get("action", "")))
        if mine is None or other is None or mine.form != other.form:
            continue
        answers = dict(entry.get("answers") or {})
        out = answers if mine.form == "request" else forms.merge(out, answers)
    return out


def _of(answers: dict[str, Any], id: str) -> dict[str, Any]:
    """The answer to one field with its remark and reason."""
    return {name: value for name, value in answers.items() if forms.base_id(name) == id and not forms.is_empty(value)}


def _said(view: View, action: str, fields: dict[str, Field], answers: dict[str, Any], id: str) -> Said:
    lines = [_value(view, action, fields, id, answers[id])] if id in answers else []
    if id + CANNOT in answers:
        lines.append(_("Cannot be answered: {reason}").format(reason=answers[id + CANNOT]))
    if id + REMARK in answers:
        lines.append(_("Remark: {remark}").format(remark=answers[id + REMARK]))
    return Said("\n".join(lines)) if lines else Said(_("no answer"), known=False)


def _fields(view: View, action: str) -> dict[str, Field]:
    try:
        return {field.id: field for field in forms.form_for(view.rules, action, to_case(view.case)).fields}
    except (KeyError, ImiError):
        # An action nobody knows any more has no form; its answers are shown under their ids.
        return {}


def _label(view: View, action: str, fields: dict[str, Field], id: str) -> str:
    if id not in fields:
        return id
    labels = Labels(view.rules, view.languages)
    question = view.rules.procedure.question(id)
    return labels.question(question) if question is not None else labels.text(labels.base(action, id), fields[id].label)


def _value(view: View, action: str, fields: dict[str, Field], id: str, value: Any) -> str:
    if id not in fields:
        return answer_text(view, (), id, value)
    return answer_text(view, fields[id].options, Labels(view.rules, view.languages).base(action, id), value)
