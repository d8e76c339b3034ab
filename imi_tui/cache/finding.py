"""Finding cases by a search line: which order is read, what is filtered while reading, and when to stop.

Newest first costs nothing: document ids fall with time. Words and facets (country, procedure, state) are one query of
the full-text index. Whatever else a line asks for is compared with the rows as they are read, and no more than `SCAN`
of them are: what is rarer than that among the newest is not found, and the result says so (`Found.whole`).
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.text import fold
from imi_tui.cache.beginnings import Beginnings
from imi_tui.cache.model import SORTS
from imi_tui.cache.order import day, slots
from imi_tui.cache.query import LISTED, Language, Query, Term
from imi_tui.cache.rows import COLUMNS, COUNTS, keys_sql
from imi_tui.cache.sieve import COUNTERPART, LAST, REFERENCE, SUBJECT, Sieve, Sql, moments, name_words
from imi_tui.cache.vocabulary import EVERY, facet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from imi_tui.cache.db import Database
    from imi_tui.cache.directory import Directory
    from imi_tui.cache.documents import Documents


SCAN = 4_000
"""Rows compared at most for one search while somebody types."""
PATIENT = 200_000
"""The same, where nobody waits for it between two keys."""
PHRASES = 200
"""Cases whose text is read at most to see whether words stand side by side."""
RANKED = 1_000
"""Newest hits among which the best ones come first."""
_FEW = 5_000
"""Cases that are looked for among the hits of a word, rather than the other way round."""
_SAME_TIME = 1_000_000
_RUNNING = frozenset(("todo", "accept", "answer", "close", "waiting", "open", "alert", "overdue", "soon"))
_COUNTRIES = (
    "with recursive c(x) as (select min(country) from authority"
    " union all select (select min(country) from authority where country > x) from c where x is not null)"
    " select x from c where x <> ''"
)


class Found(NamedTuple):
    """Rows of `COLUMNS`, `by` "activity" (newest first) or "due". `whole`: nothing was left out but by the limit."""

    rows: list[Any]
    by: str
    whole: bool


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
        self._cache = cache
        self._directory = directory
        self._documents = documents
        self._today = today
        self._officer = officer
        self.beginnings = Beginnings(cache)
        self.sets: dict[str, Callable[[tuple[str, ...]], Collection[int]]] = {}
        """Terms of sets that are kept elsewhere: from their values the numbers (`listing.n`) of the cases they mean."""
        self._known: tuple[int, dict[str, tuple[str, ...]]] = (-1, {})
        self._areas: dict[str, tuple[str, ...]] = {}
        self._open: tuple[str, ...] = ()

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
            countries = self._cache.rows(_COUNTRIES)
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
        return Language(self.values(), self._today(), self.sets)

    def read(self, line: str) -> Query:
        """A search line, taken apart."""
        return self.language().read(line)

    @staticmethod
    def says_nothing(query: Query) -> bool:
        """Whether a line only begins to say something, such as ``country:``: no case is meant by it yet."""
        return not _plainly(query.terms) and not query.problems

    def find(self, query: Query, limit: int, *, best: bool = False, patient: bool = False) -> Found:
        """At most `limit` cases, by deadline where the line asks for one and has no words, else the newest first.

        `best`: of the `RANKED` newest those first that say it in their reference, subject or counterpart. `patient`:
        compare as many as it takes.
        """
        terms = _plainly(query.terms)
        if not terms or any(not term.negated and term.key in LISTED and not term.values for term in terms):
            return Found([], "activity", True)
        search = _Search(self, terms, PATIENT if patient else SCAN, PATIENT if patient else PHRASES)
        found = search.run(max(limit, RANKED) if best else limit)
        if best and search.said:
            rows = sorted(found.rows, key=functools.partial(_score, frozenset(search.said)), reverse=True)
            return found._replace(rows=rows[:limit])
        return found

    def procedures_of(self, areas: Collection[str]) -> tuple[str, ...]:
        """The procedures of legal areas."""
        return tuple(id for area in areas for id in self._areas.get(area, ()))

    def handlers(self, value: str) -> dict[int, list[str]]:
        """By the number of the desk, the officers that a value of ``handler:`` means; of "none" all there are."""
        numbers = {id: number for number, id in self._cache.rows("select no, id from desk")}
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


class _Search:
    """One search: the query of the index, the filters, and the statement that reads."""

    def __init__(self, finding: Finding, terms: list[Term], scan: int, phrases: int) -> None:
        self._scan, self._phrases = scan, phrases
        self._finding = finding
        self._cache: Database = finding._cache
        self._documents: Documents = finding._documents
        self._terms = terms
        self._today = finding._today()
        self.said = [word for term in terms if term.key in ("", '"') and not term.negated for word in term.values]
        self._worded = any(_indexed(term) for term in terms)
        self._sets = {
            index: list(finding.sets[term.key](term.values))
            for index, term in enumerate(terms)
            if term.key in finding.sets
        }
        self._sieve = Sieve(terms, self._sets, self._today, self._documents, finding.procedures_of, finding.handlers)

    # --- what the index is asked ------------------------------------------------------------------------------

    def _match(self, *, lasting: bool) -> str:
        """The query of the index; `lasting`: without what an entry of the outbox may have changed since."""
        asked: list[str] = []
        refused: list[str] = []
        for term in self._terms:
            part = ""
            if term.key in ("", '"', "from") and term.values:
                part = self._words(term)
                if not _indexed(term):
                    continue
            elif term.key in ("country", "procedure", "area"):
                kind = "p" if term.key == "area" else term.key[0]
                of = self._finding.procedures_of(term.values) if term.key == "area" else term.values
                part = _any(facet(kind, value) for value in of)
            elif term.key == "state" and not lasting:
                part = _any(facet("s", value) for value in term.values)
            elif term.key == "is" and not lasting and not term.negated and _RUNNING.issuperset(term.values):
                part = _any(facet("s", value) for value in self._finding.open_states)
            if part:
                (refused if term.negated else asked).append(part)
        if refused:
            return f"({' AND '.join(asked) or EVERY}) NOT ({' OR '.join(refused)})"
        return " AND ".join(asked)

    def _words(self, term: Term) -> str:
        """The words of a term as a query, the last one of an open term as a beginning."""
        quoted = [_quoted(word) for word in term.values]
        if term.open and len(term.values[-1]) > 1:
            found = self._finding.beginnings.words(term.values[-1])
            quoted[-1] = f"({' OR '.join(map(_quoted, found))})" if found else f"{quoted[-1]} *"
        return quoted[0] if len(quoted) == 1 else f"({' AND '.join(quoted)})"

    @property
    def _faceted(self) -> bool:
        return any(not term.negated and term.key in ("country", "area", "procedure", "state") for term in self._terms)

    # --- reading ------------------------------------------------------------------------------------------------

    def run(self, limit: int) -> Found:
        """The rows, in the order in which they were read."""
        sizes = dict(self._cache.rows(COUNTS))
        groups = [group for group in sizes if self._sieve.may_be_in(group)]
        due = self._sieve.span("due")
        sql = Sql()
        by = "activity"
        positive = [index for index in self._sets if not self._terms[index].negated]
        marked = {value for term in self._terms if term.key == "is" and not term.negated for value in term.values}
        if self._worded:
            source = self._from_index(sql, groups, sizes, due, positive)
        elif positive:
            numbers = sorted(self._sets[positive[0]])
            source = f"select value n from json_each({sql.value(str(numbers))}) j"  # noqa: S608
            by = "any"
        elif len(marked) == 1 and marked & {"queued", "refused"}:
            source = "select n from listing where pending > 0 or rejected > 0 order by activity desc"
        elif officers := self._officers():
            listed = sql.listed(sorted(officers))
            source = f"select n from listing where handler <> '' and handler in {listed} order by activity desc"  # noqa: S608
        elif marked == {"unread"}:
            source = "select n from listing where unread = 1 order by activity desc"
        elif due is not None:
            by, source = "due", self._from_dues(sql, groups, due)
        elif self._faceted and sum(sizes[group] for group in groups) > self._scan:
            source = self._from_index(sql, groups, sizes, None, [])
        else:
            source = self._from_activity(sql, groups)
        if not source:
            return Found([], by, True)
        return self._collect(sql, source, by, limit)

    def _officers(self) -> set[str]:
        """Whose cases are asked for, if anybody's."""
        for term in self._terms:
            if term.key == "handler" and not term.negated and "none" not in term.values:
                found = (self._finding.handlers(value).values() for value in term.values)
                return {id for desks in found for ids in desks for id in ids}
        return set()

    def _collect(self, sql: Sql, source: str, by: str, limit: int) -> Found:
        most = sql.value(self._scan)
        scanned = f"{source} limit {most}"
        before = len(sql.values)
        joined = "cross join document d on d.docid = c.docid " if "docid" in source.partition(" from ")[0] else ""
        number = "d.n" if joined else "c.n"
        self._sieve.ask(sql)
        text = (
            f"select {COLUMNS} from ({scanned}) c {joined}"  # noqa: S608
            f"cross join listing l on l.n = {number} where 1{sql.filters()}"
        )
        rows: list[Any] = self._late(limit) if joined else []
        seen = {row[0] for row in rows}
        read = 0
        values = tuple(sql.values)
        if by == "any" or self._sieve.reads:
            found = self._cache.each(text, values)
        else:
            found = iter(self._cache.rows(f"{text} limit {limit + len(seen)}", values))
        for row in found:
            if row[0] not in seen and self._sieve.fits(row):
                rows.append(row)
                read += 1
            if read >= limit and by != "any":
                return Found(_ordered(rows, by)[:limit], by, True)
            if self._sieve.read > self._phrases:
                return Found(_ordered(rows, by)[:limit], by, False)
        (count,) = self._cache.one(f"select count(*) from ({scanned}) c", tuple(sql.values[:before]))  # noqa: S608
        return Found(_ordered(rows, by)[:limit], "activity" if by == "any" else by, count < self._scan)

    def _late(self, limit: int) -> list[Any]:
        """Rows that an entry of the outbox has changed: the index knows their state and their time of before."""
        loose = self._match(lasting=True)
        sql = Sql()
        self._sieve.ask(sql)
        text = (
            f"select {COLUMNS}, d.docid from listing l left join document d on d.n = l.n"  # noqa: S608
            f" where (l.pending > 0 or l.rejected > 0) and l.pending > 0{sql.filters()}"
            f" order by l.activity desc limit {SCAN}"
        )
        rows = self._cache.rows(text, tuple(sql.values))
        if loose and rows:
            ids = str([row[-1] for row in rows if row[-1] is not None])
            inside = "select rowid from words where words match ? and +rowid in (select value from json_each(?) j)"
            said = {docid for (docid,) in self._cache.rows(inside, (loose, ids))}
            rows = [row for row in rows if row[-1] in said]
        return [row[:-1] for row in rows if self._sieve.fits(row)][:limit]

    def _from_index(
        self,
        sql: Sql,
        groups: list[int],
        sizes: dict[int, int],
        due: tuple[dt.date, dt.date] | None,
        positive: list[int],
    ) -> str:
        """Document ids from the index, those only that can be meant where they are few."""
        query = self._match(lasting=False)
        text = f"select rowid docid from words where words match {sql.value(query)}"  # noqa: S608
        if (days := self._sieve.span("activity")) is not None:
            low, high = moments(days)
            text += f" and rowid >= {sql.value(-high)} and rowid <= {sql.value(min(_SAME_TIME - low, LAST))}"
        few = ""
        if positive:
            few = f"select value n from json_each({sql.value(str(self._sets[positive[0]]))}) j"  # noqa: S608
        elif due is not None and self._count_dues(groups, due) <= _FEW:
            few = self._from_dues(sql, groups, due)
        elif len(groups) < len(sizes) and sum(sizes[group] for group in groups) <= _FEW:
            few = self._from_activity(sql, groups)
            if not few:
                return ""
        if few:
            text += f" and +rowid in (select d.docid from ({few}) f cross join document d on d.n = f.n)"  # noqa: S608
        return f"{text} order by rowid"

    def _count_dues(self, groups: list[int], due: tuple[dt.date, dt.date]) -> int:
        sql = Sql()
        found = self._from_dues(sql, groups, due)
        if not found:
            return 0
        text = f"select count(*) from ({found} limit {_FEW + 1}) c"  # noqa: S608
        count: int = self._cache.one(text, tuple(sql.values))[0]
        return count

    def _from_dues(self, sql: Sql, groups: list[int], due: tuple[dt.date, dt.date]) -> str:
        low, high = (sql.value(day(date)) for date in due)
        return self._arms(groups, "due", f" and key >= {low} and key < {high}")

    def _from_activity(self, sql: Sql, groups: list[int]) -> str:
        where = ""
        if (days := self._sieve.span("activity")) is not None:
            low, high = (sql.value((LAST - moment + 1).to_bytes(8, "big")) for moment in moments(days))
            where = f" and key >= {high} and key < {low}"
        return self._arms(groups, "activity", where)

    @staticmethod
    def _arms(groups: list[int], sort: Any, where: str) -> str:
        found = slots(groups, SORTS.index(sort))
        return keys_sql(found, where, "").removesuffix(" limit ") if found else ""


