"""The store: opening a database, reading as an officer, and everything that writes."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, InterfaceError, InternalError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from imi_central.store import (
    aging,
    assigning,
    backup,
    budget,
    bulk,
    changes,
    commit,
    dialect,
    files,
    register,
    trail,
    translating,
)
from imi_central.store.codec import ms
from imi_central.store.errors import BackupRefused, StateUnknown, Unavailable
from imi_central.store.migrate import migrate
from imi_central.store.sight import Sight, batches
from imi_central.store.tables import account, audit, officer, server
from imi_central.store.trail import note
from imi_central.store.view import View
from imi_core.case import to_wire
from imi_core.jmap import DIRECTORY

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from imi_core.authority import Authority, Officer
    from imi_core.case import Assignment, Case, Entry, Translation
    from imi_core.procedure import Rules
    from imi_core.workflow import Target


_SOME_FILES = 20
"""Files of up to 25 MiB that are deleted, and overwritten, in one transaction."""
REQUEST_SECONDS = 5.0
"""What one request may have of the database's time (S7)."""


def utc_now() -> dt.datetime:
    """The present instant."""
    return dt.datetime.now(dt.UTC)


def random_id() -> str:
    """32 hexadecimal digits."""
    return secrets.token_hex(16)


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PendingRollbackError, PoolTimeout) as error:
        raise Unavailable(str(error.__cause__ or error)) from error


