"""Small disks of their own, to be full in earnest."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk_of(folder: Path, size: str) -> Iterator[Path]:
    """A disk at `folder`; without the right to make one the test is skipped."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small disk needs the right to mount one (root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
