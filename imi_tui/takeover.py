"""Textual's driver, taking over a terminal on which something may stand already, and writing what differs."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, Any

from imi_tui.early import ENTER
from imi_tui.standing import Standing

_LOOK = 0.1
"""Seconds after which it is looked whether the screen has ended, as in the framework."""
_READ = 4096
HIDE = "\x1b[?25l"
"""What hides the terminal's cursor."""

if TYPE_CHECKING:
    from typing import TextIO

    from textual.driver import Driver

    from imi_tui.early import Early


def taking_over(base: type[Driver], early: Early | None, *, aloud: bool = False) -> type[Driver]:
    """`base`, but the other screen is not entered again: that would clear what `early` has drawn there.

    `aloud`: the terminal's cursor stays visible, as what reads along follows no cursor that is hidden.
    """
    drawn = early if early is not None and early.painted else None

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
            if drawn is not None and data == ENTER and not drawn.taken:
                drawn.taken = True
                return
            if aloud and data == HIDE:
                return
            super().write(self.standing.changed(data))

        def _sigcont_application(self, *given: Any) -> None:
            if drawn is not None:
                drawn.disturb()
            super()._sigcont_application(*given)

        def take_over(self, size: tuple[int, int]) -> bool:
            """Take the picture for what stands on the terminal; whether it does, and has this size."""
            stands = drawn is not None and drawn.whole and drawn.size == size
            if drawn is not None and stands:
                self.standing.width = size[0]
                self.standing.stand(drawn.written)
            return stands

        def run_input_thread(self) -> None:
            # As long as the picture answers keys, nobody else may read.
            while drawn is not None and not drawn.wait(_LOOK):
                if self.exit_event.is_set():
                    return
            first = drawn.left() if drawn is not None else b""
            if first:
                self._read_behind(first)
            else:
                super().run_input_thread()

        def _read_behind(self, first: bytes) -> None:
            """Read the terminal as the framework does, with what was read before in front."""
            import selectors
            from codecs import getincrementaldecoder

            from textual._xterm_parser import XTermParser

            parser, decode = XTermParser(self._debug), getincrementaldecoder("utf-8")("replace").decode
            with selectors.SelectSelector() as selector:
                selector.register(self.fileno, selectors.EVENT_READ)
                given = first
                while not self.exit_event.is_set():
                    for event in (*parser.feed(decode(given)), *parser.tick()) if given else parser.tick():
                        self.process_message(event)
                    given = os.read(self.fileno, _READ) if selector.select(_LOOK) else b""

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
