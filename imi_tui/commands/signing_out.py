"""``imi-tui signout``: forget the tokens; the cases on this machine stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_tui import commands
from imi_tui.commands.common import opened, out, say
from imi_tui.i18n import _, ngettext

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no arguments of its own."""


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from imi_tui import signin

    with opened(options) as client:
        waiting = len(client.store.outbox())
        told = signin.sign_out(client.store.sync)
    out(_("Signed out."))
    if not told:
        say(_("The server could not be told; its tokens end by themselves."))
    if waiting:
        text = ngettext("{count} entry still waits to be sent.", "{count} entries still wait to be sent.", waiting)
        say(text.format(count=waiting))
    return commands.OK
