"""Reading what the officer wrote out of `work.db`, whatever version of the program wrote it: nothing is migrated.

For a file that a newer version left, or one that could not be brought up to date: its tables are only ever extended,
so what is known of them today can be read in any version.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from imi_tui.cache.errors import CorruptWork, FilesUnusable, WrongKey
from imi_tui.cache.outbox.item import Entry
from imi_tui.cache.storage.db import open_file
from imi_tui.cache.storage.wal_mark import noted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imi_tui.cache.errors import CacheError
    from imi_tui.cache.storage.db import Database
    from imi_tui.profile import Profile

_ITEM = {
    "client_ref": "clientRef",
    "state": "state",
    "desk": "desk",
    "case_id": "caseId",
    "reference": "reference",
    "subject": "subject",
    "procedure": "procedure",
    "action": "action",
    "attempts": "attempts",
    "queued_at": "queuedAt",
    "server_at": "serverAt",
    "payload": "payload",
    "error": "error",
}


def rescue(profile: Profile, key: bytes) -> dict[str, Any]:
    """``outbox`` (entries the server has not taken, in order) and ``drafts``. Raises `CacheError` where none is read.

    Of a damaged file it is what can be read, from copies of it with and without its log, which may be older than the
    file it lies over; ``damaged`` then says so. Of an entry or draft that is there twice the later one counts.
    """
    if not profile.work_db.exists():
        return {"outbox": [], "drafts": []}
    before = noted(profile.work_db)
    problem: CacheError | None = None
    try:
        work = open_file(profile.work_db, key, "work")
        try:
            work.leave_log()
            work.run("pragma query_only = on")
            with work.snapshot():
                if before is None or not _has(work, "meta") or not work.is_behind(before):
                    return {"outbox": _outbox(work, strict=True), "drafts": _drafts(work, strict=True)}
        finally:
            work.close()
    except (CorruptWork, WrongKey) as error:
        problem = error
    found = _salvaged(profile, key)
    if problem is not None and not any(found.values()):
        raise problem
    return {**found, "damaged": True}


def _salvaged(profile: Profile, key: bytes) -> dict[str, list[Any]]:
    """Whatever can be read, row by row, of the file with its log and without it."""
    import shutil
    import tempfile

    items: dict[str, dict[str, Any]] = {}
    drafts: dict[str, Any] = {}
    log = profile.work_db.with_name(profile.work_db.name + "-wal")
    for with_log in (True, False):
        try:
            with tempfile.TemporaryDirectory(dir=profile.home, prefix="rescue-") as folder:
                copy = Path(folder) / "work.db"
                shutil.copyfile(profile.work_db, copy)
                if with_log and log.exists():
                    shutil.copyfile(log, copy.with_name(log.name))
                work = open_file(copy, key, "work")
                try:
                    for item in _outbox(work, strict=False):
                        known = items.get(item["clientRef"])
                        if known is None or known["attempts"] <= item["attempts"]:
                            items[item["clientRef"]] = item
                    for id, draft in _drafts_by_id(work, strict=False):
                        known = drafts.get(id)
                        if known is None or _saved_at(known) <= _saved_at(draft):
                            drafts[id] = draft
                finally:
                    work.close()
        except (CorruptWork, WrongKey):
            continue
        except OSError as error:
            raise FilesUnusable.of(error, profile.work_db.name) from error
    return {"outbox": sorted(items.values(), key=lambda item: item["queuedAt"]), "drafts": list(drafts.values())}


def _outbox(work: Database, *, strict: bool) -> list[dict[str, Any]]:
    if strict and not _has(work, "outbox"):
        return []
    # A file that an earlier version left lacks what was added since.
    there = {name for (name,) in work.rows("select name from pragma_table_info('outbox')")}
    columns = ", ".join(name if name in there else f"'' as {name}" for name in _ITEM)
    by_thousands = not strict or _has(work, "unwritten")
    going = _going(work, strict=strict) if by_thousands else []
    sql = f"select {columns}, pos from outbox where state <> 'acked'"  # noqa: S608
    found = [
        dict(zip(_ITEM.values(), row, strict=True))
        for *row, pos in _rows(work, sql, "pos", strict=strict)
        if not any(first <= pos <= last for first, last in going)
    ]
    found += _coming(work, strict=strict) if by_thousands else []
    return [{**item, "payload": _json(item["payload"]), "error": _json(item["error"])} for item in found]


def _going(work: Database, *, strict: bool) -> list[tuple[int, int]]:
    """From which position to which entries were taken back that still stand in their rows."""
    return list(_rows(work, "select first_pos, last_pos from unwritten where come = 0", "no", strict=strict))


def _coming(work: Database, *, strict: bool) -> Iterator[dict[str, Any]]:
    """Entries that are not written out yet (`imi_tui.cache.outbox.bulk_rows`)."""
    from imi_tui.cache.outbox.bulk_rows import read

    for (wire,) in _rows(work, "select wire from unwritten where come > 0", "no", strict=strict):
        try:
            entries = [dict(zip(Entry._fields, entry, strict=True)) for entry in read(wire).entries()]
        except CorruptWork:
            if strict:
                raise
            continue
        for entry in entries:
            yield {ours: entry.get(name) for name, ours in _ITEM.items()}


def _drafts(work: Database, *, strict: bool) -> list[Any]:
    return [draft for _id, draft in _drafts_by_id(work, strict=strict)]


def _drafts_by_id(work: Database, *, strict: bool) -> list[tuple[str, Any]]:
    """Drafts with their ids; one that is damaged past reading is the text that stands there."""
    if strict and not _has(work, "draft"):
        return []
    # In the order of the table itself where the index may be damaged.
    order = "saved_at" if strict else "id"
    rows = _rows(work, "select id, wire from draft where true", order, strict=strict)
    return [(id, _json(wire)) for id, wire in rows]


def _saved_at(draft: Any) -> str:
    return str(draft.get("saved_at", "")) if isinstance(draft, dict) else ""


def _rows(work: Database, sql: str, order: str, *, strict: bool) -> Iterator[tuple[Any, ...]]:
    """All rows; of a damaged table those before the damage and, from its end, those behind it, each at least once."""
    if strict:
        yield from work.rows(f"{sql} order by {order}")
        return
    for direction in ("", "desc"):
        try:
            yield from work.connection.execute(f"{sql} order by {order} {direction}")
        except apsw.Error:
            continue
        else:
            return


def _has(work: Database, table: str) -> bool:
    return work.one("select 1 from sqlite_master where type = 'table' and name = ?", (table,)) is not None


def _json(text: str | None) -> Any:
    """What is damaged past reading stays a text."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
