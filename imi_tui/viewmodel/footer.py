"""Which actions the footer shows: only whole labels, in order of importance, "more" when some are left out."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING
from imi_tui.i18n import _, pgettext
from imi_tui.terminal.widths import cell_len

if TYPE_CHECKING:
    from collections.abc import Callable

NARROW = 100
FEWEST = 3
"""Actions of the work itself that are worth more than help."""
HELP = 99
"""The order of what stands at the end whatever is left out, where there is room: whoever is lost looks there."""
MOST_WHEN_NARROW = 5
"""At 80 columns at most five actions beside help: labels in other languages are up to 2.6 times as long."""

_SIGNS = {"question_mark": "?", "slash": "/", "full_stop": ".", "comma": ",", "minus": "-"}


_NAMES: dict[str, Callable[[], str]] = {
    # Translators: keys as they are printed on keyboards of your country; short, they stand in the footer.
    "escape": lambda: pgettext("key", "Esc"),
    "enter": lambda: pgettext("key", "Enter"),
    "space": lambda: pgettext("key", "Space"),
    "tab": lambda: pgettext("key", "Tab"),
    "pageup": lambda: pgettext("key", "PgUp"),
    "pagedown": lambda: pgettext("key", "PgDn"),
    "home": lambda: pgettext("key", "Home"),
    "end": lambda: pgettext("key", "End"),
    "delete": lambda: pgettext("key", "Del"),
    # Translators: the arrow keys.
    "up": lambda: pgettext("key", "Up"),
    "down": lambda: pgettext("key", "Down"),
    "left": lambda: pgettext("key", "Left"),
    "right": lambda: pgettext("key", "Right"),
    "ctrl": lambda: pgettext("key", "Ctrl"),
    "shift": lambda: pgettext("key", "Shift"),
    "alt": lambda: pgettext("key", "Alt"),
}
"""Keys and modifiers as keyboards of a language have them."""


def key_name(key: str) -> str:
    """A key as it is printed on a keyboard: "F9", "Ctrl+P", "a", "?"."""
    *modifiers, last = key.split("+")
    name = _named(last) or (last.upper() if modifiers or (last[:1] == "f" and last[1:].isdigit()) else last)
    return "+".join([*(_named(part) or part.capitalize() for part in modifiers), name])


def _named(key: str) -> str:
    return _SIGNS.get(key) or (_NAMES[key]() if key in _NAMES else "")


def more() -> tuple[str, str]:
    """What stands at the end of a footer in which something had to be left out."""
    # Translators: at the foot of every screen: the list of all actions; max-length:12.
    return "f9", _("More")


def choose(items: list[tuple[int, str, str]], width: int, more: tuple[str, str]) -> list[tuple[str, str]]:
    """(key, label) pairs that fit into `width` cells, most important first (`items`: order, key, label).

    `more` stands at the end when something had to be left out. No pair is ever cut; one that does not fit is left out.
    """
    ordered = sorted(items, key=lambda item: item[0])
    pairs = [(key_name(key), label) for _order, key, label in ordered]
    most = MOST_WHEN_NARROW if width < NARROW else len(pairs)
    if len(pairs) <= most and _width(pairs) <= width:
        return pairs
    last = [(key_name(key), label) for order, key, label in ordered if order == HELP]
    last.append((key_name(more[0]), more[1]))
    kept: list[tuple[str, str]] = []
    for pair in pairs:
        if len(kept) == most:
            break
        if pair not in last and pair[1] != more[1] and _width([*kept, pair, *last]) <= width:
            kept.append(pair)
    if len(kept) < FEWEST and len(last) > 1:
        return choose([item for item in ordered if item[0] != HELP], width, more)
    return [*kept, *last] if _width([*kept, *last]) <= width else kept


def _width(pairs: list[tuple[str, str]]) -> int:
    return 1 + sum(cell_len(key) + cell_len(label) + 3 for key, label in pairs)
