"""Rows of cases and entries: how the structs of `imi_core` become columns and come back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from imi_core.case import MARK, Assignment, Case, Entry
from imi_core.deadlines import add_months, day
from imi_core.retention import IDLE_MONTHS
from imi_core.text import fold

encode = msgspec.json.Encoder().encode
decode_case = msgspec.json.Decoder(Case).decode
decode_entry = msgspec.json.Decoder(Entry).decode

Columns = dict[str, Any]


def decode_assignment(row: Any) -> Assignment | None:
    """How the case of a `desk_case` row is assigned at its desk."""
    if not row.assigned:
        return None
    at = dt.datetime.fromtimestamp(row.assigned_at / 1000, dt.UTC)
    return Assignment(officer=row.assigned_to, version=row.assigned, at=at, by=row.assigned_by)


def assignment_columns(given: Assignment) -> Columns:
    """The part of a `desk_case` row that says so."""
    return {
        "assigned": given.version,
        "assigned_to": given.officer,
        "assigned_by": given.by,
        "assigned_at": ms(given.at),
    }


def ms(moment: dt.datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def case_columns(case: Case, *, erased: bool = False) -> Columns:
    """The row of a case as it stands."""
    last = _activity(case)
    waiting = case.closed_at is None and not case.idle and not case.blocked
    return {
        "id": case.id,
        "version": case.version,
        "reference": case.reference,
        "procedure": case.procedure,
        "procedure_version": case.procedure_version,
        "state": case.state,
        "turn": case.turn,
        "last_activity": ms(last),
        "idle_from": idle_from(last) if waiting else None,
        "block_on": case.block_on.isoformat() if case.block_on is not None and not case.blocked else None,
        "erase_on": case.erase_on.isoformat() if case.erase_on is not None and not erased else None,
        "folded": search_text(case),
        "data": encode(case),
    }


def _activity(case: Case) -> dt.datetime:
    return case.last_activity or case.sent_at or dt.datetime.fromtimestamp(0, dt.UTC)


def idle_from(last: dt.datetime) -> int:
    """From when on a case without activity since `last` counts as idle."""
    return ms(last) + round((add_months(day(last), IDLE_MONTHS) - day(last)).total_seconds() * 1000)


def search_text(case: Case) -> str:
    """What online search looks at: only what the reader of a summary sees too (the subject is a summary field)."""
    return fold(" ".join((case.reference, case.subject, *(part.name for part in case.parts))))


def desk_columns(case: Case, desk_id: str) -> Columns:
    """The part of a `desk_case` row that follows the case. The desk must have a part in it."""
    part = case.part_of(desk_id)
    assert part is not None
    return {
        "role": part.role,
        "version": case.version,
        "procedure": case.procedure,
        "procedure_version": case.procedure_version,
        "state": case.state,
        "blocked": case.blocked,
        "mark": case.head[:MARK],
        "last_activity": ms(_activity(case)),
    }


def desks(case: Case | None) -> tuple[str, ...]:
    """The desks with a part in the case, each once."""
    return tuple(dict.fromkeys(part.desk for part in case.parts if part.desk)) if case is not None else ()


def entry_columns(entry: Entry, content_hash: bytes = b"") -> Columns:
    """The row of an entry. Entries of the system have neither desk nor clientRef to be unique by."""
    return {
        "id": entry.id,
        "case_id": entry.case_id,
        "version": entry.version,
        "desk": entry.desk if entry.client_ref else None,
        "client_ref": entry.client_ref or None,
        "content_hash": content_hash,
        "data": encode(entry),
    }
