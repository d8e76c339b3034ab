"""Textual's driver, taking over a terminal on which something stands already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_tui.early import ENTER

if TYPE_CHECKING:
    from textual.driver import Driver

    from imi_tui.early import Early


def taking_over(base: type[Driver], early: Early) -> type[Driver]:
    """`base`, but the other screen is not entered again: that would clear what `early` has drawn there."""

    class TakingOver(base):  # type: ignore[valid-type, misc]
        def write(self, data: str) -> None:
            if data == ENTER and not early.taken:
                early.taken = True
                return
            super().write(data)

    return TakingOver
