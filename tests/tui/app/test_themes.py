"""Every theme on every screen: text keeps its contrast, no colour means anything by itself, and none means none.

The screens are those of the pictures and some more; they are opened once, and each is shown in all themes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual._compositor import Compositor
from textual.color import Color as TextualColor
from textual.constants import DIM_FACTOR
from textual.filter import dim_color

from imi_core.authority import Seat
from imi_tui.app import ImiApp
from imi_tui.cache.store import Store
from imi_tui.config import settings, themes
from imi_tui.config.themes import Palette
from tests.effort import tries
from tests.tui.actions.desk import unpainted
from tests.tui.actions.ways import scopes
from tests.tui.app.contrast import MACHADO, RGB, TERMINALS, contrast, faint, lab, linear, rgb
from tests.tui.app.more_scenes import MORE, desk
from tests.tui.pictures.scenes import SCENES, prepare
from tests.tui.screens.conftest import anyio_backend, english, home, seat, store, template
from tests.tui.screens.test_inbox_screen import running

__all__ = ["anyio_backend", "english", "home", "seat", "store", "template"]

pytestmark = pytest.mark.anyio

LINES = set("▁▂▃▄▅▆▇│─╭╮╰╯┃━▏▎▔▁█▌▐╌┌┐└┘├┤┬┴┼▊▎▕▍▉▀▄ ")
"""Characters that are lines and bars: WCAG asks 3 of them."""
LINE_CONTRAST = 3.0
OWN_CONTRAST = 4.5
"""Of the terminal's own text on its own ground, and of the two exchanged."""
FAINT_CONTRAST = 4.0
"""Of the same where it is faint. How faint that is the terminal decides."""
COLOURED_CONTRAST = 3.0
"""Of a colour of the terminal's sixteen on its own ground. None of them has 4.5 on a dark and on a light one."""
MARKS = frozenset("!x^")
"""One of them is at the beginning of a text that has a colour and is not bold: late, refused, wrong."""
APART = 18.0
"""Distance in CIE Lab: well over what is seen as another colour side by side (2.3)."""
TURNS = tries(
    (("dark",), ("none",), ("terminal",)),
    (themes.NAMES, themes.NAMES[::-1]),
)
"""Themes in which screens are really shown, screen after screen: in full the first is the last of the one before.

Of the others the contrast follows from the parts that the colours play.
"""
ROLES = ("foreground", "background", "panel", "surface", "line", "cursor", "on_cursor", "error", "warning", "accent")


class Look(NamedTuple):
    """How a text is drawn."""

    style: Style
    kind: Literal["text", "lines", "blank"]
    marked: bool
    """Whether it begins with one of `MARKS`."""


def looks(app: ImiApp) -> dict[Look, str]:
    """Each look on the screen, with one of the texts that have it."""
    found: dict[Look, str] = {}
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            if (style := segment.style) is not None:
                text = segment.text.strip()
                kind: Any = "blank" if not text else "lines" if set(text) <= LINES else "text"
                # What a terminal does not show makes no look.
                shown = style.without_color + Style.from_color(style.color, style.bgcolor)
                found.setdefault(Look(shown, kind, bool(MARKS & set(text[:4]))), text or segment.text)
    return found


def wrong(palette: Palette, look: Look) -> Iterator[str]:
    """What a look must not be in this theme."""
    yield from (_in_own_colours if palette.own else _in_colours)(palette, look)


def _in_colours(palette: Palette, look: Look) -> Iterator[str]:
    if look.kind == "blank" and look.style.bgcolor is None:
        return
    parts = parts_of(palette, look.style)
    if parts is None or look.style.dim:
        yield "has a colour that is none of the theme"
        return
    if look.kind == "blank":
        return
    front, back, is_faint = parts
    # In `dark` each part has a colour of its own: from it the others follow.
    for other in (palette,) if palette.name != "dark" else (each for each in themes.PALETTES if not each.own):
        text, ground = rgb(getattr(other, front)), rgb(getattr(other, back))
        ratio = contrast(faint(text, ground, DIM_FACTOR) if is_faint else text, ground)
        least = LINE_CONTRAST if look.kind == "lines" else other.contrast
        if ratio < least:
            yield f"has {ratio:.1f} of {least} in {other.name}: {front} on {back}"
    if look.kind == "text" and front in ("error", "warning", "accent") and not (look.style.bold or look.marked):
        yield "is told by its colour alone"
    if look.kind == "text" and back == "cursor" and not (look.style.bold or look.style.underline):
        yield "is set off by its ground alone"


def parts_of(palette: Palette, style: Style) -> tuple[str, str, bool] | None:
    """Which parts in the theme the colours of text and ground play, and whether the text is faint."""
    if style.bgcolor is None:
        return None
    known = {getattr(palette, role): role for role in reversed(ROLES)}
    back = known.get(style.bgcolor.name)
    if back is None:
        return None
    # A blank has no colour.
    front = "foreground" if style.color is None else known.get(style.color.name)
    if front is not None:
        return front, back, False
    ground = style.bgcolor.get_truecolor()
    for name, role in known.items():
        dimmed = dim_color(style.bgcolor, Color.parse(name), DIM_FACTOR)
        if ground and style.color is not None and dimmed.get_truecolor() == style.color.get_truecolor():
            return role, back, True
    return None


