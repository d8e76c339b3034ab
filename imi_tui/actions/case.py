"""Actions of an open case."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, action, flag
from imi_tui.i18n import N_


def _tab(number: int) -> Action:
    return action(
        f"tab.{number}",
        N_("Tab by number"),
        N_("Shows the tab with this number."),
        str(number),
        "case",
        "case",
        run=f"tab({number})",
    )


ACTIONS: tuple[Action, ...] = (
    action("tab.next", N_("Next tab"), N_("Shows the next tab."), "tab right ctrl+pagedown", "case", "case", footer=40),
    action(
        "tab.previous", N_("Previous tab"), N_("Shows the tab before."), "shift+tab left ctrl+pageup", "case", "case"
    ),
    action(
        "case.next",
        N_("Next case"),
        N_("Opens the next case of the list."),
        "full_stop",
        "case",
        "case",
        when=flag("next"),
        why=N_("This is the last case of the list."),
    ),
    action(
        "case.previous",
        N_("Previous case"),
        N_("Opens the case before."),
        "comma",
        "case",
        "case",
        when=flag("previous"),
        why=N_("This is the first case of the list."),
    ),
    *(_tab(number) for number in range(1, 6)),
)
