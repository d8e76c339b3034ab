"""``imi-tui authorities WORDS``: find an authority and the desk to address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_tui import commands
from imi_tui.commands.common import languages, opened, out, out_json, say
from imi_tui.commands.tables import table
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "words", metavar="WORDS", nargs="+", help=_("words of the name, the title, a topic or the town")
    )
    parser.add_argument("--country", default="", metavar="CC", help=_("only this country, such as DE"))
    parser.add_argument("--area", default="", metavar="AREA", help=_("only this legal area, such as pw"))
    parser.add_argument("--limit", type=commands.whole_number, default=50, metavar="N", help=_("how many at most (50)"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    with opened(options) as client:
        hits = client.store.authorities(
            " ".join(options.words),
            country=options.country.upper(),
            area=options.area,
            languages=languages(),
            limit=max(1, min(options.limit, 1000)),
        )
        here, all = client.store.register_share()
    if here < all:
        say(_("So far {here} of {all} countries of the register are on this machine.").format(here=here, all=all))
    if options.json:
        names = ("id", "desk", "country", "name", "title", "town", "area", "why", "matched")
        out_json({"authorities": [{name: getattr(hit, name) for name in names} for hit in hits]})
    else:
        for line in table([(hit.desk or hit.id, hit.country, hit.town, hit.title, hit.name) for hit in hits]):
            out(line)
        if not hits:
            say(_("No authority on this machine fits."))
    return commands.OK if hits else commands.NOT_FOUND
