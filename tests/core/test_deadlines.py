"""Time limits by Regulation (EEC, Euratom) No 1182/71."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imi_core.authority import COUNTRIES
from imi_core.deadlines import add_months, day, is_working_day, last_day, public_holidays

D = dt.date


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_of_the_network_has_its_own_holidays(country: str) -> None:
    for year in (2025, 2026, 2027):
        days = public_holidays(country, year)
        assert {D(year, 1, 1), D(year, 12, 25)} <= days
        assert 5 <= sum(date.weekday() < 5 for date in days) <= 20
        assert all(date.year == year for date in days)


@pytest.mark.parametrize(
    ("country", "date", "works"),
    [
        ("EL", D(2026, 3, 25), False),  # Independence Day
        ("EL", D(2026, 4, 6), True),  # Easter Monday of the others
        ("EL", D(2026, 4, 10), False),  # Orthodox Good Friday
        ("EL", D(2026, 4, 13), False),  # Orthodox Easter Monday
        ("GR", D(2026, 4, 13), False),
        ("RO", D(2026, 4, 13), False),
        ("BG", D(2026, 4, 13), False),
        ("CY", D(2026, 4, 13), False),
        ("DE", D(2026, 4, 13), True),
        ("DE", D(2026, 4, 6), False),
        ("FR", D(2026, 4, 6), False),
        ("FR", D(2026, 7, 14), False),
        ("DE", D(2026, 7, 14), True),
        ("FR", D(2026, 5, 14), False),  # Ascension
        ("PT", D(2026, 6, 4), False),  # Corpus Christi
        ("FR", D(2026, 6, 4), True),
        ("PL", D(2026, 8, 15), False),
        ("SE", D(2026, 6, 6), False),
        ("IE", D(2026, 3, 17), False),
        ("NO", D(2026, 5, 18), True),
        ("IS", D(2026, 6, 17), False),
        ("LI", D(2026, 5, 1), False),
        ("FR", D(2026, 3, 7), False),  # Saturday
        ("FR", D(2026, 3, 8), False),  # Sunday
        ("FR", D(2026, 3, 9), True),
    ],
)
def test_movable_and_national_feasts(country: str, date: dt.date, works: bool) -> None:
    assert is_working_day(date, country) is works


def test_an_unknown_country_has_weekends_only() -> None:
    assert public_holidays("EU", 2026) == frozenset()
    assert is_working_day(D(2026, 1, 1), "ZZ")
    assert last_day(D(2026, 1, 2), 1, "working_days", "EU") == D(2026, 1, 5)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "country", "last"),
    [
        # The day of the event is not counted.
        (D(2026, 3, 2), 1, "calendar_days", "FR", D(2026, 3, 3)),
        (D(2026, 3, 2), 1, "working_days", "FR", D(2026, 3, 3)),
        (D(2026, 3, 2), 7, "calendar_days", "FR", D(2026, 3, 9)),
        # An event on a weekend: its period starts on the next day all the same.
        (D(2026, 3, 7), 1, "working_days", "FR", D(2026, 3, 9)),
        (D(2026, 3, 7), 4, "calendar_days", "FR", D(2026, 3, 11)),
        # Working days leave out weekends and holidays of the state that acts.
        (D(2026, 4, 2), 2, "working_days", "DE", D(2026, 4, 8)),
        (D(2026, 4, 2), 2, "working_days", "EL", D(2026, 4, 6)),
        (D(2026, 4, 9), 2, "working_days", "EL", D(2026, 4, 15)),
        (D(2026, 12, 23), 2, "working_days", "DE", D(2026, 12, 28)),
        (D(2026, 3, 2), 25, "working_days", "FR", D(2026, 4, 7)),
        (D(2026, 3, 2), 25, "working_days", "IE", D(2026, 4, 8)),
        # The end falls on a weekend or holiday: end of the next working day.
        (D(2026, 3, 2), 5, "calendar_days", "FR", D(2026, 3, 9)),
        (D(2026, 4, 24), 7, "calendar_days", "FR", D(2026, 5, 4)),
        (D(2026, 12, 18), 7, "calendar_days", "DE", D(2026, 12, 28)),
        # A period of two days or more has two working days: the three days of an alert over a weekend.
        (D(2026, 3, 6), 1, "calendar_days", "FR", D(2026, 3, 9)),
        (D(2026, 3, 6), 2, "calendar_days", "FR", D(2026, 3, 10)),
        (D(2026, 3, 6), 3, "calendar_days", "FR", D(2026, 3, 10)),
        (D(2026, 3, 5), 3, "calendar_days", "FR", D(2026, 3, 9)),
        (D(2026, 4, 2), 4, "calendar_days", "DE", D(2026, 4, 8)),
        # Months end on the same day of the month, or on its last day.
        (D(2026, 3, 2), 1, "months", "FR", D(2026, 4, 2)),
        (D(2026, 1, 31), 1, "months", "FR", D(2026, 3, 2)),
        (D(2028, 1, 31), 1, "months", "FR", D(2028, 2, 29)),
        (D(2026, 11, 1), 2, "months", "FR", D(2027, 1, 4)),
        (D(2026, 8, 31), 6, "months", "FR", D(2027, 3, 1)),
    ],
)
def test_periods(start: dt.date, amount: int, unit: str, country: str, last: dt.date) -> None:
    assert last_day(start, amount, unit, country) == last  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("date", "months", "later"),
    [
        (D(2026, 1, 31), 1, D(2026, 2, 28)),
        (D(2028, 1, 31), 1, D(2028, 2, 29)),
        (D(2026, 12, 31), 2, D(2027, 2, 28)),
        (D(2026, 3, 31), 6, D(2026, 9, 30)),
        (D(2028, 2, 29), 36, D(2031, 2, 28)),
        (D(2026, 3, 2), 12, D(2027, 3, 2)),
        (D(2026, 3, 2), 0, D(2026, 3, 2)),
    ],
)
def test_months(date: dt.date, months: int, later: dt.date) -> None:
    assert add_months(date, months) == later


@pytest.mark.parametrize("amount", [0, -1])
def test_a_period_is_at_least_one(amount: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        last_day(D(2026, 3, 2), amount, "working_days", "FR")


def test_the_day_is_the_one_in_brussels() -> None:
    assert day(dt.datetime(2026, 3, 2, 22, 59, tzinfo=dt.UTC)) == D(2026, 3, 2)
    assert day(dt.datetime(2026, 3, 2, 23, 1, tzinfo=dt.UTC)) == D(2026, 3, 3)
    assert day(dt.datetime(2026, 7, 2, 22, 1, tzinfo=dt.UTC)) == D(2026, 7, 3)
    assert day(dt.datetime(2026, 7, 3, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=3)))) == D(2026, 7, 2)


DATES = st.dates(D(2024, 1, 1), D(2030, 12, 31))


@given(DATES, st.integers(1, 40), st.sampled_from(COUNTRIES))
def test_working_days_are_counted_one_by_one(start: dt.date, amount: int, country: str) -> None:
    last = last_day(start, amount, "working_days", country)
    between = [start + dt.timedelta(days=n) for n in range(1, (last - start).days + 1)]
    assert sum(is_working_day(date, country) for date in between) == amount
    assert is_working_day(last, country)


@given(DATES, st.integers(1, 400), st.sampled_from(("calendar_days", "months")), st.sampled_from(COUNTRIES))
def test_other_periods_end_on_a_working_day_and_never_early(
    start: dt.date, amount: int, unit: str, country: str
) -> None:
    amount = amount if unit == "calendar_days" else 1 + amount % 36
    last = last_day(start, amount, unit, country)  # type: ignore[arg-type]
    plain = start + dt.timedelta(days=amount) if unit == "calendar_days" else add_months(start, amount)
    assert last >= plain
    assert is_working_day(last, country)
    between = [start + dt.timedelta(days=n) for n in range(1, (last - start).days + 1)]
    if amount >= 2 or unit == "months":
        assert sum(is_working_day(date, country) for date in between) >= 2
    # Never later than needed: the working day before would be too early or bring too few working days.
    working = [date for date in between if is_working_day(date, country)]
    if len(working) >= 2 and working[-2] >= plain:
        assert len(working) <= 2
