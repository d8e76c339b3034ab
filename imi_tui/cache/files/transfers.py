"""Attached files on their way, for the sync thread: what to fetch, what to send, what to forget."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import time
from os import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.cache.errors import DamagedFile, FilesUnusable
from imi_tui.cache.files import sealed
from imi_tui.cache.files.local_files import FILES_CHANGED, forget, new_name, unlink
from imi_tui.cache.ids import LOCAL
from imi_tui.cache.model import Changed
from imi_tui.cache.outbox.item import local_files
from imi_tui.cache.storage.reserve import SPARE, need_room
from imi_tui.times import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from imi_tui.cache.model import OutboxItem
    from imi_tui.cache.storage.db import Database
    from imi_tui.cache.storage.hub import Hub

PART_HOURS = 23
"""How long an uploaded part may be counted on; the server keeps it 24 hours."""
OTHER = "otherFile"
"""Other bytes came than the entry names."""
LOST = 3
"""How often a file that the server does not have any more is sent again."""
SWEEP_SECONDS = 600
"""Files younger than this are left alone: their row may be on its way."""


class Download(NamedTuple):
    """A file that is wanted here."""

    id: str
    desk: str
    case_id: str
    file: str
    key: bytes
    size: int
    sha256: str
    restarts: int


class Upload(NamedTuple):
    """A file that an entry of the outbox waits for."""

    id: str
    desk: str
    client_ref: str
    file: str
    key: bytes
    size: int
    sha256: str
    kind: str
    parts: tuple[tuple[int, int, str], ...]
    """(start, size, blob id) of what the server has of it, in order."""

    @property
    def sent(self) -> int:
        """Bytes that the server has."""
        return sum(size for _, size, _ in self.parts)

    def gap(self) -> tuple[int, int] | None:
        """From where to where bytes are missing first; None where there is a part for all of them."""
        at = 0
        for start, size, _ in self.parts:
            if start > at:
                return at, start
            at = max(at, start + size)
        return (at, self.size) if at < self.size or not self.parts else None


class FileMoves:
    """Reached as `Store.file_moves`."""

    def __init__(self, work: Database, cache: Database, folder: Path, hub: Hub, now: Callable[[], str]) -> None:
        self._work, self._cache, self.folder, self._hub, self._now = work, cache, folder, hub, now

    # --- fetching ------------------------------------------------------------------------------

    def wanted(self) -> Download | None:
        """The file asked for last that is not here yet."""
        sql = (
            "select id, desk, case_id, file, key, size, sha256, restarts from file where state = 'wanted'"
            " order by asked_at desc, id limit 1"
        )
        found = self._cache.one(sql)
        return Download(*found) if found is not None else None

    def part_of(self, download: Download) -> Path:
        """Where the beginning of a file lies until it is whole."""
        return self.folder / f"{download.file}.part"

    def begin(self, download: Download) -> None:
        """Before the first byte is asked for: raises `DiskFull` where the file would fill the disk."""
        need_room(self.folder, download.size, SPARE)

    def received(self, download: Download, have: int) -> None:
        """So much of it is here."""
        self._cache.run("update file set have = ? where id = ?", (have, download.id))
        self._hub.publish(FILES_CHANGED)

    def finish(self, download: Download) -> str:
        """Check a whole file, give it its name and let it be shown.

        Returns "", or why not: "damagedFile" where this machine lost some of it, `OTHER`.
        """
        part, whole = self.part_of(download), self.folder / download.file
        if part.exists():
            if problem := self._unfit(part, download):
                return problem
            try:
                replace(part, whole)
                sealed.sync_folder(self.folder)
            except OSError as error:
                raise FilesUnusable.of(error, whole.name) from error
        elif problem := self._unfit(whole, download):
            return problem
        self._cache.run(
            "update file set state = 'here', have = size, problem = '', used_at = ? where id = ?",
            (self._now(), download.id),
        )
        self._hub.publish(FILES_CHANGED)
        return ""

    def _unfit(self, path: Path, download: Download) -> str:
        digest = hashlib.sha256()
        try:
            for piece in sealed.read(path, download.key, download.size):
                digest.update(piece)
        except DamagedFile:
            return DamagedFile.code
        return "" if digest.hexdigest() == download.sha256 else OTHER

    def restart(self, download: Download) -> Download:
        """Begin a file anew under another key: what is here of it belongs to other bytes."""
        file, key = new_name(), sealed.new_key()
        with self._cache.write():
            self._cache.run(
                "update file set file = ?, key = ?, have = 0, restarts = restarts + 1 where id = ?",
                (file, key, download.id),
            )
        unlink(self.folder, [download.file])
        return download._replace(file=file, key=key, restarts=download.restarts + 1)

    def fail(self, download: Download, problem: str) -> None:
        """It cannot be had; the officer is told why and may ask again."""
        # The bytes first: on a full disk the note needs their room.
        unlink(self.folder, [download.file])
        self._cache.run("update file set state = 'failed', have = 0, problem = ? where id = ?", (problem, download.id))
        self._hub.publish(FILES_CHANGED)

    # --- sending -------------------------------------------------------------------------------

    def unsent(self, items: Iterable[OutboxItem], since: str) -> Upload | None:
        """The first file that one of these entries waits for, with the parts sent after `since`."""
        for item in items:
            for id in local_files(item.payload):
                sql = "select file, key, size, sha256, kind from upload where id = ? and blob_id = ''"
                found = self._work.one(sql, (id,))
                if found is not None:
                    return Upload._make((id, item.desk, item.client_ref, *found, self._parts(id, since)))
        return None

    def _parts(self, id: str, since: str) -> tuple[tuple[int, int, str], ...]:
        sql = "select start, size, blob_id from upload_part where upload = ? and at > ? order by start"
        return tuple(self._work.rows(sql, (id, since)))

    def content(self, upload: Upload, start: int, end: int) -> bytes:
        """Bytes of a file to be sent. Raises `DamagedFile`."""
        return b"".join(sealed.read(self.folder / upload.file, upload.key, upload.size, start, end))

    def sent_part(self, upload: Upload, start: int, size: int, blob_id: str) -> None:
        """The server has this part."""
        sql = "insert or replace into upload_part values(?, ?, ?, ?, ?)"
        with self._work.write():
            self._work.run(sql, (upload.id, start, size, blob_id, self._now()))
        self._hub.publish(FILES_CHANGED)

    def lost_parts(self, upload: Upload, blob_ids: Iterable[str]) -> None:
        """The server does not have these parts any more; without ids, none at all."""
        ids = list(blob_ids) or [part[2] for part in upload.parts]
        with self._work.write():
            self._work.many("delete from upload_part where upload = ? and blob_id = ?", [(upload.id, id) for id in ids])

    def uploaded(self, upload: Upload, blob_id: str) -> None:
        """The server has the file."""
        with self._work.write():
            self._work.run("update upload set blob_id = ? where id = ?", (blob_id, upload.id))
            self._work.run("delete from upload_part where upload = ?", (upload.id,))
        self._hub.publish(Changed(frozenset(("files", "outbox"))))

    def lost(self, payload: dict[str, Any], refs: Iterable[str] = ()) -> bool:
        """The server does not know files of an entry any more: to be sent again, unless that happened too often."""
        named = {ref.removeprefix(LOCAL) for ref in refs} & set(local_files(payload)) or set(local_files(payload))
        again = False
        with self._work.write():
            for id in named:
                sql = "update upload set blob_id = '', lost = lost + 1 where id = ? and lost < ?"
                again |= self._work.run(sql, (id, LOST)) > 0
        return again

    # --- keeping house ----------------------------------------------------------------------------------------------

    def forget_gone(self) -> None:
        """Inside a transaction of the cache: delete the keys of files whose cases are not here in full any more."""
        self._cache.run(
            "delete from file where not exists (select 1 from listing l join desk d on d.no = l.desk"
            " where d.id = file.desk and l.id = file.case_id and l.level = 'full')"
        )

    def trim(self, budget: int) -> int:
        """Let downloads go, those looked at longest ago first, until the others fit; how many went."""
        sql = "select id, size from file where state = 'here' order by used_at desc, id"
        used, gone = 0, []
        for id, size in self._cache.rows(sql):
            used += size
            if used > budget:
                gone.append(id)
        if gone:
            forget(self._cache, self.folder, gone)
            self._hub.publish(FILES_CHANGED)
        return len(gone)

    def sweep(self) -> int:
        """Forget files to be sent that nothing names any more, then remove what no row knows; how many files went."""
        self._forget_unnamed()
        try:
            there = [(entry.name, entry.stat(follow_symlinks=False).st_mtime) for entry in os.scandir(self.folder)]
        except FileNotFoundError:
            return 0
        known = {name for (name,) in self._cache.rows("select file from file")}
        known |= {name for (name,) in self._work.rows("select file from upload")}
        young = time.time() - SWEEP_SECONDS
        gone = [name for name, at in there if name.removesuffix(".part") not in known and at < young]
        unlink(self.folder, gone)
        return len(gone)

    def _forget_unnamed(self) -> None:
        uploads = self._work.rows("select id, file, added_at from upload")
        # Which files a damaged entry named nobody knows any more.
        damaged = "select 1 from outbox where not json_valid(payload) or error ->> '$.type' = 'damaged'"
        if not uploads or self._work.one(damaged) is not None:
            return
        named = {id for (wire,) in self._work.rows("select wire from draft") for id in local_files(json.loads(wire))}
        sql = "select desk, case_id, payload, state, confirmed from outbox where payload like '%\"attachments\"%'"
        for desk, case_id, payload, state, confirmed in self._work.rows(sql):
            # An entry that is confirmed and gone again was erased; its files go too.
            if state != "acked" or not confirmed or self._is_here(desk, case_id):
                named |= set(local_files(json.loads(payload)))
        # A form that is being filled in has not saved its draft yet.
        old = _day_before(self._now())
        gone = [(id, file) for id, file, added in uploads if id not in named and added < old]
        with self._work.write():
            self._work.many("delete from upload where id = ?", [(id,) for id, _ in gone])
            self._work.many("delete from upload_part where upload = ?", [(id,) for id, _ in gone])
        unlink(self.folder, [file for _, file in gone])

    def _is_here(self, desk: str, case_id: str) -> bool:
        sql = "select 1 from listing l join desk d on d.no = l.desk where d.id = ? and l.id = ?"
        return self._cache.one(sql, (desk, case_id)) is not None


def _day_before(now: str) -> str:
    return stamp(dt.datetime.fromisoformat(now) - dt.timedelta(days=1))
