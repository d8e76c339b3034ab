"""Texts that show where they begin and end, without taking a cell more than they do: marks that combine.

A text whose end is not on the screen was cut; English texts that stand there in another language were left over.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from imi_tui import i18n

if TYPE_CHECKING:
    from imi_core.mo import Catalogue

BEGIN, END = "\u0332", "\u0333"
_INNERMOST = re.compile(f"{BEGIN}([^{BEGIN}{END}]+){END}")


def mark(text: str) -> str:
    """`text` with its marks; white space at the ends stays outside."""
    bare = text.strip()
    return text.replace(bare, f"{BEGIN}{bare}{END}", 1) if bare else text


def shown(text: str) -> str:
    """`text` as people see the marks in a failure."""
    return text.replace(BEGIN, "⟦").replace(END, "⟧")


def plain(text: str) -> str:
    """`text` without its marks."""
    return text.replace(BEGIN, "").replace(END, "")


def innermost(text: str) -> set[str]:
    """The texts on a screen that have no others in them."""
    return set(_INNERMOST.findall(text))


class Marked:
    """A catalogue whose every text is marked."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def gettext(self, message: str) -> str:
        """The marked translation."""
        return mark(self._catalogue.gettext(message))

    def pgettext(self, context: str, message: str) -> str:
        """The marked translation in its context."""
        return mark(self._catalogue.pgettext(context, message))

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """The marked form."""
        return mark(self._catalogue.ngettext(singular, plural, count))


LOAD = functools.cache(i18n.load)


def load(language: str) -> Marked:
    """What stands in for `i18n.load`."""
    return Marked(LOAD(language))
