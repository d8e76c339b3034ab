"""One search: the query of the index, the filters, and the statement that reads.

What is read in which order decides what a search costs. Words and facets are one query of the full-text index, which
gives the newest first. Deadlines alone are a range of the order of deadlines; with facets they are asked of the index
a few days at a time, so that no row is read of a case that is due then but not meant.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.cache.content.deadline_words import within
from imi_tui.cache.content.vocabulary import EVERY, facet
from imi_tui.cache.listing.rows import COLUMNS, COUNTS, keys_sql
from imi_tui.cache.model import SORTS
from imi_tui.cache.order import day, due_of, slots
from imi_tui.cache.search.conditions import LAST, RowFilter, Sql, moments
from imi_tui.cache.search.query_expansion import QueryExpansion
from imi_tui.cache.search.row_reader import BY_ID, MORE, Limits, RowReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imi_tui.cache.model import SortId
    from imi_tui.cache.search.finding import Finding
    from imi_tui.cache.search.query import Term

FEW = 1_000
"""Cases that are looked for among the hits of a word, rather than the other way round."""
ASKED, PART = 4_000, 500
"""Documents that the index is asked for, and cases that are compared, between two keys."""
_SAME_TIME = 1_000_000
_RUNNING = frozenset(("todo", "accept", "answer", "close", "waiting", "open", "alert", "overdue", "soon"))
_TURN = frozenset(("todo", "accept", "answer", "close", "overdue", "soon"))
Days = tuple[dt.date, dt.date]
"""From the first day on, before the second."""


class Found(NamedTuple):
    """Rows of `COLUMNS`, `by` "activity" (newest first) or "due". `whole`: nothing was left out but by the limit.

    `ranked`: so few of them are put in order of how well they fit, as more would take too long; 0: as many as ever are.
    """

    rows: list[Any]
    by: str
    whole: bool
    ranked: int = 0


class _Plan(NamedTuple):
    """The groups of cases in which there are any that can be meant, how many cases all have, the days of the deadline,
    and the numbers of the cases of each set that is asked for."""

    groups: list[int]
    sizes: dict[int, int]
    due: Days | None
    positive: list[list[int]]


class Search:
    """The terms of one line, to be looked for once; `plain`: in what was written alone."""

    def __init__(
        self, finding: Finding, terms: list[Term], limits: Limits, today: dt.date, *, plain: bool = False
    ) -> None:
        self._limits = limits
        self._finding = finding
        self._cache = finding.cache
        self._terms = terms
        self.said = [word for term in terms if term.key in ("", '"') and not term.negated for word in term.values]
        self._worded = any(_indexed(term) for term in terms)
        self._sets = {
            index: list(finding.sets[term.key](term.values))
            for index, term in enumerate(terms)
            if term.key in finding.sets
        }
        self._expansion = QueryExpansion(terms, finding.meanings, finding.beginnings, finding.documents, plain)
        self._filter = RowFilter(
            terms,
            self._sets,
            today,
            finding.documents,
            finding.procedures_of,
            finding.handlers,
            self._expansion.senses,
        )
        self._reader = RowReader(self._cache, self._filter, self._expansion, limits)
        self._current = finding.documents.is_current()
        """Whether the index knows every case as it is: then it is asked for deadlines, turn and files, too."""

    # --- what the index is asked ------------------------------------------------------------------------------

    def _match(self, *more: str, lasting: bool = False) -> str:
        """The query of the index, with `more`; `lasting`: without what an entry of the outbox may have changed."""
        asked: list[str] = [part for part in more if part]
        refused: list[str] = []
        for term in self._terms:
            if part := self._lasting(term) or ("" if lasting else self._passing(term)):
                (refused if term.negated else asked).append(part)
        if refused:
            return f"({' AND '.join(asked) or EVERY}) NOT ({' OR '.join(refused)})"
        return " AND ".join(asked)

    def _lasting(self, term: Term) -> str:
        """What the index is asked for a term that means the same before and after an entry; "" where it has no say."""
        if term.key in ("", '"', "from"):
            return self._expansion.query(term) if _indexed(term) else ""
        if term.key == "area":
            return _any(facet("p", value) for value in self._finding.procedures_of(term.values))
        if term.key in ("country", "procedure"):
            return _any(facet(term.key[0], value) for value in term.values)
        return ""

    def _passing(self, term: Term) -> str:
        """The same of what the next entry may change."""
        if term.key == "state":
            return _any(facet("s", value) for value in term.values)
        if term.key != "is" or term.negated:
            return ""
        if self._current and term.values == ("files",):
            return _any([facet("f", "")])
        if self._current and _TURN.issuperset(term.values):
            return _any([facet("t", "")])
        if _RUNNING.issuperset(term.values):
            return _any(facet("s", value) for value in self._finding.open_states)
        return ""

    def _faceted(self, *keys: str) -> bool:
        return any(not term.negated and term.key in keys for term in self._terms)

    # --- reading ------------------------------------------------------------------------------------------------

    def run(self, limit: int) -> Found:
        """The rows, in the order in which they were read."""
        found = self._plan()
        if found is None:
            return Found([], "activity" if self._worded or self._filter.span("due") is None else "due", True)
        sql = Sql()
        source, kind = self._source(sql, found)
        if kind == "days" and found.due is not None:
            return self._by_days(found.groups, found.due, limit)
        if kind == "index":
            return self._newest(source, sql.values, limit)
        return self._collect(sql, source, kind, limit)

    def numbers(self, limit: int) -> Iterator[list[int]]:
        """The numbers of the cases alone, in no order: nothing else of a row is read that is not compared.

        They come in parts, so that keys are answered between two of them where every case is compared. What changes
        between two may be missed.
        """
        found = self._plan()
        if found is None:
            return
        sql = Sql()
        source, kind = self._source(sql, found)
        if not (self._filter.reads_texts or self._expansion.compares_rows):
            yield self._numbers_at_once(sql, source, kind, limit)
        elif kind == "index":
            yield from self._numbers_compared(source, sql.values, limit)
        else:
            yield [row[0] for row in self.run(limit).rows]

    def _numbers_at_once(self, sql: Sql, source: str, kind: str, limit: int) -> list[int]:
        scanned, number, changed = f"({source} limit {self._limits.scan}) c", "c.n", {}
        if kind in ("index", "days"):
            scanned, number = f"{scanned} cross join document d on d.docid = c.docid", "d.n"
            changed = {row[0]: None for row in self._reader.changed_here(self._match(lasting=True), limit)}
        self._filter.add_to(sql)
        if sql.where:
            scanned = f"{scanned} cross join listing l on l.n = {number}"
        text = f"select {number} from {scanned} where 1{sql.filters()} limit {limit}"  # noqa: S608
        return list(changed | {n: None for (n,) in self._cache.rows(text, tuple(sql.values))})[:limit]

    def _numbers_compared(self, source: str, values: Sequence[Any], limit: int) -> Iterator[list[int]]:
        changed = [row[0] for row in self._reader.changed_here(self._match(lasting=True), limit)]
        yield changed
        seen, left, read, ids = set(changed), limit - len(changed), 0, [-LAST]
        while left > 0 and ids and read < self._limits.scan:
            ids = self._reader.ids(source, values, ids[-1], min(ASKED, self._limits.scan - read))
            read += len(ids)
            for at in range(0, len(ids), PART):
                rows = self._reader.rows(ids[at : at + PART], left, seen, (source, values))
                left -= len(rows)
                yield [row[0] for row in rows]
                if left <= 0 or self._reader.has_read_enough():
                    return

    def _plan(self) -> _Plan | None:
        """What decides how it is read; None where nothing can be found."""
        sizes = dict(self._cache.rows(COUNTS))
        groups = [group for group in sizes if self._filter.may_be_in(group)]
        positive = [self._sets[index] for index in self._sets if not self._terms[index].negated]
        if not groups or not all(positive):
            return None
        due = self._filter.span("due")
        if due is not None and (due := self._known(groups, due)) is None:
            return None
        return _Plan(groups, sizes, due, positive)

    def _source(self, sql: Sql, plan: _Plan) -> tuple[str, str]:
        """The statement that gives the cases to be compared, and how it does.

        "index" (ids of documents, the newest first; better by "days"), else numbers by "activity" or "due" or "any".
        """
        marked = [term.values for term in self._terms if term.key == "is" and not term.negated]
        if self._worded:
            return self._from_index(sql, plan), "index"
        if plan.positive:
            return f"select value n from json_each({sql.value(str(sorted(plan.positive[0])))}) j", "any"  # noqa: S608
        if any({"queued", "refused"}.issuperset(values) for values in marked):
            return "select n from listing where pending > 0 or rejected > 0 order by activity desc", "activity"
        if officers := self._officers():
            listed = sql.listed(sorted(officers))
            source = f"select n from listing where handler <> '' and handler in {listed} order by activity desc"  # noqa: S608
            return source, "activity"
        if ("unread",) in marked:
            return "select n from listing where unread = 1 order by activity desc", "activity"
        if plan.due is not None:
            if self._current and self._faceted("country", "procedure", "state"):
                return self._from_index(sql, plan), "days"
            return self._from_dues(sql, plan.groups, plan.due), "due"
        rare = self._faceted("country", "area", "procedure", "state") or (self._current and ("files",) in marked)
        if rare and sum(plan.sizes[group] for group in plan.groups) > self._limits.scan:
            return self._from_index(sql, plan), "index"
        return self._from_activity(sql, plan.groups), "activity"

    def _officers(self) -> set[str]:
        """Whose cases are asked for, if anybody's."""
        for term in self._terms:
            if term.key == "handler" and not term.negated and "none" not in term.values:
                found = (self._finding.handlers(value).values() for value in term.values)
                return {id for desks in found for ids in desks for id in ids}
        return set()

    def _collect(self, sql: Sql, source: str, by: str, limit: int) -> Found:
        scanned = f"({source} limit {sql.value(self._limits.scan)}) c"
        before = len(sql.values)
        self._filter.add_to(sql)
        text = f"select {COLUMNS} from {scanned} cross join listing l on l.n = c.n where 1{sql.filters()}"  # noqa: S608
        rows: list[Any] = []
        values = tuple(sql.values)
        if by == "any" or self._filter.reads_texts:
            found = self._cache.each(text, values)
        else:
            found = iter(self._cache.rows(f"{text} limit {limit}", values))
        for row in found:
            if self._filter.matches(row):
                rows.append(row)
            if len(rows) >= limit and by != "any":
                return Found(_ordered(rows, by), by, True)
            if self._filter.texts_read > self._limits.phrases:
                return Found(_ordered(rows, by)[:limit], by, False)
        (count,) = self._cache.one(f"select count(*) from {scanned}", tuple(sql.values[:before]))  # noqa: S608
        return Found(_ordered(rows, by)[:limit], "activity" if by == "any" else by, count < self._limits.scan)

    def _newest(self, source: str, values: Sequence[Any], limit: int) -> Found:
        """The newest first of what the index gives: as many documents at once as are likely to be enough."""
        rows = self._reader.changed_here(self._match(lasting=True), limit)
        seen = {row[0] for row in rows}
        after, most = -LAST, limit + MORE
        read = found = 0
        while True:
            most = min(most, self._limits.scan - read)
            ids = self._reader.ids(source, values, after, most)
            here = self._reader.rows(ids, limit - found, seen, (source, values))
            rows += here
            found, read = found + len(here), read + len(ids)
            whole = found >= limit or (len(ids) < most and not self._reader.has_read_enough())
            if whole or read >= self._limits.scan or self._reader.has_read_enough():
                return Found(_ordered(rows, "activity")[:limit], "activity", whole)
            after, most = ids[-1], most * 4

    def _from_index(self, sql: Sql, plan: _Plan) -> str:
        """Document ids from the index, those only that can be meant where they are few."""
        due = plan.due if self._current else None
        query = self._match(_any(within(*due)) if due is not None else "") or EVERY
        text = self._index_of(sql, query)
        few = ""
        if plan.positive:
            few = f"select value n from json_each({sql.value(str(plan.positive[0]))}) j"  # noqa: S608
        elif plan.due is not None and due is None and self._count_dues(plan.groups, plan.due) <= FEW:
            few = self._from_dues(sql, plan.groups, plan.due)
        elif len(plan.groups) < len(plan.sizes) and sum(plan.sizes[group] for group in plan.groups) <= FEW:
            few = self._from_activity(sql, plan.groups)
        if few:
            text += f" and +rowid in (select d.docid from ({few}) f cross join document d on d.n = f.n)"  # noqa: S608
        return text + BY_ID

    def _index_of(self, sql: Sql, query: str) -> str:
        """Document ids that a query of the index gives, as far as the times of the latest activity allow."""
        text = f"select rowid docid from words where words match {sql.value(query)}"  # noqa: S608
        days = self._filter.span("activity")
        if days is None:
            return text
        low, high = moments(days)
        return f"{text} and rowid >= {sql.value(-high)} and rowid <= {sql.value(min(_SAME_TIME - low, LAST))}"

    def _count_dues(self, groups: list[int], due: Days) -> int:
        sql = Sql()
        text = f"select count(*) from ({self._from_dues(sql, groups, due)} limit {FEW + 1}) c"  # noqa: S608
        count: int = self._cache.one(text, tuple(sql.values))[0]
        return count

    def _from_dues(self, sql: Sql, groups: list[int], due: Days) -> str:
        low, high = (sql.value(day(date)) for date in due)
        return _arms(groups, "due", f" and key >= {low} and key < {high}")

    def _from_activity(self, sql: Sql, groups: list[int]) -> str:
        where = ""
        if (days := self._filter.span("activity")) is not None:
            low, high = (sql.value((LAST - moment + 1).to_bytes(8, "big")) for moment in moments(days))
            where = f" and key >= {high} and key < {low}"
        return _arms(groups, "activity", where)

    # --- by deadline, from the index ----------------------------------------------------------------------------

    def _known(self, groups: list[int], due: Days) -> Days | None:
        """The part of these days from the first to the last deadline there is; None where there is none."""
        places = slots(groups, SORTS.index("due"))
        ends: list[dt.date] = []
        for back in (False, True):
            sql = keys_sql(places, " and key >= ?1 and key < ?2", "1", back=back)
            found = self._cache.one(sql, (day(due[0]), day(due[1])))
            if found is None:
                return None
            ends.append(due_of(found[0]))
        return ends[0], min(ends[1], dt.date.max - dt.timedelta(1)) + dt.timedelta(1)

    def _by_days(self, groups: list[int], due: Days, limit: int) -> Found:
        """By deadline what the index knows to be meant: as many days at once as are soon read and sorted."""
        rows = self._reader.changed_here(self._match(lasting=True), self._limits.scan)
        seen = {row[0] for row in rows}
        (at, end), many, most = due, limit * 4, limit + MORE
        read = found = 0
        while at < end and found < limit and read < self._limits.scan and not self._reader.has_read_enough():
            until = self._with_due(groups, at, end, many)
            sql = Sql()
            source = self._index_of(sql, self._match(_any(within(at, until))))
            ids = self._reader.ids(source, sql.values, -LAST, most)
            if len(ids) == most:
                if until - at > dt.timedelta(1):
                    many //= 4
                    continue
                # A day with so many: they stand in the order of the list already.
                ids = self._reader.ids(source, sql.values, -LAST, self._limits.scan - read)
            wanted = limit - found if until - at == dt.timedelta(1) else most
            here = self._reader.rows(ids, wanted, seen, (source, sql.values))
            rows += here
            found, read, at = found + len(here), read + len(ids), until
            many = min(many * 16, max(many, many * (limit - found + MORE) // (len(ids) + 1)))
        return Found(_ordered(rows, "due")[:limit], "due", at >= end or found >= limit)

    def _with_due(self, groups: list[int], at: dt.date, end: dt.date, many: int) -> dt.date:
        """The day before which about so many cases are due, of those from a day on; the one after that at least."""
        if many > self._limits.scan:
            return end
        sql = keys_sql(slots(groups, SORTS.index("due")), " and key >= ?1 and key < ?2", "1 offset ?3")
        found = self._cache.one(sql, (day(at), day(end), many))
        return max(due_of(found[0]), at + dt.timedelta(1)) if found is not None else end


def _arms(groups: list[int], sort: SortId, where: str) -> str:
    return keys_sql(slots(groups, SORTS.index(sort)), where, "").removesuffix(" limit ")


def _indexed(term: Term) -> bool:
    """Whether the index has a say: which words stand side by side, or in whose name, it cannot deny."""
    if not term.values or (term.negated and term.key == "from"):
        return False
    return term.key in ("", "from") or (term.key == '"' and not (term.negated and len(term.values) > 1))


def _any(tokens: Iterable[str]) -> str:
    found = [f'"{token}"' for token in tokens]
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})" if found else ""


def _ordered(rows: list[Any], by: str) -> list[Any]:
    if by == "due":
        return sorted(rows, key=lambda row: (row[9], -row[10]))
    return sorted(rows, key=lambda row: -row[10])
