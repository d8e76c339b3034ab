"""Actions of dialogues, and of the form that an action asks for."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, action
from imi_tui.i18n import N_

ACTIONS: tuple[Action, ...] = (
    # Dialogues
    action(
        "dialogue.cancel",
        # Translators: closes a window, not a case.
        N_("Close"),
        N_("Closes this window."),
        "escape",
        "form",
        "menu help confirm prompt preview phrase",
        run="cancel",
        footer=90,
    ),
    action(
        "dialogue.turn",
        N_("Before or after"),
        N_("Changes between what is seen before acceptance and after it."),
        "space tab left right",
        "form",
        "preview",
        run="turn",
        footer=1,
    ),
    action(
        "dialogue.choose",
        N_("Choose"),
        N_("Takes what is under the cursor."),
        "enter",
        "form",
        "menu confirm",
        run="choose",
        footer=1,
    ),
    action("dialogue.up", N_("Up"), N_("Goes one row up."), "up", "form", "menu help", run="move(-1)"),
    action("dialogue.down", N_("Down"), N_("Goes one row down."), "down", "form", "menu help", run="move(1)"),
    action("dialogue.page_up", N_("Page up"), N_("Goes one page up."), "pageup", "form", "menu help", run="page(-1)"),
    action(
        "dialogue.page_down", N_("Page down"), N_("Goes one page down."), "pagedown", "form", "menu help", run="page(1)"
    ),
    # Dialogue: the form of an action
    action(
        "act.send",
        N_("Send"),
        N_("Queues the entry; it is sent with the next synchronisation."),
        "f8 ctrl+s",
        "form",
        "act",
        footer=1,
        command="act",
    ),
    action(
        "act.cancel",
        N_("Back"),
        N_("Closes the form; what you wrote stays a draft."),
        "escape",
        "form",
        "act",
        footer=2,
    ),
)
