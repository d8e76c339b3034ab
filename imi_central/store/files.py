"""Files: random ids, readable by their uploader for a day and by whoever sees an entry that carries them in full."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from imi_central.store.codec import ms
from imi_central.store.errors import EntryRefused, OverQuota
from imi_central.store.sight import batches
from imi_central.store.tables import blob, entry_blob
from imi_core.case import Attachment

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from imi_central.store.sight import Sight

ORPHAN = dt.timedelta(hours=24)
QUOTA = 250 * 1024 * 1024
"""Bytes an officer may have in files that no entry carries yet."""


class File(NamedTuple):
    """What is known of a stored file. `sha256` is hex."""

    id: str
    size: int
    sha256: str
    media_type: str


def put(
    conn: Connection, now: dt.datetime, blob_id: str, officer: str, desk: str, media_type: str, data: bytes
) -> File:
    """Store a file. Raises `OverQuota`."""
    waiting = conn.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(blob.c.size), 0)).where(
            blob.c.owner == officer, blob.c.attached.is_(False)
        )
    )
    if (waiting or 0) + len(data) > QUOTA:
        raise OverQuota(officer)
    made = File(blob_id, len(data), hashlib.sha256(data).hexdigest(), media_type)
    conn.execute(
        sa.insert(blob).values(
            id=made.id,
            owner=officer,
            desk=desk,
            size=made.size,
            sha256=made.sha256,
            media_type=media_type,
            created=ms(now),
            attached=False,
            data=data,
        )
    )
    return made


def find(sight: Sight, desk: str, blob_id: str, now: dt.datetime) -> File | None:
    """The file, where the officer may read it at this desk; else None, the same as for one that never was."""
    seat = sight.seat(desk)
    columns = (blob.c.id, blob.c.size, blob.c.sha256, blob.c.media_type, blob.c.owner, blob.c.desk, blob.c.created)
    row = sight.conn.execute(sa.select(*columns).where(blob.c.id == blob_id)).one_or_none()
    if row is None:
        return None
    own = row.owner == seat.officer and row.desk == desk and row.created > ms(now - ORPHAN)
    if not own:
        carried = sight.conn.scalars(sa.select(entry_blob.c.case_id).where(entry_blob.c.blob_id == blob_id)).all()
        if "full" not in sight.levels(desk, set(carried)).values():
            return None
    return File(row.id, row.size, row.sha256, row.media_type)


def read(conn: Connection, blob_id: str, start: int, length: int) -> bytes:
    """A part of a file's bytes."""
    part = sa.func.substr(blob.c.data, start + 1, length, type_=blob.c.data.type)
    return bytes(conn.execute(sa.select(part).where(blob.c.id == blob_id)).scalar_one())


def attachments(sight: Sight, desk: str, given: tuple[Attachment, ...], now: dt.datetime) -> tuple[Attachment, ...]:
    """`given` with what the store knows of each file. Raises `EntryRefused` for one the officer may not read."""
    if len({each.blob_id for each in given}) != len(given):
        raise EntryRefused("invalidProperties", "each file once", properties=("attachments",))
    out = []
    for each in given:
        found = find(sight, desk, each.blob_id, now)
        if found is None:
            raise EntryRefused("blobNotFound", f"there is no file {each.blob_id!r}")
        out.append(
            Attachment(
                blob_id=found.id,
                name=each.name,
                size=found.size,
                sha256=found.sha256,
                media_type=found.media_type,
                personal=each.personal,
            )
        )
    return tuple(out)


def keep(conn: Connection, ids: list[str]) -> None:
    """An entry carries these files: they stay as long as its case does."""
    conn.execute(sa.update(blob).where(blob.c.id.in_(ids)).values(attached=True))


def expire(conn: Connection, now: dt.datetime) -> int:
    """Delete files that no entry carried within a day; returns how many."""
    gone = conn.execute(sa.delete(blob).where(blob.c.attached.is_(False), blob.c.created <= ms(now - ORPHAN)))
    return gone.rowcount


def erase(conn: Connection, case_id: str) -> None:
    """Delete the files of a case that no other case carries."""
    ids = set(conn.scalars(sa.select(entry_blob.c.blob_id).where(entry_blob.c.case_id == case_id)))
    conn.execute(sa.delete(entry_blob).where(entry_blob.c.case_id == case_id))
    _delete(conn, ids)


def _delete(conn: Connection, ids: Iterable[str]) -> None:
    for batch in batches(ids):
        shared = set(conn.scalars(sa.select(entry_blob.c.blob_id).where(entry_blob.c.blob_id.in_(batch))))
        conn.execute(sa.delete(blob).where(blob.c.id.in_([each for each in batch if each not in shared])))
