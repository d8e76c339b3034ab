"""Notifications: numbers and days only, when somebody looks elsewhere, never in the quiet hours."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imi_core.case import to_wire
from imi_tui.app import ImiApp
from imi_tui.cache.model import Row
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.config import settings
from imi_tui.outside import notifying
from imi_tui.telling import Teller
from imi_tui.viewmodel import news
from tests.tui.screens import filled
from tests.tui.screens.conftest import anyio_backend, english, home, seat, store, template
from tests.tui.screens.test_inbox_screen import running, settled

__all__ = ["anyio_backend", "english", "home", "seat", "store", "template"]

TODAY = filled.TODAY


def a_row(due: str) -> Row:
    return Row("d", "i", b"", "r", "p", "s", "Anna", "FR", "c", due, "a", "full", True, True, 0, 0, 0)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([], ""),
        ([None], "1 new case waits for you."),
        ([None, 30], "2 new cases wait for you."),
        ([1, None], "2 new cases wait for you. 1 is urgent: due tomorrow."),
        ([0, 1], "2 new cases wait for you. 2 are urgent, the first: due today."),
        ([-3], "1 new case waits for you. 1 is urgent: overdue."),
    ],
)
def test_it_says_how_many_and_how_urgent(days: list[int | None], said: str) -> None:
    rows = [a_row("" if day is None else (TODAY + dt.timedelta(days=day)).isoformat()) for day in days]
    found = news.news(rows, TODAY)
    assert (news.sentence(found, TODAY) if found.new else "") == said


@pytest.mark.parametrize(
    ("hours", "at", "quiet"),
    [
        ("18:00-07:30", "18:00", True),
        ("18:00-07:30", "03:00", True),
        ("18:00-07:30", "07:30", False),
        ("12:00 - 13:00", "12:59", True),
        ("12:00-13:00", "13:00", False),
        ("", "12:00", False),
        ("25:00-26:00", "12:00", False),
    ],
)
def test_quiet_hours(hours: str, at: str, quiet: bool) -> None:
    assert news.quiet(hours, dt.time.fromisoformat(at)) is quiet


def test_settings_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('quiet_hours = "late"\nnotify = "loud"\nnotify_by = "pigeon"\nlock_minutes = -1\n')
    found = settings.read(path)
    assert len(found.problems) == 4
    assert (found.quiet_hours, found.notify, found.notify_by, found.lock_minutes) == ("", "urgent", "both", 10)
    path.write_text('quiet_hours = "18:00-07:30"\nnotify = "all"\nnotify_by = "bell"\nlock_minutes = 0\n')
    assert settings.read(path).problems == ()


class TestTheWays:
    DESKTOP = {"DISPLAY": ":0", "HOME": "/h", "SECRET": "x"}

    def test_a_program_gets_a_list_of_arguments_and_little_environment(self) -> None:
        given: list[tuple[list[str], dict[str, str]]] = []
        text = "--help\x1b]52;c;x\x07; $(rm)\n1 new"
        assert notifying.on_desktop(
            "IMI",
            text,
            urgent=True,
            environment=self.DESKTOP,
            start=lambda arguments, environment: given.append((arguments, environment)),
            program="/usr/bin/notify-send",
        )
        [(arguments, environment)] = given
        assert arguments[:3] == ["/usr/bin/notify-send", "--app-name=IMI", "--urgency=critical"]
        assert arguments[-3:] == ["--", "IMI", "--help ]52;c;x ; $(rm) 1 new"]
        assert "SECRET" not in environment

    def test_none_without_a_desktop_or_over_ssh(self) -> None:
        assert notifying.find_notifier({}) is None
        assert notifying.find_notifier({"DISPLAY": ":10", "SSH_CONNECTION": "a b"}) is None
        assert not notifying.on_desktop("IMI", "x", urgent=False, environment={})

    def test_a_program_that_does_not_start_is_no_notification(self) -> None:
        def fails(*_: Any) -> None:
            raise OSError

        assert not notifying.on_desktop("IMI", "x", urgent=False, environment={}, start=fails, program="/none")

    @pytest.mark.parametrize(
        ("environment", "sequence"),
        [
            ({"TERM_PROGRAM": "iTerm.app"}, "\x1b]9;IMI: a, b\x1b\\"),
            ({"LC_TERMINAL": "iTerm2"}, "\x1b]9;IMI: a, b\x1b\\"),
            ({"TERM": "foot"}, "\x1b]777;notify;IMI;a, b\x1b\\"),
            ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;IMI;a, b\x1b\\"),
            ({"TERM": "foot", "TMUX": "x"}, ""),
            ({"TERM": "linux"}, ""),
            ({"TERM": "xterm-256color"}, ""),
        ],
    )
    def test_only_terminals_that_know_a_sequence_get_one(self, environment: dict[str, str], sequence: str) -> None:
        assert notifying.for_terminal("IMI", "a; b", environment) == sequence

    def test_a_text_ends_no_sequence(self) -> None:
        made = notifying.for_terminal("IMI\x07", "x\x1b\\\x9cy", {"TERM": "foot"})
        assert made.count("\x1b") == 2
        assert not set("\x07\x9c") & set(made)


class Heard:
    """What reached the desktop, the terminal and the ear."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: list[str] = []
        self.bells = 0
        monkeypatch.setattr(notifying, "find_notifier", lambda _environment: "/usr/bin/notify-send")
        monkeypatch.setattr(
            notifying, "start_program", lambda arguments, _environment: self.texts.append(arguments[-1])
        )
        monkeypatch.setattr(ImiApp, "bell", self._ring)

    def _ring(self, *_: Any) -> None:
        self.bells += 1


