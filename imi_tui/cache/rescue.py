"""Reading what the officer wrote out of `work.db`, whatever version of the program wrote it: nothing is migrated.

For a file that a newer version left, or one that could not be brought up to date: its tables are only ever extended,
so what is known of them today can be read in any version.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from imi_tui.cache.db import open_file

if TYPE_CHECKING:
    from imi_tui.cache.db import Database
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
    "payload": "payload",
    "error": "error",
}


def rescue(profile: Profile, key: bytes) -> dict[str, Any]:
    """``outbox`` (entries the server has not taken, in order) and ``drafts``. Raises `CacheError`."""
    if not profile.work_db.exists():
        return {"outbox": [], "drafts": []}
    work = open_file(profile.work_db, key, "work")
    try:
        work.run("pragma query_only = on")
        with work.snapshot():
            return {"outbox": _outbox(work), "drafts": _drafts(work)}
    finally:
        work.close()


def _outbox(work: Database) -> list[dict[str, Any]]:
    if not _has(work, "outbox"):
        return []
    columns = ", ".join(_ITEM)
    rows = work.rows(f"select {columns} from outbox where state <> 'acked' order by pos")  # noqa: S608
    found = [dict(zip(_ITEM.values(), row, strict=True)) for row in rows]
    return [{**item, "payload": _json(item["payload"]), "error": _json(item["error"])} for item in found]


def _drafts(work: Database) -> list[dict[str, Any]]:
    if not _has(work, "draft"):
        return []
    return [_json(wire) for (wire,) in work.rows("select wire from draft order by saved_at")]


def _has(work: Database, table: str) -> bool:
    return work.one("select 1 from sqlite_master where type = 'table' and name = ?", (table,)) is not None


def _json(text: str | None) -> Any:
    """What is damaged past reading stays a text."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
