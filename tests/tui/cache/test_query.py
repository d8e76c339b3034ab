"""The language of the search line: what is typed becomes terms, and what means nothing is named with what would."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imi_tui.cache.search.query import KEYS, Language, Problem, Term

TODAY = dt.date(2026, 3, 10)
VALUES = {
    "country": ("at", "de", "dk", "el"),
    "area": ("pq", "pw"),
    "procedure": ("pq.info", "pw.info", "pw.urgent"),
    "state": ("accepted", "awaiting_acceptance", "closed"),
}
LANGUAGE = Language(VALUES, TODAY, ("tag",))
MIN, MAX = dt.date.min, dt.date.max


def terms(line: str) -> list[tuple[object, ...]]:
    return [(term.key, term.values, term.negated) for term in LANGUAGE.read(line).terms]


def span(line: str) -> tuple[dt.date, dt.date] | None:
    (term,) = LANGUAGE.read(line).terms
    assert not term.negated
    return term.span


def test_a_line_of_everything() -> None:
    line = 'country:DE area:pw due:<5d state:accepted from:"Zoll FKS" "Alpbau" -tag:x Müller'
    assert terms(line) == [
        ("country", ("de",), False),
        ("area", ("pw",), False),
        ("due", (), False),
        ("state", ("accepted",), False),
        ("from", ("zoll", "fks"), False),
        ('"', ("alpbau",), False),
        ("tag", ("x",), True),
        ("", ("muller",), False),
    ]
    query = LANGUAGE.read(line)
    assert not query.problems
    assert [line[slice(*term.at)] for term in query.of("from", "tag")] == ['from:"Zoll FKS"', "-tag:x"]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("country:de,AT", ("de", "at")),
        ("country:GR", ("el",)),
        ("COUNTRY:Dk", ("dk",)),
        ("country:d", ("de", "dk")),
        ("country:at,d", ("at", "de", "dk")),
        ("procedure:pw x", ("pw.info", "pw.urgent")),
        ("procedure:pw.urgent", ("pw.urgent",)),
        ("state:a", ("accepted", "awaiting_acceptance")),
        ("is:unread,queued", ("unread", "queued")),
    ],
)
def test_listed_values(line: str, values: tuple[str, ...]) -> None:
    query = LANGUAGE.read(line)
    assert (query.terms[0].values, query.problems) == (values, ())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("contry:DE", Problem("key", "contry:", "country:")),
        ("xyzzy:DE", Problem("key", "xyzzy:", "")),
        ("state:acepted", Problem("value", "state:acepted", "state:accepted")),
        ("state:acc x", Problem("value", "state:acc", "state:accepted")),
        ("country:xx", Problem("value", "country:xx", "")),
        ("due:tomorow x", Problem("date", "due:tomorow", "due:tomorrow")),
        ("due:2026-13 x", Problem("date", "due:2026-13", "")),
        ("country: x", Problem("value", "country:", "")),
    ],
)
def test_what_means_nothing_is_named_with_what_would(line: str, problem: Problem) -> None:
    assert LANGUAGE.read(line).problems == (problem,)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("ψοθντρυ:δε -αρεα:πς δθε:<5δ ισ:θνρεαδ", "country:de -area:pw due:<5d is:unread"),
        ("ъдкхшищ:ан,ае -ьиеь:зу аке:<5а", "country:dk,de -area:pw due:<5d"),
        ("цоунтръ:де -ареа:пв дуе:тодаъ", "country:de -area:pw due:today"),
        ("ΣΤΑΤΕ:ΑΨΨΕΠΤΕΔ αψτιωιτυ:<2ς", "state:accepted activity:<2w"),
    ],
)
def test_terms_typed_on_a_keyboard_that_was_not_switched(line: str, meant: str) -> None:
    read, latin = LANGUAGE.read(line, whole=True), LANGUAGE.read(meant, whole=True)
    assert [term[:4] for term in read.terms] == [term[:4] for term in latin.terms]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("country:ДЕ", "country:de"),
        ("country:АЕ,ьш", "country:de,at"),
        ("country:δε,ατ", "country:de,at"),
        ("-country:дк", "-country:dk"),
        ("state:ьъъезшеа", "state:accepted"),
        ("is:унреад", "is:unread"),
    ],
)
def test_values_typed_in_other_letters_behind_a_name_in_latin_ones(line: str, meant: str) -> None:
    read, latin = LANGUAGE.read(line, whole=True), LANGUAGE.read(meant, whole=True)
    assert [term[:4] for term in read.terms] == [term[:4] for term in latin.terms]
    assert len(read.problems) == len(latin.problems)


def test_letters_that_mean_one_country_on_one_keyboard_and_another_on_another_are_asked_about() -> None:
    language = Language({**VALUES, "country": ("ie", "se")}, TODAY)
    query = language.read("country:се", whole=True)
    assert query.terms[0].values == ()
    assert query.problems == (Problem("value", "country:се", "country:ie"),)
    # Where the name of the term says which keyboard it is, nobody need be asked.
    assert language.read("цоунтръ:се", whole=True).terms[0].values == ("se",)
    assert language.read("ъдкхшищ:се", whole=True).terms[0].values == ("ie",)


def test_every_name_of_a_term_is_understood_from_each_layout_and_no_two_are_the_same() -> None:
    from imi_tui.config.keyboard import _BDS, _GREEK, _PHONETIC

    for table in (_GREEK, _BDS, _PHONETIC):
        local = {latin: letter for letter, latin in table.items()}
        for key in LANGUAGE.keys:
            typed = "".join(local[letter] for letter in key)
            assert LANGUAGE.key_of(typed)[0] == LANGUAGE.key_of(typed.upper())[0] == key


def test_words_that_elsewhere_join_terms() -> None:
    for line in ("zoll and alpbau", "zoll AND alpbau", "zoll alpbau"):
        query = LANGUAGE.read(line)
        assert [term.values for term in query.terms] == [("zoll",), ("alpbau",)]
        assert not query.problems
    for joined in ("or", "OR"):
        query = LANGUAGE.read(f"country:DE {joined} country:AT")
        assert query.problems == (Problem("or", joined, ""),)
        assert [term.values for term in query.terms] == [("de",), ("or",), ("at",)]
    # What may be a name that is being typed, what is left out, what stands in quotes.
    for line in ("zoll and", "zoll or", "and zoll", "or zoll", "zoll -or x", 'zoll "or" x', 'zoll "and" x'):
        assert not LANGUAGE.read(line).problems, line
        assert len(LANGUAGE.read(line).terms) == len(line.split()), line


def test_a_term_that_is_being_typed_is_no_problem() -> None:
    for line in ("country:", "due:", "due:<", "due:2026-", "from:", "-is:", '"', "-"):
        query = LANGUAGE.read(line)
        assert not query.problems, line
        assert all(not term.values for term in query.terms), line


def test_a_word_that_hardly_begins_can_be_left_out() -> None:
    def less(line: str) -> list[str] | None:
        found = LANGUAGE.unbegun(LANGUAGE.read(line))
        return found and [line[slice(*term.at)] for term in found.terms]

    assert less("alpbau g") == less("alpbau co") == less("alpbau country") == ["alpbau"]
    assert less("g") == less("du") == []
    assert less("is:open tag") == ["is:open"]
    for line in ("", "alpbau gm", "alpbau countrys", "alpbau -c", 'alpbau "c', "country:", "country:d", "alpbau c "):
        assert less(line) is None, line


def test_a_term_without_meaning_is_searched_as_words() -> None:
    assert terms("Re:Alpbau") == [("", ("re", "alpbau"), False)]
    assert terms("http://example.org x")[0] == ("", ("http", "example", "org"), False)


@pytest.mark.parametrize(
    ("line", "open"),
    [
        ("alp", True),
        ("alp ", False),
        ('"alp', True),
        ('"alp"', False),
        ("from:zo", True),
        ('from:"zo"', False),
        ('from:"zo', True),
        ("alp is:open", False),
    ],
)
def test_the_last_word_may_go_on(line: str, open: bool) -> None:
    assert LANGUAGE.read(line).terms[0].open is open


@pytest.mark.parametrize(
    ("typed", "low", "high"),
    [
        ("due:today", "2026-03-10", "2026-03-11"),
        ("due:tomorrow", "2026-03-11", "2026-03-12"),
        ("due:overdue", MIN, "2026-03-10"),
        ("due:<5d", MIN, "2026-03-15"),
        ("due:<=5d", MIN, "2026-03-16"),
        ("due:5d", "2026-03-10", "2026-03-16"),
        ("due:>2w", "2026-03-25", MAX),
        ("due:>=2w", "2026-03-24", MAX),
        ("due:2026", "2026-01-01", "2027-01-01"),
        ("due:2026-12", "2026-12-01", "2027-01-01"),
        ("due:2026-4-5", "2026-04-05", "2026-04-06"),
        ("due:<2026-12", MIN, "2026-12-01"),
        ("due:<=2026-12", MIN, "2027-01-01"),
        ("due:>2026-12-24", "2026-12-25", MAX),
        ("due:2026-03..2026-05", "2026-03-01", "2026-06-01"),
        ("due:31.12.2026..1.12.2026", "2026-12-01", "2027-01-01"),
        ("due:2026-05..2026-03", "2026-03-01", "2026-06-01"),
        ("due:2026-12-24..2026-12-24", "2026-12-24", "2026-12-25"),
        ("due:..today", MIN, "2026-03-11"),
        ("due:today..", "2026-03-10", MAX),
        ("due:9999-12-31", MAX, MAX),
        ("due:2026-12-24..9999-12-31", "2026-12-24", MAX),
        ("activity:today", "2026-03-10", "2026-03-11"),
        ("activity:2w", "2026-02-24", "2026-03-11"),
        ("activity:<2w", "2026-02-25", MAX),
        ("activity:<=2w", "2026-02-24", MAX),
        ("activity:>2w", MIN, "2026-02-24"),
        ("activity:>=2w", MIN, "2026-02-25"),
        ("activity:<2026-03-01", MIN, "2026-03-01"),
        ("activity:yesterday", "2026-03-09", "2026-03-10"),
    ],
)
def test_dates(typed: str, low: str | dt.date, high: str | dt.date) -> None:
    expected = tuple(dt.date.fromisoformat(date) if isinstance(date, str) else date for date in (low, high))
    assert span(typed) == expected


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("de", "due:24.12.2026"),
        ("de", "due:24.12.26"),
        ("de", "due:24.12."),
        ("fr", "due:24/12/2026"),
        ("hu", 'due:"2026. 12. 24."'),
        ("hu", "due:2026. 12. 24."),
        ("sk", "due:24. 12. 2026"),
        ("cs", "due:24. 12."),
        ("bg", 'due:"24.12.26 г."'),
        ("bg", "due:24.12.26 г."),
        ("sv", "due:26-12-24"),
        ("lt", "due:20261224"),
    ],
)
def test_a_date_may_be_written_as_the_language_does(language: str, typed: str) -> None:
    (term,) = Language(VALUES, TODAY, written=language).read(typed).terms
    assert term.span == (dt.date(2026, 12, 24), dt.date(2026, 12, 25))


def test_a_range_and_a_sign_take_such_a_date() -> None:
    german = Language(VALUES, TODAY, written="de")
    assert german.span("1.12.2026..24.12.2026") == (dt.date(2026, 12, 1), dt.date(2026, 12, 25))
    assert german.span("<24.12.") == (MIN, dt.date(2026, 12, 24))
    assert german.span("1.12...24.12.") == (dt.date(2026, 12, 1), dt.date(2026, 12, 25))
    for line in ("due:<24. 12. 2026 Alpbau", 'due:<"24. 12. 2026" Alpbau', "due:<24.12. Alpbau"):
        first, second = german.read(line).terms
        assert (first.span, second.values) == ((MIN, dt.date(2026, 12, 24)), ("alpbau",)), line
    # A number that is searched for beside it stays one.
    assert [term.values for term in german.read("due:<24.12. 15 5. 3").terms[1:]] == [("15",), ("5",), ("3",)]
    assert german.read("due:24.13.2026 x").problems == (Problem("date", "due:24.13.2026", ""),)


def test_none_is_of_deadlines_only() -> None:
    assert LANGUAGE.read("due:none").terms == (Term("due", ("none",), at=(0, 8)),)
    assert LANGUAGE.read("activity:none x").problems == (Problem("date", "activity:none", ""),)


@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from((*KEYS, "-", ":", "<", '"', "5d", "..", " ", "9999-12", "-31", "é"))).map("".join)
)
def test_any_line_is_read(line: str) -> None:
    query = LANGUAGE.read(line)
    for term in query.terms:
        assert 0 <= term.at[0] < term.at[1] <= len(line)
        if term.span is not None:
            assert term.span[0] >= MIN
            assert term.span[1] <= MAX
