"""Telling the officer outside the terminal's page: the desktop, the terminal's own notifications.

Both show their text to whoever sees the screen, and desktops keep it: callers pass numbers and days, nothing of a case.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping

from imi_tui.outside.opening import PLACES, Start, environment_of, start_program
from imi_tui.terminal.harmless import control

_NINE = ("iTerm.app", "WezTerm", "ghostty")
"""Terminals (TERM_PROGRAM, LC_TERMINAL) that take OSC 9."""
_SEVEN = ("foot", "rxvt", "xterm-kitty", "xterm-ghostty", "contour")
"""Beginnings of TERM of those that take OSC 777."""


def on_desktop(
    title: str,
    text: str,
    *,
    urgent: bool,
    environment: Mapping[str, str] | None = None,
    start: Start | None = None,
    program: str | None = None,
) -> bool:
    """Show a notification of this machine's desktop, where there is one; whether there is. Others are for tests."""
    given = os.environ if environment is None else environment
    found = program or find_notifier(given)
    if found is None:
        return False
    level = "critical" if urgent else "normal"
    arguments = [found, "--app-name=IMI", f"--urgency={level}", "--category=email.arrived", "--"]
    try:
        (start or start_program)([*arguments, _plain(title), _plain(text)], environment_of(given))
    except OSError:
        return False
    return True


def find_notifier(environment: Mapping[str, str]) -> str | None:
    """The program that shows notifications here; None over SSH, where the desktop is another machine's."""
    if sys.platform in ("win32", "darwin") or environment.get("SSH_CONNECTION"):
        return None
    if not any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")):
        return None
    return shutil.which("notify-send", path=PLACES)


def for_terminal(title: str, text: str, environment: Mapping[str, str] | None = None) -> str:
    """The sequence by which this terminal shows a notification; "" for one that is not known to."""
    given = os.environ if environment is None else environment
    if given.get("TMUX") or given.get("STY"):
        # They take the sequence for themselves; a bell they hand on.
        return ""
    title, text = _plain(title).replace(";", ","), _plain(text).replace(";", ",")
    if given.get("TERM_PROGRAM") in _NINE or given.get("LC_TERMINAL") == "iTerm2":
        return f"\x1b]9;{title}: {text}\x1b\\"
    if given.get("TERM", "").startswith(_SEVEN) or given.get("VTE_VERSION"):
        return f"\x1b]777;notify;{title};{text}\x1b\\"
    return ""


def _plain(text: str) -> str:
    return control().sub(" ", text)[:200]
