"""Keys and sizes as a terminal sends them, without the time that Textual's pilot gives each of them."""

from __future__ import annotations

import unicodedata

from textual import events
from textual.geometry import Size
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot

from imi_tui.app import ImiApp

PATIENCE = 2000
"""Looks at a key before it counts as one that nobody deals with."""


def a_key(key: str) -> events.Key:
    """What the driver says when it is pressed."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    try:
        char: str | None = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        char = key if len(key) == 1 else None
    return events.Key(key, char)


async def press(app: ImiApp, pilot: Pilot[None], *keys: str) -> None:
    """Press them one after the other, each once the app would let it through: it knows when one has been dealt with."""
    for key in keys:
        event = a_key(key)
        event.set_sender(app)
        app.post_message(event)
        await pilot.pause(0)
        for _ in range(PATIENCE):
            if not app._typed._busy:
                break
            await pilot.pause(0)


async def resize(app: ImiApp, pilot: Pilot[None], width: int, height: int) -> None:
    """Another size; nobody waits until it is drawn."""
    size = Size(width, height)
    if size != app.size:
        assert app._driver is not None
        app._driver._size = (width, height)
        app.post_message(events.Resize(size, size))
        await pilot.pause(0)
