"""The terminal under the picture before the framework: its mode, and signals that stop or end the program."""

from __future__ import annotations

import os

from imi_core.lean import TYPE_CHECKING, contextmanager, suppress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
HIDE = f"{LEAVE}\x1b[?25h"
"""What takes the picture away."""


class Hearing:
    """Answers signals to end where `imi_tui.ending` does not yet, or no more: what runs is unwound.

    From the first signal on, the others change nothing.
    """

    def __init__(self) -> None:
        self._before: list[tuple[int, Any]] = []

    def begin(self) -> None:
        """Answer SIGTERM, SIGHUP and SIGQUIT."""
        # What is built in: its module takes as long to load as half the picture to draw.
        import _signal  # type: ignore[import-not-found]

        for number in (_signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT):
            self._before.append((number, _signal.signal(number, self._hear)))

    def ignore(self) -> None:
        """Answer none."""
        import _signal

        for number, _handler in self._before:
            _signal.signal(number, _signal.SIG_IGN)

    def end(self) -> None:
        """Leave them to whoever answered before."""
        import _signal

        for number, handler in self._before:
            _signal.signal(number, handler)

    def _hear(self, number: int, _frame: object) -> None:
        self.ignore()
        raise SystemExit(128 + number)


@contextmanager
def stopped(
    terminal: tuple[int, int], mode: list[Any], disturb: Callable[[], None], picture: Callable[[], str]
) -> Iterator[None]:
    """Inside, a program that is stopped gives the terminal back in `mode`, and one that goes on draws `picture` again.

    `disturb` is told that others have written to the terminal. `terminal` is read and written by these descriptors.
    """
    import _signal
    import termios

    def stop(*_: object) -> None:
        disturb()
        # A terminal that is gone ends the program by another way; here and below.
        with suppress(OSError, termios.error):
            os.write(terminal[1], HIDE.encode())
            termios.tcsetattr(terminal[0], termios.TCSANOW, mode)
        os.kill(os.getpid(), _signal.SIGSTOP)

    def again(*_: object) -> None:
        # The shell has used the terminal meanwhile, in its own mode.
        disturb()
        with suppress(OSError, termios.error):
            quieten(terminal[0])
            os.write(terminal[1], picture().encode())

    answers = ((_signal.SIGTSTP, stop), (_signal.SIGCONT, again))
    before = [(number, _signal.signal(number, answer)) for number, answer in answers]
    try:
        yield
    finally:
        for number, handler in before:
            _signal.signal(number, handler)


def quieten(descriptor: int) -> None:
    """Let what is typed wait as it was typed, unseen. Ctrl+C still ends the program; Ctrl+Z and Ctrl+\\ are keys."""
    import termios

    mode = termios.tcgetattr(descriptor)
    mode[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    mode[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    mode[6][termios.VMIN] = 1
    mode[6][termios.VSUSP] = mode[6][termios.VQUIT] = bytes([os.fpathconf(descriptor, "PC_VDISABLE")])
    termios.tcsetattr(descriptor, termios.TCSANOW, mode)
