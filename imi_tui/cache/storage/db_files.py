"""The files of a database: what its first bytes tell, what SQLite keeps beside it, and one that was found damaged."""

from __future__ import annotations

import os

from imi_core.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PLAIN_HEADER = b"SQLite format 3\x00"
"""How a file begins that is not encrypted."""
_DAMAGED = ".damaged-mark"


def header(path: Path | str) -> bytes:
    """The first bytes of a file; none of a file that is not there."""
    try:
        with open(path, "rb") as file:
            return file.read(len(PLAIN_HEADER))
    except FileNotFoundError:
        return b""


def sidecars(path: Path) -> tuple[Path, Path]:
    """The files SQLite keeps beside a database."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def sidecar_names(file: str) -> tuple[str, str]:
    """The same by their names."""
    return f"{file}-wal", f"{file}-shm"


def damage_mark(path: Path) -> Path:
    """The file that says that `path` was found damaged."""
    return path.with_name(path.name + _DAMAGED)


def is_marked(file: str) -> bool:
    """Whether it was found damaged."""
    return os.path.exists(file + _DAMAGED)


def set_aside(path: Path) -> Path:
    """Move a damaged file and what belongs to it out of the way (over an older one); where it is now."""
    aside = path.with_name(path.name + ".damaged")
    for old, new in zip((path, *sidecars(path)), (aside, *sidecars(aside)), strict=True):
        new.unlink(missing_ok=True)
        if old.exists():
            os.replace(old, new)
    damage_mark(path).unlink(missing_ok=True)
    return aside