def _plainly(terms: tuple[Term, ...]) -> list[Term]:
    """The terms without those that say nothing yet."""
    return [term for term in terms if term.values or term.span is not None or term.key not in ("", '"', "from")]


def _indexed(term: Term) -> bool:
    """Whether the index has a say: which words stand side by side, or in whose name, it cannot deny."""
    if not term.values or (term.negated and term.key == "from"):
        return False
    return term.key in ("", "from") or (term.key == '"' and not (term.negated and len(term.values) > 1))


def _quoted(word: str) -> str:
    """A word as a query: nothing typed is syntax."""
    return '"' + word.replace('"', '""') + '"'


def _any(tokens: Iterator[str]) -> str:
    found = [f'"{token}"' for token in tokens]
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})" if found else ""


def _ordered(rows: list[Any], by: str) -> list[Any]:
    if by == "due":
        return sorted(rows, key=lambda row: (row[9], -row[10]))
    return sorted(rows, key=lambda row: -row[10])


def _score(said: frozenset[str], row: Any) -> int:
    """How much of what was said stands where it counts: in the reference, the subject, the counterpart's name."""
    total = 0
    for column, weight in ((REFERENCE, 4), (SUBJECT, 2), (COUNTERPART, 1)):
        found = name_words(row[column])
        total += weight * sum(any(word.startswith(each) for word in found) for each in said)
    return total
