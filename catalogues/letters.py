"""Rules about characters: nothing invisible, the language's own letters, its own signs at the end of a sentence."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from rich.cells import cell_len

from catalogues.entries import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogues.entries import Book
    from catalogues.findings import Finding

_WORD = re.compile(r"[^\W\d_]+")
_CLOSING = "\"'”’»)]›“"
_ENDS = ".?!:;·…"
_SCRIPTS = {"el": "GREEK", "bg": "CYRILLIC"}
_LOOKALIKE = {"ş": "ș", "ţ": "ț", "Ş": "Ș", "Ţ": "Ț"}
"""Letters with a cedilla that Romanian writes with a comma."""

OWN: dict[str, tuple[str, float]] = {
    "bg": ("йъщюяж", 4.7),
    "cs": ("áčďéěíňóřšťúůýž", 15.1),
    "da": ("æøå", 2.7),
    "de": ("äöüß", 1.7),
    "el": ("άέήίόύώϊϋΐΰ", 10.4),
    "es": ("áéíóúñü", 1.8),
    "et": ("äöüõšž", 4.2),
    "fi": ("äö", 6.1),
    "fr": ("àâçéèêëîïôùûœ", 3.9),
    "ga": ("áéíóú", 7.2),
    "hr": ("čćđšž", 2.7),
    "hu": ("áéíóöőúüű", 12.7),
    "it": ("àèéìòù", 0.8),
    "lt": ("ąčęėįšųūž", 6.4),
    "lv": ("āčēģīķļņšūž", 10.5),
    "mt": ("ċġħż", 4.9),
    "pl": ("ąćęłńóśźż", 5.1),
    "pt": ("ãõáâàéêíóôúç", 3.7),
    "ro": ("ăâîșț", 6.9),
    "sk": ("áäčďéíĺľňóôŕšťúýž", 10.5),
    "sl": ("čšž", 2.2),
    "sv": ("åäö", 5.3),
}
"""A language's own letters and what share of all letters they are, in %, in some 4,000 letters of official prose.

English has none, and Dutch too few to tell.
"""
_ENOUGH, _SURE = 2000, 9.0


def hidden(book: Book) -> Iterator[Finding]:
    """No control or invisible characters, letters composed, nothing two cells wide that the text has not."""
    for entry in book.translated:
        for text in entry.forms:
            for char in dict.fromkeys(text):
                if char in entry.ids[0] or char == "\n":
                    continue
                name = f"U+{ord(char):04X} {unicodedata.name(char, '')}".strip()
                if unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") or char in "\u202f\u2009":
                    do = "write U+00A0 for a space that does not break" if char in "\u202f\u2009" else "remove it"
                    yield book.finding("hidden", entry, f"has {name}: {text!r}", do)
                elif cell_len(char) > 1:
                    yield book.finding("hidden", entry, f"has {name}, two cells wide: {text!r}", "use another sign")
            if not unicodedata.is_normalized("NFC", text):
                yield book.finding("hidden", entry, f"has letters of two characters: {text!r}", "compose it (NFC)")


def script(book: Book) -> Iterator[Finding]:
    """Words are of one script: that of the language, or Latin."""
    own = _SCRIPTS.get(book.language, "LATIN")
    for entry in book.translated:
        for text in entry.forms:
            bare = PARTS.sub(" ", text)
            for word in _WORD.findall(bare):
                found = {name.split()[0] for char in word if (name := unicodedata.name(char, ""))}
                found &= {"LATIN", "GREEK", "CYRILLIC"}
                if len(found) > 1:
                    yield book.finding("script", entry, f"mixes scripts in {word!r}", "type the word again")
                elif found - {own, "LATIN"} and word not in entry.ids[0]:
                    yield book.finding("script", entry, f"has a word of another script: {word!r}", "type it again")
            if book.language == "ro" and (wrong := _LOOKALIKE.keys() & set(text)):
                right = ", ".join(_LOOKALIKE[char] for char in sorted(wrong))
                yield book.finding("script", entry, f"has letters with a cedilla: {text!r}", f"write {right}")


def own_letters(book: Book) -> Iterator[Finding]:
    """Nobody typed it without the marks on letters: the language's own letters are as many as they should be."""
    if book.language not in OWN:
        return
    own, percent = OWN[book.language]
    letters = {entry: [c for text in entry.forms for c in text.lower() if c.isalpha()] for entry in book.translated}
    written = sum(map(len, letters.values()))
    used = sum(char in own for all in letters.values() for char in all)
    if written >= _ENOUGH and (share := 100 * used / written) < percent / 2:
        says = f"{share:.1f} % of its letters are of {own}, in other texts {percent} %"
        yield book.finding("own letters", None, says, "write the language's own letters")
    for entry, found in letters.items():
        if len(found) * percent / 100 > _SURE and not set(found) & set(own):
            yield book.finding("own letters", entry, f"has none of {own}", "write the language's own letters")


def punctuation(book: Book) -> Iterator[Finding]:
    """A sentence ends as the text does, with the language's own sign and the spaces it wants."""
    for entry in book.translated:
        wanted = _end(entry.ids[-1])
        own = {"?": ";", ";": "·"}.get(wanted, wanted) if book.language == "el" else wanted
        for text in entry.forms:
            if text and _end(text) != own and not (not own and _abbreviated(text)):
                do = f"end it with {own!r}" if own else "end it without a sign"
                yield book.finding("punctuation", entry, f"ends with {_end(text)!r}: {text!r}", do)
            elif book.language == "el" and re.search(r"\w\?", PARTS.sub("x", text)):
                yield book.finding("punctuation", entry, f"asks with '?': {text!r}", "ask with ';'")
            if book.language == "fr" and (wrong := re.search(r"[^\s\u00a0?!:;(«\"][?!:;](?=\s|$)", text)):
                says = f"has no space before the sign in {wrong.group()!r}: {text!r}"
                yield book.finding("punctuation", entry, says, "put U+00A0 before ? ! : ;")
            if book.language == "fr" and re.search(r" [?!:;](?=\s|$)|« | »", text):
                says = f"may break before its last sign: {text!r}"
                yield book.finding("punctuation", entry, says, "put U+00A0 before ? ! : ; » and after «")


def _end(text: str) -> str:
    last = text.rstrip().rstrip(_CLOSING).rstrip()[-1:]
    return "…" if text.rstrip().endswith("...") else last if last and last in _ENDS else ""


def _abbreviated(text: str) -> bool:
    """Whether a label ends in an abbreviation or an ordinal number, whose full stop is no end of a sentence."""
    *before, last = text.split() or [""]
    return last.endswith(".") and len(last) <= (7 if before else 12) and len(before) < 4
