"""Signing in and out: what commands and the full-screen client call. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from imi_tui.signin.device import Code
    from imi_tui.signin.tokens import Tokens
    from imi_tui.sync.ports import Secrets


def sign_in_with_browser(
    server: str,
    secrets: Secrets,
    show: Callable[[str], None],
    *,
    cancelled: threading.Event | None = None,
    open_browser: Callable[[str], object] | None = None,
) -> None:
    """Sign in with the system's browser and keep the tokens. Blocks. Raises `SignInError`, `SyncError`."""
    from imi_tui.signin import browser, tokens
    from imi_tui.sync.http import Http

    http = Http(server)
    try:
        granted = browser.sign_in(http, show, open_browser or _open_browser, cancelled=cancelled)
        tokens.keep(secrets, tokens.Tokens.of(http.server, granted, dt.datetime.now(dt.UTC)))
    finally:
        http.close()


def sign_in_with_code(
    server: str, secrets: Secrets, show: Callable[[Code], None], *, cancelled: threading.Event
) -> None:
    """Sign in with a code typed on another device and keep the tokens. Blocks. Raises `SignInError`, `SyncError`."""
    from imi_tui.signin import device, tokens
    from imi_tui.sync.http import Http

    http = Http(server)
    try:
        granted = device.sign_in(http, show, cancelled=cancelled)
        tokens.keep(secrets, tokens.Tokens.of(http.server, granted, dt.datetime.now(dt.UTC)))
    finally:
        http.close()


def sign_out(secrets: Secrets) -> bool:
    """Forget the tokens, and tell the server if it can be reached; False where it could not be told."""
    from imi_tui.signin import tokens

    found = tokens.kept(secrets)
    # First of all here: signing out has to work without a line.
    tokens.keep(secrets, None)
    return found is None or revoke(found)


def revoke(tokens: Tokens) -> bool:
    """Tell the server that these tokens are given up; False where it cannot be reached."""
    from imi_tui.signin import oauth
    from imi_tui.sync.errors import SyncError
    from imi_tui.sync.http import Http

    try:
        http = Http(tokens.server)
        try:
            oauth.revoke(http, oauth.discover(http), tokens.refresh or tokens.access)
        finally:
            http.close()
    except SyncError:
        return False
    return True


def _open_browser(address: str) -> bool:
    """Open the system's browser where there is one with a window of its own."""
    import os
    import sys

    if sys.platform not in ("win32", "darwin") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        # A browser in text mode would take the terminal away from us.
        return False
    import webbrowser

    return webbrowser.open(address)
