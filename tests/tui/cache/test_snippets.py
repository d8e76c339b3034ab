"""Templates and phrases in work.db: kept, replaced, thrown away and brought back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_tui.cache.errors import CacheError
from imi_tui.cache.personal.snippets import Phrase, Template
from imi_tui.cache.store import Store
from tests.tui.screens import filled


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = filled.open_store(tmp_path)
    yield found
    found.close()


def template(name: str) -> Template:
    return Template("", name, "pw.info", "desk-1", {"company": "Ålpbau", "questions": ["EST-01"]}, "Text", "de")


def test_a_template_is_there_for_another_program_and_under_its_new_name(store: Store, tmp_path: Path) -> None:
    made = store.keep_template(template("Zweite"))
    store.keep_template(template("Éins"))
    other = filled.open_store(tmp_path)
    assert [each.name for each in other.snippets.templates()] == ["Éins", "Zweite"]
    assert other.snippets.template(made.id) == made
    other.keep_template(made._replace(name="Anders"))
    other.close()
    assert [each.name for each in store.snippets.templates()] == ["Anders", "Éins"]


def test_what_is_thrown_away_comes_back_last_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = store.keep_template(template("a")), store.keep_template(template("b"))
    assert not store.snippets.may_bring_back("template")
    for number, each in enumerate((first, second)):
        monkeypatch.setattr(store.snippets, "_stamp", lambda number=number: f"2026-03-05T09:00:0{number}.000Z")
        store.drop("template", each.id)
    assert store.snippets.templates() == []
    assert store.snippets.template(first.id) is None
    assert store.snippets.may_bring_back("template")
    assert not store.snippets.may_bring_back("phrase")
    assert store.bring_back("template") == second.id
    assert store.bring_back("template") == first.id
    assert store.bring_back("template") == ""
    assert store.snippets.templates() == [first, second]


def test_after_a_month_it_is_gone_for_good(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = store.keep_template(template("old")), store.keep_template(template("new"))
    store.drop("template", old.id)
    monkeypatch.setattr(store.snippets, "_stamp", lambda: "2026-04-05T09:00:00.000Z")
    store.drop("template", new.id)
    assert store.bring_back("template") == new.id
    assert store.bring_back("template") == ""


def test_one_phrase_an_abbreviation_and_language(store: Store) -> None:
    [first] = store.keep_phrases([Phrase("", "Gruß", "de", "eins")])
    [same] = store.keep_phrases([Phrase("", "GRUSS", "de", "zwei")])
    assert same.id == first.id
    store.keep_phrases([Phrase("", "gruss", "en", "three"), Phrase("", "x", "de", "vier")])
    assert [(each.lang, each.text) for each in store.snippets.phrases()] == [
        ("de", "zwei"),
        ("en", "three"),
        ("de", "vier"),
    ]
    # Another phrase takes the abbreviation of this one, which can be brought back into its place.
    fourth = store.snippets.phrases()[2]
    store.keep_phrases([fourth._replace(abbreviation="gruss")])
    assert [each.text for each in store.snippets.phrases() if each.lang == "de"] == ["vier"]
    assert store.bring_back("phrase") == first.id
    assert [each.text for each in store.snippets.phrases() if each.lang == "de"] == ["zwei"]


def test_phrases_are_kept_all_or_none(store: Store) -> None:
    with pytest.raises(CacheError):
        store.keep_phrases([Phrase("", "a", "de", "x"), Phrase("", "b", "de", None)])  # type: ignore[arg-type]
    assert store.snippets.phrases() == []
