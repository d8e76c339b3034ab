"""``imi-tui show REF``: one case with its questions, answers and timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core.text import display
from imi_tui import commands
from imi_tui.commands.common import action_label, find_case, languages, opened, out, out_json, rules_of, state_label
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse

    from imi_core.procedure import Rules
    from imi_tui.cache.model import CaseDetail
    from imi_tui.cache.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("reference", metavar="REF", help=_("reference such as PW-26-004512, or the id of a case"))
    parser.add_argument("--desk", default="", help=_("at which of your desks"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    with opened(options) as client:
        desk, id = find_case(client.store, options.reference, options.desk)
        detail = client.store.case(desk, id)
        assert detail is not None
        if options.json:
            out_json(
                {
                    "desk": desk,
                    "id": id,
                    "case": detail.case,
                    "entries": list(detail.entries),
                    "pending": list(detail.pending),
                    "actions": list(detail.actions),
                }
            )
            return commands.OK
        for line in _lines(client.store, detail):
            out(line)
    return commands.OK


def _lines(store: Store, detail: CaseDetail) -> list[str]:
    from imi_core.errors import UnknownProcedure

    case = detail.case
    try:
        rules, _typed = rules_of(store, case)
    except UnknownProcedure:
        rules = None
    state = state_label(rules, case["state"]) if rules is not None else display(case["state"])
    lines = [f"{case.get('reference') or '-'}  {display(case.get('subject', ''))}  [{state}]"]
    for part in case.get("parts", []):
        lines.append(f"  {display(part['role'])}: {display(part['country'])} {display(part['name'])}")
    if case.get("due"):
        lines.append("  " + _("due {date}").format(date=case["due"]))
    if case.get("level") == "summary":
        lines.append("  " + _("Only the summary can be seen: personal data and files open once you accept."))
    for name in ("request", "answers"):
        lines += [f"  {_label(rules, field)}: {_value(value)}" for field, value in case.get(name, {}).items()]
    lines.append("")
    lines += _timeline(rules, detail)
    if detail.actions:
        lines += ["", _("You can: {actions}").format(actions=", ".join(detail.actions))]
    return lines


def _timeline(rules: Rules | None, detail: CaseDetail) -> list[str]:
    lines: list[str] = []
    pending = set(detail.pending)
    for entry in detail.entries:
        action = action_label(rules, entry["action"]) if rules is not None else display(entry["action"])
        who = display(entry.get("authorityName") or entry.get("desk", ""))
        waits = " (" + _("not sent yet") + ")" if entry.get("clientRef") in pending else ""
        lines.append(f"{display(str(entry.get('at') or ''))[:16].replace('T', ' ')}  {who}: {action}{waits}")
        text = (entry.get("text") or {}).get("text", "")
        # Every line of foreign text carries a mark, so that it cannot pass for one of ours.
        lines += [f"  | {line}" for line in display(text, "multi").split("\n") if text]
    return lines


def _label(rules: Rules | None, field: str) -> str:
    if rules is None:
        return display(field)
    from imi_core.procedure import label_ids

    english = label_ids(rules)
    for prefix in ("field", "question"):
        id = f"{rules.procedure.id}.{prefix}.{field}"
        if id in english:
            return display(rules.label(id, english[id], languages()))
    return display(field)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(display(str(item)) for item in value)
    return display(str(value))
