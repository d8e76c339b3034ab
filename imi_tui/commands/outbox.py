"""``imi-tui outbox``: what waits to be sent, what the server refused and why; all of it, and drafts, into a file."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from imi_core.text import display
from imi_tui import commands, problems
from imi_tui.cache.errors import NoSuchCase, NoSuchItem
from imi_tui.commands.common import CommandError, opened, out, out_json, profile_and_settings, say, unlock
from imi_tui.commands.tables import table
from imi_tui.i18n import N_, _
from imi_tui.viewmodel import outgoing

if TYPE_CHECKING:
    import argparse
    import datetime as dt
    from pathlib import Path
    from typing import Any

    from imi_tui.cache.model import OutboxItem
    from imi_tui.profile import Profile

STATES = {"queued": N_("waits"), "sending": N_("on its way"), "rejected": N_("refused")}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--json", action="store_true", help=_("print JSON, with the whole content of each entry"))
    one = parser.add_mutually_exclusive_group()
    entry = _("; REF is the entry's reference or how it alone begins")
    one.add_argument("--text", metavar="REF", help=_("print what was written in one entry") + entry)
    one.add_argument("--retry", metavar="REF", help=_("send a refused entry again, on the case as it is now") + entry)
    one.add_argument("--discard", metavar="REF", help=_("throw away an entry that was refused or never sent") + entry)
    parser.add_argument("--no-sync", action="store_true", help=_("do not try to send an entry now"))
    one.add_argument(
        "--export",
        metavar="FILE",
        help=_("write entries and drafts into a new file, whatever version of the program they are from"),
    )


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    if options.export:
        return _export(options)
    if options.text or options.retry or options.discard:
        return _one(options)
    with opened(options) as client:
        items = client.store.outbox()
    if options.json:
        out_json(
            {
                "outbox": [
                    {
                        "clientRef": item.client_ref,
                        "state": item.state,
                        "desk": item.desk,
                        "caseId": item.case_id,
                        "reference": item.reference,
                        "subject": item.subject,
                        "action": item.action,
                        "attempts": item.attempts,
                        "queuedAt": item.queued_at,
                        "serverAt": item.server_at,
                        "payload": item.payload,
                        "error": item.error,
                    }
                    for item in items
                ]
            }
        )
        return commands.OK
    rows = [
        (
            _(STATES.get(item.state, item.state)),
            item.queued_at[:16],
            item.reference or "-",
            item.action,
            item.subject,
            item.client_ref,
        )
        for item in items
    ]
    for line, item in zip(table(rows), items, strict=True):
        out(line)
        for reason in problems.refused(item.error):
            out("    " + display(reason))
    if not items:
        say(_("Nothing waits to be sent."))
    return commands.OK


def _one(options: argparse.Namespace) -> int:
    """Something with one entry. Raises errors of the rules and of the cache."""
    from imi_tui.commands import writing

    with opened(options) as client:
        store = client.store
        item = _named(store.outbox(), options.text or options.retry or options.discard)
        if options.text:
            out(outgoing.written(item))
            return commands.OK
        if options.discard:
            store.discard(item.client_ref)
            say(_("Thrown away."))
            return commands.OK
        if item.state != "rejected":
            text = _("Only a refused entry can be sent again; this one is sent by itself.")
            raise CommandError(text, commands.REFUSED)
        if item.case_id and not item.payload.get("procedure") and store.case(item.desk, item.case_id) is None:
            raise NoSuchCase(item.desk, item.case_id)
        draft = store.revise(item.client_ref)
        return writing.finish(client, store.queue(draft))


def _noted(profile: Profile, now: dt.datetime, found: dict[str, Any], target: Path, data: bytes) -> bool:
    """Write the file, with a note for the log of exports; whether it could be noted.

    What somebody wrote is saved all the same where it could not. Raises `CommandError`, `FilesUnusable`.
    """
    import hashlib

    from imi_tui.cache.errors import FilesUnusable
    from imi_tui.cache.personal.export_log import NotedAside
    from imi_tui.outside.saving import write_new
    from imi_tui.times import stamp

    cases = {(str(each["desk"]), str(each["caseId"])) for each in found["outbox"] if each["caseId"]}
    cases |= {(str(each.get("desk")), str(each["case_id"])) for each in found["drafts"] if each.get("case_id")}
    note = None
    with suppress(OSError):
        note = NotedAside(profile, stamp(now), sorted(cases), str(target))
    try:
        write_new(target, data)
    except OSError as error:
        if note is not None:
            with suppress(OSError):
                note.failed()
        if isinstance(error, FileExistsError):
            text = _("{file} is there already; name a new file.").format(file=display(str(target)))
            raise CommandError(text, commands.USAGE) from error
        raise FilesUnusable.of(error, target.name) from error
    if note is None:
        return False
    with suppress(OSError):
        note.done(hashlib.sha256(data).hexdigest())
    return True


def _named(items: list[OutboxItem], ref: str) -> OutboxItem:
    """The entry with this client reference, or the only one that begins so. Raises `CommandError`, `NoSuchItem`."""
    found = [item for item in items if item.client_ref == ref] or [
        item for item in items if item.client_ref.startswith(ref)
    ]
    if not found:
        raise NoSuchItem(ref)
    if len(found) > 1:
        text = _("{count} entries begin so; name more of it.").format(count=len(found))
        raise CommandError(text, commands.USAGE)
    return found[0]


def _export(options: argparse.Namespace) -> int:
    import datetime as dt
    import json

    from imi_tui.cache.outbox.rescue import rescue
    from imi_tui.export.mark import CLASSIFICATION
    from imi_tui.profile import expanded

    profile, settings = profile_and_settings()
    key, _described = unlock(options, profile, settings)
    found = rescue(profile, key)
    target = expanded(options.export)
    # Whose profile it is may be just what cannot be read any more.
    now = dt.datetime.now(dt.UTC)
    mark = {"exportedAt": now.isoformat(timespec="seconds"), "classification": CLASSIFICATION}
    data = json.dumps({"mark": mark, **found}, ensure_ascii=False, indent=2).encode()
    if not _noted(profile, now, found, target.absolute(), data):
        say(_("This export could not be noted on this machine."))
    counts = {"entries": len(found["outbox"]), "drafts": len(found["drafts"]), "file": display(str(target))}
    say(_("{entries} entries and {drafts} drafts are in {file}, readable by you alone.").format(**counts))
    if found.get("damaged"):
        say(_("The file with your drafts and unsent entries is damaged: these are those that could still be read."))
    return commands.OK
