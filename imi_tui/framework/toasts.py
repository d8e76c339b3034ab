"""What is said for a moment in a corner of the screen: it comes, goes and follows from screen to screen in one picture.

The framework mounts it behind the first picture of a screen, and takes one sentence away before the next is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.css.query import NoMatches
from textual.widgets._toast import Toast, ToastRack

from imi_tui.framework.file_errors import LastingApp

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen


class CornerApp(LastingApp, inherit_bindings=False):
    """An app that says something in a corner."""

    def _refresh_notifications(self) -> None:
        if self._screen_stack:
            self.call_later(show_said, self.screen)


def forget_said(app: App[Any]) -> None:
    """What was said is no longer so; what is said next takes its place without a picture in between."""
    app._notifications.clear()


async def show_said(screen: Screen[Any]) -> None:
    """Show in the corner of `screen` what is said now, and nothing else."""
    try:
        rack = screen.get_child_by_type(ToastRack)
    except NoMatches:
        return
    said = screen.app._notifications
    with screen.app.batch_update():
        for toast in rack.query(Toast):
            if toast._notification not in said:
                toast.display = False
        rack.show(said)
        for holder in rack.children:
            await holder._mounted_event.wait()
    screen.check_idle()
