"""Query expansion: the words of one search line with what else they mean, and whether a case matches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imi_core.text import fold
from imi_tui.cache.content.prefixes import quoted
from imi_tui.cache.ids import LOCAL
from imi_tui.cache.search.conditions import CASE, COUNTERPART, COUNTRY, PROCEDURE, is_phrase
from imi_tui.cache.search.meanings import BEGUN, LONG, OPTIONS, Meant, has_answer, side_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from imi_tui.cache.content.documents import Documents
    from imi_tui.cache.content.prefixes import Beginnings
    from imi_tui.cache.search.meanings import Meanings, Sense
    from imi_tui.cache.search.query import Term

    Says = Callable[[str, int | None], bool]
    """Whether a document (None: there is none) answers a query of the index."""


DIGITS, FEWEST = 6, 3
"""Digits of a reference's number, and how many of them are enough to mean one."""


class Part(NamedTuple):
    """A word of a term, or all words of a phrase or name: their own index query, and their other meanings."""

    direct: str
    sense: Sense

    @property
    def query(self) -> str:
        """The index query for the words and their meanings; "" if it would hardly narrow down the cases."""
        if self.sense.named is None:
            return ""
        asked = [each for each in (self.direct, self.sense.coded, self.sense.named) if each]
        return asked[0] if len(asked) == 1 else f"({' OR '.join(asked)})"


class QueryExpansion:
    """The word terms of one line, expanded by their meanings. `plain`: no expansion."""

    def __init__(
        self, terms: Sequence[Term], meanings: Meanings, beginnings: Beginnings, documents: Documents, plain: bool
    ) -> None:
        self._documents = documents
        said = [term for term in terms if term.values and term.key in ("", '"', "from")]
        if said and not plain:
            meanings.notice()
        meant = {term: _meant(term, meanings, plain) for term in said}
        telling = _telling(meant)
        alone = sum(len(groups) for term, groups in meant.items() if not term.negated) == 1
        self._parts: dict[Term, list[Part]] = {}
        for term in said:
            directs = _directs(term, beginnings)
            narrowed = ((words, begins, _narrowed(words, found, telling)) for words, begins, found in meant[term])
            senses = [meanings.sense(words, found, begins=begins, alone=alone) for words, begins, found in narrowed]
            self._parts[term] = [Part(direct, sense) for direct, sense in zip(directs, senses, strict=True)]
        self._expanded = {
            term: parts
            for term, parts in self._parts.items()
            if term.key != "from" and not is_phrase(term) and any(_means_more(part.sense) for part in parts)
        }
        self._ahead: Sequence[Any] = ()
        self._answers: dict[int, list[dict[str, Any]]] = {}
        self.answers_read = 0
        """Number of cases whose answers were read."""

    @property
    def senses(self) -> Mapping[Term, Sense]:
        """The meanings of phrases and names."""
        return {term: parts[0].sense for term, parts in self._parts.items() if term.key == "from" or is_phrase(term)}

    @property
    def compares_rows(self) -> bool:
        """Whether `matches` can reject a row."""
        return bool(self._expanded)

    def query(self, term: Term) -> str:
        """The index query for a term; for a negated one only the part that cannot exclude too much."""
        found = [part.direct if term.negated else part.query for part in self._parts[term]]
        found = [each for each in found if each]
        return found[0] if len(found) == 1 else f"({' AND '.join(found)})" if found else ""

    def prefetch(self, rows: Sequence[Any]) -> None:
        """Announce the next rows, so that their answers are read together when the first is needed."""
        self._ahead, self._answers = rows, {}

    def matches(self, row: Any, docid: int | None, says: Says) -> bool:
        """Whether a case matches all expanded words of the line, by its words or by their meanings.

        Phrases and names are checked by `RowFilter`.
        """
        return all(
            all(self._holds(part, row, docid, says, term.negated) for part in parts) != term.negated
            for term, parts in self._expanded.items()
        )

    def _holds(self, part: Part, row: Any, docid: int | None, says: Says, negated: bool) -> bool:
        sense = part.sense
        if sense.sides and side_of(row[COUNTRY], row[COUNTERPART]) in sense.sides:
            return True
        if not negated and not _means_more(sense):
            # The index was asked for nothing else.
            return True
        if says(part.direct, docid):
            return True
        if not sense.coded or not says(sense.coded, docid):
            return False
        procedure = fold(row[PROCEDURE])
        if not any(option.procedure == procedure for option in sense.options):
            return False
        if row[CASE].startswith(LOCAL):
            # Of a case that is not sent yet the index keeps words only.
            return True
        self.answers_read += 1
        if row[0] not in self._answers:
            here = [each[0] for each in self._ahead if says(sense.coded, each[-1])]
            self._answers |= {n: [] for n in here} | self._documents.answers(here)
        return has_answer(row[PROCEDURE], self._answers[row[0]], sense.options)


def _means_more(sense: Sense) -> bool:
    return bool(sense.options or sense.sides)


_Words = tuple[tuple[str, ...], bool, Meant]
"""Words that belong together, whether the last one may go on, and what they lead to."""


def _meant(term: Term, meanings: Meanings, plain: bool) -> list[_Words]:
    last = len(term.values) - 1
    together = term.key == "from" or is_phrase(term)
    given = (
        [(term.values, term.open)]
        if together
        else [((word,), term.open and at == last) for at, word in enumerate(term.values)]
    )

    def of(words: tuple[str, ...], begins: bool) -> Meant:
        if plain or (begins and not together and len(words[0]) < BEGUN):
            return Meant()
        return meanings.meant(term.key if together else "", words, begins=begins)

    return [(words, begins, of(words, begins)) for words, begins in given]


def _directs(term: Term, beginnings: Beginnings) -> list[str]:
    if term.negated and (term.key == "from" or is_phrase(term)):
        # The index cannot deny them, and is not asked.
        return [""]
    found = [quoted(word) for word in term.values]
    if term.open:
        found[-1] = beginnings.query(term.values[-1])
    together = term.key == "from" or is_phrase(term)
    if not together:
        numbers = map(_number, term.values)
        found = [f"({each} OR {quoted(no)})" if no else each for each, no in zip(found, numbers, strict=True)]
    return [found[0] if len(found) == 1 else f"({' AND '.join(found)})"] if together else found


def _number(word: str) -> str:
    """The number of a reference that is named without the zeros before it; "" where it is none, as of two digits."""
    return word.zfill(DIGITS) if FEWEST <= len(word) < DIGITS and word.isascii() and word.isdigit() else ""


def _is_long(words: Sequence[str]) -> bool:
    return any(len(word) >= LONG for word in words)


def _telling(meant: Mapping[Term, list[_Words]]) -> Meant:
    """What the long words of a line lead to; the options of those that do not lead to many."""
    found = [each for term, groups in meant.items() if not term.negated for words, _, each in groups if _is_long(words)]
    return Meant(
        frozenset().union(*(each.options for each in found if len(each.options) <= OPTIONS)),
        frozenset().union(*(each.authorities for each in found)),
    )


def _narrowed(words: Sequence[str], meant: Meant, telling: Meant) -> Meant:
    if not _is_long(words):
        return Meant(meant.options & telling.options, meant.authorities & telling.authorities)
    return meant if len(meant.options) <= OPTIONS else meant._replace(options=meant.options & telling.options)
