"""One encrypted SQLite file: opening with a raw key, refusal of plain text, transactions, typed errors.

The cipher is ChaCha20-Poly1305 (SQLite3 Multiple Ciphers). A SQLite without it ignores the key and writes plain text,
so a new file is checked after its first page is written and before it holds anything of a case.
"""

from __future__ import annotations

import os
from itertools import chain

import apsw

from imi_core.lean import TYPE_CHECKING, contextmanager, suppress
from imi_tui.cache.errors import (
    CacheBusy,
    CacheError,
    CorruptCache,
    CorruptWork,
    DiskFull,
    FilesUnusable,
    PlaintextCipher,
    WrongKey,
)
from imi_tui.cache.storage import write_queue
from imi_tui.cache.storage.checkpoints import Checkpointer
from imi_tui.cache.storage.db_files import PLAIN_HEADER, damage_mark, header
from imi_tui.cache.storage.wal_mark import CommitMark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import Any, Literal

    from imi_tui.cache.listing.deferred import DeferredTransaction
    from imi_tui.cache.storage.wal_mark import Noted

    Part = Literal["work", "cache"]
    Values = tuple[Any, ...]

KEY_BYTES = 32
WORK_LOG = 64
"""Pages of the log of `work.db` after which it is copied into the file, whose pages are authenticated."""
CACHE_LOG = 2000
"""The same for `cache.db`, where a first synchronisation rewrites many pages repeatedly."""
LONGEST_LOG = 4 * CACHE_LOG
"""Pages of the log after which a writer waits for the checkpoint thread."""
CACHE_PAGE = 8192
"""Bytes of a page of `cache.db`: most of what a first synchronisation writes are rows in the order of a key."""
LOG_BYTES: dict[Part, int] = {"work": 2**20, "cache": LONGEST_LOG * CACHE_PAGE}
"""Size to which a log is truncated when it restarts, so that one that grew during a long read or a kill shrinks."""
CACHE_KIB = 8000
"""Page cache of a connection to `cache.db`. Four times as much does not make a first synchronisation faster."""

AT_ONCE = 200
"""Rows inserted or deleted per statement."""

USUAL_KIB: dict[Part, int] = {"work": 2000, "cache": CACHE_KIB}
LARGE_KIB = 5 * CACHE_KIB
"""Page cache of either file while thousands of rows change."""
SMALL_KIB = 64
"""Page cache during start, when each page is read only once."""

_COUNT = "insert into meta values('commits', 1) on conflict do update set value = value + 1 returning value"
_IDENTITY = "select value from meta where name = 'identity'"


class MemoryKey(bytes):
    """A key that keeps everything in memory. A distinct type, so that an empty key is never mistaken for it."""


