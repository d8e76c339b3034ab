"""The second layer against control characters, and crash reports without values."""

from __future__ import annotations

import errno
import os
import sys
import threading
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.drivers._writer_thread import WriterThread

from imi_tui.framework.line_filter import ControlFilter, harmless
from imi_tui.process import MOST_REPORTS, report, report_silently
from tests.effort import tries
from tests.tui.app.test_first_paint import terminal
from tests.tui.screens import filled
from tests.tui.screens.conftest import home, seat, template

__all__ = ["home", "seat", "template"]

HOSTILE = "a\x1b]52;c;cHduZWQ=\x07b\x9b2Jc\u202egnp.exe\u2066\x00"


def test_no_control_character_passes_and_the_width_stays() -> None:
    clean = harmless(HOSTILE)
    assert not [char for char in clean if ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u202e\u2066"]
    assert cell_len(clean) == cell_len(HOSTILE)


def test_the_filter_leaves_harmless_lines_alone() -> None:
    line = [Segment("Ελληνικά, žluťoučký, Ħal Għaxaq")]
    assert ControlFilter().apply(line, Color(0, 0, 0)) is line
    assert ControlFilter().apply([Segment("x\x1by")], Color(0, 0, 0))[0].text == harmless("x\x1by")


def test_a_report_says_where_but_holds_no_value(tmp_path: Path) -> None:
    def fails(secret: str) -> None:
        raise ValueError(f"cannot handle {secret}")

    try:
        fails("Anna Example, 1990-01-01")
    except ValueError as error:
        incident, path = report(error, tmp_path / "incidents", "Python")
    assert path is not None
    text = path.read_text()
    assert incident in text
    assert "builtins.ValueError" in text
    assert "fails" in text
    assert "Anna" not in text
    assert path.stat().st_mode & 0o077 == 0


def test_a_report_names_nobody(tmp_path: Path) -> None:
    class Strange(Exception):
        code = "AnnaExample"

    def raised(error: BaseException) -> BaseException:
        code = "def anna(error):\n raise error\nanna(error)"
        with pytest.raises(type(error)) as caught:
            exec(compile(code, "/home/anna/secret/x.py", "exec"), {"error": error})
        return caught.value

    inner = [raised(SystemExit("Anna Example")), raised(Strange()), raised(ExceptionGroup("Anna", [KeyError("Anna")]))]
    _, path = report(BaseExceptionGroup("Anna", inner), tmp_path, "versions")
    assert path is not None
    text = path.read_text()
    for found in ("builtins.SystemExit", "Strange", "builtins.ExceptionGroup", "builtins.KeyError", "x.py:2 anna"):
        assert found in text
    for name in ("Anna", "/home", "secret", str(Path(__file__).parent)):
        assert name not in text


def test_the_code_of_an_error_of_this_program_is_told(tmp_path: Path) -> None:
    from imi_tui.cache.errors import DiskFull

    _, path = report(DiskFull(), tmp_path, "versions")
    assert path is not None
    assert "imi_tui.cache.errors.DiskFull (diskFull)" in path.read_text()


def test_a_deep_recursion_makes_no_long_report_and_old_ones_go(tmp_path: Path) -> None:
    def deep(n: int) -> None:
        deep(n + 1)

    try:
        deep(0)
    except RecursionError as error:
        made = [report(error, tmp_path, "versions")[1] for _ in range(MOST_REPORTS + 5)]
    assert made[-1] is not None
    assert made[-1].stat().st_size < 20_000
    assert len(list(tmp_path.iterdir())) == MOST_REPORTS
    assert made[-1].exists()


LEAKS = """
import asyncio, sys, threading, warnings, logging
from pathlib import Path
from imi_tui import process
from imi_tui.commands import tui
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.context import Context
from imi_tui.early.first_paint import Early
from imi_tui.ending import Ending
from imi_tui.widgets.case_list import CaseList

class Falls:
    def __del__(self):
        raise ValueError("Anna Example")

def fails():
    raise ValueError("Anna Example")

async def task():
    fails()

def action_move(self, step):
    threading.Thread(target=fails).start()
    self.kept = asyncio.get_running_loop().create_task(task())
    Falls()
    logging.getLogger("library").error("Anna Example")

CaseList.action_move = action_move
profile = Profile(Path(sys.argv[1]))
context = Context(Store.open(profile, bytes(range(32))), profile)
code = tui._run_screen(context, Early(), Ending(lambda: None))
thread = threading.Thread(target=fails)
thread.start()
thread.join()
Falls()
print("left", code)
"""

CRASHES = """
import os, sys, time
from pathlib import Path
from textual.drivers._writer_thread import WriterThread
from imi_tui import cli
from imi_tui.commands import tui
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.context import Context
from imi_tui.early.first_paint import Early
from imi_tui.ending import Ending
from imi_tui.screens.act import ActScreen
from imi_tui.screens import routes
from imi_tui.app import ImiApp
from imi_tui.widgets.footer import ActionFooter

WAY = {way!r}
profile = Profile(Path(sys.argv[1]))
store = Store.open(profile, bytes(range(32)))
row = next(row for row in store.window("todo", "due", limit=100) if "message" in store.case(row.desk, row.id).actions)

class Drawn(Exception):
    def __rich__(self):
        return "Anna Example"

def falls(self):
    raise (Drawn if WAY == "drawn" else ValueError)("Anna Example")

def unmount(self):
    raise ValueError("Anna Example")

def begin(self):
    self.push_screen(routes.act([(row.desk, row.id)], "message"))

def ready(self, event):
    # Until a field has the focus, letters are no text. Said as the title of the window.
    self.app.write_sequence("\\x1b]2;the field is ready\\x07")

ImiApp._begin = begin
ActScreen.on_descendant_focus = ready
ActScreen.action_act_send = falls
if WAY == "twice":
    ActionFooter.on_unmount = unmount
if WAY == "late":
    ImiApp.on_unmount = unmount
    class Slow:
        def __init__(self, file):
            self.file = file
        def write(self, text):
            if "\\x1b[?1049l" in text:
                time.sleep(0.5)
            self.file.write(text)
        def __getattr__(self, name):
            return getattr(self.file, name)
    made = WriterThread.__init__
    WriterThread.__init__ = lambda self, file: made(self, Slow(file))
if WAY == "thread":
    def worker(self):
        for number in range(3):
            self.run_worker(lambda: falls(self), thread=True)
    ActScreen.action_act_send = worker
if WAY == "reader":
    # As the framework ends where the thread that reads keys fails.
    ActScreen.action_act_send = lambda self: self.app.call_later(self.app.panic, "Anna Example")
os.environ["IMI_TUI_HOME"] = sys.argv[1]
try:
    code = tui._run_screen(Context(store, profile), Early(), Ending(lambda: None))
except Exception as error:
    code = cli._incident(error)
print("left", code)
"""


def test_nothing_that_fails_beside_the_screen_writes_to_the_terminal(home: Path) -> None:
    with terminal(home, LEAKS) as client:
        drawn = client.until(b"Reference") + client.quiet(0.5)
        drawn += client.key(b"j")
        os.write(client.master, b"\x11")
        drawn += client.until(b"left 0")
    assert b"Anna" not in drawn
    assert b"Traceback" not in drawn
    reports = [path.read_text() for path in (home / "incidents").iterdir()]
    assert 3 <= len(reports) <= 5
    assert not [text for text in reports if "Anna" in text]


@pytest.mark.parametrize(
    "way", tries(["plain", "late", "thread"], ["plain", "drawn", "twice", "late", "thread", "reader"])
)
def test_a_crash_while_writing_keeps_the_draft_and_says_one_sentence(home: Path, way: str) -> None:
    with terminal(home, CRASHES.replace("{way!r}", repr(way))) as client:
        client.until(b"the field is ready")
        os.write(client.master, b"Written\x13")
        end = client.until(b"left 1")
    _screen, left, below = end.rpartition(b"\x1b[?1049l")
    assert left, "what was said went with the screen"
    said = below.decode()
    assert said.count("The program made a mistake and has to end.") == 1
    assert "Incident " in said
    for word in ("Anna", "Traceback", "textual", "Error", "line "):
        assert word not in said
    store = filled.open_store(home)
    assert [draft.text for draft in store.drafts()] == ["Written"]
    store.close()
    reports = [path.read_text() for path in (home / "incidents").iterdir()]
    assert reports
    assert not [text for text in reports if "Anna" in text]


def test_a_report_of_errors_that_name_each_other_ends(tmp_path: Path) -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    _, path = report(first, tmp_path, "versions")
    assert path is not None
    assert path.read_text().count("builtins.ValueError") == 1


def test_a_terminal_that_was_closed_is_no_mistake_and_everything_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, hook in ((threading, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    report_silently(tmp_path, "")
    lost = OSError(errno.EIO, "Input/output error")
    writer = WriterThread(sys.stdout)
    threading.excepthook(threading.ExceptHookArgs((OSError, lost, None, writer)))
    assert list(tmp_path.iterdir()) == []
    threading.excepthook(threading.ExceptHookArgs((OSError, lost, None, threading.main_thread())))
    full = OSError(errno.ENOSPC, "No space left on device")
    threading.excepthook(threading.ExceptHookArgs((OSError, full, None, writer)))
    assert len(list(tmp_path.iterdir())) == 2
