"""Which authorities somebody means, best first: words against fields, abbreviations, mistakes, competence, partners.

A word counts by how well it was hit (as a whole, as a beginning, inside, with mistakes), where it stands, and how rare
it is. Authorities that have every word come alone; where there is none, those that have the most of them.
"""

from __future__ import annotations

import heapq
import math
import re
from typing import TYPE_CHECKING

from imi_core.text import words as folded_words
from imi_tui.cache.register.index import BITS, COORDINATES, MOST_FIELDS, SHORT, SUSPENDED
from imi_tui.cache.register.question import Answer, Match, Query, Ranked, areas_of
from imi_tui.cache.words.spelling import END, forgiven, near
from imi_tui.cache.words.transliteration import heard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imi_tui.cache.register.index import Country

WHOLE, BEGINNING, INSIDE = 1.0, 0.86, 0.62
MISTAKEN = (0.6, 0.42)
"""What a hit with one mistake is worth, and one with two."""
NAME, LATIN, ABBREVIATION, TITLE, TOWN, TOPIC, DESCRIPTION = 1.0, 0.94, 0.92, 0.95, 0.85, 0.82, 0.4
OTHER_LANGUAGE = 0.8
"""What a text in a language counts that is neither the officer's nor English."""
COUNTRY, AREA = 0.9, 0.35
"""What a word counts that names the country of an authority, or a matter of an area in which it has a desk."""
FEW = 5
"""Where fewer have every word as it was typed, mistakes are forgiven."""
ENOUGH = 0.5
"""Share of the words' weight that an authority must have to be named where none has all."""
PARTNER, REMEMBERED, INACTIVE = 1.15, 1.35, 0.4
COMPETENT, COORDINATOR = 3.0, 1.0
"""What a field of work counts in "whom do I ask about", and coordinating its area."""
_NAMED, _SHARE = BEGINNING * LATIN, 0.2
"""From which value on a word counts as one of the name, and how much a name counts more that has no other words."""
LEAST_INSIDE = 3
"""Letters a word needs to be looked for inside of others."""


_Best = dict[int, tuple[float, int, int]]
"""By authority: what a word is worth there, field code, number of the word of the register (-1: none)."""


def rank(countries: Sequence[Country], query: Query, limit: int) -> Answer:
    """The answer to a query."""
    typed = list(dict.fromkeys(folded_words(query.words)))
    if query.matter is not None:
        return _about(countries, query, typed, limit)
    if not typed:
        return _all(countries, query, limit)
    search = _Search(countries, query, typed)
    return search.answer(limit)


def _all(countries: Sequence[Country], query: Query, limit: int) -> Answer:
    """Everything, by name; whom the officer knows first."""
    kept: list[list[int]] = [_kept(country, query, range(len(country))) for country in countries]
    known = query.remembered | query.partners.keys()
    first: list[tuple[float, str, int, int]] = []
    for at, (country, numbers) in enumerate(zip(countries, kept, strict=True)):
        if known and numbers:
            inside = set(numbers)
            for number in _numbers(country, known):
                if number in inside:
                    first.append((-_known(query, country.ids[number]), country.keys[number], at, number))
    first.sort()
    named = {(at, number) for _, _, at, number in first}
    rest = heapq.merge(*(_named(country, at, kept[at]) for at, country in enumerate(countries)))
    out = [Ranked(countries[at], number, -score) for score, _, at, number in first[:limit]]
    for _, at, number in rest:
        if len(out) >= limit:
            break
        if (at, number) not in named:
            out.append(Ranked(countries[at], number, 0.0))
    everything: list[tuple[Country, Sequence[int]]] = [(country, range(len(country))) for country in countries]
    return Answer(out, sum(map(len, kept)), (), everything)


def _named(country: Country, at: int, numbers: list[int]) -> Iterator[tuple[str, int, int]]:
    return ((country.keys[number], at, number) for number in numbers)


def _numbers(country: Country, ids: Iterable[str]) -> Iterator[int]:
    places = country.by_id
    return (places[id] for id in ids if id in places)


def _kept(country: Country, query: Query, numbers: Iterable[int]) -> list[int]:
    if not (query.country or query.area or query.language or query.town):
        return list(numbers)
    if query.country and country.code != query.country:
        return []
    return [number for number in numbers if query.keeps(country, number)]


def _known(query: Query, id: str) -> float:
    """By how much whom the officer knows comes before others."""
    cases = query.partners.get(id, 0)
    factor = PARTNER + min(cases, 20) / 100 if cases else 1.0
    return max(factor, REMEMBERED) if id in query.remembered else factor


