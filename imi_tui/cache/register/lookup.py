"""Searching the register of authorities: offline, folded, ranked, while somebody types."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.text import words as folded_words
from imi_tui.cache.model import AuthorityHit
from imi_tui.cache.order import name_key
from imi_tui.cache.register.index import COORDINATES, FORMAT, SUSPENDED, Country, Source, build
from imi_tui.cache.register.question import Answer, Match, Query, Ranked
from imi_tui.cache.register.ranking import rank
from imi_tui.cache.wire import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.storage.db import Database

_TIERS = ("name", "short", "latin", "title", "town", "place", "topic", "description")
"""Where a match is the easier to see the earlier it stands here; the last one says why an authority was found."""
_WHY = {"short": "name", "latin": "name", "place": "town", "": "description"}


class Facets(NamedTuple):
    """How many of what was found are in each country, area, language and town, the largest first."""

    country: list[tuple[str, int]]
    area: list[tuple[str, int]]
    language: list[tuple[str, int]]
    town: list[tuple[str, int]]


class Register:
    """The search over one store's directory; one a thread."""

    def __init__(self, cache: Database, directory: Directory) -> None:
        self._cache = cache
        self._directory = directory
        self._loaded = -1
        self._countries: dict[str, tuple[int, Country]] = {}
        self._last: tuple[Query, Answer] | None = None

    def search(self, query: Query, limit: int) -> tuple[list[AuthorityHit], Answer]:
        """The best authorities, and the answer they stand in."""
        self._load()
        query = replace(query, languages=(*query.languages, "en"))
        answer = rank([country for _, country in self._countries.values()], query, limit)
        hits = (self._hit(each, query) for each in answer.ranked)
        return [hit for hit in hits if hit is not None], answer

    def facets(self, query: Query, answer: Answer) -> Facets:
        """The facets of an answer: each counted as if the search were not narrowed by itself."""

        def counted(but: str, read: Callable[[Country, int], Iterable[str]]) -> list[tuple[str, int]]:
            counts: Counter[str] = Counter()
            for country, numbers in answer.found:
                kept = (number for number in numbers if query.keeps(country, number, but))
                counts.update(chain.from_iterable(read(country, number) for number in kept))
            return sorted(((key, count) for key, count in counts.items() if key), key=lambda each: (-each[1], each[0]))

        return Facets(
            counted("country", lambda country, _: (country.code,)),
            counted(
                "area",
                lambda country, number: {area.rstrip(COORDINATES + SUSPENDED) for area in country.areas[number]},
            ),
            counted("language", lambda country, number: country.languages[number]),
            counted("town", lambda country, number: (country.towns[number],)),
        )

    def competences(self) -> dict[str, set[str]]:
        """By area, the ids of the fields of work that authorities with a desk in it name.

        What an authority of one area alone names belongs there, and not to the other areas of one that has several.
        """
        self._load()
        pairs = {pair for _, each in self._countries.values() for pair in zip(each.areas, each.topics, strict=True)}
        out: dict[str, set[str]] = {}
        for areas, topics in pairs:
            if len(areas) == 1:
                out.setdefault(areas[0].rstrip(COORDINATES + SUSPENDED), set()).update(topics)
        settled = set(chain.from_iterable(out.values()))
        for areas, topics in pairs:
            if len(areas) > 1:
                for area in areas:
                    out.setdefault(area.rstrip(COORDINATES + SUSPENDED), set()).update(set(topics) - settled)
        return out

    def _load(self) -> None:
        """Hold the indexes of all countries; of those that changed, read them anew."""
        made = self._cache.one("select value from meta where name = 'register_index'")[0]
        if made == self._loaded:
            return
        found = dict(self._cache.rows("select country, made from register_index where format = ?", (FORMAT,)))
        kept = {code: held for code, held in self._countries.items() if found.get(code) == held[0]}
        for code in found.keys() - kept.keys():
            row = self._cache.one("select made, data from register_index where country = ?", (code,))
            if row is not None:
                kept[code] = row[0], Country(code, row[1])
        self._countries = dict(sorted(kept.items()))
        self._loaded = made

    def _hit(self, found: Ranked, query: Query) -> AuthorityHit | None:
        id = found.country.ids[found.number]
        wire = self._directory.authority(id)
        if wire is None:
            # Gone since the index was made.
            return None
        area = query.matter.area if query.matter is not None else query.area
        desks = [desk for desk in wire.get("desks", ()) if not area or desk.get("area") == area]
        titles = wire.get("titles", {})
        title = next((titles[language] for language in query.languages if titles.get(language)), "")
        last = max(
            found.matches, key=lambda match: _TIERS.index(match.field.partition(" ")[0] or "description"), default=None
        )
        why = _why(last) if last is not None else ""
        return AuthorityHit(
            id=id,
            desk=desks[0]["id"] if desks else "",
            country=found.country.code,
            name=wire.get("formalName", ""),
            title=title or next(iter(titles.values()), ""),
            town=wire.get("town", ""),
            area=desks[0]["area"] if desks else "",
            why=why,
            matched=_shown_match(wire, last, query.languages) if last is not None else "",
            missing=found.missing,
            cases=query.partners.get(id, 0),
            remembered=id in query.remembered,
            competent=found.competent,
            coordinates=found.coordinates,
        )


