"""What of an entry is free text, and in which language it stands."""

from __future__ import annotations

import pytest

from imi_core.case import Case, Entry, Text
from imi_core.translating import FreeText, free_texts, language
from tests.core.world import load_rules

RULES = load_rules("pw", "info")


def test_free_text_is_what_somebody_put_into_words() -> None:
    answers = {
        "subject": "Établissement",
        "company": "Alpbau GmbH",
        "workers": "Jean",
        "justification": "Contrôle.",
        "sector": "construction",
        "wished_days": 10,
        "questions": ["EST-01"],
    }
    entry = Entry(action="send", answers=answers, text=Text(lang="fr", text="Merci."))
    case = Case(id="c", procedure="pw.info", state="awaiting_acceptance")
    assert free_texts(RULES, case, entry) == (
        FreeText("subject", "Établissement"),
        FreeText("workers", "Jean", personal=True),
        FreeText("justification", "Contrôle."),
        FreeText("text", "Merci."),
    )


def test_remarks_and_reasons_of_a_reply_are_free_text_and_as_personal_as_their_question() -> None:
    answers = {
        "EST-01": "yes",
        "EST-01.remark": "Seulement ici.",
        "POS-04.cannot": "Inconnu.",
        "EST-01-since": "2001-01-01",
    }
    case = Case(id="c", procedure="pw.info", state="accepted", questions=("EST-01", "POS-04"))
    assert free_texts(RULES, case, Entry(action="reply", answers=answers)) == (
        FreeText("EST-01.remark", "Seulement ici."),
        FreeText("POS-04.cannot", "Inconnu.", personal=True),
    )


def test_blank_and_foreign_answers_are_none() -> None:
    case = Case(id="c", procedure="pw.info", state="accepted")
    assert free_texts(RULES, case, Entry(action="message", text=Text(lang="fr", text="  "))) == ()
    assert free_texts(RULES, case, Entry(action="of_another_version", answers={"subject": "x"})) == ()


@pytest.mark.parametrize(
    ("lang", "text", "found"),
    [("", None, ""), ("fr", None, "fr"), ("fr", "el", "el"), ("", "und", ""), ("", "el", "el")],
)
def test_the_language_of_an_entry(lang: str, text: str | None, found: str) -> None:
    said = Text(lang=text, text="x") if text is not None else None
    assert language(Entry(action="send", lang=lang, text=said)) == found
