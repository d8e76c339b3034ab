"""Official terms are told in whatever case a sentence wants, and other words for them are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogues import glossary
from catalogues.glossary import said, terms
from imi_core.languages import NAMES
from tests.catalogues.books import book

INFLECTED = (
    ("bg", "държава членка", "на държавите членки"),
    ("cs", "členský stát", "v členských státech"),
    ("cs", "příslušný orgán", "příslušnými orgány"),
    ("da", "kompetent myndighed", "de kompetente myndigheder"),
    ("de", "zuständige Behörde", "der zuständigen Behörden"),
    ("de", "Mitgliedstaat", "in allen Mitgliedstaaten"),
    ("el", "κράτος μέλος", "των κρατών μελών"),
    ("el", "αρμόδια αρχή", "ΑΡΜΟΔΙΕΣ ΑΡΧΕΣ"),
    ("es", "autoridad competente", "las autoridades competentes"),
    ("et", "pädev asutus", "pädevatele asutustele"),
    ("fi", "toimivaltainen viranomainen", "toimivaltaisille viranomaisille"),
    ("fr", "État membre", "des États membres"),
    ("ga", "Ballstát", "sna Ballstáit agus i mBallstát eile"),
    ("ga", "comhordaitheoir IMI", "don chomhordaitheoir IMI"),
    ("ga", "údarás inniúil", "na n-údarás inniúil"),
    ("hr", "osobni podaci", "osobnih podataka"),
    ("hr", "država članica", "u državama članicama"),
    ("hu", "illetékes hatóság", "az illetékes hatóságnak"),
    ("it", "autorità competente", "le autorità competenti"),
    ("lt", "kompetentinga institucija", "kompetentingoms institucijoms"),
    ("lv", "dalībvalsts", "dalībvalstīs"),
    ("mt", "awtorità kompetenti", "lill-awtoritajiet kompetenti"),
    ("nl", "bevoegde autoriteit", "de bevoegde autoriteiten"),
    ("pl", "dane osobowe", "danych osobowych"),
    ("pl", "państwo członkowskie", "w państwach członkowskich"),
    ("pt", "Estado-Membro", "nos Estados-Membros"),
    ("ro", "stat membru", "statelor membre"),
    ("sk", "osobné údaje", "osobných údajov"),
    ("sl", "pristojni organ", "pristojnim organom"),
    ("sv", "behörig myndighet", "behöriga myndigheter"),
)


@pytest.mark.parametrize(("language", "term", "text"), INFLECTED)
def test_a_term_is_known_in_any_case_and_number(language: str, term: str, text: str) -> None:
    assert said(term, text, language)


@pytest.mark.parametrize(
    ("language", "term", "text"),
    [
        ("de", "Vorwarnung", "Warnung"),
        ("de", "zuständige Behörde", "zuständige Stelle"),
        ("cs", "výstraha", "varování"),
        ("fr", "État membre", "pays membre"),
        ("ga", "Ballstát", "tír"),
        ("bg", "държава членка", "държава"),
    ],
)
def test_another_word_is_not_the_term(language: str, term: str, text: str) -> None:
    assert not said(term, text, language)


def found(language: str, id: str, text: str) -> list[str]:
    return [finding.do for finding in terms(book(language, (id, text)))]


def test_a_legal_term_is_looked_for_wherever_it_stands() -> None:
    assert (
        found("de", "The competent authorities of a Member State", "Die zuständigen Behörden eines Mitgliedstaats")
        == []
    )
    [do] = found("de", "The competent authorities of a Member State", "Die zuständigen Stellen eines Mitgliedstaats")
    assert "zuständige Behörde" in do
    assert found("de", "The incompetent authority", "Die unfähige Stelle") == []


def test_a_word_of_programs_is_looked_for_where_it_is_the_whole_text() -> None:
    assert found("it", "Close", "Chiudi") == []
    [do] = found("it", "Close", "Cancella")
    assert "chiudi or archivia" in do
    assert found("it", "Close the case", "Termina il caso") == []


def test_what_no_official_text_bears_out_is_advice() -> None:
    assert found("de", "Inbox", "Kasten") == []


def test_every_form_says_the_term() -> None:
    forms = book("de", (("{n} alert", "{n} alerts"), ("{n} Vorwarnung", "{n} Warnungen")))
    assert len(list(terms(forms))) == 1


def test_the_longest_term_counts() -> None:
    assert found("de", "Request for information", "Auskunftsersuchen") == []


def test_the_table_has_every_language_and_knows_its_own_words() -> None:
    known = glossary.read()
    assert len(known) >= 40
    for term in known:
        assert term.variants.keys() == NAMES.keys()
        assert term.term in term.variants["en"]
        for language, variants in term.variants.items():
            assert all(said(variant, variant, language) for variant in variants), (term.term, language)


@pytest.mark.parametrize("level", ["legal\t\t", "strict\tx\tx"])
def test_a_row_that_lacks_something_is_refused(tmp_path: Path, level: str) -> None:
    path = tmp_path / "glossary.tsv"
    languages = "\t".join(NAMES)
    path.write_text(f"term\tlevel\t{languages}\nalert\t{level}\n", "utf-8")
    with pytest.raises(ValueError):
        glossary.read(path)
