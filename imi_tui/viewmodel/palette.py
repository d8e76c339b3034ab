"""What can be done on a screen, what cannot now and why, and how that is searched: for the menu and for help."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imi_core.text import fold
from imi_tui import actions as registry
from imi_tui.actions.kinds import on_current, on_line
from imi_tui.actions.sought import sought
from imi_tui.cache.words.spelling import forgiven, mistakes
from imi_tui.config import keyboard
from imi_tui.config.keymap import is_typed
from imi_tui.i18n import _
from imi_tui.viewmodel.footer import key_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from imi_tui.actions import Action, Situation
    from imi_tui.config.keyboard import Layout

WITHOUT_ROWS = frozenset({"act", "compose", "sign_in", "prompt", "confirm", "menu", "help"})
"""Screens on which no list or page has the focus."""


class Keyboard(NamedTuple):
    """The officer's own keys, language and layout: how keys are shown and what is typed is understood.

    `typing`: a field has the focus, so that keys which write something into it do nothing else.
    """

    keymap: Mapping[str, tuple[str, ...]]
    language: str
    layout: Layout
    typing: bool = False

    def shown(self, action: Action, most: int = 9) -> str:
        """The keys of an action that work now, as they are printed on this keyboard: "b (β), F8"."""
        keys = [key for key in registry.keys_of(action, self.keymap) if not (self.typing and is_typed(key))]
        return ", ".join(self._named(key) for key in keys[:most])

    def _named(self, key: str) -> str:
        local = keyboard.shown_on(key, self.language, self.layout)
        return f"{key_name(key)} ({local})" if local else key_name(key)


class Entry(NamedTuple):
    """One action: how it reads, its keys, and why it is not possible now ("" where it is)."""

    action: Action
    label: str
    help: str
    keys: str
    why: str = ""


def entries(offered: Sequence[Action], refused: Iterable[Action], now: Situation, keys: Keyboard) -> tuple[Entry, ...]:
    """What the screen of `now` has: what is possible first, then the rest with its reason.

    `offered` and `refused` are actions of the procedure that are possible now and that are not.
    """
    possible: list[Entry] = [_entry(action, keys) for action in offered]
    rest: list[Entry] = []
    rows = registry.in_scope("rows") if now.scope not in WITHOUT_ROWS else ()
    for action in (*registry.in_scope(now.scope), *rows):
        if is_numbered(action):
            # One line for all of them.
            if not any(is_numbered(entry.action) for entry in possible):
                possible.append(_numbered(action, now.scope, keys))
        elif action.when(now):
            possible.append(_entry(action, keys))
        elif action.group != "tour":
            rest.append(_entry(action, keys, _reason(action, now)))
    state = _("This is not possible in the present state of the case.")
    no = [_entry(action, keys, " ".join(filter(None, (state, action.help)))) for action in refused]
    return (*possible, *no, *rest)


def _entry(action: Action, keys: Keyboard, why: str = "") -> Entry:
    return Entry(action, action.name, _(action.help) if action.help else "", keys.shown(action), why)


def is_numbered(action: Action) -> bool:
    """Whether it is one of many that differ in a digit, such as the views."""
    return action.id[-1].isdigit()


def _numbered(first: Action, scope: str, keys: Keyboard) -> Entry:
    alike = [each for each in registry.in_scope(scope) if each.id.rpartition(".")[0] == first.id.rpartition(".")[0]]
    shown = [keys.shown(each, 1) for each in alike if is_numbered(each)]
    return _entry(first, keys)._replace(keys=" ".join(filter(None, shown)))


def _reason(action: Action, now: Situation) -> str:
    if why := action.reason(now):
        return why
    if action.when in (on_current, on_line):
        return _("There is nothing under the cursor.")
    return _("There is nothing here now that this could be done with.")


def by_use(found: Iterable[Entry]) -> list[Entry]:
    """What one does most: what the footer would show, in its order."""
    shown = [entry for entry in found if entry.action.footer and not entry.why and entry.keys]
    return sorted(shown, key=lambda entry: entry.action.footer)


def search(found: Sequence[Entry], typed: str, keys: Keyboard) -> list[Entry]:
    """The entries that `typed` names, best first, what is possible before what is not.

    Words are found in the officer's language without accents and case, in English, among the keys, among words that
    mean the same, and also when they were typed on a Greek or Bulgarian keyboard that was not switched. Where nothing
    is found a slip of the fingers is forgiven.
    """
    wanted = typed.strip()
    ways = {fold(wanted), fold(keyboard.typed_as_latin(wanted, keys.layout))}

    def ranked(rank: Callable[[Entry, str], int]) -> list[Entry]:
        hits = []
        for place, entry in enumerate(found):
            best = min(rank(entry, way) for way in ways)
            if best < _NOT:
                hits.append((bool(entry.why), best, place, entry))
        return [entry for _why, _best, _place, entry in sorted(hits, key=lambda each: each[:3])]

    return ranked(lambda entry, way: _rank(entry, way, wanted)) or ranked(_slips)


def elsewhere(found: Sequence[Entry], typed: str, keys: Keyboard) -> list[Entry]:
    """What `typed` names on other screens: `why` says what it does there."""
    shown = {(entry.label, entry.help) for entry in found}
    others: dict[tuple[str, str], Entry] = {}
    for action in registry.ACTIONS:
        entry = _entry(action, keys._replace(typing=False))
        if action.scopes & _SCREENS and not is_numbered(action) and (entry.label, entry.help) not in shown:
            others.setdefault((entry.label, entry.help), entry._replace(why=entry.help))
    return search(list(others.values()), typed, keys)


_SCREENS = frozenset({"inbox", "case", "compose", "act", "authorities", "drafts", "outbox", "templates", "phrases"})
"""Screens whose actions are named on others, too."""
_NOT = 9


def _rank(entry: Entry, folded: str, typed: str) -> int:
    """0: its key, 1: its name begins so, 2: words of its name do, 3: within its name, 4: its help, else `_NOT`."""
    pieces = folded.split()
    action = entry.action
    shown = {key_name(key).casefold() for key in entry_keys(entry)}
    if typed.casefold() in shown:
        return 0
    names = [fold(entry.label), fold(action.label), fold(action.id.replace(".", " ").replace("_", " "))]
    if any(name.startswith(folded) for name in names):
        return 1
    if any(all(_begins(name, piece) for piece in pieces) for name in names):
        return 2
    if any(all(piece in name for piece in pieces) for name in names):
        return 3
    told = " ".join(
        [*names, fold(entry.help), fold(action.help), fold(_(registry.GROUPS[action.group])), fold(entry.keys)]
    )
    if all(piece in told for piece in pieces):
        return 4
    also = f"{told} {fold(sought(action.id))}"
    return 5 if all(_begins(also, piece) for piece in pieces) else _NOT


def _slips(entry: Entry, folded: str) -> int:
    """How many slips of the fingers make `folded` words of its name, in two languages, or what it is also called."""
    action = entry.action
    there = fold(" ".join((entry.label, action.label, sought(action.id)))).split()
    best = []
    for piece in folded.split():
        allowed = forgiven(piece)
        found = [made for word in there if (made := mistakes(piece, word, allowed)) >= 0] if allowed else []
        best.append(min(found, default=_NOT))
    return min(sum(best), _NOT) if best else _NOT


def entry_keys(entry: Entry) -> tuple[str, ...]:
    """The keys that are shown, without the local letters."""
    return tuple(part.split(" (")[0] for part in entry.keys.split(", ") if part)


def _begins(name: str, piece: str) -> bool:
    return any(word.startswith(piece) for word in name.split())
