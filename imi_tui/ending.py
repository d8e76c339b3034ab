"""The end from outside: the terminal is closed, or the system asks the program to end. It is left as by its own key."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading

from imi_core.lean import TYPE_CHECKING, contextmanager
from imi_tui import commands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any

PATIENCE = 5.0
"""Seconds in which the screens may close; the process ends without those that hang."""

_BACK = (
    b"\x18\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[<u\x1b[?1049l\x1b[?25h"
)
"""What the framework writes when it leaves, behind half a sequence perhaps."""


class Ending:
    """What a signal to end does: `leave` (with the exit code) while there are screens, else what runs is unwound."""

    def __init__(self, clear: Callable[[], None], mode: list[Any] | None = None) -> None:
        self.leave: Callable[[int], None] | None = None
        self._clear, self._mode = clear, mode
        self._begun = False

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Begin to end; a second signal changes nothing."""
        if self._begun:
            return
        self._begun = True
        code = 128 + number
        _let_go_of_a_closed_terminal()
        timer = threading.Timer(PATIENCE, self._give_up)
        timer.daemon = True
        timer.start()
        if self.leave is None:
            raise SystemExit(code)
        self.leave(code)

    def _give_up(self) -> None:
        self._clear()
        if self._mode is not None:
            _give_back(self._mode)
        os._exit(commands.FAILED)


@contextmanager
def heard(clear: Callable[[], None], mode: list[Any] | None = None) -> Iterator[Ending]:
    """Answer signals to end inside; `clear` removes what must not stay even where the screens hang.

    `mode`: that of the terminal, which it then gets back.
    """
    ending = Ending(clear, mode)
    numbers = [signal.SIGTERM, signal.SIGINT]
    if sys.platform != "win32":
        numbers += [signal.SIGHUP, signal.SIGQUIT]
    before = [(number, signal.signal(number, ending.hear)) for number in numbers]
    forget = _watch_the_terminal()
    try:
        yield ending
    finally:
        forget()
        for number, handler in before:
            signal.signal(number, handler)


def _watch_the_terminal() -> Callable[[], None]:
    """Hang up when the terminal is gone, until the callable that this returns is called.

    The system tells only the leader of the terminal's session; for others each read returns at once from then on.
    """
    if not (hasattr(select, "poll") and os.isatty(0)):
        return lambda: None
    over, forget = os.pipe()

    def wait() -> None:
        poll = select.poll()
        poll.register(0, 0)
        poll.register(over, 0)
        gone = [descriptor for descriptor, _event in poll.poll()]
        os.close(over)
        if over not in gone:
            os.kill(os.getpid(), signal.SIGHUP)

    threading.Thread(target=wait, name="imi-terminal", daemon=True).start()
    return lambda: os.close(forget)


def _give_back(mode: list[Any]) -> None:
    """Leave a terminal that takes nothing any more, as while its output is held: what waits for it is thrown away."""
    import termios
    import time

    try:
        terminal = os.open("/dev/tty", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        termios.tcsetattr(terminal, termios.TCSANOW, mode)
    except (OSError, termios.error):
        return
    # Whoever waits to write is woken, and goes on into nothing.
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)
    for _try in range(100):
        for thread in threading.enumerate():
            if thread.ident not in (None, threading.get_ident()):
                signal.pthread_kill(thread.ident, signal.SIGTERM)
        termios.tcflush(terminal, termios.TCOFLUSH)
        try:
            os.write(terminal, _BACK)
            return
        except BlockingIOError:
            time.sleep(0.01)


def _let_go_of_a_closed_terminal() -> None:
    """Write to nothing and wait for what never comes: threads that fail at it would keep the screens from closing."""
    silent, last_words = os.pipe()
    # A read that has begun already must end: it learns that the terminal lost the focus.
    os.write(last_words, b"\x1b[O")
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor, instead in ((0, silent), (1, nothing), (2, nothing)):
        if not os.isatty(descriptor):
            os.dup2(instead, descriptor)
    os.close(nothing)
