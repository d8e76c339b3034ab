"""``imi-tui outbox``: what waits to be sent, what the server refused and why; all of it, and drafts, into a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.text import display
from imi_tui import commands, problems
from imi_tui.commands.common import CommandError, opened, out, out_json, profile_and_settings, say, unlock
from imi_tui.commands.tables import table
from imi_tui.i18n import N_, _

if TYPE_CHECKING:
    import argparse

STATES = {"queued": N_("waits"), "sending": N_("on its way"), "rejected": N_("refused")}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--json", action="store_true", help=_("print JSON, with the whole content of each entry"))
    parser.add_argument(
        "--export",
        metavar="FILE",
        help=_("write entries and drafts into a new file, whatever version of the program they are from"),
    )


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    if options.export:
        return _export(options)
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
                        "payload": item.payload,
                        "error": item.error,
                    }
                    for item in items
                ]
            }
        )
        return commands.OK
    rows = [
        (_(STATES.get(item.state, item.state)), item.queued_at[:16], item.reference or "-", item.action, item.subject)
        for item in items
    ]
    for line, item in zip(table(rows), items, strict=True):
        out(line)
        for reason in problems.refused(item.error):
            out("    " + display(reason))
    if not items:
        say(_("Nothing waits to be sent."))
    return commands.OK


def _export(options: argparse.Namespace) -> int:
    import json
    import os
    from pathlib import Path

    from imi_tui.cache.errors import FilesUnusable
    from imi_tui.cache.rescue import rescue

    profile, settings = profile_and_settings()
    key, _described = unlock(options, profile, settings)
    found = rescue(profile, key)
    target = Path(options.export).expanduser()
    try:
        # What officers wrote is personal data: readable by them alone, and no file is written over.
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(found, file, ensure_ascii=False, indent=2)
    except FileExistsError as error:
        text = _("{file} is there already; name a new file.").format(file=display(str(target)))
        raise CommandError(text, commands.USAGE) from error
    except OSError as error:
        raise FilesUnusable.of(error, target.name) from error
    counts = {"entries": len(found["outbox"]), "drafts": len(found["drafts"]), "file": display(str(target))}
    say(_("{entries} entries and {drafts} drafts are in {file}, readable by you alone.").format(**counts))
    return commands.OK
