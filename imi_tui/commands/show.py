"""``imi-tui show REF``: one case with its questions, answers and timeline."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING, Any

from imi_core.text import display
from imi_tui import commands
from imi_tui.cache.errors import CacheError
from imi_tui.commands.common import (
    action_label,
    find_case,
    languages,
    opened,
    out,
    out_json,
    rules_of,
    state_label,
    translations_are_new,
)
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse

    from imi_core.procedure import Option
    from imi_tui.cache.model import CaseDetail
    from imi_tui.cache.store import Store
    from imi_tui.viewmodel.view import View


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("reference", metavar="REF", help=_("reference such as PW-26-004512, or the id of a case"))
    parser.add_argument("--desk", default="", help=_("at which of your desks"))
    parser.add_argument("--no-translations", action="store_true", help=_("leave out translations of free text"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    with opened(options) as client:
        desk, id = find_case(client.store, options.reference, options.desk)
        detail = client.store.case(desk, id)
        assert detail is not None
        if options.no_translations:
            detail = detail._replace(translations=(), wishes=())
        else:
            translations_are_new(client.store, detail)
        if options.json:
            from imi_tui.viewmodel.related import related

            out_json(
                {
                    "desk": desk,
                    "id": id,
                    "case": detail.case,
                    "entries": list(detail.entries),
                    "pending": list(detail.pending),
                    "actions": list(detail.actions),
                    "related": [near._asdict() for near in related(client.store, detail)],
                    "handler": detail.handler,
                    "translations": list(detail.translations),
                    "own": {"tags": detail.mine.tags, "note": detail.mine.note, "until": detail.mine.until},
                }
            )
            return commands.OK
        for line in _lines(client.store, detail, languages(), client.settings.reads):
            out(line)
        # Who can only read, as on a full disk, has read all the same.
        with contextlib.suppress(CacheError):
            client.store.mark_read(desk, id)
    return commands.OK


def _view(store: Store, detail: CaseDetail, languages: tuple[str, ...], reads: str) -> View | None:
    from imi_core.errors import UnknownProcedure
    from imi_tui.viewmodel.translating import chosen
    from imi_tui.viewmodel.view import View

    try:
        rules, _typed = rules_of(store, detail.case)
    except UnknownProcedure:
        return None
    mine = chosen(reads, languages[0])
    return View(detail, rules, languages, store.today(), store.authority, reads=mine)


def _lines(store: Store, detail: CaseDetail, languages: tuple[str, ...], reads: str) -> list[str]:
    from imi_tui.i18n.joining import with_name
    from imi_tui.viewmodel.case import ROLES
    from imi_tui.viewmodel.now import now
    from imi_tui.viewmodel.related import line, related

    case, view = detail.case, _view(store, detail, languages, reads)
    rules = view.rules if view is not None else None
    state = state_label(rules, case["state"]) if rules is not None else display(case["state"])
    lines = [f"{case.get('reference') or '-'}  {display(case.get('subject', ''))}  [{state}]"]
    if view is not None and (told := now(view).text):
        lines.append("  " + display(told))
    for part in case.get("parts", []):
        role = _(ROLES[part["role"]]) if part["role"] in ROLES else display(part["role"])
        lines.append("  " + with_name(role, f"{display(part['country'])} {display(part['name'])}"))
    if case.get("due"):
        lines.append("  " + _("due {date}").format(date=case["due"]))
    if case.get("level") == "summary":
        lines.append("  " + _("Only the summary can be seen: personal data and files open once you accept."))
    from imi_tui.viewmodel import assigning, own

    if told := assigning.line(detail):
        lines.append(f"  {told}")
    lines += [f"  {line}" for line in own.lines(detail, dt.datetime.now().astimezone().date())]
    for name in ("request", "answers"):
        lines += _answers(view, case.get(name, {}), of_answer=name == "answers")
    lines += _open_questions(view, case)
    lines.append("")
    lines += _timeline(view, detail)
    if near := related(store, detail):
        lines += ["", _("Related cases of your desk:")]
        # In the words of others, as the lines above.
        lines += [f"  | {display(line(each))}" for each in near]
    if detail.actions:
        lines += ["", _("You can: {actions}").format(actions=", ".join(detail.actions))]
    return lines


def _answers(view: View | None, given: dict[str, Any], *, of_answer: bool) -> list[str]:
    """Answers by what they are called and in words, as the full screen has them, each with its remark below."""
    from imi_core.answers import CANNOT, REMARK, base_id
    from imi_tui.i18n.joining import with_name

    lines: list[str] = []
    for base in dict.fromkeys(base_id(name) for name in given):
        label, options, prefix = _asked(view, base)
        for name in (base, base + CANNOT, base + REMARK):
            if (value := given.get(name)) in (None, "", []):
                continue
            text = _in_words(view, options, prefix, value)
            if name.endswith(CANNOT):
                text = _("Cannot be answered: {reason}").format(reason=text)
            remark = name.endswith(REMARK)
            lines.append("    " + with_name(_("Remark"), text) if remark else "  " + with_name(label, text))
            lines += _translated(view, name, value, of_answer=of_answer)
    return lines


def _open_questions(view: View | None, case: dict[str, Any]) -> list[str]:
    """The questions that nobody has answered yet, by the ids that ``act --answer`` takes."""
    answered = case.get("answers", {})
    left = [str(id) for id in case.get("questions", ()) if id not in answered]
    return [f"  ? {display(id)}  {_label(view, id)}" for id in left]


def _timeline(view: View | None, detail: CaseDetail) -> list[str]:
    from imi_tui.viewmodel.timeline import who as sender

    lines: list[str] = []
    rules = view.rules if view is not None else None
    pending = set(detail.pending)
    for entry in detail.entries:
        action = action_label(rules, entry["action"]) if rules is not None else display(entry["action"])
        who = display(sender(view, entry) if view is not None else "") or display(str(entry.get("desk", "")))
        waits = " (" + _("not sent yet") + ")" if entry.get("clientRef") in pending else ""
        lines.append(f"{display(str(entry.get('at') or ''))[:16].replace('T', ' ')}  {who}: {action}{waits}")
        text = (entry.get("text") or {}).get("text", "")
        # Every line of foreign text carries a mark, so that it cannot pass for one of ours.
        lines += [f"  | {line}" for line in display(text, "multi").split("\n") if text]
        lines += _beside(view, entry, "text", text) if text else []
    return lines


def _translated(view: View | None, field: str, value: Any, *, of_answer: bool) -> list[str]:
    """The translation of an answer, where there is one to show."""
    from imi_tui.viewmodel import translating

    if view is None or not isinstance(value, str):
        return []
    entry = translating.of_answer(view, field) if of_answer else translating.of_request(view)
    return _beside(view, entry, field, value)


def _beside(view: View | None, entry: dict[str, Any], part: str, text: str) -> list[str]:
    from imi_tui.viewmodel import translating

    if view is None:
        return []
    both = translating.pair(view, entry, part, text)
    if not both:
        return [f"  {block.text}" for block in translating.standing(view, entry)] if part == translating.TEXT else []
    translated = both[0].aside
    lines = [f"    > {line}" for line in display(translated, "multi").split("\n")] if translated else []
    return [*lines, f"    {display(both[1].text)}"]


def _label(view: View | None, field: str) -> str:
    """What a field is called, marked where personal data is asked for; one nobody knows is shown raw."""
    return _asked(view, field)[0]


def _asked(view: View | None, field: str) -> tuple[str, tuple[Option, ...], str]:
    """(label, options, prefix of the ids of their labels) of a field."""
    from imi_core.answers import YES_NO

    if view is None:
        return display(field), (), ""
    procedure = view.rules.procedure
    follow_ups = (each for question in procedure.questions for each in question.follow_ups)
    found = next((each for each in (*procedure.request.fields, *follow_ups) if each.id == field), None)
    if found is not None:
        options = YES_NO if found.type == "boolean" else found.options
        return display(view.field(found)), options, f"{procedure.id}.field.{field}"
    question = procedure.question(field)
    options = question.options if question is not None else ()
    if question is not None and question.type == "boolean":
        options = YES_NO
    return display(view.question(field)), options, f"{procedure.id}.question.{field}"


def _in_words(view: View | None, options: tuple[Option, ...], prefix: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_in_words(view, options, prefix, each) for each in value)
    if view is None:
        return display(str(value))
    from imi_tui.viewmodel.view import answer_text

    return display(answer_text(view, options, prefix, value))
