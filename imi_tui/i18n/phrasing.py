"""Small pieces of sentences as the officer's language makes them: choices in a row, names of languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_tui.i18n.dates import locale

if TYPE_CHECKING:
    from collections.abc import Sequence


def any_of(names: Sequence[str]) -> str:
    """The names as a choice, such as "A, B or C"; "" for none."""
    from babel.lists import format_list

    return format_list(list(names), style="or", locale=locale())


def language_name(tag: str) -> str:
    """What a language is called in that of the officer; the tag itself where nobody knows it."""
    from babel import Locale

    names = Locale.parse(locale()).languages
    return str(names.get(tag) or names.get(tag.split("-")[0].lower()) or tag)
