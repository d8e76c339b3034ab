"""Marking what came from outside (T11), so that other programs of this machine may open it with care.

The mark says that a file came from somebody else, and neither from which case nor from which server. A file system that
keeps no marks gets none: whether a file may be opened at all is decided before, by what it is.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

Marker = Callable[[int, Path], None]
ORIGIN = "urn:imi:case"
XDG = "user.xdg.origin.url"
"""Where a download came from, by the freedesktop.org guidelines for extended attributes."""
_XATTR = "/usr/bin/xattr"


def mark(descriptor: int, path: Path, platform: str = sys.platform) -> None:
    """Mark a new file, opened as `descriptor`, as the platform marks downloads. To be called before its content."""
    marker = MARKERS.get(platform)
    if marker is not None:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            marker(descriptor, path)


def _xdg(descriptor: int, _path: Path) -> None:
    os.setxattr(descriptor, XDG, ORIGIN.encode())


def _zone(_descriptor: int, path: Path) -> None:
    """The "mark of the web": zone 3 is the internet; office programs then open the file protected."""
    Path(f"{path}:Zone.Identifier").write_bytes(b"[ZoneTransfer]\r\nZoneId=3\r\n")


def _quarantine(_descriptor: int, path: Path) -> None:
    """Flags, time in hexadecimal seconds, program, id; 0081: downloaded and not looked at yet."""
    value = f"0081;{int(time.time()):08x};IMI;{str(uuid.uuid4()).upper()}"
    subprocess.run(  # noqa: S603
        [_XATTR, "-w", "com.apple.quarantine", value, str(path.absolute())],
        check=True,
        timeout=5,
        env={},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


MARKERS: Mapping[str, Marker] = {"linux": _xdg, "win32": _zone, "darwin": _quarantine}
