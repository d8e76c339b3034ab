"""Phrases: placeholders, abbreviations, order, and their file."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imi_core.text import display
from imi_tui import i18n
from imi_tui.cache.personal.snippets import Phrase
from imi_tui.forms import phrases, standard_texts
from imi_tui.forms.form import TEXT, FormModel
from imi_tui.forms.phrases import PhraseProblem
from imi_tui.i18n.languages import NAMES
from tests.tui.screens import filled

TODAY = dt.date(2026, 3, 5)
RULES = next(rules for rules in filled.all_rules() if rules.procedure.id == "pw.info")
CASE = {
    "reference": "PW-26-004512",
    "subject": "Alpbau",
    "due": "2026-04-13",
    "request": {"company": "Alpbau GmbH", "workers": "Anna Kowalska", "period_from": "2026-02-01"},
}


def facts() -> dict[str, str]:
    return phrases.facts(RULES, CASE, own="DREETS", other="Zoll", officer="Camille", today=TODAY)


def test_placeholders_are_filled_from_the_case_with_dates_in_the_phrases_language() -> None:
    i18n.install("en")
    text = "{reference}, {company}: bis {due}, seit {period_from}. {own} an {other}, {officer}"
    phrase = Phrase("1", "f", "de", text)
    assert phrases.filled(phrase, facts(), RULES) == (
        "PW-26-004512, Alpbau GmbH: bis 13.04.2026, seit 01.02.2026. DREETS an Zoll, Camille",
        (),
    )


def test_what_nothing_fills_stays_to_be_seen_and_personal_data_never_goes_in() -> None:
    phrase = Phrase("1", "f", "en", "{workers} {agreed} {nobody} {not one} {Reference} {workers}")
    text, left = phrases.filled(phrase, facts(), RULES)
    assert text == phrase.text
    assert left == ("workers", "agreed", "nobody")
    assert phrases.unfilled("Until {due} {nobody} {company} {due}", RULES) == ("due", "company")


def test_a_placeholder_that_still_stands_is_not_sent() -> None:
    i18n.install("en")
    model = FormModel(RULES, "send", answers={"subject": "S", "company": "{company}"}, today=TODAY)
    model.set_text(TEXT, "Until {due}")
    found = {each.field: each.text for each in model.problems() if each.code == "placeholder"}
    assert found == {
        "company": "Write what {company} stands for.",
        TEXT: "Write what {due} stands for.",
    }
    model.set_text(TEXT, "Until {then}")
    assert TEXT not in {each.field for each in model.problems()}
    assert not [each for each in model.problems("save") if each.code == "placeholder"]


def test_what_a_case_says_is_no_placeholder_of_its_own() -> None:
    case = {**CASE, "subject": "{officer}\x1b[2J"}
    given = phrases.facts(RULES, case, own="", other="", officer="Camille", today=TODAY)
    text, _left = phrases.filled(Phrase("1", "f", "en", "{subject}"), given, RULES)
    assert "Camille" not in text
    assert "\x1b" not in text


def test_an_abbreviation_is_found_folded_and_in_the_language_of_the_text_first() -> None:
    mine = [Phrase("1", "mfg", "de", "Mit freundlichen Grüßen"), Phrase("2", "MFG", "en", "Kind regards")]
    assert phrases.abbreviation_before("Sehr geehrte mfg") == "mfg"
    assert phrases.abbreviation_before("mfg ") == ""
    for typed in ("mfg", "MFG"):
        found = phrases.by_abbreviation(mine, typed, ("en", "de"))
        assert found is not None
        assert found.id == "2"
    found = phrases.by_abbreviation(mine, "mfg", ("fi",))
    assert found is not None
    assert phrases.by_abbreviation(mine, "", ("de",)) is None
    assert phrases.by_abbreviation(mine, "mf", ("de",)) is None


def test_the_list_is_searched_in_both_and_keeps_the_languages_apart() -> None:
    mine = [
        Phrase("1", "gruss", "de", "Mit freundlichen Grüßen"),
        Phrase("2", "fr", "de", "Frist verlängern"),
        Phrase("3", "gr", "en", "Greetings to friends"),
    ]
    assert [each.id for each in phrases.ranked(mine, "GRUSSEN", ("de",))] == ["1"]
    assert [each.id for each in phrases.ranked(mine, "fr", ("de", "en"))] == ["2", "1", "3"]
    assert [each.id for each in phrases.ranked(mine, "", ("en", "de"))] == ["3", "2", "1"]


WORD = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=15)
BODY = st.text(st.one_of(st.characters(), st.sampled_from('"\\\n\t\x7f\x1b{}')), min_size=1, max_size=60)


@given(st.lists(st.tuples(WORD, st.sampled_from(sorted(NAMES)), BODY), max_size=4))
def test_a_file_that_was_exported_is_read_back_as_it_was(given: list[tuple[str, str, str]]) -> None:
    mine = []
    for short, lang, text in given:
        try:
            mine.append(phrases.checked(short, lang, text))
        except PhraseProblem:
            continue
    if mine:
        assert phrases.from_toml(phrases.to_toml(mine)) == mine
        assert all(display(each.text, "multi") == each.text for each in mine)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("phrase = 3", "There is no [[phrase]]"),
        ("", "There is no [[phrase]]"),
        ("[[phrase", "This is no TOML file"),
        ("a = " + "1" * 5000, "This is no TOML file"),
        ('[[phrase]]\nabbreviation = "a b"\nlang = "de"\ntext = "x"', "Phrase 1: An abbreviation is one word"),
        ('[[phrase]]\nabbreviation = "a"\nlang = "xx"\ntext = "x"', "Phrase 1: There is no language xx."),
        ('[[phrase]]\nabbreviation = "a"\nlang = "de"', "Phrase 1: A phrase has from 1"),
        ("[[phrase]]\n" * 2001, "There are more than 2000 phrases"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(text: str, why: str) -> None:
    with pytest.raises(PhraseProblem) as problem:
        phrases.from_toml(text)
    assert problem.value.text.startswith(why)


@pytest.mark.parametrize("lang", sorted(NAMES))
def test_standard_texts_are_there_in_every_language(lang: str) -> None:
    i18n.install("en")
    found = standard_texts.phrases([lang, "", lang], "ask_clarification")
    english = standard_texts.phrases(["en"], "ask_clarification")
    assert [each.abbreviation for each in found[:2]] == ["More details", "Reply incomplete"], (
        "those that fit come first"
    )
    assert len(found) == len(english) == len({each.text for each in found}) >= 8
    for here, there in zip(found, english, strict=True):
        assert (here.id, here.abbreviation, here.lang) == (there.id, there.abbreviation, lang)
        assert (here.text == there.text) == (lang == "en")
        assert set(phrases.filled(here, {})[1]) == set(phrases.filled(there, {})[1])
        assert phrases.checked("own", lang, here.text).text == here.text


def test_the_day_of_sending_is_that_of_the_officers_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XST-2")
    time.tzset()
    try:
        case = {**CASE, "sentAt": "2026-03-04T22:30:00Z"}
        given = phrases.facts(RULES, case, own="", other="", officer="", today=TODAY)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert given["sent"] == "2026-03-05"
