"""How an action is reached on this officer's keyboard, for sentences such as "Press u to take it back"."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


_keymap: Mapping[str, tuple[str, ...]] = {}


def install(keymap: Mapping[str, tuple[str, ...]]) -> None:
    """Take these as the officer's own keys in this process."""
    global _keymap
    _keymap = keymap


def hint(id: str) -> str:
    """The first key of the action as it is printed on a keyboard; that of the menu where it has none."""
    from imi_tui import actions
    from imi_tui.viewmodel.footer import key_name

    action = actions.by_id(id)
    keys = actions.keys_of(action, _keymap) if action is not None else _keymap.get(id, ())
    return key_name(keys[0]) if keys else key_name("f9")
