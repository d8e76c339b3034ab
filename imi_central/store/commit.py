"""Taking one entry: check, seal, fold, log. Everything here happens inside one write transaction."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import sqlalchemy as sa

from imi_central.store import changes, files, register
from imi_central.store.casefile import write_case
from imi_central.store.codec import decode_case, decode_entry, entry_columns, ms
from imi_central.store.errors import AlreadyExists, EntryRefused
from imi_central.store.sight import Sight
from imi_central.store.tables import cases, counter, desk_case, entries, entry_blob, server
from imi_central.store.trail import note
from imi_core import retention, seal, visibility, workflow
from imi_core.case import Case, Entry
from imi_core.deadlines import day
from imi_core.errors import ActionRefused, AnswersRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from imi_core.authority import Seat
    from imi_core.procedure import Rules

REF = "ref:"
"""Starts a case id that names a case by the clientRef of the entry that started it."""


class Committed(NamedTuple):
    """What the author of an entry is told. `repeated`: the entry was there already (P1).

    `seq`: a change of the desk by which the entry is logged; a backup that reaches so far has it (P4).
    """

    entry: Entry
    reference: str
    repeated: bool
    seq: int


def commit_entry(
    conn: Connection,
    now: dt.datetime,
    random_id: Callable[[], str],
    officer: str,
    desk: str,
    given: Entry,
    after: tuple[str, ...],
    received: object,
) -> Committed:
    """Take `given` (the members a client may set) from an officer in the seat at `desk`.

    `after`: clientRefs of earlier entries of this desk that the author knew beside `based_on`. `received` is the
    payload as it came in, for P1. Raises `NoSeat`, `EntryRefused`, `AlreadyExists`.
    """
    sight = Sight(conn, officer)
    seat = sight.seat(desk)
    if known := _repeat(conn, desk, given.client_ref, received):
        return known
    case = case_at(sight, seat, given.case_id) if given.case_id else None
    if case is not None and (known := _repeat(conn, desk, given.client_ref, received)):
        # The same came twice at once, and this one has waited for the case: by now it may not be possible any more.
        return known
    rules = _rules(sight, case, given)
    target = register.target(conn, given.target) if given.target else None
    part = case.part_of(desk) if case is not None else None
    now = _later(now, case)
    entry = msgspec.structs.replace(
        given,
        id=id_of(conn, "entry", desk, given.client_ref) or random_id(),
        case_id=case.id if case is not None else id_of(conn, "case", desk, given.client_ref) or random_id(),
        procedure=rules.procedure.id if case is None else "",
        attachments=files.attachments(sight, desk, given.attachments, now),
        at=now,
        role=part.role if part is not None else "initiator",
        desk=desk,
        authority=seat.authority,
        authority_name=seat.authority_name,
        officer=officer,
        officer_name=seat.officer_name,
        version=(case.version if case is not None else 0) + 1,
        salt=random_id(),
    )
    files.check_room(conn, entry.case_id, entry.attachments)
    _check(rules, case, entry, seat, target, _own(conn, case, desk, after))
    action = rules.lifecycle.actions[entry.action]
    before = case.state if case is not None else ""
    entry = msgspec.structs.replace(entry, from_state=before, to_state=action.to or before)
    entry = seal.seal(entry, case.head if case is not None else "")
    initiator = workflow.initiator_of(seat) if case is None else None
    changed = workflow.apply(rules, case, entry, target=target, initiator=initiator)
    if case is None:
        changed = msgspec.structs.replace(changed, reference=_reference(conn, rules.procedure.prefix, day(now).year))
    conn.execute(sa.insert(entries), entry_columns(entry, content_hash(entry.salt, received)))
    _attach(conn, entry)
    note(conn, ms(now), officer, desk, entry.action, entry.id)
    write_case(conn, ms(now), rules, case, changed, new=entry.id)
    return Committed(entry, changed.reference, False, changes.head(conn, desk).seq)


def id_of(conn: Connection, kind: str, desk: str, client_ref: str) -> str:
    """The id of what this clientRef makes; empty without one.

    It follows from the clientRef, which nobody can guess, so that what is offered again after a restore is called as
    before: what others hold and say of the case still fits.
    """
    if not client_ref:
        return ""
    return id_at(installation(conn), kind, desk, client_ref)


def installation(conn: Connection) -> str:
    """The id of this installation, which stays the same after a restore."""
    found: str = conn.execute(sa.select(server.c.id)).scalar_one()
    return found


def id_at(installation: str, kind: str, desk: str, client_ref: str) -> str:
    """See `id_of`."""
    return seal.link(b"", installation, kind, desk, client_ref).hex()[:32]


def content_hash(salt: str, received: object) -> bytes:
    """What a payload as received is recognised by (P1)."""
    # Salted like the seal: without the salt, which erasure drops, nobody can guess the content from the hash.
    return hashlib.sha256(salt.encode() + b"\0" + seal.canonical(received)).digest()


def _repeat(conn: Connection, desk: str, client_ref: str, received: object) -> Committed | None:
    row = conn.execute(
        sa.select(entries.c.data, entries.c.content_hash, cases.c.reference)
        .join(cases, cases.c.id == entries.c.case_id)
        .where(entries.c.desk == desk, entries.c.client_ref == client_ref)
    ).one_or_none()
    if row is None:
        return None
    entry = decode_entry(row.data)
    # An erased entry has no content left to compare with.
    if row.content_hash and bytes(row.content_hash) != content_hash(entry.salt, received):
        raise AlreadyExists(entry.id)
    return Committed(entry, row.reference, True, changes.head(conn, desk).seq)


def case_at(sight: Sight, seat: Seat, case_id: str) -> Case:
    """The case that is acted on, its row locked; one that may not be seen does not exist.

    Raises `EntryRefused`: "notFound", "unresolvedReference", to who saw it before "blocked" and "erased".
    """
    conn = sight.conn
    if case_id.startswith(REF):
        started = conn.scalar(
            sa.select(entries.c.case_id).where(
                entries.c.desk == seat.desk, entries.c.client_ref == case_id.removeprefix(REF)
            )
        )
        if started is None:
            raise EntryRefused("unresolvedReference", f"no entry of this desk has the clientRef of {case_id}")
        case_id = started
    data = conn.scalar(sa.select(cases.c.data).where(cases.c.id == case_id).with_for_update())
    row = conn.execute(
        sa.select(desk_case).where(desk_case.c.desk == seat.desk, desk_case.c.case_id == case_id)
    ).one_or_none()
    if data is None or row is None:
        raise EntryRefused("notFound", "there is no such case at this desk")
    case = decode_case(data)
    if sight.level(seat.desk, row) == "nothing":
        open_case = msgspec.structs.replace(case, blocked=False)
        rules = sight.rules(case.procedure, case.procedure_version)
        # Who saw the case before it was blocked may know why nothing works any more.
        if case.blocked and visibility.level(rules, open_case, seat) != "nothing":
            if retention.is_erased(case):
                raise EntryRefused("erased", "the case was erased")
            raise EntryRefused("blocked", "the case is blocked")
        raise EntryRefused("notFound", "there is no such case at this desk")
    return case


def _rules(sight: Sight, case: Case | None, given: Entry) -> Rules:
    if case is not None:
        return sight.rules(case.procedure, case.procedure_version)
    rules = register.rules(sight.conn, given.procedure)
    if rules is None:
        raise EntryRefused("unknownProcedure", f"there is no procedure {given.procedure!r}")
    return rules


def _later(now: dt.datetime, case: Case | None) -> dt.datetime:
    """Now, in whole milliseconds; after a clock that jumped back, the time of the last activity."""
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return max(now, case.last_activity) if case is not None and case.last_activity is not None else now


def _own(conn: Connection, case: Case | None, desk: str, after: tuple[str, ...]) -> frozenset[int]:
    """The versions of the case that these entries made; one that was never taken has made none."""
    if case is None or not after:
        return frozenset()
    where = (entries.c.desk == desk, entries.c.client_ref.in_(after), entries.c.case_id == case.id)
    return frozenset(conn.scalars(sa.select(entries.c.version).where(*where)))


def _check(
    rules: Rules, case: Case | None, entry: Entry, seat: Seat, target: workflow.Target | None, own: frozenset[int]
) -> None:
    version = case.version if case is not None else 0
    try:
        workflow.check(rules, case, entry, seat, target, own)
    except AnswersRefused as error:
        problems = tuple((each.field, each.code, each.allowed) for each in error.problems)
        raise EntryRefused("invalidAnswers", error.message, version=version, problems=problems) from error
    except ActionRefused as error:
        raise EntryRefused(error.code, error.message, version=version) from error  # type: ignore[arg-type]


def _attach(conn: Connection, entry: Entry) -> None:
    if entry.attachments:
        rows = [{"blob_id": each.blob_id, "entry_id": entry.id, "case_id": entry.case_id} for each in entry.attachments]
        conn.execute(sa.insert(entry_blob), rows)
        files.keep(conn, [each.blob_id for each in entry.attachments])


def _reference(conn: Connection, prefix: str, year: int) -> str:
    where = (counter.c.prefix == prefix, counter.c.year == year)
    value = conn.scalar(sa.update(counter).where(*where).values(value=counter.c.value + 1).returning(counter.c.value))
    if value is None:
        value = 1
        conn.execute(sa.insert(counter).values(prefix=prefix, year=year, value=value))
    return f"{prefix}-{year % 100:02d}-{value:06d}"
