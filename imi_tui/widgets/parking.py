"""The terminal's own cursor: screen readers and braille displays follow it to what the keys act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    from typing import Any

    from textual.geometry import Offset
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


@runtime_checkable
class Leading(Protocol):
    """A widget that keys may move while another one has them, such as a list below a line in which somebody types."""

    def place(self) -> Offset | None:
        """Where on the screen its cursor is; None where it has none."""


def lead(widget: Widget) -> None:
    """Have the cursor go along with what was just moved, until something is typed or another widget gets the keys."""
    if not has_keys(widget):
        widget.screen.led = (widget, widget.screen.focused)  # type: ignore[attr-defined]


def give_back(widget: Widget) -> None:
    """Something else is shown there: the cursor belongs to whatever has the keys."""
    if widget.is_attached and getattr(widget.screen, "led", None) is not None:
        widget.screen.led = None  # type: ignore[attr-defined]


def follow(screen: Screen[Any]) -> None:
    """Put the cursor where the keys act, wherever a layout has moved that since: before each picture."""
    if screen.is_current and (at := _place(screen)) is not None:
        screen.app.cursor_position = at


def _place(screen: Screen[Any]) -> Offset | None:
    focused: object = screen.focused
    led, beside = getattr(screen, "led", None) or (None, None)
    if isinstance(led, Leading) and beside is focused:
        return led.place()
    if (at := getattr(focused, "cursor_screen_offset", None)) is not None:
        return cast("Offset", at)
    if focused is None or getattr(focused, "is_empty", False):
        # What there is to read is the sentence that stands instead.
        found = next(iter(screen.query(getattr(screen, "REST", "#empty"))), None)
        return found.content_region.offset if found is not None and found.content_region else None
    return focused.place() if isinstance(focused, Leading) else None


def reveal(widget: Widget, line: int) -> None:
    """Bring one line of a widget that may be higher than its surroundings into view, with the least movement.

    The framework only knows how to show a widget as a whole, and shows the top of one that is too high.
    """
    from textual.geometry import Region
    from textual.widget import Widget

    for ancestor in widget.ancestors:
        if isinstance(ancestor, Widget) and ancestor.is_scrollable and ancestor.allow_vertical_scroll:
            top = widget.region.y - ancestor.content_region.y + round(ancestor.scroll_y)
            ancestor.scroll_to_region(Region(0, top + line, 1, 1), animate=False)
            return
