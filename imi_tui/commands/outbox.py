"""``imi-tui outbox``: what waits to be sent, and what the server refused and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.text import display
from imi_tui import commands, problems
from imi_tui.commands.common import opened, out, out_json, say
from imi_tui.commands.tables import table
from imi_tui.i18n import N_, _

if TYPE_CHECKING:
    import argparse

STATES = {"queued": N_("waits"), "sending": N_("on its way"), "rejected": N_("refused")}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--json", action="store_true", help=_("print JSON, with the whole content of each entry"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
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
