"""Screens that the pictures leave out: windows over others, and what shows only when something is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from imi_core.authority import Seat
from imi_tui.app import ImiApp
from imi_tui.cache.store import Store
from imi_tui.outside.preview import Preview
from imi_tui.screens import routes
from tests.tui.pictures import scenes
from tests.tui.pictures.scenes import Desk, Scene, prepare
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import settled


@asynccontextmanager
async def desk(store: Store, seat: Seat, home: Path, **more: Any) -> AsyncIterator[Desk]:
    """A running app on a filled cache that also shows what it tells for some seconds, as tests otherwise do not."""
    prepare(store, seat)
    app = ImiApp(filled.context(store, home, sign_in=lambda *_: None, **more))
    async with app.run_test(size=(150, 32), notifications=True) as pilot:
        await settled(pilot)
        yield Desk(app, pilot, store, seat)


async def told(desk: Desk) -> None:
    """What the program says for some seconds, and what went wrong; a case is marked."""
    desk.app.notify("Queued.", markup=False)
    desk.app.notify("Not possible.", severity="warning", markup=False)
    desk.app.notify("Failed.", severity="error", markup=False)
    await desk.press("down", "space")


async def nothing_found(desk: Desk) -> None:
    """A term that means nothing."""
    await desk.press("slash", *"statt", "colon", *"x", "enter")


async def refused_form(desk: Desk) -> None:
    """A form that is not complete, sent."""
    await scenes.reply(desk)
    await desk.press("f8")


async def message(desk: Desk) -> None:
    """A text begun."""
    case = scenes.a_case(desk.seat, "accepted")
    await desk.open(routes.act([(desk.seat.desk, case.id)], "message"))
    await desk.press(*"Eilt")


async def missing(desk: Desk) -> None:
    """What keeps a request from being sent."""
    await scenes.compose(desk)
    await desk.press("enter", "f5")


async def other_side(desk: Desk) -> None:
    """A request as the authority asked sees it."""
    await scenes.compose_review(desk)
    await desk.press("v")


async def insert(desk: Desk) -> None:
    """Phrases to insert."""
    await message(desk)
    await desk.press("f2")


async def phrase(desk: Desk) -> None:
    """A phrase to write."""
    await scenes.phrases(desk)
    await desk.press("n")


async def earlier(desk: Desk) -> None:
    """A case to copy from."""
    await desk.open(routes.earlier_case())


async def choose(desk: Desk) -> None:
    """A question with answers."""
    await desk.press("b")


async def choose_authority(desk: Desk) -> None:
    """Whom to ask."""
    await desk.open(routes.authorities(choose=True, area="pw"))


async def line(desk: Desk) -> None:
    """A line to write, with what is wrong with it."""
    await desk.open(routes.ask_name("A name", "Wages", 5))
    await desk.press("x", "enter")


async def path(desk: Desk) -> None:
    """A folder that is not there."""
    await desk.open(routes.ask_path("Where to", "/nowhere/at/all", folder=True))
    await desk.press("enter")


async def unlock(desk: Desk) -> None:
    """The passphrase, wrong."""
    await desk.open(routes.unlock(lambda _typed: "wrongPassphrase"))
    await desk.press("x", "enter")


async def read_file(desk: Desk) -> None:
    """The text of a file that is longer."""
    await desk.open(routes.read_file("a1.pdf", Preview("Certificate\nA1", "cut")))


MORE: tuple[Scene, ...] = (
    told,
    nothing_found,
    refused_form,
    message,
    missing,
    other_side,
    insert,
    phrase,
    earlier,
    choose,
    choose_authority,
    line,
    path,
    unlock,
    read_file,
)
