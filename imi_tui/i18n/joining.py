"""Signs between parts of a text, as each language writes them: a semicolon asks a question in Greek."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from imi_tui.i18n import pgettext

if TYPE_CHECKING:
    from collections.abc import Iterable


def several(parts: Iterable[str]) -> str:
    """Parts one after the other, each of which may hold commas."""
    # Translators: two parts of a list; Greek has "·" between them, French a no-break space before the semicolon.
    sign = pgettext("between parts", "{before}; {after}")
    found = list(parts)
    return functools.reduce(lambda before, after: sign.format(before=before, after=after), found) if found else ""


def with_name(name: str, value: object) -> str:
    """A value behind what it is called."""
    # Translators: what something is called, and its value; French has a no-break space before the colon.
    return pgettext("a value behind its name", "{name}: {value}").format(name=name, value=value)
