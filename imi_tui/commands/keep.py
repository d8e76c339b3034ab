"""``imi-tui keep REF...``: tags, a note, a day until which a case is put off. All of it stays on this machine."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from imi_tui import commands, i18n
from imi_tui.commands.common import CommandError, find_case, opened, out, out_json, say
from imi_tui.commands.tables import table
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from imi_tui.cache.model import Mine
    from imi_tui.cache.store import Store

CaseId = tuple[str, str]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "references", nargs="*", metavar="REF", help=_("references or ids of cases; none: the tags in use")
    )
    parser.add_argument("--tag", action="append", default=[], metavar="TAG", help=_("give this tag"))
    parser.add_argument("--untag", action="append", default=[], metavar="TAG", help=_("take this tag away"))
    parser.add_argument("--note", default=None, metavar="TEXT", help=_("the note; empty: none"))
    parser.add_argument("--until", default="", metavar="DAY", help=_("put off until this day"))
    parser.add_argument("--now", action="store_true", help=_("not put off any more"))
    parser.add_argument("--read", action="store_true", help=_("count the cases as read"))
    parser.add_argument("--desk", default="", help=_("at which of your desks"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    with opened(options) as client:
        store = client.store
        if not options.references:
            return _tags(store, options.json)
        cases = [find_case(store, reference, options.desk) for reference in options.references]
        store.personal.change(cases, _edit(store, options, cases))
        for case in cases if options.read else ():
            store.mark_read(*case)
        kept = {case: store.personal.one(*case) for case in cases}
        rows = {case: store.row(*case, "all", "due") for case in cases}
    if options.json:
        out_json(
            {
                "cases": [
                    {"desk": desk, "id": id, "tags": mine.tags, "note": mine.note, "until": mine.until}
                    for (desk, id), mine in kept.items()
                ]
            }
        )
        return commands.OK
    lines = []
    for case, mine in kept.items():
        row = rows[case]
        tags = " ".join(f"#{tag}" for tag in mine.tags) or "-"
        lines.append(((row.reference if row is not None else "") or case[1], tags, mine.until or "-", mine.note))
    for line in table(lines):
        out(line)
    return commands.OK


def _tags(store: Store, json: bool) -> int:
    found = store.personal.tags()
    if json:
        out_json({"tags": [{"tag": tag, "cases": count} for tag, count in found]})
        return commands.OK
    for line in table([(f"#{tag}", str(count)) for tag, count in found]):
        out(line)
    if not found:
        say(_("No tag is in use."))
    return commands.OK


def _edit(store: Store, options: argparse.Namespace, cases: list[CaseId]) -> Callable[[CaseId, Mine], Mine]:
    """What to make of what is kept. Raises `CommandError` for what cannot be meant."""
    from imi_tui.cache.personal.annotations import note_text, tag_name, tagged, untagged
    from imi_tui.typed_values import read_date
    from imi_tui.viewmodel.own import last_day

    today = dt.datetime.now().astimezone().date()
    give, take = [tag_name(each) for each in options.tag], [tag_name(each) for each in options.untag]
    if not all((*give, *take)):
        raise CommandError(_("A tag is a word of letters, digits, “-” and “.”."), commands.USAGE)
    until = (read_date(options.until, i18n.language(), today) or "") if options.until else ""
    if options.until and until <= today.isoformat():
        raise CommandError(_("Write a day after today, such as 2026-12-31."), commands.USAGE)
    stand = store.marking.waiting(cases) if until else {}
    if until and len(stand) < len(cases):
        raise CommandError(_("A case in which nobody waits for your desk cannot be put off."), commands.REFUSED)

    def edit(case: CaseId, mine: Mine) -> Mine:
        for tag in give:
            mine = tagged(mine, tag)
        for tag in take:
            mine = untagged(mine, tag)
        if options.note is not None:
            mine = mine._replace(note=note_text(options.note))
        if until:
            due, version = stand[case]
            mine = mine._replace(until=last_day(until, due, today), version=version)
        return mine._replace(until="", version=0) if options.now else mine

    return edit
