"""The picture before the framework: the same cells as the first full paint, and nothing typed meanwhile is lost."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.terminal import Terminal
from imi_tui.cache.store import Store
from imi_tui.config.themes import NAMES
from imi_tui.early import first_paint
from imi_tui.profile import Profile
from imi_tui.terminal.mode import ENTER, LEAVE
from imi_tui.viewmodel import front
from tests.effort import tries
from tests.tui.cli.terminal import state_of, switched
from tests.tui.screens import filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]
PROGRAM = """
import atexit, sys, termios, time
from pathlib import Path
from imi_tui import i18n
from imi_tui.early import first_paint
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.config.themes import NAMES
from imi_tui.viewmodel import front
from imi_tui.context import Context

home, after, language, theme = sys.argv[1:]
i18n.install(language)
before = termios.tcgetattr(0) if sys.stdin.isatty() else None
atexit.register(lambda: print("restored", before == termios.tcgetattr(0)) if before else None)
profile = Profile(Path(home))
context = Context(Store.open(profile, bytes(range(32))), profile, language=i18n.language(), theme=theme)
with first_paint.shown(context) as picture:
    assert picture.painted and "textual" not in sys.modules, "the framework was loaded before the picture"
    if after == "fail":
        raise SystemExit(3)
    while after.startswith("hold ") and not Path(after[5:]).exists():
        time.sleep(0.01)
    from imi_tui.app import run
    code = run(context, picture)
print("left", code)
"""
READY = "-26-"
TAKEN = b"\x1b[?1000h"
"""The first thing Textual writes that the picture does not."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile with cases whose state names an earlier start has remembered."""
    home = tmp_path_factory.mktemp("early")
    store = filled.open_store(home)
    seat = filled.a_desk()
    filled.fill(store, seat, filled.demo(seat, 300))
    store.close()
    return home


def started(home: Path, after: str, size: tuple[int, int], language: str = "en", theme: str = "terminal") -> Terminal:
    """The program on a terminal of this size."""
    argv = [sys.executable, "-c", PROGRAM, str(home), after, language, theme]
    # A theme that somebody chose counts more.
    colourless = {"NO_COLOR": "1"} if theme != "terminal" else {}
    return Terminal(argv, *size, {"PYTHONPATH": str(ROOT), **colourless}, cwd=ROOT)


def cells(terminal: Terminal) -> list[list[Any]]:
    """What can be seen on the screen: of a blank the ground alone."""
    terminal.lines()
    buffer = terminal._screen.buffer

    def seen(cell: Any) -> Any:
        return cell if cell.data != " " or cell.reverse else (" ", cell.bg)

    return [[seen(buffer[y][x]) for x in range(terminal.columns)] for y in range(terminal.rows)]


@contextlib.contextmanager
def held(
    home: Path, tmp_path: Path, size: tuple[int, int] = (80, 24), *looks: str
) -> Iterator[tuple[Terminal, Callable[[], None]]]:
    """The program on its picture, and what lets the framework come; `looks`: language and theme."""
    with started(home, f"hold {tmp_path / 'go'}", size, *looks) as terminal:
        terminal.wait_for(READY, 20)

        def go() -> None:
            (tmp_path / "go").touch()
            terminal.wait_for(lambda _lines: TAKEN in terminal.output, 20)

        yield terminal, go


_LOOK = re.compile(rb"\x1b\[([0-9;:]*)m")
_ATTRIBUTES = frozenset(range(10)) | frozenset(range(21, 30))
"""Codes that make text bold, faint, italic, underlined or reversed, and that take it back."""
SIZES = [(80, 24), (99, 12), (100, 30), (139, 30), (140, 24), (163, 30), (211, 50)]


