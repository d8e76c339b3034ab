"""The one registry of what an officer can do: it feeds key bindings, footer, help, menu and key remapping.

Nothing here imports Textual. An action's `run` is the name of a method ``action_<run>`` on the screen. Actions of a
procedure's lifecycle (accept, reply, …) are data and are added at run time by `lifecycle_action`; they follow the
same rules and can be remapped under the id ``do.<action>``.

Rules for keys: every action can be reached from the menu (F9), so none exists only as a letter; letters are
mnemonic, unshifted a-z and the same in every language; characters that need AltGr or a dead key somewhere in the
Union are forbidden, and so are control keys that a terminal turns into something else (see `imi_tui.keymap`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from imi_tui.actions_writing import WRITING, Row
from imi_tui.i18n import N_

Group = Literal["case", "list", "form", "go", "app"]
GROUPS: dict[Group, str] = {
    "case": N_("Case"),
    "list": N_("List"),
    "form": N_("Form"),
    "go": N_("Go to"),
    "app": N_("Program"),
}

EVERYWHERE = "*"
"""Scope of actions that every full screen has; dialogues name their scope themselves."""
DIALOGUES = frozenset({"menu", "help", "confirm", "prompt", "act", "rows"})
"""Scopes without the actions of `EVERYWHERE`."""


class Situation(NamedTuple):
    """What the registry needs to know about the moment: on which screen, with what under the cursor.

    `offered` are the lifecycle actions possible now, `flags` facts only one screen knows (such as "dirty").
    """

    scope: str
    current: bool = False
    marked: int = 0
    undo: bool = False
    offered: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()


When = Callable[[Situation], bool]


def always(_: Situation) -> bool:
    """For actions that are always possible."""
    return True


def on_current(now: Situation) -> bool:
    """For actions on what stands under the cursor."""
    return now.current


def flag(name: str) -> When:
    """For actions that depend on a fact of one screen."""
    return lambda now: name in now.flags


class Action(NamedTuple):
    """One thing an officer can do.

    `label` and `help` are message ids (translated when shown; `translated` says that they already are). `keys` are
    Textual key names. `footer` orders the footer: the smallest comes first, 0 is never shown there. `why` (a message
    id) is said when its key is pressed while it is not possible.
    """

    id: str
    label: str
    help: str
    keys: tuple[str, ...]
    group: Group
    scopes: frozenset[str]
    run: str = ""
    when: When = always
    footer: int = 0
    translated: bool = False
    why: str = ""

    @property
    def method(self) -> str:
        """The action as Textual names it."""
        return self.run or self.id.replace(".", "_")


def _a(
    id: str,
    label: str,
    help: str,
    keys: str,
    group: Group,
    scopes: str,
    *,
    run: str = "",
    when: When = always,
    footer: int = 0,
    why: str = "",
) -> Action:
    return Action(id, label, help, tuple(keys.split()), group, frozenset(scopes.split()), run, when, footer, why=why)


def _view(number: int) -> Action:
    return _a(
        f"view.{number}",
        N_("View by number"),
        N_("Shows the view with this number."),
        str(number),
        "list",
        "inbox",
        run=f"view({number})",
    )


def _tab(number: int) -> Action:
    return _a(
        f"tab.{number}",
        N_("Tab by number"),
        N_("Shows the tab with this number."),
        str(number),
        "case",
        "case",
        run=f"tab({number})",
    )


def _row(row: Row) -> Action:
    when = flag(row.flag) if row.flag else always
    return _a(*row[:6], run=row.run, when=when, footer=row.footer)


# One section a screen: whoever writes a screen edits its section.
ACTIONS: tuple[Action, ...] = (
    # Every screen
    _a("app.help", N_("Help"), N_("Shows every key that works here."), "f1 question_mark", "app", "*", footer=99),
    _a("app.menu", N_("Menu"), N_("Lists everything you can do here; type to search."), "f9 ctrl+p", "app", "*"),
    _a(
        "app.sync",
        N_("Synchronise"),
        N_("Sends what is queued and fetches what is new, now."),
        "f5 s",
        "app",
        "inbox case outbox drafts authorities",
        run="sync",
    ),
    _a(
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
    _a("app.back", N_("Back"), N_("Returns to the screen before."), "escape", "go", "*", run="back", footer=90),
    _a("app.quit", N_("Quit"), N_("Closes the program. Queued entries stay queued."), "f10 ctrl+q", "app", "*"),
    _a(
        "app.language",
        N_("Language"),
        N_("Changes the language of the program."),
        "",
        "app",
        "inbox case",
    ),
    _a(
        "app.colours",
        N_("Colours"),
        N_("Changes the colours: the terminal's own, dark, light, high contrast, for colour-blind eyes, or none."),
        "",
        "app",
        "inbox case",
    ),
    _a(
        "app.keyboard",
        N_("Keyboard layout"),
        N_("Tells the program which Bulgarian keyboard layout you use."),
        "",
        "app",
        "inbox",
    ),
    _a(
        "app.sign_in",
        N_("Sign in"),
        N_("Signs you in at the server, so that cases can be synchronised."),
        "i",
        "app",
        "inbox",
        when=flag("may_sign_in"),
        footer=5,
    ),
    _a(
        "app.removals",
        N_("On hold"),
        N_("Says which cases the server would remove at once, and lets you allow it."),
        "h",
        "app",
        "inbox",
        when=flag("held"),
        footer=4,
    ),
    _a(
        "app.metered",
        N_("Metered line"),
        N_("Fetches only lists and what you open, less often, and shows the bytes of the day; again: ends it."),
        "",
        "app",
        "inbox",
        when=flag("may_meter"),
    ),
    _a(
        "app.sign_out",
        N_("Sign out"),
        N_("Ends the session at the server. What is on this machine stays."),
        "",
        "app",
        "inbox",
        when=flag("may_sign_out"),
    ),
    # Go to
    _a("go.new", N_("New"), N_("Starts a new request."), "n f2", "go", "inbox", when=flag("seated"), footer=12),
    _a("go.outbox", N_("Outbox"), N_("Shows what is queued and what was refused."), "o f6", "go", "inbox case"),
    _a("go.drafts", N_("Drafts"), N_("Shows what you began to write."), "d f7", "go", "inbox case"),
    _a("go.authorities", N_("Find authority"), N_("Searches the authorities."), "w f4", "go", "inbox case"),
    # Inbox
    _a("list.open", N_("Open"), N_("Opens the case."), "enter", "list", "inbox", when=on_current, footer=20),
    _a(
        "list.search",
        N_("Search"),
        N_("Searches the cases on this machine."),
        "slash f3 ctrl+f",
        "list",
        "inbox",
        footer=11,
    ),
    _a(
        "list.mark",
        N_("Mark"),
        N_("Marks the case; actions then apply to all marked cases."),
        "space",
        "list",
        "inbox",
        when=on_current,
        footer=14,
    ),
    _a(
        "list.leave",
        N_("End search or marks"),
        N_("Ends the search, else takes all marks away."),
        "escape",
        "list",
        "inbox",
    ),
    _a("list.sort", N_("Sort"), N_("Changes the order of the list."), "b f8", "list", "inbox", footer=30),
    _a("view.next", N_("Next view"), N_("Shows the next view."), "tab right", "list", "inbox"),
    _a("view.previous", N_("Previous view"), N_("Shows the view before."), "shift+tab left", "list", "inbox"),
    *(_view(number) for number in range(1, 9)),
    # The list itself, wherever it stands
    _a("rows.up", N_("Up"), N_("Goes one row up."), "up k", "list", "rows", run="move(-1)"),
    _a("rows.down", N_("Down"), N_("Goes one row down."), "down j", "list", "rows", run="move(1)"),
    _a("rows.page_up", N_("Page up"), N_("Goes one page up."), "pageup", "list", "rows", run="page(-1)"),
    _a("rows.page_down", N_("Page down"), N_("Goes one page down."), "pagedown", "list", "rows", run="page(1)"),
    _a("rows.first", N_("First"), N_("Goes to the first row."), "home", "list", "rows", run="first"),
    _a("rows.last", N_("Last"), N_("Goes to the last row."), "end", "list", "rows", run="last"),
    # Case
    _a("tab.next", N_("Next tab"), N_("Shows the next tab."), "tab right ctrl+pagedown", "case", "case", footer=40),
    _a("tab.previous", N_("Previous tab"), N_("Shows the tab before."), "shift+tab left ctrl+pageup", "case", "case"),
    _a(
        "case.next",
        N_("Next case"),
        N_("Opens the next case of the list."),
        "full_stop",
        "case",
        "case",
        when=flag("next"),
    ),
    _a(
        "case.previous",
        N_("Previous case"),
        N_("Opens the case before."),
        "comma",
        "case",
        "case",
        when=flag("previous"),
    ),
    *(_tab(number) for number in range(1, 6)),
    # Dialogues
    _a(
        "dialogue.cancel",
        N_("Close"),
        N_("Closes this window."),
        "escape",
        "form",
        "menu help confirm prompt",
        run="cancel",
    ),
    _a(
        "dialogue.choose",
        N_("Choose"),
        N_("Takes what is under the cursor."),
        "enter",
        "form",
        "menu confirm",
        run="choose",
    ),
    _a("dialogue.up", N_("Up"), N_("Goes one row up."), "up", "form", "menu", run="move(-1)"),
    _a("dialogue.down", N_("Down"), N_("Goes one row down."), "down", "form", "menu", run="move(1)"),
    _a("dialogue.page_up", N_("Page up"), N_("Goes one page up."), "pageup", "form", "menu", run="page(-1)"),
    _a("dialogue.page_down", N_("Page down"), N_("Goes one page down."), "pagedown", "form", "menu", run="page(1)"),
    # Dialogue: the form of an action
    _a(
        "act.send",
        N_("Send"),
        N_("Queues the entry; it is sent with the next synchronisation."),
        "f8 ctrl+s",
        "form",
        "act",
        footer=1,
    ),
    _a(
        "act.cancel",
        N_("Back"),
        N_("Closes the form; what you wrote stays a draft."),
        "escape",
        "form",
        "act",
        footer=2,
    ),
    *(_row(row) for row in WRITING),
)


def lifecycle_action(
    name: str, label: str, key: str, footer: int, *, scopes: Iterable[str] = ("inbox", "case")
) -> Action:
    """An action of a procedure's lifecycle; `label` is already in the officer's language."""
    return Action(
        id=f"do.{name}",
        label=label,
        help="",
        keys=(key,) if key else (),
        group="case",
        scopes=frozenset(scopes),
        run=f"do({name!r})",
        footer=footer,
        translated=True,
    )


def in_scope(scope: str, actions: Iterable[Action] = ACTIONS) -> tuple[Action, ...]:
    """The actions a screen has, in registry order."""
    everywhere = scope not in DIALOGUES
    return tuple(
        action
        for action in actions
        if scope in action.scopes or (everywhere and EVERYWHERE in action.scopes and not _hidden(scope, action))
    )


def _hidden(scope: str, action: Action) -> bool:
    # The inbox is the bottom of the stack: there is nothing to go back to.
    return scope == "inbox" and action.id == "app.back"


def by_id(id: str) -> Action | None:
    """The registered action with this id."""
    return next((action for action in ACTIONS if action.id == id), None)


def keys_of(action: Action, keymap: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The keys that work for `action`, with the officer's own configuration applied."""
    return keymap.get(action.id, action.keys)


def possible(actions: Iterable[Action], now: Situation) -> tuple[Action, ...]:
    """Those of `actions` that can be done in this situation."""
    return tuple(action for action in actions if action.when(now))
