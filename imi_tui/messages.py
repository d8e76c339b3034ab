"""Messages that cross screens. What one widget tells its screen is nested in that widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from imi_tui.cache.model import Changed


@dataclass
class CacheChanged(Message, bubble=False):
    """The cache committed something; posted to the app by whichever thread did it, then to every screen."""

    changed: Changed


@dataclass
class CyrillicKey(Message, bubble=False):
    """A Cyrillic letter was pressed as an accelerator and nobody has said yet which layout that is."""

    letter: str


class LanguageChanged(Message, bubble=False):
    """The language of the program changed: every screen writes its texts again."""
