"""What a catalogue has to pass. One function a rule; each yields findings."""

from __future__ import annotations

import re
import string
from collections import Counter
from typing import TYPE_CHECKING

from catalogues.entries import Book, Entry, language_of
from catalogues.plurals import PLURALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from babel.messages.catalog import Message

    from catalogues.findings import Finding

_PERCENT = re.compile(r"%(?:\(\w+\))?[a-z]|%%")


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
    """The header counts as the table does, and each counted text has as many forms."""
    wanted = PLURALS[book.language]
    found = book.catalogue.plural_forms
    if _bare(found) != _bare(wanted):
        yield book.finding("plurals", None, f"counts by {found}", f'write "Plural-Forms: {wanted}\\n" in its head')
    count = int(wanted.split("=")[1].split(";")[0])
    for entry in book.translated:
        if entry.plural and len(entry.forms) != count:
            yield book.finding("plurals", entry, f"has {len(entry.forms)} forms", f"write {count} forms")


def placeholders(book: Book) -> Iterator[Finding]:
    """Names in braces and %-signs stand in every form; one for exactly one number may leave the number out."""
    for entry in book.translated:
        yield from _placeholders(book, entry)


def _placeholders(book: Book, entry: Entry) -> Iterator[Finding]:
    wanted = [_fields(text) for text in entry.ids]
    for text in entry.forms:
        if not text:
            continue
        found = _fields(text)
        if found is None:
            yield book.finding("placeholders", entry, f"has a brace without its other: {text!r}", "close or remove it")
        elif found not in wanted and not (len(entry.forms) > 1 and any(_less(found, each) for each in wanted)):
            need = ", ".join(sorted(wanted[-1] or ())) or "none"
            yield book.finding("placeholders", entry, f"has other placeholders: {text!r}", f"use exactly: {need}")


def ends(book: Book) -> Iterator[Finding]:
    """White space and line ends at both ends are those of the text."""
    for entry in book.translated:
        yield from _ends(book, entry)


def _ends(book: Book, entry: Entry) -> Iterator[Finding]:
    wanted = _space(entry.ids[0])
    for text in entry.forms:
        if text and _space(text) != wanted:
            do = f"keep {wanted[0]!r} and {wanted[1]!r}"
            yield book.finding("ends", entry, f"begins or ends with other white space: {text!r}", do)


def sound(path: Path, message: Message) -> list[Finding]:
    """What would break a program that shows this translation, or the sentence around it."""
    from babel.messages.catalog import Catalog

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


RULES: tuple[Callable[[Book], Iterator[Finding]], ...] = (complete, plurals, placeholders, ends)


def _bare(rule: str) -> str:
    return re.sub(r"[\s();]", "", rule)


def _fields(text: str) -> Counter[str] | None:
    """The names in braces of `text` and its %-signs, with how often each stands; None where it is no format string."""
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return None
    return Counter(names) + Counter(_PERCENT.findall(text))


def _less(found: Counter[str], wanted: Counter[str] | None) -> bool:
    return wanted is not None and not found - wanted and bool(wanted - found)


def _space(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
