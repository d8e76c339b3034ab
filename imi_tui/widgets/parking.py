"""The terminal's own cursor: screen readers and braille displays follow it to what the keys act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from typing import Any

    from textual.screen import Screen
    from textual.widget import Widget


def has_keys(widget: Widget) -> bool:
    """Whether keys come to this widget now: below another screen a widget keeps its focus."""
    return widget.app.focused is widget


@runtime_checkable
class Parking(Protocol):
    """A widget that knows where the cursor belongs while it has the keys."""

    def park(self) -> None:
        """Put the terminal's cursor there."""


def park(screen: Screen[Any]) -> None:
    """Put the cursor where the keys act on `screen`, which is on top again: coming back moves no focus."""
    found: object = screen.focused
    if isinstance(found, Parking):
        found.park()
    elif (at := getattr(found, "cursor_screen_offset", None)) is not None:
        screen.app.cursor_position = at


def follow(screen: Screen[Any]) -> None:
    """Keep the cursor in the field that is typed in, wherever a layout has moved it since it got the keys."""
    at = getattr(screen.focused, "cursor_screen_offset", None) if screen.is_current else None
    if at is not None:
        screen.app.cursor_position = at
