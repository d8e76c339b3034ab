"""The ways to an action, and how each is gone: a key, the menu, a plain command."""

from __future__ import annotations

from typing import Literal, NamedTuple

from imi_tui import actions as registry
from imi_tui.actions import Action
from imi_tui.config import keymap
from imi_tui.viewmodel.palette import is_numbered


class Way(NamedTuple):
    """How an action is asked for; `key` is that of a key."""

    kind: Literal["key", "menu", "command"]
    key: str = ""

    def __str__(self) -> str:
        return f"the key {self.key}" if self.key else f"the {self.kind}"

    @property
    def typed(self) -> bool:
        """Whether it is a key that writes something into a field."""
        return bool(self.key) and keymap.is_typed(self.key)

    @property
    def neutral(self) -> bool:
        """Whether it works without letters, on every keyboard."""
        return self.kind == "menu" or self.key in keymap.NEUTRAL


MENU = Way("menu")
COMMAND = Way("command")


def has_menu(scope: str) -> bool:
    """Whether the menu opens on this screen."""
    return any(action.id == "app.menu" for action in registry.in_scope(scope))


def ways(action: Action, scope: str) -> list[Way]:
    """All of them on the screen `scope`, the command apart."""
    found = [Way("key", key) for key in action.keys]
    # One line stands for all that differ in a digit, and the menu is not in itself.
    if has_menu(scope) and not is_numbered(action) and action.id != "app.menu":
        found.append(MENU)
    return found


def scopes() -> list[str]:
    """Every screen, dialogue and list that has actions."""
    return sorted(set().union(*(action.scopes for action in registry.ACTIONS)) - {registry.EVERYWHERE})
