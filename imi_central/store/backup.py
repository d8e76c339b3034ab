"""Copying a database while it is in use, checking what a database holds, and putting a copy in its place (SQLite).

A copy counts as a backup only once it was read again: pages, change logs, case seals and files. `safeSeq` (P4) follows
from that alone.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import sqlalchemy as sa

from imi_central.store import changes
from imi_central.store.codec import decode_case, decode_entry
from imi_central.store.errors import BackupRefused
from imi_central.store.tables import account, blob, cases, entries
from imi_core import seal
from imi_core.errors import SealBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from imi_core.case import Entry

_HEADER = b"SQLite format 3\0"


class Broken(NamedTuple):
    """What does not verify. `kind`: "log" (an account's change log), "case" (its seals), "file" (its SHA-256)."""

    kind: str
    id: str
    at: int
    """The change or the position of the entry where the chain breaks; 0 for a file."""


def broken(conn: Connection) -> Iterator[Broken]:
    """Everything that does not verify, in one read transaction."""
    for each in conn.scalars(sa.select(account.c.id).order_by(account.c.id)).all():
        if (at := changes.verify(conn, each)) is not None:
            yield Broken("log", each, at)
    some = {"yield_per": 500}
    for case_id, data in conn.execute(sa.select(cases.c.id, cases.c.data), execution_options=some):
        held = sa.select(entries.c.data).where(entries.c.case_id == case_id).order_by(entries.c.version, entries.c.id)
        sealed: list[Entry] = []
        try:
            sealed.extend(decode_entry(each) for each in conn.scalars(held))
            if seal.verify(sealed) != decode_case(data).head:
                yield Broken("case", case_id, len(sealed))
        except SealBroken as error:
            yield Broken("case", case_id, error.position)
        except msgspec.MsgspecError:
            yield Broken("case", case_id, len(sealed))
    files = sa.select(blob.c.id, blob.c.sha256, blob.c.data)
    for blob_id, sha256, data in conn.execute(files, execution_options={"yield_per": 4}):
        if hashlib.sha256(data).hexdigest() != sha256:
            yield Broken("file", blob_id, 0)


def heads(conn: Connection) -> dict[str, changes.Head]:
    """Where each account's change log stands."""
    return {each: changes.head(conn, each) for each in conn.scalars(sa.select(account.c.id)).all()}


def copy(source: Path, target: Path) -> None:
    """Copy a database, in use or not, into a new file that its owner alone can read: one consistent moment.

    Raises OSError and `BackupRefused`.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            single(new)
    except sqlite3.Error as error:
        raise BackupRefused(f"{source} cannot be copied to {target}: {error}") from error
    sync(target)


def single(conn: sqlite3.Connection) -> None:
    """Leave everything in the one file, without a write-ahead log beside it. Raises where somebody else has it open."""
    conn.execute("PRAGMA journal_mode=DELETE")


def sync(path: Path) -> None:
    """Bring a file and its name to the disk."""
    for each in (path, path.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_pages(path: Path) -> None:
    """Raise `BackupRefused` for a file that is no sound SQLite database."""
    try:
        with path.open("rb") as file:
            if file.read(len(_HEADER)) != _HEADER:
                raise BackupRefused(f"{path} is no database")
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as conn:
            [(said,)] = conn.execute("PRAGMA integrity_check(1)").fetchall()
    except OSError as error:
        raise BackupRefused(f"{path} cannot be read: {error.strerror}") from error
    except sqlite3.DatabaseError as error:
        raise BackupRefused(f"{path} is damaged: {error}") from error
    if said != "ok":
        raise BackupRefused(f"{path} is damaged: {said}")


def in_use(path: Path) -> bool:
    """Whether another process has this database open.

    Where nobody has, everything of it is in the one file afterwards, unless it is too damaged for that.
    """
    with closing(sqlite3.connect(path, timeout=0.2)) as conn:
        try:
            # Every open connection keeps a lock that leaving the write-ahead log cannot get past.
            single(conn)
        except sqlite3.DatabaseError as error:
            return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return False
