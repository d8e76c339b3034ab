"""What is asked of the register of authorities, and what an answer holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from imi_tui.cache.register.index import COORDINATES, SUSPENDED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imi_tui.cache.register.index import Country


@dataclass(frozen=True)
class Matter:
    """What a question is about: the area whose desk is asked, competences that fit, words of its texts."""

    area: str
    competences: frozenset[str]
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """What is looked for.

    `countries` are folded words that name countries, `areas` words that only texts of these areas' procedures have.
    `partners` are authorities with which this officer's desks had cases, `remembered` those that they want on top.
    """

    words: str = ""
    country: str = ""
    area: str = ""
    language: str = ""
    town: str = ""
    languages: tuple[str, ...] = ()
    matter: Matter | None = None
    countries: Mapping[str, frozenset[str]] = field(default_factory=dict)
    areas: Mapping[str, frozenset[str]] = field(default_factory=dict)
    partners: Mapping[str, int] = field(default_factory=dict)
    remembered: frozenset[str] = frozenset()

    def keeps(self, country: Country, number: int, but: str = "") -> bool:
        """Whether an authority is in what the officer narrowed the search to; `but` leaves one facet out."""
        return (
            (not self.country or but == "country" or country.code == self.country)
            and (not self.area or but == "area" or self.area in areas_of(country, number))
            and (not self.language or but == "language" or self.language in country.languages[number])
            and (not self.town or but == "town" or country.towns[number] == self.town)
        )


def areas_of(country: Country, number: int) -> tuple[str, ...]:
    """The areas in which an authority has a desk."""
    return tuple(area.rstrip(COORDINATES + SUSPENDED) for area in country.areas[number])


class Match(NamedTuple):
    """Where a word was found in an authority: in which field, and as which word ("" for its country or area)."""

    value: float
    field: str
    word: str


class Ranked(NamedTuple):
    """One authority of the answer. `missing` are words it does not have; `competent` and `coordinates`: of a matter."""

    country: Country
    number: int
    score: float
    matches: tuple[Match, ...] = ()
    missing: tuple[str, ...] = ()
    competent: tuple[str, ...] = ()
    coordinates: bool = False


class Answer(NamedTuple):
    """Best first, as many as asked for; how many there are; words that nothing in the register has."""

    ranked: list[Ranked]
    total: int
    unknown: tuple[str, ...] = ()
    found: list[tuple[Country, Sequence[int]]] = []
    """All that were found, before they were narrowed down: what facets are counted in."""
