"""The picture before the framework answers moves of the cursor, while the framework loads.

A thread reads the terminal. A key that moves the cursor to another row of the picture is answered at once, by writing
the two rows. Any other key ends this: it and what was typed behind it waits, in order, and the framework takes it over
with the cursor where it stands.
"""

from __future__ import annotations

import os

from imi_core.lean import TYPE_CHECKING, suppress
from imi_tui.actions import by_id, keys_of
from imi_tui.config import keyboard

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from imi_tui.config.keyboard import Layout

MOVES = ("up", "down", "first", "last", "page_up", "page_down")
"""Actions of lists that a picture can answer."""
SEQUENCES = {
    b"\x1b[A": "up",
    b"\x1bOA": "up",
    b"\x1b[B": "down",
    b"\x1bOB": "down",
    b"\x1b[H": "home",
    b"\x1bOH": "home",
    b"\x1b[1~": "home",
    b"\x1b[7~": "home",
    b"\x1b[F": "end",
    b"\x1bOF": "end",
    b"\x1b[4~": "end",
    b"\x1b[8~": "end",
    b"\x1b[5~": "pageup",
    b"\x1b[6~": "pagedown",
}
"""What terminals send for keys that move a cursor."""
LONGEST = 64
"""Bytes of a sequence at most; what is longer is none."""
PATIENCE = 2.0
"""Seconds to wait for the thread, which writes no more than two rows at a time."""


def moving_keys(keymap: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The moves by the keys that this officer has for them."""
    found: dict[str, str] = {}
    for move in MOVES:
        action = by_id(f"rows.{move}")
        assert action is not None
        found |= dict.fromkeys(keys_of(action, keymap), move)
    return found


class Moves:
    """What typed bytes do to the cursor on the picture. Nothing is read or written here.

    `stops` are the lines on which the cursor may stand, `more` says that the list goes on below them. `keys` are moves
    by the names of keys. `at` is the line of the cursor. Once `over`, `left` is what was not answered, in order.
    """

    def __init__(self, stops: Sequence[int], *, more: bool, keys: Mapping[str, str], layout: Layout) -> None:
        self._stops, self._more, self._keys, self._layout = stops, more, keys, layout
        self._place = 0
        self._replies = b""
        self._open = b""
        self.over = False

    @property
    def at(self) -> int:
        """The line of the cursor."""
        return self._stops[self._place]

    @property
    def left(self) -> bytes:
        """What was typed and not answered, and what the terminal itself said."""
        return self._replies + self._open

    def end(self) -> None:
        """Answer nothing more."""
        self.over = True

    def feed(self, data: bytes) -> bool:
        """Take what was typed; whether the cursor has moved."""
        before = self._place
        self._open += data
        while not self.over and self._open:
            token = _first(self._open)
            if not token:
                # The rest of it may still come.
                break
            if _is_reply(token):
                self._replies += token
            elif (place := self._target(token)) is None:
                self.over = True
                break
            else:
                self._place = place
            self._open = self._open[len(token) :]
        return self._place != before

    def _target(self, token: bytes) -> int | None:
        """Where a key leads, as a place among the stops; None where the picture cannot tell."""
        move = self._keys.get(self._name(token), "")
        last = len(self._stops) - 1
        match move:
            case "up":
                return max(0, self._place - 1)
            case "down":
                return self._place + 1 if self._place < last else None if self._more else last
            case "first" | "page_up":
                # The picture shows the first page: above it there is nothing.
                return 0
            case "last" | "page_down":
                return None if self._more else last
        return None

    def _name(self, token: bytes) -> str:
        """The name of a key, as Textual has it; "" for one that is not among those here."""
        if token in SEQUENCES:
            return SEQUENCES[token]
        try:
            letter = token.decode()
        except UnicodeDecodeError:
            return ""
        if len(letter) != 1 or not letter.isalpha():
            return ""
        return keyboard.latin(letter, self._layout) or letter


def _first(data: bytes) -> bytes:
    """The first key or sequence of `data`; nothing where its end is still to come."""
    lead = data[0]
    if lead == 0x1B:
        return _sequence(data)
    size = 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    return data[:size] if len(data) >= size else b""


def _sequence(data: bytes) -> bytes:
    if data[1:2] == b"O":
        return data[:3] if len(data) > 2 else b""
    if data[1:2] != b"[":
        return data[:2] if len(data) > 1 else b""
    for at in range(2, min(len(data), LONGEST)):
        if 0x40 <= data[at] <= 0x7E:
            return data[: at + 1]
        if not 0x20 <= data[at] <= 0x3F:
            # No such sequence: whoever reads it next makes of it what they can.
            return data[:at]
    return data[:LONGEST] if len(data) >= LONGEST else b""


def _is_reply(token: bytes) -> bool:
    """Whether the terminal answers a question, or says that it has got or lost the focus: that is no key."""
    return token.startswith(b"\x1b[?") or token in (b"\x1b[I", b"\x1b[O")


class Reader:
    """The thread that answers `moves` by writing what `drawn` makes of (from, to), until `stop`.

    It reads and writes these descriptors. `size` is that of the terminal: in one of another size nothing is where it
    was.
    """

    def __init__(
        self, moves: Moves, drawn: Callable[[int, int], str], terminal: tuple[int, int], size: tuple[int, int]
    ) -> None:
        self.moves, self._drawn, self._size = moves, drawn, size
        self._from, self._to = terminal
        self._thread: threading.Thread | None = None
        self._wake = self._woken = -1

    def start(self) -> None:
        """Begin."""
        import threading

        self._woken, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="imi-early", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and let nobody be in the middle of anything. What was typed and not answered is `moves.left`."""
        if self._thread is None:
            return
        os.close(self._wake)
        self._thread.join(PATIENCE)
        self._thread = None
        self.moves.end()

    def _run(self) -> None:
        import select

        # A terminal that is gone ends the program by another way.
        with suppress(OSError, ValueError):
            while not self.moves.over:
                ready, _none, _nothing = select.select([self._from, self._woken], [], [])
                if self._woken in ready or not self._answer():
                    break
        os.close(self._woken)

    def _answer(self) -> bool:
        """Answer what was typed; False where this is at its end."""
        if tuple(os.get_terminal_size(self._to)) != self._size:
            return False
        data = os.read(self._from, 1024)
        before = self.moves.at
        if self.moves.feed(data):
            # Not by way of a stream: while the framework runs, what is printed is its.
            out = self._drawn(before, self.moves.at).encode()
            while out:
                out = out[os.write(self._to, out) :]
        return bool(data)
