"""Which keys may be accelerators, and the officer's own keys from the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from imi_tui.actions import by_id, in_scope, keys_of

if TYPE_CHECKING:
    pass

PUNCTUATION = frozenset({"minus", "comma", "full_stop"})
"""Characters that may be an accelerator on their own: typed without AltGr on every layout of the Union."""
BESIDE = {"slash": ("f3", "ctrl+f"), "question_mark": ("f1",)}
"""Characters that may only stand beside one of these keys."""
_FORBIDDEN = """left_square_bracket right_square_bracket left_curly_bracket right_curly_bracket at tilde backslash
    vertical_line grave_accent circumflex_accent number_sign semicolon apostrophe quotation_mark less_than_sign
    greater_than_sign underscore ampersand asterisk colon ctrl+i ctrl+m ctrl+j ctrl+h f11 alt+f4"""
FORBIDDEN = frozenset(_FORBIDDEN.split())
_NEUTRAL = """enter escape tab shift+tab up down left right space home end pageup pagedown ctrl+pageup ctrl+pagedown
    delete f1 f2 f3 f4 f5 f6 f7 f8 f9 f10"""
NEUTRAL = frozenset(_NEUTRAL.split())
"""Keys that are in the same place on every layout."""


def is_typed(key: str) -> bool:
    """Whether this key writes a character in a text field."""
    return len(key) == 1 or key in PUNCTUATION or key in BESIDE or key == "space"


def read_keymap(config: Mapping[str, object]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """The `[keys]` table of the configuration as keys by action id, and what in it cannot be used.

    A value is a key or a list of keys, written as Textual names them ("f8", "ctrl+g", "x"); single characters such
    as "." are accepted too. Problems are (id or key) strings for the caller to show.
    """
    keymap: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for id, value in config.items():
        listed = [value] if isinstance(value, str) else value
        known = by_id(id) is not None or id.startswith("do.")
        if not (known and isinstance(listed, list) and all(isinstance(key, str) and key.strip() for key in listed)):
            problems.append(id)
        else:
            keymap[id] = tuple(_NAMES.get(key.strip().lower(), key.strip().lower()) for key in listed)
    return keymap, problems


_NAMES = {
    ".": "full_stop",
    ",": "comma",
    "-": "minus",
    "/": "slash",
    "?": "question_mark",
    " ": "space",
    "esc": "escape",
}


def clashes(scope: str, keymap: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str, str]]:
    """(key, id, id) for each key that two actions of `scope` share."""
    seen: dict[str, str] = {}
    found: list[tuple[str, str, str]] = []
    for action in in_scope(scope):
        for key in keys_of(action, keymap):
            if key in seen:
                found.append((key, seen[key], action.id))
            else:
                seen[key] = action.id
    return found
