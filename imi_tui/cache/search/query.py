"""The language of the inbox's search line: what is typed, taken apart into terms.

Words, phrases in quotes, and terms such as ``country:DE,AT``, ``due:<5d`` or ``-is:unread``. Nothing typed is an error
that stops a search: a term that means nothing is named with the nearest one that does, and its words are searched.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from imi_core.text import fold, words
from imi_tui.config.keyboard import typed_as_latin
from imi_tui.typed_values import read_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from imi_tui.config.keyboard import Layout

Key = Literal["country", "area", "procedure", "state", "from", "handler", "due", "activity", "is"]
KEYS: tuple[Key, ...] = get_args(Key)
LISTED = ("country", "area", "procedure", "state", "handler", "is")
"""Terms whose values are those there are."""
FLAGS = (
    "todo",
    "accept",
    "answer",
    "close",
    "waiting",
    "open",
    "closed",
    "alert",
    "sent",
    "unread",
    "queued",
    "refused",
    "overdue",
    "soon",
    "files",
)
"""Values of ``is:``."""
DATES = ("today", "tomorrow", "yesterday", "overdue", "none")
"""Dates with a name; ``overdue`` and ``none`` are of deadlines only."""
ALIASES = {"country": {"gr": "el", "gb": "uk"}}
"""Codes that others use for what IMI calls otherwise."""
LAYOUTS: tuple[Layout, ...] = ("off", "bds", "phonetic")
"""Keyboards on which the names of terms may have been typed: as they are, or one that was not switched; each knows
Greek, too."""
_SPACED = r"[<>]?=?(?:\d{1,4}\.(?:[ \u00a0\u202f]\d{1,4}\.?){1,2}|\d{1,2}\.\d{1,2}\.\d{2,4}[ \u00a0\u202f]г\.)(?=\s|$)"
"""A date as many languages write it, with blanks: 24. 12. 2026, 2026. 12. 24., 24.12.2026 г."""
_TERM = re.compile(rf'(-?)(?:([^\W\d_]+):)?((?<=:){_SPACED}|(?<=:)[<>]=?"[^"]*"?|"[^"]*"?|[^\s"]*)')
_PERIOD = re.compile(r"(\d{1,4})([dwm])")
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_DAYS = {"d": 1, "w": 7, "m": 30}
_FIRST, _LAST = dt.date.min, dt.date.max


class Problem(NamedTuple):
    """A term that means nothing: `text` as typed, what is wrong with it, and the nearest term that means something.

    "or" is a word that elsewhere means a choice.
    """

    kind: Literal["key", "value", "date", "or"]
    text: str
    near: str


class Term(NamedTuple):
    """One term. `key` is "" for words and '"' for a phrase; a term's listed values are folded and known.

    `span`: dates from the first on, before the second. `open`: the last word may go on. `at`: where it stands.
    `latin`: where its name was typed on a keyboard that was not switched, `values` in the Latin letters of these keys.
    """

    key: str
    values: tuple[str, ...] = ()
    negated: bool = False
    span: tuple[dt.date, dt.date] | None = None
    open: bool = False
    at: tuple[int, int] = (0, 0)
    latin: tuple[str, ...] = ()


class Query(NamedTuple):
    """A search line taken apart."""

    terms: tuple[Term, ...]
    problems: tuple[Problem, ...] = ()
    read: tuple[tuple[str, str], ...] = ()
    """Terms as typed that find nothing, each with the one that was read instead."""

    def of(self, *keys: str) -> list[Term]:
        """The terms with one of these keys."""
        return [term for term in self.terms if term.key in keys]


class Language:
    """Reads search lines. `values` are those of the listed terms, folded; `sets` keys of named sets of cases.

    `written` is the language in which dates may be written beside 2026-12-24.
    """

    def __init__(
        self, values: Mapping[str, Iterable[str]], today: dt.date, sets: Iterable[str] = (), written: str = "en"
    ) -> None:
        self.values = {key: tuple(values.get(key, ())) for key in LISTED} | {"is": FLAGS}
        self.sets = tuple(sets)
        self.keys: tuple[str, ...] = (*KEYS, *self.sets)
        self._today, self._written = today, written

    def unbegun(self, query: Query) -> Query | None:
        """The line without the word at its end, if that hardly begins to say something; None where it does.

        So do a single letter and what may come to be the name of a term.
        """
        *terms, last = query.terms or (Term("-"),)
        if last.key or not last.open or last.negated or len(last.values) != 1:
            return None
        word = last.values[0]
        if len(word) > 1 and not any(key.startswith(word) for key in self.keys):
            return None
        return query._replace(terms=tuple(terms))

    def read(self, line: str, *, whole: bool = False) -> Query:
        """The terms of `line`, and what of it means nothing. `whole`: nobody goes on typing what stands at its end."""
        terms: list[Term] = []
        problems: list[Problem] = []
        for found in _TERM.finditer(line):
            if found.group():
                self._term(found, line, terms, problems, whole=whole)
        return Query(tuple(terms), tuple(problems))

    def _term(
        self, found: re.Match[str], line: str, terms: list[Term], problems: list[Problem], *, whole: bool
    ) -> None:
        minus, key, text = found.groups()
        last = found.end() == len(line)
        at, negated = found.span(), bool(minus)
        plain = text.replace('"', "")
        closed = len(text) > 1 and text.startswith('"') and text.endswith('"')
        if key is None:
            joins = fold(text) if terms and not (minus or last) else ""
            if joins == "and":
                # Every term has to hold anyway.
                return
            if joins == "or":
                problems.append(Problem("or", text, ""))
            if text.startswith('"'):
                terms.append(Term('"', tuple(words(plain)), negated, open=last and not closed, at=at))
            elif folded := words(text):
                terms.append(Term("", tuple(folded), negated, open=last, at=at))
            return
        name, layout = self.key_of(key)
        if name not in self.keys:
            problems.append(Problem("key", f"{key}:", _near(name, self.keys, ":")))
            if folded := words(f"{key} {plain}"):
                terms.append(Term("", tuple(folded), negated, open=last, at=at))
        elif not plain:
            # Still being typed: it says nothing yet.
            if whole or not last:
                problems.append(Problem("value", found.group(), ""))
        elif name in ("due", "activity"):
            self._dated(name, typed_as_latin(plain, layout), found, terms, problems, typed_on=last and not whole)
        elif name == "from":
            latin = tuple(words(typed_as_latin(plain, layout))) if layout != "off" else ()
            terms.append(Term(name, tuple(words(plain)), negated, open=last and not closed, at=at, latin=latin))
        elif name in self.sets:
            latin = _listed_parts(typed_as_latin(plain, layout)) if layout != "off" else ()
            terms.append(Term(name, _listed_parts(plain), negated, at=at, latin=latin))
        else:
            self._listed(name, plain, found, terms, problems, layout, last=last)

    def key_of(self, typed: str) -> tuple[str, Layout]:
        """The name of a term and the keyboard on which it was typed; as it stands where there is none."""
        names = [fold(typed_as_latin(typed, layout)) for layout in LAYOUTS]
        return next((each for each in zip(names, LAYOUTS, strict=True) if each[0] in self.keys), (names[0], LAYOUTS[0]))

    def _listed(
        self,
        name: str,
        plain: str,
        found: re.Match[str],
        terms: list[Term],
        problems: list[Problem],
        layout: Layout,
        *,
        last: bool,
    ) -> None:
        given = _listed_parts(plain)
        values: list[str] = []
        for number, part in enumerate(given, 1):
            begun = last and number == len(given)
            meant = self._meant(name, part, layout, begun=begun)
            if len(meant) == 1:
                values += meant[0]
            else:
                near = meant[0][0] if meant else _near(fold(part), self.values[name], "")
                problems.append(Problem("value", f"{name}:{part}", f"{name}:{near}" if near else ""))
        terms.append(Term(name, tuple(dict.fromkeys(values)), bool(found.group(1)), at=found.span()))

    def _meant(self, name: str, part: str, layout: Layout, *, begun: bool) -> list[tuple[str, ...]]:
        """What a value means as it is typed; else what it may, by the Latin letters of the same keys."""
        if as_typed := self._values(name, fold(part), begun=begun):
            return [tuple(as_typed)]
        found = (tuple(self._values(name, typed, begun=begun)) for typed in readings(part, layout))
        return list(dict.fromkeys(filter(None, found)))

    def _values(self, name: str, typed: str, *, begun: bool) -> list[str]:
        """The values of a listed term that are meant; `begun`: somebody may still be typing it."""
        typed = ALIASES.get(name, {}).get(typed, typed)
        matching = [value for value in self.values[name] if value == typed]
        if not matching and name == "procedure":
            matching = [value for value in self.values[name] if value.startswith(f"{typed}.")]
        if not matching and name == "handler":
            matching = [value for value in self.values[name] if typed in value.split()]
        if not matching and begun:
            matching = [value for value in self.values[name] if value.startswith(typed)]
        return matching

    def _dated(
        self,
        name: str,
        plain: str,
        found: re.Match[str],
        terms: list[Term],
        problems: list[Problem],
        *,
        typed_on: bool,
    ) -> None:
        negated, at = bool(found.group(1)), found.span()
        typed = fold(plain)
        if typed == "none" and name == "due":
            terms.append(Term(name, ("none",), negated, at=at))
            return
        span = self.span(typed, past=name == "activity")
        if span is not None:
            terms.append(Term(name, (), negated, span, at=at))
        elif not typed_on:
            known = DATES[:3] if name == "activity" else DATES
            problems.append(Problem("date", f"{name}:{plain}", _near(typed, known, "", f"{name}:")))

    def span(self, typed: str, *, past: bool = False) -> tuple[dt.date, dt.date] | None:
        """The days of a date, period or range: from the first on, before the second; None where it is none."""
        if ".." in typed:
            first, _, last = typed.partition("..")
            low = self._days(first, past=past) if first else (_FIRST, _FIRST)
            # A date may end with a point: 1.12...24.12.
            last = last.lstrip(".")
            high = self._days(last, past=past) if last else (_LAST, _LAST)
            if low and high and low[0] >= high[1]:
                # Written backwards: no day would be in it.
                low, high = high, low
            return (low[0], high[1]) if low and high else None
        sign = re.match("[<>]=?", typed)
        operator = sign.group() if sign else ""
        rest = typed.removeprefix(operator)
        days = self._days(rest, past=past)
        if days is None:
            return None
        if _PERIOD.fullmatch(rest):
            # A period is counted from today; into the past a longer one is an earlier day.
            day = days[0] if past else days[1] - dt.timedelta(1)
            if not operator:
                return days if past else (self._today, days[1])
            if past:
                operator = {"<": ">", ">": "<"}[operator[0]] + operator[1:]
            days = (day, self._after(day))
        return {
            "": days,
            "<": (_FIRST, days[0]),
            "<=": (_FIRST, days[1]),
            ">": (days[1], _LAST),
            ">=": (days[0], _LAST),
        }[operator]

    def _days(self, typed: str, *, past: bool) -> tuple[dt.date, dt.date] | None:
        """The first day and the one after the last of a date, or of a period that begins or ends today."""
        today = self._today
        if typed == "overdue" and not past:
            return _FIRST, today
        for name, step in (("today", 0), ("tomorrow", 1), ("yesterday", -1)):
            if typed == name:
                return today + dt.timedelta(step), today + dt.timedelta(step + 1)
        if found := _PERIOD.fullmatch(typed):
            step = int(found.group(1)) * _DAYS[found.group(2)]
            try:
                return (
                    (today - dt.timedelta(step), self._after(today))
                    if past
                    else (today, self._after(today + dt.timedelta(step)))
                )
            except OverflowError:
                return None
        if (found := _DAY.fullmatch(typed)) is None:
            read = read_date(typed, self._written, today)
            return (dt.date.fromisoformat(read), self._after(dt.date.fromisoformat(read))) if read else None
        year, month, day = (int(part) if part else 0 for part in found.groups())
        try:
            first = dt.date(year, month or 1, day or 1)
            if day:
                return first, self._after(first)
            return first, dt.date(year + (not month or month == 12), month % 12 + 1 if month else 1, 1)
        except ValueError:
            return None

    @staticmethod
    def _after(day: dt.date) -> dt.date:
        return day + dt.timedelta(1) if day < _LAST else _LAST


def readings(text: str, layout: Layout) -> tuple[str, ...]:
    """What the keys of `text` write in Latin letters, folded: on `layout`, or where that is "off" on each keyboard."""
    layouts = LAYOUTS[1:] if layout == "off" else (layout,)
    return tuple(dict.fromkeys(fold(typed_as_latin(text, each)) for each in layouts))


def written(term: Term) -> str:
    """A term of words, or of a set, as somebody would type it."""
    said = " ".join(term.values) if term.key == "from" else ",".join(term.values)
    return f"{'-' if term.negated else ''}{term.key}:" + (f'"{said}"' if " " in said else said)


def _listed_parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def at_cursor(line: str, cursor: int) -> tuple[int, int, str, str | None, str]:
    """The term that the cursor stands in or behind: where it begins and ends, its minus, key and value as typed."""
    for found in _TERM.finditer(line):
        if found.group() and found.start() <= cursor <= found.end():
            minus, key, text = found.groups()
            return found.start(), found.end(), minus, fold(key) if key is not None else None, text
    return cursor, cursor, "", None, ""


def _near(typed: str, known: Iterable[str], end: str, before: str = "") -> str:
    """The nearest of what there is, written as a term; "" where nothing is near."""
    import difflib

    found = difflib.get_close_matches(typed, list(known), 1, 0.5)
    return f"{before}{found[0]}{end}" if found else ""
