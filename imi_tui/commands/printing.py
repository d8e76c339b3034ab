"""``imi-tui print REF``: a case to the system's printer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.errors import UnknownProcedure
from imi_tui import commands, i18n, problems
from imi_tui.commands.common import CommandError, find_case, opened, say
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("reference", metavar="REF", help=_("reference such as PW-26-004512, or the id of a case"))
    parser.add_argument("--summary", action="store_true", help=_("without personal data, answers and free text"))
    parser.add_argument("--no-translations", action="store_true", help=_("leave out translations of free text"))
    parser.add_argument("--desk", default="", help=_("at which of your desks"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from imi_tui.export import printed
    from imi_tui.export.errors import NotExported
    from imi_tui.outside.printing import find_command

    if find_command() is None:
        raise CommandError(problems.sentence("noPrinter"), commands.LOCAL)
    with opened(options) as client:
        desk, id = find_case(client.store, options.reference, options.desk)
        detail = client.store.case(desk, id)
        assert detail is not None
        server = str(getattr(options, "server", "") or client.settings.server)
        try:
            job = printed.job(
                client.store,
                detail,
                personal=not options.summary,
                language=i18n.language(),
                server=server,
                today=client.store.today(),
                translations=not options.no_translations,
            )
        except UnknownProcedure as error:
            raise CommandError(problems.sentence(error.code), commands.NOT_FOUND) from error
        number = printed.begin(client.store, job)
        try:
            client.store.exports.done(number, *printed.send(job))
        except NotExported as error:
            client.store.exports.failed(number)
            raise CommandError(problems.sentence(error.code), commands.LOCAL) from error
    say(_("Given to the printer: {what}").format(what=job.what))
    return commands.OK