def arrives(store: Store, seat: Any, *, days: int, number: int = 1) -> None:
    """Somebody else acts: a case comes under this desk's hands, due in `days`."""
    case, _entries = next(pair for pair in filled.demo(seat, 120) if filled.mine(seat, pair[0]))
    due = TODAY + dt.timedelta(days=days)
    deadlines = tuple(msgspec.structs.replace(each, on=due) for each in case.deadlines)
    made = msgspec.structs.replace(
        case, id=f"{number:032x}", reference=f"PW-26-9{number:05}", due=due, deadlines=deadlines, request={}
    )
    store.sync.apply(seat.desk, Page(store.sync.state(seat.desk), cases=[to_wire(made)]))


async def passed_on(app: ImiApp, pilot: Any) -> None:
    """Until changes of the cache have been gathered."""
    await pilot.pause(0.15)
    await settled(pilot)


@pytest.mark.anyio
async def test_what_is_new_and_urgent_is_told_once_to_somebody_who_looks_elsewhere(
    store: Store, home: Path, seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard(monkeypatch)
    async with running(store, home, notify="urgent") as (app, pilot):
        arrives(store, seat, days=0, number=1)
        await passed_on(app, pilot)
        assert (heard.texts, heard.bells) == ([], 0), "who looks sees it in the list"
        app.app_focus = False
        arrives(store, seat, days=0, number=2)
        await passed_on(app, pilot)
        assert heard.texts == ["1 new case waits for you. 1 is urgent: due today."]
        assert heard.bells == 1
        arrives(store, seat, days=0, number=2)
        await passed_on(app, pilot)
        assert heard.bells == 1, "the same is not told twice"
        arrives(store, seat, days=20, number=3)
        await passed_on(app, pilot)
        assert heard.bells == 1, "it is new and has time"
        app.lock()
        arrives(store, seat, days=1, number=4)
        await passed_on(app, pilot)
        assert (len(heard.texts), heard.bells) == (1, 2), "behind the lock only the bell rings"


@pytest.mark.anyio
async def test_quiet_hours_put_it_off_and_settings_choose_the_way(
    store: Store, home: Path, seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard(monkeypatch)
    more = {"notify": "all", "notify_by": "desktop", "quiet_hours": "18:00-07:30"}
    async with running(store, home, **more) as (app, pilot):
        at = [dt.time(22)]
        app._teller = Teller(app, lambda: at[0])
        app.app_focus = False
        arrives(store, seat, days=20, number=1)
        arrives(store, seat, days=20, number=2)
        await passed_on(app, pilot)
        assert heard.texts == []
        at[0] = dt.time(8)
        app._look_at_the_day()
        assert (heard.texts, heard.bells) == (["2 new cases wait for you."], 0)


@pytest.mark.anyio
async def test_off_is_off(store: Store, home: Path, seat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard(monkeypatch)
    async with running(store, home, notify="off") as (app, pilot):
        app.app_focus = False
        arrives(store, seat, days=0)
        await passed_on(app, pilot)
        assert (heard.texts, heard.bells) == ([], 0)
