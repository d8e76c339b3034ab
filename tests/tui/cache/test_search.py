"""Full-text search: letters of all languages, nothing typed is syntax, newest first, no trace of erased words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import pytest

from imi_core.case import Case, to_wire
from imi_core.procedure import Rules
from imi_tui.cache import opening
from imi_tui.cache.confirmed.page_writer import Page
from imi_tui.cache.content import prefixes, vocabulary
from imi_tui.cache.content.contents import head_of
from imi_tui.cache.content.indexing import LITTLE
from imi_tui.cache.model import Changed
from imi_tui.cache.store import Store
from tests.tui.cache.world import DE, case, case_id, entry, open_store, put, set_up

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def hits(store: Store, text: str, limit: int = 50) -> list[int]:
    return [int(row.id, 16) for row in store.search(text, limit)]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Łukasz Żółć", "Lukasz"),
        ("Łukasz Żółć", "zolc łuk"),
        ("ΠΡΟΘΕΣΜΊΑ", "προθεσμια"),
        ("προθεσμία", "ΠΡΟΘΕΣΜΊΑ"),
        ("Straße", "STRASSE"),
        ("Đorđe Øresund Æble", "dorde oresund aeble"),
        ("Йордан", "йор"),
        ("e\u0301tude", "étude"),
        ("2014/67/EU", "2014 67"),
        ("Alpbau GmbH", "alp"),
    ],
)
def test_words_of_all_languages(store: Store, pw_info: Rules, text: str, typed: str) -> None:
    put(store, case(pw_info, 1, subject=text), case(pw_info, 2, subject="other", request={}))
    assert hits(store, typed) == [1]


def test_what_is_searched(store: Store, pw_info: Rules) -> None:
    found = case(pw_info, 1, "accepted", answers={"EST-01.remark": "antwortwort"})
    attachment = {"blobId": "b", "name": "rechnung.pdf", "size": 1, "sha256": "0"}
    put(
        store,
        found,
        entries=[
            entry(found, text={"lang": "de", "text": "nachricht"}, attachments=[attachment], officerName="Müller"),
        ],
    )
    for typed in ("pw-26-000001", "alpbau", "anna example", "antwortwort", "nachricht", "rechnung", "muller", "fr1"):
        assert hits(store, typed) == [1], typed
    assert hits(store, "nachricht fehlt") == []
    assert hits(store, "achricht") == []


@pytest.mark.parametrize(
    "typed",
    ["", " ", '"', "'", "a OR b", "NEAR(a b)", "text:alpbau", "-alpbau", "^alp", "alpbau*", '"alp" "', "*", "("],
)
def test_nothing_typed_is_syntax(store: Store, pw_info: Rules, typed: str) -> None:
    put(store, case(pw_info))
    store.search(typed)


def test_a_number_finds_its_reference_without_the_zeros(store: Store, pw_info: Rules) -> None:
    put(store, *(case(pw_info, n, subject=text) for n, text in ((1, "x"), (123, "x"), (4512, "x"), (7, "room 4512"))))
    assert {int(row.reference[-6:]) for row in store.search("4512")} == {7, 4512}
    for typed, found in (("4512 x", {4512}), ("123", {123}), ("-4512", {1, 123}), ("45", {7}), ("1234", set())):
        assert {int(row.reference[-6:]) for row in store.search(typed)} == found, typed


def test_newest_first(store: Store, pw_info: Rules) -> None:
    put(store, *(case(pw_info, number, last_activity=AT + dt.timedelta(hours=number % 5)) for number in range(1, 5)))
    assert hits(store, "alpbau") == [4, 3, 2, 1]
    put(store, case(pw_info, 1, last_activity=AT + dt.timedelta(days=1)))
    assert hits(store, "alpbau") == [1, 4, 3, 2]
    assert hits(store, "alpbau", 2) == [1, 4]
    put(store, *(case(pw_info, number, last_activity=AT) for number in range(10, 40)))
    assert hits(store, "alpbau")[:4] == [1, 4, 3, 2]
    assert len(hits(store, "alpbau")) == 34


def test_large_pages_are_indexed_when_there_is_time(store: Store, pw_info: Rules) -> None:
    count = LITTLE + 10
    put(store, *(case(pw_info, number) for number in range(1, count + 1)))
    assert store.indexing() == count
    assert store.search("alpbau") == []
    put(store, case(pw_info, 1, subject="changed"))
    while store.sync.index_pending(20):
        pass
    assert store.indexing() == 0
    assert len(store.search("alpbau", 1000)) == count
    assert hits(store, "changed") == [1]
    store.sync.apply(DE, Page("x", destroyed={"Case": [case_id(2)]}))
    assert len(store.search("alpbau", 1000)) == count - 1


def test_what_came_shows_before_its_words_are_indexed(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info, 1))
    seen: list[tuple[int, list[int], int]] = []

    def look(_: Changed) -> None:
        seen.append((len(store.window("all", "due", limit=10)), hits(store, "quokka"), store.indexing()))

    end = store.subscribe(look)
    put(store, case(pw_info, 1, subject="quokka"), case(pw_info, 2))
    end()
    assert seen == [(2, [], 2)]
    assert (hits(store, "quokka"), store.indexing()) == ([1], 0)


def many(pw_info: Rules, **changes: str) -> list[Case]:
    """More cases than are indexed with their page."""
    return [case(pw_info, number, **changes) for number in range(1, LITTLE + 3)]


def index_all(store: Store) -> None:
    while store.sync.index_pending(500):
        pass


def test_a_changed_case_is_found_by_its_old_words_until_the_new_ones_are_in(store: Store, pw_info: Rules) -> None:
    changed = many(pw_info, subject="wombat")
    put(store, *many(pw_info, subject="quokka"))
    index_all(store)
    put(store, *changed)
    assert (len(hits(store, "quokka", 500)), hits(store, "wombat")) == (len(changed), [])
    index_all(store)
    assert (hits(store, "quokka"), len(hits(store, "wombat", 500))) == ([], len(changed))
    assert b"quokka" not in pages(store)


def test_old_words_leave_before_the_new_ones_come_after_a_new_start(home: Path, pw_info: Rules) -> None:
    store = set_up(open_store(home), pw_info)
    put(store, *many(pw_info, subject="quokka"))
    index_all(store)
    put(store, *many(pw_info, subject="wombat"))
    store.close()
    store = open_store(home)
    index_all(store)
    assert (hits(store, "quokka"), len(hits(store, "wombat", 500))) == ([], LITTLE + 2)
    store.close()


def test_old_words_are_not_kept_where_another_folding_begins_anew(
    home: Path, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = set_up(open_store(home), pw_info)
    put(store, *many(pw_info, subject="quokka"))
    index_all(store)
    put(store, *many(pw_info, subject="wombat"))
    store.close()
    monkeypatch.setattr(opening, "FOLDING", "2/next")
    store = open_store(home)
    assert (hits(store, "quokka"), store.indexing()) == ([], LITTLE + 2)
    index_all(store)
    assert len(hits(store, "wombat", 500)) == LITTLE + 2
    store.close()


@pytest.mark.parametrize("what", ["hidden case", "hidden content", "entry again", "entry gone"])
def test_what_may_no_longer_be_seen_is_not_found_for_a_moment_more(store: Store, pw_info: Rules, what: str) -> None:
    before = [case(pw_info, number, subject="quokka") for number in range(1, LITTLE + 3)]
    said = [entry(one, text={"lang": "de", "text": "numbat"}) for one in before]
    put(store, *before, entries=said)
    index_all(store)
    assert len(hits(store, "numbat", 500)) == len(before)
    page = {
        "hidden case": Page("x", cases=[to_wire(case(pw_info, n, level="nothing", request={})) for n in range(1, 67)]),
        "hidden content": Page("x", contents=[{"id": one.id, "level": "summary"} for one in before]),
        "entry again": Page("x", entries=[one | {"text": None, "redacted": True} for one in said]),
        "entry gone": Page("x", destroyed={"Entry": [one["id"] for one in said]}),
    }[what]
    store.sync.apply(DE, page)
    assert store.indexing() == len(before)
    assert hits(store, "numbat") == []


def test_other_folding_indexes_anew(store: Store, home: Path, pw_info: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, case(pw_info), case(pw_info, 2))
    store.close()
    monkeypatch.setattr(opening, "FOLDING", "2/next")
    again = open_store(home)
    assert again.indexing() == 2
    while again.sync.index_pending(10):
        pass
    assert hits(again, "alpbau") != []
    assert again._cache.one("select count(*) from document") == (2,)
    again.close()


def translate(store: Store, *texts: str, number: int = 1) -> None:
    """The server has these translations of a case, and no others."""
    made = [
        {
            "id": f"t-{text}",
            "caseId": case_id(number),
            "entryId": "e",
            "lang": "de",
            "texts": {"text": text},
            "at": "2026-03-10T09:00:00Z",
        }
        for text in texts
    ]
    store.translations.follow(DE, case_id(number))
    store.translations.took(DE, {case_id(number): len(texts)}, made)


def test_a_translation_on_this_machine_is_searched_until_it_is_gone(
    home: Path, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = set_up(open_store(home), pw_info)
    put(store, case(pw_info, 1), case(pw_info, 2))
    translate(store, "Baustelle quokka", "numbat")
    index_all(store)
    assert (hits(store, "quokka"), hits(store, '"baustelle quok'), hits(store, "numbat")) == ([1], [1], [1])
    # The content comes anew, and with it another document.
    store.sync.apply(DE, Page("x", contents=[{"id": case_id(1), "contentVersion": 2, "request": {"site": "wombat"}}]))
    index_all(store)
    assert (hits(store, "wombat quokka"), hits(store, "baustelle")) == ([1], [1])
    translate(store, "numbat")
    assert (hits(store, "numbat"), hits(store, "quokka"), store._documents.scrubs) == ([], [], True)
    index_all(store)
    assert (hits(store, "numbat"), hits(store, "quokka")) == ([1], [])
    # It came before the content did.
    store.sync.apply(DE, Page("h", heads=[head_of(to_wire(case(pw_info, 3)))]))
    translate(store, "bilby", number=3)
    store.sync.apply(DE, Page("c", contents=[{"id": case_id(3), "request": {"site": "dunnart"}}]))
    index_all(store)
    assert hits(store, "bilby dunnart") == [3]
    # It goes with what may no longer be seen.
    put(store, case(pw_info, 3, level="summary", request={}))
    assert (hits(store, "bilby"), hits(store, "dunnart")) == ([], [])
    index_all(store)
    assert (hits(store, "bilby"), b"bilby" in pages(store)) == ([], False)
    # A program of before did not look for words in translations.
    with monkeypatch.context() as before:
        before.setattr(vocabulary.Stored, "translations", ())
        store._documents.rebuild()
        index_all(store)
        store._cache.run("delete from meta where name = 'translations_indexed'")
    store.close()
    store = open_store(home)
    [(went_in,)] = store._cache.rows("select text from document where n = 1")
    assert ("wombat" in went_in, "numbat" in went_in, hits(store, "numbat")) == (True, False, [])
    index_all(store)
    assert hits(store, "numbat wombat") == [1]
    store.close()


def pages(store: Store) -> bytes:
    """Every page of the cache as SQLite sees it, decrypted, also the free ones; the log is empty."""
    store._cache.run("pragma wal_checkpoint(truncate)")
    return store._cache.connection.serialize("main")


def test_erased_words_are_nowhere(store: Store, pw_info: Rules) -> None:
    """Words of erased cases are in no page of the decrypted file, though words beside them in the index stay."""
    secret, kept = "qzx", "qzy"
    for base in range(0, 600, 60):
        cases = []
        for number in range(base + 1, base + 61):
            word = secret if number % 2 else kept
            text = " ".join(f"{word}{number}n{count}" for count in range(40))
            cases.append(case(pw_info, number, subject=text))
        put(store, *cases, entries=[entry(one, text={"lang": "de", "text": one.subject}) for one in cases])
    while store.sync.index_pending(500):
        pass
    before = pages(store)
    assert before.startswith(b"SQLite format 3")
    assert before.count(secret.encode()) > 5_000
    store.sync.apply(DE, Page("x", destroyed={"Case": [case_id(number) for number in range(1, 601, 2)]}))
    while store.sync.index_pending(500):
        pass
    assert secret.encode() not in pages(store)
    assert hits(store, f"{kept}300n1") == [300]
    assert len(store.search(kept, 1000)) == 300


def test_erased_words_are_not_in_the_log(store: Store, home: Path, pw_info: Rules) -> None:
    put(store, case(pw_info))
    assert (home / "cache.db-wal").stat().st_size > 0
    store.sync.apply(DE, Page("x", destroyed={"Case": [case_id(1)]}))
    assert (home / "cache.db-wal").stat().st_size == 0


def begun(store: Store, begin: str, words: Iterable[str]) -> bool:
    """Whether a query for this beginning finds, of cases that stand for one word each, those whose word begins so."""
    numbers = [number for number, word in enumerate(words, 1) if word.startswith(begin)]
    return sorted(hits(store, begin, 1000)) == numbers


def test_a_beginning_finds_what_the_words_find_that_begin_so(
    store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = ["entreprise"] * 3 + ["kette"] * 3 + ["8026"] * 4
    rare = [
        "entreprises",
        "entrepot",
        "entre",
        "enterprise",
        "ketten",
        "kettenhemd",
        "kett",
        "80261",
        "80267",
        "e",
        "9",
    ]
    words = [*common, *rare, *(f"kette{number}" for number in range(9))]
    put(store, *(case(pw_info, number, subject=word, request={}) for number, word in enumerate(words, 1)))
    query = store.finding.beginnings.query
    plain = '"{}" *'.format
    assert query("entr") == plain("entr"), "all of them stand in few cases"
    monkeypatch.setattr(prefixes, "RARE", 3)
    assert query("entr") == f'("entre" OR {plain("entrepo")} OR "entreprise" OR {plain("entreprises")})'
    assert query("8026") == f'("8026" OR {plain("80261")} OR {plain("80267")})'
    assert query("en") == plain("en")
    for begin in (
        "entre",
        "entrepr",
        "entreprises",
        "entrez",
        "ent",
        "e",
        "8",
        "80",
        "8026",
        "80261",
        "9",
        "kett",
        "x",
    ):
        assert begun(store, begin, words), begin
    assert hits(store, "kettenh entre") == []
    monkeypatch.setattr(prefixes, "MOST", 4)
    assert query("kett") == plain("kett"), "too many to look at"
    assert begun(store, "kett", words)
    store.sync.apply(DE, Page("x", destroyed={"Case": [case_id(1)]}))
    assert "entreprise" not in query("entreprise"[:5]).replace("entreprises", "")


def test_rows_are_made_when_somebody_looks_at_them(
    store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *(case(pw_info, number, subject="alpbau") for number in range(1, 9)))
    made: list[int] = []
    original = store._listing.made
    monkeypatch.setattr(store._listing, "made", lambda row, by: made.append(row[0]) or original(row, by))
    rows = store.hits(store.finding.read("alpbau"), 8).rows
    part = rows[2:7]
    assert (len(rows), len(part), made) == (8, 5, [])
    assert [row.subject for row in part[1:3]] == ["alpbau"] * 2
    assert (part[1], rows[3].n) == (rows[3], made[0])
    assert len(made) == 2
    assert [row.n for row in rows] == [row[0] for row in rows._found]
    assert len(made) == 8