class _Search:
    """One search for words."""

    def __init__(self, countries: Sequence[Country], query: Query, typed: list[str]) -> None:
        self.countries, self.query, self.typed = countries, query, typed
        self.weights = [_weights(country, query.languages) for country in countries]
        self.best: list[list[_Best]] = [[] for _ in typed]

    def answer(self, limit: int) -> Answer:
        """As typed first; with mistakes where that finds few, or where a word is unknown."""
        for at, word in enumerate(self.typed):
            self.best[at] = [self._as_typed(index, word) for index in range(len(self.countries))]
        unknown = [at for at, best in enumerate(self.best) if not any(best)]
        self._forgive(unknown)
        self._lead_to_areas()
        found = self._totals()
        if unknown != list(range(len(self.typed))) and _count(found) < FEW:
            self._forgive([at for at in range(len(self.typed)) if at not in unknown])
            found = self._totals()
        return self._chosen(found, limit)

    def _as_typed(self, index: int, word: str) -> _Best:
        country, weights = self.countries[index], self.weights[index]
        best: _Best = {}
        for form in _forms(word):
            for place, quality in _hits(country.vocabulary, form):
                _post(best, country, weights, country.number(place), quality)
        if country.code in self.query.countries.get(word, ()):
            for number in range(len(country)):
                if best.get(number, (0.0,))[0] < COUNTRY:
                    best[number] = (COUNTRY, -1, -1)
        return best

    def _forgive(self, which: list[int]) -> None:
        for at in which:
            word = self.typed[at]
            allowed = forgiven(word)
            for index, country in enumerate(self.countries if allowed else ()):
                best = self.best[at][index]
                for form in _forms(word):
                    for place, edits, inside in near(form, country.vocabulary, allowed):
                        if edits and country.vocabulary[place] != SHORT:
                            quality = MISTAKEN[edits - 1] * (INSIDE if inside else 1.0)
                            _post(best, country, self.weights[index], country.number(place), quality)

    def _lead_to_areas(self) -> None:
        """A word that no authority has may still be a matter of one area's procedures."""
        for at, word in enumerate(self.typed):
            areas = self.query.areas.get(word)
            if areas and not any(self.best[at]):
                for index, country in enumerate(self.countries):
                    self.best[at][index] = {
                        number: (AREA, -1, -1)
                        for number in range(len(country))
                        if not areas.isdisjoint(areas_of(country, number))
                    }

    def _totals(self) -> list[list[int]]:
        """Of each country, the authorities that have every known word."""
        self.known = [at for at, best in enumerate(self.best) if any(best)]
        out: list[list[int]] = []
        for index in range(len(self.countries)):
            sets = sorted((self.best[at][index] for at in self.known), key=len)
            numbers: Iterable[int] = sets[0] if sets else ()
            for each in sets[1:]:
                numbers = [number for number in numbers if number in each]
            out.append(list(numbers))
        return out

    def _partial(self, idf: list[float]) -> list[list[int]]:
        """Of each country, those that have words of enough weight."""
        least = ENOUGH * sum(idf[at] for at in self.known)
        out: list[list[int]] = []
        for index in range(len(self.countries)):
            weight: dict[int, float] = {}
            for at in self.known:
                for number in self.best[at][index]:
                    weight[number] = weight.get(number, 0.0) + idf[at]
            out.append([number for number, value in weight.items() if value >= least])
        return out

    def _chosen(self, found: list[list[int]], limit: int) -> Answer:
        size = sum(map(len, self.countries))
        idf = [math.log(1 + size / (1 + sum(map(len, best)))) for best in self.best]
        unknown = tuple(word for at, word in enumerate(self.typed) if at not in self.known)
        if not _count(found):
            found = self._partial(idf) if len(self.known) > 1 else found
        scored: list[tuple[float, str, int, int]] = []
        for index, (country, numbers) in enumerate(zip(self.countries, found, strict=True)):
            kept = _kept(country, self.query, numbers)
            scored += [
                (-score, country.code, index, number)
                for number, score in zip(kept, self._scores(index, kept, idf), strict=True)
            ]
        top = heapq.nsmallest(limit, scored)
        return Answer(
            [self._ranked(index, number, -score) for score, _, index, number in top],
            len(scored),
            unknown,
            list(zip(self.countries, found, strict=True)),
        )

    def _scores(self, index: int, numbers: list[int], idf: list[float]) -> list[float]:
        country, query = self.countries[index], self.query
        totals, named = [0.0] * len(numbers), [0] * len(numbers)
        for at in self.known:
            best, weight = self.best[at][index], idf[at]
            for place, number in enumerate(numbers):
                if number in best:
                    value = best[number][0]
                    totals[place] += value * weight
                    named[place] += value >= _NAMED
        names, inactive = country.names, country.inactive
        scores = [
            total * (1 + _SHARE * (1.0 if count >= names[number] else count / names[number])) if count else total
            for number, total, count in zip(numbers, totals, named, strict=True)
        ]
        known = query.remembered or query.partners
        if inactive or known:
            for place, number in enumerate(numbers):
                if number in inactive:
                    scores[place] *= INACTIVE
                if known:
                    scores[place] *= _known(query, country.ids[number])
        return scores

    def _ranked(self, index: int, number: int, score: float) -> Ranked:
        country = self.countries[index]
        matches: list[Match] = []
        missing: list[str] = []
        for at in self.known:
            found = self.best[at][index].get(number)
            if found is None:
                missing.append(self.typed[at])
            elif found[1] >= 0:
                matches.append(Match(found[0], country.fields[found[1]], country.word(found[2])))
        return Ranked(country, number, score, tuple(matches), tuple(missing))


