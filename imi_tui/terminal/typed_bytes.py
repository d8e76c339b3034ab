"""What a terminal sends, as keys and pastes: nothing in it ends the program, and no pasted text is taken for keys.

The framework reads a terminal by strict UTF-8 and fails at the first byte that is none, as from a terminal of another
encoding; of a paste with control characters it takes parts for keys, and letters are commands here.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING

from textual import events
from textual._xterm_parser import XTermParser
from textual.messages import InBandWindowResize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.message import Message

BEGIN, END = b"\x1b[200~", b"\x1b[201~"
"""What a terminal puts around a paste."""
MANY, DIFFERENT = 100, 8
"""Signs that come at once, and different ones among them, that nobody has typed: a key that is held is one sign."""
_ANSWER = re.compile(rb"\x1b(?:\][0-9]+;|P[0-9;]*[!-~])[^\x07\x1b]*(?:\x07|\x1b\\|(\x1b?\Z))")
"""What a terminal answers to a question, perhaps of the program before this one (ECMA-48, 5.6), or the begin of it."""
_WRITTEN = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")


class TypedBytes:
    """Makes events of bytes as they come. `tick` is to be called about every tenth of a second in which none come.

    A paste whose end is `missing` is one after so many ticks: until then every key would go into it. `encoding` is the
    terminal's.
    """

    def __init__(self, missing: int = 50, encoding: str = "utf-8") -> None:
        self._missing, self._encoding = missing, encoding
        self._parser = XTermParser()
        self._decoder = getincrementaldecoder(encoding)("replace")
        self._before = self._answer = b""
        self._paste: bytearray | None = None
        self._quiet = self._since_burst = 0

    def feed(self, data: bytes) -> list[Message]:
        """What comes of these bytes and those before."""
        self._quiet = 0
        out: list[Message] = []
        while data:
            data = self._type(data, out) if self._paste is None else self._collect(self._paste, data, out)
        return out

    def tick(self) -> list[Message]:
        """What comes of it that nothing followed."""
        self._since_burst = max(0, self._since_burst - 1)
        if self._paste is not None:
            self._quiet += 1
            return self._pasted(self._paste) if self._quiet >= self._missing else []
        self._answer = b""
        out = self._guarded(self._parser.tick())
        if out:
            # What was begun was no sequence.
            self._before = b""
        return out

    def _type(self, data: bytes, out: list[Message]) -> bytes:
        """Take what is typed, as far as the beginning of a paste; what is left."""
        # It may have come in two parts.
        kept = self._before[-len(BEGIN) + 1 :]
        at = (kept + data).find(BEGIN)
        end = len(data) if at < 0 else at + len(BEGIN) - len(kept)
        now, left = data[:end], data[end:]
        if at >= 0:
            self._before, self._paste = b"", bytearray()
        else:
            self._before = kept + now
        text = self._decoder.decode(self._without_answers(now))
        if self._is_burst(text):
            self._since_burst = 3
            out.append(events.Paste(text.replace("\r", "\n")))
        else:
            out += self._guarded(self._parser.feed(text)) if text else []
        return left

    def _without_answers(self, data: bytes) -> bytes:
        data = self._answer + data
        found = next((each for each in _ANSWER.finditer(data) if each[1] is not None), None)
        self._answer = found[0] if found is not None else b""
        return _ANSWER.sub(b"", data)

    def _is_burst(self, text: str) -> bool:
        """Whether this is a paste in a terminal that does not mark it, or more of one."""
        if not _WRITTEN.fullmatch(text):
            return False
        return (len(text) >= MANY and len(set(text)) >= DIFFERENT) or (len(text) > 1 and self._since_burst > 0)

    def _collect(self, paste: bytearray, data: bytes, out: list[Message]) -> bytes:
        """Take what is pasted; what is left behind its end."""
        searched = max(0, len(paste) - len(END) + 1)
        paste += data
        at = paste.find(END, searched)
        if at < 0:
            return b""
        left = bytes(paste[at + len(END) :])
        del paste[at:]
        out += self._pasted(paste)
        return left

    def _pasted(self, paste: bytearray) -> list[Message]:
        self._paste, self._quiet = None, 0
        text = paste.decode(self._encoding, "replace").replace("\0", "")
        # The parser has seen it begin.
        rest = self._guarded(self._parser.feed(END.decode()))
        return [events.Paste(text), *(each for each in rest if not isinstance(each, events.Paste))]

    def _guarded(self, found: Iterable[Message]) -> list[Message]:
        """What the parser finds, but for sizes: the system says how large the terminal is, and no text does."""
        out: list[Message] = []
        try:
            for each in found:
                if not isinstance(each, events.Resize | InBandWindowResize):
                    out.append(each)
        except (ValueError, OverflowError):
            # The number of no character. The rest of what came with it is lost with the parser.
            self._parser = XTermParser()
        return out
