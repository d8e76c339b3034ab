"""Textual's driver, taking over a terminal on which something may stand already, and writing less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_tui.early import ENTER
from imi_tui.sparing import spare

if TYPE_CHECKING:
    from textual.driver import Driver

    from imi_tui.early import Early


def taking_over(base: type[Driver], early: Early | None) -> type[Driver]:
    """`base`, but the other screen is not entered again: that would clear what `early` has drawn there."""
    standing = early is not None and early.painted

    class TakingOver(base):  # type: ignore[valid-type, misc]
        def write(self, data: str) -> None:
            if standing and data == ENTER and early is not None and not early.taken:
                early.taken = True
                return
            super().write(spare(data))

    return TakingOver
