"""The commands that copy, put back and check the database. Each raises `CommandError`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from imi_central.commands import database_errors, opened, say
from imi_central.errors import CommandError
from imi_central.jobs import backup as job
from imi_central.settings import Settings

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
