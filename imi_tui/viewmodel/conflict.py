"""A refused entry beside what stands in its way: what others did meanwhile, or what was sent in its place before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core import answers as forms
from imi_core.errors import ImiError
from imi_tui.cache.wire import to_case
from imi_tui.i18n import _
from imi_tui.labels import Labels
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.case import answer_text, moment, who
from imi_tui.viewmodel.outgoing import written

if TYPE_CHECKING:
    from imi_core.procedure import Field
    from imi_tui.cache.model import OutboxItem
    from imi_tui.viewmodel.case import View

EXISTS = "alreadyExists"
TYPES = frozenset({"stale", "notAvailable", EXISTS})
"""Refusals that mean: the case has moved on, or something was sent before."""


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
    both: list[tuple[str, str, str]] = []
    if view is None or entry is None:
        out.append(Block(_("It is not on this machine yet; synchronise to see it."), "quiet", indent=2))
    else:
        answers = dict(entry.get("answers") or {})
        told = [_told(view, entry), *_answered(view, str(entry.get("action", "")), answers)]
        out.append(Block("\n".join(told), remote=True, indent=2))
        both = _both(view, item, answers)
    out += [Block(""), Block(_("Yours now"), "heading")]
    out.append(Block(_mine(view, item) if view is not None else written(item), indent=2))
    if view is not None and both:
        out += _beside(both)
    out += [Block(""), Block(_("Send it again to make a new entry of it, or throw it away."), "quiet")]
    return out


def conflict(view: View, item: OutboxItem) -> list[Block]:
    """The page: what the entry was based on, mine, theirs, and the fields both have answered beside each other."""
    pending = set(view.detail.pending)
    entries = [entry for entry in view.detail.entries if entry.get("clientRef") not in pending]
    based = int(item.payload.get("basedOn") or 0)
    before = [entry for entry in entries if int(entry.get("version", 0)) <= based]
    since = [entry for entry in entries if int(entry.get("version", 0)) > based]
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
    if both := _both(view, item, {**view.case.get("request", {}), **view.case.get("answers", {})}):
        out += _beside(both)
    return out


def _beside(both: list[tuple[str, str, str]]) -> list[Block]:
    out = [Block(""), Block(_("Answers that differ"), "heading")]
    for label, mine, theirs in both:
        out += [Block(label, "quiet"), Block(mine, indent=2, aside=theirs, aside_remote=True)]
    return out


def _told(view: View, entry: dict[str, Any]) -> str:
    """One entry in lines: when and what, who, which state it led to, its words."""
    lines = [f"{moment(str(entry.get('at', '')))}  {view.action(str(entry.get('action', '')))}"]
    lines.append(who(entry))
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
        f"{_label(view, action, fields, id)}: {_value(view, action, fields, id, value)}"
        for id, value in answers.items()
    ]


def _both(view: View, item: OutboxItem, now: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(label, mine, theirs) of the answers that there are `now` and mine would give otherwise."""
    fields = _fields(view, item.action)
    return [
        (
            _label(view, item.action, fields, id),
            _value(view, item.action, fields, id, value),
            _value(view, item.action, fields, id, now[id]),
        )
        for id, value in dict(item.payload.get("answers") or {}).items()
        if id in now and now[id] != value
    ]


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
