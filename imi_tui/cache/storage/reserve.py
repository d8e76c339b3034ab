"""A reserve of disk space that is released on a full disk, so that what an officer just wrote can be saved."""

from __future__ import annotations

import os

from imi_core.lean import TYPE_CHECKING, suppress
from imi_tui.cache.errors import DiskFull

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    from imi_tui.profile import Profile

    T = TypeVar("T")

SIZE = 32 * 1024 * 1024
"""Bytes: far more than drafts and entries of a working day take."""
AMPLE = 4
"""It is only created if this many times its size is free."""
SPARE = 4 * 1024 * 1024
"""Bytes that downloads leave free for data that cannot be fetched again."""


class Reserve:
    """The file ``reserve`` in the folder of a profile."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    @property
    def _path(self) -> Path:
        return self._profile.home / "reserve"

    def keep(self) -> bool:
        """Create the file if it is missing and there is ample room. Returns whether it exists."""
        with suppress(OSError):
            if self._path.exists():
                return True
            if _free(self._path.parent) < AMPLE * SIZE:
                return False
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                _allocate(descriptor)
            except OSError:
                self._path.unlink(missing_ok=True)
                raise
            finally:
                os.close(descriptor)
            return True
        return False

    def give_up(self) -> bool:
        """Remove the file. Returns whether it existed."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def write(self, work: Callable[[], T]) -> T:
        """Call `work`; on a full disk release the reserve and retry once. Raises `DiskFull` if that fails too."""
        try:
            return work()
        except DiskFull:
            if not self.give_up():
                raise
        return work()


def need_room(folder: Path, size: int, spare: int = 0) -> None:
    """Raise `DiskFull` where a file of `size` bytes would not leave `spare` ones in the folder, or would not fit."""
    there = folder if folder.exists() else folder.parent
    free = size + spare
    # Where nobody knows, writing will tell.
    with suppress(OSError):
        free = _free(there)
    if free < size + spare:
        raise DiskFull


def _free(folder: Path) -> int:
    """Bytes that may still be written there. Raises `OSError` where nobody knows."""
    # It brings the compressors along, and most starts find the file.
    import shutil

    return shutil.disk_usage(folder).free


def _allocate(descriptor: int) -> None:
    """Blocks that are really taken: a file with holes would reserve nothing."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, SIZE)
        return
    for _ in range(SIZE // (1024 * 1024)):
        os.write(descriptor, b"\0" * (1024 * 1024))
