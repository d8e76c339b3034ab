"""What stands on the terminal, so that only what differs from it is written.

The framework writes whole lines of a widget again where one of them has changed. On a slow line most of that is known:
the next page of a list has the same columns, and in the line of keys the same keys stand a little further on. A whole
screen is written as it is, so that what another program wrote over it goes with the next screen.
"""

from __future__ import annotations

import re
from codecs import utf_16_le_decode, utf_16_le_encode
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from imi_tui.terminal.sgr import change, look_of, spare
from imi_tui.terminal.widths import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = re.compile(r"\x1b\[(?:(\d+);(\d+)H|([0-9;:]*)m)|\n")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_KEEPS = re.compile(r"\x1b\[\?2026[hl]")
_SOME = re.compile(r"[^\x00]+")
_BRIDGE = 4
"""Cells that are written once more rather than stepped over, which takes as many bytes."""
_MOVED = 6
"""Cells that have to be the same in a row for it to be worth moving them; a shift takes as many bytes."""
_WORTH = 60
"""Bytes of a line from which it is tried whether it gets shorter when what stands there is moved."""
_FEW = 6
"""Lines of an update in which each is tried so; of more only the last, that of the keys: a list has its columns where
they were, and to look for what moved takes longer than to write it."""
_ON_BLANKS = frozenset(("4", "9", "21", "51", "52", "53"))
"""Attributes that show where no letter stands."""
_ERASE = "\x1b[K"
"""Makes the rest of a line blank, in the colour that the pen has behind it."""
_UNKNOWN = "\0"
_MOST_LOOKS = 5_000
_Pieces = list[tuple[str, str]]
"""Looks, as codes of SGR, and their texts."""
_Spans = list[tuple[int, _Pieces]]
"""Parts of a line by their columns."""
_Shifts = list[tuple[int, str]]
"""By column: cells taken out (``P``) or put in (``@``), with their number."""


class _Line(NamedTuple):
    """A part of a line. `pens` are its looks, `seen` what of them shows; both as signs."""

    text: str
    pens: str
    seen: str


class Standing:
    """The cells of the terminal as far as they are known: for each line its signs, and its looks as signs.

    `width` is that of the terminal, 0 as long as nobody knows.
    """

    def __init__(self) -> None:
        self.width = 0
        self._lines: dict[int, tuple[str, str]] = {}
        self._ids: dict[str, str] = {}
        self._parked: tuple[int, int] | None = None

    def forget(self) -> None:
        """Know nothing: what is written next is written whole."""
        self._lines.clear()
        self._parked = None

    def stand(self, runs: Iterable[tuple[int, int, _Pieces]]) -> None:
        """These have been written by somebody else: looks and their texts, by row and column."""
        for row, column, pieces in runs:
            text = "".join([each for _look, each in pieces])
            signs, looks = self._lines.get(row, ("", ""))
            start, end = column - 1, column - 1 + len(text)
            if not PLAIN.issuperset(text):
                self._lines[row] = signs[:start], looks[:start]
                continue
            seen = "".join([self._seen(look, each) for look, each in pieces])
            signs, looks = signs.ljust(end, _UNKNOWN), looks.ljust(end, _UNKNOWN)
            self._lines[row] = signs[:start] + text + signs[end:], looks[:start] + seen + looks[end:]

    def changed(self, data: str) -> str:
        """What has to be written for `data`, which begins and ends in the terminal's plain look."""
        if _KEEPS.fullmatch(data):
            return data
        runs = _runs(data)
        if runs is None or len(self._ids) > _MOST_LOOKS:
            self.forget()
            self._ids.clear()
            return spare(data)
        out = _Writer()
        *texts, (row, column, _none) = runs
        from_here = 0 if len(texts) <= _FEW else len(texts) - 1
        for number, run in enumerate(texts):
            self._write(*run, out, move=number >= from_here)
        if out.empty and self._parked == (row, column):
            return ""
        self._parked = row, column
        return out.text(row, column)

    def _write(self, row: int, column: int, pieces: _Pieces, out: _Writer, *, move: bool) -> None:
        """Write what of a run does not stand there yet; from now on it does. `move`: try whether moving is shorter."""
        text = "".join([each for _look, each in pieces])
        start, end = column - 1, column - 1 + len(text)
        signs, looks = self._lines.get(row, ("", ""))
        if not PLAIN.issuperset(text):
            # How many cells it takes, the terminal decides.
            self._lines[row] = signs[:start], looks[:start]
            out.spans(row, [(column, pieces)])
            return
        pens = "".join([self._id(look) * len(each) for look, each in pieces])
        now = _Line(text, pens, "".join([self._seen(look, each) for look, each in pieces]))
        signs, looks = signs.ljust(end, _UNKNOWN), looks.ljust(end, _UNKNOWN)
        before = signs[start:end], looks[start:end]
        if before == (text, now.seen):
            return
        self._lines[row] = signs[:start] + text + signs[end:], looks[:start] + now.seen + looks[end:]
        spans = _spans(column, pieces, now, *before)
        if spans and end == self.width:
            spans[-1] = _erasing(*spans[-1], end)
        move = move and end == self.width and _UNKNOWN not in before[0]
        if not move or (plain := out.cost(row, [], spans)) < _WORTH:
            out.spans(row, spans)
            return
        shifts, moved = _shifts(column, now, before, (" ", self._id("")))
        moved_spans = _spans(column, pieces, now, *moved) if shifts else spans
        if shifts and out.cost(row, shifts, moved_spans) < plain:
            out.shifts(row, shifts)
            spans = moved_spans
        out.spans(row, spans)

    def _id(self, look: str) -> str:
        found = self._ids.get(look)
        if found is None:
            # Codes in another order, or the terminal's own colours by their codes, look the same.
            plain = _meaning(look)
            found = self._ids[look] = self._ids.setdefault(plain, chr(0x100 + len(self._ids)))
        return found

    def _seen(self, look: str, text: str) -> str:
        """The looks of a text's signs, where no letter stands without what shows in letters only."""
        own, blank = self._id(look), self._id(_on_blanks(look))
        if own == blank or " " not in text:
            return own * len(text)
        return blank.join([own * len(word) for word in text.split(" ")])


