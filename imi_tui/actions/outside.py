"""Actions that take cases out of the program, and that keep its screen from others."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, action, flag
from imi_tui.i18n import N_

ACTIONS: tuple[Action, ...] = (
    action(
        "case.export",
        N_("Export"),
        N_("Puts the case, or the list, into a file: PDF/A, XLSX, CSV or JSON."),
        "minus",
        "case",
        "inbox case",
        run="export",
        when=lambda now: now.current,
        footer=50,
        command="export",
    ),
    action(
        "app.exports",
        N_("Exported files"),
        N_("Shows what left this machine, when, by whom and where to."),
        "",
        "app",
        "inbox case",
        run="exports",
        command="export --log",
    ),
    action("app.lock", N_("Lock the screen"), N_("Hides everything until you are back."), "q ctrl+l", "app", "* act"),
    # The page of the lock
    action("lock.open", N_("Open"), N_("Opens the screen again."), "enter", "app", "lock", run="open", footer=1),
    action(
        "lock.quit",
        N_("Quit"),
        N_("Closes the program. Queued entries stay queued."),
        "f10 ctrl+q",
        "app",
        "lock",
        footer=2,
    ),
    # The page of an export
    action(
        "export.write",
        N_("Export"),
        N_("Writes the file."),
        "f8 ctrl+s",
        "form",
        "export",
        run="write",
        when=flag("ready"),
        footer=1,
        command="export --to",
    ),
    action(
        "export.change",
        N_("Change"),
        N_("Changes what is under the cursor, or writes the file."),
        "enter",
        "form",
        "export",
        run="change",
    ),
    action(
        "export.cancel",
        N_("Close"),
        N_("Closes this window."),
        "escape",
        "form",
        "export",
        run="cancel",
        footer=90,
    ),
)
