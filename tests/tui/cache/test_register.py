"""Searching authorities offline: languages, accents, one mistake, why it matched, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imi_core.text import clean
from imi_tui.cache.model import AuthorityHit
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.cache.words.spelling import mistakes, near
from imi_tui.cache.words.transliteration import latin
from tests.tui.cache.world import authority, open_store

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
        ("wroclaw", "pl1", "title"),
        ("wrocławiu", "pl1", "name"),
        ("WROCŁAW inspektorat", "pl1", "title"),
        ("labour inspectorate", "pl1", "title"),
        ("posting", "pl1", "topic"),
        ("silesia", "pl1", "description"),
        ("rosenheim", "de5", "name"),
        ("schwarzarbeit rosen", "de5", "name"),
        ("αθηνα", "el1", "town"),
        # Latin names as they are heard, by who types with other letters
        ("розенхайм", "de5", "name"),
        ("финанцконтроле", "de5", "name"),
        ("ρόζενχαϊμ", "de5", "name"),
        ("хамрун", "mt1", "town"),
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
        ("wroclwa inspektorta", "pl1", "name"),
        # two in a long word, one inside of a compound
        ("rsoenhiem", "de5", "name"),
        ("inspekcotrat", "pl1", "name"),
        # in the letters of the keyboard, and for short
        ("iatrikos", "el1", "name"),
        ("athina", "el1", "town"),
        ("fsr", "de5", "name"),
        ("oipww", "pl1", "name"),
        # a title in a language of somebody else
        ("breslau", "pl1", "title"),
    ],
)
def test_found_by(register: Store, words: str, found: str, why: str) -> None:
    hits = register.authorities(words)
    assert [(name, hit.why) for name, hit in zip(names(hits), hits, strict=True)] == [(found, why)]


@pytest.mark.parametrize("words", ["xyz", "rsoenheim7", "abc def", "roz", "fs", "sr"])
def test_not_found(register: Store, words: str) -> None:
    assert register.authorities(words) == []


def test_where_none_has_every_word_those_that_have_most_say_what_they_lack(register: Store) -> None:
    found = {hit.id.removeprefix("authority-"): hit.missing for hit in register.authorities("rosenheim athens")}
    assert found == {"de5": ("athens",), "el1": ("rosenheim",)}
    (hit,) = register.authorities("rosenheim schwarzarbeit athens")
    assert (hit.id, hit.missing) == ("authority-de5", ("athens",))
    (hit,) = register.authorities("rosenheim schwarzarbeit")
    assert hit.missing == ()


def test_a_title_is_shown_in_the_officers_language(register: Store) -> None:
    (hit,) = register.authorities("breslau", languages=("de",))
    assert (hit.title, hit.why, hit.matched) == ("Arbeitsaufsicht Breslau", "title", "Arbeitsaufsicht Breslau")
    (hit,) = register.authorities("inspection", languages=("de",))
    assert (hit.title, hit.matched) == ("Arbeitsaufsicht Breslau", "Inspection du travail")
    assert (hit.name, hit.town, hit.country) == ("Okręgowy Inspektorat Pracy we Wrocławiu", "Wrocław", "PL")


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
            assert mistakes(typed, word + rest, 1) >= 0, (typed, word + rest)


@given(st.text("ab", min_size=1, max_size=6), st.text("ab", max_size=7))
def test_near_is_one_edit_of_a_beginning(word: str, text: str) -> None:
    near = any(
        start in edits(word, letter) for letter in "ab" for start in (text[:end] for end in range(len(text) + 1))
    )
    assert (mistakes(word, text, 1) >= 0) == near


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


@pytest.mark.parametrize("allowed", [1, 2])
@pytest.mark.parametrize("word", ["rosenheim", "abcdefgh"])
def test_every_way_to_mistype_a_word_is_found_in_a_vocabulary(word: str, allowed: int) -> None:
    vocabulary = f"\naachen\n{word}\nzz\n"
    typed = edits(word, "x")
    if allowed == 2:
        typed = {each for first in typed for each in edits(first, "x")}
    for each in typed:
        found = {place: slips for place, slips, inside in near(each, vocabulary, allowed) if not inside}
        # Two letters that were exchanged and have another one between them are three mistakes.
        slips = mistakes(each, word, allowed)
        assert found == ({8: slips} if slips >= 0 else {}), each


def test_a_mistake_inside_of_a_compound(register: Store) -> None:
    assert list(near("zolamt", "\nhauptzollamt\nzollamt\n", 1)) == [(1, 1, True), (14, 1, False)]


@pytest.mark.parametrize(
    ("word", "letters"),
    [
        ("αθηνα", "athina"),
        ("επιθεωρηση", "epitheorisi"),
        ("υπουργειο", "ypourgeio"),
        ("αυτοτελες", "aftoteles"),
        ("ευρωπη", "evropi"),
        ("софия", "sofia"),
        ("инспекция", "inspektsia"),
        ("щастие", "shtastie"),
        ("lyon", ""),
    ],
)
def test_names_in_latin_letters(word: str, letters: str) -> None:
    assert latin(word) == letters


def test_the_index_follows_what_comes_changes_and_goes(register: Store) -> None:
    assert names(register.authorities("rosenheim")) == ["de5"]
    moved = {**ROSENHEIM, "formalName": "Hauptzollamt Passau", "town": "Passau", "country": "AT"}
    register.sync.apply("directory", Page("d2", authorities=[moved]))
    assert names(register.authorities("rosenheim")) == []
    assert [(hit.id, hit.country) for hit in register.authorities("passau")] == [("authority-de5", "AT")]
    assert register.authorities("passau", country="DE") == []
    register.sync.apply("directory", Page("d3", destroyed={"Authority": ["authority-de5"]}))
    assert register.authorities("passau") == []
    register.sync.reset_account("directory")
    assert register.authorities("wroclaw") == []


def test_an_index_that_a_kill_left_out_or_another_program_made_is_made_with_the_next_page(register: Store) -> None:
    for damage in (
        "update register_index set format = 'of before'",
        "delete from register_index",
    ):
        register._cache.run(damage)
        register._cache.run("update meta set value = value + 1 where name = 'register_index'")
        if damage.startswith("delete"):
            register._cache.run("insert into register_stale select distinct country, 1 from authority")
        assert register.authorities("wroclaw") == []
        register.sync.apply("directory", Page(f"again {damage}", authorities=[MALTA]))
        assert names(register.authorities("wroclaw")) == ["pl1"]


def test_a_country_of_several_pages_is_indexed_when_it_is_whole(store: Store) -> None:
    store.sync.register.begin({"DE": 2, "AT": 1})
    store.sync.register.put("DE", [authority("de7", formalName="Amt Eins")], more=True)
    assert store.authorities("eins") == []
    store.sync.register.put("AT", [authority("at7", formalName="Amt Zwei")], more=False)
    assert set(names(store.authorities("amt"))) == {"de7", "at7"}, "what waits is made with the next one that is whole"
    store.sync.register.put("DE", [authority("de8", formalName="Amt Drei")], more=False)
    assert names(store.authorities("drei")) == ["de8"]
    assert names(store.authorities("eins")) == ["de7"]


def test_another_store_of_the_same_cache_finds_what_came(register: Store, home: Path) -> None:
    other = open_store(home)
    assert names(other.authorities("rosenheim")) == ["de5"]
    register.sync.apply("directory", Page("d2", authorities=[authority("at9", formalName="Rosenheim in Wien")]))
    assert set(names(other.authorities("rosenheim"))) == {"de5", "at9"}
    other.close()


def test_strange_texts_in_the_register_cannot_break_the_index(register: Store) -> None:
    strange = authority(
        "xx1",
        formalName="Line\nbreak = \x1f \x1e \x1d \u202e [b]",
        town="A\nB",
        titles={f"x{number}": f"Title {number}" for number in range(300)},
        topics=["a b", "c\nd"],
    )
    register.sync.apply("directory", Page("d2", authorities=[clean(strange)]))
    assert names(register.authorities("break")) == ["xx1"]
    assert names(register.authorities("title 299")) == ["xx1"]
    assert names(register.authorities("wroclaw")) == ["pl1"]
