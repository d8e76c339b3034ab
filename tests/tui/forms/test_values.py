"""What officers type, and what it means."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imi_core.answers import check
from imi_core.procedure import Field, Form
from imi_tui.i18n.languages import NAMES
from imi_tui.typed_values import local_date_example, parse, read_amount, read_date, read_number, written

TODAY = dt.date(2026, 11, 24)


@pytest.mark.parametrize(
    ("language", "typed", "meant"),
    [
        ("fi", "5.3.2026", "2026-03-05"),
        ("fr", "05/03/26", "2026-03-05"),
        ("nl", "05-03-2026", "2026-03-05"),
        ("hr", "05. 03. 2026.", "2026-03-05"),
        ("bg", "5.03.26 г.", "2026-03-05"),
        ("hu", "2026. 03. 05.", "2026-03-05"),
        ("hu", "26.03.05", "2026-03-05"),
        ("sv", "5.3.2026", "2026-03-05"),
        ("lt", "2026-03-05", "2026-03-05"),
        ("de", "2026-03-05", "2026-03-05"),
        ("en", "20260305", "2026-03-05"),
        ("de", "5.3", "2026-03-05"),
        ("sv", "3-5", "2026-03-05"),
        ("de", "5.3.85", "1985-03-05"),
        ("de", "5.3.46", "2046-03-05"),
        ("de", "5.3.47", "1947-03-05"),
        ("de", "31.2.2026", None),
        ("en", "3/25/2026", None),
        ("de", "2026-3", None),
        ("de", "5.3.026", None),
        ("de", "soon", None),
        ("de", "1.2.3.4", None),
    ],
)
def test_dates_are_read_as_the_language_writes_them(language: str, typed: str, meant: str | None) -> None:
    assert read_date(typed, language, TODAY) == meant


@given(st.sampled_from(sorted(NAMES)), st.dates(dt.date(1930, 1, 1), dt.date(2099, 12, 31)))
def test_the_example_of_every_language_is_read_back(language: str, day: dt.date) -> None:
    assert read_date(local_date_example(language, day), language, TODAY) == day.isoformat()


@pytest.mark.parametrize(
    ("language", "typed", "number"),
    [
        ("de", "1.250", 1250),
        ("de", "1,5", 1.5),
        ("de", "1.5", 1.5),
        ("en", "1,250.5", 1250.5),
        ("mt", "1,250", 1250),
        ("fr", "1\u202f250,5", 1250.5),
        ("fi", "1\u00a0250\u00a0000", 1250000),
        ("fi", "12 34", None),
        ("de", "1.2.3", None),
        ("de", "−3", -3),
        ("de", "nan", None),
        ("de", "1e5", None),
        ("de", "٣", None),
        ("de", "9" * 16, None),
    ],
)
def test_numbers_are_read_with_the_separators_of_the_language(language: str, typed: str, number: float | None) -> None:
    assert read_number(typed, language) == number


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1250", "1250.00 EUR"),
        ("1.250,50 €", "1250.50 EUR"),
        ("1,250.5", "1250.50 EUR"),
        ("EUR 1 250,5", "1250.50 EUR"),
        ("1.250.000", "1250000.00 EUR"),
        ("sek 100", "100.00 SEK"),
        ("007", "7.00 EUR"),
        ("1,250,00", None),
        ("12 34", None),
        ("100 kr", None),
        ("€ 5 EUR", None),
        ("-5", None),
        ("1" * 13, None),
    ],
)
def test_amounts_are_read_without_knowing_the_language(typed: str, amount: str | None) -> None:
    assert read_amount(typed) == amount


@given(
    st.text(max_size=60),
    st.sampled_from(["date", "number", "days", "amount", "text", "country"]),
    st.sampled_from(sorted(NAMES)),
)
def test_what_was_read_is_accepted_by_the_rules_or_said_to_be_wrong(typed: str, kind: str, language: str) -> None:
    """No input is lost or half read: it stays as typed, or what the rules accept reads back as itself."""
    value = parse(kind, typed, language, TODAY)  # type: ignore[arg-type]
    form = Form(fields=(Field(id="a", type=kind, label="A"),))  # type: ignore[arg-type]
    problems = check(form, {"a": value}, "send")
    if not problems and value != "":
        again = written(kind, value, language)  # type: ignore[arg-type]
        assert parse(kind, again, language, TODAY) == value  # type: ignore[arg-type]


def test_half_a_date_stays_as_it_was_typed() -> None:
    assert parse("date", "5.3.", "de", TODAY) == "2026-03-05"
    assert parse("date", "5.", "de", TODAY) == "5."


def test_hostile_text_becomes_visible_text() -> None:
    assert parse("text", "a\x1b]52;c;eA==\x07\u202eb", "en", TODAY) == "a␛]52;c;eA==␇<U+202E>b"
    assert parse("multiline", "a\r\nb\x1b[2J", "en", TODAY) == "a\nb␛[2J"
    assert "\n" not in parse("text", "a\nb", "en", TODAY)
