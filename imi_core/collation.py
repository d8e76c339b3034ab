"""Sorting names as the alphabet of a language has it: å after z in Swedish, ch after h in Czech.

Fifteen languages count letters, or pairs of letters, of their own; the others sort by letters without their marks. The
orders are those of the national alphabets; no library that knows them runs everywhere the client does. Names in other
scripts stand behind those in the language's own.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from imi_core.text import fold

_LATIN = "a b c d e f g h i j k l m n o p q r s t u v w x y z"

ALPHABETS: dict[str, str] = {
    "cs": "a b c č d e f g h ch i j k l m n o p q r ř s š t u v w x y z ž",
    "da": f"{_LATIN} æ ø å",
    "es": "a b c d e f g h i j k l m n ñ o p q r s t u v w x y z",
    "et": "a b c d e f g h i j k l m n o p q r s š z ž t u v w õ ä ö ü x y",
    "fi": f"{_LATIN} å ä ö",
    "hr": "a b c č ć d dž đ e f g h i j k l lj m n nj o p q r s š t u v w x y z ž",
    "hu": "a b c cs d dz dzs e f g gy h i j k l ly m n ny o ö p q r s sz t ty u ü v w x y z zs",
    "lt": "a b c č d e f g h i j k l m n o p q r s š t u v w x z ž",
    "lv": "a b c č d e f g ģ h i j k ķ l ļ m n ņ o p q r s š t u v w x z ž",
    "mt": "a b c ċ d e f ġ g għ h ħ i ie j k l m n o p q r s t u v w x y ż z",
    "pl": "a ą b c ć d e ę f g h i j k l ł m n ń o ó p q r s ś t u v w x y z ź ż",
    "ro": "a ă â b c d e f g h i î j k l m n o p q r s ș t ț u v w x y z",
    "sk": "a ä b c č d e f g h ch i j k l m n o ô p q r s š t u v w x y z ž",
    "sl": "a b c č ć d đ e f g h i j k l m n o p q r s š t u v w x y z ž",
    "sv": f"{_LATIN} å ä ö",
}
"""The letters of a language in their order, with a space between."""
_NORDIC = {"ä": "æ", "ö": "ø", "ü": "y", "aa": "å"}
_SAME: dict[str, dict[str, str]] = {
    "da": _NORDIC,
    "fi": {"æ": "ä", "ø": "ö", "ü": "y"},
    "hu": {"ő": "ö", "ű": "ü"},
    "lt": {"y": "i"},
    "lv": {"y": "i"},
    "ro": {"ş": "ș", "ţ": "ț"},
    "sv": {"æ": "ä", "ø": "ö", "ü": "y"},
}
"""Letters that stand where another one does."""
_OWN_SCRIPT = {
    "el": "α β γ δ ε ζ η θ ι κ λ μ ν ξ ο π ρ σ τ υ φ χ ψ ω",
    "bg": "а б в г д е ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ь ю я",
}
"""Letters that stand before the Latin ones for an officer who writes in them."""
_FIRST, _PAIRS = 0x41, 0xE000
"""The place of the first letter, behind digits and most signs, and what stands for pairs of letters meanwhile.

No alphabet has more letters than there are places up to 0x7e, so that a key takes a byte a letter; letters of other
scripts follow by their own code.
"""
_ODD = frozenset("[\\]^_`{|}~\x7f")
"""Signs whose codes are those of places: as good as a stroke."""
_SEEN = 4096


class _Places(dict[int, str]):
    """The place of each character; filled as characters are met, up to a bound. `letters` are those of the alphabet."""

    def __init__(self, letters: dict[int, str]) -> None:
        super().__init__(letters)
        self.letters = letters

    def __missing__(self, code: int) -> str:
        found = _foreign(chr(code), self.letters)
        if len(self) < _SEEN:
            self[code] = found
        return found


def sort_key(text: str, language: str) -> tuple[str, str]:
    """What `text` is sorted by for an officer of `language`: letters first, their marks and case where those agree."""
    small = unicodedata.normalize("NFC", text).casefold()
    pairs, marks, places = _tailored(language)
    units = pairs.sub(lambda found: marks[found[0]], small) if pairs is not None else small
    return units.translate(places), small


def alphabet_of(language: str) -> str:
    """The language whose alphabet `language` sorts by: "" is that of all which have no letters of their own."""
    return language if language in ALPHABETS or language in _OWN_SCRIPT else ""


def beginnings(folded: str, language: str, letters: int = 3) -> list[str]:
    """What the keys of texts begin with whose folded form begins so, in order: their first `letters` at least.

    "ar" is found under a and, in Danish, under å, which "aa" and "å" both are.
    """
    found: set[str] = set()
    _begin(folded, "", _units(alphabet_of(language)), found, letters)
    return sorted(each for each in found if not any(each != other and each.startswith(other) for other in found))


def _begin(folded: str, key: str, units: dict[str, list[tuple[str, str]]], found: set[str], letters: int) -> None:
    if not folded or not letters:
        found.add(key)
        return
    for unit, place in units.get(folded[0], ()):
        if unit.startswith(folded) or folded.startswith(unit):
            _begin(folded[len(unit) :], key + place, units, found, letters - 1)
    if folded[0] not in units:
        _begin(folded[1:], key + _foreign(folded[0], _tailored("")[2].letters), units, found, letters - 1)


@functools.cache
def _units(language: str) -> dict[str, list[tuple[str, str]]]:
    """By its first character, (folded, place) of everything that is one letter."""
    out: dict[str, list[tuple[str, str]]] = {}
    for unit, place in _letters(language).items():
        folded = fold(unit)
        out.setdefault(folded[0], []).append((folded, place))
    return out


def _letters(language: str) -> dict[str, str]:
    """The place of every letter, also of pairs and of those that stand where another one does."""
    letters = [*_OWN_SCRIPT.get(language, "").split(), *ALPHABETS.get(language, _LATIN).split()]
    places = {letter: chr(_FIRST + number) for number, letter in enumerate(letters)}
    return places | {other: places[letter] for other, letter in _SAME.get(language, {}).items()}


@functools.cache
def _tailored(language: str) -> tuple[re.Pattern[str] | None, dict[str, str], _Places]:
    """Which pairs of letters are one, what stands for them, and the place of each character."""
    letters = _letters(language)
    several = sorted((each for each in letters if len(each) > 1), key=len, reverse=True)
    marks = {pair: chr(_PAIRS + number) for number, pair in enumerate(several)}
    places = _Places({ord(marks.get(letter, letter)): place for letter, place in letters.items()})
    return re.compile("|".join(several)) if several else None, marks, places


def _foreign(char: str, letters: dict[int, str]) -> str:
    """The place of a character that the alphabet lacks: of its letters without marks, those that it has and others."""
    return "".join(letters.get(ord(each)) or ("/" if each in _ODD else each) for each in fold(char) or char)
