"""Few queries for many names: groups of words that the wanted names have and hardly any others.

A word that leads to three hundred inspectorates is asked of the index as the two words that all of them bear, not as
three hundred names: the index looks up each word it is asked for, and of some twenty that is what a key may cost.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

WORDS = 24
"""Words of a query at most, where another way takes less."""
MANY = 48
"""Words of a query at most, where all cases would have to be compared one by one."""
PLENTY = 0.15
"""Share of the cases from which on comparing them as they come takes less than a query."""
MOST = 0.6
"""The same, where other words are asked for, too, with which these cases may be few."""
SOME = 0.03
"""Share of the cases from which on that takes less than a query of more than `WORDS`."""
_PAIRED = 4
"""Words of a name that are tried in pairs."""


class Names(NamedTuple):
    """Names as the sets of their words; of each word the names that have it; how many cases each name stands in."""

    words: Sequence[frozenset[str]]
    having: Mapping[str, Collection[int]]
    cases: Sequence[int]


def covering(names: Names, wanted: Collection[int], *, alone: bool = True) -> list[tuple[str, ...]] | None:
    """Groups of words: each wanted name has all words of one of them. None: better without a query.

    `alone`: nothing else is asked for, so that the cases of many names come one upon the other.
    """
    if not wanted:
        return []
    share = sum(names.cases[each] for each in wanted) / max(1, sum(names.cases))
    if share >= (PLENTY if alone else MOST):
        return None
    found = groups(names, frozenset(wanted))
    size = sum(map(len, found))
    return found if size <= WORDS or (size <= MANY and share < SOME) else None


def groups(names: Names, wanted: frozenset[int]) -> list[tuple[str, ...]]:
    """Groups of words that lead to the wanted names; where that takes more than `MANY` not to all of them."""
    left = set(wanted)
    out: list[tuple[str, ...]] = []
    common = Counter(word for each in left for word in names.words[each])
    # Of words of as many names the longest is the rarest in other texts, too.
    most = sorted(common, key=lambda word: (-common[word], -len(word), word))
    out += _take(names, left, ((word,) for word in most if common[word] == len(names.having[word])))
    if left:
        pairs: Counter[tuple[str, ...]] = Counter()
        for each in left:
            tried = sorted(names.words[each], key=lambda word: (-common[word], -len(word), word))[:_PAIRED]
            pairs.update(combinations(sorted(tried), 2))
        out += _take(names, left, (pair for pair, _ in pairs.most_common() if _having(names, pair) <= wanted))
    # What no two words tell from others is asked for by its rarest ones; whoever asks compares the names anyway.
    while left and len(out) <= MANY:
        each = min(left)
        group: tuple[str, ...] = ()
        for word in sorted(names.words[each], key=lambda word: (len(names.having[word]), word)):
            group = (*group, word)
            if _having(names, group) <= wanted:
                break
        if not group:
            left.discard(each)
            continue
        out += _take(names, left, [group])
    return out


def _take(names: Names, left: set[int], groups: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Those of the groups that still add names, in the order given; their names are no longer `left`."""
    out: list[tuple[str, ...]] = []
    for group in groups:
        if not left:
            break
        if not left.isdisjoint(having := _having(names, group)):
            out.append(group)
            left -= having
    return out


def _having(names: Names, group: Sequence[str]) -> frozenset[int]:
    first, *others = sorted((names.having[word] for word in group), key=len)
    return frozenset(first).intersection(*others)
