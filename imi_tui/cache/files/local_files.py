"""Attached files on this machine: what was asked for, what is here, and what waits to be sent.

Downloads are known to `cache.db`, with their keys, and make room for each other. Files to be sent are known to
`work.db`: they are copies, so that an entry is frozen with them, and stay until no draft and no entry of the outbox
names them. Erasing a file deletes its key first; what then lies in the folder is noise that `sweep` takes away.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from imi_core.filenames import safe_name
from imi_core.filetypes import HEAD, PROGRAM, sniff
from imi_core.workflow import MAX_ATTACHMENTS
from imi_tui.cache.errors import CacheBusy, CacheError, DamagedFile, FileRefused
from imi_tui.cache.files import sealed
from imi_tui.cache.ids import LOCAL
from imi_tui.cache.model import Changed
from imi_tui.cache.session import SessionTable, file_limits
from imi_tui.cache.storage.reserve import need_room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from imi_tui.cache.storage.db import Database
    from imi_tui.cache.storage.hub import Hub


Where = Literal["server", "wanted", "loading", "here", "failed", "waiting", "sending", "sent"]
FILES_CHANGED = Changed(frozenset(("files",)))


class FileState(NamedTuple):
    """Where a file is: on the server, asked for, on its way here (`have` of `size` bytes), here; or, for one of our
    own, waiting to be sent, on its way, sent. `problem` is a code or ""."""

    where: Where
    have: int
    size: int
    problem: str = ""


class Attached(NamedTuple):
    """A file to be sent: the id an entry names it by (with `LOCAL` before it), and what it is."""

    id: str
    name: str
    size: int
    sha256: str
    kind: str
    personal: bool


class Files:
    """Reached as `Store.files`."""

    def __init__(
        self,
        work: Database,
        cache: Database,
        folder: Path,
        hub: Hub,
        new_ref: Callable[[], str],
        now: Callable[[], str],
    ) -> None:
        self._work, self._cache, self.folder, self._hub = work, cache, folder, hub
        self._new_ref, self._now = new_ref, now

    # --- for screens and commands: files of cases -------------------------------------------------------------------

    def state(self, attachment: dict[str, Any]) -> FileState:
        """Where the file of an entry is."""
        id, size = str(attachment.get("blobId", "")), int(attachment.get("size", 0) or 0)
        if id.startswith(LOCAL):
            return self._own_state(id.removeprefix(LOCAL))
        found = self._cache.one("select state, have, size, problem from file where id = ?", (id,))
        if found is None:
            return FileState("server", 0, size)
        where: Where = "loading" if found[0] == "wanted" and found[1] else found[0]
        return FileState(where, found[1], found[2], found[3])

    def _own_state(self, id: str) -> FileState:
        found = self._work.one("select size, blob_id from upload where id = ?", (id,))
        if found is None:
            return FileState("sent", 0, 0)
        sent = self._work.one("select coalesce(sum(size), 0) from upload_part where upload = ?", (id,))[0]
        return FileState("sent" if found[1] else "sending" if sent else "waiting", sent, found[0])

    def want(self, desk: str, case_id: str, attachment: dict[str, Any]) -> FileState:
        """Ask for a file; the sync thread fetches it. One that failed is asked for anew."""
        id, now = str(attachment["blobId"]), self._now()
        if not id.startswith(LOCAL):
            with self._cache.write():
                self._cache.run(
                    "insert into file(id, desk, case_id, file, key, size, sha256, state, asked_at, used_at)"
                    " values(?, ?, ?, ?, ?, ?, ?, 'wanted', ?, ?) on conflict(id) do update set"
                    " asked_at = excluded.asked_at, used_at = excluded.used_at, problem = '',"
                    # What failed may have been other bytes: no key serves two contents.
                    " file = case state when 'failed' then excluded.file else file end,"
                    " key = case state when 'failed' then excluded.key else key end,"
                    " state = case state when 'failed' then 'wanted' else state end, restarts = 0",
                    (
                        id,
                        desk,
                        case_id,
                        new_name(),
                        sealed.new_key(),
                        int(attachment["size"]),
                        attachment["sha256"],
                        now,
                        now,
                    ),
                )
            self._hub.publish(FILES_CHANGED)
        return self.state(attachment)

    def cancel(self, attachment: dict[str, Any]) -> None:
        """No longer want a file, or do without the copy that is here."""
        self._forget(str(attachment.get("blobId", "")))
        self._hub.publish(FILES_CHANGED)

    def read(self, attachment: dict[str, Any]) -> bytes:
        """A file that is here, or one of our own, checked once more. Raises `DamagedFile`; it is then fetched anew."""
        id = str(attachment.get("blobId", ""))
        if id.startswith(LOCAL):
            found = self._work.one("select file, key, size from upload where id = ?", (id.removeprefix(LOCAL),))
        else:
            sql = "select file, key, size from file where id = ? and state = 'here'"
            found = self._cache.one(sql, (id,))
        if found is None:
            raise DamagedFile
        try:
            data = b"".join(sealed.read(self.folder / found[0], found[1], found[2]))
        except DamagedFile:
            if not id.startswith(LOCAL):
                self._forget(id)
                self._hub.publish(FILES_CHANGED)
            raise
        if not id.startswith(LOCAL):
            self._cache.run("update file set used_at = ? where id = ?", (self._now(), id))
        return data

    # --- for screens and commands: files to be sent -----------------------------------------------------------------

    def attach(
        self, path: Path, *, personal: bool = True, beside: Sequence[dict[str, Any]] = (), held: int = 0
    ) -> Attached:
        """Copy a file, sealed, so that an entry can be frozen with it. Raises `FileRefused`, `DiskFull`.

        `beside` are the attachments the entry has already, `held` the bytes of files the case has.
        """
        if len(beside) >= MAX_ATTACHMENTS:
            raise FileRefused("filesTooMany")
        most, most_of_case = file_limits(SessionTable(self._cache).session())
        data = _content(path, most)
        ids = [str(each.get("blobId", "")).removeprefix(LOCAL) for each in beside]
        others = [found for found in (self.attached(id) for id in ids) if found is not None]
        digest = hashlib.sha256(data).hexdigest()
        if digest in {other.sha256 for other in others}:
            raise FileRefused("fileTwice")
        if held + len(data) + sum(other.size for other in others) > most_of_case:
            raise FileRefused("caseTooLarge")
        kind = sniff(data[:HEAD])
        if kind == PROGRAM:
            raise FileRefused("fileIsProgram")
        need_room(self.folder, len(data))
        made = Attached(self._new_ref(), safe_name(path.name), len(data), digest, kind, personal)
        file, key = new_name(), sealed.new_key()
        try:
            with contextlib.closing(sealed.Writer(self.folder / file, key, len(data))) as writer:
                writer.add(data)
                writer.finish()
            sealed.sync_folder(self.folder)
            sql = (
                "insert into upload(id, file, key, name, size, sha256, kind, personal, added_at)"
                " values(?,?,?,?,?,?,?,?,?)"
            )
            with self._work.write():
                self._work.run(sql, (made.id, file, key, made.name, made.size, digest, kind, personal, self._now()))
        except CacheError:
            # On a full disk every block counts, also that of a copy that was only begun.
            unlink(self.folder, [file])
            raise
        return made

    def attached(self, id: str) -> Attached | None:
        """A file to be sent, by its id."""
        sql = "select id, name, size, sha256, kind, personal from upload where id = ?"
        found = self._work.one(sql, (id.removeprefix(LOCAL),))
        return Attached._make((*found[:5], bool(found[5]))) if found is not None else None

    def mark(self, id: str, *, personal: bool) -> None:
        """Say whether a file that no entry carries yet is about a person."""
        with self._work.write():
            self._work.run("update upload set personal = ? where id = ?", (personal, id.removeprefix(LOCAL)))

    def detach(self, id: str) -> None:
        """The officer took a file out of what is being written."""
        id = id.removeprefix(LOCAL)
        found = self._work.one("select file from upload where id = ?", (id,))
        # A refused entry that is being put right keeps what it was frozen with until its successor is queued.
        if found is not None and not self._work.one("select 1 from outbox where instr(payload, ?)", (LOCAL + id,)):
            with self._work.write():
                self._work.run("delete from upload where id = ?", (id,))
            unlink(self.folder, [found[0]])

    def _forget(self, id: str) -> None:
        forget(self._cache, self.folder, [id])


def forget(cache: Database, folder: Path, ids: Iterable[str]) -> None:
    """Let downloads go: their keys first, and not even in the write-ahead log, then the bytes."""
    names = []
    with cache.write():
        for id in ids:
            if (found := cache.one("select file from file where id = ?", (id,))) is not None:
                cache.run("delete from file where id = ?", (id,))
                names.append(found[0])
    if names:
        with contextlib.suppress(CacheBusy):
            cache.empty_log()
        unlink(folder, names)


def unlink(folder: Path, names: Iterable[str]) -> None:
    """Remove files by the names that the tables know, whole or begun."""
    for name in names:
        for path in (folder / name, folder / f"{name}.part"):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _content(path: Path, most: int) -> bytes:
    """All of a file that may be attached. Nothing that is not a plain file is waited for."""
    try:
        with os.fdopen(
            os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb"
        ) as file:
            import stat

            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise FileRefused("fileUnreadable")
            if found.st_size > most:
                raise FileRefused("fileTooLarge")
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise FileRefused("fileUnreadable") from error
    if len(data) > most:
        raise FileRefused("fileTooLarge")
    return data


def new_name() -> str:
    return os.urandom(16).hex()
