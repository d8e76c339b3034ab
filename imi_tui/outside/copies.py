"""The copies that were given to other programs: one folder, gone when the client ends and when it starts again."""

from __future__ import annotations

import os

from imi_core.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "open"


def copies(runtime: Path) -> Path:
    """The folder of the copies."""
    return runtime / _NAME


def forget_copies(runtime: Path | str) -> None:
    """Remove every copy. The usual start, without any, costs one look."""
    folder = os.path.join(runtime, _NAME)
    if os.path.exists(folder):
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
