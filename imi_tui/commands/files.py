"""``imi-tui files REF``: the files of a case and where each is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.text import display
from imi_tui import commands, problems
from imi_tui.attachments import listed
from imi_tui.commands.common import find_case, opened, out, out_json, say
from imi_tui.commands.tables import table
from imi_tui.i18n import _
from imi_tui.i18n.dates import local_day

if TYPE_CHECKING:
    import argparse


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
        found = [(each, client.store.files.state(each.file)) for each in listed(detail)]
    if options.json:
        files = [
            {
                "number": each.number,
                "blobId": each.file.get("blobId", ""),
                "name": each.file.get("name", ""),
                "size": state.size,
                "sha256": each.file.get("sha256", ""),
                "personal": each.personal,
                "where": state.where,
                "have": state.have,
                "problem": state.problem,
                "entry": each.entry.get("id", ""),
                "at": each.entry.get("at", ""),
            }
            for each, state in found
        ]
        out_json({"desk": desk, "id": id, "files": files})
        return commands.OK
    rows = []
    for each, state in found:
        mark = "!" if each.personal else " "
        at = local_day(display(str(each.entry.get("at") or "")))[:10]
        rows.append((str(each.number), mark, str(state.size), state.where, at, each.name))
    for line in table(rows):
        out(line)
    if not found:
        say(_("This case has no files."))
    for each, state in found:
        if state.problem:
            say(f"{each.number}: {problems.sentence(state.problem)}")
    return commands.OK
