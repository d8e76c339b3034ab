"""Accelerators on Greek and Bulgarian layouts."""

from __future__ import annotations

import pytest

from imi_tui.keyboard import is_cyrillic, latin, shown_on


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
