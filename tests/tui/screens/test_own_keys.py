"""Own keys and foreign keyboards from the settings file and the terminal's bytes to what happens on screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.screen import Screen

from imi_tui.app import ImiApp
from imi_tui.cache.store import Store
from imi_tui.config.keymap import read_keymap
from imi_tui.config.settings import read
from imi_tui.screens.confirm import ChooseScreen
from imi_tui.screens.drafts import DraftsScreen
from imi_tui.screens.help import HelpScreen
from imi_tui.screens.inbox import InboxScreen
from imi_tui.screens.outbox import OutboxScreen
from tests.tui.screens.test_inbox_screen import footer, running, settled, text_of

pytestmark = pytest.mark.anyio

KEYS = {
    "greek": ("ςερτυθιοπασδφγηξκλζχψωβνμ", "wertyuiopasdfghjklzxcvbnm"),
    "bds": ("уеишщксдзьяаожгтнвюйъэфхп", "wertyuiopasdfghjklzxcvbnm"),
    "phonetic": ("явертъуиопасдфгхйклзьцжбнм", "qwertyuiopasdfghjklzxcvbnm"),
}
"""Letters of a layout and the Latin ones of the same keys, from xkb-data."""


class Recording(Screen[None]):
    """A screen that notes which keys arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def on_key(self, event: events.Key) -> None:
        """Note it."""
        self.seen.append(event.key)
        event.stop()


async def send(app: ImiApp, *sent: str) -> None:
    """What a terminal sends, through the parser and the app as the driver would hand it on."""
    parser = XTermParser()
    for text in sent:
        for event in parser.feed(text):
            assert isinstance(event, events.Key)
            await app.on_event(event)


@pytest.mark.parametrize("layout", KEYS)
async def test_every_letter_of_a_layout_is_its_latin_key_however_the_terminal_sends_it(
    layout: str, store: Store, home: Path
) -> None:
    local, latin = KEYS[layout]
    sent: list[str] = []
    expected: list[str] = []
    for char, key in zip(local, latin, strict=True):
        sent += [char, f"\x1b[{ord(char)}u", f"\x1b[{ord(char)};5u"]
        expected += [key, key, f"ctrl+{key}"]
        if char != "ς":
            sent.append(char.upper())
            expected.append(key.upper())
    async with running(store, home, keyboard=layout) as (app, pilot):
        screen = Recording()
        await app.push_screen(screen)
        await send(app, *sent)
        for _turn in range(len(sent)):
            if len(screen.seen) == len(sent):
                break
            await pilot.pause()
        assert screen.seen == expected


async def test_a_letter_of_a_foreign_layout_stays_text_in_a_field(store: Store, home: Path) -> None:
    async with running(store, home, keyboard="bds") as (app, pilot):
        await send(app, "/")
        await pilot.pause()
        await send(app, "о", "д")
        await pilot.pause()
        assert app.screen.query_one("#search").value == "од"  # type: ignore[attr-defined]


async def test_a_key_for_an_action_that_no_procedure_has_is_told_once_the_procedures_are_here(
    store: Store, home: Path
) -> None:
    async with running(store, home, keymap={"do.acept": ("x",), "do.reply": ("y",)}) as (app, pilot):
        while not app._notifications:
            await pilot.pause(0.02)
        [told] = [note.message for note in app._notifications]
        assert "do.acept" in told
        assert "did you mean do.accept?" in told
        assert "do.reply" not in told


@pytest.mark.parametrize(("key", "scope", "told"), [("a", "prompt", "Close."), ("r", "act", "Send.")])
async def test_help_works_in_small_windows_and_forms(key: str, scope: str, told: str, store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("2" if key == "a" else "3")
        await settled(pilot)
        await pilot.press(key)
        await settled(pilot)
        assert scope == app.screen.SCOPE  # type: ignore[attr-defined]
        await pilot.press("f1")
        await settled(pilot)
        assert isinstance(app.screen, HelpScreen)
        assert told in text_of(app)
        await pilot.press("escape")
        await settled(pilot)
        assert scope == app.screen.SCOPE  # type: ignore[attr-defined]


@pytest.mark.parametrize(("layout", "sent"), [("auto", "ο"), ("bds", "д"), ("phonetic", "о")])
async def test_the_outbox_opens_with_the_letter_on_the_key_o(layout: str, sent: str, store: Store, home: Path) -> None:
    async with running(store, home, keyboard=layout) as (app, pilot):
        await send(app, sent)
        await pilot.pause()
        assert isinstance(app.screen, OutboxScreen)


async def test_the_first_cyrillic_letter_asks_which_layout_it_is_and_the_next_works(store: Store, home: Path) -> None:
    kept: dict[str, str] = {}
    async with running(store, home, setting=kept.__setitem__) as (app, pilot):
        await send(app, "д")
        await pilot.pause()
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("enter")
        await pilot.pause()
        assert kept == {"keyboard": "bds"}
        await send(app, "д")
        await pilot.pause()
        assert isinstance(app.screen, OutboxScreen)


async def test_keys_of_the_settings_file_work_and_what_they_took_is_gone(store: Store, home: Path) -> None:
    file = home / "config.toml"
    file.write_text(
        'keyboard = "bds"\n[keys]\n"go.drafts" = "д"\n"list.search" = []\n"list.sort" = "/"\n"go.new" = []\n'
    )
    found = read(file)
    keys, slips = read_keymap(found.keys, "bds")
    assert [slip.id for slip in slips if not slip.used] == []
    async with running(store, home, keyboard="bds", keymap=keys) as (app, pilot):
        assert "Search" not in footer(app)
        assert "New" not in footer(app)
        await send(app, "д")
        await pilot.pause()
        assert isinstance(app.screen, DraftsScreen)
        await pilot.press("escape", "n", "f2", "f3")
        await settled(pilot)
        assert isinstance(app.screen, InboxScreen)
        assert not app.screen.query("#search")
        await pilot.press("slash")
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("escape", "f6")
        assert isinstance(app.screen, OutboxScreen)
