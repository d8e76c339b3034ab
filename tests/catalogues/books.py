"""Catalogues made for a test."""

from __future__ import annotations

from pathlib import Path

from catalogues import files
from catalogues.entries import Book

Text = str | tuple[str, ...]


def book(
    language: str,
    *entries: tuple[Text, Text] | tuple[Text, Text, str],
    context: str = "",
    fuzzy: bool = False,
    head: str = "",
) -> Book:
    """A catalogue of the client with these (text, translation, comment)."""
    catalogue = files.empty(language)
    if head:
        catalogue.mime_headers = [("Plural-Forms", head)]
    for id, text, *comment in entries:
        catalogue.add(id, text, flags={"fuzzy"} if fuzzy else set(), auto_comments=comment, context=context or None)
    return Book(language, "imi_tui", Path(language, "LC_MESSAGES", "imi_tui.po"), catalogue)
