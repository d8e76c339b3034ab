"""Searching authorities offline: languages, accents, one mistake, why it matched, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imi_tui.cache.model import AuthorityHit
from imi_tui.cache.register import near_prefix
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.tui.cache.world import authority

WROCLAW = authority(
    "pl1",
    formalName="Okręgowy Inspektorat Pracy we Wrocławiu",
    town="Wrocław",
    titles={"de": "Arbeitsaufsicht Breslau", "en": "Labour Inspectorate Wrocław", "fr": "Inspection du travail"},
    descriptions={"en": "Checks posted workers in Lower Silesia", "fr": "Contrôle"},
    topics=["posting_of_workers"],
    desks=[{"id": "pl1", "area": "pw"}, {"id": "pl1q", "area": "pq"}],
)
ROSENHEIM = authority("de5", formalName="Finanzkontrolle Schwarzarbeit Rosenheim", town="Rosenheim")
ATHENS = authority(
    "el1", formalName="Ιατρικός Σύλλογος Αθηνών", town="Αθήνα", titles={"en": "Athens Medical Association"}
)
MALTA = authority("mt1", formalName="Bord tal-Ħaddiema", town="Ħamrun")


@pytest.fixture
def register(store: Store) -> Iterator[Store]:
    store.sync.reset_account("directory")
    store.sync.apply("directory", Page("d", authorities=[WROCLAW, ROSENHEIM, ATHENS, MALTA]))
    return store


def names(hits: list[AuthorityHit]) -> list[str]:
    return [hit.id.removeprefix("authority-") for hit in hits]


@pytest.mark.parametrize(
    ("words", "found", "why"),
    [
        ("wroclaw", "pl1", "name"),
        ("WROCŁAW inspektorat", "pl1", "name"),
        ("labour inspectorate", "pl1", "title"),
        ("posting", "pl1", "topic"),
        ("silesia", "pl1", "description"),
        ("rosenheim", "de5", "name"),
        ("schwarzarbeit rosen", "de5", "name"),
        ("αθηνα", "el1", "town"),
        ("ΙΑΤΡΙΚΟΣ", "el1", "name"),
        ("athens medical", "el1", "title"),
        ("haddiema", "mt1", "name"),
        ("ħamrun", "mt1", "town"),
        # one mistake: exchanged, missing, too many, wrong, also in an unfinished word
        ("rosenhiem", "de5", "name"),
        ("rosnheim", "de5", "name"),
        ("rossenheim", "de5", "name"),
        ("rosanheim", "de5", "name"),
        ("schwatzarb", "de5", "name"),
        ("wroclwa", "pl1", "name"),
        ("ιατρκος", "el1", "name"),
    ],
)
def test_found_by(register: Store, words: str, found: str, why: str) -> None:
    hits = register.authorities(words)
    assert [(name, hit.why) for name, hit in zip(names(hits), hits, strict=True)] == [(found, why)]


@pytest.mark.parametrize("words", ["rosenheim athens", "xyz", "rsoenhiem", "abc def", "roz"])
def test_not_found(register: Store, words: str) -> None:
    assert register.authorities(words) == []


def test_titles_only_in_the_officers_languages_and_english(register: Store) -> None:
    assert register.authorities("breslau") == []
    (hit,) = register.authorities("breslau", languages=("de",))
    assert (hit.title, hit.why, hit.matched) == ("Arbeitsaufsicht Breslau", "title", "Arbeitsaufsicht Breslau")
    (hit,) = register.authorities("wroclaw", languages=("de",))
    assert (hit.name, hit.town, hit.country) == ("Okręgowy Inspektorat Pracy we Wrocławiu", "Wrocław", "PL")
    assert hit.matched == hit.name


def test_country_area_and_no_words(register: Store) -> None:
    assert names(register.authorities("")) == ["mt1", "de5", "pl1", "el1"]
    assert names(register.authorities("", limit=2)) == ["mt1", "de5"]
    assert names(register.authorities("", country="EL")) == ["el1"]
    (hit,) = register.authorities("", area="pq")
    assert (hit.id, hit.desk, hit.area) == ("authority-pl1", "pl1q", "pq")
    assert register.authorities("rosenheim", country="PL") == []
    assert register.authorities("rosenheim", area="pq") == []


def test_letters_written_out_are_no_mistake(register: Store) -> None:
    chamber = authority("at9", formalName="Österreichische Ärztekammer")
    register.sync.apply("directory", Page("d2", authorities=[chamber]))
    for typed in ("aerztekammer", "aerztekamer", "arztekamer", "oesterreichishe", "oesterreichische aerztekmmer"):
        assert names(register.authorities(typed)) == ["at9"], typed


def test_a_name_comes_before_a_description(register: Store) -> None:
    register.sync.apply(
        "directory", Page("d2", authorities=[authority("at1", formalName="Amt", descriptions={"en": "Near Rosenheim"})])
    )
    assert names(register.authorities("rosenheim")) == ["de5", "at1"]


def edits(word: str, letter: str) -> set[str]:
    places = range(len(word) + 1)
    out = {word[:at] + word[at + 1 :] for at in places}
    out |= {word[:at] + letter + word[at:] for at in places}
    out |= {word[:at] + letter + word[at + 1 :] for at in places[:-1]}
    return out | {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in places[:-2]} | {word}


@given(st.text("abc", min_size=4, max_size=7), st.sampled_from("abcd"), st.text("abc", max_size=4))
def test_one_mistake_anywhere_is_forgiven(word: str, letter: str, rest: str) -> None:
    for typed in edits(word, letter):
        if len(typed) >= 4:
            assert near_prefix(typed, word + rest), (typed, word + rest)


@given(st.text("ab", min_size=1, max_size=6), st.text("ab", max_size=7))
def test_near_is_one_edit_of_a_beginning(word: str, text: str) -> None:
    near = any(
        start in edits(word, letter) for letter in "ab" for start in (text[:end] for end in range(len(text) + 1))
    )
    assert near_prefix(word, text) == near


def test_typing_reads_of_the_register_what_it_shows(store: Store) -> None:
    store.sync.apply("directory", Page("d", authorities=[authority(f"x{number}") for number in range(300)]))
    store.authorities("first", languages=("de",))
    read: list[str] = []
    store._cache.connection.exec_trace = lambda _cursor, sql, _values: bool(read.append(sql)) or True
    try:
        for words in ("a", "au", "authority", "auhtority x1", "town", "nothing like it"):
            read.clear()
            hits = store.authorities(words, languages=("de",), limit=20)
            # One look whether the register has changed, then the records of the page.
            assert len(read) == 1 + len(hits), (words, read[:5])
    finally:
        store._cache.connection.exec_trace = None
    assert len(store.authorities("", limit=1000)) >= 300
