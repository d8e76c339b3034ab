"""Cleaning text that came from outside, and folding text for search.

Everything that did not originate in this program passes `display` or `clean` once, at the data boundary, before
anything shows, stores or logs it. Terminal escape sequences, bidi overrides and invisible characters are made
visible instead of being dropped, so that an officer sees that somebody put them there.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal

MAX_VIEW = 64 * 1024
"""Characters shown of one text; the rest is cut with a mark."""
MAX_COMBINING = 4
"""Combining marks kept on one base character."""

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
_SUSPECT = re.compile(
    f"[\x00-\x1f\x7f-\x9f{_BIDI}{_INVISIBLE}\u2028\u2029\u200c\u200d\ufe00-\ufe0f\ud800-\udfff\ue000-\uf8ff]"
)
_COMBINING_RUN = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{5,}")
_EXTRA = str.maketrans({"đ": "d", "ħ": "h", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})


def _mark(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if char in "\u200c\u200d\ufe0e\ufe0f":
        before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
        joins = before and (unicodedata.category(before)[0] in "LS") and (char > "\ufdff" or after)
        return char if joins else ""
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if char == "\u00ad":
        return ""
    return f"<U+{code:04X}>"


def display(text: str, lines: Literal["single", "multi"] = "single", limit: int = MAX_VIEW) -> str:
    """`text` safe to show on a terminal.

    NFC; line ends become LF in `multi` and a space in `single`; tabs become spaces; control, bidi, invisible,
    private-use and unassigned tag characters become visible marks (U+2400 pictures or ``<U+202E>``); at most
    `MAX_COMBINING` combining marks a base; cut at `limit` characters with "…". Idempotent.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    # The cut comes first so that a hostile megabyte costs no more than a view.
    cut = len(text) > limit
    if cut:
        text = text[: limit - 1]
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = text.replace("\x85", "\n").replace("\t", "    ")
    if lines == "single":
        text = " ".join(part for part in text.split("\n"))
        text = _SUSPECT.sub(_mark, text)
    else:
        text = "\n".join(_SUSPECT.sub(_mark, part) for part in text.split("\n"))
    text = unicodedata.normalize("NFC", text)
    text = _COMBINING_RUN.sub(lambda match: match.group()[:MAX_COMBINING], text)
    return text + "…" if cut else text


def clean(value: Any, depth: int = 0) -> Any:
    """`value` (decoded JSON) with every string in it, keys included, passed through `display(..., "multi")`.

    Raises ValueError for data nested deeper than 64 levels.
    """
    if isinstance(value, str):
        return display(value, "multi", 5_000_000)
    if depth > 64:
        raise ValueError("data is nested deeper than 64 levels")
    if isinstance(value, dict):
        return {clean(key, depth + 1): clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item, depth + 1) for item in value]
    return value


def fold(text: str) -> str:
    """`text` for searching: case, accents and letters such as ł, ø, ß do not matter; Cyrillic й stays й.

    "Łukasz" and "Lukasz", "ΠΡΟΘΕΣΜΊΑ" and "προθεσμια" fold alike.
    """
    if text.isascii():
        return text.lower()
    out: list[str] = []
    # The second casefold catches what compatibility decomposition brings out, such as the Kelvin sign.
    for char in text.casefold():
        if "\u0400" <= char <= "\u04ff":
            out.append(char)
        else:
            out.extend(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    return "".join(out).casefold().translate(_EXTRA)


def words(text: str) -> list[str]:
    """The folded words of `text`: runs of letters and digits, in order."""
    return re.findall(r"\w+", fold(text))
