"""The inbox before the framework is loaded, drawn straight from the cache in plain escape sequences.

Loading Textual takes several times as long as reading a screen of rows. What stands here is what the first full paint
shows in the same cells, but for the scroll bar. Moves of the cursor are answered by it (`imi_tui.early.cursor`), other
keys typed meanwhile wait and count.
"""

from __future__ import annotations

import os
import sys

from imi_core.lean import TYPE_CHECKING, cached_property, contextmanager, suppress
from imi_tui import actions
from imi_tui.cache.model import Row
from imi_tui.config import themes
from imi_tui.terminal.harmless import harmless
from imi_tui.terminal.mode import ENTER, HIDE, Hearing, quieten, stopped
from imi_tui.terminal.widths import cell_len
from imi_tui.viewmodel import footer, front, rows, status, views

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from typing import Any

    from imi_tui.cache.model import SortId
    from imi_tui.config.keyboard import Layout
    from imi_tui.config.themes import Palette
    from imi_tui.context import Context
    from imi_tui.early.cursor import Reader
    from imi_tui.viewmodel.grouped import Heading

SIDE = 34
"""Share of the columns that the preview takes, in percent."""
SMALLEST = (40, 8)
OWN = {themes.DEFAULT: "", "ansi_bright_red": "91"}
"""What switches on those of the terminal's own colours that a theme gives to letters."""
SHOW = f"{ENTER}\x1b[?25l"
PLAIN, BOLD, ALARM, ALARM_BOLD, CURSOR, LINE, BAR, BAR_BOLD, BAR_ALARM = range(9)
"""Looks; the last three are those of the first and the last line."""
Piece = tuple[str, int]
"""A text and its look."""
Run = tuple[int, int, list[tuple[str, str]]]
"""Row and column, and from there on looks, as codes of SGR, with their texts."""


