"""Signing out at the command line: with something in the outbox it asks, or wants to be told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from imi_central.store import Store as Central
from imi_tui import commands
from imi_tui.cache.storage.vault import open_vault
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.signin import tokens
from tests.central.world import send
from tests.tui.cli.conftest import Run
from tests.tui.cli.terminal import read, started


def opened(home: Path) -> Store:
    return Store.open(Profile(home), open_vault("file", Profile(home), lambda _: "").key())


@pytest.fixture
def waiting(run: Run, central: Central, server: str, token: str, home: Path) -> Path:
    """A profile that is signed in and has an entry that waits."""
    send(central)
    run("sync", "--server", server, token=token)
    [row] = run("list", "--view", "all", "--json").json["cases"]
    assert run("act", row["reference"], "message", "--text", "Hello.", "--no-sync").code == 0
    store = opened(home)
    tokens.keep(store.sync, tokens.Tokens(server, "access", "refresh", 0))
    store.close()
    return home


def left(home: Path) -> tuple[bool, int]:
    """Whether a sign-in is kept, and how many entries wait."""
    store = opened(home)
    try:
        return tokens.kept(store.sync) is not None, len(store.outbox())
    finally:
        store.close()


def test_a_script_has_to_say_that_it_knows(run: Run, waiting: Path) -> None:
    done = run("signout")
    assert (done.code, done.out) == (commands.USAGE, "")
    assert "1 entry still waits to be sent. To sign out all the same, add --yes." in done.err
    assert left(waiting) == (True, 1)
    done = run("signout", "--yes")
    assert (done.code, done.out) == (0, "Signed out.\n")
    assert "1 entry still waits to be sent." in done.err
    assert left(waiting) == (False, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
@pytest.mark.parametrize(
    ("answer", "out"),
    [("yes\n", True), ("Y\n", True), ("no\n", False), ("\n", False), ("yesterday\n", False), ("\x04", False)],
)
def test_at_a_terminal_it_asks(waiting: Path, answer: str, out: bool) -> None:
    command, screen = started(waiting, "signout")
    try:
        asked = read(screen, b"[yes/no] ").decode()
        assert "1 entry still waits to be sent. What waits stays on this machine" in asked
        assert asked.endswith("Sign out? [yes/no] ")
        os.write(screen, answer.encode())
        told = read(screen, b"igned out.\r\n" if out else b"still signed in.\r\n").decode()
        assert ("Signed out." in told) == out
        assert command.wait(20) == (0 if out else commands.USAGE)
    finally:
        command.kill()
        command.wait()
        os.close(screen)
    assert left(waiting) == (not out, 1)


def test_with_nothing_waiting_nobody_is_asked(run: Run, home: Path) -> None:
    assert (run("signout").code, run("signout").out) == (0, "Signed out.\n")
