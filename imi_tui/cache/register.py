"""Searching the register of authorities: offline, folded, with one typing mistake forgiven, while somebody types.

Fourteen thousand authorities fit in memory as folded text in the order of their names, so that a search is a walk
that ends as soon as the page is full: those whose name matches first, then title, topic, town and description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imi_core.text import words as folded_words
from imi_tui.cache.directory import FIELD, LANGUAGE, PART
from imi_tui.cache.model import AuthorityHit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imi_tui.cache.db import Database
    from imi_tui.cache.directory import Directory

TYPO_LENGTH = 4
"""Letters a word needs before a mistake in it is forgiven."""
_WHY = ("name", "title", "topic", "town", "description")
_NAMES_AND_PLACES = 4
"""Fields in which a mistake is forgiven: all but the description, whose many words would match anything."""


class _Record(NamedTuple):
    id: str
    country: str
    areas: str
    status: str
    folded: str


class Register:
    """The search over one store's directory."""

    def __init__(self, cache: Database, directory: Directory) -> None:
        self._cache = cache
        self._directory = directory
        self._generation = -1
        self._records: list[_Record] = []

    def search(
        self, words: str, *, country: str, area: str, languages: tuple[str, ...], limit: int
    ) -> list[AuthorityHit]:
        """Authorities for which every word is found, best first; all of a country or area when there are no words."""
        self._load()
        wanted = folded_words(words)
        languages = (*languages, "en")
        records = [
            record
            for record in self._records
            if (not country or record.country == country) and (not area or area in record.areas.split())
        ]
        if not wanted:
            found = [(record, 0, "") for record in records[:limit]]
        else:
            found = self._tiers(records, wanted, languages, limit, _contains)
            if len(found) < limit and not found:
                found = self._tiers(records, wanted, languages, limit, _Tolerant(wanted))
        return [self._hit(record, tier, word, area, languages) for record, tier, word in found]

    def _load(self) -> None:
        generation = self._directory.generation()
        if generation != self._generation:
            rows = self._cache.rows("select id, country, areas, status, folded, name_key from authority")
            rows.sort(key=lambda row: row[5])
            self._records = [_Record(*row[:5]) for row in rows]
            self._generation = generation

    def _tiers(
        self,
        records: list[_Record],
        wanted: list[str],
        languages: tuple[str, ...],
        limit: int,
        matches: Callable[[str, str, int], bool],
    ) -> list[tuple[_Record, int, str]]:
        """(record, field that decided, word found there): the worse of the words' fields decides a record's place."""
        by_tier: list[list[tuple[_Record, int, str]]] = [[] for _ in _WHY]
        for record in records:
            if not _may_match(record.folded, wanted, matches):
                continue
            fields = _fields(record.folded, languages)
            worst, word = 0, wanted[0]
            for want in wanted:
                tier = next((tier for tier, field in enumerate(fields) if matches(field, want, tier)), -1)
                if tier < 0:
                    break
                if tier > worst:
                    worst, word = tier, want
            else:
                by_tier[worst].append((record, worst, word))
                if worst == 0 and len(by_tier[0]) >= limit:
                    break
        return [found for tier in by_tier for found in tier][:limit]

    def _hit(self, record: _Record, tier: int, word: str, area: str, languages: tuple[str, ...]) -> AuthorityHit:
        wire = self._directory.authority(record.id) or {}
        desks = [desk for desk in wire.get("desks", ()) if not area or desk.get("area") == area]
        titles = wire.get("titles", {})
        title = next((titles[language] for language in languages if titles.get(language)), "")
        return AuthorityHit(
            id=record.id,
            desk=desks[0]["id"] if desks else "",
            country=record.country,
            name=wire.get("formalName", ""),
            title=title or next(iter(titles.values()), ""),
            town=wire.get("town", ""),
            area=desks[0]["area"] if desks else "",
            why=_WHY[tier],
            matched=_shown_match(wire, tier, word, languages),
        )


def _fields(folded: str, languages: tuple[str, ...]) -> tuple[str, str, str, str, str]:
    name, titles, topics, town, descriptions = folded.split(FIELD)
    return name, _in_languages(titles, languages), topics, town, _in_languages(descriptions, languages)


def _in_languages(texts: str, languages: tuple[str, ...]) -> str:
    kept = [part.partition(LANGUAGE) for part in texts.split(PART)] if texts else []
    return PART.join(text for language, _, text in kept if language in languages)


def _contains(field: str, word: str, tier: int) -> bool:
    return word in field


def _may_match(folded: str, wanted: list[str], matches: Callable[[str, str, int], bool]) -> bool:
    if isinstance(matches, _Tolerant):
        return all(matches.nearby(folded, word) for word in wanted)
    return all(word in folded for word in wanted)


class _Tolerant:
    """Matches a word with one letter wrong, missing, doubled or exchanged with its neighbour.

    One mistake leaves at least one third of the word as it should be, so only texts that contain a third are
    looked at closely.
    """

    def __init__(self, wanted: list[str]) -> None:
        self._thirds: dict[str, tuple[str, ...]] = {}
        for word in wanted:
            if len(word) >= TYPO_LENGTH:
                one, two = (len(word) + 1) // 3, (2 * len(word) + 1) // 3
                self._thirds[word] = (word[:one], word[one:two], word[two:])
        self._known: dict[tuple[str, str], bool] = {}

    def nearby(self, folded: str, word: str) -> bool:
        """Whether it is worth looking closely."""
        return word in folded or any(third in folded for third in self._thirds.get(word, ()))

    def __call__(self, field: str, word: str, tier: int) -> bool:
        if word in field:
            return True
        if word not in self._thirds or tier >= _NAMES_AND_PLACES or not self.nearby(field, word):
            return False
        return any(self._near(found, word) for found in _split(field))

    def _near(self, found: str, word: str) -> bool:
        key = found, word
        if key not in self._known:
            self._known[key] = near_prefix(word, found)
        return self._known[key]


def _split(field: str) -> Iterator[str]:
    return iter(field.replace(PART, " ").replace("-", " ").split())


def near_prefix(word: str, text: str) -> bool:
    """Whether `text` starts with `word`, but for one letter that is wrong, missing, too many or exchanged."""
    length = len(word)
    if len(text) < length - 1:
        return False
    at = 0
    while at < length and at < len(text) and word[at] == text[at]:
        at += 1
    if at >= length:
        return True
    rest = word[at + 1 :]
    exchanged = text[at + 1 : at + 2] + text[at : at + 1] == word[at : at + 2] and len(word) > at + 1
    return (
        text.startswith(rest, at + 1)
        or text.startswith(rest, at)
        or text.startswith(word[at:], at + 1)
        or (exchanged and text.startswith(word[at + 2 :], at + 2))
    )


def _shown_match(wire: dict[str, object], tier: int, word: str, languages: tuple[str, ...]) -> str:
    """The text of the authority in which the word was found, as the authority wrote it."""
    titles = wire.get("titles") if tier == 1 else wire.get("descriptions")
    match tier:
        case 0:
            return str(wire.get("formalName", ""))
        case 2:
            topics = wire.get("topics")
            found = [topic for topic in topics if word in topic.replace("_", " ")] if isinstance(topics, list) else []
            return str(found[0]) if found else ""
        case 3:
            return str(wire.get("town", ""))
    texts = [titles[language] for language in languages if titles.get(language)] if isinstance(titles, dict) else []
    hits = [text for text in texts if word in " ".join(folded_words(text))]
    return str((hits or texts or [""])[0])
