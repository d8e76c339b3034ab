"""``imi-tui new PROCEDURE --to DESK --answers FILE``: start a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.text import display
from imi_tui import commands
from imi_tui.commands import writing
from imi_tui.commands.common import CommandError, languages, opened
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse

    from imi_tui.cache.store import Store
    from imi_tui.forms.offers import Offer


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("procedure", metavar="PROCEDURE", help=_("kind of case, such as pw.info"))
    parser.add_argument("--to", required=True, metavar="DESK", help=_("whom to ask: a desk or an authority"))
    parser.add_argument("--answers", required=True, metavar="FILE", help=_("the request as .json or .toml, by field"))
    writing.add_common(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from imi_tui.cache.outbox.draft import Draft

    with opened(options) as client:
        store = client.store
        rules = store.rules(options.procedure)
        offer = _offer(store, options.procedure, options.desk)
        draft = Draft(
            id="",
            desk=offer.desk,
            procedure=options.procedure,
            action=offer.action,
            target=writing.target_desk(store, options.to, rules.procedure.area),
            answers=writing.read_answers(options.answers),
            text=options.text,
            lang=writing.text_language(client),
            attachments=writing.attachments(store, options, rules, offer.action),
        )
        return writing.finish(client, store.queue(draft))


def _offer(store: Store, procedure: str, desk: str) -> Offer:
    """Which of the officer's desks starts it. Raises `CommandError` where none may, or several."""
    from imi_tui.forms.offers import offers

    found = [offer for offer in offers(store, languages()) if offer.procedure == procedure]
    if desk:
        found = [offer for offer in found if offer.desk == desk]
    if not found:
        text = _("None of your desks may start {procedure}.").format(procedure=display(procedure))
        raise CommandError(text, commands.REFUSED)
    if len(found) > 1:
        text = _("Several of your desks may start this; add --desk with one of: {desks}")
        raise CommandError(text.format(desks=", ".join(offer.desk for offer in found)), commands.USAGE)
    return found[0]
