"""The outbox and the drafts in words: what waits, since when, why it does not move."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from imi_core.errors import UnknownProcedure
from imi_core.text import display
from imi_tui import problems
from imi_tui.cache.ids import ASSIGN, BESIDE, TRANSLATE
from imi_tui.i18n import _, ngettext
from imi_tui.i18n.joining import several, with_name
from imi_tui.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from imi_core.procedure import Rules
    from imi_tui.cache.model import OutboxItem
    from imi_tui.cache.outbox.draft import Draft


def mark(item: OutboxItem) -> str:
    """One character for the state: "~" waits, "^" is being sent, "x" was refused."""
    return {"queued": "~", "sending": "^", "rejected": "x"}.get(item.state, " ")


def behind(items: Sequence[OutboxItem]) -> set[str]:
    """The client refs of waiting entries that a refused one of their case holds back (`cache.outbox.Outbox.ready`)."""
    refused: set[tuple[str, str, str]] = set()
    out: set[str] = set()
    for item in items:
        case = item.desk, item.case_id, item.action if item.action.startswith(BESIDE) else ""
        if item.state == "rejected":
            refused.add(case)
        elif case in refused:
            out.add(item.client_ref)
    return out


def state(item: OutboxItem, problem: str = "", *, held: bool = False) -> str:
    """The state in plain words, a whole sentence where it has a reason of its own (`lines`).

    `problem` is why nothing is being sent now, an error code or "". `held`: an entry before it was refused (`behind`).
    """
    match item.state:
        case "sending":
            return _("being sent")
        case "rejected":
            code = str((item.error or {}).get("type", "error"))
            if item.action == ASSIGN and code == "badTarget":
                return _("refused: {reason}").format(reason=_("This officer handles no cases at your desk any more."))
            return _("refused: {reason}").format(reason=problems.sentence(code))
    if held:
        return _("waiting: an earlier entry of this case was refused; correct it or discard it.")
    if item.error:
        return _("waiting: {reason}").format(reason=problems.sentence(str(item.error.get("type", "error"))))
    why = _("waiting: {reason}").format(reason=problems.short(problem)) if problem else ""
    if item.attempts:
        unanswered = _("the last attempt was not answered")
        return several([why, unanswered]) if why else _("waiting to be sent again; {why}").format(why=unanswered)
    return why or _("waiting to be sent")


def lines(item: OutboxItem, told: str, age: str, files: str = "", *, held: bool = False) -> list[str]:
    """What stands below an entry: its state, when it was queued (`age`), how often it was tried, its files.

    A state that is a sentence stands alone.
    """
    alone = held or item.state == "rejected" or (item.state == "queued" and bool(item.error))
    more = several(part for part in (_("queued: {age}").format(age=age), attempts(item), files) if part)
    return [told, more] if alone else [several([told, more])]


def attempts(item: OutboxItem) -> str:
    """How often it was sent already."""
    if not item.attempts:
        return _("not sent yet")
    return ngettext("{count} attempt", "{count} attempts", item.attempts).format(count=item.attempts)


def reasons(item: OutboxItem, label: Callable[[str], str] = str) -> list[str]:
    """The details of a refusal: one line a field the server did not accept. `label`: what a field is called."""
    if item.state != "rejected":
        return []
    return [with_name(label(field), text) for field, text in problems.fields(item.error or {})]


def written(item: OutboxItem) -> str:
    """What the officer wrote in it, as plain text: the answers by their ids, then the text."""
    answers = item.payload.get("answers") or item.payload.get("texts") or {}
    lines = [
        with_name(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in answers.items()
    ]
    text = str((item.payload.get("text") or {}).get("text", ""))
    return "\n".join(display(part, "multi") for part in ("\n".join(lines), text) if part)


def action_name(
    procedure: str,
    action: str,
    rules: Callable[[str], Rules],
    languages: tuple[str, ...],
    others: Callable[[], Iterable[Rules]] = tuple,
) -> str:
    """What an action is called. Where its procedure is unknown, with its case gone, `others` may know the name."""
    if action == ASSIGN:
        return _("Assign")
    if action == TRANSLATE:
        return _("Own translation")
    try:
        return Labels(rules(procedure), languages).action(action)
    except (UnknownProcedure, KeyError):
        known = next((found for found in others() if action in found.lifecycle.actions), None)
        return Labels(known, languages).action(action) if known is not None else action


def field_name(found: Rules, action: str, field: str, languages: tuple[str, ...]) -> str:
    """What a field of an action's form is called, its id where that is not known."""
    known = found.lifecycle.actions.get(action)
    if known is None:
        return field
    labels = Labels(found, languages)
    question = found.procedure.question(field) if known.form == "reply" else None
    if question is not None:
        return labels.question(question)
    asked = found.form(known.form).fields if known.form else ()
    english = next((each.label for each in asked if each.id == field), field)
    return labels.text(labels.base(action, field), english)


def draft_title(draft: Draft, rules: Callable[[str], Rules], languages: tuple[str, ...]) -> str:
    """What a draft is about: its subject, else the procedure's title, else its action."""
    try:
        found = rules(draft.procedure)
    except UnknownProcedure:
        return str(draft.answers.get("subject", "")) or draft.action
    subject = draft.answers.get(found.procedure.subject, "")
    return str(subject) or Labels(found, languages).title
