"""``imi-tui sync``: send what waits, fetch what is new, say what happened."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

from imi_tui import commands, problems
from imi_tui.commands.common import Client, languages, opened, out, out_json, say, tokens
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from imi_tui.cache.store import Store
    from imi_tui.sync.run import Report

MAX_SKEW = 120
"""Seconds of difference between the clocks that are worth a word."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--json", action="store_true", help=_("print JSON"))
    parser.add_argument("--metered", action="store_true", help=_("fetch only lists and what was opened"))
    parser.add_argument(
        "--accept-removals",
        action="store_true",
        help=_("let the server remove many cases at once, after it was put on hold"),
    )


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    with opened(options) as client:
        report = synchronise(client, accept_removals=options.accept_removals, metered=options.metered)
        rejected = len([item for item in client.store.outbox() if item.state == "rejected"])
    if options.json:
        out_json(as_json(report))
    else:
        text = _("Sent {sent}, refused {refused}, waiting {waiting}; fetched {fetched}, removed {removed}.")
        counts = {"sent": report.sent, "refused": report.rejected, "waiting": report.waiting}
        out(text.format(**counts, fetched=report.changed, removed=report.removed))
    if rejected:
        say(_("Entries were refused; see: imi-tui outbox"))
    return commands.REFUSED if report.rejected else commands.OK


def synchronise(client: Client, *, accept_removals: bool = False, metered: bool = False) -> Report:
    """One synchronisation of an opened profile. Raises `AlreadyRunning`, `SyncError`, `CacheError`."""
    import datetime as dt

    from imi_tui.cache.errors import CacheError
    from imi_tui.cache.storage.lock import lock_profile
    from imi_tui.sync import transfers
    from imi_tui.sync.engine import Engine
    from imi_tui.sync.errors import SyncError
    from imi_tui.sync.http import Http
    from imi_tui.sync.transport import HttpTransport

    def clock() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    server = client.server
    with lock_profile(client.profile), progress_shown(client.store):
        sync = client.store.sync
        client.store.checkpoint_aside()
        http = Http(server)
        try:
            transport = HttpTransport(http, tokens(sync, http))
            sync.alphabet.choose(languages()[0])
            engine = Engine(
                sync,
                transport,
                clock,
                languages=languages(),
                accept_removals=accept_removals,
                metered=metered or client.settings.metered,
            )
            report = transfers.synchronise(
                engine, transfers.Transfers(sync, client.store.file_moves, transport, clock, time.monotonic)
            )
        except (SyncError, CacheError) as error:
            with contextlib.suppress(CacheError):
                sync.set_problem(error.code)
            raise
        finally:
            http.close()
            with contextlib.suppress(CacheError):
                client.store.activity.spent(dt.datetime.now().astimezone().date(), *http.spent())
        client.store.file_moves.trim(client.settings.files_mib * 1024 * 1024)
        client.store.file_moves.sweep()
        while sync.index_pending(500):
            pass
    if report.skew is not None and abs(report.skew) > MAX_SKEW:
        say(problems.sentence("clockSkew"))
    if report.restored:
        say(problems.sentence("restored"))
        sync.restored_is_told()
    if aside := client.store.status().aside:
        say(problems.aside(aside))
    return report


@contextlib.contextmanager
def progress_shown(store: Store) -> Iterator[None]:
    """While it runs, how far it is on one line of the terminal, once a second; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield
        return
    from imi_tui.viewmodel import status

    last = [time.monotonic(), 0.0]

    def follow(_changed: object) -> None:
        if time.monotonic() - last[0] < 1:
            return
        now = store.status()
        step, line = status.first_sync(now), status.sending(now)
        if step is not None:
            name, share, left = step
            percent = _("{percent} %").format(percent=int(share * 100))
            line = f"{status.bar(share)} {name} {percent}  {left}"
        if line:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
            last[1] = 1.0
        last[0] = time.monotonic()

    end = store.subscribe(follow)
    try:
        yield
    finally:
        end()
        if last[1]:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def as_json(report: Report) -> dict[str, object]:
    """The report as it is documented."""
    return {
        "sent": report.sent,
        "refused": report.rejected,
        "waiting": report.waiting,
        "fetched": report.changed,
        "removed": report.removed,
        "requests": report.requests,
        "compared": report.recovered,
        "restored": report.restored,
    }
