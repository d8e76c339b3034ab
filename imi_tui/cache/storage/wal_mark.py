"""How far `work.db` had come, noted beside it: what its write-ahead log loses without a word is noticed.

Pages of the file itself are authenticated. A frame of the log whose checksum is wrong ends it, as a write that was
cut off does, and with it everything committed behind it. Each transaction therefore counts itself in the file, and the
count is noted here once it is durable. A file that has come less far than its note has lost commits; one that has come
further was cut off before the note, which is no harm. Other files than the one the note was made for are not judged.
"""

from __future__ import annotations

import os
import struct
from zlib import crc32

from imi_core.lean import TYPE_CHECKING, NamedTuple, suppress

if TYPE_CHECKING:
    from pathlib import Path

_FORM = struct.Struct("<16sQ")
_CHECK = struct.Struct("<I")
_BESIDE = "-mark"


class Noted(NamedTuple):
    """Which file, and how many transactions."""

    identity: bytes
    commits: int


class CommitMark:
    """The note on one file, held open by one connection. It is not waited for: losing it with the power is no harm."""

    def __init__(self, work: str, identity: bytes) -> None:
        self._path = work + _BESIDE
        self._identity = identity
        self._file: int | None = None

    def note(self, commits: int) -> None:
        """So many transactions are durable. On a full disk the older note stays, which asks for less."""
        with suppress(OSError):
            if self._file is None:
                flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
                self._file = os.open(self._path, flags, 0o600)
            os.lseek(self._file, 0, os.SEEK_SET)
            body = _FORM.pack(self._identity, commits)
            os.write(self._file, body + _CHECK.pack(crc32(body)))

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def noted(work: Path | str) -> Noted | None:
    """What was noted last; None where there is nothing, or nothing that can be read."""
    try:
        with open(os.fspath(work) + _BESIDE, "rb") as file:
            content = file.read()
    except OSError:
        return None
    body, check = content[: _FORM.size], content[_FORM.size :]
    if len(body) != _FORM.size or check != _CHECK.pack(crc32(body)):
        return None
    return Noted(*_FORM.unpack(body))


def mark_of(work: Path) -> Path:
    """Where the note on a file is."""
    return work.with_name(work.name + _BESIDE)
