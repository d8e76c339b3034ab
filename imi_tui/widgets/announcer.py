"""The line on which everything is said when a screen reader reads along."""

from __future__ import annotations

from textual.widgets import Static


class Announcer(Static):
    """Two rows above the keys, always in the same place. What was said stays until something else is said."""

    DEFAULT_CSS = """
    Announcer { dock: bottom; height: 2; margin-bottom: 1; background: $background; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def say(self, text: str) -> None:
        """Say one sentence (already translated) as plain text."""
        self.update(" ".join(text.split()), layout=False)
