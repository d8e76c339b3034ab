"""The process itself: what it leaves behind when it fails, and who may look into it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PR_SET_DUMPABLE = 4


def report(error: BaseException, folder: Path, versions: str) -> tuple[str, Path | None]:
    """Write what went wrong where, without values: types, files, lines. Returns an incident id and the file.

    No local variables and no messages: both may hold what a citizen wrote. The file is readable by its owner only;
    it is None where it could not be written.
    """
    import datetime as dt
    import os
    import traceback

    incident = os.urandom(4).hex()
    lines = [f"incident {incident}", dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), versions, ""]
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        lines.append(f"{type(link).__module__}.{type(link).__qualname__}{_code(link)}")
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(link.__traceback__)
        ]
        link = link.__cause__ or link.__context__
    path = folder / f"incident-{incident}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError:
        return incident, None
    return incident, path


def _code(error: BaseException) -> str:
    code = getattr(error, "code", None)
    return f" ({code})" if isinstance(code, str | int) and len(str(code)) < 40 else ""


def no_core_dumps() -> None:
    """Keep decrypted cases out of core files, where the system has such a limit."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def close_to_others() -> None:
    """On Linux: no other program of this user reads our memory or the environment we were started with.

    Taking a variable out of the environment does not take it out of ``/proc/PID/environ``; this closes that file.
    It also stops core dumps that are piped to a program, for which the limit on core files does not count.
    """
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
