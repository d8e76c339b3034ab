"""Cases by authority and the register stand as the officer's alphabet has them, whatever the language was before."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from imi_core.collation import sort_key
from imi_core.procedure import Rules
from imi_core.text import fold
from imi_tui.cache.listing import alphabet
from imi_tui.cache.listing.alphabet import shown
from imi_tui.cache.order import NAMES
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.tui.cache.world import DE, authority, case, case_id, open_store, put, set_up

ORDERS = {
    "da": "Danmark|Zoll|Ærø|Ødsted|Aabenraa|Aarhus|Århus Kommune",
    "sv": "Danderyd|Tyresö|Zoll|Åbo|Ängelholm|Örebro",
    "et": "Sakala|Šveits|Zoll|Žilina|Tallinn|Õru|Äksi|Ööbik|Ülemiste|Xanten",
    "es": "Nantes|Nules|Ñora|Orense",
    "cs": "Cypr|Čáslav|Dobříš|Hradec|Chomutov|Chrudim|Ivančice|Rokycany|Říčany|Zlín|Žatec",
    "lt": "Ignalina|Ylakiai|Įsrutis|Jonava|Šiauliai|Vilnius|Zarasai|Žagarė",
    "hu": "Cegléd|Csongrád|Dombóvár|Gödöllő|Gyula|Ózd|Örkény|Pécs|Zala|Zsira",
    "el": "Αθήνα|Βόλος|Ρόδος|Ωρωπός|Athens",
    "de": "Aachen|Österreich|Passau|Zoll",
}


def settle(store: Store) -> int:
    """Let the thread that writes do what it has to; how often it had something to do."""
    steps = 0
    while store.sync.index_pending(50):
        steps += 1
    return steps


def by_name(store: Store, **window: object) -> list[str]:
    return [row.counterpart for row in store.window("all", "authority", limit=999, **window)]  # type: ignore[arg-type]


def named(rules: Rules, number: int, name: str) -> object:
    found = case(rules, number)
    return replace(found, parts=tuple(replace(part, name=name) for part in found.parts))


@pytest.fixture
def store(home: Path, pw_info: Rules) -> Iterator[Store]:
    """Two cases with each name of every order, as they might come."""
    found = set_up(open_store(home), pw_info)
    names = sorted({name for order in ORDERS.values() for name in order.split("|")})
    mixed = random.Random(7).sample(names * 2, len(names) * 2)
    put(found, *(named(pw_info, number, name) for number, name in enumerate(mixed, 1)))  # type: ignore[arg-type]
    towns = [authority(f"de{number + 5}", formalName=name) for number, name in enumerate(names)]
    found.sync.apply("directory", Page("d2", authorities=towns))
    yield found
    found.close()


def test_a_list_by_authority_follows_the_alphabet_of_each_language(store: Store) -> None:
    before = [row.counterpart for row in store.window("all", "due", limit=999)]
    for language, order in ORDERS.items():
        store.sync.alphabet.choose(language)
        assert settle(store) > 0
        assert not settle(store)
        found = by_name(store)
        wanted = [name for name in order.split("|") for _twice in range(2)]
        assert [name for name in found if name in wanted] == wanted, language
        assert found == sorted(found, key=lambda name: sort_key(name, language))
        rows = store.window("all", "authority", limit=999)
        # A window begins anywhere, and goes both ways.
        at = rows[20]
        assert store.window("all", "authority", after=at.key, limit=5) == rows[21:26]
        assert store.window_before("all", "authority", before=at.key, limit=5) == rows[15:20]
        assert store.window_at("all", "authority", 20, 1) == [at]
        assert store.row(DE, at.id, "all", "authority") == at
        hits = [hit.name for hit in store.authorities("", country="DE", limit=999) if hit.name in wanted]
        assert hits == order.split("|"), language
    assert [row.counterpart for row in store.window("all", "due", limit=999)] == before


def test_until_another_order_is_whole_the_one_before_is_shown(
    store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alphabet, "STEP", 10)
    monkeypatch.setattr(alphabet, "HOLD", 0)
    store.sync.alphabet.choose("da")
    store.sync.alphabet.step()
    assert len(store._cache.rows("select 1 from spelling")) == 2
    # What is known already and what is not, what goes and what comes.
    for number, name in ((1, "Åse"), (90, "Aase"), (2, "Zz")):
        put(store, replace(named(pw_info, number, name), version=7))  # type: ignore[type-var]
    store.sync.apply(DE, Page("gone", destroyed={"Case": [case_id(3), case_id(80)]}))
    expected = by_name(store)
    assert expected == sorted(expected, key=lambda name: (fold(name), name != fold(name)))
    assert expected.index("Aase") < expected.index("Zz")
    again = open_store(store._cache.path.parent)  # type: ignore[union-attr]
    # Another process, which was told of no language, leaves it as it is.
    assert not again.sync.alphabet.step()
    again.sync.alphabet.choose("da")
    assert settle(again) > 5
    found = by_name(again)
    assert sorted(found) == sorted(expected)
    assert found == sorted(found, key=lambda name: sort_key(name, "da")[0])
    assert found.index("Zz") < found.index("Örkény") < found.index("Århus Kommune") < found.index("Aase")
    assert by_name(store) == found
    again.close()
    count = "select count(*) from view_row where slot % 8 = ?"
    sizes = [store._cache.one(count, (position,))[0] for position in NAMES]
    assert sorted(sizes) == [0, len(found)]


def test_a_language_that_is_changed_back_meanwhile_leaves_nothing_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = by_name(store)
    monkeypatch.setattr(alphabet, "STEP", 10)
    monkeypatch.setattr(alphabet, "HOLD", 0)
    store.sync.alphabet.choose("da")
    store.sync.alphabet.step()
    assert store._cache.one("select count(*) from view_row where slot % 8 = ?", (NAMES[1],))[0]
    store.sync.alphabet.choose("fr")
    settle(store)
    assert by_name(store) == before
    assert not store._cache.one("select count(*) from view_row where slot % 8 = ?", (NAMES[1],))[0]
    assert shown(store._cache) == ("", NAMES[0])


def test_a_cache_that_is_still_empty_is_filled_in_the_order_that_was_chosen(home: Path, pw_info: Rules) -> None:
    store = set_up(open_store(home), pw_info)
    store.sync.alphabet.choose("sv")
    put(store, *(named(pw_info, n, name) for n, name in enumerate(ORDERS["sv"].split("|"), 1)))  # type: ignore[arg-type]
    assert by_name(store) == ORDERS["sv"].split("|")
    assert not [place for (place,) in store._cache.rows("select distinct slot % 8 from view_row") if place == NAMES[1]]
    store.close()


def test_names_that_begin_so_are_found_wherever_their_letters_stand(store: Store) -> None:
    for language in ("de", "da", "hu", "cs"):
        store.sync.alphabet.choose(language)
        settle(store)
        everything = {row.counterpart for row in store.window("all", "due", limit=999)}
        for begin in ("a", "aa", "ar", "aar", "o", "c", "cs", "cso", "ch", "z", "ρ", "αθ", "x", "danm"):
            found = store.names(begin)
            assert sorted(found) == sorted(name for name in everything if fold(name).startswith(begin)), (
                language,
                begin,
            )
            assert found == sorted(found, key=lambda name: sort_key(name, language)), (language, begin)
    assert store.names("", limit=3) == by_name(store)[:6:2]
