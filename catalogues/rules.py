"""Rules about what a program does with a translation: it is there, it counts rightly, its placeholders can be filled.

A rule is a function of a catalogue that yields findings; `catalogues.checking.RULES` lists all of them.
"""

from __future__ import annotations

import functools
import gettext
import re
import string
from collections import Counter
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog

from catalogues.entries import Book, Entry, language_of
from catalogues.plurals import PLURALS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from babel.messages.catalog import Message

    from catalogues.findings import Finding

COUNTED = range(139)
"""The numbers at which the rules of two languages can differ."""
_PERCENT = re.compile(r"%(?:\(\w+\))?[a-z]|%%")
_TYPED = re.compile(r"(?<![\w-])(?:--[a-z][a-z-]*|-[a-z]\b)|\bF\d{1,2}\b|\bimi-tui\b|\bIMI\b|`[^`]+`|https?://\S+")
"""What stands in every language as it does in English: options, keys, commands, the system's name, addresses."""


def complete(book: Book) -> Iterator[Finding]:
    """Every text has a translation, every form of it too, and none is a guess (fuzzy)."""
    for entry in book.entries:
        if entry.fuzzy:
            yield book.finding("complete", entry, "is marked fuzzy", "check the translation and remove the mark")
        if not any(entry.forms):
            yield book.finding("complete", entry, "is not translated", "translate it")
        elif missing := [str(form) for form, text in enumerate(entry.forms) if not text]:
            yield book.finding("complete", entry, f"form {', '.join(missing)} is empty", "write every form")


def plurals(book: Book) -> Iterator[Finding]:
    """The head counts as the table does from 0 to 138, and each counted text has as many forms."""
    wanted, found = PLURALS[book.language], book.catalogue.plural_forms
    do = f'write "Plural-Forms: {wanted}\\n" in its head'
    count = _count(wanted)
    try:
        differs = next((n for n in COUNTED if _rule(found)(n) != _rule(wanted)(n)), None)
    except ValueError:
        yield book.finding("plurals", None, f"has no rule that can be read: {found}", do)
    else:
        if _count(found) != count:
            yield book.finding("plurals", None, f"has {_count(found)} forms instead of {count}", do)
        elif differs is not None:
            yield book.finding("plurals", None, f"counts {differs} in another way: {found}", do)
    for entry in book.translated:
        if entry.plural and len(entry.forms) != count:
            yield book.finding("plurals", entry, f"has {len(entry.forms)} forms", f"write {count} forms")


def placeholders(book: Book) -> Iterator[Finding]:
    """Names in braces and %-signs are those of the text; only a form for exactly one number may leave it out."""
    for entry in book.translated:
        yield from _placeholders(book, entry)


def _placeholders(book: Book, entry: Entry) -> Iterator[Finding]:
    wanted = [_fields(text) or Counter() for text in entry.ids]
    for form, text in enumerate(entry.forms):
        if not text:
            continue
        found = _fields(text)
        if found is None:
            yield book.finding("placeholders", entry, f"has a brace without its other: {text!r}", "close or remove it")
        elif not _fits(found, wanted, entry.plural and form in _of_one_number(book.language)):
            need = ", ".join(sorted(wanted[-1])) or "none"
            yield book.finding("placeholders", entry, f"has other placeholders: {text!r}", f"use exactly: {need}")


def _fits(found: Counter[str], wanted: list[Counter[str]], one_number: bool) -> bool:
    if not one_number:
        # The English singular may say "one": what is said of 1, 21 and 31 may not.
        return found == wanted[-1]
    return found in wanted or (not found - wanted[-1] and (wanted[-1] - found).total() == 1)


def typed(book: Book) -> Iterator[Finding]:
    """Options, keys, commands and the name of the system stand as they are."""
    for entry in book.translated:
        wanted = Counter(_TYPED.findall(entry.ids[-1]))
        for text in entry.forms:
            # How often is a matter of style; that it is there is not.
            missing = wanted.keys() - Counter(_TYPED.findall(text)).keys()
            if text and (missing := {each for each in missing if each not in text}):
                names = ", ".join(sorted(missing))
                yield book.finding("typed", entry, f"lacks {names}: {text!r}", "keep it letter by letter")


def ends(book: Book) -> Iterator[Finding]:
    """White space and line ends at both ends are those of the text, and lines are as many."""
    for entry in book.translated:
        yield from _ends(book, entry)


def _ends(book: Book, entry: Entry) -> Iterator[Finding]:
    wanted = _space(entry.ids[0])
    for text in entry.forms:
        if text and _space(text) != wanted:
            do = f"keep {wanted[0]!r} and {wanted[1]!r}"
            yield book.finding("ends", entry, f"begins or ends with other white space: {text!r}", do)
        elif text and ("\n" in text) != ("\n" in entry.ids[0]):
            yield book.finding("ends", entry, f"has other lines: {text!r}", "break lines where the text does")


def sound(path: Path, message: Message) -> list[Finding]:
    """What would break a program that shows this translation, or the sentence around it."""
    book = Book(language_of(path), path.stem, path, Catalog())
    entry = Entry.of(message)
    if not any(entry.forms):
        return []
    found = [*_placeholders(book, entry), *_ends(book, entry)]
    if entry.fuzzy:
        found.append(book.finding("complete", entry, "is marked fuzzy", "check the translation and remove the mark"))
    if not all(entry.forms):
        found.append(book.finding("complete", entry, "has an empty form", "write every form"))
    return found


def _count(header: str) -> int:
    match = re.match(r"\s*nplurals\s*=\s*(\d+)", header)
    return int(match.group(1)) if match else 0


@functools.cache
def _rule(header: str) -> functools.partial[int]:
    """The form of a number by a Plural-Forms header. Raises `ValueError`."""
    # The parser that reads it when the program runs; typeshed does not know it.
    parse = vars(gettext)["c2py"]
    return functools.partial(parse(header.partition("plural=")[2].strip().rstrip(";")))


@functools.cache
def _of_one_number(language: str) -> frozenset[int]:
    """The forms that are said of one number alone."""
    said = Counter(_rule(PLURALS[language])(number) for number in range(1000))
    return frozenset(form for form, numbers in said.items() if numbers == 1)


def _fields(text: str) -> Counter[str] | None:
    """The names in braces of `text` and its %-signs, with how often each stands; None where it is no format string."""
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return None
    return Counter(names) + Counter(_PERCENT.findall(text))


def _space(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
