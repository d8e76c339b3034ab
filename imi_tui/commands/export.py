"""``imi-tui export``: a case as PDF/A or JSON, a list of cases as XLSX, CSV or JSON, and the log of all that."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from imi_core.errors import UnknownProcedure
from imi_core.text import display
from imi_tui import commands, i18n, problems
from imi_tui.attachments import listed
from imi_tui.cache.model import SORTS, VIEWS
from imi_tui.commands.common import (
    Client,
    CommandError,
    at_most,
    find_case,
    opened,
    out,
    out_json,
    say,
    translations_are_new,
)
from imi_tui.commands.listing import own_view, searched
from imi_tui.commands.tables import table
from imi_tui.i18n import _, ngettext
from imi_tui.profile import expanded

if TYPE_CHECKING:
    import argparse

    from imi_tui.cache.model import CaseDetail, Row
    from imi_tui.export.service import Job

FORMATS = ("pdf", "xlsx", "csv", "json")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add = parser.add_argument
    add("reference", metavar="REF", nargs="?", default="", help=_("one case, by its reference or id"))
    add("--view", metavar="VIEW", help=_("instead of one case the list of a view"))
    add("--search", metavar="WORDS", help=_("instead of one case the list of a search"))
    add("--sort", choices=SORTS, help=_("in which order (due; of a search: as found, the newest first)"))
    add("--limit", type=commands.whole_number, default=50_000, metavar="N", help=_("how many cases at most (50000)"))
    add("--format", choices=FORMATS, help=_("pdf or json for a case; xlsx, csv or json for a list"))
    add("--in", dest="text_lang", metavar="CODE", help=_("language of the file, such as fr; else that of the program"))
    add("--to", metavar="PATH", help=_("the folder to put it in"))
    add("--no-fetch", action="store_true", help=_("leave out files of the case that are not on this machine"))
    add("--no-translations", action="store_true", help=_("leave out translations of free text"))
    add("--log", action="store_true", help=_("show what was exported, when, by whom and where to"))
    add("--desk", default="", help=_("at which of your desks"))
    add("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    if not options.log:
        _check(options)
    with opened(options) as client:
        if options.log:
            return _log(client, options.json)
        _fetch_labels(client, options)
        job = _case(client, options) if options.reference else _list(client, options)
        from imi_tui.export import service
        from imi_tui.export.errors import NotExported

        try:
            done = service.export(client.store, job, expanded(options.to).absolute())
        except NotExported as error:
            raise CommandError(problems.sentence(error.code), commands.LOCAL) from error
    if options.json:
        out_json(
            {
                "path": str(done.path),
                "format": job.format,
                "size": done.size,
                "sha256": done.sha256,
                "cases": len(job.cases),
                "missingFiles": job.missing,
            }
        )
    else:
        out(display(str(done.path)))
    if job.missing:
        text = ngettext(
            "{count} file of the case is not in it.", "{count} files of the case are not in it.", job.missing
        )
        say(text.format(count=job.missing))
    return commands.OK


def _check(options: argparse.Namespace) -> None:
    """What can be said to be wrong before anything is opened. Raises `CommandError`."""
    named = [options.reference, options.view, options.search]
    if sum(bool(each) for each in named) != 1:
        raise CommandError(_("Name one case, a view or a search to export."), commands.USAGE)
    if not options.to:
        raise CommandError(_("Say with --to in which folder the file goes."), commands.USAGE)
    allowed = ("pdf", "json") if options.reference else ("xlsx", "csv", "json")
    options.format = options.format or allowed[0]
    if options.format not in allowed:
        text = _("{name} has to be one of {allowed}.").format(name="--format", allowed=", ".join(allowed))
        raise CommandError(text, commands.USAGE)
    options.text_lang = options.text_lang or i18n.language()
    if options.text_lang not in i18n.languages():
        text = _("{name} has to be one of {allowed}.").format(name="--in", allowed=", ".join(i18n.languages()))
        raise CommandError(text, commands.USAGE)


def _fetch_labels(client: Client, options: argparse.Namespace) -> None:
    """Fetch the texts of procedures in the language of the file. Where the line does not work, they stay English."""
    if options.format == "json" or not client.store.want_labels(options.text_lang):
        return
    from imi_tui.viewmodel import exporting

    if not options.no_fetch:
        _synchronise(client)
    if note := exporting.labels_note(exporting.spoken(client.store.procedures()), options.text_lang):
        say(note)


def _case(client: Client, options: argparse.Namespace) -> Job:
    from imi_tui.export import service

    desk, id = find_case(client.store, options.reference, options.desk)
    detail = client.store.case(desk, id)
    assert detail is not None
    contents: dict[int, bytes] = {}
    if not options.no_fetch:
        detail = _fetched(client, options, detail)
    if options.format == "pdf":
        contents = dict(service.read_files(client.store, service.here(client.store, detail)))
    try:
        return service.case(
            client.store,
            detail,
            options.format,
            language=options.text_lang,
            server=_server(client),
            today=dt.datetime.now().astimezone().date(),
            files=contents,
            translations=not options.no_translations,
        )
    except UnknownProcedure as error:
        raise CommandError(problems.sentence(error.code), commands.NOT_FOUND) from error


def _fetched(client: Client, options: argparse.Namespace, detail: CaseDetail) -> CaseDetail:
    """The case once what is missing of it was asked for and waited for. Where the line does not work, what is here has
    to do."""
    files, missing = client.store.files, []
    if options.format == "pdf":
        missing = [each for each in listed(detail) if files.state(each.file).where in ("server", "wanted", "failed")]
    if not missing and (options.no_translations or not translations_are_new(client.store, detail)):
        return detail
    for each in missing:
        files.want(detail.desk, detail.id, each.file)
        say(_("Fetching {name} ...").format(name=each.name))
    _synchronise(client)
    return client.store.case(detail.desk, detail.id) or detail


def _synchronise(client: Client) -> None:
    from imi_tui.cache.errors import AlreadyRunning
    from imi_tui.commands.syncing import synchronise
    from imi_tui.sync.errors import SyncError

    try:
        synchronise(client)
    except CommandError as error:
        say(error.text)
    # Beside the full screen, which fetches what was asked for at its next synchronisation.
    except (SyncError, AlreadyRunning) as error:
        say(problems.sentence(error.code))


def _list(client: Client, options: argparse.Namespace) -> Job:
    from imi_tui.export import service

    most = at_most(options.limit, service.MOST)
    found: list[Row] = []
    line, name, what = options.search, "search", options.search
    if not line and options.view not in VIEWS:
        own = own_view(client.store, options.view)
        line, name, what = own.line, own.name, f"{own.name}: {own.line}"
    if line:
        hits = searched(client.store, line, most, options.sort or "newest")
        found += hits.rows
        if hits.more:
            say(_("{shown} of {total} cases shown; use --limit for more.").format(shown=len(found), total=f"{most}+"))
        for note in hits.notes:
            say(note)
    else:
        for page in service.view_rows(client.store, options.view, options.sort or "due", most):
            found += page
        name = what = options.view
        total = client.store.counts().get(options.view, 0)
        if total > len(found):
            say(_("{shown} of {total} cases shown; use --limit for more.").format(shown=len(found), total=total))
    if not found:
        raise CommandError(_("There is no case to export."), commands.NOT_FOUND)
    return service.rows(
        client.store,
        found,
        options.format,
        name=name,
        what=what,
        language=options.text_lang,
        server=_server(client),
        translations=not options.no_translations,
    )


def _server(client: Client) -> str:
    return str(getattr(client.options, "server", "") or client.settings.server)


def _log(client: Client, as_json: bool) -> int:
    entries = client.store.exports.log()
    if as_json:
        wire = []
        for each in entries:
            made = each._asdict()
            made["officerName"] = made.pop("officer_name")
            wire.append(made)
        out_json({"exports": wire})
        return commands.OK
    rows = []
    for each in entries:
        when = each.at[:16].replace("T", " ")
        rows.append((when, each.state, each.format, str(each.cases), each.what, each.officer_name, each.path))
    for line in table(rows):
        out(line)
    if not entries:
        say(_("Nothing was exported from this machine."))
    return commands.OK
