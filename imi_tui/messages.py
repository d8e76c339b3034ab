"""Messages that cross screens. What one widget tells its screen is nested in that widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from imi_tui.cache.model import Changed


class CacheChanged(Message, bubble=False):
    """The cache committed something; posted to the app by whichever thread did it, then to every screen."""

    def __init__(self, changed: Changed) -> None:
        super().__init__()
        self.changed = changed


class CyrillicKey(Message, bubble=False):
    """A Cyrillic letter was pressed as an accelerator and nobody has said yet which layout that is."""

    def __init__(self, letter: str) -> None:
        super().__init__()
        self.letter = letter


class DayChanged(Message, bubble=False):
    """Another day has begun: what is said of dates reads differently. What is being written stays as it is."""


class LanguageChanged(Message, bubble=False):
    """The language of the program changed: every screen writes its texts again."""
