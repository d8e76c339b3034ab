"""Dates and numbers in the officer's format: what is read, what is said about it, against CLDR."""

from __future__ import annotations

import datetime as dt

import pytest
from babel.dates import format_date
from babel.numbers import format_decimal

from imi_tui import i18n
from imi_tui.forms.hints import format_of, problem, understood
from imi_tui.i18n.languages import NAMES
from imi_tui.typed_values import local_date_example, read_date, read_number

TODAY = dt.date(2026, 3, 5)
REGIONS = {"en": "en_IE", "pt": "pt_PT"}


@pytest.mark.parametrize("language", sorted(NAMES))
def test_the_short_forms_of_every_language_are_read_as_they_are_meant(language: str) -> None:
    locale = REGIONS.get(language, language)
    for day in (TODAY, dt.date(2026, 12, 9), dt.date(1985, 10, 1)):
        for format in ("short", "yyyy-MM-dd", "d.M.yyyy" if language not in ("hu", "lt", "sv") else "yyyy.M.d"):
            assert read_date(format_date(day, format, locale=locale), language, TODAY) == day.isoformat()
    assert read_number(format_decimal(1234567.5, locale=locale), language) == 1234567.5
    assert read_number(format_decimal(-1234, locale=locale), language) == -1234


@pytest.mark.parametrize("language", sorted(NAMES))
def test_the_example_shown_is_in_the_order_of_the_language(language: str) -> None:
    example = local_date_example(language, TODAY)
    short = format_date(TODAY, "short", locale=REGIONS.get(language, language))
    digits = [int(part) for part in "".join(char if char.isdigit() else " " for char in short).split()]
    mine = [int(part) for part in "".join(char if char.isdigit() else " " for char in example).split()]
    assert [number % 100 for number in mine] == [number % 100 for number in digits]
    assert example in format_of("date", language, TODAY)


def test_what_has_two_readings_is_shown_back_in_words() -> None:
    i18n.install("en")
    assert understood("date", "2026-03-05", TODAY) == "That is Thursday 5 March 2026."
    assert understood("number", 1250, TODAY) == "That is 1,250."
    assert understood("number", 1.25, TODAY) == "That is 1.25."
    assert understood("amount", "1250.50 EUR", TODAY) == "That is 1,250.5 EUR."
    assert understood("number", 7, TODAY) == ""
    assert understood("date", "5.", TODAY) == "", "half a date means nothing yet"
    i18n.install("de")
    assert "Donnerstag, 5. März 2026" in understood("date", "2026-03-05", TODAY)
    i18n.install("en")


def test_what_is_wrong_names_the_format_that_is_expected() -> None:
    assert problem("date", "", "date", "de", TODAY) == "This is no date. Write a date as 2026-03-05 or 5.3.2026."
    assert problem("date", "", "date", "sv", TODAY) == "This is no date. Write a date as 2026-03-05."
    assert "1250,5" in problem("number", "", "number", "fr", TODAY)
    assert "1250.00 EUR" in problem("amount", "", "amount", "mt", TODAY)
    assert problem("missing", "", "date", "de", TODAY) == "An answer is needed."
    assert "1 to 180" in problem("range", "1 to 180", "days", "de", TODAY)