class Store:
    """One database. Shared by all threads; every method opens and ends its own transaction."""

    def __init__(self, reader: Engine, writer: Engine, now: trail.Watch, new_id: Callable[[], str]) -> None:
        self._reader, self._writer = reader, writer
        self.now = now
        self._new_id = new_id
        self.translations = translating.Translations(self.reading, self.writing, now)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        now: Callable[[], dt.datetime] = utc_now,
        new_id: Callable[[], str] = random_id,
        steady: Callable[[], float] | None = None,
    ) -> Store:
        """Open (and create or migrate) the database at an SQLAlchemy address.

        `steady` counts seconds beside a clock that is not the system's, to see it jump.

        Raises `NewerDatabase`, and ValueError for an address that cannot be used.
        """
        reader, writer = dialect.engines(url)
        migrate(writer)
        watch = trail.Watch(now, trail.steady if now is utc_now else steady)
        store = cls(reader, writer, watch, new_id)
        with store.writing() as conn:
            dialect.alone(conn)
            if conn.scalar(sa.select(server.c.id)) is None:
                conn.execute(sa.insert(server).values(one=1, id=new_id(), epoch=new_id()))
            changes.open_accounts(conn, [DIRECTORY])
            if (before := trail.last(conn)) is not None:
                watch.was_at(dt.datetime.fromtimestamp(before / 1000, dt.UTC))
        return store

    def close(self) -> None:
        """Give all connections back."""
        self._reader.dispose()
        self._writer.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read transaction on one snapshot. Raises `Unavailable`."""
        with _reachable(), self._reader.connect() as conn, conn.begin():
            yield conn

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction; committed at the end, rolled back by an exception. Raises `Unavailable`.

        The first one after the clock has jumped says so in the audit trail.
        """
        jumped = dt.timedelta(0)
        try:
            with _reachable(), self._writer.begin() as conn:
                yield conn
                if jumped := self.now.take():
                    action = "clock-back" if jumped < dt.timedelta(0) else "clock-forward"
                    note(conn, ms(self.now()), "", "", action, str(round(abs(jumped).total_seconds())))
        except BaseException:
            self.now.jumped(jumped)
            raise

    @contextmanager
    def view(self, officer_id: str) -> Iterator[View]:
        """Read as an officer, in `REQUEST_SECONDS` of the database's time.

        Raises `UnknownOfficer`, `OfficerDisabled`, `TooSlow`, `Unavailable`.
        """
        with _reachable(), self._reader.connect() as conn:
            conn.begin()
            budget.allow(conn, REQUEST_SECONDS)
            try:
                yield View(conn, officer_id, self.translations.service)
            finally:
                budget.forget(conn)

    def identity(self) -> tuple[str, str]:
        """(id of this installation, present epoch)."""
        with self.reading() as conn:
            row = conn.execute(sa.select(server.c.id, server.c.epoch)).one()
            return row.id, row.epoch

    def new_epoch(self) -> None:
        """Tell every client that this database was restored: they re-offer what the backup may lack (P4)."""
        with self.writing() as conn:
            conn.execute(sa.update(server).values(epoch=self._new_id()))

    def heads(self) -> dict[str, int]:
        """The newest change of each account."""
        with self.reading() as conn:
            return {row.id: row.seq for row in conn.execute(sa.select(account.c.id, account.c.seq))}

    def tokens(self, account_ids: Iterable[str]) -> dict[str, str]:
        """The state tokens of these accounts: a few index look-ups, nothing of any case."""
        out: dict[str, str] = {}
        with self.reading() as conn:
            for batch in batches(account_ids):
                out |= changes.tokens(conn, batch)
        return out

    def verify(self) -> dict[str, int]:
        """Accounts whose change log was tampered with, and where each breaks."""
        with self.reading() as conn:
            broken = {each: changes.verify(conn, each) for each in conn.scalars(sa.select(account.c.id)).all()}
        return {each: at for each, at in broken.items() if at is not None}

    def broken(self) -> list[backup.Broken]:
        """Everything that does not verify: change logs, the seals of all cases, files."""
        with self.reading() as conn:
            return list(backup.broken(conn))

    def backed_up(self, copied: dict[str, changes.Head]) -> None:
        """Record what a verified copy of this database holds (P4). Raises `BackupRefused` for another's copy."""
        with self.reading() as conn:
            safe = {row.id: row.safe_seq for row in conn.execute(sa.select(account.c.id, account.c.safe_seq))}
        # Most desks have had nothing to do since the last one: those need no look while nobody else may write.
        moved = {each: head for each, head in copied.items() if head.seq != safe.get(each)}
        with self.writing() as conn:
            for account_id, head in sorted(moved.items()):
                try:
                    known = changes.hash_at(conn, account_id, head.seq, changes.head(conn, account_id)) == head.hash
                except StateUnknown:
                    known = False
                if not known:
                    raise BackupRefused(f"the copy of {account_id} is not of this database's history")
                # An older copy that is verified later takes nothing back.
                behind = (account.c.id == account_id, account.c.safe_seq < head.seq)
                conn.execute(sa.update(account).where(*behind).values(safe_seq=head.seq))

    def trail(self, wanted: trail.Wanted) -> Iterator[trail.Noted]:
        """These rows of the audit trail, as they are read."""
        with self.reading() as conn:
            yield from trail.rows(conn, wanted)

    def mark(self, mark: str) -> None:
        """Leave a mark in the audit trail: what has it is this database, or was copied from it later."""
        with self.writing() as conn:
            note(conn, ms(self.now()), "", "", "copy-checked", mark)

    def has_mark(self, mark: str) -> bool:
        """Whether `mark` was left here."""
        with self.reading() as conn:
            return conn.scalar(sa.select(audit.c.id).where(audit.c.object_id == mark)) is not None

    def copied_heads(self) -> dict[str, changes.Head]:
        """Where each account's change log stands, with its hash."""
        with self.reading() as conn:
            return backup.heads(conn)

    def put_authorities(self, given: Iterable[Authority]) -> int:
        """Write authorities with their desks; returns how many were new or different."""
        with self.writing() as conn:
            dialect.alone(conn)
            return register.put_authorities(conn, ms(self.now()), given)

    def put_officer(self, given: Officer, *, username: str = "", active: bool = True) -> bool:
        """Write an officer with exactly these seats; true where something changed. Default username: the id."""
        with self.writing() as conn:
            dialect.alone(conn)
            return register.put_officer(conn, ms(self.now()), given, username or given.id, active)

    def change_officer(
        self, officer_id: str, *, seats: Mapping[str, Collection[str]] | None = None, active: bool | None = None
    ) -> bool:
        """Change some seats of an officer (by desk: the roles, none to take it away), or whether they may sign in.

        True where something changed; it holds from the next look at rights on. Raises `UnknownOfficer`.
        """
        with self.writing() as conn:
            dialect.alone(conn)
            return register.change_officer(conn, ms(self.now()), officer_id, seats or {}, active)

    def put_procedures(self, given: Iterable[Rules]) -> int:
        """Write procedure versions. Raises `ProcedureChanged`."""
        with self.writing() as conn:
            dialect.alone(conn)
            return register.put_procedures(conn, ms(self.now()), given)

    def officer_id(self, username: str) -> str | None:
        """The officer with this name to sign in with."""
        with self.reading() as conn:
            return conn.scalar(sa.select(officer.c.id).where(officer.c.username == username))

    def target(self, desk_id: str) -> Target | None:
        """A desk as an addressee."""
        with self.reading() as conn:
            return register.target(conn, desk_id)

    def rules(self, procedure: str, version: int | None = None) -> Rules | None:
        """A procedure version, the newest where none is named."""
        with self.reading() as conn:
            return register.rules(conn, procedure, version)

    def commit_entry(
        self, officer_id: str, desk: str, entry: Entry, *, after: tuple[str, ...] = (), received: object = None
    ) -> commit.Committed:
        """Take an entry: check, seal, fold and log it, all in one transaction.

        `entry` has the members a client may set, already cleaned; `after` are clientRefs of this desk's entries that
        its author knew beside the version it is based on; `received` is the payload as it came in (the entry's own
        wire form by default), by which a repeat is recognised. Raises `NoSeat`, `EntryRefused`.
        """
        payload = to_wire(entry) if received is None else received
        for last in (False, True):
            try:
                with self.writing() as conn:
                    return commit.commit_entry(conn, self.now(), self._new_id, officer_id, desk, entry, after, payload)
            except IntegrityError:
                # Another process took the same clientRef, or made the same counter, a moment ago: look again.
                if last:
                    raise
        raise AssertionError

    def assign(
        self, officer_id: str, desk: str, wanted: assigning.Wanted, *, received: object = None
    ) -> assigning.Taken:
        """Say who at a desk looks after a case (see `assigning.assign`). Raises `NoSeat`, `EntryRefused`."""
        payload = list(wanted) if received is None else received
        for last in (False, True):
            try:
                with self.writing() as conn:
                    return assigning.assign(conn, self.now(), officer_id, desk, wanted, payload)
            except IntegrityError:
                # The same request came twice at once: the other one's is there now.
                if last:
                    raise
        raise AssertionError

    def translate(
        self, officer_id: str, desk: str, asked: translating.Asked, *, received: object = None
    ) -> tuple[Translation, int]:
        """Take a translation, or have one made (see `translating.take`). Raises `NoSeat`, `EntryRefused`."""
        payload = list(asked) if received is None else received
        for last in (False, True):
            try:
                with self.writing() as conn:
                    service = self.translations.service
                    made = translating.take(conn, self.now(), officer_id, desk, asked, payload, service)
                self.translations.wake.set()
                return made
            except IntegrityError:
                # The same request came twice at once: the other one's is there now.
                if last:
                    raise
        raise AssertionError

    def load_assignments(self, given: Iterable[tuple[str, str, Assignment]]) -> int:
        """Write assignments that were made elsewhere, as (desk, case id, assignment); how many there were."""
        with self.writing() as conn:
            dialect.alone(conn)
            return assigning.load(conn, ms(self.now()), given)

    def load_translations(self, given: Iterable[tuple[str, Translation]]) -> int:
        """Write translations that were made elsewhere, as (desk, translation without an id); how many there were."""
        with self.writing() as conn:
            return translating.load(conn, self.now(), given)

    def load_cases(self, given: Iterable[tuple[Case, Iterable[Entry]]]) -> int:
        """Write many finished cases with sealed entries, oldest activity first (see `bulk.load_cases`)."""
        count = bulk.load_cases(self.writing, ms(self.now()), given)
        with self.writing() as conn:
            dialect.analyse(conn)
        return count

    def put_blob(self, officer_id: str, desk: str, media_type: str, data: bytes) -> files.File:
        """Keep a file for a day, or for as long as an entry carries it. Raises `NoSeat`, `OverQuota`."""
        now = self.now()
        with self.writing() as conn:
            Sight(conn, officer_id).seat(desk)
            made = files.put(conn, now, self._new_id(), officer_id, desk, media_type, data)
            note(conn, ms(now), officer_id, desk, "upload", made.id)
            return made

    def join_blob(self, officer_id: str, desk: str, wanted: files.Assembly, limit: int) -> files.File:
        """Put a file together from parts (see `files.join`). Raises `NoSeat`, `EntryRefused`."""
        for last in (False, True):
            try:
                now = self.now()
                with self.writing() as conn:
                    Sight(conn, officer_id).seat(desk)
                    made = files.join(conn, now, self._new_id(), officer_id, desk, wanted, limit)
                    note(conn, ms(now), officer_id, desk, "upload", made.id)
                    return made
            except IntegrityError:
                # The same request came twice at once: the other one's file is there now.
                if last:
                    raise
        raise AssertionError

    def note_download(self, officer_id: str, desk: str, blob_id: str) -> None:
        """Record in the audit trail that a file was read."""
        with self.writing() as conn:
            note(conn, ms(self.now()), officer_id, desk, "download", blob_id)

    def due(self, job: aging.Job, today: dt.date, limit: int) -> list[str]:
        """Cases for which a retention job is due, the longest overdue first."""
        with self.reading() as conn:
            return aging.due(conn, job, self.now(), today, limit)

    def age(self, job: aging.Job, case_id: str) -> None:
        """Do a retention job to one case. Raises LookupError and `msgspec.MsgspecError` for one that is damaged."""
        with self.writing() as conn:
            aging.age(conn, job, self.now(), case_id)

    def expire_blobs(self) -> int:
        """Delete files that no entry carried within a day, some at a time: officers who write get in between."""
        count = 0
        while True:
            with self.writing() as conn:
                gone = files.expire(conn, self.now(), _SOME_FILES)
            count += gone
            if gone < _SOME_FILES:
                return count

    def prune_changes(self, keep: dt.timedelta) -> int:
        """Forget changes older than `keep`; clients that were away longer compare digests.

        One account after the other: officers who write get in between.
        """
        before, count = ms(self.now() - keep), 0
        with self.reading() as conn:
            accounts = conn.scalars(sa.select(account.c.id).order_by(account.c.id)).all()
        for each in accounts:
            with self.writing() as conn:
                count += changes.prune(conn, each, before)
        return count

    def forget(self) -> None:
        """Make erased content unreadable in what the database keeps beside its tables."""
        dialect.forget(self._writer)
