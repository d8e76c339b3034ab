"""The commands that copy, put back and check the database, and read its audit trail. Each raises `CommandError`."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import sys
from pathlib import Path

from imi_central.commands import database_errors, opened, say
from imi_central.errors import CommandError
from imi_central.jobs import backup as job
from imi_central.settings import Settings
from imi_central.store.codec import ms
from imi_central.store.trail import Noted, Wanted

_WORDS = {
    "log": "the change log of {id} breaks at change {at}",
    "case": "the seals of case {id} break at its entry {at}",
    "file": "the bytes of file {id} are not those that came",
}


def backup(settings: Settings, to: Path) -> None:
    """Copy the database while it is in use."""
    with opened(settings) as store:
        say(f"Backed up and verified: {job.make(store, settings.database_url, to)}")


def restore(settings: Settings, file: Path, replace: bool) -> None:
    """Put a backup in the database's place."""
    with database_errors(settings):
        kept = job.restore(file, settings.database_url, replace=replace)
    say(f"Restored {file} to {settings.shown_database}. Everybody has to sign in again.")
    if kept is not None:
        say(f"The database that was there is now {kept}.")
    say("Officers that were disabled and rights that were taken away since the backup have to be so again.")


def renew(settings: Settings) -> None:
    """Make a database that other tools put back fit to serve."""
    with opened(settings) as store:
        job.renew(store)
    say(f"{settings.shown_database} verifies and has a new epoch. Everybody has to sign in again.")


def verify(settings: Settings, copy: str | None) -> None:
    """Check everything that is chained or hashed; or a copy of the database, which then counts as a backup."""
    if copy is not None:
        with opened(settings) as store, opened(dataclasses.replace(settings, database=copy)) as other:
            job.count(store, other)
        say("The copy verifies and counts as a backup.")
        return
    with opened(settings) as store:
        broken = store.broken()
    for each in broken:
        say(_WORDS[each.kind].format(id=each.id, at=each.at))
    if broken:
        raise CommandError(f"{len(broken)} things do not verify")
    say("All change logs, cases and files verify.")


def audit(settings: Settings, since: str | None, before: str | None, login: str, case: str) -> None:
    """Print the audit trail as CSV: who did what when, with ids and never with content."""
    wanted = Wanted(_instant("since", since), _instant("before", before), login.strip().casefold(), case.strip())
    with opened(settings) as store:
        writer = csv.writer(sys.stdout)
        writer.writerow(Noted._fields)
        for each in store.trail(wanted):
            writer.writerow((each.at.isoformat(timespec="milliseconds"), *each[1:]))


def _instant(name: str, text: str | None) -> int | None:
    """A day, or an instant, in UTC where nothing else is said; milliseconds."""
    if text is None:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--{name}: {text!r} is no day; allowed: like 2026-03-02 or 2026-03-02T09:00") from error
    return ms(found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC))
