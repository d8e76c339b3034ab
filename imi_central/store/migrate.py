"""Bringing a database to the newest schema. Revisions only go forward; each commits together with its record."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from imi_central.store.dialect import alone
from imi_central.store.errors import NewerDatabase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Engine


FOLDER = Path(__file__).parent / "migrations"
_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))
"""Where the migrating library notes the revision a database has."""


def migrate(writer: Engine) -> None:
    """Apply every revision the database does not have yet, each in one transaction.

    Raises `NewerDatabase` where the database was written by a newer program.
    """
    known = revisions()
    with writer.begin() as conn:
        if not _behind(conn, known[-1], known):
            return
    # Here and not above: it takes as long to import as all the rest of a command, which nearly always finds no work.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    for revision in known:
        with writer.begin() as conn:
            alone(conn)
            if _behind(conn, revision, known):
                config.attributes["connection"] = conn
                command.upgrade(config, revision)


def tables_id() -> str:
    """What the revisions say, briefly: a throw-away database of others is not brought up to date but made anew."""
    found = hashlib.sha256()
    for path in _files():
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


@functools.cache
def revisions() -> tuple[str, ...]:
    """The oldest first; each is the number in the name of its file."""
    return tuple(path.name.split("_")[1] for path in _files())


def _files() -> list[Path]:
    return sorted((FOLDER / "versions").glob("rev_*.py"))


def _behind(conn: Connection, revision: str, revisions: Sequence[str]) -> bool:
    """Whether `revision` has to be applied; read inside the transaction, so that two starting processes agree."""
    current = conn.scalar(sa.select(_VERSION.c.version_num)) if sa.inspect(conn).has_table(_VERSION.name) else None
    if current is not None and current not in revisions:
        raise NewerDatabase(current, revisions[-1])
    return current is None or revisions.index(current) < revisions.index(revision)
