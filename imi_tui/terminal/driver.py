"""Textual's driver, taking over a terminal on which something may stand already, and writing what differs."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
from typing import TYPE_CHECKING, Any

from imi_tui.terminal.mode import ENTER
from imi_tui.terminal.screen_state import Standing

_LOOK = 0.1
"""Seconds after which it is looked whether the screen has ended, as in the framework."""
_READ = 4096
HIDE = "\x1b[?25l"
"""What hides the terminal's cursor."""

if TYPE_CHECKING:
    from typing import TextIO

    from textual.driver import Driver

    from imi_tui.early.first_paint import Early


def taking_over(base: type[Driver], early: Early | None, *, aloud: bool = False) -> type[Driver]:
    """`base`, but the other screen is not entered again: that would clear what `early` has drawn there.

    `aloud`: the terminal's cursor stays visible, as what reads along follows no cursor that is hidden.
    """
    drawn = early if early is not None and early.painted else None
    stops = hasattr(base, "_sigtstp_application")

    class TakingOver(base):  # type: ignore[valid-type, misc]
        def __init__(self, *given: Any, **more: Any) -> None:
            # As long as the picture has the terminal, it answers.
            before = [(each, signal.getsignal(each)) for each in (signal.SIGTSTP, signal.SIGCONT)] if stops else []
            super().__init__(*given, **more)
            for number, handler in before:
                signal.signal(number, handler)
            self.standing = Standing()
            self._has_terminal = False
            if file := getattr(self, "_file", None):
                self._file = Lasting(file)

        def start_application_mode(self) -> None:
            # The signal to continue comes with a hang-up, too: who began again then would have two threads that read.
            if not os.isatty(0) or self._has_terminal:
                return
            if stops:
                # Not at once: what is being written is written to its end.
                signal.signal(signal.SIGTSTP, lambda *_: self._soon(self._stop))
                signal.signal(signal.SIGCONT, lambda *_: self._soon(self._begin_again))
            super().start_application_mode()
            self._has_terminal = True
            if drawn is not None:
                # What the framework found is the picture's.
                self.attrs_before = drawn.mode

        def stop_application_mode(self) -> None:
            super().stop_application_mode()
            self._has_terminal = False

        def _get_terminal_size(self) -> tuple[int, int]:
            # As Rich has it where a terminal does not know its size: else the two would resize the screen for ever.
            width, height = shutil.get_terminal_size((80, 25))
            return width, height

        def _query_in_band_window_resize(self) -> None:
            # The system tells the size, too, and no text that is pasted can tell another one.
            pass

        def write(self, data: str) -> None:
            if drawn is not None and data == ENTER and not drawn.taken:
                drawn.taken = True
                return
            if aloud and data == HIDE:
                return
            super().write(self.standing.changed(data))

        def _soon(self, step: Any) -> None:
            # Where the screens have ended, nobody is left to do it.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(step)

        def _stop(self) -> None:
            """Give the terminal back and stop, as `kill -TSTP` asks for; go on when somebody lets the program go on."""
            had = self._has_terminal
            if had:
                self.suspend_application_mode()
            _stop_until_shown()
            if had:
                self._show_again()

        def _begin_again(self) -> None:
            """After a stop that nobody announced, others have used the terminal in their own mode: take it anew."""
            if self._has_terminal and os.isatty(0):
                if not _is_shown():
                    _stop_until_shown()
                self.suspend_application_mode()
                self._show_again()

        def _show_again(self) -> None:
            if drawn is not None:
                drawn.disturb()
            self.start_application_mode()
            self._app.refresh(layout=True)

        def take_over(self, size: tuple[int, int]) -> bool:
            """Take the picture for what stands on the terminal; whether it does, and has this size."""
            stands = drawn is not None and drawn.whole and drawn.size == size
            if drawn is not None and stands:
                self.standing.width = size[0]
                self.standing.stand(drawn.written)
            return stands

        def run_input_thread(self) -> None:
            """Read the terminal, behind what was read while the picture answered keys."""
            from imi_tui.terminal.typed_bytes import TypedBytes

            # As long as the picture answers keys, nobody else may read.
            while drawn is not None and not drawn.wait(_LOOK):
                if self.exit_event.is_set():
                    return
            typed = TypedBytes(encoding=getattr(sys.__stdin__, "encoding", None) or "utf-8")
            given = drawn.left() if drawn is not None else b""
            while not self.exit_event.is_set():
                for event in typed.feed(given) if given else typed.tick():
                    self.process_message(event)
                given = b""
                # A terminal that is gone ends the program by another way.
                with contextlib.suppress(OSError):
                    if not select.select([self.fileno], [], [], _LOOK)[0]:
                        continue
                    given = os.read(self.fileno, _READ)
                if not given:
                    self.exit_event.wait(_LOOK)

    return TakingOver


def _is_shown() -> bool:
    """Whether the terminal is this program's to write to, and not that of a shell which has put it aside."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        # Nobody says who it belongs to.
        return True


def _stop_until_shown() -> None:
    # Whoever begins again afterwards hears of the next time.
    signal.signal(signal.SIGCONT, signal.SIG_DFL)
    while True:
        os.kill(os.getpid(), signal.SIGSTOP)
        if _is_shown():
            return


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
