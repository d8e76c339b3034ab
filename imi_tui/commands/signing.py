"""``imi-tui signin --server URL``: sign in, keep the tokens, synchronise."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from imi_core.text import display
from imi_tui import commands
from imi_tui.commands.common import opened, out, say
from imi_tui.commands.syncing import synchronise
from imi_tui.config import settings
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse

    from imi_tui.signin.device import Code


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--device", action="store_true", help=_("with a code typed on another device, as over SSH"))
    parser.add_argument("--no-sync", action="store_true", help=_("sign in only"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from imi_tui import signin
    from imi_tui.sync.http import checked_address

    with opened(options) as client:
        server = checked_address(client.server)
        secrets = client.store.sync
        if options.device:
            signin.sign_in_with_code(server, secrets, _show_code, cancelled=threading.Event())
        else:
            signin.sign_in_with_browser(server, secrets, _show_address)
        if server != client.settings.server:
            try:
                settings.write(client.profile.config_file, "server", server)
            except settings.NotWritten as error:
                # The tokens are kept: whoever names the server again is signed in.
                say(error.text)
        out(_("Signed in."))
        if not options.no_sync:
            report = synchronise(client)
            say(_("Fetched {count}.").format(count=report.changed))
    return commands.OK


def _show_address(address: str) -> None:
    say(_("Sign in with the browser that opens now, or open this address yourself:"))
    say(display(address))


def _show_code(code: Code) -> None:
    say(_("Open this address on any device and enter the code. Only do so if you started this yourself."))
    say(f"  {code.address}")
    say("  " + _("Code: {code}").format(code=code.code))
    if code.number:
        say("  " + _("The page has to show the number {number}.").format(number=code.number))
