"""A word alone says a translator little: it has a comment, or the context in which it means one thing."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog

from catalogues import files
from catalogues.domains import DOMAINS, PLACES, ROOT


@pytest.fixture(scope="module")
def texts() -> Catalog:
    # It says what the source says: see test_files.
    return files.read(DOMAINS["imi_tui"].template)


def test_every_word_alone_has_a_comment_or_a_context(texts: Catalog) -> None:
    bare = [each.id for each in texts if each.id and isinstance(each.id, str) and len(each.id.split()) == 1]
    assert len(bare) > 150
    assert [id for id in bare if (found := texts.get(id)) and not found.auto_comments] == []


def test_each_module_whose_short_texts_are_explained_is_there() -> None:
    assert [file for file in PLACES if not (ROOT / "imi_tui" / file).is_file()] == []


def test_an_action_is_explained_by_what_it_does(texts: Catalog) -> None:
    narrow = texts.get("Narrow")
    assert narrow is not None
    assert "what it does: " in narrow.auto_comments[0]
    own = texts.get("refused")
    assert own is not None
    # Written beside the text: nothing is put in its place.
    assert any("in the column of states" in comment for comment in own.auto_comments)


def test_one_english_word_for_two_things_is_two_texts(texts: Catalog) -> None:
    assert texts.get("New") is None
    assert {context for context in ("request", "phrase") if texts.get("New", context=context)} == {"request", "phrase"}
    assert texts.get("Search", context="the name of a list") is not None
