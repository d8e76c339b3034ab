"""Cleaning text that came from outside, and folding text for search.

Everything that did not originate in this program passes `display` or `clean` once, at the data boundary, before
anything shows, stores or logs it. Terminal escape sequences, bidi overrides and invisible characters are made
visible instead of being dropped, so that an officer sees that somebody put them there.
"""

from __future__ import annotations

import codecs
import functools
import unicodedata

from imi_core.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from typing import Any, Literal

MAX_VIEW = 64 * 1024
"""Characters shown of one text; the rest is cut with a mark."""
MAX_TEXT = 5_000_000
"""Characters kept of one text inside cleaned data."""
MAX_COMBINING = 4
"""Combining marks kept on one base character."""
MAX_RUN = 16
"""Suspect characters in a row that are shown one by one; of the others only their number is."""
MAX_DEPTH = 64
"""Levels of nesting in cleaned data."""
MAX_INTEGER = 2**53 - 1
"""The largest whole number, either sign, that every JSON reader keeps exactly (RFC 8620, section 1.3)."""

_CONTROL = "\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# Characters that take no room: soft hyphen, joiners, fillers, variation selectors, musical and shorthand format
# controls, interlinear annotation, tags.
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010ffff"
_NONCHARACTERS = "\ufdd0-\ufdef\ufffe\uffff" + "".join(
    f"{chr(n * 0x10000 + 0xFFFE)}-{chr(n * 0x10000 + 0xFFFF)}" for n in range(1, 15)
)
_SUSPECT = f"[{_CONTROL}{_BIDI}{_INVISIBLE}{_PRIVATE}{_NONCHARACTERS}]+"
# Suspect characters that `str.isprintable` lets pass, for telling harmless text quickly.
_PRINTABLE_SUSPECT = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"

_INFINITE = float("inf")
_CACHE = 20_000
"""Characters remembered at most by each of the two tables below."""

# What the alphabets of the Union are written with, composed; text of nothing else needs no closer look.
_UNUSUAL = (
    "[^ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0377\u0384-\u0386\u0388-\u03ff\u0400-\u0482\u048a-\u052f"
    "\u1e00-\u1eff\u2010-\u2027\u20ac]"
)

# What in a JSON text may stand for a character that `display` changes, and what is harmless wherever it stands.
_ESCAPE = rb'\\[^n"\\/]'
_PLAIN = bytes(range(0x20, 0x7F))

_JOINERS = "\u200c\u200d"
_STYLES = "\ufe0e\ufe0f"
_SOMETIMES = frozenset(_JOINERS + _STYLES)
# Combining marks are neither letters nor space: only such a run can hold too many of them.
_MAYBE_MARKS = rf"[^\w\s\x00-\x7f]{{{MAX_COMBINING + 1},}}"

# ASCII between words as spaces; the bytes of other characters stay what they are.
_SPACED = bytes(byte if byte > 0x7F or chr(byte).isalnum() or byte == ord("_") else 0x20 for byte in range(256))


# Compiled at the first use: the full screen's start needs none of them.
@functools.cache
def _compiled(pattern: Any) -> re.Pattern[Any]:
    import re

    return re.compile(pattern)


def display(text: str, lines: Literal["single", "multi"] = "single", limit: int = MAX_VIEW) -> str:
    """`text` safe to show on a terminal.

    NFC; line ends become LF in `multi` and a space in `single`; tabs become spaces; control, bidi, invisible,
    private-use and tag characters and lone surrogates become visible marks (U+2400 pictures or ``<U+202E>``, a long
    run its first `MAX_RUN` and the number of the others); joiners stay between letters or emoji, soft hyphens go; at
    most `MAX_COMBINING` combining marks a base; never longer than `limit`, and where that cuts it ends in "…".
    Idempotent.
    """
    if len(text) <= limit and _harmless(text if lines == "single" else text.replace("\n", "")):
        return text
    # The cut comes first so that a hostile megabyte costs no more than a view.
    cut = len(text) > limit
    if cut:
        text = text[: max(limit - 1, 0)]
    text = text.replace("\r\n", "\n").replace("\t", "    ")
    for line_end in "\r\x85\u2028\u2029":
        text = text.replace(line_end, "\n")
    if lines == "single":
        text = text.replace("\n", " ")
    text = unicodedata.normalize("NFC", _compiled(_SUSPECT).sub(_mark, text))
    text = _compiled(_MAYBE_MARKS).sub(_thin, text)
    if cut or len(text) > limit:
        return text[: max(limit - 1, 0)].rstrip(_JOINERS) + "…"
    return text


