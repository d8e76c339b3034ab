"""Searching the register of authorities: offline, folded, with one typing mistake forgiven, while somebody types.

Fourteen thousand authorities fit in memory as folded text in the order of their names, so that a search is a walk
that ends as soon as the page is full: those whose name matches first, then title, topic, town and description.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from imi_core.text import words as folded_words
from imi_tui.cache.directory import FIELD, LANGUAGE, PART
from imi_tui.cache.model import AuthorityHit

if TYPE_CHECKING:
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
    areas: tuple[str, ...]
    text: str
    ends: tuple[int, ...]


class Register:
    """The search over one store's directory."""

    def __init__(self, cache: Database, directory: Directory) -> None:
        self._cache = cache
        self._directory = directory
        self._loaded: tuple[int, tuple[str, ...]] = (-1, ())
        self._records: list[_Record] = []
        self._words: list[str] = []

    def search(
        self, words: str, *, country: str, area: str, languages: tuple[str, ...], limit: int
    ) -> list[AuthorityHit]:
        """Authorities for which every word is found, best first; all of a country or area when there are no words."""
        languages = (*languages, "en")
        self._load(languages)
        wanted: list[tuple[str, ...]] = [(word,) for word in folded_words(words)]
        records = self._records
        if country:
            records = [record for record in records if record.country == country]
        if area:
            records = [record for record in records if area in record.areas]
        if not wanted:
            found = [(record, 0, "") for record in records[:limit]]
        else:
            found = _tiers(records, wanted, limit) or _tiers(records, [self._near(want[0]) for want in wanted], limit)
        return [self._hit(record, tier, word, area, languages) for record, tier, word in found]

    def _load(self, languages: tuple[str, ...]) -> None:
        """Hold the register in memory, with the titles and descriptions in `languages`."""
        wanted = self._directory.generation(), languages
        if wanted == self._loaded:
            return
        rows = self._cache.rows("select id, country, areas, folded, name_key from authority")
        rows.sort(key=lambda row: row[4])
        self._records = []
        for id, country, areas, folded, _ in rows:
            name, titles, topics, town, descriptions = folded.split(FIELD)
            fields = [name, _in_languages(titles, languages), topics, town, _in_languages(descriptions, languages)]
            ends = tuple(accumulate(len(field) + 1 for field in fields))
            self._records.append(_Record(id, country, tuple(areas.split()), FIELD.join(fields) + FIELD, ends))
        self._words = []
        self._loaded = wanted

    def _near(self, word: str) -> tuple[str, ...]:
        """`word` and the register's words that begin like it but for one mistake; a number has no mistakes."""
        if len(word) < TYPO_LENGTH or not word.isalpha():
            return (word,)
        if not self._words:
            texts = PART.join(record.text[: record.ends[_NAMES_AND_PLACES - 1]] for record in self._records)
            self._words = list(set(re.findall(r"[^\W\d_]{3,}", texts)))
        # Who has no "ä" on the keyboard writes "ae"; that is no mistake, so that another one may be made beside it.
        forms = {word, re.sub("ae|oe|ue|aa", lambda pair: pair[0][0], word)}
        return (word, *(found for found in self._words if any(near_prefix(form, found) for form in forms)))

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


def _tiers(records: list[_Record], wanted: list[tuple[str, ...]], limit: int) -> list[tuple[_Record, int, str]]:
    """(record, field that decided, word found there): the worst of the words' fields decides a record's place.

    Each of `wanted` is a word as typed and what it may have been meant to be. Walks field by field and ends as soon
    as there are enough.
    """
    for typed, *meant in wanted:
        if meant:
            records = [
                record for record in records if typed in record.text or any(word in record.text for word in meant)
            ]
        else:
            records = [record for record in records if typed in record.text]
    out: list[tuple[_Record, int, str]] = []
    for tier in range(len(_WHY)):
        rest: list[_Record] = []
        for record in records:
            word = _decides(record, wanted, tier)
            if word is None:
                rest.append(record)
            else:
                out.append((record, tier, word))
                if len(out) == limit:
                    return out
        records = rest
    return out


def _decides(record: _Record, wanted: list[tuple[str, ...]], tier: int) -> str | None:
    """The word found in this field, where every word is found in it or those before; None where one is not."""
    here = ""
    for words in wanted:
        at, word = _first(record.text, words, record.ends[min(tier, _NAMES_AND_PLACES - 1)])
        if at < 0 and tier == _NAMES_AND_PLACES:
            # A word that was not typed so does not count in descriptions.
            at, word = _first(record.text, words[:1], record.ends[tier])
        if at < 0:
            return None
        if not here or tier == 0 or at >= record.ends[tier - 1]:
            here = word
    return here


def _first(text: str, words: tuple[str, ...], end: int) -> tuple[int, str]:
    """Where the first of `words` stands before `end`, and which it is; (-1, "") for none."""
    return min(((at, word) for word in words if (at := text.find(word, 0, end)) >= 0), default=(-1, ""))


def _in_languages(texts: str, languages: tuple[str, ...]) -> str:
    if not texts:
        return ""
    kept = [part.partition(LANGUAGE) for part in texts.split(PART)]
    return PART.join(text for language, _, text in kept if language in languages)


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