class RegisterIndex:
    """Keeps the index true. Used by the thread that writes the register."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache

    def choose(self, alphabet: str) -> None:
        """From now on the authorities of a country stand in the order of this alphabet (`collation.alphabet_of`)."""
        if self._alphabet() != alphabet:
            self._cache.run("update meta set value = ? where name = 'register_alphabet'", (alphabet,))

    def _alphabet(self) -> str:
        return str(self._cache.one("select value from meta where name = 'register_alphabet'")[0])

    def outdated(self) -> bool:
        """Whether the index of a country stands in another order than that of the alphabet."""
        return (
            self._cache.one("select 1 from register_index where alphabet <> ? limit 1", (self._alphabet(),)) is not None
        )

    def make(self, limit: int = -1) -> None:
        """Make the index of every country that changed, or of so many countries.

        The words are gathered before the file is locked. One in another order answers until it is made.
        """
        sql = (
            "select country, turn from register_stale union all select country, 0 from register_index"
            " where (format <> ?1 or alphabet <> ?2) and country not in (select country from register_stale)"
            " order by country limit ?3"
        )
        alphabet = self._alphabet()
        for country, turn in self._cache.rows(sql, (FORMAT, alphabet, limit)):
            with self._cache.snapshot():
                sources = self._sources(country, alphabet)
            data = build(sources) if sources else b""
            with self._cache.write():
                self._cache.run("update meta set value = value + 1 where name = 'register_index'")
                self._cache.run("delete from register_index where country = ?", (country,))
                if sources:
                    self._cache.run(
                        "insert into register_index select ?, value, ?, ?, ? from meta where name = 'register_index'",
                        (country, FORMAT, data, alphabet),
                    )
                # What was written in between stays to be done.
                self._cache.run("delete from register_stale where country = ? and turn = ?", (country, turn))

    def _sources(self, country: str, alphabet: str) -> list[Source]:
        rows = self._cache.rows("select id, folded, wire from authority where country = ?", (country,))
        return [_source(id, folded, decode(wire), alphabet) for id, folded, wire in rows]


def _source(id: str, folded: str, wire: dict[str, Any], alphabet: str) -> Source:
    out: list[str] = []
    suspended = wire.get("status", "active") != "active"
    for desk in wire.get("desks", ()):
        coordinates = COORDINATES if desk.get("coordinator") else ""
        out.append(
            desk["area"] + coordinates + (SUSPENDED if suspended or desk.get("status", "active") != "active" else "")
        )
    return Source(
        id=id,
        key=name_key(wire.get("formalName", ""), alphabet, 80).decode("utf-8", "replace"),
        folded=folded,
        name=wire.get("formalName", ""),
        areas=" ".join(out),
        topics=" ".join(wire.get("topics", ())),
        town=wire.get("town", ""),
        languages=" ".join(wire.get("languages", ())),
    )


def _why(match: Match) -> str:
    kind = match.field.partition(" ")[0]
    return _WHY.get(kind, kind)


def _shown_match(wire: dict[str, Any], match: Match, languages: tuple[str, ...]) -> str:
    """The text of the authority in which the word was found, as the authority wrote it."""
    kind, _, language = match.field.partition(" ")
    match kind:
        case "title" | "description":
            texts = wire.get(f"{kind}s") or {}
            return str(texts.get(language, ""))
        case "topic":
            found = [
                topic
                for topic in wire.get("topics", ())
                if match.word in " ".join(folded_words(topic.replace("_", " ")))
            ]
            return str(found[0]) if found else ""
        case "town" | "place":
            return str(wire.get("town", ""))
    return str(wire.get("formalName", ""))