def _about(countries: Sequence[Country], query: Query, typed: list[str], limit: int) -> Answer:
    """Whom to ask about a matter: who is competent, then who coordinates its area and passes on."""
    matter = query.matter
    assert matter is not None
    search = _Search(countries, query, typed)
    if typed:
        answer = search.answer(1 << 30)
        base = {(id(each.country), each.number): each for each in answer.ranked}
    scored: list[tuple[float, str, int, int, Ranked]] = []
    everything: list[tuple[Country, Sequence[int]]] = []
    for index, country in enumerate(countries):
        here: list[int] = []
        for number, marked in enumerate(country.areas):
            mark = next((area for area in marked if area.rstrip(COORDINATES + SUSPENDED) == matter.area), None)
            if mark is None or (typed and (id(country), number) not in base):
                continue
            competent = tuple(topic for topic in country.topics[number] if topic in matter.competences)
            coordinates = COORDINATES in mark
            if not competent and not coordinates and matter.competences:
                continue
            here.append(number)
            if not query.keeps(country, number):
                continue
            score = COMPETENT + len(competent) / 10 if competent else 0.0
            score = score or (COORDINATOR if coordinates else 0.5)
            if SUSPENDED in mark:
                score *= INACTIVE
            found = base[id(country), number] if typed else Ranked(country, number, 0.0)
            score = (score + found.score) * _known(query, country.ids[number])
            found = found._replace(score=score, competent=competent, coordinates=coordinates)
            scored.append((-score, country.keys[number], index, number, found))
        everything.append((country, here))
    scored.sort(key=lambda each: each[:4])
    return Answer([each[4] for each in scored[:limit]], len(scored), (), everything)


def _post(best: _Best, country: Country, weights: list[float], number: int, quality: float) -> None:
    for posting in country.posted(number):
        code = posting & MOST_FIELDS
        value = quality * weights[code]
        authority = posting >> BITS
        before = best.get(authority)
        if before is None or value > before[0]:
            best[authority] = (value, code, number)


def _hits(vocabulary: str, word: str) -> Iterator[tuple[int, float]]:
    """(place, quality) of the words that are `word`, begin with it or contain it."""
    at = vocabulary.find(END + SHORT + word + END)
    if at >= 0:
        yield at + 1, WHOLE
    length = len(word)
    if length < LEAST_INSIDE:
        at = vocabulary.find(END + word)
        while at >= 0:
            end = vocabulary.find(END, at + 1)
            # Of so short a word only the whole is meant, unless it is still being typed.
            yield at + 1, WHOLE if end == at + 1 + length else INSIDE
            at = vocabulary.find(END + word, end)
        return
    at = vocabulary.find(word)
    while at >= 0:
        end = vocabulary.find(END, at)
        if vocabulary[at - 1] == END:
            yield at, WHOLE if end == at + length else BEGINNING
        elif vocabulary[vocabulary.rfind(END, 0, at) + 1] != SHORT:
            yield at, INSIDE
        at = vocabulary.find(word, end)


def _forms(word: str) -> set[str]:
    """Who has no "ä" on the keyboard writes "ae", who writes with other letters need not change them: no mistakes."""
    return {word, re.sub("ae|oe|ue|aa", lambda pair: pair[0][0], word), *heard(word)}


def _weights(country: Country, languages: tuple[str, ...]) -> list[float]:
    """What a hit in each of the fields counts, by their codes."""
    plain = {"name": NAME, "latin": LATIN, "short": ABBREVIATION, "town": TOWN, "topic": TOPIC}
    plain |= {"place": TOWN * LATIN, "": DESCRIPTION}
    out: list[float] = []
    for each in country.fields:
        kind, _, language = each.partition(" ")
        if kind in ("title", "description"):
            weight = TITLE if kind == "title" else DESCRIPTION
            out.append(weight if language in languages or language == "en" else weight * OTHER_LANGUAGE)
        else:
            out.append(plain[kind])
    return out


def _count(found: list[list[int]]) -> int:
    return sum(map(len, found))