@pytest.mark.parametrize(
    ("size", "theme"),
    tries(
        [*((size, "terminal") for size in SIZES[::2]), ((120, 30), "none")],
        [*((size, "terminal") for size in SIZES), *(((120, 30), name) for name in NAMES[1:])],
    ),
)
def test_the_framework_paints_the_same_cells(home: Path, tmp_path: Path, size: tuple[int, int], theme: str) -> None:
    with held(home, tmp_path, size, "en-XA", theme) as (terminal, go):
        terminal.settle(0.2)
        before = cells(terminal)
        go()
        terminal.settle(0.5, 10)
        after = cells(terminal)
        codes = {int(code) for found in _LOOK.findall(terminal.output) for code in found.split(b";") if code}
    assert theme != "none" or codes <= _ATTRIBUTES, f"a colour is sent: {codes - _ATTRIBUTES}"
    width = size[0] - size[0] * first_paint.SIDE // 100 if size[0] >= front.VAST else size[0]
    # The scroll bar and what the preview holds come with the framework; the last line follows the case at hand.
    wide = size[0] >= front.WIDE
    for y in range(size[1] - 1):
        there = width - 1 if wide and y >= 2 else width
        same = [x for x in range(there) if before[y][x] != after[y][x]]
        assert not same, f"line {y} from cell {same[0]}"
    assert any(cell[0] == ">" for cell in before[2])


def on_row(number: int) -> Callable[[list[str]], bool]:
    """Whether the cursor is there, and nowhere else."""
    return lambda lines: [index - 2 for index, line in enumerate(lines) if line.startswith(">")] == [number]


def test_moves_are_answered_at_once_and_all_else_in_its_turn(home: Path, tmp_path: Path) -> None:
    with held(home, tmp_path) as (terminal, go):
        terminal.send(b"\x1b[B\x1b[B" + "ξκ".encode())
        terminal.wait_for(on_row(2), 20)
        before = cells(terminal)
        assert terminal.screen().cursor.y == 4
        # Half a key; what lists all; a move that is to follow it, and half of another.
        terminal.send(b"\x1b")
        terminal.send(b"[A" + b"8\x1b[B\x1b[")
        terminal.wait_for(on_row(1), 20)
        go()
        terminal.send(b"B")
        terminal.wait_for(lambda lines: "All" in lines[0] and on_row(2)(lines), 20)
        assert b"^[" not in terminal.output, "what is typed must not be echoed into the picture"
    assert before[3] != before[4]


def test_the_framework_goes_on_where_the_cursor_is_and_writes_what_differs(home: Path, tmp_path: Path) -> None:
    with held(home, tmp_path) as (terminal, go):
        terminal.send(b"jj")
        terminal.wait_for(on_row(2), 20)
        go()
        terminal.settle(0.5, 10)
        assert on_row(2)(terminal.lines())
        behind = bytes(terminal.output).partition(TAKEN)[2]
        assert READY.encode() not in behind, "rows that stand there are not written again"
        assert len(behind) < 1200
        terminal.send(b"k")
        terminal.wait_for(on_row(1), 20)


def test_over_another_picture_everything_is_drawn_anew(home: Path, tmp_path: Path) -> None:
    with held(home, tmp_path) as (terminal, go):
        terminal.send(b"j")
        terminal.wait_for(on_row(1), 20)
        # As `fg` does it, behind what the shell wrote; Ctrl+Z and Ctrl+\\ themselves are keys.
        terminal.send(b"\x1a\x1cj")
        os.kill(terminal.process.pid, signal.SIGCONT)
        go()

        def is_drawn_anew(lines: list[str]) -> bool:
            return on_row(2)(lines) and bytes(terminal.output).partition(TAKEN)[2].count(READY.encode()) > 10

        terminal.wait_for(is_drawn_anew, 20)


@pytest.mark.skipif(sys.platform != "linux", reason="how a process is")
def test_a_picture_that_is_stopped_gives_the_terminal_back(home: Path, tmp_path: Path) -> None:
    with held(home, tmp_path) as (terminal, go):
        terminal.send(b"j")
        terminal.wait_for(on_row(1), 20)
        ours = terminal.mode()
        terminal.process.send_signal(signal.SIGTSTP)
        while state_of(terminal.process) != "T":
            terminal.read(0.02)
        while terminal.read(0.05) is not None:
            pass
        assert switched(terminal.output) == set()
        assert terminal.mode() != ours
        terminal.screen().reset()
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for(on_row(1), 20)
        assert (switched(terminal.output), terminal.mode()) == ({"1049", "25"}, ours)
        # Behind a picture that was stopped the framework gives back what was found before it.
        go()
        terminal.settle(0.3)
        terminal.process.send_signal(signal.SIGTSTP)
        while state_of(terminal.process) != "T":
            terminal.read(0.02)
        stopped = terminal.mode()
        terminal.process.send_signal(signal.SIGCONT)
        terminal.settle(0.3)
        terminal.send(b"\x11")
        terminal.wait_for("restored True", 20)
        assert (switched(terminal.output), terminal.mode()) == (set(), stopped)


