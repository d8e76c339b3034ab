"""Actions of signing in."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, action, flag
from imi_tui.i18n import N_

ACTIONS: tuple[Action, ...] = (
    action(
        "sign_in.browser",
        N_("Sign in with the browser"),
        N_("Opens the sign-in page on this machine."),
        "f7",
        "form",
        "sign_in",
        run="browser",
        when=flag("idle"),
        footer=1,
        command="signin",
    ),
    action(
        "sign_in.device",
        N_("Sign in with a code"),
        N_("For SSH: shows an address and a code for another device."),
        "f8",
        "form",
        "sign_in",
        run="device",
        when=flag("idle"),
        footer=2,
        command="signin --device",
    ),
    action(
        "sign_in.take",
        N_("Begin"),
        N_("Begins the way of signing in under the cursor."),
        "enter",
        "form",
        "sign_in",
        run="take",
        when=flag("idle"),
        footer=4,
    ),
    action(
        "sign_in.copy",
        N_("Copy"),
        N_("Copies the address to the clipboard."),
        "f2 ctrl+o",
        "form",
        "sign_in",
        run="copy",
        when=flag("address"),
        footer=1,
    ),
    action(
        "sign_in.stop",
        N_("Stop"),
        N_("Stops waiting for the sign-in."),
        "f6",
        "form",
        "sign_in",
        run="stop",
        when=flag("busy"),
        footer=3,
    ),
)
