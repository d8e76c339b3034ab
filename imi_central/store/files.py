"""Files: random ids, readable by their uploader for a day and by whoever sees an entry that carries them in full."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from imi_central.store.codec import ms
from imi_central.store.errors import AlreadyExists, EntryRefused, OverQuota
from imi_central.store.sight import batches
from imi_central.store.tables import blob, entry_blob
from imi_core import filetypes
from imi_core.case import MAX_CASE_FILES, Attachment

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from imi_central.store.sight import Sight

REF = "ref:"
"""Starts a blob id that names a file by the clientRef its uploader gave it."""
ORPHAN = dt.timedelta(hours=24)
QUOTA = 250 * 1024 * 1024
"""Bytes an officer may have in files that no entry carries yet."""


class File(NamedTuple):
    """What is known of a stored file. `sha256` is hex."""

    id: str
    size: int
    sha256: str
    media_type: str


class Assembly(NamedTuple):
    """A file to be put together: the ids of its parts in order, and the hash its uploader expects."""

    client_ref: str
    parts: tuple[str, ...]
    media_type: str
    sha256: str


def put(
    conn: Connection, now: dt.datetime, blob_id: str, officer: str, desk: str, media_type: str, data: bytes
) -> File:
    """Store a file. Its type is what its first bytes say. Raises `OverQuota`."""
    waiting = conn.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(blob.c.size), 0)).where(
            blob.c.owner == officer, blob.c.attached.is_(False), blob.c.created > ms(now - ORPHAN)
        )
    )
    if (waiting or 0) + len(data) > QUOTA:
        raise OverQuota(officer)
    return _insert(conn, now, blob_id, officer, desk, media_type, data, None)


def join(
    conn: Connection, now: dt.datetime, blob_id: str, officer: str, desk: str, wanted: Assembly, limit: int
) -> File:
    """Put an officer's own parts together; they are gone then. A repeat finds the file made the first time (P1).

    Raises `EntryRefused`: "blobNotFound" with the parts that are not there, "tooLarge" above `limit` bytes,
    "invalidProperties" where the bytes are not those the uploader meant; then the parts stay.
    """
    if known := _made(conn, now, officer, desk, wanted):
        return known
    mine = (blob.c.owner == officer, blob.c.desk == desk, blob.c.attached.is_(False), blob.c.created > ms(now - ORPHAN))
    sizes: dict[str, int] = {}
    for batch in batches(wanted.parts):
        sizes |= {
            row.id: row.size
            for row in conn.execute(_locked(sa.select(blob.c.id, blob.c.size).where(blob.c.id.in_(batch), *mine)))
        }
    if missing := tuple(part for part in wanted.parts if part not in sizes):
        if known := _made(conn, now, officer, desk, wanted):
            # The same came twice at once, and this one has waited for the parts.
            return known
        raise EntryRefused("blobNotFound", "parts are not there", not_found=missing)
    if sum(sizes.values()) > limit:
        raise EntryRefused("tooLarge", f"a file has at most {limit} bytes")
    data = b"".join(read(conn, part, 0, sizes[part]) for part in wanted.parts)
    if hashlib.sha256(data).hexdigest() != wanted.sha256:
        raise EntryRefused("invalidProperties", "the parts do not make this file", properties=("sha256",))
    conn.execute(sa.delete(blob).where(blob.c.id.in_(wanted.parts)))
    return _insert(conn, now, blob_id, officer, desk, wanted.media_type, data, wanted.client_ref)


def _made(conn: Connection, now: dt.datetime, officer: str, desk: str, wanted: Assembly) -> File | None:
    """The file this officer made under the same name before; what expired is made anew."""
    where = (blob.c.owner == officer, blob.c.desk == desk, blob.c.client_ref == wanted.client_ref)
    columns = (blob.c.id, blob.c.size, blob.c.sha256, blob.c.media_type, blob.c.created, blob.c.attached)
    row = conn.execute(sa.select(*columns).where(*where)).one_or_none()
    if row is None:
        return None
    if not row.attached and row.created <= ms(now - ORPHAN):
        _delete(conn, [row.id])
        return None
    if row.sha256 != wanted.sha256:
        raise AlreadyExists(row.id, "file")
    return File(row.id, row.size, row.sha256, row.media_type)


def _insert(
    conn: Connection,
    now: dt.datetime,
    blob_id: str,
    officer: str,
    desk: str,
    media_type: str,
    data: bytes,
    client_ref: str | None,
) -> File:
    kind = filetypes.sniff(data[: filetypes.HEAD], media_type)
    made = File(blob_id, len(data), hashlib.sha256(data).hexdigest(), kind)
    conn.execute(
        sa.insert(blob).values(
            id=made.id,
            owner=officer,
            desk=desk,
            size=made.size,
            sha256=made.sha256,
            media_type=kind,
            created=ms(now),
            attached=False,
            client_ref=client_ref,
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
    # SQLite gives nothing where it is asked for no bytes.
    return bytes(conn.execute(sa.select(part).where(blob.c.id == blob_id)).scalar_one() or b"")


def attachments(sight: Sight, desk: str, given: tuple[Attachment, ...], now: dt.datetime) -> tuple[Attachment, ...]:
    """`given` with what the store knows of each file. Raises `EntryRefused` for one the officer may not read.

    In a write transaction: until it ends nobody else joins, erases or carries these files.
    """
    names = {each.blob_id: _named(sight, desk, each.blob_id) for each in given}
    held = set(sight.conn.scalars(_locked(sa.select(blob.c.id).where(blob.c.id.in_(set(names.values()))))))
    out = []
    for each in given:
        name = names[each.blob_id]
        found = find(sight, desk, name, now) if name in held else None
        if found is None:
            text = f"there is no file {each.blob_id!r}"
            raise EntryRefused("blobNotFound", text, not_found=(each.blob_id,))
        if found.media_type == filetypes.PROGRAM:
            raise EntryRefused("invalidProperties", "programs are not carried", properties=("attachments",))
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
    if len({each.blob_id for each in out}) != len(out):
        raise EntryRefused("invalidProperties", "each file once", properties=("attachments",))
    return tuple(out)


def _named(sight: Sight, desk: str, blob_id: str) -> str:
    """The id of a file that is named by its uploader's clientRef; any other id as it is."""
    if not blob_id.startswith(REF):
        return blob_id
    where = (
        blob.c.owner == sight.person.id,
        blob.c.desk == desk,
        blob.c.client_ref == blob_id.removeprefix(REF),
    )
    return sight.conn.scalar(sa.select(blob.c.id).where(*where)) or ""


