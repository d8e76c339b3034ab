"""The process itself: what it leaves behind when it fails, and who may look into it."""

from __future__ import annotations

import sys

from imi_core.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PR_SET_DUMPABLE = 4
MOST_LINES, MOST_FRAMES = 400, 60
"""Lines of a report and frames of one error at most."""
MOST_REPORTS = 20
"""Reports that are kept."""
MOST_SILENT = 5
"""Reports of errors that end nothing, in one run."""


def report(error: BaseException, folder: Path, versions: str) -> tuple[str, Path | None]:
    """Write what went wrong where, without values: types, files, lines. Returns an incident id and the file.

    No local variables and no messages: both may hold what a citizen wrote; and no folders, which name whoever works
    here. The file is readable by its owner only; it is None where it could not be written. The oldest of many go.
    """
    import datetime as dt
    import os

    incident = os.urandom(4).hex()
    lines = [f"incident {incident}", dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), versions, ""]
    _tell(error, lines, set())
    path = folder / f"incident-{incident}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        _keep_few(folder)
    except OSError:
        return incident, None
    return incident, path


def _tell(error: BaseException | None, lines: list[str], seen: set[int]) -> None:
    """The error, what led to it, and what is gathered in it."""
    import traceback

    while error is not None and id(error) not in seen and len(lines) < MOST_LINES:
        seen.add(id(error))
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}{_code(error)}")
        # Not extract_tb: it keeps the lines of the source, and of a deep recursion all of them.
        frames = list(traceback.walk_tb(error.__traceback__))[-MOST_FRAMES:]
        lines += [f"  {_place(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}" for frame, line in frames]
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                _tell(each, lines, seen)
        error = error.__cause__ or error.__context__


def _code(error: BaseException) -> str:
    """The code of an error of this program. What others call so may be anything, such as the text of a SystemExit."""
    code = getattr(error, "code", None)
    ours = type(error).__module__.partition(".")[0] in ("imi_core", "imi_tui")
    return f" ({code})" if ours and isinstance(code, str) and code.isalnum() and len(code) < 40 else ""


def _place(filename: str) -> str:
    """A file of the source without the folders above its package."""
    import os

    parts = filename.replace("\\", "/").split("/")
    for name in ("site-packages", "dist-packages"):
        if name in parts:
            return "/".join(parts[parts.index(name) + 1 :])
    own = [index for index, part in enumerate(parts) if part in ("imi_core", "imi_tui")]
    if own:
        return "/".join(parts[own[-1] :])
    library = os.path.dirname(os.__file__) + os.sep
    return filename.removeprefix(library) if filename.startswith(library) else parts[-1]


def _keep_few(folder: Path) -> None:
    found = sorted(folder.glob("incident-*.txt"), key=lambda path: path.stat().st_mtime)
    for path in found[:-MOST_REPORTS]:
        path.unlink(missing_ok=True)


_WRITER = "textual.drivers._writer_thread"


def report_silently(folder: Path, versions: str) -> None:
    """From now on no thread and nothing that ends prints what it failed at: it is reported into `folder` instead.

    Python would write the message of such an error to the terminal, in the middle of the screen or behind it.
    """
    import errno
    import logging
    import threading

    left = [MOST_SILENT]

    def keep(error: BaseException | None) -> None:
        if error is not None and left[0] > 0:
            left[0] -= 1
            report(error, folder, versions)

    def of_thread(given: threading.ExceptHookArgs) -> None:
        # Whoever closes the terminal ends the program (imi_tui.ending): that it cannot be written to is no mistake.
        lost = isinstance(given.exc_value, OSError) and given.exc_value.errno == errno.EIO
        if not (lost and type(given.thread).__module__ == _WRITER):
            keep(given.exc_value)

    threading.excepthook = of_thread
    sys.unraisablehook = lambda given: keep(given.exc_value)
    # Without any handler, warnings and errors of every library would be written out, values and all.
    logging.getLogger().addHandler(logging.NullHandler())


def apart(module: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment of a process that runs a module of this program and is told nothing of the officer."""
    import os

    environment = {"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    # Without it Windows finds neither its libraries nor randomness.
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return [sys.executable, "-I", "-m", module], environment | kept


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
