"""``imi-tui save REF FILE --to PATH``: fetch a file of a case where need be, check it and save it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.text import display
from imi_tui import commands, problems
from imi_tui.attachments import Listed, listed
from imi_tui.commands.common import Client, CommandError, find_case, opened, out, out_json, say
from imi_tui.i18n import _
from imi_tui.profile import expanded

if TYPE_CHECKING:
    import argparse

    from imi_tui.cache.model import CaseDetail


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("reference", metavar="REF", help=_("reference such as PW-26-004512, or the id of a case"))
    parser.add_argument("file", metavar="FILE", help=_("number or name of the file, as in: imi-tui files REF"))
    parser.add_argument("--to", required=True, metavar="PATH", help=_("the folder to save it in"))
    parser.add_argument("--desk", default="", help=_("at which of your desks"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from imi_tui.export.errors import NotExported
    from imi_tui.export.service import save_file

    with opened(options) as client:
        desk, id = find_case(client.store, options.reference, options.desk)
        detail = client.store.case(desk, id)
        assert detail is not None
        chosen = _chosen(detail, options.file)
        data = _content(client, detail, chosen)
        try:
            path = save_file(client.store, detail, chosen, data, expanded(options.to).absolute())
        except NotExported as error:
            raise CommandError(problems.sentence(error.code), commands.LOCAL) from error
    if options.json:
        out_json({"path": str(path), "name": chosen.name, "size": len(data), "sha256": chosen.file.get("sha256", "")})
    else:
        out(display(str(path)))
    return commands.OK


def _chosen(detail: CaseDetail, wanted: str) -> Listed:
    """The file with this number or name. Raises `CommandError` where there is none, or several."""
    files = listed(detail)
    found = [each for each in files if wanted in (str(each.number), each.name, str(each.file.get("name", "")))]
    by_number = [each for each in found if wanted == str(each.number)]
    if len(by_number or found) == 1:
        return (by_number or found)[0]
    if found:
        numbers = ", ".join(str(each.number) for each in found)
        raise CommandError(_("Several files have this name: {numbers}").format(numbers=numbers), commands.USAGE)
    text = _("The case has no file {file}.").format(file=display(wanted))
    raise CommandError(text, commands.NOT_FOUND)


def _content(client: Client, detail: CaseDetail, chosen: Listed) -> bytes:
    """The file, fetched where it is not here. Raises `SyncError`, `CommandError`."""
    files = client.store.files
    if files.state(chosen.file).where in ("server", "wanted", "loading", "failed"):
        from imi_tui.commands.syncing import synchronise

        files.want(detail.desk, detail.id, chosen.file)
        say(_("Fetching {name} ...").format(name=chosen.name))
        synchronise(client)
        state = files.state(chosen.file)
        if state.where != "here":
            code = state.problem or "fileGone"
            raise CommandError(problems.sentence(code), commands.BY_CODE.get(code, commands.SERVER))
    return files.read(chosen.file)
