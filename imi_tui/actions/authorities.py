"""Actions of the search for authorities and of their records."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, action, flag
from imi_tui.i18n import N_

ACTIONS: tuple[Action, ...] = (
    action(
        "authority.open",
        N_("Open"),
        N_("Shows the record of the authority."),
        "enter",
        "list",
        "authorities",
        run="take",
        when=flag("current"),
        footer=1,
    ),
    action(
        "authority.request",
        N_("New request to it"),
        N_("Starts a request to this authority."),
        "n f2",
        "go",
        "authorities authority",
        run="request",
        when=flag("current"),
        footer=2,
    ),
    action(
        "authority.choose",
        N_("Choose"),
        N_("Takes the authority under the cursor."),
        "enter",
        "list",
        "choose_authority",
        run="take",
        when=flag("current"),
        footer=1,
    ),
    action(
        "authority.record",
        N_("Record"),
        N_("Shows everything about the authority."),
        "f2 ctrl+o",
        "list",
        "choose_authority",
        run="record",
        when=flag("current"),
        footer=2,
    ),
)
