"""Names of files that came from outside, made safe to save under on any system (T9 of the security notes).

The ending, which decides what a program does with a file, always stands last and is plain letters and digits.
"""

from __future__ import annotations

import re
import unicodedata

MAX_BYTES = 120
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", "clock$", "conin$", "conout$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)
_ENDING = re.compile(r"[A-Za-z0-9]{1,10}")
_KEPT = frozenset(" ._-()+,&'")


def safe_name(given: str, fallback: str = "file") -> str:
    """A name without folders, control or direction marks, reserved names and tricks; at most `MAX_BYTES` in UTF-8."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    # What stands behind a colon names a stream or a drive.
    base = base.rpartition(":")[2] if re.match(r"[A-Za-z]:", base) else base.partition(":")[0]
    base = "".join(_kept(char) for char in base)
    base = re.sub(r"\s+", " ", base).strip(" .")
    stem, dot, ending = base.rpartition(".")
    if not dot or not _ENDING.fullmatch(ending) or not stem.strip(" ."):
        stem, ending = base, ""
    stem = stem.strip(" .").lstrip("-. ") or fallback
    if stem.partition(".")[0].strip().lower() in _RESERVED:
        stem = f"_{stem}"
    end = f".{ending}" if ending else ""
    return _cut(stem, MAX_BYTES - len(end)).rstrip(" .") + end


def numbered(name: str, number: int) -> str:
    """`name` as the `number`-th of its kind, for a folder where it is taken."""
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    mark = f" ({number})"
    return _cut(stem, MAX_BYTES - len(mark) - len(dot + ending)) + mark + dot + ending


def _cut(stem: str, room: int) -> str:
    return stem.encode()[:room].decode(errors="ignore")


def _kept(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] in "LN" or category == "Mn" or char in _KEPT:
        return char
    if category in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if category[0] == "Z" else "_"
