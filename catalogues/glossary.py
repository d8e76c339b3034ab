"""Official terms: `locales/glossary.tsv` says how each language calls a thing, and translations have to say so too.

A row is a term, its level and a cell for each language, in which `|` stands between accepted variants, the best
first. Levels: `legal` is the wording of the acts and of IMI's own pages, wherever the term stands in a text; `ui` a
word of the Commission's own programs, where the text is the term and nothing else; `soft` is advice that no official
text bears out.
"""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogues.domains import LOCALES
from imi_core.languages import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalogues.entries import Book, Entry
    from catalogues.findings import Finding

FILE = LOCALES / "glossary.tsv"
LEVELS = ("legal", "ui", "soft")
_EXTRA = str.maketrans({"đ": "d", "ħ": "h", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"})
_LENITED = re.compile(r"\b(n-|t-|h-|h(?=[aeiou]))|(?<=\b[bcdfgmpst])h|(?<=\b[bdgmn][bcdfgpt])h")


@dataclass(frozen=True)
class Term:
    """A thing and what each language may call it."""

    term: str
    level: str
    variants: dict[str, tuple[str, ...]]

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """How it stands in English, one or several."""
        head = re.escape(self.term[:-1]) + "(?:y|ies)" if self.term.endswith("y") else re.escape(self.term) + "s?"
        several = head.replace(r"request\ for", r"requests?\ for").replace(r"posting\ of", r"postings?\ of")
        return re.compile(rf"(?<![\w-]){several}(?![\w-])", re.IGNORECASE)

    def applies(self, entry: Entry) -> bool:
        """Whether a text has to use it."""
        if self.level == "legal":
            return bool(self.pattern.search(entry.ids[-1]))
        return self.level == "ui" and bool(self.pattern.fullmatch(entry.ids[0].strip(" .:…")))


@functools.cache
def read(path: Path = FILE) -> tuple[Term, ...]:
    """Every term. Raises `ValueError` for a row that is not of the form above."""
    terms = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True):
            if row["level"] not in LEVELS or not all(row.get(language) for language in NAMES):
                raise ValueError(f"{path}: {row['term']!r} has no level or lacks a language")
            variants = {language: tuple(row[language].split("|")) for language in NAMES}
            terms.append(Term(row["term"], row["level"], variants))
    return tuple(terms)


def terms(book: Book) -> Iterator[Finding]:
    """Texts with an official term use what the language calls it, in any case and number."""
    if book.language == "en":
        return
    for entry in book.translated:
        known = [term for term in read() if term.applies(entry)]
        # "request for information" speaks for itself: "request" in it is no other term.
        longest = [
            term for term in known if not any(term.term != other.term and term.term in other.term for other in known)
        ]
        for term in longest:
            variants = term.variants[book.language]
            for text in entry.forms:
                if text and not any(said(variant, text, book.language) for variant in variants):
                    do = f"say {' or '.join(variants)}, in the case the sentence wants"
                    yield book.finding("terms", entry, f"does not say {term.term!r} as the acts do: {text!r}", do)


def said(variant: str, text: str, language: str) -> bool:
    """Whether `text` has every word of `variant`, each by its stem: endings are as the sentence wants them."""
    hay = _plain(text, language)
    words = _plain(variant, language).replace("-", " ").split()
    return all(_stem(word) in hay for word in words if not _small(word, words))


def _small(word: str, words: list[str]) -> bool:
    """Whether a word only joins others, as an article does; in a term of one word it does not."""
    return len(word) <= 3 and len(words) > 1 and word != "imi"


def _stem(word: str) -> str:
    return word if len(word) <= 3 else word[: max(3, round(len(word) * 0.6))]


def _plain(text: str, language: str) -> str:
    """Small letters without marks; in Irish without what mutation puts in front."""
    out = []
    for char in text.casefold():
        # й is no и with a mark.
        out.append(char if "Ѐ" <= char <= "ӿ" else unicodedata.normalize("NFKD", char))
    bare = "".join(char for char in "".join(out) if not unicodedata.combining(char)).translate(_EXTRA)
    return _LENITED.sub("", bare) if language == "ga" else bare
