"""The same picture in fewer bytes: what looks alike is not switched off and on again between two texts.

The framework writes every piece of a line with its whole look before it and a reset behind it. On a slow line that is
half of what a key costs. The terminal is left as it was found after every write.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_MOVES = re.compile(r"(?:\n|\x1b\[\d+;\d+H)*(\x1b\[\d+;\d+H)")
RESET = "\x1b[m"
_OFF = {
    "1": "22",
    "2": "22",
    "3": "23",
    "4": "24",
    "5": "25",
    "6": "25",
    "7": "27",
    "8": "28",
    "9": "29",
    "21": "24",
    "51": "54",
    "52": "54",
    "53": "55",
}
"""What switches each attribute off (ECMA-48, 8.3.117); the colours have 39 and 49."""
Look = tuple[frozenset[str], str, str]
"""Attributes, colour of the text, colour behind it; "" is the terminal's own."""
_PLAIN: Look = (frozenset(), "", "")


def spare(data: str) -> str:
    """`data`, which begins and ends in the terminal's plain look, with fewer changes of look on the way."""
    parts = _SGR.split(data)
    if len(parts) == 1:
        return data
    out: list[str] = []
    pen = want = ""
    for at in range(0, len(parts), 2):
        text = parts[at]
        if at:
            given = parts[at - 1]
            want = "" if given in ("", "0") else f"{want};{given}" if want else given
        if not text:
            continue
        moves = _MOVES.match(text)
        if moves is not None:
            # Where the cursor goes from nowhere in between is not worth a byte; moving needs no look.
            out.append(moves[1])
            text = text[moves.end() :]
            if not text:
                continue
        if pen != want:
            out.append(change(pen, want))
            pen = want
        out.append(text)
    if pen:
        out.append(change(pen, want))
    return "".join(out)


@lru_cache(1024)
def change(pen: str, want: str) -> str:
    """What leads from one look to another."""
    before, after = look_of(pen), look_of(want)
    if after is None or before is None:
        return f"\x1b[0;{want}m"
    if before == after:
        return ""
    if after == _PLAIN:
        return RESET
    anew = _codes(_PLAIN, after)
    # Bold and faint share what switches them off.
    lost = before[0] - after[0]
    back = {code for code in after[0] & before[0] if _OFF[code] in {_OFF[each] for each in lost}}
    codes = sorted({_OFF[each] for each in lost}) + _codes((before[0] - back, *before[1:]), after)
    step = ";".join(codes)
    whole = ";".join(["0", *anew])
    return f"\x1b[{step if len(step) <= len(whole) else whole}m"


def _codes(before: Look, after: Look) -> list[str]:
    """What switches on what `after` has and `before` has not; colours also back to the terminal's own."""
    codes = sorted(after[0] - before[0])
    if after[1] != before[1]:
        codes.append(after[1] or "39")
    if after[2] != before[2]:
        codes.append(after[2] or "49")
    return codes


@lru_cache(1024)
def look_of(codes: str) -> Look | None:
    """The look that these codes lead to from the plain one; None where there is one that this module does not know."""
    attributes: set[str] = set()
    front = back = ""
    left = codes.split(";") if codes else []
    while left:
        code = left.pop(0)
        if code in ("38", "48"):
            taken = {"5": 2, "2": 4}.get(left[0] if left else "", 0)
            if not taken or len(left) < taken:
                return None
            colour = ";".join([code, *left[:taken]])
            del left[:taken]
            front, back = (colour, back) if code == "38" else (front, colour)
        elif code in _OFF:
            attributes.add(code)
        elif code == "39":
            front = ""
        elif code == "49":
            back = ""
        elif len(code) in (2, 3) and code[:-1] in ("3", "9"):
            front = code
        elif len(code) in (2, 3) and code[:-1] in ("4", "10"):
            back = code
        else:
            return None
    return frozenset(attributes), front, back
