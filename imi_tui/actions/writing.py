"""Actions of a new case."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, action, flag
from imi_tui.i18n import N_

ACTIONS: tuple[Action, ...] = (
    action(
        "compose.next",
        N_("Next step"),
        N_("Goes to the next step; the draft is saved."),
        "f7 ctrl+pagedown",
        "form",
        "compose",
        run="step(1)",
        when=flag("next"),
        footer=2,
    ),
    action(
        "compose.previous",
        N_("Previous step"),
        N_("Goes back one step; nothing is lost."),
        "f6 ctrl+pageup",
        "form",
        "compose",
        run="step(-1)",
        when=flag("previous"),
        footer=3,
    ),
    action(
        "compose.send",
        N_("Review and send"),
        N_("Shows all of it first; again on that page queues it for sending."),
        "f8 ctrl+s",
        "form",
        "compose",
        run="send",
        footer=1,
    ),
    action(
        "compose.reuse",
        N_("Reuse a case"),
        N_("Copies the answers of an earlier case into empty fields; personal data only where you say so."),
        "f3 ctrl+r",
        "form",
        "compose",
        run="reuse",
        footer=20,
    ),
    action(
        "compose.missing",
        N_("What is missing"),
        N_("Lists what keeps the case from being sent; Enter goes there."),
        "f5",
        "form",
        "compose",
        run="missing",
        footer=4,
    ),
    action(
        "compose.other_side",
        N_("As the other side sees it"),
        N_("Shows the case as the authority asked will see it, before and after it accepts."),
        "v ctrl+o",
        "form",
        "compose",
        run="other_side",
        when=flag("saved"),
        footer=5,
    ),
    action(
        "compose.discard",
        N_("Discard draft"),
        N_("Throws this draft away, after asking."),
        "",
        "form",
        "compose",
        run="discard",
        when=flag("saved"),
    ),
)
