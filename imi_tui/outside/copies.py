"""The copies that were given to other programs: one folder, gone when the client ends and when it starts again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def copies(runtime: Path) -> Path:
    """The folder of the copies."""
    return runtime / "open"


def forget_copies(runtime: Path) -> None:
    """Remove every copy. The usual start, without any, costs one look."""
    if copies(runtime).exists():
        import shutil

        shutil.rmtree(copies(runtime), ignore_errors=True)
