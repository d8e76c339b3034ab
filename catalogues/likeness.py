"""Rules about translations that are too much like another text: like the English one, or that of another language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalogues.entries import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from catalogues.entries import Book
    from catalogues.findings import Finding

EQUAL = 12.0
"""The share of texts, in %, that may read as in English: names and words that both languages have."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_LONG_WORDS, _LONG = 5, 30
RELATIVES: dict[str, tuple[str, ...]] = {
    "cs": ("sk", "pl"),
    "da": ("sv",),
    "de": ("nl",),
    "es": ("pt", "it"),
    "et": ("fi",),
    "fi": ("et",),
    "fr": ("it",),
    "hr": ("sl",),
    "it": ("es", "mt"),
    "lt": ("lv",),
    "lv": ("lt",),
    "mt": ("it",),
    "nl": ("de",),
    "pl": ("cs", "sk"),
    "pt": ("es",),
    "ro": ("it",),
    "sk": ("cs", "pl"),
    "sl": ("hr",),
    "sv": ("da",),
}
"""The languages whose texts are most easily taken for those of another."""


def equal(book: Book) -> Iterator[Finding]:
    """Less than 12 % of the texts read as in English, and no sentence does."""
    if book.language == "en":
        return
    said = [entry for entry in book.translated if _words(entry.ids[0])]
    same = [entry for entry in said if entry.forms[0] == entry.ids[0]]
    for entry in same:
        if len(_words(entry.ids[0])) >= 3:
            yield book.finding("equal", entry, "is English", "translate it")
    if len(said) >= 25 and (share := 100 * len(same) / len(said)) >= EQUAL:
        first = "; ".join(entry.ids[0] for entry in same[:8])
        yield book.finding("equal", None, f"{share:.0f} % of its texts are English, such as {first}", "translate them")


def copies(book: Book, others: Iterable[Book]) -> Iterator[Finding]:
    """No long text reads alike in two languages."""
    for other in others:
        if other.domain != book.domain or "en" in (book.language, other.language) or other.language == book.language:
            continue
        theirs = {(entry.context, entry.ids): entry for entry in other.translated}
        for entry in book.translated:
            found = theirs.get((entry.context, entry.ids))
            if found is None:
                continue
            for text in set(entry.forms) & set(found.forms):
                bare = PARTS.sub(" ", text)
                if len(bare) >= _LONG and len(_words(bare)) >= _LONG_WORDS:
                    says = f"reads as in {other.language}: {text!r}"
                    yield book.finding("copies", entry, says, "translate it into this language")
                    break


def _words(text: str) -> list[str]:
    return _WORD.findall(PARTS.sub(" ", text))
