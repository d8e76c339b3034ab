"""Saving a file under a safe name into a folder the officer chose: never over another, never through a link (T10)."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from imi_core.filenames import numbered, safe_name
from imi_tui.outside.errors import NotHandedOut
from imi_tui.outside.marks import mark

MANY = 100
"""Files of one name in a folder, after which the officer should choose another folder."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_IN_FOLDER = os.open in os.supports_dir_fd


def save(data: bytes, folder: Path, name: str, *, foreign: bool = True) -> Path:
    """Write `data` to a new file in `folder`, readable by the officer alone; where it is.

    It is marked as foreign unless this program itself made it.

    Raises `NotHandedOut`: "noFolder", "diskFull", "notWritable", "nameTaken".
    """
    try:
        # All names are looked up in the very folder that was opened, whatever becomes of its path meanwhile.
        at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY) if _IN_FOLDER else None
    except OSError as error:
        raise NotHandedOut("noFolder") from error
    try:
        return folder / _save(data, folder, at, safe_name(name), foreign)
    except OSError as error:
        raise NotHandedOut("diskFull" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "notWritable") from error
    finally:
        if at is not None:
            os.close(at)


def write_new(path: Path, data: bytes) -> None:
    """A new file of this program's own, readable by the officer alone, whole or not at all.

    Raises OSError, for a file that is there already FileExistsError.
    """
    descriptor = os.open(path, _NEW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _save(data: bytes, folder: Path, at: int | None, name: str, foreign: bool) -> str:
    for number in range(1, MANY):
        chosen = name if number == 1 else numbered(name, number)
        path: str | Path = chosen if at is not None else folder / chosen
        try:
            descriptor = os.open(path, _NEW, 0o600, dir_fd=at)
        except FileExistsError:
            continue
        try:
            with os.fdopen(descriptor, "wb") as file:
                if foreign:
                    mark(file.fileno(), folder / chosen)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            os.unlink(path, dir_fd=at)
            raise
        return chosen
    raise NotHandedOut("nameTaken")