def clean(value: Any, depth: int = 0) -> Any:
    """`value` (decoded JSON) with every string in it, keys included, passed through `display(..., "multi")`.

    Raises ValueError for data nested deeper than `MAX_DEPTH` levels, for whole numbers beyond `MAX_INTEGER` and for
    numbers that are not finite.
    """
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else display(value, "multi", MAX_TEXT)
    if depth > MAX_DEPTH:
        raise ValueError(f"data is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        return {clean(key, depth + 1): clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item, depth + 1) for item in value]
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise ValueError(f"a whole number is beyond {MAX_INTEGER}")
    if isinstance(value, float) and not -_INFINITE < value < _INFINITE:
        raise ValueError("a number is not finite")
    return value


def untouched(document: bytes) -> bool:
    """Whether `clean` has nothing to do on any string in this JSON text (UTF-8), decided in one look at the whole.

    False only means that it is not certain. Escapes other than those of line ends, quotes and strokes are left to
    `clean`, as is a text long enough to hold a string that has to be cut.
    """
    if len(document) > MAX_TEXT or _compiled(_ESCAPE).search(document):
        return False
    rest = document.translate(None, _PLAIN).decode()
    if not _compiled(_UNUSUAL).search(rest):
        # None of these is put together with a neighbour: what holds for all in a row holds where they stand.
        return unicodedata.is_normalized("NFC", rest)
    return _harmless(document.decode())


def fold(text: str) -> str:
    """`text` for searching: case, accents and letters such as ł, ø, ß do not matter; Cyrillic й stays й.

    "Łukasz" and "Lukasz", "ΠΡΟΘΕΣΜΊΑ" and "προθεσμια" fold alike. Idempotent.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).translate(_folded)


def words(text: str) -> list[str]:
    """The folded words of `text`: runs of letters and digits, in order."""
    return _compiled(r"\w+").findall(fold(text))


def vocabulary(text: str) -> set[str]:
    """`set(words(text))`, in a fraction of the time: words with accents are folded once and remembered."""
    if not text.isascii() and ("İ" in text or _compiled(_UNUSUAL).search(text.replace("\n", ""))):
        return set(words(text))
    # Without marks to be put together, what stands between words stays there. What of it is not ASCII is found in the
    # words that have accents, too.
    out = set(text.lower().encode().translate(_SPACED).decode().split())
    if not text.isascii() and (accented := [word for word in out if not word.isascii()]):
        out.difference_update(accented)
        out.update(*map(_folded_word, accented))
    return out


def spaced(text: str) -> str:
    """The words of `text` in lower case ASCII or folded, a space between two; some more than once, in any order.

    `set(spaced(text).split()) == set(words(text))`, in a tenth of the time where it is written in Latin letters.
    """
    for char in _DOUBLE:
        if char in text:
            text = text.replace(char, fold(char))
    usual, ascii_of = _tables()
    try:
        return codecs.charmap_encode(text, "strict", usual)[0].translate(ascii_of).decode("ascii")
    except UnicodeEncodeError:
        pass
    out: list[str] = []
    rest: list[str] = []
    for line in text.split("\n"):
        try:
            out.append(codecs.charmap_encode(line, "strict", usual)[0].translate(ascii_of).decode("ascii"))
        except UnicodeEncodeError:
            rest.append(line)
    return " ".join((*out, *vocabulary("\n".join(rest))))


# What the Latin alphabets of the Union are written with, each of which folds to one character: no more than there are
# values of a byte.
_LATIN = (
    "\u00a0¡§«°·»¿ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝàáâãäåçèéêëìíîïðñòóôõöøùúûüýÿĀāĂăĄąĆćĊċČčĎďĐđĒēĖėĘęĚěĠġĢģĦħĪīĮįĶķĹĺĻļĽľŁłŃńŅņ"
    "ŇňŐőŔŕŘřŚśŠšŢţŤťŪūŮůŰűŲųŹźŻżŽžȘșȚț‘’“”„–—…•€"
)
_DOUBLE = "ßæœÆŒ"


@functools.cache
def _tables() -> tuple[Any, bytes]:
    """From characters to bytes, and from these to what the characters fold to: a space for what is no word."""
    # The first place has to be that of the character 0, and each character has one.
    chars = "\0\n" + "".join(map(chr, range(0x20, 0x7F))) + _LATIN
    folded = [fold(char) if _compiled(r"(?a:\w)").fullmatch(fold(char)) else " " for char in chars]
    return codecs.charmap_build(chars), "".join(folded).encode("ascii").ljust(256)


@functools.lru_cache(_CACHE)
def _folded_word(word: str) -> tuple[str, ...]:
    return tuple(words(word))


def mixed_scripts(text: str) -> list[str]:
    """The words of `text` that mix Latin, Greek and Cyrillic letters, as "Pоlice" with a Cyrillic о does, in order.

    A warning for names, addresses and domains (after UTS 39); units such as kΩ are named too.
    """
    return [word for word in _compiled(r"\w+").findall(unicodedata.normalize("NFC", text)) if len(_scripts(word)) > 1]


def _scripts(word: str) -> set[str]:
    letters = (char for char in word if char.isalpha() and char not in "ªµº")
    names = {unicodedata.name(char, "").split(" ")[0] for char in letters}
    return names & {"LATIN", "GREEK", "CYRILLIC"}


def _harmless(text: str) -> bool:
    """Whether `display` has nothing to do on `text`, which has no line ends."""
    if text.isascii():
        return text.isprintable()
    if not _compiled(_UNUSUAL).search(text):
        return unicodedata.is_normalized("NFC", text)
    return (
        text.isprintable()
        and not _compiled(_PRINTABLE_SUSPECT).search(text)
        and unicodedata.is_normalized("NFC", text)
        and not _compiled(_MAYBE_MARKS).search(text)
    )


def _mark(match: re.Match[str]) -> str:
    """Visible marks for a run of suspect characters, or the character where it belongs to the writing."""
    run, text, start = match.group(), match.string, match.start()
    if len(run) == 1 and run not in _SOMETIMES:
        return _marks[run]
    out = [
        (char if _belongs(text, start + n) else "") if char in _SOMETIMES else _marks[char]
        for n, char in enumerate(run[:MAX_RUN])
    ]
    if len(run) > MAX_RUN:
        out.append(f"<{len(run) - MAX_RUN} more>")
    return "".join(out)


class _Marks(dict[str, str]):
    """What stands for each suspect character that never belongs to the writing; filled as they are met."""

    def __missing__(self, char: str) -> str:
        code = ord(char)
        if code < 0x20:
            mark = chr(0x2400 + code)
        elif code == 0x7F:
            mark = "\u2421"
        else:
            mark = "" if char == "\u00ad" else f"<U+{code:04X}>"
        if len(self) < _CACHE:
            self[char] = mark
        return mark


_marks = _Marks()


def _belongs(text: str, at: int) -> bool:
    """Whether the joiner or emoji style at `at` stands where writing needs one."""
    if text[at] in _STYLES:
        return at > 0 and (_joins(text[at - 1]) or text[at - 1] in "0123456789")
    base = at - 1
    while base >= 0 and text[base] in _STYLES:
        base -= 1
    after = text[at + 1 : at + 2]
    return base >= 0 and after != "" and _joins(text[base]) and _joins(after)


def _joins(char: str) -> bool:
    """Whether `char` is a letter, the mark on one, or an emoji."""
    category = unicodedata.category(char)
    return (category[0] in "LM" or category == "So" or "\U0001f3fb" <= char <= "\U0001f3ff") and not _compiled(
        _SUSPECT
    ).match(char)


def _thin(match: re.Match[str]) -> str:
    """The characters of a run without the combining marks beyond the first few on each base."""
    out: list[str] = []
    marks = 0
    for char in match.group():
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= MAX_COMBINING:
            out.append(char)
    return "".join(out)


_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ħ": "h", "ł": "l", "ŋ": "n", "ø": "o", "ŧ": "t", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"}
)
"""Letters of the Union's and its neighbours' alphabets that Unicode does not take apart."""


class _Folded(dict[int, str]):
    """What each character folds to; filled as characters are met, up to a bound."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = char.casefold()
        if not "\u0400" <= char <= "\u052f":
            folded = "".join(part for part in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(part))
            # Compatibility decomposition brings out capitals, as in the Kelvin and telephone signs.
            folded = folded.casefold().translate(_LETTERS)
        elif unicodedata.combining(char):
            folded = ""
        if len(self) < _CACHE:
            self[code] = folded
        return folded


_folded = _Folded()
