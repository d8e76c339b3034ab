"""Greek and Bulgarian names as somebody types them who has only Latin letters, and the other way round. Works on folded
text.

Greek after ELOT 743 (ISO 843, transcription), Bulgarian after the Transliteration Act of 2009.
"""

from __future__ import annotations

import re

_PAIRS = {"ου": "ou", "αυ": "av", "ευ": "ev", "ηυ": "iv", "γγ": "ng", "γξ": "nx", "γχ": "nch"}
_GREEK = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
_BULGARIAN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a", "ь": "y", "ю": "yu", "я": "ya",
}  # fmt: skip
_LETTERS = str.maketrans({**_GREEK, **_BULGARIAN})
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u04ff]")
_BEFORE_VOICELESS = re.compile("([αεη])υ(?=[θκξπσςτφχψ]|$)")


def latin(word: str) -> str:
    """`word` in Latin letters; empty where it has no others."""
    if word.isascii() or not _FOREIGN.search(word):
        return ""
    word = _BEFORE_VOICELESS.sub(lambda pair: {"α": "af", "ε": "ef", "η": "if"}[pair[1]], word)
    for pair, letters in _PAIRS.items():
        word = word.replace(pair, letters)
    if word.endswith("ия"):
        # "София" is Sofia: -ia at the end of a word.
        word = word[:-2] + "ia"
    return word.translate(_LETTERS)


_HEARD_PAIRS = {"μπ": "b", "ντ": "d", "γκ": "g", "ου": "u", "τσ": "ts", "ει": "i", "οι": "i", "αι": "e", "ьо": "o"}
_HEARD = str.maketrans({"χ": "h", "υ": "i", "ю": "u", "й": "i", "ц": "z", "ж": "j", "я": "ia"})


def heard(word: str) -> set[str]:
    """What a Greek or a Bulgarian who types `word` may mean by it in a country that writes with Latin letters.

    The letters that the law gives for names of their own, and those nearer to how foreign names are heard: "Мюнхен" is
    Munchen, not Myunhen. Empty for a word in Latin letters.
    """
    plain = latin(word)
    if not plain:
        return set()
    for pair, letters in _HEARD_PAIRS.items():
        word = word.replace(pair, letters)
    return {plain, word.translate(_HEARD).translate(_LETTERS)}
