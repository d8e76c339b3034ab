"""Actions of the outbox, of a conflict and of drafts."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, action, flag
from imi_tui.i18n import N_

ACTIONS: tuple[Action, ...] = (
    # Outbox
    action(
        "outbox.open",
        N_("Open the case"),
        N_("Opens the case this entry belongs to."),
        "enter",
        "list",
        "outbox conflict",
        run="open",
        when=flag("case"),
        footer=4,
    ),
    action(
        "outbox.compare",
        N_("Compare"),
        N_("Shows your refused entry beside what others did meanwhile."),
        "v f3",
        "list",
        "outbox",
        run="compare",
        when=flag("conflict"),
        footer=1,
    ),
    action(
        "outbox.again",
        N_("Send again"),
        N_("Sends the same as a new entry on the case as it is now."),
        "g f8",
        "list",
        "outbox conflict",
        run="again",
        when=flag("again"),
        footer=2,
    ),
    action(
        "outbox.undo",
        N_("Take back"),
        N_("Takes the entry back; what you wrote becomes a draft."),
        "u ctrl+z",
        "list",
        "outbox",
        run="take_back",
        when=flag("untouched"),
        footer=1,
    ),
    action(
        "outbox.revise",
        N_("Correct it"),
        N_("Opens what you wrote, so that you can put it right and send it again."),
        "e f2",
        "list",
        "outbox conflict",
        run="revise",
        when=flag("refused"),
        footer=3,
    ),
    action(
        "outbox.discard",
        N_("Discard"),
        N_("Throws a refused entry away; undo brings it back until the program ends."),
        "delete",
        "list",
        "outbox conflict",
        run="discard",
        when=flag("refused"),
        footer=5,
    ),
    # Drafts
    action(
        "draft.open",
        N_("Continue"),
        N_("Goes on writing where you stopped."),
        "enter",
        "list",
        "drafts",
        run="open",
        when=flag("current"),
        footer=1,
    ),
    action(
        "draft.discard",
        N_("Discard"),
        N_("Throws the draft away; undo brings it back until the program ends."),
        "delete",
        "list",
        "drafts",
        run="discard",
        when=flag("current"),
        footer=2,
    ),
)
