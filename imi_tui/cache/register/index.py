"""The index that authorities are found by: of each country its words, in which field of which authority they stand.

It is made by the thread that writes the register and kept as one blob a country, so that the first search after a
start reads some megabytes and builds nothing.
"""

from __future__ import annotations

import functools
import re
import sys
from array import array
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from imi_tui.cache.words.spelling import END
from imi_tui.cache.words.transliteration import latin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIELD, PART, LANGUAGE = "\x1f", "\x1e", "\x1d"
"""Separators in the folded text of an authority: between fields, between parts, after a part's language."""
BITS = 8
"""Bits of a posting that name the field; the others are the authority's place in its country."""
MOST_FIELDS = (1 << BITS) - 1
SHORT = "="
"""Begins an abbreviation in the vocabulary: found only as a whole."""
COORDINATES, SUSPENDED = "*", "-"
"""After an area: its desk coordinates, or cannot be addressed."""
_SMALL = re.compile(r"[a-z\u00e0-\u024f\u03ac-\u03ce\u0430-\u045f]")
_PARTS, _BETWEEN = re.compile(r"\s[-\u2013\u2014]\s|[,;:()/]"), re.compile(r"[\s'\u2019-]+")
_ARTICLE = 3
"""Letters of an article or a preposition at most."""
_WITHIN = re.compile(
    "(?:(?<=s)|(?<=finanz)|(?<=haupt)|(?<=zoll)|(?<=ärzte)|(?<=renten))"
    "(?=ministerium|verwaltung|kontroll|amt|anstalt|agentur|kammer|versicherung|direktion|zentrale|aufsicht|zoll)(.)"
)
"""Where the heads of German compounds begin, behind what such names mostly begin with."""
_WORDS = re.compile(r"\w+")