@pytest.mark.parametrize("after", ["run", "fail"])
def test_the_terminal_is_afterwards_as_it_was(home: Path, after: str) -> None:
    with started(home, after, (80, 24)) as terminal:
        terminal.wait_for(READY, 20)
        if after == "run":
            terminal.wait_for(lambda _lines: TAKEN in terminal.output, 20)
            terminal.settle(0.3)
            terminal.send(b"\x11")
        while terminal.process.poll() is None:
            terminal.read(0.1)
        terminal.settle()
        output = bytes(terminal.output)
        assert terminal.process.returncode == (3 if after == "fail" else 0)
    assert output.endswith(b"restored True\r\n")
    assert output.count(ENTER.encode()) == output.count(LEAVE.encode()) == 1
    assert output.rindex(b"\x1b[?25h") > output.rindex(b"\x1b[?25l")


def test_no_picture_without_rows_or_with_something_to_say(home: Path, tmp_path: Path) -> None:
    store = Store.open(Profile(tmp_path), filled.KEY)
    assert first_paint.picture(filled.context(store, tmp_path), 80, 24) is None
    store.close()
    store = filled.open_store(home)
    drawn = first_paint.picture(filled.context(store, home), 80, 24)
    assert drawn is not None
    stands, ends = first_paint.Early(), os.pipe()
    stands.disturb()
    stands.begin(drawn, ends)
    assert (stands.painted, stands.whole) == (True, False), "who let the program go on saw to it before it stood"
    stands.end()
    for descriptor in ends:
        os.close(descriptor)
    assert first_paint.picture(filled.context(store, home, notices=("Look.",)), 80, 24) is None
    store.close()


def test_nothing_that_does_something_is_drawn(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = [[("a\x1b]52;c;eA==\x07\u202eb\x9b2J", first_paint.PLAIN)]]
    monkeypatch.setattr(first_paint.Picture, "lines", lambda _picture: hostile)
    store = filled.open_store(home)
    picture = first_paint.picture(filled.context(store, home), 80, 24)
    store.close()
    assert picture is not None
    drawn = picture.body
    assert "]52;c;eA==" in drawn
    assert not {"\x07", "\u202e", "\x9b", "\x1b]"} & {*drawn, drawn[drawn.index("]52") - 1 : drawn.index("]52") + 1]}


def test_a_terminal_of_another_kind_gets_no_picture(home: Path) -> None:
    argv = [sys.executable, "-c", PROGRAM, str(home), "fail", "en", "terminal"]
    with Terminal(argv, 80, 24, {"PYTHONPATH": str(ROOT), "TERM": "dumb"}, cwd=ROOT) as terminal:
        terminal.wait_for("AssertionError", 20)
        assert ENTER.encode() not in terminal.output
    piped = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False, stdin=subprocess.DEVNULL)
    assert ENTER not in piped.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
def test_a_terminal_that_goes_while_the_picture_stands_is_no_mistake(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl
    import pty
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", ""), ("LINES", ""), ("NO_COLOR", "")):
        monkeypatch.setenv(name, value)
    store = filled.open_store(home)
    terminal = open(slave, "w")  # noqa: SIM115 - closing it fails like everything else on it
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(sys, "stdout", terminal)
    with first_paint.shown(filled.context(store, home)) as picture:
        assert picture.painted
        os.close(master)
    monkeypatch.undo()
    with contextlib.suppress(OSError):
        terminal.close()
    store.close()
