"""Loading many finished cases at once, for data taken over from elsewhere and for demonstrations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from imi_central.store import changes, register
from imi_central.store.changes import Change
from imi_central.store.codec import case_columns, desk_columns, desks, entry_columns
from imi_central.store.dialect import insert_many
from imi_central.store.sight import desk_level
from imi_central.store.tables import cases, counter, desk_case, entries, entry_blob
from imi_core.case import Case, Entry

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from imi_core.procedure import Rules

_BATCH = 5_000


def load_cases(
    writing: Callable[[], AbstractContextManager[Connection]], at: int, given: Iterable[tuple[Case, Iterable[Entry]]]
) -> int:
    """Write new cases with their sealed entries, `_BATCH` cases a transaction; returns how many.

    Give them by last activity, oldest first: a first sync brings the last loaded first. The procedures and the
    desks have to be there; ids and references must be new. Reference counters go past what was loaded.
    """
    count = 0
    numbers: dict[tuple[str, int], int] = {}
    known: dict[tuple[str, int], Rules] = {}
    for batch in _batched(given):
        with writing() as conn:
            _load(conn, at, batch, known)
        for case, _ in batch:
            _number(case.reference, numbers)
        count += len(batch)
    with writing() as conn:
        _advance(conn, numbers)
    return count


def _batched(given: Iterable[tuple[Case, Iterable[Entry]]]) -> Iterator[list[tuple[Case, list[Entry]]]]:
    items = ((case, list(held)) for case, held in given)
    while batch := list(itertools.islice(items, _BATCH)):
        yield batch


def _load(
    conn: Connection, at: int, batch: list[tuple[Case, list[Entry]]], known: dict[tuple[str, int], Rules]
) -> None:
    case_rows: list[dict[str, Any]] = []
    entry_rows: list[dict[str, Any]] = []
    blob_rows: list[dict[str, Any]] = []
    parts: list[tuple[str, str, int, dict[str, Any]]] = []
    log: dict[str, list[Change]] = {}
    for case, held in batch:
        rules = _rules(conn, case, known)
        case_rows.append(case_columns(case))
        entry_rows += [entry_columns(entry) for entry in held]
        blob_rows += [
            {"blob_id": each.blob_id, "entry_id": entry.id, "case_id": case.id}
            for entry in held
            for each in entry.attachments
        ]
        items = [Change("Case", case.id, "created"), *(Change("Entry", entry.id, "created") for entry in held)]
        for desk_id in desks(case):
            mine = log.setdefault(desk_id, [])
            visible = desk_level(rules, case, desk_id) != "nothing"
            parts.append((desk_id, case.id, len(mine) if visible else -1, desk_columns(case, desk_id)))
            if visible:
                mine.extend(items)
    for table, rows in ((cases, case_rows), (entries, entry_rows), (entry_blob, blob_rows)):
        insert_many(conn, table, rows)
    first = changes.append(conn, at, log)
    insert_many(
        conn,
        desk_case,
        [
            {"desk": desk_id, "case_id": case_id, "joined": first[desk_id] + place if place >= 0 else 0, **columns}
            for desk_id, case_id, place, columns in parts
        ],
    )


def _rules(conn: Connection, case: Case, known: dict[tuple[str, int], Rules]) -> Rules:
    key = (case.procedure, case.procedure_version)
    if key not in known:
        rules = register.rules(conn, *key)
        if rules is None:
            raise LookupError(f"there is no procedure {key[0]} version {key[1]}")
        known[key] = rules
    return known[key]


def _number(reference: str, numbers: dict[tuple[str, int], int]) -> None:
    prefix, _, rest = reference.partition("-")
    year, _, number = rest.partition("-")
    if year.isdigit() and number.isdigit():
        key = (prefix, 2000 + int(year))
        numbers[key] = max(numbers.get(key, 0), int(number))


def _advance(conn: Connection, numbers: dict[tuple[str, int], int]) -> None:
    for (prefix, year), number in sorted(numbers.items()):
        where = (counter.c.prefix == prefix, counter.c.year == year)
        value = conn.scalar(sa.select(counter.c.value).where(*where).with_for_update())
        if value is None:
            conn.execute(sa.insert(counter).values(prefix=prefix, year=year, value=number))
        elif value < number:
            conn.execute(sa.update(counter).where(*where).values(value=number))