class Early:
    """Whether the picture stands, and what became of it until the framework has taken the terminal over.

    From its `end` on, `at` and `case` are the line of the list and the case under the cursor, and `left` is what was
    typed and is still to be answered. A picture that is `whole` stands as `written` says; over another one everything
    has to be drawn anew. `mode` is the terminal's own, in which it was found.
    """

    def __init__(self) -> None:
        self.painted = False
        self.taken = False
        self.whole = self._disturbed = False
        self.written: list[Run] = []
        self.mode: list[Any] | None = None
        self.at, self.case = 0, ("", "")
        self._left = b""
        self._picture: Picture | None = None
        self._reader: Reader | None = None
        self._ended: threading.Event | None = None

    def begin(self, picture: Picture, terminal: tuple[int, int]) -> None:
        """The picture stands: from now on it answers moves of the cursor."""
        from imi_tui.early.cursor import Moves, Reader, moving_keys

        self.painted, self.whole = True, not self._disturbed
        self.written += picture.runs
        import threading

        self._picture, self._ended = picture, threading.Event()
        context = picture.context
        layout: Layout = context.keyboard  # type: ignore[assignment]
        moves = Moves(picture.stops, more=picture.more, keys=moving_keys(context.keymap), layout=layout)
        self._reader = Reader(moves, self._moved, terminal, picture.size)
        self._reader.start()

    def _moved(self, before: int, now: int) -> str:
        assert self._picture is not None
        runs = self._picture.moved(before, now)
        self.written += runs
        return _written(runs)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the picture."""
        return self._picture.size if self._picture is not None else (0, 0)

    def disturb(self) -> None:
        """Something else may have been written over the picture, as while the program was stopped."""
        self.whole, self._disturbed = False, True
        if self._reader is not None:
            self._reader.moves.end()

    def end(self) -> None:
        """Answer nothing more: whoever calls this goes on from here."""
        reader, self._reader = self._reader, None
        if reader is not None and self._ended is not None:
            reader.stop()
            self.at, self._left = reader.moves.at, reader.moves.left
            found = self._picture.shown[self.at] if self._picture is not None else None
            self.case = found[:2] if isinstance(found, Row) else ("", "")
            self._ended.set()

    def forget(self) -> None:
        """Nothing is asked of the picture any more."""
        self._picture, self.written = None, []

    def wait(self, seconds: float) -> bool:
        """Whether it is at its `end`, within so many seconds."""
        return self._ended is None or self._ended.wait(seconds)

    def left(self) -> bytes:
        """What was typed before the `end` and not answered; once."""
        left, self._left = self._left, b""
        return left


class Picture:
    """What the screen shows first: `shown` are the lines of the list, none where it opens with something else.

    `stops` are those on which the cursor may stand, `first` is where it stands; `more`: the list goes on below.
    """

    def __init__(self, context: Context, width: int, height: int) -> None:
        self.context, self.size = context, (width, height)
        store = context.store
        self._counts = store.counts()
        self._words = front.remembered_words(context)
        self._count = self._counts.get(front.VIEW, 0)
        self.shown, lines = self._read(height - 3)
        self.stops = [index for index, line in enumerate(self.shown) if isinstance(line, Row)]
        self.first = self.stops[0] if self.stops else 0
        self.more = lines > len(self.shown)
        self._left = front.VIEWS_WIDTH + 1 if width >= front.WIDE else 0
        self._side = width * SIDE // 100 if width >= front.VAST else 0
        self._room = width - self._left - self._side - (1 if self._left else 0)
        self._columns = rows.columns(self._room)
        self._looks = _looks(themes.palette(context.theme))

    def _read(self, height: int) -> tuple[list[Row | Heading], int]:
        """What stands in the lines of the list, and how many lines it has."""
        context, count = self.context, self._count
        arranged = front.arrangement(context.store, front.VIEW)
        if arranged.group is None:
            sort: SortId = arranged.sort  # type: ignore[assignment]
            return [*context.store.window(front.VIEW, sort, limit=height)], count
        window = front.window(context.store, self._words, front.VIEW, count, arranged)
        found = (window.get(index) for index in range(min(height, window.count)))
        return [line for line in found if line is not None], window.count

    def lines(self) -> list[list[Piece]]:
        """The screen, line by line."""
        context, (width, height) = self.context, self.size
        store = context.store
        body: list[list[Piece]] = [[(rows.heading(self._columns), BOLD)]]
        body += [self._line(index, cursor=index == self.first) for index in range(len(self.shown))]
        body += [[] for _line in range(height - 2 - len(body))]
        if self._side:
            for line in body:
                line += [(" " * (width - self._left - self._side - _cells(line)), PLAIN), ("│", LINE)]
        if self._left:
            beside = views.column(self._counts, front.VIEW, front.VIEWS_WIDTH, front.beside(store))
            for index, line in enumerate(body):
                text, now = beside[index] if index < len(beside) else (" " * front.VIEWS_WIDTH, False)
                line[:0] = [(text, BOLD if now else PLAIN), ("│", LINE)]
        return [_status(context, self._count, width), *body, _footer(context, width)]

    def _line(self, index: int, *, cursor: bool) -> list[Piece]:
        line = self.shown[index]
        if isinstance(line, Row):
            return _row(line, self._columns, self._words, self.context, cursor=cursor)
        return _heading(line, self._room)

    @cached_property
    def runs(self) -> list[Run]:
        """The screen, its cursor on the first row."""
        width, height = self.size
        out: list[Run] = []
        for number, line in enumerate(self.lines(), 1):
            filler = (" " * (width - _cells(line)), BAR if number in (1, height) else PLAIN)
            out.append((number, 1, self._drawn([*line, filler])))
        return [*out, self._run(self.first, [])]

    @property
    def body(self) -> str:
        """What draws the screen."""
        return _written(self.runs)

    def moved(self, before: int, now: int) -> list[Run]:
        """What moves the cursor from one line of the list to another."""
        left, come = self._line(before, cursor=False), self._line(now, cursor=True)
        return [self._run(before, left), self._run(now, come), self._run(now, [])]

    def _run(self, index: int, line: list[Piece]) -> Run:
        """A line of the list, from its beginning."""
        return index + 3, self._left + 1, self._drawn(line)

    def _drawn(self, line: list[Piece]) -> list[tuple[str, str]]:
        return [(self._looks[look], harmless(text)) for text, look in line if text]


def _written(runs: list[Run]) -> str:
    """What draws these; the cursor stays behind the last."""
    out: list[str] = []
    for row, column, pieces in runs:
        out.append(f"\x1b[{row};{column}H")
        out += [f"\x1b[{codes}m{text}\x1b[0m" if codes else text for codes, text in pieces]
    return "".join(out)


def picture(context: Context, width: int, height: int) -> Picture | None:
    """The picture for a terminal of this size; None where the inbox would open with something else than rows."""
    if context.notices:
        return None
    found = Picture(context, width, height)
    return found if found.shown else None


def _heading(heading: Heading, room: int) -> list[Piece]:
    from imi_tui.viewmodel import grouped

    return [(grouped.line(heading, room, cursor=False), BOLD)]


def _looks(colours: Palette) -> dict[int, str]:
    """What switches each look on."""

    def look(foreground: str, background: str, style: str = "") -> str:
        # As the framework writes it: what the two write is compared.
        return ";".join(filter(None, (style, _sgr(foreground, 3), _sgr(background, 4))))

    front, back, bar = colours.foreground, colours.background, colours.panel
    reverse = "1" if colours.cursor else "1;7"
    return {
        PLAIN: look(front, back),
        BOLD: look(front, back, "1"),
        ALARM: look(colours.error, back),
        ALARM_BOLD: look(colours.error, back, "1"),
        CURSOR: look(colours.on_cursor or front, colours.cursor or back, reverse),
        LINE: look(colours.line, back),
        BAR: look(front, bar),
        BAR_BOLD: look(front, bar, "1"),
        BAR_ALARM: look(colours.warning, bar, "1"),
    }


def _sgr(colour: str, ground: int) -> str:
    if colour.startswith("#"):
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return f"{ground}8;2;{red};{green};{blue}"
    return OWN[colour]


def _cells(line: list[Piece]) -> int:
    return sum(cell_len(text) for text, _look in line)


def _row(
    row: Row, columns: tuple[rows.Column, ...], words: rows.Words, context: Context, *, cursor: bool
) -> list[Piece]:
    today = context.today()
    due, rest = rows.texts(row, columns, words, today)
    alarming = rows.is_due(row, today) or row.rejected
    look = CURSOR if cursor else BOLD if row.unread else PLAIN
    alarm = look if cursor or not alarming else ALARM_BOLD if row.unread else ALARM
    return [(f"{rows.marks(row, today, cursor=cursor, marked=False)} {due} ", alarm), (rest, look)]


def _status(context: Context, count: int, width: int) -> list[Piece]:
    store = context.store
    parts = status.parts(store.status(), context.language, context.today(), demo=context.demo, vault=context.vault)
    looks = {status.PLAIN: BAR, status.BOLD: BAR_BOLD, status.ALARM: BAR_ALARM}
    found = status.pieces(views.title(front.VIEW, count, 0), front.note(store.seats()), parts, width)
    return [(text, looks[look]) for text, look in found]


def _footer(context: Context, width: int) -> list[Piece]:
    now = actions.Situation("inbox", current=True, flags=front.flags(context))
    items = [
        (action.footer, keys[0], action.name)
        for action in actions.possible(actions.in_scope("inbox"), now)
        if action.footer and (keys := actions.keys_of(action, context.keymap))
    ]
    out: list[Piece] = [(" ", BAR)]
    for key, label in footer.choose(items, width, footer.more()):
        out += [(key, BAR_BOLD), (f" {label}  ", BAR)]
    return out


@contextmanager
def shown(context: Context) -> Iterator[Early]:
    """Show the picture while the framework loads; at the end the terminal is as it was.

    Nothing is shown where the terminal is no usual one, or asked for other colours.
    """
    early = Early()
    try:
        import termios

        width, height = os.get_terminal_size(sys.stdout.fileno())
        before = termios.tcgetattr(sys.stdin.fileno())
    except (ImportError, OSError, termios.error):
        yield early
        return
    early.mode = before
    sized = os.environ.get("COLUMNS") or os.environ.get("LINES")
    colours = themes.palette(context.theme)
    # What colours there are else, and how Textual would change these, is not ours to guess.
    other = not colours.own and os.environ.get("COLORTERM", "") not in ("truecolor", "24bit")
    plain = os.environ.get("TERM", "dumb") == "dumb"
    # Moves are written as they are, past the stream and what it has for signs that its encoding lacks.
    lacking = (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")
    drawn = (
        None
        if sized or other or plain or lacking or context.screen_reader or width < SMALLEST[0] or height < SMALLEST[1]
        else picture(context, width, height)
    )
    if drawn is None:
        yield early
        return
    terminal = sys.stdin.fileno(), sys.stdout.fileno()
    hearing = Hearing()
    try:
        hearing.begin()
        quieten(terminal[0])
        # Before the picture stands: whoever sees it may stop the program and let it go on.
        with stopped(terminal, before, early.disturb, lambda: f"{SHOW}{_written(early.written)}"):
            sys.stdout.write(f"{SHOW}{drawn.body}")
            sys.stdout.flush()
            early.begin(drawn, terminal)
            yield early
    finally:
        try:
            hearing.ignore()
        finally:
            early.end()
            # A terminal that was closed meanwhile has nothing to be given back.
            with suppress(OSError, termios.error):
                if not early.taken:
                    sys.stdout.write(HIDE)
                    sys.stdout.flush()
                termios.tcsetattr(terminal[0], termios.TCSANOW, before)
            hearing.end()
