"""``imi-tui authorities WORDS``: find an authority and the desk to address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_tui import commands
from imi_tui.commands.common import CommandError, at_most, languages, opened, out, out_json, say
from imi_tui.commands.tables import table
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse

    from imi_tui.cache.model import AuthorityHit
    from imi_tui.cache.store import Store
    from imi_tui.viewmodel.asking import Asking, Topic

MOST = 1000


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "words", metavar="WORDS", nargs="*", help=_("words of the name, the title, a topic or the town")
    )
    parser.add_argument("--country", default="", metavar="CC", help=_("only this country, such as DE"))
    parser.add_argument("--area", default="", metavar="AREA", help=_("only this legal area, such as pw"))
    parser.add_argument("--language", default="", metavar="LL", help=_("only those that work in it, such as fr"))
    parser.add_argument("--town", default="", metavar="TOWN", help=_("only this town, as the register writes it"))
    parser.add_argument("--about", default="", metavar="TOPIC", help=_("whom to ask about this; see --topics"))
    parser.add_argument("--topics", action="store_true", help=_("list what one can ask about"))
    parser.add_argument("--facets", action="store_true", help=_("count countries, areas, languages and towns instead"))
    parser.add_argument("--remember", metavar="ID", help=_("keep an authority on top, on this machine only"))
    parser.add_argument("--forget", metavar="ID", help=_("no longer keep it on top"))
    parser.add_argument("--limit", type=commands.whole_number, default=50, metavar="N", help=_("how many at most (50)"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from imi_tui.viewmodel.asking import Asking

    with opened(options) as client:
        if options.remember or options.forget:
            return _keep(client.store, options)
        here, all = client.store.register_share()
        asking = Asking(client.store, languages()[0], languages())
        # The names of countries take as long to load as all the rest; here one says --country.
        asking.read(names=False)
        if options.topics:
            return _topics(asking.topics(), options.json)
        if options.about:
            asking.topic = _topic(asking, options.about)
        if not (options.words or options.about or options.facets or options.country or options.area):
            raise CommandError(_("Say what to look for, or --about, --topics or --facets."), commands.USAGE)
        asking.narrowed = {"language": options.language, "town": options.town}
        limit = at_most(options.limit, MOST)
        found = asking.find(" ".join(options.words), options.country.upper(), options.area, limit)
        facets = asking.facets() if options.facets else None
        topic = asking.topic
    if here < all:
        say(_("So far {here} of {all} countries of the register are on this machine.").format(here=here, all=all))
    if found.unknown:
        say(_("No authority on this machine has: {words}").format(words=", ".join(found.unknown)))
    if facets is not None:
        counted = [(name, key, count) for name, values in facets._asdict().items() for key, count in values]
        if options.json:
            out_json({"facets": {name: dict(values) for name, values in facets._asdict().items()}})
        else:
            for line in table([(name, str(count), key) for name, key, count in counted[:limit]]):
                out(line)
    else:
        _print(found.hits, found.total, topic, options.json)
    return commands.OK if found.hits else commands.NOT_FOUND


def _print(hits: list[AuthorityHit], total: int, topic: Topic | None, as_json: bool) -> None:
    from imi_tui.viewmodel.asking import reason

    if as_json:
        names = ("id", "desk", "country", "name", "title", "town", "area", "why", "matched", "missing", "remembered")
        rows = [
            {name: getattr(hit, name) for name in names}
            | {"partner": hit.cases > 0, "competent": hit.competent, "coordinates": hit.coordinates}
            for hit in hits
        ]
        out_json({"authorities": rows, "total": total})
        return
    for line in table(
        [(hit.desk or hit.id, hit.country, hit.town, hit.title, hit.name, reason(hit, topic)) for hit in hits]
    ):
        out(line)
    if not hits:
        say(_("No authority on this machine fits."))
    elif total > len(hits):
        say(_("{shown} of {count} are shown.").format(shown=len(hits), count=total))


def _topics(found: list[Topic], as_json: bool) -> int:
    if as_json:
        out_json({"topics": [{"id": topic.key, "label": topic.label, "area": topic.area} for topic in found]})
    else:
        for line in table([(topic.key, topic.label) for topic in found]):
            out(line)
    return commands.OK if found else commands.NOT_FOUND


def _topic(asking: Asking, wanted: str) -> Topic:
    """The topic with this id, or the only one that has these words. Raises `CommandError`."""
    from imi_core.text import display, fold, words

    found = asking.topics()
    named = [topic for topic in found if topic.key == wanted] or [
        topic for topic in found if all(word in fold(f"{topic.label} {topic.key}") for word in words(wanted))
    ]
    if len(named) == 1:
        return named[0]
    if not named:
        text = _("There is no topic {topic}; see: imi-tui authorities --topics")
        raise CommandError(text.format(topic=display(wanted)), commands.NOT_FOUND)
    keys = ", ".join(topic.key for topic in named[:8])
    raise CommandError(_("Several topics fit {topic}: {keys}").format(topic=display(wanted), keys=keys), commands.USAGE)


def _keep(store: Store, options: argparse.Namespace) -> int:
    id = options.remember or options.forget
    if options.remember and store.authority(id) is None:
        say(_("No authority on this machine fits."))
        return commands.NOT_FOUND
    if options.remember:
        store.partners.remember(id)
    else:
        store.partners.forget(id)
    return commands.OK