def check_room(conn: Connection, case_id: str, given: tuple[Attachment, ...]) -> None:
    """Raise `EntryRefused` "overQuota" where the case's files would be more than `MAX_CASE_FILES` bytes."""
    if not given:
        return
    carried = sa.select(entry_blob.c.blob_id).where(entry_blob.c.case_id == case_id)
    held = dict(conn.execute(sa.select(blob.c.id, blob.c.size).where(blob.c.id.in_(carried))).all())
    if sum((held | {each.blob_id: each.size for each in given}).values()) > MAX_CASE_FILES:
        text = f"the files of a case have at most {MAX_CASE_FILES} bytes"
        raise EntryRefused("overQuota", text, properties=("attachments",))


def keep(conn: Connection, ids: list[str]) -> None:
    """An entry carries these files: they stay as long as its case does."""
    conn.execute(sa.update(blob).where(blob.c.id.in_(ids)).values(attached=True))


def expire(conn: Connection, now: dt.datetime, limit: int) -> int:
    """Delete at most `limit` files that no entry carried within a day; returns how many."""
    over = (blob.c.attached.is_(False), blob.c.created <= ms(now - ORPHAN))
    found = conn.scalars(sa.select(blob.c.id).where(*over).order_by(blob.c.created).limit(limit)).all()
    # An entry may be about to carry one of them: whoever locks it first decides.
    ids = conn.scalars(_locked(sa.select(blob.c.id).where(blob.c.id.in_(found), *over))).all()
    if ids:
        conn.execute(sa.delete(blob).where(blob.c.id.in_(ids)))
    return len(ids)


def erase(conn: Connection, case_id: str) -> None:
    """Delete the files of a case that no other case carries."""
    ids = set(conn.scalars(sa.select(entry_blob.c.blob_id).where(entry_blob.c.case_id == case_id)))
    conn.execute(sa.delete(entry_blob).where(entry_blob.c.case_id == case_id))
    _delete(conn, ids)


def _delete(conn: Connection, ids: Iterable[str]) -> None:
    for batch in batches(ids):
        conn.execute(_locked(sa.select(blob.c.id).where(blob.c.id.in_(batch))))
        shared = set(conn.scalars(sa.select(entry_blob.c.blob_id).where(entry_blob.c.blob_id.in_(batch))))
        conn.execute(sa.delete(blob).where(blob.c.id.in_([each for each in batch if each not in shared])))


def _locked(query: sa.Select[Any]) -> sa.Select[Any]:
    """`query` on files, their rows locked in id order: what others do with them comes before it or after it."""
    return query.order_by(blob.c.id).with_for_update()
