"""One long-running writer a profile: a file lock that the operating system drops when the process ends."""

from __future__ import annotations

import errno
import os
import sys

from imi_core.lean import TYPE_CHECKING, contextmanager
from imi_tui.cache.errors import AlreadyRunning, FilesUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imi_tui.profile import Profile

_TAKEN = frozenset((errno.EAGAIN, errno.EACCES, errno.EDEADLK))
"""What a system says of a lock that somebody else holds."""


@contextmanager
def lock_profile(profile: Profile) -> Iterator[None]:
    """Hold the profile for writing. Raises `AlreadyRunning` at once when another process (or thread) holds it.

    Short commands that read, or put an entry into the outbox, do without: SQLite's own locks order them.
    """
    try:
        profile.make()
        descriptor = os.open(profile.file("lock"), os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise FilesUnusable.of(error, "lock") from error
    try:
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno not in _TAKEN:
                # Such as a network's file system without locks.
                raise FilesUnusable.of(error, profile.lock_file.name) from error
            raise AlreadyRunning from error
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
