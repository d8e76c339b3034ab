"""Finding cases by a search line: which order is read, what is filtered while reading, and when to stop.

Newest first costs nothing: document ids fall with time. Words and facets (country, procedure, state) are one query of
the full-text index. Whatever else a line asks for is compared with the rows as they are read, and no more than `SCAN`
of them are: what is rarer than that among the newest is not found, and the result says so (`Found.whole`).
"""

from __future__ import annotations

import datetime as dt
import functools
import time
from typing import TYPE_CHECKING, Any

from imi_core.text import fold
from imi_tui import i18n
from imi_tui.cache.content.prefixes import Beginnings
from imi_tui.cache.search.conditions import COUNTERPART, FLAG_OF, REFERENCE, SUBJECT, name_words
from imi_tui.cache.search.meanings import Meanings
from imi_tui.cache.search.query import LISTED, Language, Query, Term, written
from imi_tui.cache.search.row_reader import Limits
from imi_tui.cache.search.search import Found, Search

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from imi_tui.cache.content.documents import Documents
    from imi_tui.cache.model import ViewId
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.storage.db import Database


SCAN = 4_000
"""Rows compared at most for one search while somebody types."""
PATIENT = 200_000
"""The same, where nobody waits for it between two keys."""
PHRASES = 200
"""Cases whose text is read at most to see whether words stand side by side."""
RANKED = 1_000
"""Newest hits among which the best ones come first."""
WITHIN = 0.05
"""Seconds of processor time that this may take: where a machine is slower, they are fewer hits."""
TELLING = 50
"""Hits from which on the time of a search says what one costs; as many are put in order on any machine."""
_PATIENTLY = Limits(PATIENT, PATIENT)
_COUNTRIES = (
    "with recursive c(x) as (select min(country) from authority"
    " union all select (select min(country) from authority where country > x) from c where x is not null)"
    " select x from c where x <> ''"
)


