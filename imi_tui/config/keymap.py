"""Which keys may be accelerators, and the officer's own keys from the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from imi_core.lean import TYPE_CHECKING, NamedTuple
from imi_core.text import display
from imi_tui.actions import ACTIONS, EVERYWHERE, by_id, in_scope, keys_of
from imi_tui.config import keyboard
from imi_tui.i18n import _

if TYPE_CHECKING:
    from imi_tui.config.keyboard import Layout

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

LIFECYCLE = "do."
"""How the ids of a procedure's own actions begin."""
FIXED = frozenset({"escape", "enter", "f1", "f9"})
"""Keys that stay with the actions that have them, and go to no other: whoever remaps finds back, help and the menu."""
_MOVING = frozenset({"tab", "shift+tab", "up", "down", "backspace"})
"""Keys that no other action may have: they move within a form and edit what is typed there."""
_TURNED = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+h": "backspace"}
"""What a terminal sends for these."""
NO_KEY = "no_key"
"""A name that no key has: Textual keeps its own keys where a map gives none."""

_NAMES = {
    ".": "full_stop",
    ",": "comma",
    "-": "minus",
    "/": "slash",
    "?": "question_mark",
    " ": "space",
    "+": "plus",
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "page_up": "pageup",
    "page_down": "pagedown",
}
_WORDS = frozenset(
    f"""{_NEUTRAL} {_FORBIDDEN} insert backspace plus equals_sign exclamation_mark percent_sign dollar_sign
    left_parenthesis right_parenthesis minus comma full_stop slash question_mark""".split()
) | {f"f{number}" for number in range(1, 25)}
_MODIFIERS = ("ctrl", "alt", "shift")


class Slip(NamedTuple):
    """Something in the `[keys]` table that is not as the officer may think. `text` is in the officer's language.

    `used` says that the line works all the same.
    """

    id: str
    text: str
    used: bool = False


def is_typed(key: str) -> bool:
    """Whether this key writes a character in a text field."""
    return len(key) == 1 or key in PUNCTUATION or key in BESIDE or key == "space"


def read_keymap(config: Mapping[str, object], layout: Layout = "auto") -> tuple[dict[str, tuple[str, ...]], list[Slip]]:
    """The `[keys]` table of the configuration as keys by action id, and what in it cannot be used.

    A value is a key or a list of keys ("f8", "ctrl+g", "x", "."); an empty list leaves the action to the menu. Letters
    may be those printed on a Greek or, with its `layout`, a Bulgarian keyboard. An officer's key is taken from the
    action that had it; keys of `FIXED` stay where they are.
    """
    own: dict[str, tuple[str, ...]] = {}
    slips: list[Slip] = []
    for id, value in config.items():
        listed = [value] if isinstance(value, str) else value
        if by_id(id) is None and not is_lifecycle(id):
            slips.append(Slip(id, _unknown_action(id)))
        elif not (isinstance(listed, list) and all(isinstance(key, str) and key for key in listed)):
            slips.append(Slip(id, _("{action} has to have a key or a list of keys.").format(action=display(id))))
        else:
            keys = [key for written in listed if (key := _usable(id, written, layout, own, slips))]
            if keys or not listed:
                own[id] = tuple(dict.fromkeys([*keys, *(key for key in _default(id) if key in FIXED)]))
    taken, lost = _taken(own)
    return own | taken, slips + lost


def is_lifecycle(id: str) -> bool:
    """Whether this can be the id of an action of a procedure."""
    return id.startswith(LIFECYCLE) and id.removeprefix(LIFECYCLE).isidentifier()


