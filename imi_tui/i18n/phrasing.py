"""Small pieces of sentences as the officer's language makes them: choices in a row, names of languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.languages import NAMES
from imi_core.text import fold
from imi_tui.i18n import language
from imi_tui.i18n.dates import locale

if TYPE_CHECKING:
    from collections.abc import Sequence


def any_of(names: Sequence[str]) -> str:
    """The names as a choice, such as "A, B or C"; "" for none."""
    from babel.lists import format_list

    *others, last = names or ("",)
    if others and (word := _or(last)):
        return f"{', '.join(others)} {word} {last}"
    return format_list(list(names), style="or", locale=locale())


def _or(following: str) -> str:
    """The word before `following` where Babel has a wrong one; "" where it is right."""
    match language():
        case "mt":
            # Babel has the English one.
            return "jew"
        case "es" if fold(following).startswith(("o", "ho", "8")):
            # Two like sounds do not meet: "siete u ocho".
            return "u"
    return ""


def own_names(codes: Sequence[str]) -> str:
    """Languages by what they call themselves, in a row; a code that nobody knows as it is."""
    return ", ".join(NAMES.get(code) or _own_name(code) for code in codes)


def _own_name(code: str) -> str:
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(code).get_language_name(code) or code
    except (UnknownLocaleError, ValueError):
        return code


def language_name(tag: str) -> str:
    """What a language is called in that of the officer; the tag itself where nobody knows it."""
    from babel import Locale

    names = Locale.parse(locale()).languages
    return str(names.get(tag) or names.get(tag.split("-")[0].lower()) or tag)
