"""It stays complete: every language has a sound translation of every text of the three catalogues."""

from __future__ import annotations

import pytest

from catalogues import exceptions, files
from catalogues.checking import check, opened
from catalogues.domains import DOMAINS, LOCALES
from catalogues.entries import Book
from catalogues.likeness import copies
from imi_core.languages import NAMES

PENDING: tuple[str, ...] = ()
"""Languages whose translations have not arrived yet. Empty from then on: a text without its 23 translations fails."""


def test_what_is_pending_is_a_language() -> None:
    assert set(PENDING) <= NAMES.keys() - {"en"}


@pytest.mark.parametrize("language", [language for language in NAMES if language not in PENDING])
def test_every_text_is_translated_and_passes_every_rule(language: str) -> None:
    for domain in DOMAINS:
        assert files.path_of(language, domain).exists(), f"{language} has no {domain}"
    assert [str(finding) for finding in check([LOCALES / language])] == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_no_two_languages_share_a_long_text(domain: str) -> None:
    exempt = {(each.language, each.text) for each in exceptions.read() if each.rule == "copies"}
    books = [book for path in LOCALES.glob(f"*/LC_MESSAGES/{domain}.po") if isinstance(book := opened(path), Book)]
    found = [
        finding
        for book in books
        for finding in copies(book, [other for other in books if other.language > book.language])
        if (finding.language, finding.entry) not in exempt
    ]
    assert [str(finding) for finding in found] == []
