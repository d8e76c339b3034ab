"""Every screen at three sizes in English, German, Greek and the pseudo-language, as text, beside what it was.

A picture that changed on purpose is taken anew with ``IMI_PICTURES=take pytest tests/tui/pictures``; the difference
is then read in the commit. The images of the README are taken with them.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_core.authority import Seat
from imi_tui import i18n
from imi_tui.cache.store import Store
from tests.effort import some, tries
from tests.system import layout
from tests.tui.keys import resize
from tests.tui.languages.test_every_language import Shot
from tests.tui.pictures.scenes import ALOUD, OVER_THE_LIST, SAMPLE, SCENES, Desk, Scene, prepare
from tests.tui.screens.conftest import anyio_backend, home, seat, store, template
from tests.tui.screens.test_inbox_screen import running, settled, text_of
from tests.tui.unpainted import unpainted

__all__ = ["anyio_backend", "home", "seat", "store", "template"]

pytestmark = pytest.mark.anyio
PICTURES = Path(__file__).parent
SIZES = ((80, 24), (120, 40), (200, 50))
PATIENCE = 12
"""How often a screen may settle: a widget that is put in place late, such as the preview, needs more than one round."""
HASTE = 8
"""Rounds that do not wait for an idle processor."""
TAKE = os.environ.get("IMI_PICTURES") == "take"
IMAGES = PICTURES.parents[2] / "docs" / "images"
SHOWN = {
    ("en", "grouped"): ("inbox", 34, ("down", "down")),
    ("en", "case"): ("translation", 38, ()),
    ("el", "inbox"): ("inbox-el", 30, ()),
}
"""Scenes that the README shows, by language: name and height of the image, and keys before it is taken."""
WIDTH = 120
"""Of these images: wider ones would be too small to read."""


@pytest.fixture
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    """The language of the screens."""
    i18n.install(request.param)
    yield request.param
    i18n.install("en")


LANGUAGES = ["en", "de", "el", "en-XA"]


def looked_at(language: str) -> tuple[tuple[Scene, ...], tuple[tuple[int, int], ...]]:
    """Scenes and sizes: in `make test` all of them in English, each at one size in turn, and the most telling at the
    smallest size in the others.
    """
    whole = SCENES, SIZES
    return whole if TAKE or language == "en" else tries((SAMPLE, SIZES[:1]), whole)


@pytest.mark.parametrize("spoken", LANGUAGES, indirect=True)
async def test_every_screen_looks_as_it_did(
    store: Store, home: Path, seat: Seat, spoken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(store, seat)
    if not TAKE:
        unpainted(monkeypatch)
    looks = {"theme": "dark"} if TAKE else {}
    async with running(store, home, language=spoken, sign_in=lambda *_: None, **looks) as (app, pilot):
        changed = await looked(Desk(app, pilot, store, seat), *looked_at(spoken))
    assert not changed, "\n".join(changed)


@pytest.mark.parametrize("spoken", LANGUAGES[:1], indirect=True)
async def test_what_is_read_aloud_looks_as_it_did(
    store: Store, home: Path, seat: Seat, spoken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(store, seat)
    unpainted(monkeypatch)
    async with running(store, home, language=spoken, screen_reader=True) as (app, pilot):
        changed = await looked(Desk(app, pilot, store, seat), ALOUD, SIZES, "aloud_")
    assert not changed, "\n".join(changed)


async def looked(
    desk: Desk, scenes: tuple[Scene, ...], sizes: tuple[tuple[int, int], ...], kind: str = ""
) -> list[str]:
    """What differs from the pictures of these scenes; `kind` is how the names of their files begin."""
    changed: list[str] = []
    language = i18n.language()
    for number, scene in enumerate(scenes):
        file = PICTURES / language / f"{kind}{scene.__name__}.txt"
        shots = []
        turn = sizes if TAKE else some(sizes, number)
        for size in turn:
            if size == turn[0] or scene in OVER_THE_LIST:
                await resize(desk.app, desk.pilot, *size)
                await desk.home()
                await scene(desk)
            shots.append(await shot(desk, *size, file))
        if TAKE and not kind and (language, scene.__name__) in SHOWN:
            await image(desk, *SHOWN[language, scene.__name__])
        changed += [fault for each in shots for fault in faults(each, scene.__name__)]
        changed += beside(file, shots)
    return changed


async def shot(desk: Desk, width: int, height: int, file: Path) -> str:
    """The screen at a size, once it is as in `file`, or has had the time to become it."""
    await resize(desk.app, desk.pilot, width, height)
    before = "" if TAKE or not file.exists() else file.read_text("utf-8")
    for number in range(PATIENCE):
        await (desk.calm() if number < HASTE else settled(desk.pilot))
        lines = "\n".join(line.rstrip() for line in text_of(desk.app).splitlines())
        taken = f"--- {width}x{height}\n{lines}\n"
        if before and taken in before:
            break
    return taken


async def image(desk: Desk, name: str, height: int, keys: tuple[str, ...]) -> None:
    """Keep the screen as an image that fetches nothing, no typeface either, from elsewhere."""
    await desk.pilot.resize_terminal(WIDTH, height)
    await desk.press(*keys)
    for _round in range(PATIENCE):
        await settled(desk.pilot)
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", desk.app.export_screenshot(title="imi-tui"), flags=re.DOTALL)
    (IMAGES / f"{name}.svg").write_text(
        drawn.replace("font-family: Fira Code", "font-family: Fira Code, DejaVu Sans Mono"), "utf-8"
    )


def faults(taken: str, scene: str) -> list[str]:
    """What is wrong with the layout, where texts show their ends."""
    size, *lines = taken.splitlines()
    width, _, height = size.removeprefix("--- ").partition("x")
    shot = Shot(f"{scene} {size}", lines + [""] * (int(height) - len(lines)), int(width))
    return layout.faults(shot) if i18n.language() == "en-XA" and scene != "lock" else []  # type: ignore[arg-type]


def beside(file: Path, shots: list[str]) -> list[str]:
    """What differs from the pictures of these sizes kept in `file`; with TAKE they become the pictures."""
    if TAKE:
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(shots), "utf-8")
        return []
    before = re.split("^(?=--- )", file.read_text("utf-8"), flags=re.MULTILINE) if file.exists() else []
    sizes = {each.partition("\n")[0] for each in shots}
    kept = "".join(each for each in before if each.partition("\n")[0] in sizes)
    name = str(file.relative_to(PICTURES))
    return list(difflib.unified_diff(kept.splitlines(), "".join(shots).splitlines(), name, "now", lineterm="", n=1))
