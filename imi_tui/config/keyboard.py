"""Accelerators on Greek and Bulgarian keyboards: which Latin letter is on the key that sent this letter.

The tables are from xkb-data (gr, bg(bds), bg(phonetic)). Greek is unambiguous. The two Bulgarian layouts agree on
one letter only, so Cyrillic is left alone until the officer says which layout it is.
"""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Literal

    Layout = Literal["auto", "greek", "bds", "phonetic", "off"]

_GREEK = dict(zip("ςερτυθιοπασδφγηξκλζχψωβνμ", "wertyuiopasdfghjklzxcvbnm", strict=True))
_BDS = dict(zip("уеишщксдзьяаожгтнвюйъэфхп", "wertyuiopasdfghjklzxcvbnm", strict=True))
_PHONETIC = dict(zip("явертъуиопасдфгхйклзьцжбнм", "qwertyuiopasdfghjklzxcvbnm", strict=True))
_CYRILLIC: dict[Layout, dict[str, str]] = {"bds": _BDS, "phonetic": _PHONETIC, "greek": {}, "auto": {}, "off": {}}


def latin(key: str, layout: Layout) -> str | None:
    """The Latin key for a key name such as "β" or "ctrl+ψ"; None where the key stays what it is."""
    if layout == "off":
        return None
    *modifiers, letter = key.split("+")
    if len(letter) != 1:
        return None
    lower = letter.lower()
    found = _GREEK.get(lower) or _CYRILLIC[layout].get(lower)
    if found is None:
        return None
    if letter != lower:
        found = found.upper()
    return "+".join([*modifiers, found])


def is_cyrillic(key: str) -> bool:
    """Whether the last part of a key name is one Cyrillic letter."""
    letter = key.rsplit("+", 1)[-1]
    return len(letter) == 1 and "\u0400" <= letter <= "\u04ff"


def shown_on(key: str, language: str, layout: Layout) -> str:
    """The letter printed on the key of a letter accelerator, for help: "β" for "b" in Greek, "" where it is the same.

    `language` tells whether the officer is likely to type Greek; which Cyrillic it is says `layout` alone.
    """
    letter = key.rsplit("+", 1)[-1]
    if len(letter) != 1 or layout == "off":
        return ""
    table = _table(layout) or (_GREEK if language == "el" else {})
    return next((local for local, to in table.items() if to == letter), "")


def is_missing(key: str, layout: Layout) -> bool:
    """Whether a letter key is on no key of this layout, such as "q" where BDS has the comma."""
    letter = key.rsplit("+", 1)[-1].lower()
    table = _table(layout)
    return bool(table) and len(letter) == 1 and letter.isalpha() and letter not in table.values()


def typed_as_latin(text: str, layout: Layout) -> str:
    """`text` as the same keys would write it in Latin letters, for words typed without switching the keyboard."""
    return "".join(latin(char, layout) or char for char in text)


def _table(layout: Layout) -> dict[str, str]:
    return _GREEK if layout == "greek" else _CYRILLIC[layout]
