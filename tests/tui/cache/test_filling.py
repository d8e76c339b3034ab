"""Contents that are the first of their case are kept and indexed in one go, as if each came by itself and was read."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imi_core.case import CONTENT, Case, to_wire
from imi_core.procedure import Rules
from imi_tui.cache.content import first_contents
from imi_tui.cache.content.contents import head_of
from imi_tui.cache.content.first_contents import First, FirstContents
from imi_tui.cache.storage import write_queue
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.core import world
from tests.effort import tries
from tests.tui.cache.test_outbox import send, sent
from tests.tui.cache.world import DE, FR, case, case_id, entry, open_store, put, set_up

RULES = world.load_rules("pw", "info")
TABLES = ("listing", "confirmed", "content", "entry", "wanted", "to_index")
SAID = ("Straße", "Łódź", "ναί", "l’État", "one two")

ENTRIES = st.fixed_dictionaries(
    {"id": st.integers(1, 4), "number": st.integers(1, 3), "mine": st.booleans(), "text": st.sampled_from(SAID)}
)
PAGES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("heads", "contents", "contents", "whole")),
        "cases": st.lists(st.integers(1, 3), max_size=3),
        "entries": st.lists(ENTRIES, max_size=4),
        "subject": st.sampled_from(SAID),
        "level": st.sampled_from(("full", "full", "summary")),
        "act": st.none() | st.integers(1, 3),
        "index": st.booleans(),
        "gone": st.none() | st.integers(1, 3),
    }
)
PLAIN = {"kind": "contents", "cases": [1], "entries": [], "subject": "one two", "level": "full"}
PLAIN |= {"act": None, "index": False, "gone": None}
SAME = {"id": 1, "number": 1, "mine": False, "text": "Straße"}


def content_of(one: Case) -> dict[str, Any]:
    return {name: value for name, value in to_wire(one).items() if name in {"id", "version", "level", *CONTENT}}


def page(given: dict[str, Any], number: int) -> Page:
    cases = [case(RULES, one, subject=given["subject"], level=given["level"]) for one in given["cases"]]
    entries = [
        entry(
            case(RULES, one["number"], "accepted"),
            id=f"e{one['id']}",
            desk=DE if one["mine"] else FR,
            text={"lang": "de", "text": one["text"]},
            attachments=[{"blobId": "b", "name": one["text"], "type": "a/b", "size": 1, "sha256": "0" * 64}],
        )
        for one in given["entries"]
    ]
    gone = {"Case": [case_id(given["gone"])]} if given["gone"] else {}
    wires = {
        "heads": {"heads": [head_of(to_wire(one)) for one in cases]},
        "contents": {"contents": [content_of(one) for one in cases]},
        "whole": {"cases": [to_wire(one) for one in cases]},
    }[given["kind"]]
    return Page(f"s{number}", entries=entries, destroyed=gone, filling=0.5, **wires)  # type: ignore[arg-type]


def words(store: Store) -> list[Any]:
    """What the index holds: each word with the number of each case it is in."""
    store._cache.run("create virtual table if not exists temp.inside using fts5vocab('main', 'words', 'instance')")
    found = store._cache.rows("select i.term, d.n from temp.inside i left join document d on d.docid = i.doc")
    return sorted(set(found), key=repr)


def play(home: Path, pages: list[dict[str, Any]]) -> list[Any]:
    """The tables and the words after each page, and what is left of the words when all cases are gone."""
    store = set_up(open_store(home), RULES)
    out: list[Any] = []
    try:
        for number, given in enumerate(pages):
            store.sync.apply(DE, page(given, number))
            if given["act"] is not None and store.find(f"PW-26-{given['act']:06}"):
                store.act(DE, case_id(given["act"]), "message", text="wort", lang="de")
            if given["index"]:
                index_all(store)
                out.append({name: store._cache.rows(f"select * from {name} order by 1, 2") for name in TABLES})
                out.append(words(store))
        index_all(store)
        out.append(words(store))
        store.sync.apply(DE, Page("end", destroyed={"Case": [case_id(number) for number in (1, 2, 3)]}))
        out.append(words(store))
    finally:
        store.close()
    return out


def index_all(store: Store) -> None:
    while store.sync.index_pending(9):
        pass
    store._cache.run("insert into words(words) values('integrity-check')")


@example(pages=[PLAIN | {"kind": "heads"}, PLAIN | {"entries": [SAME]}])
@example(pages=[PLAIN | {"kind": "heads"}, PLAIN | {"entries": [SAME | {"mine": True}], "index": True}])
# Two entries of one id, and one that is here as another case's.
@example(pages=[PLAIN | {"kind": "heads"}, PLAIN | {"entries": [SAME, SAME | {"text": "ναί"}]}])
@example(
    pages=[
        PLAIN | {"kind": "whole", "cases": [2], "entries": [SAME | {"number": 2}]},
        PLAIN | {"kind": "heads"},
        PLAIN | {"entries": [SAME | {"text": "ναί"}]},
    ]
)
# An entry that came before the content.
@example(
    pages=[
        PLAIN | {"kind": "heads"},
        PLAIN | {"kind": "heads", "cases": [], "entries": [SAME | {"id": 2, "text": "ναί"}]},
        PLAIN | {"entries": [SAME]},
    ]
)
@example(pages=[PLAIN | {"kind": "heads", "act": 1}, PLAIN])
@given(st.lists(PAGES, min_size=2, max_size=5))
@settings(max_examples=tries(12, 30), deadline=None)
def test_the_first_of_a_case_is_kept_as_anything_else(pages: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        quick = play(Path(folder) / "quick", pages)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(FirstContents, "look", lambda self, *_: First(self._cache.version(), [], [], [], {}))
            plain = play(Path(folder) / "plain", pages)
    assert quick == plain
    assert [word for word in quick[-1] if word[1] is None] == []


def filled(store: Store, count: int) -> list[Case]:
    """Heads of so many cases, and then their contents."""
    cases = [case(RULES, number, subject="quokka") for number in range(1, count + 1)]
    store.sync.apply(DE, Page("h", heads=[head_of(to_wire(one)) for one in cases]))
    said = [entry(one, text={"lang": "de", "text": "numbat"}) for one in cases]
    store.sync.apply(DE, Page("c", contents=[content_of(one) for one in cases], entries=said))
    return cases


def test_they_are_found_at_once(store: Store) -> None:
    filled(store, 3)
    assert store.indexing() == 0
    assert len(store.search("quokka numbat anna")) == 3


def test_whoever_wants_to_write_does_not_wait_for_the_words(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter((False, True))
    monkeypatch.setattr(first_contents, "STEP", 2)
    monkeypatch.setattr(type(store._cache.write_queue), "wanted", property(lambda _: next(asked)))
    filled(store, 5)
    monkeypatch.undo()
    assert store.indexing() == 3
    assert len(store.search("numbat")) == 2
    # Nor do they wait for the end.
    while store.sync.index_pending(9, late=False):
        pass
    assert len(store.search("numbat")) == 5


def test_a_case_begun_here_is_that_of_its_first_entry(store: Store, pw_info: Rules) -> None:
    item = send(store)
    sent(store, item)
    one = case(pw_info, subject="quokka")
    store.sync.apply(DE, Page("h", heads=[head_of(to_wire(one))]))
    assert len(store.window("all", "due", limit=9)) == 2
    first = entry(one, "send", desk=DE, clientRef=item.client_ref)
    store.sync.apply(DE, Page("c", contents=[content_of(one)], entries=[first]))
    assert [row.id for row in store.window("all", "due", limit=9)] == [case_id(1)]


def test_what_is_written_in_between_counts(
    store: Store, home: Path, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, case(pw_info, 9))
    plain, looks = FirstContents.look, []

    def slow(self: FirstContents, *given: Any) -> First:
        found = plain(self, *given)
        looks.append(set(found.numbers))
        if found.numbers and len(looks) < 4:
            with monkeypatch.context() as soon:
                # Its listing has to wait for us, in vain.
                soon.setattr(write_queue, "BUSY_MS", 100)
                other = open_store(home)
                other.act(DE, case_id(2), "message", text="wort", lang="de")
                other.close()
        return found

    monkeypatch.setattr(FirstContents, "look", slow)
    filled(store, 2)
    assert looks[-2:] == [{case_id(1), case_id(2)}, {case_id(1)}]
    assert len(store.search("numbat")) == 1
    index_all(store)
    assert len(store.search("numbat")) == 2