def _in_own_colours(palette: Palette, look: Look) -> Iterator[str]:
    style = look.style
    used = {colour for colour in (style.color, style.bgcolor) if colour is not None and not colour.is_default}
    if used and palette.name == "none":
        yield "has a colour"
    elif any(colour != TextualColor.parse(palette.error).rich_color for colour in used):
        yield "has a colour that is none of the theme"
    elif look.kind != "blank":
        if used and look.kind == "text" and not (style.bold or look.marked):
            yield "is told by its colour alone"
        least = COLOURED_CONTRAST if used or look.kind == "lines" else FAINT_CONTRAST if style.dim else OWN_CONTRAST
        for name, (text, ground, sixteen) in TERMINALS.items():
            front, back = _own(style.color, text, sixteen), _own(style.bgcolor, ground, sixteen)
            ratio = contrast(faint(front, back) if style.dim else front, back)
            if ratio < least:
                yield f"has {ratio:.2f} of {least} on {name}"


def _own(colour: Color | None, default: str, sixteen: str) -> RGB:
    return rgb(default if colour is None or colour.number is None else sixteen.split()[colour.number])


async def test_every_screen_can_be_read_in_every_theme(
    store: Store, home: Path, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Compositor, "render_update", unpainted)
    faults: set[str] = set()
    seen: set[str] = set()
    async with desk(store, seat, home) as here:
        for scene, turn in zip((*MORE, *SCENES), itertools.cycle(TURNS), strict=False):
            await here.home()
            await scene(here)
            seen.add(getattr(here.app.screen, "SCOPE", ""))
            for palette in map(themes.palette, turn):
                if here.app.theme != palette.name:
                    here.app.show_colours(palette.name)
                    await here.calm()
                for look, text in looks(here.app).items():
                    faults |= {f"{palette.name}: {text!r} {each}: {look.style}" for each in wrong(palette, look)}
    assert not faults, "\n".join(sorted(faults))
    # A line of a list, or one to write in, is no screen.
    assert set(scopes()) - {"rows", "search"} <= seen


async def test_a_theme_is_worn_at_once_and_whole(store: Store, home: Path, seat: Seat) -> None:
    prepare(store, seat)
    worn: dict[str, set[tuple[str, str, bool] | None]] = {}
    async with running(store, home, (150, 40)) as (app, pilot):
        await pilot.press("down", "space")
        for palette in (*themes.PALETTES, *reversed(themes.PALETTES)):
            app.show_colours(palette.name)
            await pilot.pause(0)
            await pilot.pause(0)
            styles = {look.style for look in looks(app) if look.kind != "blank"}
            if palette.own:
                named = {each.color.name for each in styles if each.color is not None}
                assert named == {"default"} | ({"color(9)"} if palette.name == "terminal" else set()), palette.name
                assert any(each.reverse for each in styles), "the row under the cursor is seen"
            else:
                worn[palette.name] = {parts_of(palette, each) for each in styles}
    wanted = {("foreground", "background", False), ("error", "background", False), ("warning", "panel", False)}
    assert wanted <= worn["dark"]
    # In the others several parts have one colour.
    assert worn["dark"] == worn["light"]
    assert all(None not in parts for parts in worn.values())


def test_colours_for_colour_blind_eyes_stay_apart() -> None:
    palette = themes.palette("colour-blind")
    told = {name: linear(rgb(getattr(palette, name))) for name in ("foreground", "error", "warning", "accent")}
    for kind, matrix in MACHADO.items():
        seen = {
            name: lab(tuple(sum(m * v for m, v in zip(row, light, strict=True)) for row in matrix))  # type: ignore[arg-type]
            for name, light in told.items()
        }
        for one, other in itertools.combinations(seen, 2):
            distance = sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
            assert distance >= APART, f"{kind}: {one} and {other} are {distance:.0f} apart"


async def test_colours_are_chosen_kept_and_used_at_the_next_start(store: Store, home: Path) -> None:
    config = home / "config.toml"
    kept = lambda name, value: settings.write(config, name, value)  # noqa: E731
    async with running(store, home, setting=kept) as (app, pilot):
        await app.screen.run_action("app_colours")
        await pilot.pause()
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert app.theme == "dark"
        backgrounds = {one.style.bgcolor.name for one in segments(app) if one.style and one.style.bgcolor}
        assert themes.palette("dark").background in backgrounds
    assert settings.read(config).theme == "dark"


def segments(app: ImiApp) -> Iterator[Segment]:
    """Everything on the screen."""
    for strip in app.screen._compositor.render_strips():
        yield from strip


def test_a_theme_nobody_knows_is_named(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('theme = "drak"\n', encoding="utf-8")
    found = settings.read(config)
    assert found.theme == ""
    assert "config.toml, line 1: theme" in found.problems[0]
    assert "colour-blind" in found.problems[0]
