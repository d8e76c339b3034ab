"""Actions of every screen, and ways from one to another."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, action, flag
from imi_tui.i18n import N_

ACTIONS: tuple[Action, ...] = (
    # Every screen
    action("app.help", N_("Help"), N_("Shows every key that works here."), "f1 question_mark", "app", "*", footer=99),
    action("app.menu", N_("Menu"), N_("Lists everything you can do here; type to search."), "f9 ctrl+p", "app", "*"),
    action(
        "app.sync",
        N_("Synchronise"),
        N_("Sends what is queued and fetches what is new, now."),
        "f5 s",
        "app",
        "inbox case outbox drafts authorities",
        run="sync",
    ),
    action(
        "app.undo",
        N_("Undo"),
        N_("Takes back the last action that has not left this machine yet."),
        "u ctrl+z",
        "case",
        "inbox case",
        run="undo",
        when=lambda now: now.undo,
        footer=3,
        why=N_("There is nothing to take back: what was queued has left this machine, or nothing was."),
    ),
    action("app.back", N_("Back"), N_("Returns to the screen before."), "escape", "go", "*", run="back", footer=90),
    action("app.quit", N_("Quit"), N_("Closes the program. Queued entries stay queued."), "f10 ctrl+q", "app", "*"),
    action(
        "app.language",
        N_("Language"),
        N_("Changes the language of the program."),
        "",
        "app",
        "inbox case",
    ),
    action(
        "app.colours",
        N_("Colours"),
        N_("Changes the colours: the terminal's own, dark, light, high contrast, for colour-blind eyes, or none."),
        "",
        "app",
        "inbox case",
    ),
    action(
        "app.keyboard",
        N_("Keyboard layout"),
        N_("Tells the program whether your keyboard is Greek or Bulgarian, so that single letters work on it."),
        "",
        "app",
        "inbox",
    ),
    action(
        "app.sign_in",
        N_("Sign in"),
        N_("Signs you in at the server, so that cases can be synchronised."),
        "i",
        "app",
        "inbox",
        when=flag("may_sign_in"),
        footer=5,
    ),
    action(
        "app.removals",
        N_("On hold"),
        N_("Says which cases the server would remove at once, and lets you allow it."),
        "h",
        "app",
        "inbox",
        when=flag("held"),
        footer=4,
    ),
    action(
        "app.metered",
        N_("Metered line"),
        N_("Fetches only lists and what you open, less often, and shows the bytes of the day; again: ends it."),
        "",
        "app",
        "inbox",
        when=flag("may_meter"),
    ),
    action(
        "app.sign_out",
        N_("Sign out"),
        N_("Ends the session at the server. What is on this machine stays."),
        "",
        "app",
        "inbox",
        when=flag("may_sign_out"),
    ),
    # Go to
    action("go.new", N_("New"), N_("Starts a new request."), "n f2", "go", "inbox", when=flag("seated"), footer=12),
    action("go.outbox", N_("Outbox"), N_("Shows what is queued and what was refused."), "o f6", "go", "inbox case"),
    action("go.drafts", N_("Drafts"), N_("Shows what you began to write."), "d f7", "go", "inbox case"),
    action("go.authorities", N_("Find authority"), N_("Searches the authorities."), "w f4", "go", "inbox case"),
)
