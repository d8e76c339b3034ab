"""What a word of a search line means besides itself: coded answers by their labels, other sides by the register.

Neither labels nor titles are in the index of cases. A word leads to the options whose label has it, in any language
that is on this machine, and to the authorities among the other sides of own cases whose name, title or town has it;
for these the index is asked by what does stand in the cases. So nothing has to be indexed anew when the register
arrives or changes, or when a language is added.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.text import fold, words
from imi_tui.cache.content.prefixes import quoted
from imi_tui.cache.content.vocabulary import facet
from imi_tui.cache.register.index import FIELD, LANGUAGE, PART
from imi_tui.cache.wire import decode
from imi_tui.cache.words.spelling import END
from imi_tui.cache.words.transliteration import latin
from imi_tui.cache.words.word_groups import Names, covering

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from imi_core.procedure import Field, Question, Rules
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.storage.db import Database

LONG = 4
"""Letters of a word that leads to labels and authorities by itself, also inside of an authority's longer words. A
shorter one does so only together with a long one, as the articles in a title do."""
BEGUN = 3
"""Letters without which the beginning of a word leads nowhere."""
OPTIONS = 32
"""Options that a word leads to by itself at most; others count together with a word that leads to fewer."""
NEWEST, RARELY = 50, 10
"""A procedure is frequent of which so many are among so many times as many of the newest cases."""
AT_ONCE = 200
"""Other sides up to which what changed is read with the next search: in some ten milliseconds."""
PAUSE, SHARE = 2.0, 50
"""Of more, so many seconds after the last time, or so many times as long as it took."""
_KEPT = 256
_WORDS = re.compile(r"\w+")
# The name an authority bears in its latest case, which may be one of before.
_OTHERS = (
    "select partner.authority, cases, a.country, a.folded, l.country, l.counterpart, c.wire from partner"
    " left join authority a on a.id = partner.authority"
    " left join document d on d.docid = (select min(docid) from document where docid >= -partner.last)"
    " left join listing l on l.n = d.n left join confirmed c on c.n = d.n order by partner.authority"
)

Side = tuple[str, str]
"""An other side as cases have it: its country and its folded name."""


class Option(NamedTuple):
    """A coded answer: in which field of which procedure (folded id) it has which value."""

    procedure: str
    field: str
    id: str


class Meant(NamedTuple):
    """What words lead to: options, and numbers of authorities."""

    options: frozenset[Option] = frozenset()
    authorities: frozenset[int] = frozenset()


class Sense(NamedTuple):
    """What words lead to in cases: `options` and `sides`, and what the index is asked for each.

    `named` is None where sides are better compared than asked for.
    """

    options: frozenset[Option] = frozenset()
    sides: frozenset[Side] = frozenset()
    coded: str = ""
    named: str | None = ""


class _Texts:
    """Folded texts of numbered things, to be asked for words and phrases."""

    def __init__(self, texts: Sequence[Collection[str]]) -> None:
        self.texts = texts
        self.having: dict[str, list[int]] = {}
        having = self.having
        for number, said in enumerate(texts):
            for word in set(_WORDS.findall("\n".join(said))):
                if word in having:
                    having[word].append(number)
                else:
                    having[word] = [number]
        self._sorted = sorted(self.having)
        self._joined = END + END.join(self._sorted) + END

    def find(self, word: str, *, begins: bool, inside: bool = False) -> set[int]:
        """Those that have a word, or one that begins with it, or has it inside."""
        if inside and len(word) >= LONG:
            found = self._containing(word)
        elif begins:
            at = bisect_left(self._sorted, word)
            end = bisect_left(self._sorted, word + "\U0010ffff", at)
            found = iter(self._sorted[at:end])
        else:
            return set(self.having.get(word, ()))
        return set(chain.from_iterable(self.having[each] for each in found))

    def _containing(self, word: str) -> Iterator[str]:
        at = self._joined.find(word)
        while at >= 0:
            end = self._joined.find(END, at)
            yield self._joined[self._joined.rfind(END, 0, at) + 1 : end]
            at = self._joined.find(word, end)

    def phrase(self, said: Sequence[str], *, begins: bool) -> set[int]:
        """Those of which one text has these words side by side."""
        found = set.intersection(*(self.find(word, begins=begins and word == said[-1]) for word in said))
        wanted = " " + " ".join(said) + ("" if begins else " ")
        return {n for n in found if any(wanted in f" {' '.join(words(text))} " for text in self.texts[n])}


class _Sides(NamedTuple):
    """Other sides: `texts` of the authorities, whose names stand in cases as `sides`, by number of the authority."""

    texts: _Texts
    sides: list[Side]
    of: list[list[int]]
    names: Names


class Meanings:
    """What words mean here and now. What was read is kept until the directory or the other sides change."""

    def __init__(self, cache: Database, directory: Directory) -> None:
        self._cache = cache
        self._directory = directory
        self._read: tuple[int, int] = (-1, -1)
        self._again = float("-inf")
        self._options: list[Option] = []
        self._labels = _Texts(())
        self._others = _Sides(_Texts(()), [], [], Names((), {}, ()))
        self._kept: dict[tuple[tuple[str, ...], bool, Meant, bool], Sense] = {}
        self._frequent: dict[str, bool] = {}

    def notice(self) -> None:
        """Read anew what has changed since; of very many other sides not with every key, while they arrive."""
        generation = self._directory.generation()
        partners: int = self._cache.one("select count(*) from partner")[0]
        started = monotonic()
        if (generation, partners) == self._read or (partners > AT_ONCE and started < self._again):
            return
        self._kept.clear()
        self._frequent.clear()
        if generation != self._read[0]:
            self._directory.notice()
            self._read_options()
        self._others = self._read_others()
        self._read = generation, partners
        ended = monotonic()
        self._again = ended + max(PAUSE, (ended - started) * SHARE)

    def meant(self, key: str, said: tuple[str, ...], *, begins: bool) -> Meant:
        """What words side by side lead to (key '"'), one word (""), or the words of a name ("from").

        `begins`: the last word may go on.
        """
        texts = self._others.texts
        if key == "from":
            hits = (texts.find(word, begins=begins and at == len(said), inside=True) for at, word in enumerate(said, 1))
            return Meant(authorities=frozenset(set.intersection(*hits)))
        if len(said) > 1:
            options, found = self._labels.phrase(said, begins=begins), texts.phrase(said, begins=begins)
        else:
            options = self._labels.find(said[0], begins=begins)
            found = texts.find(said[0], begins=begins, inside=True)
        return Meant(frozenset(self._options[n] for n in options), frozenset(found))

    def sense(self, said: tuple[str, ...], meant: Meant, *, begins: bool, alone: bool) -> Sense:
        """How what words lead to shows in cases; `alone`: no other words are asked for."""
        key = said, begins, meant, alone
        if key not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            wanted = {side for authority in meant.authorities for side in self._others.of[authority]}
            names = self._others.names
            # Some are found by the words themselves.
            groups = covering(
                names, [side for side in wanted if not _says(names.words[side], said, begins=begins)], alone=alone
            )
            self._kept[key] = Sense(
                meant.options,
                frozenset(self._others.sides[side] for side in wanted),
                self._coded(meant.options),
                None if groups is None else " OR ".join(f"({' AND '.join(map(quoted, group))})" for group in groups),
            )
        return self._kept[key]

    def _coded(self, options: Iterable[Option]) -> str:
        """What the index is asked for cases that may have one of these answers."""
        procedures: dict[str, set[str]] = {}
        for option in options:
            if ids := words(option.id):
                procedures.setdefault(" AND ".join(map(quoted, ids)), set()).add(option.procedure)
        together: dict[tuple[str, ...], list[str]] = {}
        for id, those in sorted(procedures.items()):
            # To look for what most cases have costs the index more than it spares the rows.
            facets = () if any(map(self._is_frequent, those)) else tuple(sorted(those))
            together.setdefault(facets, []).append(f"({id})" if " AND " in id else id)
        return " OR ".join(
            f"(({' OR '.join(ids)}) AND ({' OR '.join(quoted(facet('p', each)) for each in those)}))"
            if those
            else " OR ".join(ids)
            for those, ids in together.items()
        )

    def _is_frequent(self, procedure: str) -> bool:
        """Whether many of the newest cases are of a procedure."""
        if procedure not in self._frequent:
            sql = "select rowid from words where words match ? order by rowid limit 1 offset ?"
            found = self._cache.one(sql, (quoted(facet("p", procedure)), NEWEST))
            sql = "select 1 from document where docid < ? limit 1 offset ?"
            self._frequent[procedure] = found is not None and self._cache.one(sql, (found[0], NEWEST * RARELY)) is None
        return self._frequent[procedure]

    # --- reading ----------------------------------------------------------------------------------------------------

    def _read_options(self) -> None:
        labels: dict[Option, set[str]] = {}
        for id, version in self._cache.rows("select id, version from procedure order by id, version"):
            rules = self._directory.rules(id, version)
            for option, label_id, english in _options(rules):
                found = labels.setdefault(option, set())
                found.add(fold(english))
                found.update(fold(texts[label_id]) for texts in rules.labels.values() if label_id in texts)
        self._options = list(labels)
        self._labels = _Texts(list(labels.values()))

    def _read_others(self) -> _Sides:
        sides: dict[Side, int] = {}
        cases: list[int] = []
        texts: list[set[str]] = []
        of: list[list[int]] = []
        for authority, count, country, folded, *latest in self._cache.rows(_OTHERS):
            said: set[str] = set()
            called: set[Side] = set()
            if folded is not None:
                said = _said(folded)
                called.add((country, folded.partition(FIELD)[0]))
            if latest[1] is not None and (side := side_of(*latest[:2])) not in called and _is_of(authority, latest):
                called.add(side)
                said.add(side[1])
            for side in called:
                if side not in sides:
                    sides[side] = len(sides)
                    cases.append(0)
                cases[sides[side]] += count
            texts.append(said)
            of.append([sides[side] for side in called])
        named = _Texts([(name,) for _, name in sides])
        split = [frozenset(_WORDS.findall(name)) for _, name in sides]
        return _Sides(_Texts(texts), list(sides), of, Names(split, named.having, cases))


@functools.lru_cache(8192)
def side_of(country: str, name: str) -> Side:
    """The other side of a case, from the columns of its row."""
    return country, fold(name)


def _says(name: frozenset[str], said: tuple[str, ...], *, begins: bool) -> bool:
    *whole, last = said
    return name.issuperset(whole) and (any(word.startswith(last) for word in name) if begins else last in name)


def has_answer(procedure: str, answers: Iterable[Mapping[str, Any]], options: Collection[Option]) -> bool:
    """Whether one of these answers was given in a case of a procedure."""
    meant = {(option.field, option.id) for option in options if option.procedure == fold(procedure)}
    for given in answers if meant else ():
        for field, value in given.items():
            for each in value if isinstance(value, list | tuple) else (value,):
                if isinstance(each, str) and (field, each) in meant:
                    return True
    return False


def _options(rules: Rules) -> Iterator[tuple[Option, str, str]]:
    """Every option of a procedure, with the id of its label (`imi_core.procedure.label_ids`) and its English text."""
    procedure, lifecycle = rules.procedure, rules.lifecycle
    known: list[tuple[str, Field | Question]] = [
        (f"{procedure.id}.field.{field.id}", field) for field in procedure.request.fields
    ]
    for question in procedure.questions:
        known.append((f"{procedure.id}.question.{question.id}", question))
        known += [(f"{procedure.id}.field.{field.id}", field) for field in question.follow_ups]
    for form_id, form in lifecycle.forms.items():
        known += [(f"{lifecycle.id}.form.{form_id}.{field.id}", field) for field in form.fields]
    for base, asked in known:
        for option in asked.options:
            yield Option(fold(procedure.id), asked.id, option.id), f"{base}.option.{option.id}", option.label


def _said(folded: str) -> set[str]:
    """What an authority is found by, of `directory.folded`: name, titles and town, also in Latin letters."""
    name, titles, _, town, _ = folded.split(FIELD, 4)
    out = {part.partition(LANGUAGE)[2] for part in titles.split(PART)}
    out.update((name, town, _in_latin(name), _in_latin(town)))
    out.discard("")
    return out


@functools.lru_cache(4096)
def _in_latin(text: str) -> str:
    if text.isascii():
        return ""
    found = [(latin(word), word) for word in _WORDS.findall(text)]
    return " ".join(letters or word for letters, word in found) if any(letters for letters, _ in found) else ""


def _is_of(authority: str, latest: Sequence[Any]) -> bool:
    """Whether the case that was read is one with this authority, under the name its row has."""
    _, name, wire = latest
    parts = decode(wire).get("parts", ()) if wire is not None else ()
    return any(part.get("authority") == authority and part.get("name") == name for part in parts)
