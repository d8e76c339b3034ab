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
_OWN_SCRIPT = {"el": ("Ͱ", "Ͽ"), "bg": ("Ѐ", "ӿ")}
_OWN, _LETTERS = 0x100, 0x300
"""Where letters are numbered from: behind signs and digits those of Greek or Bulgarian for an officer who writes in it,
then the alphabet; letters of other scripts follow by their own code.
"""


def sort_key(text: str, language: str) -> tuple[str, str]:
    """What `text` is sorted by for an officer of `language`: letters first, their marks and case where those agree."""
    small = unicodedata.normalize("NFC", text).casefold()
    pattern, places = _tailored(language)
    parts = (places.get(unit) or _foreign(unit, language, places) for unit in pattern.findall(small))
    return "".join(parts), small


@functools.cache
def _tailored(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """How a text falls into letters, and the place of each."""
    letters = ALPHABETS.get(language, _LATIN).split()
    places = {letter: chr(_LETTERS + number) for number, letter in enumerate(letters)}
    places |= {other: places[letter] for other, letter in _SAME.get(language, {}).items()}
    several = sorted((each for each in places if len(each) > 1), key=len, reverse=True)
    return re.compile("|".join([*several, "."]), re.DOTALL), places


def _foreign(char: str, language: str, places: dict[str, str]) -> str:
    """The place of a character that the alphabet lacks: of its letters without marks, else of its code."""
    folded = fold(char)
    if any(each in places for each in folded):
        return "".join(places.get(each, each) for each in folded)
    if char < "\x80" or not char.isalpha():
        return char
    low, high = _OWN_SCRIPT.get(language, ("", ""))
    # ά stands with α; й has a place of its own.
    return "".join(chr(_OWN + ord(each) - ord(low)) if low <= each <= high else each for each in folded)
