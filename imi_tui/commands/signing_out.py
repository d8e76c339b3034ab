"""``imi-tui signout``: forget the tokens; the cases on this machine stay."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from imi_tui import commands
from imi_tui.commands.common import CommandError, agreed, opened, out, say
from imi_tui.i18n import _, ngettext

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--yes", action="store_true", help=_("do not ask, even where entries wait to be sent"))


def run(options: argparse.Namespace) -> int:
    """Run the command. Raises `CommandError` where entries wait to be sent and nobody can be asked."""
    from imi_tui import signin

    with opened(options) as client:
        waiting = len(client.store.outbox())
        text = ngettext("{count} entry still waits to be sent.", "{count} entries still wait to be sent.", waiting)
        told = text.format(count=waiting)
        if waiting and not options.yes:
            if not sys.stdin.isatty():
                raise CommandError(told + " " + _("To sign out all the same, add --yes."), commands.USAGE)
            say(told + " " + _("What waits stays on this machine; it is sent when you have signed in again."))
            if not agreed(_("Sign out?")):
                say(_("You are still signed in."))
                return commands.USAGE
        reached = signin.sign_out(client.store.sync)
    out(_("Signed out."))
    if not reached:
        say(_("The server could not be told; its tokens end by themselves."))
    if waiting and options.yes:
        say(told)
    return commands.OK
