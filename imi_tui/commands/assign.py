"""``imi-tui assign REF...``: who at the desk looks after cases. The other side is not told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.text import display, fold
from imi_tui import commands, problems
from imi_tui.cache.ids import ASSIGN
from imi_tui.commands.common import CommandError, find_case, opened, out, out_json, say
from imi_tui.commands.tables import table
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse

    from imi_tui.cache.model import OutboxItem
    from imi_tui.cache.outbox.draft import Draft
    from imi_tui.cache.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "references", nargs="*", metavar="REF", help=_("references or ids of cases; none: the colleagues at your desks")
    )
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--to", default="", metavar="NAME", help=_("a colleague: the name, a part of it, or the id"))
    who.add_argument("--me", action="store_true", help=_("take them on yourself"))
    who.add_argument("--nobody", action="store_true", help=_("give them back"))
    parser.add_argument("--desk", default="", help=_("at which of your desks"))
    parser.add_argument("--no-sync", action="store_true", help=_("only queue; do not send now"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from imi_tui.commands.writing import try_to_send

    with opened(options) as client:
        store = client.store
        if not options.references:
            return _colleagues(store, options)
        if not (options.to or options.me or options.nobody):
            raise CommandError(_("Say who: --to NAME, --me or --nobody."), commands.USAGE)
        cases = [find_case(store, reference, options.desk) for reference in options.references]
        items, refused = store.queue_all([_draft(*case, _officer(store, case[0], options)) for case in cases])
        if refused and not items:
            raise refused[0][1]
        problem = "" if options.no_sync else try_to_send(client)
        left = {each.client_ref: each for each in store.outbox()}
        states = [_state(left.get(item.client_ref)) for item in items]
    if options.json:
        made = [
            {"state": state, "clientRef": item.client_ref, "desk": item.desk, "caseId": item.case_id}
            for item, state in zip(items, states, strict=True)
        ]
        out_json({"cases": made, "problem": problem})
    else:
        for item, state in zip(items, states, strict=True):
            out(f"{state} {item.reference or item.case_id}")
    for _draft_of, error in refused:
        say(problems.sentence(error.code))
    if "refused" in states:
        say(problems.sentence("stale"))
    elif "queued" in states and problem:
        say(problems.sentence(problem))
    return commands.REFUSED if refused or "refused" in states else commands.OK


def _state(left: OutboxItem | None) -> str:
    return "sent" if left is None else "refused" if left.state == "rejected" else "queued"


def _draft(desk: str, id: str, officer: str) -> Draft:
    from imi_tui.cache.outbox.draft import Draft

    return Draft(id="", desk=desk, procedure="", action=ASSIGN, case_id=id, target=officer, based_on=-1)


def _officer(store: Store, desk: str, options: argparse.Namespace) -> str:
    """The id of whom is meant; "" for nobody. Raises `CommandError`."""
    if options.nobody:
        return ""
    if options.me:
        return str(store.officer().get("id", ""))
    known = store.handlers.of(desk)
    exact = [each.id for each in known if options.to == each.id or fold(options.to) == fold(each.name)]
    found = exact or [each.id for each in known if fold(options.to) in fold(each.name)]
    if len(found) == 1:
        return found[0]
    if found:
        text = _("Several colleagues fit {name}: {names}")
        fitting = [each.name for each in known if each.id in found]
    else:
        text = _("There is no such colleague: {name}. There are: {names}")
        fitting = [each.name for each in known]
    names = ", ".join(map(display, fitting)) or "-"
    text = text.format(name=display(options.to), names=names)
    raise CommandError(text, commands.USAGE if found else commands.NOT_FOUND)


def _colleagues(store: Store, options: argparse.Namespace) -> int:
    found = [
        (seat.desk, each.id, each.name)
        for seat in store.seats()
        if options.desk in ("", seat.desk)
        for each in store.handlers.of(seat.desk)
    ]
    if options.json:
        out_json({"colleagues": [{"desk": desk, "id": id, "name": name} for desk, id, name in found]})
        return commands.OK
    for line in table([(desk, id, display(name)) for desk, id, name in found]):
        out(line)
    return commands.OK
