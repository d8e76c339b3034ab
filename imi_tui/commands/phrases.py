"""``imi-tui phrases``: list the texts that are inserted while writing; import and export the officer's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imi_core.text import display
from imi_tui import commands
from imi_tui.commands.common import CommandError, opened, out, out_json, say
from imi_tui.i18n import _, language, ngettext

if TYPE_CHECKING:
    import argparse

    from imi_tui.cache.personal.snippets import Phrase


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--lang-of", default="", metavar="CODE", help=_("only phrases of this language"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--export", metavar="FILE", help=_("write them into a new TOML file"))
    way.add_argument(
        "--import",
        metavar="FILE",
        dest="source",
        help=_("take those of a TOML file; the same abbreviation is replaced"),
    )


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    taken = _read(options.source) if options.source else []
    with opened(options) as client:
        snippets = client.store.snippets
        if taken:
            client.store.keep_phrases(taken)
        found = [each for each in snippets.phrases() if options.lang_of in ("", each.lang)]
    if taken:
        count = len(taken)
        say(ngettext("{count} phrase was taken.", "{count} phrases were taken.", count).format(count=count))
    elif options.export:
        _write(options.export, found)
    elif options.json:
        standard = [
            {"id": each.id, "title": each.abbreviation, "lang": each.lang, "text": each.text}
            for each in _standard(options.lang_of)
        ]
        own = [{name: getattr(each, name) for name in ("abbreviation", "lang", "text")} for each in found]
        out_json({"phrases": own, "standard": standard})
    else:
        _list(found)
        # Behind a heading, for nobody can change them or write them by their titles.
        if shipped := _standard(options.lang_of):
            out(_("Standard texts"))
            _list(shipped)
    return commands.OK


def _list(found: list[Phrase]) -> None:
    for each in found:
        out(f"{each.abbreviation}  {each.lang}  {display(each.text)}")


def _standard(lang: str) -> list[Phrase]:
    """The standard texts in a language, "" for the officer's own."""
    from imi_tui.forms import standard_texts

    return standard_texts.phrases([lang or language()])


def _read(file: str) -> list[Phrase]:
    from imi_tui.forms.phrases import MAX_FILE, PhraseProblem, from_toml

    path = Path(file)
    try:
        with path.open(encoding="utf-8") as source:
            return from_toml(source.read(MAX_FILE + 1))
    except (OSError, UnicodeDecodeError) as error:
        why = display(str(error))[:200]
        raise CommandError(
            _("The file {file} cannot be read: {why}").format(file=path.name, why=why), commands.USAGE
        ) from error
    except PhraseProblem as problem:
        raise CommandError(problem.text, commands.USAGE) from problem


def _write(file: str, found: list[Phrase]) -> None:
    from imi_tui.forms.phrases import to_toml
    from imi_tui.outside.saving import write_new

    path = Path(file)
    try:
        write_new(path, to_toml(found).encode())
    except OSError as error:
        why = display(str(error))[:200]
        raise CommandError(
            _("The file {file} cannot be written: {why}").format(file=path.name, why=why), commands.LOCAL
        ) from error
