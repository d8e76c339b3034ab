"""Showing a file with another program of this machine (T11): by a list of arguments, with little environment.

The program sees a copy in the profile's runtime folder, which goes when the client ends and when it starts again.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from imi_core.filenames import safe_name
from imi_core.filetypes import HEAD, may_open
from imi_tui.outside.copies import copies, forget_copies
from imi_tui.outside.errors import NotHandedOut
from imi_tui.outside.saving import save

Start = Callable[[list[str], dict[str, str]], None]
PLACES = "/usr/local/bin:/usr/bin:/bin"
_KEPT = (
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LOGNAME",
    "USER",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_CURRENT_DESKTOP",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_TYPE",
)
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


def open_with(
    data: bytes,
    name: str,
    runtime: Path,
    *,
    environment: Mapping[str, str] | None = None,
    start: Start | None = None,
    program: str | None = None,
) -> Path:
    """Give a copy of a file to the program this machine shows such files with; where the copy is.

    Raises `NotHandedOut`: "fileBlocked" for what could run, "noProgram" where nothing shows files here, and those of
    `save`. `start` and `program` are for tests.
    """
    name = safe_name(name)
    if not may_open(name, data[:HEAD]):
        raise NotHandedOut("fileBlocked")
    given = os.environ if environment is None else environment
    opener = program or find_program(given)
    if opener is None:
        raise NotHandedOut("noProgram")
    folder = copies(runtime) / secrets.token_hex(8)
    try:
        folder.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise NotHandedOut("notWritable") from error
    path = save(data, folder.absolute(), name)
    try:
        (start or start_program)([opener, str(path)], environment_of(given))
    except OSError as error:
        forget_copies(runtime)
        raise NotHandedOut("noProgram") from error
    return path


def find_program(environment: Mapping[str, str]) -> str | None:
    """What shows files on this machine; None on a terminal without a screen beside it."""
    if sys.platform == "darwin":
        return "/usr/bin/open"
    if not any(environment.get(name) for name in _SCREENS):
        return None
    return shutil.which("xdg-open", path=PLACES)


def environment_of(given: Mapping[str, str]) -> dict[str, str]:
    """The little that another program is told of this one's environment."""
    return {key: given[key] for key in _KEPT if key in given} | {"PATH": PLACES}


def start_program(arguments: list[str], environment: dict[str, str]) -> None:
    """Start a program that lives on by itself. Raises OSError."""
    subprocess.Popen(  # noqa: S603
        arguments,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
