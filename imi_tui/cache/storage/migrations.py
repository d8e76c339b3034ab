"""Bringing a file's tables to those of this version; what cannot be fetched again is copied until that went well."""

from __future__ import annotations

import os

from imi_core.lean import TYPE_CHECKING, suppress
from imi_tui.cache.errors import CacheError, FilesUnusable, NewerCache, NotUpdated, PlaintextCipher
from imi_tui.cache.storage.db_files import PLAIN_HEADER, header, sidecars

if TYPE_CHECKING:
    from imi_tui.cache.storage.db import Database


def migrate(database: Database, scripts: tuple[str, ...], at: str) -> int:
    """Bring the tables up to date, all scripts in one transaction with their numbers. The number found before.

    Raises `NewerCache` where the file is ahead of this program, `NotUpdated` where a script does not fit the file,
    which then is as it was, `PlaintextCipher` where the first page came out readable.
    """
    found: int = database.one("pragma user_version")[0]
    if found == len(scripts):
        return found
    if found > len(scripts):
        # Before a copy is made, which only the newer program would remove.
        raise NewerCache(database.part, found, len(scripts))
    if found and database.path is not None:
        try:
            _keep_copy(database, found)
        except OSError as error:
            raise FilesUnusable.of(error, database.path.name) from error
    with database.write():
        number = database.one("pragma user_version")[0]
        if number > len(scripts):
            raise NewerCache(database.part, number, len(scripts))
        for script in scripts[number:]:
            number += 1
            try:
                database.run(script)
            except CacheError as error:
                if type(error) is CacheError:
                    raise NotUpdated(database.part, number, error.message) from error
                raise
            database.run(
                "create table if not exists migration(number integer primary key, at text not null);"
                "insert into migration values(?, ?)",
                (number, at),
            )
            database.run(f"pragma user_version = {number}")
    if not found:
        _refuse_plain_text(database)
    return found


def _refuse_plain_text(database: Database) -> None:
    if database.path is None:
        return
    database.run("pragma wal_checkpoint(truncate)")
    if header(database.path) == PLAIN_HEADER:
        path = database.path
        database.close()
        for name in (path, *sidecars(path)):
            name.unlink(missing_ok=True)
        raise PlaintextCipher("this SQLite ignored the key")


def _keep_copy(database: Database, found: int) -> None:
    """A copy of a file that holds what cannot be fetched again, before its tables change."""
    if database.part != "work" or database.path is None:
        return
    import shutil

    with database.write():
        copy = database.path.with_name(f"{database.path.name}.before-{found + 1}")
        shutil.copyfile(database.path, copy)
        wal = database.path.with_name(database.path.name + "-wal")
        os.chmod(copy, 0o600)
        if wal.exists():
            log = copy.with_name(copy.name + "-wal")
            shutil.copyfile(wal, log)
            os.chmod(log, 0o600)


def forget_copies_of(path: str) -> None:
    """Remove what `migrate` kept of the file before its tables changed: it holds what officers wrote."""
    folder, name = os.path.split(path)
    # One that cannot be removed now is removed another time.
    with suppress(OSError):
        for found in os.listdir(folder):
            if found.startswith(f"{name}.before-"):
                with suppress(OSError):
                    os.unlink(os.path.join(folder, found))
