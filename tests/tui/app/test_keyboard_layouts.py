"""Accelerators on Greek and Bulgarian layouts."""

from __future__ import annotations

import pytest

from imi_tui.config.keyboard import is_cyrillic, is_missing, latin, shown_on, typed_as_latin


@pytest.mark.parametrize(
    ("key", "layout", "expected"),
    [
        ("β", "auto", "b"),
        ("ctrl+ψ", "auto", "ctrl+c"),
        ("α", "phonetic", "a"),
        ("Σ", "auto", "S"),
        ("ф", "bds", "b"),
        ("ф", "phonetic", "f"),
        ("ctrl+з", "bds", "ctrl+p"),
        ("е", "bds", "e"),
        ("ф", "auto", None),
        ("β", "off", None),
        ("a", "auto", None),
        ("f9", "auto", None),
        ("question_mark", "bds", None),
    ],
)
def test_a_local_letter_is_the_latin_one_in_its_place(key: str, layout: str, expected: str | None) -> None:
    assert latin(key, layout) == expected  # type: ignore[arg-type]


def test_every_accelerator_letter_is_on_the_greek_and_the_bulgarian_keyboard() -> None:
    letters = set("abcdefghijklmnoprstuvwxyz")
    assert {letter for letter in letters if shown_on(letter, "el", "auto")} == letters
    assert {letter for letter in letters if shown_on(letter, "bg", "bds")} == letters
    assert {letter for letter in letters if shown_on(letter, "bg", "phonetic")} == letters
    assert shown_on("b", "el", "auto") == "β"
    assert shown_on("b", "fr", "auto") == ""


def test_cyrillic_is_recognised() -> None:
    assert is_cyrillic("ctrl+ф")
    assert not is_cyrillic("β")
    assert not is_cyrillic("f1")


def test_letters_a_layout_lacks_are_known() -> None:
    assert [layout for layout in ("greek", "bds", "phonetic") if is_missing("q", layout)] == ["greek", "bds"]  # type: ignore[arg-type]
    assert not is_missing("ctrl+w", "bds")
    assert not is_missing("f8", "bds")
    assert not is_missing("q", "auto")


def test_words_typed_without_switching_the_keyboard_are_understood() -> None:
    assert typed_as_latin("σεαρψη", "auto") == "search"
    assert typed_as_latin("яеьгъх", "bds") != "search"
    assert typed_as_latin("сеарцх", "phonetic") == "search"
