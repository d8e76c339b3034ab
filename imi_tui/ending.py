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

PATIENCE = 5.0
"""Seconds in which the screens may close; the process ends without those that hang."""


class Ending:
    """What a signal to end does: `leave` (with the exit code) while there are screens, else what runs is unwound."""

    def __init__(self, clear: Callable[[], None]) -> None:
        self.leave: Callable[[int], None] | None = None
        self._clear = clear
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
        os._exit(commands.FAILED)


@contextmanager
def heard(clear: Callable[[], None]) -> Iterator[Ending]:
    """Answer signals to end inside; `clear` removes what must not stay even where the screens hang."""
    ending = Ending(clear)
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
