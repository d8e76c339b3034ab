"""Every theme on every screen: text keeps its contrast, colours for colour-blind eyes stay apart, none means none."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.color import ColorType
from rich.segment import Segment
from textual.pilot import Pilot

from imi_tui import settings, themes
from imi_tui.app import ImiApp
from imi_tui.cache.store import Store
from imi_tui.screens.inbox import InboxScreen
from tests.tui.screens import filled

pytestmark = pytest.mark.anyio

LINES = set("▁▂▃▄▅▆▇│─╭╮╰╯┃━▏▎▔▁█▌▐╌┌┐└┘├┤┬┴┼▊▎▕▍▉ ")
"""Characters that are lines and bars: WCAG asks 3 of them."""
LINE_CONTRAST = 3.0
SCREENS = ("app_menu", "app_help", "go_new", "go_outbox", "go_drafts", "go_authorities", "list_open", "app_language")
MACHADO = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""What eyes without one kind of cone see of linear RGB (Machado, Oliveira and Fernandes 2009, severity 1)."""
APART = 18.0
"""Distance in CIE Lab: well over what is seen as another colour side by side (2.3)."""

RGB = tuple[float, float, float]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A cache with cases of every kind, some of them overdue and unread."""
    found = filled.open_store(tmp_path)
    seat = filled.a_desk()
    filled.fill(found, seat, filled.demo(seat, 120))
    yield found
    found.close()


@asynccontextmanager
async def running(store: Store, home: Path, theme: str) -> AsyncIterator[tuple[ImiApp, Pilot[None]]]:
    """The program in a theme."""
    app = ImiApp(filled.context(store, home, theme=theme))
    async with app.run_test(size=(150, 40)) as pilot:
        await pilot.pause()
        yield app, pilot


def segments(app: ImiApp) -> Iterator[Segment]:
    """Everything with text in it on the screen."""
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            if segment.text.strip() and segment.style is not None:
                yield segment


async def walk(app: ImiApp, pilot: Pilot[None]) -> AsyncIterator[str]:
    """Each screen in turn."""
    assert isinstance(app.screen, InboxScreen)
    app.screen._settle()
    app.notify("A word to the officer", severity="warning", markup=False)
    await pilot.press("down", "space")
    await pilot.pause()
    yield "inbox"
    for name in SCREENS:
        await app.screen.run_action(name)
        await pilot.pause()
        yield name
        while len(app.screen_stack) > 1:
            app.pop_screen()
        await pilot.pause()


def linear(colour: RGB) -> RGB:
    """Light of each channel, 0 to 1."""
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour))  # type: ignore[return-value]


def luminance(colour: RGB) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: RGB, other: RGB) -> float:
    """Contrast ratio (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(light: RGB) -> RGB:
    """CIE Lab under D65 of linear RGB."""
    red, green, blue = (min(max(v, 0.0), 1.0) for v in light)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def rgb(colour: str) -> RGB:
    """Channels of ``#rrggbb``."""
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))  # type: ignore[return-value]


@pytest.mark.parametrize("palette", [one for one in themes.PALETTES if not one.own], ids=lambda one: one.name)
async def test_text_keeps_its_contrast_on_every_screen(store: Store, tmp_path: Path, palette: themes.Palette) -> None:
    seen: set[str] = set()
    async with running(store, tmp_path, palette.name) as (app, pilot):
        async for name in walk(app, pilot):
            for segment in segments(app):
                assert segment.style is not None
                front, back = segment.style.color, segment.style.bgcolor
                assert front is not None, (name, segment)
                assert back is not None, (name, segment)
                assert front.triplet, (name, segment)
                assert back.triplet, (name, segment)
                if segment.style.reverse:
                    front, back = back, front
                least = LINE_CONTRAST if set(segment.text) <= LINES else palette.contrast
                found = contrast(tuple(front.triplet), tuple(back.triplet))  # type: ignore[arg-type]
                assert found >= least, f"{name}: {found:.1f} of {least} in {segment.text!r} {segment.style}"
                assert not segment.style.dim, (name, segment)
            seen.add(name)
    assert len(seen) == len(SCREENS) + 1


async def test_without_colours_there_are_none(store: Store, tmp_path: Path) -> None:
    async with running(store, tmp_path, "none") as (app, pilot):
        async for name in walk(app, pilot):
            for segment in segments(app):
                assert segment.style is not None
                colours = {segment.style.color, segment.style.bgcolor} - {None}
                assert all(colour.type is ColorType.DEFAULT for colour in colours if colour), (name, segment)


async def test_the_cursor_is_seen_without_colours(store: Store, tmp_path: Path) -> None:
    for name in ("none", "terminal"):
        async with running(store, tmp_path, name) as (app, _pilot):
            assert any(one.style is not None and one.style.reverse and "PW-26" in one.text for one in segments(app))


def test_colours_for_colour_blind_eyes_stay_apart() -> None:
    palette = themes.palette("colour-blind")
    told = {name: linear(rgb(getattr(palette, name))) for name in ("foreground", "error", "warning", "accent")}
    for kind, matrix in MACHADO.items():
        seen = {
            name: lab(tuple(sum(m * v for m, v in zip(row, light, strict=True)) for row in matrix))
            for name, light in told.items()
        }  # type: ignore[arg-type]
        for one, other in itertools.combinations(seen, 2):
            distance = sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
            assert distance >= APART, f"{kind}: {one} and {other} are {distance:.0f} apart"


async def test_colours_are_chosen_kept_and_used_at_the_next_start(store: Store, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    app = ImiApp(filled.context(store, tmp_path, setting=lambda name, value: settings.write(config, name, value)))
    async with app.run_test(size=(80, 24)) as pilot:
        await app.screen.run_action("app_colours")
        await pilot.pause()
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert app.theme == "dark"
        backgrounds = {one.style.bgcolor.name for one in segments(app) if one.style and one.style.bgcolor}
        assert themes.palette("dark").background in backgrounds
    assert settings.read(config).theme == "dark"


def test_a_theme_nobody_knows_is_named(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('theme = "drak"\n', encoding="utf-8")
    found = settings.read(config)
    assert found.theme == ""
    assert "config.toml, line 1: theme" in found.problems[0]
    assert "colour-blind" in found.problems[0]
