"""Conditions of a search line that the index cannot check: as SQL on the row, or in Python on the texts."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any

from imi_core.text import words
from imi_tui.cache.content.vocabulary import phrase_in
from imi_tui.cache.model import SOON
from imi_tui.cache.order import GROUPS, VIEW_BIT
from imi_tui.cache.search.meanings import has_answer, side_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from imi_tui.cache.content.documents import Documents
    from imi_tui.cache.search.meanings import Sense
    from imi_tui.cache.search.query import Term

LAST = (1 << 63) - 1
_VIEWS: dict[str, str] = {"accept": "to_accept", "answer": "to_answer", "close": "to_close", "alert": "alerts"} | {
    name: name for name in ("todo", "waiting", "open", "closed", "sent", "put_off", "mine")
}
_WITHIN = _VIEWS | {"overdue": "todo", "soon": "todo"}
"""Views in which everything is that is so."""
FLAG_OF = {view: flag for flag, view in _VIEWS.items()} | {"overdue": "overdue", "due_soon": "soon"}
"""The value of ``is:`` for the cases of a view, those too that nobody can type; "all" has none."""
_ROWS = {"unread": "l.unread = 1", "queued": "l.pending > 0", "refused": "l.rejected > 0", "files": "l.files > 0"}
CASE, REFERENCE, PROCEDURE, SUBJECT, COUNTRY, COUNTERPART = 2, 3, 4, 6, 7, 8
"""Places in `rows.COLUMNS`."""


class Sql:
    """An SQL statement under construction: numbered values, and conditions on a row `l`."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.where: list[str] = []

    def value(self, value: Any) -> str:
        self.values.append(value)
        return f"?{len(self.values)}"

    def listed(self, values: Collection[Any]) -> str:
        return f"({', '.join(self.value(value) for value in values)})"

    def ask(self, condition: str, negated: bool = False) -> None:
        self.where.append(f"{'not ' if negated else ''}({condition})")

    def filters(self) -> str:
        return "".join(f" and {condition}" for condition in self.where)


