"""The inbox before the framework is loaded, drawn straight from the cache in plain escape sequences.

Loading Textual takes several times as long as reading a screen of rows. What stands here is what the first full paint
shows in the same cells, but for the scroll bar; keys typed meanwhile wait in the terminal and count.
"""

from __future__ import annotations

import os
import sys

from imi_core.lean import TYPE_CHECKING, contextmanager, suppress
from imi_tui import actions, themes
from imi_tui.cache.model import Row
from imi_tui.harmless import harmless
from imi_tui.viewmodel import footer, front, rows, status, views
from imi_tui.widths import cell_len

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imi_tui.cache.model import SortId
    from imi_tui.context import Context
    from imi_tui.themes import Palette
    from imi_tui.viewmodel.grouped import Heading

SIDE = 34
"""Share of the columns that the preview takes, in percent."""
SMALLEST = (40, 8)
OWN = ("ansi_black", "ansi_red", "ansi_green", "ansi_yellow", "ansi_blue", "", "", "", "", "ansi_default")
"""The terminal's own colours by their number in SGR."""
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
PLAIN, BOLD, ALARM, ALARM_BOLD, CURSOR, LINE, BAR, BAR_BOLD, BAR_ALARM = range(9)
"""Looks; the last three are those of the first and the last line."""
Piece = tuple[str, int]
"""A text and its look."""


class Early:
    """Whether the picture stands, and whether the framework has taken the terminal over."""

    def __init__(self) -> None:
        self.painted = False
        self.taken = False


def lines(context: Context, width: int, height: int) -> list[list[Piece]] | None:
    """The screen, line by line; None where the inbox would open with something else than rows."""
    store = context.store
    counts = store.counts()
    words = front.remembered_words(context)
    shown, first = _shown(context, words, counts.get(front.VIEW, 0), height - 3)
    if not shown or context.notices:
        return None
    left = front.VIEWS_WIDTH + 1 if width >= front.WIDE else 0
    side = width * SIDE // 100 if width >= front.VAST else 0
    room = width - left - side - (1 if left else 0)
    columns = rows.columns(room)
    body: list[list[Piece]] = [[(rows.heading(columns), BOLD)]]
    body += [
        _row(line, columns, words, context, cursor=index == first) if isinstance(line, Row) else _heading(line, room)
        for index, line in enumerate(shown)
    ]
    body += [[] for _line in range(height - 2 - len(body))]
    if side:
        for line in body:
            line += [(" " * (width - left - side - _cells(line)), PLAIN), ("│", LINE)]
    if left:
        beside = views.column(counts, front.VIEW, front.VIEWS_WIDTH, front.beside(store))
        for index, line in enumerate(body):
            text, now = beside[index] if index < len(beside) else (" " * front.VIEWS_WIDTH, False)
            line[:0] = [(text, BOLD if now else PLAIN), ("│", LINE)]
    return [_status(context, counts.get(front.VIEW, 0), width), *body, _footer(context, width)]


def _shown(context: Context, words: rows.Words, count: int, height: int) -> tuple[list[Row | Heading], int]:
    """What stands in the lines of the list, and in which of them the cursor."""
    arranged = front.arrangement(context.store, front.VIEW)
    if arranged.group is None:
        sort: SortId = arranged.sort  # type: ignore[assignment]
        return [*context.store.window(front.VIEW, sort, limit=height)], 0
    window = front.window(context.store, words, front.VIEW, count, arranged)
    found = (window.get(index) for index in range(min(height, window.count)))
    return [line for line in found if line is not None], window.stop(0)


def _heading(heading: Heading, room: int) -> list[Piece]:
    from imi_tui.viewmodel import grouped

    return [(grouped.line(heading, room, cursor=False), BOLD)]


def picture(context: Context, width: int, height: int) -> str:
    """`lines` for a terminal, its cursor on the first row; empty where there are none."""
    found = lines(context, width, height)
    if found is None:
        return ""
    looks = _looks(themes.palette(context.theme))
    out = [ENTER, "\x1b[?25l"]
    for number, line in enumerate(found, 1):
        filler = (" " * (width - _cells(line)), BAR if number in (1, height) else PLAIN)
        out.append(f"\x1b[{number};1H")
        out += [f"\x1b[{looks[look]}m{harmless(text)}\x1b[0m" for text, look in (*line, filler) if text]
    left = front.VIEWS_WIDTH + 2 if width >= front.WIDE else 1
    at = next((number for number, line in enumerate(found, 1) if any(look == CURSOR for _text, look in line)), 3)
    return "".join([*out, f"\x1b[{at};{left}H"])


def _looks(colours: Palette) -> dict[int, str]:
    """What switches each look on."""

    def look(foreground: str, background: str, style: str = "") -> str:
        return f"{style}{_sgr(foreground, 3)};{_sgr(background, 4)}"

    front, back, bar = colours.foreground, colours.background, colours.panel
    reverse = "" if colours.cursor else "7;"
    return {
        PLAIN: look(front, back),
        BOLD: look(front, back, "1;"),
        ALARM: look(colours.error, back),
        ALARM_BOLD: look(colours.error, back, "1;"),
        CURSOR: look(colours.on_cursor or front, colours.cursor or back, f"1;{reverse}"),
        LINE: look(colours.line, back),
        BAR: look(front, bar),
        BAR_BOLD: look(front, bar, "1;"),
        BAR_ALARM: look(colours.warning, bar, "1;"),
    }


def _sgr(colour: str, ground: int) -> str:
    if colour.startswith("#"):
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return f"{ground}8;2;{red};{green};{blue}"
    return f"{ground}{OWN.index(colour)}"


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
    sized = os.environ.get("COLUMNS") or os.environ.get("LINES")
    colours = themes.palette(context.theme)
    # What colours there are else, and how Textual would change these, is not ours to guess.
    other = not colours.own and os.environ.get("COLORTERM", "") not in ("truecolor", "24bit")
    plain = os.environ.get("TERM", "dumb") == "dumb" or (os.environ.get("NO_COLOR") and colours.name != "none")
    drawn = (
        ""
        if sized or other or plain or context.screen_reader or width < SMALLEST[0] or height < SMALLEST[1]
        else picture(context, width, height)
    )
    if not drawn:
        yield early
        return
    _quieten(sys.stdin.fileno())
    try:
        sys.stdout.write(drawn)
        sys.stdout.flush()
        early.painted = True
        yield early
    finally:
        # A terminal that was closed meanwhile has nothing to be given back.
        with suppress(OSError, termios.error):
            if not early.taken:
                sys.stdout.write(f"{LEAVE}\x1b[?25h")
                sys.stdout.flush()
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, before)


def _quieten(descriptor: int) -> None:
    """Let what is typed wait as it was typed, unseen; Ctrl+C still ends the program."""
    import termios

    mode = termios.tcgetattr(descriptor)
    mode[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    mode[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    mode[6][termios.VMIN] = 1
    termios.tcsetattr(descriptor, termios.TCSANOW, mode)