class Kept(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """What is stored. Arrays are those of this machine.

    Texts of several items are joined by `END`, and bytes where a first search does not need them all.
    """

    ids: bytes
    keys: bytes
    areas: bytes
    topics: bytes
    towns: bytes
    languages: bytes
    names: bytes
    inactive: bytes
    fields: tuple[str, ...]
    vocabulary: str
    words: bytes
    starts: bytes
    postings: bytes


class Source(NamedTuple):
    """One authority to be indexed. `folded` is `directory.folded`, `areas` desks with their marks."""

    id: str
    key: str
    folded: str
    name: str
    areas: str
    topics: str
    town: str
    languages: str


def abbreviations(name: str) -> set[str]:
    """What a name is called for short, not folded: initials of each of its parts and of the whole.

    Of its large words, of those that are no articles, or of all; with and without the last one, which is often the
    town. Of a German compound those of what it is made of: "Bundesministerium für Arbeit und Soziales" is BMAS.
    """
    parts = [part for part in _PARTS.split(name) if part.strip()]
    out: set[str] = set()
    for part in parts if len(parts) == 1 else (*parts, name):
        words = [_initials(word) for word in _BETWEEN.split(part) if word[:1].isalpha()]
        for least in (2, 1, 0):
            kept = [each for each in words if each[2] >= least]
            for letters in {"".join(each[0] for each in kept), "".join(each[1] for each in kept)}:
                out.update(each for each in (letters, letters[:-1]) if 2 <= len(each) <= 8)
    return {each for each in out if len(each) > 2} or out


@functools.lru_cache(maxsize=8192)
def _initials(word: str) -> tuple[str, str, int]:
    """Its first letter, those of what a compound is made of, and its size: large (2), long (1), an article (0)."""
    first = word[0].lower()
    size = 2 if not _SMALL.match(word) else 1 if len(word) > _ARTICLE else 0
    return first, first + "".join(_WITHIN.findall(word.lower())), size


def build(sources: Iterable[Source]) -> bytes:
    """The blob of one country."""
    from imi_core.text import fold

    given = sorted(sources, key=lambda source: (source.key, source.id))
    fields: dict[str, int] = {}
    words: dict[str, set[int]] = {}
    names = bytearray()
    for number, source in enumerate(given):
        place = number << BITS
        for field, text in _fields(source.folded):
            code = place | _code(fields, field)
            for word in _WORDS.findall(text):
                words.setdefault(word, set()).add(code)
                if (letters := latin(word)) and field in ("name", "town"):
                    words.setdefault(letters, set()).add(place | _code(fields, "latin" if field == "name" else "place"))
        code = place | _code(fields, "short")
        for short in abbreviations(source.name):
            words.setdefault(SHORT + fold(short), set()).add(code)
        names.append(min(255, len(_WORDS.findall(source.folded.partition(FIELD)[0]))))
    vocabulary = sorted(words)
    postings = array("I")
    for word in vocabulary:
        postings.extend(sorted(words[word]))
    starts = array("I", accumulate((len(words[word]) for word in vocabulary), initial=0))
    places = array("I", accumulate((len(word) + 1 for word in vocabulary), initial=1))
    inactive = array("I", (number for number, source in enumerate(given) if _is_inactive(source)))
    kept = Kept(
        ids=_joined(source.id for source in given),
        keys=_joined(source.key for source in given),
        areas=_joined(source.areas for source in given),
        topics=_joined(source.topics for source in given),
        towns=_joined(source.town for source in given),
        languages=_joined(source.languages for source in given),
        names=bytes(names),
        inactive=inactive.tobytes(),
        fields=tuple(fields),
        vocabulary=END + END.join(vocabulary) + END,
        words=places.tobytes(),
        starts=starts.tobytes(),
        postings=postings.tobytes(),
    )
    return msgspec.msgpack.encode(kept)


def _joined(texts: Iterable[str]) -> bytes:
    return END.join(" ".join(text.splitlines()) for text in texts).encode()


def _is_inactive(source: Source) -> bool:
    areas = source.areas.split()
    return bool(areas) and all(area.endswith(SUSPENDED) for area in areas)


def _code(fields: dict[str, int], name: str) -> int:
    """The code of a field; those for which there is no room share the last one."""
    if name not in fields and len(fields) >= MOST_FIELDS:
        name = ""
    return fields.setdefault(name, len(fields))


def _fields(folded: str) -> Iterator[tuple[str, str]]:
    """(field, text): "name", "topic", "town", and "title" and "description" with the language behind."""
    name, titles, topics, town, descriptions = folded.split(FIELD)
    yield "name", name
    yield "town", town
    yield "topic", topics
    for field, texts in (("title", titles), ("description", descriptions)):
        for part in filter(None, texts.split(PART)):
            language, _, text = part.partition(LANGUAGE)
            yield f"{field} {language}", text


class Country:
    """The index of one country in memory. An authority is a number here: its place in the order of names."""

    def __init__(self, code: str, blob: bytes) -> None:
        kept = _decoder.decode(blob)
        self.code = code
        self._kept = kept
        self.fields = kept.fields
        self.vocabulary = kept.vocabulary
        self.names = kept.names
        self.inactive = frozenset(_array(kept.inactive))
        """The authorities of which no desk can be addressed."""
        self._places, self._starts, self.postings = _array(kept.words), _array(kept.starts), _array(kept.postings)

    def __len__(self) -> int:
        return len(self.names)

    def number(self, place: int) -> int:
        """The number of the word that stands at this place of the vocabulary."""
        return bisect_right(self._places, place) - 1

    def posted(self, number: int) -> array[int]:
        """Where the word with this number stands."""
        return self.postings[self._starts[number] : self._starts[number + 1]]

    def word(self, number: int) -> str:
        """The word with this number."""
        return self.vocabulary[self._places[number] : self._places[number + 1] - 1]

    @cached_property
    def ids(self) -> list[str]:
        """Ids of the authorities."""
        return self._split(self._kept.ids)

    @cached_property
    def by_id(self) -> dict[str, int]:
        """The number of each authority."""
        return {id: number for number, id in enumerate(self.ids)}

    @cached_property
    def keys(self) -> list[str]:
        """What the authorities are sorted by: their names as an alphabet has them."""
        return self._split(self._kept.keys)

    @cached_property
    def areas(self) -> list[tuple[str, ...]]:
        """Areas with their marks (`COORDINATES`, `SUSPENDED`)."""
        return self._several(self._kept.areas)

    @cached_property
    def topics(self) -> list[tuple[str, ...]]:
        """Ids of competences."""
        return self._several(self._kept.topics)

    @cached_property
    def towns(self) -> list[str]:
        """Towns as the authorities write them."""
        return self._split(self._kept.towns)

    @cached_property
    def languages(self) -> list[tuple[str, ...]]:
        """Languages they work in."""
        return self._several(self._kept.languages)

    def _split(self, text: bytes) -> list[str]:
        return text.decode().split(END) if self.names else []

    def _several(self, text: bytes) -> list[tuple[str, ...]]:
        # Most authorities share their list with many others: each is made once.
        made: dict[str, tuple[str, ...]] = {}
        return [
            made[line] if line in made else made.setdefault(line, tuple(line.split())) for line in self._split(text)
        ]


_decoder = msgspec.msgpack.Decoder(Kept)


def _array(data: bytes) -> array[int]:
    out = array("I")
    out.frombytes(data)
    return out


FORMAT = f"5 {sys.byteorder} {array('I').itemsize}"
"""What a blob was made by: another program or machine makes it anew."""
