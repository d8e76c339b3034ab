"""The one registry of what an officer can do: it feeds key bindings, footer, help, menu and key remapping.

Nothing here imports Textual. An action's `run` is the name of a method ``action_<run>`` on the screen. Actions of a
procedure's lifecycle (accept, reply, …) are data and are added at run time by `lifecycle_action`; they follow the
same rules and can be remapped under the id ``do.<action>``.

Rules for keys: every action can be reached from the menu (F9), so none exists only as a letter; letters are
mnemonic, unshifted a-z and the same in every language; characters that need AltGr or a dead key somewhere in the
Union are forbidden, and so are control keys that a terminal turns into something else (see `imi_tui.config.keymap`).
"""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING
from imi_tui.actions import (
    authorities,
    case,
    dialogues,
    everywhere,
    files,
    inbox,
    outbox,
    outside,
    signing_in,
    triage,
    writing,
)
from imi_tui.actions.kinds import Action, Situation
from imi_tui.i18n import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from imi_tui.actions.kinds import Group

__all__ = [
    "ACTIONS",
    "DIALOGUES",
    "EVERYWHERE",
    "GROUPS",
    "Action",
    "Situation",
    "by_id",
    "in_scope",
    "keys_of",
    "lifecycle_action",
    "possible",
]

GROUPS: dict[Group, str] = {
    "tour": N_("Tour"),
    "case": N_("Case"),
    "list": N_("List"),
    "form": N_("Form"),
    "go": N_("Go to"),
    "app": N_("Program"),
}

EVERYWHERE = "*"
"""Scope of actions that every full screen has; dialogues name their scope themselves."""
DIALOGUES = frozenset(
    {"menu", "help", "confirm", "prompt", "preview", "phrase", "act", "rows", "search", "export", "lock"}
)
"""Scopes without the actions of `EVERYWHERE`."""

ACTIONS: tuple[Action, ...] = (
    *everywhere.ACTIONS,
    *inbox.ACTIONS,
    *triage.ACTIONS,
    *case.ACTIONS,
    *dialogues.ACTIONS,
    *writing.ACTIONS,
    *authorities.ACTIONS,
    *files.ACTIONS,
    *outbox.ACTIONS,
    *signing_in.ACTIONS,
    *outside.ACTIONS,
)
"""One section a screen: whoever writes a screen edits its module."""


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
        command="act",
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
