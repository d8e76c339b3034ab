"""What ``imi-tui doctor`` looks at on this machine: terminal, colours, keyboard, keyring, proxy. Changes nothing."""

from __future__ import annotations

import os
import select
import sys
import time
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from imi_core.text import display
from imi_tui import i18n
from imi_tui.commands.finding import Finding, Result, plain
from imi_tui.config import keymap, themes
from imi_tui.i18n import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from imi_tui.config.keyboard import Layout
    from imi_tui.config.settings import Settings
    from imi_tui.profile import Profile

MOST, MANY = 1 << 24, 256
ANSWER = 0.3
"""Seconds a terminal gets to say what it can."""


def looks(settings: Settings, environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Terminal, colours, keyboard."""
    yield _terminal(environ)
    yield colours(settings, environ, count_of_colours(environ))
    yield keys(settings, tells_keys() if sys.stdin.isatty() and sys.stdout.isatty() else None)


def files(profile: Profile) -> Finding:
    """Whether what is kept can be kept: the folder is there and writable, or can be made."""
    at = profile.home
    while not os.path.lexists(at) and at != at.parent:
        at = at.parent
    writable = at.is_dir() and os.access(at, os.W_OK | os.X_OK)
    todo = N_("Make this folder one that you may write into, or name another one with IMI_TUI_HOME.")
    result: Result = "ok" if writable else "problem"
    return plain(N_("files"), result, str(profile.home), todo="" if writable else todo)


def _terminal(environ: Mapping[str, str]) -> Finding:
    size = os.get_terminal_size() if sys.stdout.isatty() else None
    encoding = (sys.stdout.encoding or "").lower()
    term = environ.get("TERM", "")
    about = f"TERM={term}, COLORTERM={environ.get('COLORTERM', '')}, {encoding}"
    told = {"size": f"{size.columns}x{size.lines}" if size else "", "about": display(about)}
    message = "{size}, {about}" if size else N_("no terminal, {about}")
    todo = ""
    if encoding.replace("-", "") != "utf8":
        todo = N_("Letters of many languages cannot be shown: set LC_ALL=C.UTF-8, or LANG to a locale with UTF-8.")
    elif size is not None and (size.columns < 80 or size.lines < 24):
        todo = N_("Make the window at least 80 columns wide and 24 lines high.")
    elif size is not None and term in ("", "dumb"):
        todo = N_("The full screen needs to know the terminal: set TERM, for instance to xterm-256color.")
    elif size is not None and environ.get("TMUX") and not term.startswith(("tmux", "screen")):
        todo = N_("Within tmux TERM has to be tmux-256color or screen-256color.")
    return Finding(N_("terminal"), "warning" if todo else "ok", message, values=told, todo=todo)


def colours(settings: Settings, environ: Mapping[str, str], count: int) -> Finding:
    """How many colours the terminal says it has, and whether the theme needs more."""
    theme = settings.theme or ("none" if environ.get("NO_COLOR") else "terminal")
    told: dict[str, object] = {"count": count, "theme": theme}
    message = N_("{count} colours, theme {theme}")
    if environ.get("NO_COLOR"):
        message = N_("{count} colours, theme {theme}, NO_COLOR is set")
    elif count == MOST:
        message = N_("16 million colours, theme {theme}")
    todo = ""
    if count == 0 and theme not in ("none", "terminal"):
        todo = N_("The terminal says it has no colours: imi-tui config set theme none")
    elif count < MANY and not themes.palette(theme).own:
        todo = N_("The terminal has too few colours for this theme: imi-tui config set theme terminal")
    elif environ.get("NO_COLOR") and theme != "none":
        todo = N_("The theme in config.toml counts more than NO_COLOR; to follow it: imi-tui config set theme none")
    return Finding(N_("colours"), "warning" if todo else "ok", message, values=told, todo=todo)


def count_of_colours(environ: Mapping[str, str]) -> int:
    """The number of colours, by COLORTERM, else by the terminal's entry in terminfo, else by its name."""
    term = environ.get("TERM", "")
    if term in ("", "dumb"):
        return 0
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return MOST
    known = _known_colours(term)
    if known >= MOST or "direct" in term:
        return MOST
    if "256color" in term:
        return max(known, MANY)
    return known if known > 0 else 8 if known < 0 else 0


def _known_colours(term: str) -> int:
    """What terminfo says; -1 where it does not know the terminal."""
    try:
        import curses
    except ImportError:
        # Windows has no terminfo.
        return -1
    try:
        curses.setupterm(term, 1)
        return max(0, curses.tigetnum("colors"))
    except curses.error:
        return -1


def tells_keys() -> bool | None:
    """Whether the terminal tells Ctrl+I from Tab and the like (the kitty protocol); None where it does not answer."""
    if sys.platform == "win32":
        return None
    import termios
    import tty

    try:
        before = termios.tcgetattr(0)
    except termios.error:
        return None
    try:
        tty.setcbreak(0)
        # Every terminal answers the second question.
        os.write(1, b"\x1b[?u\x1b[c")
        answer = b""
        end = time.monotonic() + ANSWER
        while (
            not answer.endswith(b"c") and (left := end - time.monotonic()) > 0 and select.select([0], [], [], left)[0]
        ):
            answer += os.read(0, 256)
    except OSError:
        return None
    finally:
        termios.tcsetattr(0, termios.TCSAFLUSH, before)
    return b"u" in answer if answer else None


def keys(settings: Settings, tells: bool | None) -> Finding:
    """The layout for single letters beside the language, and own keys that the terminal may not tell apart."""
    layout, language = settings.keyboard, i18n.language()
    found, slips = keymap.read_keymap(settings.keys, cast("Layout", layout))
    doubtful = sorted({key for all_keys in found.values() for key in all_keys if _modified(key)})
    told = {"layout": layout, "language": language, "own": len(found), "keys": ", ".join(doubtful)}
    message = {
        None: N_("layout {layout}, language {language}"),
        True: N_("layout {layout}, language {language}; keys with Ctrl, Alt and Shift are told apart"),
        False: N_("layout {layout}, language {language}; only plain keys and Ctrl with letters"),
    }[tells]
    todo = ""
    if any(not slip.used for slip in slips):
        todo = N_("Own keys cannot be used: see imi-tui config check")
    elif layout == "auto" and language == "bg":
        todo = N_(
            "Say which Bulgarian layout it is, so that letters work: imi-tui config set keyboard bds (or phonetic)"
        )
    elif (layout, language) in (("greek", "bg"), ("bds", "el"), ("phonetic", "el")):
        todo = N_(
            "The layout belongs to another language than the program's; change it with: imi-tui config set keyboard"
        )
    elif doubtful and not tells:
        todo = N_("This terminal may not send {keys}; choose function keys or letters for them in config.toml")
    return Finding(N_("keyboard"), "warning" if todo else "ok", message, values=told, todo=todo)


def _modified(key: str) -> bool:
    """Whether only some terminals send this as a key of its own."""
    *modifiers, last = key.split("+")
    if modifiers == ["ctrl"]:
        return not ((len(last) == 1 and last.isalpha()) or last in keymap.NEUTRAL - {"enter", "escape", "tab", "space"})
    return bool(modifiers) and key != "shift+tab"


def keyring(profile: Profile, settings: Settings, given: str) -> Finding:
    """Which keyring there is, whether it is locked, and whether it is needed here."""
    kind = (given or settings.vault).partition(":")[0]
    name = N_("keyring")
    if kind in ("file", "memory", "passphrase") or (not kind and (profile.home / "vault.json").exists()):
        return Finding(name, "ok", N_("not used: the key is kept by {kind}"), values={"kind": kind or "passphrase"})
    from imi_tui.cache.storage.vault import keyring_state

    backend, state = keyring_state()
    told = {"backend": display(backend)}
    if state == "locked":
        todo = N_("Unlock it with the desktop's password tool, or sign in to the desktop again, then start anew.")
        return Finding(name, "warning", N_("{backend}, locked"), values=told, todo=todo)
    if state == "none":
        todo = N_("Nothing to be done: a passphrase protects your data. For a keyring, start GNOME Keyring or KWallet.")
        if kind == "keyring":
            todo = N_("Start GNOME Keyring or KWallet, or: imi-tui config set vault passphrase")
        result: Result = "problem" if kind == "keyring" else "warning"
        return Finding(name, result, N_("none that encrypts ({backend})"), values=told, todo=todo)
    return Finding(name, "ok", "{backend}" if state == "unknown" else N_("{backend}, unlocked"), values=told)


def proxy(server: str) -> Finding:
    """Which proxy the environment names for this server; passwords in it are not shown."""
    from urllib.request import getproxies, proxy_bypass

    name = N_("proxy")
    try:
        parts = urlsplit(server)
        host = parts.hostname or ""
    except ValueError:
        return Finding(name, "ok", N_("none is set in the environment"))
    named = getproxies()
    address = named.get(parts.scheme) or named.get("all")
    if not address:
        return Finding(name, "ok", N_("none is set in the environment"))
    shown = display(address.rpartition("//")[2].rpartition("@")[2])[:100]
    if _is_here(host) or (host and proxy_bypass(host)):
        return Finding(name, "ok", N_("{proxy} is set, but not for this server"), values={"proxy": shown})
    return Finding(name, "ok", N_("{proxy}, named by the environment"), values={"proxy": shown})


def _is_here(host: str) -> bool:
    from imi_tui.sync.http import is_loopback

    return is_loopback(host)
