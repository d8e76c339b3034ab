"""Authority/index: a copy of the register in few bytes, country by country, that resumes anywhere."""

from __future__ import annotations

import json
import random

import pytest
import zstandard

from imi_central.demo import europe
from imi_central.store import Store
from imi_core.authority import Authority
from tests.central.world import AUTHORITIES, Caller

BUDGET = 1_500_000 / 12_600
"""Bytes an authority may cost in the index: 1.5 MB for all there are."""


def index(caller: Caller, **arguments: object) -> dict[str, object]:
    return caller.call("lyon", "Authority/index", accountId="directory", **arguments)


def test_it_tells_how_many_each_country_has(caller: Caller) -> None:
    told = index(caller)
    assert told["countries"] == {"DE": 4, "FR": 1, "PL": 1}
    assert told["state"] == caller.call("lyon", "Authority/get", accountId="directory", ids=[])["state"]


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_pages_of_any_size_bring_each_authority_once(caller: Caller, size: int) -> None:
    after, seen, more = "", [], True
    while more:
        told = index(caller, country="DE", after=after, limit=size)
        page = told["list"]
        assert isinstance(page, list)
        assert len(page) <= size
        seen += [each["id"] for each in page]
        after, more = seen[-1], bool(told["hasMore"])
    assert seen == sorted(each.id for each in AUTHORITIES if each.country == "DE")


def test_it_has_what_a_search_needs_and_no_more(caller: Caller, store: Store) -> None:
    titles = {"fr": "Inspection du travail", "de": "Arbeitsinspektion", "en": "Labour inspection"}
    rich = Authority(
        id="fr-rich",
        formal_name="Direction",
        country="FR",
        town="Lille",
        address="1, rue Haute",
        website="https://example.org",
        topics=("wages",),
        titles=titles,
        descriptions={"fr": "Une longue description."},
    )
    store.put_authorities([rich])
    told = index(caller, country="FR", after="fr-dreets-ara", languages=["fr"])
    assert told["list"] == [
        {
            "id": "fr-rich",
            "formalName": "Direction",
            "country": "FR",
            "town": "Lille",
            "topics": ["wages"],
            "titles": {"fr": "Inspection du travail", "en": "Labour inspection"},
            "descriptions": {"fr": "Une longue description."},
        }
    ]


def test_of_a_description_it_has_the_beginning_in_the_best_language(caller: Caller, store: Store) -> None:
    long = "Kontrolliert\nBaustellen und " + "Betriebe " * 40
    given = {"de": long, "en": "Inspects sites", "pl": "Kontroluje"}
    for id, languages in (("fr-x1", ("de", "en", "pl")), ("fr-x2", ("en", "pl")), ("fr-x3", ("pl",)), ("fr-x4", ())):
        told = {language: given[language] for language in languages}
        store.put_authorities([Authority(id=id, formal_name="X", country="FR", descriptions=told)])
    found = index(caller, country="FR", after="fr-dreets-ara", languages=["de"])["list"]
    one, two, three, four = [each.get("descriptions") for each in found]  # type: ignore[attr-defined]
    assert (two, three, four) == ({"en": "Inspects sites"}, {"pl": "Kontroluje"}, None)
    assert one["de"].startswith("Kontrolliert Baustellen und Betriebe Betriebe")
    assert one["de"].endswith("Betriebe…")
    assert 100 < len(one["de"]) <= 120


def test_an_authority_without_a_title_in_these_languages_shows_another(caller: Caller, store: Store) -> None:
    store.put_authorities([Authority(id="fr-x", formal_name="X", country="FR", titles={"pl": "Urząd"})])
    told = index(caller, country="FR", after="fr-dreets-ara", languages=["de"])
    assert told["list"][0]["titles"] == {"pl": "Urząd"}  # type: ignore[index]


def test_a_country_nobody_is_in_is_empty(caller: Caller) -> None:
    told = index(caller, country="MT")
    assert (told["list"], told["hasMore"]) == ([], False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"country": 3},
        {"country": "DE", "after": 1},
        {"country": "DE", "limit": 0},
        {"languages": "fr", "country": "DE"},
        {"nonsense": 1},
    ],
)
def test_wrong_arguments_are_told(caller: Caller, wrong: dict[str, object]) -> None:
    assert index(caller, **wrong)["error"]["type"] == "invalidArguments"  # type: ignore[index]


def test_the_whole_register_stays_within_its_budget(caller: Caller, store: Store) -> None:
    demo = europe.load().authorities
    store.put_authorities(demo)
    size = 0
    for country in index(caller)["countries"]:  # type: ignore[attr-defined]
        told = index(caller, country=country, languages=["fr"])
        # One country alone, as the stream has it, without the help of what came before.
        size += len(zstandard.ZstdCompressor(level=9).compress(json.dumps(told, ensure_ascii=False).encode()))
    assert size / len(demo) < BUDGET


def test_a_register_in_which_everybody_describes_themselves_does_so_too(caller: Caller, store: Store) -> None:
    """Words at random pack worse than any language: 400 authorities of a country, each with 300 characters of them."""
    rng = random.Random(5)

    def words(count: int) -> str:
        return " ".join("".join(rng.choices("etaoinshrdlucm", k=rng.randint(3, 11))) for _ in range(count))

    many = [
        Authority(
            id=f"mt-{number:04}",
            formal_name=words(4).title(),
            country="MT",
            town=words(1).title(),
            titles={"en": words(3)},
            descriptions={"en": words(40)},
        )
        for number in range(400)
    ]
    store.put_authorities(many)
    told = index(caller, country="MT", languages=["en"])
    size = len(zstandard.ZstdCompressor(level=9).compress(json.dumps(told, ensure_ascii=False).encode()))
    assert size / len(many) < BUDGET