class Finding:
    """Searches the cases on this machine. `today` is the day that relative dates are counted from."""

    def __init__(
        self,
        cache: Database,
        directory: Directory,
        documents: Documents,
        today: Callable[[], dt.date],
        officer: Callable[[], str],
    ) -> None:
        self.cache = cache
        self._directory = directory
        self.documents = documents
        self._today = today
        self._officer = officer
        self.beginnings = Beginnings(cache)
        self.meanings = Meanings(cache, directory)
        self.sets: dict[str, Callable[[tuple[str, ...]], Collection[int]]] = {}
        """Terms of sets that are kept elsewhere: from their values the numbers (`listing.n`) of the cases they mean."""
        self._known: tuple[int, dict[str, tuple[str, ...]]] = (-1, {})
        self._areas: dict[str, tuple[str, ...]] = {}
        self._open: tuple[str, ...] = ()
        self._pace = 0.0
        """Seconds that finding one hit and putting it in order took of late."""

    def prepare(self) -> None:
        """Read what words mean, so that the first key of a search need not wait for it."""
        self.meanings.notice()

    def values(self) -> dict[str, tuple[str, ...]]:
        """The values there are of each listed term, folded."""
        generation = self._directory.generation()
        if self._known[0] != generation:
            self._directory.notice()
            areas: dict[str, list[str]] = {}
            states: dict[str, bool] = {}
            for rules in self._directory.procedures():
                areas.setdefault(rules.procedure.area.lower(), []).append(rules.procedure.id.lower())
                for state, found in rules.lifecycle.states.items():
                    states[state] = states.get(state, False) or found.open
            self._areas = {area: tuple(ids) for area, ids in areas.items()}
            self._open = tuple(state for state, running in states.items() if running)
            countries = self.cache.rows(_COUNTRIES)
            self._known = (
                generation,
                {
                    "country": tuple(country.lower() for (country,) in countries),
                    "area": tuple(sorted(areas)),
                    "procedure": tuple(sorted(id for ids in areas.values() for id in ids)),
                    "state": tuple(sorted(states)),
                    "handler": (
                        "me",
                        "none",
                        *sorted({fold(name) for name in self._directory.handlers.names().values()}),
                    ),
                },
            )
        return self._known[1]

    def language(self) -> Language:
        """What a search line can say with the values that are known here."""
        return Language(self.values(), self._today(), self.sets, i18n.language())

    def read(self, line: str, *, whole: bool = False) -> Query:
        """A search line, taken apart; `whole`: as it stands, and not as somebody types it."""
        query = self.language().read(line, whole=whole)
        terms = tuple(self._by_keys(term) if term.latin else term for term in query.terms)
        changed = [term for term, before in zip(terms, query.terms, strict=True) if term is not before]
        return query._replace(terms=terms, read=tuple((line[slice(*term.at)], written(term)) for term in changed))

    def _by_keys(self, term: Term) -> Term:
        """The term; or by the Latin letters of the same keys, where only these find anything here."""
        as_typed, latin = term._replace(negated=False), term._replace(values=term.latin, latin=())
        if self._is_found(as_typed) or not self._is_found(latin._replace(negated=False)):
            return term
        return latin

    def _is_found(self, term: Term) -> bool:
        if term.key in self.sets:
            return bool(self.sets[term.key](term.values))
        return bool(Search(self, [term], Limits(SCAN, PHRASES), self._today()).run(1).rows)

    @staticmethod
    def says_nothing(query: Query) -> bool:
        """Whether a line only begins to say something, such as ``country:``: no case is meant by it yet."""
        return not _plainly(query.terms) and not query.problems

    def find(
        self, query: Query, limit: int, *, best: bool = False, patient: bool = False, plain: bool = False
    ) -> Found:
        """At most `limit` cases, by deadline where the line asks for one and has no words, else the newest first.

        `best`: of the `RANKED` newest, or as many as are put in order `WITHIN` its time, those first that say it in
        their reference, subject or counterpart. `patient`: compare as many as it takes. `plain`: words are looked for
        in what was written alone.
        """
        terms = _plainly(query.terms)
        if not terms or _means_nobody(terms):
            return Found([], "activity", True)
        limits = _PATIENTLY if patient else Limits(SCAN, PHRASES)
        search = Search(self, terms, limits, self._today(), plain=plain)
        return self._best(search, limit) if best and search.said else search.run(limit)

    def _best(self, search: Search, limit: int) -> Found:
        most = max(TELLING, min(RANKED, int(WITHIN / self._pace))) if self._pace else RANKED
        started = time.thread_time()
        found = search.run(max(limit, most))
        rows = sorted(found.rows[:most], key=functools.partial(_score, frozenset(search.said)), reverse=True)
        if len(found.rows) >= TELLING:
            pace = (time.thread_time() - started) / len(found.rows)
            self._pace = (self._pace + pace) / 2 if self._pace else pace
        fewer = most if most < RANKED and len(found.rows) >= most else 0
        return found._replace(rows=[*rows, *found.rows[most:]][:limit], ranked=fewer)

    def numbers(self, query: Query, view: ViewId, limit: int) -> Iterator[list[int]]:
        """The numbers of at most `limit` cases of a view that answer the line, however many have to be compared.

        They come in parts, between which keys are answered.
        """
        terms = _plainly(query.terms)
        if not terms or _means_nobody(terms):
            return
        if view in FLAG_OF:
            terms.append(Term("is", (FLAG_OF[view],)))
        yield from Search(self, terms, _PATIENTLY, self._today()).numbers(limit)

    def procedures_of(self, areas: Collection[str]) -> tuple[str, ...]:
        """The procedures of legal areas."""
        return tuple(id for area in areas for id in self._areas.get(area, ()))

    def handlers(self, value: str) -> dict[int, list[str]]:
        """By the number of the desk, the officers that a value of ``handler:`` means; of "none" all there are."""
        numbers = {id: number for number, id in self.cache.rows("select no, id from desk")}
        out: dict[int, list[str]] = {}
        for (desk, id), name in self._directory.handlers.names().items():
            meant = id == self._officer() if value == "me" else value in ("none", fold(name))
            if meant and desk in numbers:
                out.setdefault(numbers[desk], []).append(id)
        return out

    @property
    def open_states(self) -> tuple[str, ...]:
        """The states in which a case may be running."""
        return self._open


def _plainly(terms: tuple[Term, ...]) -> list[Term]:
    """The terms without those that say nothing yet."""
    return [term for term in terms if term.values or term.span is not None or term.key not in ("", '"', "from")]


def _means_nobody(terms: list[Term]) -> bool:
    """Whether a value is asked for that no case has."""
    return any(not term.negated and term.key in LISTED and not term.values for term in terms)


def _score(said: frozenset[str], row: Any) -> int:
    """How much of what was said stands where it counts: in the reference, the subject, the counterpart's name."""
    total = 0
    for column, weight in ((REFERENCE, 4), (SUBJECT, 2), (COUNTERPART, 1)):
        found = name_words(row[column])
        total += weight * sum(any(word.startswith(each) for word in found) for each in said)
    return total
