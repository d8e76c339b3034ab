"""A disk below the cipher: full from the n-th write on, dead from the n-th event on, or without power.

SQLite reaches every file of the client through this VFS, which lies *under* the encryption. Writes that were not
synchronised yet are remembered, so that a loss of power can take any of them back, whole or torn.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

import apsw

from imi_tui.cache.errors import DiskFull
from imi_tui.cache.files import sealed, transfers
from imi_tui.cache.storage.wal_mark import CommitMark

NAME = "imi-sim"
SECTOR = 512
REAL = "unix"


class Killed(BaseException):
    """The process ended here. No handler of the product may hold it up."""


@dataclass
class Held:
    """What a file durably holds, and what was written to it since."""

    durable: bytearray
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """(offset, bytes), or (size, None) for a truncation."""


class Disk:
    """The files below one folder. `before` is asked before every write and sync, and may raise `Killed`."""

    def __init__(self, folder: Path, before: Callable[[str], None] = lambda _: None) -> None:
        self.folder = f"{folder}/"
        self.before = before
        self.dead = False
        """The process has ended: whatever still unwinds changes nothing any more."""
        self.room: int | None = None
        """Writes that still fit; None for a disk with room."""
        self.lazy = False
        """Whether it remembers what a loss of power would take back."""
        self.files: dict[str, Held] = {}
        self.names: list[tuple[str, str]] = []
        """(old, new) name of each file that came ("" before) or was renamed since its folder was synchronised."""
        self.lies = False
        """Whether what is synchronised of sealed files, and of their names, is only said to be."""
        self.writes = self.refused = 0

    def write(self, path: str, data: bytes, offset: int) -> bool:
        """Whether a write is to be carried out."""
        if not self._event("write"):
            return False
        if self.room is not None:
            if self.room <= 0:
                self.refused += 1
                raise apsw.FullError("no space left")
            self.room -= 1
        self.writes += 1
        if self.lazy and path and not path.endswith("-shm"):
            self._held(path).pending.append((offset, bytes(data)))
        return True

    def truncate(self, path: str, size: int) -> bool:
        """Whether a truncation is to be carried out."""
        if not self._event("truncate"):
            return False
        if self.lazy:
            self._held(path).pending.append((size, None))
        return True

    def sync(self, path: str) -> None:
        """A file is synchronised."""
        if self._event("sync") and self.lazy:
            held = self._held(path)
            for each in held.pending:
                _carry_out(held.durable, *each)
            held.pending.clear()

    # --- sealed files, which are written beside SQLite --------------------------------------------------------------

    def opened(self, path: str, *, new: bool) -> None:
        """A sealed file is about to be opened, which may make it."""
        if self.lazy and not self.dead:
            self._held(path)
            if new:
                self.names.append(("", path))

    def began(self, path: str) -> None:
        """A sealed file was opened: what was of no use at its end is cut off."""
        if self.lazy and not self.dead:
            self._held(path).pending.append((Path(path).stat().st_size, None))

    def put(self, path: str, offset: int) -> None:
        """What a sealed file holds from this offset on was written now."""
        if self.lazy and not self.dead:
            with open(path, "rb") as file:
                file.seek(offset)
                self._held(path).pending.append((offset, file.read()))

    def synced(self, path: str) -> None:
        """A sealed file is synchronised."""
        if self.lies:
            self._event("sync")
        else:
            self.sync(path)

    def renamed(self, old: str, new: str) -> None:
        """A file has another name."""
        if self.lazy and not self.dead:
            self.files[new] = self.files.pop(old, None) or Held(bytearray(Path(new).read_bytes()))
            self.names.append((old, new))

    def folder_synced(self) -> None:
        """Names in the folder of sealed files are synchronised."""
        if self._event("sync") and not self.lies:
            self.names.clear()

    def delete(self, path: str) -> bool:
        """Whether a file is to be removed."""
        if not self._event("delete"):
            return False
        self.files.pop(path, None)
        return True

    def _event(self, what: str) -> bool:
        if not self.dead:
            self.before(what)
        return not self.dead

    def close_all(self) -> None:
        """Close every database on it that is still open, also those nobody knows any more; nothing is written."""
        dead, self.dead = self.dead, True
        for each in apsw.connections():
            if each.filename.startswith(self.folder):
                each.close(True)
        self.dead = dead

    def _held(self, path: str) -> Held:
        if path not in self.files:
            file = Path(path)
            self.files[path] = Held(bytearray(file.read_bytes() if file.exists() else b""))
        return self.files[path]

    def lose_power(self, rng: random.Random) -> None:
        """What was not synchronised arrives in part, or not at all. All files have to be closed."""
        # Names change in order: what is lost of them is lost from the end.
        for old, new in reversed(self.names[rng.randint(0, len(self.names)) :] if self.names else []):
            held = self.files.pop(new, None)
            if not old:
                Path(new).unlink(missing_ok=True)
            elif Path(new).exists():
                Path(new).rename(old)
                if held is not None:
                    self.files[old] = held
        self.names.clear()
        for path, held in self.files.items():
            content = held.durable
            for offset, data in held.pending:
                kept = rng.random()
                if kept < 0.4:
                    continue
                if data is not None and kept < 0.6:
                    data = data[: rng.randrange(0, len(data) + 1, SECTOR)]
                _carry_out(content, offset, data)
            file = Path(path)
            if file.exists():
                file.write_bytes(content)
                Path(path.removesuffix("-wal") + "-shm").unlink(missing_ok=True)
        self.files.clear()


def _carry_out(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


_disks: list[Disk] = []


def _disk_of(path: str) -> Disk | None:
    return next((each for each in _disks if path.startswith(each.folder)), None)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk | None, name: apsw.URIFilename | str | None, flags: list[int]) -> None:
        self._disk = disk
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__(REAL, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        if self._disk is None or self._disk.write(self._path, data, offset):
            super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        if self._disk is None or self._disk.truncate(self._path, size):
            super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        # What was synchronised is kept in mind where it matters: the real disk need not be waited for.
        if self._disk is None:
            super().xSync(flags)
        else:
            self._disk.sync(self._path)


class _Vfs(apsw.VFS):
    def __init__(self) -> None:
        super().__init__(NAME, REAL)

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> _File:
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        return _File(_disk_of(path), name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        disk = _disk_of(filename)
        if disk is None or disk.delete(filename):
            super().xDelete(filename, syncdir)


_vfs: list[_Vfs] = []


@contextmanager
def under(*disks: Disk) -> Iterator[None]:
    """SQLite of this process writes through these disks for the paths that are theirs."""
    if not _vfs:
        _vfs.append(_Vfs())
        # Opening once makes the cipher lay its own VFS over this one.
        apsw.Connection("", vfs=f"multipleciphers-{NAME}").close()
    _disks[:] = disks
    apsw.set_default_vfs(f"multipleciphers-{NAME}")
    note = CommitMark.note

    def noted(mark: CommitMark, commits: int) -> None:
        # Written beside SQLite; a process that has ended writes nothing there either.
        disk = _disk_of(str(mark._path))
        if disk is None or disk._event("note"):
            note(mark, commits)

    begin, put, sync = sealed.Writer.__init__, sealed.Writer._put, sealed.Writer.sync
    sync_folder, replace = sealed.sync_folder, transfers.replace
    paths: WeakKeyDictionary[sealed.Writer, str] = WeakKeyDictionary()

    def opened(writer: sealed.Writer, path: Path, key: bytes, size: int) -> None:
        paths[writer] = str(path)
        disk = _disk_of(str(path))
        if disk is not None:
            disk.opened(str(path), new=not path.exists())
        begin(writer, path, key, size)
        if disk is not None:
            disk.began(str(path))

    def sealing(writer: sealed.Writer, data: bytes, *, last: bool) -> None:
        disk = _disk_of(paths[writer])
        try:
            if disk is not None and not disk.write("", data, 0):
                return
        except apsw.FullError:
            raise DiskFull from None
        offset = writer._next * (sealed.SEGMENT + sealed.TAG)
        put(writer, data, last=last)
        if disk is not None:
            writer._file.flush()
            disk.put(paths[writer], offset)

    def synced(writer: sealed.Writer) -> None:
        disk = _disk_of(paths[writer])
        if disk is None:
            sync(writer)
        else:
            disk.synced(paths[writer])

    def folder_synced(folder: Path) -> None:
        disk = _disk_of(str(folder))
        if disk is None:
            sync_folder(folder)
        else:
            disk.folder_synced()

    def renamed(old: Path, new: Path) -> None:
        disk = _disk_of(str(old))
        if disk is None or disk._event("rename"):
            replace(old, new)
        if disk is not None:
            disk.renamed(str(old), str(new))

    CommitMark.note = noted  # type: ignore[method-assign]
    sealed.Writer.__init__ = opened  # type: ignore[method-assign]
    sealed.Writer._put = sealing  # type: ignore[method-assign]
    sealed.Writer.sync = synced  # type: ignore[method-assign]
    sealed.sync_folder = folder_synced
    transfers.replace = renamed
    try:
        yield
    finally:
        CommitMark.note = note  # type: ignore[method-assign]
        sealed.Writer.__init__ = begin  # type: ignore[method-assign]
        sealed.Writer._put = put  # type: ignore[method-assign]
        sealed.Writer.sync = sync  # type: ignore[method-assign]
        sealed.sync_folder, transfers.replace = sync_folder, replace
        apsw.set_default_vfs(f"multipleciphers-{REAL}")
        _disks.clear()