class _Writer:
    """What is written, with the place and the look that it leaves the terminal in."""

    def __init__(self, pen: str = "", place: tuple[int, int] | None = None) -> None:
        self._out: list[str] = []
        self._pen, self._place = pen, place

    @property
    def empty(self) -> bool:
        return not self._out

    def text(self, row: int, column: int) -> str:
        """All of it, and the cursor to where it stays."""
        if self._pen:
            self._out.append(change(self._pen, ""))
        self._go(row, column)
        return "".join(self._out)

    def cost(self, row: int, shifts: _Shifts, spans: _Spans) -> int:
        """How much these would take next."""
        trial = _Writer(self._pen, self._place)
        trial.shifts(row, shifts)
        trial.spans(row, spans)
        return sum(map(len, trial._out))

    def shifts(self, row: int, shifts: _Shifts) -> None:
        if shifts and self._pen:
            # What comes in has the look of the pen.
            self._out.append(change(self._pen, ""))
            self._pen = ""
        for column, code in shifts:
            self._go(row, column)
            self._out.append(f"\x1b[{code}")
            self._place = row, column

    def spans(self, row: int, spans: _Spans) -> None:
        place = self._place[1] if self._place is not None and self._place[0] == row else 0
        # From where the cursor is, as after a shift, to the right first.
        for column, pieces in sorted(spans, key=lambda span: (span[0] < place, span[0])):
            self._go(row, column)
            plain = True
            for look, text in pieces:
                if self._pen != look:
                    self._out.append(change(self._pen, look))
                    self._pen = look
                self._out.append(text)
                if text == _ERASE:
                    continue
                column += len(text)
                plain = plain and PLAIN.issuperset(text)
            # Behind a sign of another width only the terminal knows where it is.
            self._place = (row, column) if plain else None

    def _go(self, row: int, column: int) -> None:
        if self._place == (row, column):
            return
        at, after = self._place or (-1, -1)
        if column == 1 and row - at in (0, 1):
            # Behind the last cell of a line, too: a terminal goes on to the next one with the next sign only.
            self._out.append("\r" if row == at else "\r\n")
        elif row != at:
            self._out.append(f"\x1b[{row};{column}H")
        elif column == after + 1:
            self._out.append("\x1b[C")
        else:
            self._out.append(f"\x1b[{column}G")


def _runs(data: str) -> list[tuple[int, int, _Pieces]] | None:
    """Texts with their looks, by where they begin; the last one is empty: where the cursor stays.

    None where the data are something else.
    """
    runs: list[tuple[int, int, _Pieces]] = []
    pieces: _Pieces | None = None
    look, at = "", 0
    for found in _TOKEN.finditer(data):
        text = data[at : found.start()]
        if text:
            if pieces is None or _CONTROL.search(text):
                return None
            pieces.append((look, text))
        at = found.end()
        row, column, given = found.groups()
        if row is not None:
            pieces = []
            runs.append((int(row), int(column), pieces))
        elif given is not None:
            look = "" if given in ("", "0") else f"{look};{given}" if look else given
        else:
            pieces = None
    return runs if runs and at == len(data) and not runs[-1][2] and not look else None


