"""Files at rest: segments of 64 KiB, each sealed with ChaCha20-Poly1305 under a key that serves this one file.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): a segment's nonce is its number and whether it is
the last one, so that segments that were changed, exchanged, repeated or cut off are refused. A file is written from
its beginning to its end; what is there of it after a kill is whole segments, which may be continued.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from imi_tui.cache.errors import CacheError, DamagedFile, DiskFull

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEGMENT = 64 * 1024
"""Bytes of plain text in a segment; only the last one of a file has fewer."""
TAG = 16
KEY_BYTES = 32


def new_key() -> bytes:
    """A key for one file."""
    return os.urandom(KEY_BYTES)


def segments(size: int) -> int:
    """How many segments a file of `size` bytes has: at least one, so that an empty file has a seal too."""
    return max(1, -(-size // SEGMENT))


class Writer:
    """Writes a file of known size from wherever whole segments of it end. `have` counts bytes that are safe in them."""

    def __init__(self, path: Path, key: bytes, size: int) -> None:
        """Raises `CacheError` where the file cannot be opened; one that is a link is refused."""
        self._cipher, self._size = ChaCha20Poly1305(key), size
        self._buffer = bytearray()
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.fdopen(os.open(path, flags, 0o600), "r+b")
        except OSError as error:
            raise _typed(error) from error
        try:
            self._next = self._whole()
        except OSError as error:
            self._file.close()
            raise _typed(error) from error
        self.have = self._next * SEGMENT

    def _whole(self) -> int:
        """How many segments are there; what is cut off or does not open goes, since a kill may leave anything."""
        there = os.fstat(self._file.fileno()).st_size // (SEGMENT + TAG)
        # The last segment of all has its own mark and is written at the very end: it is never continued.
        there = min(there, segments(self._size) - 1)
        if there:
            self._file.seek((there - 1) * (SEGMENT + TAG))
            try:
                self._cipher.decrypt(_nonce(there - 1, False), self._file.read(SEGMENT + TAG), None)
            except InvalidTag:
                there = 0
        self._file.truncate(there * (SEGMENT + TAG))
        self._file.seek(0, os.SEEK_END)
        return there

    def add(self, data: bytes) -> None:
        """More of the plain text. Raises `DamagedFile` for more than the file has, `DiskFull`."""
        self._buffer += data
        if self._next * SEGMENT + len(self._buffer) > self._size:
            raise DamagedFile
        while len(self._buffer) >= SEGMENT and self._next < segments(self._size) - 1:
            self._put(bytes(self._buffer[:SEGMENT]), last=False)
            del self._buffer[:SEGMENT]

    def finish(self) -> None:
        """Seal the last segment and see everything on the disk. Raises `DamagedFile` where bytes are missing."""
        if self._next * SEGMENT + len(self._buffer) != self._size:
            raise DamagedFile
        self._put(bytes(self._buffer), last=True)
        self._buffer.clear()
        self.sync()

    @property
    def complete(self) -> bool:
        """Whether all of the plain text was given."""
        return self._next * SEGMENT + len(self._buffer) == self._size

    def sync(self) -> None:
        """See on the disk what was written; `have` counts it."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _typed(error) from error

    def close(self) -> None:
        """Give the file back; a segment that is not full yet is lost."""
        try:
            self._file.close()
        except OSError as error:
            raise _typed(error) from error

    def _put(self, data: bytes, *, last: bool) -> None:
        try:
            self._file.write(self._cipher.encrypt(_nonce(self._next, last), data, None))
        except OSError as error:
            raise _typed(error) from error
        self._next += 1
        self.have = min(self._next * SEGMENT, self._size)


def read(path: Path, key: bytes, size: int, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The plain text from `start` to `end`, segment by segment.

    Raises `DamagedFile` before it gives anything of a segment that is not as it was sealed, and where the file is
    longer or shorter than `size`.
    """
    cipher, last, end = ChaCha20Poly1305(key), segments(size) - 1, size if end is None else end
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            if os.fstat(file.fileno()).st_size != size + (last + 1) * TAG:
                raise DamagedFile
            for number in range(start // SEGMENT, last + 1):
                offset = number * SEGMENT
                if offset >= end and number > 0:
                    return
                file.seek(number * (SEGMENT + TAG))
                data = cipher.decrypt(_nonce(number, number == last), file.read(SEGMENT + TAG), None)
                yield data[max(0, start - offset) : end - offset]
    except InvalidTag as error:
        raise DamagedFile from error
    except OSError as error:
        raise DamagedFile from error


def sync_folder(folder: Path) -> None:
    """See names in a folder on the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _typed(error: OSError) -> CacheError:
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull()
    return CacheError(f"a file cannot be written: {error.strerror or type(error).__name__}")
