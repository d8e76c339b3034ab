"""``imi-tui translate REF``: free text in a language the officer does not read, translated by the server's service."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from imi_core.languages import NAMES
from imi_core.text import display
from imi_tui import commands, problems
from imi_tui.commands.common import (
    CommandError,
    find_case,
    languages,
    opened,
    out,
    out_json,
    rules_of,
    say,
    translations_are_new,
)
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse

    from imi_tui.commands.common import Client
    from imi_tui.viewmodel.view import View


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("reference", metavar="REF", help=_("reference such as PW-26-004512, or the id of a case"))
    parser.add_argument(
        "--to", default="", metavar="CODE", choices=("", *NAMES), help=_("the language to translate into")
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help=_("list the texts with their numbers"))
    what.add_argument("--own", nargs=2, metavar=("N", "TEXT"), help=_("your own translation of text N, for your desk"))
    parser.add_argument("--desk", default="", help=_("at which of your desks"))
    parser.add_argument("--no-sync", action="store_true", help=_("only queue; do not send now"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from imi_tui.commands.writing import try_to_send
    from imi_tui.viewmodel import translating

    with opened(options) as client:
        desk, id = find_case(client.store, options.reference, options.desk)
        view = _view(client, desk, id, options.to)
        problem, asked = "", 0
        if options.own:
            _write(client, view, *options.own)
        elif not options.list:
            wishes = translating.wanted(view)
            if wishes and not client.store.translations.engine():
                raise CommandError(problems.sentence("noService"), commands.REFUSED)
            if wishes:
                client.store.translations.ask(wishes)
            asked = len(wishes)
        translations_are_new(client.store, view.detail)
        if not options.list and not options.no_sync:
            problem = try_to_send(client)
        if not options.list:
            view = _view(client, desk, id, options.to)
        _show(view, options, asked, problem)
        if problem:
            say(problems.sentence(problem))
        refused = next((wish.problem for wish in view.detail.wishes if wish.problem), "")
        if refused:
            say(problems.sentence(refused))
    return commands.REFUSED if refused else commands.OK


def _view(client: Client, desk: str, id: str, lang: str) -> View:
    from imi_tui.viewmodel import translating
    from imi_tui.viewmodel.view import View

    detail = client.store.case(desk, id)
    assert detail is not None
    rules, _typed = rules_of(client.store, detail.case)
    spoken = languages()
    reads = (lang,) if lang else translating.chosen(client.settings.reads, spoken[0])
    return View(detail, rules, spoken, client.store.today(), client.store.authority, reads=reads)


def _write(client: Client, view: View, number: str, text: str) -> None:
    from imi_tui.cache.outbox.draft import own_translation
    from imi_tui.viewmodel.translating import foreign

    found = foreign(view)
    at = commands.whole_number(number) if number.isdigit() else 0
    if not 1 <= at <= len(found) or not text.strip():
        raise CommandError(_("Which text?"), commands.USAGE)
    case = view.detail.desk, view.detail.id
    client.store.queue(own_translation(secrets.token_hex(16), case, found[at - 1][:3], text.strip(), view.reads[0]))


def _show(view: View, options: argparse.Namespace, asked: int, problem: str) -> None:
    from imi_tui.viewmodel.translating import foreign

    found = foreign(view)
    if options.json:
        texts = [each._asdict() for each in found]
        made = list(view.detail.translations)
        out_json({"texts": texts, "translations": made, "asked": asked, "problem": problem})
        return
    for number, each in enumerate(found, 1):
        out(f"{number} [{each.lang or '?'}] {display(each.part)}")
        # In the words of others: every line carries a mark.
        for text in filter(None, (each.text, each.translated)):
            lines = display(text, "multi").split("\n")
            out("\n".join(f"  {'|' if text is each.text else '>'} {line}" for line in lines))
