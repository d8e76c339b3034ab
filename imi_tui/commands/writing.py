"""What ``new`` and ``act`` share: reading answers, and telling honestly whether an entry was sent or waits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imi_core.answers import CANNOT, REMARK
from imi_core.text import display
from imi_tui import commands, problems
from imi_tui.commands.common import Client, CommandError, out, out_json, say
from imi_tui.i18n import _, language

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from imi_core.procedure import Form, Rules
    from imi_core.workflow import Target
    from imi_tui.cache.model import CaseDetail, OutboxItem
    from imi_tui.cache.store import Store


def add_common(parser: argparse.ArgumentParser) -> None:
    """Arguments of both commands."""
    parser.add_argument("--text", default="", help=_("free text of the entry"))
    parser.add_argument(
        "--text-lang", default="", metavar="CODE", help=_("language of the text (that of the setting writes)")
    )
    parser.add_argument(
        "--attach", action="append", default=[], metavar="PATH", help=_("a file to send along; may be given again")
    )
    parser.add_argument("--not-personal", action="store_true", help=_("the files hold no personal data"))
    parser.add_argument("--desk", default="", help=_("at which of your desks"))
    parser.add_argument("--no-sync", action="store_true", help=_("only put it into the outbox"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def text_language(client: Client) -> str:
    """The language a free text is written in: as said, else that of the settings, else that of the program."""
    from imi_tui.viewmodel.translating import chosen

    return str(getattr(client.options, "text_lang", "")) or chosen(client.settings.writes, language())[0]


def read_answers(file: str) -> dict[str, Any]:
    """The answers in a JSON or TOML file, told by its name. Raises `CommandError`."""
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix.lower() == ".toml":
            import tomllib

            data = _plain(tomllib.loads(text))
        else:
            import json

            data = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        why = display(str(error))[:200]
        raise CommandError(
            _("The file {file} cannot be read: {why}").format(file=path.name, why=why), commands.USAGE
        ) from error
    if not isinstance(data, dict):
        text = _("The file {file} has to hold answers by field.").format(file=path.name)
        raise CommandError(text, commands.USAGE)
    return data


def _plain(value: Any) -> Any:
    """TOML's dates as the texts that answers hold."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value


def parse_answers(given: Iterable[str], form: Form) -> dict[str, Any]:
    """Answers written as FIELD=VALUE, read by the kind of their field; lists have commas. Raises `CommandError`."""
    from imi_tui.typed_values import parse

    kinds = {field.id: field.type for field in form.fields}
    today = dt.datetime.now().astimezone().date()
    out: dict[str, Any] = {}
    for each in given:
        name, equals, typed = each.partition("=")
        if not equals or not name:
            text = _("An answer is written FIELD=VALUE, not {given}.").format(given=display(each)[:60])
            raise CommandError(text, commands.USAGE)
        kind = kinds.get(name, "text")
        if kind in ("multi", "questions"):
            out[name] = [part.strip() for part in typed.split(",") if part.strip()]
        elif name.endswith((REMARK, CANNOT)):
            out[name] = typed
        else:
            out[name] = parse(kind, typed, language(), today)
    return out


def attachments(
    store: Store, options: argparse.Namespace, rules: Rules, action: str, detail: CaseDetail | None = None
) -> list[dict[str, Any]]:
    """The files given, copied so that the entry is frozen with them. Raises `FileRefused`."""
    if not options.attach:
        return []
    from imi_tui.attachments import attach, held
    from imi_tui.cache.errors import FileRefused

    if not rules.lifecycle.actions[action].attachments:
        raise FileRefused("filesNotTaken")
    return attach(store.files, options.attach, personal=not options.not_personal, room_taken=held(store.files, detail))


def target_desk(store: Store, wanted: str, area: str) -> str:
    """The desk that is meant: its id, or the id of an authority with a desk in this area. Raises `CommandError`."""
    found: Target | None = store.target(wanted)
    if found is not None:
        return found.desk
    authority = store.authority(wanted) or {}
    desks = [desk["id"] for desk in authority.get("desks", []) if desk.get("area") == area]
    if len(desks) == 1:
        return str(desks[0])
    text = _("There is no desk {desk}; find it with: imi-tui authorities").format(desk=display(wanted))
    raise CommandError(text, commands.NOT_FOUND)


def finish(client: Client, item: OutboxItem) -> int:
    """Try to send what was queued, and say what became of it: sent, queued or refused."""
    problem = "" if client.options.no_sync else try_to_send(client)
    left = next((each for each in client.store.outbox() if each.client_ref == item.client_ref), None)
    state = "sent" if left is None else "refused" if left.state == "rejected" else "queued"
    reference, case_id = _where(client, item)
    error = left.error if left is not None else None
    if client.options.json:
        found = {"state": state, "clientRef": item.client_ref, "desk": item.desk, "caseId": case_id}
        out_json({**found, "reference": reference, "error": error, "problem": problem})
    else:
        out(" ".join(filter(None, (state, reference))))
    for line in problems.refused(error):
        say(line)
    if state == "queued":
        if problem:
            say(problems.sentence(problem))
        say(_("The entry is kept on this machine and is sent with the next synchronisation."))
    return commands.REFUSED if state == "refused" else commands.OK


def try_to_send(client: Client) -> str:
    """Synchronise once; the code of what went wrong, or "". What was queued is safe either way."""
    from imi_tui.cache.errors import CacheError
    from imi_tui.commands.syncing import synchronise
    from imi_tui.sync.errors import SyncError

    try:
        synchronise(client)
    except (SyncError, CacheError) as error:
        return error.code
    except CommandError:
        return "noServer"
    return ""


def _where(client: Client, item: OutboxItem) -> tuple[str, str]:
    """Reference and id of the item's case as they are now."""
    detail = client.store.case(item.desk, item.case_id)
    if detail is None:
        return item.reference, item.case_id
    return str(detail.case.get("reference", "") or ""), detail.id