class Database:
    """A connection to one file, for one thread.

    `write_queue` and `checkpointer` are shared by all connections of this process to the file.
    """

    def __init__(self, connection: apsw.Connection, part: Part, file: str | None) -> None:
        self.write_queue = write_queue.WriteQueue()
        self.connection = connection
        self.part: Part = part
        self.file = file
        self.mark: CommitMark | None = None
        self.checkpointer = Checkpointer()
        self.again: Callable[[], apsw.Connection] | None = None
        """Makes another connection to the file."""
        self.deferred: DeferredTransaction | None = None
        """The open deferred transaction: reads see its effect, any other write completes it first."""
        self._aside: Callable[[], apsw.Connection] | None = None
        self._log_pages = 0
        self._grown = False
        self._rolled_back = 0
        if part == "work" and file is not None:
            connection.set_wal_hook(self._logged)

    @property
    def path(self) -> Path | None:
        """The file; None of a database in memory."""
        from pathlib import Path

        return Path(self.file) if self.file is not None else None

    def rows(self, sql: str, values: Values = ()) -> list[Any]:
        """All rows, as tuples."""
        if self.deferred is not None:
            self.deferred.before(sql, values)
        return self.rows_as_written(sql, values)

    def rows_as_written(self, sql: str, values: Values = ()) -> list[Any]:
        """`rows` without completing the deferred transaction first."""
        try:
            return self.connection.execute(sql, values).fetchall()
        except apsw.Error as error:
            raise self.typed(error) from error

    def each(self, sql: str, values: Values = ()) -> Iterator[Any]:
        """Rows one by one; those not asked for are never read."""
        if self.deferred is not None:
            self.deferred.before(sql, values)
        try:
            yield from self.connection.execute(sql, values)
        except apsw.Error as error:
            raise self.typed(error) from error

    def one(self, sql: str, values: Values = ()) -> Any:
        """The first row as a tuple, or None."""
        if self.deferred is not None:
            self.deferred.before(sql, values)
        return self.one_as_written(sql, values)

    def one_as_written(self, sql: str, values: Values = ()) -> Any:
        """`one` without completing the deferred transaction first."""
        try:
            return self.connection.execute(sql, values).fetchone()
        except apsw.Error as error:
            raise self.typed(error) from error

    def run(self, sql: str, values: Values = ()) -> int:
        """Execute one or several statements. Returns the number of changed rows."""
        try:
            self.connection.execute(sql, values)
            return self.connection.changes()
        except apsw.Error as error:
            raise self.typed(error) from error

    def many(self, sql: str, values: Iterable[Values]) -> None:
        """One statement once for each tuple of values."""
        try:
            self.connection.executemany(sql, values)
        except apsw.Error as error:
            raise self.typed(error) from error

    def many_rows(self, insert: str, rows: Sequence[Values]) -> None:
        """Insert rows of equal length, `AT_ONCE` per statement. `insert`: "insert into ..." without values.

        Faster than row by row, and other threads can run meanwhile.
        """
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            one = f"({','.join('?' * len(part[0]))})"
            self.run(f"{insert} values {','.join([one] * len(part))}", tuple(chain.from_iterable(part)))

    def many_keys(self, statement: str, values: Values, keys: Sequence[Any]) -> None:
        """Execute a statement that ends in ``in`` for `AT_ONCE` keys at a time."""
        for start in range(0, len(keys), AT_ONCE):
            part = keys[start : start + AT_ONCE]
            self.run(f"{statement} ({','.join('?' * len(part))})", (*values, *part))

    @contextmanager
    def write(self, *, shorten: bool = True) -> Iterator[None]:
        """A write transaction.

        Without `shorten` the caller has to call `shorten_log` and `reset_page_cache` itself.
        """
        self.finish()
        with self.write_queue.turn():
            self.run("begin immediate")
            before = self.connection.total_changes()
            try:
                yield
                marked = self.mark if self.connection.total_changes() != before else None
                commits = self.one(_COUNT)[0] if marked is not None else 0
                self.run("commit")
            except BaseException:
                self._roll_back()
                self._rolled_back += 1
                raise
            if marked is not None:
                marked.note(commits)
            if shorten:
                self.reset_page_cache()
                self.shorten_log()

    def finish(self) -> None:
        """Complete the deferred transaction, if there is one."""
        if self.deferred is not None:
            self.deferred.finish()

    def reset_page_cache(self) -> None:
        """Undo `grow_page_cache`."""
        if self._grown:
            self._grown = False
            self.connection.pragma("cache_size", -USUAL_KIB[self.part])

    def shorten_log(self) -> None:
        """Copy a long log into the file. Commits are safe even if that fails."""
        if self._aside is not None:
            if self._log_pages >= LONGEST_LOG:
                self.checkpointer.wait()
            if self._log_pages >= CACHE_LOG:
                self.checkpointer.start(self._aside)
        elif self.part == "work" and self._log_pages >= WORK_LOG:
            self._log_pages = 0
            with suppress(apsw.Error):
                self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def _logged(self, _: apsw.Connection, __: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def shrink_page_cache(self, *, little: bool) -> None:
        """Use a small page cache, or the usual one."""
        self.connection.pragma("cache_size", -(SMALL_KIB if little else USUAL_KIB[self.part]))

    def grow_page_cache(self) -> None:
        """Use a large page cache until `reset_page_cache`, for a transaction that changes very many pages."""
        self.connection.pragma("cache_size", -LARGE_KIB)
        self._grown = True

    def checkpoint_aside(self) -> None:
        """From now on checkpoint in a separate thread. For a connection that writes much."""
        if self.again is not None:
            self._aside = self.again
            self.connection.set_wal_hook(self._logged)

    def empty_log(self) -> None:
        """Copy the log into the file and truncate it. Raises `CacheBusy` if somebody reads."""
        self.finish()
        self.checkpointer.wait()
        self.run("pragma wal_checkpoint(truncate)")

    def keep_mark(self, noted: Noted | None) -> None:
        """Count the commits of this file from now on. Raises `CorruptWork` if it has fewer than were `noted`.

        `noted` has to be read before the file is opened, so that it is never ahead of the file.
        """
        if self.file is None:
            return
        found = self.one(_IDENTITY)
        if found is None:
            with self.write():
                self.run("insert or ignore into meta values('identity', randomblob(16))")
            # Into the file: a log that is lost must not make it look like another one.
            self.run("pragma wal_checkpoint(truncate)")
            found = self.one(_IDENTITY)
        identity: bytes = found[0]
        if noted is not None and self.is_behind(noted):
            self.leave_log()
            raise CorruptWork
        self.mark = CommitMark(self.file, identity)

    def is_behind(self, noted: Noted) -> bool:
        """Whether this file holds fewer commits than were noted for it."""
        identity = self.one(_IDENTITY)
        if identity is None or identity[0] != noted.identity:
            return False
        commits = self.one("select value from meta where name = 'commits'")
        return bool((commits[0] if commits is not None else 0) < noted.commits)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A read transaction."""
        if self.deferred is not None:
            yield
            return
        self.run("begin")
        try:
            yield
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        """Roll back, ignoring errors in favour of the one that caused it."""
        if self.connection.in_transaction:
            with suppress(apsw.Error):
                self.connection.execute("rollback")

    def write_durably(self, sql: str) -> None:
        """Execute a small write so that it, and everything committed before, survives a loss of power.

        It has to change a row: otherwise SQLite neither writes nor syncs.
        """
        self.finish()
        self.run("pragma synchronous = full")
        try:
            with self.write():
                self.run(sql)
        finally:
            _tune(self.connection, self.part)

    def version(self) -> int:
        """A number that changes whenever another connection commits."""
        found: int = self.connection.pragma("data_version")
        return found

    def moment(self) -> tuple[int, int, int]:
        """A value that changes whenever anything was written by any connection, or rolled back."""
        return self.version(), self.connection.total_changes(), self._rolled_back

    def typed(self, error: apsw.Error) -> CacheError:
        """Translate an error of SQLite. A damaged cache is marked, so that the next start sets it aside."""
        if isinstance(error, apsw.CorruptError | apsw.NotADBError) and self.part == "cache" and self.path is not None:
            # Where the mark cannot be made the damage is found again.
            with suppress(OSError):
                damage_mark(self.path).touch(mode=0o600)
        found = typed_error(error, self.part)
        if isinstance(found, CorruptWork):
            self.leave_log()
        return found

    def leave_log(self) -> None:
        """Do not checkpoint on close: an old log over a newer file would destroy it."""
        _keep_log(self.connection, True)

    def close(self) -> None:
        """Close the file."""
        self.finish()
        if self._aside is not None:
            self.checkpointer.wait()
        self.connection.close()
        if self.mark is not None:
            self.mark.close()


def typed_error(error: apsw.Error, part: Part) -> CacheError:
    """The error of ours for one of SQLite's."""
    match error:
        case apsw.CorruptError() | apsw.NotADBError():
            return CorruptCache() if part == "cache" else CorruptWork()
        case apsw.FullError():
            return DiskFull()
        case apsw.IOError() if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE:
            # The file that connections share could not grow, which even reading needs.
            return DiskFull()
        case apsw.BusyError() | apsw.LockedError():
            return CacheBusy()
        case apsw.ReadOnlyError() | apsw.CantOpenError() | apsw.PermissionsError() | apsw.IOError():
            return FilesUnusable(f"{part}.db", type(error).__name__.removesuffix("Error"))
    text = f"{part}.db: {type(error).__name__}: {error}"
    return CacheError(text, text)


def require_cipher() -> None:
    """Raise `PlaintextCipher` unless this SQLite can encrypt."""
    if not getattr(apsw, "mc_version", ""):
        raise PlaintextCipher("this SQLite has no encryption")


def open_file(path: Path | str, key: bytes, part: Part) -> Database:
    """Open (or make) an encrypted file.

    Raises `PlaintextCipher`, `WrongKey` (also for a damaged first page), `FilesUnusable`, `DiskFull`, `CacheBusy`.
    """
    require_cipher()
    if len(key) != KEY_BYTES:
        raise CacheError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    file = os.fspath(path)
    name = os.path.basename(file)
    try:
        if header(file) == PLAIN_HEADER:
            raise PlaintextCipher(f"{name} is not encrypted")
        if not os.path.exists(file):
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        raise FilesUnusable.of(error, name) from error
    database = Database(_connected(file, key, part), part, file)
    if part == "cache":
        database.again = lambda: _connected(file, key, part)
    return database


def _connected(file: str, key: bytes, part: Part) -> apsw.Connection:
    try:
        connection = apsw.Connection(file)
    except apsw.Error as error:
        raise typed_error(error, part) from error
    try:
        connection.set_busy_timeout(write_queue.BUSY_MS)
        _keep_log(connection, part == "work")
        unlock(connection, key)
        if part == "cache":
            # Of any use before the first page is written only.
            connection.pragma("page_size", CACHE_PAGE)
        connection.pragma("user_version")
        connection.pragma("journal_mode", "wal")
        _tune(connection, part)
        if part == "cache":
            # Copying them into the file less often halves the work.
            connection.pragma("wal_autocheckpoint", CACHE_LOG)
        _keep_log(connection, False)
    except apsw.NotADBError as error:
        connection.close()
        raise WrongKey from error
    except apsw.Error as error:
        connection.close()
        raise typed_error(error, part) from error
    return connection


def open_memory(name: str, part: Part) -> Database:
    """A database in memory, shared by the connections of this process that give the same name."""
    flags = apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(f"file:/imi-{name}-{part}?vfs=memdb", flags=flags)
    connection.set_busy_timeout(write_queue.BUSY_MS)
    _tune(connection, part)
    return Database(connection, part, None)


def unlock(connection: apsw.Connection, key: bytes) -> None:
    """Give SQLite the raw key. The statement with the key is in no log, no trace and no message of an error."""
    connection.pragma("cipher", "chacha20")
    try:
        connection.pragma("key", f"raw:{key.hex()}")
    except apsw.SQLError:
        raise CacheError("SQLite did not take the key") from None


def _keep_log(connection: apsw.Connection, keep: bool) -> None:
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, int(keep))


def _tune(connection: apsw.Connection, part: Part) -> None:
    connection.pragma("secure_delete", "on")
    connection.pragma("journal_size_limit", LOG_BYTES[part])
    connection.pragma("synchronous", "full" if part == "work" else "normal")
    if part == "cache":
        connection.pragma("cache_size", -CACHE_KIB)
