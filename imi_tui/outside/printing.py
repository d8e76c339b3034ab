"""Printing a document with the system's printing command, by a list of arguments and without a copy on the disk."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping

from imi_core.filenames import safe_name
from imi_tui.outside.errors import NotHandedOut

PLACES = "/usr/local/bin:/usr/bin:/bin"
COMMANDS = {"lp": "-t", "lpr": "-T"}
"""The commands of this machine that may print, the preferred one first, and their option for the title."""
PATIENCE = 60.0
"""Seconds that a spooler may take to accept a document."""
_KEPT = ("CUPS_SERVER", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "LPDEST", "PRINTER", "USER")

Run = Callable[[list[str], bytes, dict[str, str]], int]


def find_command() -> str | None:
    """The printing command of this machine; None where there is none."""
    return next((found for name in COMMANDS if (found := shutil.which(name, path=PLACES))), None)


def print_document(
    data: bytes,
    title: str,
    *,
    environment: Mapping[str, str] | None = None,
    command: str | None = None,
    run: Run | None = None,
) -> str:
    """Hand a PDF over; the command that took it. For any thread: a spooler may take its time.

    `title` shows in the queue, where others read it. Raises `NotHandedOut`: "noPrinter", "notPrinted".
    """
    found = command or find_command()
    if found is None:
        raise NotHandedOut("noPrinter")
    given = os.environ if environment is None else environment
    clean = {key: given[key] for key in _KEPT if key in given} | {"PATH": PLACES}
    arguments = [found, COMMANDS.get(os.path.basename(found), "-t"), safe_name(title)]
    try:
        code = (run or _run)(arguments, data, clean)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotHandedOut("notPrinted") from error
    if code != 0:
        raise NotHandedOut("notPrinted")
    return found


def _run(arguments: list[str], data: bytes, environment: dict[str, str]) -> int:
    # Both read the document from their input where no file is named.
    return subprocess.run(  # noqa: S603
        arguments,
        input=data,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=PATIENCE,
        check=False,
        cwd="/",
    ).returncode