class RowFilter:
    """Checks rows against the terms of one search. `sets`: numbers of cases by position of the term meaning them."""

    def __init__(
        self,
        terms: Sequence[Term],
        sets: dict[int, list[int]],
        today: dt.date,
        documents: Documents,
        procedures_of: Callable[[Collection[str]], tuple[str, ...]],
        handlers: Callable[[str], dict[int, list[str]]],
        senses: Mapping[Term, Sense],
    ) -> None:
        self._terms = terms
        self._sets = sets
        self._today = today
        self._documents = documents
        self._procedures_of = procedures_of
        self._handlers = handlers
        self._senses = senses
        self.texts_read = 0
        """Number of cases whose texts were read."""

    def add_to(self, sql: Sql) -> None:
        for index, term in enumerate(self._terms):
            if term.key in ("country", "procedure", "state", "area"):
                column = "procedure" if term.key == "area" else term.key
                of = self._procedures_of(term.values) if term.key == "area" else term.values
                sql.ask(f"lower(l.{column}) in {sql.listed(of)}", term.negated)
            elif term.key == "is":
                sql.ask(" or ".join(self._flag(value) for value in term.values) or "0", term.negated)
            elif term.key == "due" and term.span is not None:
                low, high = (sql.value(date.isoformat()) for date in term.span)
                sql.ask(f"l.due <> '' and l.due >= {low} and l.due < {high}", term.negated)
            elif term.key == "due":
                sql.ask("l.due = ''", term.negated)
            elif term.key == "activity" and term.span is not None:
                low, high = (sql.value(moment) for moment in moments(term.span))
                sql.ask(f"l.activity >= {low} and l.activity < {high}", term.negated)
            elif term.key == "handler":
                sql.ask(self._handled(sql, term.values), term.negated)
            elif index in self._sets:
                numbers = sql.value(str(self._sets[index]))
                sql.ask(f"l.n in (select value from json_each({numbers}) j)", term.negated)  # noqa: S608

    def _handled(self, sql: Sql, values: Sequence[str]) -> str:
        """A condition on the handler. An officer who is no longer a handler of the desk counts as nobody."""
        asked = []
        for value in values:
            found = self._handlers(value)
            arms = [
                f"l.desk = {sql.value(desk)} and l.handler in {sql.listed(ids)}" for desk, ids in sorted(found.items())
            ]
            said = " or ".join(f"({arm})" for arm in arms) or "0"
            asked.append(f"not ({said})" if value == "none" else said)
        return " or ".join(asked) or "0"

    def _flag(self, value: str) -> str:
        if value in _ROWS:
            return _ROWS[value]
        if value in ("overdue", "soon"):
            low, high = self._late_span(value)
            between = f"l.due >= '{low.isoformat()}' and l.due < '{high.isoformat()}'"
            return f"l.views & {VIEW_BIT['todo']} <> 0 and l.due <> '' and {between}"
        return f"l.views & {VIEW_BIT[_VIEWS[value]]} <> 0"

    def _late_span(self, value: str) -> tuple[dt.date, dt.date]:
        """The first day, and the day after the last, of deadlines that are overdue or due soon."""
        if value == "overdue":
            return dt.date.min, self._today
        return self._today, min(self._today, dt.date.max - dt.timedelta(SOON + 1)) + dt.timedelta(SOON + 1)

    @property
    def reads_texts(self) -> bool:
        """Whether `matches` has to read texts."""
        return any(term.values and (term.key == "from" or is_phrase(term)) for term in self._terms)

    def matches(self, row: Any) -> bool:
        """Whether names and phrases match, which only the texts of the row can tell."""
        for term in self._terms:
            if term.key == "from" and term.values:
                if (_named(row[COUNTERPART], term) or self._is_meant(row, term)) == term.negated:
                    return False
            elif is_phrase(term) and (self._is_meant(row, term) or self._says(row, term)) == term.negated:
                return False
        return True

    def _is_meant(self, row: Any, term: Term) -> bool:
        """Whether the words stand for the other side of the case."""
        sides = self._senses[term].sides
        return bool(sides) and side_of(row[COUNTRY], row[COUNTERPART]) in sides

    def _says(self, row: Any, term: Term) -> bool:
        """Whether the phrase occurs in a text of the case or in the label of one of its answers."""
        if phrase_in(term.values, (row[SUBJECT], row[COUNTERPART], row[REFERENCE]), begins=term.open):
            return True
        self.texts_read += 1
        texts = self._documents.stored_strings(row[0])
        # Of a case that is not sent yet the index keeps words only, in which all of these were found.
        if texts is None or phrase_in(term.values, texts, begins=term.open):
            return True
        options = self._senses[term].options
        return bool(options) and has_answer(row[PROCEDURE], self._documents.answers(row[:1]).get(row[0], ()), options)

    def may_be_in(self, group: int) -> bool:
        """Whether cases of this group can match the ``is:`` terms of the line."""
        for term in self._terms:
            known = _VIEWS if term.negated else _WITHIN
            if term.key == "is" and all(value in known for value in term.values):
                within = any(known[value] in GROUPS[group] for value in term.values)
                if within == term.negated:
                    return False
        return True

    def span(self, key: str) -> tuple[dt.date, dt.date] | None:
        """The intersection of the day ranges of all terms with this key."""
        asked = [term for term in self._terms if not term.negated]
        spans = [term.span for term in asked if term.key == key and term.span is not None]
        if key == "due":
            flags = [term.values[0] for term in asked if term.key == "is" and len(term.values) == 1]
            spans += [self._late_span(value) for value in flags if value in ("overdue", "soon")]
        return (max(low for low, _ in spans), min(high for _, high in spans)) if spans else None


def moments(days: tuple[dt.date, dt.date]) -> tuple[int, int]:
    """The microseconds since 1970 at which two days begin where this machine is."""
    return _midnight(days[0]), _midnight(days[1])


def _midnight(date: dt.date) -> int:
    if date <= dt.date(1970, 1, 2):
        return 0
    if date.year >= 9000:
        return LAST - 1
    return int(dt.datetime.combine(date, dt.time()).astimezone().timestamp()) * 1_000_000


@functools.lru_cache(4096)
def name_words(name: str) -> tuple[str, ...]:
    return tuple(words(name))


def is_phrase(term: Term) -> bool:
    """Whether the words of a term have to stand side by side."""
    return term.key == '"' and len(term.values) > 1


def _named(name: str, term: Term) -> bool:
    found = name_words(name)
    *whole, last = term.values
    return all(word in found for word in whole) and any(
        word.startswith(last) if term.open else word == last for word in found
    )
