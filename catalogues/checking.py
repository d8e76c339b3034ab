"""Checking catalogues: some files alone, or all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.pofile import PoFileError

from catalogues.domains import LOCALES
from catalogues.entries import Book, language_of
from catalogues.files import read
from catalogues.findings import Finding
from catalogues.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def catalogues_in(paths: Iterable[Path]) -> list[Path]:
    """The catalogues that paths name: a file, a folder of a language, or all of ``locales``.

    Raises `FileNotFoundError` where a path leads to none.
    """
    found: list[Path] = []
    for path in paths:
        here = [path] if path.suffix == ".po" and path.is_file() else sorted(path.rglob("LC_MESSAGES/*.po"))
        if path.name == "LC_MESSAGES":
            here = sorted(path.glob("*.po"))
        if not here:
            raise FileNotFoundError(f"{path}: no catalogue there")
        found.extend(here)
    return found


def check(paths: Iterable[Path] = (LOCALES,)) -> Iterator[Finding]:
    """What is wrong with the catalogues under `paths`."""
    for path in catalogues_in(paths):
        try:
            book = Book(language_of(path), path.stem, path, read(path))
        except (PoFileError, UnicodeDecodeError) as error:
            yield Finding("file", str(path), "", str(error), "mend the file: it is no catalogue in UTF-8")
            continue
        for rule in RULES:
            yield from rule(book)
