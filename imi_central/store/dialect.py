"""Everything that differs between SQLite and PostgreSQL.

SQLite: WAL, one writer connection whose transactions start with BEGIN IMMEDIATE, and a pool of readers.
PostgreSQL: one pool; writers are READ COMMITTED and take row locks, readers REPEATABLE READ for one snapshot.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from imi_central.store.budget import TimedConnection, watch
from imi_central.store.errors import WrongEncoding

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine, Row

READERS = 16
BUSY_MS = 15_000
_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A PostgreSQL machine that is gone without a word: without these its connections are waited for for a quarter of an
hour and more, by every thread of the process, also when another machine has taken its place."""


def engines(url: str) -> tuple[Engine, Engine]:
    """(reader, writer) for a database address.

    Raises ValueError for any dialect but the two, and for an SQLite database in memory, which has no second reader.
    """
    address = sa.make_url(url)
    backend = address.get_backend_name()
    if backend == "postgresql":
        engine = sa.create_engine(
            address,
            pool_size=READERS,
            # A request that writes has a connection of each kind.
            max_overflow=READERS,
            pool_timeout=BUSY_MS / 1000,
            pool_use_lifo=True,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            connect_args=_connecting(address),
        )
        _prepare(engine)
        snapshots = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        watch(snapshots)
        return snapshots, engine
    if backend != "sqlite" or address.database in (None, "", ":memory:"):
        raise ValueError("the database is sqlite:///<file> or postgresql+psycopg://…")
    _make_private(address.database)
    reader = _sqlite(address, "BEGIN", READERS)
    watch(reader)
    return reader, _sqlite(address, "BEGIN IMMEDIATE", 1)


def _connecting(address: sa.URL) -> dict[str, Any]:
    """What connections to PostgreSQL are made with beside what the address says, which wins."""
    options = address.query.get("options", "")
    found: dict[str, Any] = {name: value for name, value in _PATIENCE.items() if name not in address.query}
    return found | {
        "options": f"-c lock_timeout={BUSY_MS} {options if isinstance(options, str) else ' '.join(options)}"
    }


def insert_many(conn: Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns, with values the driver takes as they are.

    Several times as fast as an ordinary insert of many rows, which converts each value of each row.
    """
    if not rows:
        return
    statement, order = _insert(conn.dialect, table, tuple(rows[0]))
    conn.exec_driver_sql(statement, [tuple(row[name] for name in order) for row in rows] if order else rows)


def locked(conn: Connection, key: sa.Column[Any], new: dict[str, Any]) -> Row[Any]:
    """The row with the key that `new` has, `new` itself where there is none; nobody else gets it until the end."""
    insert: Any
    # Each is loaded where it is in use anyway.
    if conn.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert
    made = insert(key.table).values(new)
    same = made.on_conflict_do_update(index_elements=[key], set_={key.name: made.excluded[key.name]})
    return conn.execute(same.returning(key.table)).one()


@functools.lru_cache(maxsize=64)
def _insert(dialect: sa.Dialect, table: sa.Table, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The statement, and the order of its values where they have no names."""
    compiled = sa.insert(table).compile(dialect=dialect, column_keys=names)
    return str(compiled), tuple(compiled.positiontup or names) if dialect.positional else ()


def alone(conn: Connection) -> None:
    """Until the transaction ends, no other process that asks for the same gets on: for migrations and the register.

    On SQLite a write transaction is alone anyway.
    """
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SELECT pg_advisory_xact_lock(7043217)")


def analyse(conn: Connection) -> None:
    """Refresh the planner's statistics after much was loaded."""
    conn.exec_driver_sql("ANALYZE")


def forget(engine: Engine) -> None:
    """Make sure that erased content is not readable in the write-ahead log (SQLite) or in dead rows (PostgreSQL)."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM cases, desk_case, entries, blob, assignment, translation")
    else:
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()


def _prepare(engine: Engine) -> None:
    """PostgreSQL keeps no NUL in text, and none is ever stored: what is asked for with one is just not found.

    Connecting raises `WrongEncoding` for a database that is not UTF8.
    """
    from psycopg.types.string import StrDumper

    class Dumper(StrDumper):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd"))

    def configure(connection: Any, _record: object) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise WrongEncoding(encoding)
        connection.adapters.register_dumper(str, Dumper)

    # Before the library asks a database of another encoding for its version, and trips over the answer.
    event.listen(engine, "connect", configure, insert=True)


def _make_private(database: str | None) -> None:
    """Make the file where there is none, readable by its owner alone: SQLite would let everybody read it, and gives
    its log the same rights. What cannot be made SQLite says itself."""
    if database and not database.startswith("file:"):
        # One that is there is not opened: to close it again would give up all locks this process has on it.
        with contextlib.suppress(OSError):
            os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. SQLite does not wait by itself where two connections switch at once."""
    end = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _sqlite(address: sa.URL, begin: str, size: int) -> Engine:
    engine = sa.create_engine(
        address,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=BUSY_MS / 1000,
        # The one used last first: it has in memory what the next one needs, and the others need none.
        pool_use_lifo=True,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000, "factory": TimedConnection},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # sqlite3 would start transactions by itself, and only before writes.
        connection.isolation_level = None
        _write_ahead(connection)
        for pragma in (
            "synchronous=FULL",
            "secure_delete=ON",
            "temp_store=MEMORY",
            "cache_size=-65536",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if begin == "BEGIN":
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
