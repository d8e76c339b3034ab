"""Where the words somebody searched for stand in a text, so that a list can mark them. No Textual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.text import fold, words

if TYPE_CHECKING:
    from collections.abc import Sequence


def spans(text: str, wanted: str) -> list[tuple[int, int]]:
    """(start, end) of every part of `text` that a word of `wanted` matches, as search folds it; sorted, not touching.

    "Ärzte" is found by "arzte", "Łódź" by "lodz".
    """
    sought = set(words(wanted))
    if not sought:
        return []
    folded, origin = _folded(text)
    found = [False] * len(text)
    for word in sought:
        at = folded.find(word)
        while at >= 0:
            for place in range(at, at + len(word)):
                found[origin[place]] = True
            at = folded.find(word, at + 1)
    out: list[tuple[int, int]] = []
    for index, hit in enumerate(found):
        if hit and out and out[-1][1] == index:
            out[-1] = (out[-1][0], index + 1)
        elif hit:
            out.append((index, index + 1))
    return out


def around(text: str, wanted: str, width: int) -> str:
    """At most `width` characters of `text` around its first match, with "…" where something was left out.

    Words are left whole where the match does not stand in them.
    """
    if len(text) <= width:
        return text
    first, last = next(iter(spans(text, wanted)), (0, 0))
    start = max(0, min(first - width // 3, len(text) - width + 1))
    if start and text[start - 1] != " " and (space := text.find(" ", start, first)) >= 0:
        start = space + 1
    end = min(len(text), start + width - (2 if start else 1))
    if end < len(text) and text[end] != " " and (space := text.rfind(" ", max(start, last), end)) > start:
        end = space
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """`text` folded, and for each folded character the place in `text` it came from."""
    if text.isascii():
        return fold(text), range(len(text))
    parts: list[str] = []
    origin: list[int] = []
    for index, char in enumerate(text):
        folded = fold(char)
        parts.append(folded)
        origin.extend([index] * len(folded))
    return "".join(parts), origin
