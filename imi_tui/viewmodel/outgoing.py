"""The outbox and the drafts in words: what waits, since when, why it does not move."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from imi_core.errors import UnknownProcedure
from imi_core.text import display
from imi_tui import problems
from imi_tui.i18n import _, ngettext
from imi_tui.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_core.procedure import Rules
    from imi_tui.cache.model import Draft, OutboxItem


def mark(item: OutboxItem) -> str:
    """One character for the state: "~" waits, ">" is being sent, "x" was refused."""
    return {"queued": "~", "sending": "^", "rejected": "x"}.get(item.state, " ")


def state(item: OutboxItem, problem: str = "") -> str:
    """The state in plain words. `problem` is why nothing is being sent now, an error code or ""."""
    match item.state:
        case "sending":
            return _("being sent")
        case "rejected":
            code = str((item.error or {}).get("type", "error"))
            return _("refused: {reason}").format(reason=problems.sentence(code))
    if item.error:
        return _("waiting: {reason}").format(reason=problems.sentence(str(item.error.get("type", "error"))))
    if item.attempts:
        return _("waiting for a connection; the answer to the last attempt did not arrive")
    if problem:
        return _("waiting: {reason}").format(reason=problems.short(problem))
    return _("waiting to be sent")


def attempts(item: OutboxItem) -> str:
    """How often it was sent already."""
    if not item.attempts:
        return _("not sent yet")
    return ngettext("{count} attempt", "{count} attempts", item.attempts).format(count=item.attempts)


def reasons(item: OutboxItem) -> list[str]:
    """The details of a refusal: one line a field the server did not accept."""
    return [f"{field}: {text}" for field, text in problems.fields(item.error or {})] if item.state == "rejected" else []


def written(item: OutboxItem) -> str:
    """What the officer wrote in it, as plain text: the answers by their ids, then the text."""
    answers = item.payload.get("answers") or {}
    lines = [
        f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in answers.items()
    ]
    text = str((item.payload.get("text") or {}).get("text", ""))
    return "\n".join(display(part, "multi") for part in ("\n".join(lines), text) if part)


def action_name(procedure: str, action: str, rules: Callable[[str], Rules], languages: tuple[str, ...]) -> str:
    """What an action is called, its id where its procedure is not on this machine."""
    try:
        labels = Labels(rules(procedure), languages)
        return labels.action(action)
    except (UnknownProcedure, KeyError):
        return action


def draft_title(draft: Draft, rules: Callable[[str], Rules], languages: tuple[str, ...]) -> str:
    """What a draft is about: its subject, else the procedure's title, else its action."""
    try:
        found = rules(draft.procedure)
    except UnknownProcedure:
        return str(draft.answers.get("subject", "")) or draft.action
    subject = draft.answers.get(found.procedure.subject, "")
    return str(subject) or Labels(found, languages).title