def _spans(column: int, pieces: _Pieces, now: _Line, before: str, as_before: str) -> _Spans:
    """What is to be written of a part of a line, with what lies between that costs no more than to step over it."""
    spans: list[tuple[int, int]] = []
    for start, stop in _differing(now, before, as_before):
        if spans:
            first, end = spans[-1]
            near = start - end <= _BRIDGE
            if near and _changes(now.pens[end - 1 : start + 1]) <= (now.pens[end - 1] != now.pens[start]):
                spans[-1] = first, stop
                continue
        spans.append((start, stop))
    return [(column + first, _cut(pieces, first, last)) for first, last in spans]


def _erasing(column: int, pieces: _Pieces, end: int) -> tuple[int, _Pieces]:
    """A part of a line, its blanks erased where it goes to the `end` of the line with many, in no colour of their own.

    Not every terminal erases with the colour of the pen.
    """
    if column - 1 + sum(len(text) for _look, text in pieces) != end:
        return column, pieces
    left, blanks, pen = list(pieces), 0, ""
    while left and not _on_blanks(left[-1][0]):
        pen, text = left.pop()
        kept = text.rstrip(" ")
        blanks += len(text) - len(kept)
        if kept:
            left.append((pen, kept))
            break
    return column, [*left, (pen, _ERASE)] if blanks > _BRIDGE else pieces


def _differing(now: _Line, before: str, as_before: str) -> list[tuple[int, int]]:
    """Where cells are not what they were. As numbers: a loop over the cells would take most of a page's time.

    Signs and looks are below 0x4000, and so is what two of them differ in: no half of a pair.
    """
    bits = (_number(now.text) ^ _number(before)) | (_number(now.seen) ^ _number(as_before))
    differing, _read = utf_16_le_decode(bits.to_bytes(2 * len(now.text), "little"))
    return [found.span() for found in _SOME.finditer(differing)]


def _number(text: str) -> int:
    # By its name a module of the codec would be loaded.
    return int.from_bytes(utf_16_le_encode(text)[0], "little")


def _changes(pens: str) -> int:
    return sum(one != other for one, other in pairwise(pens))


def _cut(pieces: _Pieces, first: int, last: int) -> _Pieces:
    """The pieces from one cell to another."""
    out: _Pieces = []
    at = 0
    for look, text in pieces:
        if part := text[max(0, first - at) : max(0, last - at)]:
            out.append((look, part))
        at += len(text)
    return out


def _shifts(
    column: int, now: _Line, before: tuple[str, str], blank: tuple[str, str]
) -> tuple[_Shifts, tuple[str, str]]:
    """What moves cells of the end of a line to where they are to be, and how the line stands then.

    Cells that come in are `blank`, in the terminal's plain look. First all that is taken out, from the right, then what
    is put in, from the left: nothing falls off that stays.
    """
    from difflib import SequenceMatcher

    old = list(zip(*before, strict=True))
    new = list(zip(now.text, now.seen, strict=True))
    found = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    out: _Shifts = []
    late: list[tuple[int, int]] = []
    was = at = 0
    for block in found:
        if block.size < _MOVED:
            continue
        more = (block.b - at) - (block.a - was)
        if more < 0:
            out.insert(0, (column + was + block.b - at, f"{-more}P"))
        elif more:
            late.append((at + block.a - was, more))
        was, at = block.a + block.size, block.b + block.size
    for place, code in out:
        number = int(code[:-1])
        del old[place - column : place - column + number]
        old += [blank] * number
    for place, number in late:
        old[place:place] = [blank] * number
        del old[-number:]
        out.append((column + place, f"{number}@"))
    return out, ("".join([sign for sign, _look in old]), "".join([look for _sign, look in old]))


@lru_cache(1024)
def _meaning(look: str) -> str:
    """The one name of what these codes look like."""
    found = look_of(look)
    return look if found is None else ";".join(filter(None, (*sorted(found[0]), *found[1:])))


@lru_cache(1024)
def _on_blanks(look: str) -> str:
    """What of a look shows where no letter stands, as the name of a look."""
    found = look_of(look)
    if found is None or "7" in found[0]:
        return look
    return ";".join([*sorted(found[0] & _ON_BLANKS), found[2]])