def unknown_lifecycle(keymap: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> list[Slip]:
    """The actions of procedures in `keymap` that none of the procedures here has."""
    known = [f"{LIFECYCLE}{name}" for name in names]
    wrong = [id for id in keymap if id.startswith(LIFECYCLE) and id not in known]
    return [Slip(id, _unknown_action(id, known)) for id in wrong]


def _default(id: str) -> tuple[str, ...]:
    action = by_id(id)
    return action.keys if action is not None else ()


def _usable(id: str, written: str, layout: Layout, own: Mapping[str, tuple[str, ...]], slips: list[Slip]) -> str:
    """The name of the key `written`; "" where it cannot be used, which is then among `slips`."""
    key = _canonical(written)
    last = key.rsplit("+", 1)[-1]
    told = {"action": id, "key": display(written)}
    if not key:
        near = _near_key(written)
        text = (
            _("{action}: there is no key {key}; did you mean {near}?")
            if near
            else _("{action}: there is no key {key}.")
        )
        slips.append(Slip(id, text.format(**told, near=near)))
        return ""
    if keyboard.is_cyrillic(last) and keyboard.latin(last, layout) is None:
        text = _(
            "{action}: {key} is in another place on each Bulgarian keyboard; set keyboard to bds or phonetic first."
        )
        slips.append(Slip(id, text.format(**told)))
        return ""
    key = keyboard.latin(key, layout) or key
    if key in _TURNED:
        text = _("{action}: a terminal cannot tell {key} from {other}.").format(**told, other=_TURNED[key])
    elif key in (FIXED | _MOVING) and key not in _default(id):
        text = _("{action}: {key} always does the same and cannot be given away.").format(**told)
    elif layout not in ("auto", "off") and keyboard.is_missing(key, layout):
        text = _("{action}: the {layout} keyboard has no key {key}.").format(**told, layout=layout)
    elif other := next((each for each, keys in own.items() if key in keys and meet(id, each)), ""):
        text = _("{action}: {key} is given to {other} already.").format(**told, other=other)
    else:
        return key
    slips.append(Slip(id, text))
    return ""


def _canonical(written: str) -> str:
    """The key as Textual names it; "" where there is none of that name. A single capital stays one."""
    text = written if written == " " else written.strip()
    if len(text) == 1:
        return _NAMES.get(text) or (text if text.isprintable() and (text.isalnum()) else _punctuation(text))
    *modifiers, last = text.lower().split("+")
    modifiers = [{"control": "ctrl", "strg": "ctrl"}.get(each.strip(), each.strip()) for each in modifiers]
    last = _NAMES.get(last.strip(), last.strip())
    if any(each not in _MODIFIERS for each in modifiers) or not (last in _WORDS or (len(last) == 1 and last.isalnum())):
        return ""
    if modifiers == ["shift"] and len(last) == 1:
        return last.upper()
    return "+".join([*sorted(set(modifiers), key=_MODIFIERS.index), last])


def _punctuation(char: str) -> str:
    import unicodedata

    name = unicodedata.name(char, "").lower().replace(" ", "_").replace("-", "_")
    name = {"commercial_at": "at", "low_line": "underscore", "reverse_solidus": "backslash", "solidus": "slash"}.get(
        name, name
    )
    return name if name in _WORDS else ""


def _near_key(written: str) -> str:
    import difflib

    *modifiers, last = written.strip().lower().replace("-", "+").split("+")
    names = [*_NEUTRAL.split(), "insert", "backspace", "minus", "comma", "full_stop", "slash", *_NAMES, *_MODIFIERS]
    near = [next(iter(difflib.get_close_matches(each, _MODIFIERS, 1)), "") for each in modifiers]
    found = last if len(last) == 1 else next(iter(difflib.get_close_matches(last, names, 1)), "")
    if not found or found in _MODIFIERS or "" in near:
        return ""
    guess = _canonical("+".join([*near, found]))
    return guess if guess != written else ""


def _unknown_action(id: str, known: Iterable[str] = ()) -> str:
    import difflib

    names = [*(action.id for action in ACTIONS), *known]
    near = difflib.get_close_matches(id.lower(), names, 1)
    if not near:
        # The last part is what people remember.
        near = [name for name in names if name.rpartition(".")[2] == id.lower().rpartition(".")[2]][:1]
    if near:
        text = _("there is no action {action} to give a key to; did you mean {near}?")
        return text.format(action=display(id), near=near[0])
    return _("there is no action {action} to give a key to.").format(action=display(id))


def _scopes(id: str) -> frozenset[str]:
    """On which screens an action's keys work."""
    action = by_id(id)
    if action is None:
        return frozenset({"inbox", "case"})
    scopes = frozenset(scope for scope in _ALL if action in in_scope(scope))
    # Lists and pages stand in nearly every screen, and get a key before the screen does.
    return _ALL if "rows" in scopes else scopes


_ALL = frozenset(scope for action in ACTIONS for scope in action.scopes) - {EVERYWHERE}


def meet(id: str, other: str) -> bool:
    """Whether two actions can be possible on one screen, so that they cannot share a key."""
    return id != other and bool(_scopes(id) & _scopes(other))


def _taken(own: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, tuple[str, ...]], list[Slip]]:
    """What is left to the actions from which the officer's keys were taken, and that they were."""
    left: dict[str, tuple[str, ...]] = {}
    slips: list[Slip] = []
    for action in ACTIONS:
        if action.id in own:
            continue
        lost = {key: id for id, keys in own.items() for key in keys if key in action.keys and meet(id, action.id)}
        if not lost:
            continue
        left[action.id] = tuple(key for key in action.keys if key not in lost)
        for key, id in lost.items():
            text = (
                _("{key} now does {action}; {other} is still on {left}.")
                if left[action.id]
                else _("{key} now does {action}; {other} is in the menu only.")
            )
            told = {"key": key, "action": id, "other": action.id, "left": ", ".join(left[action.id])}
            slips.append(Slip(id, text.format(**told), used=True))
    return left, slips


def for_textual(keymap: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The map as Textual takes it."""
    return {id: ",".join(keys) or NO_KEY for id, keys in keymap.items()}


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
