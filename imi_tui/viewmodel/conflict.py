"""An entry that no longer fits because somebody acted meanwhile: mine, theirs, and what mine was based on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core import answers as forms
from imi_core.errors import ImiError
from imi_tui.cache.wire import to_case
from imi_tui.i18n import _
from imi_tui.labels import Labels
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.case import answer_text, moment

if TYPE_CHECKING:
    from imi_core.procedure import Field
    from imi_tui.cache.model import OutboxItem
    from imi_tui.viewmodel.case import View

TYPES = frozenset({"stale", "notAvailable"})
"""Refusals that mean: the case has moved on."""


def is_conflict(item: OutboxItem) -> bool:
    """Whether an entry was refused because of what others did meanwhile."""
    return item.state == "rejected" and str((item.error or {}).get("type", "")) in TYPES


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
    if both := _both(view, item):
        out += [Block(""), Block(_("Answers that differ"), "heading")]
        for label, mine, theirs in both:
            out += [Block(label, "quiet"), Block(mine, indent=2, aside=theirs, aside_remote=True)]
    return out


def _told(view: View, entry: dict[str, Any]) -> str:
    """One entry in lines: when and what, who, which state it led to, its words."""
    lines = [f"{moment(str(entry.get('at', '')))}  {view.action(str(entry.get('action', '')))}"]
    lines.append(", ".join(part for part in (entry.get("officerName", ""), entry.get("authorityName", "")) if part))
    state = str(entry.get("toState", ""))
    if state and state != entry.get("fromState", ""):
        lines.append(_("State: {state}").format(state=view.state(state)))
    lines.append(str((entry.get("text") or {}).get("text", "")))
    return "\n".join(line for line in lines if line)


def _mine(view: View, item: OutboxItem) -> str:
    fields = _fields(view, item.action)
    lines = [view.action(item.action), str((item.payload.get("text") or {}).get("text", ""))]
    for id, value in dict(item.payload.get("answers") or {}).items():
        lines.append(f"{_label(view, item.action, fields, id)}: {_value(view, item.action, fields, id, value)}")
    return "\n".join(line for line in lines if line)


def _both(view: View, item: OutboxItem) -> list[tuple[str, str, str]]:
    """(label, mine, theirs) of the answers that the case has now and mine would give otherwise."""
    fields = _fields(view, item.action)
    now = {**view.case.get("request", {}), **view.case.get("answers", {})}
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
