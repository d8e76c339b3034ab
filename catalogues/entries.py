"""One catalogue as the rules see it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalogues.findings import Finding
from imi_core.languages import NAMES

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

PARTS = re.compile(r"(\{[^{}]*\}|%\([^)]*\)[a-z]|%[a-z%])")
"""Placeholders, for splitting a text at them."""


@dataclass(frozen=True)
class Entry:
    """A text and its translation; both have forms where they are counted."""

    ids: tuple[str, ...]
    forms: tuple[str, ...]
    context: str = ""
    comments: tuple[str, ...] = ()
    fuzzy: bool = False

    @classmethod
    def of(cls, message: Message) -> Entry:
        """What Babel read."""
        ids, strings, comments = _forms(message.id), _forms(message.string), tuple(message.auto_comments)
        return cls(ids, strings, message.context or "", comments, message.fuzzy)

    @property
    def name(self) -> str:
        """How a translator finds it."""
        return f"[{self.context}] {self.ids[0]}" if self.context else self.ids[0]

    @property
    def plural(self) -> bool:
        """Whether it is counted."""
        return len(self.ids) > 1


def _forms(text: Any) -> tuple[str, ...]:
    return tuple(each or "" for each in text) if isinstance(text, tuple | list) else (text or "",)


@dataclass(frozen=True)
class Book:
    """A catalogue: ``locales/<language>/LC_MESSAGES/<domain>.po``."""

    language: str
    domain: str
    path: Path
    catalogue: Catalog

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Its texts, without the header."""
        return tuple(Entry.of(message) for message in self.catalogue if message.id)

    @cached_property
    def translated(self) -> tuple[Entry, ...]:
        """Those that have a translation."""
        return tuple(entry for entry in self.entries if any(entry.forms))

    def finding(self, rule: str, entry: Entry | None, says: str, do: str) -> Finding:
        """Something wrong with an entry, or with the whole."""
        file = f"{self.language}/LC_MESSAGES/{self.path.name}"
        return Finding(rule, file, entry.name if entry else "", self.language, says, do)


def language_of(path: Path) -> str:
    """The language of a catalogue's path. Raises `ValueError` for what is none of the 24."""
    code = path.parent.parent.name
    if code not in NAMES:
        raise ValueError(f"{path}: {code!r} is no official language of the Union")
    return code
