"""Checking catalogues: some files alone, or all of them."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from babel.messages.pofile import PoFileError

from catalogues import exceptions
from catalogues.domains import DOMAINS, LOCALES
from catalogues.entries import Book, Entry, language_of
from catalogues.files import read
from catalogues.findings import Finding
from catalogues.glossary import terms
from catalogues.letters import hidden, own_letters, punctuation, script
from catalogues.likeness import RELATIVES, copies, equal
from catalogues.rules import complete, ends, placeholders, plurals, typed
from catalogues.widths import widths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

RULES: tuple[Callable[[Book], Iterator[Finding]], ...] = (
    complete,
    plurals,
    placeholders,
    typed,
    ends,
    hidden,
    script,
    own_letters,
    punctuation,
    equal,
    terms,
    widths,
)
"""What a catalogue has to pass by itself; `copies` compares it with others."""
_LINE = re.compile(r'|#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) )?"(?:[^"\\]|\\.)*"')


def catalogues_in(paths: Iterable[Path]) -> list[Path]:
    """The catalogues that paths name: a file, a folder of a language, or all of ``locales``.

    Raises `FileNotFoundError` where a path leads to none.
    """
    found: list[Path] = []
    for path in paths:
        here = [path] if path.suffix == ".po" and path.is_file() else sorted(path.resolve().rglob("*.po"))
        if not here:
            raise FileNotFoundError(f"{path}: no catalogue there")
        found.extend(each.resolve() for each in here)
    return found


def opened(path: Path) -> Book | Finding:
    """The catalogue at `path`, or what makes it none."""
    try:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            # Babel takes a text that nothing closes.
            if not _LINE.fullmatch(line.strip()):
                raise ValueError(f"line {number} is no part of a catalogue: {line.strip()}")
        return Book(language_of(path), path.stem, path, read(path))
    except (PoFileError, ValueError) as error:
        return Finding("file", str(path), "", "", str(error), "mend the file: it is no catalogue in UTF-8")


def check(paths: Iterable[Path] = (LOCALES,), exempt: Iterable[exceptions.Exempt] | None = None) -> Iterator[Finding]:
    """What is wrong with the catalogues under `paths`.

    One that stands alone is compared with its relatives only. Raises `FileNotFoundError` and, for a broken table of
    exceptions, `ValueError`.
    """
    known = exceptions.read() if exempt is None else tuple(exempt)
    used: set[exceptions.Exempt] = set()
    books: dict[Path, Book] = {}
    for path in catalogues_in(paths):
        book = opened(path)
        if isinstance(book, Finding):
            yield book
        else:
            books[path] = book
    for book in books.values():
        for finding in of_book(book, _near(book, books)):
            matching = {each for each in known if _covers(each, finding)}
            used |= matching
            if not matching:
                yield finding
    seen = {(book.language, entry.name) for book in books.values() for entry in book.entries}
    for each in known:
        if each not in used and (each.text == "*" or (each.language, each.text) in seen) and _is_whole(books):
            do = "remove the row"
            yield Finding("exceptions", exceptions.FILE.name, each.text, each.language, f"{each.rule}: not needed", do)


def of_book(book: Book, others: Iterable[Book]) -> Iterator[Finding]:
    """What is wrong with one catalogue, by itself, beside its template and beside others."""
    for rule in RULES:
        yield from rule(book)
    yield from carried(book)
    yield from copies(book, others)


def carried(book: Book) -> Iterator[Finding]:
    """The texts are those of the template, where there is one: none is missing, none is of yesterday."""
    template = book.path.parents[2] / f"{book.domain}.pot"
    if not template.exists():
        return
    wanted = _texts(template, template.stat().st_mtime_ns)
    here = {(entry.context, entry.ids): entry for entry in book.entries}
    for context, ids in sorted(wanted - here.keys()):
        yield book.finding("carried", Entry(ids, (), context), "is missing", "run: make locales; translate it")
    for key in sorted(here.keys() - wanted):
        yield book.finding("carried", here[key], "is no text of the program any more", "run: make locales")


@functools.lru_cache(maxsize=len(DOMAINS))
def _texts(template: Path, _changed: int) -> frozenset[tuple[str, tuple[str, ...]]]:
    entries = (Entry.of(message) for message in read(template) if message.id)
    return frozenset((entry.context, entry.ids) for entry in entries)


def _near(book: Book, books: dict[Path, Book]) -> list[Book]:
    if _is_whole(books):
        # Each pair once: what two languages share is wrong in one of them, and a reader has to see in which.
        return [other for other in books.values() if other.language > book.language]
    found = []
    for language in RELATIVES.get(book.language, ()):
        path = book.path.parents[2] / language / "LC_MESSAGES" / book.path.name
        if path.exists() and isinstance(other := books.get(path) or opened(path), Book):
            found.append(other)
    return found


def _is_whole(books: dict[Path, Book]) -> bool:
    return len(books) >= len(DOMAINS) and len({book.language for book in books.values()}) > 2


def _covers(exempt: exceptions.Exempt, finding: Finding) -> bool:
    return (exempt.rule, exempt.language) == (finding.rule, finding.language) and exempt.text in ("*", finding.entry)
