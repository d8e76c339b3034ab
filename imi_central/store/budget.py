"""How long one request may keep the database busy (S7): what takes longer is broken off, and `TooSlow` raised.

Only the database's own time counts, not that of building an answer. SQLite is asked between steps of a statement.
PostgreSQL ends a statement by itself; what the statements of a request take together is counted here.
"""

from __future__ import annotations

import math
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from imi_central.store.errors import TooSlow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.engine import Connection, Engine, ExceptionContext

_STEPS = 20_000
"""SQLite asks after so many steps of a statement: about once a millisecond."""
_CANCELLED = "57014"
"""The SQLSTATE of a statement that PostgreSQL ended."""


class TimedConnection(sqlite3.Connection):
    """A connection that ends a statement once `left` seconds of database time are used up."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.left = math.inf
        self._until = math.inf
        self.set_progress_handler(self._is_late, _STEPS)

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(factory or _TimedCursor)

    def timed(self, work: Callable[..., Any], *args: Any) -> Any:
        """`work` on this connection, its time taken from what is left."""
        began = time.monotonic()
        self._until = began + self.left
        try:
            return work(*args)
        finally:
            self._until = math.inf
            self.left -= time.monotonic() - began

    def _is_late(self) -> bool:
        return time.monotonic() > self._until


class _TimedCursor(sqlite3.Cursor):
    """SQLite works while rows are fetched, too."""

    connection: TimedConnection

    def execute(self, *args: Any) -> Any:
        return self.connection.timed(super().execute, *args)

    def fetchone(self) -> Any:
        return self.connection.timed(super().fetchone)

    def fetchmany(self, *args: Any) -> Any:
        return self.connection.timed(super().fetchmany, *args)

    def fetchall(self) -> Any:
        return self.connection.timed(super().fetchall)


def watch(reader: Engine) -> None:
    """Make the connections of this engine keep to what `allow` gives them."""
    event.listen(reader, "handle_error", _translate)
    if reader.dialect.name == "postgresql":
        event.listen(reader, "before_cursor_execute", _before)
        event.listen(reader, "after_cursor_execute", _after)


def allow(conn: Connection, seconds: float) -> None:
    """Give the statements that follow so much time in all, in seconds.

    In a transaction. On PostgreSQL each statement for itself is ended after `seconds`, until the transaction ends.
    """
    if conn.dialect.name == "sqlite":
        driver: Any = conn.connection.driver_connection
        driver.left = seconds
        return
    conn.info.pop("left", None)
    conn.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
    conn.info["left"] = seconds


def left(conn: Connection) -> float:
    """What the statements that follow may take, in seconds."""
    if conn.dialect.name == "sqlite":
        driver: Any = conn.connection.driver_connection
        return float(driver.left)
    return float(conn.info.get("left", math.inf))


def forget(conn: Connection) -> None:
    """Take back what `allow` gave: the connection goes to somebody else."""
    if conn.dialect.name == "sqlite":
        driver: Any = conn.connection.driver_connection
        driver.left = math.inf
    elif not conn.invalidated:
        # One that was cut has no memory, and asking for it would hide why it was cut.
        conn.info.pop("left", None)


def _translate(context: ExceptionContext) -> None:
    error = context.original_exception
    ended = isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
    if ended or getattr(error, "sqlstate", "") == _CANCELLED:
        raise TooSlow from error


def _before(conn: Connection, *_: Iterable[object]) -> None:
    if conn.info.get("left", math.inf) <= 0:
        raise TooSlow
    conn.info["began"] = time.monotonic()


def _after(conn: Connection, *_: Iterable[object]) -> None:
    conn.info["left"] = conn.info.get("left", math.inf) - (time.monotonic() - conn.info["began"])
