"""Making a backup that counts, and putting one back (docs/operating.md)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from imi_central.store import Store
from imi_central.store import backup as copies
from imi_central.store.address import parse
from imi_central.store.errors import BackupRefused
from imi_central.store.identity import Sessions

if TYPE_CHECKING:
    from imi_central.store.changes import Head

_SHOWN = 5
_SUFFIXES = ("", "-wal", "-journal")
"""What the names of a database and of the logs beside it end with."""


def make(store: Store, url: str, to: Path) -> Path:
    """Copy the database at `url`, which `store` has open, to a file or into a folder; the file.

    The copy is verified and only then gets its name and moves `safeSeq`. Raises `BackupRefused`.
    """
    source, target = _file(url), to
    if to.is_dir():
        target = to / f"imi-central-{store.now():%Y%m%dT%H%M%S}Z.db"
    part = _beside(target, ".part")
    if target.exists() or part.exists():
        raise BackupRefused(f"{target if target.exists() else part} is there already; name a new file")
    try:
        copies.copy(source, part)
        copied = _verified(part)
        part.rename(target)
        copies.sync(target)
    except OSError as error:
        raise BackupRefused(f"{target} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    store.backed_up(copied)
    return target


def restore(file: Path, url: str, *, replace: bool) -> Path | None:
    """Put a backup in the place of the database at `url`; where the replaced one, if any, is kept.

    The backup is verified first. It gets a new epoch, so that clients offer again what it lacks (P4), and no session
    that was ended since comes to life again. Raises `BackupRefused`.
    """
    target = _file(url)
    copies.check_pages(file)
    part = _beside(target, ".restoring")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        copies.copy(file, part)
        _renewed(part)
        kept = _set_aside(target, replace)
        part.rename(target)
        copies.sync(target)
    except OSError as error:
        raise BackupRefused(f"{target} cannot be written: {error.strerror}") from error
    finally:
        for suffix in (*_SUFFIXES, "-shm"):
            _beside(part, suffix).unlink(missing_ok=True)
    return kept


def count(store: Store, copy: Store) -> None:
    """Verify a copy of a store's database that other tools made and put back; then `safeSeq` moves to what it holds.

    Raises `BackupRefused`, also where `copy` is the very database of which it should be a copy.
    """
    mark = secrets.token_hex(16)
    store.mark(mark)
    if copy.has_mark(mark):
        raise BackupRefused("this is the database itself; name the one that its copy was put back into")
    store.backed_up(_sound(copy))


def renew(store: Store) -> None:
    """Make a database that was put back by other tools fit to serve: what `restore` does to a backup.

    Raises `BackupRefused` where something in it does not verify.
    """
    heads = _sound(store)
    store.new_epoch()
    store.backed_up(heads)
    Sessions(store).end_all()


def _sound(store: Store) -> dict[str, Head]:
    if broken := store.broken():
        shown = ", ".join(f"{each.kind} {each.id}" for each in broken[:_SHOWN])
        raise BackupRefused(f"{len(broken)} things in it do not verify ({shown}); see imi-central verify")
    return store.copied_heads()


def _verified(path: Path) -> dict[str, Head]:
    copies.check_pages(path)
    store = Store.open(f"sqlite:///{path}")
    try:
        return _sound(store)
    finally:
        store.close()
        copies.in_use(path)


def _renewed(path: Path) -> None:
    store = Store.open(f"sqlite:///{path}")
    try:
        renew(store)
    finally:
        store.close()
    if copies.in_use(path):
        raise BackupRefused(f"{path} is in use")


def _set_aside(target: Path, replace: bool) -> Path | None:
    there = target.exists()
    if there and copies.in_use(target):
        raise BackupRefused("the database is in use; stop the server first")
    if there and not replace:
        raise BackupRefused(f"there is a database {target} already; --replace puts the backup in its place")
    number = 1
    while any(_beside(target, f".replaced-{number}{suffix}").exists() for suffix in _SUFFIXES):
        number += 1
    # What a database leaves beside it belongs to it, also where it is lost itself: SQLite would put it into the backup.
    for suffix in _SUFFIXES:
        if (found := _beside(target, suffix)).exists():
            os.rename(found, _beside(target, f".replaced-{number}{suffix}"))
    _beside(target, "-shm").unlink(missing_ok=True)
    return _beside(target, f".replaced-{number}") if there else None


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _file(url: str) -> Path:
    address = parse(url)
    if address.backend != "sqlite":
        raise BackupRefused("this command copies SQLite; PostgreSQL has pg_basebackup and pg_dump")
    return Path(address.database)
