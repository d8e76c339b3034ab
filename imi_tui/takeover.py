"""Textual's driver, taking over a terminal on which something may stand already, and writing what differs."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, Any

from imi_tui.early import ENTER
from imi_tui.standing import Standing

if TYPE_CHECKING:
    from typing import TextIO

    from textual.driver import Driver

    from imi_tui.early import Early


def taking_over(base: type[Driver], early: Early | None) -> type[Driver]:
    """`base`, but the other screen is not entered again: that would clear what `early` has drawn there."""
    drawn = early is not None and early.painted

    class TakingOver(base):  # type: ignore[valid-type, misc]
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            self.standing = Standing()
            if file := getattr(self, "_file", None):
                self._file = Lasting(file)

        def start_application_mode(self) -> None:
            # The signal to continue comes with a hang-up, too: who began again then would have two threads that read.
            if os.isatty(0):
                super().start_application_mode()

        def _get_terminal_size(self) -> tuple[int, int]:
            # As Rich has it where a terminal does not know its size: else the two would resize the screen for ever.
            width, height = shutil.get_terminal_size((80, 25))
            return width, height

        def write(self, data: str) -> None:
            if drawn and data == ENTER and early is not None and not early.taken:
                early.taken = True
                return
            super().write(self.standing.changed(data))

    return TakingOver


class Lasting:
    """A terminal that may be closed: what is then written is lost.

    The thread that writes would end at its first failure, and who waits for a place in its queue would wait for ever.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: str) -> None:
        """Write, as far as there is a terminal."""
        with contextlib.suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """Write what was kept back, as far as there is a terminal."""
        with contextlib.suppress(OSError):
            self._file.flush()
