"""Choices, days and the ends of sentences as an official of each country writes them, where Babel has it otherwise."""

from __future__ import annotations

import datetime as dt

import pytest

from imi_tui.actions import by_id
from imi_tui.forms.hints import understood
from imi_tui.i18n import NAMES, speaking
from imi_tui.i18n.dates import ended, local_date, long_date
from imi_tui.i18n.phrasing import any_of

OR = (
    "bg или|cs nebo|da eller|de oder|el ή|en or|es o|et või|fi tai|fr ou|ga nó|hr ili|hu vagy|it o|lt ar|lv vai|mt jew|"
    "nl of|pl lub|pt ou|ro sau|sk alebo|sl ali|sv eller"
)
DAYS = {
    "bg": "5.03.2026\u00a0г.",
    "da": "5. mar. 2026",
    "de": "05.03.2026",
    "el": "5 Μαρ 2026",
    "en": "5 Mar 2026",
    "fi": "5.3.2026",
    "ga": "5 Márta 2026",
    "hu": "2026. márc. 5.",
    "lt": "2026-03-05",
    "lv": "2026. gada 5. marts",
    "mt": "5 ta’ Marzu 2026",
    "pt": "05/03/2026",
}


@pytest.mark.parametrize("given", OR.split("|"))
def test_a_choice_has_the_word_of_the_language(given: str) -> None:
    language, _, word = given.partition(" ")
    with speaking(language):
        assert any_of(["A"]) == "A"
        assert any_of(["A", "B"]) == f"A {word} B"
        assert any_of(["A", "B", "C"]) == f"A, B {word} C"
        assert any_of([]) == ""


@pytest.mark.parametrize(
    ("last", "word"), [("Otorgar", "u"), ("Hoy", "u"), ("Ósea", "u"), ("Aceptar", "o"), ("Huir", "o"), ("", "o")]
)
def test_spanish_has_another_or_before_the_same_sound(last: str, word: str) -> None:
    with speaking("es"):
        assert any_of(["A", "B", last]) == f"A, B {word} {last}"


@pytest.mark.parametrize(("language", "day"), DAYS.items())
def test_a_day_is_written_as_in_the_country(language: str, day: str) -> None:
    with speaking(language):
        assert local_date("2026-03-05") == day
    assert local_date("2026-03-05", language) == day


def test_no_language_writes_a_day_with_a_zero_before_a_named_month() -> None:
    for language in NAMES:
        found = local_date("2026-03-05", language)
        assert not (found.startswith("0") and any(char.isalpha() for char in found)), (language, found)
        assert "2026" in found


def test_a_sentence_that_ends_with_a_day_ends_once() -> None:
    twice = set()
    for language in NAMES:
        with speaking(language):
            for day in (local_date("2026-03-05"), long_date("2026-03-05")):
                sentence = f"Blocked on {day}."
                if sentence.endswith(".."):
                    twice.add(language)
                assert ended(sentence).count("..") == 0
    assert twice == {"bg", "hr", "hu"}
    assert ended("One moment ...") == "One moment ..."
    assert ended("On 5. mar. 2026.. Later...") == "On 5. mar. 2026. Later..."


@pytest.mark.parametrize(("language", "request_", "phrase"), [("fr", "Nouvelle", "Nouvelle"), ("pl", "Nowy", "Nowa")])
def test_the_same_english_word_agrees_with_what_is_new(language: str, request_: str, phrase: str) -> None:
    one, other = by_id("go.new"), by_id("phrase.new")
    assert one is not None
    assert other is not None
    with speaking(language):
        assert (one.name, other.name) == (request_, phrase)
    assert (one.label, other.label) == ("New", "New")


@pytest.mark.parametrize("language", ["bg", "hr"])
def test_what_a_date_means_ends_once(language: str) -> None:
    with speaking(language):
        told = understood("date", "2026-03-05", dt.date(2026, 3, 1))
    assert told.endswith("2026\u00a0г." if language == "bg" else "2026.")
    assert ".." not in told
