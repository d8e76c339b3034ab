"""Bringing a database to the newest schema. Revisions only go forward; each commits together with its record."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from imi_central.store.dialect import alone
from imi_central.store.errors import NewerDatabase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Engine


def migrate(writer: Engine) -> None:
    """Apply every revision the database does not have yet, each in one transaction.

    Raises `NewerDatabase` where the database was written by a newer program.
    """
    revisions = _revisions()
    with writer.begin() as conn:
        if not _behind(conn, revisions[-1], revisions):
            return
    config = _config()
    for revision in revisions:
        with writer.begin() as conn:
            alone(conn)
            if _behind(conn, revision, revisions):
                config.attributes["connection"] = conn
                command.upgrade(config, revision)


def tables_id() -> str:
    """What the revisions say, briefly: a throw-away database of others is not brought up to date but made anew."""
    found = hashlib.sha256()
    for path in sorted((Path(__file__).parent / "migrations" / "versions").glob("rev_*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


@functools.cache
def _revisions() -> tuple[str, ...]:
    """The oldest first."""
    script = ScriptDirectory.from_config(_config())
    return tuple(revision.revision for revision in reversed(list(script.walk_revisions())))


def _behind(conn: Connection, revision: str, revisions: Sequence[str]) -> bool:
    """Whether `revision` has to be applied; read inside the transaction, so that two starting processes agree."""
    current = MigrationContext.configure(conn).get_current_revision()
    if current is not None and current not in revisions:
        raise NewerDatabase(current, revisions[-1])
    return current is None or revisions.index(current) < revisions.index(revision)
