"""Words that are nearly the one somebody typed: a letter wrong, missing, too many, or two of them exchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE, TWO = 4, 8
"""Letters a word needs before one mistake in it is forgiven, and before two are."""
INSIDE = 6
"""Letters it needs to be looked for, with a mistake, inside of longer words."""
END = "\n"
"""Stands before and after each word of a vocabulary."""


def forgiven(word: str) -> int:
    """How many mistakes are forgiven in `word`; none in numbers."""
    if not word.isalpha() or len(word) < ONE:
        return 0
    return 2 if len(word) >= TWO else 1


def mistakes(word: str, text: str, allowed: int) -> int:
    """How many mistakes make `word` the beginning of `text`; -1 where more than `allowed` (at most 2)."""
    for edits in range(allowed + 1):
        if _within(word, text, edits):
            return edits
    return -1


def _within(word: str, text: str, edits: int) -> bool:
    at, length, there = 0, len(word), len(text)
    while at < length and at < there and word[at] == text[at]:
        at += 1
    if at >= length:
        return True
    if length - there > edits or not edits:
        return False
    left, rest, here = edits - 1, word[at + 1 :], text[at:]
    return (
        _within(rest, here[1:], left)
        or _within(rest, here, left)
        or _within(word[at:], here[1:], left)
        or (len(here) > 1 and here[1] + here[0] == word[at : at + 2] and _within(word[at + 2 :], here[2:], left))
    )


def near(word: str, vocabulary: str, allowed: int) -> Iterator[tuple[int, int, bool]]:
    """(place in `vocabulary`, mistakes, inside) of its words that begin like `word`, or contain it, but for mistakes.

    `vocabulary`: words with `END` before and after each. Of `allowed` mistakes one more part of the word than that is
    without any: only where one of these parts stands is there anything to compare. Two letters that were exchanged
    where two parts meet are put right first.
    """
    seen: set[int] = set()
    for typed, slips in _turned(word, allowed):
        left = allowed - slips
        parts = left + 1
        for part in range(parts):
            first, last = part * len(typed) // parts, (part + 1) * len(typed) // parts
            piece = typed[first:last]
            at = vocabulary.find(piece)
            while at >= 0:
                start = vocabulary.rfind(END, 0, at) + 1
                end = vocabulary.find(END, at)
                if start not in seen and (found := _beside(word, vocabulary, (start, end), at - first, allowed)):
                    seen.add(start)
                    yield (start, *found)
                at = vocabulary.find(piece, at + 1)


def _turned(word: str, allowed: int) -> list[tuple[str, int]]:
    """(word, mistakes that are put right in it): as typed, then with letters exchanged where its parts meet."""
    out = [(word, 0)]
    for part in range(1, allowed + 1):
        at = part * len(word) // (allowed + 1)
        turned = word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
        out += [(each, slips + 1) for each, slips in _turned(turned, allowed - 1)]
    return out


def _beside(word: str, text: str, span: tuple[int, int], at: int, allowed: int) -> tuple[int, bool] | None:
    """(mistakes, inside) where the word of `text` at `span` begins like `word` at about `at`, or contains it there."""
    start, end = span
    if at - allowed <= start:
        edits = mistakes(word, text[start:end], allowed)
        if edits >= 0:
            return edits, False
    if len(word) >= INSIDE:
        for place in (at, at - 1, at + 1):
            if start < place and end - place >= len(word) - 1:
                edits = mistakes(word, text[place:end], 1)
                if edits >= 0:
                    return edits, True
    return None
