"""What the full-text index is asked for a word that is only begun.

FTS5 answers a beginning that is longer than its indexes of beginnings by putting together everything that any of its
words stands in before it gives the first hit: a hundred milliseconds for a common word at a million cases. Asked for
a word itself it reads on only as far as hits are wanted. So common words are asked for by themselves, and rare ones
together by the shortest beginnings that no common word shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imi_tui.cache.storage.db import Database

SHORT = 3
"""Letters up to which the index of beginnings answers at once; it has none of a single letter."""
RARE = 32
"""Cases in which a word stands at least that is asked for by itself."""
MOST = 1024
"""Words looked at most: of more that begin alike each is rare."""
_TABLE = "create virtual table if not exists temp.terms using fts5vocab('main', 'words', 'instance')"
_NEXT = "select term from temp.terms where term >= ? limit ?"
_BEHIND = "\x01"
"""What sorts behind a word and in front of every longer one: no word has a control character in it."""
_LAST = "\U0010ffff"
_PLAIN = "0123456789abcdefghijklmnopqrstuvwxyz"


class Beginnings:
    """Looks up words of the index. It holds nothing of them: what is erased is gone from here, too."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache
        self._made = False

    def query(self, begin: str) -> str:
        """A query of the index for every word that begins so."""
        if 1 < len(begin) <= SHORT:
            return _begun(begin)
        found = self._letters(begin) if len(begin) == 1 else self._words(begin)
        return found[0] if len(found) == 1 else f"({' OR '.join(found)})" if found else _begun(begin)

    def _letters(self, letter: str) -> list[str]:
        """The letter as a word, and every two letters with which words begin that begin with it."""
        out = [quoted(letter)]
        at = letter + _BEHIND
        if letter in _PLAIN:
            # To ask for what is not there costs less than a step from each to the next, past all numbers and words.
            out += [_begun(letter + other) for other in _PLAIN]
            at = letter + "{"
        while (found := self._first(at, 1)) and found[0].startswith(letter):
            pair = found[0][:2]
            out.append(_begun(pair))
            at = pair + _LAST
        return out

    def _words(self, begin: str) -> list[str]:
        words: list[str] = []
        common: set[str] = set()
        at = begin
        while True:
            found = [word for word in self._first(at, RARE) if word.startswith(begin)]
            words += dict.fromkeys(found)
            if len(found) < RARE:
                return _apart(begin, words, common)
            if len(words) > MOST:
                return [_begun(begin)]
            at = words[-1]
            if found[0] == at:
                # The rest of a common word is passed over.
                common.add(at)
                at += _BEHIND
            else:
                # It may be common, too: what it stands in is read from its beginning.
                words.pop()

    def _first(self, at: str, count: int) -> list[str]:
        """So many words from this one on in order, each as often as it stands in cases."""
        if not self._made:
            self._cache.run(_TABLE)
            self._made = True
        return [word for (word,) in self._cache.rows(_NEXT, (at, count))]


def _apart(begin: str, words: list[str], common: set[str]) -> list[str]:
    """Queries for these words, all of which begin so: common ones by themselves, the others by beginnings."""
    if common.isdisjoint(words):
        return [_begun(begin)] if words else []
    out = [quoted(begin)] if begin in common or begin in words else []
    longer: dict[str, list[str]] = {}
    for word in words:
        if word != begin:
            longer.setdefault(word[: len(begin) + 1], []).append(word)
    for next, those in longer.items():
        out += [quoted(those[0])] if len(those) == 1 and those[0] in common else _apart(next, those, common)
    return out


def quoted(word: str) -> str:
    """A word as a query: nothing typed is syntax."""
    return '"' + word.replace('"', '""') + '"'


def _begun(begin: str) -> str:
    return f"{quoted(begin)} *"
